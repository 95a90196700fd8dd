"""Lesson 07 as data: exercises, predictions, quiz."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

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
from course_lib.lessons.lesson_07_self_attention import mistakes as wrong

B, H, T, D, DH = 2, 3, 5, 7, 11
MECHANISMS = "course_lib.attention.self_attention"
REFERENCE = "course_lib.lessons.lesson_07_self_attention.reference"
LEADS: tuple[tuple[int, ...], ...] = ((), (B,), (B, H))


def many(lead: tuple[int, ...], what: str = "sequence") -> str:
    """Return how a leading shape reads: "2 × 3 sequences"."""
    return f"{' × '.join(map(str, lead)) or 'one'} {what}{'s' * bool(lead)}"


def draw_lead(rng: np.random.Generator) -> tuple[int, ...]:
    return LEADS[pick(rng, range(len(LEADS)))]


def coin(rng: np.random.Generator, *shape: int, share: float = 0.6) -> Tensor:
    """Return random truth values."""
    return torch.from_numpy(np.asarray(rng.random(shape) < share))


def in_range(value: Tensor, low: Tensor, high: Tensor) -> bool:
    return bool(((value >= low - 1e-6) & (value <= high + 1e-6)).all())


# ---------------------------------------------------------------- 7.1 scores by two projections


def score_cases() -> list[Case]:
    by_hand = Case(
        label="a noun and a verb",
        args=(torch.eye(2), torch.tensor([[1.0], [0]]), torch.tensor([[0.0], [3]])),
    )
    drawn = [
        Case(
            label=f"{many(lead)} of {t} tokens, width {d} to {h}, seed {seed}",
            args=(noise(seed, *lead, t, d), noise(seed + 10, d, h), noise(seed + 20, d, h)),
            gradients=True,
        )
        for lead, t, d, h, seed in (
            ((), T, D, 3, 0),
            ((B,), T, D, DH, 1),
            ((B, H), 4, 5, 6, 2),
        )
    ]
    alone = Case(
        label="a single token", args=(noise(3, 1, 4), noise(4, 4, 3), noise(5, 4, 3)), edge=True
    )
    return [by_hand, *drawn, alone]


def score_sample(rng: np.random.Generator) -> Case:
    t, d, h = (pick(rng, range(1, 7)) for _ in range(3))
    x = noise(rng, *draw_lead(rng), t, d)
    return Case(label="random", args=(x, noise(rng, d, h), noise(rng, d, h)), edge=t == 1)


def score_oracle(x: Tensor, w_q: Tensor, w_k: Tensor) -> Tensor:
    """One sum over all three widths: x[t, i] w_q[i, h] w_k[j, h] x[s, j]."""
    bilinear = torch.einsum("ih,jh->ij", w_q, w_k) * w_q.shape[1] ** -0.5
    return torch.einsum("...ti,ij,...sj->...ts", x, bilinear, x)


def not_symmetric(call: Any, case: Case, value: Any) -> str | None:
    """Two projections make scores that differ in both directions."""
    n = value.shape[-1]
    if n < 2 or not torch.allclose(value, value.mT, atol=1e-9):
        return None
    x, w_q, w_k = case.args
    due = score_oracle(x, w_q, w_k)
    if torch.allclose(due, due.mT, atol=1e-9):
        return None
    return (
        "What token 0 asks of token 1 need not be what token 1 asks of token 0. On the case "
        f"“{case.label}” your scores are the same in both directions, as if one projection played both roles."
    )


PROJECTED_SCORES = Exercise(
    name="projected_scores",
    title="Who asks, who is asked",
    minutes=6,
    difficulty=1,
    proves="queries come from one projection and keys from another, each in its place",
    passed="Agrees with one sum over all widths in float64, gradients of both projections too.",
    cases=score_cases,
    sample=score_sample,
    oracle=score_oracle,
    properties=(Property(id="not_symmetric", holds=not_symmetric),),
    reference=f"{MECHANISMS}.projected_scores",
    forbidden=("scaled_dot_product_attention", "MultiheadAttention"),
    hints=(
        "Every token plays two roles here. Make its query with one matrix and its key with the other; "
        "then you stand where lesson 04 began. Which width belongs under the root?",
        "q is x times w_q, k is x times w_k\nscores are q times k transposed in its last two axes\n"
        "divide by the root of the width of q",
        "x @ w_q has shape (…, T, d_head), and so has x @ w_k. d_head is w_q.shape[-1], not x.shape[-1].\n"
        "    return (x @ w_q) @ ... / math.sqrt(...)",
    ),
    wrong_answers=wrong.PROJECTED_SCORES,
)

# ---------------------------------------------------------------- 7.2 self-attention


def _state(rng: int | np.random.Generator, d_model: int, d_head: int) -> dict[str, Tensor]:
    rng = generator(rng) if isinstance(rng, int) else rng
    return {f"{name}.weight": noise(rng, d_head, d_model) for name in ("w_q", "w_k", "w_v")}


def _layer_case(
    label: str,
    x: Tensor,
    state: dict[str, Tensor],
    mask: Tensor | None = None,
    **more: Any,
) -> Case:
    d_head, d_model = state["w_v.weight"].shape
    args = (x,) if mask is None else (x, mask)
    init = {"d_model": d_model, "d_head": d_head}
    return Case(label=label, args=args, init=init, state=state, **more)


def _patchy(seed: int, *shape: int) -> Tensor:
    """Return a mask that is not symmetric, whose row 2 is empty and whose other rows are not."""
    mask = coin(generator(seed), *shape)
    mask[..., 0] = True
    mask[..., 2, :] = False
    return mask


def attention_cases() -> list[Case]:
    by_hand = _layer_case(
        "a noun and a verb",
        torch.eye(2, dtype=torch.float64),
        {
            "w_q.weight": torch.tensor([[1.0, 0]], dtype=torch.float64),
            "w_k.weight": torch.tensor([[0.0, math.log(3)]], dtype=torch.float64),
            "w_v.weight": torch.tensor([[8.0, 4]], dtype=torch.float64),
        },
    )
    plain = [
        _layer_case(
            f"{many(lead)} of {t} tokens, width {d} to {h}, seed {seed}",
            noise(seed, *lead, t, d),
            _state(seed + 10, d, h),
            gradients=True,
        )
        for lead, t, d, h, seed in (
            ((), T, D, 3, 0),
            ((B,), T, D, DH, 1),
            ((B, H), 4, 5, 6, 2),
        )
    ]
    masks = {
        "causal": torch.ones(T, T, dtype=torch.bool).tril(),
        "one for each sequence": _patchy(0, B, T, T) | torch.eye(T, dtype=torch.bool),
        "padding": torch.arange(T).expand(B, 1, T) < torch.tensor([[[T]], [[3]]]),
        "with an empty row": _patchy(1, T, T),
    }
    masked = [
        _layer_case(
            f"mask: {name}",
            noise(seed, B, T, D),
            _state(seed + 10, D, 3),
            mask,
            gradients=True,
            edge=name == "with an empty row",
        )
        for seed, (name, mask) in enumerate(masks.items(), start=3)
    ]
    return [by_hand, *plain, *masked]


def attention_sample(rng: np.random.Generator) -> Case:
    lead = LEADS[pick(rng, range(2))]
    t, d, h = (pick(rng, range(1, 6)) for _ in range(3))
    shape = [None, (t, t), (*lead, t, t), (*lead, 1, t)][pick(rng, range(4))]
    mask = None if shape is None else coin(rng, *shape)
    return _layer_case("random", noise(rng, *lead, t, d), _state(rng, d, h), mask)


def attention_oracle(
    state: dict[str, Tensor], x: Tensor, mask: Tensor | None = None, **init: int
) -> Tensor:
    """Token by token, in loops: exponentials of its scores with all that it may attend to."""
    t, d_model = x.shape[-2:]
    allowed = torch.ones(t, t, dtype=torch.bool) if mask is None else mask
    allowed = allowed.expand(*x.shape[:-2], t, t).reshape(-1, t, t)
    flat = x.reshape(-1, t, d_model)
    out = [
        torch.stack([_gather(state, rows, who, i) for i, who in enumerate(allowed[b])])
        for b, rows in enumerate(flat)
    ]
    return torch.stack(out).reshape(*x.shape[:-1], -1)


def _gather(state: dict[str, Tensor], rows: Tensor, allowed: Tensor, i: int) -> Tensor:
    """Return what token i gathers from the allowed ones, with scores written as sums."""
    w_q, w_k, w_v = (state[f"{name}.weight"] for name in ("w_q", "w_k", "w_v"))
    heard = rows[allowed]
    if len(heard) == 0:
        return (w_v @ rows[i]) * 0
    asks = (w_q * rows[i]).sum(1)
    powers = torch.exp(((heard @ w_k.T) * asks).sum(1) / w_q.shape[0] ** 0.5)
    return (powers[:, None] * (heard @ w_v.T)).sum(0) / powers.sum()


def within_values(call: Any, case: Case, value: Any) -> str | None:
    """A weighted mean cannot leave the range of what it averages."""
    x = case.args[0]
    v = x @ case.state["w_v.weight"].T
    low, high = v.amin(-2, keepdim=True).clamp(max=0), v.amax(-2, keepdim=True).clamp(min=0)
    if len(case.args) == 1:
        low, high = v.amin(-2, keepdim=True), v.amax(-2, keepdim=True)
    if in_range(value, low, high):
        return None
    return (
        "Each output is a weighted mean of the values x W_v, so it cannot leave their range. On the case "
        f"“{case.label}” the values reach from {v.min().item():.3f} to {v.max().item():.3f}, your outputs "
        f"from {value.min().item():.3f} to {value.max().item():.3f}."
    )


def moves_with_its_tokens(call: Any, case: Case, value: Any) -> str | None:
    """Shuffle the tokens, and their mask with them: the outputs are shuffled alike."""
    x = case.args[0]
    order = torch.from_numpy(generator(5).permutation(x.shape[-2]))
    args = [x[..., order, :]]
    if len(case.args) > 1:
        t = x.shape[-2]
        mask = case.args[1].expand(*case.args[1].shape[:-2], t, t)
        args.append(mask[..., order, :][..., order])
    again = call(*args).detach()
    due = value[..., order, :]
    if torch.allclose(again.to(due), due, atol=1e-8, rtol=1e-6):
        return None
    apart = (again.to(due) - due).abs().max().item()
    return (
        "Self-attention does not know the order of its tokens: shuffle them, and the outputs are shuffled "
        f"alike. On the case “{case.label}” some of yours change by {apart:.3f}, so a place enters somewhere."
    )


SELF_ATTENTION = Exercise(
    name="SelfAttention",
    title="Self-attention",
    minutes=10,
    difficulty=2,
    marks=2,
    proves="your class makes queries, keys and values by three projections and attends under any mask",
    passed="Agrees with loops over single tokens in float64, gradients of all three projections too.",
    cases=attention_cases,
    sample=attention_sample,
    oracle=attention_oracle,
    properties=(
        Property(id="within_values", holds=within_values),
        Property(id="equivariant", holds=moves_with_its_tokens),
    ),
    protocol=ModuleProtocol(),
    reference=f"{MECHANISMS}.SelfAttention",
    forbidden=("MultiheadAttention", "multi_head_attention_forward"),
    hints=(
        "__init__ makes three layers from d_model to d_head and keeps them on self. forward sends the same "
        "x through all three, and hands the results to the attention of lesson 04.",
        "in __init__, after super().__init__():\n"
        "    w_q, w_k, w_v: three linear layers from d_model to d_head, each without a bias\n"
        "in forward:\n"
        "    q, k and v are x through each of them\n"
        "    return their attention under the mask",
        "self.w_q = nn.Linear(d_model, d_head, bias=False), and the same for w_k and w_v. Then forward "
        "returns scaled_dot_product_attention(self.w_q(x), ..., ..., mask), which scales and masks already.",
    ),
    wrong_answers=wrong.SELF_ATTENTION,
)

# ---------------------------------------------------------------- 7.3 a test for equivariance

Layer = Callable[[Tensor], Tensor]


def _toy_attention(x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend with no projections, by plain exponentials."""
    scores = x @ x.mT / math.sqrt(x.shape[-1])
    powers = torch.exp(scores - scores.amax(-1, keepdim=True))
    powers = powers if mask is None else powers * mask
    return powers / powers.sum(-1, keepdim=True) @ x


