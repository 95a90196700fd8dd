# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 05 · Attention that translates
#
# 85 minutes in two sittings · needs 04 Scaled dot-product attention · ten exercises, the first within five minutes.
#
# You will be able to
#
# - write the attention of the two papers that brought it into translation, Bahdanau's and Luong's, and say which decoder state asks;
# - train a translator by teacher forcing, let it write greedily, and tell a leak from learning;
# - measure what attention adds, by sentence length, and test an alignment map by changing what it points at.

# %% [markdown]
# ## 1 · A sentence in one vector
#
# In 2014 neural translators had two recurrent networks: an *encoder* read the source and ended in one vector, a *decoder* wrote
# the target from it. Everything had to fit into that vector. Cho et al. (2014b) saw their translations grow worse, the longer the
# sentence; Sutskever et al. (2014), with larger LSTMs that read the source backwards, had no such difficulty. So one vector *can*
# hold a sentence. At what price, you will measure.
#
# The remedy came to translation with Bahdanau et al. (2015): keep all the vectors, and look back. Looking itself was learned before: a
# network that writes by hand slid a soft window along its text (Graves 2013, §5), another chose where in a picture to look
# (Mnih et al. 2014, lesson 06).
#
# You will build both kinds of translator, on a language pair that fits in a lesson: numbers in English and in German.

# %% setup
import torch
import torch.nn.functional as F
from course_lib import Lesson
from course_lib.figures import bars, show, weights_heatmap

lesson = Lesson("05")

# %% demo
from course_lib.data.number_words import english_pieces, german_pieces

for number in (7, 21, 121, 83_006):
    print(f"{number:6,}  {' '.join(english_pieces(number)):40} {' '.join(german_pieces(number))}")

# %% [markdown]
# German says *one and twenty*: units and tens change places, everything else keeps its order. It also writes a number as one
# word; we cut it into the pieces that it is made of. A translator must learn where two words cross, and how far it has got in the
# others.
#
# Both networks are **gated recurrent units** (Cho et al. 2014, §2.3). A GRU reads one word at a time and keeps a state `h`. Two
# gates, `r` and `z`, look at the word and at the state and say how much of the past to use and how much to keep. (σ is the
# sigmoid, between 0 and 1; ⊙ multiplies entry by entry.)
#
# $$r, z = \sigma(\dots) \qquad n = \tanh\bigl(W_n x + b_n + r \odot (U_n h + c_n)\bigr) \qquad h' = (1 - z) \odot n + z \odot h$$

# %% [markdown]
# By hand, everything one wide: `x = 1`, `h = 1`, both gates 0.5, `W_n = 1`, `U_n = 2`, no biases. The candidate is
# n = tanh(1 + 0.5 · 2) = tanh 2 = 0.964. The new state is 0.5 · 0.964 + 0.5 · 1 = 0.982.

# %% demo
lesson.predict("gate")

# %% [markdown]
# ### Exercise 5.1 · One step of a GRU
#
# Difficulty 2 of 3 · 8 minutes · the check proves that your step agrees with PyTorch's GRU cell, gradients of all weights too.
#
# PyTorch keeps the three weight matrices in one: the rows of `w_ih` and `w_hh` belong to `r`, then `z`, then `n`. Mind where `r`
# acts: here on the product `U_n h + c_n`. In Cho's paper it acts on `h` before the product, and the numbers differ.
# Build it without `torch.gru_cell` and `nn.GRUCell`.


# %% exercise
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    """Return the next state (B, d) from x (B, d_in) and h (B, d); w_ih is (3d, d_in), w_hh (3d, d).

    With all weights and biases 0 the gates are 0.5 and n is 0.

    >>> w, b = torch.zeros(3, 1), torch.zeros(3)
    >>> gru_step(torch.zeros(1, 1), torch.ones(1, 1), w, w, b, b)
    tensor([[0.5000]])
    """
    ### BEGIN SOLUTION
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h
    ### END SOLUTION


# %% check
gru_step = lesson.check(gru_step)

# %% demo
third = torch.tensor([0.0, 0.0, 1.0])
one, zeros = torch.ones(1, 1), torch.zeros(3)
print(
    "by hand 0.982, yours:",
    round(gru_step(one, one, third[:, None], 2 * third[:, None], zeros, zeros).item(), 3),
)
lesson.reveal("gate")

