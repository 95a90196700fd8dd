"""Three hundred learners at one board, on loopback; and a board killed fifty times.

    python bench/board.py            three minutes and fifty kills
    python bench/board.py --quick    twenty seconds and five kills

Prints what was lost, how soon the wall showed what was acknowledged, memory and processor time.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
LEARNERS = 300
NAMES = ("scaled_scores", "causal_mask", "attention")
SERVE = [sys.executable, "-m", "tests.board.serve"]


@dataclass
class Told:
    """What learners sent, and what became of it.

    Args:
        taken: ids that were acknowledged.
        sent: when each event was sent, and how many the room had when it was acknowledged.
        answers: seconds from sending to acknowledgement.
        failed: requests without an answer or with another status.
    """

    taken: set[str] = field(default_factory=set)
    sent: list[tuple[float, int]] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    failed: int = 0


class Line:
    """A connection to the board that is kept."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, token: str, body: object = None) -> dict | None:
        """Return the answer, or None when there is none."""
        try:
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            data = b"" if body is None else json.dumps(body).encode()
            self.writer.write(_head(method, path, token, len(data)) + data)
            await self.writer.drain()
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            answer = json.loads(await self.reader.readexactly(length))
            return answer if head.startswith(b"HTTP/1.1 200") else None
        except (OSError, asyncio.IncompleteReadError, ValueError):
            self.close()
            return None

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None


def _head(method: str, path: str, token: str, length: int) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"Authorization: Bearer {token}", f"Content-Length: {length}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def event() -> dict:
    """Return an event such as learners send."""
    told = {"id": uuid.uuid4().hex, "lesson": "04", "name": random.choice(NAMES), "age": 0.0}
    if random.random() < 0.15:
        return {**told, "kind": "hint", "hint": random.randint(1, 3)}
    return {**told, "kind": "check", "status": random.choice(["failed", "failed", "passed"])}


async def learner(port: int, code: str, told: Told, begun: float, end: float) -> None:
    """Join, then tell: an event a second for a sixth of the time, then one in five seconds."""
    await asyncio.sleep(random.random())
    line = Line(port)
    joined = await line.ask("POST", "/api/join", "", {"code": code, "name": "", "export": False})
    assert joined is not None, "could not join"
    busy = begun + (end - begun) / 6
    while time.monotonic() < end:
        one, sent = event(), time.monotonic()
        answer = None
        while answer is None:
            answer = await line.ask("POST", "/api/events", joined["token"], {"events": [one]})
            if answer is None:
                told.failed += 1
                await asyncio.sleep(0.2)
        told.taken.update(answer["taken"])
        told.answers.append(time.monotonic() - sent)
        told.sent.append((sent, answer["count"]))
        pause = 1.0 if sent < busy else 5.0
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
    line.close()


async def watch(port: int, secret: str, seen: list[tuple[float, int]]) -> None:
    """Follow the wall: when it showed how many events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    writer.write(_head("GET", "/api/stream", secret, 0))
    try:
        while line := await reader.readline():
            if line.startswith(b"data: "):
                seen.append((time.monotonic(), json.loads(line[6:])["taken"]))
    finally:
        writer.close()


def delays(told: Told, seen: list[tuple[float, int]]) -> list[float]:
    """Return the seconds from sending each event to the picture that has it, in order."""
    found, at = [], 0
    for sent, count in sorted(told.sent, key=lambda one: one[1]):
        while at < len(seen) and seen[at][1] < count:
            at += 1
        found.append(seen[at][0] - sent if at < len(seen) else float("inf"))
    return sorted(found)


def share(sorted_: list[float], part: float) -> float:
    """Return the value below which a part of them lies."""
    return sorted_[min(len(sorted_) - 1, int(part * len(sorted_)))]


async def started(file: Path, port: int = 0) -> tuple[asyncio.subprocess.Process, int, str]:
    """Start a board and return its process, port and code."""
    child = await asyncio.create_subprocess_exec(
        *SERVE, str(file), str(port), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said = (await child.stdout.readline()).split()
    return child, int(said[0]), said[1].decode()


def kept(file: Path) -> tuple[set[str], dict[str, str]]:
    """Return the ids in a room's file, and what is known of the room."""
    from course_lib.board.store import Store

    store = Store(file)
    ids, facts = [one.id for _, one in store.events()], store.facts()
    store.close()
    assert len(ids) == len(set(ids)), "an event is there twice"
    return set(ids), facts


