# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 12 · A language model
#
# 85 minutes in two sittings · needs 10 The transformer block · ten exercises, the first within five minutes.
#
# You will be able to
#
# - cut any text into pieces by byte-pair encoding, merge for merge as the field's own tokenizer does;
# - write a decoder-only model, train it, and measure it against baselines in a unit that holds for every tokenizer;
# - find an induction head by its attention, and prove by ablation which heads a model needs to repeat what it has read.

# %% setup
from itertools import pairwise

import torch
from course_lib import Lesson
from course_lib.data.python_docs import python_docs
from course_lib.figures import bars, lines, show, weights_heatmap

lesson = Lesson("12")

# %% [markdown]
# ## 1 · Pieces
#
# A language model answers one question: what comes next? First decide: next *what*? Words are too many, and new ones turn up
# every day. Letters are few, but a text of letters is long. **Byte-pair encoding** (Sennrich et al. 2016, §3.2) finds what
# lies between: begin with letters, and join the commonest neighbours, again and again.
#
# By hand, with a text that says *low* 5 times, *lower* 2 times, *newest* 6 times, *widest* 3 times. Which neighbours stand
# together most often?

# %% demo
lesson.predict("first_merge")


# %% given
def count_pairs(words):
    """Count neighbours inside words, given as tuples of pieces with how often each word occurs."""
    counts = {}
    for pieces, n in words.items():
        for pair in pairwise(pieces):
            counts[pair] = counts.get(pair, 0) + n
    return counts


WORDS = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
counts = count_pairs({tuple(word): n for word, n in WORDS.items()})
for pair in sorted(counts, key=counts.get, reverse=True)[:5]:
    print(*pair, counts[pair])
lesson.reveal("first_merge")

# %% [markdown]
# Two pairs lead with 9: `e s` and `s t`. The rule for ties: the pair with the **older** first piece wins, then the
# one with the older second piece. Letters are oldest, in the order of the alphabet; merged pieces follow as they are made. So `es` is the first new piece.
# Now every word that holds `e`, `s` is written with `es`, and counting begins anew.
#
# ### Exercise 12.1 · Merge a pair
#
# Difficulty 1 of 3 · 4 minutes · the check proves that every occurrence is joined, from left to right, and no letter is lost.


# %% exercise
def merge_pair(pieces, pair):
    """Return a list of pieces in which each occurrence of the two neighbours is joined, from the left.

    >>> merge_pair(["b", "a", "n", "a", "n", "a"], ("a", "n"))
    ['b', 'an', 'an', 'a']
    """
    ### BEGIN SOLUTION
    merged, at = [], 0
    while at < len(pieces):
        width = 2 if tuple(pieces[at : at + 2]) == pair else 1
        merged.append("".join(pieces[at : at + width]))
        at += width
    return merged
    ### END SOLUTION


# %% check
merge_pair = lesson.check(merge_pair)

# %% [markdown]
# ### Exercise 12.2 · Learn the merges
#
# Difficulty 2 of 3 · 9 minutes · the check proves that your merges are those of Hugging Face's trainer, in the same order, ties
# included.
#
# `count_pairs` and `merge_pair` do the work; you write the loop. Stop early when no pair is left.


# %% exercise
def train_bpe(words, n_merges):
    """Return the pairs to merge, as a list in the order in which they are found; words maps each word to its count.

    >>> train_bpe({"low": 5, "lower": 2}, 2)
    [('l', 'o'), ('lo', 'w')]
    """
    split = {tuple(word): n for word, n in words.items()}
    letters = sorted({letter for word in words for letter in word})
    age = {letter: at for at, letter in enumerate(letters)}  # small numbers are old
    merges = []
    ### BEGIN SOLUTION
    while len(merges) < n_merges and (counts := count_pairs(split)):
        pair = min(counts, key=lambda pair: (-counts[pair], age[pair[0]], age[pair[1]]))
        merges.append(pair)
        age.setdefault("".join(pair), len(age))
        split = {tuple(merge_pair(pieces, pair)): n for pieces, n in split.items()}
    return merges
    ### END SOLUTION


# %% check
train_bpe = lesson.check(train_bpe)

