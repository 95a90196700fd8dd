# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 15 · Text to text
#
# Translate, sum up, answer, say whether a sentence is kind: each of these reads a text and writes a text. So one model can do all of them,
# and learn from any text at all before it has seen a single task.
#
# Needs lessons 13 and 14. 100 minutes in two sittings. You will be able to
#
# - make T5's training task out of any text, and say in what BART's differs;
# - build the two parts in which T5's attention differs from what you know, and what its decoder reads;
# - score answers and summaries as the field does, and tell what a score is worth by its baselines.

# %% [markdown]
# ## 1 · A task made of any text
#
# BERT hides single words and guesses each in its place. T5 takes out whole stretches, marks every gap with a **sentinel**, a token that
# occurs in no text, and asks for what was there (Raffel et al. 2020, §3.1.4):
#
# | | |
# |---|---|
# | text | `the cat sat on the mat` |
# | read | `the ⟨0⟩ on the ⟨1⟩` |
# | written | `⟨0⟩ cat sat ⟨1⟩ mat ⟨2⟩` |
#
# The last sentinel stands for nothing. It says that the last gap is full.

# %% setup
import torch
from course_lib import Lesson
from course_lib.figures import bars, lines, show, weights_heatmap

torch.set_num_threads(1)  # small models are fastest on one core
lesson = Lesson("15")

# %% demo
lesson.predict("shorter")

# %% [markdown]
# By hand, with ids: text 11 12 13 14 15, spans (1, 2) and (4, 1), that is two tokens from place 1 and one from place 4. Sentinels are 99, 98,
# 97: T5 counts them down from the end of its vocabulary. Read: 11 **99** 14 **98**. Written: **99** 12 13 **98** 15 **97**.
#
# ### Exercise 15.1 · Span corruption
#
# Difficulty 2 of 3 · 8 minutes · the check proves that each span leaves one sentinel behind, and what is to be written names every
# sentinel, its tokens, and one sentinel more.


# %% exercise
def corrupt(tokens, spans, sentinels):
    """Return two lists of ids, what is read and what is to be written.

    Spans are (start, length), in order.

    >>> corrupt([11, 12, 13, 14, 15], [(1, 2), (4, 1)], [99, 98, 97])
    ([11, 99, 14, 98], [99, 12, 13, 98, 15, 97])
    """
    ### BEGIN SOLUTION
    read, written, at = [], [], 0
    for (start, length), sentinel in zip(spans, sentinels, strict=False):
        read += [*tokens[at:start], sentinel]
        at = start + length
        written += [sentinel, *tokens[start:at]]
    return [*read, *tokens[at:]], [*written, sentinels[len(spans)]]
    ### END SOLUTION


# %% check
corrupt = lesson.check(corrupt)

# %% [markdown]
# Where are the gaps? T5 takes out 15 % of the tokens in spans of 3 on average, and both numbers are fixed, not a matter of luck:
# of 100 tokens 15 go, in 5 spans. What is drawn is how 15 is cut into 5 lengths, and the 85 that stay into 5 stretches between them.
#
# Stretch and span alternate, and a stretch comes first:
#
# `stays 4 · gap 2 · stays 7 · gap 3 · …`

# %% [markdown]
# ### Exercise 15.2 · Where the gaps are
#
# Difficulty 3 of 3 · 10 minutes · the check proves that exactly the share asked for is taken out, in as many spans as the mean length
# says, none touching another.
#
# `cut(total, parts)` draws `parts` lengths of at least 1 that sum to `total`. Ask it for the lengths of the gaps, and for those of the
# stretches that stay. `round(n · density)` tokens go, one at least, and one stays (n is 2 or more). Divide **this number** by `mean_length`
# and round again: so many are the spans, one at least, with a stretch for each.


# %% exercise
def draw_spans(n, density, mean_length, cut):
    """Return spans (start, length) that hold round(n · density) tokens of n.

    cut(total, parts) returns a list of lengths that add up to total.

    >>> draw_spans(20, 0.3, 3, cut=lambda total, parts: [total // parts] * parts)
    [(7, 3), (17, 3)]
    """
    ### BEGIN SOLUTION
    n_noise = min(max(round(n * density), 1), n - 1)
    n_spans = min(max(round(n_noise / mean_length), 1), n - n_noise)
    spans, at = [], 0
    for length, kept in zip(cut(n_noise, n_spans), cut(n - n_noise, n_spans), strict=True):
        spans.append((at + kept, length))
        at += kept + length
    return spans
    ### STUB
    # n_noise = ...  # how many tokens go
    # n_spans = ...  # how many spans share them
    # raise NotImplementedError("cut both, and let stretches and spans alternate")
    ### END SOLUTION


