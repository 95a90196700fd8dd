# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 11 · Translation
#
# 90 minutes in two sittings · needs 10 The transformer block · nine exercises, the first within five minutes.
#
# You will be able to
#
# - write the three masks of an encoder–decoder, train it with label smoothing and warm-up, and tell a leak from learning;
# - let it write, greedily and with a beam, and say what a wider beam may cost;
# - compute BLEU by hand, and read a BLEU that somebody reports.

# %% [markdown]
# ## 1 · What a batch of sentences needs
#
# Lesson 05 translated number words with recurrent networks and one attention. The paper *Attention Is All You Need* (Vaswani et al.
# 2017) kept the task and threw the recurrence out: an encoder of blocks reads, a decoder of blocks writes. You have the
# blocks since lesson 10. This lesson makes a translator of them.

# %% setup
import torch
import torch.nn.functional as F
from course_lib import Lesson
from course_lib.figures import lines, show, weights_heatmap

lesson = Lesson("11")

# %% given
from course_lib.data.number_words import (
    ENGLISH,
    GERMAN,
    Vocabulary,
    english_pieces,
    german_pieces,
    number_words,
)
from course_lib.training.translation import number_pairs

english, german = Vocabulary(ENGLISH), Vocabulary(GERMAN)
numbers = number_words(6000, 600)  # to learn from, and held out

# %% demo
three = number_pairs([21, 7, 3_006])
for side, name in ((three.source, "source"), (three.target, "labels")):
    print(name, *side.tolist(), sep="\n  ")
print(*english_pieces(21), "|", *german_pieces(21))

# %% [markdown]
# Three numbers, 21, 7 and 3,006, make a batch. 0 is padding, 1 is start, 2 is end. The attention of lesson 04 takes a mask, True where a query
# may look. Here are three attentions, so three masks:
#
# | attention | queries | keys | hidden |
# |---|---|---|---|
# | encoder | source | source | padding of the source |
# | decoder | target | target | padding of the target, and what comes later |
# | decoder to encoder | target | source | padding of the source |
#
# By hand, for a source `5 6 0` and a target `1 4`: the encoder's mask has three equal rows `T T F`. The decoder's has the rows `T F` and `T T`.
# The third has two rows `T T F`. Each row is one query; padding that asks is not hidden, since nobody reads its answer.
#
# ### Exercise 11.1 · Three masks
#
# Difficulty 2 of 3 · 8 minutes · the check proves that your masks agree, place by place, with the three rules, wherever padding
# stands.


# %% exercise
def three_masks(source, target, pad):
    """Return boolean masks (B, S, S), (B, T, T), (B, T, S) for source (B, S) and what the decoder reads, (B, T).

    True where a query may look.

    >>> encoder, decoder, memory = three_masks(torch.tensor([[5, 6, 0]]), torch.tensor([[1, 4]]), pad=0)
    >>> decoder.int().tolist(), memory.int().tolist()
    ([[[1, 0], [1, 1]]], [[[1, 1, 0], [1, 1, 0]]])
    """
    n, m = source.shape[1], target.shape[1]
    ### BEGIN SOLUTION
    words = (source != pad)[:, None]
    past = torch.ones(m, m, dtype=torch.bool, device=target.device).tril()
    decoder = (target != pad)[:, None] & past
    return words.expand(-1, n, -1), decoder, words.expand(-1, m, -1)
    ### END SOLUTION


# %% check
three_masks = lesson.check(three_masks)

# %% demo
masks = three_masks(three.source, three.target, 0)
show(
    weights_heatmap(
        masks[1][1].float(),
        [f"place {t}" for t in range(len(masks[1][1]))],
        [german.pieces[i] for i in three.target[1].tolist()],
        "Decoder's mask, labels of 7",
    ),
    alt="Mask of the decoder for the labels of 7, places down, words across: the column of “sieben” is 1 "
    "everywhere, that of the end mark from place 1 on, and the two columns of padding are 0.",
)

# %% [markdown]
# One thing is wrong with that picture: the decoder must not read its labels. At place 0 it would read *sieben*, which is what it has to
# say there. It reads the labels **shifted by one place**, a start mark in front. By hand: labels `5 6 2` give inputs `1 5 6`.
#
# ### Exercise 11.2 · What the decoder reads
#
# Difficulty 1 of 3 · 4 minutes · the check proves that each place reads the word before the one it predicts, and the labels stay as
# they are.


# %% exercise
def shift_right(labels, start):
    """Return what the decoder reads, shape (B, T): start, then all labels but the last column.

    >>> shift_right(torch.tensor([[5, 6, 2]]), start=1)
    tensor([[1, 5, 6]])
    """
    ### BEGIN SOLUTION
    first = torch.full_like(labels[:, :1], start)
    return torch.cat([first, labels[:, :-1]], dim=1)
    ### END SOLUTION


