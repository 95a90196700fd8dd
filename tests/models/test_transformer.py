"""The transformer against `nn.Transformer` and Marian on the same weights."""

import warnings

import pytest
import torch
import torch.nn.functional as F
from foreign import TOLERANCE, all_gradients, assert_equal_states, loaded
from torch import nn

from course_lib.attention.causality import assert_causal
from course_lib.attention.masks import causal_mask
from course_lib.models.transformer import Transformer, TransformerConfig
from course_lib.models.weights import from_marian, from_torch_transformer, noise_fill

SIZES = {"d_model": 12, "n_heads": 3, "n_layers": 2, "n_decoder_layers": 1, "d_ff": 20}
SOURCE = torch.tensor([[5, 6, 7, 8, 9, 2, 0], [10, 3, 4, 2, 0, 0, 0]])
TARGET = torch.tensor([[1, 11, 12, 13, 14], [1, 3, 15, 0, 0]])
LABELS = torch.tensor([[11, 12, 13, 14, 2], [3, 15, 2, 0, 0]])


def small(seed=0, **options):
    """Return a transformer filled with noise, in evaluation."""
    config = TransformerConfig(**{"vocab_size": 17, "max_len": 9} | SIZES | options)
    return noise_fill(Transformer(config), seed).eval()


def loss(logits, pad=0):
    """Return the mean cross-entropy of what is no padding."""
    return F.cross_entropy(logits.flatten(0, 1), LABELS.flatten(), ignore_index=pad)


# ---------------------------------------------------------------- nn.Transformer


def pytorch_logits(theirs, ours):
    """Return what `nn.Transformer` says between our embeddings and our head."""
    hidden = theirs(
        ours.read_source(SOURCE),
        ours.read_target(TARGET),
        tgt_mask=~causal_mask(5),
        src_key_padding_mask=SOURCE == 0,
        tgt_key_padding_mask=TARGET == 0,
        memory_key_padding_mask=SOURCE == 0,
    )
    return ours.head(hidden)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("norm_first", [False, True], ids=["post", "pre"])
def test_logits_and_gradients_are_pytorchs(norm_first, activation, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells which fast path it will not take
        theirs = nn.Transformer(
            12, 3, 2, 1, 20, 0.0, activation, batch_first=True, norm_first=norm_first
        )
    theirs = noise_fill(theirs, seed=7).to(dtype).train()
    ours = small(norm_first=norm_first, activation=activation, last_norm=True).to(dtype)
    missing = ours.load_state_dict(from_torch_transformer(theirs.state_dict()), strict=False)
    assert not missing.unexpected_keys
    assert all("embed" in name or "head" in name for name in missing.missing_keys)

    due = pytorch_logits(theirs, ours)
    loss(due).backward()
    embeddings = ours.target_embed.weight.grad.clone()
    ours.zero_grad()
    out = ours(SOURCE, TARGET)
    loss(out).backward()

    assert (out - due).abs().max() <= TOLERANCE[dtype]
    assert (ours.target_embed.weight.grad - embeddings).abs().max() <= TOLERANCE[dtype]
    stacks = {k: g for k, g in all_gradients(ours).items() if k.startswith(("encoder", "decoder"))}
    assert_equal_states(stacks, from_torch_transformer(all_gradients(theirs)), dtype)


# ---------------------------------------------------------------- Marian


def marian(*, shared=True, scale=True, activation="relu"):
    """Return Hugging Face's Marian, filled with noise; its bias of logits too."""
    from transformers import MarianConfig, MarianMTModel

    config = MarianConfig(
        vocab_size=17 if shared else 19,
        decoder_vocab_size=17,
        d_model=12,
        encoder_layers=2,
        decoder_layers=1,
        encoder_attention_heads=3,
        decoder_attention_heads=3,
        encoder_ffn_dim=20,
        decoder_ffn_dim=20,
        max_position_embeddings=9,
        activation_function=activation,
        scale_embedding=scale,
        share_encoder_decoder_embeddings=shared,
        dropout=0.0,
        attention_dropout=0.0,
        pad_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=0,
        forced_eos_token_id=None,
    )
    model = MarianMTModel(config)
    tables = [side.embed_positions.weight for side in sides(model)]
    kept = [table.detach().clone() for table in tables]
    noise_fill(model, seed=9)
    for table, before in zip(tables, kept, strict=True):
        table.data = before
    model.final_logits_bias.normal_(generator=torch.Generator().manual_seed(1))
    return model.eval()


def sides(model):
    """Return Marian's encoder and decoder."""
    return model.model.encoder, model.model.decoder


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "options",
    [{}, {"scale": False}, {"shared": False}, {"activation": "gelu"}],
    ids=["shared", "unscaled", "two vocabularies", "gelu"],
)
def test_logits_and_gradients_are_marians(options, dtype):
    theirs = marian(**options).to(dtype)
    ours = small(
        source_vocab_size=None if options.get("shared", True) else 19,
        positions="halves",
        head_bias=True,
        scale_embeddings=options.get("scale", True),
        activation=options.get("activation", "relu"),
        start=0,
    )
    loaded(ours, from_marian(theirs.state_dict()), dtype)
    for side in sides(theirs):  # they round their table to float32, whatever the model's dtype
        assert (side.embed_positions.weight - ours.source_positions.table).abs().max() <= 1e-6
        side.embed_positions.weight.data = ours.source_positions.table
    target = torch.cat([torch.zeros_like(TARGET[:, :1]), TARGET[:, 1:]], dim=1)
    due = theirs(SOURCE, attention_mask=(SOURCE != 0).long(), decoder_input_ids=target).logits
    out = ours(SOURCE, target)
    assert (out - due)[TARGET != 0].abs().max() <= TOLERANCE[dtype]
    loss(due).backward()
    loss(out).backward()
    grads = all_gradients(theirs)
    assert_equal_states(
        {k: g for k, g in all_gradients(ours).items() if k != "head.bias"},
        from_marian(grads),
        dtype,
    )


