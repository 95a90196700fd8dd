"""The tiny lesson's checkout, and ways to build and check it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

import tiny  # noqa: E402


class Place:
    """A checkout with the tiny lesson in it."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.capsys = root, capsys
        self.source = tiny.lay_out(root)
        self.solved = root / "solutions" / "90_tiny.ipynb"
        self.learners = root / "notebooks" / "90_tiny.ipynb"

    def write(self, text: str) -> None:
        """Replace the source."""
        self.source.write_text(text, encoding="utf-8")

    def edit(self, old: str, new: str) -> None:
        """Replace a piece of the source that must be there."""
        text = self.source.read_text(encoding="utf-8")
        assert old in text
        self.write(text.replace(old, new))

    def line_of(self, piece: str) -> int:
        """Return the line of the source in which a piece begins."""
        text = self.source.read_text(encoding="utf-8")
        return text[: text.index(piece)].count("\n") + 1

    def run(self, check: bool = False, lesson: str | None = None) -> tuple[int, str]:
        """Build, or check; return the exit code and what was printed."""
        from course_lib.authoring.build import run_build

        self.capsys.readouterr()
        code = run_build(lesson, check=check, root=self.root, lessons=[tiny.SPEC])
        return code, self.capsys.readouterr().out

    def copies(self) -> tuple[bytes, bytes]:
        """Return the bytes of both notebooks."""
        return self.solved.read_bytes(), self.learners.read_bytes()

    def restore(self, copies: tuple[bytes, bytes]) -> None:
        """Put notebooks back, with the source they were built from."""
        tiny.lay_out(self.root)
        self.learners.parent.mkdir(exist_ok=True)
        self.solved.write_bytes(copies[0])
        self.learners.write_bytes(copies[1])


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """A checkout that nothing was built in."""
    made = Place(tmp_path / "checkout", capsys)
    paths = [str(made.root / "lib"), str(FOLDER), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.syspath_prepend(str(made.root / "lib"))
    yield made
    sys.modules.pop("fake_lesson", None)


@pytest.fixture(scope="module")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, bytes]]:
    """Notebooks of the tiny lesson, built by the first test of a module that needs them."""
    return {}


@pytest.fixture
def built(place: Place, built_once: dict[str, tuple[bytes, bytes]]) -> Place:
    """A checkout in which the lesson is built."""
    if "copies" in built_once:
        place.restore(built_once["copies"])
    else:
        code, said = place.run()
        assert code == 0, said
        built_once["copies"] = place.copies()
    return place