# %% check
draw_spans = lesson.check(draw_spans)

# %% [markdown]
# Your two functions on a sentence of Python's documentation, whole words for tokens:

# %% demo
import numpy as np
from course_lib.data.span_corruption import random_cut

TEXT = "The for statement is used to iterate over the elements of a sequence such as a string or a list"
words = TEXT.split()
marks = [f"⟨{i}⟩" for i in range(9)]
spans = draw_spans(len(words), 0.3, 3, random_cut(np.random.default_rng(1)))
read, written = corrupt(words, spans, marks)
print("read:   ", *read)
print("written:", *written)
lesson.reveal("shorter")

# %% [markdown]
# One thing is hidden in “a stretch comes first”: the first word is never asked for, and the last always is. Count to see it:

# %% demo
cut, gone = random_cut(np.random.default_rng(0)), np.zeros(40)
for _ in range(2000):
    for start, length in draw_spans(40, 0.15, 3, cut):
        gone[start : start + length] += 1 / 2000
print(f"first: {gone[0]:.2f}, last: {gone[-1]:.2f}, mean of all: {gone.mean():.3f}")

# %% [markdown]
# The published code has this quirk too. With texts cut from a long stream, as T5's are, any word may come last, so it does little harm.
#
# ### BART, beside it
#
# BART takes out spans as well, with lengths drawn from a Poisson distribution of mean 3, and sets one and the same `<mask>` for each. A span
# of length 0 inserts a mask where nothing is missing. And the decoder writes **the whole text** (Lewis et al. 2020, §2.2: text infilling; the
# paper also shuffles sentences).


# %% demo
def infill(tokens, density, generator):
    """Return a text corrupted in BART's way: spans of Poisson length, one mask for each."""
    left, out, at = round(len(tokens) * density), [], 0
    while at < len(tokens):
        length = min(int(generator.poisson(3)), left)
        if left and generator.random() < density / 2:
            out, at, left = [*out, "<mask>"], at + length, left - length
        else:
            out, at = [*out, tokens[at]], at + 1
    return out


print("T5 reads:    ", *read)
print("BART reads:  ", *infill(words, 0.3, np.random.default_rng(5)))
print(f"T5 writes {len(written)} tokens, BART {len(words)}, the text itself")

# %% [markdown]
# T5's way costs less for each text: fewer tokens to write. BART's asks for more: how many words a mask stands for, and every word
# again. Both leave an encoder–decoder that can be fine-tuned on pairs of texts.
#
# ## 2 · Order in buckets
#
# T5 adds no positions to its words. Each head adds a learned number to the score of a query t and a key s, chosen by their **distance**
# s − t alone; all layers of a stack share these numbers (Raffel et al. 2020, §2.1). Near distances matter exactly; whether a word stands 60
# or 63 places away hardly does. So far distances share a **bucket**.

# %% [markdown]
# By hand, 8 buckets, both ways, greatest distance 20. Four are for keys before the query (and itself), four for keys after. Of four, two are
# exact: distances 0 and 1. The two others cover 2 to 20, each border √10 times the last: 2, then 6.3. So 5 steps back is bucket 2, 7 steps
# back bucket 3, and so is 40.
#
# In general, with n buckets for a direction, e = n/2 of them exact, and the greatest distance $r_{max}$, a distance of size r ≥ e has bucket
#
# $$e + \left\lfloor \frac{\ln(r/e)}{\ln(r_{max}/e)}\,(n - e) \right\rfloor,\quad n - 1 \text{ at most}$$

# %% demo
lesson.predict("far")

