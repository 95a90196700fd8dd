"""Train a small translator on pairs of padded sentences, and test what it writes by itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor, nn

from course_lib.data.number_words import (
    ENGLISH,
    GERMAN,
    Vocabulary,
    english_pieces,
    german_pieces,
    pad,
)
from course_lib.models.recurrent import teacher_forced_loss
from course_lib.models.recurrent_translator import RecurrentTranslator
from course_lib.training.progress import progress

Loss = Callable[[Callable[[Tensor], Tensor], Tensor, int, int], Tensor]


@dataclass(frozen=True)
class Pairs:
    """Sentences and their translations as numbers, padded at the end.

    Args:
        source: (N, S).
        target: (N, T); every sentence ends with the end mark.
    """

    source: Tensor
    target: Tensor

    def __len__(self) -> int:
        return len(self.source)


def number_pairs(numbers: Sequence[int]) -> Pairs:
    """Return numbers as pairs of English and German pieces.

    >>> number_pairs([21]).target.tolist()
    [[3, 33, 23, 2]]
    """
    english, german = Vocabulary(ENGLISH), Vocabulary(GERMAN)
    sources = [english.encode(english_pieces(number)) for number in numbers]
    targets = [[*german.encode(german_pieces(number)), german.end] for number in numbers]
    return Pairs(torch.from_numpy(pad(sources)), torch.from_numpy(pad(targets)))


def trimmed(ids: Int[Tensor, "B N"], filler: int) -> Int[Tensor, "B n"]:
    """Cut off the columns at the end that hold padding alone.

    >>> trimmed(torch.tensor([[5, 0, 0], [6, 7, 0]]), 0).tolist()
    [[5, 0], [6, 7]]
    """
    return ids[:, : int((ids != filler).sum(1).max())]


def batches_by_length(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Return batches of places, shortest sentences first, each at most `budget` when padded.

    A batch costs its longest sentence times its sentences: padding counts. Sentences of one length
    keep their order.

    Args:
        lengths: words of each sentence.
        budget: places in a padded batch; at least the longest sentence.

    >>> batches_by_length([5, 2, 3], budget=6)
    [[1, 2], [0]]
    """
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if batches and (len(batches[-1]) + 1) * lengths[place] <= budget:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def train_translator(
    model: RecurrentTranslator,
    pairs: Pairs,
    *,
    steps: int,
    batch_size: int,
    seed: int,
    rate: float = 3e-3,
    loss: Loss = teacher_forced_loss,
    name: str = "training",
) -> list[float]:
    """Train with Adam and one warm-up and decay of the rate; return the loss of every step.

    Args:
        model: trained in place.
        pairs: to learn from.
        steps: how many batches.
        batch_size: pairs in a batch, drawn with replacement.
        seed: of the draw.
        rate: the highest learning rate.
        loss: `loss(decode, targets, start, pad)`.
        name: shown beside the progress bar, which COURSE_QUIET=1 switches off.
    """
    config, rows = model.config, torch.Generator().manual_seed(seed)
    # Not `fit`: this schedule moves the betas together with the rate.
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=steps, pct_start=max(0.1, 2 / steps)
    )
    losses, device = [], next(model.parameters()).device
    for _ in progress(range(steps), name):
        batch = torch.randint(len(pairs), (batch_size,), generator=rows)
        source = trimmed(pairs.source[batch], config.pad).to(device)
        target = trimmed(pairs.target[batch], config.pad).to(device)

        def decode(words: Tensor, source: Tensor = source) -> Tensor:
            return model(source, words)

        value = loss(decode, target, config.start, config.pad)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(value.detach())
    return torch.stack(losses).tolist()


def is_exact(model: RecurrentTranslator, pairs: Pairs) -> list[bool]:
    """Tell of each pair whether the model, writing by itself, gets every piece right."""
    end, filler = model.config.end, model.config.pad
    due = pairs.target.masked_fill(pairs.target == filler, end)
    written, _ = model.translate(pairs.source.to(next(model.parameters()).device), due.shape[1])
    return (written.cpu() == due).all(1).tolist()


def share_by_length(
    exact: Sequence[bool], pairs: Pairs, filler: int = 0, bins: Sequence[tuple[int, int]] = ()
) -> list[float]:
    """Return the share of exact translations among targets of each length, the end left out.

    Args:
        exact: one for each pair.
        pairs: that were translated.
        filler: the number of padding.
        bins: shortest and longest of each group of lengths.
    """
    lengths = (pairs.target != filler).sum(1) - 1
    right = torch.tensor(exact, dtype=torch.float64)
    return [right[(lengths >= low) & (lengths <= high)].mean().item() for low, high in bins]
