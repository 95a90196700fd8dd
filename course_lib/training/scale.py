"""How much to compute, and where: one setting for a whole lesson."""

import os
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

if TYPE_CHECKING:
    import torch

Scale = Literal["tiny", "small", "full"]
T = TypeVar("T")


def device() -> "torch.device":
    """Return the fastest device there is: CUDA, Apple's MPS, or the CPU."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def scale() -> Scale:
    """Return the scale: COURSE_SCALE when set, else "full" on a CUDA machine and "small" elsewhere.

    Raises:
        ValueError: when COURSE_SCALE is something else.
    """
    said = os.environ.get("COURSE_SCALE", "").strip().lower()
    if not said:
        return "full" if device().type == "cuda" else "small"
    for known in get_args(Scale):
        if said == known:
            return known
    raise ValueError(
        f"COURSE_SCALE is one of {', '.join(get_args(Scale))}; it is {said!r}. Unset or correct it."
    )


def choose(*, tiny: T, small: T, full: T) -> T:
    """Return the setting for the scale at hand.

    >>> import os; os.environ["COURSE_SCALE"] = "tiny"
    >>> choose(tiny=10, small=1000, full=100_000)
    10
    """
    return {"tiny": tiny, "small": small, "full": full}[scale()]