def _last_doubled(x: Tensor) -> Tensor:
    return torch.cat([x[:-1], 2 * x[-1:]])


EQUIVARIANT: dict[str, Layer] = {
    "doubles every token": lambda x: 2 * x,
    "lets all tokens attend to all": _toy_attention,
    "adds the total of all tokens": lambda x: x + x.cumsum(0)[-1],
    "gives every token the mean": lambda x: x.mean(0).expand(len(x), -1),
    "turns the entries of each token round": lambda x: x.flip(1),
}

NOT_EQUIVARIANT: dict[str, Layer] = {
    "adds its place to every token": lambda x: x + torch.arange(len(x), dtype=x.dtype)[:, None],
    "hides the future": lambda x: _toy_attention(x, torch.ones(len(x), len(x)).tril()),
    "sorts its tokens": lambda x: x[x[:, 0].argsort()],
    "adds each token's mirror image": lambda x: x + x.flip(0),
    "mixes neighbours in a ring": lambda x: x + 0.5 * x.roll(1, 0),
    "doubles the last token": _last_doubled,
}

LAYERS = {**EQUIVARIANT, **NOT_EQUIVARIANT}


def _layer_test(name: str, x: Tensor, more: str = "") -> Case:
    return Case(label=f"a layer that {name}{more}", args=(LAYERS[name], x))