# %% [markdown]
# ### Exercise 5.2 · Read a batch of sentences
#
# Difficulty 2 of 3 · 8 minutes · the check proves that your states agree with PyTorch's GRU on packed sentences, whatever padding
# follows.
#
# A batch holds sentences of unequal length, filled up with padding. A recurrent network that reads padding is led astray: its last
# state would depend on how long the *other* sentences are. So a sentence that has ended keeps the state it had.
#
# Start from zeros, take `gru_step` at every place (no `nn.GRU`), and return two things: `memory`, the state after each word (zeros on padding), and
# `last`, the state after each sentence's last word.


# %% exercise
def encode(x, lengths, w_ih, w_hh, b_ih, b_hh):
    """Return (memory, last), shapes (B, S, d) and (B, d), for x (B, S, d_in) and lengths (B,).

    Both gates at 0.5, every candidate 1; two words, then padding:

    >>> zero, bias = torch.zeros(3, 1), torch.tensor([0.0, 0.0, 100.0])
    >>> memory, last = encode(torch.zeros(1, 3, 1), torch.tensor([2]), zero, zero, bias, 0 * bias)
    >>> memory.tolist(), last.tolist()
    ([[[0.5], [0.75], [0.0]]], [[0.75]])
    """
    h = x.new_zeros(x.shape[0], w_hh.shape[1])
    ### BEGIN SOLUTION
    states = []
    for t in range(x.shape[1]):
        is_word = (t < lengths)[:, None]
        new = gru_step(x[:, t], h, w_ih, w_hh, b_ih, b_hh)
        h = torch.where(is_word, new, h)
        states.append(new * is_word)
    return torch.stack(states, dim=1), h
    ### END SOLUTION


# %% check
encode = lesson.check(encode)

# %% [markdown]
# `last` is all that a decoder without attention ever gets. `memory` holds one state for each word, and is thrown away. That waste is
# where attention begins.
#
# ## 2 · Look back at every word
#
# While it writes a word, the decoder may ask: which words of the source matter now? Its state is the query, the encoder's states are
# the keys. Their widths differ, so no dot product is possible. Bahdanau et al. (2015, Appendix A.1.2) let a small network score each
# pair:
#
# $$\text{score}(q, k) = v \cdot \tanh(q\,W_q + k\,W_k)$$
#
# The paper writes $W_a$, $U_a$ and $v_a$. Because query and key are added, this is called *additive* attention.

# %% [markdown]
# By hand: one query 1, keys −1, 0 and 1, all weights 1. The scores are tanh 0 = 0, tanh 1 = 0.762 and tanh 2 = 0.964. The weights
# are 1 : e^0.762 : e^0.964 = 1 : 2.14 : 2.62, that is 0.17, 0.37 and 0.45.
#
# What is the tanh for?

# %% demo
lesson.predict("cancels")

# %% [markdown]
# ### Exercise 5.3 · Additive scores
#
# Difficulty 2 of 3 · 6 minutes · the check proves that every query meets every key inside the tanh, whatever their widths.
#
# `q` is `(…, T, d_q)`, `k` is `(…, S, d_k)`; both are carried to a shared width `d_a`. No loops: the translator below calls this some
# thousands of times.


# %% exercise
def additive_scores(q, k, w_q, w_k, v):
    """Return tanh(q w_q + k w_k) · v for every pair, shape (…, T, S); v is (d_a,).

    >>> q, k, one = torch.tensor([[1.0]]), torch.tensor([[-1.0], [0.0]]), torch.ones(1, 1)
    >>> additive_scores(q, k, one, one, torch.ones(1))
    tensor([[0.0000, 0.7616]])
    """
    ### BEGIN SOLUTION
    queries, keys = (q @ w_q).unsqueeze(-2), (k @ w_k).unsqueeze(-3)
    return torch.tanh(queries + keys) @ v
    ### END SOLUTION


# %% check
additive_scores = lesson.check(additive_scores)

# %% demo
q, k, w = torch.tensor([[-1.0], [1.0]]), torch.tensor([[-1.0], [0.0], [1.0]]), torch.ones(1, 1)
with_tanh = additive_scores(q, k, w, w, torch.ones(1)).softmax(-1)
without = (q + k.T).softmax(-1)
for name, weights in (("with tanh", with_tanh), ("without", without)):
    print(f"{name:9}", [[round(x, 2) for x in row] for row in weights.tolist()])
lesson.reveal("cancels")

