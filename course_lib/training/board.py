"""TensorBoard's writer, where a training asks for one."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError


class Board:
    """Writes numbers of a training for TensorBoard.

    Args:
        folder: of its files.
        done: steps that an earlier training has written; what it wrote after them is forgotten.
        stack: closes the writer.

    Raises:
        CourseError: when TensorBoard is not installed.
    """

    def __init__(self, folder: str | Path, done: int, stack: ExitStack) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise CourseError(
                "tensorboard=… needs the package tensorboard, which is not installed: "
                "pip install tensorboard, or leave tensorboard out"
            ) from None
        self.writer: Any = stack.enter_context(SummaryWriter(str(folder), purge_step=done or None))

    def write(self, numbers: Mapping[str, float], done: int) -> None:
        """Write numbers by name, as they are after so many steps."""
        for name, value in numbers.items():
            self.writer.add_scalar(name, value, done)
