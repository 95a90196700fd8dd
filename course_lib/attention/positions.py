"""Order: positions added to the input, a bias added to the scores, or queries and keys turned.

Positions are passed as numbers, `torch.arange(T)` in the simplest case, so that a caller may start
anywhere. Widths are even: every frequency takes two columns.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Shaped
from torch import Tensor, nn

from course_lib.attention.scaled_dot_product import masked_softmax, scaled_scores

#: A whole circle in 2π to 2π · BASE positions, from the first pair of columns to the last.
BASE = 10_000.0


def angles(positions: Shaped[Tensor, " T"], d: int, base: float = BASE) -> Float[Tensor, "T half"]:
    """Return how far each pair of columns has turned at each position: `p · base^(−2i/d)`.

    Paper: Vaswani et al. 2017, §3.5; Su et al. 2021, §3.2.2, uses the same frequencies.

    Args:
        positions: p, in tokens; whole numbers or not.
        d: width; i runs over its d/2 pairs of columns.
        base: the larger, the slower the last pairs turn.

    Returns:
        Radians, in the dtype of the positions (torch's default for whole numbers).

    Raises:
        ValueError: when `d` is odd.

    >>> angles(torch.tensor([0.0, 1.0, 2.0]), d=4)
    tensor([[0.0000, 0.0000],
            [1.0000, 0.0100],
            [2.0000, 0.0200]])
    """
    if d % 2 or d < 2:
        raise ValueError(f"d = {d} does not split into pairs of columns: choose an even width")
    if not positions.is_floating_point():
        positions = positions.to(torch.get_default_dtype())
    i = torch.arange(d // 2, dtype=positions.dtype, device=positions.device)
    return positions[:, None] * base ** (-2 * i / d)


# ---------------------------------------------------------------- added to the input


def sinusoidal_positions(positions: Shaped[Tensor, " T"], d: int) -> Float[Tensor, "T d"]:
    """Return a row for each position: sine and cosine of its angles, in turn.

    `P[p, 2i] = sin(p · base^(−2i/d))` and `P[p, 2i + 1] = cos(p · base^(−2i/d))`.

    Paper: Vaswani et al. 2017, §3.5.

    Args:
        positions: p, in tokens.
        d: width of the rows, even.

    >>> sinusoidal_positions(torch.tensor([0.0, 1.0]), d=4)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    turned = angles(positions, d)
    return torch.stack([turned.sin(), turned.cos()], dim=-1).flatten(-2)


class LearnedPositions(nn.Module):
    """Add a row of a learned table to each token: row t to the token at position t.

    Paper: Gehring et al. 2017, §3.1; Vaswani et al. 2017, §3.5 and Table 3, row (E).

    Args:
        max_len: rows of the table; a longer sequence has no position to add.
        d_model: width of the tokens.
    """

    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(max_len, d_model) * 0.02)

    def forward(self, x: Float[Tensor, "*B T d_model"]) -> Float[Tensor, "*B T d_model"]:
        """Return the tokens with their positions.

        Raises:
            ValueError: when the sequence is longer than the table.
        """
        n, rows = x.shape[-2], len(self.table)
        if n > rows:
            raise ValueError(f"{n} tokens need {n} positions; the table was made for {rows}")
        return x + self.table[:n]


# ---------------------------------------------------------------- added to the scores


def distances(n_queries: int, n_keys: int, device: torch.device | None = None) -> Tensor:
    """Return `s − t`, the steps from query t to key s: negative where the key came before.

    >>> distances(2, 3).tolist()
    [[0, 1, 2], [-1, 0, 1]]
    """
    at = torch.arange(max(n_queries, n_keys), device=device)
    return at[:n_keys] - at[:n_queries, None]


def relative_bias(
    table: Float[Tensor, "H n_steps"], n_queries: int, n_keys: int
) -> Float[Tensor, "H T S"]:
    """Return one learned number for each distance and head: `table[h, clip(s − t, −r, r) + r]`.

    Paper: Shaw et al. 2018, §3.2, clips distances; Raffel et al. 2020, §2.1, has a number for each
    head where Shaw has a vector (and groups far distances into buckets, which lesson 15 builds).

    Args:
        table: of 2r + 1 columns, from r steps before the query to r steps after it.
        n_queries: T.
        n_keys: S.

    >>> relative_bias(torch.tensor([[1.0, 2.0, 3.0]]), n_queries=2, n_keys=3)
    tensor([[[2., 3., 3.],
             [1., 2., 3.]]])
    """
    reach = table.shape[-1] // 2
    steps = distances(n_queries, n_keys, table.device).clamp(-reach, reach)
    return table[:, steps + reach]


def alibi_slopes(n_heads: int) -> list[float]:
    """Return one slope for each head: `2^(−8h/H)` for h = 1 … H when H is a power of two.

    For another H: the slopes of the next smaller power of two, then every second one of the next
    larger, until there are H.

    Paper: Press et al. 2022, §3, for powers of two; the rest is the rule of the authors' code.

    >>> alibi_slopes(4)
    [0.25, 0.0625, 0.015625, 0.00390625]
    >>> alibi_slopes(3)
    [0.0625, 0.00390625, 0.25]
    """
    if n_heads < 1:
        raise ValueError(f"n_heads = {n_heads}: one head at least has a slope")
    power = 1 << (n_heads.bit_length() - 1)
    # The slopes of twice the power hold those of the power at every second place.
    twice = [2.0 ** (-4 * h / power) for h in range(1, 2 * power + 1)]
    return twice[1::2] + twice[::2][: n_heads - power]


