"""What `from course_lib import Lesson` gives inside the sandbox: an object that only passes on."""

from typing import Any

import course_lib


class Quiet:
    """Stands where a notebook expects its lesson: it checks nothing, it passes on."""

    def __init__(self, name: Any = "") -> None:
        self.name = name

    def passed(self, *names: str) -> bool:
        """Say no: what waits for answers to pass is a demonstration."""
        return False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: args[0] if args else None


def install() -> None:
    """Put the stand-in where notebooks import it from."""
    vars(course_lib).update(Lesson=Quiet, Assignment=Quiet)
