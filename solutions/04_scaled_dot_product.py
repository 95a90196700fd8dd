# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 04 · Scaled dot-product attention
#
# 85 minutes in two sittings · needs 02 Similarity and 03 Soft lookup · ten exercises, the first within three minutes.
#
# You will be able to
#
# - write scaled dot-product attention, with any mask, so that it agrees with PyTorch's own to the tenth digit;
# - say why scores are divided by √d, and measure what happens when they are not;
# - find, by gradient, every output that has seen what it should not.

# %% [markdown]
# ## 1 · Scores, and why they are divided by √d
#
# In lesson 03 a query found its values by distance. Here it finds them by dot product: the larger `q · k`, the more of
# that key's value enters the mean. That is the attention of every transformer:
#
# $$\operatorname{Attention}(Q, K, V) = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V$$
#
# The paper writes $Q$, $K$, $V$ and $d_k$ (Vaswani et al. 2017, §3.2.1). We write `q`, `k`, `v` and `d`: one query, key or
# value a row.

# %% setup
import math

import torch
from course_lib import Lesson
from course_lib.figures import lines, show, weights_heatmap

lesson = Lesson("04")

# %% [markdown]
# First by hand. One query of width 4 meets two keys:
#
# `q = (1, 0, 2, 0)`, `k₀ = (1, 1, 0, 0)`, `k₁ = (0, 2, 1, 0)`.
#
# The dot products are 1·1 + 0·1 + 2·0 + 0·0 = 1 and 1·0 + 0·2 + 2·1 + 0·0 = 2. The width is 4 and its root 2, so the scores
# are 0.5 and 1. Keep these numbers: they are the example of the exercise that follows.

# %% [markdown]
# ### Exercise 4.1 · Scores, scaled
#
# Difficulty 1 of 3 · 4 minutes · the check proves that every query meets every key, at a scale that does not depend on
# the width.
#
# `q` has shape `(…, T, d)` and `k` has shape `(…, S, d)`; the dots stand for axes in front: a batch of sentences, several attentions side by
# side (*heads*, lesson 09), or nothing. Return scores of
# shape `(…, T, S)`: row `t` holds the scores of query `t`.


# %% exercise
def scaled_scores(q, k):
    """Return q kᵀ / √d, shape (…, T, S).

    >>> q, k = torch.tensor([[1.0, 0, 2, 0]]), torch.tensor([[1.0, 1, 0, 0], [0, 2, 1, 0]])
    >>> scaled_scores(q, k)
    tensor([[0.5000, 1.0000]])
    """
    ### BEGIN SOLUTION
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    ### END SOLUTION


# %% check
scaled_scores = lesson.check(scaled_scores)

# %% [markdown]
# Why the root? Take a query and a key whose entries are independent, with mean 0 and variance 1. Each product
# `q[i]·k[i]` has variance 1, and a sum of `d` independent terms has variance `d`. So the standard deviation of a dot
# product is √d: about 1.4 at width 2, about 22.6 at width 512. Let us measure it.

# %% demo
generator = torch.Generator().manual_seed(0)
for d in (2, 32, 512):
    q, k = torch.randn(2, 20_000, d, generator=generator)
    dots = (q * k).sum(-1)
    spread = dots.std()
    print(f"d = {d:3}: spread {spread:5.1f}, divided by √d {spread / math.sqrt(d):.1f}")

# %% [markdown]
# What harm does a large score do? It makes the softmax *sure*. Three keys, scores 1, 0 and −1: the weights are 0.67, 0.24
# and 0.09. Multiply the scores by ten and they are 0.99995, 0.00005 and 0.000000002: one key takes all.
#
# A sure softmax no longer learns. How much do the weights move when a score moves? That is its Jacobian, the matrix of
# all derivatives ∂wᵢ/∂sⱼ:
#
# $$J = \operatorname{diag}(w) - w\,w^\top$$
#
# For the weights (0.2, 0.3, 0.5) its first column is (0.2 − 0.04, −0.06, −0.10) = (0.16, −0.06, −0.10): raising the first
# score raises the first weight and lowers the others by as much in all.

