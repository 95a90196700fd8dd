"""A transformer whose masks and embeddings are plain functions: a lesson can give its own."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_lib.models.transformer import Transformer, TransformerConfig

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

    def __init__(self, config: TransformerConfig, parts: Parts) -> None:
        super().__init__(config)
        self.parts = parts

    def encode(self, source: Int[Tensor, "B S"]) -> Float[Tensor, "B S d_model"]:
        """Return what the encoder makes of the source."""
        x, mask = self.read_source(source), self.parts.masks(source, source, self.config.pad)[0]
        for block in self.encoder:
            x = block(x, mask)
        return self.encoder_norm(x)

    def decode(
        self,
        target: Int[Tensor, "B T"],
        memory: Float[Tensor, "B S d_model"],
        source: Int[Tensor, "B S"],
    ) -> Float[Tensor, "B T V"]:
        """Return scores for the token behind each of the target's."""
        _, mask, memory_mask = self.parts.masks(source, target, self.config.pad)
        x = self.read_target(target)
        for block in self.decoder:
            x = block(x, memory, mask, memory_mask)
        return self.head(self.decoder_norm(x))

    def cross_attention(
        self, source: Int[Tensor, "B S"], target: Int[Tensor, "B T"]
    ) -> Float[Tensor, "L B H T S"]:
        """Return where each token of the target looks in the source, for every layer and head."""
        memory, x, weights = self.encode(source), self.read_target(target), []
        masks = self.parts.masks(source, target, self.config.pad)[1:]
        for block in self.decoder:
            weights.append(block.cross_weights(x, memory, *masks))
            x = block(x, memory, *masks)
        return torch.stack(weights)

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
