"""A limit on hand-ins of one learner: best of many would be a lottery over hidden cases."""

from collections.abc import Mapping, Sequence
from typing import Any

from course_lib.grading.submissions import HandIn

#: Hand-ins of one learner that are marked, unless the instructor says otherwise.
MOST = 5


def at_most(
    found: Mapping[str, Sequence[HandIn]], most: int
) -> tuple[dict[str, list[HandIn]], dict[str, int]]:
    """Return the last hand-ins of everybody, and how many of whom were left out."""
    kept = {who: list(hand_ins[-most:]) for who, hand_ins in found.items()}
    return kept, {who: len(all_) - most for who, all_ in found.items() if len(all_) > most}


def tell_left_out(kept: Mapping[str, dict[str, Any]], more: Mapping[str, int], most: int) -> None:
    """Say in the marks of whoever handed in more often that not all was marked."""
    for who, count in more.items():
        said = f"{count + most} hand-ins came; the last {most} were marked (--most)."
        kept[who]["notes"] = [*kept[who]["notes"], said]