# %% demo
lesson.predict("jacobian")

# %% [markdown]
# ### Exercise 4.2 · How weights move when scores do
#
# Difficulty 2 of 3 · 6 minutes · the check proves that your matrix holds every derivative ∂w_i/∂s_j of the softmax.
#
# `w` is a vector of weights that sum to 1. Build the matrix from the formula above, without autograd (no `jacobian`, no
# `jacrev`).


# %% exercise
def softmax_jacobian(w):
    """Return diag(w) − w wᵀ, shape (S, S).

    >>> softmax_jacobian(torch.tensor([0.5, 0.5]))
    tensor([[ 0.2500, -0.2500],
            [-0.2500,  0.2500]])
    """
    ### BEGIN SOLUTION
    return torch.diag(w) - torch.outer(w, w)
    ### END SOLUTION


# %% check
softmax_jacobian = lesson.check(softmax_jacobian)

# %% [markdown]
# Now the measurement that you predicted: three keys, a thousand random queries at each width, and the mean norm of the
# Jacobian, with scores as they are and with scores divided by √d.

# %% demo
widths = [2, 8, 32, 128, 512]
generator = torch.Generator().manual_seed(0)
norms = {"as they are": [], "divided by √d": []}
for d in widths:
    q, keys = torch.randn(1000, d, generator=generator), torch.randn(3, d, generator=generator)
    for name, root in (("as they are", 1.0), ("divided by √d", math.sqrt(d))):
        weights = (q @ keys.T / root).softmax(-1)
        norms[name].append(sum(softmax_jacobian(w).norm().item() for w in weights) / 1000)
show(
    lines(
        widths,
        norms,
        "How much weights move when scores do",
        xlabel="width d",
        ylabel="norm of J",
        logx=True,
    ),
    alt="Norm of the softmax Jacobian against width. Divided by √d it stays near 0.4 from width 2 "
    "to 512; unscaled it falls from 0.37 to 0.03.",
)

# %% demo
lesson.reveal("jacobian")

# %% [markdown]
# A gradient that passes through this softmax is multiplied by J. At width 512 without the root, most of it is lost: for most
# queries one weight is all but 1, and such a query hardly learns. The argument assumes independent entries: in lesson 02
# you broke it with correlated ones, and trained models drift from it too. √d sets a good start; it guarantees nothing later.

# %% [markdown]
# ## 2 · Weights, then the weighted mean
#
# Two steps remain. The softmax turns each row of scores into weights: positive, with sum 1. The weights then mix the
# rows of `v`.
#
# By hand: the scores 0.5 and 1 give weights e^0.5 : e^1 = 1.65 : 2.72, that is 0.38 and 0.62. With values 10 and 20 the
# output is 0.38 · 10 + 0.62 · 20 = 16.2, between the two values, as every weighted mean is.
#
# ### Exercise 4.3 · Weights, then the weighted mean
#
# Difficulty 1 of 3 · 6 minutes · the check proves that your output and your weights agree with PyTorch's fused attention,
# gradients too.
#
# (PyTorch's *fused* attention does all steps in one call; part 6 says why that pays.) Values have a width of their own, `d_v`: the output has shape `(…, T, d_v)`. Along which axis must the softmax run so
# that each *query* shares out a total of 1?


# %% exercise
def attend(q, k, v):
    """Return (out, weights): weights = softmax(q kᵀ / √d) over the keys, out = weights v.

    A query of zeros scores every key alike.

    >>> q, k, v = torch.zeros(1, 2), torch.eye(2), torch.tensor([[1.0], [3.0]])
    >>> attend(q, k, v)
    (tensor([[2.]]), tensor([[0.5000, 0.5000]]))
    """
    ### BEGIN SOLUTION
    weights = scaled_scores(q, k).softmax(dim=-1)
    return weights @ v, weights
    ### END SOLUTION


