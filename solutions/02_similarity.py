# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 02 · Similarity
#
# 60 minutes · needs lesson 00 and a little NumPy · nine exercises, the first within three minutes.
#
# You will be able to
#
# - compare vectors by dot product and by cosine, one pair or all pairs at once, and say when the
#   two disagree;
# - turn scores of any size into weights, with a temperature, and measure how spread out they are;
# - say how far dot products spread as vectors grow, and when the rule √d fails.

# %% [markdown]
# Attention asks one question again and again: *which of these vectors are like this one?* This
# lesson answers it three times: on paper with three words, in NumPy with 30,522 real ones, and in
# torch, where the answers become weights. Everything that follows in the course is built from
# these few lines.

# %% setup
import numpy as np
import torch
from course_lib import Lesson
from course_lib.figures import bars, lines, show, vectors_2d, weights_heatmap

lesson = Lesson("02")

# %% [markdown]
# ## 1 · Three words on paper
#
# Describe a word by two numbers: how much of an *animal* it is, and how much of a *machine*. Cat
# is (3, 1), dog is (2, 1), car is (1, 2). Is a cat more like a dog or more like a car? Multiply
# the numbers that stand at the same place, then add the products. That is the **dot product**.
#
# On paper: cat · dog = 3·2 + 1·1 = 7, and cat · car = 3·1 + 1·2 = 5. Dog wins. A product is large
# where *both* numbers are large.

# %% demo
from course_lib.data.words import HAND_WORDS

words = dict(HAND_WORDS)
show(
    vectors_2d(words, "Three words", highlight="cat"),
    alt="Three arrows from the origin: cat ends at (3, 1), dog at (2, 1), car at (1, 2). Cat and "
    "dog point almost the same way, car points steeply upwards.",
)

# %% [markdown]
# There is a second way to compare arrows: by the angle between them, however long they are. Its
# measure is the **cosine**, the dot product divided by both lengths. Cat has length √(3² + 1²) =
# 3.162, dog √(2² + 1²) = 2.236, so their cosine is 7 / (3.162 · 2.236) = 0.990. For car it is 5 /
# (3.162 · 2.236) = 0.707.

# %% demo
lesson.predict("stretched")

# %% [markdown]
# ### Exercise 2.1 · Louder, not nearer
#
# Difficulty 1 of 3 · 2 minutes · the check proves that your vector wins by dot product and loses
# by cosine, whichever vector you chose.
#
# Invent a fourth word. Compared with cat (3, 1), it beats dog (2, 1) by dot product, so above 7,
# and yet it loses to dog by cosine, so below 0.990. Many vectors will do.


# %% exercise
def loud_vector():
    """Return two numbers [x, y].

    [1.0, 2.0] is car: it loses by both, with 5 and 0.707. Of yours both must be true:

    >>> x, y = loud_vector()
    >>> 3 * x + y > 7, (3 * x + y) / (10 * (x * x + y * y)) ** 0.5 < 0.990
    (True, True)
    """
    ### BEGIN SOLUTION
    return [2.0, 4.0]
    ### STUB
    # raise NotImplementedError("replace this line by: return [x, y]")
    ### END SOLUTION


# %% check
loud_vector = lesson.check(loud_vector)

# %% [markdown]
# **In a word.** The dot product asks "how much?", the cosine "in which direction?". A long vector
# is loud: it scores high with everything that points roughly its way. Neither measure is the right
# one; you choose what length should mean. Attention uses the dot product and lets a network learn
# the lengths.

# %% demo
lesson.reveal("stretched")
x, y = loud_vector()
length = (x**2 + y**2) ** 0.5
print(f"yours: dot product {3 * x + y:.3f}, cosine {(3 * x + y) / (length * 10**0.5):.3f}")
print("dog:   dot product 7.000, cosine 0.990")

# %% [markdown]
# ## 2 · One pair, any length
#
# Two numbers fit on paper, 384 do not. Write both measures for vectors of any length: first in
# plain Python, where you see every step, then in NumPy.

# %% [markdown]
# ### Exercise 2.2 · The dot product, by a loop
#
# Difficulty 1 of 3 · 4 minutes · the check proves that your loop gives the same number as NumPy
# for vectors of any length.
#
# `x` and `y` are lists of equally many numbers. Use no library (no `@`, `np.dot`, `np.inner`,
# `np.matmul`, `np.einsum`, `math.sumprod`): this slow version is the one that the fast ones are
# judged by.