# %% [markdown]
# ### Exercise 15.3 · Distances in buckets
#
# Difficulty 3 of 3 · 12 minutes · the check proves that near distances have a bucket each, far ones share one, and before and after are
# kept apart.
#
# `distance` holds s − t: negative where the key came before. With `both_ways`, the first half of the buckets is for distances ≤ 0, the second half
# for those above. Without, all buckets serve keys before the query, and a key ahead gets bucket 0: the mask hides it anyway.


# %% exercise
import math


def relative_buckets(distance, n_buckets, max_distance, both_ways):
    """Return the bucket of each distance, a tensor of whole numbers of the same shape.

    >>> distance = torch.tensor([-40, -3, -1, 0, 1, 3, 40])
    >>> relative_buckets(distance, 8, 20, True)
    tensor([3, 2, 1, 0, 5, 6, 7])
    >>> relative_buckets(distance, 8, 20, False)
    tensor([7, 3, 1, 0, 0, 0, 0])
    """
    ### BEGIN SOLUTION
    first = torch.zeros_like(distance)
    if both_ways:
        n_buckets //= 2
        first = n_buckets * (distance > 0)
        steps = distance.abs()
    else:
        steps = (-distance).clamp(min=0)
    exact = n_buckets // 2
    share = torch.log(steps.clamp(min=1).float() / exact) / math.log(max_distance / exact)
    far = (exact + (share * (n_buckets - exact)).long()).clamp(max=n_buckets - 1)
    return first + torch.where(steps < exact, steps, far)
    ### STUB
    # if both_ways: ...  # halve the buckets; which distances go into the second half?
    # steps = ...  # sizes without sign
    # raise NotImplementedError("near ones exactly, far ones by their logarithm")
    ### END SOLUTION


# %% check
relative_buckets = lesson.check(relative_buckets)

# %% [markdown]
# T5's own numbers, in the encoder and in the decoder:

# %% demo
steps = torch.arange(-140, 141)
both, back = (
    relative_buckets(steps, n_buckets=32, max_distance=128, both_ways=way) for way in (True, False)
)
show(
    lines(
        steps,
        {"encoder": both, "decoder": back},
        "T5's 32 buckets",
        xlabel="distance s − t from query to key",
        ylabel="bucket",
        steps=True,
    ),
    alt="Bucket against distance. Encoder: 15 at −91 and below, falling in steps that get narrower to 0 at 0, "
    "then from 17 at 1 up to 31 at 91 and beyond. Decoder: 31 far behind, falling to 0 at 0, and 0 for everything ahead.",
)
lesson.reveal("far")

# %% [markdown]
# The steps are a word wide near 0, and in the encoder 27 words wide further out, from 64 to 90. A decoder spends all 32 on what lies behind.
#
# The bias itself is a look-up. The table has a row for each bucket and a column for each head. By hand, one head, four buckets, rows 0, 10, 20,
# 30: two queries and three keys have distances (0, 1, 2) and (−1, 0, 1). Two buckets each way, one of them exact: the bias is (0, 30, 30) and
# (10, 0, 30).

# %% [markdown]
# ### Exercise 15.4 · A bias for each bucket
#
# Difficulty 2 of 3 · 6 minutes · the check proves that each head adds the number of the bucket that s − t falls into, whatever the places t
# and s.


# %% exercise
def bucket_bias(table, n_queries, n_keys, max_distance, both_ways):
    """Return the bias of each head, query and key: (H, T, S), from a table (n_buckets, H).

    >>> bucket_bias(torch.tensor([[0.0], [10.0], [20.0], [30.0]]), 2, 3, 4, True)
    tensor([[[ 0., 30., 30.],
             [10.,  0., 30.]]])
    """
    ### BEGIN SOLUTION
    keys = torch.arange(n_keys, device=table.device)
    queries = torch.arange(n_queries, device=table.device)
    buckets = relative_buckets(keys - queries[:, None], len(table), max_distance, both_ways)
    return table[buckets].permute(2, 0, 1)
    ### END SOLUTION


# %% check
bucket_bias = lesson.check(bucket_bias)

# %% [markdown]
# See it: a table that rises by 1 from bucket to bucket, eight buckets, greatest distance 6.