# %% check
attend = lesson.check(attend)

# %% [markdown]
# See it on six random vectors, x₀ to x₅. The pattern means nothing yet; the shape of the picture is what every
# attention map in this course has: a row for each query, a column for each key, and every row sums to 1.

# %% demo
words = ["x₀", "x₁", "x₂", "x₃", "x₄", "x₅"]
x = torch.randn(6, 16, generator=torch.Generator().manual_seed(4))
out, weights = attend(x, x, x)
print("row sums:", [round(total, 3) for total in weights.sum(-1).tolist()])
show(
    weights_heatmap(weights, words, words, "Six random vectors attend to one another"),
    alt="A 6 × 6 matrix of attention weights between six vectors. The diagonal is bright, 0.73 to "
    "0.97: every random vector is most similar to itself. All rows sum to 1.",
)

# %% [markdown]
# **Explain.** The diagonal is bright although nothing was trained. Each vector has a dot product of about 16 with itself
# and about 0 ± 4 with others; after division by √16 that is 4 against 0 ± 1. What would change if queries and keys were
# made from `x` by two learned matrices? (Lesson 07 builds them.)

# %% [markdown]
# ## 3 · Masks
#
# Some keys must not take part. Two reasons come up everywhere:
#
# - **padding**: sentences of a batch are filled up to one length, and the filling means nothing;
# - **the future**: a model that writes text must not read what it has yet to write.
#
# A mask says who may look where. In this course it is boolean and **True means may attend**. Libraries disagree:
# `F.scaled_dot_product_attention` reads True as allowed, `nn.MultiheadAttention` reads True as *blocked*.

# %% [markdown]
# ### Exercise 4.4 · Padding mask
#
# Difficulty 1 of 3 · 5 minutes · the check proves that exactly the real keys of every sequence are True.
#
# Two sentences of 3 words and 1 word, padded to 3: the mask is `[[True, True, True], [True, False, False]]`. Write it for
# any lengths. Put new tensors on the device of `lengths`, so that the same line works on a GPU.


# %% exercise
def padding_mask(lengths, n_keys):
    """Return a boolean (B, n_keys): True where a key is a word, False where it is padding.

    >>> padding_mask(torch.tensor([3, 1]), 3)
    tensor([[ True,  True,  True],
            [ True, False, False]])
    """
    ### BEGIN SOLUTION
    return torch.arange(n_keys, device=lengths.device) < lengths[:, None]
    ### END SOLUTION


# %% check
padding_mask = lesson.check(padding_mask)

# %% [markdown]
# A model that writes text must not read ahead: while it predicts word 3, word 4 has not been written. Row `t` of the mask
# says which keys query `t` may attend to. For three tokens the first may attend to 1 key, the second to 2, the third to
# 3: six of nine entries are True.

# %% demo
lesson.predict("causal_corner")

# %% [markdown]
# ### Exercise 4.5 · Causal mask
#
# Difficulty 1 of 3 · 4 minutes · the check proves that no query may attend to a later key, and each may attend to itself
# and all before.


# %% exercise
def causal_mask(n):
    """Return a boolean (n, n): True where query t may attend to key s, that is where s ≤ t.

    >>> causal_mask(2)
    tensor([[ True, False],
            [ True,  True]])
    """
    ### BEGIN SOLUTION
    return torch.ones(n, n, dtype=torch.bool).tril()
    ### END SOLUTION


# %% check
causal_mask = lesson.check(causal_mask)

# %% [markdown]
# What did you predict? Rows are queries, columns are keys:

# %% demo
lesson.reveal("causal_corner")
print(causal_mask(4).int())

# %% [markdown]
# Now the mask meets the scores. Where? Before the softmax a forbidden score becomes −∞, and exp(−∞) = 0: the key is gone,
# and the others share out the whole. After the softmax a forbidden weight becomes 0, and its share is lost.

# %% demo
lesson.predict("mask_after")

