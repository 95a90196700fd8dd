# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 08 · Order
#
# 85 minutes in two sittings · needs 07 Self-attention · ten exercises, the first within five minutes.
#
# You will be able to
#
# - tell a model order in five ways: sinusoidal and learned positions, relative bias, rotary, ALiBi;
# - prove of rotary scores that they depend on distance alone, and tell its two layouts apart;
# - choose an encoding by what the task needs and by what survives longer texts, from measurements.

# %% setup
import math

import torch
from course_lib import Lesson
from course_lib.attention.scaled_dot_product import scaled_dot_product_attention
from course_lib.figures import lines, show, weights_heatmap

lesson = Lesson("08")

# %% [markdown]
# ## 1 · A bag of words
#
# “The dog bites the man” and “the man bites the dog” hold the same words. In lesson 07 you saw that self-attention answers
# both alike: shuffle its inputs, and its outputs are shuffled in the same way. So order has to be told. It can enter
#
# - at **the input**: add to each token something that depends on its place;
# - in **the scores**: add to each something that depends on the distance of query and key;
# - **in between**: turn queries and keys, so that distance appears in their dot product by itself.
#
# How bad is it without? The task *reverse* asks, at place `t` of eight tokens, for the token at place `7 − t`. All eight are
# different, drawn from 16.

# %% demo
lesson.predict("no_order")

# %% [markdown]
# One word beforehand: real layers run several attentions side by side, each on its own slice of the columns, called **heads**. Lesson 09 builds them; here
# H is one more axis in front, `(H, T, S)`, and “a number for each head” means one for each of these attentions.
#
# ## 2 · Add a place to each token
#
# What could stand for a place? The number itself grows without end. A clock is better: its hand comes back, and one hand
# beside a slower one tells minutes from hours. Take `d/2` hands. At position `p`, hand `i` has turned by the angle
#
# $$\theta_{p,i} = p \cdot \mathrm{base}^{-2i/d}, \qquad i = 0, 1, \dots, d/2 - 1$$
#
# with base 10000 (Vaswani et al. 2017, §3.5). The paper writes $pos$ and 10000; we write `p` and `base`.
#
# By hand, for width 4: the frequencies are 10000⁰ = 1 and 10000^(−1/2) = 0.01. At position 2 the hands stand at 2 and 0.02
# radians.

# %% [markdown]
# ### Exercise 8.1 · A clock for every pair of columns
#
# Difficulty 2 of 3 · 6 minutes · the check proves that pair i has turned by p · base^(−2i/d) at position p, for any
# positions, width and base.
#
# `positions` is a tensor of numbers, not always 0, 1, 2 …: a model that continues a text starts elsewhere. Keep its dtype and
# its device.


