"""Lesson 10 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_10.py`."""

from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.exercise import (
    Case,
    Exercise,
    LessonSpec,
    Option,
    Prediction,
    Property,
    Question,
)
from course_lib.checking.noise import generator, noise, pick
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_10_transformer_block import mistakes as wrong

REFERENCE = "course_lib.lessons.lesson_10_transformer_block.reference"
B, H, T, S, D, D_FF = 2, 3, 5, 7, 12, 17
Seed = int | np.random.Generator

# ---------------------------------------------------------------- 10.1 layer norm, 10.2 RMSNorm


def norm_args(seed: Seed, *shape: int, scale: float = 1.0, bias: bool = True) -> tuple[Tensor, ...]:
    """Rows that are not centred, a gain, and perhaps a bias."""
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    rows = (noise(rng, *shape) + 0.5 * noise(rng, 1)) * scale
    return (rows, noise(rng, shape[-1]), *((noise(rng, shape[-1]),) if bias else ()))


def layer_norm_cases() -> list[Case]:
    row = torch.tensor([1.0, 1, 5, 5])
    ones, zeros = torch.ones(4), torch.zeros(4)
    equal = torch.full((2, 3), 4.0, dtype=torch.float64)
    return [
        Case(label="one row (1, 1, 5, 5), eps 0", args=(row, ones, zeros, 0.0)),
        *_norm_cases(bias=True),
        Case(label="rows of equal numbers", args=(equal, *norm_args(8, 2, 3)[1:], 1e-5), edge=True),
    ]


def _norm_cases(bias: bool) -> list[Case]:
    drawn = [((3, 7), 1.0, 1e-5, 0), ((B, T, D), 1.0, 1e-3, 1), ((2, 3, 4, 5), 3.0, 1e-5, 2)]
    small = [((4, 6), 0.02, 1e-3, 3), ((3, 4, 8), 0.1, 0.05, 4)]
    return [
        Case(
            label=f"{' × '.join(map(str, shape))}, spread near {scale:g}, eps {eps:g}, seed {seed}",
            args=(*norm_args(seed, *shape, scale=scale, bias=bias), eps),
            gradients=True,
        )
        for shape, scale, eps, seed in drawn + small
    ]


def layer_norm_sample(rng: np.random.Generator) -> Case:
    return _norm_sample(rng, True)


def _norm_sample(rng: np.random.Generator, bias: bool) -> Case:
    shape = tuple(pick(rng, range(1, 5)) for _ in range(pick(rng, (1, 2, 3))))
    scale, eps = (0.1, 1.0, 5.0)[pick(rng, range(3))], (1e-5, 1e-3, 0.1)[pick(rng, range(3))]
    return Case(label="random", args=(*norm_args(rng, *shape, scale=scale, bias=bias), eps))


def layer_norm_oracle(x: Tensor, gain: Tensor, bias: Tensor, eps: float) -> Tensor:
    return F.layer_norm(x, (x.shape[-1],), gain, bias, eps)


def rows_are_normal(call: Any, case: Case, value: Any) -> str | None:
    """Without gain and bias, rows have the mean square that eps leaves them, and the mean asked for."""
    x, gain, *bias, eps = case.args
    rows = (value - bias[0] if bias else value) / gain
    centred = x - x.mean(-1, keepdim=True) if bias else x
    due = centred.square().mean(-1)
    due = due / (due + eps)
    mean, square = rows.mean(-1).flatten()[0], rows.square().mean(-1).flatten()[0]
    if bias and abs(mean) > 1e-3:
        return (
            f"Without gain and bias every row must have mean 0. Yours has {mean:.3f} in the first row of the case "
            f"“{case.label}”: what was subtracted is not the row's own mean."
        )
    if abs(square - due.flatten()[0]) > 1e-3:
        what = "Without gain and bias" if bias else "Without gain"
        return (
            f"{what} the mean of a row's squares must be 1, or a little less for eps: {due.flatten()[0]:.3f} in the first "
            f"row of the case “{case.label}”. Yours is {square:.3f}: what you divide by is not the right size."
        )
    return None


LAYER_NORM = Exercise(
    name="layer_norm",
    title="Layer norm",
    minutes=6,
    difficulty=1,
    proves="every row is centred and scaled by itself, with the variance and the eps that PyTorch uses",
    passed="Agrees with PyTorch's layer_norm in float64, gradients too, also where the variance is small.",
    cases=layer_norm_cases,
    sample=layer_norm_sample,
    oracle=layer_norm_oracle,
    properties=(Property(id="rows_are_normal", holds=rows_are_normal),),
    reference=f"{REFERENCE}.layer_norm",
    forbidden=("layer_norm", "LayerNorm", "native_layer_norm"),
    hints=(
        "Four steps for every row: take away its mean, find its variance, divide, and then use the two learned "
        "vectors. Which axis is a row, and what must happen so that its mean lines up with it again?",
        "centred = x minus the mean of its last axis, kept as an axis of size 1\n"
        "variance = mean of the squares of centred, kept alike\n"
        "centred divided by the root of (variance plus eps)\ntimes gain, plus bias",
        "centred = x - x.mean(-1, keepdim=True), then variance = centred.square().mean(-1, keepdim=True), and "
        "centred / (variance + eps).sqrt() is what gain and bias act on.",
    ),
    wrong_answers=wrong.LAYER_NORM,
)


