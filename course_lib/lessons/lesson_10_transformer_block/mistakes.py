"""Wrong answers of lesson 10: the code that makes each mistake, its name, and why it is one."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.attention.multi_head import MultiHeadAttention
from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_10_transformer_block.reference import FeedForward, block_cost

# ---------------------------------------------------------------- 10.1 layer norm


def normalised(
    x: Tensor,
    eps: float,
    *,
    axis: int | tuple[int, ...] = -1,
    unbiased: bool = False,
    outside: bool = False,
    root: bool = True,
) -> Tensor:
    """Normalise; each switch makes one classic mistake, all off it is right."""
    centred = x - x.mean(axis, keepdim=True)
    variance = x.var(axis, keepdim=True, correction=int(unbiased))
    if outside:
        return centred / (variance.sqrt() + eps)
    return centred / ((variance + eps).sqrt() if root else variance + eps)


def every_axis(x: Tensor) -> tuple[int, ...]:
    """Return the axes that one example has: all but a batch in front, where there is one."""
    return tuple(range(min(1, x.dim() - 1), x.dim()))


LAYER_NORM = (
    WrongAnswer(
        id="unbiased_variance",
        code=lambda x, gain, bias, eps: normalised(x, eps, unbiased=True) * gain + bias,
        says="Your variance is divided by d − 1; it should be divided by d.",
        why="torch.var and torch.std divide by d − 1 unless told otherwise, to estimate the spread of a population from a "
        "sample. Here the d numbers are all there is. Take the mean of the squares, or var(…, correction=0).",
    ),
    WrongAnswer(
        id="epsilon_outside",
        code=lambda x, gain, bias, eps: normalised(x, eps, outside=True) * gain + bias,
        says="Your eps is added to the root; it should be added to the variance, inside the root.",
        why="Both keep the division from failing, but they differ wherever the variance is small, and so do the "
        "gradients. Trained weights expect √(variance + eps).",
    ),
    WrongAnswer(
        id="std_plus_epsilon",
        code=lambda x, gain, bias, eps: (
            normalised(x, eps, unbiased=True, outside=True) * gain + bias
        ),
        says="You divide by torch.std plus eps, which is two mistakes in one.",
        why="torch.std divides by d − 1 where d is due, and eps belongs inside the root, with the variance. Take "
        "(variance + eps).sqrt() with the mean of the squares as variance.",
    ),
    WrongAnswer(
        id="across_tokens",
        code=lambda x, gain, bias, eps: (
            normalised(x, eps, axis=-2 if x.dim() > 1 else -1) * gain + bias
        ),
        says="Your mean and variance run over the positions (axis -2), not over the features of one position (axis -1).",
        why="Then a token would change with its neighbours, and with the length of the text. Layer norm treats every row "
        "by itself.",
    ),
    WrongAnswer(
        id="over_all_axes",
        code=lambda x, gain, bias, eps: normalised(x, eps, axis=every_axis(x)) * gain + bias,
        says="Your mean and variance are taken over a whole example, positions and features together.",
        why="Layer norm has a mean and a variance for every row. Otherwise a later word moves an earlier one, past "
        "every causal mask.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda x, gain, bias, eps: (
            normalised(x, eps, axis=0 if x.dim() > 1 else -1) * gain + bias
        ),
        says="Your mean and variance run over the batch (axis 0).",
        why="That is batch norm's idea: an answer would depend on who else is in the batch. Take them over the last axis.",
    ),
    WrongAnswer(
        id="not_centred",
        code=lambda x, gain, bias, eps: (
            x / (x.var(-1, keepdim=True, correction=0) + eps).sqrt() * gain + bias
        ),
        says="Your rows are divided by their spread, but their mean is still in them.",
        why="Subtract the row's mean first: layer norm centres and then scales.",
    ),
    WrongAnswer(
        id="mean_square",
        code=lambda x, gain, bias, eps: (
            (x - x.mean(-1, keepdim=True)) / (x.square().mean(-1, keepdim=True) + eps).sqrt() * gain
            + bias
        ),
        says="You divide by the root of the mean of x², which is not the variance: the mean is still in it.",
        why="The variance is the mean of (x − mean)². Square after you have centred.",
    ),
    WrongAnswer(
        id="no_root",
        code=lambda x, gain, bias, eps: normalised(x, eps, root=False) * gain + bias,
        says="You divide by the variance, not by its root.",
        why="Ten times larger numbers would then come out ten times smaller. The root has the unit of x, so it cancels.",
    ),
    WrongAnswer(
        id="gain_missing",
        code=lambda x, gain, bias, eps: normalised(x, eps) + bias,
        says="Your rows are not multiplied by gain.",
        why="Gain and bias are learned: they let each feature have the spread and the mean that the next layer needs.",
    ),
    WrongAnswer(
        id="bias_missing",
        code=lambda x, gain, bias, eps: normalised(x, eps) * gain,
        says="Your bias is not added.",
        why="Gain and bias are learned: they let each feature have the spread and the mean that the next layer needs.",
    ),
    WrongAnswer(
        id="bias_before_gain",
        code=lambda x, gain, bias, eps: (normalised(x, eps) + bias) * gain,
        says="Your bias is added before the multiplication by gain.",
        why="Gain scales the normalised row alone; the bias comes last.",
    ),
    WrongAnswer(
        id="fixed_epsilon",
        code=lambda x, gain, bias, eps: normalised(x, 1e-5) * gain + bias,
        says="You use a fixed 1e-5; the caller's eps is ignored.",
        why="Models differ: BERT was trained with 1e-12. Use the argument.",
    ),
    WrongAnswer(
        id="no_epsilon",
        code=lambda x, gain, bias, eps: normalised(x, 0.0) * gain + bias,
        says="Your eps is not used.",
        why="A row of equal numbers has variance 0, and 0 / 0 is NaN. Add eps to the variance, inside the root.",
    ),
)

# ---------------------------------------------------------------- 10.2 RMSNorm

RMS_NORM = (
    WrongAnswer(
        id="centred",
        code=lambda x, gain, eps: normalised(x, eps) * gain,
        says="You subtract the mean: that is layer norm without its bias.",
        why="RMSNorm leaves the mean where it is; it divides by the root of the mean of x² alone.",
    ),
    WrongAnswer(
        id="spread",
        code=lambda x, gain, eps: x / (x.var(-1, keepdim=True, correction=0) + eps).sqrt() * gain,
        says="You divide by the standard deviation, from which the mean has been taken out.",
        why="RMS is the root of the mean of x² as it is. Nothing is centred here, neither above the line nor below it.",
    ),
    WrongAnswer(
        id="length",
        code=lambda x, gain, eps: x / (x.square().sum(-1, keepdim=True) + eps).sqrt() * gain,
        says="You divide by the row's length: the squares are summed, not averaged.",
        why="Rows would come out with length 1, so their numbers shrink as d grows. The mean of the squares keeps them near 1.",
    ),
    WrongAnswer(
        id="epsilon_outside",
        code=lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True).sqrt() + eps) * gain,
        says="Your eps is added to the root; it should be added to the mean square, inside the root.",
        why="They differ for small rows, and the root's own gradient is infinite at 0: with eps inside it stays finite.",
    ),
    WrongAnswer(
        id="no_root",
        code=lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True) + eps) * gain,
        says="You divide by the mean square, not by its root.",
        why="Ten times larger numbers would then come out ten times smaller. The root has the unit of x, so it cancels.",
    ),
    WrongAnswer(
        id="absolute_mean",
        code=lambda x, gain, eps: x / (x.abs().mean(-1, keepdim=True) + eps) * gain,
        says="You divide by the mean of |x|, not by the root of the mean of x².",
        why="Both measure size, but large entries count more in a square. RMS is root, mean, square, read backwards.",
    ),
    WrongAnswer(
        id="across_tokens",
        code=lambda x, gain, eps: (
            x / (x.square().mean(-2 if x.dim() > 1 else -1, keepdim=True) + eps).sqrt() * gain
        ),
        says="Your mean square runs over the positions (axis -2), not over the features of one position (axis -1).",
        why="Then a token would change with its neighbours. Every row is treated by itself.",
    ),
    WrongAnswer(
        id="over_all_axes",
        code=lambda x, gain, eps: x / (x.square().mean() + eps).sqrt() * gain,
        says="You divide by one number for the whole tensor.",
        why="Every row has its own mean square: mean(-1, keepdim=True).",
    ),
    WrongAnswer(
        id="gain_missing",
        code=lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True) + eps).sqrt(),
        says="Your rows are not multiplied by gain.",
        why="The gain is learned: it gives each feature the spread that the next layer needs.",
    ),
    WrongAnswer(
        id="one_plus_gain",
        code=lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * (1 + gain),
        says="You multiply by 1 + gain.",
        why="Some models store the gain less 1, and then this is right. Here gain is the factor itself.",
    ),
    WrongAnswer(
        id="fixed_epsilon",
        code=lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * gain,
        says="You use a fixed 1e-6; the caller's eps is ignored.",
        why="Trained weights go with the eps that they were trained with. Use the argument.",
    ),
    WrongAnswer(
        id="no_epsilon",
        code=lambda x, gain, eps: x / x.square().mean(-1, keepdim=True).sqrt() * gain,
        says="Your eps is not used.",
        why="A row of zeros would give 0 / 0, which is NaN. Add eps to the mean square, inside the root.",
    ),
)

# ---------------------------------------------------------------- 10.3 feed-forward


def _phi(x: Tensor) -> Tensor:
    return (1 + torch.erf(x / math.sqrt(2))) / 2


def _gelu(x: Tensor) -> Tensor:
    return x * _phi(x)


def _gelu_by_tanh(x: Tensor) -> Tensor:
    return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def _silu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


class _FeedForward(nn.Module):
    """The parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.w_in, self.w_out = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)


