# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 03 · Soft lookup
#
# 70 minutes · needs 02 Similarity · eight exercises, the first within three minutes.
#
# You will be able to
#
# - turn a dictionary into a soft lookup, and say what query, key and value mean in both;
# - choose how far a lookup reaches, by leaving points out and by gradient descent, and see where descent fails;
# - write a Gaussian kernel as a dot product, and name the term that attention leaves out.

# %% [markdown]
# ## 1 · From a dictionary to a weighted mean
#
# A dictionary answers questions. You hand it a **query**, it compares the query with its **keys**, and where one is
# equal it gives back that key's **value**. Here the keys are years, and the values are their yearly sunspot numbers.

# %% setup
import math
import torch
from course_lib import Lesson
from course_lib.figures import bars, lines, show

lesson = Lesson("03")

# %% demo
spots = {1956: 141.7, 1957: 190.2, 1958: 184.8}
print(spots[1957])
lesson.predict("between")

# %% [markdown]
# Now the same without a dictionary. Compare a query with all keys at once and write 1 where they are equal, 0 elsewhere.
# For the query 1957 and the keys 1956, 1957, 1958 that row is 0, 1, 0. Multiply by the values and add up:
#
# 0 · 141.7 + 1 · 190.2 + 0 · 184.8 = 190.2.
#
# A lookup is a weighted sum, with weights 0 and 1.

# %% [markdown]
# ### Exercise 3.1 · A dictionary as a matrix product
#
# Difficulty 1 of 3 · 4 minutes · the check proves that your product answers like a dictionary, and with zeros where no
# key fits.
#
# `queries` has shape `(T,)`, `keys` has shape `(S,)`, both whole numbers; `values` has shape `(S, d_v)`, one row for each
# key. No two keys are equal. Answer all queries with one product: comparing gives True and False, and `.to(values.dtype)`
# makes numbers of them.


# %% exercise
def hard_lookup(queries, keys, values):
    """Return the value whose key equals each query, shape (T, d_v); a row of zeros where none does.

    >>> queries, keys = torch.tensor([1957, 1999]), torch.tensor([1956, 1957])
    >>> hard_lookup(queries, keys, torch.tensor([[141.7], [190.2]])).tolist()
    [[190.1999969482422], [0.0]]
    """
    ### BEGIN SOLUTION
    weights = queries[:, None] == keys
    return weights.to(values.dtype) @ values
    ### STUB
    # weights = ...  # (T, S): does query t equal key s?
    # raise NotImplementedError
    ### END SOLUTION


# %% check
hard_lookup = lesson.check(hard_lookup)

# %% [markdown]
# Ask it for a year that is there and for one that is not. And what did you predict for a year between two keys?

# %% demo
years = torch.tensor([1956, 1957, 1958])
counts = torch.tensor([[141.7], [190.2], [184.8]], dtype=torch.float64)
print(hard_lookup(torch.tensor([1957, 1999]), years, counts).tolist())
lesson.reveal("between")

# %% [markdown]
# A dictionary has nothing to say between its keys. Let the weights be any positive numbers with sum 1, and the answer
# becomes a **mean of all values**, each as loud as its weight. Where do such weights come from? From scores, through the
# softmax of lesson 02.
#
# By hand: scores 0, log 2, 0 give exponentials 1, 2, 1, and weights ¼, ½, ¼. With the values 4, 8, 0 the answer is
# 1 + 4 + 0 = 5.

# %% [markdown]
# ### Exercise 3.2 · Every value, weighted
#
# Difficulty 1 of 3 · 5 minutes · the check proves that each query gets a mean of all values, whatever the size of its
# scores.
#
# Row `t` of `scores` says how well each key fits query `t`; shape `(…, T, S)`. The dots stand for a batch, or for
# nothing, so count axes from the end. You may use torch's softmax: you built one in lesson 02.


