"""Rewriting code keeps its results, and leaves alone what it does not fit."""

import pytest
import torch

from tools.spelling.rewrites import REWRITES, rewrite

SOURCE = """
import torch

def f(x, y):
    made = (x @ y / 2).softmax(-1)
    kept = made.masked_fill(made < 0.1, 0.0)
    return kept.mean(-1) + kept.sum(-1)
"""


def run(source: str) -> torch.Tensor:
    names: dict = {}
    exec(source, names)
    made = torch.Generator().manual_seed(0)
    x, y = (torch.randn(*shape, generator=made).double() for shape in ((3, 4), (4, 5)))
    return names["f"](x, y)


@pytest.mark.parametrize("how", list(REWRITES))
def test_a_rewrite_changes_the_code_and_keeps_the_result(how):
    text = rewrite(SOURCE, how)
    assert text is not None
    assert torch.allclose(run(text), run(SOURCE), atol=1e-12)


def test_what_does_not_fit_is_left_alone():
    assert rewrite("def f(x):\n    return x", "by einsum") is None
    assert rewrite("import torch\ndef f(x):\n    return torch.sum(x)", "as functions") is None
