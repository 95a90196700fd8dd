"""Install the course into a private environment, `.venv`:  python tools/install.py

Standard library only. Installs exactly what requirements.txt locks, every hash checked, then the
course itself, editable. Does nothing when nothing changed; an interrupted run starts over.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements.txt"
INSTALLED = VENV / "course-installed"  # written last: what was installed, and where
UNFINISHED = VENV / "course-unfinished"  # there while an install runs
OLDEST, NEWEST = (3, 11), (3, 13)
NEEDS_GB = 8
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
    if is_current():
        return 0
    try:
        install()
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


def install():
    """Make the environment, fill it from the lock, add the course, and note that it is done."""
    start = time.monotonic()
    if UNFINISHED.exists() or was_moved():
        say("removing an unfinished or moved .venv")
        shutil.rmtree(VENV)
    make_environment()
    UNFINISHED.touch()
    uv = find_uv()
    install_with(uv)
    run([venv_python(), "-c", "import course_lib"], "the course was installed but does not import")
    # A temporary name first: the note is whole or absent.
    draft = INSTALLED.with_suffix(".tmp")
    draft.write_text(fingerprint(), encoding="utf-8")
    draft.replace(INSTALLED)
    UNFINISHED.unlink()
    say(f"done in {time.monotonic() - start:.0f} s")


def is_current():
    """True when this very lock and project are installed in this very place."""
    try:
        return INSTALLED.read_text(encoding="utf-8") == fingerprint() and venv_python().exists()
    except OSError:
        return False


def fingerprint():
    """Two lines: where, and a hash of what is installed."""
    digest = hashlib.sha256()
    for name in ("requirements.txt", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return f"{ROOT}\n{digest.hexdigest()}\n"


def was_moved():
    """An environment holds its address: after a move, or without its Python, it is void."""
    if not VENV.exists():
        return False
    moved = INSTALLED.exists() and INSTALLED.read_text(encoding="utf-8").split("\n")[0] != str(ROOT)
    return moved or version_of([str(venv_python())]) is None


def make_environment():
    """Create .venv with the first Python that fits; with uv's own where none does."""
    if VENV.exists():
        return
    warn_of_little_space()
    python = find_python()
    uv = shutil.which("uv")
    if python and run_quietly([*python, "-c", "import ensurepip, venv"]):
        say("making .venv with Python {}.{}".format(*version_of(python)))
        run([*python, "-m", "venv", VENV], "could not make .venv")
    elif uv:
        asked = f">={text(OLDEST)},<={text(NEWEST)}.99"
        say("making .venv with uv")
        run([uv, "venv", "--quiet", "--python", asked, VENV], f"uv found no Python {asked}")
    elif python:
        found = text(version_of(python))
        raise CannotInstall(
            f"Python {found} is here, its venv module is not.\n"
            f"  Debian, Ubuntu: sudo apt-get install python{found}-venv   then run this again."
        )
    else:
        raise CannotInstall(
            f"no Python from {text(OLDEST)} to {text(NEWEST)} found"
            f" (this is {sys.version.split()[0]}).\n"
            "  Debian, Ubuntu: sudo apt-get install python3 python3-venv\n"
            "  Elsewhere: https://www.python.org/downloads/   then run this again."
        )


def find_python():
    """The command of a fitting Python: the one running this, else the first on PATH; or None."""
    running = getattr(sys, "_base_executable", None) or sys.executable
    minors = range(NEWEST[1], OLDEST[1] - 1, -1)
    named = [[f"python3.{minor}"] for minor in minors]
    windows = [["py", f"-3.{minor}"] for minor in minors] if os.name == "nt" else []
    for command in [[running], *named, ["python3"], ["python"], *windows]:
        if OLDEST <= (version_of(command) or (0, 0)) <= NEWEST:
            return command
    return None


def version_of(command):
    """(major, minor) of a Python command, or None where it does not run."""
    try:
        asked = [*command, "-c", "import sys; print(*sys.version_info[:2])"]
        answer = subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return tuple(int(part) for part in answer.stdout.split()) or None
    except (OSError, ValueError):
        return None


def find_uv():
    """The path of a uv that runs: from PATH, else the locked one put into .venv; or None."""
    on_path = shutil.which("uv")
    if on_path and run_quietly([on_path, "--version"]):
        return on_path
    own = venv_python().with_name("uv.exe" if os.name == "nt" else "uv")
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "uv.txt")
        wanted.write_text(locked("uv"), encoding="utf-8")
        pip = [venv_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        got = run_quietly([*pip, "--require-hashes", "-r", wanted])
    return str(own) if got and run_quietly([own, "--version"]) else None


def locked(name):
    """The lines of requirements.txt that lock one package, hashes included."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(f"{name}=="))
    after = (i for i, line in enumerate(lines) if i > first and not line.startswith(" "))
    return "\n".join(lines[first : next(after, len(lines))]) + "\n"


def install_with(uv):
    """Install the lock and then the course, with uv where it works, else with pip."""
    if uv:
        say("installing what requirements.txt locks, with uv (about 6 GB on Linux)")
        if fill([uv, "pip", "install", "--python", venv_python()], uv_environment()):
            return
        say("uv could not; trying pip")
    else:
        say("installing what requirements.txt locks, with pip (minutes)")
    pip = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check"]
    if not fill(pip, os.environ):
        raise CannotInstall(
            "the packages could not be installed; the reason stands above.\n"
            "  Check the network and the space on this disk, then run this again: it starts over."
        )


def fill(installer, environment):
    """Run the two installs; the build backend is in the lock, so nothing is fetched unhashed."""
    lock = [*installer, "--require-hashes", "-r", REQUIREMENTS]
    course = [*installer, "--no-deps", "--no-build-isolation", "-e", ROOT]
    commands = ([str(part) for part in command] for command in (lock, course))
    return all(subprocess.call(c, cwd=ROOT, env=dict(environment)) == 0 for c in commands)


def uv_environment():
    """The environment for uv, with pip's settings carried over where uv has none of its own."""
    environment = dict(os.environ)
    # The machine's own certificates, as pip does: schools and firms often need theirs.
    environment.setdefault("UV_SYSTEM_CERTS", "true")
    for pip, uv in PIP_TO_UV.items():
        if pip in os.environ:
            value = os.environ[pip]
            environment.setdefault(uv, ",".join(value.split()) if "LINKS" in uv else value)
    return environment


def venv_python():
    """The environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def warn_of_little_space():
    """Say so before a download fills the disk."""
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    if free < NEEDS_GB:
        say(f"warning: {free:.1f} GB free here; the course needs up to {NEEDS_GB} GB")


def run(command, problem):
    """Run a command and show what it prints; a failure is a CannotInstall."""
    if subprocess.call([str(part) for part in command], cwd=ROOT) != 0:
        raise CannotInstall(problem + "; the reason stands above.")


def run_quietly(command):
    """True when a command succeeds."""
    try:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.call([str(part) for part in command], **quiet) == 0
    except OSError:
        return False


def text(version):
    """3.11 for (3, 11)."""
    return ".".join(map(str, version))


def say(line):
    """One line of progress, at once."""
    print(f"install: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