# %% demo
rising = torch.arange(8.0)[:, None]
example = bucket_bias(rising, 6, 6, max_distance=6, both_ways=True)[0]
show(
    weights_heatmap(example, title="Which bucket: 8 in all", kind="scores"),
    alt="Six by six matrix of buckets. On the diagonal 0. To the left 1, 2, 2, then 3 from distance 4 on. To the right 5, 6, 6, then 7 from "
    "distance 4 on. Every diagonal is constant.",
)
print(example.int().tolist()[0], "first row")
lesson.predict("scaled")

# %% [markdown]
# ## 3 · No √d
#
# Lesson 04 divided scores by √d: queries and keys of variance 1 then give scores of variance 1. T5 does not divide. It draws its first
# query weights smaller by √d, which comes to the same at the start; afterwards they go where training takes them.
#
# So it is a choice of where a factor stands, until you load somebody's weights. You have guessed what happens then, if you divide all the same.

# %% [markdown]
# ### Exercise 15.5 · Attention without √d
#
# Difficulty 2 of 3 · 6 minutes · the check proves that scores and bias are added, masked and normalised, and nothing is divided by √d.
#
# Softmax(q kᵀ + bias) v. `bias` has shape `(H, T, S)` and is added for every text of the batch. `mask` is True where a query may attend, and
# broadcasts to `(B, H, T, S)`. A query with no key allowed gets zeros.


# %% exercise
def unscaled_attention(q, k, v, bias, mask):
    """Return what each query gathers: (B, H, T, d_v), scores undivided.

    One query, two keys with scores 0 and ln 3, values 1 and 5, bias 0: (1 + 3·5) / 4 = 4.

    >>> q, k = torch.tensor([[[[1.0]]]]), torch.tensor([[[[0.0], [math.log(3)]]]])
    >>> v, bias = torch.tensor([[[[1.0], [5.0]]]]), torch.zeros(1, 1, 2)
    >>> mask = torch.ones(1, 1, 1, 2, dtype=torch.bool)
    >>> unscaled_attention(q, k, v, bias, mask)
    tensor([[[[4.0000]]]])
    """
    ### BEGIN SOLUTION
    scores = (q @ k.mT + bias).masked_fill(~mask, -torch.inf)
    return scores.softmax(dim=-1).nan_to_num(0.0) @ v
    ### END SOLUTION


# %% check
unscaled_attention = lesson.check(unscaled_attention)

# %% [markdown]
# What would the division do to weights that grew up without it? Take queries and keys of width 64 whose scores have a standard deviation of
# 3:

# %% demo
draws = torch.Generator().manual_seed(0)
q = torch.randn(1, 1, 200, 64, generator=draws)
k = torch.randn(1, 1, 50, 64, generator=draws) * 3 / 8
identity, everything = torch.eye(50)[None, None], torch.ones(200, 50, dtype=torch.bool)
none = torch.zeros(1, 200, 50)
right = unscaled_attention(q, k, identity, none, everything)
divided = unscaled_attention(q / 8, k, identity, none, everything)
for name, weights in (("as T5", right), ("divided by √64", divided)):
    print(f"{name:>15}: the largest weight of a row is {weights.amax(-1).mean():.2f} on average")
lesson.reveal("scaled")

# %% [markdown]
# The rest of T5 you know from lesson 10: pre-norm blocks with RMSNorm, ReLU networks without biases, an encoder, and a decoder with
# cross-attention (which gets no bias). `course_lib.models.t5` puts the parts together. The course's tests copy noise from Hugging Face's T5 into
# it and find equal logits, and do the same for BART.

# %% [markdown]
# ## 4 · What the decoder reads
#
# *The second sitting begins here: about 50 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# While the decoder learns to write `7 8 1` (1 is the end), at each place it may know what stands before. Before the first token nothing does,
# so it reads a **start token**: `0 7 8`. T5 takes its padding, 0. BART has another.
#
# Labels use −100 where the loss shall look away. No word has that number, so what is *read* there is padding: labels `7 1 −100 −100` are
# read as `0 7 1 0`.
#
# ### Exercise 15.6 · What the decoder reads
#
# Difficulty 1 of 3 · 5 minutes · the check proves that at each place the decoder reads what was written one place before, and the start
# token first.


