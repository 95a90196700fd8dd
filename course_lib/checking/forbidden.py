"""Find calls that an exercise rules out: by reading the source, and by watching torch at work."""

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from torch.overrides import TorchFunctionMode

OPERATOR = "@"
LIBRARIES = {"torch", "numpy", "scipy", "einops", "math", "statistics", "builtins"}
MATMUL = {"matmul", "__matmul__", "__rmatmul__"}


#: Modules whose classes are no learner's.
FOREIGN = {"builtins", "typing", "collections"}


class ForbiddenCall(BaseException):
    """An answer called what its exercise rules out."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def find_forbidden(obj: Callable[..., Any], names: Sequence[str]) -> str | None:
    """Return the first forbidden name that the source of `obj` uses, or None.

    A name that means the learner's own function is allowed: only the libraries' are ruled out.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(obj)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
    known = getattr(inspect.unwrap(obj), "__globals__", None) or vars(inspect.getmodule(obj) or ast)
    bound = _bound(tree)
    known = {n: found for n, found in (vars(builtins) | known).items() if n not in bound}
    own = Own.of([tree], {n for n, found in known.items() if _is_own_class(found)})
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and own.has(node):
            continue
        for name in _named(node, known):
            if name in names:
                return name
    return None


@dataclass(frozen=True)
class Own:
    """What code calls its own: classes, their methods and attributes, and what is made of them.

    Args:
        classes: their names.
        members: names of their methods, and of attributes that are set.
        made: names and attributes that hold an object of such a class.
    """

    classes: frozenset[str]
    members: frozenset[str]
    made: frozenset[str]

    @classmethod
    def of(cls, trees: Sequence[ast.AST], classes: Collection[str] = ()) -> "Own":
        """Find them in some code; `classes` are own ones that are defined elsewhere."""
        nodes = [node for tree in trees for node in ast.walk(tree)]
        found = [node for node in nodes if isinstance(node, ast.ClassDef)]
        names = {node.name for node in found} | set(classes)
        members = {getattr(item, "name", "") for node in found for item in node.body}
        members |= {n.attr for n in nodes if isinstance(n, ast.Attribute) and _is_stored(n)}
        made = {
            getattr(target, "id", getattr(target, "attr", ""))
            for node in nodes
            if isinstance(node, ast.Assign) and _calls(node.value, names)
            for target in node.targets
        }
        return cls(frozenset(names), frozenset(members), frozenset(made))

    def has(self, node: ast.Attribute) -> bool:
        """Tell whether what stands behind a dot is one's own, whatever its name."""
        if _is_stored(node):
            return True
        if node.attr not in self.members:
            return False
        owner = node.value
        if _calls(owner, self.classes | {"super"}):
            return True
        if isinstance(owner, ast.Name):
            return owner.id in {"self", "cls"} | self.classes | self.made
        return isinstance(owner, ast.Attribute) and owner.attr in self.made


def _is_stored(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store)


def _calls(node: ast.AST, names: Collection[str]) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in names


def _is_own_class(found: Any) -> bool:
    return inspect.isclass(found) and _is_local(found) and found.__module__ not in FOREIGN


def _bound(tree: ast.AST) -> set[str]:
    """Return the names that a piece of code gives a meaning of its own."""
    stored = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return stored | defined | {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}


def _named(node: ast.AST, known: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a piece of code asks of a library, under the library's own names."""
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
        yield OPERATOR
    elif isinstance(node, ast.Attribute):
        if isinstance(node.ctx, ast.Load) and not _is_ones_own(node.value, known):
            yield node.attr
    elif isinstance(node, ast.ImportFrom):
        if (node.module or "").split(".")[0] in LIBRARIES:
            yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.Name):
        found = known.get(node.id)
        if not isinstance(found, ModuleType) and _is_from_a_library(found):
            yield from {node.id, getattr(found, "__name__", node.id)}


def _is_ones_own(owner: ast.expr, known: Mapping[str, Any]) -> bool:
    """Tell whether what a dot stands behind is the learner's: self, or a class of their own."""
    if not isinstance(owner, ast.Name):
        return False
    if owner.id in {"self", "cls"}:
        return True
    found = known.get(owner.id)
    is_class = inspect.isclass(found) or inspect.isclass(type(found))
    return found is not None and is_class and _is_local(found)


def _is_local(found: Any) -> bool:
    return not isinstance(found, ModuleType) and not _is_from_a_library(found)


def _is_from_a_library(found: Any) -> bool:
    return (getattr(found, "__module__", None) or "").split(".")[0] in LIBRARIES


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
