"""An exercise as data: its cases, its oracle, and the wrong answers it recognises.

Nothing here runs a learner's code; `check.py` does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from course_lib.checking.case import Case

if TYPE_CHECKING:
    from course_lib.checking.protocol import Protocol

#: A property receives a way to call the learner's object again, the case, and what came out.
#: It returns None when it holds, else a sentence that names the failure with the learner's numbers.
Holds = Callable[[Callable[..., Any], Case, Any], str | None]


@dataclass(frozen=True, kw_only=True)
class WrongAnswer:
    """A known mistake: the code that makes it, the sentence that names it, and why it is wrong.

    Args:
        id: short and stable, such as "divides_by_d"; reported as the diagnosis.
        code: a function (or class) that makes the mistake, called like an answer.
        says: one sentence in the second person: "Your scores are divided by d, not by √d."
        why: one to three sentences on why that is wrong.
        matches: tells from a case and a result that this mistake was made, where many results share
            it; without it a result must equal what `code` gives.
        part: which of several results must equal that; None for all of them.
        outcomes: what `code` gave on each of the exercise's cases; for where it is not to be had.
    """

    id: str
    code: Callable[..., Any]
    says: str
    why: str
    matches: Callable[[Case, Any], bool] | None = None
    part: int | None = None
    outcomes: Sequence[Any] = ()


@dataclass(frozen=True, kw_only=True)
class Property:
    """Something that must hold of every result, in words.

    Args:
        id: short and stable, such as "rows_sum_to_one".
        holds: see `Holds`.
    """

    id: str
    holds: Holds


@dataclass(frozen=True, kw_only=True, eq=False)
class Exercise:
    """Everything the course knows about one exercise.

    Args:
        name: the Python name that the learner defines.
        title: as in the heading, without its number.
        minutes: how long it takes a learner.
        difficulty: 1, 2 or 3.
        marks: points when it is graded.
        proves: ends the line "the check proves that …".
        passed: one sentence shown with a pass; says what was agreed with.
        cases: returns the cases, smallest first.
        sample: returns one random legal case; the mutation run draws 10,000.
        edges: returns cases at the edges, drawn anew; whoever is graded meets all of them.
        heavy: returns cases that cost much; only what is right on all others meets them.
        oracle: the independent truth, called like the answer; None when properties say it all.
        properties: checked on every case, before the values.
        wrong_answers: at least six where the exercise allows them.
        hints: a nudge, pseudocode, nearly the solution.
        forbidden: names that the answer may not call in any library ("softmax"), "@" the operator.
        reference: dotted name of the course's own version; an assignment's is the object itself.
        protocol: how an answer is called; a plain function unless it says otherwise.
        tolerance: largest accepted |difference| relative to 1 + |expected|, in float64; wide enough
            for a root taken in float32, which is right (tests hold the course to 1e-10).
        parts: names of the results, when the answer returns a tuple.
        fresh: the result may not share memory with an input.
        kinds: kinds of input (`kinds.KINDS`) that it can meet; each stands in its cases.
        never: kinds that its inputs seem to allow, each with the reason why they do not.
        device: "rule" where the text asks for tensors on the inputs' device, so others are refused;
            "remark" where a pass says what a GPU would; "any" where there is nothing to say.
    """

    name: str
    title: str
    minutes: int
    difficulty: int
    proves: str
    passed: str
    cases: Callable[[], Sequence[Case]]
    sample: Callable[[np.random.Generator], Case]
    reference: str | Callable[..., Any] = ""
    hints: tuple[str, str, str]
    edges: Callable[[np.random.Generator], Sequence[Case]] | None = None
    heavy: Callable[[np.random.Generator], Sequence[Case]] | None = None
    oracle: Callable[..., Any] | None = None
    marks: int = 1
    properties: Sequence[Property] = ()
    wrong_answers: Sequence[WrongAnswer] = ()
    forbidden: Sequence[str] = ()
    protocol: "Protocol | None" = None
    tolerance: float = 1e-6
    parts: tuple[str, ...] = ()
    fresh: bool = False
    kinds: tuple[str, ...] = ()
    never: Mapping[str, str] = field(default_factory=dict)
    device: Literal["rule", "remark", "any"] = "remark"

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"an exercise's name is a Python name; {self.name!r} is not one")
        if self.difficulty not in (1, 2, 3):
            raise ValueError(f"{self.name}: difficulty is 1, 2 or 3, not {self.difficulty}")
        if self.device not in ("rule", "remark", "any"):
            raise ValueError(f"{self.name}: device is rule, remark or any, not {self.device!r}")
        if len(self.hints) != 3:
            raise ValueError(f"{self.name}: three hints are due, {len(self.hints)} are given")
        if self.oracle is None and not self.properties:
            raise ValueError(
                f"{self.name}: without an oracle, properties must decide; none is given"
            )


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A guess that a learner makes before the cell that reveals it.

    Args:
        id: used in `lesson.predict(id)` and `lesson.reveal(id)`.
        question: one sentence.
        options: two to five.
        answer: the right one, word for word.
        because: one or two sentences, shown by `reveal`.
    """

    id: str
    question: str
    options: tuple[str, ...]
    answer: str
    because: str

    def __post_init__(self) -> None:
        if self.answer not in self.options:
            raise ValueError(f"prediction {self.id}: answer {self.answer!r} is not an option")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a quiz question, with the reason why it is right or wrong."""

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True, kw_only=True)
class Question:
    """One quiz question with exactly one right option."""

    text: str
    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        right = sum(option.right for option in self.options)
        if right != 1:
            raise ValueError(f"question {self.text!r}: one option is right, here {right} are")


@dataclass(frozen=True, kw_only=True)
class LessonSpec:
    """A lesson as data; one file in `course_lib/lessons/` each.

    Args:
        number: two digits, "04"; of an assignment, a letter and a digit, "A1".
        slug: the rest of the file names: `solutions/04_scaled_dot_product.py`.
        title: as in the H1.
        minutes: of a learner's time; `course build` computes them.
        sittings: minutes of each, where the lesson has more than one; they sum to `minutes`.
        way: what it is to whoever has little time: on the short way, a side road, or neither.
        side_sections: those that the short way leaves out, "§ 5".
        needs: numbers of the lessons that come before.
        exercises: in the order of the lesson; the third of lesson 04 is exercise 4.3.
        predictions: in the order of the lesson.
        quiz: shown at the end.
    """

    number: str
    slug: str
    title: str
    minutes: int
    sittings: tuple[int, ...] = ()
    way: Literal["short", "side", ""] = ""
    side_sections: str = ""
    needs: tuple[str, ...] = ()
    exercises: tuple[Exercise, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    quiz: tuple[Question, ...] = ()

    def __post_init__(self) -> None:
        if self.sittings and sum(self.sittings) != self.minutes:
            raise ValueError(f"lesson {self.number}: {self.sittings} make not {self.minutes}")
        names = [exercise.name for exercise in self.exercises]
        ids = [prediction.id for prediction in self.predictions]
        for twice in {n for n in names + ids if (names + ids).count(n) > 1}:
            raise ValueError(f"lesson {self.number}: {twice!r} is defined twice")

    def exercise(self, name: str) -> Exercise:
        """Return the exercise called `name`; raise KeyError with the names there are."""
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        known = ", ".join(exercise.name for exercise in self.exercises)
        raise KeyError(f"lesson {self.number} has no exercise {name!r}; it has {known}")

    @property
    def time(self) -> str:
        """The minutes as they are told: "60", or "45 + 40" in two sittings."""
        return " + ".join(map(str, self.sittings or (self.minutes,)))

    @property
    def on_the_way(self) -> str:
        """What the lesson is to whoever has little time, in words."""
        words = {"short": "short way", "side": "side road", "": ""}[self.way]
        return f"{words} without {self.side_sections}" if self.side_sections else words

    def label(self, name: str) -> str:
        """Return the number that the lesson prints, such as "4.3"."""
        place = [exercise.name for exercise in self.exercises].index(name) + 1
        return f"{self.number.lstrip('0') or '0'}.{place}"
