"""A store of progress in a folder of its own, for the tests of what is recorded."""

from pathlib import Path

import pytest

from course_lib.checking.progress import ProgressStore


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, said: list[str]) -> ProgressStore:
    return ProgressStore(tmp_path, say=said.append)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "progress.jsonl"
