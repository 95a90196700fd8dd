"""“Decay on the right parameters”: its cases, its oracle, its hints."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.draws import coin
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import Seed, noise, pick, rng_of
from course_lib.checking.protocol import Call, Protocol
from course_lib.checking.values import each
from course_lib.lessons.lesson_17_training_a_vit.mistakes.split_for_decay import MISTAKES


class TinyViT(nn.Module):
    """A model with every kind of parameter that a ViT has, all noise."""

    def __init__(self, seed: Seed, d: int, frozen: bool = False, tied: bool = False) -> None:
        super().__init__()
        self.patches = nn.Conv2d(2, d, 2, stride=2)
        self.class_token = nn.Parameter(torch.zeros(d))
        self.places = nn.Parameter(torch.zeros(5, d))
        self.norm1 = nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, d + 1), nn.GELU(), nn.Linear(d + 1, d))
        self.last = nn.Linear(d, d) if tied else nn.BatchNorm1d(d)
        if tied:
            self.last.weight = nn.Parameter(torch.zeros(d, d))
            self.first = nn.Linear(d, d, bias=False)
            self.first.weight = self.last.weight
        self.head = nn.Linear(d, 3, bias=False)
        rng = rng_of(seed)
        for parameter in self.parameters():
            parameter.data = noise(rng, *parameter.shape)
        if frozen:
            for parameter in self.ff[0].parameters():
                parameter.requires_grad_(False)


class TwoLayers(nn.Module):
    """A linear layer and a norm, small enough to count by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm = nn.Linear(2, 3), nn.LayerNorm(3)
        for at, parameter in enumerate(self.parameters()):
            parameter.data = torch.full(parameter.shape, at + 1.0)


class Misnamed(nn.Module):
    """A model whose names say nothing about axes."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.normal = nn.LayerNorm(2), nn.Linear(2, 2)
        self.bias_of_places = nn.Parameter(torch.zeros(3, 2))
        self.weight, self.temperature = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(()))
        for at, parameter in enumerate(self.parameters()):
            parameter.data = torch.full(parameter.shape, at + 1.0)
        self.norm.bias.requires_grad_(False)


class Owning(Protocol):
    """Hands tensors on only where they are the model's own: an optimiser cannot train copies."""

    def prepare(self, obj: Any, call: Call) -> Callable[..., Any]:
        """Return what answers with parameters, and with words where another tensor stands."""

        def split(model: nn.Module) -> Any:
            own = {id(parameter) for parameter in model.parameters()}
            return each(obj(model), lambda leaf: _owned(leaf, own))

        return split


def _owned(leaf: Any, own: set[int]) -> Any:
    foreign = isinstance(leaf, Tensor) and id(leaf) not in own
    return "a tensor that is no parameter of the model, perhaps .data" if foreign else leaf


def decay_cases() -> list[Case]:
    drawn = [
        Case(label=f"a small ViT of width {d}, seed {seed}", args=(TinyViT(seed, d),))
        for d, seed in ((3, 0), (4, 1))
    ]
    return [
        Case(label="a linear layer and a norm", args=(TwoLayers(),)),
        *drawn,
        Case(label="a small ViT, one layer frozen", args=(TinyViT(2, 3, frozen=True),)),
        Case(label="names that mislead, a number without axes", args=(Misnamed(),), edge=True),
        Case(label="two layers that share a matrix", args=(TinyViT(3, 3, tied=True),), edge=True),
    ]


def decay_oracle(model: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Count axes, and never take one parameter twice."""
    groups: tuple[list[Tensor], list[Tensor]] = ([], [])
    seen = set()
    for module in model.modules():
        for parameter in vars(module)["_parameters"].values():
            if parameter is not None and parameter.requires_grad and id(parameter) not in seen:
                seen.add(id(parameter))
                groups[len(parameter.shape) < 2].append(parameter)
    return groups


def no_vector_decays(call: Any, case: Case, value: Any) -> str | None:
    """What has one axis is not among the decayed."""
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    for parameter in value[0]:
        if isinstance(parameter, Tensor) and parameter.ndim < 2:
            return (
                f"Among your decayed parameters is one of shape {tuple(parameter.shape)} (case: {case.label}). "
                "With one axis it is a bias, a gain or the class token, and stays out."
            )
    return None


EXERCISE = Exercise(
    name="split_for_decay",
    title="Decay on the right parameters",
    minutes=5,
    difficulty=1,
    proves="matrices are decayed, and no gain, bias, class token or frozen parameter is among them",
    passed="Agrees with a count of axes, parameter by parameter; shared ones come once.",
    cases=decay_cases,
    sample=lambda rng: Case(
        label="random",
        args=(TinyViT(rng, pick(rng, range(1, 4)), frozen=coin(rng), tied=coin(rng)),),
    ),
    oracle=decay_oracle,
    reference="course_lib.lessons.lesson_17_training_a_vit.reference.split_for_decay",
    protocol=Owning(),
    properties=(Property(id="no_vector_decays", holds=no_vector_decays),),
    parts=("the decayed", "the others"),
    device="any",
    hints=(
        "What do a gain, a bias and the class token have in common that a matrix and a kernel have not? Look at their "
        "shapes.",
        "all parameters that are to be trained, in the model's order\nthose with two axes or more are decayed\nthe others "
        "are not",
        "model.parameters() gives each one once; p.requires_grad tells whether it is trained, p.ndim how many axes it has.",
    ),
    kinds=("alike_names",),
    wrong_answers=MISTAKES,
)
