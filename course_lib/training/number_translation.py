"""Train a transformer on number words, and test what it writes by itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.data.number_words import ENGLISH, GERMAN, LIMIT, Vocabulary
from course_lib.data.recorded_files import recorded, recorded_log
from course_lib.models.number_translator import NumberTranslator, Parts, seeded
from course_lib.models.packing import unpack
from course_lib.models.transformer import TransformerConfig
from course_lib.training.batches import drawn
from course_lib.training.progress import progress
from course_lib.training.translation import Pairs, trimmed

#: Rows that are translated together when a model is tested.
_ROWS = 300


@dataclass(frozen=True)
class Recipe:
    """What a training is made of; lesson 11 builds each of them.

    Args:
        shift: `shift(labels, start)`, what the decoder reads.
        loss: `loss(logits, labels, smoothing, pad)`.
        rate: `rate(step, d_model, warmup)`, with steps from 1.
        batches: `batches(lengths, budget)`, lists of places.
        smoothing: ε of the loss.
        warmup: steps in which the rate rises.
        factor: of the rate. Batches of one length are noisy; the paper's own rate is too high.
        budget: places of source and target together in a padded batch.
    """

    shift: Callable[[Tensor, int], Tensor]
    loss: Callable[[Tensor, Tensor, float, int], Tensor]
    rate: Callable[[int, int, int], float]
    batches: Callable[[Sequence[int], int], list[list[int]]]
    smoothing: float = 0.1
    warmup: int = 50
    factor: float = 0.2
    budget: int = 1600


def number_config() -> TransformerConfig:
    """Return the sizes of lesson 11's translator: two layers of width 96 on either side."""
    return TransformerConfig(
        vocab_size=len(Vocabulary(GERMAN)),
        source_vocab_size=len(Vocabulary(ENGLISH)),
        d_model=96,
        n_heads=4,
        n_layers=2,
        d_ff=192,
        max_len=64,
        dropout=0.0,
    )


def batch_order(pairs: Pairs, recipe: Recipe, seed: int) -> Iterator[list[int]]:
    """Yield batches without end; each round has the pairs, and then the batches, in a new order."""
    lengths = ((pairs.source != 0).sum(1) + (pairs.target != 0).sum(1)).tolist()
    epoch = 0
    while True:
        generator = drawn(seed, epoch)
        order = generator.permutation(len(lengths))
        batches = recipe.batches([lengths[place] for place in order], recipe.budget)
        for at in generator.permutation(len(batches)):
            yield [int(order[place]) for place in batches[at]]
        epoch += 1


def train_numbers(
    model: NumberTranslator,
    pairs: Pairs,
    recipe: Recipe,
    *,
    steps: int,
    seed: int,
    name: str = "training",
) -> list[float]:
    """Train in place with Adam, as Vaswani et al. 2017, §5.3, set it; return every step's loss.

    Args:
        model: left in evaluation mode.
        pairs: to learn from.
        recipe: what a step is made of.
        steps: how many batches.
        seed: of their order.
        name: shown beside the progress bar, which COURSE_QUIET=1 switches off.
    """
    # Not `fit`: the rate is a function that the lesson builds, and ε is the paper's.
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0, betas=(0.9, 0.98), eps=1e-9)
    order, losses = batch_order(pairs, recipe, seed), []
    model.train()
    for step in progress(range(1, steps + 1), name):
        rate = recipe.factor * recipe.rate(step, model.config.d_model, recipe.warmup)
        for group in optimizer.param_groups:
            group["lr"] = rate
        value = batch_loss(model, pairs, recipe, next(order))
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(value.detach())
    model.eval()
    return torch.stack(losses).tolist()


def batch_loss(
    model: NumberTranslator, pairs: Pairs, recipe: Recipe, rows: Sequence[int]
) -> Tensor:
    """Return the loss of a batch, each word predicted from the true ones before it."""
    config, places = model.config, torch.tensor(rows)
    source, labels = (trimmed(side[places], config.pad) for side in (pairs.source, pairs.target))
    logits = model(source, recipe.shift(labels, config.start))
    return recipe.loss(logits, labels, recipe.smoothing, config.pad)


def trained_numbers(
    pairs: Pairs, parts: Parts, recipe: Recipe, *, steps: int, seed: int, name: str = "training"
) -> tuple[NumberTranslator, list[float]]:
    """Return a translator trained from a seed, and its losses."""
    model = seeded(number_config(), seed, parts)
    return model, train_numbers(model, pairs, recipe, steps=steps, seed=seed, name=name)


@torch.no_grad()
def written(
    model: NumberTranslator, source: Tensor, write: Callable[..., Tensor], max_len: int
) -> Tensor:
    """Return the words that `write(decode, prefix, end, max_len)` gives for each source.

    Args:
        model: that translates.
        source: padded, (N, S).
        write: such as `greedy_translate`.
        max_len: words at most.
    """
    start, end, parts = model.config.start, model.config.end, []
    for some in source.split(_ROWS):
        memory = model.encode(some)

        def decode(words: Tensor, some: Tensor = some, memory: Tensor = memory) -> Tensor:
            return model.decode(words, memory, some)

        prefix = torch.full((len(some), 1), start)
        parts.append(write(decode, prefix, end, max_len))
    return torch.cat(parts)


def exact(model: NumberTranslator, pairs: Pairs, write: Callable[..., Tensor]) -> list[bool]:
    """Tell of each pair whether the model writes every piece right by itself, and then ends."""
    due = pairs.target.masked_fill(pairs.target == model.config.pad, model.config.end)
    # Two words more than are due: a number that does not end is wrong.
    found = written(model, pairs.source, write, due.shape[1] + 2)
    return (found[:, : due.shape[1]] == due).all(1).tolist()


@torch.no_grad()
def forced_accuracy(model: NumberTranslator, pairs: Pairs, recipe: Recipe) -> float:
    """Return the share of words that are right when the true ones before them are given."""
    config = model.config
    best = model(pairs.source, recipe.shift(pairs.target, config.start)).argmax(-1)
    return (best == pairs.target)[pairs.target != config.pad].double().mean().item()


def without_digits(numbers: Sequence[int], digits: int) -> list[int]:
    """Leave out the numbers that have so many digits.

    >>> without_digits([7, 83_006, 121], 5)
    [7, 121]
    """
    return [number for number in numbers if len(str(number)) != digits]


def magnitude(digits: int, count: int, seed: int = 0) -> list[int]:
    """Return random numbers of so many digits, sorted, none twice.

    >>> all(10_000 <= number < 100_000 for number in magnitude(5, 4))
    True
    """
    low, high = 10 ** (digits - 1), min(10**digits, LIMIT)
    chosen = drawn(seed, digits).permutation(high - low)[:count] + low
    return sorted(int(number) for number in chosen)


@cache
def recorded_numbers() -> dict[str, Any]:
    """Return what `bench/record_number_translation.py` measured: every run, and the hardware.

    >>> sorted(recorded_numbers())
    ['command', 'hardware', 'runs']
    """
    return recorded_log("number_translation")


def recorded_translator(parts: Parts) -> NumberTranslator:
    """Return the translator that was trained for the record, on the parts given.

    Args:
        parts: masks and embeddings; the recorded weights were trained with the course's.
    """
    from safetensors.torch import load

    model = seeded(number_config(), 0, parts)
    weights = unpack(load(recorded("number_translator.safetensors").read_bytes()))
    # The head is the table of the target's words.
    model.load_state_dict(weights | {"head.weight": weights["target_embed.weight"]})
    return model.eval()