# %% exercise
def dot_product(x, y):
    """Return x[0]·y[0] + x[1]·y[1] + …

    >>> dot_product([3.0, 1.0], [2.0, 1.0])
    7.0
    """
    ### BEGIN SOLUTION
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total += a * b
    return total
    ### END SOLUTION


# %% check
dot_product = lesson.check(dot_product)

# %% [markdown]
# A vector's dot product with itself is its squared length: cat · cat = 3² + 1² = 10, and √10 =
# 3.162. So the length is a dot product too, and a cosine needs nothing else:
#
# $$\cos(x, y) = \frac{x \cdot y}{\lVert x\rVert\,\lVert y\rVert}, \qquad \lVert x\rVert = \sqrt{x \cdot x}$$

# %% [markdown]
# ### Exercise 2.3 · Cosine
#
# Difficulty 1 of 3 · 4 minutes · the check proves that your cosine agrees with PyTorch's and does
# not change when a vector is stretched.
#
# `x` and `y` are NumPy arrays of shape `(d,)`, so `x @ y` is their dot product. Neither is the
# zero vector, which has no direction. Without `F.cosine_similarity` and SciPy's `cosine`: they do
# the whole.


# %% exercise
def cosine_similarity(x, y):
    """Return the cosine of the angle between x and y, a number from -1 to 1.

    >>> cat = np.array([3.0, 1.0])
    >>> round(float(cosine_similarity(cat, np.array([2.0, 1.0]))), 3)
    0.99
    >>> round(float(cosine_similarity(cat, 2 * cat)), 3)
    1.0
    """
    ### BEGIN SOLUTION
    return x @ y / np.sqrt((x @ x) * (y @ y))
    ### END SOLUTION


# %% check
cosine_similarity = lesson.check(cosine_similarity)

# %% [markdown]
# The playground below calls *your* two functions. Move an arrow with the keys and watch the
# numbers: find a place where the dot product is 0, one where the cosine is −1, and a path along
# which the dot product grows while the cosine stays.

# %% demo
from course_lib.explore import vector_playground

vector_playground(lesson.pair("dot_product"), lesson.pair("cosine_similarity"), words=words)

# %% [markdown]
# ## 3 · All pairs at once
#
# Attention compares every *query*, a vector that asks, with every *key*, one that may be found.
# With `T` queries and `S` keys that is `T · S` dot products, and a matrix product computes them
# all: entry `[t, s]` of a product is row `t` of the left matrix times column `s` of the right one.

# %% [markdown]
# ### Exercise 2.4 · All pairs, one matrix product
#
# Difficulty 1 of 3 · 3 minutes · the check proves that every query meets every key, with the
# queries down the rows.
#
# `queries` has shape `(T, d)`, `keys` has shape `(S, d)`: one vector in each *row*. Return shape
# `(T, S)`.


# %% exercise
def all_pairs(queries, keys):
    """Return the dot product of every query with every key.

    >>> words = np.array([[3, 1], [2, 1], [1, 2]])
    >>> all_pairs(words[:2], words)
    array([[10,  7,  5],
           [ 7,  5,  4]])
    """
    ### BEGIN SOLUTION
    return queries @ keys.T
    ### END SOLUTION


# %% check
all_pairs = lesson.check(all_pairs)

# %% [markdown]
# Now real words. Inside the sentence encoder MiniLM sits a table of 30,522 words and pieces of
# words, each a row of 384 numbers that were learned from text. It came with the course, and its
# file is verified before it is read. Divide every row by its length, and your `all_pairs` gives
# cosines.

# %% given
from course_lib.data.words import pretrained_words

table = pretrained_words()
units = table.vectors / np.linalg.norm(table.vectors, axis=1, keepdims=True)
print(table)

# %% demo
some = ["cat", "dog", "kitten", "car", "engine", "wheel"]
rows = units[table.rows(*some)]
show(
    weights_heatmap(all_pairs(rows, rows), some, some, "Cosines of six real words", kind="scores"),
    alt="A 6 by 6 matrix of cosines, 1 on the diagonal. Cat has 0.56 with kitten and 0.42 with "
    "dog; car has 0.31 with engine and 0.20 with wheel. Cat and car have 0.32, kitten and wheel -0.04.",
)

