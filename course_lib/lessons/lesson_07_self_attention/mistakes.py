"""The wrong answers that lesson 07 recognises."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer

Layer = Callable[[Tensor], Tensor]

# ---------------------------------------------------------------- 7.1 scores by two projections


def _scores(q: Tensor, k: Tensor, root: float | None = None) -> Tensor:
    return q @ k.mT / (math.sqrt(q.shape[-1]) if root is None else root)


PROJECTED_SCORES = (
    WrongAnswer(
        id="queries_twice",
        code=lambda x, w_q, w_k: _scores(x @ w_q, x @ w_q),
        says="You use w_q for both sides, so queries meet queries.",
        why="With one projection the scores are symmetric: what i asks of j, j must ask of i. A verb "
        "could not look for its subject without the subject looking for a verb as hard.",
    ),
    WrongAnswer(
        id="keys_twice",
        code=lambda x, w_q, w_k: _scores(x @ w_k, x @ w_k),
        says="You use w_k for both sides, so keys meet keys.",
        why="With one projection the scores are symmetric: what i asks of j, j must ask of i. The side "
        "that asks needs w_q.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda x, w_q, w_k: _scores(x @ w_k, x @ w_q),
        says="Your scores are transposed: keys run down, queries across.",
        why="Row t belongs to token t as it asks. Both sides are as long here, so no shape gives the "
        "slip away; the softmax along the last axis would run over the queries.",
    ),
    WrongAnswer(
        id="no_projection",
        code=lambda x, w_q, w_k: _scores(x, x),
        says="Your tokens meet as they are: neither w_q nor w_k is used.",
        why="Each token would then score highest with itself and its likes. The projections let a token "
        "ask for something that it is not.",
    ),
    WrongAnswer(
        id="no_scale",
        code=lambda x, w_q, w_k: _scores(x @ w_q, x @ w_k, 1.0),
        says="Your scores are not scaled: the division by √d_head is missing.",
        why="A dot product of d_head random terms spreads like √d_head, and the softmax would put nearly "
        "everything on one key.",
    ),
    WrongAnswer(
        id="scale_by_model",
        code=lambda x, w_q, w_k: _scores(x @ w_q, x @ w_k, math.sqrt(x.shape[-1])),
        says="Your scores are divided by √d_model, the width of the tokens.",
        why="The dot product runs over queries and keys, which are d_head wide: d_head terms are added, "
        "so √d_head is their spread.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=lambda x, w_q, w_k: _scores(x @ w_q, x @ w_k, w_q.shape[-1]),
        says="Your scores are divided by d_head, not by √d_head.",
        why="The spread of a dot product grows like √d_head. Dividing by d_head makes every key look alike "
        "when the head is wide.",
    ),
    WrongAnswer(
        id="softmax_already",
        code=lambda x, w_q, w_k: _scores(x @ w_q, x @ w_k).softmax(-1),
        says="You went one step too far: these are weights, after the softmax.",
        why="The scores are asked for here. They may be negative, and their rows sum to anything.",
    ),
)

# ---------------------------------------------------------------- 7.2 self-attention


class _SelfAttention(nn.Module):
    """Has the right parameters; what it does with them is another matter."""

    def __init__(self, d_model: int, d_head: int) -> None:
        super().__init__()
        self.w_q = nn.Linear(d_model, d_head, bias=False)
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)


def _layer(forward: Any) -> type[nn.Module]:
    """Return a layer that computes `forward(self, x, mask=None)`."""
    return type("SelfAttention", (_SelfAttention,), {"forward": forward})


def _attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    *,
    root: float | None = None,
    axis: int = -1,
    after: bool = False,
    fill: float = -math.inf,
    empty: bool = True,
) -> Tensor:
    """Attend with one thing changed."""
    scores = _scores(q, k, root)
    if mask is None:
        return scores.softmax(axis) @ v
    if after:
        return (scores.softmax(axis) * mask) @ v
    weights = scores.masked_fill(~mask, fill).softmax(axis)
    if empty:
        weights = weights.masked_fill(~mask.any(-1, keepdim=True), 0.0)
    return weights @ v


def _with(**change: Any) -> type[nn.Module]:
    return _layer(
        lambda self, x, mask=None: _attend(self.w_q(x), self.w_k(x), self.w_v(x), mask, **change)
    )


def _roles(q: str, k: str, v: str) -> type[nn.Module]:
    """Return a layer whose queries, keys and values are made by the named projections."""

    def forward(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
        made = {name: getattr(self, name)(x) for name in ("w_q", "w_k", "w_v")}
        return _attend(made[q], made[k], made[v], mask)

    return _layer(forward)


def _transposed(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _attend(self.w_k(x), self.w_q(x), self.w_v(x), mask)


def _mask_turned(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    if mask is not None:
        mask = mask.expand(*mask.shape[:-2], x.shape[-2], x.shape[-2]).mT
    return _attend(self.w_q(x), self.w_k(x), self.w_v(x), mask)


def _scaled_output(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    q = self.w_q(x)
    return _attend(q, self.w_k(x), self.w_v(x), mask) / math.sqrt(q.shape[-1])


def _scaled_twice(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    q = self.w_q(x)
    return _attend(q, self.w_k(x), self.w_v(x), mask, root=q.shape[-1])


def _by_model(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    root = math.sqrt(x.shape[-1])
    return _attend(self.w_q(x), self.w_k(x), self.w_v(x), mask, root=root)


def _always_causal(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    past = torch.ones(x.shape[-2], x.shape[-2], dtype=torch.bool).tril()
    return _attend(self.w_q(x), self.w_k(x), self.w_v(x), past)


def _sigmoid(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    weights = torch.sigmoid(_scores(self.w_q(x), self.w_k(x)))
    out: Tensor = (weights if mask is None else weights * mask) @ self.w_v(x)
    return out


SELF_ATTENTION = (
    WrongAnswer(
        id="one_projection",
        code=_roles("w_q", "w_q", "w_q"),
        says="One projection makes queries, keys and values alike.",
        why="Asking, being found and answering are three roles. w_k and w_v stand ready, and get no "
        "gradient while they are unused.",
    ),
    WrongAnswer(
        id="queries_as_keys",
        code=_roles("w_q", "w_q", "w_v"),
        says="Your keys are made by w_q, like the queries.",
        why="Scores become symmetric, and most tokens look at themselves first. Keys are w_k's.",
    ),
    WrongAnswer(
        id="keys_as_queries",
        code=_roles("w_k", "w_k", "w_v"),
        says="Your queries are made by w_k, like the keys.",
        why="Scores become symmetric, and most tokens look at themselves first. Queries are w_q's.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=_roles("w_q", "w_k", "w_k"),
        says="Your values are the keys again: weights and content share w_k.",
        why="A key says when a token is to be found, a value what it then hands over. Values are w_v's.",
    ),
    WrongAnswer(
        id="queries_as_values",
        code=_roles("w_q", "w_k", "w_q"),
        says="Your values are the queries again.",
        why="A query says what a token looks for, a value what it hands over. Values are w_v's.",
    ),
    WrongAnswer(
        id="roles_swapped",
        code=_layer(_transposed),
        says="Your scores are transposed: queries and keys have changed places.",
        why="Row t must hold what token t asks, w_q's side, against every key. Both are as long here, so "
        "no shape gives the slip away.",
    ),
    WrongAnswer(
        id="tokens_as_values",
        code=_layer(lambda self, x, mask=None: _attend(self.w_q(x), self.w_k(x), x, mask)),
        says="Your weights mix the tokens themselves, not their values.",
        why="What a token hands over is made by w_v, and is d_head wide.",
    ),
    WrongAnswer(
        id="no_scale",
        code=_with(root=1.0),
        says="Your scores are not divided by √d_head.",
        why="Without it the softmax grows sure as the head grows wide, and stops learning.",
    ),
    WrongAnswer(
        id="scaled_twice",
        code=_layer(_scaled_twice),
        says="Your scores are divided by √d_head twice.",
        why="scaled_dot_product_attention divides already. Twice makes d_head, and the weights too even.",
    ),
    WrongAnswer(
        id="output_scaled",
        code=_layer(_scaled_output),
        says="Your output is divided by √d_head as well.",
        why="The root tames scores before the softmax. The output is a weighted mean of values, and is "
        "already on their scale.",
    ),
    WrongAnswer(
        id="scale_by_model",
        code=_layer(_by_model),
        says="Your scores are divided by √d_model, the width of the tokens.",
        why="Queries and keys are d_head wide: that many terms are added in each dot product.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=_with(axis=-2, empty=True),
        says="Your softmax runs over the queries (axis −2), so it is the keys that share out a total of 1.",
        why="Each token asks “whom do I listen to?” and spreads a total of 1: the softmax runs along the "
        "last axis. Rows and columns are as many here, so no shape tells.",
    ),
    WrongAnswer(
        id="mask_ignored",
        code=_layer(
            lambda self, x, mask=None: _attend(self.w_q(x), self.w_k(x), self.w_v(x), None)
        ),
        says="Your mask is not used.",
        why="Forbidden tokens enter the mean: padding would be read, and the future.",
    ),
    WrongAnswer(
        id="mask_transposed",
        code=_layer(_mask_turned),
        says="Your mask lies on the wrong axis: its rows forbid queries where they should forbid keys.",
        why="mask[t, s] says whether query t may attend to key s: it is laid on the scores as it is.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_layer(
            lambda self, x, mask=None: _attend(
                self.w_q(x), self.w_k(x), self.w_v(x), None if mask is None else ~mask
            )
        ),
        says="Your mask is the wrong way round: what is allowed is hidden.",
        why="True means may attend in this course, so the others are filled: masked_fill(~mask, …).",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_with(after=True),
        says="You mask after the softmax, so the rows that are left sum to less than 1.",
        why="A forbidden token must leave before the weights are shared out, as a score of −∞.",
    ),
    WrongAnswer(
        id="masked_with_zero",
        code=_with(fill=0.0),
        says="You fill forbidden scores with 0, which is a score like any other.",
        why="exp(0) = 1: the token keeps a share, often a large one. −∞ leaves it nothing.",
    ),
    WrongAnswer(
        id="always_causal",
        code=_layer(_always_causal),
        says="You hide the future, whatever the mask says.",
        why="Here every token may attend to all, unless the mask that is handed in forbids it.",
    ),
    WrongAnswer(
        id="sigmoid",
        code=_layer(_sigmoid),
        says="Your weights come from a sigmoid, one for each pair, so a row need not sum to 1.",
        why="The tokens share out each query's attention: softmax along the last axis.",
    ),
    WrongAnswer(
        id="empty_row_mean",
        code=_with(fill=-1e9, empty=False),
        says="A token that may attend to nothing gets the plain mean of all values.",
        why="You fill with −10⁹, so all its scores are alike, and the softmax spreads over tokens that are "
        "all forbidden. Such a token gets zeros.",
    ),
    WrongAnswer(
        id="empty_row_nan",
        code=_with(empty=False),
        says="A token that may attend to nothing comes out as NaN.",
        why="All its scores are −∞ and the softmax divides 0 by 0. Such a token gets zeros; "
        "scaled_dot_product_attention of lesson 04 sees to it.",
    ),
)

# ---------------------------------------------------------------- 7.3 a test for equivariance


def near(a: Tensor, b: Tensor) -> bool:
    """Tell whether two results agree, rounding aside."""
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-5, atol=1e-8)


def orders(n: int, how_many: int = 8) -> list[Tensor]:
    """Return a few orders of n tokens."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randperm(n, generator=generator) for _ in range(how_many)]