# %% exercise
def shift_right(labels, start, pad):
    """Return what the decoder reads, (B, T), for labels (B, T).

    >>> shift_right(torch.tensor([[7, 8, 1, -100]]), start=0, pad=0)
    tensor([[0, 7, 8, 1]])
    """
    ### BEGIN SOLUTION
    read = labels.masked_fill(labels == -100, pad)
    first = torch.full_like(read[:, :1], start)
    return torch.cat([first, read[:, :-1]], dim=1)
    ### END SOLUTION


# %% check
shift_right = lesson.check(shift_right)

# %% [markdown]
# ## 5 · A summary in one line
#
# Python's library explains itself. A docstring begins with one line that says what the thing does; then the details follow. So it is a set
# of pairs that nobody had to write for us: read the details, write the line.

# %% demo tags=["nbval-ignore-output"]
from course_lib.data.docstrings import docstrings, first_sentence

pairs = {split: docstrings(split) for split in ("train", "validation", "test")}
print({split: len(found) for split, found in pairs.items()})
example = next(pair for pair in pairs["train"] if len(pair.body) < 200)
print("read: ", example.body)
print("write:", example.summary)

# %% [markdown]
# Modules are split, not lines: functions of one module resemble each other, and a test on siblings of what was learned would flatter. No body and no
# summary occurs twice.
#
# How do you score a line against the one that is due? Hardly ever are they equal. **ROUGE-L** takes the longest common
# subsequence: words common to both, in the same order, gaps allowed (Lin 2004, §3.1).
#
# By hand: due is “return the first item”, written is “return an item”. Common in order: *return … item*, L = 2. Recall 2/4, precision 2/3, and F =
# 2PR/(P+R) = 4/7.

# %% [markdown]
# ### Exercise 15.7 · ROUGE-L
#
# Difficulty 3 of 3 · 12 minutes · the check proves that common words count in order, gaps allowed, each as often as it stands there, and F
# weighs both lengths.
#
# Let L(i, j) be the common length for the first i words of one row and the first j of the other. If the i-th and the j-th word are equal, L(i, j)
# = L(i−1, j−1) + 1. If not, one of them is left out: the greater of L(i−1, j) and L(i, j−1). Words are equal where they are written alike. An
# empty row scores 0.


# %% exercise
def rouge_l(target, written):
    """Return the F-measure of the longest common subsequence of two lists of words.

    Here it is 4/7.

    >>> round(rouge_l(["return", "the", "first", "item"], ["return", "an", "item"]), 4)
    0.5714
    """
    ### BEGIN SOLUTION
    if not target or not written:
        return 0.0
    table = [[0] * (len(written) + 1) for _ in range(len(target) + 1)]
    for i, word in enumerate(target):
        for j, other in enumerate(written):
            longer = max(table[i][j + 1], table[i + 1][j])
            table[i + 1][j + 1] = table[i][j] + 1 if word == other else longer
    return 2 * table[-1][-1] / (len(target) + len(written))
    ### STUB
    # table = ...  # L(i, j), a row and a column of zeros before the first words
    # raise NotImplementedError("fill the table, then take the F-measure")
    ### END SOLUTION


# %% check
rouge_l = lesson.check(rouge_l)

# %% [markdown]
# A paper reports scores of a maintained package, so that numbers can be compared. Hold yours against `rouge-score`, on every tenth docstring
# and its first sentence. The package lowers the case and keeps letters and digits; so do the same first.

# %% demo
import re

from course_lib.training.text_metrics import bleu, rouge


def plain_words(text):
    """Return the words of a text as rouge-score takes them."""
    return re.findall(r"[a-z0-9]+", text.lower())


some = pairs["test"][::10]
gaps = [
    abs(
        rouge_l(plain_words(one.summary), plain_words(first_sentence(one.body)))
        - rouge([one.summary], [first_sentence(one.body)])
    )
    for one in some
]
print("largest difference below 1e-9:", max(gaps) < 1e-9)
shuffled = ["first the item return"]
print("a senseless order, ROUGE-1:", rouge(["return the first item"], shuffled, "rouge1"))
print("a senseless order, ROUGE-L:", round(rouge(["return the first item"], shuffled), 2))

# %% [markdown]
# Before you train anything, find out what can be had for nothing. Two baselines: say the **first sentence** of what is to be summed up; or say
# the **same line** always, of 150 training summaries the one most like the others. (The table below has the first eight words besides.)

# %% demo
lesson.predict("winner")