# %% check
shift_right = lesson.check(shift_right)

# %% [markdown]
# Now the whole model, from below upwards, with your three masks for the pair of 7 where they act. Filled means *may attend*.

# %% demo
from course_lib.figures.diagrams import architecture

found = three_masks(three.source, shift_right(three.target, 1), 0)
named = zip(("source", "target", "cross"), found, strict=True)
architecture("encoder-decoder", masks={name: mask[1] for name, mask in named})

# %% [markdown]
# Shift and mask belong together. The shift hides the word itself; the mask hides the words after it. If either is missing the answer
# stands among the inputs.
#
# Numbers become vectors: a row of a table for each word, a row of sines and cosines (lesson 08) for each place, added. Both have
# to be heard. The rows of our table have length about 1. How long are the positions?

# %% demo
lesson.predict("drown")

# %% demo
from course_lib.attention.positions import sinusoidal_positions

positions = sinusoidal_positions(torch.arange(64), 96)
table = torch.randn(34, 96, generator=torch.Generator().manual_seed(0)) / 96**0.5
print(f"a word about {table.norm(dim=1).mean():.1f}, a position {positions.norm(dim=1).mean():.1f}")
print(f"a word times √96 about {(table * 96**0.5).norm(dim=1).mean():.0f}")
lesson.reveal("drown")

# %% [markdown]
# The paper multiplies the words by √d before it adds the positions (§3.4, which gives no reason; this is the usual one). By hand, d = 4: the word (0.5, 0, 0, 0) becomes (1, 0, 0, 0); at
# place 0, whose position is (0, 1, 0, 1), the sum is (1, 1, 0, 1).
#
# ### Exercise 11.3 · Words and their places
#
# Difficulty 1 of 3 · 5 minutes · the check proves that words are scaled by √d before places are added, gradients of both tables
# too.


# %% exercise
def embed(ids, table, positions):
    """Return vectors (B, T, d) for ids (B, T), a table (V, d) of words and positions (N, d), N at least T.

    >>> table, positions = torch.tensor([[0.5, 0, 0, 0]]), torch.tensor([[0.0, 1, 0, 1], [1, 0, 1, 0]])
    >>> embed(torch.tensor([[0, 0]]), table, positions)
    tensor([[[1., 1., 0., 1.],
             [2., 0., 1., 0.]]])
    """
    ### BEGIN SOLUTION
    return table[ids] * table.shape[1] ** 0.5 + positions[: ids.shape[1]]
    ### END SOLUTION


# %% check
embed = lesson.check(embed)

# %% [markdown]
# **In a word.** A mask speaks about keys. Padding is hidden from everyone, the future from the decoder; the shift does the rest.

# %% [markdown]
# ## 2 · A loss that leaves room for doubt
#
# Cross-entropy is content only with certainty: it pushes the label's logit (its score before the softmax) up without end. **Label smoothing** (Szegedy et al. 2016)
# asks for less. The target is no longer 1 for the label and 0 elsewhere; a share ε of it is spread over all V classes:
#
# $$\text{loss} = (1 - \varepsilon)\,(-\log p_{\text{label}}) + \varepsilon \cdot \frac{1}{V} \sum_v (-\log p_v)$$
#
# By hand, chances ¼, ¼, ½, label the last, ε = 0.3. The label costs log 2 = 0.693. All three cost (1.386 + 1.386 + 0.693) / 3 = 1.155 on
# average. Together 0.7 · 0.693 + 0.3 · 1.155 = 0.832.
#
# Padding is left out of the mean: places whose label is `pad` count neither above the fraction nor below it.
#
# ### Exercise 11.4 · Label smoothing
#
# Difficulty 2 of 3 · 8 minutes · the check proves that your loss is PyTorch's to the last digit, gradients too, and padding costs
# nothing.
#
# Without `F.cross_entropy` and `nn.CrossEntropyLoss`: this is what they do.


# %% exercise
def smoothed_loss(logits, labels, smoothing, pad):
    """Return one number: label-smoothed cross-entropy of logits (B, T, V), the mean over labels (B, T) other than pad.

    >>> logits = torch.tensor([[[1.0, 1.0, 2.0]]]).log()
    >>> smoothed_loss(logits, torch.tensor([[2]]), smoothing=0.3, pad=0)
    tensor(0.8318)
    """
    surprise = -logits.log_softmax(dim=-1)  # (B, T, V): what each class would cost
    ### BEGIN SOLUTION
    right = surprise.gather(-1, labels[..., None])[..., 0]
    each = (1 - smoothing) * right + smoothing * surprise.mean(dim=-1)
    return each[labels != pad].mean()
    ### END SOLUTION