# %% exercise
def angles(positions, d, base=10_000.0):
    """Return the angle of every pair at every position, shape (T, d/2), in radians.

    Positions may be whole numbers, as torch.arange gives them; their angles are float32.

    >>> angles(torch.tensor([0.0, 1.0, 2.0]), 4)
    tensor([[0.0000, 0.0000],
            [1.0000, 0.0100],
            [2.0000, 0.0200]])
    """
    ### BEGIN SOLUTION
    i = torch.arange(d // 2, dtype=positions.dtype, device=positions.device)
    return positions[:, None] * base ** (-2 * i / d)
    ### END SOLUTION


# %% check
angles = lesson.check(angles)

# %% [markdown]
# The first hand takes 2π ≈ 6.3 tokens for a full turn; at width 16 the last takes 19,869.
#
# An angle is awkward to add to a token: 0 and 2π are the same place of a clock, and different numbers. So each hand gives two
# columns, its sine and its cosine: a point on a circle. By hand, position 1 at width 4:
#
# `sin 1 = 0.841, cos 1 = 0.540, sin 0.01 = 0.010, cos 0.01 = 1.000`.
#
# ### Exercise 8.2 · Sinusoidal positions
#
# Difficulty 1 of 3 · 5 minutes · the check proves that column 2i holds the sine and column 2i + 1 the cosine of angle i.


# %% exercise
def sinusoidal_positions(positions, d):
    """Return a row for each position, shape (T, d): sin, cos, sin, cos … of its angles.

    >>> sinusoidal_positions(torch.tensor([0.0, 1.0]), 2)
    tensor([[0.0000, 1.0000],
            [0.8415, 0.5403]])
    """
    turned = angles(positions, d)
    ### BEGIN SOLUTION
    return torch.stack([turned.sin(), turned.cos()], dim=-1).flatten(-2)
    ### END SOLUTION


# %% check
sinusoidal_positions = lesson.check(sinusoidal_positions)

# %% [markdown]
# Why sine *and* cosine? Compare two rows by dot product. A pair contributes sin a sin b + cos a cos b = cos(a − b), so
#
# $$P_p \cdot P_s = \sum_i \cos\bigl((p - s)\,\mathrm{base}^{-2i/d}\bigr)$$
#
# Only the distance is left. One step turns each pair by its own angle, wherever it stands: a row some steps on is the same
# linear map of this row everywhere, which was the paper's reason for choosing it (§3.5). That holds for any set of frequencies; the paper's falling ones give
# fast hands for near places and slow ones for far. And between two rows of a *layer* stand W_q and W_k: it may use the distance, but is not bound to it.
# Part 4 binds it.

# %% demo
table = sinusoidal_positions(torch.arange(60, dtype=torch.float64), 32)
similar = table @ table.T / 16
print(
    "rows 5 and 9:",
    round(similar[5, 9].item(), 4),
    " rows 45 and 49:",
    round(similar[45, 49].item(), 4),
)
show(
    lines(
        range(60),
        {"to row 10": similar[10], "to row 40": similar[40]},
        "How alike rows of the table are",
        xlabel="position",
        ylabel="similarity",
    ),
    alt="Similarity of every row to rows 10 and 40: two curves of the same shape, each with a peak of 1 "
    "at its own row, falling to about 0.7 five steps away.",
)

# %% [markdown]
# **Explain.** The two curves are one curve, moved. Why do they not fall to 0 on both sides? Look at the slow hands: at width
# 32, nine of the sixteen turn by less than a tenth of a radian in five steps.
#
# ### A table that learns
#
# The other way is to let training choose: one row of parameters for each position, as there is one for each word. It can hold
# anything, and it ends where the table ends.
#
# ### Exercise 8.3 · Learned positions
#
# Difficulty 1 of 3 · 5 minutes · the check proves that token t gets row t of a table that learns, with any number of leading
# axes.


# %% exercise
from torch import nn


class LearnedPositions(nn.Module):
    """Add row t of a learned table to token t: x (…, T, d_model) with T ≤ max_len.

    A table [[1, 1], [5, 5]] and one token [[2, 3]] give [[3, 4]]:

    >>> layer = LearnedPositions(2, 2)
    >>> _ = layer.load_state_dict({"table": torch.tensor([[1.0, 1.0], [5.0, 5.0]])})
    >>> layer(torch.tensor([[2.0, 3.0]])).detach()
    tensor([[3., 4.]])
    """

    def __init__(self, max_len, d_model):
        super().__init__()
        self.table = nn.Parameter(0.02 * torch.randn(max_len, d_model))

    def forward(self, x):
        ### BEGIN SOLUTION
        return x + self.table[: x.shape[-2]]
        ### END SOLUTION


# %% check
LearnedPositions = lesson.check(LearnedPositions)

# %% [markdown]
# ### Where the sum belongs
#
# Token and place are added **before** the projections. Then `w_q` and `w_k` can use either: a query may ask for “the place
# before mine”, or for “a verb”, or for both. The sum of two vectors keeps both where they point in different directions, and
# in a wide space there are many.
#
# ### Exercise 8.4 · Self-attention that knows places
#
# Difficulty 1 of 3 · 5 minutes · the check proves that queries, keys and values are all made from x + p, added once and before
# the projections.
#
# `p` holds a row for each position, `(T, d_in)`; `w_q`, `w_k` and `w_v` project from `d_in`.


# %% exercise
def attend_in_order(x, p, w_q, w_k, w_v):
    """Return self-attention over x + p, for x (…, T, d_in) and p (T, d_in).

    Two equal tokens, which p tells apart: the second asks more for itself than the first does.

    >>> x, p, eye = torch.zeros(2, 1), torch.tensor([[0.0], [1.0]]), torch.eye(1)
    >>> attend_in_order(x, p, eye, eye, eye)
    tensor([[0.5000],
            [0.7311]])
    """
    ### BEGIN SOLUTION
    h = x + p
    return scaled_dot_product_attention(h @ w_q, h @ w_k, h @ w_v)
    ### END SOLUTION


# %% check
attend_in_order = lesson.check(attend_in_order)

# %% [markdown]
# ### Reverse, with order and without
#
# One layer of your function, an embedding below and a guess above. It is tested on a thousand sequences that it has not seen.

# %% given
from course_lib.data.sequences import reverse
from course_lib.training.scale import choose

torch.set_num_threads(1)  # So small a model gains nothing from a second thread.
STEPS = choose(tiny=5, small=150, full=600)


class Reverser(nn.Module):
    """Embed 16 kinds of token, attend once, name a token at every place."""

    def __init__(self, attend, positions=None, d=32):
        super().__init__()
        self.attend, self.positions = attend, positions
        self.embed, self.head = nn.Embedding(16, d), nn.Linear(d, 16)
        self.w_q, self.w_k, self.w_v = (nn.Parameter(torch.randn(d, d) / d**0.5) for _ in range(3))

    def forward(self, tokens):
        return self.head(self.attend(self.embed(tokens), self.w_q, self.w_k, self.w_v))


def share_right(model):
    test = reverse(1000, 8, vocab_size=16, seed=123_456_789, distinct=True)
    with torch.no_grad():
        return (model(test.tokens).argmax(-1) == test.targets).double().mean().item()


# %% [markdown]
# Three ways of telling order: not at all, your sinusoidal table, and your learned one. Each is trained from three seeds, on the
# same data.

# %% given
places = sinusoidal_positions(torch.arange(8.0), 32)


def without():
    return Reverser(lambda x, *w: attend_in_order(x, torch.zeros(8, 32), *w))


def sinusoidal():
    return Reverser(lambda x, *w: attend_in_order(x, places, *w))


def learned():
    rows = LearnedPositions(8, 32)
    return Reverser(lambda x, *w: attend_in_order(x, rows.table, *w), positions=rows)


def train(make, seed):
    torch.manual_seed(seed)
    model = make()
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(STEPS):
        task = reverse(64, 8, vocab_size=16, seed=1000 * seed + step, distinct=True)
        loss = nn.functional.cross_entropy(model(task.tokens).mT, task.targets)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return model


# %% train tags=["nbval-ignore-output"]
right, models = {}, {}
for make in (without, sinusoidal, learned):
    models[make] = [train(make, seed) for seed in range(3)]
    right[make] = [share_right(model) for model in models[make]]
    size = sum(p.numel() for p in models[make][0].parameters())
    shown = ", ".join(f"{100 * share:.1f} %" for share in right[make])
    print(f"{make.__name__:>10}: {shown}   ({size} parameters, {STEPS} steps)")

# %% demo
print("with a table, above 99 %:", min(right[sinusoidal] + right[learned]) > 0.99)
print("without, below 20 %:", max(right[without]) < 0.20)
lesson.reveal("no_order")

# %% [markdown]
# The right map of this task is known beforehand: place `t` looks at place `7 − t`, the diagonal that rises from lower left to
# upper right. Did training find it? Look also at the keys beside the diagonal, and remember which rows of the table are alike.

# %% demo
from course_lib.attention.scaled_dot_product import scaled_scores

model = models[sinusoidal][0]
with torch.no_grad():
    h = model.embed(reverse(1, 8, vocab_size=16, seed=5, distinct=True).tokens[0]) + places
    weights = scaled_scores(h @ model.w_q, h @ model.w_k).softmax(-1)
print(
    "every place looks most at its mirror image:",
    bool((weights.argmax(-1) == torch.arange(7, -1, -1)).all()),
)
show(
    weights_heatmap(weights, title="One layer that reverses, with sinusoidal positions"),
    alt="An 8 × 8 matrix of weights. The diagonal from lower left to upper right is bright, 0.55 to 0.71: "
    "position t looks at position 7 − t. Most of the rest, up to 0.31, is on the keys next to it.",
)

# %% [markdown]
# ## 3 · Add a number to each score
#
# Language cares less for “word 17” than for “the word before”. A **relative** encoding leaves the tokens alone and adds to the
# score of query `t` and key `s` a number that depends on `s − t`:
#
# $$\mathrm{scores}_{h,t,s} = \frac{q_t \cdot k_s}{\sqrt{d}} + \mathrm{table}_{h,\ \mathrm{clip}(s - t,\, -r,\, r) + r}$$
#
# Distances beyond the reach `r` share the outermost number, so any length has a bias. Shaw et al. (2018, §3.2) clip like this,
# with a vector for each distance; one number for each head is the form of T5 (Raffel et al. 2020, §2.1), which also groups far
# distances into buckets. You build those in lesson 15.

# %% [markdown]
# By hand: reach 1 and the table `[10, 20, 30]`, for one before, the same place, one after. Query 0 sees keys 0, 1, 2 at the
# distances 0, 1, 2; the last is clipped to 1. Its row is 20, 30, 30. Query 1 has the distances −1, 0, 1: the row 10, 20, 30.
#
# ### Exercise 8.5 · A number for every distance
#
# Difficulty 2 of 3 · 8 minutes · the check proves that query t and key s get the number of their distance s − t, clipped to
# the reach of the table.
#
# `table` has a row for each head and `2r + 1` columns. Return shape `(H, T, S)`, ready to be added to scores.


# %% exercise
def relative_bias(table, n_queries, n_keys):
    """Return table[h, clip(s − t, −r, r) + r] for every head h, query t and key s.

    >>> relative_bias(torch.tensor([[10.0, 20.0, 30.0]]), 2, 3)
    tensor([[[20., 30., 30.],
             [10., 20., 30.]]])
    """
    r = table.shape[-1] // 2
    ### BEGIN SOLUTION
    at = torch.arange(max(n_queries, n_keys), device=table.device)
    steps = at[:n_keys] - at[:n_queries, None]
    return table[:, steps.clamp(-r, r) + r]
    ### END SOLUTION


# %% check
relative_bias = lesson.check(relative_bias)

# %% [markdown]
# **Explain.** A column of the table learns only from pairs at its distance. Choose a reach longer than the texts in training:
# what does the outermost column hold after training, and what happens on a longer text?
#
# ## 4 · Turn queries and keys
#
# *The second sitting begins here: about 45 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# Rotary encoding (Su et al. 2021, §3.2) adds nothing: it *turns* pairs of columns of each query and key by the hands of the
# clock. A point $(a, b)$ of the plane, turned by θ, becomes
#
# $$(a \cos\theta - b \sin\theta,\ \ a \sin\theta + b \cos\theta)$$
#
# Turn a query by the angle of its place and a key by that of its own. The dot product of two vectors depends on their lengths
# and the angle between them. Lengths stay; the angle between has changed by the *difference* of the two turns.

# %% [markdown]
# By hand, for one pair: query and key are both (1, 0), at places 1 and 3. Turned they are (cos 1, sin 1) and (cos 3, sin 3),
# and their dot product is cos(3 − 1) = cos 2 = −0.416. At places 101 and 103 it is cos 2 again.

# %% demo
lesson.predict("shift")

# %% [markdown]
# Which columns make a pair? Nothing in the argument says. Two layouts are in use, and **both are right**:
#
# | layout | partners at width 6 | used by |
# |---|---|---|
# | pairs | 0 with 1, 2 with 3, 4 with 5 | the paper; GPT-J |
# | halves | 0 with 3, 1 with 4, 2 with 5 | Llama in Hugging Face's library |
#
# Here you write **halves**: column `i` turns with column `i + d/2`, by angle `i`. The first half holds the points' first
# coordinates, the second half their second ones.
#
# ### Exercise 8.6 · Turn queries and keys
#
# Difficulty 3 of 3 · 10 minutes · the check proves that scores depend on distance alone, and column i turns with column
# i + d/2 by angle i.
#
# `x` has shape `(…, T, d)` and `positions` has T numbers, one for each row.


# %% exercise
def rotate_halves(x, positions):
    """Return x with columns i and i + d/2 of row t turned by angle i of positions[t].

    A quarter turn:

    >>> quarter = torch.tensor([torch.pi / 2])
    >>> rotate_halves(torch.tensor([[1.0, 0.0]]), quarter).round(decimals=3).abs()
    tensor([[0., 1.]])
    """
    turned = angles(positions, x.shape[-1])
    ### BEGIN SOLUTION
    first, second = x.chunk(2, dim=-1)
    cos, sin = turned.cos(), turned.sin()
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
    ### END SOLUTION


# %% check
rotate_halves = lesson.check(rotate_halves)

# %% [markdown]
# With two columns there is one hand. Here are a query and a key, turned by your function to three pairs of places, each pair three places apart. The hands
# move; the angle between them stays, and with it their dot product.

# %% demo
from course_lib.figures.diagrams import turning

pairs = [(0, 3), (1, 4), (5, 8)]
asked, found = torch.tensor([[1.0, 0.3]]), torch.tensor([[0.8, -0.5]])
at = torch.tensor(pairs, dtype=torch.float32) / 4  # a slow clock: four places a radian
turning(
    torch.cat([rotate_halves(asked, one[None]) for one in at[:, 0]]),
    torch.cat([rotate_halves(found, one[None]) for one in at[:, 1]]),
    pairs,
)

# %% demo
generator = torch.Generator().manual_seed(2)
q, k = torch.randn(2, 1, 16, generator=generator, dtype=torch.float64)


def score(t, s):
    """One and the same query and key, at places t and s."""
    at = torch.tensor([t, s], dtype=torch.float64)
    return (rotate_halves(q, at[:1]) * rotate_halves(k, at[1:])).sum().item()


for t, s in ((5, 9), (105, 109), (5, 10), (9, 5)):
    print(f"query at {t:3}, key at {s:3}: {score(t, s):7.4f}")
lesson.reveal("shift")

# %% [markdown]
# ### See it: positions
#
# The page below is drawn by *your* two functions. The sliders move a query and a key; the buttons move both. Move both along:
# which numbers change? Then set the width to 16 and look at the last columns of the table: over twenty tokens they hardly
# move. What are they good for?

# %% demo
from course_lib.explore import positions

positions(lesson.pair("sinusoidal_positions"), lesson.pair("rotate_halves"))

# %% [markdown]
# ### The two layouts
#
# A layout is an order of columns. Reorder the columns of queries and keys alike, and their dot products stay as they were. So
# weights made for one layout can be run with the other, once the columns of `w_q` and `w_k` are moved. Forget that, and
# nothing complains.

# %% demo
lesson.predict("layouts")

# %% [markdown]
# ### Exercise 8.7 · From one layout to the other
#
# Difficulty 1 of 3 · 4 minutes · the check proves that the partners 2i and 2i + 1 end up in columns i and i + d/2.


# %% exercise
def pairs_to_halves(x):
    """Return x with its columns reordered, so that partners 2i, 2i + 1 stand at i and i + d/2.

    >>> pairs_to_halves(torch.arange(6))
    tensor([0, 2, 4, 1, 3, 5])
    """
    ### BEGIN SOLUTION
    return torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)
    ### END SOLUTION


