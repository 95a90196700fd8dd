"""The readable BERT and its masked-language head against Hugging Face's, on the same weights."""

import warnings

import pytest
import torch
from torch import nn

from course_lib.models.bert import Bert, BertConfig, MaskedLanguageModel
from course_lib.models.weights_bert import from_bert, from_bert_lm

CONFIG = BertConfig(vocab_size=41, d_model=24, n_heads=3, n_layers=2, d_ff=35, max_len=13)
TOKENS = torch.tensor([[1, 7, 12, 2, 30, 8, 2], [1, 40, 3, 5, 2, 0, 0]])
MASK = TOKENS != 0
SEGMENTS = torch.tensor([[0, 0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 0, 0]])


def hugging_face(name: str) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers

        theirs = getattr(transformers, name)(
            transformers.BertConfig(
                vocab_size=41, hidden_size=24, num_attention_heads=3, num_hidden_layers=2,
                intermediate_size=35, max_position_embeddings=13,
            )
        )  # fmt: skip
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator))
    return theirs.eval()


PRECISIONS = pytest.mark.parametrize("dtype, bar", [(torch.float32, 1e-4), (torch.float64, 1e-9)])


@PRECISIONS
def test_hidden_states_pooling_and_gradients_are_theirs(dtype: torch.dtype, bar: float) -> None:
    theirs, ours = hugging_face("BertModel").to(dtype), Bert(CONFIG).eval().to(dtype)
    ours.load_state_dict(from_bert(theirs.state_dict()))
    due = theirs(TOKENS, attention_mask=MASK.long(), token_type_ids=SEGMENTS)
    hidden = ours(TOKENS, MASK, SEGMENTS)
    assert ((hidden - due.last_hidden_state)[MASK]).abs().max() <= bar
    assert (ours.pool(hidden) - due.pooler_output).abs().max() <= bar
    (due.last_hidden_state[MASK].sin().sum() + due.pooler_output.sum()).backward()
    (hidden[MASK].sin().sum() + ours.pool(hidden).sum()).backward()
    _same_gradients(ours, from_bert({name: p.grad for name, p in theirs.named_parameters()}), bar)


@PRECISIONS
def test_guesses_and_gradients_are_theirs(dtype: torch.dtype, bar: float) -> None:
    theirs = hugging_face("BertForMaskedLM").to(dtype)
    ours = MaskedLanguageModel(Bert(CONFIG)).eval().to(dtype)
    missing = ours.load_state_dict(from_bert_lm(theirs.state_dict()), strict=False)
    assert missing.missing_keys == ["bert.pooler.weight", "bert.pooler.bias"]
    due = theirs(TOKENS, attention_mask=MASK.long(), token_type_ids=SEGMENTS).logits
    got = ours(TOKENS, MASK, SEGMENTS)
    assert due.std() > 0.1 and (got - due)[MASK].abs().max() <= bar
    due[MASK].sin().sum().backward()
    got[MASK].sin().sum().backward()
    gradients = from_bert_lm({name: p.grad for name, p in theirs.named_parameters()})
    _same_gradients(ours, gradients, bar, but="pooler")


def _same_gradients(
    ours: nn.Module, gradients: dict[str, torch.Tensor], bar: float, but: str = "-"
) -> None:
    for name, parameter in ours.named_parameters():
        if but not in name:
            assert parameter.grad.abs().max() > 0
            torch.testing.assert_close(parameter.grad, gradients[name], atol=bar, rtol=bar)


def test_left_out_segments_are_the_first() -> None:
    ours = Bert(CONFIG).eval()
    assert torch.equal(ours(TOKENS, MASK), ours(TOKENS, MASK, torch.zeros_like(TOKENS)))
    assert not torch.allclose(ours(TOKENS, MASK), ours(TOKENS, MASK, SEGMENTS), atol=1e-4)


def test_attention_weights_ignore_padding() -> None:
    weights = Bert(CONFIG).eval().attention_weights(TOKENS, MASK, SEGMENTS)
    assert weights.shape == (2, 2, 3, 7, 7)
    assert weights[:, 1, :, :, 5:].abs().max() == 0
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 3, 7))


def test_the_table_is_shared() -> None:
    model = MaskedLanguageModel(Bert(CONFIG))
    assert sum(p.shape == (41, 24) for p in model.parameters()) == 1
    assert model.bias.shape == (41,)


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="n_segments = 0: it is 1 or more"):
        BertConfig(n_segments=0)