def rms_norm_cases() -> list[Case]:
    row = torch.tensor([1.0, 7])
    zeros = torch.zeros(2, 3, dtype=torch.float64)
    return [
        Case(label="one row (1, 7), eps 0", args=(row, torch.ones(2), 0.0)),
        *_norm_cases(bias=False),
        Case(label="rows of zeros", args=(zeros, noise(8, 3), 1e-6), edge=True),
    ]


def rms_norm_sample(rng: np.random.Generator) -> Case:
    return _norm_sample(rng, False)


def rms_norm_oracle(x: Tensor, gain: Tensor, eps: float) -> Tensor:
    return F.rms_norm(x, (x.shape[-1],), gain, eps)


RMS_NORM = Exercise(
    name="rms_norm",
    title="RMSNorm",
    minutes=4,
    difficulty=1,
    proves="rows are divided by the root of their mean square, and nothing is centred",
    passed="Agrees with PyTorch's rms_norm in float64, gradients too.",
    cases=rms_norm_cases,
    sample=rms_norm_sample,
    oracle=rms_norm_oracle,
    properties=(Property(id="rows_are_normal", holds=rows_are_normal),),
    reference=f"{REFERENCE}.rms_norm",
    forbidden=("rms_norm", "RMSNorm", "_fused_rms_norm"),
    hints=(
        "Its name says what to divide by, read from right to left: a square, then a mean, then a root. Where does "
        "eps go, so that the root never sees 0?",
        "mean square = mean over the last axis of x squared, kept as an axis of size 1\n"
        "x divided by the root of (mean square plus eps)\ntimes gain",
        "x.square().mean(-1, keepdim=True) is the mean square; add eps, take .sqrt(), divide, and multiply by gain.",
    ),
    wrong_answers=wrong.RMS_NORM,
)

# ---------------------------------------------------------------- parameters of modules


def _linear(rng: np.random.Generator, name: str, d_in: int, d_out: int) -> dict[str, Tensor]:
    weight = noise(rng, d_out, d_in, scale=d_in**-0.5)
    return {f"{name}.weight": weight, f"{name}.bias": noise(rng, d_out, scale=0.5)}


def _norm_state(rng: np.random.Generator, name: str, d: int) -> dict[str, Tensor]:
    return {f"{name}.weight": 1 + noise(rng, d, scale=0.5), f"{name}.bias": noise(rng, d)}


def _attention_state(rng: np.random.Generator, name: str, d: int) -> dict[str, Tensor]:
    state: dict[str, Tensor] = {}
    for part in ("w_q", "w_k", "w_v", "w_o"):
        state |= _linear(rng, f"{name}.{part}", d, d)
    return state


def feed_state(rng: np.random.Generator, d: int, d_ff: int, name: str = "") -> dict[str, Tensor]:
    return _linear(rng, f"{name}w_in", d, d_ff) | _linear(rng, f"{name}w_out", d_ff, d)


def block_state(seed: Seed, d: int, d_ff: int, cross: bool = False) -> dict[str, Tensor]:
    """Noise for every parameter of a block: fresh ones hide mistakes."""
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    state = _norm_state(rng, "norm1", d) | _attention_state(rng, "attn", d)
    state |= _norm_state(rng, "norm2", d)
    if cross:
        state |= _attention_state(rng, "cross", d) | _norm_state(rng, "norm3", d)
    return state | feed_state(rng, d, d_ff, "ff.")


def constant_state(d_ff: int, cross: bool = False) -> dict[str, Tensor]:
    """Sub-layers of width 2 that answer the same whatever they read: (1, 3), (10, 0), (100, 200)."""
    state = {
        name: torch.zeros_like(t).float() for name, t in block_state(0, 2, d_ff, cross).items()
    }
    for name in ("norm1", "norm2", "norm3")[: 2 + cross]:
        state[f"{name}.weight"] += 1
    state["attn.w_o.bias"] += torch.tensor([1.0, 3])
    state["ff.w_out.bias"] += torch.tensor([100.0, 200])
    if cross:
        state["cross.w_o.bias"] += torch.tensor([10.0, 0])
    return state


# ---------------------------------------------------------------- 10.3 feed-forward, 10.4 SwiGLU


def feed_cases() -> list[Case]:
    by_hand = Case(
        label="one number, two in between: GELU(1) and GELU(−1)",
        init={"d_model": 1, "d_ff": 2},
        state={
            "w_in.weight": torch.tensor([[1.0], [-1]]),
            "w_in.bias": torch.zeros(2),
            "w_out.weight": torch.tensor([[1.0, 1]]),
            "w_out.bias": torch.tensor([10.0]),
        },
        args=(torch.tensor([[1.0]]),),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, shape))}, {d_ff} in between, seed {seed}",
            init={"d_model": shape[-1], "d_ff": d_ff},
            state=feed_state(generator(seed), shape[-1], d_ff),
            args=(noise(seed + 20, *shape, scale=2.0),),
            gradients=True,
        )
        for shape, d_ff, seed in (((B, T, 6), 11, 0), ((4, 5), 3, 1), ((2, 3, 4, 7), 13, 2))
    ]
    return [by_hand, *drawn]


def feed_sample(rng: np.random.Generator) -> Case:
    b, t, d, d_ff = (pick(rng, range(1, 5)) for _ in range(4))
    return Case(
        label="random",
        init={"d_model": d, "d_ff": d_ff},
        state=feed_state(rng, d, d_ff),
        args=(noise(rng, b, t, d, scale=2.0),),
    )


def feed_oracle(state: dict[str, Tensor], x: Tensor, *, d_model: int, d_ff: int) -> Tensor:
    hidden = F.gelu(F.linear(x, state["w_in.weight"], state["w_in.bias"]))
    return F.linear(hidden, state["w_out.weight"], state["w_out.bias"])