# %% check
smoothed_loss = lesson.check(smoothed_loss)

# %% [markdown]
# A detail for those who compare with other code. `ignore_index` drops the **places** that hold padding. The padding **class** stays one of the
# V classes, and gets its ε/V of the mass. Others spread ε over the remaining classes only. Both are called label smoothing with ε = 0.1:

# %% demo
draw = torch.Generator().manual_seed(0)
logits = torch.randn(3, 5, 6, generator=draw, dtype=torch.float64)
labels = torch.tensor([[4, 2, 5, 0, 0], [1, 3, 2, 0, 0], [5, 1, 4, 3, 2]])
torchs = F.cross_entropy(
    logits.flatten(0, 1), labels.flatten(), ignore_index=0, label_smoothing=0.1
)
real = labels != 0
surprise = -logits.log_softmax(-1)[real]
right = surprise.gather(-1, labels[real][:, None])[:, 0]
without = (0.9 * right + 0.1 * surprise[:, 1:].mean(-1)).mean()
print(f"yours   {smoothed_loss(logits, labels, 0.1, 0):.4f}")
print(f"PyTorch {torchs:.4f}")
print(f"no mass on the padding class {without:.4f}")

# %% [markdown]
# The difference is small, and no translation hangs on it. But two trainings that seem to have the same loss function report different losses.
#
# The least that a smoothed loss can reach is not 0. With ε = 0.1 and our 34 German tokens the best answer gives the label 0.903 and every other
# class 0.0029. That costs 0.903 · 0.102 + 0.097 · 5.83 = 0.66 nats, in natural logarithms. Remember it when you look at the curve.

# %% [markdown]
# ## 3 · Train
#
# Lesson 10 measured one reason to start slowly: a first step can move the whole output. Liu et al. 2020 (RAdam) name a second: Adam divides by an average of
# squared gradients that rests on few batches at first, and so varies widely. So the rate starts near nothing, rises
# in a straight line for `warmup` steps, and then falls with the root of the step (§5.3):
#
# $$\text{rate} = d^{-0.5} \cdot \min\bigl(\text{step}^{-0.5},\ \text{step} \cdot \text{warmup}^{-1.5}\bigr)$$
#
# By hand, d = 64, warm-up 100: at step 100 both are 0.1, and the rate is 0.1 / 8 = 0.0125. At step 25 it is a quarter of that, at step 400 half.
#
# ### Exercise 11.5 · Warm up, then cool down
#
# Difficulty 1 of 3 · 4 minutes · the check proves that your rate climbs in a straight line to its peak and falls with the root of
# the step.


# %% exercise
def warmup_rate(step, d_model, warmup):
    """Return the learning rate of a step, counted from 1, as a float.

    >>> round(warmup_rate(100, d_model=64, warmup=100), 6)
    0.0125
    """
    ### BEGIN SOLUTION
    return d_model**-0.5 * min(step**-0.5, step * warmup**-1.5)
    ### END SOLUTION


# %% check
warmup_rate = lesson.check(warmup_rate)

# %% demo
steps = list(range(1, 1201, 10))
curves = {f"warm-up {n}": [1000 * warmup_rate(s, 96, n) for s in steps] for n in (100, 200, 400)}
show(
    lines(steps, curves, "Rates for width 96", xlabel="step", ylabel="rate, thousandths"),
    alt="Learning rate by step for width 96 and three warm-ups. Each rises in a straight line and then falls: warm-up 100 peaks at "
    "10.2 thousandths, 200 at 7.2, 400 at 5.1; after 400 steps all three are the same curve.",
)

# %% [markdown]
# Whatever the warm-up, the fall is the same curve: a longer warm-up only cuts the peak off. Many implementations multiply it all by a factor. The training below
# takes a fifth, and a warm-up of 50: its batches are small, and each holds sentences of about one length, so its gradients are noisy. Measured with one seed each, 800 steps, on
# two processors: the full rate reached 3 and 6 % of held-out numbers with a warm-up of 50, but 79 and 90 % with one of 400. A fifth of it reached 97 % or more each time, with either warm-up. Where the same
# seed gives such different digits, one run tells large differences alone: it does not say which warm-up suits the smaller rate best.

# %% [markdown]
# Now the batches. A batch is as wide as its longest sentence. Put 7 beside 777,777 and most of what is computed for 7 is padding. So sentences of
# about the same length go together, and a batch is measured in **places**, not in sentences. By hand, lengths 5, 2, 3 and room for 6 places: sorted 2, 3, 5.
# Two sentences of up to 3 take 2 · 3 = 6 places; a third would make it 3 · 5 = 15. So `[1, 2]` and `[0]`, named by their places in the list.
# (For a pair to translate, the places of source and labels are added.)
#
# ### Exercise 11.6 · Batches by length
#
# Difficulty 2 of 3 · 7 minutes · the check proves that every sentence is in one batch, no batch is too large, and none could take
# one more.


