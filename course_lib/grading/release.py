"""`course release`: the learner's kit of chosen lessons and assignments, proved before it stands.

A kit is the library without its instructor's half, the learner's notebooks, a pack of visible
checks for each assignment, and what installs it. It is written whole or not at all.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import course_lib
from course_lib.authoring.checkout import Checkout
from course_lib.authoring.leaks import leaks as notebook_leaks
from course_lib.authoring.lint import against_spec
from course_lib.authoring.notebook import as_bytes, learners_notebook, solved_notebook
from course_lib.authoring.prepare import prepare
from course_lib.authoring.problem import LessonError, Problem, failing
from course_lib.authoring.rehearse import rehearse
from course_lib.checking.exercise import LessonSpec
from course_lib.errors import CourseError
from course_lib.grading import assignments as graded
from course_lib.grading import trial
from course_lib.grading.assignments import AssignmentSource
from course_lib.grading.forecast import bar
from course_lib.grading.kit_leaks import leaks
from course_lib.grading.kit_proof import Part, prove
from course_lib.grading.kit_readme import readme
from course_lib.grading.packing import pack, pack_mistakes
from course_lib.grading.task import Task
from course_lib.workbook import registry

KIT = "attention-course kit"
MANIFEST = "manifest.json"
#: Copied as they are, beside the library.
BESIDE = (
    *("LICENSE", "LICENSE-TEXT", "environment.yml", "postBuild", "pyproject.toml"),
    *("requirements.txt", "requirements-uv.txt", "requirements-weights.txt"),
    *("tools/install.py", "tools/pythons.py"),
)
#: Parts of the library that stay with the instructor.
KEPT_BACK = ("grading", "authoring", "board")


def run_release(to: Path, lessons: Sequence[str] | None, assignments: Sequence[str] | None) -> int:
    """Make a kit, prove it, and put it in place.

    Args:
        to: the folder; a kit that is there already is replaced.
        lessons: numbers; all when None.
        assignments: names; all when None.

    Returns:
        0.

    Raises:
        CourseError: what keeps the kit from being released; nothing is written then.
    """
    started = time.perf_counter()
    to = to.expanduser().resolve()
    refuse_foreign(to)
    checkout = Checkout.find()
    asked = registry.numbers() if lessons is None else lessons
    specs = [registry.find(number) for number in asked]
    chosen = [graded.find(n) for n in (graded.names() if assignments is None else assignments)]
    if not specs and not chosen:
        raise CourseError("nothing to release: name --lessons or --assignments.")
    makes: list[Callable[[], Part]] = [partial(_lesson, spec, checkout) for spec in specs]
    makes += [partial(_assignment, assignment, checkout) for assignment in chosen]
    parts = []
    with bar(len(makes), what="prepared", unit="notebook") as progress:
        for make in makes:
            parts.append(make())
            progress.update()
    files = library(checkout.root, specs) | mistakes(specs) | beside(checkout.root)
    for part in parts:
        files |= {f"notebooks/{name}": data for name, data in part.files.items()}
    files["README.md"] = readme(specs, chosen).encode()
    found = list(leaks(files, [graded.find(name) for name in graded.names()]))
    if found:
        raise CourseError("the kit would give something away:\n" + "\n".join(found))
    print(f"no leaks in {len(files)} files", flush=True)
    files[MANIFEST] = manifest(files, specs, chosen)
    _write(to, files, parts)
    size = sum(map(len, files.values())) / 1e6
    print(f"{to.name}: {len(files)} files, {size:.1f} MB, in {time.perf_counter() - started:.0f} s")
    return 0


# ---------------------------------------------------------------- what a kit holds


def _lesson(spec: LessonSpec, checkout: Checkout) -> Part:
    draft = prepare(spec, checkout)
    _stop(draft.faults, checkout)
    assert draft.source is not None
    assert draft.learners is not None
    assert draft.solved is not None
    name = checkout.learners(spec).name
    task = Task(spec.number, spec, draft.source)
    return Part(task, draft.learners, draft.solved, {name: as_bytes(draft.learners)})


def _assignment(assignment: AssignmentSource, checkout: Checkout) -> Part:
    cells, spec = assignment.cells, assignment.spec
    faults = against_spec(cells, spec)
    _stop(faults, checkout)
    faults += rehearse(cells, spec)
    task = Task(assignment.name, spec, cells, assignment.trained)
    learners, solved = learners_notebook(cells, spec), solved_notebook(cells, spec)
    found = notebook_leaks(cells, [cell.source for cell in learners.cells])
    _stop([*faults, *(Problem(cells.path, line, says) for line, says in found)], checkout)
    name = f"{spec.number}_{spec.slug}.ipynb"
    files = {name: as_bytes(learners)} | pack(assignment)
    weights = {file: path.read_bytes() for file, path in assignment.solved_weights.items()}
    return Part(task, learners, solved, files, weights)


def _stop(problems: Iterable[Problem], checkout: Checkout) -> None:
    bad = failing(problems)
    if bad:
        raise LessonError(bad, checkout.root)


def library(root: Path, specs: Sequence[LessonSpec]) -> dict[str, bytes]:
    """Return the files of the library that a kit holds, by path: of lessons, the chosen rooms."""
    chosen = {registry.room(spec).rpartition(".")[2] for spec in specs}
    found = {}
    for path in sorted((root / "course_lib").rglob("*")):
        place = path.relative_to(root)
        if not path.is_file() or path.suffix == ".pyc" or is_kept_back(place):
            continue
        room, *inside = place.parts[2:] if place.parts[1] == "lessons" else ("",)
        if room.startswith("lesson_") and room not in chosen:
            continue
        if inside[:1] == ["mistakes"] and place.name != "__init__.py":
            continue
        found[place.as_posix()] = path.read_bytes()
    return found


def is_kept_back(place: Path) -> bool:
    """Tell whether a file of the library stays with the instructor."""
    part, *inside = place.parts[1:]
    if part == "grading" and inside and not inside[0].startswith("templates"):
        return inside[0].removesuffix(".py") not in trial.MODULES
    return part in KEPT_BACK


def mistakes(specs: Iterable[LessonSpec]) -> dict[str, bytes]:
    """Return what stands in for the code of the lessons' mistakes, by path: their results."""
    return {
        f"{registry.room(spec).replace('.', '/')}/mistakes/{name}": data
        for spec in specs
        for name, data in pack_mistakes(spec).items()
    }


