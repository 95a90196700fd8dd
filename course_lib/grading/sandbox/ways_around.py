"""Find, in what an answer reaches, the ways by which a call that is ruled out could hide.

No list of names can prove that a call is not made. So what is ruled out plainly costs the exercise
(`forbidden`), and whatever could hide it is shown to a person, who decides; it costs nothing.

The same holds of what is judged beside an answer, in its own process: whether it changed its
inputs, or the generators. Code that reaches for what judges that could forge the word; it cannot
forge values, which are compared elsewhere. `tampers` tells where cells do so.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from course_lib.checking.forbidden import OPERATOR

DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
#: What looks names up, runs text, or leaves this thread, this process or this interpreter.
CALLS = {
    *("getattr", "setattr", "delattr", "eval", "exec", "compile", "globals", "locals", "vars"),
    *("__import__", "import_module", "attrgetter", "methodcaller", "breakpoint", "open"),
}
MODULES = {
    *("ast", "asyncio", "builtins", "code", "codeop", "concurrent", "ctypes", "cffi", "dis", "gc"),
    *("importlib", "inspect", "marshal", "multiprocessing", "operator", "os", "pickle", "resource"),
    *("runpy", "shelve", "signal", "subprocess", "sys", "threading", "traceback", "types"),
    *("weakref", "joblib", "loky", "numba", "sympy", "jax", "tensorflow", "keras", "onnx"),
    *("transformers", "torchvision", "sklearn", "scipy", "numpy", "functorch", "course_lib"),
}
#: Parts of torch that reach its operations by another name, or past whoever watches.
BACK_DOORS = {
    *("ops", "jit", "library", "fx", "overrides", "package", "hub", "backends", "export", "onnx"),
    *("compile", "nested", "sparse", "masked", "vmap", "func", "special", "classes", "autograd"),
    *("TorchFunctionMode", "TorchDispatchMode", "DisableTorchFunction", "no_dispatch"),
    *("DisableTorchFunctionSubclass", "utils", "multiprocessing", "futures", "distributed"),
}
#: Other names of what is ruled out, or a part that is as good.
ALIKE = {
    "scaled_dot_product_attention": {
        *("MultiheadAttention", "multi_head_attention_forward", "TransformerEncoderLayer"),
        *("TransformerDecoderLayer", "TransformerEncoder", "TransformerDecoder", "Transformer"),
        *("flex_attention", "varlen_attn", "sdpa_kernel", "F_attention"),
    },
    "softmax": {"Softmax", "Softmax2d", "softmin", "Softmin", "gumbel_softmax", "log_softmax"},
    "cat": {"column_stack", "row_stack", "dstack", "hstack", "vstack", "block_diag", "concat"},
    OPERATOR: {"matmul", "mm", "bmm", "einsum", "tensordot", "baddbmm", "addmm", "inner", "Linear"},
}


#: What marks; no notebook needs it.
INNER = ("course_lib.checking", "course_lib.grading", "course_lib.workbook")
#: Parts of Python that lead to the frames, objects and code of whoever calls.
MACHINERY = {
    *(
        "_getframe",
        "_current_frames",
        "currentframe",
        "f_back",
        "f_locals",
        "f_globals",
        "tb_frame",
    ),
    *("get_objects", "get_referrers", "get_referents", "settrace", "setprofile", "monitoring"),
    *("__globals__", "__closure__", "__code__", "__builtins__", "__subclasses__", "__defaults__"),
}
OPENERS = {"sys.modules", "inspect.stack", "inspect.trace"}


def tampers(sources: Sequence[str]) -> list[str]:
    """Return where cells reach for what marks them, or change a library for everybody."""
    found: set[str] = set()
    for node in (node for source in sources for node in _body(source)):
        found |= set(_patched(node))
        for part in ast.walk(node):
            found |= set(_reaches_for_the_marker(part))
    return sorted(found)


def _reaches_for_the_marker(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and node.attr in MACHINERY:
        yield ast.unparse(node)[:60]
    elif isinstance(node, ast.Attribute) and ast.unparse(node)[-40:] in OPENERS:
        yield ast.unparse(node)
    elif isinstance(node, ast.Name) and node.id in {"__builtins__", "ctypes"}:
        yield node.id
    elif isinstance(node, ast.Call) and _name_of(node.func) in {"setattr", "delattr"}:
        if node.args and ast.unparse(node.args[0]).split(".")[0] not in {"self", "cls"}:
            yield f"{ast.unparse(node)[:60]}"
    elif isinstance(node, ast.Call) and _name_of(node.func) in {"eval", "exec", "__import__"}:
        yield f"{_name_of(node.func)}(…)"
    elif isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.name for alias in node.names]
        module = getattr(node, "module", None) or ""
        whole = [f"{module}.{name}".strip(".") for name in names]
        yield from (f"import {one}" for one in whole if one.startswith(INNER))


def _name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def ways(sources: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return, for each exercise that rules calls out, what a person should look at.

    Args:
        sources: of the learner's cells, in the order in which they run.
        names: what may not be called, by exercise.
    """
    bodies = [node for source in sources for node in _body(source)]
    patches = sorted({found for node in bodies for found in _patched(node)})
    found = {}
    for exercise, banned in names.items():
        alike = {other for name in banned for other in ALIKE.get(name, ())} | set(banned)
        parts = _reached(exercise, bodies, {other for other in names if other != exercise})
        seen = {what for part in parts for what in _suspect(part, alike, set(banned))}
        if banned and parts and (seen or patches):
            found[exercise] = [*sorted(seen), *patches]
    return found


