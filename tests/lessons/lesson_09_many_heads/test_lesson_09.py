"""What lesson 09 says about its task and about MiniLM, held to what they do."""

import torch

from course_lib.attention.multi_head import MultiHeadAttention, weighted_norms
from course_lib.data.pretrained import encoder_tokenizer
from course_lib.data.sentences import PAIRS
from course_lib.lessons.lesson_09_many_heads.neighbours import Neighbours, circles, train_neighbours
from course_lib.lessons.lesson_09_many_heads.reference import referent_shift
from course_lib.models.minilm import pretrained_encoder, text_vectors, tokenize


def look(text):
    """Return MiniLM's weights for one text, (6, 12, T, T), and its tokens."""
    tokens, _ = tokenize([text])
    weights = pretrained_encoder().attention_weights(tokens)[:, 0]
    return weights, encoder_tokenizer().encode(text).tokens


def shifts(pair, other):
    before, words = look(pair.filled(pair.means_first))
    after, _ = look(pair.filled(other))
    return referent_shift(before, after, words.index("it"), words.index(pair.first))


def moved():
    return torch.stack([shifts(pair, pair.means_second) for pair in PAIRS])


def test_two_heads_solve_what_one_cannot(monkeypatch):
    monkeypatch.setenv("COURSE_QUIET", "1")
    torch.set_num_threads(1)
    shares = {n: train_neighbours(MultiHeadAttention, n, seed=0, steps=300)[1] for n in (1, 2)}
    assert shares[2] > 0.95
    assert shares[1] < 0.5


def test_one_head_has_as_many_parameters_as_two():
    sizes = [sum(p.numel() for p in Neighbours(MultiHeadAttention, n).parameters()) for n in (1, 2)]
    assert sizes == [1360, 1360]


def test_two_heads_set_by_hand_solve_it_without_training():
    model = Neighbours(MultiHeadAttention, 2, d_model=16)
    for parameter in model.parameters():
        parameter.data.zero_()
    # Places are one-hot in 8 of 16 columns; head 0 scores s = t − 1, head 1 scores s = t + 1.
    eye = torch.eye(8)
    model.places.data[:, :8] = eye
    model.attn.w_q.weight.data[:8, :8] = 100 * eye
    model.attn.w_q.weight.data[8:, :8] = 100 * eye
    model.attn.w_k.weight.data[:8, :8] = eye.roll(1, 0)
    model.attn.w_k.weight.data[8:, :8] = eye.roll(-1, 0)
    model.attn.w_v.weight.data[:8], model.attn.w_v.weight.data[8:] = eye, eye
    model.attn.w_o.weight.data = torch.eye(16)
    model.read.weight.data = torch.eye(16)
    letters, answers = circles(200, torch.Generator().manual_seed(0))
    assert (model(letters).argmax(-1) == answers).all()


def test_a_view_tears_tokens_apart():
    rows = torch.arange(1, 13).view(3, 4)
    assert rows.view(2, 3, 2)[0].tolist() == [[1, 2], [3, 4], [5, 6]]


def test_the_head_with_071_is_no_link_and_the_other_one_moves():
    (before, words), (after, _) = (look(PAIRS[0].filled(word)) for word in ("tired", "soft"))
    it, cat = words.index("it"), words.index("cat")
    assert round(before[5, 11, it, cat].item(), 2) == 0.71
    assert round(after[5, 11, it, cat].item(), 2) == 0.68
    assert before[5, 11, :, cat].mean() > 0.6
    assert round(before[3, 1, it, cat].item(), 2) == 0.49
    assert round(after[3, 1, it, cat].item(), 2) == 0.15


def test_one_head_follows_the_referent_on_pairs_it_was_not_chosen_on():
    found = moved()
    assert divmod(found[:6].mean(0).argmax().item(), 12) == (3, 1)
    assert divmod(found[6:].mean(0).argmax().item(), 12) == (3, 1)
    assert found[6:, 3, 1].mean() > 0.1
    control = torch.stack([shifts(pair, pair.still_first) for pair in PAIRS])
    assert 0.03 < control[:, 3, 1].mean() < 0.07
    others = found.mean(0).flatten().sort(descending=True).values
    assert others[1] < 0.06


def test_the_head_fails_on_the_cow_and_on_the_child():
    seen = {}
    for pair in PAIRS:
        for last in (pair.means_first, pair.means_second):
            weights, words = look(pair.filled(last))
            seen[pair.first, last] = weights[3, 1, words.index("it"), words.index(pair.first)]
    assert round(seen["cow", "tired"].item(), 2) == 0.82
    assert round(seen["cow", "large"].item(), 2) == 0.84
    assert round(seen["child", "hungry"].item(), 2) == 0.03


def test_in_the_control_it_moves_by_a_tenth_on_single_sentences():
    control = torch.stack([shifts(pair, pair.still_first) for pair in PAIRS])[:, 3, 1]
    assert 0.09 < control.abs().mean() < 0.12


def test_sinks_take_most_by_weight_and_a_quarter_by_norm():
    shares = torch.stack([sinks(pair.filled(pair.means_first)) for pair in PAIRS]).mean(0)
    assert shares[0].min() > 0.38 and shares[0].max() < 0.70
    assert shares[1].min() > 0.09 and shares[1].max() < 0.31


def sinks(text):
    """Return (2, 6): the share of [CLS], "." and [SEP] by weight and by norm, a layer each."""
    weights, words = look(text)
    at = [words.index(word) for word in ("[CLS]", ".", "[SEP]")]
    encoder, (tokens, _) = pretrained_encoder(), tokenize([text])
    norms = []
    for block, x in zip(encoder.blocks, encoder.hidden_states(tokens), strict=False):
        w, (_, _, v) = block.attn.weights(x, x), block.attn.project(x, x, x)
        norms.append(weighted_norms(w, v, block.attn.w_o.weight)[0])
    by_norm = torch.stack(norms) / torch.stack(norms).sum(-1, keepdim=True)
    return torch.stack([one[..., at].sum(-1).mean((1, 2)) for one in (weights, by_norm)])


def test_cls_takes_between_25_and_62_per_cent():
    share = torch.stack(
        [look(pair.filled(pair.means_first))[0][..., 0].mean((1, 2)) for pair in PAIRS]
    )
    assert 0.24 < share.mean(0).min() < 0.26
    assert 0.61 < share.mean(0).max() < 0.63


def test_a_head_looks_at_the_word_before():
    weights, _ = look(PAIRS[0].filled("tired"))
    assert weights[0, 2].diagonal(-1).mean() > 0.95


def test_no_single_head_turns_a_vector_far():
    encoder = pretrained_encoder()
    batch = tokenize([pair.filled(pair.means_first) for pair in PAIRS])
    before = text_vectors(encoder, *batch)
    angles = []
    for head in range(12):  # The last layer's matter most.
        with encoder.without([(5, head)]):
            cosines = (text_vectors(encoder, *batch) * before).sum(-1)
        angles.append(cosines.clamp(max=1).arccos().rad2deg().mean())
    assert 20 < max(angles) < 23


def test_pytorchs_masks_say_blocked():
    theirs = torch.nn.MultiheadAttention(4, 1, batch_first=True)
    x, causal = torch.randn(1, 5, 4), torch.ones(5, 5, dtype=torch.bool).tril()
    _, weights = theirs(x, x, x, attn_mask=causal)
    assert (weights[0, :4].tril() == 0).all()
    assert weights[0, 4].isnan().all()
