"""Mistakes in “Share of the peak”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable, Sequence

from course_lib.checking.exercise import WrongAnswer


def _timed(
    factor: float = 3.0,
    middle: Callable[[list[float]], float] | None = None,
    skips: bool = True,
) -> Callable[..., float]:
    """Return an answer with another factor, or another mean."""

    def share(
        seconds: Sequence[float], batch: int, forward: float, peak: float, skip: int
    ) -> float:
        kept = list(seconds[skip:] if skips else seconds)
        taken = median(kept) if middle is None else middle(kept)
        return factor * forward * batch / taken / peak

    return share


def median(values: list[float]) -> float:
    """Return the middle number, or the mean of the two in the middle."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _timed_sorted(
    seconds: Sequence[float], batch: int, forward: float, peak: float, skip: int
) -> float:
    return _timed()(sorted(seconds), batch, forward, peak, skip)


MISTAKES = (
    WrongAnswer(
        id="forward_alone",
        code=_timed(1.0),
        says="You count the forward pass alone.",
        why="The backward pass makes two products for each one of the forward pass: 3 in all.",
    ),
    WrongAnswer(
        id="backward_counted_once",
        code=_timed(2.0),
        says="You count the backward pass as dear as the forward one.",
        why="For each product y = x W it needs two: the gradient of x, and the gradient of W. Forward and backward make 3.",
    ),
    WrongAnswer(
        id="multiplied_by_two",
        code=_timed(6.0),
        says="You count twice as many: forward holds operations already, not multiply-adds.",
        why="A multiplication and an addition are two operations, and whoever counted `forward` has counted both.",
    ),
    WrongAnswer(
        id="first_steps_too",
        code=_timed(skips=False),
        says="You count the first steps as well.",
        why="They compile, allocate and warm up; a training of hours does that once.",
    ),
    WrongAnswer(
        id="mean_for_median",
        code=_timed(middle=lambda kept: sum(kept) / len(kept)),
        says="You take the mean of the seconds; the median is asked for.",
        why="One step that waited for something else moves the mean as far as it likes, and the median hardly.",
    ),
    WrongAnswer(
        id="lower_median",
        code=_timed(middle=lambda kept: sorted(kept)[(len(kept) - 1) // 2]),
        says="Of two steps in the middle you take the faster one, as torch.median does.",
        why="Of an even number of steps the median is the mean of the two in the middle; statistics.median and NumPy's say so.",
    ),
    WrongAnswer(
        id="fastest_step",
        code=_timed(middle=min),
        says="You take the fastest step.",
        why="That flatters: a training takes what its steps take in the middle.",
    ),
    WrongAnswer(
        id="whole_time",
        code=_timed(middle=sum),
        says="You divide one batch by the seconds of all steps together.",
        why="The batch goes through in one step; take the seconds of one.",
    ),
    WrongAnswer(
        id="batch_forgotten",
        code=lambda seconds, batch, forward, peak, skip: (
            3 * forward / median(list(seconds[skip:])) / peak
        ),
        says="You count one image a step and forget the batch.",
        why="`forward` is what one image costs; a step does that for every image of the batch.",
    ),
    WrongAnswer(
        id="upside_down",
        code=lambda seconds, batch, forward, peak, skip: (
            peak * median(list(seconds[skip:])) / (3 * forward * batch)
        ),
        says="You divide the peak by what was reached; the share is the other way round.",
        why="A share of the peak is between 0 and 1: reached by possible.",
    ),
    WrongAnswer(
        id="sorted_first",
        code=_timed_sorted,
        says="You sort before you skip, so the fastest steps are dropped and the slow first ones stay.",
        why="The first steps are skipped because they compile and warm up. Skip them, then take the middle of the rest.",
    ),
)