def equivariant_cases() -> list[Case]:
    by_hand = _layer_test("doubles every token", torch.tensor([[1.0], [2], [4], [7]]).double())
    rest = [name for name in LAYERS if name != "doubles every token"]
    drawn = [_layer_test(name, noise(place, 7, 3)) for place, name in enumerate(rest)]
    small = _layer_test("hides the future", 0.01 * noise(20, 7, 3), ", on small numbers")
    return [by_hand, *drawn, small]


def equivariant_sample(rng: np.random.Generator) -> Case:
    name = list(LAYERS)[pick(rng, range(len(LAYERS)))]
    return _layer_test(name, noise(rng, pick(rng, range(6, 9)), pick(rng, range(2, 5))))


def equivariant_oracle(layer: Layer, x: Tensor) -> bool:
    """Move rows by permutation matrices, twenty of them."""
    out, rng = layer(x), generator(3)
    eye = torch.eye(len(x), dtype=x.dtype)
    moves = [eye[torch.from_numpy(rng.permutation(len(x)))] for _ in range(20)]
    return all(bool((layer(p @ x) - p @ out).abs().max() < 1e-6) for p in moves)


def equivariant_verdict(call: Any, case: Case, value: Any) -> str | None:
    """Say which layer was misjudged."""
    if not isinstance(value, bool | np.bool_ | Tensor) or bool(value) == equivariant_oracle(
        *case.args
    ):
        return None
    if bool(value):
        return (
            f"Your test lets pass {case.label}: it is not equivariant. Shuffle its inputs in several random "
            "orders, and compare row with row: layer(x[order]) with layer(x)[order]."
        )
    return (
        f"Your test turns away {case.label}: it is equivariant. Shuffled inputs give its outputs in the same "
        "new order, up to rounding (torch.allclose)."
    )


IS_EQUIVARIANT = Exercise(
    name="is_equivariant",
    title="A test for equivariance",
    minutes=10,
    difficulty=3,
    marks=2,
    proves="your test passes five equivariant layers and catches six that know the order",
    passed="Your test passes five equivariant layers and catches all six that know the order.",
    cases=equivariant_cases,
    sample=equivariant_sample,
    oracle=equivariant_oracle,
    properties=(Property(id="verdict", holds=equivariant_verdict),),
    reference="course_lib.attention.symmetry.is_equivariant",
    device=False,
    hints=(
        "Shuffle, then apply; apply, then shuffle. Both must agree, in whatever order you shuffle, and "
        "rounding must be forgiven. One order proves little: a reversal fools you where a mirror is at work.",
        "several times:\n    order: a random order of the rows of x, from a generator of your own\n"
        "    compare layer of the shuffled x with the shuffled layer of x\n"
        "    if they are not close: False\nTrue",
        "order = torch.randperm(len(x), generator=generator), with generator = "
        "torch.Generator().manual_seed(0) before the loop. Compare by torch.allclose(layer(x[order]), ...).",
    ),
    wrong_answers=wrong.IS_EQUIVARIANT,
)