# %% [markdown]
# Nobody told the table what an animal is; it was learned from text. It holds more than meaning,
# though: cat and car have 0.32, while dog and kitten have 0.29. Is it the spelling? One pair proves
# nothing, so take all words of three letters:

# %% demo
short = [word for word in table.words if len(word) == 3 and word.isascii() and word.isalpha()]
letters = np.array([list(word) for word in short])
apart = (letters[:, None] != letters).sum(-1)
cosines = units[table.rows(*short)] @ units[table.rows(*short)].T
for n in (1, 2, 3):
    print(
        f"{n} letters apart: mean cosine {cosines[apart == n].mean():.3f}, {(apart == n).sum() // 2:,} pairs"
    )

# %% [markdown]
# A little, on average: 0.06 from one letter to three. Single pairs differ by far more than that.
#
# Which word is *nearest* to a given one? Compare it with all rows and take the largest. The word
# itself would always win, so some rows have to be left out.

# %% [markdown]
# ### Exercise 2.5 · The most similar row
#
# Difficulty 2 of 3 · 6 minutes · the check proves that you find the row with the largest cosine,
# and never an excluded one.
#
# `query` has shape `(d,)`, `table` shape `(N, d)`, and rows have any length but 0. `exclude` holds
# numbers of rows that may not win. Return the number of the winning row.


# %% exercise
def most_similar(query, table, exclude=()):
    """Return the number of the row with the largest cosine to query, but none of exclude.

    >>> table = np.array([[9.0, 0.0], [1.0, 2.0]])
    >>> most_similar(np.array([1.0, 1.0]), table)
    1
    >>> most_similar(np.array([1.0, 1.0]), table, exclude=[1])
    0
    """
    ### BEGIN SOLUTION
    cosines = table @ query / np.linalg.norm(table, axis=1)
    cosines[list(exclude)] = -np.inf
    return int(np.argmax(cosines))
    ### END SOLUTION


# %% check
most_similar = lesson.check(most_similar)


# %% [markdown]
# Who is nearest to five ordinary words? The word's own row is excluded, and the row that your
# function names is turned back into a word.


# %% demo
def nearest(query, exclude=()):
    """Return the word of the most similar row of the real table."""
    return table.words[most_similar(query, table.vectors, exclude)]


for word in ["monday", "guitar", "paris", "seven", "bank"]:
    print(f"{word:8} {nearest(table[word], table.rows(word))}")

# %% [markdown]
# The neighbours are good, and a little dull: often a plural, or a word of the same family. More
# was claimed for such tables. Directions are said to carry meaning, so that king − man + woman
# lands on queen. The table is here, so measure it.

# %% demo
lesson.predict("king")

# %% demo
query = table["king"] - table["man"] + table["woman"]
question = table.rows("king", "man", "woman")
print("nearest of all rows:          ", nearest(query))
print("without king, man and woman:  ", nearest(query, question))

for word in ["king", "queen", "kings", "woman"]:
    before = cosine_similarity(table["king"], table[word])
    after = cosine_similarity(query, table[word])
    print(f"{word:6} cosine to king {before:.3f}, to king − man + woman {after:.3f}")
lesson.reveal("king")

# %% [markdown]
# Read the second row. The sum is *further* from queen than king was, 0.511 against 0.627. It moved
# further still from *kings*, and so queen is first in line once the three question words are out
# of the way. The usual search leaves those out without being asked. Is that trick all there is?
# Here are twenty questions, chosen by hand; the fourth word is the answer that one hopes for.

# %% given
questions = """
king man woman queen, brother boy girl sister, uncle man woman aunt, actor man woman actress, he
him her she, prince man woman princess, nephew man woman niece, waiter man woman waitress,
berlin germany france paris, rome italy france paris, london england japan tokyo, madrid spain
italy rome, beijing china russia moscow, cats cat dog dogs, mice mouse rat rats, walking walk
swim swimming, wrote write run ran, bigger big small smaller, faster fast slow slower, better
good bad worse
"""
questions = [line.split() for line in questions.replace("\n", " ").split(",")]

# %% demo
found = {"all rows": 0, "without question words": 0, "nearest to third word": 0}
for a, b, c, due in questions:
    query, used = table[a] - table[b] + table[c], table.rows(a, b, c)
    found["all rows"] += nearest(query) == due
    found["without question words"] += nearest(query, used) == due
    found["nearest to third word"] += nearest(table[c], used) == due
