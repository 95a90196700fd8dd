"""Ways around what a task rules out: none earns marks of which no person is asked.

An attack is an answer to A1.2 that is right by a fused call, or one to A1.5 that is right by
joining what is not to be joined. Right answers are shown to nobody.
"""

import ast
import inspect
import json
import textwrap

import pytest
import right_answers
from right_answers import RIGHT

from course_lib.authoring.notebook import as_bytes, solved_notebook
from course_lib.grading import assignments
from course_lib.grading.marks import Marker
from course_lib.grading.sandbox import bubblewrap, ways_around
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import load_task

#: A1.2 in full, but for the call that does the rest: FUSED(q, k, v, mask).
COSINE = """
class CosineAttention(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.w_q, self.w_k = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_v, self.w_o = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.log_scale = nn.Parameter(torch.zeros(n_heads))

    def forward(self, x, prefix):
        q, k, v = (
            w(x).unflatten(-1, (len(self.log_scale), -1)).transpose(1, 2)
            for w in (self.w_q, self.w_k, self.w_v)
        )
        q = nn.functional.normalize(q, dim=-1) * self.log_scale.exp().clamp(max=100)[:, None, None]
        k = nn.functional.normalize(k, dim=-1) * q.shape[-1] ** 0.5
        mask = prefix_mask(prefix, x.shape[1])[:, None]
        return self.w_o(FUSED.transpose(1, 2).flatten(-2))
"""
CALL = "(q, k, v, attn_mask=mask)"
NAME = "scaled_dot_product_attention"
#: Id: what stands before the class, and what stands for FUSED in it.
FUSED = {
    "plainly": ("", f"nn.functional.{NAME}{CALL}"),
    "imported": (f"from torch.nn.functional import {NAME} as near", f"near{CALL}"),
    "in a helper": (
        f"def help_me(*a, **k):\n    return nn.functional.{NAME}(*a, **k)",
        f"help_me{CALL}",
    ),
    "by another name": (f"near = nn.functional.{NAME}", f"near{CALL}"),
    "getattr": ("", f"getattr(nn.functional, '{NAME}'){CALL}"),
    "getattr, in pieces": (
        "",
        f"getattr(nn.functional, 'scaled_dot_' + 'product_attention'){CALL}",
    ),
    "aten": ("", f"torch.ops.aten.{NAME}{CALL}"),
    "aten, imported": ("from torch import ops as o", f"o.aten.{NAME}{CALL}"),
    "torch._C": ("", f"torch._C._nn.{NAME}{CALL}"),
    "jit": (
        f"@torch.jit.script\ndef near(q, k, v, m):\n    return nn.functional.{NAME}(q, k, v, m)",
        "near(q, k, v, mask)",
    ),
    "a thread": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        f"def near(*a):\n    with ThreadPoolExecutor() as pool:\n"
        f"        return pool.submit(nn.functional.{NAME}, *a).result()",
        "near(q, k, v, mask)",
    ),
    "the mode switched off": (
        f"def near(*a):\n    with torch._C.DisableTorchFunction():\n"
        f"        return nn.functional.{NAME}(*a)",
        "near(q, k, v, mask)",
    ),
    "by its dictionary": ("", f"vars(nn.functional)['{NAME}']{CALL}"),
    "by dunders": ("", f"nn.functional.__dict__['scaled_dot_' + 'product_attention']{CALL}"),
    "eval": ("", f"eval('nn.functional.scaled_dot' + '_product_attention'){CALL}"),
    "importlib": (
        "import importlib\nnear = vars(importlib.import_module('torch.nn.functional'))",
        f"near['scaled_dot_product' + '_attention']{CALL}",
    ),
    "sys.modules": (
        "import sys",
        f"getattr(sys.modules['torch.nn.functional'], 'scaled_dot_product' + '_attention'){CALL}",
    ),
    "operator": (
        "from operator import attrgetter\nnear = attrgetter('scaled_dot_product' + '_attention')",
        f"near(nn.functional){CALL}",
    ),
    "a lambda in a list": (
        f"tools = [lambda *a: nn.functional.{NAME}(*a)]",
        "tools[0](q, k, v, mask)",
    ),
    "the library patched": (
        f"torch.near = nn.functional.{NAME}",
        f"torch.near{CALL}",
    ),
    "a class of one's own": (
        f"class Near:\n    call = staticmethod(nn.functional.{NAME})\n",
        f"Near.call{CALL}",
    ),
}
JOIN = """
def streaming_attention(q, blocks):
    keys, values = JOINED([k for k, _ in blocks]), JOINED([v for _, v in blocks])
    scores = q @ keys.T / q.shape[-1] ** 0.5
    return scores.softmax(-1) @ values, scores.logsumexp(-1)
"""
JOINED = {
    "cat": "joined = torch.cat",
    "by hand": """
def joined(parts):
    out, at = parts[0].new_empty(sum(map(len, parts)), parts[0].shape[1]), 0
    for part in parts:
        out[at : at + len(part)] = part
        at += len(part)
    return out
""",
    "columns": "def joined(parts):\n    return torch.column_stack([part.T for part in parts]).T",
    "NumPy": """
import numpy as np
def joined(parts):
    return torch.from_numpy(np.vstack([part.numpy() for part in parts]))
""",
    "float32": "def joined(parts):\n    return torch.cat([p.float() for p in parts]).double()",
}


@pytest.fixture(scope="module")
def marker():
    if bubblewrap.available() is None:
        pytest.skip("bubblewrap is not here")
    task = load_task("assignment", "attention")
    with Sandbox(task.master.sources) as sandbox:
        yield Marker(task, "s", sandbox)