# %% train tags=["nbval-ignore-output"]
from course_lib.training.scale import choose
from course_lib.lessons.lesson_15_text_to_text.summaries import summarise, train_summaries

STEPS = choose(tiny=4, small=80, full=2000)
model, history = train_summaries(seed=0, steps=STEPS)
print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
print(f"loss {history.losses[0]:.2f} → {np.mean(history.losses[-10:]):.2f} nats a piece")
for pair in pairs["test"][:120:40]:
    print(f"\ndue:     {pair.summary}\nwritten: {summarise(model, [pair.body])[0]}")

# %% [markdown]
# Eighty steps teach it how often words come, hardly more. The recorded log went on to 500 steps, three seeds, in two ways: on summaries
# alone; and with half of the steps on span corruption of docstrings, summary and body in one, first. Everybody is scored on modules never seen.

# %% demo
from course_lib.lessons.lesson_15_text_to_text.summary_log import scores, summary_log

log = summary_log()
KINDS = ("summaries alone", "span corruption first")
table = {name: score["rouge_l"] for name, score in log["baselines"]["scores"].items()}
table |= {kind: float(np.mean(scores(kind))) for kind in KINDS}
for name, score in table.items():
    seeds = f"  seeds {scores(name)}" if name in KINDS else ""
    print(f"{name:>22}: {score:.3f}{seeds}")
show(
    bars(
        list(table.values()),
        list(table),
        "ROUGE-L on unseen modules",
        baselines=list(log["baselines"]["scores"]),
    ),
    alt="Bars of ROUGE-L: "
    + ", ".join(f"{name} {score:.3f}" for name, score in table.items())
    + ".",
)
lesson.reveal("winner")

# %% demo
for due, said in log["runs"][0]["examples"][:5]:
    print(f"due:     {due}\nwritten: {said}\n")
run = log["runs"][0]
print(f"{run['different_lines']} different lines for {log['pairs']['test']} docstrings")
print("the same line of the baseline:", log["baselines"]["line"])

# %% [markdown]
# The small T5 loses, to every baseline and with every seed. It has found out that many lines begin with “Return the”, and then repeats itself. It has not
# learned to look at what it reads: 500 batches of 16 pairs are five rounds through 1,505 pairs, for half a million weights that began as noise.
#
# Span corruption first makes no difference that three seeds could show: 0.089 against 0.083, while seeds reach from 0.04 to 0.12. It had half of the
# steps, and 192,000 tokens to read at most. T5's authors compared their designs after 2³⁵ tokens each, about 34 billion (Raffel et al. 2020,
# §3.1.2), and gave the models that they published about a trillion (§3.7). Pretraining pays when it is long; a lesson can show how it works,
# not what it brings.

# %% [markdown]
# And look at the baselines. A line that says nothing about anything scores nearly as much as the first sentence: ROUGE-L gives points for “Return
# a … the”. A score without baselines would have looked like a result.
#
# BLEU, which lesson 11 met, says the same less clearly: it asks for runs of up to four words, and short lines share few.

# %% demo
due = [pair.summary for pair in pairs["test"]]
score, signature = bleu(due, [first_sentence(pair.body) for pair in pairs["test"]])
print("first sentence, BLEU below 5 of 100:", score < 5)
print(signature.split("|version")[0])

# %% [markdown]
# ### At full scale
#
# `course_lib.data.news` loads a news summarisation set through Hugging Face Datasets, with the same two fields. There a first-sentences
# baseline is famously strong, since journalists put the news first. Offline it tells you what to do:

# %% demo tags=["nbval-ignore-output"]
from course_lib.data.news import news
from course_lib.errors import CourseError

if choose(tiny=False, small=False, full=True):
    try:
        print(news("test")[0].summary)
    except CourseError as error:
        print(error)
else:
    print("at full scale: COURSE_SCALE=full, and pip install datasets")

# %% [markdown]
# ## 6 · Answers that stand in the text
#
# The other way to answer is to point. **Extractive** question answering gives every token of a passage two numbers: how well the answer starts
# here, how well it ends here. The answer is a span (Devlin et al. 2019, §4.2).
#
# Choosing each end for itself can end before it starts. So choose the pair: the greatest sum of logits among spans that stand in the passage, are
# not too long, and do not run backwards.
#
# By hand, tokens 1 to 4 in the passage, three tokens at most: starts (9, 1, **5**, 0, 2), ends (9, 6, 0, **3**, 1). The 9s belong to the
# question. The best end, 6 at place 1, lies before the best start. From 2 to 3 the sum is 5 + 3 = 8; from 1 to 1 it is 7.