# %% [markdown]
# ### Exercise 4.6 · Scaled dot-product attention
#
# Difficulty 2 of 3 · 10 minutes · the check proves that output and gradients agree with PyTorch's fused attention, whatever
# the mask.
#
# One case needs care: a row that is all False. Its scores are all −∞, and softmax makes 0/0 of them. Such a query must
# get **zeros**. The mask broadcasts: `(T, S)`, `(B, 1, S)` and `(B, 1, T, S)` all occur. With `mask=None` every key is
# allowed. Without `F.scaled_dot_product_attention`: the check holds yours against it.


# %% exercise
def scaled_dot_product_attention(q, k, v, mask=None):
    """Return softmax(q kᵀ / √d) v over the allowed keys; zeros where nothing is allowed.

    >>> q, k, v = torch.zeros(1, 2), torch.eye(2), torch.tensor([[1.0], [3.0]])
    >>> scaled_dot_product_attention(q, k, v, torch.tensor([[False, True]]))
    tensor([[3.]])
    """
    scores = scaled_scores(q, k)
    ### BEGIN SOLUTION
    if mask is None:
        return scores.softmax(dim=-1) @ v
    empty = ~mask.any(dim=-1, keepdim=True)
    scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(dim=-1).masked_fill(empty, 0.0)
    return weights @ v
    ### END SOLUTION


# %% check
scaled_dot_product_attention = lesson.check(scaled_dot_product_attention)

# %% [markdown]
# Now the case that you predicted, three equal scores of which the third is forbidden:

# %% demo
scores = torch.zeros(1, 3)
mask = torch.tensor([[True, True, False]])
print("masked before:", scores.masked_fill(~mask, -torch.inf).softmax(-1))
print("masked after: ", scores.softmax(-1) * mask)
lesson.reveal("mask_after")

# %% [markdown]
# And here is one query on its way through your function: x₂, which may see x₀, x₁ and itself. With the identity for values, the output *is* the row of weights.

# %% demo
from course_lib.figures.diagrams import attention_strip

half, past = x[:4] / 2, causal_mask(4)  # smaller vectors, so that others are heard too
some = torch.randn(4, 2, generator=torch.Generator().manual_seed(1))
attention_strip(
    scores=scaled_scores(half, half)[2],
    mask=past[2],
    weights=scaled_dot_product_attention(half, half, torch.eye(4), past)[2],
    values=some,
    out=scaled_dot_product_attention(half, half, some, past)[2],
    keys=words[:4],
    query="x₂",
)

# %% [markdown]
# Where all allowed scores are equal, attention is the plain mean of the past. So three programs give the same numbers: a loop of means, a triangle of
# ones with every row divided by its sum, and a softmax of zeros and −∞. The third is the one that can learn: put scores in the place of the zeros.

# %% demo
means = torch.stack([some[: t + 1].mean(0) for t in range(4)])
triangle = past.float() / past.sum(-1, keepdim=True)
hidden = torch.zeros(4, 4).masked_fill(~past, -torch.inf).softmax(-1)
print("loop = triangle:", torch.allclose(means, triangle @ some))
print("triangle = softmax of −∞:", torch.allclose(triangle, hidden))
print(
    "and yours, with scores of 0:",
    torch.allclose(
        means, scaled_dot_product_attention(torch.zeros(4, 2), torch.zeros(4, 2), some, past)
    ),
)

# %% [markdown]
# You have written the function at the heart of every transformer. How close is yours to PyTorch's fused one? In float64,
# with a random mask and an empty row:

# %% demo
generator = torch.Generator().manual_seed(1)
q, k, v = (
    torch.randn(2, 3, n, d, generator=generator, dtype=torch.float64)
    for n, d in ((5, 11), (7, 11), (7, 13))
)
mask = torch.rand(5, 7, generator=generator) < 0.6
mask[2] = False
fused = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
apart = (scaled_dot_product_attention(q, k, v, mask) - fused).abs().max().item()
print("largest difference below 1e-10:", apart < 1e-10)
print("the empty row:", fused[0, 0, 2, :3].tolist())

