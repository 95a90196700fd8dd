"""Wrong answers that lesson 06 recognises, exercise by exercise."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer

# ---------------------------------------------------------------- 6.1


def _first_beyond(sums: Tensor, noise: Tensor) -> Tensor:
    return (sums <= noise[:, None]).sum(-1).clamp(max=sums.shape[-1] - 1)


def _one_draw(weights: Tensor, noise: Tensor) -> Tensor:
    return _first_beyond(weights.cumsum(-1), noise[:1].expand(len(weights)))


DRAW_PLACES = (
    WrongAnswer(
        id="most_likely",
        code=lambda w, u: w.argmax(-1),
        says="You always choose the place with the largest weight; the noise is not used.",
        why="A place with weight 0.3 must be chosen three times in ten. What is never tried is never learned about.",
    ),
    WrongAnswer(
        id="one_draw_for_all",
        code=_one_draw,
        says="One number, noise[0], chooses for the whole batch.",
        why="Rows then choose together, and the average of their estimates is nearly as noisy as a single one.",
    ),
    WrongAnswer(
        id="one_too_far",
        code=lambda w, u: (_first_beyond(w.cumsum(-1), u) + 1).clamp(max=w.shape[-1] - 1),
        says="You are one place too far.",
        why="The number of sums that the noise has passed is the place: none passed means place 0.",
    ),
    WrongAnswer(
        id="one_too_early",
        code=lambda w, u: (w.cumsum(-1) <= u[:, None]).sum(-1).sub(1).clamp(min=0),
        says="You are one place too early.",
        why="You stop at the last sum that the noise has passed. The place is the one after it, the first sum beyond the noise.",
    ),
    WrongAnswer(
        id="no_sums",
        code=lambda w, u: (w <= u[:, None]).sum(-1).clamp(max=w.shape[-1] - 1),
        says="You compare the noise with the weights themselves, not with their running sums.",
        why="Place 2 owns the stretch of the line that begins where those of places 0 and 1 end, so the weights must be added up.",
    ),
    WrongAnswer(
        id="sums_over_rows",
        code=lambda w, u: _first_beyond(w.cumsum(0), u),
        says="Your running sums go down the batch (axis 0), not along the places.",
        why="Each row has a line from 0 to 1 of its own. Places are the last axis.",
    ),
    WrongAnswer(
        id="uniform",
        code=lambda w, u: (u * w.shape[-1]).long(),
        says="You choose every place equally often; the weights are not used.",
        why="noise × N cuts the line into equal stretches. Place i must own a stretch as long as its weight.",
    ),
    WrongAnswer(
        id="other_end",
        code=lambda w, u: (w.cumsum(-1) > u[:, None]).sum(-1).clamp(max=w.shape[-1] - 1),
        says="You count the sums that lie beyond the noise.",
        why="Small noise then gives the last places. Count the sums that the noise has passed.",
    ),
    WrongAnswer(
        id="reaches_zero_weight",
        code=lambda w, u: (w.cumsum(-1) < u[:, None]).sum(-1).clamp(max=w.shape[-1] - 1),
        says="Noise of exactly 0 chooses place 0 even when its weight is 0.",
        why="Uniform noise can be 0 but not 1, so a stretch holds its left end and not its right: a sum equal to the noise has been passed.",
    ),
    WrongAnswer(
        id="past_the_end",
        code=lambda w, u: (w.cumsum(-1) <= u[:, None]).sum(-1),
        says="When rounding leaves the last sum a hair below 1, you choose place N, which does not exist.",
        why="Ten weights of 0.1 add up to 0.9999999999999999. Noise that large has passed every sum; the last place is meant.",
    ),
    WrongAnswer(
        id="back_to_the_first",
        code=lambda w, u: (w.cumsum(-1) > u[:, None]).long().argmax(-1),
        says="When rounding leaves the last sum a hair below 1, you choose place 0: argmax of a row without a True is 0.",
        why="Noise that has passed every sum lies at the end of the line, where the last place is.",
    ),
    WrongAnswer(
        id="one_hot",
        code=lambda w, u: torch.nn.functional.one_hot(
            _first_beyond(w.cumsum(-1), u), w.shape[-1]
        ).to(w.dtype),
        says="You return rows of zeros and a one, not the number of the place.",
        why="The next exercises use the place as an index, one whole number a row.",
    ),
)

# ---------------------------------------------------------------- 6.2


def _chosen(table: Tensor, places: Tensor) -> Tensor:
    return table.gather(-1, places[:, None]).squeeze(-1)


def _log_weights(scores: Tensor, places: Tensor) -> Tensor:
    return _chosen(scores.log_softmax(-1), places)


SCORE_FUNCTION_LOSS = (
    WrongAnswer(
        id="sign_flipped",
        code=lambda s, a, r: (r.detach() * _log_weights(s, a)).mean(),
        says="Your sign is flipped: an optimiser that lowers this loss lowers the reward.",
        why="Optimisers go downhill. The loss is minus what should grow.",
    ),
    WrongAnswer(
        id="no_log",
        code=lambda s, a, r: -(r.detach() * _chosen(s.softmax(-1), a)).mean(),
        says="You use the weight of the chosen place, not its logarithm.",
        why="A place is drawn as often as its weight says, which already multiplies by w; w times ∂log w is ∂w. Without the log the weight counts twice.",
    ),
    WrongAnswer(
        id="raw_scores",
        code=lambda s, a, r: -(r.detach() * _chosen(s, a)).mean(),
        says="You use the score of the chosen place, without the softmax.",
        why="Only scores that were chosen would move. Through the softmax the other places lose what the chosen one gains.",
    ),
    WrongAnswer(
        id="log_of_scores",
        code=lambda s, a, r: -(r.detach() * _chosen(s.log(), a)).mean(),
        says="You take the logarithm of the scores, not of their softmax.",
        why="Scores may be negative and have no logarithm; the probability of the place is its softmax weight.",
    ),
    WrongAnswer(
        id="rewards_not_detached",
        code=lambda s, a, r: -(r * _log_weights(s, a)).mean(),
        says="The value is right, but a gradient flows into the rewards: they are not detached.",
        why="A reward is a fact about the world here. If it comes out of a network, this loss would move that network to please the policy.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda s, a, r: -(r.detach() * _log_weights(s, a)).sum(),
        says="You add up the batch where its mean is due.",
        why="The step would grow with the size of the batch; a mean estimates the same expectation at any size.",
    ),
    WrongAnswer(
        id="every_pair",
        code=lambda s, a, r: -(r.detach()[:, None] * s.log_softmax(-1)[:, a]).mean(),
        says="log_weights[:, places] takes every row's weight at every row's place.",
        why="It makes a B × B table, whose mean mixes each reward with choices of other rows. Row i needs its own place alone: gather, or index with torch.arange.",
    ),
    WrongAnswer(
        id="all_places",
        code=lambda s, a, r: -(r.detach()[:, None] * s.log_softmax(-1)).mean(),
        says="You push every place up, not the chosen one.",
        why="The reward was brought by one place. The places that were not tried have earned nothing.",
    ),
    WrongAnswer(
        id="means_apart",
        code=lambda s, a, r: -r.detach().mean() * _log_weights(s, a).mean(),
        says="You multiply the mean reward by the mean logarithm.",
        why="Good and bad choices then count alike. It also happens unseen: (B,) times (B, 1) makes a B × B table of every reward with every choice; squeeze what gather returns.",
    ),
    WrongAnswer(
        id="policy_detached",
        code=lambda s, a, r: -(r.detach() * _log_weights(s, a).detach()).mean(),
        says="Your loss has the right value, but the scores get no gradient: you detached them too.",
        why="Rewards are given numbers; the scores are what learns.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda s, a, r: -(r.detach() * _chosen(s.log_softmax(0), a)).mean(),
        says="Your softmax runs down the batch, not along the places.",
        why="Each row shares a total of 1 among its own places, the last axis.",
    ),
    WrongAnswer(
        id="reward_of_likely_place",
        code=lambda s, a, r: -(r.detach() * s.log_softmax(-1).amax(-1)).mean(),
        says="You use the largest weight of each row, whichever place was chosen.",
        why="The reward belongs to the place that was drawn, and that is not always the likeliest.",
    ),
)

# ---------------------------------------------------------------- 6.3

EXPECTED_GRADIENT = (
    WrongAnswer(
        id="no_mean",
        code=lambda w, r: w * r,
        says="You leave out the mean: what a place brings counts only as far as it beats the average.",
        why="Weights sum to 1, so all scores together cannot matter: the gradient's entries must sum to 0. Rewards of 10 and 11 would push both scores up.",
    ),
    WrongAnswer(
        id="plain_mean",
        code=lambda w, r: w * (r - r.mean(-1, keepdim=True)),
        says="You take the plain mean of the rewards, not the one weighted by w.",
        why="The expected reward counts a place as often as it is chosen.",
    ),
    WrongAnswer(
        id="no_weight",
        code=lambda w, r: r - (w * r).sum(-1, keepdim=True),
        says="You leave out the factor w in front.",
        why="A place that is hardly ever chosen hardly changes the expectation, however good it is.",
    ),
    WrongAnswer(
        id="downhill",
        code=lambda w, r: w * ((w * r).sum(-1, keepdim=True) - r),
        says="Your sign is flipped: better places get negative entries.",
        why="This is the gradient of the expected reward itself, not of a loss. It points uphill.",
    ),
    WrongAnswer(
        id="expectation_itself",
        code=lambda w, r: (w * r).sum(-1),
        says="You return the expected reward, not its gradient.",
        why="The gradient says how the expectation moves with each of the N scores: N numbers.",
    ),
    WrongAnswer(
        id="by_the_weights",
        code=lambda w, r: r + 0 * w,
        says="You differentiate by the weights; the scores are due.",
        why="∂E[R]/∂wᵢ is Rᵢ. Behind it stands the softmax, whose Jacobian diag(w) − wwᵀ is the rest of the way.",
    ),
    WrongAnswer(
        id="diagonal_only",
        code=lambda w, r: w * (1 - w) * r,
        says="You use only the diagonal of the softmax Jacobian, w (1 − w).",
        why="A score also lowers the weights of all other places, by wᵢwⱼ each. Those terms belong to it.",
    ),
    WrongAnswer(
        id="mean_of_everything",
        code=lambda w, r: w * (r - (w * r).sum()),
        says="Your mean runs over the whole batch.",
        why="Each row has its own expected reward: sum along the last axis, and keep it for the subtraction.",
    ),
)

# ---------------------------------------------------------------- 6.4


def _estimates(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    return (r - b)[:, None] * (torch.eye(len(w), dtype=w.dtype) - w)


def _variance(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = _estimates(w, r, b)
    return w @ (g - w @ g).square().sum(-1)


def _unweighted(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = _estimates(w, r, b)
    return (g - g.mean(0)).square().sum(-1).mean()


def _weighted_about_plain_mean(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = _estimates(w, r, b)
    return w @ (g - g.mean(0)).square().sum(-1)


def _no_onehot_minus(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = (r - b)[:, None] * torch.eye(len(w), dtype=w.dtype)
    return w @ (g - w @ g).square().sum(-1)


def _baseline_on_mean(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = _estimates(w, r, b)
    return w @ g.square().sum(-1) - (w @ _estimates(w, r, 0.0) - b).square().sum()


def _summed_over_places(w: Tensor, r: Tensor, b: float | Tensor) -> Tensor:
    g = _estimates(w, r, b)
    return (g - w @ g).square().sum()


ESTIMATOR_VARIANCE = (
    WrongAnswer(
        id="summed_over_places",
        code=lambda w, r, b=0.0: _summed_over_places(w, r, b),
        says="You add up the squared deviations of all places without weighing them.",
        why="Place a comes up with probability w[a], so its deviation counts that much.",
    ),
    WrongAnswer(
        id="summed_about_plain_mean",
        code=lambda w, r, b=0.0: _unweighted(w, r, b) * len(w),
        says="Neither your mean nor your sum of squares weighs the places by w.",
        why="Places are drawn with probabilities w; every expectation over the draw uses them.",
    ),
    WrongAnswer(
        id="mean_square",
        code=lambda w, r, b=0.0: w @ _estimates(w, r, b).square().sum(-1),
        says="You return E‖g‖² and leave out − ‖E g‖².",
        why="Variance is the spread about the mean. An estimate that is always right has E‖g‖² above 0 and no variance.",
    ),
    WrongAnswer(
        id="unweighted",
        code=lambda w, r, b=0.0: _unweighted(w, r, b),
        says="You count every place equally; places are drawn with probabilities w.",
        why="An expectation over a choice weighs each outcome by its probability, in the mean and in the spread.",
    ),
    WrongAnswer(
        id="about_plain_mean",
        code=lambda w, r, b=0.0: _weighted_about_plain_mean(w, r, b),
        says="You measure the spread about the plain mean of the estimates, not about their expectation.",
        why="E g weighs each estimate by w. About any other point the spread comes out larger.",
    ),
    WrongAnswer(
        id="baseline_forgotten",
        code=lambda w, r, b=0.0: _variance(w, r, 0.0 * b),
        says="The baseline is not used.",
        why="Each estimate is (R − b) times the same direction; b is what makes the estimates smaller.",
    ),
    WrongAnswer(
        id="baseline_added",
        code=lambda w, r, b=0.0: _variance(w, r, -b),
        says="You add the baseline where it is taken off.",
        why="Only R − b is small when b is near R; R + b makes every estimate larger.",
    ),
    WrongAnswer(
        id="no_pull_down",
        code=lambda w, r, b=0.0: _no_onehot_minus(w, r, b),
        says="Your estimates are (R − b) · onehot; − w is missing.",
        why="∂log w[a]/∂s is onehot(a) − w: the chosen place goes up, and every place goes down by its weight.",
    ),
    WrongAnswer(
        id="deviation",
        code=lambda w, r, b=0.0: _variance(w, r, b).sqrt(),
        says="You return the standard deviation; the variance is its square.",
        why="The mean of K independent tries has 1/K of the variance of one. Deviations do not divide like that.",
    ),
    WrongAnswer(
        id="mean_over_entries",
        code=lambda w, r, b=0.0: _variance(w, r, b) / len(w),
        says="You average over the N entries of the gradient; their sum is due.",
        why="‖g‖² is a sum of squares. A mean would shrink with the number of places.",
    ),
    WrongAnswer(
        id="variance_of_rewards",
        code=lambda w, r, b=0.0: w @ (r - w @ r).square(),
        says="You return the variance of the rewards, not of the gradient's estimate.",
        why="A constant added to all rewards leaves their variance alone, yet makes every estimate longer.",
    ),
)

# ---------------------------------------------------------------- 6.5

OTHERS_MEAN = (
    WrongAnswer(
        id="own_reward_included",
        code=lambda r: r.mean(-1, keepdim=True).expand_as(r),
        says="Your baseline contains the try's own reward, so it depends on the chosen place.",
        why="Part of each reward is then taken off itself: the expected gradient shrinks to (K − 1)/K of the right one.",
    ),
    WrongAnswer(
        id="divided_by_k",
        code=lambda r: (r.sum(-1, keepdim=True) - r) / r.shape[-1],
        says="You divide by K, but only K − 1 others are added up.",
        why="With equal rewards of 6 the others' mean is 6; yours would be less.",
    ),
    WrongAnswer(
        id="sum_of_others",
        code=lambda r: r.sum(-1, keepdim=True) - r,
        says="You return the sum of the others, not their mean.",
        why="A baseline is on the scale of one reward.",
    ),
    WrongAnswer(
        id="other_images",
        code=lambda r: (r.sum(0, keepdim=True) - r) / max(len(r) - 1, 1),
        says="Your mean runs over the other images (axis 0), not over the other tries on the same image.",
        why="It is no wrong gradient, but another image says little about how hard this one is. The tries are the last axis.",
    ),
    WrongAnswer(
        id="advantage",
        code=lambda r: r - (r.sum(-1, keepdim=True) - r) / (r.shape[-1] - 1),
        says="You return reward minus baseline; the baseline alone is due.",
        why="The loss of the next exercise takes the baseline off itself.",
    ),
    WrongAnswer(
        id="whole_table",
        code=lambda r: (r.sum() - r) / (r.numel() - 1),
        says="Your mean runs over the whole table.",
        why="The other tries on the same image are what to compare with: keep the rows apart.",
    ),
    WrongAnswer(
        id="whole_total",
        code=lambda r: (r.sum() - r) / (r.shape[-1] - 1),
        says="You add up the whole table, not each image's tries alone.",
        why="Sum along the last axis and keep it as a column, so that each row has a total of its own.",
    ),
    WrongAnswer(
        id="neighbour",
        code=lambda r: r.roll(1, -1),
        says="Your baseline is one other try, not the mean of all others.",
        why="It depends on no choice of its own, so the gradient is right on average, but one reward is noisier than a mean.",
    ),
    WrongAnswer(
        id="column",
        code=lambda r: r.mean(-1, keepdim=True),
        says="You return one mean for each image, the try's own reward among them.",
        why="Every try needs a baseline of its own: the mean of the others differs from try to try.",
    ),
)

# ---------------------------------------------------------------- 6.6


def _policy(s: Tensor, a: Tensor, advantage: Tensor) -> Tensor:
    return -(advantage * _log_weights(s, a)).mean()


REINFORCE_LOSS = (
    WrongAnswer(
        id="no_detach",
        code=lambda s, a, r, b: _policy(s, a, r.detach() - b) + (r.detach() - b).square().mean(),
        says="The value is right, but the first part sends a gradient into the baseline: detach R − b there.",
        why="The first part falls without bound as b grows, so b would settle above R. It should learn from its own error alone.",
    ),
    WrongAnswer(
        id="all_detached",
        code=lambda s, a, r, b: _policy(s, a, (r - b).detach()) + (r - b).detach().square().mean(),
        says="The baseline is detached in both parts, so it never learns.",
        why="The second part is there to teach it. Only the first takes it as given.",
    ),
    WrongAnswer(
        id="no_baseline_error",
        code=lambda s, a, r, b: _policy(s, a, (r - b).detach()),
        says="The second part is missing: mean((R − b)²).",
        why="Without it nothing moves the baseline towards the rewards.",
    ),
    WrongAnswer(
        id="baseline_unused",
        code=lambda s, a, r, b: _policy(s, a, r.detach()) + (r.detach() - b).square().mean(),
        says="Your first part uses the rewards alone; the baseline is learned and never used.",
        why="Its purpose is to make the factor in front of log w small.",
    ),
    WrongAnswer(
        id="baseline_added",
        code=lambda s, a, r, b: _policy(s, a, (r + b).detach()) + (r.detach() - b).square().mean(),
        says="Your first part adds the baseline where it is taken off.",
        why="The average is still right, but R + b is larger than R, and so is the variance.",
    ),
    WrongAnswer(
        id="sign_flipped",
        code=lambda s, a, r, b: -_policy(s, a, (r - b).detach()) + (r.detach() - b).square().mean(),
        says="The sign of the first part is flipped: lowering this loss lowers the reward.",
        why="Optimisers go downhill. What should grow enters with a minus.",
    ),
    WrongAnswer(
        id="error_subtracted",
        code=lambda s, a, r, b: _policy(s, a, (r - b).detach()) - (r.detach() - b).square().mean(),
        says="You subtract the baseline's error, so training makes it larger.",
        why="The error is to be lowered: it enters the loss with a plus.",
    ),
    WrongAnswer(
        id="rewards_not_detached",
        code=lambda s, a, r, b: _policy(s, a, (r - b).detach()) + (r - b).square().mean(),
        says="The value is right, but the second part sends a gradient into the rewards.",
        why="It would move the rewards towards the baseline. They are facts: detach them.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda s, a, r, b: (
            _policy(s, a, (r - b).detach()) * len(r) + (r.detach() - b).square().sum()
        ),
        says="You add up the batch where means are due.",
        why="The step would grow with the batch.",
    ),
    WrongAnswer(
        id="error_not_squared",
        code=lambda s, a, r, b: _policy(s, a, (r - b).detach()) + (r.detach() - b).mean(),
        says="The baseline's error is not squared.",
        why="R − b falls without bound as b grows. Its square is smallest where b is the mean reward.",
    ),
)

# ---------------------------------------------------------------- 6.7


def _gumbel(u: Tensor) -> Tensor:
    return -(-u.log()).log()


GUMBEL_SOFTMAX = (
    WrongAnswer(
        id="noise_after_softmax",
        code=lambda s, u, t: (s.softmax(-1) + _gumbel(u)) / t,
        says="You add the noise after the softmax.",
        why="The result has negative entries and no sum of 1. Noise shifts the scores; the softmax then makes weights of them.",
    ),
    WrongAnswer(
        id="noise_on_weights",
        code=lambda s, u, t: ((s.softmax(-1) + _gumbel(u)) / t).softmax(-1),
        says="You add the noise to the weights, not to the scores.",
        why="The trick holds for scores, log w up to a constant. Weights lie between 0 and 1, and the noise drowns them.",
    ),
    WrongAnswer(
        id="no_noise",
        code=lambda s, u, t: (s / t).softmax(-1),
        says="The noise is not used: this is the plain softmax at a temperature.",
        why="Without noise the same place wins every time.",
    ),
    WrongAnswer(
        id="plain_uniform",
        code=lambda s, u, t: ((s + u) / t).softmax(-1),
        says="You add the uniform noise as it is.",
        why="Only with g = −log(−log u) does place i win with probability softmax(scores)ᵢ.",
    ),
    WrongAnswer(
        id="sign_of_noise",
        code=lambda s, u, t: ((s - _gumbel(u)) / t).softmax(-1),
        says="Your noise has the wrong sign: + log(−log u) instead of − log(−log u).",
        why="The Gumbel distribution is not symmetric. Turned round, the winners have other probabilities.",
    ),
    WrongAnswer(
        id="one_log",
        code=lambda s, u, t: ((s - u.log()) / t).softmax(-1),
        says="One logarithm is missing: you add −log u.",
        why="−log u is exponential noise; −log of that is Gumbel noise, the one whose maximum gives softmax probabilities.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda s, u, t: ((s + _gumbel(u)) * t).softmax(-1),
        says="You multiply by the temperature instead of dividing.",
        why="A low temperature must sharpen. Multiplying turns it round.",
    ),
    WrongAnswer(
        id="noise_not_divided",
        code=lambda s, u, t: (s / t + _gumbel(u)).softmax(-1),
        says="Only the scores are divided by the temperature; the noise is not.",
        why="Then the temperature changes which place wins. Divided together, it changes only how clearly.",
    ),
    WrongAnswer(
        id="scores_not_divided",
        code=lambda s, u, t: (s + _gumbel(u) / t).softmax(-1),
        says="Only the noise is divided by the temperature; the scores are not.",
        why="At a low temperature the noise alone would decide.",
    ),
    WrongAnswer(
        id="no_temperature",
        code=lambda s, u, t: (s + _gumbel(u)).softmax(-1),
        says="The temperature is not used.",
        why="It sets how near the result comes to one place alone.",
    ),
    WrongAnswer(
        id="one_noise_for_all",
        code=lambda s, u, t: ((s + _gumbel(u.reshape(-1, u.shape[-1])[0])) / t).softmax(-1),
        says="The first row's noise is used for every row.",
        why="Rows must choose independently: one sample for the whole batch is one sample.",
    ),
    WrongAnswer(
        id="first_axis",
        code=lambda s, u, t: ((s + _gumbel(u)) / t).softmax(0),
        says="Your softmax runs along axis 0.",
        why="With a batch in front, axis 0 is the batch. The places are axis -1.",
    ),
)

# ---------------------------------------------------------------- 6.8


def _hard(w: Tensor, axis: int = -1) -> Tensor:
    return torch.zeros_like(w).scatter(axis, w.argmax(axis, keepdim=True), 1.0)


STRAIGHT_THROUGH = (
    WrongAnswer(
        id="no_gradient",
        code=_hard,
        says="The value is right, but no gradient comes back: the choice alone has none.",
        why="A one-hot row does not move when the weights move a little. Add something that is 0 in value and has the gradient of the weights.",
    ),
    WrongAnswer(
        id="soft_returned",
        code=lambda w: w,
        says="You return the soft weights; forward, one place alone is due.",
        why="In the forward pass everything but the largest must be exactly 0: nothing else is looked at.",
    ),
    WrongAnswer(
        id="detached_wrong_way",
        code=lambda w: _hard(w) + w,
        says="You add the weights without taking them off again, detached.",
        why="hard + w is no one-hot row. w − w.detach() is 0 and keeps the gradient.",
    ),
    WrongAnswer(
        id="masked_weights",
        code=lambda w: _hard(w) * w,
        says="You keep the largest weight as it is; a 1 is due.",
        why="hard · w is the weight itself at the chosen place, and only that place gets a gradient.",
    ),
    WrongAnswer(
        id="only_winner_learns",
        code=lambda w: _hard(w) * (1 + w - w.detach()),
        says="The value is right, but only the chosen place gets a gradient.",
        why="Straight-through passes the gradient to all weights, as if the choice had been the weights themselves.",
    ),
    WrongAnswer(
        id="divided_by_itself",
        code=lambda w: _hard(w) * w / w.detach().amax(-1, keepdim=True),
        says="The value is right, but the gradient is divided by the largest weight.",
        why="w / w.detach() is 1 in value and has the gradient 1/w, for the chosen place alone.",
    ),
    WrongAnswer(
        id="sign_flipped",
        code=lambda w: _hard(w) + w.detach() - w,
        says="The value is right, but the gradient has its sign flipped.",
        why="w.detach() − w has the gradient −1. It is w − w.detach() that has +1.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda w: _hard(w, 0) + w - w.detach(),
        says="You choose along axis 0, the batch.",
        why="Each row chooses one of its own places, along the last axis.",
    ),
    WrongAnswer(
        id="threshold",
        code=lambda w: (w > 0.5).to(w.dtype) + w - w.detach(),
        says="You choose whatever has a weight above 0.5.",
        why="In many rows no weight is that large, and then nothing is looked at. The largest is chosen, however small.",
    ),
    WrongAnswer(
        id="index_returned",
        code=lambda w: w.argmax(-1),
        says="You return the number of the place; a row of zeros with a single one is due.",
        why="A whole number carries no gradient; a row of floats can.",
    ),
)

# ---------------------------------------------------------------- 6.9


def _squeeze(x: Tensor) -> Tensor:
    return x.mean((2, 3))


def _gates(z: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    return torch.sigmoid(torch.relu(z @ w1.T) @ w2.T)


def _apply(x: Tensor, gates: Tensor) -> Tensor:
    return x * gates[:, :, None, None]


SQUEEZE_EXCITE = (
    WrongAnswer(
        id="softmax_gates",
        code=lambda x, a, b: _apply(x, (torch.relu(_squeeze(x) @ a.T) @ b.T).softmax(-1)),
        says="Your gates come from a softmax; a sigmoid is due.",
        why="Channels do not compete here: several may be wide open at once.",
    ),
    WrongAnswer(
        id="no_relu",
        code=lambda x, a, b: _apply(x, torch.sigmoid(_squeeze(x) @ a.T @ b.T)),
        says="The relu between the two products is missing.",
        why="Two linear maps in a row are one linear map; the bottleneck would be of little use.",
    ),
    WrongAnswer(
        id="no_sigmoid",
        code=lambda x, a, b: _apply(x, torch.relu(_squeeze(x) @ a.T) @ b.T),
        says="The sigmoid is missing: your gates are any real numbers.",
        why="A gate lies between closed, 0, and open, 1.",
    ),
    WrongAnswer(
        id="max_pooled",
        code=lambda x, a, b: _apply(x, _gates(x.amax((2, 3)), a, b)),
        says="You squeeze each channel to its largest number; its mean is due.",
        why="The paper squeezes by global average pooling. A maximum hangs on a single pixel.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda x, a, b: _apply(x, _gates(x.sum((2, 3)), a, b)),
        says="You add up each channel where its mean is due.",
        why="A sum grows with the size of the image and drives the gates to 0 or 1.",
    ),
    WrongAnswer(
        id="gates_returned",
        code=lambda x, a, b: _gates(_squeeze(x), a, b),
        says="You return the gates, not the image that they weigh.",
        why="The last step multiplies every channel by its gate.",
    ),
    WrongAnswer(
        id="added",
        code=lambda x, a, b: x + _gates(_squeeze(x), a, b)[:, :, None, None],
        says="You add the gates; they multiply.",
        why="A gate of 0 must close its channel, which adding 0 does not.",
    ),
    WrongAnswer(
        id="residual",
        code=lambda x, a, b: x + _apply(x, _gates(_squeeze(x), a, b)),
        says="You add x once more: x + x · gate.",
        why="A residual connection belongs to the block around it. Here a closed gate must leave nothing.",
    ),
    WrongAnswer(
        id="whole_batch",
        code=lambda x, a, b: _apply(x, _gates(x.mean((0, 2, 3))[None], a, b)),
        says="You squeeze over the batch as well: every image gets the same gates.",
        why="The gates are to depend on what this image holds. The mean runs over rows and columns alone.",
    ),
    WrongAnswer(
        id="sigmoid_first",
        code=lambda x, a, b: _apply(x, torch.relu(torch.sigmoid(_squeeze(x) @ a.T) @ b.T)),
        says="Relu and sigmoid are swapped.",
        why="The relu stands in the bottleneck; the sigmoid comes last, so that gates lie between 0 and 1.",
    ),
)
