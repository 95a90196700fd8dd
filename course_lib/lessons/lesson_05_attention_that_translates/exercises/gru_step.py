"""“One step of a GRU”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.lessons.lesson_05_attention_that_translates.common import (
    TRANSLATOR,
    gru_weights,
)
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.gru_step import MISTAKES


def gru_cases() -> list[Case]:
    one, third = torch.ones(1, 1, dtype=torch.float64), torch.tensor([0.0, 0, 1])
    tidy = (third.double()[:, None], 2 * third.double()[:, None], *torch.zeros(2, 3).double())
    drawn = [
        Case(
            label=f"{b} sentences, input {d_in} wide, state {d} wide, seed {seed}",
            args=(noise(seed, b, d_in), noise(seed + 9, b, d), *gru_weights(seed, d_in, d)),
            gradients=True,
        )
        for b, d_in, d, seed in ((2, 5, 3, 0), (4, 2, 7, 1), (5, 6, 2, 2))
    ]
    return [Case(label="everything one wide, both gates 0.5", args=(one, one, *tidy)), *drawn]


def gru_sample(rng: np.random.Generator) -> Case:
    b, d_in, d = draw_sizes(rng, 5, 5, 5)
    args = (noise(rng, b, d_in), noise(rng, b, d), *gru_weights(rng, d_in, d))
    return Case(label="random", args=args)


def state_is_kept(call: Any, case: Case, value: Any) -> str | None:
    """With an update gate of 1 the state stays as it is."""
    x, h, w_ih, w_hh, b_ih, b_hh = case.args
    d = h.shape[1]
    open_gate = b_ih.clone()
    open_gate[d : 2 * d] += 1000.0
    kept = call(x, h, w_ih, w_hh, open_gate, b_hh)
    if torch.allclose(kept, h, atol=1e-6):
        return None
    return (
        "Where the update gate z is 1, the state must stay as it is. With a bias of 1000 in z's "
        f"third of b_ih, yours turns {h[0, 0].item():.3f} into {kept[0, 0].item():.3f} on the case "
        f"“{case.label}”."
    )


EXERCISE = Exercise(
    name="gru_step",
    title="One step of a GRU",
    minutes=8,
    difficulty=2,
    proves="your step agrees with PyTorch's GRU cell, gradients of all weights too",
    passed="Agrees with PyTorch's GRU cell in float64, gradients of every weight too.",
    cases=gru_cases,
    sample=gru_sample,
    oracle=torch.gru_cell,
    properties=(Property(id="state_is_kept", holds=state_is_kept),),
    kinds=(
        "batch_of_one",
        "zero",
    ),
    reference=f"{TRANSLATOR}.gru_step",
    forbidden=("gru_cell", "GRUCell"),
    hints=(
        "Two products give six parts: three from the input, three from the state. Which of the "
        "state's parts does the reset gate touch, and when?",
        "x parts = x times w_ih transposed, plus b_ih, cut in three\n"
        "h parts = h times w_hh transposed, plus b_hh, cut in three\n"
        "r, z = sigmoid of the sum of the first parts, of the second\n"
        "n = tanh of x's third part + r times h's third part\nmix n and h with z",
        "x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=-1), and the same for h.\n"
        "    n = torch.tanh(x_n + r * h_n)\n    return (1 - z) * ... + z * ...",
    ),
    wrong_answers=MISTAKES,
)
