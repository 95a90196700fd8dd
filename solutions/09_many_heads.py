# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 09 · Many heads
#
# 80 minutes in two sittings · needs 04 Scaled dot-product attention and 07 Self-attention · ten exercises, the first within three minutes.
#
# You will be able to
#
# - write multi-head attention, for one sequence or two, of any widths, so that it agrees with PyTorch's own module;
# - take a layer apart into what each head adds, and silence heads one by one in a real model;
# - tell a head that links two words from one that only seems to.

# %% [markdown]
# ## 1 · Split, attend, merge
#
# One softmax gives a query one mixture. What if it needs two things: the word before *and* the word after, its subject *and*
# its adjective? Then let several attentions run side by side, each in its own slice of the width:
#
# $$\operatorname{MultiHead}(Q, K, V) = \operatorname{Concat}(\mathrm{head}_1, \dots, \mathrm{head}_h)\, W^O$$
#
# with $\mathrm{head}_i = \operatorname{Attention}(QW_i^Q, KW_i^K, VW_i^V)$ (Vaswani et al. 2017, §3.2.2). We write `H` for the
# number of heads, and keep all $W_i^Q$ side by side in one matrix, `w_q`.

# %% setup
import torch
from course_lib import Lesson
from course_lib.attention.scaled_dot_product import scaled_dot_product_attention, scaled_scores
from course_lib.figures import bars, show, weights_heatmap
from torch import nn

lesson = Lesson("09")

# %% [markdown]
# By hand: a token of width 4, `(1, 2, 3, 4)`, and two heads. Head 0 gets `(1, 2)`, head 1 gets `(3, 4)`: neighbouring
# columns, `d_head = 4 / 2` each. The next token `(5, 6, 7, 8)` gives `(5, 6)` and `(7, 8)`.
#
# Attention multiplies the last two axes, which must be tokens and width. So the heads go in front, next to the batch:
# from `(B, T, d_model)` to `(B, H, T, d_head)`.

# %% demo
rows = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]])
print("a view of three tokens as two heads:")
print(rows.view(2, 3, 2))

# %% [markdown]
# A view moves no number: it reads memory in order and puts brackets elsewhere. So the "head" in front holds token 0 and half of
# token 1, not half of every token. The shape is right, no error comes, and a model with this bug even trains.

# %% [markdown]
# ### Exercise 9.1 · Split into heads
#
# Difficulty 1 of 3 · 5 minutes · the check proves that head h gets its own slice of every token, whatever the sizes.


# %% exercise
def split_heads(x, n_heads):
    """Return (B, H, T, d_head) from x (B, T, d_model): head h gets columns h·d_head … (h+1)·d_head − 1.

    >>> split_heads(torch.tensor([[[1, 2, 3, 4], [5, 6, 7, 8]]]), 2).tolist()
    [[[[1, 2], [5, 6]], [[3, 4], [7, 8]]]]
    """
    ### BEGIN SOLUTION
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2)
    ### END SOLUTION


# %% check
split_heads = lesson.check(split_heads)

# %% [markdown]
# Your split beside the view of above, for three tokens of four columns. Each number keeps the colour of the head that it belongs to:

# %% demo
from course_lib.figures.diagrams import split_heads_picture

numbered = torch.arange(1, 13).view(3, 4)
split_heads_picture(numbered, split_heads(numbered[None], 2)[0], numbered.view(2, 3, 2))

# %% [markdown]
# ### Exercise 9.2 · Merge the heads
#
# Difficulty 1 of 3 · 4 minutes · the check proves that merging undoes splitting: each row holds all heads of one token, side by
# side.


# %% exercise
def merge_heads(x):
    """Return (B, T, H·d_head) from x (B, H, T, d_head): the inverse of split_heads.

    >>> merge_heads(torch.tensor([[[[1, 2], [5, 6]], [[3, 4], [7, 8]]]]))
    tensor([[[1, 2, 3, 4],
             [5, 6, 7, 8]]])
    """
    ### BEGIN SOLUTION
    return x.transpose(1, 2).flatten(2)
    ### END SOLUTION


# %% check
merge_heads = lesson.check(merge_heads)

# %% [markdown]
# In between stands attention, which you have: `scaled_dot_product_attention` of lesson 04 takes any axes in front, so
# `(B, H, T, d_head)` goes straight in, and each head has its own softmax. After merging, one more projection, `w_o`, mixes what
# the heads have found.
#
# What do the heads cost?

