"""Masked words and sentiment: small trainings learn, and frozen numbers stay."""

import pytest
import torch

from course_lib.errors import CourseError
from course_lib.lessons.lesson_14_bert import masked_words
from course_lib.lessons.lesson_14_bert.reference import freeze, mask_tokens, masked_loss, mean_pool
from course_lib.lessons.lesson_14_bert.sentiment import (
    TextClassifier,
    bag_of_words,
    fine_tune,
    predict,
    states_after,
)
from course_lib.models.bert import Bert, BertConfig, MaskedLanguageModel
from course_lib.training.config import FitConfig
from course_lib.training.metrics import class_scores


@pytest.fixture
def model():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        sizes = BertConfig(vocab_size=11, d_model=8, n_heads=2, n_layers=3, d_ff=13, max_len=9)
        model = TextClassifier(Bert(sizes), mean_pool, 2)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def texts():
    draws = torch.Generator().manual_seed(1)
    tokens = torch.randint(1, 11, (48, 7), generator=draws)
    mask = torch.arange(7) < torch.randint(2, 8, (48, 1), generator=draws)
    return tokens, mask


def test_finishing_from_kept_states_is_the_whole_model(model):
    tokens, mask = texts()
    states = states_after(model.encoder, tokens, mask, 2)
    assert torch.allclose(model.finish(states.hidden, mask, 2), model(tokens, mask), atol=1e-5)


def test_what_is_frozen_stays_and_the_rest_learns(model):
    tokens, mask = texts()
    freeze(model, 2)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    states = states_after(model.encoder, tokens, mask, 2)
    first = mean_pool(states.hidden, mask)[:, 0]
    labels = (first > first.median()).long()
    history = fine_tune(model, states, labels, FitConfig(steps=60, rate=1e-2))
    assert sum(history.losses[-5:]) < 0.7 * sum(history.losses[:5])
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert all(name.startswith(("head.", "encoder.blocks.2.")) for name in moved)
    assert "head.weight" in moved
    assert (predict(model, states) == labels).float().mean() > 0.8


def test_a_bag_of_words_learns_a_word():
    train = ["a good film", "a bad film", "good food", "bad food"]
    said = bag_of_words(train, [1, 0, 1, 0], ["good music", "bad music"])
    assert said.tolist() == [1, 0]


def test_scores_need_as_many_predictions_as_labels():
    with pytest.raises(CourseError, match="2 predictions and 3 labels"):
        class_scores([1, 0], [1, 0, 1], 2)
    assert class_scores([1, 1], [1, 0], 2).macro_f1 == pytest.approx(1 / 3)


def test_a_tiny_bert_learns_to_fill_gaps():
    _, history = masked_words.train_masked(mask_tokens, masked_loss, seed=0, steps=25, every=5)
    first, *_, last = [one["held_out"] for one in history.evaluations]
    assert last < first < 6.5


def test_one_mask_for_good_is_the_same_in_every_epoch(monkeypatch):
    monkeypatch.setattr(masked_words, "BATCH", 640)
    seen = []

    def watching(tokens, special, *draws):
        if len(tokens) == 640:
            pairs = zip(tokens, draws[0], strict=True)
            seen.append({tuple(row.tolist()): drawn.sum().item() for row, drawn in pairs})
        return mask_tokens(tokens, special, *draws)

    monkeypatch.setattr(masked_words, "tiny_bert", lambda seed: _Guess())
    for n_masks in (1, 2, None):
        masked_words.train_masked(watching, masked_loss, n_masks=n_masks, seed=3, steps=3)
    one, two, new = seen[:3], seen[3:6], seen[6:]
    assert one[0] == one[1] == one[2]
    assert two[0] == two[2] != two[1]
    assert new[0] != new[1] != new[2] != new[0]


class _Guess(MaskedLanguageModel):
    def __init__(self):
        torch.nn.Module.__init__(self)
        self.bias = torch.nn.Parameter(torch.zeros(513))

    def forward(self, tokens):
        return self.bias.expand(*tokens.shape, 513)
