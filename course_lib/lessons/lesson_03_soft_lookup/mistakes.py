"""Wrong answers that lesson 03 recognises, exercise by exercise."""

import math
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer

Bandwidth = float | Tensor

# ---------------------------------------------------------------- 3.1


def _equal(queries: Tensor, keys: Tensor) -> Tensor:
    return queries[:, None] == keys


def _nan_when_missing(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    weights = _equal(queries, keys).to(values.dtype)
    return weights @ values / weights.sum(-1, keepdim=True)


HARD_LOOKUP = (
    WrongAnswer(
        id="nearest_key",
        code=lambda q, k, v: v[(q[:, None] - k).abs().argmin(-1)],
        says="You answer with the value of the nearest key, also where no key equals the query.",
        why="A dictionary knows nothing of near and far: a key fits or it does not, and where none fits "
        "this exercise asks for zeros. Nearness comes in with 3.3.",
    ),
    WrongAnswer(
        id="first_when_missing",
        code=lambda q, k, v: v[_equal(q, k).long().argmax(-1)],
        says="A query that equals no key gets the first value.",
        why="argmax of a row without a single 1 is 0, which is also a real position. As a product, weights "
        "of 0 leave nothing of any value.",
    ),
    WrongAnswer(
        id="nan_when_missing",
        code=_nan_when_missing,
        says="A query that equals no key gets NaN: its row is divided by a sum of 0.",
        why="A row of weights holds one 1 or none, so there is nothing to divide by; without the division "
        "the row is 0.",
    ),
    WrongAnswer(
        id="drops_missing",
        code=lambda q, k, v: (_equal(q, k).to(v.dtype) @ v)[_equal(q, k).any(-1)],
        says="Queries that equal no key are left out of the result.",
        why="Row t answers query t, so the caller expects as many rows as queries, zeros among them.",
    ),
    WrongAnswer(
        id="query_as_position",
        code=lambda q, k, v: v[q],
        says="You use the query as a position: values[queries] never looks at the keys.",
        why="A key says where its value lies. 1957 is not a row number, and where it were one it would be "
        "the wrong row.",
    ),
    WrongAnswer(
        id="returns_weights",
        code=lambda q, k, v: _equal(q, k).to(v.dtype),
        says="You return the weights, not the values that they select.",
        why="The weights say which key fits. Times the values they give the answer: weights @ values.",
    ),
    WrongAnswer(
        id="next_row",
        code=lambda q, k, v: _equal(q, k).to(v.dtype) @ v.roll(-1, 0),
        says="You answer with the row after the one whose key fits.",
        why="Positions count from 0: the key at position 1 belongs to values[1].",
    ),
)

# ---------------------------------------------------------------- 3.2


def _one_maximum(scores: Tensor, values: Tensor) -> Tensor:
    powers = (scores - scores.max()).exp()
    return powers / powers.sum(-1, keepdim=True) @ values


WEIGHTED_MEAN = (
    WrongAnswer(
        id="not_normalised",
        code=lambda s, v: s.exp() @ v,
        says="Your weights are exp(score) and are never divided by their sum.",
        why="They do not sum to 1, so the answer grows with the number of keys and is no mean.",
    ),
    WrongAnswer(
        id="scores_as_weights",
        code=lambda s, v: s @ v,
        says="Your weights are the scores themselves.",
        why="Scores may be negative and sum to anything. A softmax makes them positive with a sum of 1.",
    ),
    WrongAnswer(
        id="scores_over_their_sum",
        code=lambda s, v: s / s.sum(-1, keepdim=True) @ v,
        says="You divide the scores by their sum, without the exponential.",
        why="The weights do sum to 1, but a negative score gives a negative weight, and a sum near 0 "
        "blows everything up.",
    ),
    WrongAnswer(
        id="over_queries",
        code=lambda s, v: s.softmax(-2) @ v,
        says="Your softmax runs over the queries (axis -2), not over the keys.",
        why="Each query spreads a total of 1 over the keys. Along axis -2 it is each key that spreads "
        "itself over the queries.",
    ),
    WrongAnswer(
        id="over_first_axis",
        code=lambda s, v: s.softmax(0) @ v,
        says="Your softmax runs along axis 0.",
        why="With a batch in front, axis 0 is the batch. Count from the end: the keys are axis -1.",
    ),
    WrongAnswer(
        id="over_axis_1",
        code=lambda s, v: s.softmax(1) @ v,
        says="Your softmax runs along axis 1, which holds the keys only where nothing stands in front.",
        why="With a batch in front, axis 1 holds the queries. Count from the end: the keys are axis -1.",
    ),
    WrongAnswer(
        id="divided_by_count",
        code=lambda s, v: s.exp() @ v / s.shape[-1],
        says="You divide by the number of keys, not by the sum of the weights.",
        why="That is a mean of weight × value. The weights sum to 1 only when divided by their own sum.",
    ),
    WrongAnswer(
        id="values_averaged",
        code=lambda s, v: v.mean(-2, keepdim=True).expand(*s.shape[:-1], v.shape[-1]),
        says="Your answer is the plain mean of the values, the same for every query.",
        why="The scores are not used. Each query mixes the values in its own proportions.",
    ),
    WrongAnswer(
        id="winner_takes_all",
        code=lambda s, v: torch.zeros_like(s).scatter(-1, s.argmax(-1, keepdim=True), 1.0) @ v,
        says="You answer with the value of the highest score alone.",
        why="That is a hard lookup: it jumps from one value to the next and has no useful gradient.",
    ),
    WrongAnswer(
        id="overflows",
        code=lambda s, v: s.exp() / s.exp().sum(-1, keepdim=True) @ v,
        says="Your formula is right on paper, but exp(1000) is infinite and ∞/∞ is NaN.",
        why="Subtract each row's maximum before the exponential: the weights stay as they are. "
        "scores.softmax(-1) does it for you.",
    ),
    WrongAnswer(
        id="one_maximum_for_all",
        code=_one_maximum,
        says="You subtract one maximum for all queries; a row far below it underflows to 0/0.",
        why="Each row has its own maximum: scores.max(-1, keepdim=True).values, or scores.softmax(-1).",
    ),
)

# ---------------------------------------------------------------- 3.3


def _squares(queries: Tensor, keys: Tensor) -> Tensor:
    return (queries.unsqueeze(-2) - keys.unsqueeze(-3)).square().sum(-1)


def _sum_squared(q: Tensor, k: Tensor, h: Bandwidth) -> Tensor:
    return -(q.unsqueeze(-2) - k.unsqueeze(-3)).sum(-1).square() / (2 * h**2)


GAUSSIAN_SCORES = (
    WrongAnswer(
        id="distance_not_squared",
        code=lambda q, k, h: -_squares(q, k).sqrt() / (2 * h**2),
        says="You use the distance, not its square.",
        why="−‖q − k‖ gives a kernel with a sharp peak (Laplace's), whose far keys weigh more. A Gaussian's "
        "score falls with the square.",
    ),
    WrongAnswer(
        id="bandwidth_in_numerator",
        code=lambda q, k, h: -_squares(q, k) / 2 * h**2,
        says="Your bandwidth multiplies: h² stands in the numerator.",
        why="A wider bandwidth must flatten the scores. Without brackets, x / 2 * h**2 is read from left to "
        "right as (x / 2) · h²; write x / (2 * h**2).",
    ),
    WrongAnswer(
        id="no_half",
        code=lambda q, k, h: -_squares(q, k) / h**2,
        says="The factor 2 in the denominator is missing.",
        why="The kernel would still be Gaussian, but narrower: its standard deviation would be h/√2, not h.",
    ),
    WrongAnswer(
        id="no_minus",
        code=lambda q, k, h: _squares(q, k) / (2 * h**2),
        says="The minus sign is missing: your score grows with the distance.",
        why="The farthest key would get the largest weight.",
    ),
    WrongAnswer(
        id="bandwidth_not_squared",
        code=lambda q, k, h: -_squares(q, k) / (2 * h),
        says="You divide by 2h; it is 2h².",
        why="A squared distance is measured in years², so only h² (years² too) leaves a score without a unit.",
    ),
    WrongAnswer(
        id="two_squared_as_well",
        code=lambda q, k, h: -_squares(q, k) / (2 * h) ** 2,
        says="You divide by (2h)², which is 4h².",
        why="The square belongs to h alone: 2 * h**2.",
    ),
    WrongAnswer(
        id="kernel_not_log",
        code=lambda q, k, h: (-_squares(q, k) / (2 * h**2)).exp(),
        says="You return the kernel exp(score), not the score.",
        why="The softmax of 3.2 takes the exponential. Taken twice it would flatten everything.",
    ),
    WrongAnswer(
        id="log_of_underflow",
        code=lambda q, k, h: (-_squares(q, k) / (2 * h**2)).exp().log(),
        says="You take the logarithm of an exponential: far away exp is 0, and log 0 is −∞.",
        why="The two cancel on paper. Leave both out, and no distance is too far.",
    ),
    WrongAnswer(
        id="summed_before_squaring",
        code=_sum_squared,
        says="You sum the differences over the width before you square them.",
        why="Then +3 in one direction and −3 in another cancel to a distance of 0. Square first, then sum.",
    ),
    WrongAnswer(
        id="mean_over_width",
        code=lambda q, k, h: -_squares(q, k) / q.shape[-1] / (2 * h**2),
        says="You average the squared differences over the width; the squared distance is their sum.",
        why="‖q − k‖² adds up one square for each entry (Pythagoras).",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda q, k, h: -_squares(k, q) / (2 * h**2),
        says="Your scores are transposed: keys run down, queries across.",
        why="Row t belongs to query t, because the softmax that follows runs along the last axis.",
    ),
)

# ---------------------------------------------------------------- 3.4


def _kernel(q: Tensor, k: Tensor, h: Bandwidth) -> Tensor:
    return (-_squares(q, k) / (2 * h**2)).exp()


def _naive(q: Tensor, k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    kernel = _kernel(q, k, h)
    return kernel / kernel.sum(-1, keepdim=True) @ v


def _padded(q: Tensor, k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    kernel = _kernel(q, k, h)
    return kernel / (kernel.sum(-1, keepdim=True) + 1e-9) @ v


def _nearest(q: Tensor, k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    nearest = _squares(q, k).argmin(-1, keepdim=True)
    return torch.zeros_like(_squares(q, k)).scatter(-1, nearest, 1.0) @ v


def _plain_mean(q: Tensor, k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    return v.mean(-2, keepdim=True).expand(*q.shape[:-1], v.shape[-1])


NADARAYA_WATSON = (
    WrongAnswer(
        id="not_normalised",
        code=lambda q, k, v, h: _kernel(q, k, h) @ v,
        says="Your kernel weights are not divided by their sum.",
        why="Where keys lie dense the answers would be large, between keys they would sink to 0.",
    ),
    WrongAnswer(
        id="over_queries",
        code=lambda q, k, v, h: (-_squares(q, k) / (2 * h**2)).softmax(-2) @ v,
        says="Your weights are normalised over the queries, not over the keys.",
        why="An answer would then depend on which other queries were asked along with it.",
    ),
    WrongAnswer(
        id="distance_not_squared",
        code=lambda q, k, v, h: (-_squares(q, k).sqrt() / (2 * h**2)).softmax(-1) @ v,
        says="Your scores use the distance, not its square.",
        why="That is another kernel, with heavier tails. gaussian_scores of 3.3 has the square.",
    ),
    WrongAnswer(
        id="bandwidth_in_numerator",
        code=lambda q, k, v, h: (-_squares(q, k) / 2 * h**2).softmax(-1) @ v,
        says="Your bandwidth multiplies where it should divide.",
        why="A wider bandwidth must let more keys speak; here it leaves the nearest alone.",
    ),
    WrongAnswer(
        id="no_half",
        code=lambda q, k, v, h: (-_squares(q, k) / h**2).softmax(-1) @ v,
        says="The factor 2 in the denominator of the scores is missing.",
        why="Your bandwidth is narrower than the one asked for, by √2.",
    ),
    WrongAnswer(
        id="values_averaged",
        code=_plain_mean,
        says="Every query gets the plain mean of all values: the weights are not used.",
        why="The mean over the keys comes after weighting. Averaged first, nothing is left to weigh.",
    ),
    WrongAnswer(
        id="nearest_value",
        code=_nearest,
        says="You answer with the value of the nearest key alone.",
        why="That is what a bandwidth near 0 gives. A soft lookup lets every key speak, near ones louder.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=lambda q, k, v, h: (-_squares(q, k) / (2 * h**2)).softmax(-1) @ k,
        says="You mix the keys, not the values.",
        why="A key says where a value was measured; the answer is made of what was measured.",
    ),
    WrongAnswer(
        id="queries_and_keys_swapped",
        code=lambda q, k, v, h: (-_squares(k, q) / (2 * h**2)).softmax(-1) @ v,
        says="Queries and keys have changed places.",
        why="gaussian_scores takes queries first: a row for each query, a column for each key, so that the "
        "columns meet the values.",
    ),
    WrongAnswer(
        id="softmax_of_kernel",
        code=lambda q, k, v, h: _kernel(q, k, h).softmax(-1) @ v,
        says="You hand the kernel to the softmax: the exponential is taken twice.",
        why="The kernel lies between 0 and 1, so its exponentials lie between 1 and 2.72, and far keys keep "
        "more than a third of a near key's weight. The softmax wants the log-kernel, the scores.",
    ),
    WrongAnswer(
        id="underflows",
        code=_naive,
        says="Near the keys you are right; far away every exp(score) underflows to 0, and 0/0 is NaN.",
        why="A softmax subtracts the largest score before the exponential, so the nearest key always keeps "
        "a weight. Use weighted_mean of 3.2 on the scores.",
    ),
    WrongAnswer(
        id="epsilon_in_denominator",
        code=_padded,
        says="A small number in your denominator hides 0/0: far from all keys your answer sinks to 0.",
        why="0 is not among the values. A softmax subtracts the largest score first and needs no such number.",
    ),
)

# ---------------------------------------------------------------- 3.5


def _others(k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    scores = -_squares(k, k) / (2 * h**2)
    itself = torch.eye(len(k), dtype=torch.bool, device=k.device)
    return scores.masked_fill(itself, -torch.inf).softmax(-1) @ v - v


def _itself_left_in(k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    return ((-_squares(k, k) / (2 * h**2)).softmax(-1) @ v - v).square().mean()


def _zeroed_after(k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    weights = (-_squares(k, k) / (2 * h**2)).softmax(-1)
    return (weights * (1 - torch.eye(len(k), dtype=k.dtype)) @ v - v).square().mean()


def _underflowing(k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    kernel = _kernel(k, k, h) * (1 - torch.eye(len(k), dtype=k.dtype))
    return (kernel / kernel.sum(-1, keepdim=True) @ v - v).square().mean()


def _finite_fill(k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    scores = (-_squares(k, k) / (2 * h**2)).masked_fill(torch.eye(len(k), dtype=torch.bool), -1e3)
    return (scores.softmax(-1) @ v - v).square().mean()


LEAVE_ONE_OUT_ERROR = (
    WrongAnswer(
        id="itself_left_in",
        code=_itself_left_in,
        says="Each key still finds itself among the keys.",
        why="It lies at distance 0 and its score 0 is the highest there is (so setting that score to 0 "
        "changes nothing: take it out with −inf). The error would fall to 0 as h does.",
    ),
    WrongAnswer(
        id="zeroed_after_softmax",
        code=_zeroed_after,
        says="You set each key's own weight to 0 after the softmax, so the others no longer sum to 1.",
        why="What is left sums to 1 − w. Take the key out before the softmax: a score of −inf.",
    ),
    WrongAnswer(
        id="sum_not_mean",
        code=lambda k, v, h: _others(k, v, h).square().sum(),
        says="You sum the squared errors; their mean is asked for.",
        why="A sum grows with the number of points, and with it the steps of gradient descent.",
    ),
    WrongAnswer(
        id="sum_over_width",
        code=lambda k, v, h: _others(k, v, h).square().sum(-1).mean(),
        says="You sum over the width of the values and average over the keys alone.",
        why="The mean squared error divides by every number there is: keys times width.",
    ),
    WrongAnswer(
        id="root",
        code=lambda k, v, h: _others(k, v, h).square().mean().sqrt(),
        says="You took the root at the end.",
        why="That is a fine number to report, in the unit of the values, but this exercise asks for the mean "
        "square.",
    ),
    WrongAnswer(
        id="absolute",
        code=lambda k, v, h: _others(k, v, h).abs().mean(),
        says="You average absolute errors, not squared ones.",
        why="Its slope jumps wherever an error changes sign; the square is smooth.",
    ),
    WrongAnswer(
        id="not_squared",
        code=lambda k, v, h: _others(k, v, h).mean(),
        says="You average the errors without squaring them.",
        why="Errors above and below cancel: a poor prediction can have a mean error of 0.",
    ),
    WrongAnswer(
        id="finite_fill",
        code=_finite_fill,
        says="You put a finite number on the diagonal, and far from all others a key still finds itself.",
        why="Every other score can be lower than that number. −inf is below every score: its weight is exactly 0.",
    ),
    WrongAnswer(
        id="underflows",
        code=_underflowing,
        says="For a key far from all others every exp(score) underflows to 0, and 0/0 is NaN.",
        why="Put −inf on the diagonal of the scores and let the softmax subtract each row's maximum.",
    ),
    WrongAnswer(
        id="plain_mean",
        code=lambda k, v, h: ((v.sum(0) - v) / (len(v) - 1) - v).square().mean(),
        says="You predict each value by the plain mean of the others: the bandwidth is not used.",
        why="That is the limit of a very large bandwidth.",
    ),
)

# ---------------------------------------------------------------- 3.6


def _loss(k: Tensor, v: Tensor, h: Bandwidth) -> Tensor:
    return _others(k, v, h).square().mean()


def _slope(k: Tensor, v: Tensor, log_h: float, loss: Any = _loss) -> float:
    """The derivative of the loss by log h."""
    leaf = torch.tensor(log_h, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(loss(k.double(), v.double(), leaf.exp()), leaf)
    return float(slope)


def _descend(
    k: Tensor, v: Tensor, start: float, rate: float, steps: int, loss: Any = _loss
) -> float:
    log_h = math.log(start)
    for _ in range(steps):
        log_h -= rate * _slope(k, v, log_h, loss)
    return math.exp(log_h)


def _on_h_itself(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    h = start
    for _ in range(steps):
        h -= rate * _slope(k, v, math.log(h)) / h
    return h


def _slope_by_h(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    log_h = math.log(start)
    for _ in range(steps):
        log_h -= rate * _slope(k, v, log_h) / math.exp(log_h)
    return math.exp(log_h)


def _accumulating(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    log_h, total = math.log(start), 0.0
    for _ in range(steps):
        total += _slope(k, v, log_h)
        log_h -= rate * total
    return math.exp(log_h)


def _log_as_bandwidth(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    log_h = math.log(start)
    for _ in range(steps):
        leaf = torch.tensor(log_h, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(_loss(k.double(), v.double(), leaf), leaf)
        log_h -= rate * float(slope)
    return math.exp(log_h)


def _from_start_itself(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    return _descend(k, v, math.exp(start), rate, steps)


def _not_a_leaf(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    if steps > 1:
        raise TypeError("unsupported operand type(s) for *: 'float' and 'NoneType'")
    return _descend(k, v, start, rate, steps)


def _no_longer_collects(k: Tensor, v: Tensor, start: float, rate: float, steps: int) -> float:
    if steps > 1:
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    return _descend(k, v, start, rate, steps)


FIT_BANDWIDTH = (
    WrongAnswer(
        id="ascends",
        code=lambda k, v, start, rate, steps: _descend(k, v, start, -rate, steps),
        says="You climb: the step is added where it should be subtracted.",
        why="The gradient points uphill, towards a larger error.",
    ),
    WrongAnswer(
        id="on_h_itself",
        code=_on_h_itself,
        says="You descend on h itself, not on log h.",
        why="A long step could then take h below 0, where a bandwidth means nothing. exp(log h) is always "
        "positive, and a step is a percentage.",
    ),
    WrongAnswer(
        id="slope_by_h",
        code=_slope_by_h,
        says="You move log h by the gradient with respect to h.",
        why="The variable that moves is the one to differentiate by. By the chain rule ∂E/∂log h = h · ∂E/∂h; "
        "compute the error from log_h.exp().",
    ),
    WrongAnswer(
        id="log_as_bandwidth",
        code=_log_as_bandwidth,
        says="You hand log h to the error, where it expects h.",
        why="A bandwidth of log 1 = 0 divides by 0. Compute the error at log_h.exp().",
    ),
    WrongAnswer(
        id="start_not_logged",
        code=_from_start_itself,
        says="You start from log h = start, so from a bandwidth of exp(start).",
        why="The variable is log h: it starts at math.log(start).",
    ),
    WrongAnswer(
        id="not_a_leaf",
        code=_not_a_leaf,
        says="After the first step log_h is the result of a subtraction, and its .grad stays None.",
        why="backward() fills .grad only of tensors that you made yourself. Start each round with "
        "log_h = (log_h - rate * slope).detach().requires_grad_().",
    ),
    WrongAnswer(
        id="no_longer_collects",
        code=_no_longer_collects,
        says="After the first step log_h no longer collects gradients.",
        why="What is computed under no_grad or after detach() starts without. Add .requires_grad_(), or "
        "change log_h in place under torch.no_grad(): log_h -= rate * slope.",
    ),
    WrongAnswer(
        id="gradients_accumulate",
        code=_accumulating,
        says="Your gradients pile up: each step uses the sum of all so far.",
        why="backward() adds to .grad. Set log_h.grad = None in every step, or use torch.autograd.grad.",
    ),
    WrongAnswer(
        id="itself_left_in",
        code=lambda k, v, start, rate, steps: _descend(k, v, start, rate, steps, _itself_left_in),
        says="You minimise the error with each point left in.",
        why="That error is smallest at h = 0, where each point answers itself. Minimise "
        "leave_one_out_error.",
    ),
    WrongAnswer(
        id="returns_log",
        code=lambda k, v, *rest: math.log(_descend(k, v, *rest)),
        says="You return log h.",
        why="The caller wants a bandwidth, in years: take the exponential at the end.",
    ),
    WrongAnswer(
        id="one_step",
        code=lambda k, v, start, rate, steps: _descend(k, v, start, rate, 1),
        says="Your loop makes one step, however many are asked for.",
        why="The return stands inside the loop, or there is no loop: return after the last round.",
    ),
    WrongAnswer(
        id="one_step_short",
        code=lambda k, v, start, rate, steps: _descend(k, v, start, rate, steps - 1),
        says="Your loop makes one step too few.",
        why="range(steps) makes `steps` rounds; return the bandwidth after the last update, not before it.",
    ),
    WrongAnswer(
        id="one_step_more",
        code=lambda k, v, start, rate, steps: _descend(k, v, start, rate, steps + 1),
        says="Your loop makes one step too many.",
        why="range(steps) makes `steps` rounds, from 0 to steps − 1.",
    ),
    WrongAnswer(
        id="never_moves",
        code=lambda k, v, start, rate, steps: start,
        says="Your bandwidth is still the one it started from.",
        why="The update has to be kept: log_h = log_h − rate × slope, in every round.",
    ),
    WrongAnswer(
        id="returns_error",
        code=lambda k, v, *rest: float(_loss(k, v, _descend(k, v, *rest))),
        says="You return the error at the end, not the bandwidth.",
        why="The error is what was minimised; the bandwidth is what it was minimised over.",
    ),
)

# ---------------------------------------------------------------- 3.7


def _times(series: Tensor) -> Tensor:
    return torch.arange(len(series), dtype=series.dtype)[:, None]


def _soft(q: Tensor, k: Tensor, v: Tensor, h: float) -> Tensor:
    return ((-_squares(q, k) / (2 * h**2)).softmax(-1) @ v[:, None])[:, 0]


def _smooths_everything(series: Tensor, h: float) -> Tensor:
    known, times = ~series.isnan(), _times(series)
    return _soft(times, times[known], series[known], h)


def _gaps_as(value: Any) -> Any:
    def fill(series: Tensor, h: float) -> Tensor:
        return torch.where(series.isnan(), value(series), series)

    return fill


def _renumbered(series: Tensor, h: float) -> Tensor:
    known = ~series.isnan()
    return _soft(_times(series), _times(series[known]), series[known], h)


def _carried(series: Tensor, h: float) -> Tensor:
    filled = series.clone()
    for place in range(1, len(series)):
        if filled[place].isnan():
            filled[place] = filled[place - 1]
    return filled


def _interpolated(series: Tensor, h: float) -> Tensor:
    import numpy as np

    known, times = ~series.isnan(), np.arange(len(series))
    line = np.interp(times, times[known.numpy()], series[known].numpy())
    return torch.where(known, series, torch.from_numpy(line).to(series.dtype))


def _nearest_known(series: Tensor, h: float) -> Tensor:
    known, times = ~series.isnan(), _times(series)
    return torch.where(known, series, _soft(times, times[known], series[known], 1e-3))


def _zeros_among_values(series: Tensor, h: float) -> Tensor:
    times = _times(series)
    return torch.where(series.isnan(), _soft(times, times, series.nan_to_num(), h), series)


FILL_GAPS = (
    WrongAnswer(
        id="smooths_everything",
        code=_smooths_everything,
        says="You replace measured values too, by smoothed ones.",
        why="Only the gaps are to be filled; what was measured stays as it was.",
    ),
    WrongAnswer(
        id="gaps_among_values",
        code=_gaps_as(lambda s: torch.full_like(s, torch.nan)),
        says="Your gaps are still NaN.",
        why="Even a weight of 0 times NaN is NaN: a single gap among the values spoils every answer. Look "
        "up among the known weeks alone, times[~gap] and series[~gap].",
    ),
    WrongAnswer(
        id="zeros_among_values",
        code=_zeros_among_values,
        says="Gaps take part in the lookup as if 0 had been measured there.",
        why="nan_to_num turns “unknown” into “0”, which pulls every answer down. Leave the gaps out of keys "
        "and values.",
    ),
    WrongAnswer(
        id="zeros",
        code=_gaps_as(torch.zeros_like),
        says="You fill the gaps with 0.",
        why="Nothing was measured there, which is not the same as measuring 0.",
    ),
    WrongAnswer(
        id="mean",
        code=_gaps_as(lambda s: s.nanmean()),
        says="You fill every gap with the mean of all known values.",
        why="That is a bandwidth of infinity: a gap in 1958 would look like 1980. Near weeks should speak "
        "louder.",
    ),
    WrongAnswer(
        id="renumbered",
        code=lambda s, h: torch.where(s.isnan(), _renumbered(s, h), s),
        says="You number the known values 0, 1, 2 … anew, so after the first gap every key is off.",
        why="A key is the time at which its value was measured: times[~gap], not arange of their count.",
    ),
    WrongAnswer(
        id="carried_forward",
        code=_carried,
        says="You carry the last known value forward.",
        why="A gap has known values on both sides, and a soft lookup hears both.",
    ),
    WrongAnswer(
        id="interpolated",
        code=_interpolated,
        says="You draw a straight line across each gap.",
        why="A sound method, often a better one, but it is not the soft lookup that this exercise practises.",
    ),
    WrongAnswer(
        id="nearest_known",
        code=_nearest_known,
        says="You fill each gap with the nearest known value: the bandwidth is not used.",
        why="That is the limit of a bandwidth near 0.",
    ),
)

# ---------------------------------------------------------------- 3.8


def _dots(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.transpose(-2, -1)


def _norms(k: Tensor) -> Tensor:
    return k.square().sum(-1).unsqueeze(-2)


DOT_PRODUCT_SCORES = (
    WrongAnswer(
        id="no_key_term",
        code=lambda q, k, h: _dots(q, k) / h**2,
        says="The term −‖k‖²/2h² is missing.",
        why="It differs from key to key, so the softmax feels it. Without it long keys win, wherever they "
        "lie; it may be left out only when all keys have equal norm.",
    ),
    WrongAnswer(
        id="query_norm",
        code=lambda q, k, h: (_dots(q, k) - q.square().sum(-1, keepdim=True) / 2) / h**2,
        says="You subtract the norm of the query; it is the key's that counts.",
        why="−‖q‖²/2h² is the same for every key, so the softmax cancels it. −‖k‖²/2h² is not.",
    ),
    WrongAnswer(
        id="query_norm_kept",
        code=lambda q, k, h: -_squares(q, k) / (2 * h**2),
        says="Your scores are those of 3.3: −‖q‖²/2h² is still in them.",
        why="A softmax gives the right weights from these too. The point here is what may be dropped: "
        "everything that is the same for all keys.",
    ),
    WrongAnswer(
        id="norm_not_squared",
        code=lambda q, k, h: (_dots(q, k) - _norms(k).sqrt() / 2) / h**2,
        says="You subtract the key's norm; it is the square of the norm.",
        why="‖q − k‖² = ‖q‖² − 2 q·k + ‖k‖²: the squares belong there.",
    ),
    WrongAnswer(
        id="no_half",
        code=lambda q, k, h: (_dots(q, k) - _norms(k)) / h**2,
        says="The key's term is twice what it should be: the factor 1/2 is missing.",
        why="−‖q − k‖²/2h² = q·k/h² − ‖k‖²/2h² − ‖q‖²/2h²: the 2 of −2 q·k cancels the half, the norms keep "
        "it.",
    ),
    WrongAnswer(
        id="half_on_both",
        code=lambda q, k, h: (_dots(q, k) - _norms(k)) / (2 * h**2),
        says="Your dot product is halved; it is q·k/h².",
        why="The square has −2 q·k in the middle, and divided by −2h² that is q·k/h².",
    ),
    WrongAnswer(
        id="plus",
        code=lambda q, k, h: (_dots(q, k) + _norms(k) / 2) / h**2,
        says="The key's term is added; it is subtracted.",
        why="A long key has large dot products; −‖k‖²/2h² takes that advantage away. Added, it doubles it.",
    ),
    WrongAnswer(
        id="bandwidth_not_squared",
        code=lambda q, k, h: (_dots(q, k) - _norms(k) / 2) / h,
        says="You divide by h; it is h².",
        why="Dot products and squared norms are both in squared units, and so is h².",
    ),
    WrongAnswer(
        id="key_term_without_bandwidth",
        code=lambda q, k, h: _dots(q, k) / h**2 - _norms(k) / 2,
        says="Your key's term is not divided by h².",
        why="Both terms come from −‖q − k‖²/2h²; both keep the h².",
    ),
    WrongAnswer(
        id="scaled_by_width",
        code=lambda q, k, h: _dots(q, k) / math.sqrt(q.shape[-1]),
        says="These are the scores of scaled dot-product attention: √d in place of h², and no key term.",
        why="You are one lesson ahead. Here the bandwidth is given, and the weights must be Gaussian.",
    ),
)
