"""The README of a learner's kit."""

from collections.abc import Sequence

from course_lib.checking.exercise import LessonSpec
from course_lib.grading.assignments import AssignmentSource

_TEXT = """# Attention by hand: your kit

You need Python 3.11 to 3.13, with its `venv` module, and 7 GB of disk. In this folder:

```
python3 tools/install.py     # on Windows: py -3.13 tools\\install.py
.venv/bin/course lab         # on Windows: .venv\\Scripts\\course lab
```

The first command installs into `.venv`. The second copies the notebooks into `work/`, where yours
are kept, and opens JupyterLab. Afterwards no network is needed. Something amiss?
`.venv/bin/course doctor` says what, and what to do.

{table}
{hand_in}Code is under the MIT licence (LICENSE), the text under CC BY 4.0 (LICENSE-TEXT).
"""
_HAND_IN = """## Handing in

Hand in the notebook from `work/`, under the name that it has{also}. The checks in it teach; the
marks are given on other cases. Leave the first line of each function or class, and the check line
below it, as they are. Before you hand in, try it out:

```
.venv/bin/course check work/{notebook}
```

runs it as it will be run when it is marked, and says which cell will not run there, and why. Only
other cases can then make a difference (where bubblewrap is not to be had, on macOS and Windows, it
says what it could not try).

"""


def readme(lessons: Sequence[LessonSpec], assignments: Sequence[AssignmentSource]) -> str:
    """Return the text: how to install, what there is, how to hand in."""
    rows = ["| notebook | title | minutes | marks |", "|---|---|---|---|"]
    rows += [_row(spec, "") for spec in lessons]
    rows += [_row(one.spec, str(one.marks)) for one in assignments]
    files = [f"`{task.file}`" for one in assignments for task in one.trained]
    also = f", and {' and '.join(files)} beside it" if files else ""
    names = [f"{one.spec.number}_{one.spec.slug}.ipynb" for one in assignments]
    hand_in = _HAND_IN.format(also=also, notebook=names[0]) if assignments else ""
    return _TEXT.format(table="\n".join(rows) + "\n", hand_in=hand_in)


def _row(spec: LessonSpec, marks: str) -> str:
    name = f"{spec.number}_{spec.slug}.ipynb"
    return f"| [{name}](notebooks/{name}) | {spec.title} | {spec.minutes} | {marks} |"
