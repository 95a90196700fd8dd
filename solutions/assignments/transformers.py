# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # A2 · Transformers
#
# A graded assignment · needs lessons 09, 10, 12 and 13.
#
# Every task asks for something that no library does in one call. The checks in this notebook teach: they try your answer
# on a few cases and explain what differs. The marks are given on other cases, of other sizes and other numbers, that
# nobody has seen. An answer that fits only the cases shown here earns nothing.
#
# The rules: define each function or class under the name that is given, leave its first line as it is, and keep the
# check line below it. Cells of your own are welcome.

# %% setup
import math

import torch
from course_lib import Assignment
from torch import nn

assignment = Assignment("transformers")

# %% [markdown]
# ## 1 · A block that runs, and is wrong
#
# The block below is meant to be a pre-norm decoder block:
#
# - `x` gains what causal self-attention gathers from `norm1(x)`; the result gains what the feed-forward part makes of its
#   `norm2`. What is added to is never normalised;
# - attention has `n_heads` heads. Head `h` owns features `h · d_head` to `(h + 1) · d_head − 1` of each of the queries, keys
#   and values, which `qkv` puts side by side in this order;
# - scores are scaled as for heads of width `d_head`; a token attends to itself and to what came before.
#
# It runs, it returns the right shape, and its loss even falls. It has five mistakes.


# %% given
class BrokenBlock(nn.Module):
    def __init__(self, d_model, n_heads, d_ff):
        super().__init__()
        self.n_heads = n_heads
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.qkv, self.proj = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.up, self.down = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def attend(self, x):
        B, T, d_model = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (p.reshape(B, self.n_heads, T, -1) for p in (q, k, v))
        scores = q @ k.mT / math.sqrt(d_model)
        later = torch.ones(T, T, dtype=torch.bool, device=x.device).triu(2)
        out = scores.masked_fill(later, -math.inf).softmax(-1) @ v
        return self.proj(out.reshape(B, T, d_model))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        x = self.norm2(x)
        return x + self.down(nn.functional.gelu(self.up(x)))


# %% [markdown]
# ### Exercise A2.1 · Mend the block
#
# Difficulty 2 of 3 · 20 minutes · the check proves that the block computes what the text above says, parameter by
# parameter.
#
# Write `forward` as it should be; the parameters are right as they are.


# %% exercise
class MendedBlock(nn.Module):
    """A pre-norm decoder block: causal self-attention, then a feed-forward part."""

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__()
        self.n_heads = n_heads
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.qkv, self.proj = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.up, self.down = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x):
        ### BEGIN SOLUTION
        qkv = self.qkv(self.norm1(x)).chunk(3, dim=-1)
        q, k, v = (p.unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for p in qkv)
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)
        scores = (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(later, -math.inf)
        x = x + self.proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(-2))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))
        ### END SOLUTION


# %% check
MendedBlock = assignment.check(MendedBlock)

# %% [markdown]
# ## 2 · Fewer keys than queries
#
# ### Exercise A2.2 · Grouped-query attention with a cache
#
# Difficulty 3 of 3 · 30 minutes · the check proves that output and cache agree with attention written out head by head,
# with and without a past.
#
# While a model writes, the keys and values of everything before are kept. With many heads that cache is most of the
# memory, so `H` heads of queries share `G` heads of keys and values: head `h` uses group `h // (H / G)`, neighbours
# together. The cache holds each group once.

# %% [markdown]
# The parameters are `w_q` and `w_o`, `nn.Linear(d_model, d_model, bias=False)`, and `w_k` and `w_v`, from `d_model` to
# `n_groups · d_head`, without bias too.
#
# `x` holds `T` new tokens, `(B, T, d_model)`; `past_k` and `past_v` hold `P` earlier ones, `(B, G, P, d_head)`, or are
# None. A new token attends to the whole past, to itself, and to new tokens before it. Return `(out, k, v)`: the output,
# and the cache with the new tokens at its end.