# %% exercise
def batches_by_length(lengths, budget):
    """Return lists of places: shortest sentences first, ties in order, each batch at most budget places when padded.

    The longest sentence always fits.

    >>> batches_by_length([5, 2, 3], budget=6)
    [[1, 2], [0]]
    """
    batches = []
    ### BEGIN SOLUTION
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if batches and (len(batches[-1]) + 1) * lengths[place] <= budget:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches
    ### END SOLUTION


# %% check
batches_by_length = lesson.check(batches_by_length)

# %% demo
lengths = [len(english_pieces(n)) + len(german_pieces(n)) + 1 for n in numbers.train]
sorted_batches = batches_by_length(lengths, 1600)
as_they_come = [list(range(at, min(at + 60, len(lengths)))) for at in range(0, len(lengths), 60)]
as_they_come = [[(7919 * p) % len(lengths) for p in batch] for batch in as_they_come]
for name, batches in (("mixed", as_they_come), ("by length", sorted_batches)):
    padded = sum(max(lengths[p] for p in batch) * len(batch) for batch in batches)
    print(f"{name:9} {1 - sum(lengths) / padded:4.0%} of all places are padding")

# %% [markdown]
# ### The leak
#
# Everything is in place. The model has two layers on either side, width 96, four heads: the transformer of `course_lib.models` (post-norm and
# ReLU, as in the paper), with **your** masks and **your** embeddings, trained by **your** shift, loss, rate and batches. First with a fault: the decoder's causal mask is left out.

# %% demo
lesson.predict("leak")

# %% given
from course_lib.models.number_translator import Parts
from course_lib.training.number_translation import (
    Recipe,
    exact,
    forced_accuracy,
    recorded_numbers,
    recorded_translator,
    trained_numbers,
)
from course_lib.training.scale import choose

torch.set_num_threads(1)  # so small a model gains nothing from a second thread
some = choose(tiny=slice(0, 90, 3), small=slice(None), full=slice(None))
train, test = (
    number_pairs(numbers.train[some]),
    number_pairs(numbers.test[:: choose(tiny=8, small=2, full=1)]),
)
recipe = Recipe(shift=shift_right, loss=smoothed_loss, rate=warmup_rate, batches=batches_by_length)
yours = Parts(masks=three_masks, embed=embed)


def leaky_masks(source, target, pad):
    """Forget the causal mask: the mistake."""
    encoder, decoder, memory = three_masks(source, target, pad)
    return encoder, (target != pad)[:, None].expand_as(decoder), memory


# %% [markdown]
# To test it, let it write by itself. That is the next exercise; the leaky model is trained right after it.
#
# The decoder keeps no state from step to step; it has only words. At each step it reads all that is written so far, and the logits of the **last** place
# name the next word. A sentence that has ended goes on writing `end`. (Lesson 13 will save the work of reading everything again.)
#
# ### Exercise 11.7 · Greedy decoding
#
# Difficulty 2 of 3 · 7 minutes · the check proves that your sentences are those of a loop that writes one sentence at a time.


# %% exercise
def greedy_translate(decode, prefix, end, max_len):
    """Return the words written, shape (B, max_len), without the prefix (B, n); after end stands end.

    decode(words) returns logits (B, n, V) for words (B, n). One that says one more than it has read, until the end, 4:

    >>> count = lambda words: torch.eye(6)[(words + 1).clamp(max=5)]
    >>> greedy_translate(count, torch.tensor([[0], [2]]), end=4, max_len=5)
    tensor([[1, 2, 3, 4, 4],
            [3, 4, 4, 4, 4]])
    """
    words = prefix
    ### BEGIN SOLUTION
    ended = torch.zeros(len(prefix), dtype=torch.bool, device=prefix.device)
    for _ in range(max_len):
        word = decode(words)[:, -1].argmax(dim=-1).masked_fill(ended, end)
        words = torch.cat([words, word[:, None]], dim=1)
        ended = ended | (word == end)
    return words[:, prefix.shape[1] :]
    ### END SOLUTION


# %% check
greedy_translate = lesson.check(greedy_translate)

# %% train tags=["nbval-ignore-output"]
leaky = Parts(masks=leaky_masks, embed=embed)
cheat, _ = trained_numbers(
    train, leaky, recipe, steps=choose(tiny=3, small=150, full=150), seed=0, name="no causal mask"
)
print(f"next words right, true ones given: {forced_accuracy(cheat, test, recipe):.1%}")
print(
    f"whole numbers right, by itself:    {sum(exact(cheat, test, greedy_translate))} of {len(test)}"
)
lesson.reveal("leak")

