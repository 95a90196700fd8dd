"""The course's own versions of lesson 01's exercises."""

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


def pairwise_differences(
    a: Float[Tensor, "T d"], b: Float[Tensor, "S d"]
) -> Float[Tensor, "T S d"]:
    """Return every row of `a` minus every row of `b`: out[t, s] = a[t] − b[s].

    >>> a, b = torch.tensor([[5.0], [7.0]]), torch.tensor([[1.0], [2.0], [3.0]])
    >>> pairwise_differences(a, b)[..., 0]
    tensor([[4., 3., 2.],
            [6., 5., 4.]])
    """
    return a[:, None, :] - b[None, :, :]


def row_products(x: Float[Tensor, "*B T d"], y: Float[Tensor, "*B S d"]) -> Float[Tensor, "*B T S"]:
    """Return the dot product of every row of `x` with every row of `y`, within each batch entry.

    >>> row_products(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor([[3., 8.]])
    """
    return x @ y.transpose(-2, -1)


def encode(text: str, vocabulary: Mapping[str, int]) -> list[int]:
    """Return the id of every word of `text`, in lower case; a word not listed gets that of "<unk>".

    >>> encode("The dog", {"<unk>": 0, "the": 1, "cat": 2})
    [1, 0]
    """
    unknown = vocabulary["<unk>"]
    return [vocabulary.get(word, unknown) for word in text.lower().split()]


def embed(ids: Int[Tensor, "*B"], table: Float[Tensor, "V d"]) -> Float[Tensor, "*B d"]:
    """Return the row of `table` that each id names.

    >>> embed(torch.tensor([2, 0]), torch.tensor([[1.0], [2.0], [3.0]]))
    tensor([[3.],
            [1.]])
    """
    return table[ids]


def error_gradient(
    x: Float[Tensor, "N d"], y: Float[Tensor, " N"], w: Float[Tensor, " d"]
) -> Float[Tensor, " d"]:
    """Return the gradient by `w` of the mean squared error: 2/N · xᵀ (x w − y).

    >>> error_gradient(torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 6.0]), torch.tensor([1.0]))
    tensor([-10.])
    """
    return 2 / len(y) * x.T @ (x @ w - y)


def fit(
    x: Float[Tensor, "N d"],
    y: Float[Tensor, " N"],
    w: Float[Tensor, " d"],
    rate: float,
    steps: int,
) -> Float[Tensor, " d"]:
    """Return the weights after `steps` steps of gradient descent from `w` on mean squared error.

    >>> fit(torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 6.0]), torch.tensor([1.0]), 0.05, 1)
    tensor([1.5000])
    """
    w = w.clone()
    for _ in range(steps):
        w -= rate * error_gradient(x, y, w)
    return w


class RecurrentCell(nn.Module):
    """Mix an input into a state: tanh(W_x x + b + W_h h).

    Paper: Elman 1990.

    Args:
        d_in: width of the inputs.
        d_hidden: width of the state.
    """

    def __init__(self, d_in: int, d_hidden: int) -> None:
        super().__init__()
        self.w_x = nn.Linear(d_in, d_hidden)
        self.w_h = nn.Linear(d_hidden, d_hidden, bias=False)

    def forward(
        self, x: Float[Tensor, "*B d_in"], h: Float[Tensor, "*B d_hidden"]
    ) -> Float[Tensor, "*B d_hidden"]:
        """Return the state after reading `x` in state `h`."""
        return torch.tanh(self.w_x(x) + self.w_h(h))
