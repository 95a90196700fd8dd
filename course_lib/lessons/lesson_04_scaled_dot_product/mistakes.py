"""The wrong answers that lesson 04 recognises."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_04_scaled_dot_product.given import faulty, variant


def _plain(
    q: Tensor, k: Tensor, v: Tensor, axis: int = -1, scale: float | None = None
) -> tuple[Tensor, Tensor]:
    weights = (q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)).softmax(axis)
    return weights @ v, weights


def _positions(lengths: Tensor, n: int) -> Tensor:
    return torch.arange(n, device=lengths.device).expand(len(lengths), n)


def _nan_hidden(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is None:
        return scores.softmax(-1) @ v
    weights = (scores + torch.zeros_like(scores).masked_fill(~mask, -torch.inf)).softmax(-1)
    return torch.where(mask.any(-1, keepdim=True), weights, 0.0) @ v


def _both(lengths: Tensor, n: int) -> tuple[Tensor, Tensor]:
    at = torch.arange(n, device=lengths.device)
    return at <= at[:, None], at < lengths[:, None]


def _numpy_faulty(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    mask: np.ndarray,
    *,
    root: float | None = None,
    axis: int = -1,
    fill: float = -np.inf,
    peak: str = "row",
    after: bool = False,
) -> np.ndarray:
    scores = q @ k.T / (math.sqrt(q.shape[-1]) if root is None else root)
    if not after:
        scores = np.where(mask, scores, fill)
    top = {"row": scores.max(axis, keepdims=True), "matrix": scores.max(), "none": 0.0}[peak]
    powers = np.exp(scores - top)
    weights = powers / powers.sum(axis, keepdims=True)
    return (weights * mask if after else weights) @ v


def _numpy_variant(**switches: Any) -> Callable[..., np.ndarray]:
    return lambda q, k, v, mask: _numpy_faulty(q, k, v, mask, **switches)


def _by_hand(
    q: Tensor, k: Tensor, v: Tensor, g: Tensor, fault: str = ""
) -> tuple[Tensor, Tensor, Tensor]:
    scale = 1 / math.sqrt(len(q))
    w = (k @ q * scale).softmax(0)
    grad_w = v @ g
    mean = 0.0 if fault == "diagonal" else grad_w.mean() if fault == "plain mean" else w @ grad_w
    grad_s = (1.0 if fault == "no weights" else w) * (grad_w - mean)
    grad_s = grad_w if fault == "no softmax" else grad_s
    after = 1.0 if fault == "no scale" else scale
    grad_v = torch.outer(grad_s if fault == "scores for values" else w, g)
    grad_k = torch.outer(w if fault == "weights for scores" else grad_s, q) * after
    return grad_s @ k * after, grad_k, grad_v


def _gradient_fault(fault: str) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    return lambda q, k, v, grad_out: _by_hand(q, k, v, grad_out, fault)


def _clinic_fault(t: int, s: int, d: int, dv: int | None, masked: bool) -> Callable[..., bool]:
    def test(attention: Callable[..., Tensor]) -> bool:
        q, k = noise(5, t, d), noise(6, s, d)
        v = k if dv is None else noise(7, s, dv)
        mask = torch.ones(t, s, dtype=torch.bool)
        mask[0, 0] = not masked
        out, due = attention(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return out.shape == due.shape and bool(torch.allclose(out, due))

    return test


SCALED_SCORES = (
    WrongAnswer(
        id="no_scale",
        code=lambda q, k: q @ k.mT,
        says="Your scores are not scaled: the division by √d is missing.",
        why="A dot product of d random terms spreads like √d, so at d = 64 scores of ±8 are ordinary and the "
        "softmax puts nearly everything on one key.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=lambda q, k: q @ k.mT / q.shape[-1],
        says="Your scores are divided by d, not by √d.",
        why="At d = 64 the scores would have a spread of 1/8 and every key would look alike; √d brings the "
        "spread back to 1. (Dividing q and k by √d each divides the scores by d.)",
    ),
    WrongAnswer(
        id="multiplies_by_root",
        code=lambda q, k: q @ k.mT * math.sqrt(q.shape[-1]),
        says="Your scores are multiplied by √d; they should be divided by it.",
        why="The spread of a dot product already grows like √d: multiplying makes it d.",
    ),
    WrongAnswer(
        id="scale_from_length",
        code=lambda q, k: q @ k.mT / math.sqrt(k.shape[-2]),
        says="Your scores are divided by the root of the number of keys, not of the width.",
        why="A dot product sums over the d entries of a vector, so its spread depends on d; how many keys "
        "there are does not enter.",
    ),
    WrongAnswer(
        id="scale_from_queries",
        code=lambda q, k: q @ k.mT / math.sqrt(q.shape[-2]),
        says="Your scores are divided by the root of the number of queries, not of the width.",
        why="The width d is the last size of q: q.shape[-1]. It is d terms that a dot product adds up.",
    ),
    WrongAnswer(
        id="softmax_already",
        code=lambda q, k: (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1),
        says="You went one step too far: these are weights, after the softmax.",
        why="The scores are asked for here, before it. Masks will have to come in between.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda q, k: k @ q.mT / math.sqrt(q.shape[-1]),
        says="Your scores are transposed: keys run down, queries across.",
        why="Row t belongs to query t, so the shape is (queries, keys). The softmax will run along the last "
        "axis and must find the keys there.",
    ),
    WrongAnswer(
        id="cosine",
        code=lambda q, k: F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).mT,
        says="Your scores are cosines: both vectors were divided by their norms.",
        why="Attention keeps the lengths: a long key may ask for more attention. Only √d divides.",
    ),
)

SOFTMAX_JACOBIAN = (
    WrongAnswer(
        id="only_diagonal",
        code=lambda w: torch.diag(w * (1 - w)),
        says="You have the diagonal alone, w (1 − w).",
        why="That is the derivative of a sigmoid. In a softmax every weight depends on every score: pushing one "
        "up pulls the others down, by −w_i w_j.",
    ),
    WrongAnswer(
        id="no_diagonal",
        code=lambda w: -torch.outer(w, w),
        says="The term diag(w) is missing.",
        why="Raising score i raises w_i itself: ∂w_i/∂s_i = w_i − w_i².",
    ),
    WrongAnswer(
        id="identity",
        code=lambda w: torch.eye(len(w), dtype=w.dtype) - torch.outer(w, w),
        says="You started from the identity, not from diag(w).",
        why="A weight near 0 barely moves, so its diagonal entry is w (1 − w), not 1 − w².",
    ),
    WrongAnswer(
        id="sign",
        code=lambda w: torch.outer(w, w) - torch.diag(w),
        says="The sign is turned round.",
        why="Raising a score raises its own weight: the diagonal is positive.",
    ),
    WrongAnswer(
        id="plus",
        code=lambda w: torch.diag(w) + torch.outer(w, w),
        says="The two matrices are added; the second is subtracted.",
        why="The weights share a total of 1: what one gains the others lose, so the off-diagonal is negative.",
    ),
    WrongAnswer(
        id="inner_product",
        code=lambda w: torch.diag(w) - w @ w,
        says="You subtracted the number wᵀw, not the matrix w wᵀ.",
        why="For a vector, w @ w is a single number. The outer product has entry w_i w_j at [i, j].",
    ),
)

ATTEND = (
    WrongAnswer(
        id="softmax_over_queries",
        code=lambda q, k, v: _plain(q, k, v, axis=-2),
        says="Your softmax runs over the queries (axis -2), so it is the keys that share out a total of 1.",
        why="A query asks “which keys?” and spreads a total of 1 over them: the softmax runs along the last axis.",
    ),
    WrongAnswer(
        id="softmax_over_batch",
        code=lambda q, k, v: _plain(q, k, v, axis=0),
        says="Your softmax runs along axis 0.",
        why="Axis 0 is the batch as soon as there is one: sentences would share out attention between them. "
        "Count from the end: the keys are axis -1.",
    ),
    WrongAnswer(
        id="no_scale",
        code=lambda q, k, v: _plain(q, k, v, scale=1.0),
        says="Your scores are not divided by √d.",
        why="Without it the softmax sharpens as d grows. scaled_scores from 4.1 does it for you.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=lambda q, k, v: _plain(q, k, v, scale=1 / q.shape[-1]),
        says="Your scores are divided by d, not by √d.",
        why="Dividing by d flattens the weights more and more as d grows: at d = 64 every key would look alike.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=lambda q, k, v: (_plain(q, k, k)[0], _plain(q, k, v)[1]),
        says="Your output mixes the keys, not the values.",
        why="A key says where to look, a value says what is found there. The output is as wide as the values.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=lambda q, k, v: (lambda s: (s @ v, s))(q @ k.mT / math.sqrt(q.shape[-1])),
        says="Your weights are the scores themselves: there is no softmax.",
        why="Scores may be negative and need not sum to 1, so the output would not be a mean of the values.",
    ),
    WrongAnswer(
        id="swapped_results",
        code=lambda q, k, v: _plain(q, k, v)[::-1],
        says="You return the weights first and the output second.",
        why="The signature asks for (out, weights).",
    ),
    WrongAnswer(
        id="values_averaged",
        code=lambda q, k, v: (
            v.mean(-2, keepdim=True).expand(*q.shape[:-1], v.shape[-1]),
            _plain(q, k, v)[1],
        ),
        says="Your output is the plain mean of the values: the weights are not used.",
        why="Each query mixes the values in its own proportions: weights @ v.",
    ),
)

PADDING_MASK = (
    WrongAnswer(
        id="inverted",
        code=lambda lengths, n: _positions(lengths, n) >= lengths[:, None],
        says="Your mask is inverted: it is True on the padding.",
        why="In this course True means “may attend”. nn.MultiheadAttention uses the opposite: read the "
        "documentation of every library before you hand it a mask.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=lambda lengths, n: _positions(lengths, n) <= lengths[:, None],
        says="Your mask lets one padding key through: it compares with ≤.",
        why="Positions start at 0, so a sequence of length 3 has the positions 0, 1 and 2.",
    ),
    WrongAnswer(
        id="one_too_few",
        code=lambda lengths, n: _positions(lengths, n) < lengths[:, None] - 1,
        says="Your mask hides the last real key of every sequence.",
        why="A sequence of length 3 has the positions 0, 1 and 2: all of them are smaller than 3.",
    ),
    WrongAnswer(
        id="padding_left",
        code=lambda lengths, n: _positions(lengths, n) >= n - lengths[:, None],
        says="Your mask takes the padding to stand on the left.",
        why="Here sequences start at position 0 and padding follows. (Generation often pads on the left; "
        "a mask must know which.)",
    ),
    WrongAnswer(
        id="keys_down",
        code=lambda lengths, n: (_positions(lengths, n) < lengths[:, None]).T,
        says="Your mask is transposed: keys run down, sequences across.",
        why="Batch comes first: row b is the mask of sequence b.",
    ),
    WrongAnswer(
        id="counted",
        code=lambda lengths, n: (_positions(lengths, n) < lengths[:, None]).long(),
        says="Your mask holds 0 and 1 as integers, not True and False.",
        why="~mask of an integer mask flips bits (~1 is −2), and PyTorch's fused attention takes a boolean mask, "
        "or a floating one that it adds to the scores.",
    ),
)

CAUSAL_MASK = (
    WrongAnswer(
        id="looks_ahead",
        code=lambda n: torch.ones(n, n, dtype=torch.bool).triu(),
        says="Your mask is upside down: every token may attend to itself and to all that come later.",
        why="Row t is a query. Query 0 has seen one token, so its row holds one True, on the left.",
    ),
    WrongAnswer(
        id="marks_forbidden",
        code=lambda n: torch.ones(n, n, dtype=torch.bool).triu(1),
        says="Your mask marks what is forbidden; True should mark what is allowed.",
        why="Every mask of this course says True = may attend, so that masks are combined with &.",
    ),
    WrongAnswer(
        id="without_itself",
        code=lambda n: torch.ones(n, n, dtype=torch.bool).tril(-1),
        says="Your diagonal is False: no token may attend to itself.",
        why="Token t has been written when query t looks. Without the diagonal the first query has nothing to "
        "attend to.",
    ),
    WrongAnswer(
        id="one_ahead",
        code=lambda n: torch.ones(n, n, dtype=torch.bool).tril(1),
        says="Your mask is off by one: every token sees the next one.",
        why="A model that is trained to name the next token would only have to copy it. Its loss falls to nearly "
        "0, and it cannot write.",
    ),
    WrongAnswer(
        id="numbers",
        code=lambda n: torch.ones(n, n).tril(),
        says="Your mask has the right shape but holds the numbers 0 and 1, not True and False.",
        why="PyTorch's fused attention adds a mask of numbers to the scores, where 0 and 1 hide nothing.",
    ),
    WrongAnswer(
        id="everything",
        code=lambda n: torch.ones(n, n, dtype=torch.bool),
        says="Your mask allows everything.",
        why="Query 0 must not see keys 1, 2, …: the upper right corner is False.",
    ),
    WrongAnswer(
        id="only_itself",
        code=lambda n: torch.eye(n, dtype=torch.bool),
        says="Your mask lets every token attend to itself alone.",
        why="Earlier tokens are known and useful: row t holds t + 1 times True.",
    ),
)

LOW = (
    "You fill forbidden scores with a number that is not low enough.",
    "Where every allowed score is lower still, the forbidden key takes the whole row. −∞ lies below every score.",
)
SCALED_DOT_PRODUCT_ATTENTION = (
    WrongAnswer(
        id="ignores_mask",
        code=lambda q, k, v, mask=None: faulty(q, k, v),
        says="Your function does not use the mask.",
        why="A forbidden key still takes part in every mean, padding included.",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=variant(after=True),
        says="Your mask comes after the softmax.",
        why="The forbidden keys have then already taken their share: what is left of a row sums to less than 1. "
        "Mask the scores.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=variant(flip=True),
        says="Your mask is inverted: it hides what it should allow.",
        why="True means “may attend”; masked_fill fills where its condition is True, so it needs ~mask.",
    ),
    WrongAnswer(
        id="masked_with_zero",
        code=variant(fill=0.0),
        says="You set forbidden scores to 0.",
        why="exp(0) is 1: a score of 0 is an ordinary score, and beats every negative one. Only −∞ becomes the "
        "weight 0.",
    ),
    WrongAnswer(
        id="fill_not_low_enough",
        code=variant(fill=-100.0),
        says=LOW[0],
        why=LOW[1],
    ),
    WrongAnswer(
        id="nan_rows",
        code=variant(empty=False),
        says="A query with nothing to attend to gives NaN.",
        why="All its scores are −∞, and the softmax divides 0 by 0. This course gives such a row zeros, as "
        "PyTorch's fused call does.",
    ),
    WrongAnswer(
        id="nan_hidden",
        code=_nan_hidden,
        says="Your output is right, but gradients through a row with nothing to attend to are NaN.",
        why="The softmax made 0/0 there, and torch.where hides NaN on the way forward only. Fill the scores with "
        "masked_fill, which lets no gradient through where it fills, and zero the row after the softmax.",
    ),
    WrongAnswer(
        id="fill_minus_1e9",
        code=variant(fill=-1e9, empty=False),
        says="You fill with −1e9 instead of −∞.",
        why="A row with nothing to attend to then weighs all its forbidden keys alike, and float16, whose "
        "smallest number is −65504, raises.",
    ),
    WrongAnswer(
        id="fill_finite",
        code=lambda q, k, v, mask=None: faulty(
            q, k, v, mask, fill=torch.finfo(q.dtype).min, empty=False
        ),
        says="A query with nothing to attend to gives the plain mean of all values.",
        why="Its scores are all the same finite number, so the softmax shares out 1 among keys that are all "
        "forbidden. Its output should be zeros.",
    ),
    WrongAnswer(
        id="no_scale",
        code=variant(scale=1.0),
        says="Your scores are not divided by √d.",
        why="Without it the softmax sharpens as d grows, and its gradient fades. scaled_scores does it for you.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=lambda q, k, v, mask=None: faulty(q, k, v, mask, scale=1 / q.shape[-1]),
        says="Your scores are divided by d, not by √d.",
        why="Dividing by d flattens the weights more and more as d grows: at d = 64 every key would look alike.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=variant(axis=-2),
        says="Your softmax runs over the queries (axis -2), not over the keys (axis -1).",
        why="Each query shares out a total of 1 among the keys; yours lets each key share itself out among queries.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=variant(swap=True),
        says="Your output mixes the keys, not the values.",
        why="A key says where to look, a value says what is found there. The output is as wide as the values.",
    ),
)

DECODER_MASK = (
    WrongAnswer(
        id="either",
        code=lambda lengths, n: (lambda c, p: c | p[:, None, :])(*_both(lengths, n)),
        says="Your masks are joined by “or”: a key passes when either allows it.",
        why="Later words and earlier padding would both get through. A key must pass both: &.",
    ),
    WrongAnswer(
        id="padded_queries",
        code=lambda lengths, n: (lambda c, p: c & p[:, :, None])(*_both(lengths, n)),
        says="You hid the padded queries, not the padded keys.",
        why="Queries are rows (axis -2), keys are columns (axis -1): the padding mask needs its new axis in the "
        "middle, (B, 1, n). What padded queries compute is thrown away later, by the loss.",
    ),
    WrongAnswer(
        id="padding_only",
        code=lambda lengths, n: (lambda c, p: p[:, None, :].expand(-1, n, -1))(*_both(lengths, n)),
        says="Only the padding is hidden: every query may look ahead.",
        why="The causal mask is missing.",
    ),
    WrongAnswer(
        id="causal_only",
        code=lambda lengths, n: (lambda c, p: c.expand(len(lengths), n, n))(*_both(lengths, n)),
        says="Only later keys are hidden: padding may be attended to.",
        why="A padded query at the end of a short sequence would mix in padding.",
    ),
    WrongAnswer(
        id="looks_ahead",
        code=lambda lengths, n: (lambda c, p: c.T & p[:, None, :])(*_both(lengths, n)),
        says="Your causal part is transposed: queries see what comes later, and not what came before.",
        why="Row t may use keys 0 … t: the lower triangle.",
    ),
    WrongAnswer(
        id="inverted",
        code=lambda lengths, n: (lambda c, p: ~(c & p[:, None, :]))(*_both(lengths, n)),
        says="Your mask is inverted: True marks what is forbidden.",
        why="True means “may attend” throughout this course.",
    ),
)

ATTENTION_NUMPY = (
    WrongAnswer(
        id="no_max",
        code=_numpy_variant(peak="none"),
        says="Your exponentials overflow: the largest score of each row is not subtracted.",
        why="exp(710) is infinite in float64, and ∞/∞ is NaN. Subtracting the row's maximum changes no weight: it "
        "cancels in the division.",
    ),
    WrongAnswer(
        id="one_max_for_all",
        code=_numpy_variant(peak="matrix"),
        says="You subtract the largest score of the whole matrix, not each row's.",
        why="A row whose scores all lie 800 below that maximum underflows: exp gives 0 everywhere, and 0/0 is NaN. Every "
        "row needs its own maximum.",
    ),
    WrongAnswer(
        id="no_scale",
        code=_numpy_variant(root=1.0),
        says="Your scores are not divided by √d.",
        why="The definition is softmax(q kᵀ / √d) v.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=_numpy_variant(axis=0),
        says="Your softmax runs down the columns (axis 0), over the queries.",
        why="Each query shares out a total of 1 over the keys: axis -1.",
    ),
    WrongAnswer(
        id="ignores_mask",
        code=lambda q, k, v, mask: _numpy_faulty(q, k, v, np.ones_like(mask)),
        says="Your function does not use the mask.",
        why="Forbidden keys still take part in the mean.",
    ),
    WrongAnswer(
        id="masked_with_zero",
        code=_numpy_variant(fill=0.0),
        says="You set forbidden scores to 0.",
        why="exp(0) is 1, so the key still takes part. Only −∞ becomes the weight 0.",
    ),
    WrongAnswer(
        id="fill_not_low_enough",
        code=_numpy_variant(fill=-100.0),
        says=LOW[0],
        why=LOW[1],
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_numpy_variant(after=True),
        says="Your mask comes after the softmax.",
        why="What is left of a row then sums to less than 1. Mask the scores, or divide by the sum afterwards.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=lambda q, k, v, mask: _numpy_faulty(q, k, v, ~mask),
        says="Your mask is inverted.",
        why="np.where(mask, a, b) takes a where the mask is True: the scores belong first, −∞ second.",
    ),
)

ATTENTION_GRADIENT = (
    WrongAnswer(
        id="no_scale",
        code=_gradient_fault("no scale"),
        says="Your gradients of q and k are √d times too large.",
        why="The scores are k q / √d, so the division by √d appears in the derivative too.",
    ),
    WrongAnswer(
        id="diagonal_only",
        code=_gradient_fault("diagonal"),
        says="Your softmax gradient keeps only the diagonal of its Jacobian: w · grad_w.",
        why="All weights share a total of 1, so each score moves all of them: subtract w @ grad_w first.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=_gradient_fault("no softmax"),
        says="You passed the gradient of the weights on to the scores as it is.",
        why="Between them lies the softmax, whose Jacobian diag(w) − w wᵀ you wrote in 4.2.",
    ),
    WrongAnswer(
        id="plain_mean",
        code=_gradient_fault("plain mean"),
        says="You subtracted the plain mean of grad_w, not the mean weighted by w.",
        why="(diag(w) − w wᵀ) g is w · (g − wᵀg): the mean is taken with the attention weights.",
    ),
    WrongAnswer(
        id="no_weights",
        code=_gradient_fault("no weights"),
        says="The factor w is missing from the gradient of the scores.",
        why="A key with weight near 0 barely moves the output, so its score has a gradient near 0.",
    ),
    WrongAnswer(
        id="scores_for_values",
        code=_gradient_fault("scores for values"),
        says="Your grad_v is built from the gradient of the scores, not from the weights.",
        why="out = w @ v is linear in v: value s enters with weight w[s], so its gradient is w[s] · grad_out.",
    ),
    WrongAnswer(
        id="weights_for_scores",
        code=_gradient_fault("weights for scores"),
        says="Your grad_k is built from the weights, not from the gradient of the scores.",
        why="A key enters through its score alone: grad_k[s] = grad_s[s] · q / √d.",
    ),
)

IS_ATTENTION = (
    WrongAnswer(
        id="accepts_all",
        code=lambda attention: True,
        says="Your test says True to everything.",
        why="A test that cannot fail proves nothing: call attention(q, k, v, mask) and compare.",
    ),
    WrongAnswer(
        id="rejects_all",
        code=lambda attention: False,
        says="Your test says False to everything, to right attentions as well.",
        why="Compare with a version that you trust, within a tolerance.",
    ),
    WrongAnswer(
        id="shape_only",
        code=lambda attention: (
            attention(noise(1, 3, 4), noise(2, 5, 4), noise(3, 5, 2)).shape == (3, 2)
        ),
        says="Your test looks at the shape of the output alone.",
        why="Five of the six faulty attentions return the right shape. Compare numbers.",
    ),
    WrongAnswer(
        id="no_mask",
        code=_clinic_fault(3, 5, 4, 2, masked=False),
        says="Your test forbids no key, so three faults go unseen.",
        why="Ignoring the mask, masking after the softmax and masking with 0 differ only where something is forbidden.",
    ),
    WrongAnswer(
        id="values_are_keys",
        code=_clinic_fault(3, 5, 4, None, masked=True),
        says="Your test uses the keys as values, so an attention that confuses them passes.",
        why="Draw the values on their own, and give them a width of their own.",
    ),
    WrongAnswer(
        id="width_one",
        code=_clinic_fault(3, 5, 1, 2, masked=True),
        says="Your test uses d = 1, where √d is 1, so a missing scale goes unseen.",
        why="Choose d = 4 or more.",
    ),
)