# %% check
pairs_to_halves = lesson.check(pairs_to_halves)

# %% [markdown]
# A model's queries and keys come in the paper's layout. Its scores are those of `rotate_pairs`. Run with your function they
# are others, unless the columns are moved first:

# %% demo
from course_lib.attention.positions import rotate_pairs

at, generator = torch.arange(5, dtype=torch.float64), torch.Generator().manual_seed(3)
q, k = torch.randn(2, 5, 6, generator=generator, dtype=torch.float64)
meant = rotate_pairs(q, at) @ rotate_pairs(k, at).T
misread = rotate_halves(q, at) @ rotate_halves(k, at).T
moved = rotate_halves(pairs_to_halves(q), at) @ rotate_halves(pairs_to_halves(k), at).T
print("misread, off by up to", round((misread - meant).abs().max().item(), 2))
print("columns moved, the same scores:", torch.allclose(moved, meant))
lesson.reveal("layouts")

# %% [markdown]
# Now attention with it. Distance belongs in the scores and nowhere else: a value says what is found at a place, and what is
# found does not depend on how far away it is read.
#
# ### Exercise 8.8 · Rotary attention
#
# Difficulty 1 of 3 · 5 minutes · the check proves that queries and keys are turned by their positions, and values are not.
#
# Positions are 0, 1, 2 … for queries and for keys, of which there may be more or fewer.