# %% exercise
def weighted_mean(scores, values):
    """Return softmax(scores) over the keys, times the values, shape (…, T, d_v).

    The third key has no say here.

    >>> weighted_mean(torch.tensor([[0.0, 0.0, -1000.0]]), torch.tensor([[2.0], [4.0], [9.0]]))
    tensor([[3.]])
    """
    ### BEGIN SOLUTION
    return scores.softmax(dim=-1) @ values
    ### END SOLUTION


# %% check
weighted_mean = lesson.check(weighted_mean)

# %% [markdown]
# A weighted mean has a property that matters all through this course: it never leaves the range of its values. No key can
# make the answer larger than the largest value or smaller than the smallest. It also has a gradient with respect to every
# score, which a dictionary has not. So whatever makes the scores can be trained.

# %% [markdown]
# ## 2 · Near keys speak louder
#
# What should the score of a key be? For years, a near key should score higher than a far one. The Gaussian kernel does
# that, with a **bandwidth** $h$ that says how far is far:
#
# $$\text{score}(q, k) = -\frac{\lVert q - k \rVert^2}{2h^2}$$
#
# Here $\lVert q - k \rVert^2$ is the squared distance, the sum of the squared differences over the width of the vectors.
# A year is a vector of width 1.
#
# By hand, with h = 0.5: 2h² is 0.5, so each score is −2 times the squared distance. The query 3 and the keys 0, 1, 4 lie
# 3, 2 and 1 apart; the squares are 9, 4, 1, and the scores −18, −8, −2.
#
# A key at distance h scores −½, whatever h is. That is what *measured in bandwidths* means.

# %% [markdown]
# ### Exercise 3.3 · Near keys score higher
#
# Difficulty 1 of 3 · 6 minutes · the check proves that a score falls with the squared distance, measured in bandwidths.
#
# `queries` has shape `(…, T, d)`, `keys` has shape `(…, S, d)`, and the result `(…, T, S)`. The bandwidth is a number or a
# tensor without axes. Later you will ask for a gradient with respect to it, so leave it as it comes.


# %% exercise
def gaussian_scores(queries, keys, bandwidth):
    """Return −‖q − k‖² / 2h² for every query and key, shape (…, T, S).

    >>> gaussian_scores(torch.tensor([[0.0]]), torch.tensor([[0.0], [1.0], [2.0]]), 1.0)
    tensor([[-0.0000, -0.5000, -2.0000]])
    """
    ### BEGIN SOLUTION
    differences = queries.unsqueeze(-2) - keys.unsqueeze(-3)  # (…, T, S, d)
    return -differences.square().sum(-1) / (2 * bandwidth**2)
    ### STUB
    # differences = ...  # (…, T, S, d)
    # raise NotImplementedError
    ### END SOLUTION


# %% check
gaussian_scores = lesson.check(gaussian_scores)

# %% [markdown]
# Scores by distance, a softmax, a mean of the values: together this is **Nadaraya–Watson regression**, published twice in
# 1964, by Nadaraya and by Watson. It draws a smooth curve through points without ever fitting a formula, and it is
# attention with a fixed way of scoring.

# %% demo
lesson.predict("wide")

# %% [markdown]
# ### Exercise 3.4 · Regression by soft lookup
#
# Difficulty 1 of 3 · 4 minutes · the check proves that any query is answered, between the keys and far beyond them.
#
# You have both halves.


# %% exercise
def nadaraya_watson(queries, keys, values, bandwidth):
    """Return each query's mean of the values, weighted by a Gaussian of its distance to the keys.

    Halfway between two keys the bandwidth does not matter.

    >>> keys, values = torch.tensor([[0.0], [1.0]]), torch.tensor([[10.0], [20.0]])
    >>> nadaraya_watson(torch.tensor([[0.5]]), keys, values, 1.0)
    tensor([[15.]])
    """
    ### BEGIN SOLUTION
    return weighted_mean(gaussian_scores(queries, keys, bandwidth), values)
    ### END SOLUTION


# %% check
nadaraya_watson = lesson.check(nadaraya_watson)