def _feed(forward: Callable[[Any, Tensor], Tensor]) -> type[nn.Module]:
    """Return a class that computes `forward(self, x)`."""

    def of_x(self: Any, x: Tensor) -> Tensor:
        return forward(self, x)

    return type("FeedForward", (_FeedForward,), {"forward": of_x})


def _bent(activation: Callable[[Tensor], Tensor]) -> type[nn.Module]:
    return _feed(lambda self, x: self.w_out(activation(self.w_in(x))))


class _NarrowFeedForward(nn.Module):
    """Makes both layers d_model wide."""

    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.w_in, self.w_out = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.w_out(_gelu(self.w_in(x)))
        return out


FEED_FORWARD = (
    WrongAnswer(
        id="relu",
        code=_bent(torch.relu),
        says="Your activation is ReLU.",
        why="The paper of 2017 used ReLU; this exercise asks for GELU, x · Φ(x), which lets a little of the negative "
        "numbers through and has no corner at 0.",
    ),
    WrongAnswer(
        id="tanh_approximation",
        code=_bent(lambda x: _gelu_by_tanh(x)),
        says="Your GELU is the approximation by tanh.",
        why="GPT-2 was trained with it, and its weights want it. It differs from x · Φ(x) in the fourth digit, so "
        "each model must get its own. Here Φ is computed with torch.erf.",
    ),
    WrongAnswer(
        id="sigmoid_approximation",
        code=_bent(lambda x: x * torch.sigmoid(1.702 * x)),
        says="Your GELU is the approximation x · sigmoid(1.702 x).",
        why="It is off by up to 0.02. Φ is the normal distribution function: (1 + erf(x / √2)) / 2.",
    ),
    WrongAnswer(
        id="silu",
        code=_bent(_silu),
        says="Your activation is SiLU, x · sigmoid(x).",
        why="GELU weighs x by Φ(x), the normal distribution function, which is steeper. SiLU comes in the next exercise.",
    ),
    WrongAnswer(
        id="no_root_of_two",
        code=_bent(lambda x: x * (1 + torch.erf(x)) / 2),
        says="Your erf is taken of x, not of x / √2.",
        why="erf belongs to a normal distribution of variance ½. Φ(x) = (1 + erf(x / √2)) / 2.",
    ),
    WrongAnswer(
        id="half_missing",
        code=_bent(lambda x: x * (1 + torch.erf(x / math.sqrt(2)))),
        says="Your GELU is twice too large: the ½ is missing.",
        why="1 + erf runs from 0 to 2. Half of it runs from 0 to 1, as a distribution function must.",
    ),
    WrongAnswer(
        id="gate_alone",
        code=_bent(_phi),
        says="Your activation is Φ(x) alone; the factor x is missing.",
        why="GELU weighs x by Φ(x). Without x everything comes out between 0 and 1.",
    ),
    WrongAnswer(
        id="linear",
        code=_bent(lambda x: x),
        says="There is no activation between your two layers.",
        why="Two linear layers in a row are one linear layer, however wide it is in between.",
    ),
    WrongAnswer(
        id="activation_last",
        code=_feed(lambda self, x: _gelu(self.w_out(_gelu(self.w_in(x))))),
        says="Your output is bent once more, after w_out.",
        why="What is added to the residual stream must be free to be negative. The activation stands between the layers only.",
    ),
    WrongAnswer(
        id="activation_at_the_end_only",
        code=_feed(lambda self, x: _gelu(self.w_out(self.w_in(x)))),
        says="Your activation comes after both layers; it belongs between them.",
        why="Without it in between the two layers are one, and the width d_ff is wasted.",
    ),
    WrongAnswer(
        id="residual_inside",
        code=_feed(lambda self, x: x + self.w_out(_gelu(self.w_in(x)))),
        says="Your feed-forward adds x itself.",
        why="The block adds the residual, once and for every sub-layer alike. Added here too it would count twice.",
    ),
    WrongAnswer(
        id="width_ignored",
        code=_NarrowFeedForward,
        says="Your layers are d_model wide in between; d_ff is not used.",
        why="w_in goes from d_model to d_ff, w_out back from d_ff to d_model.",
    ),
)

