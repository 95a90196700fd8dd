"""Run the course's proofs, stage by stage:  python tools/test.py [--quick] [--lax] [STAGE …]

Every stage runs, whatever failed before; the exit code is 1 when one did. Stages that execute code
run without a network: Python is refused anything but loopback, and where the system lets an
ordinary process have a network namespace of its own, so is native code.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest", "-q"]
#: nbval starts kernels and compares; the rules for our own code do not apply to it.
NBVAL = [*PYTEST, "-o", "addopts=", "-W", "default", "--dist", "loadscope"]
CELL_SECONDS = 180
OFFLINE = {
    "COURSE_NO_NETWORK": "1",
    "PYTHONPATH": str(ROOT / "tests" / "no_network"),
    "COURSE_PROGRESS": "off",
    "COURSE_QUIET": "1",
    "COURSE_STATIC": "1",
    "HF_HUB_OFFLINE": "1",
}


@dataclass(frozen=True)
class Stage:
    """One line of the summary.

    Args:
        name: what `tools/test.py NAME` calls it.
        proves: said while it runs.
        commands: what runs; the first failure ends the stage. May raise Skip.
        quick: part of `make quick`.
        offline: runs with the network cut.
    """

    name: str
    proves: str
    commands: Callable[[argparse.Namespace], list[list[str]]]
    quick: bool = True
    offline: bool = True


class Skip(Exception):
    """A stage that cannot run here, and why."""


def lint(_: argparse.Namespace) -> list[list[str]]:
    ruff = [sys.executable, "-m", "ruff"]
    return [[*ruff, "check", "."], [*ruff, "format", "--check", "."]]


def unit(asked: argparse.Namespace) -> list[list[str]]:
    marks = "not browser and not slow" if asked.quick else "not browser"
    return [[*PYTEST, *workers(), "-m", marks]]


def solved(asked: argparse.Namespace) -> list[list[str]]:
    """Strict where the committed outputs were made: the locked environment on Linux."""
    strict = sys.platform == "linux" and not asked.lax
    how = ["--nbval", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg"]
    return [[*NBVAL, *workers(), *(how if strict else ["--nbval-lax"]), *limit("solutions")]]


def blank(_: argparse.Namespace) -> list[list[str]]:
    return [[*NBVAL, *workers(), "--nbval-lax", *limit("notebooks")]]


def browser(_: argparse.Namespace) -> list[list[str]]:
    if not any(map(shutil.which, ("chromium", "chromium-browser"))):
        raise Skip("no Chromium on PATH (Debian: apt-get install chromium)")
    return [[*PYTEST, "-m", "browser"]]


def limit(folder: str) -> list[str]:
    """nbval's cell timeout and a folder's notebooks; none at all is an error."""
    found = sorted(str(path.relative_to(ROOT)) for path in (ROOT / folder).glob("*.ipynb"))
    if not found:
        raise FileNotFoundError(f"no notebooks in {folder}/: run `course build`")
    return [f"--nbval-cell-timeout={CELL_SECONDS}", *found]


def workers() -> list[str]:
    """One process a core, four at most: each holds a torch."""
    return ["-n", str(min(os.cpu_count() or 1, 4))]


def tool(*command: str) -> Callable[[argparse.Namespace], list[list[str]]]:
    """A stage of one command of the environment."""
    return lambda _: [[str(BIN / command[0]), *command[1:]]]


STAGES = [
    Stage("lint", "ruff: rules and format", lint, offline=False),
    Stage("types", "mypy, strict", tool("mypy"), offline=False),
    Stage("imports", "arrows between the parts", tool("lint-imports"), offline=False),
    Stage("unit", "unit tests", unit),
    Stage("drift", "notebooks follow their sources", tool("course", "build", "--check")),
    Stage("solved", "solved notebooks give their outputs again", solved, quick=False),
    Stage("blank", "learners' copies run to their end", blank, quick=False),
    Stage("browser", "JupyterLab in Chromium", browser, quick=False),
]


def main() -> int:
    """Run the stages asked for and sum them up."""
    asked = arguments()
    prefix = namespace()
    if not prefix:
        print("No network namespace here: Python is cut off, native code is not.")
    stages = [stage for stage in STAGES if wanted(stage, asked)]
    start = time.monotonic()
    outcomes = [
        run(stage, asked, prefix, f"[{number}/{len(stages)}]")
        for number, stage in enumerate(stages, 1)
    ]
    return summary(outcomes, time.monotonic() - start)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the course's proofs.")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=" ".join(s.name for s in STAGES))
    parser.add_argument("--quick", action="store_true", help="the inner loop, under three minutes")
    parser.add_argument("--lax", action="store_true", help="do not compare notebooks' outputs")
    asked = parser.parse_args()
    if unknown := set(asked.stages) - {stage.name for stage in STAGES}:
        parser.error(f"unknown stage {', '.join(sorted(unknown))}")
    return asked


def wanted(stage: Stage, asked: argparse.Namespace) -> bool:
    if asked.stages:
        return stage.name in asked.stages
    return stage.quick or not asked.quick


def run(stage: Stage, asked: argparse.Namespace, prefix: list[str], at: str) -> tuple[str, str]:
    """Run one stage; its name and "passed", "FAILED" or "skipped: why", with the seconds."""
    print(f"\n{at} {stage.name}: {stage.proves}", flush=True)
    start = time.monotonic()
    environment = {**os.environ, **(OFFLINE if stage.offline else {})}
    environment["PATH"] = os.pathsep.join([str(BIN), environment.get("PATH", "")])
    if stage.name == "blank":
        environment["COURSE_SCALE"] = "tiny"
    if stage.name == "browser":
        del environment["COURSE_STATIC"]
    try:
        state = "passed"
        for command in stage.commands(asked):
            full = [*(prefix if stage.offline else []), *command]
            if subprocess.call(full, cwd=ROOT, env=environment) != 0:
                state = "FAILED"
                break
    except Skip as reason:
        state = f"skipped: {reason}"
    except OSError as problem:
        print(problem)
        state = "FAILED"
    line = f"{state} ({time.monotonic() - start:.0f} s)"
    print(f"{at} {stage.name}: {line}", flush=True)
    return stage.name, line


def namespace() -> list[str]:
    """The words before a command that give it a network of its own, loopback only; or none."""
    if not shutil.which("unshare"):
        return []
    root = os.geteuid() == 0
    lifted = [sys.executable, str(ROOT / "tools" / "loopback.py")]
    words = ["unshare", "--net", *([] if root else ["--map-root-user"]), *lifted]
    works = subprocess.run([*words, "true"], capture_output=True).returncode == 0
    return words if works else []


def failures(outcomes: list[tuple[str, str]]) -> Iterator[str]:
    return (name for name, line in outcomes if line.startswith("FAILED"))


def summary(outcomes: list[tuple[str, str]], seconds: float) -> int:
    """Print a line a stage and a last one; 1 when a stage failed."""
    print("\n" + "\n".join(f"  {name:<8} {line}" for name, line in outcomes))
    failed = list(failures(outcomes))
    took = f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    if failed:
        print(f"\nFAILED: {', '.join(failed)} ({took}). Again: python tools/test.py {failed[0]}")
        return 1
    skipped = [name for name, line in outcomes if line.startswith("skipped")]
    print(f"\nAll passed{' but ' + ', '.join(skipped) + ' skipped' if skipped else ''} ({took}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