# %% [markdown]
# ### Exercise 5.4 · Read the source
#
# Difficulty 2 of 3 · 8 minutes · the check proves that your context is the mean of the encoder's states, weighted over the words
# alone.
#
# Now the whole of it for one step of the decoder: each sentence has one query, its state `s`. Score it against every word, hide the
# padding, turn scores into weights, and mix the **memory** with them. The mixture is the *context* (Bahdanau et al. 2015, §3.1). In the
# language of lesson 03, `memory @ w_k` are the keys and `memory` itself holds the values.
#
# `mask` is `(B, S)`, True where there is a word; every sentence has one at least.


# %% exercise
def additive_attention(s, memory, mask, w_q, w_k, v):
    """Return (context, weights), shapes (B, d_m) and (B, S), for states s (B, d_s), memory (B, S, d_m).

    With v = 0 all words weigh alike.

    >>> memory, mask = torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]])
    >>> one = torch.ones(1, 1)
    >>> context, weights = additive_attention(one, memory, mask, one, one, torch.zeros(1))
    >>> context
    tensor([[2.]])
    """
    scores = additive_scores(s[:, None], memory, w_q, w_k, v)[:, 0]
    ### BEGIN SOLUTION
    weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)
    context = (weights[:, None] @ memory)[:, 0]
    return context, weights
    ### END SOLUTION


# %% check
additive_attention = lesson.check(additive_attention)

# %% [markdown]
# ## 3 · A decoder that asks, and learns to write
#
# *The second sitting begins here: about 50 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# The context enters the decoder together with the word written last (Bahdanau et al. 2015, §3.1). The order is fixed by
# that: the state **before** the step asks, since the step itself needs what was read.

# %% [markdown]
# ### Exercise 5.5 · A step that attends first
#
# Difficulty 1 of 3 · 5 minutes · the check proves that your step attends with the state before it, and feeds the cell what was read.
#
# `attend(s)` returns `(context, weights)`; `cell(input, s)` returns the next state, like `gru_step` with its weights filled in. The
# input is word and context side by side, in that order.


# %% exercise
def bahdanau_step(y, s, attend, cell):
    """Return (new state, context, weights) for the embedded word y (B, d_y) and the state s (B, d).

    >>> attend = lambda s: (10 * s, s)  # context and weights
    >>> cell = lambda x, s: x  # its input is the new state
    >>> bahdanau_step(torch.tensor([[1.0]]), torch.tensor([[2.0]]), attend, cell)[0]
    tensor([[ 1., 20.]])
    """
    ### BEGIN SOLUTION
    context, weights = attend(s)
    s = cell(torch.cat([y, context], dim=-1), s)
    return s, context, weights
    ### END SOLUTION


# %% check
bahdanau_step = lesson.check(bahdanau_step)

# %% [markdown]
# How does it learn? If the decoder were fed its own words during training, one early mistake would spoil all that follows. So it is fed
# the **true** words, shifted by one place: at place 0 it reads a start mark and must predict word 0; at place 1 it reads word 0 and must
# predict word 1. That is *teacher forcing*. For 21:
#
# | place | 0 | 1 | 2 | 3 |
# |---|---|---|---|---|
# | reads | start | ein | und | zwanzig |
# | predicts | ein | und | zwanzig | end |

# %% demo
lesson.predict("leak")

# %% [markdown]
# ### Exercise 5.6 · Teacher forcing
#
# Difficulty 2 of 3 · 7 minutes · the check proves that each word is predicted from the true words before it, and padding costs
# nothing.
#
# `decode(words)` returns logits `(B, T, V)`. Return one number, the mean cross-entropy over all words that are not padding; the end mark
# counts as a word. `F.cross_entropy` may do the work.


# %% exercise
def teacher_forced_loss(decode, targets, start, pad):
    """Return the mean cross-entropy of targets (B, T), each word predicted from the true ones before it.

    >>> def decode(words):  # no word is likelier than another
    ...     print("fed", words.tolist())
    ...     return torch.zeros(1, 2, 6)
    >>> teacher_forced_loss(decode, torch.tensor([[5, 2]]), start=1, pad=0)  # ln 6
    fed [[1, 5]]
    tensor(1.7918)
    """
    ### BEGIN SOLUTION
    first = torch.full_like(targets[:, :1], start)
    logits = decode(torch.cat([first, targets[:, :-1]], dim=1))
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad)
    ### END SOLUTION


# %% check
teacher_forced_loss = lesson.check(teacher_forced_loss)

# %% [markdown]
# ### Exercise 5.7 · Greedy decoding
#
# Difficulty 2 of 3 · 8 minutes · the check proves that your sentences are those of a loop that writes one sentence at a time.
#
# When it translates, there is no teacher: the decoder reads what it wrote last. The simplest way to choose is *greedy*, the
# likeliest word at every step. (Lesson 11 looks further ahead, with beams.)
#
# `step(words, state)` takes the words written last, `(B,)`, and returns logits `(B, V)` and the next state. Sentences end at different
# steps: once one has written `end`, it goes on writing `end`. New tensors belong on the device of `state`.


