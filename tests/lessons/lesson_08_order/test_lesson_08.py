"""What lesson 08 says in words and numbers, held to the course's own functions."""

import math

import pytest
import torch
from torch import nn

from course_lib.attention.positions import (
    angles,
    relative_bias,
    rotary_attention,
    rotate_halves,
    sinusoidal_positions,
)
from course_lib.checking.check import check_exercise
from course_lib.data.sequences import reverse
from course_lib.lessons.lesson_08_order.exercises.alibi_attention import EXERCISE as ALIBI_ATTENTION
from course_lib.lessons.lesson_08_order.exercises.alibi_slopes import EXERCISE as ALIBI_SLOPES
from course_lib.lessons.lesson_08_order.exercises.angles import EXERCISE as ANGLES
from course_lib.lessons.lesson_08_order.exercises.attend_in_order import EXERCISE as ATTEND_IN_ORDER
from course_lib.lessons.lesson_08_order.exercises.relative_bias import EXERCISE as RELATIVE_BIAS
from course_lib.lessons.lesson_08_order.exercises.rotate_halves import EXERCISE as ROTATE_HALVES
from course_lib.lessons.lesson_08_order.lesson import LESSON
from course_lib.lessons.lesson_08_order.reference import alibi_attention, attend_in_order


class Reverser(nn.Module):
    def __init__(self, attend):
        super().__init__()
        self.attend = attend
        self.embed, self.head = nn.Embedding(16, 32), nn.Linear(32, 16)
        self.w_q, self.w_k, self.w_v = (
            nn.Parameter(torch.randn(32, 32) / 32**0.5) for _ in range(3)
        )

    def forward(self, tokens):
        return self.head(self.attend(self.embed(tokens), self.w_q, self.w_k, self.w_v))


def trained(attend, steps=120):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Reverser(attend)
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(steps):
        task = reverse(64, 8, vocab_size=16, seed=step, distinct=True)
        loss = nn.functional.cross_entropy(model(task.tokens).mT, task.targets)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return model


def right_at_each_place(model):
    test = reverse(500, 8, vocab_size=16, seed=123_456_789, distinct=True)
    return (model(test.tokens).argmax(-1) == test.targets).double().mean(0)


def share_right(attend):
    return right_at_each_place(trained(attend)).mean().item()


# ---------------------------------------------------------------- what is trained


def test_reverse_is_solved_with_sinusoidal_positions():
    places = sinusoidal_positions(torch.arange(8.0), 32)
    assert share_right(lambda x, *w: attend_in_order(x, places, *w)) > 0.99


def test_reverse_fails_without_order_at_one_in_seven():
    share = share_right(lambda x, *w: attend_in_order(x, torch.zeros(8, 32), *w))
    assert share == pytest.approx(1 / 7, abs=0.03)


def test_distance_alone_reverses_the_two_ends():
    places = right_at_each_place(trained(lambda x, q, k, v: rotary_attention(x @ q, x @ k, x @ v)))
    assert places[[0, 7]].min() > 0.95
    assert places[1:7].max() < 0.25
    assert 0.25 < places.mean() < 0.4


# ---------------------------------------------------------------- numbers by hand


def test_the_numbers_worked_by_hand():
    assert angles(torch.tensor([2.0]).double(), 4)[0].tolist() == pytest.approx([2, 0.02])
    row = sinusoidal_positions(torch.tensor([1.0]), 4)[0].tolist()
    assert row == pytest.approx([0.841, 0.540, 0.010, 1.000], abs=5e-4)
    assert relative_bias(torch.tensor([[10.0, 20, 30]]), 2, 3).tolist() == [
        [[20, 30, 30], [10, 20, 30]]
    ]
    assert math.cos(2) == pytest.approx(-0.416, abs=5e-4)
    one = torch.tensor([[1.0, 0]])
    for t in (1.0, 101.0):
        turned = [rotate_halves(one.double(), torch.tensor([at])) for at in (t, t + 2)]
        assert (turned[0] * turned[1]).sum().item() == pytest.approx(math.cos(2))


def test_alibi_by_hand():
    zeros, values = torch.zeros(1, 3, 2), torch.tensor([[[1.0], [10], [100]]])
    last = alibi_attention(zeros, zeros, values, torch.tensor([1.0]))[0, -1, 0].item()
    weights = torch.tensor([-2.0, -1, 0]).softmax(0)
    assert weights.tolist() == pytest.approx([0.090, 0.245, 0.665], abs=5e-4)
    assert last == pytest.approx(69, abs=0.1)


def test_similarity_of_rows_as_the_figure_says():
    table = sinusoidal_positions(torch.arange(60.0), 32)
    similar = table @ table.T / 16
    assert similar[10, 15].item() == pytest.approx(0.74, abs=0.005)
    assert (5 * angles(torch.ones(1), 32) < 0.1).sum() == 9


# ---------------------------------------------------------------- mistakes nobody planned


def said(exercise, answer):
    result = check_exercise(exercise, answer)
    assert not result.passed
    return result.message


def test_a_stretched_rotation_is_told_by_a_property():
    def stretched(x, positions):
        return 1.1 * rotate_halves(x, positions)

    assert "A rotation keeps every vector's length" in said(ROTATE_HALVES, stretched)


def test_a_turn_of_one_half_only_is_told_by_distance():
    def half(x, positions):
        turned = rotate_halves(x, positions)
        return torch.cat([x.chunk(2, -1)[0], turned.chunk(2, -1)[1]], -1)

    assert "A score must depend on distance alone" in said(ROTATE_HALVES, half)


def test_a_bias_that_depends_on_the_query_is_told_in_words():
    def uneven(table, n_queries, n_keys):
        return relative_bias(table, n_queries, n_keys) + torch.arange(n_queries)[:, None]

    assert "The bias depends on the distance" in said(RELATIVE_BIAS, uneven)


def test_a_leak_is_told_in_words():
    def leaky(q, k, v, slopes):
        return alibi_attention(q, k, v, slopes) + 0.1 * v.mean(-2, keepdim=True)

    assert "its output is the first value" in said(ALIBI_ATTENTION, leaky)


def test_other_arithmetic_slopes_are_recognised_too():
    result = check_exercise(ALIBI_SLOPES, lambda n: [0.5 - 0.4 * h / n for h in range(n)])
    assert result.diagnosis == "arithmetic"


@pytest.mark.parametrize(
    "exercise, answer, diagnosis",
    [
        (ANGLES, lambda p, d, base=1e4: p[:, None] * base ** -(torch.arange(1, d, 2) / d), None),
        (ATTEND_IN_ORDER, lambda x, p, q, k, v: attend_in_order(x, p * 0, q, k, v), "no_positions"),
        (
            ALIBI_ATTENTION,
            lambda q, k, v, slopes: alibi_attention(q, k, v, slopes.flip(0)),
            None,
        ),
    ],
)
def test_unplanned_mistakes_show_numbers(exercise, answer, diagnosis):
    result = check_exercise(exercise, answer)
    assert result.diagnosis == diagnosis
    assert "yours" in result.message and "expected" in result.message


def test_every_check_is_quick():
    for exercise in LESSON.exercises:
        for wrong in exercise.wrong_answers[:1]:
            check_exercise(exercise, wrong.code)
            assert check_exercise(exercise, wrong.code).milliseconds < 1000
