"""Mistakes in “The kernel as a dot product”: the code that makes each, its name, and why it is wrong."""

import math

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_03_soft_lookup.mistakes.common import squares


def _dots(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.transpose(-2, -1)


def _norms(k: Tensor) -> Tensor:
    return k.square().sum(-1).unsqueeze(-2)


MISTAKES = (
    WrongAnswer(
        id="no_key_term",
        code=lambda q, k, h: _dots(q, k) / h**2,
        says="The term −‖k‖²/2h² is missing.",
        why="It differs from key to key, so the softmax feels it. Without it long keys win, wherever they "
        "lie; it may be left out only when all keys have equal norm.",
    ),
    WrongAnswer(
        id="query_norm",
        code=lambda q, k, h: (_dots(q, k) - q.square().sum(-1, keepdim=True) / 2) / h**2,
        says="You subtract the norm of the query; it is the key's that counts.",
        why="−‖q‖²/2h² is the same for every key, so the softmax cancels it. −‖k‖²/2h² is not.",
    ),
    WrongAnswer(
        id="query_norm_kept",
        code=lambda q, k, h: -squares(q, k) / (2 * h**2),
        says="Your scores are those of 3.3: −‖q‖²/2h² is still in them.",
        why="A softmax gives the right weights from these too. The point here is what may be dropped: "
        "everything that is the same for all keys.",
    ),
    WrongAnswer(
        id="norm_not_squared",
        code=lambda q, k, h: (_dots(q, k) - _norms(k).sqrt() / 2) / h**2,
        says="You subtract the key's norm; it is the square of the norm.",
        why="‖q − k‖² = ‖q‖² − 2 q·k + ‖k‖²: the squares belong there.",
    ),
    WrongAnswer(
        id="no_half",
        code=lambda q, k, h: (_dots(q, k) - _norms(k)) / h**2,
        says="The key's term is twice what it should be: the factor 1/2 is missing.",
        why="−‖q − k‖²/2h² = q·k/h² − ‖k‖²/2h² − ‖q‖²/2h²: the 2 of −2 q·k cancels the half, the norms keep "
        "it.",
    ),
    WrongAnswer(
        id="half_on_both",
        code=lambda q, k, h: (_dots(q, k) - _norms(k)) / (2 * h**2),
        says="Your dot product is halved; it is q·k/h².",
        why="The square has −2 q·k in the middle, and divided by −2h² that is q·k/h².",
    ),
    WrongAnswer(
        id="plus",
        code=lambda q, k, h: (_dots(q, k) + _norms(k) / 2) / h**2,
        says="The key's term is added; it is subtracted.",
        why="A long key has large dot products; −‖k‖²/2h² takes that advantage away. Added, it makes it larger.",
    ),
    WrongAnswer(
        id="bandwidth_not_squared",
        code=lambda q, k, h: (_dots(q, k) - _norms(k) / 2) / h,
        says="You divide by h; it is h².",
        why="Dot products and squared norms are both in squared units, and so is h².",
    ),
    WrongAnswer(
        id="key_term_without_bandwidth",
        code=lambda q, k, h: _dots(q, k) / h**2 - _norms(k) / 2,
        says="Your key's term is not divided by h².",
        why="Both terms come from −‖q − k‖²/2h²; both keep the h².",
    ),
    WrongAnswer(
        id="scaled_by_width",
        code=lambda q, k, h: _dots(q, k) / math.sqrt(q.shape[-1]),
        says="These are the scores of scaled dot-product attention: √d in place of h², and no key term.",
        why="You are one lesson ahead. Here the bandwidth is given, and the weights must be Gaussian.",
    ),
)
