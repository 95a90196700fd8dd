"""The rung below a masked model: what can be guessed without any context."""

import pytest

from course_lib.lessons.lesson_14_bert.masked_words import losses_by_kind, tiny_bert
from course_lib.lessons.lesson_14_bert.reference import mask_tokens


def test_at_mask_the_rung_is_the_frequency_and_where_a_token_stands_it_is_lower():
    rung = losses_by_kind(mask_tokens)
    assert rung["hidden"] == pytest.approx(4.97, abs=0.02)
    assert rung["visible"] < rung["all"] < rung["hidden"]


def test_a_fresh_model_stands_above_the_rung_everywhere():
    rung, fresh = losses_by_kind(mask_tokens), losses_by_kind(mask_tokens, tiny_bert(0))
    assert all(fresh[kind] > rung[kind] + 1 for kind in rung)
