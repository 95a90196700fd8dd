"""“Read a batch of sentences”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_05_attention_that_translates.common import (
    SIZES,
    TRANSLATOR,
    gru_weights,
)
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.encode import MISTAKES


def encode_case(seed: Any, lengths: list[int], s: int, d_in: int, d: int, **more: Any) -> Case:
    x = noise(seed, len(lengths), s, d_in)
    weights = gru_weights(seed, d_in, d)
    return Case(args=(x, torch.tensor(lengths), *weights), **more)


def encode_cases() -> list[Case]:
    return [
        encode_case(
            0, [1, 3], 3, 1, 1, label="a sentence of one word and one of three, state 1 wide"
        ),
        encode_case(
            1, [5, 2], 5, 3, 4, label="lengths 5 and 2, state 4 wide, seed 1", gradients=True
        ),
        encode_case(
            2, [1, 4, 3], 6, 5, 2, label="lengths 1, 4, 3 in 6 places, seed 2", gradients=True
        ),
        encode_case(3, [4, 4], 4, 2, 3, label="no padding at all", edge=True),
        encode_case(4, [1], 1, 2, 3, label="one sentence of one word", edge=True),
        encode_case(5, [2], 4, 2, 3, label="one sentence, half of it padding", edge=True),
    ]


def encode_sample(rng: np.random.Generator) -> Case:
    s = pick(rng, SIZES)
    lengths = [*draw_sizes(rng, *[s] * pick(rng, range(1, 4)))]
    return encode_case(
        rng, lengths, s, pick(rng, range(1, 4)), pick(rng, range(1, 4)), label="random"
    )


def encode_oracle(x: Tensor, lengths: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
    """PyTorch's own GRU on a packed batch."""
    d = weights[1].shape[1]
    gru = nn.GRU(x.shape[2], d, batch_first=True, dtype=x.dtype)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    state = dict(zip(names, weights, strict=True))
    out, last = torch.func.functional_call(gru, state, (packed,))
    memory, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])
    return memory, last[0]


def neighbours_do_not_matter(call: Any, case: Case, value: Any) -> str | None:
    """A sentence's last state does not depend on the padding after it."""
    x, lengths, *weights = case.args
    longer = torch.cat([x, torch.full_like(x[:, :1], 3.0)], 1)
    last = call(longer, lengths, *weights)[1]
    if torch.allclose(last, value[1], atol=1e-9):
        return None
    return (
        "One more place of padding must not change the last state. On the case "
        f"“{case.label}” yours moves by {(last - value[1]).abs().max().item():.3f}."
    )


EXERCISE = Exercise(
    name="encode",
    title="Read a batch of sentences",
    minutes=8,
    difficulty=2,
    proves="your states agree with PyTorch's GRU on packed sentences, whatever padding follows",
    passed="Agrees with PyTorch's GRU on packed sentences; padding changes nothing.",
    cases=encode_cases,
    sample=encode_sample,
    oracle=encode_oracle,
    parts=("memory", "last"),
    properties=(Property(id="neighbours_do_not_matter", holds=neighbours_do_not_matter),),
    kinds=(
        "batch_of_one",
        "one_place",
        "repeats",
    ),
    reference=f"{TRANSLATOR}.encode",
    forbidden=("GRU",),
    hints=(
        "Walk over the places; every sentence takes the step, and those that have ended keep the "
        "state they had. What does the memory hold where a sentence has ended?",
        "h = zeros (B, d)\nfor each place t:\n    new = one step from h\n"
        "    is_word = t is below the sentence's length\n    h = new where is_word, else h\n"
        "    memory gets new where is_word, else 0\nreturn the stacked memory and h",
        "is_word = (t < lengths)[:, None] has shape (B, 1).\n"
        "    h = torch.where(is_word, new, h)\n    states.append(new * is_word)\n"
        "torch.stack(states, dim=1) puts the places second.",
    ),
    wrong_answers=MISTAKES,
)