# ---------------------------------------------------------------- 7.4 graphs as masks


def _edges(rng: np.random.Generator, *shape: int, share: float = 0.4) -> Tensor:
    return coin(rng, *shape, share=share)


def graph_cases() -> list[Case]:
    chain = torch.tensor([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    weighted = torch.tensor([[0.0, 0.5, 0, -2], [0, 0, 3, 0], [-0.25, 0, 0, 0], [0, 0, 1, 0]])
    looped = torch.tensor([[1, 0, 1], [0, 0, 1], [0, 1, 1]])
    return [
        Case(label="a chain: 0 → 1 → 2", args=(chain,)),
        Case(label="edges with weights, some negative", args=(weighted,)),
        Case(label="a graph with loops", args=(looped,)),
        Case(label="True and False, 5 nodes", args=(_edges(generator(0), 5, 5),)),
        Case(label="2 graphs of 4 nodes", args=(_edges(generator(1), 2, 4, 4).int(),)),
        Case(label="2 × 3 graphs of 5 nodes", args=(_edges(generator(2), 2, 3, 5, 5).double(),)),
        Case(label="no edges", args=(torch.zeros(3, 3),), edge=True),
        Case(label="a single node", args=(torch.zeros(1, 1, dtype=torch.bool),), edge=True),
    ]


def graph_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 7))
    edges = _edges(rng, *draw_lead(rng), n, n, share=float(rng.random()))
    kinds = [edges, edges.int(), edges * noise(rng, *edges.shape), 2 * edges.long()]
    return Case(label="random", args=(kinds[pick(rng, range(len(kinds)))],))


def graph_oracle(adjacency: Tensor) -> Tensor:
    """Edge by edge, in NumPy."""
    mask = np.zeros(adjacency.shape, dtype=bool)
    for *lead, s, t in np.argwhere(adjacency.numpy()):
        mask[(*lead, t, s)] = True
    for i in range(adjacency.shape[-1]):
        mask[..., i, i] = True
    return torch.from_numpy(mask)


def hears_itself(call: Any, case: Case, value: Any) -> str | None:
    """Every node attends to itself."""
    if value.dtype is not torch.bool:
        return None
    deaf = (~value.diagonal(dim1=-2, dim2=-1)).nonzero()
    if len(deaf) == 0:
        return None
    return (
        f"Every node attends to itself. On the case “{case.label}” node {int(deaf[0, -1])} of yours does "
        "not: the diagonal is False there."
    )


def hears_senders(call: Any, case: Case, value: Any) -> str | None:
    """An edge s → t lets t attend to s."""
    if value.dtype is not torch.bool or value.shape != case.args[0].shape:
        return None
    missing = ((case.args[0] != 0).mT & ~value).nonzero()
    if len(missing) == 0:
        return None
    t, s = missing[0, -2:].tolist()
    return (
        f"On the case “{case.label}” there is an edge from node {s} to node {t}, so row {t} of the mask is "
        f"True in column {s}. Yours is False there."
    )


def hears_nobody_else(call: Any, case: Case, value: Any) -> str | None:
    """Where there is no edge s → t, t does not attend to s."""
    if value.dtype is not torch.bool or value.shape != case.args[0].shape:
        return None
    stray = (value & ~(case.args[0] != 0).mT & ~_eye(value)).nonzero()
    if len(stray) == 0:
        return None
    t, s = stray[0, -2:].tolist()
    return (
        f"On the case “{case.label}” there is no edge from node {s} to node {t}, so row {t} of the mask is "
        f"False in column {s}. Yours is True there."
    )


def _eye(value: Tensor) -> Tensor:
    return torch.eye(value.shape[-1], dtype=torch.bool)


GRAPH_MASK = Exercise(
    name="graph_mask",
    title="A graph as a mask",
    minutes=5,
    difficulty=2,
    proves="a node attends to those with an edge to it, and to itself, and to nobody else",
    passed="Agrees with a loop over single edges, for graphs with loops, weights and leading axes.",
    cases=graph_cases,
    sample=graph_sample,
    oracle=graph_oracle,
    properties=(
        Property(id="hears_itself", holds=hears_itself),
        Property(id="hears_senders", holds=hears_senders),
        Property(id="hears_nobody_else", holds=hears_nobody_else),
    ),
    reference=f"{MECHANISMS}.graph_mask",
    hints=(
        "Three steps: where is an edge, who hears whom, and everyone hears themselves. In the adjacency the "
        "rows send; in a mask the rows are queries, and queries hear.",
        "edges: where the adjacency is not 0\nturn its last two axes, so that rows receive\n"
        "or with a diagonal of True, on the same device",
        "(adjacency != 0).transpose(-2, -1) says who hears whom. torch.eye(n, dtype=torch.bool, "
        "device=adjacency.device) is the diagonal; | joins both.",
    ),
    wrong_answers=wrong.GRAPH_MASK,
)

# ---------------------------------------------------------------- 7.5 pooling by attention


