"""What an exercise expects, computed once: cases, the oracle's results, the mistakes' results."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, WrongAnswer
from course_lib.checking.guard import GlobalState
from course_lib.checking.protocol import Call, Protocol
from course_lib.checking.run import Outcome, Runner, gradients_of
from course_lib.checking.values import each

_prepared: dict[int, "Prepared"] = {}


@dataclass(frozen=True)
class Expected:
    """The oracle's value and gradients for one case."""

    value: Any
    gradients: tuple[torch.Tensor | None, ...] = ()


class Prepared:
    """An exercise with its oracle asked; use `Prepared.of`, which remembers."""

    def __init__(self, exercise: Exercise, cases: Sequence[Case] | None = None) -> None:
        self.exercise = exercise
        self.protocol = exercise.protocol or Protocol()
        self.cases = tuple(exercise.cases() if cases is None else cases)

    @classmethod
    def of(cls, exercise: Exercise) -> "Prepared":
        """Return the one instance of an exercise."""
        if id(exercise) not in _prepared:
            _prepared[id(exercise)] = cls(exercise)
        return _prepared[id(exercise)]

    def keep(self) -> None:
        """Become the one instance of the exercise, in the place of one that asks its oracle."""
        _prepared[id(self.exercise)] = self

    @cached_property
    def expected(self) -> tuple[Expected | None, ...]:
        """The oracle's word on every case; None where properties alone decide."""
        return tuple(self.ask(case) for case in self.cases)

    def ask(self, case: Case) -> Expected | None:
        """Ask the oracle about one case."""
        oracle = self.exercise.oracle
        if oracle is None:
            return None
        state = GlobalState.now()
        call = Call.of(case, gradients=case.gradients)
        value = self.protocol.expect(oracle, call)
        gradients = gradients_of(value, call) if case.gradients else ()
        state.restore()
        return Expected(each(value, _detached), gradients)

    @cached_property
    def mistakes(self) -> tuple[tuple[WrongAnswer, tuple[Outcome, ...]], ...]:
        """Every known wrong answer with what it gives on every case."""
        return tuple((wrong, self._outcomes(wrong)) for wrong in self.exercise.wrong_answers)

    def _outcomes(self, wrong: WrongAnswer) -> tuple[Outcome, ...]:
        if wrong.outcomes:
            return tuple(wrong.outcomes)
        return tuple(Runner(self.protocol).run(wrong.code, case) for case in self.cases)


def _detached(leaf: Any) -> Any:
    return leaf.detach() if isinstance(leaf, torch.Tensor) else leaf