# %% [markdown]
# On the little text the first six new pieces are `es`, `est`, `lo`, `low`, `ew`, `new`. A new word is cut by the same merges: start from its letters; as long as two neighbours stand in the list, merge the pair
# that stands **earliest**, everywhere.
#
# By hand: *lowest* was never seen. Its letters `l o w e s t` become `l o w es t`, then `l o w est`, then `lo w est`, and
# last `low est`: two pieces, and a model that knows *low* and *newest* knows both.
#
# ### Exercise 12.3 · Encode a word
#
# Difficulty 2 of 3 · 7 minutes · the check proves that words are cut as Hugging Face's encoder cuts them, words that were never
# seen included.


# %% exercise
def encode(word, merges):
    """Return the pieces of a word: merge the earliest pair of merges that is there, until none is.

    >>> encode("lowest", [("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w")])
    ['low', 'est']
    """
    ### BEGIN SOLUTION
    rank = {pair: at for at, pair in enumerate(merges)}
    pieces = list(word)
    while there := [pair for pair in pairwise(pieces) if pair in rank]:
        pieces = merge_pair(pieces, min(there, key=rank.get))
    return pieces
    ### END SOLUTION


# %% check
encode = lesson.check(encode)

# %% [markdown]
# Now a real text: Python's documentation of its own language, what `help("if")` prints. It lies on your disk. A tenth of it
# is **held out**: never trained on, so that a model cannot know it by heart. (Paragraphs that occur twice are kept once; a copy in
# both parts would be a leak.)

# %% train tags=["nbval-ignore-output"]
from collections import Counter

from course_lib.data.byte_pairs import cut, split_words
from course_lib.training.scale import choose

N_MERGES = choose(tiny=10, small=150, full=400)
text = python_docs()
words = Counter(split_words(text.train))
merges = train_bpe(dict(words.most_common(1500)), N_MERGES)
sample = text.held_out[:30_000]
pieces = cut(sample, merges, encode)
print(f"{len(text.train):,} characters to learn from, {len(text.held_out):,} held out")
print(" ".join("".join(pair).replace(" ", "␣") for pair in merges[::6]))
print("|".join(cut("An unbelievable statement.", merges, encode)))

# %% [markdown]
# Put together, the pieces are the text again. Common words have become one piece, with the blank in front of them; a rare one
# is spelled. Real tokenizers are larger: GPT-2 has 50,000 merges. And it starts from the 256 bytes in place of letters, so that no
# text is unknown to it (Radford et al. 2019, §2.2).
#
# **In a word.** Pieces are found by counting, not by grammar. A tokenizer is a list of merges, and belongs to its model.

# %% [markdown]
# ## 2 · A text is its own teacher
#
# A translator needs pairs that somebody wrote. A language model needs a text: the label of each place is the token that
# follows. By hand, with windows of three: the text `t h e ␣ c` gives inputs `t h e` and labels `h e ␣`. One window, three
# exercises.
#
# ### Exercise 12.4 · Next-token batches
#
# Difficulty 1 of 3 · 5 minutes · the check proves that each place is asked for the token that follows it in the text, the last
# place too.


# %% exercise
def next_token_batch(tokens, starts, length):
    """Return (inputs, targets), both (B, T), from a text (N,) and the places (B,) where windows begin.

    >>> inputs, targets = next_token_batch(torch.tensor([7, 3, 9, 5]), torch.tensor([0, 1]), 2)
    >>> inputs.tolist(), targets.tolist()
    ([[7, 3], [3, 9]], [[3, 9], [9, 5]])
    """
    ### BEGIN SOLUTION
    window = tokens[starts[:, None] + torch.arange(length + 1)]
    return window[:, :-1], window[:, 1:]
    ### END SOLUTION


# %% check
next_token_batch = lesson.check(next_token_batch)

# %% [markdown]
# How good is a guess? The model gives a probability to every token; its loss is `−log p` of the one that came, averaged
# over the text: the cross-entropy, in **nats**. We work with characters from here on. In Python 3.11's documentation there are 103, so a
# model that knows nothing spends log 103 = 4.63 nats on each.
#
# Before any network, ask what counting achieves. The **unigram** model knows how common each character is. The **bigram** model
# knows which follows which. Whoever trains a network should know these numbers first.

