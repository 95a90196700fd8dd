"""What a stage is, and what came of it."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from proof.network import ROOT


class Skip(Exception):
    """A stage that cannot run here, and why."""


@dataclass(frozen=True)
class Command:
    """One process of a stage.

    Args:
        words: the command line.
        again: what a person types to run it again; the words when left out.
        counts: finds in its output how many facts it checked.
        tests: file to which pytest writes what it found; see tests/plugins/course_proof.py.
        more: environment variables on top of the stage's; None takes one away.
    """

    words: list[str]
    again: str = ""
    counts: Callable[[str], int] = lambda said: 0
    tests: Path | None = None
    more: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One line of the summary.

    Args:
        name: what `tools/test.py NAME` calls it.
        proves: said while it runs.
        commands: what runs; the first failure ends the stage. May raise Skip.
        quick: part of `make quick`.
        asked: runs only when it is named.
        lesson: part of `--lesson NN`.
        offline: runs with the network cut.
        beside: takes one core, so that it may run while others of its kind do.
    """

    name: str
    proves: str
    commands: Callable[[Namespace], list[Command]]
    quick: bool = True
    asked: bool = False
    lesson: bool = True
    offline: bool = True
    beside: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a stage ended.

    Args:
        name: of the stage.
        state: "passed", "FAILED" or "skipped: why".
        facts: how many it checked and found true.
        seconds: it took.
        again: what to run to see its first failure again.
    """

    name: str
    state: str
    facts: int
    seconds: float
    again: str = ""

    @property
    def failed(self) -> bool:
        return self.state == "FAILED"

    def __str__(self) -> str:
        if self.state.startswith("skipped"):
            return self.state
        return f"{self.state} ({self.facts:,} facts, {self.seconds:.0f} s)"


def results(stage: str) -> Path:
    """Return where a stage's tests are written down."""
    return ROOT / "build" / "proof" / f"{stage}.jsonl"