# %% exercise
def rotary_attention(q, k, v):
    """Return attention of turned queries (…, T, d) and keys (…, S, d) over values (…, S, d_v).

    With one key the output is its value, unturned, for every query.

    >>> rotary_attention(torch.ones(2, 2), torch.ones(1, 2), torch.tensor([[5.0, 7.0]]))
    tensor([[5., 7.],
            [5., 7.]])
    """
    ### BEGIN SOLUTION
    at = torch.arange(max(q.shape[-2], k.shape[-2]), dtype=q.dtype, device=q.device)
    q, k = rotate_halves(q, at[: q.shape[-2]]), rotate_halves(k, at[: k.shape[-2]])
    return scaled_dot_product_attention(q, k, v)
    ### END SOLUTION


# %% check
rotary_attention = lesson.check(rotary_attention)

# %% [markdown]
# Does it reverse? Think before you run it: to reverse, place 1 of eight must look five steps ahead, and place 2 three steps. A
# rotary score knows how far a key is. Does it know how far the end is?

# %% demo
lesson.predict("rotary_reverse")


# %% train tags=["nbval-ignore-output"]
def rotary():
    return Reverser(lambda x, w_q, w_k, w_v: rotary_attention(x @ w_q, x @ w_k, x @ w_v))


right[rotary] = [share_right(train(rotary, seed)) for seed in range(3)]
print("rotary:", ", ".join(f"{100 * share:.1f} %" for share in right[rotary]))

