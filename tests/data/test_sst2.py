"""SST-2 is read from a local set of the same form; what is missing is told in words."""

import sys

import pytest

from course_lib.data.sst2 import sst2
from course_lib.errors import CourseError


@pytest.fixture
def folder(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = {"idx": [0, 1, 2], "sentence": ["fine", "dull", "a joy"], "label": [1, 0, 1]}
    hidden = {"idx": [0], "sentence": ["who knows"], "label": [-1]}
    small = {"idx": [0], "sentence": ["not bad"], "label": [1]}
    made = datasets.DatasetDict(
        train=datasets.Dataset.from_dict(rows),
        validation=datasets.Dataset.from_dict(small),
        test=datasets.Dataset.from_dict(hidden),
    )
    made.save_to_disk(str(tmp_path / "sst2"))
    return tmp_path / "sst2"


def test_a_local_set_is_read(folder):
    read = sst2("train", folder)
    assert read.texts == ("fine", "dull", "a joy")
    assert read.labels == (1, 0, 1)
    assert set(read.topics) == {"films"}


def test_a_folder_in_course_data_is_found(folder, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(folder.parent))
    assert sst2("validation").texts == ("not bad",)


def test_another_split_is_refused(folder):
    with pytest.raises(ValueError, match="split is one of train, validation, not 'test'"):
        sst2("test", folder)


def test_a_folder_without_it_says_what_to_do(tmp_path):
    pytest.importorskip("datasets")
    with pytest.raises(CourseError, match=r"SST-2 was not found in .* COURSE_DATA/sst2"):
        sst2("train", tmp_path)


def test_labels_that_are_not_public_are_told(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_dict({"sentence": ["who knows"], "label": [-1]})
    datasets.DatasetDict(train=rows).save_to_disk(str(tmp_path / "sst2"))
    with pytest.raises(CourseError, match="labels of SST-2 are 0 and 1"):
        sst2("train", tmp_path / "sst2")


def test_other_columns_are_told(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_dict({"text": ["fine"], "label": [1]})
    datasets.DatasetDict(train=rows).save_to_disk(str(tmp_path / "sst2"))
    with pytest.raises(CourseError, match="this lacks sentence"):
        sst2("train", tmp_path / "sst2")


def test_without_datasets_the_message_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(CourseError, match="pip install datasets"):
        sst2("train")
