"""Run a cell as a notebook does; when it fails, what it defines below the place all the same."""

import __future__

import ast
import asyncio
import contextlib
from typing import Any

#: Statements that define something.
DEFINING = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
    | ast.Assign | ast.AnnAssign
)  # fmt: skip
#: The bits of a code object that `from __future__` imports set.
FUTURES = 0
for _name in __future__.all_feature_names:
    FUTURES |= getattr(__future__, _name).compiler_flag


def run(source: str, name: str, names: dict[str, Any]) -> None:
    """Run a cell's statements one by one; `await` may stand at the top.

    Raises:
        Exception: the first that a statement raised; definitions after it have run.
    """
    flags = _flags(source, name)  # complains before anything has run
    statements = ast.parse(source, name).body
    for place, statement in enumerate(statements):
        try:
            _one(statement, name, names, flags)
        except Exception:
            for later in statements[place + 1 :]:
                if isinstance(later, DEFINING):
                    with contextlib.suppress(Exception):
                        _one(later, name, names, flags)
            raise


def _flags(source: str, name: str) -> int:
    """Return the flags of a cell: those of its `from __future__`, and that of `await`."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(source, name, "exec", flags, dont_inherit=True)
    return int(flags | (code.co_flags & FUTURES))


def _one(statement: ast.stmt, name: str, names: dict[str, Any], flags: int) -> None:
    module = ast.Module([statement], type_ignores=[])
    waits = eval(compile(module, name, "exec", flags, dont_inherit=True), names)
    if asyncio.iscoroutine(waits):
        asyncio.run(waits)
