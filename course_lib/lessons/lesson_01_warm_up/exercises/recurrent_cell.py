"""“A recurrent cell”: its cases, its oracle, its hints."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_lead, draw_sizes
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import Seed, noise, rng_of
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_01_warm_up.common import B
from course_lib.lessons.lesson_01_warm_up.mistakes.recurrent_cell import MISTAKES

D_IN, D_HIDDEN = 5, 7


def _state(seed: Seed, d_in: int, d_hidden: int) -> dict[str, Tensor]:
    """Noise for every parameter: fresh ones hide mistakes."""
    rng = rng_of(seed)
    shapes = {
        "w_x.weight": (d_hidden, d_in),
        "w_x.bias": (d_hidden,),
        "w_h.weight": (d_hidden, d_hidden),
    }
    return {name: noise(rng, *shape, scale=0.5) for name, shape in shapes.items()}


def cell_cases() -> list[Case]:
    by_hand = Case(
        label="an input of width 1, a state of width 2",
        init={"d_in": 1, "d_hidden": 2},
        state={
            "w_x.weight": torch.tensor([[1.0], [-1]]),
            "w_x.bias": torch.tensor([0.0, 0.5]),
            "w_h.weight": torch.tensor([[0.0, 2], [1, 0]]),
        },
        args=(torch.tensor([1.0]), torch.tensor([0.5, 0])),
    )
    drawn = [
        Case(
            label=f"batch shape {lead}, inputs of width {d_in}, states of width {d_hidden}, seed {seed}",
            init={"d_in": d_in, "d_hidden": d_hidden},
            state=_state(seed, d_in, d_hidden),
            args=(noise(seed + 10, *lead, d_in), noise(seed + 20, *lead, d_hidden, scale=0.5)),
            gradients=True,
        )
        for lead, d_in, d_hidden, seed in (
            ((), D_IN, D_HIDDEN, 0),
            ((B,), D_IN, D_HIDDEN, 1),
            ((3,), D_HIDDEN, D_IN, 2),
            ((B, 3), D_IN, D_HIDDEN, 3),
        )
    ]
    single = Case(
        label="a batch of one, a state of zeros",
        init={"d_in": 2, "d_hidden": 3},
        state=_state(4, 2, 3),
        args=(noise(14, 1, 2), torch.zeros(1, 3, dtype=torch.float64)),
        edge=True,
    )
    return [by_hand, *drawn, single]


def cell_sample(rng: np.random.Generator) -> Case:
    lead = draw_lead(rng, B, 3)
    d_in, d_hidden = draw_sizes(rng, 5, 5)
    return Case(
        label="random",
        init={"d_in": d_in, "d_hidden": d_hidden},
        state=_state(rng, d_in, d_hidden),
        args=(noise(rng, *lead, d_in), noise(rng, *lead, d_hidden)),
        edge=d_in == d_hidden,
    )


def cell_oracle(state: dict[str, Tensor], x: Tensor, h: Tensor, d_in: int, d_hidden: int) -> Tensor:
    """`torch.nn.RNNCell` with the same weights; its second bias is zero here."""
    cell = nn.RNNCell(d_in, d_hidden, dtype=x.dtype)
    weights = {
        "weight_ih": state["w_x.weight"],
        "weight_hh": state["w_h.weight"],
        "bias_ih": state["w_x.bias"],
        "bias_hh": torch.zeros(d_hidden, dtype=x.dtype),
    }
    rows = x.reshape(-1, d_in), h.reshape(-1, d_hidden)
    out: Tensor = torch.func.functional_call(cell, weights, rows)
    return out.reshape(h.shape)


def within_tanh(call: Any, case: Case, value: Any) -> str | None:
    """A tanh never leaves [−1, 1]."""
    largest = value.abs().max().item()
    if largest <= 1:
        return None
    return (
        "A tanh answers between −1 and 1, so no number of the new state can leave that range. On the case "
        f"“{case.label}” one of yours is {largest:.3f} in size."
    )


def both_matter(call: Any, case: Case, value: Any) -> str | None:
    """The new state depends on the input and on the old state."""
    x, h = case.args
    for name, args in (("input x", (x + 0.5, h)), ("old state h", (x, h + 0.5))):
        if torch.equal(call(*args).to(value), value):
            return (
                f"The new state must depend on the {name}. On the case “{case.label}” yours stays the same to "
                "the last digit when 0.5 is added to all of it."
            )
    return None


EXERCISE = Exercise(
    name="RecurrentCell",
    title="A recurrent cell",
    minutes=10,
    difficulty=3,
    proves="your class holds three tensors under the right names and mixes input and state with them",
    passed="Agrees with torch.nn.RNNCell on the same noise-filled weights, gradients of all weights too.",
    cases=cell_cases,
    sample=cell_sample,
    oracle=cell_oracle,
    properties=(
        Property(id="within_tanh", holds=within_tanh),
        Property(id="both_matter", holds=both_matter),
    ),
    protocol=ModuleProtocol(),
    kinds=(
        "no_lead",
        "batch_of_one",
        "zero",
    ),
    reference="course_lib.lessons.lesson_01_warm_up.reference.RecurrentCell",
    hints=(
        (
            "__init__ makes two layers, one for the input and one for the state, and keeps them on self. forward "
            "sends x through the first, h through the second, adds, and squeezes by tanh."
        ),
        (
            "in __init__, after super().__init__():\n"
            "    w_x: a linear layer from d_in to d_hidden, with a bias\n"
            "    w_h: a linear layer from d_hidden to d_hidden, without\n"
            "in forward:\n    tanh of (w_x of x plus w_h of h)"
        ),
        (
            "self.w_x = nn.Linear(d_in, d_hidden) and self.w_h = nn.Linear(d_hidden, d_hidden, bias=False). "
            "Then forward returns torch.tanh(self.w_x(x) + ...)."
        ),
    ),
    wrong_answers=MISTAKES,
)