# %% demo
lesson.predict("cost")

# %% demo
for n_heads in (1, 8):
    module = nn.MultiheadAttention(512, n_heads)
    print(f"heads: {n_heads}, parameters: {sum(p.numel() for p in module.parameters()):,}")
lesson.reveal("cost")

# %% [markdown]
# Mind two things. The scale: a head's dot product sums over `d_head` terms, so it is √d_head that divides; the function of
# lesson 04 reads it off its input. And the mask: scores are `(B, H, T, S)`, a mask is `(B, T, S)` or `(T, S)`, the same for all
# heads. Aligned from the right, its batch would meet the heads. It needs an axis of size 1 in between.

# %% [markdown]
# ### Exercise 9.3 · Self-attention with heads
#
# Difficulty 3 of 3 · 12 minutes · the check proves that output and gradients agree with a loop over the heads, for every
# mask, also where widths differ.
#
# Make four linear layers, each with a bias (lesson 07 had none, as in the paper; PyTorch's and BERT's layers have one, and yours will take their weights): `w_q`, `w_k`, `w_v` from `d_in` to `d_model`, and `w_o` from `d_model` to `d_model`. `mask` is True where a query
# may attend. Without `nn.MultiheadAttention` and `F.multi_head_attention_forward`: they are what you build.


# %% exercise
class MultiHeadSelfAttention(nn.Module):
    """Let a sequence attend to itself: x (B, T, d_in) to (B, T, d_model).

    >>> MultiHeadSelfAttention(11, 12, 3)(torch.zeros(2, 5, 11)).shape
    torch.Size([2, 5, 12])
    """

    def __init__(self, d_in, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        ### BEGIN SOLUTION
        self.w_q = nn.Linear(d_in, d_model)
        self.w_k = nn.Linear(d_in, d_model)
        self.w_v = nn.Linear(d_in, d_model)
        self.w_o = nn.Linear(d_model, d_model)
        ### STUB
        # raise NotImplementedError("make self.w_q, self.w_k, self.w_v and self.w_o")
        ### END SOLUTION

    def forward(self, x, mask=None):
        ### BEGIN SOLUTION
        q = split_heads(self.w_q(x), self.n_heads)
        k = split_heads(self.w_k(x), self.n_heads)
        v = split_heads(self.w_v(x), self.n_heads)
        if mask is not None:
            mask = mask.unsqueeze(-3)
        return self.w_o(merge_heads(scaled_dot_product_attention(q, k, v, mask)))
        ### END SOLUTION


# %% check
MultiHeadSelfAttention = lesson.check(MultiHeadSelfAttention)

# %% [markdown]
# ## 2 · One sequence asks another
#
# A translator's decoder asks about the source sentence: queries come from one sequence, keys and values from another. They
# may even have widths of their own, as when text asks about pictures. Only the first three projections feel it; behind them all
# is `d_model` wide.
#
# ### Exercise 9.4 · One sequence asks another
#
# Difficulty 2 of 3 · 8 minutes · the check proves that output and gradients agree with nn.MultiheadAttention, whatever the
# widths and the mask.
#
# `query` is `(B, T, d_model)`, `key` is `(B, S, d_key)`, `value` is `(B, S, d_value)`; `mask` is `(B, T, S)`, or broadcasts to it.
# Again without `nn.MultiheadAttention` and `F.multi_head_attention_forward`.


# %% exercise
class MultiHeadAttention(nn.Module):
    """Let queries gather values by keys: (B, T, d_model), whatever d_key and d_value are.

    >>> attention = MultiHeadAttention(12, 3, d_key=11, d_value=13)
    >>> attention(torch.zeros(2, 5, 12), torch.zeros(2, 7, 11), torch.zeros(2, 7, 13)).shape
    torch.Size([2, 5, 12])
    """

    def __init__(self, d_model, n_heads, d_key, d_value):
        super().__init__()
        self.n_heads = n_heads
        ### BEGIN SOLUTION
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_key, d_model)
        self.w_v = nn.Linear(d_value, d_model)
        self.w_o = nn.Linear(d_model, d_model)
        ### STUB
        # raise NotImplementedError("make self.w_q, self.w_k, self.w_v and self.w_o")
        ### END SOLUTION

    def forward(self, query, key, value, mask=None):
        ### BEGIN SOLUTION
        q = split_heads(self.w_q(query), self.n_heads)
        k = split_heads(self.w_k(key), self.n_heads)
        v = split_heads(self.w_v(value), self.n_heads)
        if mask is not None:
            mask = mask.unsqueeze(-3)
        return self.w_o(merge_heads(scaled_dot_product_attention(q, k, v, mask)))
        ### END SOLUTION


