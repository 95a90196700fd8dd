"""Attacks and accidents as notebooks, each with the points that an honest grader gives."""

from dataclasses import dataclass

from small_lesson import (
    FULL,
    SOLVED,
    Trusting,
    TrustingEquality,
    TrustingIPython,
    TrustingItsFrame,
    TrustingItsFunction,
    notebook,
)

WRONG_SCORES = "def scaled_scores(q, k):\n    return q @ k.transpose(-2, -1)"
#: Finds the descriptor of the only socket that is open: the way to the marker.
LINK = """
import json, os, stat, struct
for link in range(3, 64):
    try:
        if stat.S_ISSOCK(os.fstat(link).st_mode):
            break
    except OSError:
        pass
"""


@dataclass
class Attack:
    """One attack or accident.

    Args:
        id: in the test's name.
        data: the notebook.
        due: points that an honest grader gives.
        off: defences without which it succeeds: names of switches, or a marker that trusts.
        then: points that it gets then.
        marker: one that trusts what the submission says, instead of switches.
        seconds: for the whole submission, the second time.
    """

    id: str
    data: bytes
    due: tuple
    off: tuple = ()
    then: tuple = ()
    marker: type | None = None
    seconds: float = 30.0


# ---------------------------------------------------------------- who decides

PATCHED = notebook(
    {"scaled_scores": "def scaled_scores(q, k):\n    return q"},
    ["torch.allclose = lambda *args, **kwargs: True"],
)
REDEFINED = notebook({"scaled_scores": WRONG_SCORES}, ["def same(yours, due):\n    pass"])
EQUAL_TO_ALL = notebook(
    {
        "scaled_scores": """
class Equal(torch.Tensor):
    def __eq__(self, other):
        return torch.ones(1, dtype=torch.bool)
    def __array__(self, *args):
        raise RuntimeError
    @property
    def shape(self):
        return torch.Size([2, 3])
def scaled_scores(q, k):
    return torch.zeros(2, 3).as_subclass(Equal)
"""
    }
)
FRAMES = notebook(
    {
        "scaled_scores": """
import gc, sys
def scaled_scores(q, k):
    frame = sys._getframe(1)
    while frame is not None:
        for name in ("due", "expected"):
            for names in (frame.f_locals, frame.f_globals):
                if isinstance(names.get(name), torch.Tensor):
                    return names[name]
        frame = frame.f_back
    seen = [x for x in gc.get_objects() if isinstance(x, torch.Tensor) and x.dtype == q.dtype]
    fits = [x for x in seen if tuple(x.shape) == (*q.shape[:-1], k.shape[-2])]
    return fits[-1] if fits else q
"""
    }
)
TRANSFORMER = notebook(
    {"scaled_scores": WRONG_SCORES},
    [
        """
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
shell = get_ipython()
if shell is not None:
    shell.ast_transformers.append(NoAsserts())
    shell.input_transformers_cleanup.append(lambda lines: lines)
"""
    ],
)
HARD_CODED = notebook(
    {
        "causal_mask": """
def causal_mask(n):
    known = {1: [[1]], 3: [[1, 0, 0], [1, 1, 0], [1, 1, 1]]}
    for m in (5, 8):
        known[m] = [[int(s <= t) for s in range(m)] for t in range(m)]
    return torch.tensor(known[n] if n in known else [[0]], dtype=torch.bool)
"""
    }
)
CUT_GRADIENTS = notebook(
    {
        "scaled_scores": """
import course_lib.checking.run as engine
engine.gradients_of = lambda value, call: ()
def scaled_scores(q, k):
    return (q.detach() @ k.detach().transpose(-2, -1)) / math.sqrt(q.shape[-1])
"""
    }
)
#: Replies to requests that are not made yet, for an exercise that nobody has solved.
FORGED = notebook(
    {"scaled_scores": None, "padding_mask": None, "causal_mask": None},
    [
        LINK
        + """
def message(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body
def run(n):
    body = bytes(s <= t for t in range(n) for s in range(n))
    value = {"k": "tensor", "d": "bool", "s": [n, n], "n": n * n}
    return message({"value": value, "gradients": {"k": "list", "v": []}}, body)
out = message({"done": True}) + message({"names": ["causal_mask"], "course": []})
out += message({"refused": None}) + b"".join(run(n) for n in (3, 5, 8, 1))
out += message({"said": None})
os.write(link, out)
"""
    ],
)
MALFORMED = notebook(
    {"padding_mask": LINK + "def padding_mask(lengths, n):\n    os.write(link, b'x' * 999)"}
)

