"""What holds for every test: no network but loopback, nothing kept in the user's folders."""

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

ROOT = Path(__file__).resolve().parent.parent
NO_NETWORK = ROOT / "tests" / "no_network"
# A busy machine may take seconds over one draw: that is no fault of a test.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
UNWATCHED = ("lesson", "common", "given", "mistakes")


def pytest_configure():
    """Cut the network before anything is imported, for this process and all that it starts."""
    spec = importlib.util.spec_from_file_location(
        "course_no_network", NO_NETWORK / "sitecustomize.py"
    )
    guard = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(guard)
    guard.cut()
    os.environ["COURSE_NO_NETWORK"] = "1"
    paths = [str(NO_NETWORK), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    os.environ["COURSE_PROGRESS"] = "off"  # even where a learner has set it
    os.environ.setdefault("COURSE_QUIET", "1")
    # nbgrader's variable would make a failed check raise.
    os.environ.pop("NBGRADER_EXECUTION", None)
    watch_rooms()


def watch_rooms():
    """Enforce the shapes in lessons' rooms, but for cases: their random draws are no tensors."""
    rooms = sorted((ROOT / "course_lib" / "lessons").glob("lesson_*/*.py"))
    files = [path for path in rooms if path.stem not in {"__init__", *UNWATCHED}]
    names = [f"course_lib.lessons.{path.parent.name}.{path.stem}" for path in files]
    install_import_hook(names, "beartype.beartype")


@pytest.fixture(scope="session")
def root():
    """The repository's folder."""
    return ROOT
