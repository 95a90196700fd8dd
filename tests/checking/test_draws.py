"""What cases are drawn from: ranges, shapes, and the same numbers for the same seed."""

import pytest
import torch

from course_lib.checking import draws
from course_lib.checking.noise import generator, noise, pick


def test_sizes_reach_from_one_to_each_most() -> None:
    rng = generator(0)
    first, second = zip(*(draws.draw_sizes(rng, 2, 5) for _ in range(200)), strict=True)
    assert set(first) == {1, 2}
    assert set(second) == {1, 2, 3, 4, 5}


def test_a_lead_has_none_one_or_all_of_the_sizes() -> None:
    rng = generator(1)
    assert {draws.draw_lead(rng, 2, 3) for _ in range(50)} == {(), (2,), (2, 3)}
    assert draws.leads(4) == [(), (4,)]


@pytest.mark.parametrize(
    ("lead", "what", "said"),
    [
        ((), "row", "one row"),
        ((5,), "row", "5 rows"),
        ((2, 3), "sequence", "2 × 3 sequences"),
    ],
)
def test_a_lead_reads_as_a_count(lead: tuple[int, ...], what: str, said: str) -> None:
    assert draws.many(lead, what) == said


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: draws.draw_ids(seed, 9, 3, 4),
        lambda seed: draws.draw_uniform(seed, 3, 4),
        lambda seed: draws.draw_weights(seed, 3, 4),
        lambda seed: draws.draw_mask(seed, 3, 4),
    ],
)
def test_a_number_draws_what_its_generator_draws(draw: object) -> None:
    assert callable(draw)
    found = draw(7)
    assert found.shape == (3, 4)
    assert torch.equal(found, draw(generator(7)))
    assert not torch.equal(found, draw(8))


def test_draws_keep_to_their_ranges() -> None:
    ids, numbers = draws.draw_ids(0, 3, 500), draws.draw_uniform(0, 500, low=2.0, high=3.0)
    assert ids.unique().tolist() == [0, 1, 2]
    assert bool(((numbers >= 2) & (numbers < 3)).all())
    assert not draws.draw_mask(0, 500, share=0.0).any()
    assert draws.draw_mask(0, 500, share=1.0).all()
    assert draws.coin(generator(0), 1.0) is True
    assert draws.coin(generator(0), 0.0) is False


def test_weights_are_the_softmax_of_noise() -> None:
    assert torch.equal(draws.draw_weights(3, 2, 5, spread=2.0), (2 * noise(3, 2, 5)).softmax(-1))


def test_marks_differ() -> None:
    rng = generator(2)
    pairs = [draws.draw_marks(rng, 3) for _ in range(50)]
    assert all(start != end for start, end in pairs)
    assert {mark for pair in pairs for mark in pair} == {0, 1, 2}


def test_padding_begins_after_a_length() -> None:
    assert draws.pad_mask([2, 0], 3).tolist() == [[True, True, False], [False] * 3]


def test_pick_takes_options_of_any_kind() -> None:
    rng = generator(3)
    assert {pick(rng, ("class", "mean")) for _ in range(20)} == {"class", "mean"}
