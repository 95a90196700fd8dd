"""Where the learner stands in the course, lesson by lesson, and the sentences that say so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from course_lib.checking.exercise import Exercise, LessonSpec
from course_lib.checking.progress import ExerciseProgress, LessonProgress, ProgressStore

BAR = 10
HINTS = 3


@dataclass(frozen=True)
class Row:
    """One lesson and what the learner did in it."""

    spec: LessonSpec
    progress: LessonProgress

    def of(self, exercise: Exercise) -> ExerciseProgress:
        """Return the progress of one exercise."""
        return self.progress.exercise(exercise.name)

    @property
    def passed(self) -> int:
        """How many of the lesson's exercises passed once."""
        return sum(self.of(exercise).passed for exercise in self.spec.exercises)

    @property
    def total(self) -> int:
        """How many exercises the lesson has."""
        return len(self.spec.exercises)

    @property
    def hints(self) -> int:
        """How many different hints were taken."""
        return sum(min(self.of(exercise).hints, HINTS) for exercise in self.spec.exercises)

    @property
    def next(self) -> Exercise | None:
        """The first exercise that never passed; None when all did."""
        return next((e for e in self.spec.exercises if not self.of(e).passed), None)

    @property
    def begun(self) -> bool:
        """True when the learner tried, guessed or asked for a hint."""
        touched = any(e.attempts or e.hints for e in self.progress.exercises.values())
        return touched or bool(self.progress.guesses)

    def name(self, exercise: Exercise) -> str:
        """Return number and title, such as "4.3 Causal mask"."""
        return f"{self.spec.label(exercise.name)} {exercise.title}"

    def what_next(self) -> str:
        """Return the next thing to do in this lesson, in a few words."""
        if not self.spec.exercises:
            return "read it"
        if self.next is None:
            return "done"
        attempts = self.of(self.next).attempts
        return self.name(self.next) + (f", tried {times(attempts)}" if attempts else "")


def rows(lessons: Iterable[LessonSpec], store: ProgressStore) -> list[Row]:
    """Return a row for each lesson, from one reading of the store."""
    progress = store.lessons()
    return [Row(spec, progress.get(spec.number, LessonProgress())) for spec in lessons]


def go_on_with(table: Sequence[Row]) -> Row | None:
    """Return the lesson to go on with: the one last worked on, else the first that is open."""
    open_rows = [row for row in table if row.next is not None]
    begun = [row for row in open_rows if row.begun]
    if begun:
        return max(begun, key=lambda row: row.progress.last)
    return open_rows[0] if open_rows else None


def summary(table: Sequence[Row]) -> str:
    minutes = sum(row.spec.minutes for row in table)
    passed, total = sum(row.passed for row in table), sum(row.total for row in table)
    return (
        f"The course: {count(len(table), 'lesson')}, {count(minutes, 'minute')}. "
        f"You passed {passed} of {count(total, 'exercise')}."
    )


def next_line(table: Sequence[Row]) -> str:
    row = go_on_with(table)
    if row is None or row.next is None:
        return "Next: nothing is open; all exercises are passed." if table else ""
    return (
        f"Next: lesson {row.spec.number}, exercise {row.name(row.next)}, "
        f"{count(row.next.minutes, 'minute')}. Open it with: course lab --lesson {row.spec.number}"
    )


def before_line(table: Sequence[Row]) -> str:
    names = [row.name(e) for row in table for e in row.spec.exercises if row.of(e).passed_before]
    if not names:
        return ""
    return f"Passed before, though the last check did not pass: {', '.join(names)}. A pass stays."


def place_line(store: ProgressStore) -> str:
    if store.file is None:
        return "Progress is not recorded: COURSE_PROGRESS is off."
    return f"Kept in: {store.file}"


def bar(row: Row, *, plain: bool = False) -> str:
    if not row.total:
        return ""
    # Full only when all passed, and begun as soon as one did.
    done = max(BAR * row.passed // row.total, min(row.passed, 1))
    full, rest = "#-" if plain else "█░"
    return full * done + rest * (BAR - done)


def passed_of(row: Row) -> str:
    return f"{row.passed} of {row.total}" if row.total else "no exercises"


def count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number:,} {thing}s"


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
