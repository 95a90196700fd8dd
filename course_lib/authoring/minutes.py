"""How long a lesson takes: its exercises, its words, its questions; and where one may stop."""

from collections.abc import Iterator

from course_lib.authoring.problem import Problem
from course_lib.authoring.source import Cell, Source
from course_lib.checking.exercise import LessonSpec

WORDS_A_MINUTE = 200
#: Minutes for the predictions and the quiz of a lesson.
QUESTIONS = 5
#: Minutes are told in fives; a sitting has so many at most.
STEP, LONGEST = 5, 75
#: The first words of a section that opens a second sitting.
BREAK = "The second sitting begins here"


def sittings(source: Source, spec: LessonSpec) -> tuple[int, ...]:
    """Return the minutes of each sitting of a lesson, in fives."""
    parts = _parts(source)
    return tuple(
        max(STEP, STEP * round(_minutes(part, spec, QUESTIONS / len(parts)) / STEP))
        for part in parts
    )


def _parts(source: Source) -> list[list[Cell]]:
    parts: list[list[Cell]] = [[]]
    for cell in source.cells:
        if cell.kind == "markdown" and BREAK in " ".join(cell.solved_source.split()):
            parts.append([])
        parts[-1].append(cell)
    return parts


def _minutes(cells: list[Cell], spec: LessonSpec, questions: float) -> float:
    words = sum(len(cell.solved_source.split()) for cell in cells if cell.kind == "markdown")
    here = {cell.exercise for cell in cells if cell.role == "exercise"}
    solving = sum(exercise.minutes for exercise in spec.exercises if exercise.name in here)
    return solving + words / WORDS_A_MINUTE + questions


def minutes(source: Source, spec: LessonSpec) -> Iterator[Problem]:
    """Yield where a lesson tells other minutes than its parts take."""
    due, told = sittings(source, spec), spec.sittings or (spec.minutes,)
    if told != due:
        says = (
            f"exercises, words and questions make {_sum(due)} minutes; lesson.py tells "
            f"{_sum(told)}: write minutes={sum(due)}"
            + (f", sittings={due}" if len(due) > 1 else "")
        )
        yield Problem(source.path, None, says, fails=False)
    if max(due) > LONGEST:
        says = (
            f"a sitting of {max(due)} minutes; {LONGEST} are the most: begin a section in its "
            f"middle with “{BREAK}”"
        )
        yield Problem(source.path, None, says, fails=False)
    texts = (" ".join(cell.solved_source.split()) for cell in source.cells[:4])
    if not any(f"{spec.minutes} minutes" in text for text in texts):
        says = f"the opening should tell the lesson's {spec.minutes} minutes"
        yield Problem(source.path, 1, says, fails=False)


def _sum(parts: tuple[int, ...]) -> str:
    return " + ".join(map(str, parts))
