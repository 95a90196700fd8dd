"""A transformer whose masks and embeddings are plain functions: a lesson can give its own."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_lib.models.transformer import FixedPositions, Transformer, TransformerConfig

#: source (B, S), target (B, T), pad -> encoder (B, S, S), decoder (B, T, T), memory (B, T, S).
Masks = Callable[[Tensor, Tensor, int], tuple[Tensor, Tensor, Tensor]]


@dataclass(frozen=True)
class Parts:
    """What a lesson builds and the translator uses.

    Args:
        masks: `masks(source, target, pad)` returns the three masks.
        embed: `embed(ids, table, positions)` returns vectors (B, T, d).
    """

    masks: Masks
    embed: Callable[[Tensor, Tensor, Tensor], Tensor]


class NumberTranslator(Transformer):
    """The transformer of `course_lib.models.transformer`, on parts that can be exchanged.

    Args:
        config: with sinusoidal positions.
        parts: what makes masks and embeddings.
    """

    source_positions: FixedPositions
    target_positions: FixedPositions

    def __init__(self, config: TransformerConfig, parts: Parts) -> None:
        super().__init__(config)
        self.parts = parts

    def source_mask(self, source: Int[Tensor, "B S"]) -> Bool[Tensor, "B S S"]:
        """Return which tokens of the source each of them may attend to."""
        return self.parts.masks(source, source, self.config.pad)[0]

    def decoder_masks(
        self, source: Int[Tensor, "B S"], target: Int[Tensor, "B T"]
    ) -> tuple[Bool[Tensor, "B T T"], Bool[Tensor, "B T S"]]:
        """Return which tokens each of the target may attend to: of the target, of the source."""
        _, mask, memory_mask = self.parts.masks(source, target, self.config.pad)
        return mask, memory_mask

    def read_source(self, source: Int[Tensor, "B S"]) -> Float[Tensor, "B S d_model"]:
        """Return what the encoder's first block reads."""
        table = self.source_positions.table
        return self.drop(self.parts.embed(source, self.source_embed.weight, table))

    def read_target(self, target: Int[Tensor, "B T"]) -> Float[Tensor, "B T d_model"]:
        """Return what the decoder's first block reads."""
        table = self.target_positions.table
        return self.drop(self.parts.embed(target, self.target_embed.weight, table))


def seeded(config: TransformerConfig, seed: int, parts: Parts) -> NumberTranslator:
    """Return a fresh translator whose first weights depend on the seed alone."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return NumberTranslator(config, parts)