def _body(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _reached(exercise: str, bodies: Sequence[ast.stmt], others: set[str]) -> list[ast.stmt]:
    """Return the last definition of an exercise, and every statement that it leads to by name."""
    makes: dict[str, list[ast.stmt]] = {}
    for node in bodies:
        for name in _makes(node):
            # Of an answer the last definition counts; what else makes a name may all count.
            last = isinstance(node, DEFINITIONS) and name == exercise
            makes[name] = [node] if last else [*makes.get(name, []), node]
    todo, reached = [exercise], []
    done = set(others)  # they are held to rules of their own
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done.add(name)
        for node in makes.get(name, []):
            if node not in reached:
                reached.append(node)
                todo += [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return reached


def _makes(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement at the top gives a meaning."""
    if isinstance(node, DEFINITIONS):
        yield node.name
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif isinstance(part, DEFINITIONS):
            yield part.name
        elif isinstance(part, ast.alias):
            yield part.asname or part.name.split(".")[0]


def _suspect(tree: ast.stmt, alike: set[str], banned: set[str]) -> Iterator[str]:
    if _usual(tree):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            yield from (f"import {name}" for name in names if name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom):
            yield from _imports(node, alike)
        elif isinstance(node, ast.Attribute):
            yield from _attribute(node, alike)
        elif isinstance(node, ast.Name) and node.id in CALLS | alike | {"__builtins__"}:
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from [f"the text {node.value!r}"] * (node.value in banned)


def _usual(tree: ast.stmt) -> bool:
    """Tell whether a statement is an import that every notebook begins with."""
    names = {alias.name for alias in getattr(tree, "names", []) if isinstance(alias, ast.alias)}
    return isinstance(tree, ast.Import) and names <= {"torch", "math", "torch.nn"}


def _imports(node: ast.ImportFrom, alike: set[str]) -> Iterator[str]:
    module = node.module or ""
    head = module.split(".")[0]
    inside = head == "torch" and set(module.split(".")[1:]) & BACK_DOORS
    for alias in node.names:
        ours = head == "course_lib" and alias.name in {"Assignment", "Lesson"}
        door = head == "torch" and alias.name in BACK_DOORS | alike
        if (head in MODULES and not ours) or inside or door or alias.name.startswith("_"):
            yield f"from {module} import {alias.name}"


def _attribute(node: ast.Attribute, alike: set[str]) -> Iterator[str]:
    own = isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
    parent = node.value.func if isinstance(node.value, ast.Call) else None
    is_super = isinstance(parent, ast.Name) and parent.id == "super"
    torch = isinstance(node.value, ast.Name) and node.value.id == "torch"
    if own or is_super:
        return
    if node.attr.startswith("_") or node.attr in alike or (torch and node.attr in BACK_DOORS):
        yield f"{ast.unparse(node)[:60]}"


def _patched(node: ast.stmt) -> Iterator[str]:
    """Yield what a cell changes in something that it did not make: torch.cat = …"""
    for part in ast.walk(node):
        targets: list[Any] = getattr(part, "targets", []) if isinstance(part, ast.Assign) else []
        for target in targets:
            root = target
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            library = isinstance(root, ast.Name) and root.id in {"torch", "nn", "F", "math"}
            if library and isinstance(target, ast.Attribute | ast.Subscript):
                yield f"{ast.unparse(target)[:60]} = …"