# %% demo
print("more than without order:", min(right[rotary]) > max(right[without]))
print("far from solved:", max(right[rotary]) < 0.6)
lesson.reveal("rotary_reverse")

# %% [markdown]
# **In a word.** Absolute positions know places, relative ones know distances. Reverse needs places: its answer stands
# `7 − 2t` steps away, another distance for every query. Copying “what stood three before” needs a distance. No encoding is
# best at everything.
#
# ## 5 · A price for each step
#
# ALiBi (attention with linear biases; Press et al. 2022, §3) is the barest of all. There is nothing to train. A head has one
# number, its **slope** `m`, and each step back costs it:
#
# $$\mathrm{scores}_{h,t,s} = \frac{q_t \cdot k_s}{\sqrt{d}} - m_h \,(t - s), \qquad s \le t$$
#
# By hand: three tokens with equal scores, slope 1, the last query. Its biases are −2, −1, 0, so its weights are as
# e⁻² : e⁻¹ : 1, that is 0.090, 0.245 and 0.665.

# %% demo
lesson.predict("slope")

# %% [markdown]
# ### Slopes for every number of heads
#
# Heads should see differently far, so slopes are geometric: for H heads, `2^(−8/H)` is the first slope and the ratio. Eight
# heads have 1/2, 1/4, … 1/256.
#
# Where H is no power of two, the authors' code, and models such as BLOOM after it, take all slopes of the next smaller power,
# then every second one of the next larger, as many as are missing.
#
# By hand, for 3 heads: two heads have 1/16 and 1/256. Four have 1/4, 1/16, 1/64, 1/256, and the first of them is 1/4. So 3
# heads have 1/16, 1/256, 1/4.
#
# ### Exercise 8.9 · ALiBi's slopes
#
# Difficulty 2 of 3 · 8 minutes · the check proves that slopes are geometric for a power of two, and filled up by the authors'
# rule for other numbers of heads.
#
# Return a list of Python numbers.


