"""Mistakes in “Accuracy”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer

Judge = Callable[[nn.Module, Tensor, Tensor, int], Any]


def _right_ones(model: nn.Module, images: Tensor, labels: Tensor, batch: int) -> list[Tensor]:
    pairs = zip(images.split(batch), labels.split(batch), strict=True)
    return [model(some).argmax(-1) == due for some, due in pairs]


def _judging(
    share: Callable[[list[Tensor]], Any],
    *,
    evaluates: bool = True,
    restores: bool = True,
    leaves: bool | None = None,
    gradients: bool = False,
    whole: bool = False,
) -> Judge:
    """Return an answer that does one thing otherwise."""

    def judge(model: nn.Module, images: Tensor, labels: Tensor, batch: int) -> Any:
        was = model.training
        if evaluates:
            model.eval()
        with torch.set_grad_enabled(gradients):
            right = _right_ones(model, images, labels, len(images) if whole else batch)
        if restores:
            model.train(was)
        if leaves is not None:
            model.train(leaves)
        return share(right)

    return judge


def _top_alone(model: nn.Module, images: Tensor, labels: Tensor, batch: int) -> float:
    was = model.training
    found = _judging(_share, restores=False)(model, images, labels, batch)
    model.training = was
    return float(found)


def _share(right: list[Tensor]) -> float:
    return torch.cat(right).double().mean().item()


def _mean_of_means(right: list[Tensor]) -> float:
    return sum(one.double().mean().item() for one in right) / len(right)


def _all_but_the_last(right: list[Tensor]) -> float:
    return _share(right[:-1] or right)


MISTAKES = (
    WrongAnswer(
        id="eval_forgotten",
        code=_judging(_share, evaluates=False),
        says="You forget model.eval(): the model answers as in training.",
        why="Dropout still drops, and a batch norm uses the batch at hand, so that an answer depends on who else is asked.",
    ),
    WrongAnswer(
        id="left_in_eval",
        code=_judging(_share, restores=False),
        says="You leave the model in evaluation mode.",
        why="Whoever goes on training trains without dropout, and with batch norms that stand still. Restore the mode.",
    ),
    WrongAnswer(
        id="parts_left_in_eval",
        code=_top_alone,
        says="You set model.training back by hand: the parts of the model stay in evaluation mode.",
        why="model.eval() reaches every part, and so does model.train(was). The attribute belongs to the one module on top; dropout below it "
        "would stay off for the rest of training.",
    ),
    WrongAnswer(
        id="always_train",
        code=_judging(_share, restores=False, leaves=True),
        says="You put the model into training mode at the end, whatever it was in before.",
        why="A model that came in evaluation mode goes home in the other. Remember model.training before you change it.",
    ),
    WrongAnswer(
        id="gradients_recorded",
        code=_judging(_share, gradients=True),
        says="You record gradients while you judge.",
        why="Every intermediate result is kept for a backward pass that never comes: memory for nothing. "
        "eval() does not switch that off; torch.no_grad() does.",
    ),
    WrongAnswer(
        id="all_at_once",
        code=_judging(_share, whole=True),
        says="You hand the model all images at once.",
        why="Ten thousand photographs and their activations may not fit into a GPU's memory; `batch` of them do.",
    ),
    WrongAnswer(
        id="mean_of_batches",
        code=_judging(_mean_of_means),
        says="You average the shares of the batches, so an image of the short last batch weighs more.",
        why="Count right answers over all batches, and divide once by the number of images.",
    ),
    WrongAnswer(
        id="last_batch_left_out",
        code=_judging(_all_but_the_last),
        says="You leave out the last batch.",
        why="All images are to be judged, those of the last, shorter batch too.",
    ),
    WrongAnswer(
        id="not_a_share",
        code=_judging(lambda right: float(torch.cat(right).sum())),
        says="You return how many answers are right, not which share.",
        why="Divide by the number of images, so that sets of different sizes compare.",
    ),
    WrongAnswer(
        id="in_per_cent",
        code=_judging(lambda right: 100 * _share(right)),
        says="You return per cent.",
        why="A share goes from 0 to 1; print it as per cent where it is shown.",
    ),
)