# %% [markdown]
# First what you predicted, then your function at work. The picture has eight keys on one axis, and your function answers a
# query. Move the query with the left and right arrow keys, the bandwidth with up and down. Watch the weights: at the
# narrowest bandwidth the curve is a staircase. Which value does each stair have, and where are its edges?

# %% demo
from course_lib.explore import soft_lookup

lesson.reveal("wide")
soft_lookup(lesson.pair("nadaraya_watson"))

# %% [markdown]
# One query, step by step, from the case by hand above (query 3, keys 0, 1 and 4) with h = 1.5, wide enough to hear all three, by your two functions. Every attention of
# this course is this strip; only where its numbers come from will change.

# %% demo
from course_lib.figures.diagrams import attention_strip

at, few = torch.tensor([[3.0]]), torch.tensor([[0.0], [1.0], [4.0]])
some = torch.tensor([[10.0], [20.0], [30.0]])
scores = gaussian_scores(at, few, 1.5)
attention_strip(
    scores=scores,
    weights=weighted_mean(scores, torch.eye(3)),
    values=some,
    out=weighted_mean(scores, some)[0],
    keys=["key 0", "key 1", "key 4"],
    query="3",
)

# %% [markdown]
# **Explain.** A stair has the value of the nearest key, and its edges lie halfway between keys. A narrow soft lookup is a
# search for the nearest key, and a wide one is a plain mean. Everything between the two is a choice of bandwidth.

# %% [markdown]
# ## 3 · Three centuries of sunspots
#
# The yearly sunspot number goes back to 1700; it rises and falls in about eleven years. Let us pretend that only 120
# years, drawn at random, are known. The other 189 are held out: nothing may be chosen by looking at them.

# %% demo
from course_lib.data.series import sunspot_split

known, held_out = sunspot_split()
keys, values = known.times[:, None], known.values[:, None]
print("known:", tuple(keys.shape), "held out:", tuple(held_out.times.shape))
print("the first three:", known.times[:3].int().tolist(), known.values[:3].tolist())

# %% demo
every_year = torch.arange(1900.0, 2009.0, 0.25, dtype=torch.float64)[:, None]
curves = {f"h = {h:g}": nadaraya_watson(every_year, keys, values, h) for h in (0.3, 1.5, 10.0)}
recent = known.times >= 1900
show(
    lines(
        every_year.squeeze(),
        {name: curve.squeeze() for name, curve in curves.items()},
        "The same lookup at three bandwidths",
        xlabel="year (query)",
        ylabel="sunspots (answer)",
        points=(known.times[recent], known.values[recent]),
    ),
    alt="Known sunspot counts from 1900 to 2008 as dots, and three curves. At bandwidth 0.3 the curve is a staircase "
    "through every dot, at 1.5 it follows the eleven-year waves, at 10 it is a slow swell from about 34 up to 85 and down to 63.",
)

# %% [markdown]
# Is your function right on real data? statsmodels has the same method under another name: `KernelReg` with
# `reg_type="lc"`, *local constant* regression. It was written by other people, in NumPy, with no softmax in sight.

# %% given
import warnings


def statsmodels_answer(years, bandwidth):
    """Ask statsmodels' local-constant regression, which has the same Gaussian kernel."""
    from statsmodels.nonparametric.kernel_regression import KernelReg

    points = known.values.numpy(), known.times.numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it divides 0 by 0 far away, as you will see
        model = KernelReg(*points, "c", reg_type="lc", bw=[bandwidth])
        return torch.from_numpy(model.fit(years.squeeze(-1).numpy())[0])


# %% demo
all_years = torch.arange(1700.0, 2009.0, dtype=torch.float64)[:, None]
for h in (0.8, 1.5, 10.0):
    yours = nadaraya_watson(all_years, keys, values, h).squeeze(-1)
    gap = (yours - statsmodels_answer(all_years, h)).abs().max()
    print(f"h = {h:4}: largest difference over 309 years below 1e-8: {bool(gap < 1e-8)}")
