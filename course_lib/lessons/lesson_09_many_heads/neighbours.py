"""A task that one head cannot solve: name the letters to the left and to the right, in a circle."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.training.progress import progress

N_LETTERS = N_PLACES = 8


class Neighbours(nn.Module):
    """Read two letters at every place: queries and keys see places only, values see letters only.

    Args:
        attention: makes the attention, called with (d_model, n_heads, d_key=…, d_value=…).
        n_heads: how many heads share the width; the number of parameters is the same for all.
        d_model: width of the places and of all heads together.
    """

    def __init__(
        self, attention: Callable[..., nn.Module], n_heads: int, d_model: int = 16
    ) -> None:
        super().__init__()
        self.places = nn.Parameter(0.5 * torch.randn(N_PLACES, d_model))
        self.attn = attention(d_model, n_heads, d_key=d_model, d_value=N_LETTERS)
        self.read = nn.Linear(d_model, 2 * N_LETTERS)

    def forward(self, letters: Int[Tensor, "B N"]) -> Float[Tensor, "B N 2 V"]:
        """Return a score for every letter, as the left neighbour and as the right one."""
        places = self.places.expand(len(letters), -1, -1)
        values = nn.functional.one_hot(letters, N_LETTERS).to(places.dtype)
        return self.read(self.attn(places, places, values)).unflatten(-1, (2, N_LETTERS))


def circles(n: int, generator: torch.Generator) -> tuple[Int[Tensor, "B N"], Int[Tensor, "B N 2"]]:
    """Return n circles of letters, and the left and the right neighbour of every place.

    >>> letters, answers = circles(1, torch.Generator().manual_seed(0))
    >>> letters[0].tolist(), answers[0, 0].tolist()
    ([4, 7, 5, 0, 3, 3, 3, 7], [7, 7])
    """
    letters = torch.randint(N_LETTERS, (n, N_PLACES), generator=generator)
    return letters, torch.stack([letters.roll(1, 1), letters.roll(-1, 1)], dim=-1)


def train_neighbours(
    attention: Callable[..., nn.Module], n_heads: int, *, seed: int, steps: int
) -> tuple[Neighbours, float]:
    """Return a trained model and how often it names both neighbours on a thousand new circles."""
    torch.manual_seed(seed)
    model, generator = Neighbours(attention, n_heads), torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in progress(range(steps), f"heads: {n_heads}, seed {seed}"):
        letters, answers = circles(64, generator)
        loss = nn.functional.cross_entropy(model(letters).flatten(0, 2), answers.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    letters, answers = circles(1000, generator)
    right = (model(letters).argmax(-1) == answers).all(-1)
    return model, right.float().mean().item()
