"""Mistakes in “The decoder block”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.attention.multi_head import MultiHeadAttention
from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_10_transformer_block.mistakes.common import attend
from course_lib.lessons.lesson_10_transformer_block.reference import FeedForward


class _DecoderBlock(nn.Module):
    """The parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d_model) for _ in range(3))
        self.attn = MultiHeadAttention(d_model, n_heads)
        self.cross = MultiHeadAttention(d_model, n_heads)
        self.ff = FeedForward(d_model, d_ff)


def _decoder(forward: Callable[..., Tensor]) -> type[nn.Module]:
    """Return a class that computes `forward(self, x, memory, mask, memory_mask)`."""

    def full(
        self: Any,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        return forward(self, x, memory, mask, memory_mask)

    return type("DecoderBlock", (_DecoderBlock,), {"forward": full})


def _decode(
    self: Any,
    x: Tensor,
    memory: Tensor,
    mask: Tensor | None,
    memory_mask: Tensor | None,
    *,
    cross: str = "cross",
    last_norm: str = "norm3",
    keep: bool = True,
) -> Tensor:
    """Decode as asked; switches take another module, or drop the cross-attention's residual."""
    x = x + attend(self, self.norm1(x), mask)
    found = getattr(self, cross)(self.norm2(x), memory, memory, memory_mask)
    x = x + found if keep else found
    out: Tensor = x + self.ff(getattr(self, last_norm)(x))
    return out


def _cross_first(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    x = x + self.cross(self.norm2(x), memory, memory, memory_mask)
    x = x + attend(self, self.norm1(x), mask)
    out: Tensor = x + self.ff(self.norm3(x))
    return out


def _memory_normed(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    return _decode(self, x, self.norm2(memory), mask, memory_mask)


def _raw_queries(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    x = x + attend(self, self.norm1(x), mask)
    x = x + self.cross(x, memory, memory, memory_mask)
    out: Tensor = x + self.ff(self.norm3(x))
    return out


def _post_decoder(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    x = self.norm1(x + attend(self, x, mask))
    x = self.norm2(x + self.cross(x, memory, memory, memory_mask))
    out: Tensor = self.norm3(x + self.ff(x))
    return out


def _no_cross(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    x = x + attend(self, self.norm1(x), mask)
    out: Tensor = x + self.ff(self.norm3(x))
    return out


def _cross_to_itself(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    x = x + attend(self, self.norm1(x), mask)
    x = x + _cross_rows(self, self.norm2(x), mask)
    out: Tensor = x + self.ff(self.norm3(x))
    return out


def _cross_rows(self: Any, h: Tensor, mask: Tensor | None) -> Tensor:
    out: Tensor = self.cross(h, h, h, mask)
    return out


def _cross_from_start(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    found = self.cross(self.norm2(x), memory, memory, memory_mask)
    x = x + attend(self, self.norm1(x), mask) + found
    out: Tensor = x + self.ff(self.norm3(x))
    return out


def _residual_of_norms(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    h = self.norm1(x)
    h = self.norm2(h + attend(self, h, mask))
    h = self.norm3(h + self.cross(h, memory, memory, memory_mask))
    return h + self.ff(h)


def _always_causal(self: Any, x: Tensor, memory: Tensor, mask: Any, memory_mask: Any) -> Tensor:
    n = x.shape[1]
    causal = torch.ones(n, n, dtype=torch.bool, device=x.device).tril()
    return _decode(self, x, memory, causal, memory_mask)


MISTAKES = (
    WrongAnswer(
        id="residual_after_norm",
        code=_decoder(_residual_of_norms),
        says="Your residuals start after the norms: norm(x) + f(norm(x)).",
        why="The stream must pass untouched: x + f(norm(x)), three times. Keep the normalised rows under another name, h.",
    ),
    WrongAnswer(
        id="always_causal",
        code=_decoder(_always_causal),
        says="Your self-attention is causal whatever mask says.",
        why="The caller decides: a mask may also hide padding, or nothing at all. Use the argument.",
    ),
    WrongAnswer(
        id="cross_first",
        code=_decoder(_cross_first),
        says="Your cross-attention comes before self-attention.",
        why="The order is self-attention, cross-attention, feed-forward: first what has been written, then what to ask of "
        "the memory.",
    ),
    WrongAnswer(
        id="side_by_side",
        code=_decoder(_cross_from_start),
        says="Your two attentions read the same x, side by side.",
        why="Cross-attention asks with what self-attention has added: update x in between.",
    ),
    WrongAnswer(
        id="memory_normalised",
        code=_decoder(_memory_normed),
        says="Your memory goes through norm2.",
        why="norm2 is for the queries. The memory comes out of an encoder that has normalised it already, with weights "
        "of its own.",
    ),
    WrongAnswer(
        id="raw_queries",
        code=_decoder(_raw_queries),
        says="Your cross-attention asks with the raw x; norm2 is never used.",
        why="In a pre-norm block every sub-layer reads a normalised stream: cross(norm2(x), memory, memory).",
    ),
    WrongAnswer(
        id="no_cross_residual",
        code=_decoder(lambda self, *args: _decode(self, *args, keep=False)),
        says="Your cross-attention replaces the stream; it should be added to it.",
        why="What the target has written so far would be lost. All three sub-layers add.",
    ),
    WrongAnswer(
        id="no_cross_attention",
        code=_decoder(_no_cross),
        says="Your block never looks at the memory.",
        why="Then it could write, but not translate. cross(norm2(x), memory, memory, memory_mask) is added in between.",
    ),
    WrongAnswer(
        id="cross_to_itself",
        code=_decoder(_cross_to_itself),
        says="Your cross-attention asks x itself, not the memory.",
        why="Queries come from x; keys and values come from the memory.",
    ),
    WrongAnswer(
        id="one_attention",
        code=_decoder(lambda self, *args: _decode(self, *args, cross="attn")),
        says="Your block uses one attention, self.attn, for both.",
        why="Asking one's own text and asking the memory are two skills: self.cross has weights of its own.",
    ),
    WrongAnswer(
        id="norm_used_twice",
        code=_decoder(lambda self, *args: _decode(self, *args, last_norm="norm2")),
        says="Your feed-forward reads norm2(x); norm3 is never used.",
        why="Three sub-layers, three norms, each with a gain and a bias of its own.",
    ),
    WrongAnswer(
        id="mask_ignored",
        code=_decoder(
            lambda self, x, memory, mask, memory_mask: _decode(self, x, memory, None, memory_mask)
        ),
        says="Your self-attention does not get its mask.",
        why="Every position could read ahead. mask is for self-attention, memory_mask for cross-attention.",
    ),
    WrongAnswer(
        id="memory_mask_ignored",
        code=_decoder(
            lambda self, x, memory, mask, memory_mask: _decode(self, x, memory, mask, None)
        ),
        says="Your cross-attention does not get its mask.",
        why="Padding of the source would take part. mask is for self-attention, memory_mask for cross-attention.",
    ),
    WrongAnswer(
        id="masks_swapped",
        code=_decoder(
            lambda self, x, memory, mask, memory_mask: _decode(self, x, memory, memory_mask, mask)
        ),
        says="Your two masks are swapped.",
        why="mask is (T, T), for self-attention; memory_mask has a column for each of the S rows of the memory.",
    ),
    WrongAnswer(
        id="post_norm",
        code=_decoder(_post_decoder),
        says="Your block is post-norm.",
        why="This one is pre-norm: each sub-layer reads a normalised x and adds to the stream, x + f(norm(x)).",
    ),
)
