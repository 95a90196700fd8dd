# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 06 · Soft and hard attention
#
# 80 minutes in two sittings · needs 02 Similarity, 03 Soft lookup and 04 Scaled dot-product attention · nine exercises, the first within
# five minutes.
#
# You will be able to
#
# - draw one place from a row of weights, and train the weights although a draw has no useful derivative;
# - compute the variance of that training signal exactly, and lower it with a baseline that does no harm;
# - choose between soft attention, the score function and Gumbel-softmax, and say what each costs.

# %% [markdown]
# ## 1 · Spread the weight, or choose one place
#
# So far a query looked at every key and mixed their values. That is **soft** attention. An eye does otherwise: it looks at
# one place, sharply, then at another. That is **hard** attention: one place is chosen, and nothing else is computed. Xu et
# al. 2015 trained both to describe pictures (§4.1 hard, §4.2 soft).
#
# A side road: nothing later is built on this lesson. In two sentences: a choice has no derivative, so one lets the reward of each draw weigh the gradient of its
# log-probability, and subtracts a baseline, since that signal is noisy; or one draws softly, by Gumbel noise, and pays with a bias. Soft attention needs neither.
#
# Our picture is a canvas of 24 × 24 pixels: one whole digit, and five pieces of others as clutter. A window of 8 × 8 can lie at
# 5 × 5 places, so the weights of this lesson are rows of 25.

# %% setup
import torch
from course_lib import Lesson
from course_lib.data.digit_canvas import digit_canvases, digit_masks, glimpse_log
from course_lib.figures import bars, show
from course_lib.lessons.lesson_06_soft_and_hard_attention.glimpse import crops, thumbnail, windows

lesson = Lesson("06")

# %% given
from matplotlib.figure import Figure


def pictures(images):
    """Return a figure with named images side by side: paper white, ink black."""
    figure = Figure(figsize=(6, 2.2), layout="constrained")
    for axes, (name, image) in zip(figure.subplots(1, len(images)), images.items(), strict=True):
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(name, fontsize=9)
        axes.axis("off")
    return figure


def shares(canvases):
    """Return (B, 25): how much of each canvas's digit every window shows, 0 to 1."""
    digits = digit_masks(canvases.places).flatten(1).double()
    return digits @ windows().flatten(1).double().T / 64


# %% [markdown]
# Suppose the weights know where the digit is: half of the total lies on its window, the other half is spread over the 24
# others. Soft attention returns the mean of all windows in these proportions. Hard attention draws one window and
# returns that.