def _judge(verdict: Callable[[Layer, Tensor, Tensor], bool]) -> Callable[..., bool]:
    return lambda layer, x: all(verdict(layer, x, order) for order in orders(len(x)))


def _one_order(make: Callable[[Tensor], Tensor]) -> Callable[..., bool]:
    return lambda layer, x: near(layer(make(x)), make(layer(x)))


def _swap_first(x: Tensor) -> Tensor:
    return torch.cat([x[1:2], x[:1], x[2:]])


IS_EQUIVARIANT = (
    WrongAnswer(
        id="loose",
        code=_judge(
            lambda layer, x, order: torch.allclose(layer(x[order]), layer(x)[order], atol=0.1)
        ),
        says="Your tolerance is so wide that a difference of 0.1 passes.",
        why="On small numbers everything then agrees. Rounding moves the last digits alone: in float64 the "
        "defaults of torch.allclose will do.",
    ),
    WrongAnswer(
        id="accepts_all",
        code=lambda layer, x: True,
        says="Your test says True to everything.",
        why="A test that cannot fail proves nothing: call layer on x and on x in another order.",
    ),
    WrongAnswer(
        id="rejects_all",
        code=lambda layer, x: False,
        says="Your test says False to everything.",
        why="A layer that treats every token alike is equivariant: shuffled inputs, shuffled outputs.",
    ),
    WrongAnswer(
        id="invariance",
        code=_judge(lambda layer, x, order: near(layer(x[order]), layer(x))),
        says="You test invariance: that the outputs stay where they are.",
        why="Under equivariance they move along. Output i belonged to token i and now belongs to where "
        "that token went: compare with layer(x)[order].",
    ),
    WrongAnswer(
        id="inverse_order",
        code=_judge(lambda layer, x, order: near(layer(x[order]), layer(x)[order.argsort()])),
        says="Your outputs are put in the inverse order.",
        why="Inputs and outputs move the same way: x[order] on one side, layer(x)[order] on the other. "
        "For a swap or a reversal the two orders are one, which is why some tests miss it.",
    ),
    WrongAnswer(
        id="exact",
        code=_judge(lambda layer, x, order: torch.equal(layer(x[order]), layer(x)[order])),
        says="You compare to the last digit, so rounding fails layers that are equivariant.",
        why="A sum taken in another order ends on another last digit. Use torch.allclose.",
    ),
    WrongAnswer(
        id="only_reversed",
        code=_one_order(lambda x: x.flip(0)),
        says="You try one order alone, the reversal, and a layer that looks into a mirror passes.",
        why="x + x.flip(0) reverses with its input, yet knows every place. Try several random orders.",
    ),
    WrongAnswer(
        id="only_rolled",
        code=_one_order(lambda x: x.roll(1, 0)),
        says="You try a cyclic shift alone, and a layer that mixes neighbours in a ring passes.",
        why="A ring looks the same after every shift. Try several random orders.",
    ),
    WrongAnswer(
        id="only_a_swap",
        code=_one_order(_swap_first),
        says="You swap the first two tokens alone, so what happens at the last goes unseen.",
        why="A layer may treat only one place apart. Try orders that move every token.",
    ),
    WrongAnswer(
        id="totals",
        code=_judge(lambda layer, x, order: near(layer(x[order]).sum(0), layer(x).sum(0))),
        says="You compare totals over the tokens, which forget which output is whose.",
        why="A layer that sorts its tokens has the same total in any order, and is not equivariant. "
        "Compare row with row.",
    ),
)