# %% [markdown]
# ### Exercise 15.8 · The best span
#
# Difficulty 2 of 3 · 10 minutes · the check proves that of all spans that lie in the passage and are short enough, the one with the
# greatest sum is found.
#
# Both ends count: from i to j there are j − i + 1 tokens. At least one span fits. Of equal sums the earlier start wins, then the shorter span.


# %% exercise
def best_span(start, end, passage, longest):
    """Return the first and the last token of the answer.

    start and end (T,) hold a score for each token, passage (T,) is True where an answer may stand.

    >>> start = torch.tensor([9.0, 1.0, 5.0, 0.0, 2.0])
    >>> end = torch.tensor([9.0, 6.0, 0.0, 3.0, 1.0])
    >>> best_span(start, end, torch.tensor([False, True, True, True, True]), longest=3)
    (2, 3)
    """
    ### BEGIN SOLUTION
    n = len(start)
    fits = torch.ones(n, n, dtype=torch.bool, device=start.device).triu().tril(longest - 1)
    fits = fits & passage[:, None] & passage
    sums = (start[:, None] + end).masked_fill(~fits, -torch.inf)
    place = int(sums.argmax())
    return place // n, place % n
    ### END SOLUTION


# %% check
best_span = lesson.check(best_span)

# %% [markdown]
# Is “the global lock” right where “a lock” is due? SQuAD, a large set of such questions, has two scores: **exact match** says no, **F1**
# partly (Rajpurkar et al. 2016, §6.1). Both normalise first: lower case, then no punctuation, then no articles. So it is “global lock”
# against “lock”: precision 1/2, recall 1, F1 2/3.

# %% [markdown]
# ### Exercise 15.9 · Exact match and F1
#
# Difficulty 2 of 3 · 10 minutes · the check proves that case, punctuation and articles do not count, repeated words do, and F1 weighs what
# was said against what was due.
#
# Punctuation (`string.punctuation`) is taken out first, not replaced by a space: “a.m.” is the word “am”. When one side has no words left, F1 is 1.0 if both have none, else
# 0.0.


# %% exercise
import re
import string
from collections import Counter


def answer_scores(prediction, truth):
    """Return whether two answers are equal, and their F1 over words, both normalised.

    >>> equal, f1 = answer_scores("the global lock", "a lock")
    >>> equal, round(f1, 4)
    (False, 0.6667)
    """
    ### BEGIN SOLUTION

    def words(text):
        bare = text.lower().translate(str.maketrans("", "", string.punctuation))
        return re.sub(r"\b(a|an|the)\b", " ", bare).split()

    said, due = words(prediction), words(truth)
    if not said or not due:
        return said == due, float(said == due)
    common = (Counter(said) & Counter(due)).total()
    return said == due, 2 * common / (len(said) + len(due))
    ### STUB
    # said = ...  # its words, normalised
    # due = ...
    # raise NotImplementedError("compare the lists, then count common words")
    ### END SOLUTION


# %% check
answer_scores = lesson.check(answer_scores)

# %% [markdown]
# The questions were written for this lesson, the passages are paragraphs of Python's documentation, and every answer stands in its paragraph
# word for word (the data card, `course_lib/data/written/questions.md`, says how they were made).

# %% demo tags=["nbval-ignore-output"]
from course_lib.data.questions import questions

found = questions()
asked = found.asked
print(found.note or f"{len(asked)} questions on {len({one.topic for one in asked})} topics")
for one in asked[4:40:12]:
    print(f"\n{one.passage[:150]} …\n{one.question} → {one.answer}")

# %% [markdown]
# SQuAD has a hundred thousand questions to learn from. We have 57. So the pretrained MiniLM of lesson 14 stays frozen; it reads
# question and passage as one text. Only a head is trained: from a token's state, and that state times the question's mean, it makes two
# numbers.
#
# With so few, one split decides by luck. **Cross-validation** uses all: five groups of topics, and each group is answered by a head that
# has seen the four others. No topic is on both sides.
#
# Two baselines: the sentence that shares the most words with the question, whole; and that sentence without the question's words.


