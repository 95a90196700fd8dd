"""The blocks against PyTorch's layers on the same weights, and their parts one by one."""

import pytest
import torch
import torch.nn.functional as F
from foreign import TOLERANCE, all_gradients, assert_equal_states, loaded, rows
from torch import nn

from course_lib.attention.causality import assert_causal, influence
from course_lib.attention.masks import causal_mask
from course_lib.attention.multi_head import MultiHeadAttention
from course_lib.models.blocks import (
    BlockConfig,
    DecoderBlock,
    EncoderBlock,
    FeedForward,
    RMSNorm,
)
from course_lib.models.causal_attention import CausalSelfAttention
from course_lib.models.weights import (
    from_torch_decoder_layer,
    from_torch_encoder_layer,
    noise_fill,
)

KINDS = [
    pytest.param(norm_first, activation, dtype, id=f"{name}-{activation}-{dtype}".lower())
    for norm_first, name in ((False, "post"), (True, "pre"))
    for activation in ("relu", "gelu")
    for dtype in TOLERANCE
]


def both(layer, block, translate, norm_first, activation, dtype):
    """Return PyTorch's layer, filled with noise, and our block with its weights."""
    theirs = layer(
        12, 3, 20, 0.0, activation, batch_first=True, norm_first=norm_first, layer_norm_eps=1e-5
    )
    # In training PyTorch takes the path that its gradients are made for; dropout is 0.
    theirs = noise_fill(theirs, seed=3).to(dtype).train()
    config = BlockConfig(
        d_model=12, n_heads=3, d_ff=20, norm_first=norm_first, activation=activation
    )
    return theirs, loaded(block(config), translate(theirs.state_dict()), dtype)


@pytest.mark.parametrize("norm_first, activation, dtype", KINDS)
def test_the_encoder_block_is_pytorchs(norm_first, activation, dtype):
    theirs, ours = both(
        nn.TransformerEncoderLayer,
        EncoderBlock,
        from_torch_encoder_layer,
        norm_first,
        activation,
        dtype,
    )
    real = torch.arange(7) < torch.tensor([[7], [4]])
    x, y = rows(1, 2, 7, 12, dtype=dtype), rows(1, 2, 7, 12, dtype=dtype)
    push = rows(2, 2, 7, 12, dtype=dtype).detach()
    due = theirs(x, src_key_padding_mask=~real)
    out = ours(y, real[:, None])
    assert (out - due).abs().max() <= TOLERANCE[dtype]
    (due * push).sum().backward()
    (out * push).sum().backward()
    assert (y.grad - x.grad).abs().max() <= TOLERANCE[dtype]
    assert_equal_states(all_gradients(ours), from_torch_encoder_layer(all_gradients(theirs)), dtype)


@pytest.mark.parametrize("norm_first, activation, dtype", KINDS)
def test_the_decoder_block_is_pytorchs(norm_first, activation, dtype):
    theirs, ours = both(
        nn.TransformerDecoderLayer,
        DecoderBlock,
        from_torch_decoder_layer,
        norm_first,
        activation,
        dtype,
    )
    causal, real = causal_mask(5), torch.arange(7) < torch.tensor([[6], [3]])
    x, memory = rows(1, 2, 5, 12, dtype=dtype), rows(4, 2, 7, 12, dtype=dtype)
    y, memory_y = rows(1, 2, 5, 12, dtype=dtype), rows(4, 2, 7, 12, dtype=dtype)
    push = rows(2, 2, 5, 12, dtype=dtype).detach()
    due = theirs(x, memory, tgt_mask=~causal, memory_key_padding_mask=~real)
    out = ours(y, memory_y, causal, real[:, None])
    assert (out - due).abs().max() <= TOLERANCE[dtype]
    (due * push).sum().backward()
    (out * push).sum().backward()
    assert (y.grad - x.grad).abs().max() <= TOLERANCE[dtype]
    assert (memory_y.grad - memory.grad).abs().max() <= TOLERANCE[dtype]
    assert_equal_states(all_gradients(ours), from_torch_decoder_layer(all_gradients(theirs)), dtype)


def test_layers_without_biases_are_pytorchs():
    theirs = nn.TransformerEncoderLayer(12, 3, 20, 0.0, batch_first=True, bias=False)
    theirs = noise_fill(theirs, seed=3).double()
    config = BlockConfig(
        d_model=12, n_heads=3, d_ff=20, norm_first=False, activation="relu", bias=False
    )
    state = from_torch_encoder_layer(theirs.state_dict())
    ours = loaded(EncoderBlock(config), state, torch.float64)
    x = rows(1, 2, 7, 12, dtype=torch.float64)
    assert (ours(x) - theirs(x)).abs().max() <= 1e-9


def block(kind, **options):
    """Return a block filled with noise, in float64."""
    config = BlockConfig(d_model=12, n_heads=3, d_ff=20, **options)
    return noise_fill(kind(config), seed=5).double().eval()


def test_a_row_with_nothing_to_attend_to_has_finite_gradients():
    ours, x = block(EncoderBlock), rows(1, 2, 5, 12, dtype=torch.float64)
    nothing = torch.zeros(2, 1, 5, dtype=torch.bool)
    out = ours(x, nothing)
    out.square().sum().backward()
    assert x.grad.isfinite().all()
    assert all(gradient.isfinite().all() for gradient in all_gradients(ours).values())
    # What is left is the output's bias, and the network at each position.
    alone = x + ours.attn.w_o.bias
    assert (out - (alone + ours.ff(ours.norm2(alone)))).abs().max() <= 1e-12


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("norm", ["layer", "rms"])
def test_a_causal_mask_makes_a_causal_block(norm_first, norm):
    ours = block(EncoderBlock, norm_first=norm_first, norm=norm)
    x = rows(1, 6, 12, dtype=torch.float64)
    assert_causal(lambda x: ours(x[None], causal_mask(6))[0], x)
    assert influence(lambda x: ours(x[None])[0], x).all()


