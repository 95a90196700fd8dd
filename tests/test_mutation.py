"""The mutation run: what a mutant is, and how mutants are told apart."""

import ast

import pytest

from tools.mutation.operators import Mutant, mutants
from tools.mutation.work import Bench, Crew, Task

pytestmark = pytest.mark.slow

SOURCE = '''
import math

def helper(x):
    return x + 1

def attend(q, k, causal=True):
    """Return 1 + 1."""
    weights = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(dim=-1)
    if causal and len(q) > 2:
        weights = weights.tril()
    return weights[:, 1:]
'''


def changes(source: str, name: str = "f") -> set[str]:
    return {mutant.now for mutant in mutants(source, name)}


def test_mutants_are_programs_that_differ_from_each_other() -> None:
    found = mutants(SOURCE, "attend")
    texts = [mutant.source for mutant in found]
    assert len(texts) == len(set(texts)) > 30
    for text in texts:
        ast.parse(text)


def test_signatures_docstrings_and_other_functions_stay() -> None:
    for mutant in mutants(SOURCE, "attend"):
        assert "return x + 1" in mutant.source
        assert "def attend(q, k, causal=True):" in mutant.source
        assert "Return 1 + 1." in mutant.source


@pytest.mark.parametrize(
    "line, now",
    [
        ("x + y", "return x - y"),
        ("x - y", "return y - x"),
        ("x / y", "return x * y"),
        ("x @ y", "return x"),
        ("x ** 2", "return x * 2"),
        ("x < y", "return x <= y"),
        ("x and y", "return x or y"),
        ("~x", "return x"),
        ("-x", "return x"),
        ("x & y", "return x | y"),
        ("x.sum(-1)", "return x.sum(-2)"),
        ("x.sum(dim=-1)", "return x.sum()"),
        ("x.sum(0)", "return x.sum(-1)"),
        ("torch.exp(x)", "return x"),
        ("x.exp()", "return x"),
        ("x.transpose(1, 2)", "return x.transpose(2, 1)"),
        ("x.mT", "return x"),
        ("x.tril()", "return x.triu()"),
        ("max(x, y)", "return min(x, y)"),
        ("x[1:]", "return x[:]"),
        ("x[None]", "return x"),
        ("y * 2", "return y * 4"),
        ("y * 0.5", "return y * -0.5"),
        ("torch.any(x, keepdim=True)", "return torch.any(x, keepdim=False)"),
        ("x if y else 3", "return 3"),
        ("torch.einsum('td,sd->ts', x, y)", "return torch.einsum('td,sd->st', x, y)"),
        ("rearrange(x, 'b t (h d) -> b h t d')", "return rearrange(x, 'b t (h d) -> b h d t')"),
    ],
)
def test_a_line_becomes_another(line: str, now: str) -> None:
    assert now in changes(f"def f(x, y):\n    return {line}\n")


def test_statements_are_dropped() -> None:
    source = "def f(x):\n    y = x\n    y += 1\n    for i in x:\n        y = i\n    return y\n"
    dropped = [mutant for mutant in mutants(source, "f") if mutant.now == "pass"]
    assert {mutant.was.split(" ⏎ ")[0] for mutant in dropped} == {
        "y = x",
        "y += 1",
        "for i in x:",
        "y = i",
    }


def test_methods_of_a_class_are_changed() -> None:
    source = "class F:\n    def __init__(self, n):\n        self.n = n + 1\n"
    assert "self.n = n - 1" in changes(source, "F")


def test_a_mutant_reads_as_a_difference() -> None:
    assert str(Mutant("", was="return x", now="return y")) == "- return x\n+ return y"


# ---------------------------------------------------------------- trying them

SAME = "def scaled_scores(q, k):\n    return q @ k.transpose(-1, -2) / math.sqrt(k.shape[-1])\n"
UNSCALED = "def scaled_scores(q, k):\n    return q @ k.transpose(-2, -1)\n"
SPINS = "def scaled_scores(q, k):\n    while True:\n        pass\n"
DIES = "def scaled_scores(q, k):\n    import os\n    os._exit(0)\n"


def test_a_mutant_that_differs_is_told_from_one_that_does_not() -> None:
    bench = Bench("04")
    assert bench.passes("scaled_scores", SAME)
    assert not bench.passes("scaled_scores", UNSCALED)
    *_, found = bench.differences("scaled_scores", [SAME, UNSCALED], draws=50)
    assert set(found) == {1}
    assert "Inputs: q=" in found[1]


def test_whatever_a_mutant_does_the_run_goes_on() -> None:
    tasks = [Task("check", "scaled_scores", (source,)) for source in (SPINS, DIES, SAME)]
    answers = {task.sources[0]: answer for task, answer in Crew("04", size=1).run(tasks)}
    assert answers == {SPINS: False, DIES: None, SAME: True}
