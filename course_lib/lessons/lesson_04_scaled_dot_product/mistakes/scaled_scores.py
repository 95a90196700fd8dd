"""Mistakes in “Scores, scaled”: the code that makes each, its name, and why it is wrong."""

import math

import torch.nn.functional as F

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="no_scale",
        code=lambda q, k: q @ k.mT,
        says="Your scores are not scaled: the division by √d is missing.",
        why="A dot product of d random terms spreads like √d, so at d = 64 scores of ±8 are ordinary and the "
        "softmax puts nearly everything on one key.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=lambda q, k: q @ k.mT / q.shape[-1],
        says="Your scores are divided by d, not by √d.",
        why="At d = 64 the scores would have a spread of 1/8 and every key would look alike; √d brings the "
        "spread back to 1. (Dividing q and k by √d each divides the scores by d.)",
    ),
    WrongAnswer(
        id="multiplies_by_root",
        code=lambda q, k: q @ k.mT * math.sqrt(q.shape[-1]),
        says="Your scores are multiplied by √d; they should be divided by it.",
        why="The spread of a dot product already grows like √d: multiplying makes it d.",
    ),
    WrongAnswer(
        id="scale_from_length",
        code=lambda q, k: q @ k.mT / math.sqrt(k.shape[-2]),
        says="Your scores are divided by the root of the number of keys, not of the width.",
        why="A dot product sums over the d entries of a vector, so its spread depends on d; how many keys "
        "there are does not enter.",
    ),
    WrongAnswer(
        id="scale_from_queries",
        code=lambda q, k: q @ k.mT / math.sqrt(q.shape[-2]),
        says="Your scores are divided by the root of the number of queries, not of the width.",
        why="The width d is the last size of q: q.shape[-1]. It is d terms that a dot product adds up.",
    ),
    WrongAnswer(
        id="softmax_already",
        code=lambda q, k: (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1),
        says="You went one step too far: these are weights, after the softmax.",
        why="The scores are asked for here, before it. Masks will have to come in between.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda q, k: k @ q.mT / math.sqrt(q.shape[-1]),
        says="Your scores are transposed: keys run down, queries across.",
        why="Row t belongs to query t, so the shape is (queries, keys). The softmax will run along the last "
        "axis and must find the keys there.",
    ),
    WrongAnswer(
        id="cosine",
        code=lambda q, k: F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).mT,
        says="Your scores are cosines: both vectors were divided by their norms.",
        why="Attention keeps the lengths: a long key may ask for more attention. Only √d divides.",
    ),
)
