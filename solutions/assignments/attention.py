# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # A1 · Attention
#
# A graded assignment · needs lessons 04 to 09.
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
# where $a$ is the parameter `log_scale`, one number for each head, at first log 10.

# %% [markdown]
# Build the module. Its parameters are `w_q`, `w_k`, `w_v`, `w_o`, all `nn.Linear(d_model, d_model)` with biases, and
# `log_scale` of shape `(n_heads,)`. Head `h` owns features `h · d_head` to `(h + 1) · d_head`, as in lesson 09. A query
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