# %% demo
runs = recorded_numbers()["runs"]
for run in (run for run in runs if run["kind"] == "leak"):
    print(
        f"seed {run['seed']}, {run['steps']} steps: {run['words_right_when_forced']:.1%} of next words, "
        f"{run['exact']:.1%} of whole numbers"
    )

# %% [markdown]
# Whoever looks at the accuracy of next words alone would call this model excellent. It has learned to copy the word that stands one place on. A number that looks
# too good is a reason to look at the inputs; and a model that writes has to be tested by letting it write.
#
# Now with your mask, for a short while.

# %% train tags=["nbval-ignore-output"]
model, losses = trained_numbers(
    train, yours, recipe, steps=choose(tiny=3, small=160, full=800), seed=0, name="translator"
)
right = exact(model, test, greedy_translate)
print(f"next words right, true ones given: {forced_accuracy(model, test, recipe):.1%}")
print(f"whole numbers right, by itself:    {sum(right)} of {len(right)}")
floor = [0.66] * len(losses)
show(
    lines(
        range(1, len(losses) + 1),
        {"loss": losses, "the least there is": floor},
        "The smoothed loss has a floor",
        xlabel="step",
        ylabel="nats per word",
    ),
    alt=f"Smoothed loss of each step: from {losses[0]:.1f} it falls to {losses[-1]:.2f}; a flat line at 0.66 marks the least that is "
    "possible.",
)

# %% [markdown]
# The full training is recorded: three seeds, on numbers of one to six digits. `python bench/record_number_translation.py` makes the record again.

# %% demo
for run in (run for run in runs if run["kind"] == "full"):
    print(
        f"seed {run['seed']}, {run['steps']} steps: {run['exact']:.1%} of {run['tested']} held-out numbers exact; "
        f"wrong: {run['wrong'] or 'none'}"
    )

# %% [markdown]
# Its weights are on your disk too. From here on you use them, with your masks and your embeddings around them:

# %% demo
translator = recorded_translator(yours)
right = exact(translator, test, greedy_translate)
print("at least 99.5 % of held-out numbers:", sum(right) >= 0.995 * len(right))

# %% [markdown]
# **In a word.** Train with the true words, test with the model's own.

# %% [markdown]
# ## 4 · A length it never saw
#
# *The second sitting begins here: about 35 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# Held-out numbers were of lengths that it knew. What about a whole magnitude? A second translator learned numbers of 1, 2, 3, 4 and 6 digits. It knows all the words that
# a five-digit number needs.

# %% demo
lesson.predict("unseen")

# %% demo
gaps = [run for run in runs if run["kind"] == "gap"]
for run in gaps:
    print(
        f"seed {run['seed']}: {run['exact']:.1%} of held-out numbers of magnitudes it saw, "
        f"{run['unseen']:.1%} of five-digit ones"
    )
examples = [example for run in gaps for example in run["examples"]]
for number, said in examples[:6]:
    print(f"{number:6,}  {said:48} right: {''.join(german_pieces(number))}")
value = {"".join(german_pieces(n)): n for n in range(1, 100_000)}
shorter = sum(1000 <= value[said] < 10_000 for _, said in examples)
print(f"all {len(examples)} examples are German numbers, {shorter} of them of four digits")
lesson.reveal("unseen")

# %% [markdown]
# Look at the errors. They are not noise but fluent German numbers, only shorter ones: most often the tens of the thousands are gone, and *28,840* becomes *8,840*. In its training
# two digits of thousands always stood behind a *hundert*; so the model writes a number of a kind that it knows. It has learned which patterns occur, not how numbers are built. That it reaches 100 % on held-out numbers of known magnitudes does not contradict this.
#
# **Explain.** The test set of the first translator was held out by number, and it did not show this. What would have to be held out so that a test says something about lengths
# that the training lacks?

# %% [markdown]
# ## 5 · Look further ahead
#
# Greedy decoding takes the likeliest word now, and may regret it. A **beam** keeps several beginnings at once. At every step each live one is
# continued with every word; the `width` likeliest of all these live on. One that has ended leaves the beam and waits; at the next step the beam is
# filled up to `width` again. In the end all that wait, and those still alive, are compared.
#
# By hand: after start, *a* has 0.5, *b* 0.4, *end* 0.1. After *a*: *a* 0.4, *b* 0.3, *end* 0.3. After *b*: *a* 0.05, *b* 0.05, *end* 0.9. At most two words. Greedy takes
# *a a*, with 0.5 · 0.4 = 0.2. A beam of two keeps *a* and *b*; the best of their continuations is *b end*, 0.4 · 0.9 = 0.36.
#
# Log-probabilities are added, and each one is negative: long translations lose against short ones for their length alone. So the sum is divided by
# length^α (Wu et al. 2016 use a like formula). Is a beam of 4 always at least as good as one of 2?

