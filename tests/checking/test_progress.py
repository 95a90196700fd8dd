"""What is recorded comes back, adds up, and outlives a torn or newer file."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from progress_events import check, names

from course_lib.checking import progress
from course_lib.checking.progress import Event, ProgressStore, progress_folder, work_folder
from course_lib.checking.records import parse, to_line

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


@pytest.fixture
def no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)


# --- what a record is


def test_a_record_is_one_line_of_json_with_its_version(store: ProgressStore, file: Path) -> None:
    store.record(check(status="failed", diagnosis="transposed", detail="√ \ud800"))
    lines = file.read_bytes().split(b"\n")
    record = json.loads(lines[0])
    assert lines[1:] == [b""]
    assert record.pop("at").endswith("Z")
    assert record == {
        "v": 1,
        "kind": "check",
        "lesson": "04",
        "name": "causal_mask",
        "status": "failed",
        "diagnosis": "transposed",
        "detail": "√ \ud800",
    }


def test_events_come_back_as_they_went_in(store: ProgressStore, tmp_path: Path) -> None:
    events = [check(), Event(kind="hint", lesson="02", name="softmax", detail="1")]
    events.append(Event(kind="predict", lesson="02", name="peak", detail="it grows"))
    for event in events:
        store.record(event)
    assert ProgressStore(tmp_path).events() == events


def test_importing_progress_loads_nothing_heavy() -> None:
    code = (
        "import sys, course_lib.checking.progress\n"
        "heavy = {'torch', 'numpy', 'filelock', 'platformdirs', 'rich', 'IPython'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- where it is kept


@pytest.mark.usefixtures("no_setting")
def test_the_work_folder_is_found_upward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".course").mkdir()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert work_folder() == tmp_path
    assert ProgressStore.open().file == tmp_path / ".course" / "progress.jsonl"
    assert ProgressStore.open(deep) is ProgressStore.open(tmp_path)


@pytest.mark.usefixtures("no_setting")
def test_without_a_work_folder_it_lives_in_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import platformdirs

    monkeypatch.setattr(platformdirs, "user_data_dir", lambda name, **_: f"{tmp_path}/data/{name}")
    assert progress_folder(tmp_path) == tmp_path / "data" / "attention-course"
    store = ProgressStore.open(tmp_path)
    assert not (tmp_path / "data").exists(), "opening writes nothing"
    store.record(check())
    assert (tmp_path / "data" / "attention-course" / "progress.jsonl").is_file()


@POSIX
@pytest.mark.usefixtures("no_setting")
def test_a_current_folder_that_is_gone_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert work_folder() is None


def test_off_keeps_the_lesson_going_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".course").mkdir()
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    store = ProgressStore.open(tmp_path)
    store.record(Event(kind="hint", lesson="04", name="causal_mask"))
    assert store.hints("04", "causal_mask") == 1
    assert ProgressStore.open(tmp_path).hints("04", "causal_mask") == 0
    assert list((tmp_path / ".course").iterdir()) == []
    assert capsys.readouterr().out == ""


def test_the_setting_names_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".course").mkdir()
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "mine"))
    ProgressStore.open(tmp_path).record(check())
    assert (tmp_path / "mine" / "progress.jsonl").is_file()


# --- what it adds up to


def test_a_pass_stays_when_a_later_check_fails(store: ProgressStore) -> None:
    store.record(check())
    store.record(check(status="failed", diagnosis="transposed"))
    exercise = store.lesson("04").exercise("causal_mask")
    assert store.passed("04") == {"causal_mask"}
    assert exercise.passed_before
    store.record(check())
    assert not store.lesson("04").exercise("causal_mask").passed_before


def test_attempts_are_counted_and_a_blank_is_none(store: ProgressStore) -> None:
    for status in ("not_started", "failed", "error", "timeout", "not_started"):
        store.record(check(status=status))
    store.record(check("attend", "not_started"))
    assert store.attempts("04", "causal_mask") == 3
    assert store.tried("04") == {"causal_mask"}
    assert store.passed("04") == set()


def test_a_blank_after_a_pass_is_no_failed_attempt(store: ProgressStore) -> None:
    store.record(check())
    store.record(check(status="not_started"))
    assert not store.lesson("04").exercise("causal_mask").passed_before


def test_the_first_pass_is_the_earliest_not_the_first_line(store: ProgressStore) -> None:
    for day in ("03", "01", "02"):
        store.record(check(at=f"2025-03-{day}T09:30:00.000000Z"))
    assert store.first_passed("04", "causal_mask") == "2025-03-01T09:30:00.000000Z"
    assert store.first_passed("04", "attend") is None


def test_diagnoses_are_kept_once_each_in_the_order_met(store: ProgressStore) -> None:
    for diagnosis in ("transposed", "off_by_one", "transposed"):
        store.record(check(status="failed", diagnosis=diagnosis))
    assert store.diagnoses("04", "causal_mask") == ["transposed", "off_by_one"]


def test_hints_are_counted_by_exercise_and_lesson(store: ProgressStore) -> None:
    for lesson, name in (("04", "a"), ("04", "a"), ("04", "b"), ("02", "a")):
        store.record(Event(kind="hint", lesson=lesson, name=name))
    assert [store.hints(*which) for which in (("04", "a"), ("04", "b"), ("02", "a"))] == [2, 1, 1]
    assert store.hints("04", "c") == 0
    assert store.tried("04") == set()


def test_the_last_guess_counts(store: ProgressStore) -> None:
    assert store.guess("04", "peak") is None
    for guess in ("upper left", "upper right"):
        store.record(Event(kind="predict", lesson="04", name="peak", detail=guess))
    assert store.guess("04", "peak") == "upper right"
    assert store.guess("02", "peak") is None


# --- files that are torn, edited or newer


def test_a_line_torn_anywhere_is_lost_alone(tmp_path: Path) -> None:
    whole = to_line(check("first")) + (last := to_line(check("torn")))
    for cut in range(len(last) + 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / "progress.jsonl").write_bytes(whole[: len(whole) - len(last) + cut])
        store = ProgressStore(folder, say=lambda _: None)
        complete = cut >= len(last) - 1
        assert names(store) == ["first", "torn"][: 1 + complete]
        store.record(check("after"))
        assert names(store) == ["first", *["torn"] * complete, "after"]
        assert store.read().damaged == (not complete and cut > 0)


def test_damaged_lines_are_left_out_and_said_once(
    store: ProgressStore, file: Path, said: list[str]
) -> None:
    good = to_line(check())
    bad = [b"{", b"[]", b"42", b"\x00\xff", b"[" * 100_000, b"{}", b'{"v": true}', b'{"v": 0}']
    bad += [good.replace(b'"check"', b'"fly"'), good.replace(b'"04"', b"4").strip()]
    blank = [b"", b"   ", b"\r"]
    file.write_bytes(good + b"\n".join(line.strip(b"\n") for line in bad + blank) + b"\n" + good)
    assert names(store) == ["causal_mask"] * 2
    assert store.read().damaged == len(bad)
    assert len(said) == 1
    assert "10 lines" in said[0]
    assert str(file) in said[0]


def test_windows_line_ends_are_read(store: ProgressStore, file: Path, said: list[str]) -> None:
    file.write_bytes((to_line(check()) * 2).replace(b"\n", b"\r\n"))
    assert len(store.events()) == 2
    assert said == []


def test_newer_records_are_left_out_kept_and_said_once(
    store: ProgressStore, file: Path, said: list[str]
) -> None:
    newer = b'{"v": 2, "kind": "dance", "who": ["knows"]}\n'
    file.write_bytes(newer + to_line(check("old")) + newer)
    store.record(check("new"))
    assert names(store) == names(store) == ["old", "new"]
    assert file.read_bytes().count(newer) == 2
    assert store.read().damaged == 0
    assert len(said) == 1
    assert all(part in said[0] for part in ("2 records", "version 2", "update the course"))


def test_a_line_that_another_process_is_writing_is_not_called_torn(
    store: ProgressStore, file: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = to_line(check())
    file.write_bytes(line[:20])
    locked = progress._locked

    @contextmanager
    def once_the_writer_is_done(file: Path, *, seconds: float) -> Iterator[None]:
        file.write_bytes(line)
        with locked(file, seconds=seconds):
            yield

    monkeypatch.setattr(progress, "_locked", once_the_writer_is_done)
    assert names(store) == ["causal_mask"]
    assert said == []


def test_parse_of_nothing_is_nothing() -> None:
    assert parse(b"").events == []
    assert not parse(b"").torn
