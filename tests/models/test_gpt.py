"""The GPT against Hugging Face's GPT-2 on the same weights, and its cache."""

import pytest
import torch
import torch.nn.functional as F
from foreign import TOLERANCE, all_gradients, assert_equal_states, loaded

from course_lib.attention.causality import assert_causal
from course_lib.models.cache import KVCache, bottom_right_mask
from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.weights import from_gpt2, noise_fill

TOKENS = torch.tensor([[3, 14, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 0]])


def small(seed=0, **options):
    """Return a GPT filled with noise, in evaluation."""
    sizes = {"vocab_size": 17, "max_len": 11, "d_model": 12, "n_heads": 3, "n_layers": 2}
    return noise_fill(GPT(GPTConfig(**sizes | options)), seed).eval()


def gpt2(*, d_ff=None, tie=True):
    """Return Hugging Face's GPT-2, filled with noise."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=17,
        n_positions=11,
        n_embd=12,
        n_layer=2,
        n_head=3,
        n_inner=d_ff,
        bos_token_id=0,
        eos_token_id=0,
        tie_word_embeddings=tie,
    )
    return noise_fill(GPT2LMHeadModel(config), seed=4).eval()


def loss(logits):
    """Return the mean cross-entropy of the next tokens."""
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), TOKENS[:, 1:].flatten())


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "options", [{}, {"d_ff": 20}, {"tie": False}], ids=["plain", "d_ff", "untied"]
)
def test_logits_and_gradients_are_hugging_faces(options, dtype):
    theirs = gpt2(**options).to(dtype)
    ours = loaded(small(**options), from_gpt2(theirs.state_dict()), dtype)
    due, out = theirs(TOKENS).logits, ours(TOKENS)
    assert (out - due).abs().max() <= TOLERANCE[dtype]
    loss(due).backward()
    loss(out).backward()
    assert_equal_states(all_gradients(ours), from_gpt2(all_gradients(theirs)), dtype)


def test_attention_weights_are_hugging_faces():
    theirs = gpt2()
    ours = loaded(small(), from_gpt2(theirs.state_dict()), torch.float32)
    theirs.set_attn_implementation("eager")
    due = torch.stack(theirs(TOKENS, output_attentions=True).attentions)
    weights = ours.attention_weights(TOKENS)
    assert weights.shape == (2, 2, 3, 7, 7)
    assert (weights - due).abs().max() <= 1e-4


def test_no_token_sees_a_later_one():
    ours = small().double()

    def read(x):
        for block in ours.blocks:
            x = block(x)
        return ours.head(ours.norm(x))

    generator = torch.Generator().manual_seed(0)
    x = torch.randn(6, 12, generator=generator, dtype=torch.float64)
    assert_causal(lambda x: read(x[None])[0], x)


# ---------------------------------------------------------------- cache


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("cuts", [[1] * 7, [4, 3], [2, 1, 4], [7], [1, 5, 1]], ids=str)
@torch.no_grad()
def test_cached_logits_are_the_uncached_ones(cuts, dtype):
    ours = small().to(dtype)
    cache, parts = ours.new_cache(batch=2), []
    for chunk in TOKENS.split(cuts, dim=1):
        parts.append(ours(chunk, cache))
    assert cache.length == 7
    assert (torch.cat(parts, dim=1) - ours(TOKENS)).abs().max() <= TOLERANCE[dtype] / 10


def test_the_mask_sits_at_the_bottom_right():
    for n_queries, n_keys in ((1, 5), (3, 5), (5, 5)):
        due = torch.ones(n_keys, n_keys, dtype=torch.bool).tril()[n_keys - n_queries :]
        assert torch.equal(bottom_right_mask(n_queries, n_keys), due)


def test_a_full_cache_is_told():
    cache = KVCache(n_layers=1, batch=2, n_heads=3, max_len=4, d_head=5)
    rows = torch.zeros(2, 3, 3, 5)
    cache.append(0, rows, rows)
    with pytest.raises(ValueError, match="6 positions are too many: the cache has room for 4"):
        cache.append(0, rows, rows)


def test_a_cache_grows_when_the_last_layer_has_written():
    cache = KVCache(n_layers=2, batch=1, n_heads=3, max_len=4, d_head=5)
    k, v = torch.randn(2, 1, 3, 2, 5)
    cache.append(0, k, v)
    assert cache.length == 0
    kept_k, kept_v = cache.append(1, k, v)
    assert cache.length == 2 and torch.equal(kept_k, k) and torch.equal(kept_v, v)


def test_a_cache_takes_the_memory_it_says():
    cache = small().half().new_cache(batch=5, max_len=7)
    assert cache.keys.dtype == torch.float16
    assert cache.n_bytes() == 2 * 2 * 5 * 3 * 7 * 4 * 2  # two, bytes, B, H, positions, d_head, L


# ---------------------------------------------------------------- sizes


def test_parameters_of_gpt2_are_counted():
    with torch.device("meta"):
        gpt = GPT(GPTConfig(vocab_size=50257, max_len=1024, d_model=768, n_heads=12, n_layers=12))
    assert gpt.n_parameters() == 124_439_808


def test_first_weights_shrink_with_depth():
    torch.manual_seed(0)
    gpt = GPT(GPTConfig(vocab_size=31, max_len=8, d_model=96, n_heads=4, n_layers=8))
    block = gpt.blocks[5]
    assert block.attn.w_qkv.weight.std().item() == pytest.approx(0.02, rel=0.03)
    assert block.ff.w_out.weight.std().item() == pytest.approx(0.02 / 4, rel=0.03)
    assert block.attn.w_o.weight.std().item() == pytest.approx(0.02 / 4, rel=0.03)
    assert (block.attn.w_qkv.bias == 0).all()


def test_a_fresh_gpt_knows_nothing():
    torch.manual_seed(0)
    gpt = GPT(GPTConfig(vocab_size=31, max_len=8, d_model=96, n_heads=4, n_layers=3))
    logits = gpt(torch.randint(31, (5, 8)))
    guess = F.cross_entropy(logits.flatten(0, 1), torch.randint(31, (40,)))
    assert guess.item() == pytest.approx(torch.tensor(31.0).log().item(), abs=0.1)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_heads": 5}, "d_model = 12 does not split into 5 heads"),
        ({"vocab_size": 0}, "vocab_size = 0: it is 1 or more"),
        ({"d_ff": 0}, "d_ff = 0: it is 1 or more"),
        ({"dropout": -0.1}, "dropout = -0.1: it is 0 or more"),
    ],
)
def test_wrong_sizes_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


def test_too_long_a_text_is_told():
    with pytest.raises(ValueError, match="12 tokens need 12 positions; the model was made for 11"):
        small()(torch.zeros(1, 12, dtype=torch.long))
    with pytest.raises(ValueError, match="a cache of 12 is too long: the model knows 11"):
        small().new_cache(1, 12)