def beside(root: Path) -> dict[str, bytes]:
    """Return what installs a kit, by path."""
    return {name: (root / name).read_bytes() for name in BESIDE}


def manifest(
    files: Mapping[str, bytes], specs: Sequence[LessonSpec], chosen: Sequence[AssignmentSource]
) -> bytes:
    """Return the manifest: what the kit is, and a hash of every file."""
    said = {
        "kit": KIT,
        "course": course_lib.__version__,
        "lessons": [spec.number for spec in specs],
        "assignments": [assignment.name for assignment in chosen],
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }
    return (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode()


# ---------------------------------------------------------------- where it goes


def refuse_foreign(to: Path) -> None:
    """Raise unless a folder is missing, empty, or a kit that nobody has worked in."""
    if not to.exists():
        return
    if not to.is_dir():
        raise CourseError(f"{to} is a file; name a folder for the kit.")
    there = {p.relative_to(to).as_posix() for p in to.rglob("*") if not p.is_dir()}
    there = {name for name in there if "__pycache__/" not in name}
    if not there:
        return
    try:
        said = json.loads((to / MANIFEST).read_text(encoding="utf-8"))
        ours = said["kit"] == KIT
        known = {MANIFEST, *said["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        ours, known = False, set()
    if not ours:
        raise CourseError(f"{to} holds files and is no kit: name another folder, or an empty one.")
    if strange := sorted(there - known):
        raise CourseError(f"{to} holds what no release wrote, such as {strange[0]}: move it first.")


def _write(to: Path, files: Mapping[str, bytes], parts: Sequence[Part]) -> None:
    """Write a kit beside its place, prove it there, and move it in with one rename."""
    stage, old = (to.with_name(f".{to.name}.{os.getpid()}.{end}") for end in ("part", "old"))
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            path = stage / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with bar(len(parts), what="proved", unit="notebook") as progress:
            for part in parts:
                print(prove(part, stage), flush=True)
                progress.update()
        for cache in list(stage.rglob("__pycache__")):
            shutil.rmtree(cache)
        if to.exists():
            to.rename(old)
        stage.rename(to)
    except OSError as error:
        raise CourseError(f"cannot write {to}: {error.strerror}. Choose another folder.") from None
    finally:
        if old.exists() and not to.exists():
            old.rename(to)
        for left in (stage, old):
            shutil.rmtree(left, ignore_errors=True)