def _pool_state(rng: int | np.random.Generator, d_model: int, d_head: int) -> dict[str, Tensor]:
    rng = generator(rng) if isinstance(rng, int) else rng
    names = ("w_k.weight", "w_v.weight")
    return {"seed": noise(rng, d_head)} | {name: noise(rng, d_head, d_model) for name in names}


def pool_cases() -> list[Case]:
    by_hand = _layer_case(
        "two items",
        torch.eye(2, dtype=torch.float64),
        {
            "seed": torch.tensor([1.0], dtype=torch.float64),
            "w_k.weight": torch.tensor([[0.0, math.log(3)]], dtype=torch.float64),
            "w_v.weight": torch.tensor([[8.0, 4]], dtype=torch.float64),
        },
    )
    plain = [
        _layer_case(
            f"{many(lead, 'set')} of {t} items, width {d} to {h}, seed {seed}",
            noise(seed, *lead, t, d),
            _pool_state(seed + 10, d, h),
            gradients=True,
        )
        for lead, t, d, h, seed in (
            ((), T, D, 3, 0),
            ((B,), T, D, DH, 1),
            ((B, H), 4, 5, 6, 2),
        )
    ]
    sizes = {"sets of 5 and 3 items": [5, 3], "an empty set among them": [2, 0]}
    masked = [
        _layer_case(
            name,
            noise(seed, B, T, D),
            _pool_state(seed + 10, D, 3),
            torch.arange(T) < torch.tensor(items)[:, None],
            gradients=True,
            edge=0 in items,
        )
        for seed, (name, items) in enumerate(sizes.items(), start=3)
    ]
    return [by_hand, *plain, *masked]


def pool_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng)
    t, d, h = (pick(rng, range(1, 6)) for _ in range(3))
    mask = coin(rng, *lead, t) if pick(rng, range(2)) else None
    return _layer_case("random", noise(rng, *lead, t, d), _pool_state(rng, d, h), mask)


def pool_oracle(
    state: dict[str, Tensor], x: Tensor, mask: Tensor | None = None, **init: int
) -> Tensor:
    """Set by set: exponentials of every real item's score, and their weighted mean."""
    t, d_model = x.shape[-2:]
    real = torch.ones(x.shape[:-1], dtype=torch.bool) if mask is None else mask
    sets = zip(x.reshape(-1, t, d_model), real.reshape(-1, t), strict=True)
    pooled = torch.stack([_pool_one(state, rows[which]) for rows, which in sets])
    return pooled.reshape(*x.shape[:-2], -1)


def _pool_one(state: dict[str, Tensor], items: Tensor) -> Tensor:
    seed, w_k, w_v = state["seed"], state["w_k.weight"], state["w_v.weight"]
    if len(items) == 0:
        return seed * 0
    powers = torch.stack(
        [torch.exp((w_k @ item * seed).sum() / len(seed) ** 0.5) for item in items]
    )
    values = torch.stack([w_v @ item for item in items])
    return (powers[:, None] * values).sum(0) / powers.sum()


def pool_within_values(call: Any, case: Case, value: Any) -> str | None:
    """A weighted mean cannot leave the range of what it averages."""
    if len(case.args) > 1:
        return None
    v = case.args[0] @ case.state["w_v.weight"].T
    if in_range(value, v.amin(-2), v.amax(-2)):
        return None
    return (
        "The result is a weighted mean of the values x W_v, so it cannot leave their range. On the case "
        f"“{case.label}” the values reach from {v.min().item():.3f} to {v.max().item():.3f}, yours from "
        f"{value.min().item():.3f} to {value.max().item():.3f}."
    )


def pool_invariant(call: Any, case: Case, value: Any) -> str | None:
    """Shuffle the items: nothing changes."""
    order = torch.from_numpy(generator(5).permutation(case.args[0].shape[-2]))
    args = [case.args[0][..., order, :], *(mask[..., order] for mask in case.args[1:])]
    again = call(*args).detach().to(value)
    if again.shape != value.shape or torch.allclose(again, value, atol=1e-8, rtol=1e-6):
        return None
    return (
        "A set has no order: shuffle its items, and the result stays the same. On the case "
        f"“{case.label}” yours changes by {(again - value).abs().max().item():.3f}."
    )


ATTENTION_POOL = Exercise(
    name="AttentionPool",
    title="A set becomes one vector",
    minutes=8,
    difficulty=2,
    proves="your class weighs the items by a learned query, and does not care in which order they come",
    passed="Agrees with loops over single items in float64, gradients of the seed and both projections too.",
    cases=pool_cases,
    sample=pool_sample,
    oracle=pool_oracle,
    properties=(
        Property(id="within_values", holds=pool_within_values),
        Property(id="invariant", holds=pool_invariant),
    ),
    protocol=ModuleProtocol(),
    reference=f"{MECHANISMS}.AttentionPool",
    forbidden=("MultiheadAttention", "multi_head_attention_forward"),
    hints=(
        "The items make keys and values as in 7.2. The one query is not made from x at all: it is a "
        "parameter, the seed. One query gives one row; drop its axis at the end.",
        "in __init__:\n"
        "    seed: an nn.Parameter of d_head random numbers\n"
        "    w_k, w_v: linear layers from d_model to d_head, without a bias\n"
        "in forward:\n"
        "    the seed as the one query, the mask as its one row of keys\n"
        "    attention, and the query's axis dropped",
        "scaled_dot_product_attention(self.seed.expand(*x.shape[:-2], 1, -1), self.w_k(x), self.w_v(x), row)"
        ".squeeze(-2), where row is None or mask.unsqueeze(-2).",
    ),
    wrong_answers=wrong.ATTENTION_POOL,
)

