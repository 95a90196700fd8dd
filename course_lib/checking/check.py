"""Check one answer to one exercise. Runs everything, prints nothing, raises nothing."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from course_lib.checking import explain
from course_lib.checking.case import Case
from course_lib.checking.compare import Finding, compare, renamed, unexpected
from course_lib.checking.device import ADVICE, REMARK
from course_lib.checking.exercise import Exercise
from course_lib.checking.matrices import matrices
from course_lib.checking.prepared import Expected, Prepared
from course_lib.checking.protocol import WrongObject
from course_lib.checking.recognise import recognise
from course_lib.checking.result import Result, Status
from course_lib.checking.run import Outcome, Runner
from course_lib.checking.side_effects import side_effects
from course_lib.checking.timeout import Timeout

#: Seconds that all calls of one check may take together.
SECONDS = 10.0
#: Findings besides a right result.
BESIDES = {"gradient", "inputs", "view", "state"}


def check_exercise(
    exercise: Exercise,
    obj: Any,
    *,
    seconds: float = SECONDS,
    prepared: Prepared | None = None,
    runner: Runner | None = None,
) -> Result:
    """Run every case of `exercise` on `obj` and return what was found.

    Args:
        exercise: the exercise.
        obj: the learner's function or class; anything else is told so.
        seconds: that all calls together may take.
        prepared: the cases, where they are not the exercise's own.
        runner: calls `obj`, where it lives elsewhere.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the cases are tiny: more threads only wait for each other
    try:
        return _Check(exercise, obj, seconds, prepared, runner).result()
    finally:
        torch.set_num_threads(threads)


