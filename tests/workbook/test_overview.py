"""The course's map and the learner's progress, in a terminal, a notebook and JSON."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, LessonSpec, Prediction
from course_lib.checking.progress import Event, ProgressStore
from course_lib.errors import CourseError
from course_lib.workbook import overview, progress_report, registry
from course_lib.workbook.map import map_html, map_text, show_map
from course_lib.workbook.progress_report import show_progress

View = Callable[[list[LessonSpec], ProgressStore], str]


def a_case(_: np.random.Generator) -> Case:
    return Case(label="one")


def exercise(name: str, title: str) -> Exercise:
    return Exercise(
        name=name,
        title=title,
        minutes=5,
        difficulty=1,
        proves="it works",
        passed="It works.",
        cases=lambda: [Case(label="one")],
        sample=a_case,
        reference="builtins.abs",
        hints=("one", "two", "three"),
        oracle=abs,
    )


LESSONS = [
    LessonSpec(number="00", slug="start", title="Start here", minutes=15),
    LessonSpec(
        number="02",
        slug="similarity",
        title="Dots & <softmax>",
        minutes=1000,
        way="short",
        exercises=(exercise("dot", "Dot product"), exercise("softmax", "Softmax <stable>")),
        predictions=(
            Prediction(id="peak", question="?", options=("up", "down"), answer="up", because="."),
        ),
    ),
    LessonSpec(
        number="04",
        slug="attention",
        title="Scaled √d attention",
        minutes=60,
        sittings=(35, 25),
        side_sections="§ 5",
        way="short",
        needs=("00", "02"),
        exercises=tuple(exercise(f"part_{n}", f"Part {n}") for n in range(1, 12)),
    ),
]


def check(lesson: str, name: str, status: str = "passed", day: int = 1, **more: str) -> Event:
    at = f"2025-03-{day:02}T09:30:00.000000Z"
    return Event(kind="check", lesson=lesson, name=name, status=status, at=at, **more)


def hint(lesson: str, name: str) -> Event:
    return Event(kind="hint", lesson=lesson, name=name, at="2025-03-01T09:30:00.000000Z")


def guess(option: str) -> Event:
    at = "2025-03-09T09:30:00.000000Z"
    return Event(kind="predict", lesson="02", name="peak", detail=option, at=at)


SOME = [
    check("02", "dot"),
    check("02", "dot", "failed", diagnosis="elementwise"),
    check("02", "softmax", "failed"),
    check("02", "softmax", "error"),
    *[hint("02", "softmax")] * 5,
    check("02", "from_an_older_course"),
    check("99", "from_a_newer_course"),
]


def kept(*events: Event) -> ProgressStore:
    store = ProgressStore(None)
    for event in events:
        store.record(event)
    return store


class Cells(HTMLParser):
    """Reads a table the way a screen reader does: no hidden parts, rows of cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.caption = ""
        self.links: list[str] = []
        self._into, self._hidden = "", False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._hidden = self._hidden or values.get("aria-hidden") == "true"
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th", "caption"):
            self._into = tag
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "th":
            assert values["scope"] == ("col" if len(self.rows) == 1 else "row")
        if tag == "a":
            self.links.append(values["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = self._hidden and tag != "span"
        if tag in ("td", "th", "caption"):
            self._into = ""

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._into == "caption":
            self.caption += data
        elif self._into:
            self.rows[-1][-1] = (self.rows[-1][-1] + data).lstrip()


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "all_lessons", lambda: LESSONS)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    store = ProgressStore(tmp_path / ".course")
    for event in SOME:
        store.record(event)
    return tmp_path


# --- what comes next


def next_lesson(*events: Event) -> str | None:
    row = overview.go_on_with(overview.rows(LESSONS, kept(*events)))
    return None if row is None else row.spec.number


def test_a_newcomer_begins_with_the_first_lesson_that_has_exercises() -> None:
    assert next_lesson() == "02"


def test_the_lesson_last_worked_on_comes_next() -> None:
    assert next_lesson(check("02", "dot", day=1), check("04", "part_1", day=2)) == "04"
    assert next_lesson(check("02", "dot", day=2), check("04", "part_1", day=1)) == "02"
    assert next_lesson(check("04", "part_1", day=2), guess("up")) == "02"


def test_a_finished_lesson_gives_way() -> None:
    assert next_lesson(check("02", "dot"), check("02", "softmax")) == "04"


def test_running_blank_cells_begins_nothing() -> None:
    assert next_lesson(check("04", "part_1", "not_started")) == "02"


def test_nothing_is_next_when_all_passed() -> None:
    every = [check(spec.number, e.name) for spec in LESSONS for e in spec.exercises]
    assert next_lesson(*every) is None
    assert "all exercises are passed" in map_text(LESSONS, kept(*every))
    assert "Go on here" not in map_html(LESSONS, kept(*every))


# --- the map


def test_the_html_map_reads_well_aloud() -> None:
    page = Cells(map_html(LESSONS, kept(*SOME)))
    assert page.caption == "The course: 3 lessons, 1,075 minutes. You passed 1 of 13 exercises."
    assert page.rows == [
        ["Lesson", "Minutes", "Way", "Needs", "Passed", "Hints", "Next"],
        ["00 · Start here", "15", "", "none", "no exercises", "0", "read it"],
        [
            "02 · Dots & <softmax>",
            "1000",
            "short way",
            "none",
            "1 of 2",
            "3",
            "Go on here: 2.2 Softmax <stable>, tried twice",
        ],
        [
            "04 · Scaled √d attention",
            "35 + 25",
            "short way without § 5",
            "00, 02",
            "0 of 11",
            "0",
            "4.1 Part 1",
        ],
    ]


def test_the_html_map_links_to_the_lessons() -> None:
    links = Cells(map_html(LESSONS, kept())).links
    assert links == ["00_start.ipynb", "02_similarity.ipynb", "04_attention.ipynb"]


def test_the_html_map_names_no_colour_of_its_own() -> None:
    html = map_html(LESSONS, kept(*SOME))
    assert set(re.findall(r"color:\s*([^;\"]+)", html)) == {"inherit"}
    assert not re.search(r"#[0-9a-fA-F]{3}|rgb|background|<script|<style| id=", html)


def test_titles_are_escaped() -> None:
    html = map_html(LESSONS, kept(*SOME))
    assert "Softmax &lt;stable&gt;" in html
    assert "Dots &amp; &lt;softmax&gt;" in html
    assert "<stable>" not in html


@pytest.mark.parametrize("view", [map_html, map_text])
def test_the_map_is_the_same_for_the_same_progress(view: View, tmp_path: Path) -> None:
    for event in SOME:
        ProgressStore(tmp_path).record(event)
    assert view(LESSONS, kept(*SOME)) == view(LESSONS, ProgressStore(tmp_path))


def test_the_text_map_holds_the_same_numbers() -> None:
    text = map_text(LESSONS, kept(*SOME))
    lines = text.splitlines()
    assert lines[0] == "The course: 3 lessons, 1,075 minutes. You passed 1 of 13 exercises."
    row = next(line for line in lines if "Dots &" in line)
    for part in ("02 Dots & <softmax>", "1000", "none", "1 of 2", " 3 ", "2.2 Softmax"):
        assert part in row
    assert lines[-1].startswith("Next: lesson 02, exercise 2.2 Softmax <stable>, 5 minutes.")
    assert "\x1b" not in text
    assert all(len(line) <= 100 for line in lines[:-2])


@pytest.mark.parametrize(
    ("passes", "bar"), [(0, "░" * 10), (1, "█" + "░" * 9), (10, "█" * 9 + "░"), (11, "█" * 10)]
)
def test_the_bar_is_full_only_when_all_passed(passes: int, bar: str) -> None:
    store = kept(*[check("04", f"part_{n + 1}") for n in range(passes)])
    assert f"{bar}</span> {passes} of 11" in map_html(LESSONS, store)
    assert f"{bar} {passes} of 11" in map_text(LESSONS, store)


@pytest.mark.parametrize("view", [map_html, map_text])
def test_a_pass_that_failed_later_counts_and_is_named(view: View) -> None:
    page = view(LESSONS, kept(*SOME))
    assert "Passed before, though the last check did not pass: 2.1 Dot product." in page
    assert "Passed before" not in view(LESSONS, kept(check("02", "dot")))


def test_the_map_is_shown_as_text_without_a_front_end(capsys: pytest.CaptureFixture[str]) -> None:
    show_map(LESSONS, kept(*SOME))
    assert capsys.readouterr().out.strip() == map_text(LESSONS, kept(*SOME))


# --- the command


@pytest.mark.usefixtures("course")
def test_the_command_shows_every_lesson(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_progress(as_json=False, work=work) == 0
    out = capsys.readouterr().out
    for part in (
        "Scaled √d attention",
        "1 of 2",
        "0 of 11",
        "tried twice",
        "course lab --lesson 02",
    ):
        assert part in out
    assert str(work / ".course" / "progress.jsonl") in out


@pytest.mark.usefixtures("course")
def test_a_narrow_terminal_cuts_no_number(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    show_progress(as_json=False, work=work)
    out = capsys.readouterr().out
    assert "1 of 2" in out
    assert "0 of 11" in out
    assert "…" not in out


@pytest.mark.usefixtures("course")
def test_json_holds_everything(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ProgressStore(work / ".course").record(guess("down"))
    assert show_progress(as_json=True, work=work / ".course") == 0
    data = json.loads(capsys.readouterr().out)
    lesson = data["lessons"][1]
    dot, softmax = lesson.pop("exercises")
    assert (data["passed"], data["total"], data["damaged_lines"], data["newer_records"]) == (
        1,
        13,
        0,
        0,
    )
    assert data["next"] == {"lesson": "02", "exercise": "softmax"}
    assert data["file"] == str(work / ".course" / "progress.jsonl")
    assert lesson == {
        "number": "02",
        "title": "Dots & <softmax>",
        "minutes": 1000,
        "needs": [],
        "passed": 1,
        "total": 2,
        "hints": 3,
        "next": "softmax",
        "guesses": {"peak": "down"},
    }
    assert dot == {
        "name": "dot",
        "label": "2.1",
        "title": "Dot product",
        "status": "passed",
        "first_passed": "2025-03-01T09:30:00.000000Z",
        "last_status": "failed",
        "attempts": 2,
        "hints": 0,
        "diagnoses": ["elementwise"],
    }
    assert [softmax[key] for key in ("status", "attempts", "hints")] == ["tried", 2, 5]
    assert data["lessons"][2]["exercises"][0]["status"] == "open"


@pytest.mark.usefixtures("course")
def test_messages_about_the_file_stay_out_of_the_json(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (work / ".course" / "progress.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"v": 2}\ntorn')
    show_progress(as_json=True, work=work)
    captured = capsys.readouterr()
    data = json.loads(captured.out)
    assert (data["damaged_lines"], data["newer_records"]) == (1, 1)
    assert captured.err.count("\n") == 2
    assert "update the course" in captured.err


@pytest.mark.usefixtures("course")
def test_the_work_folder_is_found_from_where_you_stand(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "deep").mkdir()
    (work / "other" / ".course").mkdir(parents=True)
    monkeypatch.setattr(progress_report, "find_work", lambda: work / "other")
    monkeypatch.chdir(work / "deep")
    show_progress(as_json=True, work=None)
    assert json.loads(capsys.readouterr().out)["passed"] == 1


@pytest.mark.usefixtures("course")
def test_the_default_work_folder_is_found_from_anywhere(
    work: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setattr(progress_report, "find_work", lambda: work)
    show_progress(as_json=True, work=None)
    assert json.loads(capsys.readouterr().out)["passed"] == 1
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    show_progress(as_json=True, work=None)
    assert json.loads(capsys.readouterr().out)["passed"] == 0


@pytest.mark.usefixtures("course")
def test_a_named_work_folder_beats_the_setting(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    show_progress(as_json=True, work=work)
    assert json.loads(capsys.readouterr().out)["passed"] == 1
    show_progress(as_json=False, work=None)
    assert "COURSE_PROGRESS is off" in capsys.readouterr().out


@pytest.mark.usefixtures("course")
@pytest.mark.parametrize("name", [".", "missing", "file"])
def test_a_folder_that_is_no_work_folder_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match=r"is no work folder: .* course lab --work"):
        show_progress(as_json=False, work=tmp_path / name)
    (tmp_path / "course" / ".course").mkdir(parents=True)
    with pytest.raises(CourseError, match="is no work folder"):
        show_progress(as_json=False, work=tmp_path / "course" / "misspelt")


@pytest.mark.usefixtures("course")
def test_looking_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "none"))
    show_progress(as_json=False, work=None)
    assert "0 of 11" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_without_unicode_still_shows_the_table(work: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "import test_overview as mine\n"
        "from pathlib import Path\n"
        "mine.registry.all_lessons = lambda: mine.LESSONS\n"
        "mine.show_progress(as_json=False, work=Path(sys.argv[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(work), str(Path(__file__).parent)],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=True,
    )
    out = done.stdout.decode("ascii")
    assert "#####----- 1 of 2" in out
    assert "Scaled sqrt d" in out and "attention" in out
