"""“Nearest sentences”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, pick, rng_of
from course_lib.lessons.lesson_14_bert.mistakes.nearest import MISTAKES


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
    behind = Case(
        label="all vectors point away",
        args=(double([1.0, 0.0]), double([[-1.0, -1.0], [-2.0, -0.5], [-1.0, -3.0]]), 2),
    )
    scales = Case(
        label="a long vector beside short ones",
        args=(double([3.0, 4.0]), double([[1e6, 0.0], [3e-4, 4e-4], [0.0, 1.0]]), 3),
        edge=True,
    )
    turned = (-drawn[1].args[0], *drawn[1].args[1:])
    return [
        Case(label="four vectors in a plane", args=by_hand),
        *drawn,
        behind,
        Case(label="the four nearest of nine, the other way", args=turned),
        scales,
        Case(label="one vector", args=(double([2.0, 1.0]), double([[-4.0, 3.0]]), 1), edge=True),
        more,
    ]


def _nearest_args(seed: Seed, n: int, d: int, k: int) -> tuple[Tensor, Tensor, int]:
    rng = rng_of(seed)
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


EXERCISE = Exercise(
    name="nearest",
    title="Nearest sentences",
    minutes=6,
    difficulty=2,
    proves="the k vectors with the largest cosine come back, the most similar first, with their cosines",
    passed="Agrees with SciPy's cosine distance, one vector at a time.",
    cases=nearest_cases,
    sample=nearest_sample,
    oracle=nearest_oracle,
    reference="course_lib.lessons.lesson_14_bert.reference.nearest",
    parts=("places", "cosines"),
    hints=(
        "A cosine is a dot product divided by two lengths. What does it become when every vector has length 1?",
        "vectors divided by their lengths, the query divided by its own\ndot products of all vectors with the query\n"
        "the k largest, with their places",
        "vectors / vectors.norm(dim=-1, keepdim=True), then @ the query divided by query.norm(). topk(min(k, len(vectors))) has "
        ".indices and .values.",
    ),
    kinds=("one_place", "negative", "zero", "far_rows"),
    never={
        "ties": "Equal cosines may come in any order: the text sets none.",
    },
    wrong_answers=MISTAKES,
)
