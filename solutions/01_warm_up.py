# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 01 · Warm-up
#
# 60 minutes, or five if the test lets you go · optional · needs 00 Start here · seven short exercises, the first of three
# minutes.
#
# You will be able to
#
# - say, before you run it, which shape an expression has, and see where a wrong one would run without a word;
# - turn a text into vectors, and fit numbers to data by following the slope of an error;
# - write a layer as a class, and say what a recurrent network cannot do that attention can.

# %% [markdown]
# ## 1 · Who may skip what
#
# The lessons that follow take four things for granted: tensors and their shapes, tables of vectors, gradients, and modules.
# Ten questions tell you which of them you have. Answer in your head, then open your option: it says whether it is right,
# why, and which section teaches it.

# %% setup
import torch
import torch.nn.functional as F
from course_lib import Lesson
from torch import nn

lesson = Lesson("01")

# %% demo
lesson.quiz()

# %% [markdown]
# What to do with the outcome:
#
# | you missed | do | minutes |
# |---|---|---|
# | question 1 or 2 | section 2, exercise 1.1 | 5 |
# | question 3 or 4 | section 2, exercise 1.2 | 6 |
# | question 5 or 6 | section 3, exercises 1.3 and 1.4 | 12 |
# | question 7 or 8 | section 4, exercises 1.5 and 1.6 | 17 |
# | question 9 or 10 | section 5, exercise 1.7 | 15 |
# | none | go on to lesson 02 | 0 |
#
# Sections can be done in any order: where a section needs an exercise that you left out, the check lends you the course's
# version. Run the cells above your section first.

# %% [markdown]
# ## 2 · Shapes that fit
#
# A tensor is a block of numbers with a shape. `(4,)` is a row of four; `(2, 3)` is two rows of three; `(8, 2, 3)` is a batch
# of eight such blocks. What happens when two shapes meet?
#
# Lay them side by side **from the right**. Two sizes fit when they are equal, or when one of them is 1 or missing: then it
# is stretched, as if copied, to the other.

# %% demo
lesson.predict("shape")

# %% demo
x = torch.tensor([[10], [20], [30]])
y = torch.tensor([1, 2, 3, 4])
print(x - y)
lesson.reveal("shape")

# %% [markdown]
# This is broadcasting. It replaces loops, and it is the most common source of results that are wrong and raise nothing. The
# next cell is meant to subtract from each row its own mean; by hand the rows (1, 2, 3), (4, 5, 6) and (7, 8, 9) have the
# means 2, 5 and 8, so every row should become (−1, 0, 1).

# %% demo
lesson.predict("square")

# %% demo
x = torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
print(x - x.mean(-1))
lesson.reveal("square")

# %% [markdown]
# With four columns the same line would raise, because 3 does not fit 4. It is the *square* that hides the mistake. So tests
# in this course use sizes that all differ. The cure is to keep the axis that the mean ran over:

# %% demo
print(x.mean(-1).shape, x.mean(-1, keepdim=True).shape)
print(x - x.mean(-1, keepdim=True))

# %% [markdown]
# An axis of size 1 can also be put in on purpose: `a[:, None, :]` turns shape `(T, d)` into `(T, 1, d)`. That is how *every*
# row of one matrix meets *every* row of another.
#
# By hand: `a` has the rows (1, 2) and (3, 5), `b` has the rows (0, 1), (1, 1) and (2, 0). Two rows against three give six
# differences of width 2. The first is (1, 2) − (0, 1) = (1, 1).
#
# ### Exercise 1.1 · Every row minus every other
#
# Difficulty 1 of 3 · 3 minutes · the check proves that entry [t, s] of your result is row t of a minus row s of b.
#
# `a` has shape `(T, d)`, `b` has shape `(S, d)`. Return shape `(T, S, d)`, without a loop if you can.


