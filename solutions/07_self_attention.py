# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 07 · Self-attention
#
# 75 minutes · needs 04 Scaled dot-product attention · eight exercises, the first within three minutes.
#
# You will be able to
#
# - build a layer in which the tokens of one sequence ask, are found, and answer, each by a projection of its own;
# - prove, by reasoning and by a test of your own, that such a layer does not know the order of its tokens;
# - say beforehand which attention map a task needs, and measure how much of it a trained layer has.

# %% [markdown]
# ## 1 · Three roles from one sequence
#
# In lesson 04 queries, keys and values came from nowhere. Here all three come from the same tokens. A word in a sentence
# asks something of the others, is found by them, and has something to tell. Those are three roles, and a word plays them
# differently: a noun may look for a verb without the verb looking for it.
#
# So each role has its own matrix (Vaswani et al. 2017, §3.2.2):
#
# $$q = x\,W_q \qquad k = x\,W_k \qquad v = x\,W_v$$
#
# Tokens are `d_model` wide. Queries, keys and values are `d_head` wide, and it is `d_head` that stands under the root.

# %% setup
import torch
from course_lib import Lesson
from course_lib.attention.scaled_dot_product import scaled_dot_product_attention
from course_lib.figures import bars, show, weights_heatmap
from torch import nn

lesson = Lesson("07")

# %% [markdown]
# Lesson 01 ended on a complaint: a table gives *bank* the same vector wherever it stands. Here is the cure in three lines, with the real word
# table and nothing learned: let every word of a sentence attend to all of it, by plain dot products.

# %% demo
from course_lib.data.words import pretrained_words

table = pretrained_words()


def cosine_to(vector, word):
    """Return how like a row of the table a vector is."""
    return torch.cosine_similarity(vector, rows_of(word)[0], dim=0).item()


def rows_of(*words):
    """Return rows of the table as a tensor."""
    return torch.tensor(table.vectors[table.rows(*words)], dtype=torch.float64)


print(
    f"bank alone: river {cosine_to(rows_of('bank')[0], 'river'):.2f}, loan {cosine_to(rows_of('bank')[0], 'loan'):.2f}"
)
for sentence in ("the bank of the river", "the bank gave the loan"):
    heard = sentence.split()
    rows = rows_of(*heard)
    shares = (rows @ rows.T).softmax(-1)
    bank = (shares @ rows)[heard.index("bank")]
    print(f"{sentence}: river {cosine_to(bank, 'river'):.2f}, loan {cosine_to(bank, 'loan'):.2f}")
print("bank shares its attention out:", [round(one, 2) for one in shares[1].tolist()])

# %% [markdown]
# The word has moved: towards the river in one sentence, towards the loan in the other. Why is that not enough? Look at the last line: more than half of the
# weight goes to *bank* itself, since nothing is more like a word than the word. A word can ask for its like, and for nothing else: no noun can ask for its
# verb. So each token gets three roles, made of it by three learned matrices: what it **asks** (a query), what it is **found by** (a key), what it **tells** (a value).

# %% [markdown]
# By hand: two tokens, a noun `(1, 0)` and a verb `(0, 1)`, and `d_head` = 1. Let `W_q = (1, 0)ᵀ`: the noun asks with
# strength 1, the verb does not ask. Let `W_k = (0, 3)ᵀ`: the verb is found with strength 3, the noun is not.
#
# Queries are 1 and 0, keys 0 and 3. The score of noun to verb is 1 · 3 = 3, that of verb to noun is 0 · 0 = 0. The matrix is
#
# | asks ↓ / is asked → | noun | verb |
# |---|---|---|
# | noun | 0 | 3 |
# | verb | 0 | 0 |

# %% demo
lesson.predict("symmetric")

# %% [markdown]
# ### Exercise 7.1 · Who asks, who is asked
#
# Difficulty 1 of 3 · 6 minutes · the check proves that queries come from one projection and keys from another, each in its
# place.
#
# `x` has shape `(…, T, d_model)`; `w_q` and `w_k` have shape `(d_model, d_head)`. Return scores, scaled, before any softmax.


# %% exercise
def projected_scores(x, w_q, w_k):
    """Return (x w_q)(x w_k)ᵀ / √d_head, shape (…, T, T): row t holds what token t asks of every token.

    >>> projected_scores(torch.eye(2), torch.tensor([[1.0], [0.0]]), torch.tensor([[0.0], [3.0]]))
    tensor([[0., 3.],
            [0., 0.]])
    """
    ### BEGIN SOLUTION
    q, k = x @ w_q, x @ w_k
    return q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    ### END SOLUTION