FEED_FORWARD = Exercise(
    name="FeedForward",
    title="Feed-forward with GELU",
    minutes=8,
    difficulty=2,
    proves="each position is widened, bent by the exact GELU, and narrowed again",
    passed="Agrees with PyTorch's linear layers and its exact GELU, gradients of all weights too.",
    cases=feed_cases,
    sample=feed_sample,
    oracle=feed_oracle,
    protocol=ModuleProtocol(),
    reference=f"{REFERENCE}.FeedForward",
    forbidden=("gelu", "GELU"),
    hints=(
        "Two layers and one function in between. How does the normal distribution function Φ come out of the error "
        "function, and what does GELU multiply it by?",
        "in __init__: w_in from d_model to d_ff, w_out from d_ff to d_model\n"
        "in forward: hidden = w_in of x\n    Φ = half of (1 plus erf of hidden over the root of 2)\n"
        "    w_out of hidden times Φ",
        "self.w_in = nn.Linear(d_model, d_ff), self.w_out the other way round. In forward: "
        "phi = (1 + torch.erf(hidden / 2**0.5)) / 2.",
    ),
    wrong_answers=wrong.FEED_FORWARD,
)


def swiglu_args(seed: Seed, shape: tuple[int, ...], d_ff: int) -> tuple[Tensor, ...]:
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    d = shape[-1]
    return noise(rng, *shape), noise(rng, d_ff, d), noise(rng, d_ff, d), noise(rng, d, d_ff)


def swiglu_cases() -> list[Case]:
    by_hand = Case(
        label="x = (ln 3, 4), one number in between",
        args=(
            torch.tensor([[1.0986123, 4.0]]),
            torch.tensor([[1.0, 0]]),
            torch.tensor([[0.0, 1]]),
            torch.tensor([[1.0], [2]]),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, shape))}, {d_ff} in between, seed {seed}",
            args=swiglu_args(seed, shape, d_ff),
            gradients=True,
        )
        for shape, d_ff, seed in (((B, T, 6), 11, 0), ((4, 5), 3, 1), ((2, 3, 4, 7), 13, 2))
    ]
    return [by_hand, *drawn]


def swiglu_sample(rng: np.random.Generator) -> Case:
    b, t, d, d_ff = (pick(rng, range(1, 5)) for _ in range(4))
    return Case(label="random", args=swiglu_args(rng, (b, t, d), d_ff))