# %% [markdown]
# ### Exercise 12.5 · The bigram baseline
#
# Difficulty 2 of 3 · 7 minutes · the check proves that each row is a distribution over next tokens, counted with smoothing.
#
# A pair that never occurred would get probability 0, and one of these in a new text would cost infinitely much. So add a
# little to every count: `smoothing`.


# %% exercise
def bigram_log_probs(tokens, vocab_size, smoothing):
    """Return (V, V) float32: log p(next = column | current = row), each count raised by smoothing.

    >>> bigram_log_probs(torch.tensor([0, 1, 0, 1, 1]), 2, 1.0).exp()
    tensor([[0.2500, 0.7500],
            [0.5000, 0.5000]])
    """
    ### BEGIN SOLUTION
    counts = torch.full((vocab_size, vocab_size), smoothing)
    one = torch.tensor(1.0)
    counts.index_put_((tokens[:-1], tokens[1:]), one, accumulate=True)
    return (counts / counts.sum(-1, keepdim=True)).log()
    ### END SOLUTION


# %% check
bigram_log_probs = lesson.check(bigram_log_probs)

# %% [markdown]
# Count on the text to learn from, ask on the text held out. These are the first rungs of a ladder.

# %% demo
from course_lib.data.characters import Characters

letters = Characters.of(text.letters)
train_tokens, held_out = letters.encode(text.train), letters.encode(text.held_out)
V = len(letters)
bigram = bigram_log_probs(train_tokens, V, 0.1)
common = ((torch.bincount(train_tokens, minlength=V) + 0.1) / (len(train_tokens) + 0.1 * V)).log()
ladder = {
    "uniform": torch.tensor(float(V)).log().item(),
    "unigram": -common[held_out].mean().item(),
    "bigram": -bigram[held_out[:-1], held_out[1:]].mean().item(),
}
print("each rung is at least 0.5 nats below the last:", end=" ")
print(ladder["uniform"] > ladder["unigram"] + 0.5 > ladder["bigram"] + 1)

# %% [markdown]
# ### One unit for all
#
# Say a model of characters spends 1.4 nats on each, and a model of pieces 2.9 nats on each piece. Which one is better?

# %% demo
lesson.predict("which_is_better")

# %% [markdown]
# Nats per token cannot tell: a piece is longer, and there are fewer of them. What can be compared is what the **whole text** costs,
# shared among something that does not depend on the tokenizer: its bytes. And by custom in bits, of ln 2 = 0.693 nats each.
#
# By hand: 4 pieces at 0.693 nats are 4 bits. They spell *attention*, 9 bytes: 0.44 bits per byte.
#
# ### Exercise 12.6 · Bits per byte
#
# Difficulty 1 of 3 · 4 minutes · the check proves that texts cut into characters or into pieces are measured in the same unit.


# %% exercise
def bits_per_byte(nats_per_token, pieces):
    """Return bits per byte of the text that the list of pieces spells, in UTF-8.

    >>> round(bits_per_byte(0.6931, ["at", "t", "ent", "ion"]), 3)
    0.444
    """
    import math

    ### BEGIN SOLUTION
    n_bytes = sum(len(piece.encode()) for piece in pieces)
    return nats_per_token * len(pieces) / (math.log(2) * n_bytes)
    ### END SOLUTION


# %% check
bits_per_byte = lesson.check(bits_per_byte)

# %% [markdown]
# Now the two models from above, if a piece has two characters.

# %% demo
print(f"1.4 nats a character: {bits_per_byte(1.4, list(sample)):.1f} bits per byte")
half = [sample[at : at + 2] for at in range(0, len(sample), 2)]
print(f"2.9 nats a piece of two characters: {bits_per_byte(2.9, half):.1f} bits per byte")
lesson.reveal("which_is_better")