# %% exercise
def pairwise_differences(a, b):
    """Return a[t] − b[s] for every t and s, shape (T, S, d).

    >>> pairwise_differences(torch.tensor([[5.0], [7.0]]), torch.tensor([[1.0], [2.0]])).tolist()
    [[[4.0], [3.0]], [[6.0], [5.0]]]
    """
    ### BEGIN SOLUTION
    return a[:, None, :] - b[None, :, :]
    ### END SOLUTION


# %% check
pairwise_differences = lesson.check(pairwise_differences)

# %% [markdown]
# Square, sum over the last axis, take the root: your function gives the distance of every pair. Three points of a triangle
# with sides 3, 4 and 5:

# %% demo
corners = torch.tensor([[0.0, 0], [3, 0], [0, 4]])
print(pairwise_differences(corners, corners).square().sum(-1).sqrt())

# %% [markdown]
# Nought on the diagonal, because every point is at no distance from itself. Lesson 03 builds a lookup on such distances.
#
# The other way to let all rows meet is the matrix product. `x @ y` multiplies rows of `x` by columns of `y` and sums. Axes in
# front of the last two are a **batch**: entry 0 meets entry 0, entry 1 meets entry 1, and nothing crosses. So `(8, 5, 16)` @
# `(8, 16, 7)` is `(8, 5, 7)`: eight products, each of 5 rows and 7 columns.
#
# By hand: the rows (1, 2) and (0, 3) meet the rows (1, 0), (0, 1) and (4, 1). The first meets the last as 1·4 + 2·1 = 6. The
# whole result has two rows of three: (1, 2, 6) and (0, 3, 3).

# %% [markdown]
# ### Exercise 1.2 · Every pair of rows, in every batch entry
#
# Difficulty 1 of 3 · 4 minutes · the check proves that each batch entry compares its own rows, and only those.
#
# `x` has shape `(…, T, d)`, `y` has shape `(…, S, d)`; the dots stand for any batch axes, or none. Return the dot products of
# all rows, shape `(…, T, S)`.


# %% exercise
def row_products(x, y):
    """Return x[…, t] · y[…, s] for every t and s, shape (…, T, S).

    >>> row_products(torch.tensor([[1, 2]]), torch.tensor([[3, 0], [0, 4]]))
    tensor([[3, 8]])
    """
    ### BEGIN SOLUTION
    return x @ y.transpose(-2, -1)
    ### END SOLUTION


# %% check
row_products = lesson.check(row_products)

# %% [markdown]
# Attention is built on this line: `x` will hold questions, `y` will hold what can be found, and the products say how well
# they fit.
#
# **Explain.** Why is `y.transpose(-2, -1)` safe for every batch, and `y.T` is not?

# %% [markdown]
# ## 3 · From words to vectors
#
# A network reads numbers. So a text is cut into **tokens** (here: words), and every token gets a whole number, its id, from
# a list that was fixed beforehand: the vocabulary. A word that is not listed gets the id of `<unk>`, for unknown.
#
# By hand, with the vocabulary below: “The dog sat” becomes 1, 0, 3. “The” is listed as “the”; “dog” is not listed.

# %% given
vocabulary = {"<unk>": 0, "the": 1, "cat": 2, "sat": 3, "on": 4, "mat": 5}

# %% [markdown]
# ### Exercise 1.3 · Text to ids
#
# Difficulty 1 of 3 · 5 minutes · the check proves that every word becomes one id, and a word that was never listed becomes
# that of <unk>.
#
# Turn the text to lower case and cut it at white space: any number of spaces, tabs and line breaks. Nothing else cuts: “sat.”
# with its full stop is a word of its own. Return a list of ids.


# %% exercise
def encode(text, vocabulary):
    """Return the id of every word of text; words not listed get vocabulary["<unk>"].

    >>> encode("The dog", {"<unk>": 0, "the": 1, "cat": 2})
    [1, 0]
    """
    ### BEGIN SOLUTION
    unknown = vocabulary["<unk>"]
    return [vocabulary.get(word, unknown) for word in text.lower().split()]
    ### END SOLUTION


