"""A lesson of three exercises, small enough to be marked a hundred times, and notebooks for it."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

from course_lib.authoring.notebook import as_bytes, solved_notebook
from course_lib.authoring.source import parse
from course_lib.checking.exercise import LessonSpec
from course_lib.checking.result import Result, Status
from course_lib.grading.defences import ALL
from course_lib.grading.marks import Marker
from course_lib.grading.program import Program
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import Task
from course_lib.lessons.lesson_04_scaled_dot_product.exercises.causal_mask import (
    EXERCISE as CAUSAL_MASK,
)
from course_lib.lessons.lesson_04_scaled_dot_product.exercises.padding_mask import (
    EXERCISE as PADDING_MASK,
)
from course_lib.lessons.lesson_04_scaled_dot_product.exercises.scaled_scores import (
    EXERCISE as SCALED_SCORES,
)

TEXT = '''
# %% [markdown]
# # Small

# %% setup
import math

import torch
from course_lib import Lesson

lesson = Lesson("99")


def same(yours, due):
    assert torch.equal(yours, due)


# %% exercise
def scaled_scores(q, k):
    """Return scores."""
    ### BEGIN SOLUTION
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    ### END SOLUTION


# %% check
scaled_scores = lesson.check(scaled_scores)

# %% exercise
def padding_mask(lengths, n_keys):
    """Return a mask."""
    ### BEGIN SOLUTION
    return torch.arange(n_keys, device=lengths.device) < lengths[:, None]
    ### END SOLUTION


# %% check
padding_mask = lesson.check(padding_mask)

# %% exercise
def causal_mask(n):
    """Return a mask."""
    ### BEGIN SOLUTION
    return torch.ones(n, n, dtype=torch.bool).tril()
    ### END SOLUTION


# %% check
causal_mask = lesson.check(causal_mask)

# %% demo
print("a demonstration")
'''
NAMES = ("scaled_scores", "padding_mask", "causal_mask")
SPEC = LessonSpec(
    number="99",
    slug="small",
    title="Small",
    minutes=1,
    exercises=(
        replace(SCALED_SCORES, forbidden=("scaled_dot_product_attention",)),
        replace(PADDING_MASK),
        replace(CAUSAL_MASK),
    ),
)
SOURCE = parse(TEXT.lstrip(), Path("99_small.py"), "99", "small")
TASK = Task("99", SPEC, SOURCE)
SOLVED = json.loads(as_bytes(solved_notebook(SOURCE, SPEC)))
FULL = (1, 1, 1)


def notebook(answers=None, own=(), setup=None, change=None):
    """Return a solved notebook's bytes with other answers, and cells of the learner's own.

    Args:
        answers: source by exercise; None takes the cell out.
        own: sources of cells that stand after the setup cell.
        setup: another setup cell.
        change: edits the notebook, a dictionary, as it likes.
    """
    book = json.loads(json.dumps(SOLVED))
    for name, source in (answers or {}).items():
        cell = next(c for c in book["cells"] if c["id"] == f"exercise-{name}")
        cell["source"] = source
        if source is None:
            book["cells"].remove(cell)
    place = next(i for i, cell in enumerate(book["cells"]) if cell["cell_type"] == "code")
    if setup is not None:
        book["cells"][place]["source"] = setup
    book["cells"][place + 1 : place + 1] = [code(source) for source in own]
    if change is not None:
        book = change(book) or book
    return json.dumps(book).encode()


def code(source):
    """Return a code cell as a learner adds one."""
    return {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": 1,
        "source": source,
    }


def mark(cage, data, *off, number=1, learner="ann", marker=Marker):
    """Return a hand-in's marks, with some defences switched off."""
    with without(cage, *off):
        found = marker(TASK, "a secret", cage)
        return found.mark(HandIn(learner, number, "99_small.ipynb", data))


def points(marks):
    """Return the points of the three exercises."""
    return tuple(result["points"] for result in marks["exercises"])


@contextlib.contextmanager
def without(cage, *off):
    """Switch defences off for a while."""
    before, cage.defences = cage.defences, ALL.without(*off)
    try:
        yield
    finally:
        cage.defences = before


class Trusting(Marker):
    """A grader of the usual kind: it runs asserts beside the learner's code and believes them."""

    line = "assert torch.allclose({name}({args}), {due})"

    def _check(self, exercise, answers, found, cases=None):
        lines = ["import torch"]
        for case in list(exercise.cases())[:3]:
            args = ", ".join(_literal(arg) for arg in case.args)
            due = _literal(exercise.oracle(*case.args))
            lines.append(self.line.format(name=exercise.name, args=args, due=due))
        self.defences = self.defences.without("hidden_cases")
        source = self.wrap("\n".join(lines))
        reply, _ = answers.talk(lambda s: s.ask("cell", 5.0, name="the check", source=source))
        status = Status.PASSED if reply.get("done") else Status.FAILED
        return Result(name=exercise.name, status=status, message=str(reply))

    def wrap(self, source):
        """Return the source as it is run."""
        return source


class TrustingItsFunction(Trusting):
    line = "same({name}({args}), {due})"


class TrustingEquality(Trusting):
    line = "assert ({name}({args}) == {due}).all()"


class TrustingItsFrame(Trusting):
    line = "due = {due}\nassert torch.allclose({name}({args}), due)"


class TrustingIPython(Trusting):
    """Runs cells and asserts through an IPython shell, as notebooks do."""

    def _read(self, hand_in, answers):
        both = super()._read(hand_in, answers)
        steps = [replace(step, source=self.wrap(step.source)) for step in answers.program.steps]
        answers.program = Program(steps, answers.program.notes)
        return both

    def wrap(self, source):
        return (
            "import sys\n"
            "from IPython.core.interactiveshell import InteractiveShell\n"
            "main = sys.modules['__main__']\n"
            "shell = InteractiveShell.instance(user_module=main, user_ns=vars(main))\n"
            "main.get_ipython = lambda: shell\n"
            f"shell.run_cell({source!r}).raise_error()\n"
        )


def _literal(value):
    import torch

    if isinstance(value, torch.Tensor):
        return f"torch.tensor({value.tolist()}, dtype={value.dtype})"
    return repr(value)
