"""Rewrite a module so that its functions give the same results in other code.

A rewrite need not keep the meaning of every program: whoever uses it compares results.
"""

import ast
import copy
from collections.abc import Mapping

METHODS = {"sum", "mean", "softmax", "exp", "log", "sqrt", "matmul", "flatten", "cumsum", "argmax"}
BY_DIM = {"sum", "mean", "softmax", "log_softmax", "argmax", "argmin", "cumsum", "amax", "amin"}


class Renamed(ast.NodeTransformer):
    """Give every local variable of a function another name; parameters keep theirs."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        kept = {argument.arg for argument in ast.walk(node) if isinstance(argument, ast.arg)}
        bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _stored(n)} - kept
        for name in ast.walk(node):
            if isinstance(name, ast.Name) and name.id in bound:
                name.id = f"my_{name.id}"
        return node


def _stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


class AsFunctions(ast.NodeTransformer):
    """`x.sum(1)` becomes `torch.sum(x, 1)`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = node.func
        if not isinstance(called, ast.Attribute) or called.attr not in METHODS:
            return node
        if isinstance(called.value, ast.Name) and called.value.id in ("torch", "F", "np", "math"):
            return node
        function = ast.Attribute(ast.Name("torch", ast.Load()), called.attr, ast.Load())
        return ast.Call(function, [called.value, *node.args], node.keywords)


class ByKeyword(ast.NodeTransformer):
    """`x.softmax(-1)` becomes `x.softmax(dim=-1)`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in BY_DIM and len(node.args) == 1:
            is_number = isinstance(node.args[0], ast.Constant | ast.UnaryOp)
            if is_number and not any(word.arg == "dim" for word in node.keywords):
                return ast.Call(called, [], [ast.keyword("dim", node.args[0]), *node.keywords])
        return node


class ByEinsum(ast.NodeTransformer):
    """`a @ b` becomes an einsum over the inner axis."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.MatMult):
            return node
        axes = ast.Constant("...ij,...jk->...ik")
        return ast.Call(_torch("einsum"), [axes, node.left, node.right], [])


class ByMatmul(ast.NodeTransformer):
    """`a @ b` becomes `torch.matmul(a, b)`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.MatMult):
            return node
        return ast.Call(_torch("matmul"), [node.left, node.right], [])


class ByLoop(ast.NodeTransformer):
    """`a @ b` becomes a stack of its columns, each a sum of products."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.MatMult):
            return node
        text = (
            "(lambda a, b: torch.stack([(a * b[..., None, :, j]).sum(-1)"
            " for j in range(b.shape[-1])], -1))"
        )
        return ast.Call(ast.parse(text, mode="eval").body, [node.left, node.right], [])


class ByExponentials(ast.NodeTransformer):
    """`x.softmax(d)` becomes exponentials, shifted, over their sum."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = node.func
        if not isinstance(called, ast.Attribute) or called.attr != "softmax":
            return node
        text = (
            "(lambda x, dim: (lambda e: e / e.sum(dim, keepdim=True))"
            "((x - x.amax(dim, keepdim=True)).exp()))"
        )
        is_method = not (isinstance(called.value, ast.Name) and called.value.id in ("torch", "F"))
        args = [called.value, *node.args] if is_method else node.args
        return ast.Call(ast.parse(text, mode="eval").body, args, node.keywords)


class ByReciprocal(ast.NodeTransformer):
    """`a / b` becomes `a * b ** -1.0`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        one = ast.UnaryOp(ast.USub(), ast.Constant(1.0))
        return ast.BinOp(node.left, ast.Mult(), ast.BinOp(node.right, ast.Pow(), one))


class BySum(ast.NodeTransformer):
    """`x.mean(d)` becomes a sum over the size."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = node.func
        if not isinstance(called, ast.Attribute) or called.attr != "mean" or not node.args:
            return node
        total = ast.Call(ast.Attribute(called.value, "sum", ast.Load()), node.args, node.keywords)
        shape = ast.Attribute(called.value, "shape", ast.Load())
        return ast.BinOp(total, ast.Div(), ast.Subscript(shape, node.args[0], ast.Load()))


class ByWhere(ast.NodeTransformer):
    """`x.masked_fill(m, v)` becomes `torch.where(m, v, x)`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = node.func
        fills = isinstance(called, ast.Attribute) and called.attr == "masked_fill"
        if not fills or len(node.args) != 2:
            return node
        return ast.Call(_torch("where"), [*node.args, called.value], [])


class InSteps(ast.NodeTransformer):
    """`return a op b` becomes three statements."""

    def visit_Return(self, node: ast.Return) -> ast.AST | list[ast.stmt]:
        if not isinstance(node.value, ast.BinOp):
            return node
        names = "first_half", "second_half"
        parts = node.value.left, node.value.right
        steps: list[ast.stmt] = [
            ast.Assign([ast.Name(name, ast.Store())], part)
            for name, part in zip(names, parts, strict=True)
        ]
        left, right = (ast.Name(name, ast.Load()) for name in names)
        return [*steps, ast.Return(ast.BinOp(left, node.value.op, right))]


def _torch(name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name("torch", ast.Load()), name, ast.Load())


REWRITES: Mapping[str, type[ast.NodeTransformer]] = {
    "renamed": Renamed,
    "as functions": AsFunctions,
    "by keyword": ByKeyword,
    "by einsum": ByEinsum,
    "by matmul": ByMatmul,
    "by loop": ByLoop,
    "by exponentials": ByExponentials,
    "by reciprocal": ByReciprocal,
    "by sum": BySum,
    "by where": ByWhere,
    "in steps": InSteps,
}


def rewrite(source: str, how: str) -> str | None:
    """Return a module rewritten, or None where nothing changes.

    >>> rewrite("f = lambda x, y: x @ y", "by matmul")
    'f = lambda x, y: torch.matmul(x, y)'
    """
    tree = ast.parse(source)
    plain = ast.unparse(tree)
    changed = REWRITES[how]().visit(copy.deepcopy(tree))
    text = ast.unparse(ast.fix_missing_locations(changed))
    return text if text != plain else None
