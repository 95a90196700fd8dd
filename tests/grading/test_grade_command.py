"""`course grade`: files, exit codes, the same bytes twice, and what learners' text cannot do."""

import csv
import io
import json
from dataclasses import replace

import pytest
from small_lesson import FULL, NAMES, TASK, mark, notebook, points
from test_submissions import lay

from course_lib.errors import CourseError
from course_lib.grading import grade, text
from course_lib.grading.grade import Options, choose, run_grade
from course_lib.grading.keeping import secret_of
from course_lib.grading.marks import Marker
from course_lib.grading.reports import file_name, gradebook_csv, learner_html, marks_csv
from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.submissions import HandIn, Person
from course_lib.grading.task import which_task

pytestmark = pytest.mark.slow


@pytest.fixture
def shared(cage, monkeypatch):
    """Let the command mark the small lesson in the sandbox that is there."""
    monkeypatch.setattr(grade, "load_task", lambda kind, name: TASK)
    monkeypatch.setattr(grade, "_sandbox", lambda task, options, early: _Open(cage))
    return cage


class _Open:
    """A sandbox that somebody else closes."""

    def __init__(self, cage):
        self.cage = cage

    def __enter__(self):
        return self.cage

    def __exit__(self, *_):
        pass


@pytest.fixture
def handed_in(tmp_path):
    """Three learners: one solved, one wrong, one blank; the wrong one tries again."""
    folder = tmp_path / "in"
    lay(folder, "ann/99_small.ipynb", data=notebook())
    wrong = notebook({"scaled_scores": "def scaled_scores(q, k):\n    return q @ k.mT"})
    lay(folder, "bob/99_small.ipynb", data=notebook())
    lay(folder, "bob/99_small (1).ipynb", data=wrong)
    blank = {name: f"def {name}(*args):\n    raise NotImplementedError" for name in NAMES}
    lay(folder, "çem/99_small.ipynb", data=notebook(blank))
    return folder


def run(folder, to, **options):
    """Run the command; return its exit code."""
    given = {"lesson": "99", "seed": "s", "workers": 0} | options
    return run_grade(folder, Options(to=to, **given), as_json=True)


def every_file(to):
    """Return the bytes of all results."""
    return {str(p.relative_to(to)): p.read_bytes() for p in sorted(to.rglob("*")) if p.is_file()}


def totals(to):
    """Return the totals by learner."""
    rows = list(csv.DictReader(io.StringIO((to / "marks.csv").read_text("utf-8-sig"))))
    return {row["learner"]: int(row["total"]) for row in rows}


def test_marks_are_written_and_the_same_bytes_come_again(shared, handed_in, tmp_path, capsys):
    assert run(handed_in, tmp_path / "a") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["learners"], summary["hand_ins"]) == (3, 4)
    assert totals(tmp_path / "a") == {"ann": 3, "bob": 3, "çem": 0}
    assert run(handed_in, tmp_path / "b") == 0
    assert every_file(tmp_path / "a") == every_file(tmp_path / "b")
    report = json.loads((tmp_path / "a" / "class.json").read_text("utf-8"))
    assert report["exercises"][0]["statuses"] == {"not_started": 1, "passed": 2}


def test_the_last_hand_in_counts_where_it_is_asked_for(shared, handed_in, tmp_path):
    run(handed_in, tmp_path / "out", keep="last")
    assert totals(tmp_path / "out")["bob"] == 2
    report = json.loads((tmp_path / "out" / "class.json").read_text("utf-8"))
    (known,) = report["exercises"][0]["misunderstandings"]
    assert known["count"] == 1 and known["says"]


def test_a_second_run_marks_only_what_is_new(shared, handed_in, tmp_path, monkeypatch):
    run(handed_in, tmp_path / "out")
    marked = []
    before = Marker.mark
    monkeypatch.setattr(Marker, "mark", lambda s, h: marked.append(h.learner) or before(s, h))
    lay(handed_in, "dan/99_small.ipynb", data=notebook())
    run(handed_in, tmp_path / "out")
    assert marked == ["dan"] and totals(tmp_path / "out")["dan"] == 3
    run(handed_in, tmp_path / "out", seed="another")
    assert len(marked) == 6