# %% check
MultiHeadAttention = lesson.check(MultiHeadAttention)

# %% [markdown]
# ### A task that needs two heads
#
# Eight places in a circle, each with one of eight letters. Every place has to name two letters: its **left** and its
# **right** neighbour's. Queries and keys see places only, values see letters only, and one linear layer reads the answer off.
# That is cross-attention with widths of its own.
#
# Two heads solve it: one looks left, one looks right. And one head, as wide as both together?

# %% demo
lesson.predict("one_head")

# %% [markdown]
# It cannot, whatever its weights. Say it gives the left neighbour the weight $\ell$ and the right one $r$, with
# $\ell > r > 0$, and let $M_{ca}$ be what the letter $a$, fully heard, adds to the score of the answer $c$ for **right**. All
# other letters stay the same: what they add to b and to c cancels in the sums below, and is left out.
#
# Neighbours (a, b) need answer b before c; (a, c) need c before b:
# $\ell M_{ba} + rM_{bb} > \ell M_{ca} + rM_{cb}$ and $\ell M_{ca} + rM_{cc} > \ell M_{ba} + rM_{bc}$.
# Added up: $M_{bb} + M_{cc} > M_{bc} + M_{cb}$.

# %% [markdown]
# Neighbours (b, c) need c before b; (c, b) need b before c:
# $\ell M_{cb} + rM_{cc} > \ell M_{bb} + rM_{bc}$ and $\ell M_{bc} + rM_{bb} > \ell M_{cc} + rM_{cb}$.
# Added up: $(\ell - r)(M_{bc} + M_{cb}) > (\ell - r)(M_{bb} + M_{cc})$.
#
# The two results contradict each other. With $\ell < r$ the same happens to the answer for *left*; with $\ell = r$ swapped
# neighbours look alike; with $r = 0$ the right one is not heard. So somewhere the head must fail. How often? Train it: three
# seeds, the same number of parameters. (The model and its loop are in `course_lib/training/neighbours.py`; it is given your
# class.)

# %% train tags=["nbval-ignore-output"]
from course_lib.lessons.lesson_09_many_heads.neighbours import progress, train_neighbours
from course_lib.training.scale import choose

STEPS, SEEDS = choose(tiny=(2, 1), small=(300, 3), full=(300, 3))
torch.set_num_threads(1)  # So small a model gains nothing from a second thread.
runs = {
    n: [train_neighbours(MultiHeadAttention, n, seed=seed, steps=STEPS) for seed in range(SEEDS)]
    for n in (1, 2)
}
both_right = {n: [share for _, share in found] for n, found in runs.items()}
for n, shares in both_right.items():
    size = sum(p.numel() for p in runs[n][0][0].parameters())
    print(f"heads: {n}, parameters: {size:,}, both right: {[round(x, 2) for x in shares]}")

# %% demo
print("two heads: every seed above 0.95:", min(both_right[2]) > 0.95)
print("one head:  every seed below 0.50:", max(both_right[1]) < 0.50)
lesson.reveal("one_head")

# %% [markdown]
# Guessing would be right once in 64. One head settles for one neighbour and guesses the other, or blurs the two. Now look where
# the two heads look. Their weights follow from `places` alone, so one picture says all.
#
# **In a word.** A head is one mixture. Two questions with two answers need two heads, however wide the one is.

# %% demo
model = runs[2][0][0]
places = model.places[None].detach()
q, k = split_heads(model.attn.w_q(places), 2), split_heads(model.attn.w_k(places), 2)
looks = scaled_scores(q, k).softmax(-1)[0].detach()
for h, look in enumerate(looks):
    side = {True: "left", False: "right"}[bool(look[1, 0] > look[1, 2])]
    show(
        weights_heatmap(look, title=f"Head {h}: every place looks {side}"),
        alt=f"Weights of head {h}, 8 places by 8. Every place looks at its {side} neighbour, around the circle.",
    )

