"""Keep the committed time of a check where nothing else has changed, so that diffs show changes."""

import json
import re
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from course_lib.authoring.notebook import from_text

_TIME = re.compile(r"· +\d+ ms\b")


def settle(notebook: NotebookNode, path: Path) -> None:
    """Take over outputs of checks from the notebook at `path` that differ in their times alone."""
    try:
        old = {cell.id: cell for cell in from_text(path.read_text(encoding="utf-8")).cells}
    except Exception:  # nothing there, or nothing that can be read: all outputs are new
        return
    for cell in notebook.cells:
        before = old.get(cell.id)
        if before is None or cell.metadata.get("course", {}).get("role") != "check":
            continue
        if _timeless(before.get("outputs")) == _timeless(cell.get("outputs")):
            cell.outputs = before.outputs


def _timeless(value: Any) -> str:
    return _TIME.sub("· ms", json.dumps(value, sort_keys=True, ensure_ascii=False))