def alibi_bias(slopes: Float[Tensor, " H"], n_queries: int, n_keys: int) -> Float[Tensor, "H T S"]:
    """Return what each step of distance costs: `−slope · |s − t|`.

    Paper: Press et al. 2022, §3, for keys before the query; it has no keys after it.

    Args:
        slopes: one for each head, see `alibi_slopes`.
        n_queries: T.
        n_keys: S.

    >>> alibi_bias(torch.tensor([0.5]), n_queries=2, n_keys=3)
    tensor([[[-0.0000, -0.5000, -1.0000],
             [-0.5000, -0.0000, -0.5000]]])
    """
    return -slopes[:, None, None] * distances(n_queries, n_keys, slopes.device).abs()


def biased_attention(
    q: Float[Tensor, "*B H T d"],
    k: Float[Tensor, "*B H S d"],
    v: Float[Tensor, "*B H S d_v"],
    bias: Float[Tensor, "H T S"],
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "*B H T d_v"]:
    """Return softmax(q kᵀ / √d + bias) v over the keys that each query may attend to.

    Args:
        q: queries of every head.
        k: keys.
        v: values.
        bias: added to the scaled scores.
        mask: True = may attend; a query that may attend to nothing gets zeros.

    >>> q, k, v = torch.zeros(1, 1, 2), torch.zeros(1, 2, 2), torch.tensor([[[0.0], [4.0]]])
    >>> biased_attention(q, k, v, torch.tensor([[[0.0, 0.0]]]))
    tensor([[[2.]]])
    """
    return masked_softmax(scaled_scores(q, k) + bias, mask) @ v


def fused_biased_attention(
    q: Float[Tensor, "*B H T d"],
    k: Float[Tensor, "*B H S d"],
    v: Float[Tensor, "*B H S d_v"],
    bias: Float[Tensor, "H T S"],
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "*B H T d_v"]:
    """Return the same as `biased_attention`, by PyTorch's one fused call."""
    if mask is not None:
        bias = bias.masked_fill(~mask, -torch.inf)
    return F.scaled_dot_product_attention(
        q, k, v, attn_mask=bias.expand(*q.shape[:-2], *bias.shape[-2:])
    )


# ---------------------------------------------------------------- turned queries and keys


def rotate_halves(
    x: Float[Tensor, "*B T d"], positions: Shaped[Tensor, " T"], base: float = BASE
) -> Float[Tensor, "*B T d"]:
    """Turn column i together with column i + d/2, by `angles`: the layout of Hugging Face.

    Paper: Su et al. 2021, §3.2; there neighbouring columns turn together, see `rotate_pairs`.

    Args:
        x: queries or keys of one head, one row a position.
        positions: of the rows.
        base: of the frequencies.

    >>> rotate_halves(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), torch.tensor([0.0])).tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """
    turned = angles(_exact(positions, x), x.shape[-1], base)
    first, second = x.chunk(2, dim=-1)
    return torch.cat(_turn(first, second, turned), dim=-1)


def rotate_pairs(
    x: Float[Tensor, "*B T d"], positions: Shaped[Tensor, " T"], base: float = BASE
) -> Float[Tensor, "*B T d"]:
    """Turn column 2i together with column 2i + 1, by `angles`: the layout of the paper.

    Paper: Su et al. 2021, §3.2.2.

    Args:
        x: queries or keys of one head, one row a position.
        positions: of the rows.
        base: of the frequencies.

    >>> rotate_pairs(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), torch.tensor([0.0])).tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """
    turned = angles(_exact(positions, x), x.shape[-1], base)
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.stack(_turn(first, second, turned), dim=-1).flatten(-2)


def _exact(positions: Tensor, x: Tensor) -> Tensor:
    """Return positions as precise as x, but no less than float32: half precision ends at 2048."""
    return positions.to(x.device, torch.promote_types(x.dtype, torch.float32))


def _turn(first: Tensor, second: Tensor, turned: Tensor) -> tuple[Tensor, Tensor]:
    """Rotate the points (first, second) of the plane."""
    cos, sin = turned.cos().to(first.dtype), turned.sin().to(first.dtype)
    return first * cos - second * sin, first * sin + second * cos


def pairs_to_halves(x: Shaped[Tensor, "*B d"]) -> Shaped[Tensor, "*B d"]:
    """Reorder columns from the paper's layout to Hugging Face's: even ones first, then odd ones.

    `rotate_halves(pairs_to_halves(x), p)` is `pairs_to_halves(rotate_pairs(x, p))`.

    >>> pairs_to_halves(torch.arange(6)).tolist()
    [0, 2, 4, 1, 3, 5]
    """
    return torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)


def rotary_attention(
    q: Float[Tensor, "*B T d"],
    k: Float[Tensor, "*B S d"],
    v: Float[Tensor, "*B S d_v"],
    positions: tuple[Shaped[Tensor, " T"], Shaped[Tensor, " S"]] | None = None,
    mask: Bool[Tensor, "..."] | None = None,
    *,
    fused: bool = False,
) -> Float[Tensor, "*B T d_v"]:
    """Return attention whose queries and keys are turned by their positions; values are not.

    Paper: Su et al. 2021, §3.2.

    Args:
        q: queries.
        k: keys.
        v: values.
        positions: of queries and of keys; 0, 1, 2 … when left out.
        mask: True = may attend; a query that may attend to nothing gets zeros.
        fused: use PyTorch's one fused call, which stores no weights, instead of the formula.

    >>> q = k = torch.zeros(2, 4)
    >>> rotary_attention(q, k, torch.tensor([[1.0], [3.0]]))
    tensor([[2.],
            [2.]])
    """
    at_q, at_k = positions or (_count(q), _count(k))
    q, k = rotate_halves(q, at_q), rotate_halves(k, at_k)
    if fused:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return masked_softmax(scaled_scores(q, k), mask) @ v


def _count(x: Tensor) -> Tensor:
    return torch.arange(x.shape[-2], device=x.device)
