"""Mistakes in “BERT”: the code that makes each, its name, and why it is wrong."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_14_bert import reference as right


class _Bert(right.Bert):
    """A BERT whose parts can be replaced one at a time."""

    pre_norm, relu, eps = False, False, 1e-12

    def __init__(
        self, vocab_size: int, d_model: int, n_heads: int, n_layers: int, d_ff: int, max_len: int
    ) -> None:
        super().__init__(vocab_size, d_model, n_heads, n_layers, d_ff, max_len)
        for block in self.blocks:
            block.norm_first = self.pre_norm
            block.ff.activation = F.relu if self.relu else block.ff.activation
        for norm in [self.norm, *(n for block in self.blocks for n in (block.norm1, block.norm2))]:
            norm.eps = self.eps

    def start(self, tokens: Tensor, segments: Tensor) -> Tensor:
        tables = self.words.weight, self.places.weight, self.segments.weight
        x: Tensor = self.norm(right.embed(tokens, segments, *tables))
        return x

    def keys(self, mask: Tensor) -> Tensor | None:
        return mask[:, None, :]

    def order(self) -> Any:
        return self.blocks

    def end(self, x: Tensor) -> Tensor:
        return x

    def forward(self, tokens: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        x = self.start(tokens, segments)
        for block in self.order():
            x = block(x, self.keys(mask))
        return self.end(x)


def _bert(**changed: Any) -> type:
    return type("Bert", (_Bert,), changed)


def _no_norm(self: Any, tokens: Tensor, segments: Tensor) -> Tensor:
    return right.embed(
        tokens, segments, self.words.weight, self.places.weight, self.segments.weight
    )


def _no_segments(self: Any, tokens: Tensor, segments: Tensor) -> Tensor:
    x: Tensor = self.norm(self.words(tokens) + self.places.weight[: tokens.shape[1]])
    return x


def _segment_zero(self: Any, tokens: Tensor, segments: Tensor) -> Tensor:
    tables = self.words.weight, self.places.weight, self.segments.weight
    x: Tensor = self.norm(right.embed(tokens, torch.zeros_like(segments), *tables))
    return x


def _causal(self: Any, mask: Tensor) -> Tensor:
    n = mask.shape[1]
    return mask[:, None, :] & torch.ones(n, n, dtype=torch.bool, device=mask.device).tril()


class _PaddingZeroed(_Bert):
    def forward(self, tokens: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        return super().forward(tokens, mask, segments) * mask[..., None]


_PaddingZeroed.__name__ = "Bert"


MISTAKES = (
    WrongAnswer(
        id="mask_forgotten",
        code=_bert(keys=lambda self, mask: None),
        says="Your blocks get no mask, so tokens attend to padding.",
        why="Then a text's hidden states change with the length of the longest text in its batch.",
    ),
    WrongAnswer(
        id="mask_upside_down",
        code=_bert(keys=lambda self, mask: ~mask[:, None, :]),
        says="Your mask is upside down: tokens attend to padding alone.",
        why="True means may attend, here as everywhere in this course.",
    ),
    WrongAnswer(
        id="mask_on_queries",
        code=_bert(keys=lambda self, mask: mask[:, :, None]),
        says="Your mask closes the rows of padding, not its columns.",
        why="A row is a query. What must not be read are the keys: mask[:, None, :] has them last.",
    ),
    WrongAnswer(
        id="mask_on_both",
        code=_bert(keys=lambda self, mask: mask[:, :, None] & mask[:, None, :]),
        says="Your mask closes the rows of padding as well as its columns.",
        why="Only keys are kept from being read. What padding itself reads does no harm, and BERT lets it read: mask[:, None, :] alone.",
    ),
    WrongAnswer(
        id="causal",
        code=_bert(keys=_causal),
        says="Your blocks see only what came before.",
        why="BERT reads in both directions: a hidden word is guessed from what follows as well. That is what [MASK] is for.",
    ),
    WrongAnswer(
        id="norm_forgotten",
        code=_bert(start=_no_norm),
        says="The embedding goes into the first block without its norm.",
        why="BERT normalises the sum of the three rows. The blocks normalise behind themselves, so nobody else does it.",
    ),
    WrongAnswer(
        id="segments_left_out",
        code=_bert(start=_no_segments),
        says="Your embedding lacks the segments.",
        why="Call embed with all three tables. Even a single text has the row of segment 0 in its sum.",
    ),
    WrongAnswer(
        id="segments_all_zero",
        code=_bert(start=_segment_zero),
        says="You give every token segment 0; the argument `segments` is not used.",
        why="The second text of a pair is segment 1.",
    ),
    WrongAnswer(
        id="pre_norm",
        code=_bert(pre_norm=True),
        says="Your blocks are pre-norm.",
        why="BERT is older than that habit: norm(x + f(x)), as in the first transformer. make_block gives that form.",
    ),
    WrongAnswer(
        id="last_norm_added",
        code=_bert(end=lambda self, x: self.norm(x)),
        says="You normalise once more behind the last block.",
        why="A post-norm block ends with a norm already. Only pre-norm models need a last one.",
    ),
    WrongAnswer(
        id="wide_epsilon",
        code=_bert(eps=1e-5),
        says="Your norms use PyTorch's eps, 1e-5; BERT's is 1e-12.",
        why="Where rows are small the two differ. Trained weights expect the eps that they were trained with.",
    ),
    WrongAnswer(
        id="relu",
        code=_bert(relu=True),
        says="Your feed-forward bends with ReLU; BERT's bends with GELU.",
        why="Negative inputs still pass a little through GELU, and trained weights count on it.",
    ),
    WrongAnswer(
        id="one_block_repeated",
        code=_bert(order=lambda self: [self.blocks[0]] * len(self.blocks)),
        says="You run the first block n_layers times; the others are never used.",
        why="Every layer has weights of its own.",
    ),
    WrongAnswer(
        id="blocks_backwards",
        code=_bert(order=lambda self: list(self.blocks)[::-1]),
        says="You run the last block first.",
        why="Block 0 reads the embedding; each of the others reads what the one before it wrote.",
    ),
    WrongAnswer(
        id="blocks_ignored",
        code=_bert(order=lambda self: []),
        says="You return the embedding: what the blocks compute gets lost.",
        why="A block returns new hidden states and leaves its input alone. Keep them: x = block(x, …).",
    ),
    WrongAnswer(
        id="padding_zeroed",
        code=_PaddingZeroed,
        says="You set the hidden states at padding to zero.",
        why="What stands there does not matter, so it is left alone: whoever pools uses the mask.",
    ),
    WrongAnswer(
        id="last_block_missing",
        code=_bert(order=lambda self: list(self.blocks)[:-1]),
        says="Your last block is not run.",
        why="There are n_layers blocks: go through all of self.blocks.",
    ),
)
