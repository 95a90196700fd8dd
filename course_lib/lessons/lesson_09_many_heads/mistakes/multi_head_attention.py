"""Mistakes in “One sequence asks another”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_09_many_heads.mistakes.common import (
    AFTER,
    AVERAGED,
    EMPTY,
    FINITE,
    FROM_LEFT,
    IGNORED,
    INTERLEAVED,
    INVERTED,
    NO_OUTPUT,
    NO_SCALE,
    NOT_FOR_HEADS,
    ONE_HEAD,
    OVER_QUERIES,
    SCALE_MODEL,
    SCALED_TWICE,
    VIEW_MERGE,
    VIEW_SPLIT,
    attend,
    merge_by_view,
    split_by_view,
    split_interleaved,
    wrong,
)


class _CrossAttention(nn.Module):
    """The parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_model: int, n_heads: int, d_key: int, d_value: int) -> None:
        super().__init__()
        self.n_heads, self.d_model, self.d_key = n_heads, d_model, d_key
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_key, d_model)
        self.w_v = nn.Linear(d_value, d_model)
        self.w_o = nn.Linear(d_model, d_model)


def _cross(forward: Callable[..., Tensor]) -> type[nn.Module]:
    """Return a class that computes `forward(self, query, key, value, mask)`."""

    def with_mask(
        self: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        return forward(self, query, key, value, mask)

    return type("MultiHeadAttention", (_CrossAttention,), {"forward": with_mask})


def _projected(
    self: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **switches: Any
) -> Tensor:
    rows = self.w_q(query), self.w_k(key), self.w_v(value)
    return attend(*rows, mask, self.n_heads, **switches)


def _cross_switch(**switches: Any) -> type[nn.Module]:
    return _cross(lambda self, *args: self.w_o(_projected(self, *args, **switches)))


MISTAKES = (
    wrong("view_split", VIEW_SPLIT, _cross_switch(cut=split_by_view)),
    wrong("view_merge", VIEW_MERGE, _cross_switch(glue=merge_by_view)),
    wrong("interleaved", INTERLEAVED, _cross_switch(cut=split_interleaved)),
    wrong(
        "one_head",
        ONE_HEAD,
        _cross(
            lambda self, query, key, value, mask: self.w_o(
                attend(self.w_q(query), self.w_k(key), self.w_v(value), mask, 1)
            )
        ),
    ),
    wrong(
        "scale_by_d_model",
        SCALE_MODEL,
        _cross(lambda self, *args: self.w_o(_projected(self, *args, scale=self.d_model**-0.5))),
    ),
    WrongAnswer(
        id="scale_by_d_key",
        code=_cross(lambda self, *args: self.w_o(_projected(self, *args, scale=self.d_key**-0.5))),
        says="Your scores are divided by √d_key, the width of what comes in.",
        why="After w_k a head's keys are d_head wide, whatever came in, and it is d_head terms that a dot product sums. The "
        "paper's d_k is that width; here d_key names the input's.",
    ),
    wrong("no_scale", NO_SCALE, _cross_switch(scale=1.0)),
    wrong(
        "scaled_twice",
        SCALED_TWICE,
        _cross(
            lambda self, *args: self.w_o(_projected(self, *args, scale=self.n_heads / self.d_model))
        ),
    ),
    wrong("softmax_over_queries", OVER_QUERIES, _cross_switch(axis=-2)),
    wrong("mask_not_for_heads", NOT_FOR_HEADS, _cross_switch(for_heads=False)),
    wrong("mask_inverted", INVERTED, _cross_switch(flip=True)),
    wrong("mask_after_softmax", AFTER, _cross_switch(after=True)),
    wrong(
        "mask_ignored",
        IGNORED,
        _cross(
            lambda self, query, key, value, mask: self.w_o(
                _projected(self, query, key, value, None)
            )
        ),
    ),
    wrong("nan_rows", EMPTY, _cross_switch(empty=False)),
    wrong("fill_finite", FINITE, _cross_switch(empty=False, fill=-1e9)),
    wrong("mask_axis_from_left", FROM_LEFT, _cross_switch(from_left=True)),
    wrong("weights_averaged", AVERAGED, _cross_switch(average=True)),
    wrong("no_output_projection", NO_OUTPUT, _cross(lambda self, *args: _projected(self, *args))),
    WrongAnswer(
        id="values_from_keys",
        code=_cross(
            lambda self, query, key, value, mask: self.w_o(_projected(self, query, key, key, mask))
        ),
        says="Your values are made from key, not from value.",
        why="Key and value may differ, in width too: w_v expects d_value numbers a row.",
    ),
    WrongAnswer(
        id="all_from_query",
        code=_cross(
            lambda self, query, key, value, mask: self.w_o(
                _projected(self, query, query, query, mask)
            )
        ),
        says="Your keys are made from query: this is self-attention.",
        why="In cross-attention one sequence asks and another answers: keys come from key, values from value.",
    ),
)
