"""What lesson 10 says, held to what the library and PyTorch do."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_lib.attention.causality import assert_causal
from course_lib.attention.symmetry import is_equivariant
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_10_transformer_block import depth as it
from course_lib.lessons.lesson_10_transformer_block.reference import (
    DecoderBlock,
    EncoderBlock,
    FeedForward,
    Stack,
    block_cost,
    gradient_norms,
    rms_norm,
    swiglu,
)
from course_lib.models import blocks as library


def noisy(module, seed=0):
    """Fill every parameter with noise: fresh ones hide mistakes."""
    for place, parameter in enumerate(module.parameters()):
        parameter.data = noise(100 * seed + place, *parameter.shape)
    return module.double()


@pytest.mark.parametrize("norm_first", [True, False])
def test_the_learners_block_loads_into_the_librarys(norm_first):
    ours = noisy(EncoderBlock(12, 3, 17, norm_first))
    config = library.BlockConfig(d_model=12, n_heads=3, d_ff=17, norm_first=norm_first)
    theirs = library.EncoderBlock(config).double()
    theirs.load_state_dict(ours.state_dict())
    x, mask = noise(1, 2, 5, 12), noise(2, 2, 5, 5) > 0
    assert torch.allclose(ours(x, mask), theirs(x, mask))


def test_the_decoder_block_loads_too():
    ours = noisy(DecoderBlock(12, 3, 17))
    theirs = library.DecoderBlock(library.BlockConfig(d_model=12, n_heads=3, d_ff=17)).double()
    theirs.load_state_dict(ours.state_dict())
    x, memory, causal = noise(1, 2, 5, 12), noise(2, 2, 7, 12), torch.ones(5, 5).tril().bool()
    assert torch.allclose(ours(x, memory, causal), theirs(x, memory, causal))


def test_swiglu_and_rms_norm_are_the_librarys():
    x, network = noise(0, 3, 6), noisy(library.FeedForward(6, 11, "swiglu", bias=False))
    weights = network.w_gate.weight, network.w_in.weight, network.w_out.weight
    assert torch.allclose(swiglu(x, *weights), network(x))
    norm = noisy(library.RMSNorm(6))
    assert torch.allclose(rms_norm(x, norm.weight, 1e-5), norm(x))


def test_one_wide_feed_forward_is_its_activation():
    ff = FeedForward(1, 1)
    state = {name: torch.full_like(p, "weight" in name) for name, p in ff.named_parameters()}
    ff.load_state_dict(state)
    at = torch.linspace(-4, 3, 9)[:, None]
    assert torch.allclose(ff(at), nn.functional.gelu(at), atol=1e-6)


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_block_is_equivariant_and_causal_under_a_mask(norm_first):
    block, rows = noisy(EncoderBlock(8, 2, 32, norm_first)), noise(3, 6, 8)
    causal = torch.ones(6, 6, dtype=torch.bool).tril()
    assert is_equivariant(lambda x: block(x[None])[0], rows)
    assert_causal(lambda x: block(x[None], causal)[0], rows)
    with pytest.raises(AssertionError):
        assert_causal(lambda x: block(x[None])[0], rows)


def test_costs_of_a_block_as_wide_as_gpt2s():
    parameters, flops = block_cost(4608, 768, 3072)
    assert parameters == 7_087_872
    assert flops == 2 * 4 * 4608**2 * 768


def test_fused_attention_costs_three_and_a_half_forward_passes():
    def ratio(attend):
        q, k, v = (torch.randn(1, 4, 64, 8, requires_grad=True) for _ in range(3))
        with FlopCounterMode(display=False) as counter:
            out = attend(q, k, v)
            forward = counter.get_total_flops()
            out.sum().backward()
        return counter.get_total_flops() / forward

    assert ratio(nn.functional.scaled_dot_product_attention) == 3.5
    assert ratio(lambda q, k, v: (q @ k.mT).softmax(-1) @ v) == 3.0


def fresh(n_layers, norm_first, seed=0, xavier=False):
    torch.manual_seed(seed)
    make = partial(EncoderBlock, it.D_MODEL, it.N_HEADS, it.D_FF, norm_first)
    reader = it.OddReader(Stack(make, it.D_MODEL, n_layers))
    if xavier:
        for name, parameter in reader.stack.named_parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
    return reader


def ratio_of_ends(norm_first, **options):
    """Return the first block's gradient over the last one's, mean of three seeds."""
    found = []
    for seed in range(3):
        reader = fresh(24, norm_first, seed, **options)
        it.loss_of(reader, it.practice(), torch.arange(it.BATCH)).backward()
        found.append(gradient_norms(reader.stack.blocks))
    mean = torch.tensor(found).mean(0)
    return (mean[0] / mean[-1]).item()


def test_gradients_by_depth_before_the_first_step():
    assert 1.6 < ratio_of_ends(norm_first=True) < 2.2
    assert 0.65 < ratio_of_ends(norm_first=False) < 0.85


def test_with_xaviers_weights_the_first_block_gets_more_in_both():
    assert 3.5 < ratio_of_ends(norm_first=True, xavier=True) < 5.5
    assert 2.0 < ratio_of_ends(norm_first=False, xavier=True) < 3.5


def test_the_stream_grows_and_the_last_norm_puts_it_right():
    reader = fresh(12, norm_first=True)
    x = reader.embed(it.practice().tokens[:64])
    sizes = []
    for block in reader.stack.blocks:
        x = block(x)
        sizes.append(x.square().mean().sqrt().item())
    assert sizes[-1] > 1.2 * sizes[0]
    assert reader.stack.norm(x).square().mean().sqrt().item() == pytest.approx(1, abs=1e-3)


def test_warm_up_grows_in_a_straight_line():
    assert [it.warmed(1.0, step, 0) for step in (0, 5)] == [1.0, 1.0]
    assert it.warmed(0.1, 49, 100) == pytest.approx(0.05)


def test_replacing_blocks_have_the_same_parameters():
    config = library.BlockConfig(d_model=8, n_heads=2, d_ff=16)
    sizes = [
        [tuple(p.shape) for p in kind(config).parameters()]
        for kind in (library.EncoderBlock, it.WithoutResidual)
    ]
    assert sizes[0] == sizes[1]


def test_a_reader_learns_a_little(monkeypatch):
    monkeypatch.setenv("COURSE_QUIET", "1")
    make = partial(Stack, partial(EncoderBlock, 32, 4, 128), 32, 1)
    trained = it.train_reader(make, seed=0, steps=60, rate=3e-3)
    assert trained.losses[-1] < trained.losses[0]
    assert len(trained.losses) == 60
    assert trained.accuracy > it.CHANCE
