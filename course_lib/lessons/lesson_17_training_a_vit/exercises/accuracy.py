"""“Accuracy”: its cases, its oracle, its hints."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.draws import coin, draw_ids
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import Seed, generator, noise, pick, rng_of
from course_lib.checking.protocol import Call, Protocol
from course_lib.lessons.lesson_17_training_a_vit.mistakes.accuracy import MISTAKES


class Judging(Protocol):
    """Hands over a copy of the model, and reports how it was asked and how it was left."""

    def prepare(self, obj: Any, call: Call) -> Callable[..., Any]:
        """Return what answers with the share, the modes left behind, and how it was asked."""

        def judged(model: nn.Module, *rest: Any) -> tuple[Any, bool, bool, bool, bool]:
            fresh, asked = copy.deepcopy(model), []
            fresh.register_forward_pre_hook(
                lambda module, args: asked.append((torch.is_grad_enabled(), len(args[0])))
            )
            found = obj(fresh, *rest)
            too_many = any(n > rest[-1] for _, n in asked)
            kept = [
                now.training in (before.training, model.training)
                for now, before in zip(fresh.modules(), model.modules(), strict=True)
            ]
            return (
                found,
                fresh.training,
                all(kept),
                any(recorded for recorded, _ in asked),
                too_many,
            )

        return judged


class Reader(nn.Module):
    """A linear reader behind a batch norm whose running statistics are far from the batch's."""

    def __init__(self, seed: Seed, d: int, k: int, training: bool) -> None:
        super().__init__()
        self.norm, self.read = nn.BatchNorm1d(d), nn.Linear(d, k)
        rng = rng_of(seed)
        means = [buffer for name, buffer in self.named_buffers() if name.endswith("mean")]
        for tensor in (*self.parameters(), *means):
            tensor.data = noise(rng, *tensor.shape)
        self.double().train(training)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits."""
        # One image alone has no spread: its batch is made of it and of a picture of zeros.
        alone = len(images) == 1 and self.training
        x = torch.cat([images, torch.zeros_like(images)]) if alone else images
        logits: Tensor = self.read(self.norm(x.flatten(1)))
        return logits[: len(images)]


def _judge_case(seed: int, n: int, batch: int, k: int, training: bool) -> Case:
    mode = "training" if training else "evaluation"
    rng = generator(seed)
    labels = draw_ids(rng, k, n)
    return Case(
        label=f"{n} images in batches of {batch}, {k} classes, a model in {mode} mode",
        args=(Reader(rng, 6, k, training), noise(rng, n, 1, 2, 3), labels, batch),
    )


def judge_cases() -> list[Case]:
    plain = nn.Sequential(nn.Flatten(), nn.Dropout(0.5)).train()
    by_hand = (plain, torch.eye(3).double()[:, None, None], torch.tensor([0, 1, 0]), 2)
    mixed = _judge_case(4, 13, 4, 3, True)
    frozen = copy.deepcopy(mixed.args[0])
    frozen.norm.eval()
    return [
        Case(label="three images that show their own class, labels 0, 1, 0", args=by_hand),
        _judge_case(0, 11, 4, 3, True),
        _judge_case(1, 23, 5, 4, False),
        _judge_case(2, 17, 7, 2, True),
        _judge_case(3, 29, 9, 3, True),
        Case(
            label="a model in training mode, its norm in evaluation mode",
            args=(frozen, *mixed.args[1:]),
            shows=("children",),
        ),
        Case(label="one image", args=_judge_case(5, 1, 4, 3, True).args, edge=True),
        Case(
            label="nothing is right",
            args=(plain, by_hand[1], torch.tensor([1, 2, 0]), 9),
            edge=True,
        ),
    ]


def judge_oracle(
    model: nn.Module, images: Tensor, labels: Tensor, batch: int
) -> tuple[float, bool, bool, bool, bool]:
    """One image at a time, by a copy in evaluation mode."""
    judge, right = copy.deepcopy(model).eval(), 0
    for image, label in zip(images, labels.tolist(), strict=True):
        right += judge(image[None]).argmax().item() == label
    return right / len(labels), model.training, True, False, False


def is_plain(call: Any, case: Case, value: Any) -> str | None:
    """What comes back is a number, no tensor."""
    if isinstance(value[0], Tensor):
        return f"A plain number is due; yours is a tensor (case: {case.label}). End with .item()."
    return None


EXERCISE = Exercise(
    name="accuracy",
    title="Accuracy",
    minutes=8,
    difficulty=2,
    proves="all images are judged in evaluation mode, without gradients, and the mode comes back as it was",
    passed="Agrees with asking image by image; the model is left as it came, and no gradients were recorded.",
    cases=judge_cases,
    sample=lambda rng: _judge_case(
        pick(rng, range(10**6)),
        pick(rng, range(1, 12)),
        pick(rng, range(1, 6)),
        3,
        coin(rng),
    ),
    oracle=judge_oracle,
    protocol=Judging(),
    properties=(Property(id="plain_number", holds=is_plain),),
    reference="course_lib.lessons.lesson_17_training_a_vit.reference.accuracy",
    parts=(
        "share of right answers",
        "training mode afterwards",
        "return of all parts to their mode",
        "gradients recorded",
        "more than batch images at a time",
    ),
    device="any",
    hints=(
        "Two switches are to be set before the first question, and one of them set back behind the last. What must you "
        "remember for that?",
        "remember the mode, go to evaluation mode\nwithout gradients, for each batch: count right answers\nback to the "
        "remembered mode\ncount / number of images",
        "was = model.training; model.eval(); with torch.no_grad(): … images.split(batch) …; model.train(was). "
        "(logits.argmax(-1) == labels).sum().item() counts.",
    ),
    kinds=("children", "one_place"),
    wrong_answers=MISTAKES,
)
