"""Lesson 11's claims: losses, search and BLEU against the field's, the record, the translator."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course_lib.attention.positions import sinusoidal_positions
from course_lib.checking.noise import noise
from course_lib.data.number_words import crossings, english_pieces, german_pieces, number_words
from course_lib.lessons.lesson_11_translation.reference import (
    bleu,
    embed,
    shift_right,
    smoothed_loss,
    three_masks,
    warmup_rate,
)
from course_lib.models.beam import beam_search, greedy_translate
from course_lib.models.number_translator import Parts, seeded
from course_lib.models.transformer import Transformer
from course_lib.training.number_translation import (
    Recipe,
    batch_order,
    exact,
    forced_accuracy,
    magnitude,
    number_config,
    recorded_numbers,
    recorded_translator,
    trained_numbers,
    without_digits,
)
from course_lib.training.schedules import inverse_sqrt
from course_lib.training.translation import batches_by_length, number_pairs

PARTS = Parts(masks=three_masks, embed=embed)
RECIPE = Recipe(shift=shift_right, loss=smoothed_loss, rate=warmup_rate, batches=batches_by_length)


@pytest.fixture(scope="module")
def translator():
    return recorded_translator(PARTS)


@pytest.fixture(scope="module")
def held_out():
    return number_words(6000, 600).test


def runs(kind):
    return [run for run in recorded_numbers()["runs"] if run["kind"] == kind]


# ---------------------------------------------------------------- loss and rate


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_the_loss_is_torchs_with_its_gradient(smoothing):
    labels = torch.tensor([[3, 5, 2, 0, 0], [4, 1, 1, 2, 6]])
    ours, theirs = (noise(3, 2, 5, 7).requires_grad_() for _ in range(2))
    loss = smoothed_loss(ours, labels, smoothing, 0)
    due = F.cross_entropy(theirs.mT, labels, ignore_index=0, label_smoothing=smoothing)
    loss.backward()
    due.backward()
    assert abs(loss - due) < 1e-12
    assert (ours.grad - theirs.grad).abs().max() < 1e-12


def test_the_padding_class_has_its_share_of_the_mass_in_torch():
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, 6, generator=draw, dtype=torch.float64)
    labels = torch.tensor([[4, 2, 5, 0, 0], [1, 3, 2, 0, 0], [5, 1, 4, 3, 2]])
    surprise = -logits.log_softmax(-1)[labels != 0]
    right = surprise.gather(-1, labels[labels != 0][:, None])[:, 0]
    without = (0.9 * right + 0.1 * surprise[:, 1:].mean(-1)).mean()
    assert round(float(smoothed_loss(logits, labels, 0.1, 0)), 4) == 2.3373
    assert round(float(without), 4) == 2.3360


def test_the_floor_of_the_smoothed_loss_is_as_the_lesson_says():
    target = torch.full((34,), 0.1 / 34, dtype=torch.float64)
    target[5] += 0.9
    loss = smoothed_loss(target.log()[None, None], torch.tensor([[5]]), 0.1, 0)
    assert round(float(loss), 2) == 0.66


def test_the_rate_has_the_shape_of_the_loops_own():
    peak = warmup_rate(40, 96, 40)
    for step in (1, 7, 40, 41, 900):
        due = peak * inverse_sqrt(step - 1, warmup=40)
        assert math.isclose(warmup_rate(step, 96, 40), due, rel_tol=1e-9)


# ---------------------------------------------------------------- search


def writer(seed, v):
    table = noise(seed, 9, v, v, scale=1.5)

    def log_probs(words):
        return table[words.shape[1], words[:, -1]].log_softmax(-1)

    return log_probs


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
def test_a_beam_that_drops_nothing_is_brute_force(seed, alpha):
    log_probs, v, n = writer(seed, 4), 4, 3
    scores = {}
    for words in itertools.product(range(v), repeat=n):
        cut = words[: words.index(2) + 1] if 2 in words else words
        rows = [log_probs(torch.tensor([[1, *cut[:t]]]))[0, cut[t]] for t in range(len(cut))]
        scores[cut] = float(sum(rows)) / len(cut) ** alpha
    words, score = beam_search(log_probs, 1, 2, v**n, n, alpha)
    assert tuple(words) == max(scores, key=scores.get)
    assert math.isclose(score, max(scores.values()), rel_tol=1e-9)


def test_a_wider_beam_may_score_lower():
    likely = {
        (0,): {2: 0.5, 3: 0.4, 6: 0.1},
        (0, 2): {4: 0.34, 5: 0.33, 6: 0.33},
        (0, 3): {4: 0.5, 5: 0.5},
        (0, 2, 4): {1: 1.0},
    }

    def log_probs(words):
        rows = [likely.get(tuple(row), dict.fromkeys(range(1, 6), 0.2)) for row in words.tolist()]
        return torch.tensor([[row.get(word, 1e-9) for word in range(7)] for row in rows]).log()

    chances = [math.exp(beam_search(log_probs, 0, 1, width, 3, 0.0)[1]) for width in (1, 2, 3)]
    assert np.allclose(chances, [0.17, 0.04, 0.17], atol=1e-6)


def test_greedy_writes_what_a_beam_of_one_writes(translator, held_out):
    pairs = number_pairs(held_out[::60])
    with torch.no_grad():
        memory = translator.encode(pairs.source)
        start = torch.ones(len(pairs), 1, dtype=torch.long)
        rows = greedy_translate(
            lambda words: translator.decode(words, memory, pairs.source), start, 2, 14
        ).tolist()
        for at, row in enumerate(rows):
            one, source = memory[at : at + 1], pairs.source[at : at + 1]

            def log_probs(words, one=one, source=source):
                many, text = one.expand(len(words), -1, -1), source.expand(len(words), -1)
                return translator.decode(words, many, text)[:, -1].log_softmax(-1)

            words, _ = beam_search(log_probs, 1, 2, 1, 14, 0.0)
            assert words == row[: row.index(2) + 1]


# ---------------------------------------------------------------- BLEU


def test_bleu_is_sacrebleus_on_translations_with_planted_mistakes(held_out):
    from sacrebleu.metrics import BLEU

    due = [list(german_pieces(n)) for n in held_out]
    said = [list(german_pieces(max(1, n - 100 * (n % 3 == 0)))) for n in held_out]
    metric = BLEU(tokenize="none", smooth_method="none", force=True)
    theirs = metric.corpus_score([" ".join(s) for s in said], [[" ".join(s) for s in due]])
    assert abs(bleu(said, due) - theirs.score) < 1e-9


def test_the_signature_decides_as_the_lesson_says():
    from sacrebleu.metrics import BLEU

    ours = ["Ein Hund rennt, schnell, im Gras.", "zwei Kinder spielen am Strand ."]
    theirs = ["ein Hund rennt schnell im Gras.", "Zwei Kinder spielen am Strand."]
    settings = ({}, {"lowercase": True}, {"tokenize": "none"}, {"tokenize": "char"})
    found = [round(BLEU(**one).corpus_score(ours, [theirs]).score, 1) for one in settings]
    assert found == [42.3, 57.5, 19.9, 85.9]
    assert bleu([s.split() for s in ours], [s.split() for s in theirs]) == 0


# ---------------------------------------------------------------- the translator


def test_the_translator_is_the_transformer_with_its_own_masks_and_embeddings():
    config = replace(number_config(), dropout=0.0)
    ours = seeded(config, 4, PARTS).eval()
    theirs = Transformer(config).eval()
    theirs.load_state_dict(ours.state_dict())
    source, target = (
        torch.tensor([[5, 31, 0, 0], [4, 7, 9, 3]]),
        torch.tensor([[1, 6, 0], [1, 4, 8]]),
    )
    real = target != 0
    # PyTorch's attention is undefined where nothing may be looked at; here start always may be.
    assert torch.allclose(ours(source, target)[real], theirs(source, target)[real], atol=1e-5)
    maps, due = (one.cross_attention(source, target)[:, :, :, :2] for one in (ours, theirs))
    assert torch.allclose(maps, due, atol=1e-5)


def test_the_recorded_translator_gets_the_floor_of_held_out_numbers(translator, held_out):
    right = exact(translator, number_pairs(held_out), greedy_translate)
    assert sum(right) >= 0.995 * len(right)


def test_every_head_of_layer_1_looks_at_the_word_that_is_written(translator, held_out):
    numbers = [n for n in held_out if n > 20]
    pairs = number_pairs(numbers)
    with torch.no_grad():
        maps = translator.cross_attention(pairs.source, shift_right(pairs.target, 1))[1]
    best = maps.argmax(-1)
    places = [
        (row, at, due)
        for row, number in enumerate(numbers)
        for one in crossings(english_pieces(number), german_pieces(number))
        for at, due in ((one.unit, one.from_unit), (one.ten, one.from_ten))
    ]
    assert len(places) == 2 * 468
    assert all((best[row, :, at] == due).all() for row, at, due in places)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_record_says_what_the_lesson_says(seed):
    full, leak, gap = (runs(kind)[seed] for kind in ("full", "leak", "gap"))
    assert full["exact"] >= 0.995
    assert gap["exact"] >= 0.99
    assert gap["unseen"] < 0.2
    assert leak["words_right_when_forced"] > 0.9
    assert leak["exact"] < 0.01


def test_a_leak_is_nearly_perfect_when_it_is_told_the_words():
    def leaky(source, target, pad):
        encoder, decoder, memory = three_masks(source, target, pad)
        return encoder, (target != pad)[:, None].expand_as(decoder), memory

    pairs = number_pairs(range(100, 400))
    recipe = replace(RECIPE, smoothing=0.0)
    model, losses = trained_numbers(
        pairs, Parts(masks=leaky, embed=embed), recipe, steps=40, seed=0, name="leak"
    )
    honest, _ = trained_numbers(pairs, PARTS, recipe, steps=40, seed=0)
    assert losses[-1] < losses[0]
    assert forced_accuracy(model, pairs, recipe) > forced_accuracy(honest, pairs, recipe)
    assert sum(exact(model, pairs, greedy_translate)) < 30


# ---------------------------------------------------------------- data


def test_a_round_of_batches_holds_every_pair_once_and_the_next_another_order():
    pairs = number_pairs(range(1, 90))
    order = batch_order(pairs, replace(RECIPE, budget=60), seed=1)
    rounds = []
    for _ in range(2):
        seen = []
        while len(seen) < len(pairs):
            seen += next(order)
        rounds.append(seen)
    assert sorted(rounds[0]) == sorted(rounds[1]) == list(range(89))
    assert rounds[0] != rounds[1]


def test_a_magnitude_is_left_out_and_drawn_whole():
    assert without_digits([9, 10, 99, 100], 2) == [9, 100]
    drawn = magnitude(5, 300)
    assert len(set(drawn)) == 300
    assert {len(str(number)) for number in drawn} == {5}


def test_positions_drown_words_without_the_factor():
    positions = sinusoidal_positions(torch.arange(64), 96)
    assert np.allclose(positions.norm(dim=1), math.sqrt(48), atol=1e-5)