lesson.predict("far_away")

# %% [markdown]
# On the 309 years of the series the two agree to eight digits and more. Now leave the series, for the year that you were
# asked about.

# %% demo
far = torch.tensor([[2004.0], [2020.0], [2100.0]], dtype=torch.float64)
print(
    "yours:      ",
    [round(answer, 1) for answer in nadaraya_watson(far, keys, values, 1.0)[:, 0].tolist()],
)
print("statsmodels:", [round(answer, 1) for answer in statsmodels_answer(far, 1.0).tolist()])
lesson.reveal("far_away")

# %% [markdown]
# statsmodels computes the kernel, then its sum, then divides: far from every key that is 0/0. Your softmax subtracts the
# largest score first, so one key always keeps a weight. An answer is not yet a good answer: 40.4 for the year 2100
# is what was measured in 2004 (asked for 2004 itself, the lookup mixes in the years before: 41.2), carried forward by a
# century, and nothing warns you. NaN at least says *I do not know*.

# %% [markdown]
# ## 4 · How far should a lookup reach?
#
# The three curves above differ in h alone. Which h is best? Measure: predict known values and compare. But a point that
# takes part in its own prediction finds itself, at distance 0.

# %% demo
lesson.predict("left_in")

# %% [markdown]
# The remedy is to leave each point out of its own lookup: **leave-one-out error**. With two keys, values 10 and 20, each is
# predicted by the other alone. Both errors are 10, their squares 100, and so is the mean.
#
# In a table of scores, keys against keys, a key meets itself on the diagonal. Its score there is 0, the highest there is.
# Which number must stand there so that the softmax gives it a weight of exactly 0?

# %% [markdown]
# ### Exercise 3.5 · Leave one out
#
# Difficulty 2 of 3 · 8 minutes · the check proves that each value is predicted from all others and never from itself.
#
# No loop is needed: one table of scores, its diagonal taken out, one weighted mean. The result is a tensor without axes,
# the mean over every number in `values`, so that a gradient can flow back to the bandwidth.


# %% exercise
def leave_one_out_error(keys, values, bandwidth):
    """Return the mean squared error when each value is predicted from all others, a tensor of shape ().

    With two keys the bandwidth does not matter.

    >>> keys, values = torch.tensor([[0.0], [1.0]]), torch.tensor([[10.0], [20.0]])
    >>> leave_one_out_error(keys, values, torch.tensor(1.0))
    tensor(100.)
    """
    scores = gaussian_scores(keys, keys, bandwidth)
    ### BEGIN SOLUTION
    itself = torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    predicted = weighted_mean(scores.masked_fill(itself, -torch.inf), values)
    return (predicted - values).square().mean()
    ### STUB
    # itself = ...  # (S, S): True on the diagonal
    # raise NotImplementedError
    ### END SOLUTION


# %% check
leave_one_out_error = lesson.check(leave_one_out_error)

# %% [markdown]
# Here is your function at sixty bandwidths, beside the error with each point left in. The bandwidth axis is logarithmic:
# each step multiplies.

# %% demo
bandwidths = torch.logspace(math.log10(0.2), math.log10(40), 60, dtype=torch.float64)
left_out = [leave_one_out_error(keys, values, h).item() for h in bandwidths]
left_in = [
    (nadaraya_watson(keys, keys, values, h) - values).square().mean().item() for h in bandwidths
]
show(
    lines(
        bandwidths,
        {"left out": left_out, "left in": left_in},
        "How the error depends on the bandwidth",
        xlabel="bandwidth in years",
        ylabel="mean squared error",
        logx=True,
    ),
    alt="Mean squared error against bandwidth, 0.2 to 40 years. Left in, it rises from 0 with the bandwidth. Left out, it "
    "is flat at 1250 below 0.5 years, falls to 1192 near 1.25, climbs to 1707 near 4.3 and has a shallow valley of 1533 "
    "near 12.5.",
)
lesson.reveal("left_in")

