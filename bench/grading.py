"""Hand-ins marked in a minute: `course grade` beside `nbgrader autograde`, on the same files.

Both get so many correct copies of one lesson or assignment and are timed from the command line on,
start-up included, one after the other on the same machine. nbgrader runs the whole notebook in a
kernel; the course runs what is marked.

    python bench/grading.py [--submissions 30] [--lesson 04 | --assignment attention]
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from course_lib.authoring.notebook import as_bytes, solved_notebook  # noqa: E402
from course_lib.grading.assignments import find  # noqa: E402
from course_lib.grading.packing import pack  # noqa: E402

SHAPES = ROOT / "solutions" / "assignments"
BAR = 25.0
BIN = Path(sys.executable).parent
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
    "COURSE_PROGRESS": "off",
    "COURSE_QUIET": "1",
    "COURSE_STATIC": "1",
    "COURSE_SCALE": "tiny",
}


def main() -> int:
    """Print both rates and their ratio; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=30)
    parser.add_argument("--lesson", default="04")
    parser.add_argument("--assignment", help="mark this one, no lesson")
    asked = parser.parse_args()
    kind, name = ("assignment", asked.assignment) if asked.assignment else ("lesson", asked.lesson)
    files = assignment(name) if asked.assignment else lesson(name)
    with tempfile.TemporaryDirectory() as folder:
        learners = [f"learner{place:02}" for place in range(asked.submissions)]
        course = lay_out(Path(folder), files, name, learners)
        ours = time_course(course, kind, name, len(learners))
        theirs = time_nbgrader(course, name, len(learners))
    count = len(learners)
    print(f"{count} correct copies of {kind} {name}, {os.cpu_count()} processors")
    print(f"course grade        {ours:8.1f} s{60 * count / ours:10.1f} a minute")
    print(f"nbgrader autograde  {theirs:8.1f} s{60 * count / theirs:10.1f} a minute")
    print(f"{theirs / ours:.1f} times the throughput (bar {BAR:.0f})")
    return int(theirs / ours < BAR)


def lesson(number: str) -> dict[str, bytes]:
    """Return what is handed in for a lesson: its solved notebook."""
    solved = next((ROOT / "solutions").glob(f"{number}_*.ipynb"))
    return {solved.name: solved.read_bytes()}


def assignment(name: str) -> dict[str, bytes]:
    """Return what is handed in for an assignment, and the pack that its checks read beside it."""
    found = find(name)
    trained = {one.file: (SHAPES / one.file).read_bytes() for one in found.trained}
    notebook = as_bytes(solved_notebook(found.cells, found.spec))
    return {f"{found.spec.number}_{name}.ipynb": notebook, **pack(found), **trained}


def lay_out(folder: Path, files: dict[str, bytes], name: str, learners: list[str]) -> Path:
    """Write nbgrader's folders, which `course grade` reads as they are."""
    for place in [
        folder / "source" / name,
        *(folder / "submitted" / n / name for n in learners),
    ]:
        place.mkdir(parents=True)
        for file, data in files.items():
            (place / file).write_bytes(data)
    (folder / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(folder)!r}\n"
        "c.ExecutePreprocessor.timeout = 600\n"
        "c.ClearSolutions.enforce_metadata = False\n"
    )
    return folder


def time_course(folder: Path, kind: str, name: str, count: int) -> float:
    """Return the seconds that `course grade` takes; every mark must be full."""
    seconds = timed(
        [str(BIN / "course"), "grade", "submitted", "--to", "marks", f"--{kind}", name], folder
    )
    with open(folder / "marks" / "gradebook.csv", encoding="utf-8-sig", newline="") as file:
        _, most, *rows = (row[-1] for row in csv.reader(file))
    assert rows == [most] * count, rows
    return seconds


def time_nbgrader(folder: Path, name: str, count: int) -> float:
    """Return the seconds that `nbgrader autograde` takes; every mark must be full."""
    tool = [sys.executable, "-W", "ignore", "-m", "nbgrader"]
    timed([*tool, "generate_assignment", name, "--force"], folder)
    seconds = timed([*tool, "autograde", name], folder)
    timed([*tool, "export", "--to", "grades.csv"], folder)
    with open(folder / "grades.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count and all(row["score"] == row["max_score"] for row in rows), rows[:2]
    return seconds


def timed(command: list[str], folder: Path) -> float:
    """Run a command and return its seconds; show what it said when it fails."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-4000:], file=sys.stderr)
        raise SystemExit(f"{' '.join(command[-3:])} failed")
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
