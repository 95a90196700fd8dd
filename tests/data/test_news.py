"""The loader of news articles, on local rows of the same format, and offline."""

import json
import sys
from types import SimpleNamespace

import pytest

from course_lib.data.news import news
from course_lib.errors import CourseError

ROWS = [{"article": "Long. Text.", "highlights": "Short .\nLine .", "id": "1"}] * 3


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    return folder


def test_rows_become_articles(data):
    pytest.importorskip("datasets")
    found = news("test", most=2)
    assert len(found) == 2
    assert (found[0].body, found[0].summary) == ("Long. Text.", "Short . Line .")


def test_rows_of_another_form_are_named(data):
    pytest.importorskip("datasets")
    (data / "train.jsonl").write_text(json.dumps({"article": "a", "text": "b"}) + "\n")
    with pytest.raises(CourseError, match="highlights is missing"):
        news("train")


def test_a_missing_split_is_named(data):
    pytest.importorskip("datasets")
    with pytest.raises(CourseError, match=r"validation\.jsonl is missing"):
        news("validation")


def test_offline_it_says_what_to_do(monkeypatch):
    def refuse(*args, **kwargs):
        raise ConnectionError("no route")

    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=refuse))
    with pytest.raises(
        CourseError, match=r"could not be fetched \(ConnectionError\): connect once"
    ):
        news("test")


def test_without_the_package_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(CourseError, match="pip install datasets"):
        news("test")


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="train, validation, test"):
        news("all")
