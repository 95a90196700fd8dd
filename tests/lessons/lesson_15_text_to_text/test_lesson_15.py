"""Lesson 15 against the field: T5's buckets, SQuAD's and ROUGE's scores, its data and its log."""

import itertools
import warnings
from collections import Counter

import numpy as np
import pytest
import torch

from course_lib.data.docstrings import cut, docstrings, first_sentence
from course_lib.data.questions import questions
from course_lib.data.span_corruption import corrupt, draw_spans, random_cut
from course_lib.lessons.lesson_15_text_to_text import answers, summaries
from course_lib.lessons.lesson_15_text_to_text.common import bucket_oracle
from course_lib.lessons.lesson_15_text_to_text.reference import answer_scores, rouge_l, shift_right
from course_lib.lessons.lesson_15_text_to_text.summary_log import scores, summary_log
from course_lib.training.text_metrics import bleu, rouge


def test_buckets_found_in_whole_numbers_are_hugging_face_s():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers.models.t5.modeling_t5 import T5Attention
    steps = torch.arange(-400, 401)
    for n, most, both in itertools.product((8, 12, 32, 64), (40, 64, 100, 128), (True, False)):
        due = T5Attention._relative_position_bucket(
            steps, bidirectional=both, num_buckets=n, max_distance=most
        )
        assert torch.equal(bucket_oracle(steps, n, most, both), due), (n, most, both)


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_what_the_decoder_reads_is_hugging_face_s(family):
    labels = torch.tensor([[7, 8, 9, 2], [5, 2, -100, -100]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers.models.bart.modeling_bart import shift_tokens_right
    if family == "bart":
        due = shift_tokens_right(labels, 1, 2)
        assert torch.equal(shift_right(labels, start=2, pad=1), due)
        return
    from transformers import T5Config, T5ForConditionalGeneration

    sizes = {"vocab_size": 11, "d_model": 4, "num_heads": 1, "d_kv": 4, "d_ff": 4, "num_layers": 1}
    model = T5ForConditionalGeneration(T5Config(**sizes, decoder_start_token_id=0))
    assert torch.equal(shift_right(labels, start=0, pad=0), model._shift_right(labels))


def test_rouge_l_is_the_package_s():
    rng = np.random.default_rng(0)
    for _ in range(300):
        a, b = (list(rng.choice(list("abcd"), size=rng.integers(1, 9))) for _ in range(2))
        assert rouge_l(a, b) == pytest.approx(rouge([" ".join(a)], [" ".join(b)]), abs=1e-12)


def test_metrics_refuse_sets_that_do_not_fit():
    for metric in (rouge, bleu):
        with pytest.raises(ValueError, match="2 targets and 1 texts"):
            metric(["a", "b"], ["a"])
        with pytest.raises(ValueError, match="one at least"):
            metric([], [])


def test_bleu_says_how_it_counted():
    score, signature = bleu(["a b c d e"], ["a b c d e"])
    assert score == pytest.approx(100) and "tok:13a" in signature


@pytest.mark.parametrize(
    "n, density, mean", [(100, 0.15, 3), (37, 0.15, 3), (3, 0.15, 3), (9, 0.9, 2)]
)
def test_drawn_spans_are_exact_and_bring_the_text_back(n, density, mean):
    cut_ = random_cut(np.random.default_rng(1))
    for _ in range(50):
        spans, tokens = draw_spans(n, density, mean, cut_), list(range(n))
        marks = list(range(1000, 1100))
        read, written = corrupt(tokens, spans, marks)
        assert sum(length for _, length in spans) == min(max(round(n * density), 1), n - 1)
        gaps, at = {}, None
        for token in written:
            at = token if token >= 1000 else at
            gaps.setdefault(at, []).extend([token] if token < 1000 else [])
        back = [one for token in read for one in (gaps[token] if token >= 1000 else [token])]
        assert back == tokens and gaps[marks[len(spans)]] == []


def test_every_way_to_cut_is_equally_likely():
    cut_ = random_cut(np.random.default_rng(0))
    counts = Counter(tuple(cut_(5, 3)) for _ in range(6000))
    assert len(counts) == 6 and max(abs(n - 1000) for n in counts.values()) < 150


def test_the_first_token_stays_and_the_last_goes():
    cut_ = random_cut(np.random.default_rng(0))
    for _ in range(100):
        spans = draw_spans(40, 0.15, 3, cut_)
        assert spans[0][0] > 0 and sum(spans[-1]) == 40


def test_modules_and_texts_are_in_one_split_alone():
    splits = [docstrings(split) for split in ("train", "validation", "test")]
    assert len(splits[0]) > 700 and min(map(len, splits)) >= 40
    for one, other in itertools.combinations(splits, 2):
        for name in ("module", "body", "summary"):
            assert not {getattr(p, name) for p in one} & {getattr(p, name) for p in other}
    with pytest.raises(ValueError, match="train, validation or test"):
        docstrings("all")


def test_a_docstring_without_a_body_is_left_out():
    assert cut("Return the mean of all values.") is None
    assert cut("One.\n\n" + "word " * 30) is None
    assert cut("Return it now\n\n" + "word " * 30) is None
    assert first_sentence("No end here") == "No end here"


def test_batches_hold_what_they_should():
    pairs = docstrings("train")[:40]
    source, target = summaries.Summaries(pairs, 0).batches()(0)
    assert source.shape[0] == target.shape[0] == summaries.BATCH
    assert all((row == summaries.END).sum() == 1 for row in target)
    source, target = summaries.corrupted(pairs, 0)(3)
    again, _ = summaries.corrupted(pairs, 0)(3)
    assert torch.equal(source, again)
    assert (target[:, 0] == summaries.SENTINELS[0]).all()


def test_a_small_t5_learns_and_writes():
    model, history = summaries.train_summaries(0, steps=6, pretraining=2)
    assert history.losses[-1] < history.losses[0]
    assert len(summaries.summarise(model, ["Some text.", "Another one."])) == 2


def test_heads_answer_within_the_passage_and_topics_stay_apart():
    asked = questions().asked[:12]
    data = answers.encode(asked)
    for i, one in enumerate(asked):
        first, last = data.spans[i].tolist()
        said = one.passage[data.places[i][first][0] : data.places[i][last][1]]
        assert answer_scores(said, one.answer) == (True, 1.0)
    groups = answers.folds(asked, 3, seed=0)
    assert sorted(i for group in groups for i in group) == list(range(12))
    topics = [{asked[i].topic for i in group} for group in groups]
    assert not topics[0] & topics[1] and not topics[1] & topics[2]
    from course_lib.lessons.lesson_15_text_to_text.reference import best_span

    head = answers.train_head(data, range(12), steps=80)
    start, end = head(data.states[0]).T.detach()
    assert best_span(start, end, data.passage[0], 12) == tuple(data.spans[0].tolist())


def test_the_log_says_how_it_was_made():
    log = summary_log()
    assert len(scores("summaries alone")) == len(scores("span corruption first")) == 3
    assert {run["steps"]["span corruption"] + run["steps"]["summaries"] for run in log["runs"]} == {
        500
    }
    assert {"torch", "python", "cores"} <= log["hardware"].keys()


def test_what_the_lesson_says_of_the_log():
    log = summary_log()
    first = log["baselines"]["scores"]["first sentence"]["rouge_l"]
    assert first > max(scores("summaries alone") + scores("span corruption first"))