# %% [markdown]
# ## 3 · Other people's heads
#
# *The second sitting begins here: about 45 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# To use trained weights you must speak their library's dialect. PyTorch's `nn.MultiheadAttention` differs from yours in three ways
# that raise no error when you get them wrong. First, it takes `(T, B, d_model)` unless you pass `batch_first=True`.
#
# Second, its boolean masks say True = **blocked**. And a mask for each sentence must be repeated for each head, in the shape
# `(B·H, T, S)`: sentence 0 for all heads, then sentence 1.
#
# ### Exercise 9.5 · Speak PyTorch's dialect
#
# Difficulty 1 of 3 · 5 minutes · the check proves that True means blocked afterwards, and every head of a sentence gets that
# sentence's mask.


# %% exercise
def blocked_mask(mask, n_heads):
    """Return (B·H, T, S), True = blocked, from mask (B, T, S), True = may attend.

    Two sentences, one query, two keys, two heads:

    >>> mask = torch.tensor([[[True, False]], [[True, True]]])
    >>> blocked_mask(mask, 2).tolist()
    [[[False, True]], [[False, True]], [[False, False]], [[False, False]]]
    """
    ### BEGIN SOLUTION
    return (~mask).repeat_interleave(n_heads, dim=0)
    ### END SOLUTION


# %% check
blocked_mask = lesson.check(blocked_mask)

# %% [markdown]
# Third, where all widths are equal it keeps `W_q`, `W_k` and `W_v` below each other in one matrix, `in_proj_weight`. One large
# product keeps a GPU busier than three small ones, and many models are stored like that. Cutting it in the wrong
# order gives a model that runs, and answers nonsense.
#
# By hand: `d_model` = 2, so the weight has six rows. Rows 0 and 1 make queries, 2 and 3 keys, 4 and 5 values.
#
# ### Exercise 9.6 · One product for three
#
# Difficulty 2 of 3 · 6 minutes · the check proves that one matrix product gives the queries, keys and values of every head.


# %% exercise
def fused_projection(x, weight, bias, n_heads):
    """Return (q, k, v), each (B, H, T, d_head), from x (B, T, d_in), weight (3·d_model, d_in), bias (3·d_model,).

    >>> weight = torch.tensor([[1.0, 0], [0, 1], [10, 0], [0, 10], [100, 0], [0, 100]])
    >>> q, k, v = fused_projection(torch.tensor([[[1.0, 2]]]), weight, torch.zeros(6), n_heads=1)
    >>> q.tolist(), k.tolist(), v.tolist()
    ([[[[1.0, 2.0]]]], [[[[10.0, 20.0]]]], [[[[100.0, 200.0]]]])
    """
    ### BEGIN SOLUTION
    q, k, v = (x @ weight.T + bias).chunk(3, dim=-1)
    return split_heads(q, n_heads), split_heads(k, n_heads), split_heads(v, n_heads)
    ### END SOLUTION


# %% check
fused_projection = lesson.check(fused_projection)

# %% [markdown]
# Put both to work: PyTorch's module with its own weights on one side, your three functions on the other, a random mask, every
# parameter filled with noise. (A fresh module has zero biases, which would hide a bias that you forgot.)

# %% demo
torch.manual_seed(0)
theirs = nn.MultiheadAttention(12, 3, batch_first=True)
for parameter in theirs.parameters():
    nn.init.normal_(parameter)
x, mask = torch.randn(2, 5, 12), torch.rand(2, 5, 5) < 0.6
mask[..., 0] = True
q, k, v = fused_projection(x, theirs.in_proj_weight, theirs.in_proj_bias, 3)
yours = theirs.out_proj(merge_heads(scaled_dot_product_attention(q, k, v, mask.unsqueeze(1))))
for name, given in (("flipped", blocked_mask(mask, 3)), ("as it is", mask.repeat_interleave(3, 0))):
    out = theirs(x, x, x, attn_mask=given, need_weights=False)[0]
    print(f"mask {name}: outputs agree to 1e-4:", torch.allclose(out, yours, atol=1e-4))

# %% [markdown]
# ### A real model in your class
#
# On this disk lies MiniLM, a pretrained encoder of 6 layers with 12 heads each, 384 wide. It was trained to give sentences of
# similar meaning similar vectors. The course's reader for it is `course_lib/models/bert.py`. Its
# attention must fit into yours: same names, same shapes.

# %% demo
from course_lib.models.minilm import pretrained_encoder, text_vectors, tokenize

encoder = pretrained_encoder()
tokens, _ = tokenize(["The cat sat on the mat because it was tired."])
x = encoder.embed(tokens)
for block in encoder.blocks:
    attn = MultiHeadAttention(384, 12, d_key=384, d_value=384)
    attn.load_state_dict(block.attn.state_dict())
    x = block.norm1(x + attn(x, x, x))
    x = block.norm2(x + block.ff(x))
