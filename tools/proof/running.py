"""Run stages: one after the other, or, where each takes one core, side by side."""

import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from proof import found
from proof.network import ROOT, environment
from proof.stage import Command, Outcome, Skip, Stage


class Runs:
    """The stages of one call.

    Args:
        stages: to run, in this order.
        asked: the command line.
        prefix: words that cut a command from the network.
    """

    def __init__(self, stages: Sequence[Stage], asked: Namespace, prefix: list[str]) -> None:
        self.stages, self.asked, self.prefix = stages, asked, prefix

    def outcomes(self) -> list[Outcome]:
        """Run all, whatever fails; neighbours that may run side by side do."""
        done: list[Outcome] = []
        lesson = bool(self.asked.lesson)  # each of its stages takes one core
        for beside, group in groupby(self.stages, key=lambda stage: lesson or stage.beside):
            stages = list(group)
            if beside and len(stages) > 1:
                with ThreadPoolExecutor(min(os.cpu_count() or 1, len(stages))) as pool:
                    done += pool.map(self._quietly, stages)
            else:
                done += [self._aloud(stage) for stage in stages]
        return done

    def _at(self, stage: Stage) -> str:
        return f"[{self.stages.index(stage) + 1}/{len(self.stages)}] {stage.name}"

    def _aloud(self, stage: Stage) -> Outcome:
        print(f"\n{self._at(stage)}: {stage.proves}", flush=True)
        outcome = self._run(stage, lambda text: print(text, end="", flush=True))
        print(f"{self._at(stage)}: {outcome}", flush=True)
        return outcome

    def _quietly(self, stage: Stage) -> Outcome:
        """Run one stage and print what it said when it is done."""
        said: list[str] = []
        outcome = self._run(stage, said.append)
        text = "".join(said)
        lines = [f"\n{self._at(stage)}: {stage.proves}", f"{self._at(stage)}: {outcome}"]
        print(f"{lines[0]}\n{text}{lines[1]}", flush=True)
        return outcome

    def _run(self, stage: Stage, say: Callable[[str], object]) -> Outcome:
        start, facts, again, state = time.monotonic(), 0, "", "passed"
        try:
            for command in stage.commands(self.asked):
                code, more, failure = self._one(stage, command, say)
                facts += more
                if code != 0:
                    state, again = "FAILED", failure
                    break
        except Skip as reason:
            state = f"skipped: {reason}"
        except OSError as problem:
            say(f"{problem}\n")
            state, again = "FAILED", f"python tools/test.py {stage.name}"
        return Outcome(stage.name, state, facts, time.monotonic() - start, again)

    def _one(
        self, stage: Stage, command: Command, say: Callable[[str], object]
    ) -> tuple[int, int, str]:
        """Run one process; return its exit code, its facts, and what repeats its failure."""
        words = [*(self.prefix if stage.offline else []), *command.words]
        said = []
        with subprocess.Popen(
            words,
            cwd=ROOT,
            env=environment(stage.offline, command.more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None
            while piece := os.read(process.stdout.fileno(), 1 << 16):
                said.append(piece.decode(errors="replace"))
                say(said[-1])
        again = command.again or " ".join(shorter(word) for word in command.words)
        if command.tests is None:
            return process.returncode, command.counts("".join(said)), again
        records = found.read(command.tests)
        return process.returncode, found.facts(records), found.first_failure(records) or again


def shorter(word: str) -> str:
    """Return a word of a command as one types it in the checkout."""
    return word.replace(sys.executable, ".venv/bin/python").removeprefix(f"{ROOT}{os.sep}")