# ---------------------------------------------------------------- 7.4 graphs as masks


def _eye(a: Tensor) -> Tensor:
    return torch.eye(a.shape[-1], dtype=torch.bool, device=a.device)


GRAPH_MASK = (
    WrongAnswer(
        id="transposed",
        code=lambda adjacency: (adjacency != 0) | _eye(adjacency),
        says="Your mask lies on the wrong axis: news travels against the edges.",
        why="adjacency[s, t] is an edge from s to t, so t hears s. A mask's rows are those who hear: "
        "mask[t, s].",
    ),
    WrongAnswer(
        id="no_self_loops",
        code=lambda adjacency: (adjacency != 0).mT,
        says="Your nodes do not attend to themselves.",
        why="A node that nobody points at could attend to nothing, and every node would forget what it "
        "was in each layer. Set the diagonal.",
    ),
    WrongAnswer(
        id="as_it_is",
        code=lambda adjacency: adjacency != 0,
        says="You return the adjacency itself: the axes are swapped and the diagonal is missing.",
        why="Its rows send, a mask's rows receive; and each node should hear itself.",
    ),
    WrongAnswer(
        id="both_ways",
        code=lambda adjacency: (adjacency != 0) | (adjacency != 0).mT | _eye(adjacency),
        says="You let news travel both ways along every edge.",
        why="An edge from s to t says that t hears s. Whether s hears t is another edge.",
    ),
    WrongAnswer(
        id="inverted",
        code=lambda adjacency: ~((adjacency != 0).mT | _eye(adjacency)),
        says="Your mask is the wrong way round: neighbours are hidden, strangers are seen.",
        why="True means may attend in this course.",
    ),
    WrongAnswer(
        id="positive_only",
        code=lambda adjacency: (adjacency > 0).mT | _eye(adjacency),
        says="You lose edges whose number is negative.",
        why="Any number but 0 is an edge: compare with != 0.",
    ),
    WrongAnswer(
        id="ones_only",
        code=lambda adjacency: (adjacency == 1).mT | _eye(adjacency),
        says="You keep only edges whose number is exactly 1.",
        why="Edges may carry weights. Any number but 0 is an edge: compare with != 0.",
    ),
    WrongAnswer(
        id="whole_numbers",
        code=lambda adjacency: adjacency.int().bool().mT | _eye(adjacency),
        says="You cut edges to whole numbers first, and lose those between −1 and 1.",
        why="An edge of 0.5 is an edge. Compare with != 0 before anything else.",
    ),
    WrongAnswer(
        id="only_loops",
        code=lambda adjacency: (adjacency != 0).mT & _eye(adjacency),
        says="You join neighbours and self-loops with “and”, so only nodes with a loop of their own remain.",
        why="A node attends to its neighbours or itself: both count, so join them with |.",
    ),
    WrongAnswer(
        id="toggled",
        code=lambda adjacency: (adjacency != 0).mT ^ _eye(adjacency),
        says="You toggle the diagonal, so a node that had a loop loses it.",
        why="Adding True to True leaves True: join with |, not with ^ or a sum that must equal 1.",
    ),
    WrongAnswer(
        id="numbers",
        code=lambda adjacency: (adjacency != 0).mT.float() + _eye(adjacency),
        says="Your mask holds numbers; a mask holds True and False.",
        why="Added to an edge that is there already, a self-loop even makes a 2. Compare with != 0, and "
        "join with |.",
    ),
)