# %% exercise
def alibi_slopes(n_heads):
    """Return a list of n_heads slopes, the steepest of each set first.

    >>> alibi_slopes(4)
    [0.25, 0.0625, 0.015625, 0.00390625]
    >>> alibi_slopes(3)
    [0.0625, 0.00390625, 0.25]
    """
    power = 2 ** int(math.log2(n_heads))
    ### BEGIN SOLUTION
    if power == n_heads:
        return [2 ** (-8 * h / n_heads) for h in range(1, n_heads + 1)]
    return alibi_slopes(power) + alibi_slopes(2 * power)[::2][: n_heads - power]
    ### END SOLUTION


# %% check
alibi_slopes = lesson.check(alibi_slopes)

# %% [markdown]
# ### Exercise 8.10 · ALiBi
#
# Difficulty 2 of 3 · 8 minutes · the check proves that each step back costs a head its slope, and no query sees a later key.
#
# `q`, `k` and `v` have shape `(…, H, T, d)`, and `slopes` is a tensor of H numbers. ALiBi is made for models that write, so the
# attention is causal.


# %% exercise
def alibi_attention(q, k, v, slopes):
    """Return causal attention with the bias −slope · (t − s), a slope for each head.

    Zero queries, values 1, 10, 100 and slope 1: the last output is 0.09 · 1 + 0.245 · 10 + 0.665 · 100 = 69.

    >>> q = k = torch.zeros(1, 3, 1)
    >>> alibi_attention(q, k, torch.tensor([[[1.0], [10.0], [100.0]]]), torch.tensor([1.0]))[0, -1]
    tensor([69.0614])
    """
    at = torch.arange(q.shape[-2], device=q.device)
    back = at[:, None] - at
    ### BEGIN SOLUTION
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    scores = scores - slopes[:, None, None] * back
    return scores.masked_fill(back < 0, -torch.inf).softmax(dim=-1) @ v
    ### END SOLUTION


