"""Leaks are found by gradient, also behind a norm whose rows always sum to the same number."""

import pytest
import torch
from torch import nn

from course_lib.attention.causality import assert_causal, influence


def leaky(x):
    return nn.functional.layer_norm(x + x.sum(0), x.shape[-1:])


def test_a_norm_does_not_hide_a_leak():
    x = torch.randn(5, 7, generator=torch.Generator().manual_seed(0)).double()
    assert influence(leaky, x).all()
    with pytest.raises(AssertionError, match="output 0 has seen input 1"):
        assert_causal(leaky, x)


def test_a_norm_by_itself_sees_its_own_row_alone():
    x = torch.randn(5, 7, generator=torch.Generator().manual_seed(1)).double()
    rows = influence(lambda x: nn.functional.layer_norm(x, (7,)), x)
    assert torch.equal(rows, torch.eye(5, dtype=torch.bool))