shares = [count / len(questions) for count in found.values()]
show(
    bars(shares, list(found), "Twenty questions", ylabel="share answered as hoped"),
    alt="Three bars, shares of twenty questions answered as hoped: 0.10 when all rows may win, "
    "0.85 without the question words, 0.30 when the third word's neighbour is taken instead.",
)

# %% [markdown]
# Of all rows, 2 in 20; the other 18 times a word of the question itself comes back. With those
# words barred it is 17 in 20. That is not nothing: taking a neighbour of the third word, without
# any arithmetic, gives 6. So the direction carries meaning, and the famous example leans on what
# was left out of the search. A list chosen by hand flatters, too.

# %% [markdown]
# ## 4 · From scores to weights
#
# Similarities are scores: any numbers. Attention needs *weights*: positive, and together 1, so
# that they can share out attention. The **softmax** does it in two steps. Take the exponential of
# each score, which is positive; divide by the sum.
#
# By hand for the scores 2, 1, 0: the exponentials are 7.389, 2.718 and 1, their sum is 11.107, and
# the weights are 0.665, 0.245 and 0.090.

# %% demo
lesson.predict("shifted")

# %% [markdown]
# Real scores can be large. The exponential of 709 still fits into a float64, that of 710 does not.
# See what the two steps make of three scores near 1000:

# %% demo
with np.errstate(all="ignore"):
    powers = np.exp(np.array([1002.0, 1001.0, 1000.0]))
    print("exponentials", powers)
    print("weights     ", powers / powers.sum())
lesson.reveal("shifted")

# %% [markdown]
# ### Exercise 2.6 · Softmax that survives 1000
#
# Difficulty 2 of 3 · 6 minutes · the check proves that every row sums to 1, along the last axis,
# at scores of 1000 and −1000 too.
#
# `scores` has shape `(N,)`, `(T, N)` or more axes in front: each row along the *last* axis is
# softmaxed by itself. You are free to add the same number to every score of a row, and different
# numbers in different rows. Without `softmax`, `log_softmax` and `logsumexp`: they know the trick.


# %% exercise
def stable_softmax(scores):
    """Return weights of the same shape; each row is positive and sums to 1.

    >>> stable_softmax(np.array([2.0, 1.0, 0.0])).round(3)
    array([0.665, 0.245, 0.09 ])
    >>> stable_softmax(np.array([1002.0, 1001.0, 1000.0])).round(3)
    array([0.665, 0.245, 0.09 ])
    """
    ### BEGIN SOLUTION
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %% check
stable_softmax = lesson.check(stable_softmax)

# %% [markdown]
# Only differences count. That is why a softmax over scores 2, 1, 0 and one over 1002, 1001, 1000
# agree, and why the largest score may always be taken as 0. Multiplying the scores is another
# matter: it stretches the differences.

# %% [markdown]
# ## 5 · Temperature and entropy
#
# Divide all scores by a number, the **temperature** τ. Below 1 the differences grow and the
# largest score takes more; above 1 they shrink and the weights even out. From here on you write
# torch, because torch knows gradients:
#
# $$w_i = \frac{e^{s_i/\tau}}{\sum_j e^{s_j/\tau}}$$

# %% [markdown]
# ### Exercise 2.7 · Temperature, in torch
#
# Difficulty 1 of 3 · 5 minutes · the check proves that the temperature divides the scores,
# gradients included, and nothing overflows.
#
# `scores` is a tensor of shape `(…, N)`, `temperature` a number above 0. You have earned
# `torch.softmax(…, dim=-1)`; building it yourself is fine too.


# %% exercise
def softmax(scores, temperature=1.0):
    """Return the weights of scores / temperature, row by row along the last axis.

    >>> scores = torch.tensor([2.0, 1.0, 0.0])
    >>> softmax(scores), softmax(scores, temperature=2.0)
    (tensor([0.6652, 0.2447, 0.0900]), tensor([0.5065, 0.3072, 0.1863]))
    """
    ### BEGIN SOLUTION
    return torch.softmax(scores / temperature, dim=-1)
    ### END SOLUTION


# %% check
softmax = lesson.check(softmax)

# %% [markdown]
# Move the temperature with the arrow keys. The bars are your function's. At which temperature does
# the first weight pass 0.9? Where does the picture stop changing, at either end?

# %% demo
from course_lib.explore import temperature

temperature(lesson.pair("softmax"), scores=(2.0, 1.0, 0.0), labels=("dog", "car", "sky"))