def test_what_cannot_be_read_is_named_and_fails_the_command(shared, tmp_path, capsys):
    lay(tmp_path / "in", "ann.ipynb", data=b"{")
    assert run(tmp_path / "in", tmp_path / "out") == 1
    assert json.loads(capsys.readouterr().out)["unread"] == ["ann"]


def test_who_handed_nothing_in_is_marked_and_is_no_hand_in(shared, handed_in, tmp_path, capsys):
    (handed_in / "fay").mkdir()
    assert run(handed_in, tmp_path / "out") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["learners"], summary["hand_ins"]) == (4, 4)
    assert json.loads((tmp_path / "out/learners/fay.json").read_text("utf-8"))["hand_ins"] == []


def test_nothing_to_mark_and_unclear_requests_are_refused(shared, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CourseError, match="no notebook of anybody"):
        run(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(CourseError, match="there is no"):
        run(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(CourseError, match="best or last"):
        run(tmp_path / "empty", tmp_path / "out", keep="first")
    with pytest.raises(CourseError, match="not both"):
        run(tmp_path / "empty", tmp_path / "out", assignment="attention")
    with pytest.raises(CourseError, match="which lesson is this"):
        run(tmp_path / "empty", tmp_path / "out", lesson=None)


def test_without_bubblewrap_it_refuses_and_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(bubblewrap, "available", lambda: None)
    with pytest.raises(CourseError, match=r"apt-get install bubblewrap.*--unsafe"):
        run(tmp_path, tmp_path / "out")


def test_the_lesson_is_told_from_the_file_names(tmp_path):
    lay(tmp_path, "ann/04_scaled_dot_product.ipynb", "bob/my 04_scaled_dot_product (1).ipynb")
    assert which_task(tmp_path, None, None) == ("lesson", "04")


def test_the_secret_is_kept_with_the_results_for_nobody_else(tmp_path):
    secret = secret_of(tmp_path / "out")
    assert len(secret) == 32 and secret_of(tmp_path / "out") == secret
    assert (tmp_path / "out" / "secret-seed").stat().st_mode & 0o077 == 0


def test_hidden_cases_are_fresh_for_learners_and_for_hand_ins(cage):
    marker, exercise = Marker(TASK, "s", cage), TASK.spec.exercises[0]

    def drawn(learner, data, secret="s"):
        marker.secret = secret
        return [
            c.args[0].sum().item() for c in marker._draws(exercise, HandIn(learner, 1, "", data))
        ]

    first = drawn("ann", b"1")
    assert first == drawn("ann", b"1")
    others = [drawn("bob", b"1"), drawn("ann", b"2"), drawn("ann", b"1", "t")]
    assert all(set(first).isdisjoint(other) for other in others)


def test_no_option_reaches_the_defences(cage):
    from course_lib.grading.defences import ALL, Defences

    assert all(vars(ALL).values()) and cage.defences == ALL
    assert not set(vars(Options(to=None))) & {"defences", *vars(Defences())}


def test_hidden_cases_are_not_shown(cage):
    guess = "def causal_mask(n):\n    return torch.ones(n, n).tril().bool() if n in (1, 3, 5, 8) "
    data = notebook({"causal_mask": guess + "else torch.ones(n, n).triu().bool()"})
    result = mark(cage, data)["exercises"][2]
    assert result["hidden"] and result["points"] == 0
    assert "random" not in result["message"] and "tokens" not in result["message"]


# ---------------------------------------------------------------- learners' own text

LEARNER = '=HYPERLINK("http://x")'
NASTY = "<script>alert(1)</script>\x1b[31m\u202egnp"


def marks_of(learner, message="", total=1):
    """Return marks as they come out."""
    rows = [
        {
            "name": name,
            "label": "99.1",
            "title": name,
            "status": "failed",
            "points": 0,
            "possible": 1,
            "diagnosis": None,
            "hidden": False,
            "message": message,
        }
        for name in NAMES
    ]
    return {
        "learner": learner,
        "number": 1,
        "file": "x.ipynb",
        "exercises": rows,
        "total": total,
        "possible": 3,
        "notes": [message],
    }


def test_cells_are_no_formulas_and_would_be_without_their_guard(monkeypatch):
    def first_cells():
        kept = {name: marks_of(name) for name in (LEARNER, "+1", "@x", "-2+3", "\t=1")}
        data = marks_csv(TASK, kept).decode("utf-8-sig")
        return [row[0] for row in csv.reader(io.StringIO(data))][1:]

    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in first_cells())
    assert {
        text.cell(f"{c}1+1")[0] for c in "\uff1d\uff0b\uff0d\uff20\ufe66\u2212\uff5c\uff05"
    } == {"'"}
    assert text.cell("Li") == "Li" and text.cell(-2) == "-2"
    monkeypatch.setattr(text, "FORMULA", ("never",))
    assert first_cells()[0] == LEARNER


def test_pages_hold_no_script_and_no_control_code():
    page = learner_html(TASK, marks_of("<b>ann</b>", NASTY)).decode()
    assert "<script" not in page and "&lt;script&gt;" in page and "<b>ann" not in page
    assert "\x1b" not in page and "\u202e" not in page
    assert "default-src 'none'" in page


def test_the_gradebook_has_the_columns_of_canvas(monkeypatch):
    people = [Person("ann", {"learner": "ann", "Student": "Lee, Ann", "ID": "7", "Section": "A"})]
    rows = list(
        csv.reader(
            io.StringIO(
                gradebook_csv(TASK, {"ann": marks_of("ann", total=2)}, people).decode("utf-8-sig")
            )
        )
    )
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "99 Small"]
    assert rows[1][0] == "Points Possible" and rows[1][-1] == "3"
    assert rows[2] == ["Lee, Ann", "7", "", "ann", "A", "2"]