# %% exercise
def greedy_decode(step, state, start, end, max_len):
    """Return the words written, shape (B, max_len); after a sentence's end every place holds end.

    This step always prefers 2, which is end.

    >>> step = lambda words, state: (torch.tensor([[0.0, 0.0, 9.0]]), state)
    >>> greedy_decode(step, torch.zeros(1, 4), start=1, end=2, max_len=3)
    tensor([[2, 2, 2]])
    """
    word = torch.full((len(state),), start, device=state.device)
    ### BEGIN SOLUTION
    ended = torch.zeros_like(word, dtype=torch.bool)
    words = []
    for _ in range(max_len):
        logits, state = step(word, state)
        word = logits.argmax(dim=-1).masked_fill(ended, end)
        ended = ended | (word == end)
        words.append(word)
    return torch.stack(words, dim=1)
    ### END SOLUTION


# %% check
greedy_decode = lesson.check(greedy_decode)

# %% [markdown]
# ## 4 · Train: with attention and without
#
# Everything is in place. Numbers below a million, of one to six digits in equal shares as far as there are enough; the test numbers are
# **held out by number** and never seen in training.

# %% given
from course_lib.data.number_words import ENGLISH, GERMAN, Vocabulary, number_words
from course_lib.training.scale import choose
from course_lib.training.translation import (
    is_exact,
    number_pairs,
    share_by_length,
    train_translator,
)

english, german = Vocabulary(ENGLISH), Vocabulary(GERMAN)
numbers = number_words(choose(tiny=60, small=3000, full=3000), choose(tiny=30, small=600, full=600))
train, test = number_pairs(numbers.train), number_pairs(numbers.test)

# %% [markdown]
# The translator takes your functions as its parts. Its encoder is PyTorch's GRU, the same computation as your `encode` in faster code,
# once in each direction: a state then knows what stands before its word and behind it (Bahdanau et al. 2015, §3.2). A second model
# differs in one thing: at every step it gets the encoder's two last states in place of the context.

# %% given
from course_lib.models.recurrent_translator import Parts, TranslatorConfig, seeded

torch.set_num_threads(1)  # matrices this small are faster on one thread than on two
STEPS = choose(tiny=10, small=400, full=400)
yours = Parts(attend=additive_attention, step=bahdanau_step, greedy=greedy_decode)


def trained(attention, steps=STEPS, loss=teacher_forced_loss, parts=yours):
    """Return a translator trained from seed 0, and its losses."""
    config = TranslatorConfig(
        source_size=len(english), target_size=len(german), d_model=32, attention=attention
    )
    model = seeded(config, seed=0, parts=parts)
    losses = train_translator(
        model, train, steps=steps, batch_size=128, seed=0, loss=loss, name=attention
    )
    return model, losses


# %% [markdown]
# First the leak that you predicted. A loss that forgets to shift, for 150 steps:


# %% train tags=["nbval-ignore-output"]
def unshifted(decode, targets, start, pad):
    """Feed the targets as they are: the mistake."""
    return F.cross_entropy(decode(targets).flatten(0, 1), targets.flatten(), ignore_index=pad)


print(
    f"{len(train):,} numbers to learn from, {len(test)} held out, in both: {len(set(numbers.train) & set(numbers.test))}"
)
print(f"{len(english)} English pieces, {len(german)} German ones, marks included")
model, losses = trained("additive", steps=choose(tiny=5, small=150, full=150), loss=unshifted)
print(f"loss {losses[-1]:.3f}, exact translations: {sum(is_exact(model, test))} of {len(test)}")
lesson.reveal("leak")

# %% [markdown]
# A loss that looks too good is a reason to look at the inputs. Now without the leak, both models, the same steps for each.

# %% demo
lesson.predict("long")

# %% train tags=["nbval-ignore-output"]
attentive, attentive_losses = trained("additive")
plain, plain_losses = trained("none")

BINS = ((1, 4), (5, 6), (7, 8), (9, 11))
exact = {"with attention": is_exact(attentive, test), "without": is_exact(plain, test)}
shares = {name: share_by_length(right, test, bins=BINS) for name, right in exact.items()}
for name, right in exact.items():
    print(
        f"{name:14}  exact {sum(right) / len(right):6.1%}   by length",
        [f"{x:.0%}" for x in shares[name]],
    )

