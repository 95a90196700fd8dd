"""Many heads against PyTorch's module, float64 loops and Keras; one form against the other."""

import itertools
import os

import pytest
import torch
from torch import nn

from course_lib.attention.multi_head import (
    MultiHeadAttention,
    ablate,
    head_contributions,
    merge_heads,
    split_heads,
    weighted_norms,
)
from course_lib.checking.noise import noise

B, T, S, H, D_HEAD, D_KEY, D_VALUE, D_QUERY, D_OUT = 2, 5, 7, 3, 4, 11, 13, 17, 19
D_MODEL = H * D_HEAD
WIDTHS = {"same": {}, "kdim": {"d_key": D_KEY}, "vdim": {"d_value": D_VALUE}}
WIDTHS["both"] = {**WIDTHS["kdim"], **WIDTHS["vdim"]}
MASKS = ("none", "causal", "padding", "random", "batch_of_one")
BIAS = (True, False)
CONFIGURATIONS = list(itertools.product(WIDTHS, MASKS, BIAS))


def filled(module: nn.Module, seed: int = 0) -> nn.Module:
    """Fill every parameter with noise: fresh ones hide mistakes."""
    module.double()
    for place, parameter in enumerate(module.parameters()):
        parameter.data = noise(100 * seed + place, *parameter.shape, scale=0.4)
    return module


def some_mask(kind: str, t: int = T, s: int = S) -> torch.Tensor | None:
    if kind == "none":
        return None
    if kind == "causal":
        return torch.ones(t, s, dtype=torch.bool).tril(s - t)
    if kind == "padding":
        return torch.arange(s) < torch.tensor([[[4]], [[6]]])
    mask = noise(9, 1 if kind == "batch_of_one" else B, t, s) > 0
    mask[..., 1] = True
    return mask


def inputs(widths: dict[str, int]) -> tuple[torch.Tensor, ...]:
    d_key, d_value = widths.get("d_key", D_MODEL), widths.get("d_value", D_MODEL)
    d_query = widths.get("d_query", D_MODEL)
    return noise(1, B, T, d_query), noise(2, B, S, d_key), noise(3, B, S, d_value)


def with_gradients(module, tensors, *more):
    leaves = [x.clone().requires_grad_() for x in tensors]
    out = module(*leaves, *more)
    push = noise(7, *out.shape)
    wanted = [*leaves, *module.parameters()]
    return out.detach(), torch.autograd.grad((out * push).sum(), wanted)


def torchs(ours: MultiHeadAttention, widths: dict[str, int]) -> nn.MultiheadAttention:
    """Return PyTorch's module with our weights."""
    theirs = nn.MultiheadAttention(
        D_MODEL,
        H,
        bias=ours.w_q.bias is not None,
        kdim=widths.get("d_key"),
        vdim=widths.get("d_value"),
        batch_first=True,
    ).double()
    weights = [layer.weight.data for layer in (ours.w_q, ours.w_k, ours.w_v)]
    if theirs.in_proj_weight is not None:
        theirs.in_proj_weight.data = torch.cat(weights)
    else:
        names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
        for name, weight in zip(names, weights, strict=True):
            getattr(theirs, name).data = weight
    theirs.out_proj.weight.data = ours.w_o.weight.data
    if ours.w_q.bias is not None:
        biases = [layer.bias.data for layer in (ours.w_q, ours.w_k, ours.w_v)]
        theirs.in_proj_bias.data = torch.cat(biases)
        theirs.out_proj.bias.data = ours.w_o.bias.data
    return theirs


def blocked(mask: torch.Tensor | None) -> torch.Tensor | None:
    """Return our mask as PyTorch's module reads it."""
    if mask is None:
        return None
    return ~mask.expand(B, T, S).repeat_interleave(H, dim=0)


def test_there_are_thirty_configurations_and_more():
    assert len(CONFIGURATIONS) >= 30