# %% check
projected_scores = lesson.check(projected_scores)

# %% [markdown]
# Lesson 04 showed six random vectors whose map was bright on the diagonal: each was most similar to itself. Here are the
# same six, first with one random projection in both roles, then with two.

# %% demo
words = ["x₀", "x₁", "x₂", "x₃", "x₄", "x₅"]
x = torch.randn(6, 16, generator=torch.Generator().manual_seed(4))
w_q, w_k = torch.randn(2, 16, 16, generator=torch.Generator().manual_seed(1)) / 4
for name, scores in (
    ("one projection ", projected_scores(x, w_q, w_q)),
    ("two projections", projected_scores(x, w_q, w_k)),
):
    apart = (scores - scores.T).abs().max()
    own = scores.softmax(-1).diagonal().mean()
    print(f"{name}: both directions differ by up to {apart:.1f}; weight on itself {own:.2f}")
lesson.reveal("symmetric")
show(
    weights_heatmap(scores.softmax(-1), words, words, "Two projections, untrained"),
    alt="A 6 × 6 matrix of attention weights of six random vectors under two random projections. The "
    "diagonal is no longer bright, 0.16 on average, and the matrix is not symmetric: x₀ gives x₂ "
    "0.37 and gets 0.04 back.",
)

# %% [markdown]
# One projection tends to make every token look at itself first. Two leave it open whom a token looks at; training decides.
#
# The third role remains. By hand again: let the noun's scores be 0 and ln 3, so its weights are 1 : 3, that is ¼ and ¾. Let
# `W_v = (8, 4)ᵀ`: the noun has 8 to tell, the verb 4. The noun's output is ¼ · 8 + ¾ · 4 = 5. The verb asks nothing, scores 0
# and 0, and gets the even mean, 6.

# %% [markdown]
# ### Exercise 7.2 · Self-attention
#
# Difficulty 2 of 3 · 10 minutes · the check proves that your class makes queries, keys and values by three projections and
# attends under any mask.
#
# Make three layers from `d_model` to `d_head`, without a bias, called `w_q`, `w_k` and `w_v`. `forward` takes `x` of shape
# `(…, T, d_model)` and a mask as in lesson 04, and returns `(…, T, d_head)`. The attention of lesson 04 is at hand: it
# scales, masks, and gives zeros where nothing is allowed.


# %% exercise
class SelfAttention(nn.Module):
    """Let every token gather from all: softmax(q kᵀ / √d_head) v, with q, k and v made of the same x.

    >>> SelfAttention(5, 3)(torch.zeros(4, 5)).shape
    torch.Size([4, 3])
    """

    def __init__(self, d_model, d_head):
        super().__init__()
        ### BEGIN SOLUTION
        self.w_q = nn.Linear(d_model, d_head, bias=False)
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)
        ### STUB
        # raise NotImplementedError("make self.w_q, self.w_k and self.w_v")
        ### END SOLUTION

    def forward(self, x, mask=None):
        ### BEGIN SOLUTION
        return scaled_dot_product_attention(self.w_q(x), self.w_k(x), self.w_v(x), mask)
        ### END SOLUTION


# %% check
SelfAttention = lesson.check(SelfAttention)

# %% [markdown]
# Does the layer do what you worked out by hand? Set its three weights and ask. `nn.Linear` keeps its weight transposed:
# `(d_head, d_model)`.

# %% demo
layer = SelfAttention(d_model=2, d_head=1)
by_hand = {
    "w_q": [[1.0, 0.0]],
    "w_k": [[0.0, torch.tensor(3.0).log().item()]],
    "w_v": [[8.0, 4.0]],
}
layer.load_state_dict({f"{name}.weight": torch.tensor(w) for name, w in by_hand.items()})
noun, verb = layer(torch.eye(2)).squeeze().tolist()
print(f"noun {noun:.2f}, verb {verb:.2f}; {sum(w.numel() for w in layer.parameters())} parameters")

# %% [markdown]
# The three roles as your layer made them:

# %% demo
from course_lib.figures.diagrams import projections

pair = torch.eye(2)
with torch.no_grad():
    roles = [made(pair) for made in (layer.w_q, layer.w_k, layer.w_v)]
projections(pair, *roles, tokens=["noun", "verb"])

# %% [markdown]
# **Explain.** The number of parameters is 3 · `d_model` · `d_head`. The length of the sequence does not enter: the same six
# numbers serve two tokens or two thousand. What does grow with the length?
#
# ## 2 · Shuffle the tokens
#
# “The dog bites the man” and “the man bites the dog” hold the same words. Does self-attention tell them apart? Think of five
# tokens, and of the same five in another order.

