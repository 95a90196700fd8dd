"""Make mutants: copies of a piece of code, each with one small change."""

import ast
import copy
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

ARITHMETIC = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div, ast.Add],
    ast.Div: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Div, ast.Mult],
    ast.Mod: [ast.FloorDiv],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.BitXor: [ast.BitOr],
}
COMPARISONS = {
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.GtE],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
COMMUTE = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)
PAIRS = [
    ("tril", "triu"),
    ("max", "min"),
    ("amax", "amin"),
    ("sum", "mean"),
    ("any", "all"),
    ("argmax", "argmin"),
    ("softmax", "log_softmax"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("sin", "cos"),
    ("exp", "expm1"),
    ("log", "log1p"),
    ("sqrt", "square"),
    ("floor", "ceil"),
    ("stack", "cat"),
    ("append", "extend"),
    ("outer", "inner"),
    ("unsqueeze", "squeeze"),
    ("cumsum", "cumprod"),
    ("ge", "le"),
]
RENAMED = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])}
MODULES = {"torch", "F", "nn", "np", "math", "einops"}
STATEMENTS = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.If, ast.For, ast.Raise)


@dataclass(frozen=True)
class Mutant:
    """A changed piece of code, and the lines that changed."""

    source: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"- {self.was}\n+ {self.now}"


def mutants(source: str, name: str) -> list[Mutant]:
    """Return every mutant of the function or class `name` in `source`, each once.

    Signatures, annotations, decorators and docstrings stay as they are.
    """
    tree = ast.parse(source)
    plain = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    for changed in _changed_trees(tree, name):
        text = ast.unparse(ast.fix_missing_locations(changed))
        if text != plain and text not in found:
            found[text] = Mutant(text, *_difference(plain, text))
    return list(found.values())


def _difference(before: str, after: str) -> tuple[str, str]:
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    was = " ⏎ ".join(line[2:].strip() for line in lines if line.startswith("- "))
    now = " ⏎ ".join(line[2:].strip() for line in lines if line.startswith("+ "))
    return was or "(nothing)", now or "(nothing)"


def _changed_trees(tree: ast.Module, name: str) -> Iterator[ast.Module]:
    """Yield copies of the tree, each with one node of the definition replaced."""
    for place, node in enumerate(ast.walk(tree)):
        for owner in _bodies(tree, name):
            if any(node is inner for inner in owner):
                for change in range(len(list(_replacements(node, _names(tree, name))))):
                    yield _with_change(tree, place, change, _names(tree, name))
                break


def _bodies(tree: ast.Module, name: str) -> list[list[ast.AST]]:
    """Return the nodes of every function body in the definition, docstrings left out."""
    top = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name]
    functions = [n for d in top for n in ast.walk(d) if isinstance(n, ast.FunctionDef)]
    return [
        [inner for statement in function.body for inner in _walk(statement)]
        for function in functions
    ]


def _walk(statement: ast.stmt) -> Iterator[ast.AST]:
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
        yield from ast.walk(statement)