@pytest.mark.parametrize("widths, kind, bias", CONFIGURATIONS)
@pytest.mark.parametrize("fused", [False, True], ids=["explicit", "fused"])
def test_agrees_with_pytorchs_module_outputs_weights_and_gradients(widths, kind, bias, fused):
    ours = filled(MultiHeadAttention(D_MODEL, H, bias=bias, fused=fused, **WIDTHS[widths]))
    theirs, mask = torchs(ours, WIDTHS[widths]), some_mask(kind)
    q, k, v = inputs(WIDTHS[widths])
    options = {"attn_mask": blocked(mask), "average_attn_weights": False}
    due, due_weights = theirs(q, k, v, **options)
    assert (ours(q, k, v, mask) - due).abs().max() <= 1e-6
    assert (ours.weights(q, k, mask) - due_weights).abs().max() <= 1e-6
    _, grads = with_gradients(ours, (q, k, v), mask)
    _, due_grads = with_gradients(lambda_module(theirs, options), (q, k, v))
    for yours, expected in zip(grads[:3], due_grads[:3], strict=True):
        assert (yours - expected).abs().max() <= 1e-6


def lambda_module(theirs: nn.MultiheadAttention, options: dict) -> nn.Module:
    class Output(nn.Module):
        def forward(self, q, k, v):
            return theirs(q, k, v, **options)[0]

    return Output()


@pytest.mark.parametrize("kind", [*MASKS, "empty_row"])
@pytest.mark.parametrize("widths", WIDTHS)
def test_the_fused_form_equals_the_explicit_one_in_output_and_gradient(widths, kind):
    mask = some_mask("random" if kind == "empty_row" else kind)
    if kind == "empty_row":
        mask[:, 2] = False
    explicit = filled(MultiHeadAttention(D_MODEL, H, **WIDTHS[widths]))
    fused = filled(MultiHeadAttention(D_MODEL, H, fused=True, **WIDTHS[widths]))
    out, grads = with_gradients(explicit, inputs(WIDTHS[widths]), mask)
    due, due_grads = with_gradients(fused, inputs(WIDTHS[widths]), mask)
    assert (out - due).abs().max() <= 1e-10
    for yours, theirs in zip(grads, due_grads, strict=True):
        assert (yours - theirs).abs().max() <= 1e-10


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("shared", [False, True], ids=["three tensors", "one tensor"])
def test_self_attention_is_the_same_for_one_tensor_given_thrice(fused, shared):
    module = filled(MultiHeadAttention(D_MODEL, H, fused=fused))
    x = noise(1, B, T, D_MODEL)
    again = x if shared else x.clone()
    due = torchs(module, {})(x, x, x, need_weights=False)[0]
    assert (module(x, again, again) - due).abs().max() <= 1e-10


@pytest.mark.parametrize("kind", [*MASKS, "empty_row"])
def test_agrees_with_a_loop_where_inputs_and_output_differ_in_width(kind):
    widths = {"d_query": D_QUERY, "d_key": D_KEY, "d_value": D_VALUE}
    module = filled(MultiHeadAttention(D_MODEL, H, d_out=D_OUT, **widths))
    mask = some_mask("random" if kind == "empty_row" else kind)
    if kind == "empty_row":
        mask[:, 2] = False
    q, k, v = inputs(widths)
    out = module(q, k, v, mask)
    assert out.shape == (B, T, D_OUT)
    assert (out - by_loops(module, q, k, v, mask)).abs().max() <= 1e-10


def by_loops(module, query, key, value, mask):
    """Number by number: batch, head, query, key."""
    q, k, v = module.w_q(query), module.w_k(key), module.w_v(value)
    allowed = torch.ones(B, T, S, dtype=torch.bool) if mask is None else mask.expand(B, T, S)
    merged = torch.zeros(B, T, D_MODEL, dtype=torch.float64)
    for b, h, t in itertools.product(range(B), range(H), range(T)):
        part = slice(h * D_HEAD, (h + 1) * D_HEAD)
        powers = [
            torch.exp((q[b, t, part] * k[b, s, part]).sum() / D_HEAD**0.5) * allowed[b, t, s]
            for s in range(S)
        ]
        total = sum(powers)
        if total > 0:
            rows = [power / total * v[b, s, part] for s, power in enumerate(powers)]
            merged[b, t, part] = torch.stack(rows).sum(0)
    return module.w_o(merged)


