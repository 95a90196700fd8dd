"""Mistakes in “Bits per byte”: the code that makes each, its name, and why it is wrong."""

import math
from collections.abc import Sequence

from course_lib.checking.exercise import WrongAnswer


def _bytes(pieces: Sequence[str]) -> int:
    return len("".join(pieces).encode())


MISTAKES = (
    WrongAnswer(
        id="nats",
        code=lambda nats_per_token, pieces: nats_per_token * len(pieces) / _bytes(pieces),
        says="Your result is in nats per byte: the ln 2 is missing.",
        why="One bit is ln 2 = 0.693 nats, so nats are divided by 0.693 to give bits.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda nats_per_token, pieces: (
            nats_per_token * len(pieces) / _bytes(pieces) * math.log(2)
        ),
        says="You multiply by ln 2; divide by it.",
        why="A bit is the smaller unit (0.693 nats), so there are more of them.",
    ),
    WrongAnswer(
        id="characters",
        code=lambda nats_per_token, pieces: (
            nats_per_token * len(pieces) / math.log(2) / sum(len(piece) for piece in pieces)
        ),
        says="You divide by characters, not bytes.",
        why="In UTF-8 “é” takes 2 bytes and “…” takes 3. For plain English both are almost equal, which hides the mistake.",
    ),
    WrongAnswer(
        id="per_token",
        code=lambda nats_per_token, pieces: nats_per_token / math.log(2),
        says="That is bits per token.",
        why="Longer pieces are harder to guess, and there are fewer of them. Only per byte can two tokenizers be compared.",
    ),
    WrongAnswer(
        id="upside_down",
        code=lambda nats_per_token, pieces: (
            nats_per_token / math.log(2) * _bytes(pieces) / len(pieces)
        ),
        says="The ratio is upside down: you multiply by bytes per token.",
        why="The whole text costs nats per token × tokens. That is shared among its bytes.",
    ),
    WrongAnswer(
        id="log_of_the_loss",
        code=lambda nats_per_token, pieces: (
            math.log2(nats_per_token) * len(pieces) / _bytes(pieces) if nats_per_token > 0 else 0.0
        ),
        says="You take log₂ of the loss; the loss is a logarithm already.",
        why="Changing the base of a logarithm is a division by ln 2.",
    ),
    WrongAnswer(
        id="one_token",
        code=lambda nats_per_token, pieces: nats_per_token / math.log(2) / _bytes(pieces),
        says="You divide the loss of one token by the bytes of the whole text.",
        why="The loss is a mean over tokens: times their number, it is what the whole text costs.",
    ),
)