# %% check
encode = lesson.check(encode)

# %% [markdown]
# An id is a name, not a quantity: “mat” is not five times “the”. To compute with words we give each a **vector**, a row of
# a table with as many rows as the vocabulary. Training moves these rows.
#
# ### Exercise 1.4 · Ids to vectors
#
# Difficulty 1 of 3 · 4 minutes · the check proves that each id fetches its row, and a gradient flows back into the rows
# that were used.
#
# `ids` holds whole numbers and has any shape; `table` has shape `(V, d)`. Return shape `(*ids.shape, d)`.


# %% exercise
def embed(ids, table):
    """Return the row of table that each id names.

    >>> embed(torch.tensor([2, 0]), torch.tensor([[1.0], [2.0], [3.0]]))
    tensor([[3.],
            [1.]])
    """
    ### BEGIN SOLUTION
    return table[ids]
    ### END SOLUTION


# %% check
embed = lesson.check(embed)

# %% [markdown]
# Is a lookup a layer like any other? Write each id as a **one-hot** vector: zeros, and a single 1 at the place of the id.
# Times the table, all rows are wiped out but one. (The table is made up, two numbers a word.)

# %% demo
table = torch.tensor([[0.0, 0], [1, 0], [2, 2], [-1, 1], [0, -1], [2, 1]])
ids = torch.tensor(encode("The cat sat on the mat", vocabulary))
one_hot = F.one_hot(ids, len(table)).to(table.dtype)
print(one_hot[1], "@ table =", one_hot[1] @ table)
print("equal to your lookup:", torch.equal(one_hot @ table, embed(ids, table)))

# %% [markdown]
# So a lookup is a matrix product, and a gradient can flow through it. But it copies where the product multiplies: with
# 30,000 words of width 512 the product takes 30,000 · 512 ≈ 15 million multiplications a word, to copy 512 numbers.
# (`nn.Embedding` is this lookup, with the table as its parameter.)
#
# Now let all words of the sentence meet, with your functions from 1.2, 1.3 and 1.4. (A row is labelled query and a column
# key: what asks, and what is found. Lesson 03 explains the names.)

# %% demo
from course_lib.figures import lines, show, weights_heatmap

words = ["the", "cat", "sat", "on", "the", "mat"]
vectors = embed(torch.tensor(encode(" ".join(words), vocabulary)), table)
products = row_products(vectors, vectors)
show(
    weights_heatmap(products, words, words, "Every word with every word", kind="scores"),
    alt="A 6 × 6 matrix of dot products. cat with cat is 8, cat with mat 6, cat with the 2, cat with sat 0, "
    "cat with on −2. The two rows of the word the are equal.",
)

# %% [markdown]
# Two things to see. “cat” and “mat” fit each other well, with 2·2 + 2·1 = 6: their rows point nearly the same way. And
# the two rows of “the” are equal: a table gives a word the same vector wherever it stands and whatever is around it.
# Attention exists to change that.
#
# **Explain.** A text has 20 words, 5 of them “the”. How many rows of the table does it use at most?

# %% [markdown]
# ## 4 · Down the slope
#
# Where do good numbers come from? From an error, and its slope. Take two points, (1, 2) and (3, 6). They lie on `y = 2 x`,
# and a model `w · x` has to find the 2. Its **mean squared error** is
#
# $$E(w) = \frac{1}{N} \sum_{n=1}^{N} (x_n \cdot w - y_n)^2$$
#
# where $x_n$ is the input of point $n$ (a row of `x`), $y_n$ its target, and $N$ the number of points. At `w = 1` the two
# misses are 1 − 2 = −1 and 3 − 6 = −3, so the error is (1 + 9) / 2 = 5.

