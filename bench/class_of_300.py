"""A class's hand-ins at real size, marked by `course grade`: seconds, and the memory it takes.

Memory is the peak of all processes of the command together (PSS, which counts shared pages once).

    python bench/class_of_300.py [--learners 300] [--megabytes 5] [--layout moodle|canvas|nbgrader]
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COURSE = Path(sys.executable).parent / "course"
#: The bar for the command and two workers.
BAR = 2048.0
NAMES = {
    "moodle": "Learner {n:03}_{id}_assignsubmission_file_/{stem}.ipynb",
    "canvas": "learner{n:03}_{id}_{file}_{stem}.ipynb",
    "nbgrader": "submitted/learner{n:03}/{lesson}/{stem}.ipynb",
}


def main() -> int:
    """Print one line for each layout; 1 when the bar is missed or marks are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=300)
    parser.add_argument("--megabytes", type=float, default=5.0)
    parser.add_argument("--layout", choices=NAMES, action="append")
    parser.add_argument("--lesson", default="04")
    asked = parser.parse_args()
    print(f"{asked.learners} learners, {asked.megabytes:g} MB each, lesson {asked.lesson}")
    print(f"{'layout':10}{'seconds':>10}{'peak MB':>10}{'learners':>10}{'mean':>8}{'exit':>6}")
    fine = True
    for layout in asked.layout or NAMES:
        with tempfile.TemporaryDirectory() as folder:
            handed_in = make(Path(folder), layout, asked)
            fine &= report(layout, handed_in, Path(folder) / "marks", asked)
    return int(not fine)


def make(folder: Path, layout: str, asked: argparse.Namespace) -> Path:
    """Write the hand-ins of a class: right answers, each with outputs of its own."""
    solved = next((ROOT / "solutions").glob(f"{asked.lesson}_*.ipynb"))
    if layout == "nbgrader":
        for name, data in hand_ins(solved, layout, asked):
            (folder / name).parent.mkdir(parents=True)
            (folder / name).write_bytes(data)
        return folder
    path = folder / f"{layout}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in hand_ins(solved, layout, asked):
            archive.writestr(name, data)
    return path


def hand_ins(solved: Path, layout: str, asked: argparse.Namespace) -> Iterator[tuple[str, bytes]]:
    """Yield names and notebooks of the size asked for."""
    book, size = json.loads(solved.read_bytes()), int(asked.megabytes * (1 << 20))
    missing = max(0, size - solved.stat().st_size)
    cell = next(cell for cell in book["cells"] if cell["cell_type"] == "code")
    for n in range(asked.learners):
        shown = random.Random(n).randbytes(missing // 2).hex()
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": shown}]
        words = {"n": n, "id": 1000 + n, "file": 5000 + n, "lesson": asked.lesson}
        yield NAMES[layout].format(stem=solved.stem, **words), json.dumps(book).encode()


def report(layout: str, handed_in: Path, to: Path, asked: argparse.Namespace) -> bool:
    """Mark a class, print its line, and return whether all is as it must be."""
    command = [COURSE, "grade", handed_in, "--to", to, "--lesson", asked.lesson, "--workers", "2"]
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [*map(str, command), "--seed", "a secret", "--json"], stdout=said, env=environment()
        )
        peak = watch(process)
        said.seek(0)
        text = said.read()
    seconds = time.monotonic() - started
    found = json.loads(text) if text else {"learners": 0, "mean": 0, "possible": 1}
    line = f"{layout:10}{seconds:10.1f}{peak:10.0f}{found['learners']:10}{found['mean']:8}"
    print(f"{line}{process.returncode:6}", flush=True)
    right = found["learners"] == asked.learners and found["mean"] == found["possible"]
    return process.returncode == 0 and right and peak < BAR


def environment() -> dict[str, str]:
    """Return an environment in which nothing is drawn or recorded."""
    return {**os.environ, "COURSE_QUIET": "1", "COURSE_PROGRESS": "off"}


def watch(process: "subprocess.Popen[bytes]") -> float:
    """Wait for a command; return the peak of what its processes take together, in MB."""
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(pss(pid) for pid in family(process.pid)))
        time.sleep(0.5)
    return peak / 1024


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:  # it has ended
                continue
    return found


def pss(pid: int) -> int:
    """Return what a process takes, in KB; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    sys.exit(main())