# %% [markdown]
# ## 3 · The model
#
# *The second sitting begins here: about 40 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# Texts of a batch may differ in length. The short ones are filled up with a token that means nothing, and the loss has to
# leave it out. Say two texts, of two and one token, have losses 2, 2 and 2, and the filler 0.2, for filler after filler is easy to
# guess. The mean of all four is 1.55; the model seems better than it is. The mean of the real ones is 2.
#
# ### Exercise 12.7 · A mean that leaves padding out
#
# Difficulty 2 of 3 · 6 minutes · the check proves that filler changes nothing, and every real token weighs the same.
#
# `F.cross_entropy` (in a class, `nn.CrossEntropyLoss`) and `F.nll_loss` would do it in one call; here you build it without them.


# %% exercise
def mean_loss(logits, targets, pad):
    """Return the mean of −log p(target) over targets (B, T) other than pad; logits are (B, T, V).

    Logits all 0, V = 4, targets [[3, 0]], pad 0: one real target, −log(1/4) = 1.386.

    >>> mean_loss(torch.zeros(1, 2, 4), torch.tensor([[3, 0]]), pad=0)
    tensor(1.3863)
    """
    ### BEGIN SOLUTION
    log_p = logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]
    return -log_p[targets != pad].mean()
    ### END SOLUTION


# %% check
mean_loss = lesson.check(mean_loss)

# %% [markdown]
# Now the model (Radford et al. 2018, §3.1): a transformer's decoder alone. It is the encoder block of lesson 10, told not to
# look ahead:
#
# 1. **read**: the token's row of `embed` plus the place's row of `positions`;
# 2. **exchange**: blocks, each with the causal mask;
# 3. **name**: one last norm, then the dot product with every row of `embed`: as many scores as there are tokens.
#
# (The last norm, and norms before attention and feed-forward, came with GPT-2: Radford et al. 2019, §2.3.)
#
# Step 3 uses the table of step 1 once more. Such **tied** weights (Press and Wolf 2017) save V · d_model numbers: a token
# is named by the vector that it is read with.

# %% [markdown]
# ### Exercise 12.8 · A decoder-only model
#
# Difficulty 3 of 3 · 14 minutes · the check proves that logits and gradients are those of PyTorch's own functions with your
# weights, and no place reads its future.
#
# `start` says how many tokens stand before those given: with `start = 4` the first one stands at place 4. `EncoderBlock(config)`
# takes `(x, mask)`, and `causal_mask(T)` is the mask of lesson 04.

# %% exercise
from course_lib.attention.masks import causal_mask
from course_lib.models.blocks import BlockConfig, EncoderBlock
from torch import nn


class LanguageModel(nn.Module):
    """Score the next token after each place: tokens (B, T) to logits (B, T, V).

    >>> config = BlockConfig(d_model=8, n_heads=2, d_ff=16)
    >>> LanguageModel(vocab_size=10, max_len=6, config=config, n_layers=3)(torch.tensor([[4, 1, 9]])).shape
    torch.Size([1, 3, 10])
    """

    def __init__(self, vocab_size, max_len, config, n_layers):
        super().__init__()
        ### BEGIN SOLUTION
        self.embed = nn.Embedding(vocab_size, config.d_model)
        self.positions = nn.Embedding(max_len, config.d_model)
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(n_layers))
        self.norm = nn.LayerNorm(config.d_model)
        ### STUB
        # raise NotImplementedError("make self.embed, self.positions, self.blocks and self.norm")
        ### END SOLUTION

    def forward(self, tokens, start=0):
        ### BEGIN SOLUTION
        T = tokens.shape[1]
        x = self.embed(tokens) + self.positions.weight[start : start + T]
        mask = causal_mask(T, device=tokens.device)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x) @ self.embed.weight.T
        ### END SOLUTION


# %% check
LanguageModel = lesson.check(LanguageModel)

# %% [markdown]
# Before you train, predict the loss of a fresh model. Its first weights are small (standard deviation 0.02), so all its
# logits are near 0.

# %% demo
lesson.predict("first_loss")

# %% demo
from course_lib.lessons.lesson_12_language_model.language_model import (
    TrainConfig,
    fresh,
    held_out_loss,
    train,
)

