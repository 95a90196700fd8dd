"""Mistakes in “Learned positions”: the code that makes each, its name, and why it is wrong."""

import math

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer


class _Table(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(max_len, d_model))


class _LastRows(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[len(self.table) - x.shape[-2] :]


class _FromOne(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[torch.arange(1, x.shape[-2] + 1, device=x.device)]


class _SameRow(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[x.shape[-2] - 1]


class _FirstRow(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[0]


class _ByBatch(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[0]]


class _ByAxisOne(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]


class _WholeTable(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table


class _Multiplied(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.table[: x.shape[-2]]


class _Scaled(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x * math.sqrt(x.shape[-1]) + self.table[: x.shape[-2]]


class _Detached(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[-2]].detach()


class _Alone(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return self.table[: x.shape[-2]].expand(x.shape)


class _Backwards(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[-2]].flip(0)


class _NotUsed(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + 0 * self.table[: x.shape[-2]]


MISTAKES = (
    WrongAnswer(
        id="last_rows",
        code=_LastRows,
        says="You take the last rows of the table.",
        why="Position t has row t, whatever the length: a word at the start of a short text and of a long one stands at "
        "the same place.",
    ),
    WrongAnswer(
        id="from_one",
        code=_FromOne,
        says="Your rows are off by one: the first token gets row 1.",
        why="Row 0 is never used, and a sequence as long as the table runs out of it.",
    ),
    WrongAnswer(
        id="same_row",
        code=_SameRow,
        says="Every token gets the same row, that of the last position.",
        why="A vector that all tokens share says nothing of their order. A slice, table[:T], hands out one row each.",
    ),
    WrongAnswer(
        id="first_row",
        code=_FirstRow,
        says="Every token gets row 0.",
        why="A vector that all tokens share says nothing of their order.",
    ),
    WrongAnswer(
        id="by_batch",
        code=_ByBatch,
        says="You count the tokens along axis 0, which is the batch as soon as there is one.",
        why="Positions are axis −2 of x. Counted from the end, it is the same axis with and without a batch.",
    ),
    WrongAnswer(
        id="by_axis_one",
        code=_ByAxisOne,
        says="You count the tokens along axis 1, where they stand only when there is one leading axis.",
        why="Positions are axis −2 of x. Counted from the end, it is the same axis with and without a batch.",
    ),
    WrongAnswer(
        id="whole_table",
        code=_WholeTable,
        says="You add the whole table, which has more rows than there are tokens.",
        why="A text of five tokens gets the first five rows: table[:n].",
    ),
    WrongAnswer(
        id="multiplied",
        code=_Multiplied,
        says="Your positions are multiplied with the tokens.",
        why="They are added. A fresh table holds numbers near 0, so a product would wipe the tokens out.",
    ),
    WrongAnswer(
        id="scaled",
        code=_Scaled,
        says="You multiply the tokens by √d.",
        why="Vaswani et al. do so with their embeddings (§3.4), where the tokens are made. Here x comes ready.",
    ),
    WrongAnswer(
        id="detached",
        code=_Detached,
        says="Your table never learns: it was detached.",
        why="Without a gradient it stays as random as it began.",
    ),
    WrongAnswer(
        id="alone",
        code=_Alone,
        says="You return the positions without the tokens.",
        why="The sum holds both: what the token is, and where it stands.",
    ),
    WrongAnswer(
        id="backwards",
        code=_Backwards,
        says="Your rows are in reverse: the last token gets row 0.",
        why="Then a token's row depends on how long the text is. Position t has row t.",
    ),
    WrongAnswer(
        id="not_used",
        code=_NotUsed,
        says="You return x as it came: the table is not used.",
        why="Attention cannot see the order of its keys; without a position the tokens are a bag.",
    ),
)
