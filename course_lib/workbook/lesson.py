"""`Lesson`: what a notebook talks to."""

import os
import textwrap
from dataclasses import dataclass
from typing import Any

from course_lib.checking import values
from course_lib.checking.check import check_exercise
from course_lib.checking.exercise import Exercise, LessonSpec
from course_lib.checking.failing_case import FailingCase
from course_lib.checking.progress import Event, ProgressStore
from course_lib.checking.reference import load_reference
from course_lib.checking.report import WIDTH, as_text
from course_lib.checking.result import Result
from course_lib.errors import CourseError
from course_lib.workbook import registry
from course_lib.workbook.ask import has_front_end, show_prediction, show_quiz
from course_lib.workbook.heat_maps import show_heat_maps
from course_lib.workbook.sharing.form import ask_to_join
from course_lib.workbook.sharing.sharing import Sharing, as_told


@dataclass(frozen=True)
class Pair:
    """A learner's latest attempt beside the course's version, for explorers.

    Args:
        name: of the exercise.
        yours: the latest object given to `lesson.check`, passing or not; None before the first.
        course: the course's own version.
        passed: whether `yours` passed.
    """

    name: str
    yours: Any
    course: Any
    passed: bool

    @property
    def use(self) -> Any:
        """The learner's version when it passed, else the course's."""
        return self.yours if self.passed else self.course


