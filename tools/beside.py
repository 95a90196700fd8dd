"""Load what stands beside a lesson's tests: a file that is no module of a package."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

LESSONS = Path(__file__).resolve().parents[1] / "tests" / "lessons"


@cache
def load(number: str, name: str) -> ModuleType:
    """Return `tests/lessons/lesson_NN_slug/name.py` as a module.

    Raises:
        FileNotFoundError: when there is no such file; names the place where it is expected.
    """
    path = next(LESSONS.glob(f"lesson_{number}_*/{name}.py"), None)
    if path is None:
        raise FileNotFoundError(f"tests/lessons/lesson_{number}_…/{name}.py is missing")
    spec = importlib.util.spec_from_file_location(f"{name}_{number}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