config = BlockConfig(d_model=72, n_heads=4, d_ff=272)
model = fresh(LanguageModel(V, 64, config, n_layers=3), seed=0)
size = sum(p.numel() for p in model.parameters())
print(f"about {round(size, -4):,} parameters")
print("within 0.15 of log V:", abs(held_out_loss(model, held_out) - ladder["uniform"]) < 0.15)
read = held_out[:64][None]
with torch.no_grad():
    unshifted = nn.functional.cross_entropy(model(read).flatten(0, 1), read.flatten()).item()
print(f"labels not shifted: {unshifted:.1f}, log V: {ladder['uniform']:.1f}")
lesson.reveal("first_loss")

# %% [markdown]
# If a fresh model's loss is far **above** log V, its first weights are too large. If it is a little **below**, look whether its labels are shifted:
# untrained, tied weights score the token that was read higher than others, as the last line shows. With so small weights it is only a little. A mask that leaks does not show yet, for the model must learn to use it;
# it shows when the loss falls to nearly 0.
#
# Train it. Each step takes 16 windows of 64 characters from random places, cut as `next_token_batch` cuts them (the library's own, which gives what yours gives).

# %% train tags=["nbval-ignore-output"]
STEPS = choose(tiny=4, small=700, full=1400)
torch.set_num_threads(1)  # So small a model gains nothing from a second thread.
train(model, train_tokens, TrainConfig(steps=STEPS))
ladder[f"model, {STEPS} steps"] = held_out_loss(model, held_out)
print({name: round(loss, 2) for name, loss in ladder.items()})

# %% [markdown]
# ### The ladder
#
# Longer training is recorded: 1,400 steps, three seeds (`bench/record_language_model.py` makes the log again). The model's
# bar is their mean. The bigram model keeps a table of 103 × 103 = 10,609 numbers; the network has eighteen times as many. What it has
# that no table of counts of this kind could have is 64 characters of context.

# %% demo
from course_lib.lessons.lesson_12_language_model.language_log import language_log

log = language_log()
finished = log.held_out()[:, -1]
rungs = {**log.baselines, "model, 1,400 steps": finished.mean()}
show(
    bars(list(rungs.values()), list(rungs), "Loss on text held out", ylabel="nats per character"),
    alt="Bars, nats per character: " + ", ".join(f"{k} {v:.2f}" for k, v in rungs.items()) + ".",
)
print(f"three seeds: {', '.join(f'{loss:.2f}' for loss in finished)} nats per character")

# %% demo
steps, curves = log.steps()[1:], log.held_out()[:, 1:]
flat = {"bigram": [log.baselines["bigram"]] * len(steps)}
seeds = {f"seed {seed}": curve for seed, curve in enumerate(curves)}
show(
    lines(
        steps,
        seeds | flat,
        "The model passes the bigram rung early",
        xlabel="steps",
        ylabel="nats per character",
    ),
    alt=f"Held-out loss of three seeds: from {curves[:, 0].mean():.2f} after {steps[0]} steps to "
    f"{curves[:, -1].mean():.2f} after {steps[-1]}. The bigram line at {flat['bigram'][0]:.2f} is "
    "passed after about 200 steps.",
)

# %% [markdown]
# The three seeds hardly differ. And look at the start: for two hundred steps the network is no better than the bigram table.
# Well below that line it must be using what stands further back.
#
# And pieces? The same blocks, with a larger table, read and trained on 400 merges' worth of pieces for as many steps, with as many tokens in each.

# %% demo
for kind in ("characters", "pieces"):
    nats, bits = log.held_out(kind)[:, -1], log.bits_per_byte(kind)
    low, high = bits.min(), bits.max()
    print(f"{kind:10} {nats.mean():.2f} nats a token, {low:.2f} to {high:.2f} bits per byte")

# %% [markdown]
# Per token the pieces look worse, per byte they are better: a window of 64 pieces covers more text, and so does every step. That is the
# comparison that counts; the nats of two tokenizers are never to be set side by side.
#
# **In a word.** Measure against rungs that need no network, on text held out, per byte.

# %% [markdown]
# ## 4 · What each rung learned
#
# Let every rung write. To do so, ask for the scores of the next token, draw one, append it, ask again. A model with 64
# positions can read 64 tokens, and a text grows longer than that. Which part should it be given?
#
# ### Exercise 12.9 · Crop the context
#
# Difficulty 1 of 3 · 4 minutes · the check proves that the latest tokens are kept, and one row of scores comes back for each
# text.


