"""Questions about Python, answered by a span of Python's own documentation.

The questions were written for the course (written/questions.md); the passages are paragraphs of
`pydoc_data.topics`, which comes with every Python. A question is left out where the Python at hand
words its passage in another way.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from course_lib.data.python_docs import help_texts
from course_lib.errors import CourseError

#: Fewer than that are of no use for training and testing.
FEWEST = 40


@dataclass(frozen=True)
class Question:
    """A question, its passage, and where in the passage the answer stands.

    Args:
        topic: of the documentation; `help("for")` shows the topic "for".
        question: one sentence.
        passage: one paragraph, in one line, without quotes and asterisks.
        start: first character of the answer in the passage.
        end: the character behind its last.
    """

    topic: str
    question: str
    passage: str
    start: int
    end: int

    @property
    def answer(self) -> str:
        """The characters of the passage that answer the question."""
        return self.passage[self.start : self.end]


@dataclass(frozen=True)
class Questions:
    """The questions that can be asked here, and those that cannot.

    Args:
        asked: in the order of the file.
        left_out: questions whose passage or answer this Python's documentation does not have.
    """

    asked: tuple[Question, ...]
    left_out: tuple[str, ...]

    @property
    def note(self) -> str:
        """One line on what is left out; empty when nothing is."""
        if not self.left_out:
            return ""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return (
            f"{len(self.left_out)} of {len(self.left_out) + len(self.asked)} questions are left "
            f"out: Python {version}'s documentation words their passages in another way than "
            "3.11's. Scores differ a little from those in the lesson."
        )


@cache
def questions() -> Questions:
    """Return the questions, each with its passage from this Python's documentation.

    Raises:
        CourseError: when the help texts or the file are missing, or too few questions fit them.

    >>> one = questions().asked[0]
    >>> one.topic, one.question, one.answer
    ('assert', 'Which command line option requests optimization?', '-O')
    """
    return located(_written(), help_texts())


def located(rows: list[dict[str, str]], topics: Mapping[str, str]) -> Questions:
    """Find the passage and the answer of each question in the topics.

    Args:
        rows: with topic, question, the words that the passage begins with, and the answer.
        topics: name to text.

    Raises:
        CourseError: when fewer than 40 are found.
    """
    asked, left_out = [], []
    for row in rows:
        passage = _passage(topics.get(row["topic"], ""), plain(row["begins"]))
        start = passage.find(plain(row["answer"]))
        if start < 0:
            left_out.append(row["question"])
        else:
            end = start + len(plain(row["answer"]))
            asked.append(Question(row["topic"], row["question"], passage, start, end))
    if len(asked) < FEWEST:
        raise CourseError(
            f"{len(asked)} of {len(rows)} questions fit this Python's documentation, and {FEWEST} "
            "are due: they were written for Python 3.11. Take part 6 of the lesson with 3.11"
        )
    return Questions(tuple(asked), tuple(left_out))


def plain(text: str) -> str:
    """Return a text in one line, without the marks that stand for code and emphasis.

    >>> plain('*x*  is "None"')
    'x is None'
    """
    return " ".join(re.sub(r'["*]', "", text).replace("’", "'").split())


def _passage(topic: str, begins: str) -> str:
    """Return the paragraph that begins with these words; empty when there is none."""
    paragraphs = (plain(part) for part in topic.split("\n\n"))
    return next((part for part in paragraphs if part.startswith(begins)), "")


def _written() -> list[dict[str, str]]:
    path = files("course_lib.data").joinpath("written", "questions.json")
    if not path.is_file():
        raise CourseError(
            "course_lib/data/written/questions.json is missing: it comes with the course; "
            "`git checkout course_lib/data/written` or installing again brings it back"
        )
    rows: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return rows
