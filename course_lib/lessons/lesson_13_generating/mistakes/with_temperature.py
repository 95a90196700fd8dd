"""Mistakes in “Temperature”: the code that makes each, its name, and why it is wrong."""

import math

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="after_softmax",
        code=lambda logits, temperature: logits.softmax(-1) / temperature,
        says="You divide the probabilities by the temperature, after the softmax.",
        why="Probabilities divided by T sum to 1/T, and their proportions stay what they were. The temperature acts on "
        "scores: inside the exponent it changes proportions.",
    ),
    WrongAnswer(
        id="no_effect",
        code=lambda logits, temperature: logits.softmax(-1),
        says="Your probabilities do not depend on the temperature.",
        why="Left out, or divided out: dividing probabilities by T and normalising them again gives back the same ones. "
        "Divide the logits, before the softmax.",
    ),
    WrongAnswer(
        id="multiplies",
        code=lambda logits, temperature: (logits * temperature).softmax(-1),
        says="You multiply the logits by the temperature; they are divided by it.",
        why="Heat disorders: a high temperature should bring probabilities closer together. Yours pulls them apart.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda logits, temperature: (logits / temperature).softmax(0),
        says="Your softmax runs down the batch (axis 0).",
        why="Then tokens of different texts share out a total of 1. Each row is a distribution of its own: axis -1.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=lambda logits, temperature: logits / temperature,
        says="You return scaled logits: the softmax is missing.",
        why="Logits may be negative and sum to anything; probabilities are asked for.",
    ),
    WrongAnswer(
        id="logarithms",
        code=lambda logits, temperature: (logits / temperature).log_softmax(-1),
        says="You return logarithms of probabilities.",
        why="log_softmax is what a loss wants. Here the probabilities themselves are asked for.",
    ),
    WrongAnswer(
        id="root",
        code=lambda logits, temperature: (logits / math.sqrt(temperature)).softmax(-1),
        says="You divide by the root of the temperature.",
        why="The root belongs to attention's width d. Logits are divided by T itself.",
    ),
    WrongAnswer(
        id="squared",
        code=lambda logits, temperature: (logits / temperature**2).softmax(-1),
        says="You divide by the temperature twice.",
        why="Once is what softmax(logits / T) says; twice gives the temperature T².",
    ),
    WrongAnswer(
        id="overflows",
        code=lambda logits, temperature: (
            (logits / temperature).exp() / (logits / temperature).exp().sum(-1, keepdim=True)
        ),
        says="Your exponentials overflow when logits are large.",
        why="exp(2000) is infinite, and ∞/∞ is not a number. Subtract each row's largest logit first, or use softmax, "
        "which does.",
    ),
)
