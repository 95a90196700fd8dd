"""`course new`: the skeleton of a lesson or of one more exercise, which builds and passes."""

import keyword
import re
from importlib import resources
from pathlib import Path
from string import Template

from course_lib.authoring.checkout import Checkout, replace_files
from course_lib.errors import CourseError

LONGEST_SLUG = 40
FIRST_EXERCISE = "centre_rows"
#: The two files of an exercise -> the template of each; None for an empty file.
EXERCISE = {
    "course_lib/lessons/{room}/exercises/{module}.py": "exercise",
    "course_lib/lessons/{room}/mistakes/{module}.py": "mistakes",
}
#: The files of a lesson.
LESSON = {
    "solutions/{number}_{slug}.py": "solution",
    "course_lib/lessons/{room}/__init__.py": None,
    "course_lib/lessons/{room}/lesson.py": "lesson",
    "course_lib/lessons/{room}/exercises/__init__.py": None,
    "course_lib/lessons/{room}/mistakes/__init__.py": None,
    **EXERCISE,
    "course_lib/lessons/{room}/reference.py": "reference",
    "tests/lessons/{room}/right.py": "right",
    "tests/lessons/{room}/spellings.py": "spellings",
}


def new(number: str, slug: str, exercise: str | None = None, *, root: Path | None = None) -> str:
    """Write the skeleton of a lesson, or of an exercise where the lesson is there already.

    Args:
        number: "5" or "05".
        slug: snake_case; the rest of the room's and the files' names.
        exercise: the Python name of an exercise.
        root: the checkout; the one that `course_lib` runs from when left out.

    Returns:
        What to tell the author.

    Raises:
        CourseError: when number, slug or name will not do, or something is there already.
    """
    number, slug, name = _number(number), _slug(slug), _name(exercise or FIRST_EXERCISE)
    checkout = Checkout(root.resolve()) if root is not None else Checkout.find()
    words = {
        "number": number,
        "slug": slug,
        "room": f"lesson_{number}_{slug}",
        "label": f"{int(number)}.1",
        "title": slug.replace("_", " ").capitalize(),
        "exercise": name,
        "module": module_of(name),
    }
    adds = exercise is not None and (checkout.root / "course_lib/lessons" / words["room"]).exists()
    places = EXERCISE if adds else LESSON
    files = {checkout.root / place.format(**words): kind for place, kind in places.items()}
    _refuse_taken(number, list(files), checkout, adds=adds)
    replace_files({path: _filled(kind, words) for path, kind in files.items()})
    written = "\n".join(f"  {checkout.shown(path)}" for path, kind in files.items() if kind)
    return (_added if adds else _begun)(words, written)


def module_of(exercise: str) -> str:
    """Return the name of an exercise's files.

    >>> module_of("causal_mask"), module_of("EncoderBlock"), module_of("ViT")
    ('causal_mask', 'encoder_block', 'vit')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", exercise).lower()


def _begun(words: dict[str, str], written: str) -> str:
    number = words["number"]
    return (
        f"Lesson {number} is begun:\n{written}\n"
        f"Edit them, then run `course build {number}` and `course build {number} --check`."
    )


def _added(words: dict[str, str], written: str) -> str:
    room, name, number = words["room"], words["exercise"], words["number"]
    return (
        f"Exercise {name} is begun:\n{written}\n"
        "It takes its place when these five know it:\n"
        f"  course_lib/lessons/{room}/lesson.py: {words['module']}.EXERCISE, in order\n"
        f"  course_lib/lessons/{room}/reference.py: the course's own {name}\n"
        f"  tests/lessons/{room}/right.py: two right answers\n"
        f"  tests/lessons/{room}/spellings.py: mistakes spelt otherwise, near ones\n"
        f"  solutions/{number}_{words['slug']}.py: its text, its cell, its check\n"
        f"Then run `course build {number}`."
    )


def _number(number: str) -> str:
    if not re.fullmatch(r"[0-9]{1,2}", number):
        raise CourseError(f"a lesson's number has one or two digits, such as 05; not {number!r}")
    return number.zfill(2)


def _slug(slug: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", slug) and len(slug) <= LONGEST_SLUG:
        return slug
    better = re.sub(r"[^a-z0-9]+", "_", slug.lower()).strip("_0123456789")[:LONGEST_SLUG]
    raise CourseError(
        f"a slug is snake_case, {LONGEST_SLUG} characters at most, such as "
        f"{better.strip('_') or 'soft_lookup'}; not {slug!r}"
    )


def _name(exercise: str) -> str:
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", exercise) and not keyword.iskeyword(exercise):
        return exercise
    raise CourseError(f"an exercise has a Python name, such as causal_mask; not {exercise!r}")


def _refuse_taken(number: str, paths: list[Path], checkout: Checkout, *, adds: bool) -> None:
    """Overwrite nothing, and give no number twice."""
    taken = [path for path in paths if path.exists()]
    if not adds:
        taken += checkout.root.glob(f"solutions/{number}_*.py")
        taken += checkout.root.glob(f"course_lib/lessons/lesson_{number}_*")
    if not taken:
        return
    there = ", ".join(sorted({checkout.shown(path) for path in taken}))
    what, better = ("the exercise", "name") if adds else (f"lesson {number}", "number")
    raise CourseError(f"{what} is there already ({there}): take another {better}, or remove these")


def _filled(template: str | None, words: dict[str, str]) -> bytes:
    if template is None:
        return b""
    folder = resources.files("course_lib.authoring") / "templates"
    text = (folder / f"{template}.py.txt").read_text(encoding="utf-8")
    return Template(text).substitute(words).encode("utf-8")