apart = (x - encoder(tokens)).abs().max().item()
print("MiniLM runs on your class, agreeing to 1e-4:", apart < 1e-4)

# %% [markdown]
# ## 4 · A layer is a sum of heads
#
# Merging and projecting looks like one step. Written out by slices it is a sum:
#
# $$\mathrm{out} = b_o + \sum_h \operatorname{softmax}(\cdot)_h\, V_h\, W_{o,h}$$
#
# where `W_o,h` is the part of `w_o` that meets slice `h`. So heads work side by side: each adds its own vector, and can be
# looked at, or removed, alone (Elhage et al. 2021).

# %% [markdown]
# By hand: two heads of width 1 that found 3 and 5, and `w_o.weight = [[1, 2], [0, 1]]`. The row (3, 5) meets column 0 with 3 and
# column 1 with 5: head 0 adds 3 · (1, 0) = (3, 0), head 1 adds 5 · (2, 1) = (10, 5). Their sum is (13, 5), which is what the layer
# gives: (1·3 + 2·5, 0·3 + 1·5).
#
# `nn.Linear` keeps outputs down and inputs across, so a head owns **columns**.
#
# ### Exercise 9.7 · What each head adds
#
# Difficulty 3 of 3 · 8 minutes · the check proves that your parts are those of single heads, and add up to the layer's output.


# %% exercise
def head_contributions(weights, v, w_o):
    """Return (B, H, T, d_out) from weights (B, H, T, S), v (B, H, S, d_head) and w_o (d_out, H·d_head).

    Two heads, one query, one key:

    >>> weights, v = torch.ones(1, 2, 1, 1), torch.tensor([[[[3.0]], [[5.0]]]])
    >>> head_contributions(weights, v, torch.tensor([[1.0, 2.0], [0.0, 1.0]])).tolist()
    [[[[3.0, 0.0]], [[10.0, 5.0]]]]
    """
    ### BEGIN SOLUTION
    slices = w_o.unflatten(1, (v.shape[1], -1)).permute(1, 2, 0)
    return weights @ v @ slices
    ### END SOLUTION


# %% check
head_contributions = lesson.check(head_contributions)

# %% demo
layer = encoder.blocks[3].attn
x = encoder.hidden_states(tokens)[3]
q, k, v = layer.project(x, x, x)
added = head_contributions(layer.weights(x, x), v, layer.w_o.weight)
total = added.sum(1) + layer.w_o.bias
print("twelve parts:", tuple(added.shape))
print("their sum is the layer's output:", torch.allclose(total, layer(x, x, x), atol=1e-4))

# %% [markdown]
# What is a head worth? Take it away and see. A head whose columns of `w_o` are 0 adds nothing (Michel et al. 2019 do the same
# with a mask variable). Keep the original: you will want the head back.
#
# ### Exercise 9.8 · Silence a head
#
# Difficulty 2 of 3 · 5 minutes · the check proves that exactly the named heads add nothing, and the matrix you were given is
# left as it was.


# %% exercise
def ablate(w_o, heads, n_heads):
    """Return w_o (d_out, H·d_head) with the columns of the listed heads set to 0; heads count from 0.

    >>> ablate(torch.tensor([[1, 2, 3, 4]]), heads=[1], n_heads=2)
    tensor([[1, 2, 0, 0]])
    """
    ### BEGIN SOLUTION
    width = w_o.shape[1] // n_heads
    out = w_o.clone()
    for h in heads:
        out[:, h * width : (h + 1) * width] = 0.0
    return out
    ### END SOLUTION


# %% check
ablate = lesson.check(ablate)

# %% [markdown]
# Now MiniLM. Twelve sentences, their vectors before, and after one of the 72 heads is silenced. The measure is the angle between
# the two, averaged over the sentences.

# %% demo
lesson.predict("silence")

# %% train tags=["nbval-ignore-output"]
from course_lib.data.sentences import PAIRS, PARAPHRASES

batch = tokenize([pair.filled(pair.means_first) for pair in PAIRS])
as_it_is = text_vectors(encoder, *batch)
turned = torch.zeros(6, 12)
for layer in progress(range(6), "silencing 72 heads"):
    for head in range(12):
        with encoder.without([(layer, head)], by=ablate):
            cosines = (text_vectors(encoder, *batch) * as_it_is).sum(-1)
        turned[layer, head] = cosines.clamp(max=1).arccos().rad2deg().mean()