# ---------------------------------------------------------------- 7.6 a pointer that copies


def _weights(rng: int | np.random.Generator, *shape: int) -> Tensor:
    return noise(rng, *shape).softmax(-1)


def _words(rng: np.random.Generator, vocab_size: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.asarray(rng.integers(vocab_size, size=shape)))


def copy_cases() -> list[Case]:
    by_hand = Case(
        label="word 2 stands at two places",
        args=(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([2, 0, 2]), 4),
    )
    drawn = [
        Case(
            label=f"{many(lead)} of {t} places, {v} words, seed {seed}",
            args=(_weights(seed, *lead, t), _words(generator(seed + 10), v, *lead, t), v),
            gradients=True,
        )
        for lead, t, v, seed in (
            ((), 7, 5, 0),
            ((B,), 5, 11, 1),
            ((B, H), 7, 4, 2),
            ((B,), 9, 3, 3),
        )
    ]
    alone = Case(
        label="one place, one word",
        args=(torch.ones(1).double(), torch.zeros(1, dtype=torch.int64), 1),
        edge=True,
    )
    return [by_hand, *drawn, alone]


def copy_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng)
    t, v = pick(rng, range(1, 9)), pick(rng, range(1, 9))
    return Case(label="random", args=(_weights(rng, *lead, t), _words(rng, v, *lead, t), v))


def copy_oracle(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    """Word by word: where does it stand, and what do these places weigh?"""
    shares = [(weights * (tokens == word)).sum(-1) for word in range(vocab_size)]
    return torch.stack(shares, dim=-1)


def sums_to_one(call: Any, case: Case, value: Any) -> str | None:
    """Probabilities of words sum to 1, as the weights do."""
    totals = value.sum(-1)
    if torch.allclose(totals, torch.ones_like(totals), atol=1e-6):
        return None
    worst = totals.flatten()[(totals - 1).abs().argmax()].item()
    return (
        "The weights of the places sum to 1, so the probabilities of the words do. On the case "
        f"“{case.label}” yours sum to {worst:.3f}."
    )


def absent_words_get_nothing(call: Any, case: Case, value: Any) -> str | None:
    """What does not stand there cannot be copied."""
    _, tokens, vocab_size = case.args
    there = (tokens[..., None] == torch.arange(vocab_size)).any(-2)
    stray = ((value != 0) & ~there).nonzero()
    if len(stray) == 0:
        return None
    word = int(stray[0, -1])
    return (
        f"A pointer copies only what stands there. On the case “{case.label}” word {word} does not, and yours "
        f"gets {value[tuple(stray[0].tolist())].item():.3f}."
    )


COPY_DISTRIBUTION = Exercise(
    name="copy_distribution",
    title="From places to words",
    minutes=6,
    difficulty=2,
    proves="a word's probability is the sum of the weights at all its places",
    passed="Agrees with a loop over all words in float64, gradients too, where words repeat and where they do not.",
    cases=copy_cases,
    sample=copy_sample,
    oracle=copy_oracle,
    properties=(
        Property(id="absent_words", holds=absent_words_get_nothing),
        Property(id="sums_to_one", holds=sums_to_one),
    ),
    reference=f"{MECHANISMS}.copy_distribution",
    hints=(
        "Begin with zeros, one for each word of the vocabulary. Each place then adds its weight to the word "
        "that stands there. What happens where two places name the same word?",
        "out: zeros, shaped like the weights but vocab_size wide\n"
        "add every weight at the index that its token names, along the last axis",
        "weights.new_zeros(*weights.shape[:-1], vocab_size) keeps dtype and device; "
        "scatter_add(-1, tokens, weights) adds where scatter would overwrite.",
    ),
    wrong_answers=wrong.COPY_DISTRIBUTION,
)

# ---------------------------------------------------------------- 7.7 two maps compared


def _known(rng: np.random.Generator, *shape: int, idle: bool = True) -> Tensor:
    """Return rows that spread evenly over one or two places; now and then one that asks nothing."""
    n = shape[-1]
    rows = np.zeros((int(np.prod(shape[:-1])), n))
    for place, row in enumerate(rows):
        if not (idle and place and rng.random() < 0.3):
            which = rng.permutation(n)[: 1 + int(rng.integers(2))]
            row[which] = 1 / len(which)
    return torch.from_numpy(rows.reshape(shape))


def overlap_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, two keys",
        args=(torch.tensor([[0.75, 0.25], [0.5, 0.5]]), torch.tensor([[1.0, 0], [0, 1]])),
    )
    drawn = [
        Case(
            label=f"{many(lead)}, {t} queries, {s} keys, seed {seed}",
            args=(_weights(seed, *lead, t, s), _known(generator(seed + 10), *lead, t, s)),
        )
        for lead, t, s, seed in (((), T, D, 0), ((B,), T, 4, 1), ((B, H), 4, 5, 2))
    ]
    square = Case(
        label="one sequence of 5 tokens", args=(_weights(3, 5, 5), _known(generator(13), 5, 5))
    )
    same = _known(generator(14), B, T, D, idle=False)
    perfect = Case(label="the known map itself", args=(same, same), edge=True)
    return [by_hand, *drawn, square, perfect]