async def crowd(folder: Path, seconds: float) -> bool:
    """Let three hundred tell; print and return whether all is as promised."""
    file = folder / "crowd.sqlite"
    child, port, code = await started(file)
    process = psutil.Process(child.pid)
    told, seen = Told(), []
    secret = kept(file)[1]["wall"]
    before, begun = process.cpu_times(), time.monotonic()
    watching = asyncio.create_task(watch(port, secret, seen))
    await asyncio.gather(
        *(learner(port, code, told, begun, begun + seconds) for _ in range(LEARNERS))
    )
    await asyncio.sleep(2)
    after, memory = process.cpu_times(), process.memory_info().rss / 2**20
    watching.cancel()
    child.send_signal(signal.SIGKILL)
    await child.wait()
    lost = told.taken - kept(file)[0]
    wall, used = delays(told, seen), after.user + after.system - before.user - before.system
    ok = not lost and len(told.taken) == len(told.sent) and share(wall, 0.99) <= 1.0
    print(f"{LEARNERS} learners, {seconds:g} s: {len(told.taken)} events, {len(lost)} lost")
    print(f"  requests tried again: {told.failed}")
    answers = sorted(told.answers)
    print(
        f"  acknowledged after: median {share(answers, 0.5):.2f} s, 99 % {share(answers, 0.99):.2f}"
    )
    print(f"  on the wall after: median {share(wall, 0.5):.2f} s, 99 % {share(wall, 0.99):.2f}")
    print(f"  {len(seen)} pictures; the board: {memory:.0f} MiB, {used:.1f} s of processor time")
    return ok


async def steady(port: int, token: str, taken: set[str], stop: asyncio.Event) -> None:
    """Tell without a pause; what is not acknowledged is told again."""
    line = Line(port)
    while not stop.is_set():
        one = event()
        answer = None
        while answer is None and not stop.is_set():
            answer = await line.ask("POST", "/api/events", token, {"events": [one]})
            await asyncio.sleep(0.25 if answer else 0.02)
        taken.update(answer["taken"] if answer else ())
    line.close()


async def kills(folder: Path, times: int) -> bool:
    """Kill a board at random moments while twenty tell; print and return whether all is there."""
    file = folder / "killed.sqlite"
    child, port, code = await started(file)
    taken: set[str] = set()
    stop, tokens = asyncio.Event(), []
    for _ in range(20):
        body = {"code": code, "name": "", "export": False}
        joined = await Line(port).ask("POST", "/api/join", "", body)
        tokens.append(joined["token"])
    telling = [asyncio.create_task(steady(port, token, taken, stop)) for token in tokens]
    for _ in range(times):
        await asyncio.sleep(random.uniform(0.05, 1.0))
        child.send_signal(signal.SIGKILL)
        await child.wait()
        child, _, _ = await started(file, port)
    stop.set()
    await asyncio.gather(*telling)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    lost = taken - kept(file)[0]
    print(f"killed and started again {times} times: {len(taken)} acknowledged, {len(lost)} lost")
    return not lost


async def main(quick: bool) -> int:
    """Run both and return 0 when all is as promised."""
    with tempfile.TemporaryDirectory() as name:
        fine = await crowd(Path(name), 20 if quick else 180)
        fine = await kills(Path(name), 5 if quick else 50) and fine
    print("as promised" if fine else "NOT as promised")
    return 0 if fine else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 s and five kills")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(asyncio.run(main(parser.parse_args().quick)))