# %% demo
most, mean = turned.amax(1).tolist(), turned.mean(1).tolist()
show(
    bars(
        most,
        [f"layer {n}" for n in range(6)],
        "How far one silent head turns a sentence's vector",
        ylabel="degrees",
        beside=mean,
        names=("the head that matters most", "mean of 12"),
    ),
    alt="Bars by layer, in degrees, for the head that matters most: "
    f"{', '.join(f'{x:.0f}' for x in most)}; mean of the twelve: {', '.join(f'{x:.0f}' for x in mean)}.",
)
print("the largest turn is below 25 degrees:", max(most) < 25)
lesson.reveal("silence")

# %% [markdown]
# So is no head needed? Silence many at random. The measure must be able to fail, so use a task: sixteen sentences, each with a
# paraphrase; a sentence should be nearest to its own. The *margin* is how much nearer, as a difference of cosines.

# %% train tags=["nbval-ignore-output"]
left, right = (tokenize(list(side)) for side in zip(*PARAPHRASES, strict=True))


def matching():
    """Return how many of 16 sentences find their paraphrase, and the mean margin to the best other."""
    cosines = text_vectors(encoder, *left) @ text_vectors(encoder, *right).T
    others = cosines.masked_fill(torch.eye(16, dtype=torch.bool), -1).amax(1)
    found = (cosines.diagonal() > others).sum().item()
    return found, (cosines.diagonal() - others).mean().item()


COUNTS, generator = (0, 24, 48, 72), torch.Generator().manual_seed(0)
results = []
for count in progress(COUNTS, "silencing many"):
    results.append([])
    for _ in range(3):
        chosen = torch.randperm(72, generator=generator)[:count].tolist()
        with encoder.without([divmod(i, 12) for i in chosen], by=ablate):
            results[-1].append(matching())

# %% demo
margins = [sum(margin for _, margin in three) / 3 for three in results]
for count, three, margin in zip(COUNTS, results, margins, strict=True):
    print(f"{count:2} heads silent: {[n for n, _ in three]} of 16 found, mean margin {margin:.2f}")

# %% [markdown]
# Read it twice. Counting hits says that attention is worth nothing: with **all** heads silent still every sentence finds its
# paraphrase, by its words alone, each read without the others. The margin tells another story, and falls by more than half. An
# ablation is as good as its measure; ask first what a model without any heads would score.
#
# Nor does it say that a head is idle: others may stand in for it. Michel et al. 2019 and Voita et al. 2019 found that most heads
# of trained translators can go, and a few cannot.

# %% [markdown]
# ## 5 · What a head looks at
#
# Browse the heads of the sentence about the cat. ↑ and ↓ move the query, ← and → change the head, Page Up and Page Down the layer.
# The table compares each weight with what **all** tokens give the same key. Layers and heads count from 0.
#
# Find a head where each word looks at the one before it. Then go to layer 5, head 11, query “it”.

# %% demo
from course_lib.data.pretrained import encoder_tokenizer
from course_lib.explore import head_browser

TIRED, SOFT = (PAIRS[0].filled(word) for word in ("tired", "soft"))


def weights_and_words(text):
    """Return MiniLM's weights (6, 12, T, T) for one text, and its tokens."""
    tokens, _ = tokenize([text])
    return encoder.attention_weights(tokens)[:, 0], encoder_tokenizer().encode(text).tokens


texts = {text: weights_and_words(text) for text in (TIRED, SOFT)}
head_browser(texts, layer=5, head=11, query="it")

# %% [markdown]
# Many heads send most of their weight to [CLS], to the full stop or to [SEP]: tokens that mean nothing, or that stand in
# every sentence. Such a key is called a **sink**. What for? A softmax must put its 1 somewhere, also when a head finds nothing.

# %% demo
lesson.predict("sink")

# %% [markdown]
# If a sink is a place for nothing, the value there should be small. So weigh by what arrives: not the weight `w`, but the
# length of what the key adds, ‖w · v W_o‖ (Kobayashi et al. 2020).
#
# By hand: weights 0.9 and 0.1, and after `w_o` the two values have lengths 0.1 and 2. They add 0.09 and 0.2: the key with a tenth of
# the weight contributes more than twice as much.
#
# ### Exercise 9.9 · Weigh by what arrives
#
# Difficulty 2 of 3 · 6 minutes · the check proves that each number is the length of what one key adds to one query through one
# head.