# ---------------------------------------------------------------- 7.5 pooling by attention


class _Pool(nn.Module):
    """Has the right parameters; what it does with them is another matter."""

    def __init__(self, d_model: int, d_head: int) -> None:
        super().__init__()
        self.seed = nn.Parameter(torch.randn(d_head))
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)


def _pool(forward: Any) -> type[nn.Module]:
    """Return a pool that computes `forward(self, x, mask=None)`."""
    return type("AttentionPool", (_Pool,), {"forward": forward})


def _pool_by(
    scores: Tensor,
    v: Tensor,
    mask: Tensor | None,
    *,
    after: bool = False,
    empty: bool = True,
    fill: float = -math.inf,
) -> Tensor:
    """Pool values by scores, both (…, T), with one thing changed."""
    if mask is None:
        return (scores.softmax(-1)[..., None] * v).sum(-2)
    if after:
        return ((scores.softmax(-1) * mask)[..., None] * v).sum(-2)
    weights = scores.masked_fill(~mask, fill).softmax(-1)
    if empty:
        weights = weights.masked_fill(~mask.any(-1, keepdim=True), 0.0)
    return (weights[..., None] * v).sum(-2)


def _seed_scores(pool: Any, x: Tensor, root: float | None = None) -> Tensor:
    made: Tensor = pool.w_k(x) @ pool.seed
    return made / (math.sqrt(len(pool.seed)) if root is None else root)


