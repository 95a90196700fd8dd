# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # A1 · Attention
#
# A graded assignment · needs lessons 04, 07, 08 and 09.
#
# Every task asks for something that no library does in one call. The checks in this notebook teach: they try your answer
# on a few cases and explain what differs. The marks are given on other cases, of other sizes and other numbers, that
# nobody has seen. An answer that fits only the cases shown here earns nothing.
#
# The rules: define each function or class under the name that is given, leave its first line as it is, and keep the
# check line below it. Later tasks use *your* earlier ones. Cells of your own are welcome.

# %% setup
import math

import torch
from course_lib import Assignment
from torch import nn

assignment = Assignment("attention")

# %% [markdown]
# ## 1 · Who may look where
#
# ### Exercise A1.1 · Prefix mask
#
# Difficulty 1 of 3 · 8 minutes · the check proves that every query sees the whole prefix, and of the rest what is not
# later than itself.
#
# A model that answers a question may read the whole question in both directions, and writes its answer one word after
# the other. The first `prefix[b]` tokens of sequence `b` are the question. True means *may attend*.


# %% exercise
def prefix_mask(prefix, n):
    """Return a boolean (B, n, n): row t of sequence b is True where query t may attend.

    prefix_mask([2], 3) is [[[True, True, False], [True, True, False], [True, True, True]]].
    """
    ### BEGIN SOLUTION
    place = torch.arange(n, device=prefix.device)
    return (place < prefix[:, None, None]) | (place <= place[:, None])
    ### END SOLUTION


# %% check
prefix_mask = assignment.check(prefix_mask)

# %% [markdown]
# ## 2 · Scores that cannot explode
#
# ### Exercise A1.2 · Cosine attention with a learned temperature
#
# Difficulty 3 of 3 · 25 minutes · the check proves that output and parameters agree with attention written out pair by
# pair.
#
# A dot product grows with the length of both vectors; a cosine never leaves −1 … 1. Such scores are too tame for a
# softmax, so every head `h` learns a factor. The score of query `t` and key `s` in head `h` is
#
# $$\min\big(e^{a_h},\, 100\big) \cdot \cos(q_t, k_s),$$
#
# where $a$ is the parameter `log_scale`, one number for each head. Log 10 is a good start; the checks load numbers of
# their own.

# %% [markdown]
# Build the module. Its parameters are `w_q`, `w_k`, `w_v`, `w_o`, all `nn.Linear(d_model, d_model)` with biases, and
# `log_scale` of shape `(n_heads,)`. Head `h` owns features `h · d_head` to `(h + 1) · d_head − 1`, as in lesson 09. A query
# may attend where your `prefix_mask` says so. `x` is `(B, T, d_model)`, `prefix` is `(B,)`, the result `(B, T, d_model)`.


# %% exercise
class CosineAttention(nn.Module):
    """Multi-head attention with cosine scores, a learned factor per head, and a prefix mask."""

    def __init__(self, d_model, n_heads):
        super().__init__()
        ### BEGIN SOLUTION
        self.n_heads = n_heads
        self.w_q, self.w_k = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_v, self.w_o = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.log_scale = nn.Parameter(torch.full((n_heads,), math.log(10.0)))
        ### END SOLUTION

    def forward(self, x, prefix):
        ### BEGIN SOLUTION
        q, k, v = (
            w(x).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for w in (self.w_q, self.w_k, self.w_v)
        )
        q, k = nn.functional.normalize(q, dim=-1), nn.functional.normalize(k, dim=-1)
        scores = self.log_scale.exp().clamp(max=100)[:, None, None] * (q @ k.mT)
        mask = prefix_mask(prefix, x.shape[1])[:, None]
        weights = scores.masked_fill(~mask, -math.inf).softmax(-1)
        return self.w_o((weights @ v).transpose(1, 2).flatten(-2))
        ### END SOLUTION


# %% check
CosineAttention = assignment.check(CosineAttention)

# %% [markdown]
# ## 3 · The far and the first
#
# ### Exercise A1.3 · Attention that forgets
#
# Difficulty 2 of 3 · 15 minutes · the check proves that each score is penalised by its own distance, that the first keys
# are spared, and that nobody looks ahead.
#
# A penalty that grows with distance lets a model read texts longer than any it was trained on, but models also keep
# returning to the first tokens of a text, which serve as a resting place. So those are spared. The score of query `t` and
# key `s` in head `h` is
#
# $$\frac{q_t \cdot k_s}{\sqrt{d}} - m_h \cdot \text{distance},$$
#
# without the second term where `s` is smaller than `n_sinks`.

# %% [markdown]
# The queries are the *last* `T` of `S` positions: query 0 stands at position `S − T`, as when a cache holds what came
# before. The distance is counted in positions. A key later than the query is not allowed, whether it is spared or not.
#
# `q` is `(B, H, T, d)`, `k` is `(B, H, S, d)`, `v` is `(B, H, S, d_v)`, `slopes` holds the `m_h` and is `(H,)`. Return
# the output, `(B, H, T, d_v)`.