# %% demo
lesson.predict("wider")

# %% [markdown]
# ### Exercise 11.8 · Beam search
#
# Difficulty 3 of 3 · 15 minutes · the check proves that a beam of one is greedy, a beam that drops nothing is brute force, and
# those between agree with a search over arrays.
#
# `log_probs(words)` takes prefixes `(n, t)` that begin with start, and returns `(n, V)`. The search goes on until `max_len`, or until none is alive. Sums are divided
# once, at the end; the length counts `end` and leaves start out.


# %% exercise
def beam_search(log_probs, start, end, width, max_len, alpha):
    """Return (words, score): the best translation found as a list, without start; score = log p / length ** alpha.

    The numbers above, start 0, a 1, b 2, end 3:

    >>> after = torch.tensor([[0, 0.5, 0.4, 0.1], [0, 0.4, 0.3, 0.3], [0, 0.05, 0.05, 0.9]]).clamp(min=1e-9).log()
    >>> words, score = beam_search(lambda words: after[words[:, -1]], 0, 3, width=2, max_len=2, alpha=1.0)
    >>> words, round(score, 3)  # b end, and ln 0.36 / 2
    ([2, 3], -0.511)
    """
    live, done = [([start], 0.0)], []
    ### BEGIN SOLUTION
    for _ in range(max_len):
        rows = log_probs(torch.tensor([words for words, _ in live])).tolist()
        longer = [
            ([*words, word], score + more)
            for (words, score), row in zip(live, rows, strict=True)
            for word, more in enumerate(row)
        ]
        kept = sorted(longer, key=lambda one: -one[1])[:width]
        done += [one for one in kept if one[0][-1] == end]
        live = [one for one in kept if one[0][-1] != end]
        if not live:
            break
    scored = [(score / (len(words) - 1) ** alpha, words[1:]) for words, score in done + live]
    best, words = max(scored)
    return words, best
    ### END SOLUTION


# %% check
beam_search = lesson.check(beam_search)

# %% [markdown]
# Now a trap for the beam of two. The first word is *a* (0.5) or *b* (0.4). After *a* come three words of nearly equal chance, the best 0.34; behind it the sentence ends for sure. After *b* come two words of 0.5, and behind them
# it spreads over five words, 0.2 each.

# %% demo
NAMES = ("start", "end", "a", "b", "c", "d", "e")
NEXT = {
    "start": {"a": 0.5, "b": 0.4, "e": 0.1},
    "start a": {"c": 0.34, "d": 0.33, "e": 0.33},
    "start b": {"c": 0.5, "d": 0.5},
    "start a c": {"end": 1.0},
}
SPREAD = dict.fromkeys(("end", "a", "b", "c", "d"), 0.2)


def trap(prefixes):
    """Return log-probabilities (n, 7) of the little language above."""
    rows = [NEXT.get(" ".join(NAMES[i] for i in row), SPREAD) for row in prefixes.tolist()]
    return torch.tensor([[row.get(name, 1e-9) for name in NAMES] for row in rows]).log()


for width in (1, 2, 3):
    words, score = beam_search(trap, 0, 1, width, 3, 0.0)
    print(f"width {width}: {' '.join(NAMES[i] for i in words):8} log p = {score:.2f}")
lesson.reveal("wider")

# %% [markdown]
# Greedy finds *a c end*, with 0.17. The beam of two drops *a c*, since both continuations of *b* have 0.2 by then; later they fall to 0.04. The beam of three keeps all of them. So a wider beam **may** score
# lower. That is rare. More often it scores higher, and the translation need not be better, for the score is the model's opinion.
#
# What does it do for the translator? The one that you trained for a short while makes mistakes. Let both ways of writing try.


# %% demo tags=["nbval-ignore-output"]
def log_probs_of(model, source):
    """Return log_probs(words) for one source (1, S)."""
    memory = model.encode(source)

    def log_probs(words):
        n = len(words)
        logits = model.decode(words, memory.expand(n, -1, -1), source.expand(n, -1))
        return logits[:, -1].log_softmax(-1)

    return log_probs