# %% demo tags=["nbval-ignore-output"]
figure = bars(
    shares["with attention"],
    [f"{low} to {high} pieces" for low, high in BINS],
    "Exact translations of numbers never seen",
    ylabel="share",
    beside=shares["without"],
    names=("with attention", "without"),
)
show(
    figure,
    alt="Share of exact translations by length of the German number, two bars each. With attention the shares are about 0.9 for up to "
    "4 pieces and about 1 for all longer numbers; without, about 0.8 and 0.9 for up to 6 pieces, below 0.7 for 7 to 8 and below "
    "0.3 for 9 to 11.",
)

# %% demo
total = {name: sum(right) / len(right) for name, right in exact.items()}
print("with attention above 90 %:", total["with attention"] > 0.90)
print("at least 20 points ahead: ", total["with attention"] - total["without"] > 0.20)
print("without, the longest are worst:", shares["without"][-1] == min(shares["without"]))
lesson.reveal("long")

# %% [markdown]
# One seed is an anecdote. Three seeds of each, and fairer rivals without attention, were recorded with the same functions; the command
# `python bench/record_translation.py` makes the record again.

# %% demo
from statistics import mean

from course_lib.data.number_words import recorded_translations

runs = recorded_translations()["runs"]
settings = dict.fromkeys((r["attention"], r["d_model"], r["steps"]) for r in runs)
print("attention  width  steps  parameters  exact: mean (lowest to highest)   9 to 11 pieces")
for setting in settings:
    same = [r for r in runs if (r["attention"], r["d_model"], r["steps"]) == setting]
    found = [r["exact"] for r in same]
    print(
        "{:9}  {:5}  {:5}".format(*setting),
        f" {same[0]['parameters']:10,}  {mean(found):6.1%} ({min(found):.1%} to {max(found):.1%})"
        f"           {mean(r['by_length'][-1] for r in same):6.1%}",
    )

# %% [markdown]
# At equal steps attention wins by far: 98.7 % against 56.0 %, and on the longest numbers 99.8 % against 18.1 %. But look at the last two
# rows. Twice as wide, with 2.6 times the attentive model's parameters, a model without attention reaches 84.6 %, and with three times the
# steps 95.0 %. Attention is not the only way to translate eleven pieces; it is the one that needs a small state and little training.
#
# About one number in a hundred is still wrong with attention. Which ones? Its bar for 1 to 4 pieces stands at 0.90. Look inside it.

# %% demo
lesson.predict("which_fail")

# %% demo tags=["nbval-ignore-output"]
pieces = [len(german_pieces(number)) for number in numbers.test]
for name, right in exact.items():
    single = [ok for ok, n in zip(right, pieces, strict=True) if n == 1]
    more = [ok for ok, n in zip(right, pieces, strict=True) if n > 1]
    print(
        f"{name:14}: one piece {sum(single)} of {len(single)}, more pieces {sum(more)} of {len(more)}"
    )
failed = [n for n, ok in zip(numbers.test, exact["with attention"], strict=True) if not ok][:6]
for number, row in zip(failed, attentive.translate(number_pairs(failed).source, 7)[0], strict=True):
    print(
        f"{number:8,} {' '.join(german_pieces(number)):30} it writes: {' '.join(german.decode(row))}"
    )

# %% demo
seen = sum(len(german_pieces(number)) == 1 for number in numbers.train)
there = sum(len(german_pieces(number)) == 1 for number in range(1, 1000))
print(
    f"numbers of one piece: {there} in the language, {seen} of {len(numbers.train):,} in training"
)
lesson.reveal("which_fail")

# %% [markdown]
# The mean says 0.90, and hides a **0 of 5**. Those five begin with the right piece and do not stop: *siebzig siebzig …* A likely
# reason stands in the last line: a number that ends after its first piece is hardly ever seen in training. A model knows what its
# data shows. Before you trust a mean, split it.

# %% [markdown]
# ## 5 · What it looks at
#
# The weights of each step form a row, and the rows a map: German pieces down, English words across. It was never told which word
# belongs to which. Before you look:

# %% demo
lesson.predict("crossing")

# %% demo tags=["nbval-ignore-output"]
one_number = number_pairs([121])
weights = attentive.alignment(one_number.source, one_number.target)[0]
rows = [*german_pieces(121), "(end)"]
show(
    weights_heatmap(weights, rows, list(english_pieces(121)), "121, never seen in training"),
    alt="Weights for the pieces of 121. The first “ein” looks at the first “one”, “hundert” at “hundred”; then the second “ein” "
    "looks at the last “one”, and “zwanzig” back at “twenty”: the bright cells of unit and ten cross.",
)
lesson.reveal("crossing")