def _names(tree: ast.Module, name: str) -> list[str]:
    """Return the parameters of the definition: any may be confused with another."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    return [a.arg for f in functions for a in f.args.args if f.name in {name, "forward"}]


def _with_change(tree: ast.Module, place: int, change: int, names: list[str]) -> ast.Module:
    fresh = copy.deepcopy(tree)
    node = list(ast.walk(fresh))[place]
    replacement = list(_replacements(node, names))[change]
    for parent in ast.walk(fresh):
        for field, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, field, replacement)
            elif isinstance(value, list) and any(item is node for item in value):
                index = next(i for i, item in enumerate(value) if item is node)
                value[index] = replacement
    return fresh


# ---------------------------------------------------------------- what a node may become


def _replacements(node: ast.AST, names: list[str]) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node; the node itself stays untouched."""
    if isinstance(node, ast.BinOp):
        yield from _binary(node)
    elif isinstance(node, ast.AugAssign):
        for other in ARITHMETIC.get(type(node.op), []):
            yield _like(node, op=other())
    elif isinstance(node, ast.Compare):
        for other in COMPARISONS.get(type(node.ops[0]), []):
            yield _like(node, ops=[other(), *node.ops[1:]])
    elif isinstance(node, ast.BoolOp):
        yield _like(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        yield from node.values
    elif isinstance(node, ast.UnaryOp):
        yield from _unary(node)
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _constants(node.value))
    elif isinstance(node, ast.Call):
        yield from _call(node)
    elif isinstance(node, ast.Attribute):
        yield from _attribute(node)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from _name(node, names)
    elif isinstance(node, ast.Slice):
        yield from (
            _like(node, **{end: None}) for end in ("lower", "upper", "step") if getattr(node, end)
        )
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield _like(node, ifs=[])
    if isinstance(node, ast.If | ast.While):
        yield _like(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, STATEMENTS):
        yield ast.Pass()


def _like(node: ast.AST, **changes: object) -> ast.AST:
    fields = {name: getattr(node, name, None) for name in node._fields}
    return type(node)(**(fields | changes))


def _binary(node: ast.BinOp) -> Iterator[ast.AST]:
    for other in ARITHMETIC.get(type(node.op), []):
        yield _like(node, op=other())
    if not isinstance(node.op, COMMUTE):
        yield _like(node, left=node.right, right=node.left)
    yield from (node.left, node.right)


def _unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    value = getattr(node.operand, "value", None)
    if isinstance(node.op, ast.USub) and type(value) in (int, float):
        yield from map(ast.Constant, _constants(-value))  # axes: -1 becomes -2, 0, …
    else:
        yield node.operand


def _constants(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        axes = [-1, -2, 0] if value in (-2, -1, 0) else []
        return [n for n in dict.fromkeys([value + 1, value - 1, 0, 2 * value, *axes]) if n != value]
    if isinstance(value, float):
        return [
            n for n in dict.fromkeys([value + 1, value - 1, 0.0, 2 * value, -value]) if n != value
        ]
    if isinstance(value, str) and "->" in value:
        return _patterns(value)
    return []


def _patterns(value: str) -> list[object]:
    """Swap two axes on the right of "…td,…sd->…ts" or of "b t (h d) -> b h t d"."""
    left, arrow, right = value.partition("->")
    words = right.split() if " " in right.strip() else list(right.strip())
    if len(words) < 2:
        return []
    swapped = [*words[:-2], words[-1], words[-2]]
    return [left + arrow + (" " + " ".join(swapped) if " " in right.strip() else "".join(swapped))]


def _call(node: ast.Call) -> Iterator[ast.AST]:
    if len(node.args) > 1:
        yield _like(node, args=[node.args[1], node.args[0], *node.args[2:]])
    for place in range(len(node.keywords)):
        yield _like(node, keywords=node.keywords[:place] + node.keywords[place + 1 :])
    if len(node.args) > 1:
        yield _like(node, args=node.args[:-1])
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node.func.value  # x.exp() becomes x
    elif node.args:
        yield node.args[0]  # torch.exp(x) becomes x


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in MODULES


def _attribute(node: ast.Attribute) -> Iterator[ast.AST]:
    if node.attr in RENAMED:
        yield _like(node, attr=RENAMED[node.attr])
    if node.attr in {"T", "mT", "H", "mH"}:
        yield node.value


def _name(node: ast.Name, names: list[str]) -> Iterator[ast.AST]:
    if node.id in RENAMED and node.id not in names:
        yield ast.Name(RENAMED[node.id], ast.Load())
    if node.id in names and len(names) > 1 and node.id != "self":
        others = [name for name in names if name not in {node.id, "self"}]
        yield from (ast.Name(name, ast.Load()) for name in others[:2])