# ---------------------------------------------------------------- 10.4 SwiGLU


def _gated(open_: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda x, w_gate, w_up, w_down: (open_(x @ w_gate.T) * (x @ w_up.T)) @ w_down.T


SWIGLU = (
    WrongAnswer(
        id="sigmoid_gate",
        code=_gated(torch.sigmoid),
        says="Your gate is sigmoid(g); the factor g is missing.",
        why="That is the GLU. SwiGLU's gate is SiLU, g · sigmoid(g).",
    ),
    WrongAnswer(
        id="gelu_gate",
        code=_gated(_gelu),
        says="Your gate is GELU: that is GEGLU.",
        why="SwiGLU's gate is SiLU, g · sigmoid(g). The two are close, and weights trained with one are off with the other.",
    ),
    WrongAnswer(
        id="relu_gate",
        code=_gated(torch.relu),
        says="Your gate is ReLU: that is ReGLU.",
        why="SwiGLU's gate is SiLU, g · sigmoid(g).",
    ),
    WrongAnswer(
        id="linear_gate",
        code=_gated(lambda g: g),
        says="Your gate has no activation.",
        why="A product of two linear maps is bilinear; SwiGLU bends the gate with SiLU, g · sigmoid(g).",
    ),
    WrongAnswer(
        id="roles_swapped",
        code=lambda x, w_gate, w_up, w_down: ((x @ w_gate.T) * _silu(x @ w_up.T)) @ w_down.T,
        says="Your SiLU is on x W_up; it belongs on x W_gate.",
        why="Trained weights have their roles: the gate is bent, the other part is not.",
    ),
    WrongAnswer(
        id="both_bent",
        code=lambda x, w_gate, w_up, w_down: (_silu(x @ w_gate.T) * _silu(x @ w_up.T)) @ w_down.T,
        says="Both of your parts go through SiLU.",
        why="The gate is bent, x W_up is not: it is what the gate lets through.",
    ),
    WrongAnswer(
        id="product_bent",
        code=lambda x, w_gate, w_up, w_down: _silu((x @ w_gate.T) * (x @ w_up.T)) @ w_down.T,
        says="Your SiLU is taken of the product.",
        why="The gate is bent alone, before it multiplies.",
    ),
    WrongAnswer(
        id="added",
        code=lambda x, w_gate, w_up, w_down: (_silu(x @ w_gate.T) + x @ w_up.T) @ w_down.T,
        says="Your two parts are added.",
        why="A gate multiplies: where it is 0, nothing passes, whatever x W_up says.",
    ),
    WrongAnswer(
        id="up_missing",
        code=lambda x, w_gate, w_up, w_down: _silu(x @ w_gate.T) @ w_down.T,
        says="Your w_up is not used.",
        why="What you have is an ordinary feed-forward with SiLU. The gate must have something to open: x W_up.",
    ),
    WrongAnswer(
        id="not_narrowed",
        code=lambda x, w_gate, w_up, w_down: _silu(x @ w_gate.T) * (x @ w_up.T),
        says="Your result is still d_ff wide: w_down is missing.",
        why="The residual stream is d_model wide; w_down brings the hidden numbers back to it.",
    ),
)

# ---------------------------------------------------------------- 10.5 dropout


def _dropped(x: Tensor, p: float, noise: Tensor, factor: float) -> Tensor:
    return x * (noise >= p) * factor


DROPOUT = (
    WrongAnswer(
        id="not_scaled",
        code=lambda x, p, training, noise: _dropped(x, p, noise, 1.0) if training else x,
        says="The numbers that stay are not enlarged.",
        why="On average only 1 − p of the sum is left, so in evaluation, where nothing is dropped, the next layer would "
        "meet larger sums than it was trained on. Divide by 1 − p.",
    ),
    WrongAnswer(
        id="divided_by_p",
        code=lambda x, p, training, noise: (
            _dropped(x, p, noise, 1 / p if p else 1.0) if training else x
        ),
        says="You divide by p, the share that is dropped.",
        why="A share of 1 − p stays. Dividing by it brings the mean back; the two agree at p = ½ only.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda x, p, training, noise: _dropped(x, p, noise, 1 - p) if training else x,
        says="The numbers that stay are made smaller: multiplied by 1 − p.",
        why="They must make up for those that are gone, so they grow: divide by 1 − p.",
    ),
    WrongAnswer(
        id="drops_in_evaluation",
        code=lambda x, p, training, noise: _dropped(x, p, noise, 1 / (1 - p)),
        says="You drop in evaluation too: training is not looked at.",
        why="Dropout is a disturbance for training. In evaluation the model would give another answer every time.",
    ),
    WrongAnswer(
        id="upside_down",
        code=lambda x, p, training, noise: (
            _dropped(x, p, noise, 1 / (1 - p)) if not training else x
        ),
        says="You drop in evaluation and leave training alone.",
        why="It is the other way round: with training=False x comes back as it is.",
    ),
    WrongAnswer(
        id="scaled_in_evaluation",
        code=lambda x, p, training, noise: _dropped(x, p, noise, 1.0) if training else x * (1 - p),
        says="You drop without enlarging, and make everything smaller in evaluation.",
        why="The means agree, and dropout was first published like this (Srivastava et al. 2014, §10, names both). "
        "Inverted dropout, which everybody uses now, pays in training, so that evaluation costs nothing.",
    ),
    WrongAnswer(
        id="scaled_in_both",
        code=lambda x, p, training, noise: (
            _dropped(x, p, noise, 1 / (1 - p)) if training else x / (1 - p)
        ),
        says="In evaluation you enlarge what was never thinned out.",
        why="Nothing is dropped there, so there is nothing to make up for: x comes back as it is.",
    ),
    WrongAnswer(
        id="keeps_p",
        code=lambda x, p, training, noise: (
            x * (noise < p) / p if training and p else x * 0 if training else x
        ),
        says="You keep a share p and drop the rest.",
        why="p is the share that goes: a number is dropped where its noise is below p.",
    ),
    WrongAnswer(
        id="keeps_p_scaled",
        code=lambda x, p, training, noise: x * (noise < p) / (1 - p) if training else x,
        says="You keep what should be dropped: those with noise below p.",
        why="p is the share that goes: a number is dropped where its noise is below p, and kept elsewhere.",
    ),
    WrongAnswer(
        id="other_end",
        code=lambda x, p, training, noise: x * (noise < 1 - p) / (1 - p) if training else x,
        says="You drop at the upper end of the noise, above 1 − p.",
        why="As many go, but others than those asked for: a number is dropped where its noise is below p. Fixed rules "
        "make results repeatable.",
    ),
    WrongAnswer(
        id="whole_rows",
        code=lambda x, p, training, noise: x * (noise[..., :1] >= p) / (1 - p) if training else x,
        says="You drop whole rows.",
        why="Each number has noise of its own and is dropped on its own.",
    ),
)

# ---------------------------------------------------------------- 10.6 encoder block


class _EncoderBlock(nn.Module):
    """The parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int, norm_first: bool = True) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.attn, self.ff = MultiHeadAttention(d_model, n_heads), FeedForward(d_model, d_ff)


Forward = Callable[[Any, Tensor, Tensor | None], Tensor]


def _attend(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    out: Tensor = self.attn(x, x, x, mask)
    return out


def _pre(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    x = x + _attend(self, self.norm1(x), mask)
    out: Tensor = x + self.ff(self.norm2(x))
    return out


def _post(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    x = self.norm1(x + _attend(self, x, mask))
    out: Tensor = self.norm2(x + self.ff(x))
    return out


def _block(pre: Forward = _pre, post: Forward = _post) -> type[nn.Module]:
    """Return a class with one `forward` for pre-norm and one for post-norm."""

    def forward(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return (pre if self.norm_first else post)(self, x, mask)

    return type("EncoderBlock", (_EncoderBlock,), {"forward": forward})


def _both(forward: Forward) -> type[nn.Module]:
    return _block(forward, forward)


def _residual_of_norm(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    h = self.norm1(x)
    h = h + _attend(self, h, mask)
    h = self.norm2(h)
    out: Tensor = h + self.ff(h)
    return out


def _no_residual(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        out: Tensor = self.ff(self.norm2(_attend(self, self.norm1(x), mask)))
        return out
    return self.norm2(self.ff(self.norm1(_attend(self, x, mask))))


def _no_second_residual(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = x + _attend(self, self.norm1(x), mask)
        out: Tensor = self.ff(self.norm2(x))
        return out
    x = self.norm1(x + _attend(self, x, mask))
    return self.norm2(self.ff(x))


def _no_first_residual(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = _attend(self, self.norm1(x), mask)
        out: Tensor = x + self.ff(self.norm2(x))
        return out
    x = self.norm1(_attend(self, x, mask))
    return self.norm2(x + self.ff(x))


def _old_residual(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        out: Tensor = x + self.ff(self.norm2(x + _attend(self, self.norm1(x), mask)))
        return out
    return self.norm2(x + self.ff(self.norm1(x + _attend(self, x, mask))))


def _parallel(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    out: Tensor = x + _attend(self, self.norm1(x), mask) + self.ff(self.norm2(x))
    return out


def _one_norm(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = x + _attend(self, self.norm1(x), mask)
        out: Tensor = x + self.ff(self.norm1(x))
        return out
    x = self.norm1(x + _attend(self, x, mask))
    return self.norm1(x + self.ff(x))


def _norms_swapped(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = x + _attend(self, self.norm2(x), mask)
        out: Tensor = x + self.ff(self.norm1(x))
        return out
    x = self.norm2(x + _attend(self, x, mask))
    return self.norm1(x + self.ff(x))


def _norm_inside_sum(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    x = x + self.norm1(_attend(self, x, mask))
    out: Tensor = x + self.norm2(self.ff(x))
    return out


def _second_norm_missing(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = x + _attend(self, self.norm1(x), mask)
        out: Tensor = x + self.ff(x)
        return out
    x = self.norm1(x + _attend(self, x, mask))
    return x + self.ff(x)


def _raw_keys(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    x = x + self.attn(self.norm1(x), x, x, mask)
    out: Tensor = x + self.ff(self.norm2(x))
    return out


def _feed_first(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = x + self.ff(self.norm2(x))
        return x + _attend(self, self.norm1(x), mask)
    x = self.norm2(x + self.ff(x))
    out: Tensor = self.norm1(x + _attend(self, x, mask))
    return out


def _mask(change: Callable[[Tensor], Tensor | None]) -> type[nn.Module]:
    def forward(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
        mask = None if mask is None else change(mask)
        return (_pre if self.norm_first else _post)(self, x, mask)

    return type("EncoderBlock", (_EncoderBlock,), {"forward": forward})


ENCODER_BLOCK = (
    WrongAnswer(
        id="always_post_norm",
        code=_both(_post),
        says="Your block is post-norm also when norm_first is True.",
        why="Pre-norm normalises what a sub-layer reads, x + f(norm(x)), and leaves the sum alone.",
    ),
    WrongAnswer(
        id="always_pre_norm",
        code=_both(_pre),
        says="Your block is pre-norm also when norm_first is False.",
        why="Post-norm normalises the sum, norm(x + f(x)).",
    ),
    WrongAnswer(
        id="norm_first_upside_down",
        code=_block(_post, _pre),
        says="Your two forms are swapped: norm_first=True gives post-norm.",
        why="norm_first means that the norm comes before the sub-layer: x + f(norm(x)).",
    ),
    WrongAnswer(
        id="residual_after_norm",
        code=_block(pre=_residual_of_norm),
        says="Your pre-norm residual starts after the norm: norm(x) + f(norm(x)).",
        why="The stream must pass untouched: x + f(norm(x)). As you have it every block rescales it, and the straight "
        "path for gradients from the loss to the first block is gone.",
    ),
    WrongAnswer(
        id="no_residual",
        code=_both(_no_residual),
        says="Your sub-layers replace x; nothing is added to it.",
        why="Each sub-layer only adds to what was there. Without that a deep stack forgets its input, and hardly trains.",
    ),
    WrongAnswer(
        id="no_second_residual",
        code=_both(_no_second_residual),
        says="Your feed-forward replaces the stream; it should be added to it.",
        why="Both sub-layers have a residual: attention adds, then the feed-forward adds.",
    ),
    WrongAnswer(
        id="no_first_residual",
        code=_both(_no_first_residual),
        says="Your attention replaces the stream; it should be added to it.",
        why="Both sub-layers have a residual: attention adds, then the feed-forward adds.",
    ),
    WrongAnswer(
        id="old_residual",
        code=_both(_old_residual),
        says="Your second sum starts from the block's input, so what attention added is lost from the stream.",
        why="The feed-forward adds to what attention has left behind: the second x is the first sum.",
    ),
    WrongAnswer(
        id="parallel",
        code=_block(pre=_parallel),
        says="Your two sub-layers read the same x, side by side.",
        why="Some large models do that, to save time. Here the feed-forward reads what attention has gathered before.",
    ),
    WrongAnswer(
        id="one_norm",
        code=_both(_one_norm),
        says="Your block uses norm1 twice, and norm2 never.",
        why="Each norm learns its own gain and bias, for the sub-layer that it serves.",
    ),
    WrongAnswer(
        id="norms_swapped",
        code=_both(_norms_swapped),
        says="Your norms are swapped: norm2 serves attention.",
        why="norm1 belongs to the first sub-layer, attention, and norm2 to the second. Loaded weights go by the names.",
    ),
    WrongAnswer(
        id="norm_inside_sum",
        code=_block(post=_norm_inside_sum),
        says="Your post-norm normalises the sub-layer's answer before it is added: x + norm(f(x)).",
        why="Post-norm normalises the sum, norm(x + f(x)), so that every sub-layer reads numbers of spread 1.",
    ),
    WrongAnswer(
        id="second_norm_missing",
        code=_both(_second_norm_missing),
        says="Your feed-forward has no norm: norm2 is never used.",
        why="Both sub-layers have a norm of their own, norm1 for attention and norm2 for the feed-forward.",
    ),
    WrongAnswer(
        id="raw_keys",
        code=_block(pre=_raw_keys),
        says="Only your queries are normalised; keys and values are made of the raw x.",
        why="In self-attention all three are made of the same rows: h = norm1(x), then attn(h, h, h).",
    ),
    WrongAnswer(
        id="feed_forward_first",
        code=_both(_feed_first),
        says="Your feed-forward comes before attention.",
        why="A block gathers first and thinks afterwards: attention, then feed-forward.",
    ),
    WrongAnswer(
        id="mask_ignored",
        code=_mask(lambda mask: None),
        says="Your mask does not reach attention.",
        why="Every position then sees padding and the future. Pass it on: attn(h, h, h, mask).",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_mask(lambda mask: ~mask),
        says="Your mask is inverted: it hides what it should allow.",
        why="True means “may attend” in this course, and attn of lesson 09 reads it so. Pass it on as it is.",
    ),
)

# ---------------------------------------------------------------- 10.7 decoder block


class _DecoderBlock(nn.Module):
    """The parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d_model) for _ in range(3))
        self.attn = MultiHeadAttention(d_model, n_heads)
        self.cross = MultiHeadAttention(d_model, n_heads)
        self.ff = FeedForward(d_model, d_ff)