# %% [markdown]
# Is that one pretty picture, or a rule? Count it: over all held-out numbers, how often does the unit before “und” put its largest weight on
# the English unit, and the ten behind it on the English ten?

# %% demo tags=["nbval-ignore-output"]
from course_lib.data.number_words import crossings

looks_at = attentive.alignment(test.source, test.target).argmax(-1).tolist()
found = [
    (rows[c.unit] == c.from_unit, rows[c.ten] == c.from_ten)
    for number, rows in zip(numbers.test, looks_at, strict=True)
    for c in crossings(english_pieces(number), german_pieces(number))
]
unit, ten = map(sum, zip(*found, strict=True))
print(f"{len(found)} crossings: the unit looks at the unit in {unit}, the ten at the ten in {ten}")

# %% demo
print("units on units, more than 90 %:", unit > 0.9 * len(found))
print("tens on tens, more than 90 %:  ", ten > 0.9 * len(found))

# %% [markdown]
# ### See it: the map, number by number
#
# The map is drawn by *your* `additive_attention` inside the trained model. Arrow keys walk through it, Page Up and Page Down change the
# number. Where does “und” look, which has no English word of its own here? And the end mark?

# %% demo tags=["nbval-ignore-output"]
from course_lib.explore import alignment

alignment(lesson.pair("additive_attention"), attentive)

# %% [markdown]
# ### From a map to a cause
#
# A map shows where the decoder looks, not what it gets there. The encoder reads both ways, so its state at “one” may know of
# “twenty”, too. To find a cause, change one thing. Read 121 and 131. Then put **one** state of 131, the one at “thirty”, in the
# place of 121's state at “twenty”, leave all the others, and let the decoder write.

# %% demo
lesson.predict("one_state")

# %% given
from dataclasses import replace


def written(source):
    """Return the German pieces that the decoder writes from the encoder's states."""

    def step(words, state):
        features, state, _ = attentive.step(attentive.target(words), state, source)
        return attentive.out(features), state

    with torch.no_grad():
        words = greedy_decode(step, source.state, german.start, german.end, 13)
    return tuple(german.decode(words[0].tolist()))


def with_states_of(number, other, places):
    """Translate a number whose encoder states at some places are those of another number."""
    source, donor = (attentive.read(number_pairs([n]).source) for n in (number, other))
    memory = source.memory.clone()
    memory[:, places] = donor.memory[:, places]
    return written(replace(source, memory=memory))


# %% demo tags=["nbval-ignore-output"]
for places in ([], [3], [4], [0, 1, 2, 4]):
    given = [english_pieces(121)[place] for place in places]
    print(f"changed {given!s:36} {' '.join(with_states_of(121, 131, places))}")
lesson.reveal("one_state")

# %% [markdown]
# Three columns of the same experiment over all test numbers that end in a ten and a unit: the state at the ten comes from the number
# ten higher; or the state at the unit; or all states but the one at the ten. Which of them turns the translation into
# the other number's?

# %% demo tags=["nbval-ignore-output"]
follows = {"the ten alone": 0, "the unit alone": 0, "all but the ten": 0}
tested = [n for n in numbers.test if 20 < n % 100 < 90 and n % 10]
for number in tested:
    n_words = len(english_pieces(number))
    ten, others = n_words - 2, [place for place in range(n_words) if place != n_words - 2]
    for name, places in zip(follows, ([ten], [n_words - 1], others), strict=True):
        found = with_states_of(number, number + 10, places)
        follows[name] += found == german_pieces(number + 10)
for name, count in follows.items():
    print(f"{name:16} {count:3} of {len(tested)} follow")

# %% demo
print("the ten alone decides, in more than 95 %:", follows["the ten alone"] > 0.95 * len(tested))
print("all the rest decides in less than 5 %:   ", follows["all but the ten"] < 0.05 * len(tested))

# %% [markdown]
# Here the map told the truth: the ten that is written comes from the state at the ten, and from nowhere else. That is more than a
# weight could show, and it is true of this model on numbers. Lesson 09 meets maps that do not pass such a test.