# %% demo
lesson.predict("shuffle")

# %% [markdown]
# Reason it out. Write a shuffle as a matrix $P$ with a single 1 in every row and column: $Px$ has the rows of $x$ in another
# order, and $P^\top P = 1$ puts them back.
#
# 1. Projections work row by row, so $q$, $k$, $v$ become $Pq$, $Pk$, $Pv$.
# 2. The scores become $(Pq)(Pk)^\top = P\,(qk^\top)\,P^\top$: rows and columns move together.
# 3. The softmax treats all entries of a row alike, so the weights $W$ become $P\,W P^\top$.
# 4. The output becomes $P\,W P^\top P\,v = P\,(W v)$, since $P^\top$ and $P$ cancel: here the order is lost.
#
# Shuffled inputs give the same outputs, shuffled alike. This is called **permutation equivariance**:
#
# $$f(Px) = P f(x)$$
#
# Nothing that the layer computes for a token depends on where the token stands. A reasoning deserves a test:

# %% demo
torch.manual_seed(0)
layer, x = SelfAttention(8, 4), torch.randn(5, 8)
order = torch.tensor([3, 0, 4, 1, 2])
apart = (layer(x[order]) - layer(x)[order]).abs().max()
print("outputs move with their tokens:", bool(apart < 1e-5))
lesson.reveal("shuffle")

# %% [markdown]
# ### Exercise 7.3 · A test for equivariance
#
# Difficulty 3 of 3 · 10 minutes · the check proves that your test passes five equivariant layers and catches six that know
# the order.
#
# `layer` takes a sequence `(T, d)` and returns one with as many rows; `x` is a sequence to try it on. Return True or False.
# Beware: a sum taken in another order ends on another last digit, and some layers survive one particular shuffle. Draw with
# a `torch.Generator` of your own, so that nobody else's random numbers move.


