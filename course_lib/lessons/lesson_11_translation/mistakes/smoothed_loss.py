"""Mistakes in “Label smoothing”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _smoothed(fault: str) -> Callable[..., Tensor]:
    """Return a label-smoothed loss with one fault."""

    def smoothed_loss(logits: Tensor, labels: Tensor, smoothing: float, pad: int) -> Tensor:
        v, eps = logits.shape[-1], smoothing
        if fault == "over time":
            surprise = -logits.log_softmax(1)
        else:
            surprise = -(logits.softmax(-1) if fault == "no log" else logits.log_softmax(-1))
        right = surprise.gather(-1, labels[..., None])[..., 0]
        spread = surprise.mean(-1)
        if fault == "others":
            spread = (surprise.sum(-1) - right) / (v - 1)
        if fault == "without padding":
            spread = (surprise.sum(-1) - surprise[..., pad]) / (v - 1)
        if fault == "sum over classes":
            spread = surprise.sum(-1)
        if fault == "swapped":
            eps = 1 - eps
        each = (1 - eps) * right + eps * spread
        if fault == "full":
            each = right + eps * spread
        if fault == "entropy":
            chance = logits.softmax(-1)
            each = right - eps * (chance * surprise).sum(-1)
        if fault == "plain":
            each = right
        if fault == "scaled":
            each = (1 - eps) * right
        if fault == "sum":
            return each[labels != pad].sum()
        if fault == "padding":
            return each.mean()
        if fault == "zeros":
            return torch.where(labels != pad, each, 0).mean()
        if fault == "padding spread":
            return torch.where(labels != pad, each, eps * spread).sum() / (labels != pad).sum()
        if fault == "by sentence":
            word = labels != pad
            return (torch.where(word, each, 0).sum(1) / word.sum(1)).mean()
        return each[labels != pad].mean()

    return smoothed_loss


MISTAKES = (
    WrongAnswer(
        id="padding_in_the_loss",
        code=_smoothed("padding"),
        says="Your mean includes the padding.",
        why="A batch with one long sentence is mostly padding, which is easy to predict: the loss looks small and the "
        "words hardly count.",
    ),
    WrongAnswer(
        id="divided_by_all_places",
        code=_smoothed("zeros"),
        says="Padding adds 0 to your sum, but you divide by all places.",
        why="The more padding a batch has, the smaller its loss and its gradient. Divide by the number of words.",
    ),
    WrongAnswer(
        id="padding_class_left_out",
        code=_smoothed("without padding"),
        says="You spread ε over all classes but padding.",
        why="It makes sense, since padding is never right. But PyTorch's `ignore_index` drops positions and leaves the "
        "class: `label_smoothing` spreads over all V. The numbers differ a little.",
    ),
    WrongAnswer(
        id="over_the_others",
        code=_smoothed("others"),
        says="You spread ε over the V − 1 wrong classes.",
        why="That is another definition. In PyTorch's, as in Szegedy et al. 2016, §7, the uniform part includes the right class, "
        "which ends at 1 − ε + ε/V.",
    ),
    WrongAnswer(
        id="not_smoothed",
        code=_smoothed("plain"),
        says="Your loss is the plain cross-entropy: ε is not used.",
        why="The target is 1 − ε on the label and ε shared by all V classes.",
    ),
    WrongAnswer(
        id="no_uniform_part",
        code=_smoothed("scaled"),
        says="You scaled the label's part by 1 − ε and forgot the ε that is shared by all classes.",
        why="That is the same loss on another scale. The uniform part is what keeps the model from certainty.",
    ),
    WrongAnswer(
        id="parts_swapped",
        code=_smoothed("swapped"),
        says="Your label gets ε and the uniform part 1 − ε.",
        why="With ε = 0.1 the label keeps 0.9.",
    ),
    WrongAnswer(
        id="sum_over_classes",
        code=_smoothed("sum over classes"),
        says="Each class gets ε in your loss; together they get ε · V.",
        why="The mass ε is shared: ε/V for each class, a mean and not a sum.",
    ),
    WrongAnswer(
        id="label_not_reduced",
        code=_smoothed("full"),
        says="Your label keeps its full mass 1, and ε comes on top.",
        why="A target distribution sums to 1: what the others get, the label gives up.",
    ),
    WrongAnswer(
        id="entropy_bonus",
        code=_smoothed("entropy"),
        says="You subtracted the entropy of the model's own distribution.",
        why="That confidence penalty is a cousin with another gradient. Here the second term is the mean of −log p.",
    ),
    WrongAnswer(
        id="no_logarithm",
        code=_smoothed("no log"),
        says="Your loss uses probabilities where log-probabilities are due.",
        why="Cross-entropy is −log p; with p itself, a word of probability 0 costs a finite amount.",
    ),
    WrongAnswer(
        id="softmax_over_places",
        code=_smoothed("over time"),
        says="Your softmax runs over the places of a sentence.",
        why="At each place the V classes compete: the last axis.",
    ),
    WrongAnswer(
        id="sum_over_words",
        code=_smoothed("sum"),
        says="You returned the sum over the words; the mean is due.",
        why="The number you log grows with the batch, and so does a step of plain gradient descent; Adam hides it.",
    ),
    WrongAnswer(
        id="padding_smoothed",
        code=_smoothed("padding spread"),
        says="At padding you dropped the label's part but kept the uniform part.",
        why="A place that is ignored costs nothing at all.",
    ),
    WrongAnswer(
        id="mean_of_means",
        code=_smoothed("by sentence"),
        says="You took the mean of each sentence, then the mean of those.",
        why="A word in a short sentence then counts more. PyTorch takes one mean over all words of the batch.",
    ),
)
