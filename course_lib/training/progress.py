"""The progress bar of loops that do not go through `fit`."""

import os
import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(steps: Iterable[T], what: str) -> Iterable[T]:
    """Show a progress bar on stdout, unless COURSE_QUIET=1."""
    quiet = os.environ.get("COURSE_QUIET") == "1"
    return tqdm(steps, desc=what, file=sys.stdout, leave=False, disable=quiet)