# %% [markdown]
# ## 6 · Luong's simpler forms
#
# Within a year Luong et al. (2015) compared variants. Two changes matter. The state **after** the step asks, and the context is
# mixed in behind it. And the score may be a plain product (§3.1):
#
# $$\text{dot: } q \cdot k \qquad \text{general: } q\,W \cdot k \qquad \text{concat: } v \cdot \tanh([q; k]\,W)$$
#
# Look at concat by hand: q = 1, k = 2, side by side (1, 2). With W's two rows 3 and 4 the product is 1 · 3 + 2 · 4 = 11: row 3 met the
# query alone and row 4 the key alone. Cut W into these rows, and it is your additive score.

# %% [markdown]
# ### Exercise 5.8 · Dot, general, concat
#
# Difficulty 2 of 3 · 7 minutes · the check proves that your three scores agree with Luong's three formulas, gradients too.
#
# Without `w` it is dot, with `w` alone general, with `w` and `v` concat.


# %% exercise
def luong_scores(q, k, w=None, v=None):
    """Return scores (…, T, S) for q (…, T, d_q), k (…, S, d_k): dot, general (w), concat (w and v).

    >>> luong_scores(torch.tensor([[1.0, 2.0]]), torch.eye(2))
    tensor([[1., 2.]])
    """
    ### BEGIN SOLUTION
    n = q.shape[-1]
    if v is not None:
        return additive_scores(q, k, w[:n], w[n:], v)
    if w is not None:
        q = q @ w
    return q @ k.transpose(-2, -1)
    ### END SOLUTION


# %% check
luong_scores = lesson.check(luong_scores)

# %% [markdown]
# The additive score builds a tensor of `T × S × d_a` numbers on the way; a product of matrices needs none of it: for 50
# words on either side and width 512 that is 1,280,000 numbers against 2,500 scores. Vaswani et al. (2017, §3.2.1) chose dot products for
# that reason: faster and smaller in practice. With the √d of lesson 04 they keep up at large widths too.

# %% [markdown]
# ### Exercise 5.9 · A step that attends last
#
# Difficulty 1 of 3 · 5 minutes · the check proves that your step attends with the state after it, and mixes both into one vector.
#
# The *attentional vector* is `tanh([context; state] W_c)` (Luong et al. 2015, §3); the output layer reads it.


# %% exercise
def luong_step(y, h, attend, cell, w_c):
    """Return (attentional vector, new state, weights) for the word y (B, d_y) and the state h (B, d).

    The cell gets y alone; w_c has one row for each number of [context; state].

    >>> attend = lambda h: (10 * h, h)  # context and weights
    >>> out, h, weights = luong_step(
    ...     torch.tensor([[1.0]]), torch.tensor([[2.0]]), attend, torch.add, torch.tensor([[0.1], [-1.0]])
    ... )
    >>> h, weights, out  # 10 · 3 · 0.1 − 3 = 0
    (tensor([[3.]]), tensor([[3.]]), tensor([[0.]]))
    """
    ### BEGIN SOLUTION
    h = cell(y, h)
    context, weights = attend(h)
    out = torch.tanh(torch.cat([context, h], dim=-1) @ w_c)
    return out, h, weights
    ### END SOLUTION


# %% check
luong_step = lesson.check(luong_step)

# %% [markdown]
# Looking at *every* word for every word costs T × S scores. Luong's second idea (§3.2): predict where to look, a centre `p` between
# places, and attend within a window `p ± D` alone. A bell curve around `p`, multiplied on, lets a gradient reach `p`:
#
# $$w_s = \operatorname{softmax}_{|s - p| \le D}(\text{score}_s)\;\exp\!\left(-\frac{(s - p)^2}{2\sigma^2}\right), \qquad \sigma = D/2$$
#
# By hand: equal scores, p = 2, D = 1. Three keys lie in the window, a third each. The curve leaves the middle one as it is and
# multiplies its neighbours by e⁻² = 0.135: weights 0.045, 0.333, 0.045. Their sum is below 1, and stays so.

# %% [markdown]
# ### Exercise 5.10 · A window to look through
#
# Difficulty 2 of 3 · 7 minutes · the check proves that only keys within reach of the centre get weight, less the farther they are.
#
# `centre` is `(…, T)`, one for each query; it need not be whole, and at least one key is always within reach.


