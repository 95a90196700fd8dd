"""`course workshop`: fit lessons into the hours of a room, and write what the instructor needs.

A lesson's minutes go to its sections: an exercise takes what it says, the rest is for explaining
and is shared by length of text. What does not fit is left out, hardest exercises first; whoever
skips one goes on with the course's version.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from course_lib.authoring.checkout import Checkout, replace_files
from course_lib.authoring.source import Source, read_source
from course_lib.checking.exercise import Exercise, LessonSpec, Prediction, Question
from course_lib.errors import CourseError
from course_lib.workbook import registry

#: Minutes for the start, for the end, and for a break after every full hour.
OPENING, CLOSING, BREAK = 10, 5, 5
#: A section without exercises is told in this share of its time.
TOLD = 0.5
MISTAKES, QUESTIONS = 3, 2
SHORTEST, LONGEST = 0.5, 12.0
_H2 = re.compile(r"^## (?:\d+ · )?(.+)$", re.MULTILINE)
_PREDICTS = re.compile(r"lesson\.predict\(\s*[\"'](\w+)[\"']")


@dataclass(frozen=True)
class Section:
    """A section of a lesson, as far as it is taught.

    Args:
        lesson: it belongs to.
        title: its heading.
        talk: minutes of explaining and looking.
        exercises: to be solved in the room.
        skipped: left out.
        predictions: asked in it.
        questions: of the quiz, in a lesson's last section.
    """

    lesson: LessonSpec
    title: str
    talk: float
    exercises: tuple[Exercise, ...] = ()
    skipped: tuple[Exercise, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def minutes(self) -> int:
        """Of the section: what is left out takes its share of the explaining along."""
        talk = self.talk if self.exercises or not self.skipped else self.talk * TOLD
        return max(1, round(talk)) + sum(exercise.minutes for exercise in self.exercises)

    @property
    def mistakes(self) -> list[tuple[Exercise, list[tuple[str, str]]]]:
        """What learners will get wrong, for each exercise: how the check says it, and why."""
        return [
            (one, [(wrong.says, wrong.why) for wrong in one.wrong_answers[:MISTAKES]])
            for one in self.exercises
        ]


@dataclass(frozen=True)
class Slot:
    """A row of the run sheet: from a minute on, for some minutes."""

    start: int
    minutes: int
    title: str
    section: Section | None = None

    @property
    def clock(self) -> str:
        """When it begins, counted from the start: "1:05"."""
        return f"{self.start // 60}:{self.start % 60:02d}"


@dataclass(frozen=True)
class Plan:
    """A workshop.

    Args:
        hours: asked for.
        lessons: in order.
        slots: what happens when.
        spare: minutes that are left.
    """

    hours: float
    lessons: tuple[LessonSpec, ...]
    slots: tuple[Slot, ...]
    spare: int

    @property
    def left_out(self) -> list[tuple[LessonSpec, Exercise]]:
        """The exercises that do not fit."""
        sections = [slot.section for slot in self.slots if slot.section is not None]
        return [(s.lesson, exercise) for s in sections for exercise in s.skipped]


def run_workshop(hours: float, lessons: Sequence[str], to: Path) -> int:
    """Write `run-sheet.md` and `run-sheet.html` into a folder and return 0.

    Raises:
        CourseError: when the lessons do not fit, or there is no such lesson.
    """
    found = plan(hours, [registry.find(number) for number in dict.fromkeys(lessons)])
    to = to.expanduser()
    try:
        replace_files({to / name: text.encode() for name, text in sheets(found).items()})
    except OSError as error:
        raise CourseError(f"cannot write in {to}: {error.strerror}. Choose another --to.") from None
    kept = sum(len(slot.section.exercises) for slot in found.slots if slot.section)
    print(f"{to / 'run-sheet.md'}, {to / 'run-sheet.html'}: {len(found.slots)} slots, {kept}")
    print(
        f"exercises in {hours:g} hours; {len(found.left_out)} left out, {found.spare} min to spare"
    )
    return 0


# ---------------------------------------------------------------- planning


def plan(hours: float, specs: Sequence[LessonSpec], root: Path | None = None) -> Plan:
    """Fit lessons into hours.

    Args:
        hours: of the whole workshop.
        specs: the lessons, in the order in which they are taught.
        root: the checkout; the one that `course_lib` runs from when left out.

    Raises:
        CourseError: when even one exercise a lesson is too much.
    """
    if not SHORTEST <= hours <= LONGEST:
        raise CourseError(f"a workshop has {SHORTEST:g} to {LONGEST:g} hours, not {hours:g}.")
    if not specs:
        raise CourseError("name the lessons: --lessons 02,04,09.")
    checkout = Checkout(root) if root is not None else Checkout.find()
    lessons = [sections(spec, read_source(checkout.source(spec))) for spec in specs]
    around = OPENING + CLOSING + BREAK * max(0, int(hours * 60 - 1) // 60)
    room = round(hours * 60) - around
    while _minutes(lessons) > room:
        if not _leave_one_out(lessons):
            needs = (_minutes(lessons) + around) / 60 + 0.05
            raise CourseError(
                f"{hours:g} hours are too short for {len(specs)} lesson{'s' * (len(specs) != 1)}: "
                f"with one exercise each they take {needs:.1f}. Add time, or name fewer lessons."
            )
    slots = tuple(_timed([section for lesson in lessons for section in lesson]))
    return Plan(hours, tuple(specs), slots, round(hours * 60) - slots[-1].start - CLOSING)


def sections(spec: LessonSpec, source: Source) -> list[Section]:
    """Cut a lesson into its sections and share out its minutes."""
    parts = list(_parts(source))
    words = [max(20, count) for _, count, _, _ in parts]
    solving = sum(exercise.minutes for exercise in spec.exercises)
    talk = max(spec.minutes - solving, 5 * len(parts) // 2)
    predictions = {prediction.id: prediction for prediction in spec.predictions}
    found = [
        Section(
            lesson=spec,
            title=title,
            talk=talk * share / sum(words),
            exercises=tuple(spec.exercise(name) for name in names),
            predictions=tuple(predictions[id] for id in ids if id in predictions),
        )
        for (title, _, names, ids), share in zip(parts, words, strict=True)
    ]
    found[-1] = replace(found[-1], questions=spec.quiz[:QUESTIONS])
    return found


def _parts(source: Source) -> Iterator[tuple[str, int, list[str], list[str]]]:
    """Yield (heading, words, exercises, predictions) of every section."""
    title, words = "", 0
    names: list[str] = []
    ids: list[str] = []
    for cell in source.cells:
        heading = _H2.search(cell.source) if cell.kind == "markdown" else None
        if heading is not None:
            if title and (words or names):
                yield title, words, names, ids
                words, names, ids = 0, [], []
            title = heading[1].strip()  # what stands before the first heading belongs to it
        if cell.kind == "markdown":
            words += len(cell.source.split())
        elif cell.role == "exercise" and cell.exercise:
            names.append(cell.exercise)
        ids += _PREDICTS.findall(cell.source) if cell.kind == "code" else []
    yield title or "The lesson", words, names, ids


def _minutes(lessons: Sequence[Sequence[Section]]) -> int:
    return sum(section.minutes for lesson in lessons for section in lesson)


def _leave_one_out(lessons: list[list[Section]]) -> bool:
    """Skip what is hardest for its marks, longest, latest; False when each lesson has one left.

    More marks are given to what the others lead up to: that stays longer.
    """
    candidates = [
        (exercise.difficulty - exercise.marks, exercise.minutes, k, place, exercise)
        for k, lesson in enumerate(lessons)
        if sum(len(section.exercises) for section in lesson) > 1
        for place, section in enumerate(lesson)
        for exercise in section.exercises
    ]
    if not candidates:
        return False
    *_, k, place, exercise = max(candidates, key=lambda one: one[:4])
    section = lessons[k][place]
    kept = tuple(one for one in section.exercises if one is not exercise)
    skipped = tuple(e for e in section.lesson.exercises if e in (*section.skipped, exercise))
    lessons[k][place] = replace(section, exercises=kept, skipped=skipped)
    return True


def _timed(found: Sequence[Section]) -> Iterator[Slot]:
    """Put sections one after the other, with a start, an end, and breaks between them."""
    yield Slot(0, OPENING, "Start: everybody opens the first notebook; course doctor for the rest")
    now, rested = OPENING, 0
    for section in found:
        if now - rested >= 60:
            yield Slot(now, BREAK, "Break")
            now += BREAK
            rested = now
        title = f"{section.lesson.number} {section.lesson.title} · {section.title}"
        yield Slot(now, section.minutes, title, section)
        now += section.minutes
    yield Slot(now, CLOSING, "End: what each takes along, and where to go on")


# ---------------------------------------------------------------- writing


def sheets(found: Plan) -> dict[str, str]:
    """Return the run sheet as Markdown and as HTML to print, by file name."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).with_name("templates")
    texts = {}
    for name in ("run-sheet.md", "run-sheet.html"):
        environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=name.endswith(".html"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        texts[name] = environment.get_template(f"{name}.j2").render(plan=found)
    return texts
