"""Mistakes in “How spread out are the weights?”: the code that makes each, its name, and why it is wrong."""

import math

import torch

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_02_similarity import given

MISTAKES = (
    WrongAnswer(
        id="log_of_zero",
        code=lambda weights: -(weights * weights.log()).sum(-1),
        says="A weight of 0 turns your result into NaN: log(0) is −∞, and 0 · −∞ is NaN.",
        why="w ln w goes to 0 as w does, so a weight of 0 counts as 0. torch.xlogy(w, w) knows "
        "that, and so does "
        "a log of weights clamped from below.",
    ),
    WrongAnswer(
        id="epsilon",
        code=lambda weights: -(weights * (weights + 1e-4).log()).sum(-1),
        matches=given.a_little_low,
        says="Your entropies are all a little low: a small number seems to be added inside the "
        "logarithm.",
        why="It takes about N times itself from the entropy of N keys. torch.xlogy needs none, and "
        "clamp_min(1e-30) touches no weight that counts.",
    ),
    WrongAnswer(
        id="sign",
        code=lambda weights: torch.xlogy(weights, weights).sum(-1),
        says="The minus sign is missing.",
        why="Logarithms of weights are negative, so without it more spread would mean a smaller "
        "number.",
    ),
    WrongAnswer(
        id="bits",
        code=lambda weights: -torch.xlogy(weights, weights).sum(-1) / math.log(2),
        says="Your logarithm has base 2, so your entropy is in bits.",
        why="That is a sound unit, but nats are asked for: the natural logarithm, torch.log.",
    ),
    WrongAnswer(
        id="no_weights",
        code=lambda weights: -weights.clamp_min(1e-12).log().sum(-1),
        says="You add up the logarithms alone, without their weights.",
        why="Each −ln w counts as often as w says. Otherwise the rarest key counts most.",
    ),
    WrongAnswer(
        id="mean",
        code=lambda weights: -torch.xlogy(weights, weights).mean(-1),
        says="You take the mean over the keys; the terms are summed.",
        why="The weights w in w ln w already make it an average: they sum to 1.",
    ),
    WrongAnswer(
        id="everything",
        code=lambda weights: -torch.xlogy(weights, weights).sum(),
        says="You add up all rows; every row has an entropy of its own.",
        why="Sum along the last axis: one number for each row of weights.",
    ),
    WrongAnswer(
        id="first_axis",
        code=lambda weights: -torch.xlogy(weights, weights).sum(0),
        says="You sum along dim 0.",
        why="A row of weights lies along the last axis: dim=-1.",
    ),
    WrongAnswer(
        id="relative",
        code=lambda weights: (
            -torch.xlogy(weights, weights).sum(-1) / math.log(max(weights.shape[-1], 2))
        ),
        says="Your entropy is divided by its largest possible value, ln N.",
        why="That is a useful share between 0 and 1, but not the entropy: 2 equal weights and 200 "
        "would score alike.",
    ),
    WrongAnswer(
        id="perplexity",
        code=lambda weights: (-torch.xlogy(weights, weights).sum(-1)).exp(),
        says="You return exp of the entropy.",
        why="That is the effective number of keys, which the next cell computes from the entropy "
        "itself.",
    ),
    WrongAnswer(
        id="squares",
        code=lambda weights: 1 - weights.square().sum(-1),
        says="You return 1 − Σ w², the Gini impurity.",
        why="It ranks rows in a similar way, but it is another measure: the entropy is −Σ w ln w.",
    ),
)