# %% exercise
def weighted_norms(weights, v, w_o):
    """Return (B, H, T, S), the length of weights · v · (slice of w_o), with shapes as in head_contributions.

    >>> weights, v = torch.tensor([[[[0.9, 0.1]]]]), torch.tensor([[[[0.1], [2.0]]]])
    >>> weighted_norms(weights, v, torch.ones(1, 1))
    tensor([[[[0.0900, 0.2000]]]])
    """
    ### BEGIN SOLUTION
    slices = w_o.unflatten(1, (v.shape[1], -1)).permute(1, 2, 0)
    return weights * (v @ slices).norm(dim=-1).unsqueeze(-2)
    ### END SOLUTION


# %% check
weighted_norms = lesson.check(weighted_norms)


# %% given
def shares_of_sinks(text):
    """Return (6, 2): the share of [CLS], "." and [SEP] in each layer, by weight and by norm."""
    tokens, words = tokenize([text])[0], encoder_tokenizer().encode(text).tokens
    sinks = [words.index(word) for word in ("[CLS]", ".", "[SEP]")]
    shares = []
    for block, x in zip(encoder.blocks, encoder.hidden_states(tokens)[:-1], strict=True):
        _, _, v = block.attn.project(x, x, x)
        by_weight = block.attn.weights(x, x)
        by_norm = weighted_norms(by_weight, v, block.attn.w_o.weight)
        by_norm = by_norm / by_norm.sum(-1, keepdim=True)
        shares.append([part[..., sinks].sum(-1).mean().item() for part in (by_weight, by_norm)])
    return torch.tensor(shares)


# %% demo
shares = torch.stack([shares_of_sinks(pair.filled(pair.means_first)) for pair in PAIRS]).mean(0)
by_weight, by_norm = shares.T.tolist()
show(
    bars(
        by_weight,
        [f"layer {n}" for n in range(6)],
        "Share of [CLS], “.” and [SEP] in what arrives",
        ylabel="share",
        beside=by_norm,
        names=("by weight", "by norm"),
    ),
    alt="Bars by layer: share of [CLS], full stop and [SEP] by weight "
    f"{', '.join(f'{x:.2f}' for x in by_weight)}; by norm {', '.join(f'{x:.2f}' for x in by_norm)}.",
)
lesson.reveal("sink")

# %% [markdown]
# By weight, three tokens of twelve or thirteen take 40 to 69 per cent. By what arrives they take 24 to 30 in five layers, about the
# quarter that chance would give them, and 11 in the last. A picture of weights alone would have told the wrong story (Clark et al.
# 2019, §3.2, saw the same with [SEP] in BERT, and asked the gradients).

# %% [markdown]
# ## 6 · Links that move
#
# In layer 5, head 11, the word “it” gives “cat” 0.71. A figure like that is often shown as proof that a head has found out
# what “it” means. Test it: change one word, so that “it” means something else. *The cat sat on the mat because it was
# **soft**.* Cats are soft too, but they do not sit on a mat for it.

# %% demo
lesson.predict("link")

# %% demo
(before, words), (after, _) = texts[TIRED], texts[SOFT]
it, cat = words.index("it"), words.index("cat")
for layer, head in ((5, 11), (3, 1)):
    others = [t for t in range(len(words)) if t != it]
    base = before[layer, head, others, cat].mean()
    print(
        f"layer {layer}, head {head}: tired {before[layer, head, it, cat]:.2f}, "
        f"soft {after[layer, head, it, cat]:.2f}; the other words give “cat” {base:.2f}"
    )
lesson.reveal("link")

# %% [markdown]
# The head with 0.71 does not link “it” with “cat”: everything there looks at “cat”. The other head started lower and lost two
# thirds of its weight. So measure what a link must do: **move** with the referent, more than other words' weights on the same key
# do. That mean of the others is the base rate.
#
# By hand, with three tokens: query 2 lets go of key 1 by 0.7, queries 0 and 1 by 0.1 and 0.2. The shift is 0.7 − 0.15 = 0.55.
#
# ### Exercise 9.10 · Does the link move?
#
# Difficulty 2 of 3 · 6 minutes · the check proves that your number is 0 for a head in which all queries let go of the key alike.