def _pool_with(**change: Any) -> type[nn.Module]:
    return _pool(
        lambda self, x, mask=None: _pool_by(_seed_scores(self, x), self.w_v(x), mask, **change)
    )


def _pool_root(root: Callable[[Any, Tensor], float]) -> type[nn.Module]:
    return _pool(
        lambda self, x, mask=None: _pool_by(_seed_scores(self, x, root(self, x)), self.w_v(x), mask)
    )


def _mean(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(0 * _seed_scores(self, x), self.w_v(x), mask)


def _largest(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    v = self.w_v(x) + 0 * _seed_scores(self, x)[..., None]
    if mask is None:
        return v.amax(-2)
    v = v.masked_fill(~mask[..., None], -math.inf).amax(-2)
    return v.masked_fill(~mask.any(-1)[..., None], 0.0)


def _hard(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = _seed_scores(self, x)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    best = nn.functional.one_hot(scores.argmax(-1), x.shape[-2]).to(x.dtype)
    best = best if mask is None else best * mask
    return (best[..., None] * self.w_v(x)).sum(-2)


def _axis_kept(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), self.w_v(x), mask).unsqueeze(-2)


def _values_as_keys(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    v = self.w_v(x)
    return _pool_by(v @ self.seed / math.sqrt(len(self.seed)), v, mask)


def _keys_as_values(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), self.w_k(x), mask)


def _items_as_values(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), x, mask)


def _no_mask(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), self.w_v(x), None)


def _mask_inverted(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), self.w_v(x), None if mask is None else ~mask)


