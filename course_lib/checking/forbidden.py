"""Find calls that an exercise rules out: by reading the source, and by watching torch at work."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from torch.overrides import TorchFunctionMode

OPERATOR = "@"
MATMUL = {"matmul", "__matmul__", "__rmatmul__"}


class ForbiddenCall(BaseException):  # noqa: N818 - not an Exception: `except Exception` must not eat it
    """An answer called what its exercise rules out."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def find_forbidden(obj: Callable[..., Any], names: Sequence[str]) -> str | None:
    """Return the first forbidden name that the source of `obj` uses, or None.

    A name that resolves to the learner's own function is allowed: only the libraries' are ruled out.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(obj)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
    known = getattr(inspect.unwrap(obj), "__globals__", None) or vars(inspect.getmodule(obj) or ast)
    for node in ast.walk(tree):
        name = _named(node)
        if name in names and not _is_own(node, known):
            return name
    return None


def _named(node: ast.AST) -> str | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return OPERATOR
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return node.id
    return None


def _is_own(node: ast.AST, known: dict[str, Any]) -> bool:
    """A bare name is the learner's own unless it was imported from a library."""
    if not isinstance(node, ast.Name):
        return False
    found = known.get(node.id)
    if found is None or isinstance(found, ModuleType):
        return True
    root = (getattr(found, "__module__", None) or "").split(".")[0]
    return root not in {"torch", "numpy", "scipy", "einops", "math", "statistics", "builtins"}


class Watch(TorchFunctionMode):
    """While active, raise `ForbiddenCall` when torch is asked for a forbidden name."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = set(names)
        if OPERATOR in self.names:
            self.names |= MATMUL

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in self.names:
            raise ForbiddenCall(OPERATOR if name in MATMUL and OPERATOR in self.names else name)
        return func(*args, **(kwargs or {}))
