"""Mistakes in “ALiBi”: the code that makes each, its name, and why it is wrong."""

import math

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def alibi(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    slopes: Tensor,
    *,
    sign: int = -1,
    causal: bool = True,
    inside: bool = False,
    power: int = 1,
    after: bool = False,
    times: bool = False,
    scale: bool = True,
    strict: bool = False,
    fill: float = -math.inf,
    late: bool = False,
) -> Tensor:
    """ALiBi with switches for its classic mistakes; all off, it is right."""
    n = q.shape[-2]
    at = torch.arange(n, dtype=q.dtype, device=q.device)
    back = at[:, None] - at
    bias = sign * slopes[:, None, None] * (back if late else back.abs() ** power)
    root = math.sqrt(q.shape[-1]) if scale else 1.0
    raw = q @ k.mT
    scores = (raw + bias) / root if inside else raw / root + (0 if times or after else bias)
    scores = scores * bias if times else scores
    hidden = at[:, None] < at + (1 if strict else 0)
    scores = scores.masked_fill(hidden, fill) if causal and not late else scores
    shares = scores.softmax(-1).nan_to_num(0.0) if strict else scores.softmax(-1)
    weights = shares + (bias.masked_fill(hidden, 0) if after else 0)
    return weights.masked_fill(hidden & late, 0.0) @ v


def _slopes_on_queries(q: Tensor, k: Tensor, v: Tensor, slopes: Tensor) -> Tensor:
    at = torch.arange(q.shape[-2], device=q.device)
    back = at[:, None] - at
    scores = q @ k.mT / math.sqrt(q.shape[-1]) - slopes[:, None] * back
    return scores.masked_fill(back < 0, -math.inf).softmax(-1) @ v


MISTAKES = (
    WrongAnswer(
        id="rewards_distance",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, sign=1),
        says="Your bias rewards distance: it is added where it should be subtracted.",
        why="Each step back costs a slope, so that near keys are preferred. With s − t for the distance, which is negative "
        "here, the minus is in it already.",
    ),
    WrongAnswer(
        id="no_bias",
        code=lambda q, k, v, slopes: alibi(q, k, v, 0 * slopes),
        says="Your scores have no bias: this is causal attention as it was.",
        why="Subtract slope · (t − s) from the score of query t and key s.",
    ),
    WrongAnswer(
        id="not_causal",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, causal=False),
        says="Your queries see later keys.",
        why="ALiBi belongs to models that write: a bias makes far keys unlikely, only a mask makes the future impossible.",
    ),
    WrongAnswer(
        id="hidden_with_zero",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, fill=0.0),
        says="You fill the scores of later keys with 0.",
        why="A score of 0 still gets the weight e⁰ = 1 before the division. −∞ gets none.",
    ),
    WrongAnswer(
        id="hidden_too_late",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, late=True),
        says="You hide later keys after the softmax.",
        why="They have taken their share by then, and the weights of the others no longer sum to 1.",
    ),
    WrongAnswer(
        id="bias_scaled",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, inside=True),
        says="Your bias is divided by √d too.",
        why="√d undoes the spread of a dot product. The bias is no dot product: it is added to scores that are scaled.",
    ),
    WrongAnswer(
        id="one_slope",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes[:1].expand(slopes.shape)),
        says="All your heads use the first slope.",
        why="slopes[:, None, None] has shape (H, 1, 1) and gives each head its own.",
    ),
    WrongAnswer(
        id="slopes_on_queries",
        code=_slopes_on_queries,
        says="Your slopes lie on the axis of the queries: slopes[:, None] * back has no axis for the heads.",
        why="A slope belongs to a head. Two axes of size 1 behind it, slopes[:, None, None], make room for queries and keys.",
    ),
    WrongAnswer(
        id="squared",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, power=2),
        says="Your bias grows with the square of the distance.",
        why="It is linear, the L of ALiBi: ten steps cost ten slopes.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, times=True),
        says="Your bias is multiplied with the scores.",
        why="It is added. A product would turn a negative score into a preference, and give the own token a score of 0.",
    ),
    WrongAnswer(
        id="after_softmax",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, after=True),
        says="Your bias is added after the softmax.",
        why="Weights have to be positive and sum to 1. Added before, the bias leaves that to the softmax.",
    ),
    WrongAnswer(
        id="no_scale",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, scale=False),
        says="Your scores are not divided by √d.",
        why="The bias comes on top of scaled scores: without the root the dot products outweigh it more and more as d "
        "grows.",
    ),
    WrongAnswer(
        id="not_itself",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, strict=True),
        says="Your queries cannot see themselves.",
        why="Distance 0 costs nothing and is allowed: the diagonal of a causal mask is True.",
    ),
)