# %% [markdown]
# "Even" and "sharp" ask for a number. The **entropy** of weights is
#
# $$H(w) = -\sum_i w_i \ln w_i$$
#
# in *nats*. It is 0 when one weight is 1, and ln N when all N are equal. Its exponential reads as
# an effective number of keys: weights ½, ½, 0 have H = ln 2 = 0.693, and exp(0.693) = 2 keys share
# the attention.

# %% [markdown]
# ### Exercise 2.8 · How spread out are the weights?
#
# Difficulty 2 of 3 · 5 minutes · the check proves that every row has its own entropy in nats, rows
# with weights of 0 included.
#
# `weights` has shape `(…, N)`; return shape `(…)`. A weight of exactly 0 adds 0 to the sum,
# although its logarithm is −∞. Without `torch.distributions.Categorical`, which has an entropy.


# %% exercise
def entropy(weights):
    """Return the entropy of each row of weights, in nats.

    >>> entropy(torch.tensor([[1.0, 0.0], [0.5, 0.5]]))
    tensor([0.0000, 0.6931])
    """
    ### BEGIN SOLUTION
    return (-torch.xlogy(weights, weights)).sum(-1)
    ### END SOLUTION


# %% check
entropy = lesson.check(entropy)

# %% [markdown]
# **In a word.** A softmax is a dial between two familiar things. At a temperature near 0 it looks
# one thing up, the largest score; at a high one it averages over everything. Attention works in
# between, and it must be kept there. Your two functions draw the dial for the scores 2, 1, 0:

# %% demo
scores = torch.tensor([2.0, 1.0, 0.0])
taus = torch.logspace(-1, 1, 41)
effective = torch.stack([entropy(softmax(scores, tau)).exp() for tau in taus])
show(
    lines(
        taus,
        {"keys": effective},
        "From one key to all three",
        xlabel="temperature",
        ylabel="exp(entropy)",
        logx=True,
    ),
    alt="The effective number of keys for the scores 2, 1, 0 rises from 1.0 at temperature 0.1 "
    "over 2.3 at temperature 1 to 3.0 at temperature 10.",
)

# %% [markdown]
# ## 6 · How far do dot products spread?
#
# A dot product of long vectors adds many terms. By hand: let every number be +1 or −1 by the toss
# of a coin. With one number, the dot product is ±1. With two it is −2, 0, 0 or 2: the mean square
# is (4 + 0 + 0 + 4) / 4 = 2. With three numbers it is 3. Each further number adds 1.

# %% demo
lesson.predict("wider")

# %% [markdown]
# In general, let `q` and `k` be independent, each with independent entries of mean 0 and variance
# 1. Every product has mean 0 and variance 1, and variances of independent terms add up:
#
# $$\operatorname{Var}(q \cdot k) = \sum_{i=1}^{d} \operatorname{Var}(q_i k_i) = d$$
#
# The *spread*, the standard deviation, is √d. Nothing in this asks for a bell curve. Measure it:

# %% demo
rng = np.random.default_rng(0)
widths = [4, 16, 64, 256, 1024]
measured = []
for d in widths:
    q, k = rng.standard_normal((2, 5000, d))
    measured.append(float((q * k).sum(1).std()))
    print(f"d = {d:4}: spread {measured[-1]:4.1f}, √d = {d**0.5:4.1f}")
lesson.reveal("wider")

# %% [markdown]
# At d = 1024 scores of ±32 are ordinary. What does a softmax over 16 keys make of such scores?
# Count the effective keys, with the scores as they are and divided by √d:

# %% demo
keys_used = {"as they are": [], "divided by √d": []}
for d in widths:
    q, k = rng.standard_normal((300, 1, d)), rng.standard_normal((300, 16, d))
    scores = torch.from_numpy((q * k).sum(-1))
    keys_used["as they are"].append(entropy(softmax(scores)).exp().mean())
    keys_used["divided by √d"].append(entropy(softmax(scores, d**0.5)).exp().mean())
show(
    lines(
        widths,
        keys_used,
        "Keys that share the attention, of 16",
        xlabel="width d",
        ylabel="exp(entropy)",
        logx=True,
    ),
    alt="With scores as they are, the effective number of keys falls from 6.8 at width 4 over 1.7 "
    "at 64 to 1.1 at 1024. Divided by the root of d it stays between 11.4 and 10.6.",
)

