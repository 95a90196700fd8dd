"""Everything about a lesson that can be known without executing its notebook."""

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from course_lib.authoring.checkout import Checkout
from course_lib.authoring.leaks import leaks
from course_lib.authoring.lint import against_spec, style
from course_lib.authoring.notebook import learners_notebook, solved_notebook
from course_lib.authoring.problem import LessonError, Problem, failing
from course_lib.authoring.rehearse import rehearse
from course_lib.authoring.source import FILE_NAME, Source, read_source
from course_lib.checking.exercise import LessonSpec


@dataclass
class Draft:
    """A lesson ready to be built, or the reasons why it is not.

    Args:
        spec: of the lesson.
        source: None when it could not be parsed.
        solved: the solved notebook, not executed; None when something is wrong.
        learners: the learner's copy.
        faults: what keeps it from being built.
        manners: what departs from the style; some of it fails `--check`.
    """

    spec: LessonSpec
    source: Source | None = None
    solved: NotebookNode | None = None
    learners: NotebookNode | None = None
    faults: list[Problem] = field(default_factory=list)
    manners: list[Problem] = field(default_factory=list)


def prepare(spec: LessonSpec, checkout: Checkout) -> Draft:
    """Parse a lesson, hold it against its spec, rehearse its exercises, make both notebooks."""
    draft, path = Draft(spec), checkout.source(spec)
    if not path.exists():
        says = f"missing, but there is lesson_{spec.number}_{spec.slug}/: write it"
        draft.faults.append(Problem(path, None, says))
        return draft
    try:
        source = draft.source = read_source(path)
    except LessonError as error:
        draft.faults.extend(error.problems)
        return draft
    draft.faults += against_spec(source, spec)
    draft.manners += style(source, spec)
    if failing(draft.faults):
        return draft
    draft.faults += rehearse(source, spec)
    draft.solved, draft.learners = solved_notebook(source, spec), learners_notebook(source, spec)
    texts = [cell.source for cell in draft.learners.cells]
    draft.faults += [Problem(path, line, says) for line, says in leaks(source, texts)]
    return draft


def lessons_of_the_course(number: str | None = None) -> tuple[list[LessonSpec], list[Problem]]:
    """Return every lesson that can be loaded (or the one asked for), and why others cannot.

    Raises:
        CourseError: when there is no lesson of that number.
    """
    from course_lib.workbook import registry

    known = registry.rooms()
    if number is not None and number.zfill(2) not in known:
        return [registry.find(number)], []  # which says what there is
    specs, problems = [], []
    for key in known if number is None else [number.zfill(2)]:
        try:
            specs.append(registry.find(key))
        except Exception as error:
            path, line = _place(error, known[key])
            says = f"cannot be loaded: {type(error).__name__}: {error}"
            problems.append(Problem(path, line, says))
    return specs, problems


def _place(error: BaseException, room: Path) -> tuple[Path, int | None]:
    """Return the last file and line of a room that an error came through."""
    if isinstance(error, SyntaxError) and error.filename:
        return Path(error.filename), error.lineno
    found: tuple[Path, int | None] = room / "lesson.py", None
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).is_relative_to(room):
            found = Path(frame.filename), frame.lineno
    return found


def without_spec(checkout: Checkout, specs: Iterable[LessonSpec]) -> list[Problem]:
    """Return the sources and notebooks that belong to no lesson."""
    known = {checkout.source(spec).stem for spec in specs}
    found = []
    for path in sorted(checkout.root.glob("solutions/*.py")):
        if FILE_NAME.fullmatch(path.name) and path.stem not in known:
            says = f"a source without a spec: write course_lib/lessons/lesson_{path.stem}/lesson.py"
            found.append(Problem(path, None, says))
    for path in _notebooks(checkout.root):
        if path.stem not in known:
            found.append(Problem(path, None, "a notebook without a source: remove it"))
    return found


def _notebooks(root: Path) -> Sequence[Path]:
    return sorted([*root.glob("solutions/*.ipynb"), *root.glob("notebooks/*.ipynb")])