# %% [markdown]
# Which way is down? The slope of $z^2$ is $2z$, and a miss $x_n \cdot w - y_n$ changes $x_n$ times as fast as `w`. So
# each point contributes twice its miss times its input, and the mean divides by $N$:
#
# $$\nabla E(w) = \frac{2}{N} \sum_{n=1}^{N} (x_n \cdot w - y_n)\, x_n$$
#
# At `w = 1`: (2·(−1)·1 + 2·(−3)·3) / 2 = (−2 − 18) / 2 = −10. The error falls as `w` grows, steeply. With several weights
# there is one slope for each; together they are the **gradient**.

# %% [markdown]
# ### Exercise 1.5 · A gradient by hand
#
# Difficulty 2 of 3 · 7 minutes · the check proves that your formula gives the numbers that autograd gives.
#
# `x` has shape `(N, d)`, `y` has shape `(N,)`, `w` has shape `(d,)`. Return the gradient of the mean squared error by `w`,
# shape `(d,)`. No autograd yet (no `backward`, no `torch.autograd.grad`, no `jacobian`): write the formula.


# %% exercise
def error_gradient(x, y, w):
    """Return the gradient of ((x @ w − y)²).mean() by w, shape (d,).

    >>> x, y = torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 6.0])
    >>> error_gradient(x, y, torch.tensor([1.0]))
    tensor([-10.])
    """
    ### BEGIN SOLUTION
    miss = x @ w - y
    return 2 / len(y) * x.T @ miss
    ### END SOLUTION


# %% check
error_gradient = lesson.check(error_gradient)

# %% [markdown]
# For a network with a million weights nobody writes such formulas. **Autograd** notes every operation on a tensor that was
# made with `requires_grad=True`, and `backward()` walks the notes back, applying the chain rule at each. The result is
# left in `.grad`.

# %% demo
x, y = torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 6.0])
w = torch.tensor([1.0], requires_grad=True)
((x @ w - y) ** 2).mean().backward()
print("autograd:", w.grad, " your formula:", error_gradient(x, y, w.detach()))

# %% [markdown]
# The same number. Now a question that costs every beginner an afternoon.

# %% demo
lesson.predict("twice")

# %% demo
w.grad = None
for _ in range(2):
    ((x @ w - y) ** 2).mean().backward()
    print(w.grad)
lesson.reveal("twice")

# %% [markdown]
# Adding up has its use: a number that is used in two places gets the sum of both slopes. A row of a table, for instance,
# that is looked up twice. Here every looked-up number enters a sum, so each use contributes a slope of 1:

# %% demo
small = torch.zeros(4, 2, requires_grad=True)
embed(torch.tensor([2, 0, 2]), small).sum().backward()
print(small.grad)

# %% [markdown]
# Row 2 was used twice, row 0 once, rows 1 and 3 not at all: they learn nothing from this text.
#
# Now follow the slope. **Gradient descent** starts somewhere and repeats: compute the gradient where `w` stands *now*, and
# move against it by a small multiple of it, the **rate**. From `w = 0` the gradient is (2·(−2)·1 + 2·(−6)·3) / 2 = −20; at
# the rate 0.05 the first step leads to 0 + 0.05 · 20 = 1. There the gradient is −10, and the next step leads to 1.5.

# %% [markdown]
# ### Exercise 1.6 · A training loop
#
# Difficulty 2 of 3 · 8 minutes · the check proves that every step goes down the slope where the weights stand then.
#
# Start from `w` and take `steps` steps down the mean squared error; return the weights where you arrive. Leave the tensor
# that you were given as it was. Use `error_gradient`, or autograd: both are right.


# %% exercise
def fit(x, y, w, rate, steps):
    """Return the weights after so many steps of gradient descent from w.

    >>> x, y = torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 6.0])
    >>> fit(x, y, torch.tensor([0.0]), 0.05, 2)
    tensor([1.5000])
    """
    ### BEGIN SOLUTION
    w = w.clone().requires_grad_()
    for _ in range(steps):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= rate * w.grad
        w.grad = None
    return w.detach()
    ### END SOLUTION


