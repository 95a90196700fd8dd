"""Sequence tasks: what is asked, where the answer stands, and the same draw for the same seed."""

import numpy as np
import pytest
import torch

from course_lib.data.sequences import (
    IGNORE,
    Sequences,
    copy,
    odd_one_out,
    questions,
    reverse,
)

TASKS = {
    "reverse": lambda seed: reverse(20, 7, vocab_size=11, seed=seed),
    "reverse_distinct": lambda seed: reverse(20, 7, vocab_size=11, seed=seed, distinct=True),
    "copy": lambda seed: copy(20, 7, vocab_size=11, seed=seed),
    "copy_offset": lambda seed: copy(20, 7, vocab_size=11, seed=seed, offset=2),
    "odd_one_out": lambda seed: odd_one_out(20, 7, vocab_size=11, seed=seed),
}
every_task = pytest.mark.parametrize("name", TASKS)


@every_task
def test_the_known_map_leads_to_the_answer(name: str) -> None:
    task: Sequences = TASKS[name](0)
    weights = task.known_map()
    at_token = torch.nn.functional.one_hot(task.tokens, 11).float()
    answers = (weights @ at_token).argmax(-1)
    asked = task.targets != IGNORE
    assert torch.equal(answers[asked], task.targets[asked])


@every_task
def test_rows_of_the_known_map_sum_to_1_where_something_is_asked(name: str) -> None:
    task: Sequences = TASKS[name](0)
    asked = (task.targets != IGNORE).float()
    assert torch.allclose(task.known_map().sum(-1), asked)


@every_task
def test_the_same_seed_draws_the_same(name: str) -> None:
    assert torch.equal(TASKS[name](3).tokens, TASKS[name](3).tokens)
    assert not torch.equal(TASKS[name](3).tokens, TASKS[name](4).tokens)


@every_task
def test_tokens_use_the_whole_vocabulary_and_no_more(name: str) -> None:
    tokens = TASKS[name](0).tokens
    assert tokens.dtype is torch.int64 and tokens.shape == (20, 7)
    assert set(tokens.flatten().tolist()) == set(range(11))


def test_distinct_tokens_are_distinct_in_every_sequence() -> None:
    for row in reverse(50, 8, vocab_size=8, seed=0, distinct=True).tokens:
        assert sorted(row.tolist()) == list(range(8))


def test_the_odd_one_stands_everywhere_equally_often() -> None:
    task = odd_one_out(7000, 7, vocab_size=5, seed=0)
    places = (task.sources == -1).nonzero()[:, 1].bincount().numpy()
    assert np.abs(places - 1000).max() < 100
    assert all(len(set(row.tolist())) == 2 for row in task.tokens)


def test_the_odd_one_looks_evenly_at_the_rest() -> None:
    task = odd_one_out(1, 4, vocab_size=6, seed=1)
    third = 1 / 3
    due = [[0, 1, 0, 0], [third, 0, third, third], [0, 1, 0, 0], [0, 1, 0, 0]]
    assert torch.allclose(task.known_map()[0], torch.tensor(due))


def test_a_question_is_answered_by_the_content_beside_its_label() -> None:
    task = questions(30, 5, n_labels=9, contents=(20, 30), seed=0)
    assert len(task) == 30
    for row in range(30):
        assert len(set(task.labels[row].tolist())) == 5
        place = task.labels[row].tolist().index(task.asked[row].item())
        assert place == task.places[row] and task.contents[row, place] == task.answers[row]
    assert set(task.contents.flatten().tolist()) == set(range(20, 30))


@pytest.mark.parametrize(
    "draw, said",
    [
        (lambda: reverse(1, 5, vocab_size=4, seed=0, distinct=True), "5 distinct tokens .* not 4"),
        (lambda: copy(1, 5, vocab_size=4, seed=0, offset=5), "0 to 4 .* not 5"),
        (lambda: odd_one_out(1, 2, vocab_size=4, seed=0), "3 items and 2 kinds .* not 2 and 4"),
        (lambda: questions(1, 5, n_labels=4, contents=(0, 9), seed=0), "5 distinct"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_both_numbers(draw, said) -> None:
    with pytest.raises(ValueError, match=said):
        draw()