def test_the_decoder_block_reads_all_of_memory_and_nothing_ahead():
    ours, memory = block(DecoderBlock), rows(2, 1, 4, 12, dtype=torch.float64)
    x = rows(1, 6, 12, dtype=torch.float64)
    assert_causal(lambda x: ours(x[None], memory, causal_mask(6))[0], x)
    ours(x[None], memory, causal_mask(6)).square().sum().backward()
    assert (memory.grad.abs().amax(-1) > 0).all()


@pytest.mark.parametrize("norm_first", [True, False])
def test_cross_weights_are_those_of_the_forward_pass(norm_first):
    ours = block(DecoderBlock, norm_first=norm_first)
    x, memory = (rows(seed, 2, n, 12, dtype=torch.float64) for seed, n in ((1, 6), (2, 4)))
    seen, (mask, keys) = [], (causal_mask(6), torch.ones(2, 1, 4, dtype=torch.bool))
    keys[1, :, 3] = False
    hook = ours.cross.register_forward_pre_hook(lambda _, args: seen.append(args))
    ours(x, memory, mask, keys)
    hook.remove()
    due = ours.cross.weights(seen[0][0], memory, keys)
    weights = ours.cross_weights(x, memory, mask, keys)
    assert weights.shape == (2, 3, 6, 4) and torch.equal(weights, due)
    assert (weights[1, ..., 3] == 0).all()


def test_one_product_for_three_is_multi_head_attention():
    lean = noise_fill(CausalSelfAttention(12, 3), seed=1).double()
    plain = MultiHeadAttention(12, 3).double()
    state = {"w_o.weight": lean.w_o.weight, "w_o.bias": lean.w_o.bias}
    for part in ("weight", "bias"):
        stacked = getattr(lean.w_qkv, part).chunk(3)
        state |= {f"w_{n}.{part}": x for n, x in zip("qkv", stacked, strict=True)}
    plain.load_state_dict(state)
    x = rows(2, 2, 7, 12, dtype=torch.float64)
    assert (lean(x) - plain(x, x, x, causal_mask(7))).abs().max() <= 1e-12
    assert (lean.weights(x) - plain.weights(x, x, causal_mask(7))).abs().max() <= 1e-12


@pytest.mark.parametrize(
    "activation, f",
    [
        ("relu", F.relu),
        ("gelu", F.gelu),
        ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh")),
    ],
)
def test_feed_forward_is_two_layers(activation, f):
    ff, x = noise_fill(FeedForward(6, 10, activation), seed=0), torch.randn(3, 6)
    due = f(x @ ff.w_in.weight.T + ff.w_in.bias) @ ff.w_out.weight.T + ff.w_out.bias
    assert torch.allclose(ff(x), due, atol=1e-6)


def test_swiglu_has_a_gate():
    ff, x = noise_fill(FeedForward(6, 10, "swiglu", bias=False), seed=0), torch.randn(3, 6)
    gate, hidden = x @ ff.w_gate.weight.T, x @ ff.w_in.weight.T
    assert torch.allclose(ff(x), (gate * gate.sigmoid() * hidden) @ ff.w_out.weight.T, atol=1e-6)
    assert sum(p.numel() for p in ff.parameters()) == 3 * 6 * 10


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_rms_norm_is_pytorchs(dtype):
    theirs = noise_fill(nn.RMSNorm(10, eps=1e-5), seed=1).to(dtype)
    ours = loaded(RMSNorm(10), theirs.state_dict(), dtype)
    x = rows(1, 3, 10, dtype=dtype)
    assert (ours(x) - theirs(x)).abs().max() <= TOLERANCE[dtype]


def test_rms_norm_survives_squares_beyond_half_precision():
    out = RMSNorm(4).half()(torch.full((1, 4), 3000.0, dtype=torch.float16))
    assert torch.allclose(out, torch.ones_like(out), atol=1e-3)


def test_dropout_drops_in_training_alone():
    ours = block(EncoderBlock, dropout=0.5)
    x = rows(1, 1, 5, 12, dtype=torch.float64)
    assert torch.equal(ours(x), ours(x))
    ours.train()
    assert not torch.equal(ours(x), ours(x))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_heads": 5}, "d_model = 12 does not split into 5 heads"),
        ({"n_heads": 0}, "n_heads = 0: it is 1 or more"),
        ({"d_ff": 0}, "d_ff = 0: it is 1 or more"),
        ({"dropout": 1.0}, "dropout = 1.0: it is 0 or more and less than 1"),
        ({"activation": "tanh"}, "activation is one of relu, gelu, gelu_tanh, swiglu, not 'tanh'"),
        ({"norm": "batch"}, "norm is layer or rms, not 'batch'"),
    ],
)
def test_wrong_sizes_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        BlockConfig(**{"d_model": 12, "n_heads": 3, "d_ff": 20} | options)


def test_noise_fills_every_parameter_and_statistic():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LayerNorm(4))
    noise_fill(module, seed=0)
    again = noise_fill(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LayerNorm(4)), seed=0)
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
        if tensor.is_floating_point():
            assert (tensor != 0).all() and (tensor != 1).all() and len(tensor.unique()) > 1
