"""Mark one hand-in: read it, run it where it can do no harm, compare, and say what was found."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from course_lib.checking.case import Case
from course_lib.checking.check import check_exercise
from course_lib.checking.exercise import Exercise
from course_lib.checking.guard import GlobalState
from course_lib.checking.prepared import Prepared
from course_lib.checking.result import Result, Status
from course_lib.checking.timeout import Timeout
from course_lib.grading import partial, remarks, similar
from course_lib.grading.answers import Answers, ProcessEnded
from course_lib.grading.hidden import heavy_cases, hidden_cases, hidden_seed
from course_lib.grading.program import GIVEN
from course_lib.grading.remote import RemoteRunner
from course_lib.grading.sandbox.host import Sandbox, WireError
from course_lib.grading.sheet import row, sheet
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import Task
from course_lib.grading.trained import score_file

#: Hidden cases of an exercise, and the seconds in which a file must have been read.
DRAWS = 8
READING = 10.0
#: Bytes of JSON that the cells of a notebook may come to.
NOTEBOOK = 32 << 20


class Marker:
    """Marks hand-ins of one task, in one sandbox.

    Args:
        task: what is marked.
        secret: of the instructor; hidden cases grow from it.
        sandbox: where answers run.
    """

    def __init__(self, task: Task, secret: str, sandbox: Sandbox) -> None:
        self.task, self.secret, self.sandbox = task, secret, sandbox
        self.defences = sandbox.defences
        for exercise in task.spec.exercises:
            _ = Prepared.of(exercise).expected  # once, for all hand-ins

    def mark(self, hand_in: HandIn) -> dict[str, Any]:
        """Return the marks of a hand-in as plain data, the same for the same hand-in."""
        notes: list[str] = []
        answers = Answers(self.sandbox, [exercise.name for exercise in self.task.spec.exercises])
        try:
            uses = self._read(hand_in, answers)
            results = self._exercises(hand_in, answers, uses["found"])
            remarks.mention(results, uses["calls"])
            notes += [*answers.program.notes, *remarks.troubles(answers)]
            notes += remarks.look(results, uses["ways"])
            notes += remarks.look_over(results, uses["tampers"])
        except (WireError, ValueError) as error:
            said = (
                f"The notebook could not be read: {error}." if error.args else "It is unreadable."
            )
            said = str(error) if isinstance(error, ValueError) else said
            hand_in = replace(hand_in, trouble=hand_in.trouble or said)
            notes.append(said)
            results = [self._nothing(e, said) for e in self.task.spec.exercises]
        finally:
            answers.close()
        results += [self._trained(task, hand_in) for task in self.task.trained]
        marks = sheet(
            self.task,
            hand_in.learner,
            results,
            number=hand_in.number,
            file=hand_in.name,
            notes=notes,
            read=hand_in.trouble is None,
        )
        own = [step.source for step in answers.program.steps if not step.name.startswith(GIVEN)]
        work = hashlib.sha256(hand_in.notebook).hexdigest()
        return {**marks, "sha256": work, "prints": similar.prints(own)}

    # ------------------------------------------------------------ reading

    def _read(self, hand_in: HandIn, answers: Answers) -> dict[str, Any]:
        """Parse the notebook in the child that will run it.

        Returns:
            By exercise, the forbidden name `found`, the exercises that it `calls`, and the `ways`
            by which a forbidden call could hide; `tampers`, where cells reach for what marks them.

        Raises:
            ValueError: when it cannot be read; says why.
            WireError: when reading it ended the child.
        """
        if hand_in.trouble is not None:
            raise ValueError(hand_in.trouble)
        session = answers.open()
        reply, _ = session.ask(
            "notebook", READING, arrays=[hand_in.notebook], header_bytes=NOTEBOOK
        )
        if reply.get("refused") or "cells" not in reply:
            raise ValueError(str(reply.get("refused") or "The notebook could not be read."))
        trust = not self.defences.master_cells
        program = self.task.master.program(reply["cells"], trust=trust)
        program.notes[:0] = reply["notes"]
        names = {e.name: list(e.forbidden) for e in self.task.spec.exercises}
        sources = [step.source for step in program.steps]
        own = [step.source for step in program.steps if not step.name.startswith(GIVEN)]
        uses, _ = session.ask("uses", READING, sources=sources, own=own, names=names)
        answers.program = program
        if not self.defences.sources:
            uses.update(found={}, ways={}, tampers=[])
        by_exercise = {key: dict(uses.get(key) or {}) for key in ("found", "calls", "ways")}
        return {**by_exercise, "tampers": list(uses.get("tampers") or [])}

    # ------------------------------------------------------------ exercises

    def _exercises(
        self, hand_in: HandIn, answers: Answers, found: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        return [
            self._exercise(exercise, hand_in, answers, found.get(exercise.name))
            for exercise in self.task.spec.exercises
        ]

    def _exercise(
        self, exercise: Exercise, hand_in: HandIn, answers: Answers, found: str | None
    ) -> dict[str, Any]:
        try:
            answers.start()
        except Timeout:
            said = f"The submission used up its {answers.limits.submission:g} s."
            return self._nothing(exercise, said, "timeout")
        except ProcessEnded as error:
            return self._nothing(exercise, f"Here {error}.", "error")
        missing = self._missing(exercise, answers)
        if missing is not None:
            return missing
        state = GlobalState.now()
        hidden = heavy = False
        try:
            result = self._check(exercise, answers, found)
            hidden = result.passed and self.defences.hidden_cases
            if hidden:
                result, heavy = self._hidden(exercise, hand_in, answers, found)
        except Exception as error:  # whatever came back: it costs this exercise, no other
            said = f"It could not be marked ({type(error).__name__}); ask your instructor to look."
            return self._nothing(exercise, said, "error")
        finally:
            state.restore()
        row = self._judged(exercise, result, hidden)
        if heavy and not result.passed:
            return row | {"message": f"{row['message']}\n{result.message}"}
        if partial.wanted(self.task) and result.status in partial.COUNTED:
            return self._credited(row, exercise, answers, found, hand_in)
        return row

    def _hidden(
        self, exercise: Exercise, hand_in: HandIn, answers: Answers, found: str | None
    ) -> tuple[Result, bool]:
        """Check on hidden cases, and what is right there on those that cost much; say if it did."""
        result = self._check(exercise, answers, found, self._draws(exercise, hand_in))
        heavy = heavy_cases(exercise, self.secret, *self._more(hand_in))
        if not (result.passed and heavy):
            return result, False
        # To run every known mistake on them as well would take too long.
        return self._check(replace(exercise, wrong_answers=()), answers, found, heavy), True

    def _credited(
        self,
        row: dict[str, Any],
        exercise: Exercise,
        answers: Answers,
        found: str | None,
        hand_in: HandIn,
    ) -> dict[str, Any]:
        """Count the cases that are right, each checked alone."""

        def check(case: Case) -> Result:
            answers.start()
            return self._check(exercise, answers, found, [case])

        try:
            cases = [*Prepared.of(exercise).cases, *self._draws(exercise, hand_in)]
            return partial.credit(row, cases, check)
        except (Timeout, ProcessEnded):  # no time is left, or no process: nothing is credited
            return row

    def _missing(self, exercise: Exercise, answers: Answers) -> dict[str, Any] | None:
        name = exercise.name
        if name in answers.courses:
            return self._nothing(exercise, f"{name} is the course's version, not one of your own.")
        if name in answers.defined:
            return None
        why = answers.why_missing(name)
        if why is None:
            return self._nothing(exercise, f"No cell defines {name}.")
        return self._nothing(exercise, f"{name} is not defined: {why}.", "error")

    def _check(
        self,
        exercise: Exercise,
        answers: Answers,
        found: str | None,
        cases: Sequence[Case] | None = None,
    ) -> Result:
        prepared = Prepared.of(exercise) if cases is None else Prepared(exercise, cases)
        runner = RemoteRunner(
            answers,
            exercise.name,
            prepared.protocol,
            found=found,
            ahead=prepared.cases,
            again=cases is not None,
        )
        try:
            return check_exercise(
                exercise,
                None,
                seconds=answers.limits.exercise,
                prepared=prepared,
                runner=runner,
            )
        except Timeout:
            said = f"It was stopped after {answers.limits.exercise:g} s."
            return Result(name=exercise.name, status=Status.TIMEOUT, message=said)
        except ProcessEnded as error:
            return Result(name=exercise.name, status=Status.ERROR, message=f"Here {error}.")

    def _draws(self, exercise: Exercise, hand_in: HandIn) -> list[Case]:
        """Grow the hidden cases: fresh for every learner and hand-in, the same every time."""
        return hidden_cases(exercise, self.secret, *self._more(hand_in), count=DRAWS)

    def _more(self, hand_in: HandIn) -> tuple[str, str, str]:
        """Return what makes cases fresh: the task, the learner, and what was handed in."""
        return self.task.name, hand_in.learner, hashlib.sha256(hand_in.notebook).hexdigest()

    def _judged(self, exercise: Exercise, result: Result, hidden: bool) -> dict[str, Any]:
        message = result.message
        if hidden and result.passed:
            message = "Right on every case, the hidden ones too."
        elif hidden:
            message = "It passes on the visible cases, not on the hidden ones."
            known = {wrong.id: wrong.says for wrong in exercise.wrong_answers}
            if result.diagnosis in known:
                message += f" {known[result.diagnosis]}"
        return self._row(exercise, result.status.value, message, result.diagnosis, hidden)

    def _nothing(
        self, exercise: Exercise, message: str, status: str = "not_started"
    ) -> dict[str, Any]:
        return self._row(exercise, status, message)

    def _row(
        self,
        exercise: Exercise,
        status: str,
        message: str,
        diagnosis: str | None = None,
        hidden: bool = False,
    ) -> dict[str, Any]:
        passed = status == "passed"
        return row(
            exercise,
            self.task.spec.label(exercise.name),
            status,
            message,
            points=exercise.marks if passed else 0,
            diagnosis=diagnosis,
            hidden=hidden and not passed,
        )

    # ------------------------------------------------------------ trained models

    def _trained(self, task: Any, hand_in: HandIn) -> dict[str, Any]:
        """Score a model on data that grows from the secret."""
        seed = hidden_seed(self.secret, task.name, *self._more(hand_in))
        data = hand_in.weights(task.file)
        points, status, said = score_file(task, data, self.sandbox, seed)
        place = len(self.task.spec.exercises) + self.task.trained.index(task) + 1
        label = f"{self.task.spec.number.removeprefix('0')}.{place}"
        return row(task, label, status, said, points=points)