FLOOD = notebook(
    {
        "causal_mask": LINK
        + """
def causal_mask(n):
    text = json.dumps({"value": 1}).encode()
    os.write(link, struct.pack(">II", len(text), 64 << 20) + text)
    while True:
        os.write(link, bytes(1 << 20))
"""
    }
)

# ---------------------------------------------------------------- accidents and bombs


def answer(body, name="padding_mask"):
    """Return a notebook in which one function does something, then returns the right result."""
    right = "    return torch.arange(n_keys, device=lengths.device) < lengths[:, None]"
    return notebook({name: f"def padding_mask(lengths, n_keys):\n{body}\n{right}"})


LOOP = answer("    while True: pass")
STUBBORN = answer(
    """
    import time
    while True:
        try:
            time.sleep(1)
        except BaseException:
            pass"""
)
NATIVE = answer("    sum(range(10**13))")
SEGFAULT = answer("    import ctypes; ctypes.string_at(0)")
EXIT = answer("    import os; os._exit(0)")
SYS_EXIT = answer("    import sys; sys.exit(0)")
MEMORY = answer(
    """
    global hog
    if "hog" not in globals():
        hog = torch.ones(560 << 20, dtype=torch.uint8)"""
)
FORKS = answer(
    """
    import os, time
    global forked
    if "forked" not in globals():
        forked = True
        for _ in range(40):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)"""
)
OUTPUT = answer(
    """
    import os, sys
    os.write(1, b"x" * (1 << 20)); os.write(2, b"x" * (1 << 20))
    for _ in range(50): print("x" * (1 << 20)); print("y" * 1000, file=sys.stderr)"""
)
STDERR = answer(
    "    import sys, warnings; warnings.warn('careful'); print('careful', file=sys.stderr)"
)
BROKEN_SETUP = notebook(setup="raise SystemExit")
DISABLED_WATCH = notebook(
    {
        "scaled_scores": """
import course_lib.checking.run as engine
engine.find_forbidden = lambda *args: None
engine.Runner.watch = lambda *args: None
def scaled_scores(q, k):
    eye = torch.eye(k.shape[-2], dtype=q.dtype)
    eye = eye.expand(*k.shape[:-1], k.shape[-2])
    out = torch.nn.functional.scaled_dot_product_attention
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
"""
    }
)

ATTACKS = [
    Attack("patched_allclose", PATCHED, (0, 1, 1), marker=Trusting, then=FULL),
    Attack("redefined_check", REDEFINED, (0, 1, 1), marker=TrustingItsFunction, then=FULL),
    Attack("equal_to_all", EQUAL_TO_ALL, (0, 1, 1), marker=TrustingEquality, then=FULL),
    Attack("frames", FRAMES, (0, 1, 1), marker=TrustingItsFrame, then=FULL),
    Attack("ast_transformer", TRANSFORMER, (0, 1, 1), marker=TrustingIPython, then=FULL),
    Attack("hard_coded", HARD_CODED, (1, 1, 0), ("hidden_cases",), FULL),
    Attack("cut_gradients", CUT_GRADIENTS, (0, 1, 1), ("gradients",), FULL),
    Attack("forged", FORGED, (0, 0, 0), ("nonces", "hidden_cases"), (0, 0, 1)),
    Attack("malformed", MALFORMED, (1, 0, 1), ("restarts",), (1, 0, 0)),
    Attack("no_watch", DISABLED_WATCH, (0, 1, 1), ("sources",), FULL),
    Attack("segfault", SEGFAULT, (1, 0, 1), ("restarts",), (1, 0, 0)),
    Attack("os_exit", EXIT, (1, 0, 1), ("restarts",), (1, 0, 0)),
    Attack("stubborn_loop", STUBBORN, (1, 0, 1), ("deadlines",), (1, 0, 0), seconds=5.0),
    Attack("native_loop", NATIVE, (1, 0, 1), ("deadlines",), (1, 0, 0), seconds=5.0),
    Attack("memory", MEMORY, (1, 0, 1), ("memory_limit",), FULL),
    Attack("forks", FORKS, (1, 0, 1), ("process_limit",), FULL),
    Attack("broken_setup", BROKEN_SETUP, FULL, ("master_cells",), (0, 0, 0)),
]


