"""Processes that write at once, and processes that are killed while they write."""

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import IO

import pytest

from course_lib.checking.progress import ProgressStore
from course_lib.checking.records import parse

KILLS = 200

#: Forks one writer for each line it reads. A "torn" writer puts each line down in two parts with a
#: pause between, so that kills fall inside a line, which one write() alone hardly ever shows.
NURSERY = """
import os, sys, time
from pathlib import Path
import filelock
from course_lib.checking import progress

real_write = os.write

def write_in_two(descriptor, data):
    half = real_write(descriptor, data[: len(data) // 2])
    time.sleep(0.002)
    return half + real_write(descriptor, data[half:])

def writer(run, manner, acknowledge):
    if manner == "torn":
        progress.os.write = write_in_two
    store = progress.ProgressStore(Path(sys.argv[1]), say=lambda said: None)
    for count in range(10**6):
        store.record(progress.Event(kind="check", lesson="04", name=f"{run}.{count}"))
        if not store._kept:
            real_write(acknowledge, b".")

for line in sys.stdin:
    run, manner = line.split()
    child = os.fork()
    if child == 0:
        writer(run, manner, int(sys.argv[2]))
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


class Nursery:
    """Starts writers, kills them, and counts the records that they acknowledged."""

    def __init__(self, folder: Path) -> None:
        self._acknowledged, theirs = os.pipe()
        os.set_blocking(self._acknowledged, False)
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, str(folder), str(theirs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[theirs],
            text=True,
        )
        os.close(theirs)

    def _stream(self, stream: IO[str] | None) -> IO[str]:
        assert stream is not None
        return stream

    def kill_one(self, run: int, manner: str, *, after: float, at_work: bool) -> int:
        """Let one writer live for `after` seconds; return how many records it acknowledged.

        With `at_work` the seconds begin when its first record is acknowledged, else at its birth.
        """
        stdin, stdout = self._stream(self._process.stdin), self._stream(self._process.stdout)
        stdin.write(f"{run} {manner}\n")
        stdin.flush()
        child = int(stdout.readline())
        if at_work:
            assert select.select([self._acknowledged], [], [], 30)[0]
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        assert stdout.readline() == "gone\n"
        try:
            return len(os.read(self._acknowledged, 1 << 20))
        except BlockingIOError:
            return 0

    def close(self) -> None:
        self._stream(self._process.stdin).close()
        self._process.wait(10)
        self._stream(self._process.stdout).close()
        os.close(self._acknowledged)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_two_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    rng, nursery = random.Random(7), Nursery(tmp_path)
    file = tmp_path / "progress.jsonl"
    file.touch()
    total = torn = 0
    for run in range(KILLS):
        before = file.read_bytes()
        manner = "torn" if run % 2 else "whole"
        after, at_work = rng.uniform(0.0, 0.008), run % 5 > 0
        acknowledged = nursery.kill_one(run, manner, after=after, at_work=at_work)
        data = file.read_bytes()
        assert data.startswith(before), f"kill {run} changed what was on disk"
        added = data[len(before) :].removeprefix(b"" if before.endswith(b"\n") else b"\n")
        reading = parse(added)
        written = [event.name for event in reading.events]
        assert written == [f"{run}.{count}" for count in range(len(written))]
        assert acknowledged <= len(written) <= acknowledged + 1
        assert reading.damaged <= 1
        assert reading.torn == bool(reading.damaged)
        total, torn = total + len(written), torn + reading.damaged
    nursery.close()
    whole = ProgressStore(tmp_path, say=lambda _: None).read()
    assert len(whole.events) == total
    assert whole.damaged == torn
    assert total >= 0.8 * KILLS, "the writers wrote"
    assert torn > KILLS / 20, "some kills fell inside a line"


#: Puts each line down in two parts, so that lines stay whole by the lock alone.
WRITER = """
import os, sys, time
from pathlib import Path
from course_lib.checking import progress

real_write = os.write

def write_in_two(descriptor, data):
    half = real_write(descriptor, data[: len(data) // 2])
    time.sleep(0.0005)
    return half + real_write(descriptor, data[half:])

progress.os.write = write_in_two
store = progress.ProgressStore(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for count in range(200):
    store.record(progress.Event(kind="check", lesson="04", name=f"{sys.argv[2]}.{count}"))
    time.sleep(0.002)  # a turn for the other
"""


def start_writer(folder: Path, who: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), who],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_at_once_keep_all_their_lines(tmp_path: Path) -> None:
    writers = [start_writer(tmp_path, who) for who in "ab"]
    assert [writer.stdout.readline() for writer in writers if writer.stdout] == ["ready\n"] * 2
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.communicate(timeout=60)[0] for writer in writers] == ["", ""]
    lines = (tmp_path / "progress.jsonl").read_bytes().splitlines()
    names = [json.loads(line)["name"] for line in lines]
    for who in "ab":
        own = [name for name in names if name.startswith(who)]
        assert own == [f"{who}.{count}" for count in range(200)]
    turns = sum(one[0] != other[0] for one, other in pairwise(names))
    assert turns > 10, "they did write at once"