# %% [markdown]
# Left alone, wide vectors turn attention into a look-up of a single key, before anything has been
# learned. Dividing by √d keeps it in between, at every width. √d is a *temperature*. Your table of
# spreads is footnote 4 of Vaswani et al. (2017, §3.2.1), and this picture is what they suspect in
# the text above it; lesson 04 shows what it does to gradients.

# %% [markdown]
# **Where √d breaks.** The derivation assumed independent entries. Suppose all 64 entries of a
# vector are copies of one number: then q · k is 64 times one product, and its spread is 64, not 8.
# What lies between is described by the covariance matrix C of the entries: for a vector x of mean
# 0, C_ij is the mean of x_i x_j. When q and k both have it,
#
# $$\operatorname{Var}(q \cdot k) = \sum_{i,j} \operatorname{E}[q_i q_j]\,\operatorname{E}[k_i k_j] = \sum_{i,j} C_{ij}^2$$

# %% [markdown]
# ### Exercise 2.9 · The spread of a dot product
#
# Difficulty 2 of 3 · 6 minutes · the check proves that you get √d for independent dimensions, and
# the right spread for any others.
#
# `covariance` is a tensor of shape `(d, d)`. Two vectors are drawn independently, both with mean 0
# and this covariance. Return the standard deviation of their dot product.


# %% exercise
def score_spread(covariance):
    """Return the spread of q · k.

    >>> score_spread(torch.eye(9))
    tensor(3.)
    >>> score_spread(torch.tensor([[1.0, 0.5], [0.5, 1.0]]))
    tensor(1.5811)
    """
    ### BEGIN SOLUTION
    return covariance.square().sum().sqrt()
    ### END SOLUTION


# %% check
score_spread = lesson.check(score_spread)

# %% [markdown]
# Two tests. First, 64 entries of variance 1 in which every pair has the same correlation: √64 is
# 8. Then real vectors: the table of words, moved so that its mean is 0. Compare the spread of real
# pairs with what your formula gives for the table's covariance, and with what it gives when
# everything off the diagonal is dropped.

# %% demo
d = 64
for correlation in [0.0, 0.1, 0.5, 1.0]:
    covariance = torch.full((d, d), correlation).fill_diagonal_(1.0)
    print(f"correlation {correlation}: spread {score_spread(covariance):5.2f}, √d = 8")

# %% demo
centred = table.vectors - table.vectors.mean(axis=0)
covariance = torch.from_numpy(centred.T @ centred / len(centred))
order = np.random.default_rng(1).permutation(len(centred))
pairs = all_pairs(centred[order[:3000]], centred[order[3000:6000]])
spreads = {
    "measured": pairs.std(),
    "from the covariance": score_spread(covariance).item(),
    "as if independent": score_spread(covariance.diag().diag()).item(),
}
for name, value in spreads.items():
    print(f"{name:20} {value:.3f}")

# %% [markdown]
# A correlation of 0.1 already makes the spread a quarter larger than √d. In the real table your
# formula is right to the last digit shown, and the rule for independent entries is a quarter too
# low: every covariance off the diagonal adds its square, so correlations that both vectors share
# can only *widen* the spread. In a trained network queries and keys depend on each other too. √d is
# where training starts; what happens later is up to the weights.

# %% [markdown]
# ## You can now
#
# - compare vectors by dot product and by cosine, one pair or all pairs at once, and say when the
#   two disagree;
# - turn scores of any size into weights, with a temperature, and measure how spread out they are;
# - say how far dot products spread as vectors grow, and when the rule √d fails.
#
# Next: lesson 03 makes a dictionary out of these weights, one that answers every question with a
# mean.

# %% demo
lesson.quiz()

# %% [markdown]
# **Stretch.** Coin tosses of ±1 and normal numbers have the same mean and variance. Repeat the
# measurement of section 6 with `rng.choice([-1.0, 1.0], size=(2, 5000, d))`. Which of the two
# columns moves? Then give the numbers a mean of 1 instead of 0, and explain what happens.
#
# **References.** Vaswani et al. 2017, *Attention is all you need*, §3.2.1 and its footnote 4.
# Shannon 1948, *A mathematical theory of communication*, §6. Mikolov, Chen, Corrado and Dean 2013,
# *Efficient estimation of word representations in vector space*, §4: the question words are left
# out of the search. Doubts: Rogers, Drozd and Li 2017, *The (too many) problems of analogical
# reasoning with word vectors*.