def overlap_sample(rng: np.random.Generator) -> Case:
    lead, t, s = draw_lead(rng), pick(rng, range(1, 7)), pick(rng, range(1, 7))
    return Case(label="random", args=(_weights(rng, *lead, t, s), _known(rng, *lead, t, s)))


def overlap_oracle(weights: Tensor, known: Tensor) -> float:
    """Query by query, key by key, in plain Python."""
    rows = zip(weights.flatten(0, -2).tolist(), known.flatten(0, -2).tolist(), strict=True)
    shared = [
        sum(min(w, m) for w, m in zip(mine, due, strict=True)) for mine, due in rows if sum(due)
    ]
    return float(sum(shared) / len(shared))


def between_0_and_1(call: Any, case: Case, value: Any) -> str | None:
    """An overlap is a share."""
    if not isinstance(value, float | Tensor) or -1e-6 <= float(value) <= 1 + 1e-6:
        return None
    return (
        "An overlap is a share of the weights, between 0 and 1. On the case "
        f"“{case.label}” yours is {float(value):.3f}."
    )


MAP_OVERLAP = Exercise(
    name="map_overlap",
    title="How much of the map is there",
    minutes=5,
    difficulty=1,
    proves="your number is the share of its weight that a query spends where it should, on average",
    passed="Agrees with a plain loop over queries and keys, idle rows left out.",
    cases=overlap_cases,
    sample=overlap_sample,
    oracle=overlap_oracle,
    properties=(Property(id="a_share", holds=between_0_and_1),),
    reference=f"{REFERENCE}.map_overlap",
    device=False,
    hints=(
        "Lay the two maps on each other. In every cell, only the smaller of the two numbers is shared. Add "
        "these along a row, then average over the rows that ask anything.",
        "shared: the smaller of both maps, cell by cell, summed over the keys\n"
        "asked: rows of the known map that do not sum to 0\n"
        "the mean of shared over asked",
        "torch.minimum(weights, known).sum(-1) gives one number for each query; known.sum(-1) > 0 says which "
        "rows to keep, as an index.",
    ),
    wrong_answers=wrong.MAP_OVERLAP,
)

# ---------------------------------------------------------------- 7.8 the best without order


def ceiling_cases() -> list[Case]:
    small = [Case(label=f"{n} tokens", args=(n,)) for n in (2, 3, 4, 5, 8, 9)]
    return [*small, Case(label="one token", args=(1,), edge=True)]


def ceiling_oracle(n: int) -> float:
    """Count over all places: for each answer that a token may give, how often is it right?"""
    places = range(n)
    itself = sum(n - 1 - i == i for i in places) / n
    pairs = list(itertools.permutations(places, 2))
    another = sum(j == n - 1 - i for i, j in pairs) / len(pairs) if pairs else 0.0
    return float(max(itself, another))


def a_chance(call: Any, case: Case, value: Any) -> str | None:
    """It is a share of right answers."""
    if isinstance(value, float) and not 0 < value <= 1:
        return (
            "A share of right answers lies above 0 and is at most 1. On the case "
            f"“{case.label}” yours is {value:g}."
        )
    return None


BEST_WITHOUT_ORDER = Exercise(
    name="best_without_order",
    title="The best without order",
    minutes=6,
    difficulty=2,
    proves="you know how well any model can reverse distinct tokens that does not see their order",
    passed="Agrees with a count over all pairs of places, for even and odd lengths.",
    cases=ceiling_cases,
    sample=lambda rng: Case(label="random", args=(pick(rng, range(1, 30)),)),
    oracle=ceiling_oracle,
    properties=(Property(id="a_chance", holds=a_chance),),
    reference=f"{REFERENCE}.best_without_order",
    device=False,
    hints=(
        "Without order, a token knows itself and the set of the others, and gives the same answer wherever "
        "it stands. How many tokens could stand opposite, and is it one of them itself? Try n = 4 and n = 5 "
        "on paper.",
        "n even: nobody stands opposite itself, so the candidates are the others, all equally likely\n"
        "n odd: once in n times a token stands in the middle, opposite itself; every other token is "
        "opposite as often",
        "With n = 4 a guess is right once in 3 times, with n = 5 once in 5. n % 2 tells even from odd.",
    ),
    wrong_answers=wrong.BEST_WITHOUT_ORDER,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="symmetric",
        question="With one projection for both queries and keys, which is true of the scores of a sequence?",
        options=(
            "scores[t, s] = scores[s, t]",
            "every row sums to 1",
            "they are all positive",
            "nothing in particular",
        ),
        answer="scores[t, s] = scores[s, t]",
        because="The dot product of q[t] and q[s] does not care which comes first. Nobody can then ask for "
        "something without being asked for it as much.",
    ),
    Prediction(
        id="shuffle",
        question="You shuffle the five tokens of a sequence. What happens to the five outputs of "
        "self-attention?",
        options=(
            "they stay as they are",
            "they are the same five, shuffled alike",
            "they become five other vectors",
        ),
        answer="they are the same five, shuffled alike",
        because="Scores move in rows and columns together, and each token meets the same others in another "
        "order. A sum does not know the order of its terms.",
    ),
    Prediction(
        id="hops",
        question="In a chain 0 → 1 → 2 → 3 each node hears its predecessor and itself. After how many layers "
        "has node 3 heard of node 0?",
        options=("1", "2", "3", "never"),
        answer="3",
        because="News travels one edge a layer: node 1 hears it in the first, node 2 in the second, node 3 in "
        "the third.",
    ),
    Prediction(
        id="unseen",
        question="Both models answer trained contents without a fault. What do they score on contents that "
        "never occurred in training?",
        options=(
            "both near 100 %",
            "the pointer near 100 %, the classifier near 0 %",
            "both near 0 %",
            "the classifier near 100 %, the pointer near 0 %",
        ),
        answer="the pointer near 100 %, the classifier near 0 %",
        because="The pointer chooses a place, by its label; what stands there never matters. The classifier "
        "needs an output for every content, and training pushed those of unseen ones down.",
    ),
    Prediction(
        id="odd_map",
        question="Eight items, seven alike; each must name the kind that it is not. Which map does a layer "
        "need?",
        options=(
            "the diagonal: each item looks at itself",
            "one bright column: seven look at the odd one, which looks at the seven",
            "an even grey: all look at all alike",
            "the other diagonal: first at last, second at last but one",
        ),
        answer="one bright column: seven look at the odd one, which looks at the seven",
        because="The answer stands where the kind is another: at one place for the seven, and at any of the "
        "seven for the odd one.",
    ),
    Prediction(
        id="reverse_map",
        question="Position t must answer with the token at 7 − t. Which map would a layer need?",
        options=(
            "the diagonal: each looks at itself",
            "one bright column",
            "an even grey: all look at all alike",
            "the other diagonal: first at last, second at last but one",
        ),
        answer="the other diagonal: first at last, second at last but one",
        because="Query t needs the token at place 7 − t, and nothing else.",
    ),
    Prediction(
        id="reverse_score",
        question="Eight distinct tokens out of twelve, to be reversed by the layer that found every odd one. "
        "How many of its answers are right after training?",
        options=("nearly all", "about 1 in 2", "about 1 in 7", "about 1 in 12"),
        answer="about 1 in 7",
        because="It sees which tokens are there and which one asks, but not where. It learns to guess among "
        "the seven others.",
    ),
)