@pytest.fixture(scope="module")
def solved():
    found = assignments.find("attention")
    return json.loads(as_bytes(solved_notebook(found.cells, found.spec)))


def marked(marker, solved, label, code):
    """Mark a notebook whose answers are the mask and one other; return its row and the notes."""
    cells = [cell for cell in solved["cells"] if "def prefix_mask" in "".join(cell["source"])]
    cells += [{**cells[0], "id": "own", "source": code}]
    data = json.dumps({**solved, "cells": cells}).encode()
    marks = marker.mark(HandIn("eve", 1, "A1.ipynb", data))
    assert marks["exercises"][0]["points"] == 1, marks["exercises"][0]["message"]
    row = next(row for row in marks["exercises"] if row["label"] == label)
    return row, marks["notes"]


@pytest.mark.slow
@pytest.mark.parametrize("way", FUSED)
def test_a_fused_call_earns_nothing_or_a_person_is_asked(marker, solved, way):
    before, call = FUSED[way]
    row, notes = marked(marker, solved, "A1.2", f"{before}\n{COSINE.replace('FUSED', call)}")
    assert row["status"] in ("passed", "forbidden"), row["message"]
    asked = any("A1.2 earned its marks" in note and "Read it" in note for note in notes)
    assert asked == (row["points"] > 0), (row, notes)


@pytest.mark.slow
@pytest.mark.parametrize("way", JOINED)
def test_joining_the_blocks_does_not_pay(marker, solved, way):
    row, _ = marked(marker, solved, "A1.5", JOINED[way] + JOIN.replace("JOINED", "joined"))
    assert row["points"] == 0 and "2.5 GB" in row["message"], row


@pytest.mark.parametrize("name", list(assignments.names()))
def test_right_answers_are_shown_to_nobody(name):
    """Neither the course's own, nor those written another way, or as they are handed out."""
    found = assignments.find(name)
    names = {one.name: list(one.forbidden) or ["softmax"] for one in found.spec.exercises}
    book = json.loads(as_bytes(solved_notebook(found.cells, found.spec)))
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    banned = {one.name: one.forbidden for one in found.spec.exercises}
    assert ways_around.ways(cells, banned) == {}
    others = [textwrap.dedent(inspect.getsource(RIGHT[one])) for one in names if one in RIGHT]
    tops = [
        n for n in ast.parse(inspect.getsource(right_answers)).body if isinstance(n, ast.Import)
    ]
    assert ways_around.ways([*map(ast.unparse, tops), *others], banned) == {}


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("def f(x):\n    return x.softmax(-1)", ["x.softmax"]),
        ("def f(x):\n    return torch.special.softmax(x, -1)", ["torch.special", "softmax"]),
        ("import numpy as np\ndef f(x):\n    return np.exp(x)", ["import numpy"]),
        (
            "def f(x):\n    return g(x)\ndef g(x):\n    return getattr(x, 'soft' + 'max')(-1)",
            ["getattr"],
        ),
        ("def f(x):\n    return 1\ndef g(x):\n    return eval('x')", []),
        ("import numpy as np\ndef f(x):\n    return x.exp()", []),
        ("class f(nn.Module):\n    def g(self):\n        return self.softmax", []),
        ("torch.exp = 3\ndef f(x):\n    return x", ["torch.exp = …"]),
        ("def f(x:\n", []),
    ],
)
def test_what_an_answer_reaches_is_looked_at(source, seen):
    found = ways_around.ways([source], {"f": ["softmax"]}).get("f", [])
    assert bool(found) == bool(seen)
    assert all(any(part in one for one in found) for part in seen), found


# ---------------------------------------------------------------- what is judged beside an answer

#: A mask that is right, and writes into the lengths that it was given.
CHANGES = """
def prefix_mask(prefix, n):
    t, s, p = torch.arange(n)[:, None], torch.arange(n), prefix[:, None, None].clone()
    prefix.zero_()
    return (s < p) | (s <= t)
"""
FORGED = {
    "honestly": "",
    "the comparison patched": "torch.equal = lambda a, b: True",
    "patched by setattr": "setattr(torch, 'equal', lambda a, b: True)",
    "the checker patched": "from course_lib.checking import run\nrun._changed = lambda *a: ()",
    "by sys.modules": "import sys\nsys.modules['course_lib.checking.run']._changed = lambda *a: ()",
    "through a frame": "import sys\nframe = sys._getframe(1)\n"
    "while frame and '_changed' not in frame.f_globals:\n    frame = frame.f_back",
    "through gc": "import gc\nfor one in gc.get_objects():\n"
    "    if type(one) is dict and '_changed' in one and 'gradients_of' in one:\n"
    "        one['_changed'] = lambda *a: ()",
}


@pytest.mark.slow
@pytest.mark.parametrize("way", FORGED)
def test_a_change_of_inputs_earns_nothing_or_a_person_is_asked(marker, solved, way):
    cells = [{**solved["cells"][1], "cell_type": "code", "outputs": [], "execution_count": None}]
    cells[0] |= {"id": "forge", "metadata": {}, "source": FORGED[way] + CHANGES}
    data = json.dumps({**solved, "cells": cells}).encode()
    marks = marker.mark(HandIn("eve", 1, "A1.ipynb", data))
    row, notes = marks["exercises"][0], marks["notes"]
    assert row["points"] == 0 or any("Read it and decide" in note for note in notes), (row, notes)
    assert row["points"] == 0 if way == "honestly" else True, row