# %% [markdown]
# The upper curve tells a story. Far left it is flat: only the nearest known year speaks, and a little more or less bandwidth
# changes nothing. Then comes a valley, where a few neighbours speak together. The hill is where crest and trough of the
# eleven-year wave blur. Beyond it lies a second, shallow valley: whole waves averaged away.
#
# Sixty bandwidths were tried to draw that curve. A curve with a slope can be descended instead, and that is what the rest of
# this course does with every number that a model has.
#
# A bandwidth must stay positive, so descend on its logarithm: a step then changes h by a percentage. Each round is
#
# $$\log h \leftarrow \log h - \eta \, \frac{\partial E}{\partial \log h}$$
#
# with $E$ the leave-one-out error and $\eta$ the rate.

# %% demo
lesson.predict("start_at_ten")

# %% [markdown]
# ### Exercise 3.6 · The bandwidth learns
#
# Difficulty 3 of 3 · 10 minutes · the check proves that your descent takes the same steps as one whose derivative was
# worked out by hand.
#
# `log_h` collects gradients. In every round compute the error at `log_h.exp()`, its slope by autograd, and the next
# `log_h`, which must collect gradients again. Return the last bandwidth as a number. No optimiser is needed: five lines
# do it.


# %% exercise
def fit_bandwidth(keys, values, start, rate, steps):
    """Return the bandwidth after `steps` rounds of log h ← log h − rate · ∂E/∂log h, begun at h = start.

    A float. With steps=0 the result is `start`. E is leave_one_out_error. On a straight line near keys
    predict best, so one step makes the bandwidth smaller.

    >>> line = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    >>> round(fit_bandwidth(line, line, start=1.0, rate=0.5, steps=1), 2)
    0.64
    """
    log_h = torch.tensor(math.log(start), dtype=keys.dtype, requires_grad=True)
    ### BEGIN SOLUTION
    for _ in range(steps):
        error = leave_one_out_error(keys, values, log_h.exp())
        (slope,) = torch.autograd.grad(error, log_h)
        log_h = (log_h - rate * slope).detach().requires_grad_()
    return log_h.exp().item()
    ### STUB
    # error, slope = ..., ...
    # raise NotImplementedError
    ### END SOLUTION


# %% check
fit_bandwidth = lesson.check(fit_bandwidth)

# %% [markdown]
# Now let it go, from five places on the curve. Squared errors are in the thousands and slopes in the hundreds, hence the
# small rate.

# %% train
for start in (0.2, 0.5, 3.0, 10.0, 30.0):
    learned = fit_bandwidth(keys, values, start, rate=0.001, steps=100)
    error = leave_one_out_error(keys, values, learned).item()
    print(f"from {start:4} years to {learned:5.2f}, error {error:4.0f}")
lesson.reveal("start_at_ten")

# %% [markdown]
# One method, three endings. From 0.5 and from 3 it finds 1.26 years. From 10 and from 30 it rests in the wrong valley. From
# 0.2 it does not move at all: where the curve is flat, the gradient has nothing to say.
#
# The same flat ground covers the full series. With all 309 years known, both neighbours of a year lie exactly one year away,
# and every bandwidth below 0.3 gives the same error.

# %% demo
from course_lib.data.series import sunspots

full = sunspots()
for h in (0.1, 0.2, 0.3):
    error = leave_one_out_error(full.times[:, None], full.values[:, None], h).item()
    print(f"h = {h}: error {error:.4f}")

# %% [markdown]
# That is why this lesson draws a random subset: its uneven gaps give the bandwidth something to do. Remember the flat
# ground. A softmax that is too sure passes no gradient, and lesson 04 meets it again.
#
# Was the choice any good? Open the 189 held-out years, once. A grid of seven bandwidths, picked by hand, competes with the
# learned one. Beside them stand three baselines that learn nothing: the mean of the known values, the nearest known year,
# and a straight line between neighbours.

# %% demo
import numpy as np