# %% exercise
def forgetful_attention(q, k, v, slopes, n_sinks):
    """Return causal attention with a penalty by distance; the first n_sinks keys are spared."""
    ### BEGIN SOLUTION
    T, S = q.shape[-2], k.shape[-2]
    key = torch.arange(S, device=q.device)
    distance = torch.arange(S - T, S, device=q.device)[:, None] - key
    penalty = slopes[:, None, None] * torch.where(key < n_sinks, 0, distance)
    scores = q @ k.mT / math.sqrt(q.shape[-1]) - penalty
    return scores.masked_fill(distance < 0, -math.inf).softmax(-1) @ v
    ### END SOLUTION


# %% check
forgetful_attention = assignment.check(forgetful_attention)

# %% [markdown]
# ## 4 · Heads that talk
#
# ### Exercise A1.4 · Talking heads
#
# Difficulty 2 of 3 · 15 minutes · the check proves that heads are mixed on both sides of the softmax, and that masks hold.
#
# Heads usually work apart until the very end. Here they talk twice: their scores are mixed before the softmax, their
# weights after it. There are `H` heads of queries, keys and values, and `G` mixtures in between:
#
# $$z_g = \sum_h \text{before}_{gh} \, \frac{q_h k_h^\top}{\sqrt{d}}, \qquad
# w_g = \operatorname{softmax}(z_g), \qquad o_h = \Big(\sum_g \text{after}_{hg} \, w_g\Big) v_h$$

# %% [markdown]
# `q` is `(B, H, T, d)`, `k` is `(B, H, S, d)`, `v` is `(B, H, S, d_v)`; `before` is `(G, H)`, `after` is `(H, G)`; `mask`
# is `(B, T, S)`, True where a query may attend. Weights of keys that are not allowed are 0 in every mixture, and a query
# with nothing to attend to gets zeros. Return the output, `(B, H, T, d_v)`.


# %% exercise
def talking_heads(q, k, v, before, after, mask):
    """Return attention whose heads are mixed before and after the softmax."""
    ### BEGIN SOLUTION
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    mixed = torch.einsum("gh,bhts->bgts", before, scores)
    mixed = mixed.masked_fill(~mask[:, None], -math.inf)
    weights = mixed.softmax(-1).nan_to_num(0.0)
    return torch.einsum("hg,bgts->bhts", after, weights) @ v
    ### END SOLUTION


# %% check
talking_heads = assignment.check(talking_heads)

# %% [markdown]
# ## 5 · One block at a time
#
# ### Exercise A1.5 · Attention in a stream
#
# Difficulty 3 of 3 · 25 minutes · the check proves that output and log-sums are exact however the keys are cut, and
# however large the scores are.
#
# The scores of 100,000 keys do not fit into fast memory. They need not: keys and values come in blocks, each is looked at
# once, and what has been gathered so far is corrected whenever a larger score turns up. The result is exact.
#
# Return two things: the output of softmax attention over *all* keys, and for every query the logarithm of
# $\sum_s e^{\text{score}_s}$, which lets two such results be joined later.

# %% [markdown]
# `q` is `(T, d)`; `blocks` is a list of pairs `(k, v)` of shapes `(n, d)` and `(n, d_v)`, with another `n` each time.
# Scores are divided by √d and may be as large as 2,000, where e^score is infinite. Do not join the blocks: when it is marked, one stream
# is longer than memory.


# %% exercise
def streaming_attention(q, blocks):
    """Return (out, log_sum), shapes (T, d_v) and (T,), from one pass over blocks of keys."""
    ### BEGIN SOLUTION
    top = q.new_full((len(q), 1), -math.inf)
    total, gathered = q.new_zeros(len(q), 1), 0.0
    for k, v in blocks:
        scores = q @ k.T / math.sqrt(q.shape[-1])
        new_top = torch.maximum(top, scores.max(-1, keepdim=True).values)
        shares, shrink = (scores - new_top).exp(), (top - new_top).exp()
        total = total * shrink + shares.sum(-1, keepdim=True)
        gathered = gathered * shrink + shares @ v
        top = new_top
    return gathered / total, (top + total.log())[:, 0]
    ### END SOLUTION


# %% check
streaming_attention = assignment.check(streaming_attention)

# %% [markdown]
# ## Hand in
#
# Save the notebook and hand it in under the name that it has. Before you do, restart the kernel, run everything
# once, **save**, and run the cell below: it reads the saved file and runs it as it will be run when it is marked, on the visible
# cases. It says which cell will not run there, and why. (In a terminal: `course check A1_attention.ipynb`.)

# %% demo tags=["nbval-ignore-output"]
assignment.try_out()
