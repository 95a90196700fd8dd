"""Where the files of one lesson are."""

from proof.network import ROOT


class NoLesson(Exception):
    """There is no lesson of the number asked for."""


def files(number: str) -> list[str]:
    """Return the room of a lesson, its tests and its source."""
    places = [f"course_lib/lessons/lesson_{number}_*", f"tests/lessons/lesson_{number}_*"]
    return _found([*places, f"solutions/{number}_*.py"])


def tests(number: str) -> list[str]:
    """Return a lesson's own tests, the generic ones, and what picks its cases of those."""
    own = _found([f"tests/lessons/lesson_{number}_*"])
    return ["--lesson", number, *own, *_found(["tests/lessons/test_*.py"])]


def sources(number: str | None) -> list[str]:
    """Return the texts of the sources of one lesson, or of all."""
    found = (ROOT / "solutions").glob(f"{number or ''}*.py")
    return [path.read_text(encoding="utf-8") for path in sorted(found)]


def known(number: str) -> str:
    """Return a lesson's number with two digits.

    Raises:
        NoLesson: when it has no source.
    """
    there = sorted(path.name[:2] for path in (ROOT / "solutions").glob("[0-9][0-9]_*.py"))
    if number.zfill(2) not in there:
        raise NoLesson(f"there is no lesson {number!r}; the lessons are {', '.join(there)}")
    return number.zfill(2)


def _found(patterns: list[str]) -> list[str]:
    paths = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    return [path.relative_to(ROOT).as_posix() for path in paths]