# %% check
alibi_attention = lesson.check(alibi_attention)

# %% [markdown]
# See what the slopes do: 24 tokens with equal scores, and the weights of the last query. An identity as values makes the
# function give its weights away.

# %% demo
n, slopes = 24, torch.tensor(alibi_slopes(4))
nothing, eye = torch.zeros(4, n, 8), torch.eye(n).expand(4, n, n)
weights = alibi_attention(nothing, nothing, eye, slopes)[:, -1]
named = {f"slope 1/{1 / m:g}": row for m, row in zip(slopes.tolist(), weights, strict=True)}
show(
    lines(range(n), named, "The last of 24 tokens, equal scores", xlabel="key", ylabel="weight"),
    alt="Weights of the last query over 24 keys, for four slopes. At slope 1/4 the own key has 0.22 and keys "
    "ten back 0.02; at slope 1/256 all have about 0.04.",
)
lesson.reveal("slope")

# %% [markdown]
# A steep head reads its neighbours, a shallow one the whole text. ALiBi was made to be trained on short texts and used on long
# ones. Is it better at that?
#
# ## 6 · Longer than in training
#
# Two tasks, both of copying, both trained on texts of 4 to 16 tokens:
#
# - **three back**: at each place, say the token that stood three before. What counts is a distance.
# - **after a mark**: a text, a mark, and the text again. The source is as far away as the text is long, so what counts is
#   content: find what came before in the text, look one further.
#
# The models are causal: two layers, four heads, about 100,000 parameters (135,000 with a learned table). No encoding takes part too:
# a causal mask alone breaks the symmetry of the bag, for the first token sees one key, the second two.

# %% demo
lesson.predict("survive")

# %% [markdown]
# First a small run of your own, on *three back*, for two encodings: train on 16 tokens, test on 16 and on 32.

# %% train tags=["nbval-ignore-output"]
from course_lib.lessons.lesson_08_order.copying import accuracy, train_to_copy

ran = {}
for order in ("sinusoidal", "rotary"):
    model = train_to_copy("three back", order, seed=0, steps=choose(tiny=5, small=200, full=1000))
    ran[order] = [accuracy(model, "three back", length) for length in (16, 32)]
    print(f"{order:>10}: {100 * ran[order][0]:.0f} % at 16, {100 * ran[order][1]:.0f} % at 32")

# %% demo
print("both learn the task, above 85 %:", min(ran["sinusoidal"][0], ran["rotary"][0]) > 0.85)
print("at twice the length rotary is ahead:", ran["rotary"][1] > ran["sinusoidal"][1] + 0.1)

# %% [markdown]
# The whole comparison takes longer than a lesson: six ways, two tasks, three seeds, a thousand steps each. Below is its
# recorded log, which `python bench/record_order.py` makes again. A guess is right one time in 16, or 6 %.

# %% demo
import numpy as np

from course_lib.lessons.lesson_08_order.order_log import order_log

log = order_log()
print("percent right, lowest to highest of three seeds")
for task in log.tasks:
    print(f"\n{task:12}" + "".join(f"{length:>10}" for length in log.lengths))
    for order in log.orders:
        lows, highs = (100 * f(log.accuracy(task, order), 0) for f in (np.min, np.max))
        print(
            f"{order:12}"
            + "".join(f"{a:>6.0f}–{b:<3.0f}" for a, b in zip(lows, highs, strict=True))
        )

# %% [markdown]
# The same as curves. Before you look closer: which of the six would you choose, and for what?