# ---------------------------------------------------------------- on its own


def test_padding_of_the_source_changes_nothing():
    ours = small()
    alone = ours(SOURCE[1:, :4], TARGET[1:])
    assert torch.allclose(ours(SOURCE, TARGET)[1:], alone, atol=1e-5)


def test_padding_of_the_target_changes_nothing():
    ours = small()
    alone = ours(SOURCE[1:], TARGET[1:, :3])
    assert torch.allclose(ours(SOURCE, TARGET)[1:, :3], alone, atol=1e-5)


def test_an_empty_source_gives_finite_logits_and_gradients():
    ours = small()
    logits = ours(torch.zeros_like(SOURCE), TARGET)
    loss(logits).backward()
    assert logits.isfinite().all()
    assert all(gradient.isfinite().all() for gradient in all_gradients(ours).values())


def test_no_target_token_sees_a_later_one():
    ours = small().double()
    memory = ours.encode(SOURCE[:1])

    def decode(x):
        for block in ours.decoder:
            x = block(x, memory, ours.target_mask(TARGET[:1]))
        return ours.head(ours.decoder_norm(x))

    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 12, generator=generator, dtype=torch.float64)
    assert_causal(lambda x: decode(x[None])[0], x)


def test_decode_and_encode_make_the_forward_pass():
    ours = small(norm_first=True)
    assert torch.equal(ours(SOURCE, TARGET), ours.decode(TARGET, ours.encode(SOURCE), SOURCE))


def test_cross_attention_sums_to_one_over_what_is_no_padding():
    weights = small(n_decoder_layers=4).cross_attention(SOURCE, TARGET)
    assert weights.shape == (4, 2, 3, 5, 7)
    assert torch.allclose(weights.sum(-1), torch.ones(4, 2, 3, 5), atol=1e-6)
    assert (weights[:, 1, :, :, 4:] == 0).all()


@pytest.mark.parametrize(
    "tie, source_vocab_size, same_head, same_source",
    [(True, None, True, True), (True, 19, True, False), (False, None, False, False)],
)
def test_tables_are_tied_as_told(tie, source_vocab_size, same_head, same_source):
    ours = small(tie=tie, source_vocab_size=source_vocab_size)
    assert (ours.head.weight is ours.target_embed.weight) == same_head
    assert (ours.source_embed.weight is ours.target_embed.weight) == same_source


@pytest.mark.parametrize("positions", ["interleaved", "halves", "learned"])
def test_order_matters(positions):
    ours = small(positions=positions)
    swapped = SOURCE[:, [1, 0, 2, 3, 4, 5, 6]]
    assert not torch.allclose(ours(SOURCE, TARGET), ours(swapped, TARGET), atol=1e-4)


def test_halves_are_marians_layout():
    table = small(positions="halves").source_positions.table
    assert torch.allclose(table[:, 0], torch.arange(9).sin(), atol=1e-6)
    assert torch.allclose(table[:, 6], torch.arange(9).cos(), atol=1e-6)


def test_embeddings_are_scaled_by_the_root_of_the_width():
    scaled, plain = small(positions="learned"), small(positions="learned", scale_embeddings=False)
    at = plain.source_positions.table[:7]
    assert torch.allclose(
        scaled.read_source(SOURCE) - at, 12**0.5 * (plain.read_source(SOURCE) - at), atol=1e-5
    )


def test_first_weights_have_the_spread_they_should():
    torch.manual_seed(0)
    sizes = {"d_model": 96, "n_heads": 4, "n_layers": 1, "d_ff": 192}
    ours = Transformer(TransformerConfig(vocab_size=701, **sizes))
    assert ours.target_embed.weight.std().item() == pytest.approx(96**-0.5, rel=0.02)
    glorot = (2 / (96 + 192)) ** 0.5
    assert ours.encoder[0].ff.w_in.weight.std().item() == pytest.approx(glorot, rel=0.02)
    assert all((p == 0).all() for name, p in ours.named_parameters() if name.endswith("w_q.bias"))


def test_parameters_count_once():
    assert small().n_parameters() == small(tie=False).n_parameters() - 2 * 17 * 12


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_heads": 5}, "d_model = 12 does not split into 5 heads"),
        ({"n_decoder_layers": 0}, "n_decoder_layers = 0: it is 1 or more"),
        ({"positions": "none"}, "positions is one of interleaved, halves, learned, not 'none'"),
        ({"end": 17}, "end = 17 is no token of a vocabulary of 17"),
        ({"source_vocab_size": 2}, "end = 2 is no token of a vocabulary of 2"),
        ({"d_model": 9, "n_heads": 3}, "d = 9 does not split into pairs"),
    ],
)
def test_wrong_configs_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


@pytest.mark.parametrize("positions", ["interleaved", "learned"])
def test_too_long_a_sentence_is_told(positions):
    with pytest.raises(ValueError, match="10 tokens need 10 positions; the table was made for 9"):
        small(positions=positions).encode(torch.ones(1, 10, dtype=torch.long))
