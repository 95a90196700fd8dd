"""“Freeze the lower blocks”: its cases, its oracle, its hints."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.draws import coin
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import generator, noise, pick
from course_lib.checking.protocol import Call, Protocol
from course_lib.lessons.lesson_14_bert.mistakes.freeze import MISTAKES


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
    kinds = (
        (2, False, 1),
        (3, False, 2),
        (3, False, 0),
        (2, True, 1),
        (3, True, 3),
        (12, False, 2),
        (1, True, 0),
    )
    return [
        Case(
            label=f"{n} blocks, n_frozen = {frozen}, seed {seed}"
            + (", everything frozen before" if before else ""),
            args=(Tiny(n, before, seed), frozen),
            shows=("alike_names",) if n > 9 else (),
        )
        for seed, (n, before, frozen) in enumerate(kinds)
    ]


def freeze_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 4))
    made = Tiny(n, coin(rng), pick(rng, range(9)))
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


EXERCISE = Exercise(
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
    reference="course_lib.lessons.lesson_14_bert.reference.freeze",
    device="any",
    hints=(
        "First let everything learn. Then go through what lies below: which five kinds of parts are that? How does a module "
        "tell all of its parameters at once?",
        "model: all learn\nfor each of words, places, segments, norm of the encoder, and its lowest n_frozen blocks:\n"
        "    its parameters no longer learn",
        "model.requires_grad_(True) sets every parameter; part.requires_grad_(False), with its underscore, freezes a part. "
        "encoder.blocks[:n_frozen] are the lowest blocks.",
    ),
    kinds=("alike_names", "zero"),
    wrong_answers=MISTAKES,
)