asked, truth = held_out.times[:, None], held_out.values[:, None]
learned = fit_bandwidth(keys, values, start=3.0, rate=0.001, steps=100)
for h in (0.5, 0.75, 1.0, learned, 1.5, 2.0, 3.0, 5.0):
    error = (nadaraya_watson(asked, keys, values, h) - truth).square().mean().sqrt().item()
    print(f"h = {h:4.2f}: typical error {error:4.1f} sunspots", "← learned" if h == learned else "")
line = torch.from_numpy(np.interp(asked[:, 0], keys[:, 0], values[:, 0]))[:, None]
nearest = nadaraya_watson(asked, keys, values, 1e-3)
for name, answer in (("mean", values.mean()), ("nearest year", nearest), ("straight line", line)):
    print(f"{name:13}: {(answer - truth).square().mean().sqrt().item():4.1f}")

# %% [markdown]
# Descent did as well as the grid's best entry, without anyone picking a grid, and without a look at the held-out
# years. It beats the mean by far and the nearest year by a little. It **loses to a straight line** between neighbours: a
# weighted mean flattens every crest and every trough, and at the rim of a gap it leans to the side with more keys.
#
# How much of 1.26 is luck of the draw? Draw twenty other subsets of 120 years and learn again.

# %% train
found = []
for seed in range(100, 120):
    other, _ = sunspot_split(seed=seed)
    found.append(
        fit_bandwidth(other.times[:, None], other.values[:, None], 2.0, rate=0.001, steps=60)
    )
found.sort()
print(
    f"lowest {found[0]:.1f}, median {(found[9] + found[10]) / 2:.1f}, highest {found[-1]:.1f} years"
)

# %% [markdown]
# The bandwidth belongs to the sample as much as to the sun. One number learned from 120 points is a measurement with an
# error of its own: quote it with its spread.

# %% [markdown]
# ## 5 · Weeks that were never measured
#
# At Mauna Loa, Hawaii, CO₂ in the air has been measured since 1958. The series that ships with statsmodels has 2,284
# weeks, of which 59 are missing. A gap is a query, and the measured weeks are keys. By hand: in the
# series 1, ?, 3 the gap lies one step from both neighbours, so it becomes their mean, 2.

# %% [markdown]
# ### Exercise 3.7 · Weeks that were never measured
#
# Difficulty 2 of 3 · 7 minutes · the check proves that gaps are filled from measured weeks alone, and what was measured
# stays.
#
# A gap is NaN, *not a number*, and NaN spreads: 0 · NaN is NaN. So gaps must be neither keys nor values. NaN is not even
# equal to itself; `series.isnan()` finds it. Return a new tensor and leave `series` as it was.


# %% exercise
def fill_gaps(series, bandwidth):
    """Return a copy of `series`, shape (N,), with every NaN answered by nadaraya_watson from the known steps.

    >>> fill_gaps(torch.tensor([1.0, torch.nan, 3.0]), bandwidth=1.0)
    tensor([1., 2., 3.])
    """
    times = torch.arange(len(series), dtype=series.dtype, device=series.device)[:, None]
    ### BEGIN SOLUTION
    gap = series.isnan()
    filled = series.clone()
    answers = nadaraya_watson(times[gap], times[~gap], series[~gap][:, None], bandwidth)
    filled[gap] = answers[:, 0]
    return filled
    ### STUB
    # gap = ...
    # raise NotImplementedError
    ### END SOLUTION


# %% check
fill_gaps = lesson.check(fill_gaps)

# %% [markdown]
# The bandwidth learns again, this time from the first ten years: a table of all 2,225 measured weeks against each other
# would have five million entries, in every step. That cost, quadratic in the number of keys, will follow us through the
# course.

# %% train
from course_lib.data.series import co2

