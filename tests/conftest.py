"""What holds for every test: no network but loopback, nothing kept in the user's folders."""

import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NO_NETWORK = ROOT / "tests" / "no_network"


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
    os.environ.setdefault("COURSE_PROGRESS", "off")
    os.environ.setdefault("COURSE_QUIET", "1")


@pytest.fixture(scope="session")
def root():
    """The repository's folder."""
    return ROOT
