"""What a notebook's front end gives to cells, where there is none: quiet, and without effect."""

import ast
import contextlib
import os
import sys
from typing import Any

#: Line magics whose rest is a statement that counts.
RUNS = ("time", "timeit", "prun")


class Shell:
    """Stands for `get_ipython()`: files are written, statements run, all else is passed over.

    Args:
        names: of the cells.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self.user_ns = names

    def run_line_magic(self, name: str, line: str, *_: Any, **__: Any) -> None:
        """Run the statement behind %time; pass over other magics."""
        if name in RUNS:
            exec(line, self.user_ns)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Write the file that %%writefile names, for the cells after it; pass over the rest."""
        path = line.removeprefix("-a ").strip()
        if name in ("writefile", "file") and path:
            with open(path, "a" if line.startswith("-a ") else "w", encoding="utf-8") as file:
                file.write(cell)
            if os.getcwd() not in sys.path:
                sys.path.append(os.getcwd())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def offer(names: dict[str, Any]) -> None:
    """Give cells what Jupyter gives them."""
    shell = Shell(names)
    names["get_ipython"] = lambda: shell
    names["display"] = lambda *objects, **options: None
    names["input"] = lambda prompt="": ""


def without_magics(source: str) -> str | None:
    """Return the Python that IPython makes of a cell; None where it makes none."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager

        found: str = TransformerManager().transform_cell(source)
        ast.parse(found)
    except Exception:
        return None
    return found


def warm_up() -> None:
    """Load what takes long: the reader of magics, and the fonts, whose cache is made only once."""
    for name in ("IPython.core.inputtransformer2", "matplotlib.font_manager"):
        with contextlib.suppress(Exception):
            __import__(name)
