# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 00 · Start here
#
# 20 minutes · needs nothing · two exercises, the first within three minutes.
#
# You will be able to
#
# - work through a lesson: predict, build, check, see, explain;
# - read what a check says when an answer is wrong, and take a hint;
# - find your way through the course, and your own place in it.

# %% [markdown]
# This course builds attention by hand, from the dot product to transformers. You write every mechanism yourself, in a few
# lines; a check tells you whether it is right and, if not, what is wrong. Nothing leaves your computer: no account, no
# network.
#
# New to Jupyter? A notebook is a list of cells. Click one and press **Shift + Enter** to run it and go on. Run the next
# cell now.

# %% setup
import torch
from course_lib import Lesson

lesson = Lesson("00")

# %% [markdown]
# ## 1 · Predict
#
# Attention is a weighted mean. So this lesson asks for one: three values, 8, 4 and 0, count with the weights ½, ¼ and ¼.
# Before any code, guess the answer. Guesses are kept for you alone; a wrong one is worth as much as a right one, because
# it shows you what to look at.

# %% demo
lesson.predict("mean")

# %% [markdown]
# ## 2 · Build, and get it wrong first
#
# An exercise is one cell. Below it stands a check. Your first answer is to be wrong, so that you meet the check when it has
# something to say:
#
# 1. In the cell below, replace the line `raise NotImplementedError` by `return values.mean()`.
# 2. Run the cell, then the check under it.
# 3. Read what it says. It knows this mistake by name.

# %% [markdown]
# ### Exercise 0.1 · A weighted mean
#
# Difficulty 1 of 3 · 3 minutes · the check proves that every value counts as much as its weight says.
#
# `weights` and `values` are vectors of the same length, and the weights sum to 1. Multiply each value by its weight and add
# the products.


# %% exercise
def weighted_mean(weights, values):
    """Return the sum of weights[s] · values[s].

    >>> weighted_mean(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([8.0, 4.0, 0.0]))
    tensor(5.)
    """
    ### BEGIN SOLUTION
    return (weights * values).sum()
    ### END SOLUTION


# %% check
weighted_mean = lesson.check(weighted_mean)

# %% [markdown]
# Three things to know about that line.
#
# - Until your function passes, it gives you the course's version, so the rest of the notebook runs whatever you have
#   written. Nobody is ever stuck.
# - To try again, run **your own cell** first, then the check.
# - `lesson.case("weighted_mean")` hands you the smallest case that failed, to play with.
#
# Now take a hint. There are three: a nudge, an outline, and nearly the solution. They cost nothing.

# %% demo tags=["nbval-ignore-output"]
lesson.hint("weighted_mean")

# %% [markdown]
# Go back to the exercise, write the right answer, run it and its check. When it passes, see what you guessed:

# %% demo
print(weighted_mean(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([8.0, 4.0, 0.0])))
lesson.reveal("mean")

# %% [markdown]
# ## 3 · See
#
# Pictures in this course are drawn from *your* function. Here the weight of the first value moves from 0 to 1 while the two
# others share the rest. The mean moves along a straight line from their mean, 2, to the first value, 8.

# %% demo
from course_lib.figures import lines, show

first = torch.linspace(0, 1, 11)
values = torch.tensor([8.0, 4.0, 0.0])
means = [weighted_mean(torch.stack([w, (1 - w) / 2, (1 - w) / 2]), values).item() for w in first]
show(
    lines(
        first,
        {"weighted mean": means},
        "From one value to another",
        xlabel="weight of the value 8",
        ylabel="mean",
    ),
    alt="A straight line: the weighted mean rises from 2, where the value 8 has weight 0, to 8, "
    "where it has weight 1.",
)

# %% [markdown]
# ## 4 · Explain
#
# Attention computes many weighted means at once: a matrix of weights, one row for each question that is asked, and a matrix
# of values, one row for each thing that can be found. By hand, for one row of weights (½, ¼, ¼) and the values (8, 0),
# (4, 4), (0, 2): the first entries give 5, the second ½·0 + ¼·4 + ¼·2 = 1.5.

# %% [markdown]
# ### Exercise 0.2 · Many at once
#
# Difficulty 1 of 3 · 4 minutes · the check proves that each row of weights gives its own mean of the rows of values.
#
# `weights` has shape `(T, S)` and `values` has shape `(S, d)`. Return shape `(T, d)`. A loop is fine; one operator is
# enough.