# %% [markdown]
# ### Why −∞ and not −1e9
#
# Much code fills with −10⁹. In float32 that works until a row is empty: every score is then the same −10⁹, and the softmax
# spreads its weight over keys that are all forbidden. In float16, whose range ends at 65504, it does not work at all:

# %% demo
half = torch.zeros(1, 3, dtype=torch.float16)
try:
    half.masked_fill(~torch.tensor([[True, True, False]]), -1e9)
except RuntimeError as error:
    print("float16:", error)
print(
    "float32, empty row:",
    torch.zeros(3).masked_fill(torch.ones(3, dtype=torch.bool), -1e9).softmax(-1),
)

# %% [markdown]
# ### See it: paint a mask
#
# The matrix below is drawn by *your* function. Move with the arrow keys, press space to allow or forbid a cell. The alarm
# counts outputs that have seen their own future, after one layer and after two. Allow one cell above the diagonal, next
# to it; then one in the upper right corner. Which of the two leaks further?

# %% demo
from course_lib.explore import mask_painter

mask_painter(lesson.pair("scaled_dot_product_attention"))

# %% [markdown]
# ### Exercise 4.7 · Both masks at once
#
# Difficulty 2 of 3 · 5 minutes · the check proves that key s is allowed to query t exactly when s ≤ t and s is no padding.
#
# A *decoder*, the part of a model that writes a text word by word, needs both masks, one matrix for each sequence: shape `(B, n, n)`. What padded *queries* compute is thrown
# away later by the loss, so leave their rows alone.


# %% exercise
def decoder_mask(lengths, n):
    """Return a boolean (B, n, n): causal, with the padding of each sequence hidden as keys.

    >>> decoder_mask(torch.tensor([2]), 3)
    tensor([[[ True, False, False],
             [ True,  True, False],
             [ True,  True, False]]])
    """
    ### BEGIN SOLUTION
    return causal_mask(n).to(lengths.device) & padding_mask(lengths, n)[:, None, :]
    ### END SOLUTION


# %% check
decoder_mask = lesson.check(decoder_mask)

# %% [markdown]
# ### Leaks, found by gradient
#
# Is a model causal? Do not read its code: ask its gradient. Output `t` depends on input `s` when ∂out[t]/∂x[s] is not 0.
# For every s > t it must be **exactly** 0. That test needs no access to masks or weights, and it works on any model that
# has gradients; lessons 07 and 10 use it again.

# %% demo
lesson.predict("leaks")

# %% [markdown]
# `influence(f, x)` asks that question for all pairs at once. Here is the wrong cell, and a layer that uses it:

# %% given
from course_lib.attention.causality import assert_causal, influence