weeks, ppm = co2()
early = ~ppm[:520].isnan()
weeks_known, ppm_known = weeks[:520][early][:, None], ppm[:520][early][:, None]
width = fit_bandwidth(weeks_known, ppm_known, start=2.0, rate=5.0, steps=40)
filled = fill_gaps(ppm, width)
print(
    f"learned bandwidth {width:.1f} weeks; gaps before {int(ppm.isnan().sum())}, after {int(filled.isnan().sum())}"
)

# %% demo
window = slice(297, 331)
wider = fill_gaps(ppm, 6.0)
missing = ppm[window].isnan()
fillings = {f"filled, h = {width:.1f}": filled[window], "filled, h = 6": wider[window]}
show(
    lines(
        weeks[window],
        {name: one.where(missing, torch.nan) for name, one in fillings.items()},
        "A gap of 18 weeks",
        xlabel="weeks since March 1958",
        ylabel="CO₂ in parts per million",
        points=(weeks[window], ppm[window]),
        shade=[(week - 0.5, week + 0.5) for week in weeks[window][missing].tolist()],
        legend="below",
    ),
    alt="Weekly CO₂ around a shaded gap of 18 weeks in 1964, from 319.8 before it to 322 after, and one of two weeks behind it. With the learned bandwidth the gap "
    "is filled by two flat steps at those values. With a bandwidth of six weeks the filling is a smooth curve, but it starts "
    "more than 1 ppm below the last measured week.",
)

# %% [markdown]
# In the long gap the learned bandwidth makes a step; leave-one-out tested gaps of a single week, so it learned what serves
# single weeks. A bandwidth of six is smooth, but it hears so much of the slope on either side that it misses its own
# neighbours. **A bandwidth suits the questions that the test asked.** To be fair, hide 59 other weeks, which we know.

# %% demo
generator = torch.Generator().manual_seed(0)
measured = torch.nonzero(~ppm.isnan()).squeeze(-1)
hidden = measured[torch.randperm(len(measured), generator=generator)[:59]]
holed = ppm.clone()
holed[hidden] = torch.nan
there = ~holed.isnan()
line = torch.from_numpy(np.interp(weeks, weeks[there], holed[there]))
for name, answer in (
    ("soft lookup", fill_gaps(holed, width)),
    ("straight line", line),
    ("mean", holed.nanmean()),
):
    error = (answer - ppm)[hidden].square().mean().sqrt().item()
    print(f"{name:13}: typical error {error:.1f} ppm")

# %% [markdown]
# For single weeks the soft lookup and the straight line are equally good, and both are far from the mean. Little is left
# to gain: the error is below what usually lies between one week and the next.

# %% [markdown]
# ## 6 · The kernel is a dot product
#
# So far near keys won by distance. From lesson 04 on, keys win by dot product. The two are one step apart. Multiply out
# the square:
#
# $$-\frac{\lVert q - k \rVert^2}{2h^2} = \frac{q \cdot k}{h^2} - \frac{\lVert k \rVert^2}{2h^2} - \frac{\lVert q \rVert^2}{2h^2}$$
#
# The last term is the same for every key. A softmax does not feel a number that is added to all scores of a row, so it may
# go.
#
# By hand, h = 1 and q = (1, 1). The keys (1, 0) and (0, 2) have dot products 1 and 2, and squared norms 1 and 4. The scores are
# 1 − ½ = 0.5 and 2 − 2 = 0. The dot product alone prefers the second key; the distance prefers the first: their squared
# distances are 1 and 2.

# %% [markdown]
# ### Exercise 3.8 · The kernel as a dot product
#
# Difficulty 2 of 3 · 8 minutes · the check proves that a dot product and one term for each key give exactly the Gaussian
# weights.
#
# Return the first two terms and drop the third. Compute no differences between queries and keys: one matrix product and
# one row of norms are enough. That is also why it is fast.


