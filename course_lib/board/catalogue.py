"""What a board knows of the lessons: names, labels, the words of the checks, the predictions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from course_lib.checking.exercise import LessonSpec
from course_lib.workbook import registry


@dataclass(frozen=True)
class Task:
    """An exercise.

    Args:
        name: of its function.
        label: such as "4.3".
        title: in words.
        minutes: that it takes.
        weight: how soon it is left out; the greater, the sooner.
        says: how the check names each known mistake, by its id.
    """

    name: str
    label: str
    title: str
    minutes: int = 5
    weight: int = 0
    says: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Poll:
    """A prediction: what is asked, what may be answered, what is true and why."""

    id: str
    question: str
    options: tuple[str, ...]
    answer: int
    because: str


@dataclass(frozen=True)
class Page:
    """A lesson."""

    number: str
    title: str
    tasks: Mapping[str, Task]
    polls: Mapping[str, Poll]

    @classmethod
    def of(cls, spec: LessonSpec) -> "Page":
        """Take from a lesson what a board shows."""
        tasks = {
            one.name: Task(
                name=one.name,
                label=spec.label(one.name),
                title=one.title,
                minutes=one.minutes,
                weight=one.difficulty - one.marks,
                says={wrong.id: wrong.says for wrong in one.wrong_answers},
            )
            for one in spec.exercises
        }
        polls = {
            one.id: Poll(
                id=one.id,
                question=one.question,
                options=one.options,
                answer=one.options.index(one.answer),
                because=one.because,
            )
            for one in spec.predictions
        }
        return cls(spec.number, spec.title, tasks, polls)


def catalogue(numbers: Iterable[str] | None = None) -> dict[str, Page]:
    """Return the lessons by number, in order; all of them when none is named.

    Raises:
        CourseError: when there is no such lesson.
    """
    asked = registry.numbers() if numbers is None else list(numbers)
    specs = [registry.find(number) for number in asked]
    return {spec.number: Page.of(spec) for spec in specs}
