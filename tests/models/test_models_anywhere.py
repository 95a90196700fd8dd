"""The models in half precision, without memory, compiled, and at other sizes and seeds."""

import subprocess
import sys

import pytest
import torch

from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.transformer import Transformer, TransformerConfig

pytestmark = pytest.mark.slow

SIZES = [(12, 3, 1), (10, 5, 2), (16, 1, 3)]


def gpt(d_model=12, n_heads=3, n_layers=2):
    """Return a GPT and tokens for it."""
    config = GPTConfig(
        vocab_size=19, max_len=11, d_model=d_model, n_heads=n_heads, n_layers=n_layers
    )
    return GPT(config), (torch.arange(14).view(2, 7),)


def transformer(d_model=12, n_heads=3, n_layers=2):
    """Return a transformer, a source and a target for it."""
    config = TransformerConfig(
        vocab_size=19, d_model=d_model, n_heads=n_heads, n_layers=n_layers, d_ff=20, dropout=0.0
    )
    source = torch.arange(1, 13).view(2, 6)
    source[1, 4:] = 0
    return Transformer(config), (source, torch.arange(1, 11).view(2, 5))


MODELS = pytest.mark.parametrize("build", [gpt, transformer])


@MODELS
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_finite_and_near(build, dtype):
    torch.manual_seed(0)
    model, inputs = build()
    due = model(*inputs)
    out = model.to(dtype)(*inputs)
    assert out.dtype == dtype and out.isfinite().all()
    assert (out - due).abs().max() <= 0.1 * due.abs().max()
    out.float().logsumexp(-1).mean().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


@MODELS
def test_a_model_needs_no_memory_to_be_built(build):
    with torch.device("meta"):
        model, inputs = build()
        assert all(tensor.is_meta for tensor in model.state_dict().values())
        out = model(*inputs)
    assert out.is_meta and out.shape == (2, inputs[-1].shape[1], 19)


@MODELS
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_step_downhill_lowers_the_loss(build, sizes, seed):
    torch.manual_seed(seed)
    model, inputs = build(*sizes)
    labels = inputs[-1].roll(-1, dims=1)

    def loss():
        return torch.nn.functional.cross_entropy(model(*inputs).flatten(0, 1), labels.flatten())

    before = loss()
    before.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    with torch.no_grad():
        for p in model.parameters():
            p -= 1e-2 * p.grad
    assert loss() < before


COMPILED = """
import sys, torch, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, "tests/models")
import test_models_anywhere as here
for build in (here.gpt, here.transformer):
    torch.manual_seed(0)
    model, inputs = build()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    print((compiled(*inputs) - model(*inputs)).abs().max().item() <= 1e-5)
"""


def test_models_compile_in_one_graph(root):
    # In a process of its own: under these tests shapes are checked, which no graph holds.
    run = subprocess.run(
        [sys.executable, "-c", COMPILED], cwd=root, capture_output=True, text=True, timeout=150
    )
    assert run.stdout.split() == ["True", "True"], run.stderr