def swiglu_oracle(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    return F.linear(F.silu(F.linear(x, w_gate)) * F.linear(x, w_up), w_down)


SWIGLU = Exercise(
    name="swiglu",
    title="SwiGLU",
    minutes=5,
    difficulty=1,
    proves="a gate bent by SiLU multiplies the other half, and the product is narrowed again",
    passed="Agrees with PyTorch's silu and linear layers, gradients of all weights too.",
    cases=swiglu_cases,
    sample=swiglu_sample,
    oracle=swiglu_oracle,
    reference=f"{REFERENCE}.swiglu",
    hints=(
        "Three products. Two of them read x, and one of these is a gate: which of the three gets the activation, and "
        "where do the two meet?",
        "g = x times w_gate transposed\nopened = g times sigmoid of g\nup = x times w_up transposed\n"
        "opened times up, entry by entry; then times w_down transposed",
        "gate = x @ w_gate.T; gate * torch.sigmoid(gate) is SiLU. Multiply by x @ w_up.T, then @ w_down.T.",
    ),
    wrong_answers=wrong.SWIGLU,
)

# ---------------------------------------------------------------- 10.5 dropout


def uniform(seed: Seed, *shape: int) -> Tensor:
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    return torch.from_numpy(np.asarray(rng.random(shape)))


def dropout_cases() -> list[Case]:
    row, draws = torch.tensor([4.0, 8, 12, 16]), torch.tensor([0.1, 0.7, 0.3, 0.9])
    drawn = [
        Case(
            label=f"{' × '.join(map(str, shape))}, p = {p}, {mode}, seed {seed}",
            args=(noise(seed, *shape), p, mode == "training", uniform(seed + 10, *shape)),
            gradients=True,
        )
        for shape, p, mode, seed in (
            ((4, 7), 0.3, "training", 0),
            ((4, 7), 0.3, "evaluation", 1),
            ((B, T, D), 0.6, "training", 2),
            ((B, T, D), 0.6, "evaluation", 3),
        )
    ]
    none = Case(
        label="p = 0 in training",
        args=(noise(5, 3, 4), 0.0, True, uniform(6, 3, 4)),
        edge=True,
    )
    return [
        Case(label="four numbers, p = 0.2, training", args=(row, 0.2, True, draws)),
        *drawn,
        none,
    ]


def dropout_sample(rng: np.random.Generator) -> Case:
    shape = tuple(pick(rng, range(1, 5)) for _ in range(pick(rng, (1, 2, 3))))
    p = (0.0, 0.1, 0.25, 0.5, 0.9)[pick(rng, range(5))]
    return Case(
        label="random", args=(noise(rng, *shape), p, rng.random() < 0.7, uniform(rng, *shape))
    )


def dropout_oracle(x: Tensor, p: float, training: bool, noise: Tensor) -> Tensor:
    """Number by number."""
    if not training:
        return x.clone()
    pairs = zip(x.flatten(), noise.flatten(), strict=True)
    return torch.stack([v * 0.0 if u < p else v / (1 - p) for v, u in pairs]).view(x.shape)


def the_mean_stays(call: Any, case: Case, value: Any) -> str | None:
    """Averaged over all noise, what comes out is what went in."""
    x, p, training, _ = case.args
    if not training or p == 0:
        return None
    steps = (torch.arange(200, dtype=x.dtype) + 0.5) / 200
    one = torch.full_like(steps, 1.0)
    mean = float(call(one, p, True, steps).mean())
    if abs(mean - 1) < 0.02:
        return None
    return (
        f"On average a number must come out as it went in. Yours gives a 1, at p = {p}, the mean {mean:.2f} over "
        "200 evenly spread draws of the noise."
    )


DROPOUT = Exercise(
    name="dropout",
    title="Dropout",
    minutes=6,
    difficulty=1,
    proves="the right numbers go, the others grow so that the mean stays, and evaluation is left alone",
    passed="Agrees number by number, in training and in evaluation; the mean stays what it was.",
    cases=dropout_cases,
    sample=dropout_sample,
    oracle=dropout_oracle,
    properties=(Property(id="mean_stays", holds=the_mean_stays),),
    reference=f"{REFERENCE}.dropout",
    forbidden=("dropout", "Dropout", "alpha_dropout", "feature_dropout", "native_dropout"),
    hints=(
        "First ask whether anything is to be done at all. Then: which numbers stay, and by which factor must they grow "
        "if a share of 1 − p is left?",
        "not training: return x\nkept = noise at least p\nx where kept, 0 elsewhere, divided by 1 − p",
        "kept = noise >= p is a mask of True and False, and x * kept is 0 where it is False. Divide by (1 - p).",
    ),
    wrong_answers=wrong.DROPOUT,
)

# ---------------------------------------------------------------- 10.6 encoder block


def mask_of(kind: str, seed: int, b: int, t: int, s: int) -> Tensor | None:
    """Return a mask of one kind; every row of it allows something unless the kind says otherwise."""
    if kind == "no mask":
        return None
    if kind == "causal":
        return torch.ones(t, s, dtype=torch.bool).tril()
    if kind == "padding":
        return torch.arange(s) < torch.tensor([[[s - 1 - i % 2]] for i in range(b)])
    mask = noise(seed, b, t, s) > 0
    mask[..., 1] = True
    if kind == "a query with nothing to attend to":
        mask[:, 2, :] = False
    return mask


def encoder_cases() -> list[Case]:
    by_hand = [
        Case(
            label=f"sub-layers that always answer (1, 3) and (100, 200), {form}",
            init={"d_model": 2, "n_heads": 1, "d_ff": 3, "norm_first": form == "pre-norm"},
            state=constant_state(3),
            args=(torch.tensor([[[4.0, 5], [7, 2]]]),),
        )
        for form in ("pre-norm", "post-norm")
    ]
    kinds = ("no mask", "causal", "padding", "a random mask", "a query with nothing to attend to")
    drawn = [
        _encoder_case(kind, norm_first, 2 * place + norm_first)
        for place, kind in enumerate(kinds)
        for norm_first in (True, False)
    ]
    return [*by_hand, *drawn]


def _encoder_case(kind: str, norm_first: bool, seed: int) -> Case:
    x, mask = noise(seed + 10, B, T, D), mask_of(kind, seed + 20, B, T, T)
    form = "pre-norm" if norm_first else "post-norm"
    return Case(
        label=f"{B} sentences, {T} tokens, width {D}, {H} heads, {kind}, {form}, seed {seed}",
        init={"d_model": D, "n_heads": H, "d_ff": D_FF, "norm_first": norm_first},
        state=block_state(seed, D, D_FF),
        args=(x,) if mask is None else (x, mask),
        gradients=True,
        edge=kind.startswith("a query"),
    )


def encoder_sample(rng: np.random.Generator) -> Case:
    b, t, h, d_head, d_ff = (pick(rng, range(1, 4)) for _ in range(5))
    d = h * d_head
    x, mask = noise(rng, b, t, d), noise(rng, b, t, t) > -0.5
    return Case(
        label="random",
        init={"d_model": d, "n_heads": h, "d_ff": d_ff, "norm_first": rng.random() < 0.5},
        state=block_state(rng, d, d_ff),
        args=(x, mask) if rng.random() < 0.5 else (x,),
    )


def torch_names(state: dict[str, Tensor], cross: bool = False) -> dict[str, Tensor]:
    """Rename parameters to those of PyTorch's own layers."""
    theirs = {"norm1": "norm1", "norm2": "norm2", "ff.w_in": "linear1", "ff.w_out": "linear2"}
    theirs |= {"norm3": "norm3"} if cross else {}
    named = {
        f"{new}.{p}": state[f"{old}.{p}"] for old, new in theirs.items() for p in ("weight", "bias")
    }
    attentions = {"attn": "self_attn"} | ({"cross": "multihead_attn"} if cross else {})
    for old, new in attentions.items():
        for p in ("weight", "bias"):
            parts = [state[f"{old}.{name}.{p}"] for name in ("w_q", "w_k", "w_v")]
            named[f"{new}.in_proj_{p}"] = torch.cat(parts)
            named[f"{new}.out_proj.{p}"] = state[f"{old}.w_o.{p}"]
    return named


def blocked(mask: Tensor | None, n_heads: int, *shape: int) -> Tensor | None:
    """Return a mask as PyTorch's layers read it: True = blocked, one for each head."""
    return None if mask is None else ~mask.expand(*shape).repeat_interleave(n_heads, dim=0)


def encoder_oracle(
    state: dict[str, Tensor],
    x: Tensor,
    mask: Tensor | None = None,
    *,
    d_model: int,
    n_heads: int,
    d_ff: int,
    norm_first: bool,
) -> Tensor:
    """`nn.TransformerEncoderLayer` with the same weights."""
    options: dict[str, Any] = {"activation": "gelu", "batch_first": True, "norm_first": norm_first}
    theirs = nn.TransformerEncoderLayer(
        d_model, n_heads, d_ff, dropout=0.0, device="meta", **options
    )
    b, t, _ = x.shape
    inputs = {"src_mask": blocked(mask, n_heads, b, t, t)}
    out: Tensor = torch.func.functional_call(theirs, torch_names(state), (x,), inputs)
    return out


ENCODER_BLOCK = Exercise(
    name="EncoderBlock",
    title="The encoder block, in two forms",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="output and all gradients agree with nn.TransformerEncoderLayer, pre-norm and post-norm, for every mask",
    passed="Agrees with PyTorch's nn.TransformerEncoderLayer on noise-filled weights: both forms, five kinds of mask, gradients too.",
    cases=encoder_cases,
    sample=encoder_sample,
    oracle=encoder_oracle,
    protocol=ModuleProtocol(),
    reference=f"{REFERENCE}.EncoderBlock",
    forbidden=("TransformerEncoderLayer", "MultiheadAttention"),
    hints=(
        "Two sub-layers, and each is added to the stream. Where does the norm stand in each form: on what a sub-layer "
        "reads, or on the sum?",
        "pre-norm: h = norm1 of x; x = x plus attention of h, h, h with the mask; then x plus ff of norm2 of x\n"
        "post-norm: x = norm1 of (x plus attention of x, x, x); then norm2 of (x plus ff of x)",
        "h = self.norm1(x); x = x + self.attn(h, h, h, mask); return x + self.ff(self.norm2(x)) is pre-norm. For "
        "post-norm: x = self.norm1(x + self.attn(x, x, x, mask)), and the feed-forward alike.",
    ),
    wrong_answers=wrong.ENCODER_BLOCK,
)

# ---------------------------------------------------------------- 10.7 decoder block


def decoder_cases() -> list[Case]:
    by_hand = Case(
        label="sub-layers that always answer (1, 3), (10, 0) and (100, 200)",
        init={"d_model": 2, "n_heads": 1, "d_ff": 3},
        state=constant_state(3, cross=True),
        args=(torch.tensor([[[4.0, 5], [7, 2]]]), torch.tensor([[[1.0, 0], [0, 1], [1, 1]]])),
    )
    kinds = (
        ("no mask", "no mask"),
        ("causal", "no mask"),
        ("causal", "padding"),
        ("no mask", "padding"),
    )
    drawn = [_decoder_case(*kind, seed, S) for seed, kind in enumerate(kinds)]
    drawn.append(_decoder_case("a random mask", "a random mask", 4, S))
    as_long = _decoder_case("causal", "a random mask", 5, T)
    empty = _decoder_case("causal", "a query with nothing to attend to", 6, S, edge=True)
    return [by_hand, *drawn, as_long, empty]


def _decoder_case(kind: str, memory_kind: str, seed: int, s: int, edge: bool = False) -> Case:
    masks = {
        "mask": mask_of(kind, seed + 20, B, T, T),
        "memory_mask": mask_of(memory_kind, seed + 30, B, T, s),
    }
    return Case(
        label=f"{B} sentences, {T} tokens, memory of {s}, {H} heads, own mask: {kind}, memory's: {memory_kind}, "
        f"seed {seed}",
        init={"d_model": D, "n_heads": H, "d_ff": D_FF},
        state=block_state(seed, D, D_FF, cross=True),
        args=(noise(seed + 10, B, T, D), noise(seed + 40, B, s, D)),
        kwargs={name: mask for name, mask in masks.items() if mask is not None},
        gradients=True,
        edge=edge,
    )


def decoder_sample(rng: np.random.Generator) -> Case:
    b, t, s, h, d_head, d_ff = (pick(rng, range(1, 4)) for _ in range(6))
    d = h * d_head
    masks = {"mask": noise(rng, b, t, t) > -0.5, "memory_mask": noise(rng, b, t, s) > -0.5}
    return Case(
        label="random",
        init={"d_model": d, "n_heads": h, "d_ff": d_ff},
        state=block_state(rng, d, d_ff, cross=True),
        args=(noise(rng, b, t, d), noise(rng, b, s, d)),
        kwargs={name: mask for name, mask in masks.items() if rng.random() < 0.5},
    )


def decoder_oracle(
    state: dict[str, Tensor],
    x: Tensor,
    memory: Tensor,
    mask: Tensor | None = None,
    memory_mask: Tensor | None = None,
    *,
    d_model: int,
    n_heads: int,
    d_ff: int,
) -> Tensor:
    """`nn.TransformerDecoderLayer`, pre-norm, with the same weights."""
    options: dict[str, Any] = {"activation": "gelu", "batch_first": True, "norm_first": True}
    theirs = nn.TransformerDecoderLayer(
        d_model, n_heads, d_ff, dropout=0.0, device="meta", **options
    )
    (b, t, _), s = x.shape, memory.shape[1]
    masks = {
        "tgt_mask": blocked(mask, n_heads, b, t, t),
        "memory_mask": blocked(memory_mask, n_heads, b, t, s),
    }
    named = torch_names(state, cross=True)
    out: Tensor = torch.func.functional_call(theirs, named, (x, memory), masks)
    return out


DECODER_BLOCK = Exercise(
    name="DecoderBlock",
    title="The decoder block",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="output and all gradients agree with nn.TransformerDecoderLayer, whatever the two masks",
    passed="Agrees with PyTorch's nn.TransformerDecoderLayer on noise-filled weights, gradients of x, memory and all weights too.",
    cases=decoder_cases,
    sample=decoder_sample,
    oracle=decoder_oracle,
    protocol=ModuleProtocol(),
    reference=f"{REFERENCE}.DecoderBlock",
    forbidden=("TransformerDecoderLayer", "MultiheadAttention"),
    hints=(
        "Three sub-layers, all pre-norm, all added. In the middle one, who asks, and whom? Which of its inputs has "
        "been normalised by somebody else before?",
        "h = norm1 of x; x = x plus self-attention of h with mask\n"
        "x = x plus cross-attention: norm2 of x asks the memory, with memory_mask\nx plus ff of norm3 of x",
        "The middle line is x = x + self.cross(self.norm2(x), memory, memory, memory_mask); before and after stand "
        "the two lines of the encoder block, with norm1 and norm3.",
    ),
    wrong_answers=wrong.DECODER_BLOCK,
)

# ---------------------------------------------------------------- 10.8 a stack


class Mixer(nn.Module):
    """A small block for the checks: x + tanh(mean of the allowed rows, times a matrix)."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(d_model, d_model))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        rows = x if mask is None else mask.to(x.dtype) @ x / x.shape[-2]
        return x + torch.tanh(rows @ self.w)


def stack_state(seed: Seed, d: int, n_layers: int) -> dict[str, Tensor]:
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    state = {f"blocks.{place}.w": noise(rng, d, d) for place in range(n_layers)}
    return state | _norm_state(rng, "norm", d)


def stack_cases() -> list[Case]:
    sizes = ((2, 0, "no mask"), (3, 1, "causal"), (4, 2, "a random mask"), (3, 3, "no mask"))
    drawn = [
        Case(
            label=f"{n} small blocks, {B} sentences, {T} tokens, width {d}, {kind}, seed {seed}",
            init={"make_block": partial(Mixer, d), "d_model": d, "n_layers": n},
            state=stack_state(seed, d, n),
            args=(noise(seed + 10, B, T, d), mask_of(kind, seed + 20, B, T, T))[
                : 1 + (kind != "no mask")
            ],
            gradients=True,
        )
        for (n, seed, kind), d in zip(sizes, (3, 4, 6, 7), strict=True)
    ]
    one = Case(
        label="a single block",
        init={"make_block": partial(Mixer, 3), "d_model": 3, "n_layers": 1},
        state=stack_state(4, 3, 1),
        args=(noise(15, B, T, 3),),
        edge=True,
    )
    return [*drawn, one]


def stack_sample(rng: np.random.Generator) -> Case:
    b, t, d, n = (pick(rng, range(1, 5)) for _ in range(4))
    x, mask = noise(rng, b, t, d), noise(rng, b, t, t) > 0
    return Case(
        label="random",
        init={"make_block": partial(Mixer, d), "d_model": d, "n_layers": n},
        state=stack_state(rng, d, n),
        args=(x, mask) if rng.random() < 0.5 else (x,),
    )


def stack_oracle(
    state: dict[str, Tensor],
    x: Tensor,
    mask: Tensor | None = None,
    *,
    make_block: Any,
    d_model: int,
    n_layers: int,
) -> Tensor:
    """The small blocks written out, then PyTorch's layer norm."""
    for place in range(n_layers):
        rows = x if mask is None else mask.to(x.dtype) @ x / x.shape[-2]
        x = x + torch.tanh(rows @ state[f"blocks.{place}.w"])
    return F.layer_norm(x, (d_model,), state["norm.weight"], state["norm.bias"])


STACK = Exercise(
    name="Stack",
    title="Blocks in a row",
    minutes=6,
    difficulty=2,
    proves="every layer has weights of its own, PyTorch finds them all, and one norm closes the stream",
    passed="Right for one to four layers, with and without a mask; gradients reach every block.",
    cases=stack_cases,
    sample=stack_sample,
    oracle=stack_oracle,
    protocol=ModuleProtocol(),
    reference=f"{REFERENCE}.Stack",
    hints=(
        "How many times must make_block be called so that no two layers share weights? And which kind of list does "
        "PyTorch look into?",
        "in __init__: blocks = an nn.ModuleList of n_layers new blocks; norm = a layer norm of d_model\n"
        "in forward: send x through every block, with the mask; return its norm",
        "self.blocks = nn.ModuleList(make_block() for _ in range(n_layers)); in forward a loop with "
        "x = block(x, mask), and after the loop self.norm(x).",
    ),
    wrong_answers=wrong.STACK,
)

# ---------------------------------------------------------------- 10.9 what a block costs


def cost_cases() -> list[Case]:
    sizes = ((5, 2, 3), (7, 6, 11), (3, 8, 32), (64, 32, 128), (11, 5, 2))
    return [Case(label=f"{t} tokens, d_model {d}, d_ff {f}", args=(t, d, f)) for t, d, f in sizes]


def cost_sample(rng: np.random.Generator) -> Case:
    t, d, f = (pick(rng, range(1, 40)) for _ in range(3))
    return Case(label="random", args=(t, d, f))


def cost_oracle(n_tokens: int, d_model: int, d_ff: int) -> tuple[int, int]:
    """PyTorch's own layer: its parameters, and its forward pass under PyTorch's own counter."""
    from torch.utils.flop_counter import FlopCounterMode

    layer = nn.TransformerEncoderLayer(d_model, 1, d_ff, batch_first=True, device="meta")
    counter = FlopCounterMode(display=False)
    with counter:
        layer(torch.zeros(1, n_tokens, d_model, device="meta"))
    return sum(p.numel() for p in layer.parameters()), counter.get_total_flops()


BLOCK_COST = Exercise(
    name="block_cost",
    title="What a block costs",
    minutes=9,
    difficulty=2,
    marks=2,
    proves="your two formulas give the very numbers that PyTorch counts, for any sizes",
    passed="Both numbers equal those that PyTorch counts in its own layer, for five sizes.",
    cases=cost_cases,
    sample=cost_sample,
    oracle=cost_oracle,
    parts=("parameters", "flops"),
    reference=f"{REFERENCE}.block_cost",
    forbidden=("Linear", "LayerNorm", "TransformerEncoderLayer", "FlopCounterMode"),
    hints=(
        "Go through the block's names one by one: norm1, attn, norm2, ff. Which of them hold matrices, which biases? "
        "And which products have no weights at all?",
        "parameters: four projections with bias, two layers of the feed-forward with bias, two norms with gain and bias\n"
        "flops: 2 times tokens times every weight of the six matrices\n"
        "    plus the scores, tokens by tokens by d_model, times 2; plus the mixing, as many again",
        "The projections hold 4 * (d_model**2 + d_model) parameters, the norms 4 * d_model. The scores cost "
        "2 * n_tokens**2 * d_model, and so does the mixing.",
    ),
    wrong_answers=wrong.BLOCK_COST,
)

# ---------------------------------------------------------------- 10.10 gradient norms


def blocks_with_gradients(seed: Seed, n_blocks: int, d: int, frozen: bool = False) -> nn.ModuleList:
    """Small blocks after a backward pass that never was: noise for weights and gradients."""
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    blocks = nn.ModuleList(
        nn.Sequential(nn.Linear(d, d + 1), nn.LayerNorm(d + 1)) for _ in range(n_blocks)
    ).double()
    for parameter in blocks.parameters():
        parameter.data = noise(rng, *parameter.shape)
        parameter.grad = noise(rng, *parameter.shape)
    if frozen:
        list(blocks[-1].parameters())[1].grad = None
    return blocks


def tidy_blocks() -> nn.ModuleList:
    """Two blocks whose gradients are (3, 4) and 12 in two parameters, and 1."""
    blocks = nn.ModuleList([nn.Linear(2, 1), nn.Linear(1, 1)])
    grads = ([[[3.0, 4.0]], [12.0]], [[[1.0]], [0.0]])
    for block, found in zip(blocks, grads, strict=True):
        for parameter, grad in zip(block.parameters(), found, strict=True):
            parameter.data.fill_(0.5)
            parameter.grad = torch.tensor(grad)
    return blocks


def gradient_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{n} blocks of two layers, width {d}, seed {seed}",
            args=(blocks_with_gradients(seed, n, d),),
        )
        for n, d, seed in ((2, 3, 0), (4, 5, 1), (3, 2, 2))
    ]
    frozen = Case(
        label="one bias without a gradient", args=(blocks_with_gradients(3, 2, 4, True),), edge=True
    )
    by_hand = Case(
        label="two blocks with gradients (3, 4), (12) and (1), (0)", args=(tidy_blocks(),)
    )
    return [by_hand, *drawn, frozen]


