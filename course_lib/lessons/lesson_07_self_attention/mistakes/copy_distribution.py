"""Mistakes in “From places to words”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer


def _copy(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    rows = nn.functional.one_hot(tokens, vocab_size).to(weights.dtype)
    return (weights[..., None] * rows).sum(-2)


def _last_wins(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    out = weights.new_zeros(*weights.shape[:-1], vocab_size)
    for t in range(tokens.shape[-1]):
        out = out.scatter(-1, tokens[..., t : t + 1], weights[..., t : t + 1])
    return out


def _best_place(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    rows = nn.functional.one_hot(tokens, vocab_size).to(weights.dtype)
    return (weights[..., None] * rows).amax(-2)


def _one_word(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    word = tokens.gather(-1, weights.argmax(-1, keepdim=True)).squeeze(-1)
    return nn.functional.one_hot(word, vocab_size).to(weights.dtype)


def _even(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    return _copy(torch.full_like(weights, 1 / weights.shape[-1]), tokens, vocab_size)


def _averaged(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    counts = _copy(torch.ones_like(weights), tokens, vocab_size)
    return _copy(weights, tokens, vocab_size) / counts.clamp(min=1)


def _by_place(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    out = weights.new_zeros(*weights.shape[:-1], vocab_size)
    n = min(vocab_size, weights.shape[-1])
    out[..., :n] = weights[..., :n]
    return out


def _whole_batch(weights: Tensor, tokens: Tensor, vocab_size: int) -> Tensor:
    out = _copy(weights.flatten(), tokens.flatten(), vocab_size)
    return out.expand(*weights.shape[:-1], vocab_size).clone()


MISTAKES = (
    WrongAnswer(
        id="last_wins",
        code=_last_wins,
        says="A word that stands twice keeps the weight of one place alone: the last overwrites the first.",
        why="Each place brings its share, so the shares of a word are added: scatter_add, not scatter or "
        "an assignment by index.",
    ),
    WrongAnswer(
        id="best_place",
        code=_best_place,
        says="You keep the largest weight of a word, and drop its other places.",
        why="The shares of a word's places are added; otherwise the probabilities no longer sum to 1.",
    ),
    WrongAnswer(
        id="averaged",
        code=_averaged,
        says="You average the weights of a word's places.",
        why="A word that stands twice has two chances to be pointed at: its shares are added. Averaged, "
        "the probabilities no longer sum to 1.",
    ),
    WrongAnswer(
        id="one_word",
        code=_one_word,
        says="You give all to the word at the heaviest place.",
        why="That is a choice, not a distribution: it has no gradient, and two lighter places of one word "
        "may together outweigh it.",
    ),
    WrongAnswer(
        id="counts",
        code=_even,
        says="You count how often each word stands there; the weights do not enter.",
        why="A pointer says which places matter. Each place counts by its weight, not by 1/T.",
    ),
    WrongAnswer(
        id="places_as_words",
        code=_by_place,
        says="You put the weight of place t on word number t.",
        why="A place is no word: tokens[t] says which word stands there.",
    ),
    WrongAnswer(
        id="softmax_again",
        code=lambda weights, tokens, vocab_size: _copy(weights, tokens, vocab_size).softmax(-1),
        says="You take a softmax of what is already a distribution.",
        why="Words that do not stand there at all would get e⁰ = 1 each before sharing out. The weights "
        "sum to 1 already, and so do the results.",
    ),
    WrongAnswer(
        id="whole_batch",
        code=_whole_batch,
        says="You add over all sequences of the batch.",
        why="Each sequence has a pointer of its own: add along the last axis only.",
    ),
)