# %% exercise
def next_logits(model, tokens, max_len):
    """Return (B, V): the model's scores for the token after tokens (B, T), given its latest max_len tokens.

    >>> def model(tokens):
    ...     print("read", tokens.tolist())
    ...     return 1.0 * tokens[..., None].repeat(1, 1, 2)
    >>> next_logits(model, torch.tensor([[1, 4, 2, 3]]), max_len=3)
    read [[4, 2, 3]]
    tensor([[3., 3.]])
    """
    ### BEGIN SOLUTION
    return model(tokens[:, -max_len:])[:, -1]
    ### END SOLUTION


# %% check
next_logits = lesson.check(next_logits)

# %% [markdown]
# Four writers, one start, the same random draws:


# %% demo tags=["nbval-ignore-output"]
@torch.no_grad()
def write(scores, n=120):
    """Draw n characters, one at a time, from a function of the tokens so far."""
    torch.manual_seed(0)
    tokens = letters.encode("The ")[None]
    for _ in range(n):
        tokens = torch.cat([tokens, torch.multinomial(scores(tokens).softmax(-1), 1)], 1)
    return letters.decode(tokens[0])


for name, scores in {
    "uniform": lambda tokens: torch.zeros(1, V),
    "unigram": lambda tokens: common[None],
    "bigram": lambda tokens: bigram[tokens[:, -1]],
    "model": lambda tokens: next_logits(model, tokens, 64),
}.items():
    print(f"--- {name}\n{write(scores)}")

# %% [markdown]
# The unigram model gets the share of blanks right. The bigram model writes what could almost be spoken. The network, after this
# little training, has words, or nearly, and the underscores and brackets of the manual. It does not know what it is talking about.
#
# Better ways to draw than this one are the next lesson's subject.

# %% [markdown]
# ## 5 · Who remembers?
#
# Where does the model use its context? Take a text in which context is everything: random tokens that **begin anew** after a
# while. `q f b x q f` — what comes next? In the first round nothing can be known, and a guess among 16 costs log 16 = 2.77
# nats. In the second round, once it shows that the text has begun anew, everything is known to someone who looks back.
#
# How? Find where the present token stood before; read what came after it; say that. One attention cannot do it alone:
# a key has to know *which token came before it*, and a layer has to have written that there first. So a head in layer 0 looks one back,
# and a head in layer 1 uses what it wrote. The second one is an **induction head** (Elhage et al. 2021; Olsson et al. 2022).

# %% demo
lesson.predict("one_layer")

# %% [markdown]
# In training each text has a period of its own, 4 to 16 tokens, so that no fixed distance helps. The test has period 14.

# %% train tags=["nbval-ignore-output"]
from course_lib.lessons.lesson_12_language_model.repeats import (
    loss_by_place,
    loss_on_repeats,
    mean_weights,
    silenced,
    train_on_repeats,
)

PERIOD, TOY_STEPS = 14, choose(tiny=3, small=600, full=600)
toys = {n: train_on_repeats(n, seed=1, steps=TOY_STEPS) for n in (1, 2)}
after = {n: loss_on_repeats(toy, PERIOD) for n, toy in toys.items()}
print({f"layers: {n}": round(loss, 2) for n, loss in after.items()})
places = {f"layers: {n}": loss_by_place(toy, PERIOD).tolist() for n, toy in toys.items()}
show(
    lines(
        range(32),
        places,
        f"Loss at each place; the text begins anew after {PERIOD}",
        xlabel="place",
        ylabel="nats",
    ),
    alt=f"Loss by place. Both toys stand near 3 nats up to place {PERIOD - 2}. From place {PERIOD} on the toy of two layers "
    f"is at {after[2]:.1f} on average, the toy of one layer at {after[1]:.1f}.",
)

# %% demo
TRAINED = TOY_STEPS >= 600
print("two layers repeat what they read, below 1 nat:", after[2] < 1 or not TRAINED)
print("one layer stays above 1.5 nats:", after[1] > 1.5 or not TRAINED)
lesson.reveal("one_layer")