def gradient_sample(rng: np.random.Generator) -> Case:
    n, d = pick(rng, range(1, 5)), pick(rng, range(1, 5))
    return Case(label="random", args=(blocks_with_gradients(rng, n, d, rng.random() < 0.3),))


def gradient_oracle(blocks: nn.ModuleList) -> list[float]:
    """All of a block's gradients in one long vector, and NumPy's norm of it."""
    found = []
    for block in blocks:
        parts = [p.grad.flatten().numpy() for p in block.parameters() if p.grad is not None]
        found.append(float(np.linalg.norm(np.concatenate(parts))))
    return found


GRADIENT_NORMS = Exercise(
    name="gradient_norms",
    title="Gradient norms by depth",
    minutes=5,
    difficulty=1,
    proves="each number is the length of one block's whole gradient",
    passed="Agrees with NumPy's norm of all gradients of a block, laid end to end.",
    cases=gradient_cases,
    sample=gradient_sample,
    oracle=gradient_oracle,
    reference=f"{REFERENCE}.gradient_norms",
    hints=(
        "A block's gradient is one long vector, cut into the shapes of its parameters. How do squared lengths of the "
        "pieces make the squared length of the whole?",
        "for each block: start at 0\n    for each of its parameters that has a gradient: add the sum of its squares\n"
        "    the root of the total is the block's number",
        "p.grad.square().sum().item() is a piece's squared length; skip p where p.grad is None. total ** 0.5 is the root.",
    ),
    wrong_answers=wrong.GRADIENT_NORMS,
)

