"""`Assignment`: what the notebook of a graded assignment talks to."""

import os
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from course_lib.checking.check import check_exercise
from course_lib.checking.exercise import Exercise
from course_lib.checking.failing_case import FailingCase
from course_lib.checking.progress import Event, ProgressStore
from course_lib.checking.report import as_text
from course_lib.checking.result import Result
from course_lib.workbook.heat_maps import show_heat_maps
from course_lib.workbook.lesson import unplaced
from course_lib.workbook.pack import Pack, find_pack, read_pack
from course_lib.workbook.trained_file import read_weights

#: Ends the report of an answer that does not pass yet.
TRY_OUT = 'assignment.try_out("A1_attention.ipynb").'
NEXT = 'assignment.case("{name}") hands you this case, assignment.hint("{name}") helps.'


class Assignment:
    """One graded assignment at work in a notebook: visible checks, hints, cases.

    The checks here teach; the marks are given elsewhere, on cases that nobody has seen. Nothing is
    read before the first check.

    Args:
        name: of the assignment, such as "attention".
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._passed: set[str] = set()
        self._results: dict[str, Result] = {}

    def __repr__(self) -> str:
        return f"Assignment {self.name}"

    @cached_property
    def pack(self) -> Pack:
        """The visible half, read when it is first needed."""
        return read_pack(find_pack(self.name))

    @cached_property
    def store(self) -> ProgressStore:
        """Where checks and hints are noted."""
        return ProgressStore.open()

    def check(self, obj: Any, name: str | None = None) -> Any:
        """Check an answer on the visible cases, print what was found, and return it unchanged.

        Args:
            obj: your function or class.
            name: of the exercise, when the object's own name is another.
        """
        exercise = self._find(name if name is not None else getattr(obj, "__name__", None))
        if exercise is None:
            said = unplaced(self.pack.spec, obj, name).replace("lesson.", "assignment.")
            said = said.replace("Lesson ", "Assignment ")
            print(said)
            self._raise_for_nbgrader(said)
            return obj
        result = check_exercise(exercise, obj)
        self._results[exercise.name] = result
        (self._passed.add if result.passed else self._passed.discard)(exercise.name)
        ending = NEXT.format(name=exercise.name) if result.case else ""
        print(as_text(exercise, result, self.pack.spec.label(exercise.name), ending=ending))
        show_heat_maps(result)
        status = result.status.value
        self._record("check", exercise.name, status=status, diagnosis=result.diagnosis)
        if not result.passed:
            self._raise_for_nbgrader(f"{exercise.name}: {status}. {result.message}")
        return obj

    def passed(self, *names: str) -> bool:
        """Tell whether your answers to these exercises passed when they were last checked here."""
        return self._passed.issuperset(names)

    def hint(self, name: str) -> None:
        """Print the next of an exercise's three hints."""
        exercise = self._known(name)
        if exercise is None:
            return
        number = self.pack.spec.number
        taken = min(self.store.hints(number, exercise.name), 2)
        self._record("hint", exercise.name, detail=str(taken + 1))
        label = self.pack.spec.label(exercise.name)
        print(f"Hint {taken + 1} of 3 · Exercise {label} · {exercise.title}")
        print("\n".join("  " + line for line in exercise.hints[taken].splitlines()))

    def case(self, name: str) -> FailingCase | None:
        """Return the smallest case that the latest check failed on, else the exercise's first."""
        exercise = self._known(name)
        if exercise is None:
            return None
        result = self._results.get(exercise.name)
        return FailingCase.of(exercise, result.case if result and result.case else None)

    def check_file(self, file: str) -> bool:
        """Say whether a trained model can be handed in as it is; its score is taken elsewhere."""
        known = [task.file for task in self.pack.trained]
        task = next((task for task in self.pack.trained if task.file == Path(file).name), None)
        if task is None:
            print(f"✗ {file} is not asked for; this assignment takes {', '.join(known) or 'none'}.")
            return False
        try:
            weights = read_weights(Path(file), task.shapes)
        except ValueError as error:
            print(f"✗ {task.title}\n  {error}")
            return False
        count = sum(tensor.numel() for tensor in weights.values())
        size = Path(file).stat().st_size / 1000
        print(f"✓ {task.title}: {len(weights)} tensors, {count:,} numbers, {size:,.0f} KB.")
        return True

    def try_out(self, file: str | None = None) -> None:
        """Run the notebook, as it was saved, as it will be run when it is marked.

        Args:
            file: of the notebook; the one you are in when left out.
        """
        if os.environ.get("NBGRADER_EXECUTION"):
            return
        place = Path(file) if file else self._notebook()
        if place is None:
            print(f"Which file is this notebook? Give its name: {TRY_OUT}")
            return
        saved = time.strftime("%H:%M:%S", time.localtime(place.stat().st_mtime))
        print(f"{place.name}, as saved at {saved}:\n")
        command = [sys.executable, "-m", "course_lib.grading.trial", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
        print(done.stdout or f"It could not be tried: {done.stderr.strip()[-500:]}")

    def _notebook(self) -> Path | None:
        """Return the notebook that this kernel runs, as Jupyter tells, or the one lying here."""
        told = os.environ.get("JPY_SESSION_NAME", "")
        usual = f"{self.pack.spec.number}_{self.pack.spec.slug}.ipynb"
        return next((p for p in map(Path, (told, usual)) if p.suffix and p.is_file()), None)

    def _find(self, name: Any) -> Exercise | None:
        return next((e for e in self.pack.spec.exercises if e.name == name), None)

    def _known(self, name: Any) -> Exercise | None:
        key = name if isinstance(name, str) else getattr(name, "__name__", repr(name))
        exercise = self._find(key)
        if exercise is None:
            known = ", ".join(e.name for e in self.pack.spec.exercises)
            print(f"Assignment {self.pack.spec.number} has no exercise {key!r}. It has {known}.")
        return exercise

    def _raise_for_nbgrader(self, said: str) -> None:
        """Raise under nbgrader: it gives full marks to a cell that does not."""
        if os.environ.get("NBGRADER_EXECUTION"):
            raise AssertionError(said)

    def _record(self, kind: Any, name: str, **more: Any) -> None:
        self.store.record(Event(kind=kind, lesson=self.pack.spec.number, name=name, **more))
