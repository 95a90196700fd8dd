"""The cage: what bubblewrap is asked for, and the folder of code that goes inside."""

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import course_lib
from course_lib.errors import CourseError
from course_lib.grading.sandbox import INSIDE

PACKAGE = Path(course_lib.__file__).parent
KIT = Path("/kit")
ENVIRONMENT = {
    "HOME": "/tmp",
    "USER": "learner",
    "LOGNAME": "learner",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PATH": "/nowhere",
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "COURSE_PROGRESS": "off",
    "COURSE_QUIET": "1",
    "COURSE_STATIC": "1",
    "COURSE_SCALE": "tiny",
    "HF_HUB_OFFLINE": "1",
}
INSTALL = (
    "course grade runs learners' code inside bubblewrap, and there is none here. Install it "
    "(Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap), grade on a "
    "Linux machine, or add --unsafe: then a submission can read your files, use the network and "
    "change what it likes."
)


def available() -> str | None:
    """Return the path of a bubblewrap that works, or None."""
    found = shutil.which("bwrap")
    if found is None or not sys.platform.startswith("linux"):
        return None
    return found if _works(found) else None


@cache
def _works(bwrap: str) -> bool:
    tried = [bwrap, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    program = shutil.which("true") or "/bin/true"
    return subprocess.run([*tried, program], capture_output=True, timeout=30).returncode == 0


def demand() -> str:
    """Return the path of bubblewrap; raise CourseError where there is none that works."""
    found = available()
    if found is None:
        raise CourseError(INSTALL)
    return found


def command(bwrap: str, kit: Path, *, whole_disk: bool = False) -> list[str]:
    """Return the command line that runs the zygote in its cage.

    Mounted, and only for reading: the interpreter, the installed packages, the kit.

    Args:
        bwrap: the program.
        kit: the code that goes inside.
        whole_disk: mount everything instead, for writing too; tests alone do.
    """
    words = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    words += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--clearenv"]
    for name, value in ENVIRONMENT.items():
        words += ["--setenv", name, value]
    if whole_disk:
        return [*words, "--bind", "/", "/", "--proc", "/proc", "--dev", "/dev", *python(kit)]
    words += ["--tmpfs", "/tmp"]  # first: Python may be installed below it
    words += [word for place in _readable() for word in ("--ro-bind", str(place), str(place))]
    for link in ("/lib", "/lib64"):
        if os.path.islink(link):
            words += ["--symlink", os.readlink(link), link]
        elif os.path.isdir(link):
            words += ["--ro-bind", link, link]
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    words += [word for folder in _own_installation() for word in ("--tmpfs", str(folder))]
    words += ["--ro-bind", str(kit), str(KIT), "--proc", "/proc", "--dev", "/dev"]
    words += ["--remount-ro", "/", "--chdir", "/tmp"]
    return [*words, *python(KIT)]


def python(kit: Path) -> list[str]:
    """Return the command line of the zygote itself."""
    start = f"import sys; sys.path.insert(0, {str(kit)!r}); "
    start += "from course_lib.grading.sandbox.zygote import main; main()"
    return [sys.executable, "-E", "-s", "-P", "-c", start]


def _readable() -> list[Path]:
    """Return the folders of the interpreter, its libraries and the packages."""
    paths = [Path(sys.base_prefix), Path(sys.prefix), Path(os.path.realpath(sys.executable)).parent]
    if Path(sys.base_prefix) in (Path("/usr"), Path("/")):
        return list(dict.fromkeys([Path("/usr"), Path(sys.prefix)]))
    system = [Path(path) for path in ("/usr/lib", "/usr/lib64") if os.path.isdir(path)]
    return list(dict.fromkeys([*system, *paths[:2]]))


def _own_installation() -> list[Path]:
    """Return where the whole course is installed among the packages: it is covered."""
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return [Path(place) / "course_lib" for place in places if Path(place, "course_lib").is_dir()]


# ---------------------------------------------------------------- the kit


def stage(folder: Path, sources: Sequence[str]) -> list[str]:
    """Copy into `folder` the modules of the course that cells import, and what answers calls.

    Args:
        folder: gets a package `course_lib` of those modules alone.
        sources: of the setup and given cells.

    Returns:
        The modules that cells import, to be loaded before the fork.
    """
    wanted = {f"course_lib.grading.sandbox.{name}" for name in INSIDE} - _INIT
    wanted |= {f"course_lib.figures.{path.stem}" for path in (PACKAGE / "figures").glob("[!_]*.py")}
    asked = {name for source in sources for name in _imports(ast.parse(source))}
    asked = {name for name in asked if not name.startswith("course_lib.lessons")}
    for module in _closure(wanted | {name for name in asked if name.startswith("course_lib")}):
        _copy(module, folder)
    return sorted(asked)


_INIT = {"course_lib.grading.sandbox.__init__"}


def _closure(wanted: set[str]) -> set[str]:
    """Return the modules of the course that these import, and those in turn."""
    found: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if name in found or path is None:
            continue
        found.add(name)
        waiting += [".".join(name.split(".")[:n]) for n in range(1, name.count(".") + 1)]
        if name != "course_lib":
            waiting += _imports(ast.parse(path.read_text(encoding="utf-8")))
    return found


def _imports(tree: ast.AST) -> Iterator[str]:
    """Yield the modules that code may import, by what it says."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (
                f"{node.module}.{alias.name}"
                for alias in node.names
                if node.module.startswith("course_lib") and _path(f"{node.module}.{alias.name}")
            )


def _path(module: str) -> Path | None:
    """Return the file of a module of the course."""
    if module.split(".")[0] != "course_lib":
        return None
    base = PACKAGE.parent / Path(*module.split("."))
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def _copy(module: str, folder: Path) -> None:
    path = _path(module)
    if path is None:
        return
    target = folder / path.relative_to(PACKAGE.parent)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    if path.name == "__init__.py" and path.parent != PACKAGE:
        for data in path.parent.iterdir():
            if data.is_dir() and not (data / "__init__.py").exists() and data.name[0] not in "._":
                shutil.copytree(data, target.parent / data.name, dirs_exist_ok=True)