def test_terminal_output_holds_no_control_code(shared, tmp_path, capsys):
    lay(tmp_path / "in", "a\x1b[31mnn.ipynb", data=b"{")
    run_grade(tmp_path / "in", Options(to=tmp_path / "out", lesson="99", seed="s", workers=1))
    assert "\x1b" not in capsys.readouterr().out


def test_file_names_of_learners_are_safe_and_different():
    names = ["../../etc/passwd", "a/b", "a_b", "", ".", "Çem", "Cem", "x" * 300, "con"]
    made = [file_name(name) for name in names]
    assert len({name.lower() for name in made}) == len(names)
    assert all(name and "/" not in name and not name.startswith(".") for name in made)


def test_the_best_of_equals_is_the_first():
    first, second = marks_of("a"), marks_of("a")
    assert choose([first, second], "best") is first and choose([first, second], "last") is second


# ---------------------------------------------------------------- other cages


def test_where_cages_do_not_nest_each_submission_gets_one_of_its_own(cage):
    with Sandbox(TASK.master.sources, cage.limits, nest=False) as alone:
        assert not alone.nests
        crash = "def padding_mask(lengths, n_keys):\n    import os; os._exit(1)"
        leave = "open('/tmp/x', 'w').close()"
        assert points(mark(alone, notebook({"padding_mask": crash}, [leave]))) == (1, 0, 1)
        look = "import os\nassert not os.path.isdir('/root/.ssh') and not os.path.exists('/tmp/x')"
        marks = mark(alone, notebook(own=[look]))
        assert points(marks) == FULL and marks["notes"] == []


def test_unsafe_marks_the_same_without_a_sandbox(cage):
    with Sandbox(TASK.master.sources, replace(cage.limits), unsafe=True) as bare:
        wrong = notebook({"causal_mask": "def causal_mask(n):\n    return None"})
        assert points(mark(bare, wrong)) == (1, 1, 0)


def test_processes_mark_as_one_does(cage, handed_in, tmp_path, monkeypatch):
    monkeypatch.setattr(grade, "load_task", lambda kind, name: TASK)
    run(handed_in, tmp_path / "two", workers=2)
    monkeypatch.setattr(grade, "_sandbox", lambda task, options, early: _Open(cage))
    run(handed_in, tmp_path / "one", workers=1)
    assert every_file(tmp_path / "one") == every_file(tmp_path / "two")