# %% exercise
def weighted_means(weights, values):
    """Return one weighted mean of the rows of values for each row of weights.

    >>> weighted_means(torch.tensor([[0.5, 0.5]]), torch.tensor([[8.0, 0.0], [4.0, 4.0]]))
    tensor([[6., 2.]])
    """
    ### BEGIN SOLUTION
    return weights @ values
    ### END SOLUTION


# %% check
weighted_means = lesson.check(weighted_means)

# %% [markdown]
# That is the last step of attention. The course is about the step before it: **where do the weights come from?**
#
# **Explain.** Each lesson asks you to put one thing in your own words. Here: what happens to the mean when one weight is 1
# and the others are 0, and why might that be harder to learn than a soft choice? (Lesson 06 answers it.)

# %% [markdown]
# Here is what such weights look like where they were **learned**. A small model that has read much text came with the course. It
# reads one sentence twice, with one word changed. What does *it* mean? The row below is that of *it*, in one place of the model
# (layer 3, head 1).

# %% demo
from course_lib.data.pretrained import encoder_tokenizer
from course_lib.figures import bars, show
from course_lib.models.minilm import pretrained_encoder, tokenize

encoder = pretrained_encoder()
rows = {}
for last in ("tired", "soft"):
    text = f"The cat sat on the mat because it was {last}."
    words = encoder_tokenizer().encode(text).tokens
    rows[last] = encoder.attention_weights(tokenize([text])[0])[3, 0, 1, words.index("it")]
cat = words.index("cat")
print("it → cat:", ", ".join(f"{last} {row[cat]:.2f}" for last, row in rows.items()))
show(
    bars(
        [row[cat].item() for row in rows.values()],
        ["… because it was tired", "… because it was soft"],
        "How much of “cat” does “it” take in?",
        ylabel="weight",
    ),
    alt="Two bars, the weight that “it” gives to “cat”: "
    + ", ".join(f"{last} {row[cat]:.2f}" for last, row in rows.items())
    + ".",
)

# %% [markdown]
# One word at the end, and *it* looks elsewhere. You will build every part of this model: its weights in lessons 02 to 07, its heads in 09, where you
# also find out how far such a picture may be believed.
#
# ## 5 · The map, and your place on it
#
# Every check, hint and guess is noted in a folder on your computer. Come back tomorrow and run the next cell to see
# where you were. In a terminal, `course progress` shows the same.

# %% demo tags=["nbval-ignore-output"]
lesson.map()

# %% [markdown]
# Lesson 01 is optional: it begins with a test of ten questions that says what you may skip. If you know PyTorch, go on to
# lesson 02.
#
# “45 + 40” minutes are two sittings: the lesson says where the second begins. Little time? The **short way** (02, 03, 04, 07, 08, 09
# and 10) leads to the transformer block; a **side road** leads to nothing that later lessons build on.

# %% [markdown]
# **In a room.** If your instructor runs a board, `lesson.join("ADDRESS", "CODE")` joins it; nobody has to. Your computer then tells the board which exercise you
# checked, how the check ended, which known mistake it named, which hints you took, which option you guessed, and when you ask for help with `lesson.help()`. It never
# sends your code, nor any text that you write; a name or nickname, if you give one, is seen by the instructor alone. Without a network nothing changes,
# and what happened follows later. `lesson.leave()` ends it; `lesson.leave(forget=True)` also deletes what the board has of you.

# %% [markdown]
# ## 6 · Your machine
#
# Every lesson runs on an ordinary laptop. A few do more where there is a graphics card.

# %% demo tags=["nbval-ignore-output"]
from course_lib.doctor import device_report

print(device_report())

# %% [markdown]
# When something is amiss, `course doctor` in a terminal says what, and what to do about it. A broken notebook is put right by
# `course reset 00`; your copy is kept under a dated name.

# %% [markdown]
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - work through a lesson: predict, build, check, see, explain;
# - read what a check says when an answer is wrong, and take a hint;
# - find your way through the course, and your own place in it.
#
# To think about:
#
# 1. Which of your habits from other courses will you have to drop here? (Reading on without guessing is a common one.)
# 2. Weights could be negative, or sum to 2. What would a "weighted mean" then be able to do that it cannot do now?
# 3. A check compares numbers on cases that it chose. What could a wrong function do to pass it?
#
# ### References
#
# - Vaswani et al. 2017, *Attention Is All You Need*, §3.2: attention as a weighted sum of values.