class Lesson:
    """One lesson at work in a notebook: checks, hints, guesses, quiz.

    Args:
        number: of the lesson, such as "04".

    Raises:
        CourseError: when there is no such lesson.
    """

    def __init__(self, number: str) -> None:
        self.spec = registry.find(number)
        self.store = ProgressStore.open()
        self._sharing = Sharing.open()
        self._sharing.tell(None)  # what an earlier kernel could not send follows now
        self._latest = ""
        self._attempts: dict[str, Any] = {}
        self._passed: set[str] = set()
        self._results: dict[str, Result] = {}

    def __repr__(self) -> str:
        return (
            f"Lesson {self.spec.number} · {self.spec.title}: {len(self.spec.exercises)} exercises"
        )

    def check(self, obj: Any, name: str | None = None) -> Any:
        """Check an answer, print what was found, and return what later cells should use.

        Args:
            obj: your function or class.
            name: of the exercise, when the object's own name is another.

        Returns:
            Your own object when it passes, else the course's version.
        """
        exercise = self._exercise_of(obj, name)
        if exercise is None:
            self._refuse(unplaced(self.spec, obj, name))
            named = isinstance(obj, str) and obj in {e.name for e in self.spec.exercises}
            return load_reference(self.spec.exercise(obj)) if named else obj
        if obj is load_reference(exercise):
            self._refuse(
                f"○ {self._title(exercise)}\n  This is the course's version, handed out by an "
                "earlier check. Run your own cell again, then this one."
            )
            return obj
        return self._checked(exercise, obj)

    def _checked(self, exercise: Exercise, obj: Any) -> Any:
        result = check_exercise(exercise, obj)
        self._results[exercise.name] = result
        self._attempts[exercise.name] = None if result.status == "not_started" else obj
        print(as_text(exercise, result, self.spec.label(exercise.name)))
        show_heat_maps(result)
        self._record("check", exercise.name, status=result.status.value, diagnosis=result.diagnosis)
        if result.passed:
            self._passed.add(exercise.name)
            return obj
        self._passed.discard(exercise.name)
        if self.store.lesson(self.spec.number).exercise(exercise.name).passed_before:
            print("  It passed before, and that stays.")
        self._raise_for_nbgrader(f"{exercise.name}: {result.status.value}. {result.message}")
        return load_reference(exercise)

    def _refuse(self, said: str) -> None:
        print(said)
        self._raise_for_nbgrader(said)

    def _raise_for_nbgrader(self, said: str) -> None:
        """Raise under nbgrader: it gives full marks to a cell that does not."""
        if os.environ.get("NBGRADER_EXECUTION"):
            raise AssertionError(said)

    def _exercise_of(self, obj: Any, name: str | None) -> Exercise | None:
        key = name if name is not None else getattr(obj, "__name__", None)
        return next((e for e in self.spec.exercises if e.name == key), None)

    def hint(self, name: str) -> None:
        """Print the next of an exercise's three hints: a nudge, pseudocode, nearly the solution."""
        exercise = self._find(name)
        if exercise is None:
            return
        taken = min(self.store.hints(self.spec.number, exercise.name), 2)
        self._record("hint", exercise.name, detail=str(taken + 1))
        print(f"Hint {taken + 1} of 3 · {self._title(exercise)}")
        print("\n".join("  " + line for line in exercise.hints[taken].splitlines()))

    def case(self, name: str) -> FailingCase | None:
        """Return the smallest case that the latest check failed on, else the exercise's first."""
        exercise = self._find(name)
        if exercise is None:
            return None
        result = self._results.get(exercise.name)
        return FailingCase.of(exercise, result.case if result and result.case else None)

    def pair(self, name: str) -> Pair:
        """Return your latest attempt beside the course's version.

        Raises:
            KeyError: when there is no such exercise; names those there are.
        """
        exercise = self.spec.exercise(name)
        course, yours = load_reference(exercise), self._attempts.get(name)
        return Pair(name=name, yours=yours, course=course, passed=name in self._passed)

    def predict(self, id: str, answer: str | None = None) -> None:
        """Show a question before the cell that answers it, and keep your guess."""
        for prediction in self.spec.predictions:
            if prediction.id == id:
                show_prediction(
                    prediction, answer, lambda guess: self._record("predict", id, detail=guess)
                )
                return
        self._unknown("prediction", id, [prediction.id for prediction in self.spec.predictions])

    def reveal(self, id: str) -> None:
        """Print what you guessed, what is right, and why."""
        for prediction in self.spec.predictions:
            if prediction.id == id:
                guess = self.store.guess(self.spec.number, id)
                if guess is None:
                    print(f"No guess kept. The answer: {prediction.answer}.")
                else:
                    verdict = (
                        "and so it is"
                        if guess == prediction.answer
                        else f"it is: {prediction.answer}"
                    )
                    print(f"You said: {guess}; {verdict}.")
                print(textwrap.fill(prediction.because, WIDTH))
                return
        self._unknown("prediction", id, [prediction.id for prediction in self.spec.predictions])

    def quiz(self) -> None:
        """Show the questions of the lesson; every option opens to say why it is right or wrong."""
        show_quiz(self.spec.quiz)

    def map(self) -> None:
        """Show the map of the course with your progress on it."""
        from course_lib.workbook.map import show_map

        show_map(registry.all_lessons(), self.store)

    def join(
        self, address: str, code: str, *, name: str | None = None, export: bool = False
    ) -> None:
        """Join the room of an instructor's board; `lesson.leave()` undoes it.

        Args:
            address: of the board, as the wall shows it.
            code: of the room.
            name: or a nickname, "" for none; without it a form asks, where there is a front end.
            export: whether your name may stand in what the instructor keeps.
        """

        def join(called: str, kept: bool) -> str:
            return self._sharing.join(address, code, called, export=kept)

        if name is None and has_front_end():
            ask_to_join(join)
            return
        try:
            print(textwrap.fill(join(name or "", export), WIDTH))
        except CourseError as error:
            print(textwrap.fill(f"Not joined: {error}", WIDTH))

    def leave(self, *, forget: bool = False) -> None:
        """Leave the room: nothing more is sent.

        Args:
            forget: ask the board to delete what it has of you.
        """
        print(self._sharing.leave(forget=forget))

    def help(self, name: str | None = None, *, done: bool = False) -> None:
        """Raise your hand in the room that you joined.

        Args:
            name: of the exercise; the one you were at last when left out.
            done: take your hand down again.
        """
        if self._sharing.membership is None:
            print(
                "You are in no room. lesson.hint(…) helps at once; "
                "lesson.join(ADDRESS, CODE) joins a room."
            )
            return
        exercise = self._find(name) if name is not None else None
        if name is not None and exercise is None:
            return
        if self._sharing.ended:
            print(f"The board takes nothing more: {self._sharing.ended}")
            return
        at = exercise.name if exercise is not None else self._latest
        self._sharing.tell(
            {"kind": "down" if done else "help", "lesson": self.spec.number, "name": at}
        )
        print("Your hand is down." if done else "Your hand is up; the instructor sees it.")

    def _find(self, name: Any) -> Exercise | None:
        key = name if isinstance(name, str) else getattr(name, "__name__", repr(name))
        for exercise in self.spec.exercises:
            if exercise.name == key:
                return exercise
        self._unknown("exercise", key, [exercise.name for exercise in self.spec.exercises])
        return None

    def _unknown(self, kind: str, name: str, known: list[str]) -> None:
        print(
            f"Lesson {self.spec.number} has no {kind} {name!r}. It has "
            f"{', '.join(known) or 'none'}."
        )

    def _title(self, exercise: Exercise) -> str:
        return f"Exercise {self.spec.label(exercise.name)} · {exercise.title}"

    def _record(self, kind: Any, name: str, **more: Any) -> None:
        event = Event(kind=kind, lesson=self.spec.number, name=name, **more)
        self.store.record(event)
        if kind != "predict":
            self._latest = name
        if self._sharing.membership is not None:
            self._sharing.tell(as_told(event, self.spec))


def unplaced(spec: LessonSpec, obj: Any, name: str | None) -> str:
    """Say why an object answers no exercise of a lesson, and what to pass instead."""
    known = [exercise.name for exercise in spec.exercises]
    key, kind = name or getattr(obj, "__name__", None), type(obj).__name__
    which = f'lesson.check(…, name="…") with one of {", ".join(known)}.'
    if isinstance(obj, str) and name is None:
        example = obj if obj in known else next(iter(known), "name")
        return f"✗ lesson.check takes the function itself, without quotes: lesson.check({example})."
    if kind in known:
        return f"✗ This is an object of {kind}; pass the class itself: lesson.check({kind})."
    if key is not None and key != "<lambda>":
        said = f"✗ Lesson {spec.number} has no exercise {key!r}. It has {', '.join(known)}."
        return said if name else f"{said} Is it one of them under another name? Say which: name=…"
    if not callable(obj):
        return (
            f"✗ lesson.check takes your function or class; this is {values.size(obj)} ({kind}). "
            "Pass the name alone, without brackets after it: lesson.check(name)."
        )
    what = "lambda" if key else f"{kind} object"
    return (
        f"✗ This {what} carries no name, so the check cannot tell which exercise it answers. "
        f"Say it: {which}"
    )