# %% demo
canvas = digit_canvases(1, seed=0)
views = crops(canvas.images)[0]
row, column = (canvas.places[0] // 4).tolist()
weights = torch.full((25,), 0.5 / 24)
weights[5 * row + column] = 0.5
soft, hard = (weights @ views).view(8, 8), views[5 * row + column].view(8, 8)
show(
    pictures(
        {"the canvas": canvas.images[0], "soft: a mean of 25": soft, "hard: one window": hard}
    ),
    alt="Three pictures: a canvas with a small 2 at the upper right among pieces of other digits; its "
    "soft view, the same 2 in grey under a haze; its hard view, the 2 alone, sharp and black.",
)

# %% [markdown]
# The soft view is paler and hazy: clutter leaks in. It also needed all 25 windows. The hard view is sharp and needed one.
# Then why is almost all attention in use soft? Because of how it learns, which is what this lesson is about.
#
# First the draw. Lay the weights end to end on the line from 0 to 1. For the weights 1/4, 1/2, 1/4 the stretches end at
# 0.25, 0.75 and 1. A uniform random number falls on each stretch as often as the stretch is long: 0.1 means place 0, 0.7
# place 1, 0.8 place 2.

# %% [markdown]
# ### Exercise 6.1 · Draw a place
#
# Difficulty 2 of 3 · 6 minutes · the check proves that each row draws its own place, as often as its weight says.
#
# The noise is given, so equal noise gives equal places. It is 0 or more and less than 1: a stretch holds its left end, not
# its right. One trap: rounding may leave the last sum a hair below 1, and noise above it. The last place is meant then.


# %% exercise
def draw_places(weights, noise):
    """Return one place a row: weights (B, N), noise (B,), result (B,) of whole numbers.

    >>> weights = torch.tensor([[0.25, 0.5, 0.25], [0.25, 0.5, 0.25]])
    >>> draw_places(weights, torch.tensor([0.1, 0.7]))
    tensor([0, 1])
    """
    ### BEGIN SOLUTION
    passed = weights.cumsum(dim=-1) <= noise[:, None]
    return passed.sum(dim=-1).clamp(max=weights.shape[-1] - 1)
    ### END SOLUTION


# %% check
draw_places = lesson.check(draw_places)

# %% demo
generator = torch.Generator().manual_seed(0)
rows = torch.tensor([[0.25, 0.5, 0.25]]).expand(10_000, 3)
places = draw_places(rows, torch.rand(10_000, generator=generator))
print(
    "how often each place was drawn:",
    [round(share.item(), 2) for share in places.bincount() / 10_000],
)

# %% [markdown]
# A quarter, a half, a quarter. Now a model has scores, a softmax makes
# weights of them, and place 7 is drawn. Its window brings a reward. How should the scores change?

# %% demo
lesson.predict("through_a_choice")

# %% demo
scores = torch.tensor([[0.0, 1.0, 0.0]], requires_grad=True)
with torch.no_grad():
    for moved in (0.0, 0.001, 0.1, 2.0):
        shifted = scores + torch.tensor([moved, 0.0, 0.0])
        place = draw_places(shifted.softmax(-1), torch.tensor([0.5])).item()
        print(f"first score {moved:5.3f}: place {place}")
lesson.reveal("through_a_choice")

# %% [markdown]
# ## 2 · A gradient for a choice
#
# The draw has no useful derivative, but its *probability* has one. Write $w$ for the softmax of the scores $s$, and
# $R_a$ for the reward that place $a$ brings. What should grow is the expected reward, a sum over all places:
#
# $$\mathbb{E}[R] = \sum_a w_a R_a \qquad \nabla \mathbb{E}[R] = \sum_a \nabla w_a\, R_a = \sum_a w_a\,R_a\,\nabla \log w_a$$
#
# The last step uses $\nabla \log w = \nabla w / w$. Now it is an expectation again: draw a place, and
# $R_a \nabla \log w_a$ is right on average. This is the **score function** estimate, or REINFORCE (Williams 1992).

# %% [markdown]
# By hand: two places with equal scores, so w = (0.5, 0.5). The derivative of log w₀ by the scores is onehot(0) − w =
# (0.5, −0.5). Place 0 is drawn and brings 3, so the estimate is (1.5, −1.5): do that more often.
#
# As a loss for an optimiser, which goes *down*: −3 · log 0.5 = 2.08. Its gradient is (−1.5, 1.5), and a step against it
# raises the first score.
#
# ### Exercise 6.2 · A loss for choices
#
# Difficulty 2 of 3 · 8 minutes · the check proves that your loss has the score-function gradient, and the rewards get
# none.
#
# Places and rewards are given. The value of this loss means little; its gradient is what counts. A reward is a fact: even
# when it comes out of a network, this loss must not send a gradient into it.


# %% exercise
def score_function_loss(scores, places, rewards):
    """Return −mean(reward · log w[place]), w the softmax of scores (B, N); places, rewards (B,).

    Two equal scores, place 0 chosen, reward 3: the loss is 3 log 2 = 2.08.

    >>> score_function_loss(torch.zeros(1, 2), torch.tensor([0]), torch.tensor([3.0]))
    tensor(2.0794)
    """
    ### BEGIN SOLUTION
    log_weights = scores.log_softmax(dim=-1)
    chosen = log_weights.gather(-1, places[:, None]).squeeze(-1)
    return -(rewards.detach() * chosen).mean()
    ### END SOLUTION


# %% check
score_function_loss = lesson.check(score_function_loss)

# %% [markdown]
# How would we know that it is right on average? With three places, or 25, every choice can be tried: the expectation is a
# sum, and the truth can be written down. Take the softmax Jacobian of lesson 04, diag(w) − wwᵀ, times the rewards:
#
# $$\frac{\partial\, \mathbb{E}[R]}{\partial s_i} = w_i \Bigl(R_i - \sum_j w_j R_j\Bigr)$$
#
# A place gains by as much as it beats the average. For w = (0.5, 0.5) and rewards 10 and 11 the mean is 10.5, and the
# gradient is (−0.25, 0.25).
#
# ### Exercise 6.3 · The truth, by enumeration
#
# Difficulty 2 of 3 · 6 minutes · the check proves that your gradient is the score-function estimate averaged over every
# choice.


# %% exercise
def expected_gradient(weights, rewards):
    """Return ∂E[R]/∂scores; weights and rewards (…, N) of every place, result (…, N).

    >>> expected_gradient(torch.tensor([0.5, 0.5]), torch.tensor([10.0, 11.0]))
    tensor([-0.2500,  0.2500])
    """
    ### BEGIN SOLUTION
    mean = (weights * rewards).sum(dim=-1, keepdim=True)
    return weights * (rewards - mean)
    ### END SOLUTION


# %% check
expected_gradient = lesson.check(expected_gradient)

# %% [markdown]
# Now hold the loss against the truth: draw many places, let autograd differentiate your loss, and compare. (Minus, since
# a loss points the other way.) Every draw is one row of a large batch.

# %% demo
scores = torch.tensor([0.5, 0.0, -0.5], dtype=torch.float64, requires_grad=True)
table = torch.tensor([1.0, 0.0, 2.0], dtype=torch.float64)
noise = torch.rand(200_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
many = scores.expand(200_000, 3)
places = draw_places(many.softmax(-1).detach(), noise)
(slope,) = torch.autograd.grad(score_function_loss(many, places, table[places]), scores)
exact = expected_gradient(scores.detach().softmax(-1), table)
print("exact:                   ", [round(number, 2) for number in exact.tolist()])
print("200,000 draws within 0.01:", torch.allclose(-slope, exact, atol=0.01))

# %% [markdown]
# ## 3 · The noise in the estimate, and how to lower it
#
# *The second sitting begins here: about 55 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# Right on average can still be useless. Rewards 10 and 11, w = (0.5, 0.5). Drawing place 0 gives 10 · (0.5, −0.5) = (5, −5).
# Drawing place 1 gives 11 · (−0.5, 0.5) = (−5.5, 5.5). The mean is (−0.25, 0.25), as it must be, but each single estimate is
# twenty times longer, and every other one points the wrong way.
#
# Take 10.5 off both rewards. Now place 0 gives −0.5 · (0.5, −0.5) = (−0.25, 0.25), and place 1 gives 0.5 · (−0.5, 0.5) = (−0.25,
# 0.25). Same mean; no noise at all.

# %% [markdown]
# The number that is taken off is a **baseline** $b$. It does no harm as long as it does not depend on the place drawn:
# $\sum_a w_a\, b\,(\text{onehot}(a) - w) = b\,(w - w) = 0$.
#
# How noisy is an estimate? Sum the variances of its entries. With $g(a) = (R_a - b)(\text{onehot}(a) - w)$:
#
# $$\operatorname{Var} = \mathbb{E}\,\lVert g \rVert^2 - \lVert \mathbb{E}\, g \rVert^2$$
#
# There are N possible estimates, one for each place, so both expectations are sums.
#
# ### Exercise 6.4 · How noisy the estimate is
#
# Difficulty 3 of 3 · 10 minutes · the check proves that you know the estimate's variance exactly, with any baseline.
#
# The example by hand: E‖g‖² = (50 + 60.5) / 2 = 55.25, and ‖E g‖² = 0.125.


# %% exercise
def estimator_variance(weights, rewards, baseline=0.0):
    """Return the summed variance of (R − b)(onehot − w); weights, rewards (N,), one number back.

    >>> weights, rewards = torch.tensor([0.5, 0.5]), torch.tensor([10.0, 11.0])
    >>> estimator_variance(weights, rewards), estimator_variance(weights, rewards, 10.5)
    (tensor(55.1250), tensor(0.))
    """
    ### BEGIN SOLUTION
    choices = torch.eye(len(weights), dtype=weights.dtype, device=weights.device)
    estimates = (rewards - baseline)[:, None] * (choices - weights)
    mean = weights @ estimates
    return weights @ (estimates - mean).square().sum(dim=-1)
    ### END SOLUTION


# %% check
estimator_variance = lesson.check(estimator_variance)

# %% demo
lesson.predict("add_a_hundred")

# %% [markdown]
# Now on the canvas. All 25 places are equally likely. The reward is minus the share of the digit that the window misses: 0 for
# the right window, −1 for one that shows nothing of it. A loss of that kind is what training usually offers. We print
# variances as exact sums, then measure them on 20,000 draws.

# %% demo
rewards, even = shares(canvas)[0] - 1, torch.full((25,), 1 / 25, dtype=torch.float64)
mean = (even @ rewards).item()
draws = torch.rand(20_000, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
places = draw_places(even.expand(20_000, 25), draws)
for name, baseline in (("no baseline", 0.0), ("the mean reward", mean)):
    estimates = (rewards[places] - baseline)[:, None] * (torch.eye(25)[places] - even)
    measured, exact = estimates.var(dim=0).sum(), estimator_variance(even, rewards, baseline)
    print(f"{name:15}: exact {exact:.3f}, measured {measured:.2f}")
ratio = estimator_variance(even, rewards) / estimator_variance(even, rewards, mean)
print(f"the baseline divides the variance by {ratio:.0f}")
lesson.reveal("add_a_hundred")

# %% [markdown]
# Where does a baseline come from when the mean reward is not known? Draw several places for the same image, and let each try
# be judged by the others. That costs no model (Kool et al. 2019). For tries that brought 1, 2 and 6, the others of the
# first have the mean 4, those of the second 3.5, those of the third 1.5.
#
# Why leave the own reward out?

# %% demo
lesson.predict("own_reward")

# %% [markdown]
# ### Exercise 6.5 · The others as a baseline
#
# Difficulty 1 of 3 · 5 minutes · the check proves that no baseline knows the reward that it is taken off.


# %% exercise
def others_mean(rewards):
    """Return (B, K): for each of K tries on an image, the mean reward of the other K − 1.

    Rewards may be whole numbers, 1 for right and 0 for wrong, say; their means are fractions.

    >>> others_mean(torch.tensor([[1.0, 2.0, 6.0]]))
    tensor([[4.0000, 3.5000, 1.5000]])
    """
    ### BEGIN SOLUTION
    total = rewards.sum(dim=-1, keepdim=True)
    return (total - rewards) / (rewards.shape[-1] - 1)
    ### END SOLUTION


# %% check
others_mean = lesson.check(others_mean)

# %% [markdown]
# The test is exact again. Three places and four tries make 3⁴ = 81 possible outcomes. Average the estimate over all of
# them, each weighed by its probability, once with the others' mean and once with the mean of all four:

# %% demo
w = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
outcomes = torch.cartesian_prod(*[torch.arange(3)] * 4)
chances = w[outcomes].prod(dim=1)
directions, brought = torch.eye(3, dtype=torch.float64)[outcomes] - w, table[outcomes]
for name, baseline in (
    ("others'", others_mean(brought)),
    ("all four", brought.mean(1, keepdim=True)),
):
    average = chances @ ((brought - baseline)[..., None] * directions).mean(dim=1)
    share = (average / expected_gradient(w, table)).mean()
    print(f"baseline: mean of {name:8}: {share:.2f} of the exact gradient")
lesson.reveal("own_reward")

# %% [markdown]
# With one try per image, a small model can learn the baseline: it predicts the reward *before* the place is drawn. Then two
# things learn from one loss, and each must leave the other alone:
#
# $$\text{loss} = -\operatorname{mean}\bigl((R - b)\,\log w[\text{place}]\bigr) + \operatorname{mean}\bigl((R - b)^2\bigr)$$
#
# In the first part $R - b$ is a given number. In the second $R$ is.
#
# ### Exercise 6.6 · A baseline that learns
#
# Difficulty 2 of 3 · 8 minutes · the check proves that choices learn from R − b, and b from its own error alone.
#
# By hand: two equal scores, place 0 brought 3, the baseline said 2. The loss is 1 · log 2 + 1² = 1.69. The gradient for the
# baseline is −2, all of it from the second part.


# %% exercise
def reinforce_loss(scores, places, rewards, baseline):
    """Return the loss above, one number; scores (B, N), places, rewards and baseline (B,).

    Two equal scores, place 0 chosen, reward 3, baseline 2: the loss is log 2 + 1 = 1.69.

    >>> place, reward, baseline = torch.tensor([0]), torch.tensor([3.0]), torch.tensor([2.0])
    >>> reinforce_loss(torch.zeros(1, 2), place, reward, baseline)
    tensor(1.6931)
    """
    ### BEGIN SOLUTION
    policy = score_function_loss(scores, places, rewards - baseline)
    return policy + (rewards.detach() - baseline).square().mean()
    ### END SOLUTION


# %% check
reinforce_loss = lesson.check(reinforce_loss)

# %% [markdown]
# **Explain.** What would the baseline do if `R − b` were not detached in the first part? (log w is negative. Look at which
# way −(R − b) log w falls as b moves, and where the second part stops it.)

# %% [markdown]
# ## 4 · A choice, softened
#
# There is another way round the missing derivative: put the randomness *beside* the scores. Draw for every place a number
# $g_i = -\log(-\log u_i)$ with $u_i$ uniform, and take the place with the largest $s_i + g_i$. It is place $i$ with probability
# $\text{softmax}(s)_i$, exactly. Such $g$ is called Gumbel noise.
#
# The largest is still a jump. Replace it by a softmax at temperature τ, and the jump becomes a slope (Jang et al. 2017;
# Maddison et al. 2017):
#
# $$y = \operatorname{softmax}\!\left(\frac{s + g}{\tau}\right)$$

# %% [markdown]
# By hand: two equal scores, Gumbel noise 0 and 1. At τ = 1 the result is softmax(0, 1) = (0.27, 0.73). At τ = 0.5 it is
# softmax(0, 2) = (0.12, 0.88): nearer to one place alone.

# %% demo
lesson.predict("cold_gumbel")

# %% [markdown]
# ### Exercise 6.7 · A choice, softened
#
# Difficulty 2 of 3 · 6 minutes · the check proves that your noise is Gumbel noise, added to the scores, and the
# temperature divides both.
#
# `noise` is uniform, between 0 and 1, with a number of its own for every score.


# %% exercise
def gumbel_softmax(scores, noise, temperature):
    """Return softmax((scores + g) / temperature), g = −log(−log noise); all of shape (…, N).

    Equal noise shifts both scores alike.

    >>> gumbel_softmax(torch.zeros(2), torch.tensor([0.5, 0.5]), 1.0)
    tensor([0.5000, 0.5000])
    """
    ### BEGIN SOLUTION
    gumbel = -torch.log(-torch.log(noise))
    return ((scores + gumbel) / temperature).softmax(dim=-1)
    ### END SOLUTION


# %% check
gumbel_softmax = lesson.check(gumbel_softmax)

# %% demo
scores = torch.tensor([1.0, 0.0, -1.0], dtype=torch.float64)
noise = torch.rand(50_000, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
warm, cold = (gumbel_softmax(scores.expand_as(noise), noise, t) for t in (1.0, 0.1))
show(
    bars(
        warm.argmax(-1).bincount() / 50_000,
        ["place 0", "place 1", "place 2"],
        "How often each place wins, beside the softmax",
        ylabel="share of 50,000 draws",
        beside=scores.softmax(-1),
        names=("drawn", "softmax"),
    ),
    alt="Pairs of bars for three places: drawn shares 0.66, 0.25 and 0.09, softmax weights 0.67, 0.24 and 0.09.",
)
print("same winners at τ = 1 and τ = 0.1:", torch.equal(warm.argmax(-1), cold.argmax(-1)))
for name, y in (("1.0", warm), ("0.1", cold)):
    print(f"τ = {name}: the winner takes {y.amax(-1).mean():.2f} on average")
lesson.reveal("cold_gumbel")

# %% [markdown]
# A soft choice still needs every window. To look at one alone, round it: forward, use a 1 at the largest weight and 0
# elsewhere; backward, pretend that the soft weights were used. That is the **straight-through** estimate (Bengio et al.
# 2013). In code it is one line, with a term that is 0 in value and 1 in gradient.
#
# ### Exercise 6.8 · Hard forward, soft backward
#
# Difficulty 2 of 3 · 6 minutes · the check proves that one place alone goes forward, and every weight gets its gradient.


# %% exercise
def straight_through(weights):
    """Return 1 at the largest weight of each row and 0 elsewhere, with the gradient of weights.

    Of equally large ones the first is chosen. A gradient arrives at weights unchanged.

    >>> straight_through(torch.tensor([0.2, 0.7, 0.1]))
    tensor([0., 1., 0.])
    """
    ### BEGIN SOLUTION
    best = weights.argmax(dim=-1, keepdim=True)
    hard = torch.zeros_like(weights).scatter(-1, best, 1.0)
    return hard + (weights - weights.detach())
    ### END SOLUTION


# %% check
straight_through = lesson.check(straight_through)

# %% [markdown]
# Its price is **bias**: the slope that goes back is not that of what went forward. Measure it: three places, and a
# reward that is not a weighted sum but a square, (c · y − 1)², where y is the chosen one-hot row. The truth comes from your
# enumeration.

# %% demo
scores = torch.tensor([0.5, 0.0, -0.5], dtype=torch.float64, requires_grad=True)
costs = torch.tensor([2.0, 0.0, 1.5], dtype=torch.float64)
exact = expected_gradient(scores.detach().softmax(-1), (costs - 1) ** 2)
print("exact:            ", [round(number, 2) for number in exact.tolist()])
for t in (1.0, 0.5):
    chosen = straight_through(gumbel_softmax(scores.expand_as(noise), noise, t))
    reward = (chosen @ costs - 1) ** 2
    (slope,) = torch.autograd.grad(reward.mean(), scores)
    print(f"straight, τ = {t}:", [round(number, 2) + 0.0 for number in slope.tolist()])

# %% [markdown]
# The estimate misses by far more than noise (50,000 draws), so no number of draws mends it. The score function had no such
# error. The other side: straight-through needs to know how the reward changes *with the view*, and uses that; it is often far
# less noisy. Which one wins must be measured.

# %% [markdown]
# ## 5 · Learning where to look
#
# A small network sees a thumbnail of 6 × 6 means and gives scores for the 25 places. Its reward is minus the share of the digit
# that the chosen window misses. Four ways to train it, same network, same steps, three seeds: the exact gradient (all 25 rewards
# known: the soft way), the score function bare, the score function with a learned baseline, straight-through.


# %% given
def surrogate(way, scores, worth, rewards, generator):
    """Return the loss of one way to train; rewards (B, 25) of all places are known here."""
    weights = scores.softmax(-1)
    if way == "exact":
        return -(weights * rewards).sum(-1).mean()
    if way == "straight-through":
        noise = torch.rand(scores.shape, generator=generator).clamp(1e-6, 1 - 1e-6)
        return -(straight_through(gumbel_softmax(scores, noise, 1.0)) * rewards).sum(-1).mean()
    places = draw_places(weights.detach(), torch.rand(len(scores), generator=generator))
    brought = rewards.gather(-1, places[:, None]).squeeze(-1)
    if way == "score function":
        return score_function_loss(scores, places, brought)
    return reinforce_loss(scores, places, brought, worth)


# %% [markdown]
# The loop is that of lesson 01: draw a batch, ask for scores, compute the loss, take a step. The network's 26th
# number is the baseline. At the end each network is judged on a thousand canvases with digits it has never seen, by its best window.

# %% given
from torch import nn


def learn(way, seed, canvases, rewards, steps):
    """Return a network that gives 25 scores and the reward it expects, trained one way."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = nn.Sequential(nn.Linear(36, 64), nn.ReLU(), nn.Linear(64, 26))
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    seen = thumbnail(canvases.images)
    for _ in range(steps):
        rows = torch.randint(len(seen), (64,), generator=generator)
        out = net(seen[rows])
        loss = surrogate(way, out[:, :25], out[:, 25], rewards[rows], generator)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net


# %% train tags=["nbval-ignore-output"]
from course_lib.training.scale import choose

steps = choose(tiny=20, small=400, full=4000)
train, test = digit_canvases(4000, seed=1), digit_canvases(1000, seed=2, split="test")
rewards, shown = (shares(part).float() - 1 for part in (train, test))
found = {}
for way in ("exact", "score function", "with a baseline", "straight-through"):
    nets = [learn(way, seed, train, rewards, steps) for seed in (0, 1, 2)]
    best = [net(thumbnail(test.images))[:, :25].argmax(-1) for net in nets]
    found[way] = share = torch.stack([1 + shown.gather(-1, b[:, None]).mean() for b in best])
    print(f"{way:17}: the window shows {share.mean():.2f} ± {share.std():.2f} of the digit")

# %% demo
ahead = (found["exact"].mean() - found["with a baseline"].mean()).item()
print("the exact gradient is ahead of the score function by 0.1 or more:", ahead > 0.1)

# %% [markdown]
# Measured at 400 steps: exact 0.58, straight-through 0.50, score function 0.40 with a baseline and 0.38 without; a window by
# chance shows 0.13. Soft learns fastest, since every place reports back at every step.
#
# And the baseline, which divided the variance by 17? Here it changes almost nothing. Two likely reasons: a batch of 64 averages
# much of the noise away, and the optimiser divides each step by its usual size. A result on paper is no result in training:
# measure both.

# %% [markdown]
# ### Recorded: five glimpses
#
# Finding the digit is half of it: the model should also *name* it, and look again when it is not sure. That takes minutes to
# learn, so it was recorded. The model (Mnih et al. 2014, §3, made small) reads the thumbnail, chooses a window, updates its
# state, chooses again, five times. Choices learn from the loss of exercise 6.6; the reward is how sure of the right digit it
# is from then on.

# %% demo
lesson.predict("a_third_of_the_image")

# %% [markdown]
# The log holds accuracies on 2,000 canvases and twelve walks in full; `python bench/record_glimpses.py` makes it again.

# %% demo
log = glimpse_log()
average = {
    way: {key: torch.tensor([run[key] for run in runs]).mean(0) for key in ("accuracy", "seen")}
    for way, runs in log["results"].items()
}
for way in ("hard", "random", "soft"):
    last = {key: values[-1].item() for key, values in average[way].items()}
    print(f"{way:6}: {last['accuracy']:.0%} named right, {last['seen']:.0%} of the image looked at")
lesson.reveal("a_third_of_the_image")

# %% [markdown]
# The same numbers for every glimpse, against what they cost: how much of the image was looked at.

# %% demo
from course_lib.figures.style import COLOURS, house_style, new_figure

with house_style():
    figure, axes = new_figure()
    for way, marker, colour in zip(("hard", "random", "soft"), "os^", COLOURS, strict=False):
        seen, right = (100 * average[way][key] for key in ("seen", "accuracy"))
        if way == "soft":  # one look at everything: a point, and no way to it
            seen, right = seen[-1:], right[-1:]
        axes.plot(seen, right, marker=marker, color=colour, label=way)
    axes.set(title="Digits named right, glimpse by glimpse", ylabel="accuracy (%)")
    axes.set_xlabel("share of the image looked at (%)")
    axes.legend()
show(
    figure,
    alt="Accuracy against the share of the image looked at, a marker for each glimpse. Hard and random begin near 12 % "
    "at share 0. Hard climbs to 67 % with one glimpse, 11 % of the image, and ends at 83 % with 34 %. "
    "Random climbs evenly to 64 % with 43 %. Soft is a single point, 97 % at share 100 %.",
)

# %% [markdown]
# Three seeds each, same model, same steps. *Hard* chooses its windows, *random* gets them by chance, *soft* mixes all 25 at
# every step. With no glimpse at all, from the thumbnail alone, each is near the 10 % of guessing. After the first glimpse
# hard names 67 % and random 30 %; after five 83 % and 64 %. Soft names 97 % after one step, and reads every pixel for it. On
# a canvas this small that is the better bargain; hard attention pays when looking is dear.
#
# Now watch one model at work. Step with the arrow keys. When does the chance of the right digit jump? Find a canvas where the
# first window misses: what does the second do?

# %% demo
from course_lib.explore import glimpse_player

glimpse_player()

# %% [markdown]
# ## 6 · Attention over channels
#
# Weights need not lie on places. In a convolutional network each channel looks for something of its own, all over the image.
# Squeeze-and-excitation asks the image which channels it needs (Hu et al. 2018): **squeeze** each channel to its mean (§3.1),
# **excite** (§3.2): two small matrices and a sigmoid make a gate between 0 and 1 for every channel, and the gate multiplies it.
#
# $$x' = x \cdot \sigma\bigl(W_2 \,\operatorname{relu}(W_1\, \operatorname{mean}(x))\bigr)$$
#
# By hand: two channels with means 3 and 1, W₁ = (1, −1), W₂ = (1, −1)ᵀ. The bottleneck holds relu(3 − 1) = 2. The gates are σ(2) =
# 0.88 and σ(−2) = 0.12: the first channel passes, the second almost closes. Swap the means and the bottleneck holds relu(−2) = 0:
# both gates are σ(0) = 0.5.

# %% [markdown]
# ### Exercise 6.9 · Attention over channels
#
# Difficulty 2 of 3 · 6 minutes · the check proves that each image opens and closes its own channels by what it holds as
# a whole.


# %% exercise
def squeeze_excite(x, w1, w2):
    """Return x times its gates: x (B, C, H, W), w1 (R, C), w2 (C, R).

    Channels [[2, 4]] and [[0, 2]], w1 [[1, -1]], w2 [[1], [-1]]: the gates are 0.88 and 0.12.

    >>> x = torch.tensor([[[[2.0, 4.0]], [[0.0, 2.0]]]])
    >>> squeeze_excite(x, torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0], [-1.0]])).flatten()
    tensor([1.7616, 3.5232, 0.0000, 0.2384])
    """
    ### BEGIN SOLUTION
    squeezed = x.mean(dim=(2, 3))
    gates = torch.sigmoid(torch.relu(squeezed @ w1.T) @ w2.T)
    return x * gates[:, :, None, None]
    ### END SOLUTION


# %% check
squeeze_excite = lesson.check(squeeze_excite)

# %% [markdown]
# See it on a canvas with two channels: ink, and its opposite, paper, which fills most of the sheet. The matrices are those of
# the example, the first four times as strong. Before you run it: what happens when the larger mean comes second?

# %% demo
ink = canvas.images
for name, pair in (("ink first", (ink, 1 - ink)), ("paper first", (1 - ink, ink))):
    x = torch.stack(pair, dim=1)
    out = squeeze_excite(x, torch.tensor([[4.0, -4.0]]), torch.tensor([[1.0], [-1.0]]))
    gates = out.sum(dim=(2, 3)) / x.sum(dim=(2, 3))
    print(f"{name:11}: gates", [round(gate, 2) for gate in gates[0].tolist()])

# %% [markdown]
# **Explain.** These gates are soft attention without a softmax: no draw, an exact gradient, and no competition between
# channels. What would a *hard* version be, and which of today's estimators would train it?

# %% [markdown]
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - draw one place from a row of weights, and train the weights although a draw has no useful derivative;
# - compute the variance of that training signal exactly, and lower it with a baseline that does no harm;
# - choose between soft attention, the score function and Gumbel-softmax, and say what each costs.
#
# To think about:
#
# 1. Which baseline makes the variance in exercise 6.4 smallest? Is it the mean reward? (Set the derivative by b to 0.)
# 2. The score function works for rewards from a game whose rules you do not know. Does straight-through?
# 3. In `draw_places`, one number for the whole batch would still be right on average. What does it cost?
# 4. Soft attention at a low temperature looks at one place, almost. Why is that no replacement for hard attention?

# %% [markdown]
# ### References
#
# - Xu et al. 2015, *Show, Attend and Tell*: §4.1 (stochastic hard attention), §4.2 (deterministic soft attention).
# - Mnih et al. 2014, *Recurrent Models of Visual Attention*: §3 (the model and its training).
# - Williams 1992, *Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning*.
# - Kool et al. 2019, *Buy 4 REINFORCE Samples, Get a Baseline for Free!*
# - Jang et al. 2017, *Categorical Reparameterization with Gumbel-Softmax*: §2. Maddison et al. 2017, *The Concrete Distribution*.
# - Bengio et al. 2013, *Estimating or Propagating Gradients Through Stochastic Neurons for Conditional Computation*.
# - Hu et al. 2018, *Squeeze-and-Excitation Networks*: §3.1, §3.2.
