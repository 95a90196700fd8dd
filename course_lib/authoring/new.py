"""`course new`: the skeleton of a lesson, which builds and passes as it is."""

import re
from importlib import resources
from pathlib import Path
from string import Template

from course_lib.authoring.checkout import Checkout, replace_files
from course_lib.errors import CourseError

LONGEST_SLUG = 40
#: Template -> the file that it becomes.
FILES = {
    "solution": "solutions/{number}_{slug}.py",
    "spec": "course_lib/lessons/lesson_{number}_{slug}.py",
    "reference": "course_lib/lessons/reference/lesson_{number}.py",
    "right": "tests/lessons/right_{number}.py",
}


def new_lesson(number: str, slug: str, *, root: Path | None = None) -> str:
    """Write the skeleton of a lesson and return what to tell its author.

    Args:
        number: "5" or "05".
        slug: snake_case; the rest of the file names.
        root: the checkout; the one that `course_lib` runs from when left out.

    Raises:
        CourseError: when number or slug will not do, or something is there already.
    """
    number, slug = _number(number), _slug(slug)
    checkout = Checkout(root.resolve()) if root is not None else Checkout.find()
    paths = {
        template: checkout.root / place.format(number=number, slug=slug)
        for template, place in FILES.items()
    }
    _refuse_taken(number, list(paths.values()), checkout)
    words = {
        "number": number,
        "slug": slug,
        "label": f"{int(number)}.1",
        "title": slug.replace("_", " ").capitalize(),
    }
    replace_files({path: _filled(template, words) for template, path in paths.items()})
    written = "\n".join(f"  {checkout.shown(path)}" for path in paths.values())
    return (
        f"Lesson {number} is begun:\n{written}\n"
        f"Edit them, then run `course build {number}` and `course build {number} --check`."
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


def _refuse_taken(number: str, paths: list[Path], checkout: Checkout) -> None:
    """Overwrite nothing, and give no number twice."""
    taken = [
        *checkout.root.glob(f"solutions/{number}_*.py"),
        *checkout.root.glob(f"course_lib/lessons/lesson_{number}_*.py"),
        *(path for path in paths if path.exists()),
    ]
    if taken:
        there = ", ".join(sorted({checkout.shown(path) for path in taken}))
        raise CourseError(
            f"lesson {number} is there already ({there}): take another number, or remove these"
        )


def _filled(template: str, words: dict[str, str]) -> bytes:
    folder = resources.files("course_lib.authoring") / "templates"
    text = (folder / f"{template}.py.txt").read_text(encoding="utf-8")
    return Template(text).substitute(words).encode("utf-8")