tried = list(numbers.test[:: len(numbers.test) // choose(tiny=4, small=24, full=100)])
print("width  mean log p  exact")
with torch.no_grad():
    for width in (1, 2, 4):
        found = []
        for number in tried:
            pair = number_pairs([number])
            found.append(beam_search(log_probs_of(model, pair.source), 1, 2, width, 14, 0.0))
        hits = sum(
            "".join(german.decode(said)) == "".join(german_pieces(number))
            for number, (said, _) in zip(tried, found, strict=True)
        )
        print(f"{width:5}  {sum(s for _, s in found) / len(found):10.3f}  {hits} of {len(tried)}")

# %% [markdown]
# Number words leave little to search: there is one right answer, and a good model is sure of it. The better the model, the less the beam has to mend.
#
# **In a word.** A beam searches for what the model finds likely. It is no better than the model's opinion.

# %% [markdown]
# ## 6 · How good is a translation?
#
# A number is right or wrong. A sentence has many good translations, and is compared with one that a person wrote. **BLEU** (Papineni et al. 2002) counts what they
# share: words, pairs, triples and fours in a row. It is the geometric mean of four precisions, times a penalty for being too short:
#
# $$\text{BLEU} = 100 \cdot \min\bigl(1, e^{1 - r/c}\bigr) \cdot \Bigl(\prod_{n=1}^{4} \frac{\text{matched}_n}{\text{total}_n}\Bigr)^{1/4}$$
#
# with c words written and r in the references. Two rules matter. A word that is written three times and stands in the reference once matches **once**. And counts are added over the whole
# corpus **before** they are divided.
#
# By hand: *ein hund rennt im gras* against *ein hund rennt im hohen gras*. Words 5 of 5, pairs 3 of 4, triples 2 of 3, fours 1 of 2: the product is 0.25, its fourth root 0.707. The penalty is
# e^(1 − 6/5) = 0.819. BLEU is 57.9.
#
# ### Exercise 11.9 · BLEU by hand
#
# Difficulty 2 of 3 · 10 minutes · the check proves that your BLEU is sacreBLEU's on whole corpora, repeated words and short outputs
# among them.
#
# Without its `corpus_bleu`: the check holds yours against it.


# %% exercise
from collections import Counter


def bleu(candidates, references):
    """Return BLEU, 0 to 100, of lists of words against one reference each; 0 when some n has no match.

    >>> round(bleu(["ein hund rennt im gras".split()], ["ein hund rennt im hohen gras".split()]), 1)
    57.9
    """
    import math

    ### BEGIN SOLUTION
    precisions = []
    for n in range(1, 5):
        matched = total = 0
        for ours, theirs in zip(candidates, references, strict=True):
            a, b = (
                Counter(tuple(s[i : i + n]) for i in range(len(s) - n + 1)) for s in (ours, theirs)
            )
            matched, total = matched + (a & b).total(), total + a.total()
        if not matched:
            return 0.0
        precisions.append(matched / total)
    c, r = sum(map(len, candidates)), sum(map(len, references))
    return 100 * min(1.0, math.exp(1 - r / c)) * math.prod(precisions) ** 0.25
    ### END SOLUTION


# %% check
bleu = lesson.check(bleu)

# %% [markdown]
# Now be a critical reader. Here are two translations and their references. They stay as they are; only what counts as a word changes, or whether case does. sacreBLEU (Post 2018) prints a
# **signature** that says so.

# %% demo
from sacrebleu.metrics import BLEU

ours = ["Ein Hund rennt, schnell, im Gras.", "zwei Kinder spielen am Strand ."]
theirs = ["ein Hund rennt schnell im Gras.", "Zwei Kinder spielen am Strand."]
for settings in ({}, {"lowercase": True}, {"tokenize": "none"}, {"tokenize": "char"}):
    metric = BLEU(**settings)
    print(f"{metric.corpus_score(ours, [theirs]).score:5.1f}  {metric.get_signature()}")
by_hand = bleu([s.split() for s in ours], [s.split() for s in theirs])
print(f"{by_hand:5.1f}  yours, cut at blanks, nothing smoothed")

# %% [markdown]
# From 0 to 86, for the same two sentences. A BLEU without its signature cannot be compared with another; a difference of half a point between two papers may be a tokenizer.
#
# And what does it say about number words?

# %% demo
wrong_number = bleu([german_pieces(324_871)], [german_pieces(324_971)])
print("right:", "".join(german_pieces(324_971)), "\nsaid: ", "".join(german_pieces(324_871)))
print(f"BLEU {wrong_number:.0f}, and wrong by a hundred")

# %% [markdown]
# BLEU does not know what matters. It was made to rank systems on whole test sets; a single sentence, or a fact that must be right, needs another measure. Here that is the exact match.
#
# **In a word.** BLEU is a count of shared stretches. Ask for the signature, and for what it cannot see.

# %% [markdown]
# ## 7 · Where it looks
#
# Lesson 05's translator had one map. This one has two layers of four heads, eight maps for each number: the weights from decoder to encoder, the third of your masks.

# %% demo
from course_lib.data.number_words import crossings

beyond = [n for n in numbers.test if n > 20]
pairs = number_pairs(beyond)
with torch.no_grad():
    cross = translator.cross_attention(pairs.source, shift_right(pairs.target, 1))
looks_at = cross.argmax(-1)
hits = torch.zeros(cross.shape[0], cross.shape[2], 2)
count = 0
for row, number in enumerate(beyond):
    for place in crossings(english_pieces(number), german_pieces(number)):
        count += 1
        hits[..., 0] += looks_at[:, row, :, place.unit] == place.from_unit
        hits[..., 1] += looks_at[:, row, :, place.ten] == place.from_ten
share = hits.sum(-1) / (2 * count)
best = divmod(share.argmax().item(), share.shape[1])
print(f"{count} crossings of unit and ten in held-out numbers")
print("share of largest weights on the word that is being written, layer by head:")
for layer, row in enumerate(share.tolist()):
    print(f"  layer {layer}:", [f"{x:.0%}" for x in row])

# %% demo
number = 121
pair = number_pairs([number])
with torch.no_grad():
    map_ = translator.cross_attention(pair.source, shift_right(pair.target, 1))
show(
    weights_heatmap(
        map_[best[0], 0, best[1]],
        [*german_pieces(number), "(end)"],
        list(english_pieces(number)),
        f"121, layer {best[0]}, head {best[1]}",
    ),
    alt=f"Weights of layer {best[0]}, head {best[1]}, for 121, German pieces down and English words across: "
    "“ein” looks at the first “one”, “hundert” at “hundred”, the second “ein” at the last “one”, "
    "“zwanzig” back at “twenty”, each with nearly all of its weight.",
)

# %% [markdown]
# The four heads of layer 1 put their largest weight on the word that is being written at all 468 crossings. Those of layer 0 do so at a quarter to two thirds of them: their
# maps look like nothing in particular, and yet layer 1 stands on what they wrote. (Lesson 09's warning holds: a map is a picture of where a head looks, not a proof of what it uses.)
#
# ### See it: layer by layer, head by head
#
# The maps are drawn with *your* `three_masks` inside the trained translator. The source has a place of padding at its end: where a mask lets it through, numbers change, and the course's stand beside yours. Arrow keys walk through the map,
# Page Up and Page Down change the head. Where do the heads of layer 1 look while *und* is written? It has no English word of its own: the English *and* stands behind *hundred*, where German says nothing.

# %% demo tags=["nbval-ignore-output"]
from course_lib.explore import cross_attention

cross_attention(lesson.pair("three_masks"), translator, layer=1)

# %% [markdown]
# ### At full scale: captions of photographs
#
# A like transformer, larger, pre-norm and on byte pairs (lesson 12), trained on the 29,000 caption pairs of Multi30k (Elliott et al. 2016), German to English, 15 times each. It then
# translated the 1,000 captions of `test_2016_flickr`. The training took an hour and a half on one CPU core, so its result is recorded.

# %% demo
from course_lib.lessons.lesson_11_translation.multi30k import multi30k_log

for run in multi30k_log()["runs"]:
    made = run["recipe"]
    print(f"{run['direction']}, {run['parameters']:,} parameters, seed {made['seed']}")
    print(f"BLEU {run['bleu']} with a beam of {made['width']}, {run['greedy_bleu']} greedily")
    print(run["signature"])

# %% [markdown]
# Here the beam pays: 1.6 points. One seed stands here, so a difference of a few tenths would mean nothing.

# %% [markdown]
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - write the three masks of an encoder–decoder, train it with label smoothing and warm-up, and tell a leak from learning;
# - let it write, greedily and with a beam, and say what a wider beam may cost;
# - compute BLEU by hand, and read a BLEU that somebody reports.
#
# **Stretch.** With Multi30k in `COURSE_DATA`, train it yourself: `python bench/record_multi30k.py --cpu --seeds 1`, or without `--cpu` on a GPU, where the model is larger.

# %% [markdown]
# ### References
#
# - Vaswani et al. 2017, *Attention Is All You Need*: §3.4 (embeddings), §3.5 (positions), §5.3 (warm-up), §5.4 (label smoothing).
# - Szegedy et al. 2016, *Rethinking the Inception Architecture for Computer Vision*: §7 (label smoothing).
# - Wu et al. 2016, *Google's Neural Machine Translation System*: §7 (beam search and its length penalty).
# - Liu et al. 2020, *On the Variance of the Adaptive Learning Rate and Beyond* (RAdam).
# - Papineni et al. 2002, *BLEU: a Method for Automatic Evaluation of Machine Translation*.
# - Post 2018, *A Call for Clarity in Reporting BLEU Scores* (the signature).
# - Elliott et al. 2016, *Multi30K: Multilingual English–German Image Descriptions*.
