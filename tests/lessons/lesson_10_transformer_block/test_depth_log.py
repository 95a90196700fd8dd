"""The recorded log of lesson 10 is complete, and says what the lesson says of it."""

import pytest

from course_lib.lessons.lesson_10_transformer_block.depth_log import depth_log

LOG = depth_log()


def shares(kind, depth, rate, warmup=0):
    return LOG.accuracies(kind, depth, rate, warmup)


def test_it_says_how_it_was_made():
    assert LOG.facts["command"] == "python bench/record_depth.py"
    assert {"cores", "machine", "torch"} <= set(LOG.facts["hardware"])
    assert LOG.facts["steps"] == 300


def test_every_setting_has_three_seeds():
    for setting in LOG.settings:
        assert len(LOG.accuracies(*setting)) == 3


def test_an_unknown_setting_names_the_known_ones():
    with pytest.raises(KeyError, match="nothing recorded for"):
        LOG.accuracies("pre", 7, 0.001, 0)


def test_pre_norm_learns_at_every_depth_and_rate():
    found = [setting for setting in LOG.settings if setting[0] == "pre"]
    assert all(min(LOG.accuracies(*setting)) > 0.99 for setting in found)


def test_without_a_residual_three_blocks_learn_and_six_do_not():
    for rate in (0.001, 0.003):
        assert min(shares("none", 3, rate)) > 0.94
        assert max(shares("none", 6, rate)) < 0.10


def test_post_norm_at_twelve_blocks_depends_on_rate_and_warm_up():
    assert min(shares("post", 12, 0.001)) > 0.99
    by_seed = sorted(shares("post", 12, 0.003))
    assert by_seed[1] < 0.10 and by_seed[2] > 0.98
    assert min(shares("post", 12, 0.003, 100)) > 0.99


def test_a_stalled_stack_has_lost_its_first_blocks_gradients_only_afterwards():
    before, stalled = LOG.gradients("post", 12, 0.003, 0)
    _, warmed = LOG.gradients("post", 12, 0.003, 100)
    assert len(before) == 12
    assert 0.8 < before[0] / before[-1] < 1.2
    assert stalled[0] < 1e-5 * stalled[-1]
    assert 0.5 < warmed[0] / warmed[-1] < 1.2


def test_post_norm_at_twenty_four_blocks_stalls_without_warm_up():
    assert max(shares("post", 24, 0.001)) < 0.10
    with pytest.raises(KeyError, match="no run with seed 9"):
        LOG.gradients("post", 24, 0.001, 0, seed=9)
