"""Lesson 14 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_14.py`."""

from collections.abc import Callable
from typing import Any, NamedTuple

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
from course_lib.checking.protocol import Call, ModuleProtocol, Protocol
from course_lib.lessons.lesson_10_transformer_block.lesson import block_state, blocked, torch_names
from course_lib.lessons.lesson_14_bert import mistakes as wrong

REFERENCE = "course_lib.lessons.lesson_14_bert.reference"
Seed = int | np.random.Generator


def _rng(seed: Seed) -> np.random.Generator:
    return seed if isinstance(seed, np.random.Generator) else generator(seed)


def _ids(seed: Seed, n: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.asarray(_rng(seed).integers(n, size=shape)))


def _uniform(seed: Seed, *shape: int) -> Tensor:
    return torch.from_numpy(np.asarray(_rng(seed).random(shape)))


# ---------------------------------------------------------------- 14.1 masking

MASK = 99


def _mask_args(seed: Seed, b: int, t: int) -> tuple[Any, ...]:
    """Draw a batch in which a third is chosen, so that every fate occurs in it."""
    rng = _rng(seed)
    special = torch.zeros(b, t, dtype=torch.bool)
    special[:, 0] = True
    special[:, t - pick(rng, range(1, max(2, t // 3))) :] = True
    choose = _uniform(rng, b, t) * (0.45 if rng.random() < 0.7 else 1)
    return (
        _ids(rng, 40, b, t),
        special,
        choose,
        _uniform(rng, b, t),
        40 + _ids(rng, 40, b, t),
        MASK,
    )


def mask_cases() -> list[Case]:
    by_hand = (
        torch.tensor([[1, 7, 8, 9, 5, 2]]),
        torch.tensor([[True, False, False, False, False, True]]),
        torch.tensor([[0.1, 0.1, 0.5, 0.05, 0.12, 0.9]]),
        torch.tensor([[0.3, 0.4, 0.1, 0.85, 0.95, 0.2]]),
        torch.tensor([[31, 32, 33, 34, 35, 36]]),
        MASK,
    )
    drawn = [
        Case(label=f"{b} texts of {t} tokens, seed {seed}", args=_mask_args(seed, b, t))
        for b, t, seed in ((3, 11, 0), (5, 24, 1), (4, 17, 2), (7, 40, 3))
    ]
    same = list(_mask_args(4, 3, 29))
    same[4] = same[0]
    return [
        Case(label="[CLS] and four words and [SEP]", args=by_hand),
        *drawn,
        Case(label="replacements that equal the token", args=tuple(same), edge=True),
    ]


def mask_sample(rng: np.random.Generator) -> Case:
    return Case(
        label="random", args=_mask_args(rng, pick(rng, range(1, 5)), pick(rng, range(3, 20)))
    )


def mask_oracle(
    tokens: Tensor, special: Tensor, choose: Tensor, change: Tensor, others: Tensor, mask_id: int
) -> tuple[Tensor, Tensor]:
    """Position by position, in NumPy."""
    inputs, chosen = tokens.numpy().copy(), np.zeros(tuple(tokens.shape), dtype=bool)
    for at in np.ndindex(*inputs.shape):
        chosen[at] = not special[at] and choose[at] < 0.15
        if chosen[at] and change[at] < 0.8:
            inputs[at] = mask_id
        elif chosen[at] and change[at] < 0.9:
            inputs[at] = others[at]
    return torch.from_numpy(inputs), torch.from_numpy(chosen)


def mask_frequencies(call: Any, case: Case, value: Any) -> str | None:
    """Evenly spread numbers give every share exactly."""
    if case.edge or len(case.args[0]) > 1:
        return None
    n = 2000
    choose = (torch.arange(n, dtype=torch.float64) // 50 + 0.5)[None] / 40
    change = (torch.arange(n, dtype=torch.float64) % 50 + 0.5)[None] / 50
    tokens, others = torch.full((1, n), 5), torch.full((1, n), 6)
    plain = torch.zeros(1, n, dtype=torch.bool)
    inputs, chosen = call(tokens, plain, choose, change, others, MASK)
    for token, share, what in ((MASK, 12, "hidden"), (6, 1.5, "replaced")):
        came = 100 * (inputs == token).double().mean().item()
        if abs(came - share) > 1e-6:
            return (
                f"Of 2,000 positions with evenly spread numbers {share:g} % are to be {what}; with yours it is "
                f"{came:g} %."
            )
    asked = 100 * chosen.double().mean().item()
    if abs(asked - 15) > 1e-6:
        return f"Of 2,000 positions 15 % are to be chosen, kept ones among them; with yours it is {asked:g} %."
    return None


def specials_are_safe(call: Any, case: Case, value: Any) -> str | None:
    """No special token is chosen or changed."""
    tokens, special = case.args[:2]
    inputs, chosen = value
    hit = (special & (chosen.bool() | (inputs != tokens))).nonzero()
    if not len(hit):
        return None
    row, at = hit[0].tolist()
    return (
        f"Special tokens are never chosen and never changed. On the case “{case.label}” position {at} of text {row} is "
        "special, and yours touches it."
    )


MASK_TOKENS = Exercise(
    name="mask_tokens",
    title="Hide 15 %",
    minutes=9,
    difficulty=2,
    marks=2,
    proves="15 % are chosen, of these exactly 80 % hidden, 10 % replaced and 10 % kept, and special tokens never",
    passed="Agrees position by position; on 2,000 evenly spread numbers the shares are exact.",
    cases=mask_cases,
    sample=mask_sample,
    oracle=mask_oracle,
    properties=(
        Property(id="specials_are_safe", holds=specials_are_safe),
        Property(id="frequencies", holds=mask_frequencies),
    ),
    reference=f"{REFERENCE}.mask_tokens",
    parts=("inputs", "chosen"),
    hints=(
        "Two questions for each position. Is it chosen? And if so, what happens to it? The first has one answer that must be "
        "returned, whatever the second says.",
        "chosen: choose is below 0.15, and the token is not special\nhidden: chosen, and change is below 0.8\n"
        "replaced: chosen, and change is from 0.8 up to 0.9\nwhere hidden the mask id, where replaced the other token, else the token",
        "chosen = (choose < 0.15) & ~special. Then torch.where(chosen & (change < 0.8), mask_id, tokens) hides; a second "
        "torch.where with (change >= 0.8) & (change < 0.9) replaces.",
    ),
    wrong_answers=wrong.MASK_TOKENS,
)

# ---------------------------------------------------------------- 14.2 masked loss


def _loss_args(seed: Seed, b: int, t: int, v: int) -> tuple[Tensor, Tensor, Tensor]:
    rng = _rng(seed)
    chosen = _uniform(rng, b, t) < 0.4
    chosen[0, -1] = True
    return 2 * noise(rng, b, t, v), _ids(rng, v, b, t), chosen


def loss_cases() -> list[Case]:
    halves = torch.log(torch.tensor([[[0.5, 0.5], [0.25, 0.75], [0.9, 0.1]]]))
    by_hand = (halves, torch.tensor([[0, 0, 1]]), torch.tensor([[True, True, False]]))
    drawn = [
        Case(
            label=f"{b} texts of {t} tokens, {v} words, seed {seed}",
            args=_loss_args(seed, b, t, v),
            gradients=True,
        )
        for b, t, v, seed in ((3, 5, 7, 0), (2, 9, 4, 1), (4, 6, 11, 2))
    ]
    logits, tokens, _ = _loss_args(3, 2, 3, 5)
    none = torch.zeros(2, 3, dtype=torch.bool)
    return [
        Case(label="two of three positions, with probabilities ½ and ¼", args=by_hand),
        *drawn,
        Case(label="one question in all", args=_loss_args(5, 1, 1, 4), edge=True),
        Case(label="nothing chosen", args=(logits, tokens, none), edge=True),
    ]


def loss_sample(rng: np.random.Generator) -> Case:
    sizes = (pick(rng, range(1, 5)) for _ in range(3))
    return Case(label="random", args=_loss_args(rng, *sizes))


def loss_oracle(logits: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    """The mean of −log p, question by question."""
    total, count = logits.sum() * 0, 0
    for row, at in chosen.nonzero().tolist():
        z = logits[row, at]
        total = total + torch.logsumexp(z, 0) - z[tokens[row, at]]
        count += 1
    return total / max(count, 1)


def unasked_do_not_matter(call: Any, case: Case, value: Any) -> str | None:
    """Other logits where nothing was asked leave the loss alone."""
    logits, tokens, chosen = case.args
    other = torch.where(chosen[..., None], logits, logits.flip(-1) + 1)
    moved = float(call(other, tokens, chosen)) - float(value)
    if abs(moved) < 1e-6:
        return None
    return (
        f"Where a position is not chosen, the logits must not matter. On the case “{case.label}” other logits there move "
        f"your loss by {moved:.3f}."
    )


MASKED_LOSS = Exercise(
    name="masked_loss",
    title="Masked loss",
    minutes=6,
    difficulty=1,
    proves="the loss is the mean of −log p over the chosen positions of the batch, and nothing else moves it",
    passed="Agrees with −log p taken question by question, gradients too; without a question it is 0.",
    cases=loss_cases,
    sample=loss_sample,
    oracle=loss_oracle,
    properties=(Property(id="unasked_do_not_matter", holds=unasked_do_not_matter),),
    reference=f"{REFERENCE}.masked_loss",
    hints=(
        "Which rows of the logits are asked about? Pick them out first, and the rest is an ordinary classification. What if "
        "there are none?",
        "asked = the logits at chosen positions, a row for each\ndue = the tokens there\n"
        "sum of the cross-entropies, divided by how many were chosen, or by 1",
        'A boolean mask picks rows: logits[chosen] has shape (n, V). F.cross_entropy with reduction="sum" adds up; divide by '
        "chosen.sum().clamp(min=1).",
    ),
    wrong_answers=wrong.MASKED_LOSS,
)

# ---------------------------------------------------------------- 14.3 packing


def pack_cases() -> list[Case]:
    drawn = [
        Case(label=f"texts of {a} and {b} tokens, seed {seed}", args=_pack_args(seed, a, b))
        for a, b, seed in ((4, 3, 0), (2, 6, 1))
    ]
    return [
        Case(label="texts (7, 8) and (9)", args=([7, 8], [9], 101, 102)),
        Case(label="one text (7, 8)", args=([7, 8], None, 101, 102)),
        *drawn,
        Case(label="a second text without words", args=([7, 8], [], 101, 102), edge=True),
    ]


def _pack_args(seed: Seed, a: int, b: int | None) -> tuple[Any, ...]:
    rng = _rng(seed)
    second = None if b is None else (3 + _ids(rng, 90, b)).tolist()
    return (3 + _ids(rng, 90, a)).tolist(), second, 1, 2


def pack_sample(rng: np.random.Generator) -> Case:
    second = pick(rng, range(1, 6)) if rng.random() < 0.7 else None
    return Case(label="random", args=_pack_args(rng, pick(rng, range(1, 6)), second))


def pack_oracle(
    first: list[int], second: list[int] | None, cls: int, sep: int
) -> tuple[list[int], list[int]]:
    """Append token by token; the segment goes up after the first text's end."""
    tokens, segments = [cls], [0]
    for segment, text in enumerate([first] if second is None else [first, second]):
        for token in [*text, sep]:
            tokens.append(token)
            segments.append(segment)
    return tokens, segments


PACK_PAIR = Exercise(
    name="pack_pair",
    title="Two texts in one row",
    minutes=6,
    difficulty=1,
    proves="a pair becomes [CLS] a [SEP] b [SEP], every [SEP] in the segment of the text that it ends",
    passed="Agrees with appending token by token, for pairs, for single texts and for an empty second one.",
    cases=pack_cases,
    sample=pack_sample,
    oracle=pack_oracle,
    reference=f"{REFERENCE}.pack_pair",
    parts=("tokens", "segments"),
    hints=(
        "Make two lists: what belongs to the first text, with its marks, and what belongs to the second. How long is each?",
        "one = cls, the first text, sep\ntwo = the second text, sep; nothing where there is none\n"
        "tokens: one, then two\nsegments: a 0 for each of one, a 1 for each of two",
        "one = [cls, *first, sep]; two is [] where second is None, else [*second, sep]. [0] * len(one) repeats a 0.",
    ),
    wrong_answers=wrong.PACK_PAIR,
)

# ---------------------------------------------------------------- 14.4 embedding


def _embed_args(seed: Seed, b: int, t: int, v: int, d: int, room: int) -> tuple[Tensor, ...]:
    rng = _rng(seed)
    segments = (
        torch.arange(t) >= torch.tensor([[pick(rng, range(t + 1))] for _ in range(b)])
    ).long()
    tables = noise(rng, v, d), noise(rng, t + room, d), noise(rng, 2, d)
    return (_ids(rng, v, b, t), segments, *tables)


def embed_cases() -> list[Case]:
    table = [torch.tensor(one) for one in ([[10.0], [20], [30]], [[1.0], [2], [3]], [[0.1], [0.2]])]
    by_hand = torch.tensor([[2, 0, 2]]), torch.tensor([[0, 0, 1]]), *table
    drawn = [
        Case(
            label=f"{b} texts of {t} tokens, {v} words, width {d}, seed {seed}",
            args=_embed_args(seed, b, t, v, d, room),
            gradients=True,
        )
        for b, t, v, d, room, seed in ((3, 4, 7, 5, 2, 0), (2, 6, 5, 3, 0, 1), (4, 5, 9, 8, 6, 2))
    ]
    return [Case(label="three words, the third in segment 1", args=by_hand), *drawn]


def embed_sample(rng: np.random.Generator) -> Case:
    b, t, v, d = (pick(rng, range(1, 6)) for _ in range(4))
    return Case(label="random", args=_embed_args(rng, b, t, v, d, pick(rng, range(3))))


def embed_oracle(
    tokens: Tensor, segments: Tensor, words: Tensor, places: Tensor, kinds: Tensor
) -> Tensor:
    """One-hot rows times each table."""
    at = torch.arange(tokens.shape[1]).expand_as(tokens)
    pairs = ((tokens, words), (at, places), (segments, kinds))
    hot = [F.one_hot(ids, len(table)).to(table.dtype) @ table for ids, table in pairs]
    return torch.stack(hot).sum(0)


EMBED = Exercise(
    name="embed",
    title="Word, place and segment",
    minutes=5,
    difficulty=1,
    proves="each token gets the sum of three rows: its word's, its place's, its segment's",
    passed="Agrees with one-hot rows times each table, gradients of all three tables too.",
    cases=embed_cases,
    sample=embed_sample,
    oracle=embed_oracle,
    reference=f"{REFERENCE}.embed",
    hints=(
        "A table indexed with a tensor of ids gives a row for each id. Which ids does each of the three tables want?",
        "rows of words at tokens\nthe first T rows of places, the same for every text\nrows of kinds at segments\ntheir sum",
        "words[tokens] has shape (B, T, d); places[: tokens.shape[1]] has (T, d) and is added to every text of the batch.",
    ),
    wrong_answers=wrong.EMBED,
)

# ---------------------------------------------------------------- 14.5 BERT


def bert_state(
    seed: Seed, v: int, d: int, d_ff: int, n: int, room: int, scale: float
) -> dict[str, Tensor]:
    """Noise for every parameter; `scale` of the tables, small ones feel eps."""
    rng = _rng(seed)
    state = {
        f"{name}.weight": noise(rng, rows, d, scale=scale)
        for name, rows in (("words", v), ("places", room), ("segments", 2))
    }
    state |= {"norm.weight": 1 + noise(rng, d, scale=0.5), "norm.bias": noise(rng, d)}
    for at in range(n):
        state |= {f"blocks.{at}.{k}": one for k, one in block_state(rng, d, d_ff).items()}
    return state


def _bert_case(seed: Seed, sizes: tuple[int, ...], scale: float, label: str, **more: Any) -> Case:
    b, t, v, h, d_head, n, d_ff, room = sizes
    rng, d = _rng(seed), h * d_head
    tokens, segments = _embed_args(rng, b, t, v, 1, 0)[:2]
    mask = torch.arange(t) < torch.tensor([[pick(rng, range(1, t + 1))] for _ in range(b)])
    mask[0] = True
    init = {"vocab_size": v, "d_model": d, "n_heads": h, "n_layers": n, "d_ff": d_ff}
    return Case(
        label=label,
        init=init | {"max_len": t + room},
        state=bert_state(rng, v, d, d_ff, n, t + room, scale),
        args=(tokens, mask, segments),
        **more,
    )


def bert_cases() -> list[Case]:
    sizes = ((3, 5, 7, 2, 4, 2, 11, 2), (2, 6, 9, 3, 2, 3, 5, 0), (4, 7, 5, 1, 6, 2, 3, 4))
    drawn = [
        _bert_case(
            seed,
            one,
            1.0,
            f"{one[0]} texts of {one[1]} tokens, {one[3]} heads, {one[5]} blocks, seed {seed}",
            gradients=seed < 2,
        )
        for seed, one in enumerate(sizes)
    ]
    small = _bert_case(3, (2, 4, 6, 2, 3, 2, 7, 1), 1e-3, "tables with small numbers, seed 3")
    first = _bert_case(4, (1, 3, 4, 1, 2, 1, 3, 0), 1.0, "one text of three tokens, one block")
    narrow = _bert_case(
        5, (2, 3, 4, 1, 1, 1, 2, 0), 1.0, "width 1, so that no row varies", edge=True
    )
    return [first, *drawn, small, narrow]


def bert_sample(rng: np.random.Generator) -> Case:
    sizes = tuple(pick(rng, range(1, 4)) for _ in range(8))
    return _bert_case(rng, sizes, 1.0, "random")


def bert_oracle(
    state: dict[str, Tensor],
    tokens: Tensor,
    mask: Tensor,
    segments: Tensor,
    *,
    vocab_size: int,
    d_model: int,
    n_heads: int,
    n_layers: int,
    d_ff: int,
    max_len: int,
) -> Tensor:
    """PyTorch's embedding, layer_norm and post-norm `nn.TransformerEncoderLayer`."""
    b, t = tokens.shape
    x = F.embedding(tokens, state["words.weight"]) + F.embedding(segments, state["segments.weight"])
    x = x + F.embedding(torch.arange(t), state["places.weight"])
    x = F.layer_norm(x, (d_model,), state["norm.weight"], state["norm.bias"], 1e-12)
    options: dict[str, Any] = {"activation": "gelu", "batch_first": True, "layer_norm_eps": 1e-12}
    layer = nn.TransformerEncoderLayer(d_model, n_heads, d_ff, 0.0, device="meta", **options)
    closed = blocked(mask[:, None, :], n_heads, b, t, t)
    for at in range(n_layers):
        prefix = f"blocks.{at}."
        own = {k.removeprefix(prefix): one for k, one in state.items() if k.startswith(prefix)}
        x = torch.func.functional_call(layer, torch_names(own), (x,), {"src_mask": closed})
    return x


BERT = Exercise(
    name="Bert",
    title="BERT",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="output and all gradients agree with PyTorch's own layers, with padding, for pairs of texts",
    passed="Agrees with PyTorch's embedding, layer_norm and nn.TransformerEncoderLayer on noise-filled weights, gradients too.",
    cases=bert_cases,
    sample=bert_sample,
    oracle=bert_oracle,
    protocol=ModuleProtocol(),
    reference=f"{REFERENCE}.Bert",
    forbidden=("TransformerEncoderLayer", "TransformerEncoder", "MultiheadAttention"),
    hints=(
        "Three steps: embed, normalise, and send the result through every block. Which mask does a block want, when all "
        "queries of a text share the same keys?",
        "x = norm of embed(tokens, segments, the three tables)\nfor each block: x = block of x, with the mask as (B, 1, T)\nreturn x",
        "A table is the attribute weight of its nn.Embedding: embed(tokens, segments, self.words.weight, self.places.weight, "
        "self.segments.weight). The mask for a block is mask[:, None, :].",
    ),
    wrong_answers=wrong.BERT,
)

# ---------------------------------------------------------------- 14.6 pooling


def _pool_args(seed: Seed, b: int, t: int, d: int) -> tuple[Tensor, Tensor]:
    rng = _rng(seed)
    lengths = torch.tensor([[pick(rng, range(1, t + 1))] for _ in range(b)])
    return noise(rng, b, t, d) + noise(rng, 1), torch.arange(t) < lengths


def pool_cases() -> list[Case]:
    by_hand = (
        torch.tensor([[[1.0, 0], [3, 4], [9, 9]], [[2, 2], [4, 6], [6, 1]]]),
        torch.tensor([[True, True, False], [True, True, True]]),
    )
    drawn = [
        Case(
            label=f"{b} texts of up to {t} tokens, width {d}, seed {seed}",
            args=_pool_args(seed, b, t, d),
            gradients=True,
        )
        for b, t, d, seed in ((4, 6, 3, 0), (3, 7, 5, 1), (5, 9, 2, 2))
    ]
    empty = noise(3, 2, 4, 3), torch.tensor([[False] * 4, [True, True, False, False]])
    return [
        Case(label="two texts, of two tokens and of three", args=by_hand),
        *drawn,
        Case(label="a text without a real token", args=empty, edge=True),
    ]


def pool_sample(rng: np.random.Generator) -> Case:
    sizes = (pick(rng, range(1, 6)) for _ in range(3))
    return Case(label="random", args=_pool_args(rng, *sizes))


def pool_oracle(hidden: Tensor, mask: Tensor) -> Tensor:
    """Text by text, only the rows that are real."""
    rows = [
        one[real].sum(0) / max(int(real.sum()), 1) for one, real in zip(hidden, mask, strict=True)
    ]
    return torch.stack(rows)


def padding_does_not_matter(call: Any, case: Case, value: Any) -> str | None:
    """Other hidden states at padding leave the vectors alone."""
    hidden, mask = case.args
    moved = (
        (call(torch.where(mask[..., None], hidden, hidden + 5), mask) - value).abs().max().item()
    )
    if moved < 1e-6:
        return None
    return (
        f"What stands at padding must not matter. On the case “{case.label}” other hidden states there move your vectors "
        f"by {moved:.3f}."
    )


MEAN_POOL = Exercise(
    name="mean_pool",
    title="One vector for a text",
    minutes=6,
    difficulty=2,
    proves="each text's vector is the mean of its real tokens, whatever stands at padding",
    passed="Agrees with taking each text's real rows alone, gradients too; a text without any gives zeros.",
    cases=pool_cases,
    sample=pool_sample,
    oracle=pool_oracle,
    properties=(Property(id="padding_does_not_matter", holds=padding_does_not_matter),),
    reference=f"{REFERENCE}.mean_pool",
    hints=(
        "A mean is a sum and a count. How do you keep padding out of the sum, and out of the count?",
        "set hidden states at padding to zero\nsum over the positions\ndivide by the number of real tokens of that text, or by 1",
        "hidden * mask[..., None] clears padding (mask needs an axis for the features). The count is "
        "mask.sum(1, keepdim=True).clamp(min=1).",
    ),
    wrong_answers=wrong.MEAN_POOL,
)

# ---------------------------------------------------------------- 14.7 nearest


def nearest_cases() -> list[Case]:
    by_hand = (
        torch.tensor([2.0, 0]),
        torch.tensor([[3.0, 3], [0, 1], [0.5, 0], [-4, 0]]),
        2,
    )
    drawn = [
        Case(
            label=f"the {k} nearest of {n}, width {d}, seed {seed}",
            args=_nearest_args(seed, n, d, k),
        )
        for n, d, k, seed in ((6, 3, 2, 0), (9, 5, 4, 1), (12, 4, 3, 2), (5, 2, 1, 3))
    ]
    more = Case(label="more asked for than there are", args=_nearest_args(4, 3, 4, 7), edge=True)
    return [Case(label="four vectors in a plane", args=by_hand), *drawn, more]


def _nearest_args(seed: Seed, n: int, d: int, k: int) -> tuple[Tensor, Tensor, int]:
    rng = _rng(seed)
    lengths = torch.from_numpy(np.exp(rng.normal(size=(n, 1))))
    return 2 * noise(rng, d), noise(rng, n, d) * lengths, k


def nearest_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 8))
    return Case(
        label="random",
        args=_nearest_args(rng, n, pick(rng, range(2, 6)), pick(rng, range(1, n + 2))),
    )


def nearest_oracle(query: Tensor, vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """SciPy's cosine distance, one vector at a time."""
    from scipy.spatial.distance import cosine

    found = [
        (1 - cosine(query.double().numpy(), one.double().numpy()), at)
        for at, one in enumerate(vectors)
    ]
    best = sorted(found, key=lambda one: -one[0])[:k]
    places = torch.tensor([at for _, at in best])
    return places, torch.tensor([each for each, _ in best], dtype=vectors.dtype)


NEAREST = Exercise(
    name="nearest",
    title="Nearest sentences",
    minutes=6,
    difficulty=2,
    proves="the k vectors with the largest cosine come back, the most similar first, with their cosines",
    passed="Agrees with SciPy's cosine distance, one vector at a time.",
    cases=nearest_cases,
    sample=nearest_sample,
    oracle=nearest_oracle,
    reference=f"{REFERENCE}.nearest",
    parts=("places", "cosines"),
    hints=(
        "A cosine is a dot product divided by two lengths. What does it become when every vector has length 1?",
        "vectors divided by their lengths, the query divided by its own\ndot products of all vectors with the query\n"
        "the k largest, with their places",
        "vectors / vectors.norm(dim=-1, keepdim=True), then @ the query divided by query.norm(). topk(min(k, len(vectors))) has "
        ".indices and .values.",
    ),
    wrong_answers=wrong.NEAREST,
)

# ---------------------------------------------------------------- 14.8 freezing


class Tiny(NamedTuple):
    """A classifier that is made anew for each call, since freezing leaves traces."""

    n_layers: int
    frozen_before: bool
    seed: int

    def model(self) -> nn.Module:
        """Return it with noise in every parameter."""
        from course_lib.models.bert import BertConfig

        sizes = BertConfig(
            vocab_size=5, d_model=4, n_heads=2, n_layers=self.n_layers, d_ff=3, max_len=4
        )
        with torch.random.fork_rng(devices=[]):
            model = _Classifier(sizes).double()
        rng = generator(self.seed)
        for parameter in model.parameters():
            parameter.data = noise(rng, *parameter.shape)
        return model.requires_grad_(not self.frozen_before)


class _Classifier(nn.Module):
    def __init__(self, sizes: Any) -> None:
        from course_lib.models.bert import Bert

        super().__init__()
        self.encoder, self.head = Bert(sizes), nn.Linear(sizes.d_model, 2)
        del self.encoder.pooler  # it is no part of what the exercise speaks of

    def forward(self, tokens: Tensor) -> Tensor:
        out: Tensor = self.head(self.encoder(tokens).mean(1))
        return out


def one_step(model: nn.Module) -> Tensor:
    """Train one step, with weight decay; return for each parameter whether it has changed."""
    before = [p.detach().clone() for p in model.parameters()]
    loss = F.cross_entropy(model(torch.tensor([[1, 4, 2], [3, 0, 1]])), torch.tensor([0, 1]))
    if loss.requires_grad:
        loss.backward()
    for p in model.parameters():
        if p.grad is not None:
            p.data -= 0.1 * p.grad + 0.01 * p.data
    after = [p.detach() for p in model.parameters()]
    return torch.tensor([not torch.equal(a, b) for a, b in zip(before, after, strict=True)])


class AfterOneStep(Protocol):
    """Gives the answer a fresh model, trains that for one step, and looks at what has changed."""

    def prepare(self, obj: Any, call: Call) -> Callable[..., Any]:
        """Return what is to be called with the inputs."""

        def run(made: Tiny, n_frozen: int) -> Tensor:
            model = made.model()
            obj(model, n_frozen)
            return one_step(model)

        return run


def freeze_cases() -> list[Case]:
    kinds = ((2, False, 1), (3, False, 2), (3, False, 0), (2, True, 1), (3, True, 3))
    return [
        Case(
            label=f"{n} blocks, n_frozen = {frozen}, seed {seed}"
            + (", everything frozen before" if before else ""),
            args=(Tiny(n, before, seed), frozen),
        )
        for seed, (n, before, frozen) in enumerate(kinds)
    ]


def freeze_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 4))
    made = Tiny(n, bool(rng.random() < 0.5), pick(rng, range(9)))
    return Case(label="random", args=(made, pick(rng, range(n + 1))))


def freeze_oracle(made: Tiny, n_frozen: int) -> Tensor:
    """Read the names."""
    return torch.tensor([_learns(name, n_frozen) for name, _ in made.model().named_parameters()])


def _learns(name: str, n_frozen: int) -> bool:
    _, *parts = name.split(".")
    if name.startswith("head"):
        return True
    return parts[0] == "blocks" and int(parts[1]) >= n_frozen


def what_changed(call: Any, case: Case, value: Any) -> str | None:
    """Name the first parameter that does what it should not."""
    made, n_frozen = case.args
    for (name, _), moved in zip(made.model().named_parameters(), value.tolist(), strict=True):
        if moved != _learns(name, n_frozen):
            does = "has changed; it is to be frozen" if moved else "has not changed; it is to learn"
            return (
                f"After one training step with n_frozen = {n_frozen} the parameter {name} {does}."
            )
    return None


FREEZE = Exercise(
    name="freeze",
    title="Freeze the lower blocks",
    minutes=7,
    difficulty=2,
    proves="after a training step the right parameters have changed, and no other",
    passed="One training step was taken: embeddings and lower blocks kept their numbers, everything above has moved.",
    cases=freeze_cases,
    sample=freeze_sample,
    oracle=freeze_oracle,
    protocol=AfterOneStep(),
    properties=(Property(id="what_changed", holds=what_changed),),
    reference=f"{REFERENCE}.freeze",
    device=False,
    hints=(
        "First let everything learn. Then go through what lies below: which five kinds of parts are that? How does a module "
        "tell all of its parameters at once?",
        "model: all learn\nfor each of words, places, segments, norm of the encoder, and its lowest n_frozen blocks:\n"
        "    its parameters no longer learn",
        "model.requires_grad_(True) sets every parameter; part.requires_grad_(False), with its underscore, freezes a part. "
        "encoder.blocks[:n_frozen] are the lowest blocks.",
    ),
    wrong_answers=wrong.FREEZE,
)

# ---------------------------------------------------------------- 14.9 scores


def score_cases() -> list[Case]:
    by_hand = torch.tensor([1, 1, 1, 0]), torch.tensor([1, 1, 0, 0]), 2
    drawn = [
        Case(label=f"{n} texts, {c} classes, seed {seed}", args=_score_args(seed, n, c))
        for n, c, seed in ((13, 3, 0), (21, 4, 1), (17, 2, 2))
    ]
    never_said = torch.tensor([0, 1, 1, 0, 1]), torch.tensor([0, 1, 2, 1, 1]), 3
    never_true = torch.tensor([0, 2, 1, 0, 2]), torch.tensor([0, 1, 1, 0, 0]), 3
    neither = torch.tensor([0, 1, 0]), torch.tensor([0, 0, 1]), 4
    return [
        Case(label="four texts, pleased (1) said three times", args=by_hand),
        *drawn,
        Case(label="a class that is never said", args=never_said),
        Case(label="a class that is never true", args=never_true),
        Case(label="classes that do not occur", args=neither, edge=True),
    ]


def _score_args(seed: Seed, n: int, c: int) -> tuple[Tensor, Tensor, int]:
    rng = _rng(seed)
    labels = (_uniform(rng, n) ** 1.7 * c).long()
    said = torch.where(_uniform(rng, n) < 0.5, labels, _ids(rng, c, n))
    labels[:c], said[:c] = torch.arange(c)[:n], torch.arange(c)[:n]
    return said, labels, c


def score_sample(rng: np.random.Generator) -> Case:
    n, c = pick(rng, range(1, 12)), pick(rng, range(2, 5))
    return Case(label="random", args=(_ids(rng, c, n), _ids(rng, c, n), c))


def score_oracle(predicted: Tensor, labels: Tensor, n_classes: int) -> tuple[Tensor, ...]:
    """Count text by text in plain Python."""
    pairs = list(zip(predicted.tolist(), labels.tolist(), strict=True))
    rows = []
    for one in range(n_classes):
        right = sum(said == one == true for said, true in pairs)
        said, true = sum(s == one for s, _ in pairs), sum(t == one for _, t in pairs)
        p, r = right / said if said else 0.0, right / true if true else 0.0
        rows.append((p, r, 2 * p * r / (p + r) if p + r else 0.0))
    table = torch.tensor(rows)
    return (*table.unbind(1), table[:, 2].mean())


CLASS_SCORES = Exercise(
    name="class_scores",
    title="Precision, recall and F1",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="each class has its precision, recall and F1, and the macro F1 is the mean of the F1s",
    passed="Agrees with counting text by text, classes that never occur included.",
    cases=score_cases,
    sample=score_sample,
    oracle=score_oracle,
    reference=f"{REFERENCE}.class_scores",
    parts=("precision", "recall", "F1", "macro F1"),
    device=False,
    hints=(
        "Three counts for each class are enough: how often it was said, how often it is true, and how often both at once. "
        "Which of them is divided by which?",
        "for each class: right = said and true at once\nprecision = right / said, recall = right / true, 0 where nothing is below\n"
        "f1 = 2 right / (said + true), which is 2pr / (p + r)\nmacro = mean of the f1s",
        "said = predicted == torch.arange(n_classes)[:, None] is a table with a row for each class, and labels alike; "
        "(said & true).sum(1) counts. clamp(min=1) keeps a denominator from 0.",
    ),
    wrong_answers=wrong.CLASS_SCORES,
)

# ---------------------------------------------------------------- guesses and questions

PREDICTIONS = (
    Prediction(
        id="unmasked",
        question="A BERT is trained with its loss on all positions, chosen or not. At 85 % of them it reads the token it is asked "
        "for. What does its loss look like?",
        options=(
            "lower, and it has learned more",
            "lower, and it has learned mostly to copy",
            "the same",
        ),
        answer="lower, and it has learned mostly to copy",
        because="Copying is easy and rewarded 85 times in a hundred. A loss over other questions is another number: it cannot "
        "be compared.",
    ),
    Prediction(
        id="dynamic",
        question="A tiny BERT reads the same windows thirty times. In one training every window has one mask for good, in another "
        "a new one at each reading. Which has the lower loss on text kept from both?",
        options=("the fixed masks", "the new masks", "no difference"),
        answer="the new masks",
        because="One mask for good is 15 % of the tokens as questions, asked thirty times: answers are learned by heart. New masks "
        "ask about all of them in time.",
    ),
    Prediction(
        id="pooling",
        question="A sentence is encoded alone, and once more in a batch with a much longer one. You average over all positions, "
        "padding included. How alike are its two vectors?",
        options=("equal: cosine 1", "nearly: cosine 0.99", "hardly: cosine about 0.5"),
        answer="hardly: cosine about 0.5",
        because="Hidden states at padding are not zero: a place and a segment were embedded there, and six blocks worked on "
        "them. Nine real tokens stand against 83 of padding here.",
    ),
    Prediction(
        id="sentiment",
        question="600 sentences, pleased or displeased; most have a mirror image with the other feeling. A bag of words scores "
        "about 0.63 in macro F1, a coin 0.5. And the fine-tuned encoder?",
        options=("about 0.65", "about 0.8", "about 0.99"),
        answer="about 0.8",
        because="It has read a great deal before, and it reads “not a bad film” as a whole. 360 sentences are few, and many do "
        "not name their feeling.",
    ),
)

QUIZ = (
    Question(
        text="A chosen token is kept, not hidden. Does the loss ask about it?",
        options=(
            Option(
                text="No, the model can see it.",
                why="It can, but it cannot know that nobody replaced it.",
            ),
            Option(
                text="Yes.",
                why="That is what the 10 % are for: the model has to form an opinion about every word that it reads.",
                right=True,
            ),
            Option(text="Only if it is special.", why="Special tokens are never chosen."),
        ),
    ),
    Question(
        text="Why can GPT write a text token by token, and BERT not?",
        options=(
            Option(
                text="BERT has no decoder weights.",
                why="Its blocks are those of the first GPT, post-norm and with GELU. The mask makes the difference.",
            ),
            Option(
                text="BERT's tokens also read what follows them.",
                why="It was trained to fill gaps between words on both sides. At the end of a text one side is missing.",
                right=True,
            ),
            Option(
                text="BERT's vocabulary is too small.",
                why="It has 30,522 tokens; lesson 13's model writes with 512.",
            ),
        ),
    ),
    Question(
        text="You freeze the embeddings and the lowest four of six blocks. What can be computed once for all epochs?",
        options=(
            Option(
                text="The hidden states behind block 4 (the fourth).",
                why="Nothing below them changes, and there is no dropout: every epoch would compute the same numbers.",
                right=True,
            ),
            Option(
                text="The hidden states behind block 6.",
                why="Blocks 5 and 6 learn, so these change with every step.",
            ),
            Option(
                text="Nothing.", why="What is frozen gives the same outputs for the same inputs."
            ),
        ),
    ),
    Question(
        text="A detector says “displeased” for every text. 90 % of the texts are. Which number shows that it is useless?",
        options=(
            Option(
                text="Its accuracy, 0.90.", why="It looks excellent: the rare class hardly counts."
            ),
            Option(
                text="Its recall for “displeased”, 1.",
                why="All of them are found, by saying so always.",
            ),
            Option(
                text="Its macro F1, 0.47.",
                why="The F1s are 0.95 and 0; their mean counts both classes alike.",
                right=True,
            ),
        ),
    ),
    Question(
        text="What does XLNet predict that BERT does not?",
        options=(
            Option(
                text="A token from others in a random order, so that hidden tokens also help each other.",
                why="BERT guesses its 15 % independently. A permutation lets a later guess see the earlier ones.",
                right=True,
            ),
            Option(text="The next sentence.", why="That is a task of BERT's own."),
            Option(
                text="Which tokens a small generator has replaced.",
                why="That is ELECTRA (Clark et al. 2020).",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="14",
    slug="bert",
    title="BERT",
    minutes=75,
    needs=("10", "12"),
    exercises=(
        MASK_TOKENS,
        MASKED_LOSS,
        PACK_PAIR,
        EMBED,
        BERT,
        MEAN_POOL,
        NEAREST,
        FREEZE,
        CLASS_SCORES,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