# ---------------------------------------------------------------- accidents


def _edit(change):
    return notebook(change=change)


def _cell(book, id):
    return next(cell for cell in book["cells"] if cell["id"] == id)


def _metadata(book):
    for cell in book["cells"]:
        cell["metadata"] = {"course": {"role": "demo"}, "nbgrader": {"points": 100, "grade": True}}
        cell["id"] = "x" + cell["id"]
    book["metadata"] = {"learner": "bob", "course": {"lesson": "07"}}


def _duplicated(book):
    cell = _cell(book, "exercise-causal_mask")
    wrong = {**cell, "id": "copy", "source": "def causal_mask(n):\n    return None"}
    book["cells"].insert(2, wrong)


def _old_format(book):
    cells = [
        {**cell, "input": cell["source"]} for cell in book["cells"] if cell["cell_type"] == "code"
    ]
    for cell in cells:
        del cell["source"]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def _other_kernel(book):
    book["metadata"]["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}


BROKEN_CELL = "def helper(:\n"
MAGICS = "%matplotlib inline\n!ls /\nfiles = !ls\n%timeit 1 + 1\nHELPER = 2\nmath?"
ACCIDENTS = {
    "solved": (notebook(), FULL),
    "loop": (LOOP, (1, 0, 1)),
    "sys_exit": (SYS_EXIT, (1, 0, 1)),
    "stderr_and_warnings": (STDERR, FULL),
    "deleted_cell": (notebook({"padding_mask": None}), (1, 0, 1)),
    "deleted_checks": (_edit(lambda b: b["cells"].__delitem__(slice(-1, None)) or b), FULL),
    "duplicated_last_counts": (_edit(_duplicated), FULL),
    "reordered": (_edit(lambda b: b["cells"].reverse()), FULL),
    "edited_metadata": (_edit(_metadata), FULL),
    "syntax_error_elsewhere": (notebook(own=[BROKEN_CELL]), FULL),
    "syntax_error_in_one": (notebook({"causal_mask": "def causal_mask(n) return"}), (1, 1, 0)),
    "own_cell_raises": (notebook(own=["1 / 0"]), FULL),
    "magics": (notebook(own=[MAGICS, "%%bash\nrm -rf /", "%%time\nx = 1"]), FULL),
    "magic_in_answer": (
        notebook(
            {"causal_mask": "%time\n" + "".join(_cell(SOLVED, "exercise-causal_mask")["source"])}
        ),
        FULL,
    ),
    "own_helper": (
        notebook(
            {"causal_mask": "def causal_mask(n):\n    return lower(n)"},
            own=["def lower(n):\n    return torch.ones(n, n, dtype=torch.bool).tril()"],
        ),
        FULL,
    ),
    "changed_setup": (notebook(setup="import numpy as np\nmath = None"), FULL),
    "not_json": (b"{'cells': ", (0, 0, 0)),
    "empty_file": (b"", (0, 0, 0)),
    "not_text": (bytes(range(256)), (0, 0, 0)),
    "a_list": (b"[1, 2]", (0, 0, 0)),
    "null_cells": (b'{"cells": [null, 3, {"cell_type": "code", "source": 7}]}', (0, 0, 0)),
    "old_format": (_edit(_old_format), FULL),
    "other_kernel": (_edit(_other_kernel), FULL),
    "nan": (
        notebook({"scaled_scores": "def scaled_scores(q, k):\n    return q @ k.mT * float('nan')"}),
        (0, 1, 1),
    ),
    "float32": (
        notebook(
            {
                "scaled_scores": "def scaled_scores(q, k):\n"
                "    return (q @ k.mT / math.sqrt(q.shape[-1])).float()"
            }
        ),
        (0, 1, 1),
    ),
    "wrong_kind": (notebook({"causal_mask": "class causal_mask:\n    pass"}), (1, 1, 0)),
    "a_huge_shape": (
        notebook({"causal_mask": "def causal_mask(n):\n    return torch.ones(1).expand(10**12)"}),
        (1, 1, 0),
    ),
}
