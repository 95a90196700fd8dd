"""Building: what is written, what is refused, and what an interruption leaves."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import tiny

from course_lib.authoring.checkout import Checkout, replace_files
from course_lib.errors import CourseError

pytestmark = pytest.mark.slow


def cells(path: Path) -> dict:
    return {cell["id"]: cell for cell in json.loads(path.read_bytes())["cells"]}


# ---------------------------------------------------------------- what is written


def test_the_solved_notebook_is_executed(built):
    demo = cells(built.solved)["2-demo-1"]
    texts = ["".join(output.get("text", "")) for output in demo["outputs"]]
    assert "shifted 5.0\n" in texts
    assert "".join(cells(built.solved)["check-double"]["outputs"][0]["text"]) == "✓ double\n"


def test_nothing_that_changes_by_itself_is_kept(built):
    for cell in cells(built.solved).values():
        assert "execution" not in cell["metadata"]
    metadata = json.loads(built.solved.read_bytes())["metadata"]
    assert set(metadata) == {"course", "kernelspec", "language_info"}
    assert "version" not in metadata["language_info"]


def test_the_learners_copy_has_no_outputs(built):
    code = [cell for cell in cells(built.learners).values() if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_building_again_gives_the_same_bytes(built):
    before = built.copies()
    code, said = built.run()
    assert code == 0, said
    assert built.copies() == before


def test_a_check_that_took_another_time_keeps_its_output(place):
    fake = place.root / "lib" / "fake_lesson.py"
    fake.write_text(tiny.FAKE.replace("obj.__name__)", 'obj.__name__, "4 of 4 cases · 38 ms")'))
    assert place.run()[0] == 0
    before = place.copies()
    fake.write_text(tiny.FAKE.replace("obj.__name__)", 'obj.__name__, "4 of 4 cases · 7 ms")'))
    assert place.run()[0] == 0
    assert place.copies() == before
    fake.write_text(tiny.FAKE.replace("obj.__name__)", 'obj.__name__, "15 of 15 cases · 7 ms")'))
    assert place.run()[0] == 0
    text = "".join(cells(place.solved)["check-double"]["outputs"][0]["text"])
    assert text == "✓ double 15 of 15 cases · 7 ms\n"


def test_cells_run_static_quiet_and_offline_in_an_empty_folder(place):
    place.edit(
        'print("shifted", shift(1.0))',
        "import os\nnames = 'STATIC', 'QUIET', 'PROGRESS', 'SCALE'\n"
        "print(os.listdir(), *(os.environ.get('COURSE_' + name) for name in names))",
    )
    code, said = place.run()
    assert code == 0, said
    text = "".join(cells(place.solved)["2-demo-1"]["outputs"][0]["text"])
    assert text == "[] 1 1 off small\n"


def test_one_lesson_is_asked_for_by_number(place):
    with pytest.raises(CourseError, match="there is no lesson '91'; the lessons are 90"):
        place.run(lesson="91")


# ---------------------------------------------------------------- what is refused


def refused(place, *words: str) -> None:
    """Assert that nothing was written and that all words were said."""
    before = [
        path.read_bytes() if path.exists() else None for path in (place.solved, place.learners)
    ]
    code, said = place.run()
    assert code == 1
    for word in words:
        assert word in said, said
    after = [
        path.read_bytes() if path.exists() else None for path in (place.solved, place.learners)
    ]
    assert before == after


def test_a_solution_that_its_check_refuses(place):
    place.edit("return x * 2.0", "return x * 2.5")
    line = place.line_of("### BEGIN SOLUTION")
    refused(place, f"solutions/90_tiny.py:{line}: the solution of 'double' is refused by its own")


def test_a_stub_that_passes(place):
    place.edit("    # moved = ...\n    #\n    # raise", "    # return x + x + 3\n    # raise")
    line = place.line_of("    ### BEGIN SOLUTION\n    moved")
    refused(place, f"90_tiny.py:{line}: the stub of 'shift' passes its check")


def test_a_stub_that_does_not_end_in_not_implemented(place):
    place.edit('    # raise NotImplementedError("shift")', "    # return moved")
    refused(place, "the stub of 'shift' should count as not started, but is ")


def test_a_cell_of_an_exercise_that_leans_on_a_demonstration(place):
    place.edit("# %% given\nstep", "# %% demo\nstep")
    line = place.line_of("    ### BEGIN SOLUTION\n    moved")
    refused(
        place,
        f"90_tiny.py:{line}: the solution of 'shift'",
        "'step' is not defined",
        "demonstrations do not run",
    )


def test_a_given_cell_that_raises(place):
    place.edit("step = 3.0", "step = 3.0\n1 / 0")
    refused(place, f"90_tiny.py:{place.line_of('1 / 0')}: ZeroDivisionError: division by zero")


def test_an_exercise_without_a_spec(place):
    text = place.source.read_text(encoding="utf-8")
    place.write(text.replace("double", "triple"))
    line = place.line_of("# %% exercise")
    refused(
        place,
        f"solutions/90_tiny.py:{line}: exercise 'triple' has no spec",
        "exercise 'double' of course_lib/lessons/lesson_90_tiny/lesson.py has no cell",
    )


def test_a_source_that_is_missing(place):
    place.source.unlink()
    refused(place, "solutions/90_tiny.py: missing, but there is lesson_90_tiny/")


def test_a_source_without_a_spec(built):
    (built.root / "solutions" / "91_more.py").write_text("# %% demo\n1\n")
    code, said = built.run()
    assert code == 1
    assert "solutions/91_more.py: a source without a spec" in said


def test_a_cell_that_raises_when_executed_names_its_line(built):
    before = built.copies()
    built.edit('print("shifted", shift(1.0))', 'value = shift(1.0)\nprint({}["key"])')
    code, said = built.run()
    assert code == 1
    assert f"solutions/90_tiny.py:{built.line_of('print({}')}: KeyError: 'key'" in said
    assert built.copies() == before


def test_a_cell_that_ends_its_kernel(built):
    before = built.copies()
    built.edit('print("shifted", shift(1.0))', "import os\nos._exit(3)")
    code, said = built.run()
    assert code == 1
    assert "the kernel died" in said
    assert built.copies() == before


def test_a_cell_that_takes_too_long(built, monkeypatch):
    from course_lib.authoring import build, execute

    run = execute.execute
    monkeypatch.setattr(build, "execute", lambda nb, **more: run(nb, seconds=1, **more))
    before = built.copies()
    built.edit('print("shifted", shift(1.0))', "import time\ntime.sleep(60)")
    code, said = built.run()
    assert code == 1
    assert (
        f"solutions/90_tiny.py:{built.line_of('# %% demo')}: stopped: it ran longer than 1 s"
        in said
    )
    assert built.copies() == before


# ---------------------------------------------------------------- interruptions


def start(place) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(Path(tiny.__file__)), str(place.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_interrupts if os.name == "posix" else None,
    )


def hear_interrupts() -> None:
    """A process begun in the background of a shell ignores Ctrl-C, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def sleeping(place) -> Path:
    """Give the source a cell that says that it runs, then sleeps."""
    mark = place.root / "running"
    place.edit(
        'print("shifted", shift(1.0))',
        f"import pathlib, time\npathlib.Path({str(mark)!r}).touch()\ntime.sleep(120)",
    )
    return mark


