"""The smallest case that shows a failure, handed to the learner to play with."""

from typing import Any

from course_lib.checking import explain
from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.prepared import Prepared
from course_lib.checking.values import copy


class FailingCase:
    """One case: its inputs by name, and what is expected.

    Attributes:
        label: what is special about it.
        args, kwargs: for `your_function(*case.args, **case.kwargs)`.
        init, state: for a class, what it is built with, and its parameters.
        expected: the right result, or None where only properties decide.
    """

    def __init__(self, exercise: Exercise, case: Case, expected: Any) -> None:
        self.label = case.label
        self.args = copy(case.args)
        self.kwargs = copy(dict(case.kwargs))
        self.init = dict(case.init)
        self.state = copy(dict(case.state))
        self.expected = copy(expected)
        self._named = explain.arguments(exercise, case)
        for name, value in self._named.items():
            setattr(self, name, copy(value))

    @classmethod
    def of(cls, exercise: Exercise, case: Case | None = None) -> "FailingCase":
        """Return a case of an exercise ready to use; its first when none is given."""
        prepared = Prepared.of(exercise)
        case = case or prepared.cases[0]
        expected = prepared.ask(case)
        return cls(exercise, case, expected.value if expected else None)

    def __repr__(self) -> str:
        lines = [f"case: {self.label}"]
        built = {"init": self.init, "state": self.state} if self.init or self.state else {}
        lines += [f"  .{name} = {value!r}" for name, value in (built | self._named).items()]
        return "\n".join([*lines, f"  .expected = {self.expected!r}"])