# ---------------------------------------------------------------- guesses and questions

PREDICTIONS = (
    Prediction(
        id="scale",
        question="You multiply every number of a row by 10, then apply layer norm with gain 1 and bias 0. What comes out?",
        options=("ten times as much", "the same, but for eps", "a tenth"),
        answer="the same, but for eps",
        because="Mean and spread grow tenfold as well, and cancel. Only eps stays behind, and hardly counts.",
    ),
    Prediction(
        id="residual",
        question="Six blocks, equal parameters, equal budget: what do you lose if each sub-layer replaces the stream, norm(f(x)), "
        "in place of adding to it?",
        options=(
            "nothing: training makes up for it",
            "a few points of accuracy",
            "nearly everything: it stays near guessing",
        ),
        answer="nearly everything: it stays near guessing",
        because="Each of twelve sub-layers must hand on all that later ones need. At the start none of them does, and what "
        "tells the tokens apart is lost on the way.",
    ),
    Prediction(
        id="share",
        question="With d_ff = 4 · d_model, where do a block's parameters lie?",
        options=(
            "two thirds in the feed-forward",
            "two thirds in attention",
            "half in each",
            "mostly in the norms",
        ),
        answer="two thirds in the feed-forward",
        because="Attention has 4 · d² weights, the feed-forward 2 · d · 4d = 8 · d².",
    ),
    Prediction(
        id="length",
        question="d_model = 768, d_ff = 3072. From how many tokens on do scores and mixing cost more FLOPs than all six matrices?",
        options=("about 200", "768", "about 4,600", "never"),
        answer="about 4,600",
        because="The matrices cost 24 · T · d², scores and mixing 4 · T² · d: equal at T = 6 · d = 4,608.",
    ),
    Prediction(
        id="backward",
        question="PyTorch's fused attention, forward and backward together: how many times the FLOPs of its forward pass?",
        options=("2 times", "3 times", "3.5 times"),
        answer="3.5 times",
        because="Two products forward, four for the gradients, and one again: the weights were not kept, so the backward "
        "pass makes the scores once more. That is 2 + 5 against 2.",
    ),
    Prediction(
        id="depth",
        question="24 blocks, before the first step. In which stack do the gradients of first and last block differ more?",
        options=(
            "post-norm: the first block gets next to nothing",
            "post-norm: the first block gets far more",
            "pre-norm: the first block gets nearly twice as much",
            "post-norm: the last block gets nearly twice as much",
        ),
        answer="pre-norm: the first block gets nearly twice as much",
        because="Pre-norm, a gradient arrives whole on the straight path, and every block on its way down adds a share: the first "
        "block receives most. In the post-norm stack it is the last block that gets more, by about a third.",
    ),
    Prediction(
        id="stall",
        question="Twelve post-norm blocks, Adam at a rate of 0.003, no warm-up, 300 steps, three seeds. What happens?",
        options=(
            "all learn, as pre-norm does",
            "all learn, only more slowly",
            "some stall near guessing",
            "all stall near guessing",
        ),
        answer="some stall near guessing",
        because="Two of the three recorded seeds stayed below 10 % right, the third passed 98 %. With 100 steps of warm-up, or with a "
        "third of the rate, all three learn.",
    ),
)