# %% exercise
def local_weights(scores, centre, reach):
    """Return local attention weights (…, T, S) for scores (…, T, S), centres (…, T), and a reach D above 0.

    Five scores of 0, centre 2.0, reach 1: [0, 0.045, 0.333, 0.045, 0].

    >>> local_weights(torch.zeros(1, 5), torch.tensor([2.0]), 1)
    tensor([[0.0000, 0.0451, 0.3333, 0.0451, 0.0000]])

    >>> local_weights(torch.zeros(1, 5), torch.tensor([2.0]), 1)
    tensor([[0.0000, 0.0451, 0.3333, 0.0451, 0.0000]])
    """
    distance = torch.arange(scores.shape[-1], device=scores.device) - centre[..., None]
    ### BEGIN SOLUTION
    near = scores.masked_fill(distance.abs() > reach, -torch.inf).softmax(dim=-1)
    return near * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))
    ### END SOLUTION


# %% check
local_weights = lesson.check(local_weights)

# %% demo
centres = torch.tensor([0.0, 2.5, 5.0, 8.0])
window = local_weights(torch.zeros(4, 10), centres, 3)
show(
    weights_heatmap(
        window,
        [f"p = {p:g}" for p in centres.tolist()],
        None,
        "Equal scores through a window of D = 3",
        most=0.25,
    ),
    alt="Weights of four queries on ten keys, all scores equal, reach 3. Each row is bright at its centre and fades to both sides: "
    "centre 5 gives 0.14 at its own place, 0.11 beside it, 0.06 and 0.02 beyond; outside the window all weights are 0.",
)

# %% [markdown]
# **Explain.** In 121 the second “ein” (place 2) looks at place 4, and “zwanzig” (place 4) at place 3. How small may `D` be, if the centre
# is the number of pieces written so far? Why does a window suit English and German better than English and Japanese?

# %% [markdown]
# ### Real sentences
#
# The same cells translate photo captions: Multi30k has 29,000 pairs of English and German (Elliott et al. 2016). It does not come with
# the course. At full scale, with a folder that holds it in `COURSE_DATA`, the next cell trains on it.

# %% given
from course_lib.data.multi30k import is_there
from course_lib.lessons.lesson_05_attention_that_translates.captions import (
    caption_pairs,
    translated,
)
from course_lib.training.scale import device, scale


def captions(steps, limit=None):
    """Train your translator on captions; return it with the vocabularies and the test pairs."""
    train, test, words = caption_pairs(limit)
    config = TranslatorConfig(
        source_size=len(words[0]), target_size=len(words[1]), d_embed=128, d_model=256
    )
    model = seeded(config, seed=0, parts=yours).to(device())
    train_translator(
        model,
        train,
        steps=steps,
        batch_size=128,
        seed=0,
        rate=2e-3,
        loss=teacher_forced_loss,
        name="captions",
    )
    return model, words, test


# %% train tags=["nbval-ignore-output"]
if scale() == "full" and is_there():
    model, words, test_captions = captions(steps=4000)
    for english_side, german_side, ours in translated(model, words, test_captions, 3):
        print(f"{english_side}\n  right {german_side}\n  yours {ours}")
else:
    print("Number words are all that runs here: captions need COURSE_SCALE=full and COURSE_DATA.")

# %% [markdown]
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - write the attention of the two papers that brought it into translation, Bahdanau's and Luong's, and say which decoder state asks;
# - train a translator by teacher forcing, let it write greedily, and tell a leak from learning;
# - measure what attention adds, by sentence length, and test an alignment map by changing what it points at.
#
# To think about:
#
# 1. Teacher forcing never shows the decoder its own mistakes. What could go wrong when it writes long texts by itself?
# 2. The decoder computes `memory @ w_k` again at every step, although it does not change. Where would you compute it once?
# 3. A model without attention and twice as wide does far better. At which length should it fail?
# 4. Encoder and decoder still read one word after the other. How could words attend to each other directly?
#    (Lesson 07.)

# %% [markdown]
# ### References
#
# - Graves 2013, *Generating Sequences With Recurrent Neural Networks* (arXiv 1308.0850): §5 (a soft window along the text).
# - Sutskever et al. 2014, *Sequence to Sequence Learning with Neural Networks*. Cho et al. 2014b, *On the Properties of Neural
#   Machine Translation: Encoder–Decoder Approaches* (quality against length).
# - Mnih et al. 2014, *Recurrent Models of Visual Attention*.
# - Cho et al. 2014, *Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine Translation*: §2.3 (the gated unit).
# - Bahdanau et al. 2015, *Neural Machine Translation by Jointly Learning to Align and Translate*: §3.1 (decoder), §3.2 (bidirectional
#   encoder), Appendix A.1.2 (alignment model).
# - Luong et al. 2015, *Effective Approaches to Attention-based Neural Machine Translation*: §3.1 (global), §3.2 (local).
# - Elliott et al. 2016, *Multi30K: Multilingual English–German Image Descriptions*.
