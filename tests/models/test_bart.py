"""BART's weights in the course's transformer: logits and gradients equal."""

import warnings

import pytest
import torch
from torch import nn

from course_lib.models.transformer import Transformer, TransformerConfig
from course_lib.models.weights import from_bart, noise_fill

CONFIG = TransformerConfig(
    vocab_size=37, d_model=24, n_heads=3, n_layers=2, n_decoder_layers=1, d_ff=31, max_len=14,
    positions="learned", norm_embeddings=True, head_bias=True, scale_embeddings=False,
    activation="gelu", pad=1, start=2, end=2,
)  # fmt: skip
SOURCE = torch.tensor([[5, 9, 12, 3, 30, 7, 2], [8, 0, 36, 2, 1, 1, 1]])
TARGET = torch.tensor([[2, 4, 19, 6, 6], [2, 33, 10, 0, 5]])


def bart() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import BartConfig, BartForConditionalGeneration

        theirs = BartForConditionalGeneration(
            BartConfig(
                vocab_size=37, d_model=24, encoder_layers=2, decoder_layers=1,
                encoder_attention_heads=3, decoder_attention_heads=3, encoder_ffn_dim=31,
                decoder_ffn_dim=31, max_position_embeddings=14,
            )
        )  # fmt: skip
    noise_fill(theirs, seed=4)
    theirs.final_logits_bias.copy_(torch.randn(37, generator=torch.Generator().manual_seed(1)))
    return theirs.eval()


@pytest.mark.parametrize("dtype, bar", [(torch.float32, 1e-4), (torch.float64, 1e-9)])
def test_logits_and_gradients_are_theirs(dtype: torch.dtype, bar: float) -> None:
    theirs, ours = bart().to(dtype), Transformer(CONFIG).eval().to(dtype)
    ours.load_state_dict(from_bart(theirs.state_dict()))
    due = theirs(
        input_ids=SOURCE, attention_mask=(SOURCE != 1).long(), decoder_input_ids=TARGET
    ).logits
    got = ours(SOURCE, TARGET)
    assert due.std() > 0.1 and (got - due).abs().max() <= bar
    due.sin().sum().backward()
    got.sin().sum().backward()
    gradients = {name: p.grad for name, p in theirs.named_parameters(remove_duplicate=False)}
    translated = from_bart(gradients)
    for name, parameter in ours.named_parameters():
        if name not in ("head.bias", "source_embed.weight", "target_embed.weight"):
            assert parameter.grad.abs().max() > 0
            torch.testing.assert_close(parameter.grad, translated[name], atol=bar, rtol=bar)
    # One table reads the source, reads the target and names tokens: three names, one gradient.
    words = ours.head.weight.grad - gradients["model.shared.weight"]
    assert words.abs().max() <= bar
