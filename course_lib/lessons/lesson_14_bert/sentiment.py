"""Tell pleased from displeased: a bag of words, and a pretrained encoder with a head.

Blocks that are frozen give the same hidden states in every epoch. They are computed once; only what
learns runs again.
"""

import itertools
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.training.batches import epochs
from course_lib.training.fit import FitConfig, History, fit

Pool = Callable[[Tensor, Tensor], Tensor]
#: Blocks that keep MiniLM's weights, and epochs of training the others.
N_FROZEN, EPOCHS = 4, 4
#: Texts that the frozen blocks read at a time.
_AT_ONCE = 60


class TextClassifier(nn.Module):
    """An encoder, a pooling, and a linear layer that names the class.

    Args:
        encoder: a `Bert`, the course's or a learner's.
        pool: from hidden states and mask to a vector for each text.
        n_classes: classes.
    """

    encoder: Any  # a learner's has the parts of the course's, not its type

    def __init__(self, encoder: nn.Module, pool: Pool, n_classes: int) -> None:
        super().__init__()
        self.encoder, self.pool = encoder, pool
        self.head = nn.Linear(self.encoder.words.embedding_dim, n_classes)

    def forward(
        self, tokens: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
    ) -> Float[Tensor, "B C"]:
        """Return the logits of the classes."""
        hidden = self.encoder(tokens, mask, torch.zeros_like(tokens))  # all of them a first text
        return self.head(self.pool(hidden, mask))

    def finish(
        self, states: Float[Tensor, "B T d"], mask: Bool[Tensor, "B T"], n_done: int
    ) -> Float[Tensor, "B C"]:
        """Return the logits from what the block number `n_done` reads."""
        for block in self.encoder.blocks[n_done:]:
            states = block(states, mask[:, None, :])
        return self.head(self.pool(states, mask))


def minilm_classifier(pool: Pool, seed: int, encoder: nn.Module | None = None) -> TextClassifier:
    """Return MiniLM with a fresh head for two classes.

    Args:
        pool: see `TextClassifier`.
        seed: of the head.
        encoder: holds MiniLM's weights; a copy of the course's when left out.
    """
    from course_lib.models.minilm import pretrained_encoder

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TextClassifier(encoder or deepcopy(pretrained_encoder()), pool, 2)


def tuning(epochs: int = EPOCHS, seed: int = 0) -> FitConfig:
    """Return how the course fine-tunes: 15 batches of 24 sentences an epoch."""
    return FitConfig(
        steps=15 * epochs, rate=5e-4, warmup=5, weight_decay=0.01, seed=seed, name="fine-tuning"
    )


@dataclass(frozen=True)
class States:
    """What the first block that learns reads, for every text.

    Args:
        hidden: (N, T, d).
        mask: (N, T), True at real tokens.
        n_done: blocks that have been run.
    """

    hidden: Tensor
    mask: Tensor
    n_done: int


@torch.no_grad()
def states_after(
    encoder: nn.Module, tokens: Int[Tensor, "N T"], mask: Bool[Tensor, "N T"], n_blocks: int
) -> States:
    """Return hidden states behind the first `n_blocks` blocks, computed once for all epochs."""
    bert: Any = encoder
    tables = [bert.words, bert.places, bert.segments]
    words, places, kinds = (table.weight for table in tables)
    found = []
    for some, real in zip(tokens.split(_AT_ONCE), mask.split(_AT_ONCE), strict=True):
        x = bert.norm(words[some] + places[: some.shape[1]] + kinds[0])
        for block in itertools.islice(bert.blocks, n_blocks):
            x = block(x, real[:, None, :])
        found.append(x)
    return States(torch.cat(found), mask, n_blocks)


def fine_tune(
    model: TextClassifier, states: States, labels: Int[Tensor, " N"], config: FitConfig
) -> History:
    """Train what is not frozen.

    Args:
        model: changed in place.
        states: of the texts to learn from.
        labels: their classes.
        config: how long and how fast.
    """
    rows = epochs(len(labels), 24, config.seed)

    def batch(step: int) -> tuple[Tensor, Tensor, Tensor]:
        chosen = rows(step)
        longest = int(states.mask[chosen].sum(1).max())
        return (
            states.hidden[chosen, :longest], states.mask[chosen, :longest], labels[chosen]
        )  # fmt: skip

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        hidden, mask, due = batch
        return F.cross_entropy(model.finish(hidden, mask, states.n_done), due)

    return fit(model, batch, loss, config)


@torch.no_grad()
def predict(model: TextClassifier, states: States) -> Int[Tensor, " N"]:
    """Return the likeliest class of every text."""
    rows = zip(states.hidden.split(_AT_ONCE), states.mask.split(_AT_ONCE), strict=True)
    device = model.head.weight.device
    said = [model.finish(x.to(device), real.to(device), states.n_done) for x, real in rows]
    return torch.cat(said).argmax(-1).cpu()


def bag_of_words(
    train: Sequence[str], labels: Sequence[int], test: Sequence[str]
) -> Int[Tensor, " N"]:
    """Return classes of texts by which words they have, with logistic regression.

    Single words and pairs of neighbours count; what occurs twice at least.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = CountVectorizer(ngram_range=(1, 2), min_df=2, binary=True, token_pattern=r"[\w']+")
    model = make_pipeline(words, LogisticRegression(max_iter=1000))
    model.fit(list(train), list(labels))
    return torch.from_numpy(model.predict(list(test)))