# %% given
from matplotlib.figure import Figure

from course_lib.figures.style import COLOURS, house_style

LOOKS = (":", "-", "--", "-.", "o-", "s-")


def by_length(log):
    """Draw the mean over seeds against length, one panel for each task."""
    with house_style():
        figure = Figure(figsize=(6, 3.5), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for panel, task in zip(panels, log.tasks, strict=True):
            for i, order in enumerate(log.orders):
                share = 100 * log.accuracy(task, order).mean(0)
                panel.plot(share, LOOKS[i], color=("black", *COLOURS, "dimgrey")[i], label=order)
            panel.set(title=task, xlabel="length")
            panel.set_xticks(range(len(log.lengths)), log.lengths)
            panel.grid(True)
        panels[0].set_ylabel("percent right")
        named = panels[0].get_legend_handles_labels()
        figure.legend(*named, loc="outside lower center", ncols=6, columnspacing=1)
    return figure


# %% demo
show(
    by_length(log),
    alt="Percent right against length, 16 to 128, in two panels. Three back: relative bias falls from 100 to "
    "63, rotary from 100 to 49, sinusoidal from 100 to 18, learned from 97 to 15, ALiBi from 47 to 29, none "
    "from 32 to 13. After a mark: ALiBi falls from 99 to 58, relative bias from 99 to 25, rotary from 100 to "
    "7, learned from 93 to 11, sinusoidal from 98 to 7, none from 74 to 11.",
)
lesson.reveal("survive")

# %% [markdown]
# ### What the log says, and what it does not
#
# - **Tables end where training ended.** At twice the length of *three back* both are near the 48 % of guessing beyond place 16: a learned row
#   that was never reached is still noise, and a sinusoidal row that was never seen is a vector that no weight was fitted to.
# - **A distance survives as a distance.** On *three back* relative bias keeps 87 % at 64 tokens and rotary 69 %. Neither is
#   perfect. A likely reason: with more keys, small weights on all the others add up.

# %% [markdown]
# - **ALiBi is the best and nearly the worst.** After a mark it keeps 88 % at 64 tokens. On three back it stays at 47 % even at
#   16: the token one before is always cheaper than the one three before, and fixed slopes cannot prefer the middle.
# - **No encoding is not nothing.** With a causal mask it learns 74 % of *after a mark* at 16 tokens, and loses it sooner than ALiBi.
#
# What it does not say: how large models behave. These have two layers, one recipe, a thousand steps; three seeds differ by up
# to 16 points where accuracy falls. Treat it as a test that you can run again, with your own task in it.

# %% [markdown]
# **Explain.** The relative bias here has reach 8, and training went to 16 tokens. With reach 16 the outermost column would hardly ever be reached in training,
# and stay near 0 while its neighbours learn. What would you expect of such a model at 64 tokens, and why?
#
# **In a word.** Order enters at the input, in the scores, or between. Tables know places and end with them; relative bias and
# rotary know distances; ALiBi prefers what is near. Ask what your task needs, then measure at the lengths that you will meet.
#
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - tell a model order in five ways: sinusoidal and learned positions, relative bias, rotary, ALiBi;
# - prove of rotary scores that they depend on distance alone, and tell its two layouts apart;
# - choose an encoding by what the task needs and by what survives longer texts, from measurements.
#
# To think about:
#
# 1. Add a constant to all biases of one query. Why does nothing change, and how does BLOOM save work with it?
# 2. Give the rotary model a token that marks the start of the text. Could two layers reverse then?
# 3. Rotary with a larger base turns its slow pairs more slowly. What would that help on long texts, and what would it cost?

# %% [markdown]
# ### References
#
# - Vaswani et al. 2017, *Attention Is All You Need*: §3.5 (positional encoding; learned tables in Table 3, row E).
# - Gehring et al. 2017, *Convolutional Sequence to Sequence Learning*: §3.1 (position embeddings).
# - Shaw et al. 2018, *Self-Attention with Relative Position Representations*: §3.2.
# - Raffel et al. 2020, *Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer*: §2.1.
# - Su et al. 2021, *RoFormer: Enhanced Transformer with Rotary Position Embedding*: §3.2.
# - Press et al. 2022, *Train Short, Test Long*: §3; the slopes for other numbers of heads are those of the authors' code.