def test_a_query_with_nothing_to_attend_to_gets_the_bias_of_w_o():
    mask = some_mask("random")
    mask[:, 2] = False
    for fused in (False, True):
        module = filled(MultiHeadAttention(D_MODEL, H, fused=fused))
        out = module(noise(1, B, T, D_MODEL), *(noise(2, B, S, D_MODEL),) * 2, mask)
        assert (out[:, 2] - module.w_o.bias).abs().max() <= 1e-12


def test_heads_add_up_to_the_output():
    module = filled(MultiHeadAttention(D_MODEL, H, d_out=D_OUT))
    x = noise(1, B, T, D_MODEL)
    _, _, v = module.project(x, x, x)
    added = head_contributions(module.weights(x, x), v, module.w_o.weight)
    assert added.shape == (B, H, T, D_OUT)
    assert (added.sum(1) + module.w_o.bias - module(x, x, x)).abs().max() <= 1e-10


def test_a_silent_head_takes_its_part_away():
    module = filled(MultiHeadAttention(D_MODEL, H))
    x = noise(1, B, T, D_MODEL)
    _, _, v = module.project(x, x, x)
    added = head_contributions(module.weights(x, x), v, module.w_o.weight)
    before = module(x, x, x)
    module.w_o.weight.data = ablate(module.w_o.weight.data, [1], H)
    assert (before - added[:, 1] - module(x, x, x)).abs().max() <= 1e-10


def test_norms_are_the_lengths_of_what_each_key_adds():
    module = filled(MultiHeadAttention(D_MODEL, H))
    x = noise(1, B, T, D_MODEL)
    weights, (_, _, v) = module.weights(x, x), module.project(x, x, x)
    norms = weighted_norms(weights, v, module.w_o.weight)
    one = weights[1, 2, 3, 4] * (v[1, 2, 4] @ module.w_o.weight[:, 2 * D_HEAD : 3 * D_HEAD].T)
    assert torch.isclose(norms[1, 2, 3, 4], one.norm())


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_splitting_and_merging_undo_each_other(lead):
    x = noise(0, *lead, T, D_MODEL)
    heads = split_heads(x, H)
    assert heads.shape == (*lead, H, T, D_HEAD)
    assert torch.equal(heads[..., 1, :, :], x[..., D_HEAD : 2 * D_HEAD])
    assert torch.equal(merge_heads(heads), x)


@pytest.mark.parametrize("n_heads", [0, 5])
def test_heads_must_divide_the_width(n_heads):
    with pytest.raises(ValueError, match=f"d_model = 12 does not split into {n_heads} heads"):
        MultiHeadAttention(12, n_heads)


@pytest.mark.parametrize("kind", ["none", "causal", "random"])
def test_agrees_with_keras(kind, monkeypatch):
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    theirs = keras.layers.MultiHeadAttention(H, D_HEAD, output_shape=D_OUT, dtype="float64")
    widths = {"d_query": D_QUERY, "d_key": D_KEY, "d_value": D_VALUE}
    q, k, v = inputs(widths)
    theirs.build(q.shape, v.shape, k.shape)
    ours = filled(MultiHeadAttention(D_MODEL, H, d_out=D_OUT, **widths))
    theirs.set_weights(as_keras(ours))
    mask = some_mask(kind)
    due = theirs(q, v, key=k, attention_mask=None if mask is None else mask.expand(B, T, S))
    # Keras takes the root of the width in float32.
    assert (ours(q, k, v, mask) - due.cpu()).abs().max() <= 1e-5


def as_keras(ours: MultiHeadAttention) -> list:
    """Return our parameters in Keras' order and shapes: heads on an axis of their own."""
    shaped = []
    for layer in (ours.w_q, ours.w_k, ours.w_v):
        shaped.append(layer.weight.data.T.reshape(-1, H, D_HEAD).numpy())
        shaped.append(layer.bias.data.reshape(H, D_HEAD).numpy())
    shaped.append(ours.w_o.weight.data.T.reshape(H, D_HEAD, D_OUT).numpy())
    return [*shaped, ours.w_o.bias.data.numpy()]