# %% check
fit = lesson.check(fit)

# %% [markdown]
# From 0, at the rate 0.05, each step halves the distance to 2. How far is too far?

# %% demo
print([round(fit(x, y, torch.zeros(1), 0.05, steps).item(), 3) for steps in range(6)])
lesson.predict("rate")

# %% demo
print([round(fit(x, y, torch.zeros(1), 0.25, steps).item(), 3) for steps in range(6)])
lesson.reveal("rate")

# %% [markdown]
# On this line the error is 5 (w − 2)², a bowl. A small step goes down its side; a large one lands higher on the other side.
# Your `fit`, at three rates:

# %% demo
steps = list(range(11))
errors = {
    f"rate {rate}": [
        ((x @ fit(x, y, torch.zeros(1), rate, n) - y) ** 2).mean().item() for n in steps
    ]
    for rate in (0.02, 0.05, 0.21)
}
show(
    lines(steps, errors, "The error after each step", xlabel="step", ylabel="error", logy=True),
    alt="Three straight lines on a logarithmic axis, all from 20 at step 0. At the rate 0.02 the error falls to 0.23 in ten "
    "steps, at 0.05 to 0.00002; at 0.21 it rises to 134.",
)

# %% [markdown]
# The best rate depends on the data: here 0.1 would arrive in a single step, and anything above 0.2 flies off. Real errors
# are no bowls, so later lessons use Adam, which adapts the size of the step for every weight. The loop stays the one that
# you wrote. With PyTorch's optimiser it reads:

# %% demo
w = nn.Parameter(torch.zeros(1))
optimiser = torch.optim.SGD([w], lr=0.05)
for _ in range(3):
    optimiser.zero_grad()
    ((x @ w - y) ** 2).mean().backward()
    optimiser.step()
print(
    "optimiser:", round(w.item(), 4), " yours:", round(fit(x, y, torch.zeros(1), 0.05, 3).item(), 4)
)

# %% [markdown]
# **Explain.** What would `fit` return if `zero_grad` were left out, after two steps? (The gradients are −20 and −10.) Try it
# in your own function and read what the check says.

# %% [markdown]
# ## 5 · A cell with a memory
#
# A table gives every word a vector; a sentence is a list of them. How do we get one vector for the whole? The simplest way
# is the mean.

# %% demo
lesson.predict("order")

# %% demo
listed = {"<unk>": 0, "man": 1, "bites": 2, "dog": 3}
rows = torch.tensor([[0.0, 0], [1, 0], [0, 1], [1, 1]])
first, second = (
    embed(torch.tensor(encode(said, listed)), rows) for said in ("dog bites man", "man bites dog")
)
print("mean of “dog bites man”:", first.mean(0))
print("mean of “man bites dog”:", second.mean(0))

# %% [markdown]
# Who bit whom is lost. A **recurrent cell** reads one word after the other and keeps a *state*, a vector that it rewrites at
# each word:
#
# $$h_t = \tanh(W_x x_t + b + W_h h_{t-1})$$
#
# $x_t$ is the vector of word $t$, $h_{t-1}$ the state before it, $h_t$ the state after. $W_x$, $b$ and $W_h$ are learned,
# and are the same for every word. The tanh keeps every number of the state between −1 and 1.

# %% [markdown]
# By hand: an input of width 1, `x = (1)`, and a state of width 2, `h = (0.5, 0)`. Let `W_x` have the rows (1) and (−1),
# `b = (0, 0.5)`, and `W_h` the rows (0, 2) and (1, 0). Then
#
# - `W_x x + b` = (1 + 0, −1 + 0.5) = (1, −0.5);
# - `W_h h` = (0·0.5 + 2·0, 1·0.5 + 0·0) = (0, 0.5);
# - their sum is (1, 0), and its tanh is (0.7616, 0).

