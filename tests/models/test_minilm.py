"""The readable encoder against Hugging Face's BERT on the same weights."""

import warnings

import pytest
import torch

from course_lib.data import pretrained
from course_lib.data.pretrained import encoder_tokenizer
from course_lib.data.sentences import PAIRS, PARAPHRASES
from course_lib.errors import CourseError
from course_lib.models.bert import Bert, BertConfig
from course_lib.models.minilm import (
    pretrained_encoder,
    text_vectors,
    tokenize,
)

TEXTS = [
    "The cat sat on the mat because it was tired.",
    "Hello.",
    "A longer one, with antidisestablishmentarianism and 1,234 other things!",
]


@pytest.fixture(scope="module")
def theirs():
    """Hugging Face's answer: hidden states and attentions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import BertConfig, BertModel

        config = BertConfig.from_json_file(pretrained.folder() / "config.json")
        config._attn_implementation = "eager"
        bert = BertModel(config, add_pooling_layer=False).eval()
    weights = {k: v for k, v in pretrained.encoder_weights().items() if not k.startswith("pooler")}
    weights.pop("embeddings.position_ids")
    bert.load_state_dict(weights, strict=False)
    tokens, mask = tokenize(TEXTS)
    with torch.no_grad():
        return bert(
            tokens, attention_mask=mask.long(), output_hidden_states=True, output_attentions=True
        )


def test_hidden_states_are_those_of_hugging_face(theirs):
    tokens, mask = tokenize(TEXTS)
    ours = pretrained_encoder().hidden_states(tokens, mask)
    assert len(ours) == len(theirs.hidden_states) == 7
    for mine, due in zip(ours, theirs.hidden_states, strict=True):
        assert ((mine - due) * mask[..., None]).abs().max() <= 1e-4


def test_attention_weights_are_those_of_hugging_face(theirs):
    tokens, mask = tokenize(TEXTS)
    ours = pretrained_encoder().attention_weights(tokens, mask)
    assert ours.shape[:3] == (6, 3, 12)
    for mine, due in zip(ours, theirs.attentions, strict=True):
        assert (mine - due).abs().max() <= 1e-4


def test_padding_changes_nothing():
    alone, _ = tokenize(TEXTS[:1])
    tokens, mask = tokenize(TEXTS)
    encoder = pretrained_encoder()
    n = alone.shape[1]
    assert (encoder(tokens, mask)[0, :n] - encoder(alone)[0]).abs().max() <= 1e-5


def test_text_vectors_have_length_one_and_find_paraphrases():
    left, right = (tokenize(list(side)) for side in zip(*PARAPHRASES, strict=True))
    encoder = pretrained_encoder()
    a, b = text_vectors(encoder, *left), text_vectors(encoder, *right)
    assert torch.allclose(a.norm(dim=-1), torch.ones(len(a)), atol=1e-5)
    assert ((a @ b.T).argmax(1) == torch.arange(len(a))).all()


def test_a_silenced_head_comes_back():
    encoder = pretrained_encoder()
    tokens, mask = tokenize(TEXTS)
    before = encoder(tokens, mask)
    with encoder.without([(3, 1)]):
        assert not torch.allclose(encoder(tokens, mask), before, atol=1e-3)
    assert torch.equal(encoder(tokens, mask), before)


def test_the_pretrained_encoder_is_read_once_and_not_trained():
    encoder = pretrained_encoder()
    assert encoder is pretrained_encoder()
    assert not encoder.training
    assert not any(parameter.requires_grad for parameter in encoder.parameters())


def test_too_long_a_text_is_told():
    small = Bert(BertConfig(vocab_size=7, d_model=4, n_heads=2, n_layers=1, d_ff=8, max_len=3))
    with pytest.raises(ValueError, match="4 tokens are too many: the encoder has 3 places"):
        small(torch.zeros(1, 4, dtype=torch.long))


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="d_model = 384 does not split into 7 heads"):
        BertConfig(n_heads=7)


def test_altered_weights_are_not_used(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    monkeypatch.setattr(pretrained, "folder", lambda: tmp_path)
    with pytest.raises(CourseError, match=r"not the file .*force-reinstall"):
        pretrained.encoder_weights()


def test_a_missing_tokenizer_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "folder", lambda: tmp_path)
    with pytest.raises(CourseError, match=r"tokenizer\.json is not the file"):
        encoder_tokenizer.__wrapped__()


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.first for pair in PAIRS])
def test_the_sentences_of_a_pair_line_up(pair):
    tokenizer = encoder_tokenizer()
    rows = [
        tokenizer.encode(pair.filled(last)).tokens
        for last in (pair.means_first, pair.means_second, pair.still_first)
    ]
    assert len({len(row) for row in rows}) == 1
    for row in rows[1:]:
        assert [a == b for a, b in zip(rows[0], row, strict=True)].count(False) == 1
    assert rows[0].count("it") == rows[0].count(pair.first) == rows[0].count(pair.second) == 1
