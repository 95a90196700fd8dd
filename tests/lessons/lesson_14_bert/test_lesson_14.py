"""Lesson 14's own versions against Hugging Face and scikit-learn, and what its logs claim."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, precision_recall_fscore_support

from course_lib.checking.check import check_exercise
from course_lib.checking.noise import generator
from course_lib.data.pretrained import encoder_tokenizer
from course_lib.data.sentences import PARAPHRASES
from course_lib.lessons.lesson_14_bert import reference as ours
from course_lib.lessons.lesson_14_bert.bert_log import masking_log, sentiment_log
from course_lib.lessons.lesson_14_bert.lesson import LESSON
from course_lib.models.minilm import pretrained_encoder, text_vectors, tokenize
from course_lib.models.weights import noise_fill
from course_lib.models.weights_bert import from_bert

SIZES = {"vocab_size": 23, "d_model": 12, "n_heads": 3, "n_layers": 2, "d_ff": 17, "max_len": 11}


def without_pooler(state):
    return {name: value for name, value in state.items() if not name.startswith("pooler")}


def test_bert_agrees_with_hugging_face_gradients_too():
    from transformers import BertConfig, BertModel

    theirs = BertModel(
        BertConfig(
            vocab_size=23,
            hidden_size=12,
            num_attention_heads=3,
            num_hidden_layers=2,
            intermediate_size=17,
            max_position_embeddings=11,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        ),
        add_pooling_layer=False,
    ).double()
    noise_fill(theirs, seed=0)
    bert = ours.Bert(**SIZES).double()
    bert.load_state_dict(without_pooler(from_bert(theirs.state_dict())))
    tokens = torch.randint(23, (4, 7), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(7) < torch.tensor([[7], [3], [5], [1]])
    segments = (torch.arange(7) > 2).long().expand(4, 7)
    out = bert(tokens, mask, segments)
    due = theirs(
        input_ids=tokens, attention_mask=mask.long(), token_type_ids=segments
    ).last_hidden_state
    assert torch.allclose(out[mask], due[mask], atol=1e-9)
    out[mask].square().sum().backward()
    due[mask].square().sum().backward()
    mine, other = bert.segments.weight.grad, theirs.embeddings.token_type_embeddings.weight.grad
    assert torch.allclose(mine, other, rtol=1e-9, atol=1e-9)


def test_minilm_runs_in_the_learners_class_and_ranks_alike():
    course = pretrained_encoder()
    bert = ours.Bert(
        vocab_size=30_522, d_model=384, n_heads=12, n_layers=6, d_ff=1536, max_len=512
    ).eval()
    bert.load_state_dict(without_pooler(course.state_dict()))
    tokens, mask = tokenize([one for pair in PARAPHRASES for one in pair])
    with torch.no_grad():
        hidden = bert(tokens, mask, torch.zeros_like(tokens))
        due, vectors = course(tokens, mask), text_vectors(course, tokens, mask)
    assert torch.allclose(hidden[mask], due[mask], atol=1e-4)
    places, _ = ours.nearest(ours.mean_pool(hidden, mask)[0], ours.mean_pool(hidden, mask), 9)
    assert places.tolist() == (vectors @ vectors[0]).topk(9).indices.tolist()


def test_pairs_are_packed_as_the_tokenizer_packs_them():
    for second in ("On the mat.", None):
        texts = ["Where is the cat?"] + ([second] if second else [])
        theirs = encoder_tokenizer().encode(*texts)
        ids = [encoder_tokenizer().encode(one, add_special_tokens=False).ids for one in texts]
        first, other = ids[0], ids[1] if second else None
        assert ours.pack_pair(first, other, 101, 102) == (theirs.ids, theirs.type_ids)


@pytest.mark.parametrize("seed", range(20))
def test_scores_are_those_of_scikit_learn(seed):
    rng = generator(seed)
    n, classes = int(rng.integers(1, 30)), int(rng.integers(2, 6))
    said, true = (torch.from_numpy(rng.integers(classes, size=n)) for _ in range(2))
    names = list(range(classes))
    due = precision_recall_fscore_support(true, said, labels=names, zero_division=0)
    *parts, macro = ours.class_scores(said, true, classes)
    for one, theirs in zip(parts, due, strict=False):
        assert np.allclose(one, theirs)
    average = f1_score(true, said, labels=names, average="macro", zero_division=0)
    assert macro.item() == pytest.approx(average)


def test_masks_have_the_shares_that_are_claimed():
    rng = torch.Generator().manual_seed(0)
    tokens = torch.full((200, 500), 7)
    choose, change = (torch.rand(tokens.shape, generator=rng) for _ in range(2))
    special = torch.zeros_like(tokens).bool()
    inputs, chosen = ours.mask_tokens(tokens, special, choose, change, tokens + 1, 0)
    assert chosen.float().mean().item() == pytest.approx(0.15, abs=0.005)
    shares = [(inputs[chosen] == token).float().mean().item() for token in (0, 8, 7)]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.01)
    assert (inputs == tokens)[~chosen].all()


def test_a_module_that_is_told_by_attribute_freezes_nothing():
    def told(model, n_frozen):
        model.requires_grad_(True)
        model.encoder.requires_grad = False

    result = check_exercise(LESSON.exercise("freeze"), told)
    assert result.diagnosis == "attribute_of_a_module"


def test_new_masks_beat_one_mask_in_every_recorded_seed():
    log = masking_log()
    one, ten, new = (log.losses(way)[:, -1] for way in ("static", "ten masks", "dynamic"))
    assert len(one) == len(ten) == len(new) == 3
    assert (new + 1 < one).all()
    assert abs(ten.mean() - new.mean()) < 0.1
    assert (one > log.facts["unigram"]).all()
    assert (log.losses("static", "read")[:, -1] > log.facts["unigram"]).all()


def test_the_encoder_beats_the_bag_of_words_in_every_recorded_seed():
    log = sentiment_log()
    words, frozen, tuned = map(log.f1, ("bag of words", "frozen encoder", "two blocks tuned"))
    assert len(words) == 3
    assert (frozen > words + 0.1).all()
    assert (tuned > words + 0.1).all()
    assert abs(tuned.mean() - frozen.mean()) < 0.05