QUIZ = (
    Question(
        text="Why does self-attention have a projection for keys beside the one for queries?",
        options=(
            Option(
                text="So that what a token looks for may differ from what it is found by.",
                why="A verb may ask for a subject while no subject asks for that verb: the scores need not be "
                "symmetric.",
                right=True,
            ),
            Option(
                text="Because queries and keys have different widths.",
                why="They must have the same width: they meet in a dot product.",
            ),
            Option(
                text="To halve the number of parameters.",
                why="It doubles those of the scores; one matrix for both would be cheaper.",
            ),
            Option(
                text="So that the softmax sums to 1.",
                why="The softmax does that for any scores.",
            ),
        ),
    ),
    Question(
        text="A layer f satisfies f(Px) = P f(x) for every permutation P. Which task does that rule out, however "
        "many such layers are stacked?",
        options=(
            Option(
                text="Name the largest number of a list.",
                why="The largest stays the largest in any order.",
            ),
            Option(
                text="Write at each place the token of the place before.",
                why="Which token comes before is a matter of order, and f gives a token the same output "
                "wherever it stands.",
                right=True,
            ),
            Option(
                text="Find out which item of a set is unlike the others.",
                why="That does not depend on order: such a layer did it in this lesson.",
            ),
            Option(
                text="Count how many tokens there are.",
                why="A count does not depend on order, so the symmetry forbids nothing here. (A softmax "
                "mean alone finds it hard, for another reason.)",
            ),
        ),
    ),
    Question(
        text="You relabel the nodes of a graph: x becomes Px. What must become of its mask M for the outputs "
        "to be relabelled alike?",
        options=(
            Option(text="M stays as it is.", why="Then edges would join other nodes than before."),
            Option(
                text="P M",
                why="Its rows have moved, its columns have not: nodes would hear the wrong ones.",
            ),
            Option(
                text="P M Pᵀ",
                why="Rows and columns both number nodes, so both move.",
                right=True,
            ),
            Option(text="M Pᵀ", why="Its columns have moved, its rows have not."),
        ),
    ),
    Question(
        text="What does a pool by attention do that a mean cannot?",
        options=(
            Option(
                text="Ignore the order of the items.",
                why="A mean ignores it too.",
            ),
            Option(
                text="Give items a weight that depends on what they are.",
                why="The seed scores each key; a mean gives all the same.",
                right=True,
            ),
            Option(
                text="Take sets of any size.",
                why="A mean takes them too.",
            ),
            Option(
                text="Leave padding out.",
                why="A mean over the real items does so too.",
            ),
        ),
    ),
    Question(
        text="On “reverse” the layer stops near 1/7. Which change would help?",
        options=(
            Option(
                text="More training.",
                why="1/7 is the most that any order-blind model reaches on 8 distinct tokens.",
            ),
            Option(
                text="A wider layer.",
                why="Width does not bring order in: the wider layer is equivariant too.",
            ),
            Option(
                text="More such layers on top of each other.",
                why="Equivariant layers in a row are equivariant: P passes through each.",
            ),
            Option(
                text="Telling each token its place.",
                why="Then the same token at two places has two different inputs, and the argument no longer "
                "binds.",
                right=True,
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="07",
    slug="self_attention",
    title="Self-attention",
    minutes=75,
    needs=("04",),
    exercises=(
        PROJECTED_SCORES,
        SELF_ATTENTION,
        IS_EQUIVARIANT,
        GRAPH_MASK,
        ATTENTION_POOL,
        COPY_DISTRIBUTION,
        MAP_OVERLAP,
        BEST_WITHOUT_ORDER,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
