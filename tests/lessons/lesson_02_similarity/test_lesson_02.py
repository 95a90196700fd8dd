"""What lesson 02 says in words and figures, held to the real table and to SciPy."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch

from course_lib.attention.similarity import entropy, score_spread, softmax
from course_lib.checking.check import check_exercise
from course_lib.checking.noise import noise, noise_array
from course_lib.data.words import WordTable, pretrained_words
from course_lib.lessons.lesson_02_similarity.exercises.loud_vector import EXERCISE as LOUD_VECTOR
from course_lib.lessons.lesson_02_similarity.exercises.stable_softmax import (
    EXERCISE as STABLE_SOFTMAX,
)
from course_lib.lessons.lesson_02_similarity.reference import (
    all_pairs,
    cosine_similarity,
    most_similar,
    stable_softmax,
)

QUESTIONS = """
king man woman queen, brother boy girl sister, uncle man woman aunt, actor man woman actress,
he him her she, prince man woman princess, nephew man woman niece, waiter man woman waitress,
berlin germany france paris, rome italy france paris, london england japan tokyo,
madrid spain italy rome, beijing china russia moscow, cats cat dog dogs, mice mouse rat rats,
walking walk swim swimming, wrote write run ran, bigger big small smaller, faster fast slow slower,
better good bad worse
"""


@pytest.fixture(scope="module")
def table() -> WordTable:
    return pretrained_words()


def nearest(table: WordTable, query: np.ndarray, *excluded: str) -> str:
    return table.words[most_similar(query, table.vectors, table.rows(*excluded))]


# ---------------------------------------------------------------- the famous trick


def test_king_comes_back_until_it_is_excluded(table: WordTable) -> None:
    query = table["king"] - table["man"] + table["woman"]
    assert nearest(table, query) == "king"
    assert nearest(table, query, "king") == "queen"
    assert nearest(table, query, "king", "man", "woman") == "queen"
    assert cosine_similarity(query, table["king"]) == pytest.approx(0.666, abs=5e-4)
    assert cosine_similarity(query, table["queen"]) == pytest.approx(0.511, abs=5e-4)


def test_the_sum_is_further_from_queen_than_king_is(table: WordTable) -> None:
    assert cosine_similarity(table["king"], table["queen"]) == pytest.approx(0.627, abs=5e-4)
    assert nearest(table, table["king"], "king") == "kings"


def test_twenty_questions(table: WordTable) -> None:
    questions = [line.split() for line in QUESTIONS.replace("\n", " ").split(",")]
    free, barred, plain, own = 0, 0, 0, 0
    for a, b, c, due in questions:
        query = table[a] - table[b] + table[c]
        free += nearest(table, query) == due
        own += nearest(table, query) in (a, b, c)
        barred += nearest(table, query, a, b, c) == due
        plain += nearest(table, table[c], a, b, c) == due
    assert (len(questions), free, own, barred, plain) == (20, 2, 18, 17, 6)


@pytest.mark.parametrize(
    ("word", "neighbour"),
    [("monday", "tuesday"), ("guitar", "guitars"), ("seven", "7"), ("bank", "banks")],
)
def test_neighbours_are_good(table: WordTable, word: str, neighbour: str) -> None:
    assert nearest(table, table[word], word) == neighbour


# ---------------------------------------------------------------- weights


@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
def test_softmax_and_entropy_agree_with_scipy(scale: float) -> None:
    scores = noise_array(0, 3, 5, 7, scale=scale)
    weights = scipy.special.softmax(scores, axis=-1)
    assert np.allclose(stable_softmax(scores), weights, atol=1e-12)
    assert np.allclose(softmax(torch.from_numpy(scores)).numpy(), weights, atol=1e-12)
    due = scipy.stats.entropy(weights, axis=-1)
    assert np.allclose(entropy(torch.from_numpy(weights)).numpy(), due, atol=1e-12)


def test_the_numbers_of_the_quiz() -> None:
    scores = torch.tensor([2.0, 1.0, 0.0])
    assert softmax(scores, 0.5)[0].item() == pytest.approx(0.867, abs=5e-4)
    assert softmax(scores, 5.0).tolist() == pytest.approx([0.402, 0.329, 0.269], abs=5e-4)
    assert entropy(softmax(scores, 5.0)).item() == pytest.approx(1.085, abs=5e-4)
    assert math.log(3) == pytest.approx(1.099, abs=5e-4)


def test_half_precision_stays_finite() -> None:
    for dtype in (torch.float16, torch.bfloat16):
        weights = softmax(torch.tensor([60_000.0, 0.0, -60_000.0], dtype=dtype))
        assert weights.dtype == dtype and weights.tolist() == [1.0, 0.0, 0.0]


# ---------------------------------------------------------------- the spread of dot products


@pytest.mark.parametrize("d", [4, 64, 1024])
def test_independent_entries_spread_like_the_root_of_d(d: int) -> None:
    q, k = noise(0, 4000, d), noise(1, 4000, d)
    assert (q * k).sum(1).std().item() == pytest.approx(math.sqrt(d), rel=0.05)
    coins = noise(2, 4000, d).sign() * noise(3, 4000, d).sign()
    assert coins.sum(1).std().item() == pytest.approx(math.sqrt(d), rel=0.05)


def test_correlated_entries_spread_as_the_covariance_says() -> None:
    mix = noise(4, 16, 5)
    q, k = noise(5, 40_000, 5) @ mix.T, noise(6, 40_000, 5) @ mix.T
    due = score_spread(mix @ mix.T).item()
    assert (q * k).sum(1).std().item() == pytest.approx(due, rel=0.03)


def test_real_words_spread_further_than_independent_ones(table: WordTable) -> None:
    centred = table.vectors - table.vectors.mean(axis=0)
    covariance = torch.from_numpy(centred.T @ centred / len(centred))
    order = np.random.default_rng(1).permutation(len(centred))
    measured = all_pairs(centred[order[:3000]], centred[order[3000:6000]]).std()
    assert measured == pytest.approx(0.082, abs=5e-4)
    assert score_spread(covariance).item() == pytest.approx(0.082, abs=5e-4)
    assert score_spread(covariance.diag().diag()).item() == pytest.approx(0.060, abs=5e-4)


# ------------------------------------------------------------- what generic tests cannot know


@pytest.mark.parametrize("value", [7.5, [1, 2, 3], None, ["2", "4"], [1j, 2], [math.inf, 1], "24"])
def test_what_is_no_pair_of_numbers_is_told_so(value: object) -> None:
    result = check_exercise(LOUD_VECTOR, lambda: value)
    assert not result.passed and result.diagnosis is None
    assert result.message.startswith("Return two finite numbers, such as [1.0, 2.0]; yours is ")


def test_every_pair_of_small_numbers_gets_a_verdict_with_a_name() -> None:
    """Whatever a learner tries in exercise 2.1, the check knows what happened."""
    passed = 0
    for x in range(-6, 7):
        for y in range(-6, 7):
            result = check_exercise(LOUD_VECTOR, lambda x=x, y=y: [x, y])
            assert result.passed or result.diagnosis, (x, y)
            passed += result.passed
    assert passed > 20


def test_a_softmax_that_overflows_names_the_row_it_fails_on() -> None:
    def naive(scores: np.ndarray) -> np.ndarray:
        return np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)

    result = check_exercise(STABLE_SOFTMAX, naive)
    assert result.diagnosis == "no_max" and "nan" in result.message
