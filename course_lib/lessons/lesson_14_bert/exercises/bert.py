"""“BERT”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes, pad_mask
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, rng_of
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_14_bert.common import embed_args
from course_lib.lessons.lesson_14_bert.mistakes.bert import MISTAKES
from course_lib.lessons.shared import block_state, blocked, torch_names


def bert_state(
    seed: Seed, v: int, d: int, d_ff: int, n: int, room: int, scale: float
) -> dict[str, Tensor]:
    """Noise for every parameter; `scale` of the tables, small ones feel eps."""
    rng = rng_of(seed)
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
    rng, d = rng_of(seed), h * d_head
    tokens, segments = embed_args(rng, b, t, v, 1, 0)[:2]
    mask = pad_mask(draw_sizes(rng, *[t] * b), t)
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
    tokens, _, segments = drawn[1].args
    gaps = torch.tensor([[0, 1, 0, 1, 1, 1], [1, 1, 0, 0, 1, 0]]).bool()
    torn = Case(
        label="padding in front and between",
        init=drawn[1].init,
        state=drawn[1].state,
        args=(tokens, gaps, segments),
        edge=True,
    )
    single = _bert_case(6, (1, 1, 4, 2, 2, 2, 3, 2), 1.0, "one text of one token", edge=True)
    return [first, *drawn, small, narrow, torn, single]


def bert_sample(rng: np.random.Generator) -> Case:
    sizes = draw_sizes(rng, *[3] * 8)
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
        own = torch_names(state, block=f"blocks.{at}.")
        x = torch.func.functional_call(layer, own, (x,), {"src_mask": closed})
    return x


EXERCISE = Exercise(
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
    reference="course_lib.lessons.lesson_14_bert.reference.Bert",
    hints=(
        "Three steps: embed, normalise, and send the result through every block. Which mask does a block want, when all "
        "queries of a text share the same keys?",
        "x = norm of embed(tokens, segments, the three tables)\nfor each block: x = block of x, with the mask as (B, 1, T)\nreturn x",
        "A table is the attribute weight of its nn.Embedding: embed(tokens, segments, self.words.weight, self.places.weight, "
        "self.segments.weight). The mask for a block is mask[:, None, :].",
    ),
    kinds=("front", "gaps", "batch_of_one", "one_place"),
    never={
        "empty": "A text holds [CLS] at least, so a row of padding alone does not come.",
        "hidden_nan": "Its floats are weights, and weights are finite.",
    },
    wrong_answers=MISTAKES,
)
