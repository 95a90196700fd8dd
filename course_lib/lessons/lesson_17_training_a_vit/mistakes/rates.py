"""Mistakes in “Warm-up and cosine, step by step”: the code that makes each, its name, and why it is wrong."""

import math
from collections.abc import Callable

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_17_training_a_vit.given import is_per_epoch


def _rating(share: Callable[[int, int, int, int], float]) -> Callable[..., list[float]]:
    """Return an answer by the share of a step: share(step, steps, warmup, per_epoch)."""

    def rates(epochs: int, per_epoch: int, warmup: int, peak: float) -> list[float]:
        steps = epochs * per_epoch
        return [peak * share(step, steps, warmup, per_epoch) for step in range(steps)]

    return rates


def _cosine(done: float) -> float:
    return (1 + math.cos(math.pi * done)) / 2


def share_at(step: int, steps: int, warmup: int, per_epoch: int = 1) -> float:
    """Return what is right."""
    if step < warmup:
        return (step + 1) / warmup
    return _cosine((step - warmup) / (steps - warmup))


def _after(
    falling: Callable[[int, int, int], float],
) -> Callable[[int, int, int, int], float]:
    """Return a schedule that rises as it should and falls otherwise."""

    def share(step: int, steps: int, warmup: int, per_epoch: int) -> float:
        return (step + 1) / warmup if step < warmup else falling(step, steps, warmup)

    return share


def _done(step: int, steps: int, warmup: int) -> float:
    return (step - warmup) / (steps - warmup)


def _from_zero(step: int, steps: int, warmup: int, per_epoch: int) -> float:
    return step / warmup if step < warmup else share_at(step, steps, warmup)


def _warmup_in_epochs(step: int, steps: int, warmup: int, per_epoch: int) -> float:
    return share_at(step, steps, min(warmup * per_epoch, steps))


def _ends_at_zero(step: int, steps: int, warmup: int) -> float:
    return _cosine((step - warmup) / max(steps - warmup - 1, 1))


MISTAKES = (
    WrongAnswer(
        id="per_epoch",
        code=_rating(lambda step, steps, warmup, n: share_at(step // n * n, steps, warmup)),
        says="Your rate changes once an epoch: all steps of an epoch have the same.",
        why="Warm-up is to be gentle at the very first steps, and may be over within an epoch. A scheduler is stepped behind "
        "every update, not behind every pass.",
        matches=is_per_epoch,
    ),
    WrongAnswer(
        id="from_zero",
        code=_rating(_from_zero),
        says="Your first step has a rate of 0.",
        why="It computes gradients and learns nothing from them. Step t of the warm-up has (t + 1) / warmup of the peak.",
    ),
    WrongAnswer(
        id="jumps",
        code=_rating(_after(lambda step, steps, warmup: _cosine(step / steps))),
        says="Your cosine counts from the first step of all, so the rate falls from the peak at a jump when warm-up ends.",
        why="The fall begins where the rise ends: count step − warmup out of steps − warmup.",
    ),
    WrongAnswer(
        id="no_warmup",
        code=_rating(lambda step, steps, warmup, n: _cosine(step / steps)),
        says="You leave out the warm-up.",
        why="AdamW's first steps move every weight by about the whole rate, in a direction that one batch gave. Small ones do "
        "less harm.",
    ),
    WrongAnswer(
        id="whole_cosine",
        code=_rating(_after(lambda step, steps, warmup: _cosine(2 * _done(step, steps, warmup)))),
        says="Your rate falls and rises again: that is a whole cosine.",
        why="Half of one, from 0 to π, goes from 1 down to −1, and (1 + cos) / 2 from 1 to 0.",
    ),
    WrongAnswer(
        id="quarter_cosine",
        code=_rating(
            _after(lambda step, steps, warmup: math.cos(math.pi / 2 * _done(step, steps, warmup)))
        ),
        says="You follow a quarter of a cosine, from 0 to π / 2.",
        why="It ends in full fall. (1 + cos) / 2 from 0 to π levels out at the end, where the weights are to settle.",
    ),
    WrongAnswer(
        id="not_halved",
        code=_rating(_after(lambda step, steps, warmup: 2 * _cosine(_done(step, steps, warmup)))),
        says="You forget to halve 1 + cos: your rate leaps to twice the peak when warm-up ends.",
        why="1 + cos goes from 2 to 0.",
    ),
    WrongAnswer(
        id="straight_line",
        code=_rating(_after(lambda step, steps, warmup: 1 - _done(step, steps, warmup))),
        says="Your rate falls in a straight line.",
        why="That trains well too, but it is another schedule: the cosine stays high for longer, and levels out at the end.",
    ),
    WrongAnswer(
        id="one_step_ahead",
        code=_rating(
            _after(lambda step, steps, warmup: _cosine((step + 1 - warmup) / (steps - warmup)))
        ),
        says="Your cosine is a step ahead: its first step has fallen already, and the last has a rate of 0.",
        why="The first step behind the warm-up stands at cos 0, at the peak. A rate of 0 at the end wastes the last batch.",
    ),
    WrongAnswer(
        id="warmup_in_epochs",
        code=_rating(_warmup_in_epochs),
        says="You take warmup for a number of epochs; it counts steps.",
        why="Say in which unit a schedule counts: this mistake makes the warm-up longer by the steps in an epoch.",
    ),
    WrongAnswer(
        id="ends_at_zero",
        code=_rating(_after(_ends_at_zero)),
        says="Your cosine reaches 0 at the last step: it is divided by one step less than there are.",
        why="done = (step − warmup) / (steps − warmup). A last step with rate 0 is a step that learns nothing.",
    ),
)
