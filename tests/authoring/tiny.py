"""A lesson of two exercises in a checkout of its own; run as a script, it builds that checkout."""

import sys
from pathlib import Path

import torch

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, LessonSpec, Prediction, WrongAnswer

SOURCE = '''\
# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 90 · Tiny
#
# You will be able to double and to shift.

# %% setup
from fake_lesson import lesson, show

# %% [markdown]
# ## 1 · Double
#
# Text.

# %% exercise
def double(x):
    """Return 2x."""
    ### BEGIN SOLUTION
    return x * 2.0
    ### END SOLUTION


# %% check
double = lesson.check(double)

# %% [markdown]
# ## 2 · Shift

# %% given
step = 3.0


# %% exercise
def shift(x):
    """Return 2x plus a step."""
    ### BEGIN SOLUTION
    moved = double(x) + step
    return moved
    ### STUB
    # moved = ...
    #
    # raise NotImplementedError("shift")
    ### END SOLUTION


# %% check
shift = lesson.check(shift)

# %% [markdown]
# See:

# %% demo tags=["nbval-ignore-output"]
print("shifted", shift(1.0))
show("an image of nothing")
'''

#: What the notebook's kernel imports in place of the course.
FAKE = """\
from IPython.display import display


class Fake:
    def check(self, obj):
        print("✓", obj.__name__)
        return obj


def show(alt):
    display({"text/html": f'<img alt="{alt}" src="data:,">', "text/plain": alt}, raw=True)


lesson = Fake()
"""


def reference(x: torch.Tensor) -> torch.Tensor:
    return 2 * x


def shifted(x: torch.Tensor) -> torch.Tensor:
    return 2 * x + 3


def _exercise(name: str, oracle: object, marks: int) -> Exercise:
    return Exercise(
        name=name,
        title=name.capitalize(),
        minutes=1,
        difficulty=1,
        marks=marks,
        proves="it is right",
        passed="Agrees.",
        cases=lambda: [Case(label="one", args=(torch.tensor([1.0, 2.5], dtype=torch.float64),))],
        sample=lambda rng: Case(label="one", args=(torch.ones(2),)),
        oracle=oracle,
        reference="tiny.reference" if name == "double" else "tiny.shifted",
        hints=("a", "b", "c"),
        wrong_answers=(WrongAnswer(id="same", code=lambda x: x, says="Same.", why="Same."),),
    )


PREDICTION = Prediction(id="p", question="?", options=("a", "b"), answer="a", because="So.")
SPEC = LessonSpec(
    number="90",
    slug="tiny",
    title="Tiny",
    minutes=5,
    exercises=(_exercise("double", reference, 2), _exercise("shift", shifted, 1)),
)


def lay_out(root: Path, source: str = SOURCE) -> Path:
    """Write a checkout with the tiny lesson; return the path of its source."""
    (root / "solutions").mkdir(parents=True, exist_ok=True)
    (root / "lib").mkdir(exist_ok=True)
    (root / "lib" / "fake_lesson.py").write_text(FAKE, encoding="utf-8")
    path = root / "solutions" / "90_tiny.py"
    path.write_text(source, encoding="utf-8")
    return path


if __name__ == "__main__":
    from course_lib.authoring.build import run_build

    sys.exit(run_build("90", root=Path(sys.argv[1]), lessons=[SPEC]))