# %% [markdown]
# In PyTorch a layer with parameters is a class derived from `nn.Module`. Three rules, and the check knows them all:
#
# - `super().__init__()` comes first in `__init__`: it prepares the places where parameters are kept.
# - What is to be trained is set on `self`: an `nn.Parameter`, or a layer that holds some. A plain tensor or a list is not
#   seen.
# - `forward` computes. You call the object itself, `cell(x, h)`, and PyTorch calls `forward`.
#
# `nn.Linear(a, b)` is a layer that takes vectors of width `a` to width `b`: it computes `x @ weight.T + bias`, and its
# weight has shape `(b, a)`.

# %% [markdown]
# ### Exercise 1.7 · A recurrent cell
#
# Difficulty 3 of 3 · 10 minutes · the check proves that your class holds three tensors under the right names and mixes input
# and state with them.
#
# Make `self.w_x`, a linear layer from `d_in` to `d_hidden`, and `self.w_h`, one from `d_hidden` to `d_hidden` without a bias.
# `forward` returns the new state. `x` has shape `(…, d_in)`, `h` and the result have shape `(…, d_hidden)`.


# %% exercise
class RecurrentCell(nn.Module):
    """Read one input in one state: tanh(w_x(x) + w_h(h)).

    >>> RecurrentCell(5, 7)(torch.zeros(5), torch.zeros(7)).shape
    torch.Size([7])
    """

    def __init__(self, d_in, d_hidden):
        super().__init__()
        ### BEGIN SOLUTION
        self.w_x = nn.Linear(d_in, d_hidden)
        self.w_h = nn.Linear(d_hidden, d_hidden, bias=False)
        ### STUB
        # raise NotImplementedError("make self.w_x and self.w_h")
        ### END SOLUTION

    def forward(self, x, h):
        ### BEGIN SOLUTION
        return torch.tanh(self.w_x(x) + self.w_h(h))
        ### END SOLUTION


# %% check
RecurrentCell = lesson.check(RecurrentCell)

# %% [markdown]
# Now read a sentence: start with a state of zeros and feed the words in turn. The loop is given.


# %% given
def read(cell, vectors):
    """Return the state after every word: vectors (T, …, d_in) to states (T, …, d_hidden)."""
    h = vectors.new_zeros(*vectors.shape[1:-1], cell.w_h.weight.shape[0])
    states = []
    for x in vectors:
        h = cell(x, h)
        states.append(h)
    return torch.stack(states)


# %% demo
torch.manual_seed(0)
cell = RecurrentCell(2, 3)
last_states = read(cell, first)[-1], read(cell, second)[-1]
print("the two last states agree:", torch.allclose(*last_states, atol=1e-3))
lesson.reveal("order")

# %% [markdown]
# The state knows the order. But how long does it remember? Give the cell twelve words and ask autograd: how much does the
# *last* state change when word `t` does? The answer is the size of a gradient: here that of the sum of the state's numbers,
# averaged over 200 random sentences, for a fresh cell of width 16.

# %% demo
from course_lib.figures import bars

torch.manual_seed(0)
inputs = torch.randn(12, 200, 16, requires_grad=True)
read(RecurrentCell(16, 16), inputs)[-1].sum().backward()
felt = inputs.grad.norm(dim=-1).mean(-1)
felt = (felt / felt[-1]).tolist()
show(
    bars(
        felt,
        [str(t) for t in range(1, 13)],
        "How much the last state feels each word",
        ylabel="relative to word 12",
    ),
    alt=f"Bars for words 1 to 12 of twelve. The last word counts 1, the one before it {felt[-2]:.2f}, word 9 "
    f"{felt[8]:.2f}, word 6 {felt[5]:.3f}; the first word's bar is too low to see.",
)