# %% exercise
def referent_shift(before, after, query, key):
    """Return before − after at [query, key], minus its mean over all other queries at this key.

    before and after have shape (…, T, S); the result has the shape of the dots: one number a head.
    Here it is 0.5 − 0.1.

    >>> before = torch.tensor([[0.9, 0.1], [0.5, 0.5]])
    >>> referent_shift(before, torch.tensor([[0.4, 0.6], [0.4, 0.6]]), 0, 0)
    tensor(0.4000)
    """
    ### BEGIN SOLUTION
    shift = (before - after)[..., key]
    others = torch.arange(shift.shape[-1]) != query
    return shift[..., query] - shift[..., others].mean(-1)
    ### END SOLUTION


# %% check
referent_shift = lesson.check(referent_shift)

# %% [markdown]
# One sentence proves little: among 72 heads, one may move by accident. So take twelve pairs, find the head on the first six, and
# confirm it on the other six. And a control: a last word that changes while “it” still means the first noun (*tired*, *sick*).


# %% demo
def shifts(pair, other_word):
    """Return (6, 12): how much more than other words “it” lets go of the first noun."""
    before, words = weights_and_words(pair.filled(pair.means_first))
    after, _ = weights_and_words(pair.filled(other_word))
    return referent_shift(before, after, words.index("it"), words.index(pair.first))


moved = torch.stack([shifts(pair, pair.means_second) for pair in PAIRS])
control = torch.stack([shifts(pair, pair.still_first) for pair in PAIRS])
layer, head = divmod(moved[:6].mean(0).argmax().item(), 12)
print(
    f"first six pairs:  layer {layer}, head {head} moves most, {moved[:6, layer, head].mean():.2f}"
)
print(f"other six pairs:  {moved[6:, layer, head].mean():.2f}")
print(f"control, twelve:  {control[:, layer, head].mean():.2f}")
size = control[:, layer, head].abs()
print(f"   its size: {size.mean():.2f} on average, {size.max():.2f} at most")
print(f"layer 5, head 11: {moved[:, 5, 11].mean():.2f}")

# %% demo
figure = weights_heatmap(
    moved.mean(0), title="Shift with the referent, beyond the base rate", kind="scores"
)
figure.axes[0].set(xlabel="head", ylabel="layer")
figure.axes[1].set(ylabel="shift")
largest = moved.mean(0).flatten().sort(descending=True).values
show(
    figure,
    alt=f"Mean shift of 72 heads over twelve pairs, 6 layers by 12 heads. Layer 3, head 1 stands out with "
    f"{largest[0]:.2f}; the next has {largest[1]:.2f}, and most are near 0.",
)

# %% [markdown]
# One head in 72 follows the referent on pairs that it was not chosen on. How sure is that? In the control it moves too: by 0.05
# on average, but on single sentences by 0.1 in size, and once by 0.24, as much as the effect. With the cow under the tree its weight does not fall at all (0.82, then 0.84),
# and the child who liked the soup it hardly sees (0.03). So it takes part in finding the referent, in short sentences of one
# pattern. That is much less than “this head resolves pronouns”, and it is what was measured.
#
# **In a word.** A weight is not a link. Ask for the base rate, change one word, choose on one half and confirm on the other, and
# weigh by what arrives.

# %% [markdown]
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - write multi-head attention, for one sequence or two, of any widths, so that it agrees with PyTorch's own module;
# - take a layer apart into what each head adds, and silence heads one by one in a real model;
# - tell a head that links two words from one that only seems to.
#
# To think about:
#
# 1. Draw the eight letters of a circle without repeats, each once. One head then sometimes solves the task, in some seeds and not
#    in others. Which step of the proof breaks?
# 2. A head set to zero also loses what it adds to every sentence alike. How would you silence only what differs?
# 3. Does a head that moves with the referent *cause* the model to understand “it”? What would you change to find out?

# %% [markdown]
# ### References
#
# - Vaswani et al. 2017, *Attention Is All You Need*: §3.2.2 (multi-head attention).
# - Michel, Levy and Neubig 2019, *Are Sixteen Heads Really Better than One?*: §2.3 (masking heads). Voita et al. 2019, *Analyzing
#   Multi-Head Self-Attention: Specialized Heads Do the Heavy Lifting, the Rest Can Be Pruned*.
# - Elhage et al. 2021, *A Mathematical Framework for Transformer Circuits*: “Attention Heads are Independent and Additive”.
# - Clark et al. 2019, *What Does BERT Look At?*: §3.2 (attention to [SEP]).
# - Kobayashi et al. 2020, *Attention is Not Only a Weight* (norms).
# - Jain and Wallace 2019, *Attention is not Explanation*.
# - PyTorch documentation, `torch.nn.MultiheadAttention`: the meaning of `attn_mask`.