# %% exercise
def dot_product_scores(queries, keys, bandwidth):
    """Return q·k / h² − ‖k‖² / 2h² for every query and key, shape (…, T, S).

    >>> dot_product_scores(torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 0.0], [0.0, 2.0]]), 1.0)
    tensor([[0.5000, 0.0000]])
    """
    ### BEGIN SOLUTION
    half_norms = keys.square().sum(-1).unsqueeze(-2) / 2  # (…, 1, S)
    return (queries @ keys.transpose(-2, -1) - half_norms) / bandwidth**2
    ### STUB
    # half_norms = ...  # (…, 1, S): one number for each key
    # raise NotImplementedError
    ### END SOLUTION


# %% check
dot_product_scores = lesson.check(dot_product_scores)

# %% [markdown]
# Attention goes one step further and drops the key's term as well. When does that change nothing?

# %% demo
lesson.predict("equal_norms")

# %% demo
query = torch.tensor([[1.0, 0.5]])
points = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-1.0, 0.0], [3.0, 2.0]])
unit = points / points.norm(dim=-1, keepdim=True)
for name, k in (("keys of norm 1", unit), ("keys as they are", points)):
    gaussian = gaussian_scores(query, k, 1.0).softmax(-1)[0]
    dots = (query @ k.T).softmax(-1)[0]
    print(f"{name}: largest difference between two weights {(gaussian - dots).abs().max():.2f}")
show(
    bars(
        gaussian,
        ["(1, 0)", "(0, 1)", "(1, 1)", "(−1, 0)", "(3, 2)"],
        "Five keys, one query at (1, 0.5)",
        ylabel="weight",
        beside=dots,
        names=("Gaussian", "dot product alone"),
    ),
    alt="Weights of five keys for the query (1, 0.5). Gaussian: 0.36, 0.22, 0.36, 0.05, and 0.02 for the far key (3, 2). Dot "
    "product alone: the long key (3, 2) takes 0.86 and the others share the rest.",
)
lesson.reveal("equal_norms")

# %% [markdown]
# Attention as transformers have it is `softmax(q·k / √d)`: a dot product with √d in the place of h², and **without** the
# term −‖k‖²/2h². So it equals a Gaussian lookup, of bandwidth h = √√d, only for keys of equal norm. For others it is something
# else, by design: a key can ask for attention by being long, from every query that points its way.
#
# One dial has had three names by now: the temperature τ of lesson 02, h² here, and √d in the next lesson. Each divides the scores before the softmax.
#
# **In a word.** A query meets keys, scores become weights, weights mix values. The dictionary is its sharp end, the plain mean
# its blunt end. What follows changes how scores are made, and above all where queries, keys and values come from. Here they
# were given; from lesson 05 on they are learned.

# %% [markdown]
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - turn a dictionary into a soft lookup, and say what query, key and value mean in both;
# - choose how far a lookup reaches, by leaving points out and by gradient descent, and see where descent fails;
# - write a Gaussian kernel as a dot product, and name the term that attention leaves out.
#
# To think about:
#
# 1. Near the first known year all keys lie on one side. Which way is the answer pulled there, and why does the same happen at
#    every crest?
# 2. Append one number to every query and every key, so that a plain dot product gives the scores of 3.8 at h = 1. Which
#    numbers?
# 3. A series with a gap of ten years: which test would choose a bandwidth for it?
# 4. Sunspots repeat after about eleven years. Which keys would make 1957 and 1968 near each other?

# %% [markdown]
# ### References
#
# - Nadaraya 1964, *On Estimating Regression*, Theory of Probability and Its Applications 9(1), pages 141–142.
# - Watson 1964, *Smooth Regression Analysis*, Sankhyā A 26, pages 359–372.
# - Hastie, Tibshirani and Friedman 2009, *The Elements of Statistical Learning*, second edition: §6.1 (one-dimensional kernel
#   smoothers), §6.2 (selecting the width of the kernel), §7.10 (cross-validation).
# - Vaswani et al. 2017, *Attention Is All You Need*: §3.2 (query, key, value), §3.2.1 (the dot product and its scale).
# - statsmodels documentation, `statsmodels.nonparametric.kernel_regression.KernelReg`: `reg_type="lc"`.
