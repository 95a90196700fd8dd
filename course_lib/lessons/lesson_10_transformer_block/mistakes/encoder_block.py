"""Mistakes in “The encoder block, in two forms”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from course_lib.attention.multi_head import MultiHeadAttention
from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_10_transformer_block.mistakes.common import attend
from course_lib.lessons.lesson_10_transformer_block.reference import FeedForward


class _EncoderBlock(nn.Module):
    """The parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int, norm_first: bool = True) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.attn, self.ff = MultiHeadAttention(d_model, n_heads), FeedForward(d_model, d_ff)


Forward = Callable[[Any, Tensor, Tensor | None], Tensor]


def _pre(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    x = x + attend(self, self.norm1(x), mask)
    out: Tensor = x + self.ff(self.norm2(x))
    return out


def _post(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    x = self.norm1(x + attend(self, x, mask))
    out: Tensor = self.norm2(x + self.ff(x))
    return out


def _block(pre: Forward = _pre, post: Forward = _post) -> type[nn.Module]:
    """Return a class with one `forward` for pre-norm and one for post-norm."""

    def forward(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return (pre if self.norm_first else post)(self, x, mask)

    return type("EncoderBlock", (_EncoderBlock,), {"forward": forward})


def _both(forward: Forward) -> type[nn.Module]:
    return _block(forward, forward)


def _residual_of_norm(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    h = self.norm1(x)
    h = h + attend(self, h, mask)
    h = self.norm2(h)
    out: Tensor = h + self.ff(h)
    return out


def _no_residual(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        out: Tensor = self.ff(self.norm2(attend(self, self.norm1(x), mask)))
        return out
    return self.norm2(self.ff(self.norm1(attend(self, x, mask))))


def _no_second_residual(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = x + attend(self, self.norm1(x), mask)
        out: Tensor = self.ff(self.norm2(x))
        return out
    x = self.norm1(x + attend(self, x, mask))
    return self.norm2(self.ff(x))


def _no_first_residual(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = attend(self, self.norm1(x), mask)
        out: Tensor = x + self.ff(self.norm2(x))
        return out
    x = self.norm1(attend(self, x, mask))
    return self.norm2(x + self.ff(x))


def _old_residual(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        out: Tensor = x + self.ff(self.norm2(x + attend(self, self.norm1(x), mask)))
        return out
    return self.norm2(x + self.ff(self.norm1(x + attend(self, x, mask))))


def _parallel(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    out: Tensor = x + attend(self, self.norm1(x), mask) + self.ff(self.norm2(x))
    return out


def _one_norm(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = x + attend(self, self.norm1(x), mask)
        out: Tensor = x + self.ff(self.norm1(x))
        return out
    x = self.norm1(x + attend(self, x, mask))
    return self.norm1(x + self.ff(x))


def _norms_swapped(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = x + attend(self, self.norm2(x), mask)
        out: Tensor = x + self.ff(self.norm1(x))
        return out
    x = self.norm2(x + attend(self, x, mask))
    return self.norm1(x + self.ff(x))


def _norm_inside_sum(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    x = x + self.norm1(attend(self, x, mask))
    out: Tensor = x + self.norm2(self.ff(x))
    return out


def _second_norm_missing(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = x + attend(self, self.norm1(x), mask)
        out: Tensor = x + self.ff(x)
        return out
    x = self.norm1(x + attend(self, x, mask))
    return x + self.ff(x)


def _raw_keys(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    x = x + self.attn(self.norm1(x), x, x, mask)
    out: Tensor = x + self.ff(self.norm2(x))
    return out


def _feed_first(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    if self.norm_first:
        x = x + self.ff(self.norm2(x))
        return x + attend(self, self.norm1(x), mask)
    x = self.norm2(x + self.ff(x))
    out: Tensor = self.norm1(x + attend(self, x, mask))
    return out


def _mask(change: Callable[[Tensor], Tensor | None]) -> type[nn.Module]:
    def forward(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
        mask = None if mask is None else change(mask)
        return (_pre if self.norm_first else _post)(self, x, mask)

    return type("EncoderBlock", (_EncoderBlock,), {"forward": forward})


MISTAKES = (
    WrongAnswer(
        id="always_post_norm",
        code=_both(_post),
        says="Your block is post-norm also when norm_first is True.",
        why="Pre-norm normalises what a sub-layer reads, x + f(norm(x)), and leaves the sum alone.",
    ),
    WrongAnswer(
        id="always_pre_norm",
        code=_both(_pre),
        says="Your block is pre-norm also when norm_first is False.",
        why="Post-norm normalises the sum, norm(x + f(x)).",
    ),
    WrongAnswer(
        id="norm_first_upside_down",
        code=_block(_post, _pre),
        says="Your two forms are swapped: norm_first=True gives post-norm.",
        why="norm_first means that the norm comes before the sub-layer: x + f(norm(x)).",
    ),
    WrongAnswer(
        id="residual_after_norm",
        code=_block(pre=_residual_of_norm),
        says="Your pre-norm residual starts after the norm: norm(x) + f(norm(x)).",
        why="The stream must pass untouched: x + f(norm(x)). As you have it every block rescales it, and the straight "
        "path for gradients from the loss to the first block is gone.",
    ),
    WrongAnswer(
        id="no_residual",
        code=_both(_no_residual),
        says="Your sub-layers replace x; nothing is added to it.",
        why="Each sub-layer only adds to what was there. Without that a deep stack forgets its input, and hardly trains.",
    ),
    WrongAnswer(
        id="no_second_residual",
        code=_both(_no_second_residual),
        says="Your feed-forward replaces the stream; it should be added to it.",
        why="Both sub-layers have a residual: attention adds, then the feed-forward adds.",
    ),
    WrongAnswer(
        id="no_first_residual",
        code=_both(_no_first_residual),
        says="Your attention replaces the stream; it should be added to it.",
        why="Both sub-layers have a residual: attention adds, then the feed-forward adds.",
    ),
    WrongAnswer(
        id="old_residual",
        code=_both(_old_residual),
        says="Your second sum starts from the block's input, so what attention added is lost from the stream.",
        why="The feed-forward adds to what attention has left behind: the second x is the first sum.",
    ),
    WrongAnswer(
        id="parallel",
        code=_block(pre=_parallel),
        says="Your two sub-layers read the same x, side by side.",
        why="Some large models do that, to save time. Here the feed-forward reads what attention has gathered before.",
    ),
    WrongAnswer(
        id="one_norm",
        code=_both(_one_norm),
        says="Your block uses norm1 twice, and norm2 never.",
        why="Each norm learns its own gain and bias, for the sub-layer that it serves.",
    ),
    WrongAnswer(
        id="norms_swapped",
        code=_both(_norms_swapped),
        says="Your norms are swapped: norm2 serves attention.",
        why="norm1 belongs to the first sub-layer, attention, and norm2 to the second. Loaded weights go by the names.",
    ),
    WrongAnswer(
        id="norm_inside_sum",
        code=_block(post=_norm_inside_sum),
        says="Your post-norm normalises the sub-layer's answer before it is added: x + norm(f(x)).",
        why="Post-norm normalises the sum, norm(x + f(x)), so that every sub-layer reads numbers of spread 1.",
    ),
    WrongAnswer(
        id="second_norm_missing",
        code=_both(_second_norm_missing),
        says="Your feed-forward has no norm: norm2 is never used.",
        why="Both sub-layers have a norm of their own, norm1 for attention and norm2 for the feed-forward.",
    ),
    WrongAnswer(
        id="raw_keys",
        code=_block(pre=_raw_keys),
        says="Only your queries are normalised; keys and values are made of the raw x.",
        why="In self-attention all three are made of the same rows: h = norm1(x), then attn(h, h, h).",
    ),
    WrongAnswer(
        id="feed_forward_first",
        code=_both(_feed_first),
        says="Your feed-forward comes before attention.",
        why="A block gathers first and thinks afterwards: attention, then feed-forward.",
    ),
    WrongAnswer(
        id="mask_ignored",
        code=_mask(lambda mask: None),
        says="Your mask does not reach attention.",
        why="Every position then sees padding and the future. Pass it on: attn(h, h, h, mask).",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_mask(lambda mask: ~mask),
        says="Your mask is inverted: it hides what it should allow.",
        why="True means “may attend” in this course, and attn of lesson 09 reads it so. Pass it on as it is.",
    ),
)