# %% [markdown]
# (Before place 14 both pay more than 2.77, the price of 16 equal guesses: nothing there can be known.)
#
# Which head does it? Ask the weights. By hand, for `a b a b`: query 2 is the second `a`. It stood at place 0 before, and what came after it stands at place 1.
# So the weight at `[2, 1]` counts; for query 3 that at `[3, 2]`.
#
# ### Exercise 12.10 · An induction score
#
# Difficulty 2 of 3 · 6 minutes · the check proves that each repeated token is asked how much it looks at what came after it the
# last time.


# %% exercise
def induction_score(weights, period):
    """Return (…), one number a head: the mean weight of query t on key t − period + 1, for t = period … T − 1.

    weights (…, T, T) of a text that begins anew after period tokens.

    >>> weights = torch.zeros(4, 4)
    >>> weights[2, 1], weights[3, 2] = 0.5, 1.0
    >>> induction_score(weights, period=2)
    tensor(0.7500)
    """
    ### BEGIN SOLUTION
    t = torch.arange(period, weights.shape[-1])
    return weights[..., t, t - period + 1].mean(-1)
    ### END SOLUTION


# %% check
induction_score = lesson.check(induction_score)

# %% [markdown]
# By chance a query would give about a twentieth to one key. Measure the four heads of the toy; then draw the head of layer 0
# that looks one back, and one of layer 1.

# %% demo
weights = mean_weights(toys[2], PERIOD)
score = induction_score(weights, PERIOD)
back = weights.diagonal(-1, -2, -1).mean(-1)
print("every head of layer 1 scores above 0.3:", (score[1] > 0.3).all().item() or not TRAINED)
print("no head of layer 0 does:", (score[0] < 0.3).all().item() or not TRAINED)
print("a head of layer 0 looks one back, above 0.25:", back[0].max().item() > 0.25 or not TRAINED)

# %% demo tags=["nbval-ignore-output"]
previous = back[0].argmax().item()
ticks = [str(t) if t % 4 == 0 else "" for t in range(32)]
for layer, head, what in ((0, previous, "looks one back"), (1, 0, "looks at what came next")):
    title = f"Layer {layer}, head {head}: {what}"
    line = (
        "one below the diagonal, as far as place 15",
        "13 below it from place 14 to 27, then 27 below",
    )[layer]
    show(
        weights_heatmap(weights[layer, head], ticks, ticks, title),
        alt=f"Mean weights of layer {layer}, head {head}, 32 places by 32: a bright line {line}.",
    )

# %% [markdown]
# The first head stops after place 15: no period is longer than 16, and what was written down by then will do: from query 28 on
# the second head goes back to the first round.
#
# A score is a picture, not a proof (lesson 09). So take heads away. Silence one at a time, and see what the second round costs then.
# Which head will be missed most?

# %% demo
lesson.predict("missed_most")

# %% [markdown]
# `silenced` is your `ablate` of lesson 09: it sets the head's columns of `w_o` to 0, and gives them back afterwards.

# %% train tags=["nbval-ignore-output"]
cost = {}
for layer, head in ((0, 0), (0, 1), (1, 0), (1, 1)):
    with silenced(toys[2], layer, [head]):
        cost[f"{layer}.{head}"] = loss_on_repeats(toys[2], PERIOD)
show(
    bars(
        [after[2], *cost.values()],
        ["none", *(f"head {name}" for name in cost)],
        "Loss on what repeats, with one head silent",
        ylabel="nats",
    ),
    alt=f"Bars, nats: no head silent {after[2]:.2f}; "
    + "; ".join(f"head {name} {loss:.2f}" for name, loss in cost.items())
    + ".",
)

# %% demo
missed = max(cost, key=cost.get)
print("missed most: the head that looks one back:", missed == f"0.{previous}" or not TRAINED)
print("every silent head costs:", min(cost.values()) > after[2] or not TRAINED)
lesson.reveal("missed_most")