# %% given
def overlapping_sentence(question, bare=False):
    """Return the sentence of the passage with the most of the question's words; bare, without them."""
    known = set(plain_words(question.question))
    sentences = re.split(r"(?<=[.;])\s+", question.passage)
    best = max(sentences, key=lambda one: len(known & set(plain_words(one))))
    kept = [word for word in best.split() if not (bare and known & set(plain_words(word)))]
    return " ".join(kept)


def both_scores(answers):
    """Return the means of exact match and F1 over all questions."""
    pairs = [answer_scores(said, one.answer) for said, one in zip(answers, asked, strict=True)]
    return tuple(float(np.mean(column)) for column in zip(*pairs, strict=True))


# %% train tags=["nbval-ignore-output"]
from course_lib.lessons.lesson_15_text_to_text.answers import cross_validated, encode

data = encode(asked)
SEEDS = choose(tiny=(0,), small=(0, 1, 2), full=(0, 1, 2))
answers = [cross_validated(asked, data, best_span, seed=seed) for seed in SEEDS]
results = {
    "sentence": both_scores([overlapping_sentence(one) for one in asked]),
    "its new words": both_scores([overlapping_sentence(one, bare=True) for one in asked]),
}
heads = [both_scores(each) for each in answers]
results["trained head"] = tuple(np.mean(heads, axis=0).tolist())
print("trained head, each seed:", [tuple(round(x, 2) for x in one) for one in heads])
show(
    bars(
        [exact for exact, _ in results.values()],
        list(results),
        "Questions on Python's documentation",
        beside=[f1 for _, f1 in results.values()],
        names=("exact match", "F1"),
    ),
    alt="Bars of exact match and F1: "
    + ", ".join(f"{name} {exact:.2f} and {f1:.2f}" for name, (exact, f1) in results.items())
    + ".",
)

# %% [markdown]
# What do its answers look like? Every ninth:

# %% demo tags=["nbval-ignore-output"]
for at in range(2, len(asked), 9):
    print(f"{asked[at].question}\n  due {asked[at].answer!r}, said {answers[0][at]!r}")

# %% [markdown]
# On F1 the head loses clearly to a baseline that counts words and has learned nothing. On exact match the two are a handful of questions apart, and
# the groupings differ by as much: one question is 1.8 points. Some forty-five examples do not teach a head to point: the states that it
# reads were trained to be averaged into one vector for a sentence, not to mark places.
#
# That baseline is good because the questions were written with the passage in sight. Keep it in mind when you read that a system answers questions:
# how far would it get by matching words?

# %% [markdown]
# ### Stretch · let it say no
#
# SQuAD 2.0 asks questions that the passage does not answer. Give the pair ([CLS], [CLS]) a say: where its sum is higher than that of every span,
# there is no answer. What would you train it on here?
#
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - make T5's training task out of any text, and say in what BART's differs;
# - build the two parts in which T5's attention differs from what you know, and what its decoder reads;
# - score answers and summaries as the field does, and tell what a score is worth by its baselines.
#
# To think about:
#
# 1. Sentinels are numbered from left to right. What would be lost if they were drawn at random?
# 2. T5 is tried on texts longer than any it has learned from. What do its buckets do with distances it has never met?
# 3. A summary gets ROUGE-L 0 and is excellent. Write one.

# %% [markdown]
# ### References
#
# - Raffel et al. 2020, *Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer*: §2.1 (the model), §3.1.2
#   and §3.7 (how much it read), §3.1.4 (the objective), §3.3.4 (corrupting spans).
# - Lewis et al. 2020, *BART: Denoising Sequence-to-Sequence Pre-training*: §2.2.
# - Devlin et al. 2019, *BERT*: §4.2 (question answering).
# - Rajpurkar et al. 2016, *SQuAD: 100,000+ Questions for Machine Comprehension of Text*: §6.1.
# - Lin 2004, *ROUGE: A Package for Automatic Evaluation of Summaries*: §3.1.
# - Post 2018, *A Call for Clarity in Reporting BLEU Scores*.