def _added(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    return _pool_by(_seed_scores(self, x), self.w_v(x), mask) + self.seed


ATTENTION_POOL = (
    WrongAnswer(
        id="mean",
        code=_pool(_mean),
        says="Your pool is a plain mean: every item gets the same weight.",
        why="Averaging items, keys or values before they meet the seed comes to the same, since w_v is "
        "linear. Score each item's key against the seed first, and pool the values last.",
    ),
    WrongAnswer(
        id="largest",
        code=_pool(_largest),
        says="You take the largest number of each column (max pooling).",
        why="That mixes entries of different items and has no use for the seed. The weights come from a "
        "softmax over the items.",
    ),
    WrongAnswer(
        id="hard",
        code=_pool(_hard),
        says="You take the value of the best item alone.",
        why="Choosing by argmax gives the seed and w_k no gradient. A softmax lets every item count.",
    ),
    WrongAnswer(
        id="axis_kept",
        code=_pool(_axis_kept),
        says="Your result keeps an axis of size 1 where the items were.",
        why="A set becomes one vector, shape (…, d_head): drop the axis with squeeze(-2).",
    ),
    WrongAnswer(
        id="values_as_keys",
        code=_pool(_values_as_keys),
        says="The seed is compared with the values, not with the keys.",
        why="A key says whether an item counts, a value what it then adds. w_k is unused so.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=_pool(_keys_as_values),
        says="Your weights mix the keys, not the values.",
        why="A key says whether an item counts, a value what it then adds. w_v is unused so.",
    ),
    WrongAnswer(
        id="items_as_values",
        code=_pool(_items_as_values),
        says="Your weights mix the items themselves, not their values.",
        why="What an item adds is made by w_v, and is d_head wide.",
    ),
    WrongAnswer(
        id="no_scale",
        code=_pool_root(lambda pool, x: 1.0),
        says="Your scores are not divided by √d_head.",
        why="A dot product of d_head random terms spreads like √d_head; without the root one item takes all.",
    ),
    WrongAnswer(
        id="scale_by_model",
        code=_pool_root(lambda pool, x: math.sqrt(x.shape[-1])),
        says="Your scores are divided by √d_model, the width of the items.",
        why="Seed and keys are d_head wide: that many terms are added in each dot product.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=_pool_root(lambda pool, x: len(pool.seed)),
        says="Your scores are divided by d_head, not by √d_head.",
        why="The spread of a dot product grows like √d_head; dividing by d_head makes all items alike. Is "
        "the division made twice?",
    ),
    WrongAnswer(
        id="mask_ignored",
        code=_pool(_no_mask),
        says="Your mask is not used: padding enters the mean.",
        why="Sets of different sizes are filled up to one length. What was filled in must not count.",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_pool_with(after=True),
        says="You mask after the softmax, so the weights that are left sum to less than 1.",
        why="The result would shrink with every item of padding. Padding leaves as a score of −∞.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_pool(_mask_inverted),
        says="Your mask is the wrong way round: you pool the padding.",
        why="True means that an item is real, so the others are filled: masked_fill(~mask, …).",
    ),
    WrongAnswer(
        id="row_for_each_item",
        code=_pool(lambda self, x, mask=None: _axis_kept(self, x, mask).expand(self.w_v(x).shape)),
        says="Your result has a row for each item, all of them alike.",
        why="The seed is one query for the whole set, so one row comes out: expand it to (…, 1, d_head), "
        "and drop that axis in the end.",
    ),
    WrongAnswer(
        id="empty_mean",
        code=_pool_with(fill=-1e9, empty=False),
        says="An empty set gives the mean of its padding.",
        why="You fill with −10⁹, so all its scores are alike and padding shares the whole weight. An empty "
        "set gives zeros.",
    ),
    WrongAnswer(
        id="empty_nan",
        code=_pool_with(empty=False),
        says="An empty set comes out as NaN.",
        why="All its scores are −∞ and the softmax divides 0 by 0. An empty set gives zeros.",
    ),
    WrongAnswer(
        id="seed_added",
        code=_pool(_added),
        says="You add the seed to the result.",
        why="Set Transformers do so, as a residual around the pool. Here the result is the weighted mean "
        "of the values alone.",
    ),
)

# ---------------------------------------------------------------- 7.6 a pointer that copies


def _copy(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    rows = nn.functional.one_hot(tokens, vocab_size).to(weights.dtype)
    return (weights[..., None] * rows).sum(-2)


def _last_wins(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    out = weights.new_zeros(*weights.shape[:-1], vocab_size)
    for t in range(tokens.shape[-1]):
        out = out.scatter(-1, tokens[..., t : t + 1], weights[..., t : t + 1])
    return out


def _best_place(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    rows = nn.functional.one_hot(tokens, vocab_size).to(weights.dtype)
    return (weights[..., None] * rows).amax(-2)


def _one_word(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    word = tokens.gather(-1, weights.argmax(-1, keepdim=True)).squeeze(-1)
    return nn.functional.one_hot(word, vocab_size).to(weights.dtype)


def _even(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    return _copy(torch.full_like(weights, 1 / weights.shape[-1]), tokens, vocab_size)


def _averaged(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    counts = _copy(torch.ones_like(weights), tokens, vocab_size)
    return _copy(weights, tokens, vocab_size) / counts.clamp(min=1)


def _by_place(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    out = weights.new_zeros(*weights.shape[:-1], vocab_size)
    n = min(vocab_size, weights.shape[-1])
    out[..., :n] = weights[..., :n]
    return out


def _whole_batch(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    out = _copy(weights.flatten(), tokens.flatten(), vocab_size)
    return out.expand(*weights.shape[:-1], vocab_size).clone()


COPY_DISTRIBUTION = (
    WrongAnswer(
        id="last_wins",
        code=_last_wins,
        says="A word that stands twice keeps the weight of one place alone: the last overwrites the first.",
        why="Each place brings its share, so the shares of a word are added: scatter_add, not scatter or "
        "an assignment by index.",
    ),
    WrongAnswer(
        id="best_place",
        code=_best_place,
        says="You keep the largest weight of a word, and drop its other places.",
        why="The shares of a word's places are added; otherwise the probabilities no longer sum to 1.",
    ),
    WrongAnswer(
        id="averaged",
        code=_averaged,
        says="You average the weights of a word's places.",
        why="A word that stands twice has two chances to be pointed at: its shares are added. Averaged, "
        "the probabilities no longer sum to 1.",
    ),
    WrongAnswer(
        id="one_word",
        code=_one_word,
        says="You give all to the word at the heaviest place.",
        why="That is a choice, not a distribution: it has no gradient, and two lighter places of one word "
        "may together outweigh it.",
    ),
    WrongAnswer(
        id="counts",
        code=_even,
        says="You count how often each word stands there; the weights do not enter.",
        why="A pointer says which places matter. Each place counts by its weight, not by 1/T.",
    ),
    WrongAnswer(
        id="places_as_words",
        code=_by_place,
        says="You put the weight of place t on word number t.",
        why="A place is no word: tokens[t] says which word stands there.",
    ),
    WrongAnswer(
        id="softmax_again",
        code=lambda weights, tokens, vocab_size: _copy(weights, tokens, vocab_size).softmax(-1),
        says="You take a softmax of what is already a distribution.",
        why="Words that do not stand there at all would get e⁰ = 1 each before sharing out. The weights "
        "sum to 1 already, and so do the results.",
    ),
    WrongAnswer(
        id="whole_batch",
        code=_whole_batch,
        says="You add over all sequences of the batch.",
        why="Each sequence has a pointer of its own: add along the last axis only.",
    ),
)

# ---------------------------------------------------------------- 7.7 two maps compared


def _rows(known: Tensor) -> Tensor:
    return known.sum(-1) > 0


MAP_OVERLAP = (
    WrongAnswer(
        id="all_rows",
        code=lambda weights, known: float(weights.minimum(known).sum(-1).mean()),
        says="You count the rows where nothing is asked.",
        why="Their known row is all 0, so they score 0 whatever the layer does. The mean is over the "
        "other rows.",
    ),
    WrongAnswer(
        id="product",
        code=lambda weights, known: float((weights * known).sum(-1)[_rows(known)].mean()),
        says="You multiply the two maps; take the smaller of the two in every cell.",
        why="Where a known row spreads evenly over seven places, a perfect map would score 7 · (1/7)² = "
        "1/7 by products. By the smaller of both it scores 1.",
    ),
    WrongAnswer(
        id="all_that_lands",
        code=lambda weights, known: float((weights * (known > 0)).sum(-1)[_rows(known)].mean()),
        says="You count all weight on right places, also what is more than their share.",
        why="Where a row should spread evenly, one place could take all and still score 1. In every cell only "
        "the smaller of the two numbers is shared.",
    ),
    WrongAnswer(
        id="total",
        code=lambda weights, known: float(weights.minimum(known).sum()),
        says="You return the total over all rows, not the mean of the rows that ask.",
        why="A total grows with the number of sequences and says nothing by itself; the mean lies between "
        "0 and 1.",
    ),
    WrongAnswer(
        id="mean_of_cells",
        code=lambda weights, known: float(weights.minimum(known)[_rows(known)].mean()),
        says="You average over the cells of each row; a row's cells are added.",
        why="A perfect row shares all of its total of 1, so its overlap is 1, not 1 divided by the number of keys.",
    ),
    WrongAnswer(
        id="same_peak",
        code=lambda weights, known: float(
            (weights.argmax(-1) == known.argmax(-1))[_rows(known)].double().mean()
        ),
        says="You ask whether both rows have their peak at the same place.",
        why="A weight of 0.2 may be a peak, and a row that spreads evenly has none. Compare the weights: "
        "how much do both rows share?",
    ),
    WrongAnswer(
        id="difference",
        code=lambda weights, known: float((weights - known).abs().sum(-1)[_rows(known)].mean()),
        says="You measure how far the maps are apart.",
        why="A distance is 0 where they agree. The overlap is 1 there: add up the smaller of the two.",
    ),
    WrongAnswer(
        id="not_halved",
        code=lambda weights, known: float(1 - (weights - known).abs().sum(-1)[_rows(known)].mean()),
        says="You take the whole distance from 1; half of it is due.",
        why="What is missing in one place stands too much in another, so Σ|w − m| counts each misplaced "
        "share twice: Σ min(w, m) = 1 − Σ|w − m| / 2.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda weights, known: float(weights.minimum(known.mT).sum(-1)[_rows(known)].mean()),
        says="You compare with the known map on its side.",
        why="Rows are queries in both maps. Compare them as they are.",
    ),
)

# ---------------------------------------------------------------- 7.8 the best without order

BEST_WITHOUT_ORDER = (
    WrongAnswer(
        id="one_in_n",
        code=lambda n: 1 / n,
        says="You guess among all n tokens, also where a token's own place can be ruled out.",
        why="With n even no token stands opposite itself. A model sees which token asks, so it guesses "
        "among the n − 1 others.",
    ),
    WrongAnswer(
        id="one_in_others",
        code=lambda n: 1 / max(n - 1, 1),
        says="You rule a token's own place out, also where n is odd.",
        why="With n odd the middle token stands opposite itself. Counted over all orders, its own token "
        "is then as likely as any other: 1/n.",
    ),
    WrongAnswer(
        id="parity_swapped",
        code=lambda n: 1 / max(n - 1, 1) if n % 2 else 1 / n,
        says="You have even and odd the wrong way round.",
        why="The middle token, which answers itself, exists when n is odd.",
    ),
    WrongAnswer(
        id="all_at_once",
        code=lambda n: 1 / math.factorial(n),
        says="You ask for the whole sequence to be right.",
        why="The share of right answers is counted place by place, and its mean is due.",
    ),
    WrongAnswer(
        id="one_half",
        code=lambda n: 0.5,
        says="You answer one half for every n.",
        why="Each of the other tokens is equally likely to stand opposite, and there are n − 1 of them.",
    ),
    WrongAnswer(
        id="complement",
        code=lambda n: (n - 1) / n if n % 2 else (n - 2) / max(n - 1, 1),
        says="You return the share of wrong answers.",
        why="One guess among n − 1 is right once in n − 1 times, and wrong the other times.",
    ),
    WrongAnswer(
        id="zero",
        code=lambda n: 0.0,
        says="You say that nothing can be right without order.",
        why="A guess is right now and then: the token opposite is one of the others, each equally likely.",
    ),
    WrongAnswer(
        id="middle_known",
        code=lambda n: (1 + (n - 1) / max(n - 1, 1)) / n if n % 2 else 1 / max(n - 1, 1),
        says="For odd n you let the middle token know that it is the middle one, and the others that they are not.",
        why="Which token stands in the middle is a matter of order, and that is hidden. A model must give "
        "each token the same answer wherever it stands.",
    ),
)