# %% [markdown]
# The head with **no** induction score to speak of is the one that matters most: both heads of layer 1 live on what it writes.
# A score finds the head at the end of a circuit; only the ablation shows what it stands on. In all three recorded seeds a head of
# layer 0 is missed most.
#
# When does it arise? The log watched three seeds while they learned.

# %% demo
bump, alone = log.repeats(2), log.repeats(1)
at = bump[0, :, 0]
curves = {f"two layers, seed {seed}": bump[seed, :, 1] for seed in range(3)}
show(
    lines(
        at,
        curves | {"one layer, mean": alone[:, :, 1].mean(0)},
        "Repeating is learned in one stretch",
        xlabel="steps",
        ylabel="nats on what repeats",
    ),
    alt="Loss on what repeats while the toys learn. Two layers, three seeds: "
    + "; ".join(f"{c[1]:.1f} after 100 steps, {c[-1]:.1f} after 600" for c in curves.values())
    + f". One layer: {alone[:, -1, 1].mean():.1f} after 600.",
)

# %% [markdown]
# Olsson et al. 2022 saw such a bump in the loss of language models of many sizes, when induction heads form. Ours is a toy: 16 tokens,
# 600 steps, and a text that holds nothing but repetition. It shows that the circuit is found by training, and that it takes two
# layers. It does not show how a large model works; that has to be measured there.
#
# **In a word.** Induction takes two heads in two layers: one that writes down what came before, one that looks it up.

# %% [markdown]
# ### At full scale: Shakespeare by characters
#
# The library's GPT of this kind, with six blocks, 256 wide, learned from the first 90 % of Tiny Shakespeare in windows of 256 characters.
# For the same split nanoGPT's README gives 1.4697 nats, with a model of more than twice the size, on a GPU. This one had two cores of a
# CPU for seventy minutes, so its result is recorded.

# %% demo
from course_lib.lessons.lesson_12_language_model.language_log import shakespeare_log

(run,) = shakespeare_log()["runs"]
at = [int(step) for step in run["losses"]]
curves = {
    "learned from, with dropout": list(run["training_losses"].values()),
    "held out": list(run["losses"].values()),
}
show(
    lines(at, curves, "A model of Shakespeare", xlabel="steps", ylabel="nats per character"),
    alt="Two losses while the model learns: "
    + "; ".join(
        f"{name} {c[0]:.2f} after {at[0]} steps, {c[-1]:.2f} after {at[-1]}"
        for name, c in curves.items()
    )
    + ".",
)
print(f"{run['parameters']:,} parameters, {run['tokens_seen']:,} characters read")
print(
    f"held out: {run['best_loss']:.3f} nats per character at best, {run['last_loss']:.3f} at the end"
)
print(run["sample"])

# %% [markdown]
# Eighteen times through one text of a million characters: the gap that opens between the lines is what the model knows by heart. The
# held-out loss has all but stopped falling. More steps alone would hardly help. More text might; that was not measured here.

# %% [markdown]
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - cut any text into pieces by byte-pair encoding, merge for merge as the field's own tokenizer does;
# - write a decoder-only model, train it, and measure it against baselines in a unit that holds for every tokenizer;
# - find an induction head by its attention, and prove by ablation which heads a model needs to repeat what it has read.
#
# Stretch: with Tiny Shakespeare in `COURSE_DATA`, `python bench/shakespeare.py` trains for two minutes. nanoGPT's README gives 1.88
# nats after three minutes on a CPU; be below 1.70. `--recipe hour` is the record above.

# %% [markdown]
# ### References
#
# - Sennrich, Haddow and Birch 2016, *Neural Machine Translation of Rare Words with Subword Units*: §3.2 (byte-pair encoding).
# - Radford et al. 2018, *Improving Language Understanding by Generative Pre-Training*: §3.1 (the decoder alone). Radford et al. 2019,
#   *Language Models are Unsupervised Multitask Learners*: §2.2 (bytes), §2.3 (norms).
# - Press and Wolf 2017, *Using the Output Embedding to Improve Language Models*.
# - Elhage et al. 2021, *A Mathematical Framework for Transformer Circuits*. Olsson et al. 2022, *In-context Learning and Induction
#   Heads*.
# - Karpathy, nanoGPT: the README's two figures for Tiny Shakespeare.