def _decoder(forward: Callable[..., Tensor]) -> type[nn.Module]:
    """Return a class that computes `forward(self, x, memory, mask, memory_mask)`."""

    def full(
        self: Any,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        return forward(self, x, memory, mask, memory_mask)

    return type("DecoderBlock", (_DecoderBlock,), {"forward": full})


def _decode(
    self: Any,
    x: Tensor,
    memory: Tensor,
    mask: Tensor | None,
    memory_mask: Tensor | None,
    *,
    cross: str = "cross",
    last_norm: str = "norm3",
    keep: bool = True,
) -> Tensor:
    """Decode as asked; switches take another module, or drop the cross-attention's residual."""
    x = x + _attend(self, self.norm1(x), mask)
    found = getattr(self, cross)(self.norm2(x), memory, memory, memory_mask)
    x = x + found if keep else found
    out: Tensor = x + self.ff(getattr(self, last_norm)(x))
    return out


def _cross_first(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    x = x + self.cross(self.norm2(x), memory, memory, memory_mask)
    x = x + _attend(self, self.norm1(x), mask)
    out: Tensor = x + self.ff(self.norm3(x))
    return out


def _memory_normed(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    return _decode(self, x, self.norm2(memory), mask, memory_mask)


def _raw_queries(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    x = x + _attend(self, self.norm1(x), mask)
    x = x + self.cross(x, memory, memory, memory_mask)
    out: Tensor = x + self.ff(self.norm3(x))
    return out


def _post_decoder(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    x = self.norm1(x + _attend(self, x, mask))
    x = self.norm2(x + self.cross(x, memory, memory, memory_mask))
    out: Tensor = self.norm3(x + self.ff(x))
    return out


def _no_cross(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    x = x + _attend(self, self.norm1(x), mask)
    out: Tensor = x + self.ff(self.norm3(x))
    return out


def _cross_to_itself(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    x = x + _attend(self, self.norm1(x), mask)
    x = x + _cross_rows(self, self.norm2(x), mask)
    out: Tensor = x + self.ff(self.norm3(x))
    return out


def _cross_rows(self: Any, h: Tensor, mask: Tensor | None) -> Tensor:
    out: Tensor = self.cross(h, h, h, mask)
    return out


def _cross_from_start(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    found = self.cross(self.norm2(x), memory, memory, memory_mask)
    x = x + _attend(self, self.norm1(x), mask) + found
    out: Tensor = x + self.ff(self.norm3(x))
    return out


def _residual_of_norms(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    h = self.norm1(x)
    h = self.norm2(h + _attend(self, h, mask))
    h = self.norm3(h + self.cross(h, memory, memory, memory_mask))
    return h + self.ff(h)


def _always_causal(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    n = x.shape[1]
    causal = torch.ones(n, n, dtype=torch.bool, device=x.device).tril()
    return _decode(self, x, memory, causal, memory_mask)


DECODER_BLOCK = (
    WrongAnswer(
        id="residual_after_norm",
        code=_decoder(_residual_of_norms),
        says="Your residuals start after the norms: norm(x) + f(norm(x)).",
        why="The stream must pass untouched: x + f(norm(x)), three times. Keep the normalised rows under another name, h.",
    ),
    WrongAnswer(
        id="always_causal",
        code=_decoder(_always_causal),
        says="Your self-attention is causal whatever mask says.",
        why="The caller decides: a mask may also hide padding, or nothing at all. Use the argument.",
    ),
    WrongAnswer(
        id="cross_first",
        code=_decoder(_cross_first),
        says="Your cross-attention comes before self-attention.",
        why="The order is self-attention, cross-attention, feed-forward: first what has been written, then what to ask of "
        "the memory.",
    ),
    WrongAnswer(
        id="side_by_side",
        code=_decoder(_cross_from_start),
        says="Your two attentions read the same x, side by side.",
        why="Cross-attention asks with what self-attention has added: update x in between.",
    ),
    WrongAnswer(
        id="memory_normalised",
        code=_decoder(_memory_normed),
        says="Your memory goes through norm2.",
        why="norm2 is for the queries. The memory comes out of an encoder that has normalised it already, with weights "
        "of its own.",
    ),
    WrongAnswer(
        id="raw_queries",
        code=_decoder(_raw_queries),
        says="Your cross-attention asks with the raw x; norm2 is never used.",
        why="In a pre-norm block every sub-layer reads a normalised stream: cross(norm2(x), memory, memory).",
    ),
    WrongAnswer(
        id="no_cross_residual",
        code=_decoder(lambda self, *args: _decode(self, *args, keep=False)),
        says="Your cross-attention replaces the stream; it should be added to it.",
        why="What the target has written so far would be lost. All three sub-layers add.",
    ),
    WrongAnswer(
        id="no_cross_attention",
        code=_decoder(_no_cross),
        says="Your block never looks at the memory.",
        why="Then it could write, but not translate. cross(norm2(x), memory, memory, memory_mask) is added in between.",
    ),
    WrongAnswer(
        id="cross_to_itself",
        code=_decoder(_cross_to_itself),
        says="Your cross-attention asks x itself, not the memory.",
        why="Queries come from x; keys and values come from the memory.",
    ),
    WrongAnswer(
        id="one_attention",
        code=_decoder(lambda self, *args: _decode(self, *args, cross="attn")),
        says="Your block uses one attention, self.attn, for both.",
        why="Asking one's own text and asking the memory are two skills: self.cross has weights of its own.",
    ),
    WrongAnswer(
        id="norm_used_twice",
        code=_decoder(lambda self, *args: _decode(self, *args, last_norm="norm2")),
        says="Your feed-forward reads norm2(x); norm3 is never used.",
        why="Three sub-layers, three norms, each with a gain and a bias of its own.",
    ),
    WrongAnswer(
        id="mask_ignored",
        code=_decoder(
            lambda self, x, memory, mask, memory_mask: _decode(self, x, memory, None, memory_mask)
        ),
        says="Your self-attention does not get its mask.",
        why="Every position could read ahead. mask is for self-attention, memory_mask for cross-attention.",
    ),
    WrongAnswer(
        id="memory_mask_ignored",
        code=_decoder(
            lambda self, x, memory, mask, memory_mask: _decode(self, x, memory, mask, None)
        ),
        says="Your cross-attention does not get its mask.",
        why="Padding of the source would take part. mask is for self-attention, memory_mask for cross-attention.",
    ),
    WrongAnswer(
        id="masks_swapped",
        code=_decoder(
            lambda self, x, memory, mask, memory_mask: _decode(self, x, memory, memory_mask, mask)
        ),
        says="Your two masks are swapped.",
        why="mask is (T, T), for self-attention; memory_mask has a column for each of the S rows of the memory.",
    ),
    WrongAnswer(
        id="post_norm",
        code=_decoder(_post_decoder),
        says="Your block is post-norm.",
        why="This one is pre-norm: each sub-layer reads a normalised x and adds to the stream, x + f(norm(x)).",
    ),
)

# ---------------------------------------------------------------- 10.8 a stack


def _stack(
    forward: Callable[[Any, Tensor, Tensor | None], Tensor],
    make: Callable[[Callable[[], nn.Module], int], Any] = lambda make_block, n: nn.ModuleList(
        make_block() for _ in range(n)
    ),
    norm: bool = True,
) -> type[nn.Module]:
    """Return a class with this `forward`, whose blocks come from `make(make_block, n_layers)`."""

    class Stack(nn.Module):
        def __init__(
            self, make_block: Callable[[], nn.Module], d_model: int, n_layers: int
        ) -> None:
            super().__init__()
            self.blocks = make(make_block, n_layers)
            if norm:
                self.norm = nn.LayerNorm(d_model)

        def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
            return forward(self, x, mask)

    return Stack


def _through(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for block in self.blocks:
        x = block(x, mask)
    return x


def _stacked(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    out: Tensor = self.norm(_through(self, x, mask))
    return out


def _each_from_start(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for block in self.blocks:
        out = block(x, mask)
    return self.norm(out)


def _norm_between(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for block in self.blocks:
        x = self.norm(block(x, mask))
    return x


def _summed(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for block in self.blocks:
        x = x + block(x, mask)
    out: Tensor = self.norm(x)
    return out


def _first_only(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    out: Tensor = self.norm(self.blocks[0](x, mask))
    return out


def _backwards(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for block in reversed(self.blocks):
        x = block(x, mask)
    out: Tensor = self.norm(x)
    return out


def _first_masked(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for place, block in enumerate(self.blocks):
        x = block(x, mask if place == 0 else None)
    out: Tensor = self.norm(x)
    return out


STACK = (
    WrongAnswer(
        id="one_shared_module",
        code=_stack(_stacked, lambda make_block, n: nn.ModuleList([make_block()] * n)),
        says="Your layers are one and the same module, several times in the list.",
        why="[block] * n repeats a reference: there is one set of weights, and all layers learn the same thing. Call "
        "make_block once for each layer.",
    ),
    WrongAnswer(
        id="plain_list",
        code=_stack(_stacked, lambda make_block, n: [make_block() for _ in range(n)]),
        says="Your blocks are kept in a plain Python list.",
        why="PyTorch does not look inside a list: no optimizer would train these weights, no file would hold them. "
        "Wrap the list in nn.ModuleList.",
    ),
    WrongAnswer(
        id="no_last_norm",
        code=_stack(_through, norm=False),
        says="Your stack has no last norm.",
        why="Every pre-norm block has added to the stream and none has normalised it, so it has grown with depth. "
        "One norm after the last block puts it right: self.norm.",
    ),
    WrongAnswer(
        id="last_norm_unused",
        code=_stack(_through),
        says="Your stack makes a last norm and does not use it.",
        why="Every pre-norm block has added to the stream and none has normalised it, so it has grown with depth. "
        "Return self.norm(x).",
    ),
    WrongAnswer(
        id="norm_between",
        code=_stack(_norm_between),
        says="Your norm is applied after every block.",
        why="That turns the stack into a kind of post-norm, and the straight path through it is lost. It comes once, after the loop.",
    ),
    WrongAnswer(
        id="norm_first",
        code=_stack(lambda self, x, mask: _through(self, self.norm(x), mask)),
        says="Your norm comes before the first block.",
        why="The first block normalises for itself what it reads. It is the sum at the end that nobody has normalised.",
    ),
    WrongAnswer(
        id="each_from_start",
        code=_stack(_each_from_start),
        says="Every one of your blocks reads the stack's input; only the last one's answer is used.",
        why="A block reads what the one before it wrote: x = block(x, mask).",
    ),
    WrongAnswer(
        id="result_dropped",
        code=_stack(lambda self, x, mask: self.norm(x)),
        says="Your blocks' answers get lost: what you return is the norm of the input.",
        why="A block changes nothing in place, it returns a new stream. Keep it: x = block(x, mask).",
    ),
    WrongAnswer(
        id="extra_residual",
        code=_stack(_summed),
        says="Your loop adds each block's answer to x.",
        why="A block returns the whole stream, its residuals included. Added again, x counts twice a layer.",
    ),
    WrongAnswer(
        id="first_only",
        code=_stack(_first_only),
        says="Only your first block is used.",
        why="Perhaps a return stands inside the loop. All n_layers blocks come one after the other, then the norm.",
    ),
    WrongAnswer(
        id="backwards",
        code=_stack(_backwards),
        says="Your blocks run from the last to the first.",
        why="Block 0 reads the input. Loaded weights go by these numbers.",
    ),
    WrongAnswer(
        id="mask_ignored",
        code=_stack(lambda self, x, mask: _stacked(self, x, None)),
        says="Your blocks do not get the mask.",
        why="Every block attends, so every block needs it: block(x, mask).",
    ),
    WrongAnswer(
        id="mask_for_the_first",
        code=_stack(_first_masked),
        says="Only your first block gets the mask.",
        why="One layer without it is enough for a leak. Every block needs it: block(x, mask).",
    ),
    WrongAnswer(
        id="one_too_few",
        code=_stack(
            _stacked, lambda make_block, n: nn.ModuleList(make_block() for _ in range(1, n))
        ),
        says="Your stack has one block too few.",
        why="range(1, n) has n − 1 numbers; n_layers calls of make_block are due.",
    ),
)

# ---------------------------------------------------------------- 10.9 what a block costs


def _cost(
    id: str, part: int, wrong: Callable[[int, int, int], int], says: str, why: str
) -> WrongAnswer:
    """A mistake in one of the two numbers; the other may be anything."""

    def code(n_tokens: int, d_model: int, d_ff: int) -> tuple[int, int]:
        parameters, flops = block_cost(n_tokens, d_model, d_ff)
        found = wrong(n_tokens, d_model, d_ff)
        return (found, flops) if part == 0 else (parameters, found)

    return WrongAnswer(id=id, code=code, says=says, why=why, part=part)


def _weights(d: int, f: int) -> int:
    return 4 * d * d + 2 * d * f


def _parameters(d: int, f: int) -> int:
    return block_cost(1, d, f)[0]


def _flops(t: int, d: int, f: int) -> int:
    return block_cost(t, d, f)[1]


BLOCK_COST = (
    _cost(
        "no_biases",
        0,
        lambda t, d, f: _weights(d, f) + 4 * d,
        "Your parameters leave out the biases of the linear layers.",
        "Each of the six layers adds a bias as wide as its output: four of d_model, one of d_ff, one more of d_model.",
    ),
    _cost(
        "no_norms",
        0,
        lambda t, d, f: _parameters(d, f) - 4 * d,
        "Your parameters leave out the norms.",
        "Each of the two norms has a gain and a bias, d_model numbers each: 4 · d_model in all.",
    ),
    _cost(
        "matrices_alone",
        0,
        lambda t, d, f: _weights(d, f),
        "Your parameters are those of the matrices alone.",
        "That is a good estimate, and not the number: the six layers have biases, and the two norms a gain and a bias each.",
    ),
    _cost(
        "one_norm",
        0,
        lambda t, d, f: _parameters(d, f) - 2 * d,
        "You count one norm, or no biases in the norms.",
        "There are two norms, and each has a gain and a bias: 4 · d_model numbers.",
    ),
    _cost(
        "no_output_projection",
        0,
        lambda t, d, f: _parameters(d, f) - d * d - d,
        "Your parameters leave out w_o.",
        "Attention has four projections: w_q, w_k, w_v, and w_o, which mixes the heads.",
    ),
    _cost(
        "one_ff_matrix",
        0,
        lambda t, d, f: _parameters(d, f) - d * f - d,
        "You count one layer of the feed-forward.",
        "w_in goes up from d_model to d_ff, w_out comes back down.",
    ),
    _cost(
        "equal_ff_biases",
        0,
        lambda t, d, f: _parameters(d, f) - f + d,
        "Your feed-forward has two biases of d_model numbers.",
        "A bias is as wide as its layer's output: w_in's has d_ff numbers.",
    ),
    _cost(
        "multiplications_only",
        1,
        lambda t, d, f: _flops(t, d, f) // 2,
        "Your FLOPs count the multiplications alone.",
        "Every multiplication in a matrix product comes with an addition, and both count: 2 m k n.",
    ),
    _cost(
        "no_meetings",
        1,
        lambda t, d, f: 2 * t * _weights(d, f),
        "Your FLOPs leave out the attention itself.",
        "Besides the projections each query meets each key, T · T · d_model products, and the weights meet the values, as many again.",
    ),
    _cost(
        "from_all_parameters",
        1,
        lambda t, d, f: 2 * t * _parameters(d, f),
        "Your FLOPs are 2 · tokens · parameters.",
        "That rule of thumb leaves out that queries meet keys, and counts biases and gains as if they were matrices.",
    ),
    _cost(
        "scores_alone",
        1,
        lambda t, d, f: _flops(t, d, f) - 2 * t * t * d,
        "You count one of attention's two products without weights.",
        "q kᵀ makes the scores, and weights · v mixes the values: 2 · T · T · d_model each.",
    ),
    _cost(
        "no_output_flops",
        1,
        lambda t, d, f: _flops(t, d, f) - 2 * t * d * d,
        "Your FLOPs leave out w_o.",
        "Four projections of d_model × d_model act on every token.",
    ),
    _cost(
        "one_ff_product",
        1,
        lambda t, d, f: _flops(t, d, f) - 2 * t * d * f,
        "Your FLOPs count one layer of the feed-forward.",
        "w_in and w_out cost the same: 2 · T · d_model · d_ff each.",
    ),
    _cost(
        "one_token",
        1,
        lambda t, d, f: 2 * _weights(d, f) + 4 * t * d,
        "Your FLOPs are those of one token.",
        "All n_tokens positions go through the block: multiply by n_tokens.",
    ),
    _cost(
        "tokens_squared_everywhere",
        1,
        lambda t, d, f: 2 * t * t * _weights(d, f) + 4 * t * t * d,
        "You multiply the layers' part by the square of the tokens.",
        "A linear layer treats each token once. Only where tokens meet tokens does the square appear.",
    ),
    _cost(
        "training",
        1,
        lambda t, d, f: 3 * _flops(t, d, f),
        "Your FLOPs are three times the forward pass: you counted the backward pass too.",
        "The backward pass costs about twice the forward one. This exercise asks for the forward pass alone.",
    ),
)

# ---------------------------------------------------------------- 10.10 gradient norms


def _grads(block: nn.Module) -> list[Tensor]:
    return [p.grad for p in block.parameters() if p.grad is not None]


def _flat(block: nn.Module) -> Tensor:
    return torch.cat([grad.flatten() for grad in _grads(block)] or [torch.zeros(1)])


GRADIENT_NORMS = (
    WrongAnswer(
        id="sum_of_norms",
        code=lambda blocks: [sum(g.norm().item() for g in _grads(b)) for b in blocks],
        says="You add up the lengths of the single gradients.",
        why="Lengths of parts at right angles do not add: 3 and 4 make 5. Add the squares and take one root at the end.",
    ),
    WrongAnswer(
        id="mean_of_norms",
        code=lambda blocks: [
            sum(g.norm().item() for g in _grads(b)) / max(len(_grads(b)), 1) for b in blocks
        ],
        says="You average the lengths of the single gradients.",
        why="A bias of 4 numbers would count as much as a matrix of 4,000. Add the squares of all and take one root.",
    ),
    WrongAnswer(
        id="root_missing",
        code=lambda blocks: [_flat(b).square().sum().item() for b in blocks],
        says="Your numbers are squares of lengths: the root is missing.",
        why="The length is the root of the sum of the squares. Ratios between blocks would look squared.",
    ),
    WrongAnswer(
        id="mean_square",
        code=lambda blocks: [_flat(b).square().mean().item() ** 0.5 for b in blocks],
        says="You take the root of the mean square, not of the sum.",
        why="A length is the root of the sum of the squares; it does not shrink when there are more numbers.",
    ),
    WrongAnswer(
        id="absolute_sum",
        code=lambda blocks: [_flat(b).abs().sum().item() for b in blocks],
        says="You add up absolute values.",
        why="That is another norm, L1. Here the length is asked for: the root of the sum of the squares.",
    ),
    WrongAnswer(
        id="largest",
        code=lambda blocks: [_flat(b).abs().max().item() for b in blocks],
        says="You take the largest entry.",
        why="One number says little about thousands. The length is the root of the sum of all squares.",
    ),
    WrongAnswer(
        id="matrices_only",
        code=lambda blocks: [
            sum(g.square().sum().item() for g in _grads(b) if g.dim() > 1) ** 0.5 for b in blocks
        ],
        says="You leave out biases and gains.",
        why="All parameters of the block count, whatever their shape.",
    ),
    WrongAnswer(
        id="weights_themselves",
        code=lambda blocks: [
            sum(p.detach().square().sum().item() for p in b.parameters()) ** 0.5 for b in blocks
        ],
        says="You measure the parameters, not their gradients.",
        why="After backward the gradient of a parameter p stands in p.grad.",
    ),
    WrongAnswer(
        id="running_total",
        code=lambda blocks: [
            sum(_flat(b).square().sum().item() for b in list(blocks)[: place + 1]) ** 0.5
            for place in range(len(blocks))
        ],
        says="Your sum runs on from block to block.",
        why="Start at 0 again for every block: each has a length of its own.",
    ),
    WrongAnswer(
        id="one_number",
        code=lambda blocks: sum(_flat(b).square().sum().item() for b in blocks) ** 0.5,
        says="You return one length for all blocks together.",
        why="That number serves for clipping. To see depth, return a list with one number for each block.",
    ),
)