QUIZ = (
    Question(
        text="A layer norm is written with torch.std(x, -1) and otherwise right. Its results are a little too small. Why?",
        options=(
            Option(
                text="eps is missing", why="Without eps the results would be larger, by a hair."
            ),
            Option(
                text="torch.std divides by d − 1",
                why="A larger divisor, by √(d / (d − 1)). At d = 512 that is a tenth of a per cent, easy to miss.",
                right=True,
            ),
            Option(
                text="std runs over the wrong axis",
                why="Axis −1 is a row's own, as it should be. The correction is what differs.",
            ),
        ),
    ),
    Question(
        text="Which of these lets a gradient pass from the loss to block 0 without meeting a norm of another block?",
        options=(
            Option(
                text="x + f(norm(x))",
                why="The sum's first term is x itself, so the stream passes all blocks as it is.",
                right=True,
            ),
            Option(
                text="norm(x + f(x))",
                why="Every block's norm stands on the stream, so a gradient passes two norms a block.",
            ),
            Option(
                text="norm(x) + f(norm(x))",
                why="It looks like pre-norm, but the stream itself is normalised in every block.",
            ),
        ),
    ),
    Question(
        text="You forget model.eval() before you measure accuracy. The model has dropout 0.1. What happens?",
        options=(
            Option(
                text="The accuracy is measured on thinned-out activations",
                why="Dropout stays active in training mode, so the figure is noisy, and mostly too low.",
                right=True,
            ),
            Option(
                text="All activations are a tenth too large",
                why="Those that stay are enlarged, but others are 0: the mean is right. It is the noise that hurts.",
            ),
            Option(
                text="Nothing: dropout needs a backward pass",
                why="Dropout acts in the forward pass, whenever the module is in training mode.",
            ),
        ),
    ),
    Question(
        text="nn.ModuleList([block] * 6) has the right length. How do you notice what is wrong?",
        options=(
            Option(
                text="It has the parameters of one block",
                why="All six places hold the same object, so parameters() gives each tensor once.",
                right=True,
            ),
            Option(
                text="It raises when it is called",
                why="It runs, and even trains: one block, used six times.",
            ),
            Option(
                text="Its output has another shape",
                why="Every block returns the shape that it was given; sharing changes no shape.",
            ),
        ),
    ),
    Question(
        text="You double d_model and d_ff and halve the number of tokens. What happens to the FLOPs of a block's matrices?",
        options=(
            Option(text="They stay", why="Weights grow fourfold, tokens are halved: 4 · ½ = 2."),
            Option(
                text="They double",
                why="2 · T · weights, with four times the weights and half the tokens.",
                right=True,
            ),
            Option(
                text="They grow fourfold",
                why="That would be so for the same number of tokens.",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="10",
    slug="transformer_block",
    title="The transformer block",
    minutes=75,
    needs=("09",),
    exercises=(
        LAYER_NORM,
        RMS_NORM,
        FEED_FORWARD,
        SWIGLU,
        DROPOUT,
        ENCODER_BLOCK,
        DECODER_BLOCK,
        STACK,
        BLOCK_COST,
        GRADIENT_NORMS,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
