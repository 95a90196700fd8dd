"""Find the course's own version of an exercise by its dotted name."""

from importlib import import_module
from typing import Any

from course_lib.checking.exercise import Exercise


def load_reference(exercise: Exercise) -> Any:
    """Import and return what `exercise.reference` names."""
    module, _, name = exercise.reference.rpartition(".")
    return getattr(import_module(module), name)
