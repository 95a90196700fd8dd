"""The stages of `make test`, in the order in which they run."""

import os
import re
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable

from proof import rooms
from proof.network import BIN, ROOT
from proof.stage import Command, Skip, Stage, results

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "course_proof"]
#: nbval starts kernels and compares; the rules for our own code do not apply to it.
NBVAL = [*PYTEST, "-o", "addopts=", "-W", "default"]
CELL_SECONDS = 180
#: Two workers with two threads of torch each wait for one another on two cores: a training cell of
#: lesson 06 then takes minutes in place of seven seconds.
ONE_THREAD: dict[str, str | None] = {"OMP_NUM_THREADS": "1"}


def number(pattern: str, times: int = 1) -> Callable[[str], int]:
    """Return what reads a number of facts from a tool's last word on it."""

    def counts(said: str) -> int:
        numbers = re.findall(pattern, said)
        return times * int(numbers[-1]) if numbers else 0

    return counts


def lint(asked: Namespace) -> list[Command]:
    ruff = [sys.executable, "-m", "ruff"]
    paths = rooms.files(asked.lesson) if asked.lesson else ["."]
    formatted = number(r"(\d+) files? already formatted")
    return [
        Command([*ruff, "check", *paths]),
        Command([*ruff, "format", "--check", *paths], counts=formatted),
    ]


def types(_: Namespace) -> list[Command]:
    return [Command([str(BIN / "mypy")], counts=number(r"in (\d+) source files"))]


def imports(_: Namespace) -> list[Command]:
    return [Command([str(BIN / "lint-imports")], counts=number(r"(\d+) kept"))]


def unit(asked: Namespace) -> list[Command]:
    """All tests; the quick ones are those of the library, and what holds of every lesson."""
    marks = "not browser and not gpu" + (" and not slow" if asked.quick else "")
    which = rooms.tests(asked.lesson) if asked.lesson else []
    left_out = ["--ignore-glob=tests/lessons/lesson_*"] if asked.quick else []
    words = [*workers(asked), "--dist", "worksteal", "-m", marks, *left_out, *which]
    return [tests("unit", words, asked, ONE_THREAD)]


def drift(asked: Namespace) -> list[Command]:
    """Two notebooks a lesson are compared, a solution and a stub an exercise are checked."""
    sources = rooms.sources(asked.lesson)
    exercises = sum(len(re.findall(r"^# %% exercise", text, re.M)) for text in sources)
    words = [str(BIN / "course"), "build", "--check", *([asked.lesson] if asked.lesson else [])]

    def counts(said: str) -> int:
        return 2 * said.count(": as built") + 2 * exercises

    return [Command(words, counts=counts)]


def solved(asked: Namespace) -> list[Command]:
    """Strict where the committed outputs were made: the locked environment on Linux."""
    strict = sys.platform == "linux" and not asked.lax
    how = ["--nbval", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg"]
    return [notebooks("solved", "solutions", asked, how if strict else ["--nbval-lax"], ONE_THREAD)]


def blank(asked: Namespace) -> list[Command]:
    """Run learners' copies; every check must say that nothing is written yet."""
    how = ["-p", "course_blank", "--nbval-lax"]
    return [notebooks("blank", "notebooks", asked, how, {**ONE_THREAD, "COURSE_SCALE": "tiny"})]


def browser(asked: Namespace) -> list[Command]:
    if not any(map(shutil.which, ("chromium", "chromium-browser"))):
        raise Skip("no Chromium on PATH (Debian: apt-get install chromium)")
    which = ["--lesson", asked.lesson] if asked.lesson else []
    # Each worker has a server and a browser of its own; a file's tests stay together.
    words = [*workers(asked), "--dist", "loadscope", "-m", "browser", "tests/browser", *which]
    return [tests("browser", words, asked, {**ONE_THREAD, "COURSE_STATIC": None})]


def gpu(asked: Namespace) -> list[Command]:
    """Everything that needs CUDA."""
    import torch

    if not torch.cuda.is_available():
        raise Skip("no CUDA device is here; on a machine with one: python tools/test.py gpu")
    return [tests("gpu", ["-m", "gpu", "tests/gpu"], asked, {"COURSE_SCALE": None})]


def tests(stage: str, words: list[str], asked: Namespace, more: dict[str, str | None]) -> Command:
    """Return a run of pytest that writes down what it found."""
    path = results(stage)
    words = [*prepared(asked), *PYTEST, "--proof", str(path), *words]
    return Command(words, f"python tools/test.py {stage}", tests=path, more=more)


def notebooks(
    stage: str, folder: str, asked: Namespace, how: list[str], more: dict[str, str | None]
) -> Command:
    """Return a run of nbval over a folder; no notebook is an error."""
    paths = sorted((ROOT / folder).glob(f"{asked.lesson or ''}*.ipynb"))
    if not paths:
        raise FileNotFoundError(f"no notebooks in {folder}/: run `course build`")
    path = results(stage)
    timeout = f"--nbval-cell-timeout={CELL_SECONDS}"
    which = [str(one.relative_to(ROOT)) for one in paths]
    words = [
        *NBVAL,
        "--proof",
        str(path),
        *workers(asked),
        "--dist",
        "loadscope",
        *how,
        timeout,
        *which,
    ]
    again = f"python tools/test.py {stage}"
    return Command([*prepared(asked), *words], again, tests=path, more=more)


def workers(asked: Namespace) -> list[str]:
    """One process a core, four at most: each holds a torch. A lesson's stages run side by side."""
    return [] if asked.lesson else ["-n", str(min(os.cpu_count() or 1, 4))]


def prepared(asked: Namespace) -> list[str]:
    """Kernels forked from one; for a single lesson, importing everything costs more."""
    script = ROOT / "tools" / "proof" / "kernels" / "prepared.py"
    return [] if asked.lesson else [sys.executable, str(script)]


STAGES = [
    Stage("lint", "ruff: rules and format", lint, offline=False, beside=True),
    Stage("types", "mypy, strict", types, lesson=False, offline=False, beside=True),
    Stage("imports", "arrows between parts", imports, lesson=False, offline=False, beside=True),
    Stage("drift", "notebooks follow their sources", drift, quick=False, beside=True),
    Stage("unit", "unit tests", unit),
    Stage("solved", "solved notebooks give their outputs again", solved, quick=False),
    Stage("blank", "learners' copies run to their end, nothing started", blank, quick=False),
    Stage("browser", "JupyterLab in Chromium", browser, quick=False),
    Stage("gpu", "training cells on CUDA", gpu, quick=False, asked=True, lesson=False),
]