# %% [markdown]
# Each step back multiplies the influence by a factor below 1, about the same one, so it fades like a geometric series. That is a fresh cell.
# Can training cure it? A test whose answer is known: eight different words, in random order with repeats, and the cell has
# to name the **first** one after reading all. Guessing is right one time in eight.

# %% given
from course_lib.training.scale import choose

STEPS, SEEDS = choose(tiny=(2, 1), small=(200, 3), full=(200, 3))
torch.set_num_threads(1)  # So small a cell gains nothing from a second thread.


def recall(length, seed, n_words=8, width=16):
    """Train a cell to name the first of so many words; return how often it is right on 1,000 new texts."""
    torch.manual_seed(seed)
    table, cell = nn.Parameter(torch.randn(n_words, width)), RecurrentCell(width, width)
    head = nn.Linear(width, n_words)
    optimiser = torch.optim.Adam([table, *cell.parameters(), *head.parameters()], lr=0.01)
    for _ in range(STEPS):
        ids = torch.randint(n_words, (length, 64))
        loss = F.cross_entropy(head(read(cell, embed(ids, table))[-1]), ids[0])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    ids = torch.randint(n_words, (length, 1000))
    named = head(read(cell, embed(ids, table))[-1]).argmax(-1)
    return (named == ids[0]).float().mean().item()


# %% train tags=["nbval-ignore-output"]
lengths = (2, 4, 8, 16)
right = torch.tensor([[recall(length, seed) for seed in range(SEEDS)] for length in lengths])
for length, row in zip(lengths, right, strict=True):
    print(
        f"{length:2} words: right {row.mean():.2f} of the time, from {row.min():.2f} to {row.max():.2f}"
    )
means = right.mean(1).tolist()
show(
    lines(
        lengths,
        {"recurrent cell": means, "guessing": [1 / 8] * 4},
        "Naming the first word",
        xlabel="words in the text",
        ylabel="share right",
    ),
    alt="Share of texts whose first word is named, for 2, 4, 8 and 16 words: "
    + ", ".join(f"{mean:.2f}" for mean in means)
    + ". Guessing is right 0.125 of the time.",
)

# %% [markdown]
# With two or four words the cell is right nearly always; with sixteen it guesses. Longer training, a better start or a cell
# with gates (LSTM, GRU) move the limit. They leave two facts as they are:
#
# - word 1 reaches the end only through every state in between;
# - the states come one after the other, so sixteen words take sixteen steps on any machine.
#
# Attention drops both. Every word looks at every other directly, with one product such as your `row_products`. The path
# from word 1 to word 16 has length one.

# %% [markdown]
# ## Questions
#
# To think about:
#
# 1. `a` has shape `(3, 3)` and `b` has shape `(3,)`. Which lines of your own past code would have hidden a mistake there,
#    and which test would have found it?
# 2. A table has a row for `<unk>`. On which texts is it trained, if the vocabulary lists every word of the training texts?
# 3. The cell's `w_h` is square, so `h @ w_h.weight` runs as well as `w_h(h)`. How would you find such a mistake without a
#    reference to compare with?
# 4. Suppose `w_h` were the identity, `w_x` zero and the tanh left out. How much would the last state feel the first? What
#    would the cell be unable to do?

# %% [markdown]
# You can now
#
# - say, before you run it, which shape an expression has, and see where a wrong one would run without a word;
# - turn a text into vectors, and fit numbers to data by following the slope of an error;
# - write a layer as a class, and say what a recurrent network cannot do that attention can.
#
# ### References
#
# - Elman 1990, *Finding Structure in Time*, Cognitive Science 14: the recurrent cell of exercise 1.7.
# - Bengio, Simard and Frasconi 1994, *Learning Long-Term Dependencies with Gradient Descent is Difficult*, IEEE
#   Transactions on Neural Networks 5: why the influence of early words fades.
# - PyTorch documentation: *Broadcasting semantics*; `torch.nn.RNNCell`, whose formula has a second bias.