def wait_for(mark: Path) -> None:
    for _ in range(1800):
        if mark.exists():
            return
        time.sleep(0.1)
    raise AssertionError("the cell never ran")


def assert_gone(processes: list) -> None:
    _, alive = psutil.wait_procs(processes, timeout=15)
    assert not alive, f"a kernel outlives its build: {alive}"


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_killed_at_some_moment(built, seconds):
    before = built.copies()
    sleeping(built)
    with start(built) as build:
        time.sleep(seconds)
        children = psutil.Process(build.pid).children(recursive=True)
        build.kill()
    assert built.copies() == before
    assert_gone(children)


def test_killed_while_a_cell_runs(built):
    before, mark = built.copies(), sleeping(built)
    with start(built) as build:
        wait_for(mark)
        children = psutil.Process(build.pid).children(recursive=True)
        build.kill()
    assert children
    assert_gone(children)
    assert built.copies() == before


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_ends_the_kernel_and_says_so(built):
    before, mark = built.copies(), sleeping(built)
    with start(built) as build:
        wait_for(mark)
        children = psutil.Process(build.pid).children(recursive=True)
        build.send_signal(signal.SIGINT)
        said, _ = build.communicate(timeout=30)
    assert build.returncode == 130, said
    assert said.strip().endswith("interrupted: lessons not listed above are as they were")
    assert children
    assert_gone(children)
    assert built.copies() == before


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_killed_while_it_writes_leaves_every_file_whole(tmp_path, moment):
    """The process ends at the second call: the first file may be new, none may be half."""
    paths = [tmp_path / "a.ipynb", tmp_path / "b.ipynb"]
    for path in paths:
        path.write_bytes(b"old")
    script = (
        f"import os, pathlib, sys\n"
        f"real, calls = os.{moment}, []\n"
        f"def once(*args):\n"
        f"    if calls: os._exit(9)\n"
        f"    calls.append(args); return real(*args)\n"
        f"os.{moment} = once\n"
        f"from course_lib.authoring.checkout import replace_files\n"
        f"replace_files({{pathlib.Path(p): b'new' * 100000 for p in sys.argv[1:]}})\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *map(str, paths)], check=False)
    assert done.returncode == 9
    assert all(path.read_bytes() in (b"old", b"new" * 100000) for path in paths)
    assert paths[1].read_bytes() == b"old"
    replace_files(dict.fromkeys(paths, b"newer"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ipynb", "b.ipynb"]


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "replace", lambda *args: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        replace_files({path: b"new"})
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.ipynb"]


# ---------------------------------------------------------------- the checkout


def test_the_checkout_is_found_from_the_library():
    assert (Checkout.find().root / "course_lib" / "authoring").is_dir()


def test_without_a_checkout_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("course_lib.__file__", str(tmp_path / "course_lib" / "__init__.py"))
    with pytest.raises(CourseError, match="Clone the repository"):
        Checkout.find()
