"""The simplest tokenizer: every character is a token."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int
from torch import Tensor


@dataclass(frozen=True)
class Characters:
    """Turns text into numbers and back, one for each character.

    Args:
        known: every character there is; its place is its number.

    >>> letters = Characters.of("banana")
    >>> letters.encode("nab"), letters.decode(torch.tensor([1, 0, 2]))
    (tensor([2, 0, 1]), 'ban')
    """

    known: tuple[str, ...]

    @classmethod
    def of(cls, text: Iterable[str]) -> "Characters":
        """Return the characters of a text, in order."""
        return cls(tuple(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.known)

    @cached_property
    def _number(self) -> dict[str, int]:
        return {character: at for at, character in enumerate(self.known)}

    def encode(self, text: str) -> Int[Tensor, " N"]:
        """Return the number of each character.

        Raises:
            ValueError: when a character is not known; names it.
        """
        strange = sorted(set(text) - set(self.known))
        if strange:
            raise ValueError(
                f"{strange[0]!r} is none of the {len(self)} characters that this model was made for"
            )
        return torch.tensor([self._number[character] for character in text], dtype=torch.long)

    def decode(self, tokens: Int[Tensor, " N"]) -> str:
        """Return the text that the numbers stand for."""
        return "".join(self.known[number] for number in tokens.tolist())