x = torch.randn(5, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
faulty = causal_mask(5)
faulty[0, 3] = True


def layer(x, mask=faulty):
    """Let a sequence attend to itself."""
    return scaled_dot_product_attention(x, x, x, mask)


# %% demo
one, two = influence(layer, x), influence(lambda x: layer(layer(x)), x)
print("leaks after one layer: ", one.triu(1).sum().item())
print("leaks after two layers:", two.triu(1).sum().item())
lesson.reveal("leaks")

# %% [markdown]
# `assert_causal` turns the question into a test. It passes for a right mask and names the first leak of a wrong one:

# %% demo
assert_causal(lambda x: layer(layer(x, causal_mask(5)), causal_mask(5)), x)
try:
    assert_causal(lambda x: layer(layer(x)), x)
except AssertionError as leak:
    print(leak)

# %% [markdown]
# **In a word.** A causal mask is lower triangular. It is applied to scores, before the softmax. One wrong cell leaks once
# in the first layer and can spread in the next: whoever may look at the leaking place learns what it has seen.

# %% [markdown]
# ## 4 · Without a framework, without autograd
#
# *The second sitting begins here: about 35 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# Nothing in attention needs PyTorch. Write it once more with NumPy alone, for one sequence. There is no softmax to call,
# so you meet its trap again: exp(1000) is infinite. Subtracting each row's largest score changes no weight, since the
# factor cancels in the division.
#
# ### Exercise 4.8 · The same in NumPy alone
#
# Difficulty 2 of 3 · 6 minutes · the check proves that you need no framework: exponentials, a division, two matrix
# products.
#
# Every row of `mask` holds at least one True here. NumPy alone means: no `softmax` of SciPy's, and no way back to torch by
# `from_numpy`.


# %% exercise
import numpy as np


def attention_numpy(q, k, v, mask):
    """Return masked attention for q (T, d), k (S, d), v (S, d_v), mask (T, S), in NumPy.

    >>> q, k, v = np.zeros((1, 2)), np.eye(2), np.array([[1.0], [3.0]])
    >>> attention_numpy(q, k, v, np.array([[True, True]]))
    array([[2.]])
    """
    ### BEGIN SOLUTION
    scores = np.where(mask, q @ k.T / np.sqrt(q.shape[-1]), -np.inf)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ v
    ### END SOLUTION


# %% check
attention_numpy = lesson.check(attention_numpy)

# %% [markdown]
# ### The gradient by hand
#
# Autograd has done the derivatives so far. Doing them once by hand shows where learning comes from, and what a fast
# kernel has to compute without ever storing the weights.
#
# Take one query: `s = k q / √d`, `w = softmax(s)`, `out = w v`. A gradient `g` of some loss arrives at `out`. Walk backwards,
# with ∂/∂v short for the gradient of that loss by `v`:
#
# $$\frac{\partial}{\partial v} = w\,g^\top \qquad \frac{\partial}{\partial w} = v\,g \qquad \frac{\partial}{\partial s} = J\,\frac{\partial}{\partial w}$$
#
# and from `s` to `q` and `k`, each through its product, each with its 1/√d.

# %% [markdown]
# By hand, for two keys with weights (0.5, 0.5), values 1 and 3 and g = 1: ∂/∂w = (1, 3). The Jacobian has 0.25 on its
# diagonal and −0.25 beside it, so ∂/∂s = (0.25 − 0.75, −0.25 + 0.75) = (−0.5, 0.5). Raising the second score moves weight to
# the larger value, and the output up.
#
# ### Exercise 4.9 · The gradient by hand
#
# Difficulty 3 of 3 · 12 minutes · the check proves that you can differentiate attention without autograd.
#
# Return the three gradients as a tuple, without `backward` and `torch.autograd.grad`. `J x` needs no matrix: it is
# `w * (x - w @ x)`.


# %% exercise
def attention_gradient(q, k, v, grad_out):
    """Return (grad_q, grad_k, grad_v) for one query.

    q is (d,), k (S, d), v (S, d_v), grad_out (d_v,).
    >>> k, v = torch.tensor([[1.0], [-1.0]]), torch.tensor([[1.0], [3.0]])
    >>> grad_q, grad_k, grad_v = attention_gradient(torch.zeros(1), k, v, torch.ones(1))
    >>> grad_q, grad_v
    (tensor([-1.]), tensor([[0.5000],
            [0.5000]]))
    """
    root = math.sqrt(q.shape[0])
    w = (k @ q / root).softmax(dim=0)
    ### BEGIN SOLUTION
    grad_v = torch.outer(w, grad_out)
    grad_w = v @ grad_out
    grad_s = w * (grad_w - w @ grad_w)
    return grad_s @ k / root, torch.outer(grad_s, q) / root, grad_v
    ### END SOLUTION


# %% check
attention_gradient = lesson.check(attention_gradient)

# %% [markdown]
# **Explain.** A key with weight 0 receives no gradient, through its score or through its value. What does that mean for a
# key that is wrongly ignored from the start? (It is one reason why √d matters early in training.)

# %% [markdown]
# ## 5 · Bug clinic
#
# Six attentions, each with one classic fault. Some return the right shape, some even rows that sum to 1. Write one test
# that tells them from a right one. A fault hides wherever it changes nothing: a missing √d when d = 1, a missing mask when
# everything is allowed. Good tests choose sizes that all differ, and a mask that forbids something.
#
# ### Exercise 4.10 · Bug clinic
#
# Difficulty 3 of 3 · 10 minutes · the check proves that your test passes right attentions and catches seven faulty ones.
#
# `attention(q, k, v, mask)` is the candidate. Return True when it is right, False when it is not. Your function from 4.6
# is a version to trust. Draw with a generator of your own, `torch.Generator().manual_seed(0)`, and compare shapes before
# numbers.


# %% exercise
def is_attention(attention):
    """Return True when `attention(q, k, v, mask)` is masked scaled dot-product attention.

    >>> is_attention(scaled_dot_product_attention), is_attention(lambda q, k, v, mask: v)
    (True, False)
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(n, d, generator=generator) for n, d in ((3, 4), (5, 4), (5, 2)))
    mask = torch.tensor([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [1, 0, 0, 0, 0]], dtype=torch.bool)
    out, due = attention(q, k, v, mask), scaled_dot_product_attention(q, k, v, mask)
    return out.shape == due.shape and torch.allclose(out, due, atol=1e-5)
    ### END SOLUTION


# %% check
is_attention = lesson.check(is_attention)

# %% [markdown]
# ## 6 · What it costs
#
# Your function writes the whole matrix of weights down: T × S numbers for every head. PyTorch's fused call can compute the
# same without storing it. How much is that at 2,048 tokens?

# %% demo
lesson.predict("memory")

# %% demo
for n in (128, 512, 2048):
    print(f"T = S = {n:4}, 8 heads: {8 * n * n * 4 / 1e6:6.1f} MB of weights")
lesson.reveal("memory")

# %% [markdown]
# And the time? Three lengths, forward and backward, the best of three runs each:

# %% given
import time


def seconds(attention, q, k, v, repeats=3):
    """Return the best time of one forward and backward pass."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        attention(q, k, v).sum().backward()
        times.append(time.perf_counter() - start)
    return min(times[1:])


# %% train tags=["nbval-ignore-output"]
for n in (128, 512, 1024):
    q, k, v = (
        torch.randn(3, 1, 8, n, 64, generator=torch.Generator().manual_seed(0))
        .requires_grad_()
        .unbind(0)
    )
    yours = seconds(scaled_dot_product_attention, q, k, v)
    fused = seconds(torch.nn.functional.scaled_dot_product_attention, q, k, v)
    print(
        f"T = {n:4}: yours {1000 * yours:6.1f} ms, fused {1000 * fused:6.1f} ms,",
        f"ratio {yours / fused:.1f}",
    )

# %% [markdown]
# The times are this machine's, and they wander; the ratio is what to look at. Both forms take time that grows with T²: the
# fused one saves memory traffic, not work. To save work as well, the mechanism itself must change: each query would see
# only the keys near it, say.

# %% [markdown]
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - write scaled dot-product attention, with any mask, so that it agrees with PyTorch's own to the tenth digit;
# - say why scores are divided by √d, and measure what happens when they are not;
# - find, by gradient, every output that has seen what it should not.
#
# To think about:
#
# 1. With `is_causal=True` and more keys than queries, PyTorch aligns the triangle at the top left. A model that generates
#    with stored keys needs it at the bottom right. Draw both for 2 queries and 4 keys.
# 2. Attention scores need not be dot products. What would change in this lesson if they were −‖q − k‖²/2, as in lesson 03?
# 3. A query with nothing to attend to gets zeros here. When could a different answer be better?
# 4. Which of the seven faulty attentions would still train, and how would you notice?
#
# ### References
#
# - Vaswani et al. 2017, *Attention Is All You Need*: §3.2.1 (scaled dot-product attention, and footnote 4 on the variance of
#   a dot product), §3.2.3 (masking in the decoder).
# - PyTorch documentation, `torch.nn.functional.scaled_dot_product_attention`: the meaning of `attn_mask` and `is_causal`.
