"""Lesson 07 held to its claims: what equivariance allows, and what training reaches."""

import itertools

import pytest
import torch
from torch import nn

from course_lib.attention.self_attention import SelfAttention, copy_distribution
from course_lib.attention.symmetry import is_equivariant
from course_lib.checking.noise import noise
from course_lib.data.sequences import Sequences, odd_one_out, reverse
from course_lib.lessons.lesson_07_self_attention.exercises.is_equivariant import (
    EQUIVARIANT,
    NOT_EQUIVARIANT,
)
from course_lib.lessons.lesson_07_self_attention.reference import best_without_order, map_overlap

VOCABULARY, LENGTH, STEPS = 12, 8, 300


class Reader(nn.Module):
    """The lesson's model, written once more."""

    def __init__(self, n_places: int = 0) -> None:
        super().__init__()
        self.embed, self.answer = nn.Embedding(VOCABULARY, 16), nn.Linear(16, VOCABULARY)
        self.place = nn.Embedding(n_places, 16) if n_places else None
        self.attention = SelfAttention(16, 16)

    def read(self, tokens):
        x = self.embed(tokens)
        return x if self.place is None else x + self.place.weight

    def forward(self, tokens):
        return self.answer(self.attention(self.read(tokens)))


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def trained(task: Sequences, n_places: int = 0, tied: bool = False) -> Reader:
    torch.manual_seed(0)
    reader = Reader(n_places)
    if tied:
        reader.attention.w_k = reader.attention.w_q
    optimiser = torch.optim.Adam(reader.parameters(), lr=0.01)
    for step in range(STEPS):
        rows = torch.arange(64 * step, 64 * step + 64) % len(task)
        logits = reader(task.tokens[rows]).flatten(0, 1)
        loss = nn.functional.cross_entropy(logits, task.targets[rows].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return reader.eval()


def right(reader: Reader, task: Sequences) -> float:
    return (reader(task.tokens).argmax(-1) == task.targets).float().mean().item()


def overlap(reader: Reader, task: Sequences) -> float:
    weights = reader.attention.weights(reader.read(task.tokens)).detach()
    return map_overlap(weights, task.known_map())


def test_odd_one_out_is_learned_with_the_map_that_was_predicted():
    task, test = (odd_one_out(n, LENGTH, vocab_size=VOCABULARY, seed=n) for n in (8192, 1000))
    reader = trained(task)
    assert right(reader, test) > 0.99
    assert overlap(reader, test) > 0.95


def test_one_projection_in_both_roles_cannot_find_the_odd_one():
    task, test = (odd_one_out(n, LENGTH, vocab_size=VOCABULARY, seed=n) for n in (8192, 1000))
    assert right(trained(task, tied=True), test) < 0.2


def test_reverse_stays_at_the_ceiling_without_order_and_is_learned_with_it():
    task, test = (
        reverse(n, LENGTH, vocab_size=VOCABULARY, seed=n, distinct=True) for n in (8192, 1000)
    )
    blind, sighted = trained(task), trained(task, n_places=LENGTH)
    assert abs(right(blind, test) - best_without_order(LENGTH)) < 0.02
    assert overlap(blind, test) < 0.2
    assert right(sighted, test) > 0.99
    assert overlap(sighted, test) > 0.9


def test_two_tokens_are_reversed_without_order():
    task = reverse(8192, 2, vocab_size=VOCABULARY, seed=0, distinct=True)
    assert best_without_order(2) == 1.0
    assert right(trained(task), task) > 0.99


@pytest.mark.parametrize("n", range(1, 8))
def test_the_ceiling_is_what_the_best_of_all_answers_reaches_over_all_orders(n):
    """Without order token a always gets one answer: try each, over all n! orders."""
    hits = torch.zeros(n, n)
    for order in itertools.permutations(range(n)):
        for place, token in enumerate(order):
            hits[token, order[n - 1 - place]] += 1
    best = hits.amax(1).sum().item() / hits.sum().item()
    assert best == pytest.approx(best_without_order(n))


def test_one_projection_cannot_tell_who_asks():
    scores = noise(0, 5, 7) @ (w := noise(1, 7, 3)) @ w.T @ noise(0, 5, 7).T
    assert torch.allclose(scores, scores.T)


@pytest.mark.parametrize("name", EQUIVARIANT)
def test_equivariant_layers_are_told(name):
    assert is_equivariant(EQUIVARIANT[name], noise(0, 7, 3))


@pytest.mark.parametrize("name", NOT_EQUIVARIANT)
def test_layers_that_know_the_order_are_told(name):
    assert not is_equivariant(NOT_EQUIVARIANT[name], noise(0, 7, 3))


def test_the_known_map_overlaps_itself_wholly():
    known = odd_one_out(9, LENGTH, vocab_size=VOCABULARY, seed=0).known_map()
    assert map_overlap(known, known) == pytest.approx(1.0)


def test_a_pointer_may_copy_a_word_that_no_weight_was_trained_for():
    place = torch.tensor([0.0, 1.0, 0.0])
    assert copy_distribution(place, torch.tensor([3, 39, 5]), 40).argmax() == 39