class _Check:
    """One check under way."""

    def __init__(
        self,
        exercise: Exercise,
        obj: Any,
        seconds: float,
        prepared: Prepared | None = None,
        runner: Runner | None = None,
    ) -> None:
        self.exercise, self.obj = exercise, obj
        self.started = time.perf_counter()
        self.prepared = prepared or Prepared.of(exercise)
        self.expected = self.prepared.expected
        self.cases = self.prepared.cases
        self.runner = runner or Runner(self.prepared.protocol, seconds)
        self.seconds = seconds
        self.outcomes: list[Outcome] = []

    def result(self) -> Result:
        try:
            return self._result()
        except Timeout:
            case = self.cases[min(len(self.outcomes), len(self.cases) - 1)]
            said = (
                f"It was stopped after {self.seconds:g} s, on the case “{case.label}”. A check "
                "answers in under a second: look for a loop that never ends."
            )
            return self._end(Status.TIMEOUT, said, case=case)

    def _result(self) -> Result:
        try:
            self.runner.refuse(self.exercise.name, self.obj, self.cases[0])
        except WrongObject as error:
            return self._end(Status.FAILED, str(error), case=self.cases[0])
        first = self._run(self.cases[0])
        if explain.is_blank(first.error):
            standing = explain.left_standing(first.error)
            if standing is not None:
                return self._end(Status.ERROR, standing, case=self.cases[0])
            return self._end(Status.NOT_STARTED, "Not written yet.", case=self.cases[0])
        banned = self._forbidden()
        if banned is not None:
            return self._end(Status.FORBIDDEN, self._say_forbidden(banned), case=self.cases[0])
        found = self._first_finding()
        return self._finish() if found is None else self._failed(*found)

    def _first_finding(self) -> tuple[int, Finding] | None:
        """Return the first case that shows something wrong, with what it shows.

        What is wrong besides a right result waits: a later case may have another result.
        """
        waiting: tuple[int, Finding] | None = None
        for place, case in enumerate(self.cases):
            try:
                outcome = self.outcomes[0] if place == 0 else self._run(case)
                finding = self._examine(case, outcome, self.expected[place])
            except Timeout:
                if waiting is None:
                    raise
                return waiting
            if finding is None:
                continue
            # What raises now may well follow from what is waiting: that is told first.
            if finding.kind not in BESIDES and not (waiting and finding.kind == "raised"):
                return place, finding
            waiting = waiting or (place, finding)
        return waiting

    def _run(self, case: Case) -> Outcome:
        outcome = self.runner.run(self.obj, case)
        if isinstance(outcome.value, list) and self.exercise.parts:
            outcome = replace(outcome, value=tuple(outcome.value))
        self.outcomes.append(outcome)
        return outcome

    def _forbidden(self) -> str | None:
        names = self.exercise.forbidden
        return self.runner.forbidden(self.obj, self.cases[0], names) if names else None

    def _say_forbidden(self, name: str) -> str:
        what = "the operator @" if name == "@" else name
        return f"Your code uses {what}, which this exercise asks you to build or to do without."

    def _examine(self, case: Case, outcome: Outcome, expected: Expected | None) -> Finding | None:
        """Return the first thing wrong with one outcome, in the order that teaches most."""
        if outcome.error is not None:
            return Finding("raised", explain.raised(self.exercise, case, outcome.error))
        found = None
        if expected is not None:
            found = compare(
                outcome.value,
                expected.value,
                tolerance=self.exercise.tolerance,
                parts=self.exercise.parts,
            )
        if found is None or found.kind in {"value", "length"}:
            found = self._broken_property(case, outcome, expected, found) or found
        if found is not None and found.kind == "nan" and self.obj is not None:
            cause = self.runner.first_nan(self.obj, case)
            found = replace(found, message=f"{found.message} {cause}")
        return (
            found
            or self._gradients(case, outcome, expected)
            or side_effects(self.exercise, case, outcome)
        )

    def _broken_property(
        self, case: Case, outcome: Outcome, expected: Expected | None, found: Finding | None
    ) -> Finding | None:
        for prop in self.exercise.properties:
            try:
                said = prop.holds(self.runner.caller(self.obj, case), case, outcome.value)
            except Exception as error:
                if not explain.is_own(error, prop.holds):
                    # Tripped over a strange result: the values say more, where they are known.
                    return unexpected(outcome.value) if expected is None else None
                said = explain.raised(self.exercise, case, error)
            if said is not None:
                return Finding("property", said, found.difference if found else None)
        return None

    def _gradients(self, case: Case, outcome: Outcome, expected: Expected | None) -> Finding | None:
        if expected is None or not case.gradients:
            return None
        names = self._gradient_names(case)
        for name, yours, due in zip(names, outcome.gradients, expected.gradients, strict=False):
            if due is None:
                continue
            if yours is None and bool(due.any()):
                return Finding(
                    "gradient",
                    f"The result is right, but no gradient flows back to {name}: something on the "
                    "way "
                    "cut it (.detach(), .item(), .data, torch.no_grad, NumPy or torch.tensor).",
                )
            found = compare(
                torch.zeros_like(due) if yours is None else yours,
                due,
                tolerance=max(self.exercise.tolerance, 1e-8),
            )
            if found is not None:
                found = renamed(found, f"the gradient of {name}")
                said = f"The result is right, but its gradient with respect to {name} is not. "
                return Finding("gradient", said + found.message + _both(found), found.difference)
        return None

    def _gradient_names(self, case: Case) -> list[str]:
        named = explain.arguments(self.exercise, case) | dict(case.state)
        floats = (
            n for n, v in named.items() if isinstance(v, torch.Tensor) and v.is_floating_point()
        )
        return list(floats)

    def _failed(self, failed: int, finding: Finding) -> Result:
        case = self.cases[failed]
        outcome, expected = self.outcomes[failed], self.expected[failed]
        status = Status.ERROR if finding.kind == "raised" else Status.FAILED
        wrong = recognise(self.prepared, self._all_outcomes(), failed)
        due = expected.value if expected else None
        if wrong is not None:
            message = explain.recognised(wrong, case, finding, outcome.value, due)
        elif finding.kind in explain.KINDS:
            message = explain.kinds(self.exercise, case, finding, outcome.value, due)
        elif finding.kind == "value":
            message = explain.numbers(self.exercise, case, finding, outcome.value, due)
        else:
            message = finding.message
        return self._end(
            status,
            message,
            case=case,
            diagnosis=wrong.id if wrong else None,
            difference=finding.difference,
            cases_passed=failed,
            matrices=None if outcome.error else matrices(self.exercise, outcome.value, due),
        )

    def _all_outcomes(self) -> Sequence[Outcome]:
        """Run the remaining cases too: a mistake is recognised by all its results."""
        for case in self.cases[len(self.outcomes) :]:
            try:
                self._run(case)
            except Timeout as error:
                self.outcomes.append(Outcome(error=error))
        return self.outcomes

    def _finish(self) -> Result:
        remark = ""
        if self.exercise.device == "rule":
            said = self.runner.assumes_device(self.obj, self.cases[0])
            if said is not None:
                return self._end(Status.FAILED, said, case=self.cases[0])
        elif self.exercise.device == "remark":
            with contextlib.suppress(Timeout):  # no rule, so no reason to refuse what is slow
                assumes = self.runner.assumes_device(self.obj, self.cases[0]) == ADVICE
                remark = REMARK if assumes else ""
        passed = {"cases_passed": len(self.cases), "remark": remark}
        return self._end(Status.PASSED, self.exercise.passed, **passed)

    def _end(self, status: Status, message: str, **more: Any) -> Result:
        return Result(
            name=self.exercise.name,
            status=status,
            message=message,
            cases_total=len(self.cases),
            milliseconds=(time.perf_counter() - self.started) * 1000,
            printed=self.runner.printed.getvalue(),
            **more,
        )


def _both(found: Finding) -> str:
    where = found.difference
    if where is None or found.kind != "value":
        return ""
    return f" Yours is {where.yours}, {where.expected} is due."