# %% exercise
class GroupedQueryAttention(nn.Module):
    """Causal attention in which groups of query heads share keys and values, with a cache."""

    def __init__(self, d_model, n_heads, n_groups):
        super().__init__()
        ### BEGIN SOLUTION
        self.n_heads, self.n_groups, shared = n_heads, n_groups, n_groups * (d_model // n_heads)
        self.w_q = nn.Linear(d_model, d_model, bias=False)
        self.w_k = nn.Linear(d_model, shared, bias=False)
        self.w_v = nn.Linear(d_model, shared, bias=False)
        self.w_o = nn.Linear(d_model, d_model, bias=False)
        ### END SOLUTION

    def forward(self, x, past_k=None, past_v=None):
        ### BEGIN SOLUTION
        q = self.w_q(x).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
        k, v = (
            w(x).unflatten(-1, (self.n_groups, -1)).transpose(1, 2) for w in (self.w_k, self.w_v)
        )
        if past_k is not None:
            k, v = torch.cat([past_k, k], dim=2), torch.cat([past_v, v], dim=2)
        T, S = x.shape[1], k.shape[2]
        allowed = torch.ones(T, S, dtype=torch.bool, device=x.device).tril(S - T)
        q = q.unflatten(1, (self.n_groups, -1))  # (B, G, H / G, T, d_head)
        scores = q @ k[:, :, None].mT / math.sqrt(q.shape[-1])
        out = scores.masked_fill(~allowed, -math.inf).softmax(-1) @ v[:, :, None]
        return self.w_o(out.flatten(1, 2).transpose(1, 2).flatten(-2)), k, v
        ### END SOLUTION


# %% check
GroupedQueryAttention = assignment.check(GroupedQueryAttention)

# %% [markdown]
# ## 3 · A cache that forgets
#
# ### Exercise A2.3 · A cache for a sliding window
#
# Difficulty 2 of 3 · 15 minutes · the check proves that exactly the right tokens are kept, with the positions that they
# always had.
#
# A model with a window never looks back further than `window` tokens, so older ones may go. Its first `n_sinks` tokens
# stay for good, beyond the window: many heads rest on them.
#
# `k` and `v` are `(B, S, d)`; `positions` is `(S,)` and says where in the text each of them stands, in rising order. `S`
# may be 0. `new_k` and `new_v` hold `N` tokens that follow right after the last position (from 0 on, if there is none).

# %% [markdown]
# Return `(k, v, positions)` after the new tokens have arrived: in rising order, the tokens whose position is below
# `n_sinks`, and the `window` latest positions. A token that is both counts once.


# %% exercise
def extend_cache(k, v, positions, new_k, new_v, window, n_sinks):
    """Return (k, v, positions) with new tokens added and those beyond the window gone."""
    ### BEGIN SOLUTION
    first = int(positions[-1]) + 1 if len(positions) else 0
    new = torch.arange(first, first + new_k.shape[1], device=positions.device)
    k, v = torch.cat([k, new_k], dim=1), torch.cat([v, new_v], dim=1)
    positions = torch.cat([positions, new])
    keep = (positions < n_sinks) | (positions > positions[-1] - window)
    return k[:, keep], v[:, keep], positions[keep]
    ### END SOLUTION


# %% check
extend_cache = assignment.check(extend_cache)

# %% [markdown]
# ## 4 · Several texts in one row
#
# ### Exercise A2.4 · Packing
#
# Difficulty 2 of 3 · 15 minutes · the check proves that no document sees another, counts from its own start, and is asked
# for its own words only.
#
# Padding wastes time, so short documents are put into one row, one after the other; only the end of the row is padded.
# Three things must then be told: who may attend to whom, which position each token has *in its document*, and which
# tokens are asked for the next one. The last token of a document is not: what follows it is another document.

# %% [markdown]
# `lengths` is `(D,)`, the lengths of the documents in order; `n` is the length of the row. Return `(mask, positions,
# asked)`, of shapes `(n, n)`, `(n,)` and `(n,)`: boolean, whole numbers, boolean. A token of padding attends to nothing,
# has position 0, and is not asked.


# %% exercise
def pack(lengths, n):
    """Return (mask, positions, asked) for documents of these lengths in one row of n tokens."""
    ### BEGIN SOLUTION
    place = torch.arange(n, device=lengths.device)
    ends = lengths.cumsum(0)
    document = torch.searchsorted(ends, place, right=True)
    real = place < ends[-1]
    same = document[:, None] == document
    mask = same & (place <= place[:, None]) & real & real[:, None]
    starts = torch.cat([ends - lengths, ends[-1:]])
    positions = torch.where(real, place - starts[document], 0)
    asked = real & ~torch.isin(place, ends - 1)
    return mask, positions, asked
    ### END SOLUTION


# %% check
pack = assignment.check(pack)

# %% [markdown]
# ## 5 · A small model guesses for a large one
#
# ### Exercise A2.5 · Speculative decoding
#
# Difficulty 3 of 3 · 20 minutes · the check proves that exactly the right guesses are kept, and what the next token is
# drawn from.
#
# A small model proposes `N` tokens, one after the other; the large one reads all of them at once. The guess at place `i`
# is kept with probability min(1, p/q), where `p` and `q` are what the large and the small model gave to that token: it is
# kept when the random number `uniforms[i]` is smaller than p/q. From the first refusal on, nothing is kept.

# %% [markdown]
# The next token is then drawn so that, on the whole, the large model alone might have written the text (Leviathan et al.
# 2023, §2.3). After a refusal at place `i` it is drawn from the positive part of `target[i] − draft[i]`, brought to a sum
# of 1. When every guess is kept it is drawn from `target[N]`.
#
# `draft` is `(N, V)`, `target` is `(N + 1, V)`, both probabilities; `tokens` and `uniforms` are `(N,)`. Return
# `(n_kept, probabilities)`: a whole number, and `(V,)`.


# %% exercise
def keep_guesses(draft, target, tokens, uniforms):
    """Return (n_kept, probabilities): how many guesses stand, and what to draw the next from."""
    ### BEGIN SOLUTION
    place = torch.arange(len(tokens), device=tokens.device)
    kept = uniforms < target[place, tokens] / draft[place, tokens]
    n_kept = int(kept.long().cumprod(0).sum())
    if n_kept == len(tokens):
        return n_kept, target[-1].clone()
    rest = (target[n_kept] - draft[n_kept]).clamp(min=0)
    return n_kept, rest / rest.sum()
    ### END SOLUTION


# %% check
keep_guesses = assignment.check(keep_guesses)

# %% [markdown]
# ## Hand in
#
# Save the notebook and hand it in under the name that it has. Before you do, restart the kernel, run everything
# once, **save**, and run the cell below: it reads the saved file and runs it as it will be run when it is marked, on the visible
# cases. It says which cell will not run there, and why. (In a terminal: `course check A2_transformers.ipynb`.)

# %% demo tags=["nbval-ignore-output"]
assignment.try_out()