# %% exercise
def is_equivariant(layer, x):
    """Return True when shuffling the rows of x shuffles the rows of layer(x) alike, else False.

    >>> x = torch.tensor([[1.0], [2.0], [4.0]])
    >>> is_equivariant(lambda x: 2 * x, x), is_equivariant(lambda x: x.cumsum(0), x)
    (True, False)
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):
        order = torch.randperm(len(x), generator=generator)
        if not torch.allclose(layer(x[order]), layer(x)[order], rtol=1e-4, atol=1e-6):
            return False
    return True
    ### END SOLUTION


# %% check
is_equivariant = lesson.check(is_equivariant)

# %% [markdown]
# See your test at work. Guess each verdict before you read it: two self-attentions in a row, one under a causal mask, a
# recurrent network, and one that adds its place to every token.

# %% demo
torch.manual_seed(0)
first, second, recurrent = (f(8, 8).double() for f in (SelfAttention, SelfAttention, nn.RNN))
causal, place = torch.ones(6, 6, dtype=torch.bool).tril(), torch.arange(6)[:, None]
x = torch.randn(6, 8).double()
print("two in a row:      ", is_equivariant(lambda x: second(first(x)), x))
print("causal mask:       ", is_equivariant(lambda x: first(x, causal), x))
print("recurrent network: ", is_equivariant(lambda x: recurrent(x)[0], x))
print("with its place:    ", is_equivariant(lambda x: first(x + place), x))

# %% [markdown]
# **In a word.** A stack of self-attentions sees a *set* of tokens, not a sequence. A mask that does not treat all
# tokens alike, such as the causal one, brings some order in; so does anything that marks a token with its place.

# %% [markdown]
# ## 3 · Graphs and sets
#
# Blindness for order is a gift where there is no order. Take a graph: atoms and bonds, papers and citations. Let each node
# attend to its neighbours and to itself alone. That is graph attention (Veličković et al. 2018, §2.1, with other scores), and
# all that it needs is a mask.
#
# An adjacency matrix is not 0 at `[s, t]` where an edge runs from `s` to `t`. News travels along edges, so `t` attends to `s`,
# and a mask's rows are those who attend. By hand, for the chain 0 → 1 → 2:
#
# | | adjacency | mask |
# |---|---|---|
# | row 0 | 0 1 0 | **1** 0 0 |
# | row 1 | 0 0 1 | 1 **1** 0 |
# | row 2 | 0 0 0 | 0 1 **1** |
#
# The diagonal is new.

# %% demo
lesson.predict("hops")

# %% [markdown]
# ### Exercise 7.4 · A graph as a mask
#
# Difficulty 2 of 3 · 5 minutes · the check proves that a node attends to those with an edge to it, and to itself, and to
# nobody else.
#
# Adjacencies come as True and False, as whole numbers or as weights, which may be negative; there may be leading axes. Put
# what you make on the device of the input.


# %% exercise
def graph_mask(adjacency):
    """Return a boolean (…, N, N): True at [t, s] where an edge runs from s to t, and on the diagonal.

    >>> graph_mask(torch.tensor([[0, 1, 0], [0, 0, 1], [0, 0, 0]]))
    tensor([[ True, False, False],
            [ True,  True, False],
            [False,  True,  True]])
    """
    ### BEGIN SOLUTION
    itself = torch.eye(adjacency.shape[-1], dtype=torch.bool, device=adjacency.device)
    return (adjacency != 0).transpose(-2, -1) | itself
    ### END SOLUTION


# %% check
graph_mask = lesson.check(graph_mask)

# %% [markdown]
# `influence` of lesson 04 asks the gradient which inputs an output has seen. Here is the chain 0 → 1 → 2 → 3 under one, two
# and three layers.

# %% demo
from functools import partial

from course_lib.attention.causality import influence

torch.manual_seed(0)
layer, x = SelfAttention(4, 4).double(), torch.randn(4, 4).double()
chain = graph_mask(torch.ones(4, 4).triu(1).tril(1))


def news(x, n_layers):
    """Let news travel along the chain."""
    for _ in range(n_layers):
        x = layer(x, chain)
    return x


for n_layers in (1, 2, 3):
    seen = influence(partial(news, n_layers=n_layers), x)[3]
    print(f"layers: {n_layers}; node 3 has heard of", seen.nonzero().flatten().tolist())
lesson.reveal("hops")

# %% demo
# Names of nodes are arbitrary. Rename them, x becomes P x: what must the mask do, to rename the outputs?
order = torch.tensor([2, 0, 3, 1])
due = layer(x, chain)[order]
moved = chain[order][:, order]
print("mask left as it was: ", torch.allclose(layer(x[order], chain), due))
print("its rows moved:      ", torch.allclose(layer(x[order], chain[order]), due))
print("rows and columns:    ", torch.allclose(layer(x[order], moved), due))

# %% [markdown]
# Now a question about a whole set: is there a fault among these parts, is this basket for a party? One vector must stand for
# all items, and it must not care in which order they come. A mean does that, and dilutes one telling item among a hundred
# others.
#
# Attention can do better with a query that belongs to no item: a learned vector, the **seed**. It scores every item's key,
# and the result is the weighted mean of their values (Lee et al. 2019, §3.2).
#
# By hand: seed 1, two items with keys 0 and ln 3 and values 8 and 4, width 1. The weights are ¼ and ¾, and the result is 5. It
# is the noun's row of exercise 7.2: a pool is attention with a single query.

# %% [markdown]
# ### Exercise 7.5 · A set becomes one vector
#
# Difficulty 2 of 3 · 8 minutes · the check proves that your class weighs the items by a learned query, and does not care in
# which order they come.
#
# Make `seed`, an `nn.Parameter` with `d_head` numbers, and the layers `w_k` and `w_v` without a bias. `mask` has shape
# `(…, T)`: True where an item is real, False where the set was filled up. An empty set gives zeros.


# %% exercise
class AttentionPool(nn.Module):
    """Make one vector of a set: softmax(seed kᵀ / √d_head) v, shape (…, T, d_model) to (…, d_head).

    >>> AttentionPool(5, 3)(torch.zeros(2, 4, 5)).shape
    torch.Size([2, 3])
    """

    def __init__(self, d_model, d_head):
        super().__init__()
        ### BEGIN SOLUTION
        self.seed = nn.Parameter(torch.randn(d_head))
        self.w_k = nn.Linear(d_model, d_head, bias=False)
        self.w_v = nn.Linear(d_model, d_head, bias=False)
        ### STUB
        # raise NotImplementedError("make self.seed, self.w_k and self.w_v")
        ### END SOLUTION

    def forward(self, x, mask=None):
        ### BEGIN SOLUTION
        query = self.seed.expand(*x.shape[:-2], 1, -1)
        row = None if mask is None else mask.unsqueeze(-2)
        return scaled_dot_product_attention(query, self.w_k(x), self.w_v(x), row).squeeze(-2)
        ### END SOLUTION


# %% check
AttentionPool = lesson.check(AttentionPool)

# %% [markdown]
# Six items of four kinds, one of them of the last kind, “d”. The seed below was set by hand to look for it; training would
# have to find such a seed by itself.

# %% demo
kinds = ["a", "b", "a", "c", "d", "b"]
items = torch.eye(4)[["abcd".index(kind) for kind in kinds]]
pool = AttentionPool(4, 4)
pool.load_state_dict(
    {"seed": torch.tensor([0.0, 0, 0, 8])}
    | {f"{name}.weight": torch.eye(4) for name in ("w_k", "w_v")}
)
order = torch.tensor([5, 2, 0, 4, 1, 3])
print("pooled:  ", [round(n, 3) for n in pool(items).tolist()])
print("shuffled:", [round(n, 3) for n in pool(items[order]).tolist()])
weights = (pool.w_k(items) @ pool.seed / 4**0.5).softmax(-1).detach()
show(
    bars(
        weights,
        kinds,
        "What each of six items counts for",
        ylabel="weight",
        beside=torch.full((6,), 1 / 6),
        names=("pool by attention", "mean"),
    ),
    alt="Bars for six items a, b, a, c, d, b. The pool gives the item d a weight of 0.92 and each "
    "other 0.02; the mean gives each of the six 0.17.",
)

# %% [markdown]
# **Explain.** Someone averages the items first and applies `w_v` to the mean. Someone else applies `w_v` to every item and
# averages then. Why do both get the same, and why is neither the pool?

# %% [markdown]
# ## 4 · A pointer that copies
#
# So far the weights were a means: they mixed values. They can be the answer itself. A weight on place `t` says “it stands
# there”, and the word at that place can be copied, even one that the model has never seen. Pointer networks do this (Vinyals
# et al. 2015, §2.3); summarisers copy names with it (See et al. 2017, §2.2).
#
# Weights are about places, an answer is a word. By hand: the weights are ½, ¼ and ¼, and at the three places stand the words
# number 2, 0 and 2 of a vocabulary of four. Word 2 gets ½ + ¼ = ¾, word 0 gets ¼, words 1 and 3 get nothing.

# %% [markdown]
# ### Exercise 7.6 · From places to words
#
# Difficulty 2 of 3 · 6 minutes · the check proves that a word's probability is the sum of the weights at all its places.
#
# `weights` and `tokens` have the same shape `(…, T)`; the result has shape `(…, vocab_size)`.


# %% exercise
def copy_distribution(weights, tokens, vocab_size):
    """Return the probability of each word: the sum of the weights of all places where it stands.

    >>> copy_distribution(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([2, 0, 2]), 4)
    tensor([0.2500, 0.0000, 0.7500, 0.0000])
    """
    ### BEGIN SOLUTION
    zeros = weights.new_zeros(*weights.shape[:-1], vocab_size)
    return zeros.scatter_add(-1, tokens, weights)
    ### END SOLUTION


# %% check
copy_distribution = lesson.check(copy_distribution)

# %% [markdown]
# A contest. A set holds five items, each with a label and a content: *red 17, blue 4, …*. The question is a label, the answer
# the content beside it. Both models below find the place by the same attention over labels. One points and copies; the
# other mixes the contents' vectors and classifies the mixture.
#
# Training uses contents 0 to 19 alone. The test asks once for those, once for contents 20 to 39, which occurred in no
# training set. Labels are the same eight throughout.

# %% demo
lesson.predict("unseen")


# %% given
from course_lib.data.sequences import odd_one_out, questions, reverse
from course_lib.training.scale import choose

torch.set_num_threads(1)  # So small a model gains nothing from a second thread.
steps = choose(tiny=10, small=300, full=600)


class Pointer(nn.Module):
    """Find the place by its label; return probabilities of contents, copied or classified."""

    def __init__(self, n_labels, n_contents, copies, width=16):
        super().__init__()
        self.label, self.content = nn.Embedding(n_labels, width), nn.Embedding(n_contents, width)
        self.w_q = nn.Linear(width, width, bias=False)
        self.w_k = nn.Linear(width, width, bias=False)
        self.classify, self.copies = nn.Linear(width, n_contents), copies

    def forward(self, task):
        q = self.w_q(self.label(task.asked)).unsqueeze(-2)
        scores = q @ self.w_k(self.label(task.labels)).mT / q.shape[-1] ** 0.5
        weights, contents = scores.softmax(-1).squeeze(-2), task.contents
        if self.copies:
            return copy_distribution(weights, contents, self.content.num_embeddings)
        mixed = (weights.unsqueeze(-1) * self.content(contents)).sum(-2)
        return self.classify(mixed).softmax(-1)


# %% [markdown]
# Both get the same number of steps, with 128 new sets in each, three times from other random weights. (The pointer has a
# classifier too, and leaves it unused.)


# %% train tags=["nbval-ignore-output"]
def study(copies, seed):
    """Train on contents 0 to 19; return the share of right answers on seen and unseen ones."""
    torch.manual_seed(seed)
    model = Pointer(8, 40, copies)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(steps):
        task = questions(128, 5, n_labels=8, contents=(0, 20), seed=1000 * seed + step)
        probability = model(task).gather(-1, task.answers[:, None])
        loss = -(probability + 1e-9).log().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    tests = (questions(1000, 5, n_labels=8, contents=c, seed=9) for c in ((0, 20), (20, 40)))
    return [(model(test).argmax(-1) == test.answers).float().mean().item() for test in tests]


contest = {copies: [study(copies, seed) for seed in range(3)] for copies in (True, False)}
for copies, scores in contest.items():
    for name, score in zip(("seen", "unseen"), zip(*scores, strict=True), strict=True):
        print(f"{'copies' if copies else 'classifies'}, {name:6}:", *(f"{s:.1%}" for s in score))

# %% demo
seen, unseen = zip(*contest[True], strict=True)
seen_too, unseen_too = zip(*contest[False], strict=True)
print("both answer seen contents, 95 % or better:", min(seen + seen_too) > 0.95)
print("the pointer answers unseen ones as well:  ", min(unseen) > 0.95)
print("the classifier answers 5 % of them or less:", max(unseen_too) < 0.05)
lesson.reveal("unseen")

# %% [markdown]
# The pointer's skill is about labels, and carries over to any content. Its limit is the other side of it: it can say only what
# stands there. Summarisers have both, and learn when to copy.
#
# ## 5 · A map known beforehand
#
# A trained map is easy to admire and hard to judge, unless you know what it should be. So take a task whose map you can work
# out before training.
#
# **Odd one out.** Eight items, seven alike, one not: `L L L D L L L L`. Each item is asked: *which kind here are you not?*
# The seven must answer `D`, the odd one `L`. No path leads around the layer, so what an item answers must reach it
# through its weights.

# %% demo
lesson.predict("odd_map")

# %% demo
sample = odd_one_out(1, 8, vocab_size=12, seed=5)
letters = ["ABCDEFGHIJKL"[token] for token in sample.tokens[0]]
show(
    weights_heatmap(sample.known_map()[0], letters, letters, "The map that odd one out needs"),
    alt=f"The known map for the set {' '.join(letters)}: every row has weight 1 in the column of the "
    "odd one, but for the odd one's own row, which has 0.14 in each of the seven others.",
)
lesson.reveal("odd_map")

# %% [markdown]
# How much of this map will a trained layer have? Lay both on each other. In every cell only the smaller number is shared; a
# row's shares add up to its overlap, between 0 and 1.
#
# By hand: weights (0.75, 0.25) against (1, 0) share 0.75 + 0 = 0.75. Weights (0.5, 0.5) against (0, 1) share 0.5. The mean of
# both rows is 0.625.
#
# ### Exercise 7.7 · How much of the map is there
#
# Difficulty 1 of 3 · 5 minutes · the check proves that your number is the share of its weight that a query spends where it
# should, on average.
#
# Both maps have shape `(…, T, S)`; their rows need not sum to 1. A row of the known map that is all 0 asks nothing: leave it out of
# the mean.


# %% exercise
def map_overlap(weights, known):
    """Return the mean, over rows of known that are not all 0, of the sum of the smaller entries of both maps.

    >>> map_overlap(torch.tensor([[0.75, 0.25], [0.5, 0.5]]), torch.eye(2))
    0.625
    """
    ### BEGIN SOLUTION
    asked = known.sum(-1) > 0
    return torch.minimum(weights, known).sum(-1)[asked].mean().item()
    ### END SOLUTION


# %% check
map_overlap = lesson.check(map_overlap)

# %% [markdown]
# The model is as small as can be: a vector for each token, your self-attention, and one linear layer that reads an answer off
# each output. (The argument `n_places` is for later; leave it at 0.)


# %% given
class Reader(nn.Module):
    """Embed the tokens, let them attend to one another, read an answer off each output."""

    def __init__(self, vocab_size=12, n_places=0, width=16):
        super().__init__()
        self.embed, self.answer = nn.Embedding(vocab_size, width), nn.Linear(width, vocab_size)
        self.place = nn.Embedding(n_places, width) if n_places else None
        self.attention = SelfAttention(width, width)

    def read(self, tokens):
        x = self.embed(tokens)
        return x if self.place is None else x + self.place.weight

    def weights(self, tokens):
        w_q, w_k = self.attention.w_q.weight.T, self.attention.w_k.weight.T
        return projected_scores(self.read(tokens), w_q, w_k).softmax(-1).detach()

    def forward(self, tokens):
        return self.answer(self.attention(self.read(tokens)))


# %% given
def fit(reader, task):
    """Show the reader 64 sequences at a time, and lower the loss of its answers."""
    optimiser = torch.optim.Adam(reader.parameters(), lr=0.01)
    for step in range(steps):
        rows = torch.arange(64 * step, 64 * step + 64) % len(task)
        logits = reader(task.tokens[rows]).flatten(0, 1)
        loss = nn.functional.cross_entropy(logits, task.targets[rows].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return reader


def judge(reader, task):
    """Return the share of right answers, and the overlap with the known map."""
    right = (reader(task.tokens).argmax(-1) == task.targets).float().mean().item()
    return right, float(map_overlap(reader.weights(task.tokens), task.known_map()))


# %% [markdown]
# Three readers, each from other random weights, practise on the same 8,192 sets. The test holds 1,000 more.


# %% train tags=["nbval-ignore-output"]
practice, test = (odd_one_out(n, 8, vocab_size=12, seed=n) for n in (8192, 1000))
odd_results = []
for seed in range(3):
    torch.manual_seed(seed)
    odd_reader = fit(Reader(), practice)
    odd_results.append(judge(odd_reader, test))
    print(f"seed {seed}: {odd_results[-1][0]:.1%} right, overlap {odd_results[-1][1]:.3f}")
print(f"{sum(w.numel() for w in odd_reader.parameters()):,} parameters")

# %% demo
print("right at least 99 times in 100:", min(right for right, _ in odd_results) > 0.99)
print("at least 0.95 of the map there:", min(overlap for _, overlap in odd_results) > 0.95)
show(
    weights_heatmap(odd_reader.weights(sample.tokens)[0], letters, letters, "The learned map"),
    alt=f"The learned map for the set {' '.join(letters)}. It is the known map to two digits or "
    "nearly: one bright column at the odd one, and 0.14 in each other place of the odd one's row.",
)

# %% [markdown]
# The map came out as predicted, in all three runs. It could: “unlike me” is a matter of two tokens, not of places, and the
# scores had to learn one thing, *larger where the kinds differ*.
#
# **Explain.** With one projection in both roles they could not have learned all of it. Two kinds have queries a and b, and |a − b|² ≥ 0 says that 2 a·b is
# at most a·a + b·b: so a·b cannot be larger than both. Kind a may prefer b to its own kind, or b prefer a, but not both. About which share of the sets can
# such a reader get right at most, and does training have to find that?
#
# What this does not show: that the reader would cope with kinds it never met. There are only 12 · 11 · 8 = 1,056 such sets,
# so nearly all of them were among the 8,192 that it practised on.

# %% [markdown]
# ## 6 · Reverse: where it must fail
#
# A second task, as easy to state. **Reverse**: eight distinct tokens out of twelve; position `t` answers with the token at
# position 7 − t. The same model, the same budget.

# %% demo
lesson.predict("reverse_map")
lesson.predict("reverse_score")

# %% [markdown]
# Before you train, work out what to expect. The layer is equivariant, so a token gets the same output wherever it stands. It
# knows itself and the set of the others; which of them stands opposite is a matter of order, and hidden.
#
# By hand, for three tokens `a b c` in random order. What should `a` answer? In two of six orders it stands in the middle, and
# `a` is right. In two of six it stands opposite `b`, in two opposite `c`. Whatever it answers is right once in three times.

# %% [markdown]
# ### Exercise 7.8 · The best without order
#
# Difficulty 2 of 3 · 6 minutes · the check proves that you know how well any model can reverse distinct tokens that does not
# see their order.
#
# `n` distinct tokens stand in random order, all orders equally likely. Return the largest share of right answers that can be
# expected. Try n = 2, 3 and 4 on paper first; two of them may surprise you.


# %% exercise
def best_without_order(n):
    """Return the largest expected share of right answers in reversing n tokens whose order is hidden.

    Over all orders, a, b and c stand opposite a equally often: 1/3.

    >>> round(best_without_order(3), 4)
    0.3333
    """
    ### BEGIN SOLUTION
    if n % 2 == 1:  # one place, the middle, is opposite itself
        return 1 / n
    return 1 / (n - 1)
    ### END SOLUTION


# %% check
best_without_order = lesson.check(best_without_order)

# %% [markdown]
# Two tokens are reversed without a fault: the answer is “the other one”, and that needs no order. For eight the ceiling is
# 1/7, about 14.3 %. Now train, three times, as before.

# %% train tags=["nbval-ignore-output"]
practice, test = (reverse(n, 8, vocab_size=12, seed=n, distinct=True) for n in (8192, 1000))
readers, results = {}, {0: [], 8: []}
for seed in range(3):
    for n_places, name in ((0, "tokens alone"), (8, "with places")):
        torch.manual_seed(seed)
        readers[n_places] = fit(Reader(n_places=n_places), practice)
        right, overlap = judge(readers[n_places], test)
        results[n_places].append(right)
        print(f"seed {seed}, {name:12}: {right:.1%} right, overlap {overlap:.3f}")

# %% demo
for n in (2, 3, 4, 8, 9):
    print(f"{n} tokens: at most {best_without_order(n):.3f} right without order")
ceiling = best_without_order(8)
print("tokens alone, always within 0.02 of it:", all(abs(r - ceiling) < 0.02 for r in results[0]))
print("with places, at least 99 in 100 right: ", min(results[8]) > 0.99)
lesson.reveal("reverse_map")
lesson.reveal("reverse_score")

# %% [markdown]
# The model that found the odd ones guesses here, at the level that you computed. (A measured share may lie a little to either
# side: the ceiling is an expectation, and 8,000 answers leave some luck.)
#
# Are the task, the width or the training to blame? The same runs were made with one change: each token also got a vector for
# its place (`n_places=8`, 128 more parameters). Those readers are right at least 99 times in 100.

# %% demo
sample, blind = reverse(1, 8, vocab_size=12, seed=5, distinct=True), readers[0]
letters = ["ABCDEFGHIJKL"[token] for token in sample.tokens[0]]
weights = blind.weights(sample.tokens)[0]
show(
    weights_heatmap(weights, letters, letters, "Reverse, by tokens alone"),
    alt=f"The learned map for the sequence {' '.join(letters)}. The other diagonal, which the task "
    "needs, is no brighter than the rest: each token gives about 0.13 to each of the seven others, "
    "and about 0.08 to itself.",
)

# %% demo
# The strictest test is of the argument, not of the score: shuffle, and see who changes the answer.
order, blind = torch.tensor([4, 7, 1, 0, 6, 2, 5, 3]), blind.double()
with torch.no_grad():
    before = blind(sample.tokens)[0]
    after = blind(sample.tokens[:, order])[0]
    x = blind.read(sample.tokens[0])
    print("each token keeps its answer:", torch.equal(before.argmax(-1)[order], after.argmax(-1)))
    print("your test says equivariant: ", is_equivariant(lambda x: blind.attention(x), x))

# %% [markdown]
# The picture shows all that the layer could learn: look a little less at yourself, for you are never the answer.
#
# **In a word.** Self-attention does not fail at reversing because it is small or badly trained. It fails because
# $f(Px) = Pf(x)$, and reversing is not equivariant. The way out is to break the symmetry: give each token something that
# depends on its place. How to do that so that it also works at lengths never trained on is the question of lesson 08.
#
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - build a layer in which the tokens of one sequence ask, are found, and answer, each by a projection of its own;
# - prove, by reasoning and by a test of your own, that such a layer does not know the order of its tokens;
# - say beforehand which attention map a task needs, and measure how much of it a trained layer has.
#
# To think about:
#
# 1. With distinct tokens the ceiling for eight is 1/7. If tokens may repeat, a model without order can do better. How?
# 2. A causal mask breaks the symmetry. Which tasks could a layer solve with it, and no places, that it cannot without?
# 3. Pooling is invariant, self-attention equivariant. What is a pool after three self-attentions?

# %% [markdown]
# ### References
#
# - Vaswani et al. 2017, *Attention Is All You Need*: §3.2.2 (projections), §3.2.3 (self-attention).
# - Lee et al. 2019, *Set Transformer*: §3.2 (pooling by attention with learned seeds).
# - Veličković et al. 2018, *Graph Attention Networks*: §2.1 (attention masked by a graph, the node itself included).
# - Vinyals et al. 2015, *Pointer Networks*: §2.3. See et al. 2017, *Get To The Point*: §2.2 (words summed over places).
# - Zaheer et al. 2017, *Deep Sets*: §2 (permutation invariance and equivariance).
