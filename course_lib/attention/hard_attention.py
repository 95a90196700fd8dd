"""Hard attention: choose one place, and learn from it although a choice has no derivative.

Randomness comes in as `noise` or as a `generator`, so that the same numbers give the same result.
"""

import torch
from jaxtyping import Float, Int, Real
from torch import Tensor


def draw_places(weights: Float[Tensor, "B N"], noise: Float[Tensor, " B"]) -> Int[Tensor, " B"]:
    """Choose one place a row: the first whose weights, added up so far, exceed the noise.

    Place i owns the stretch `[w₀ + … + wᵢ₋₁, w₀ + … + wᵢ)` of the line from 0 to 1, so uniform
    noise falls on it with probability wᵢ.

    Args:
        weights: not negative, each row sums to 1.
        noise: one number a row, 0 or more, less than 1.

    >>> draw_places(torch.tensor([[0.25, 0.5, 0.25]]).expand(3, 3), torch.tensor([0.1, 0.7, 0.8]))
    tensor([0, 1, 2])
    """
    passed = weights.cumsum(dim=-1) <= noise.unsqueeze(-1)
    # Rounding may leave the last sum a little below 1, and the noise above it.
    return passed.sum(dim=-1).clamp(max=weights.shape[-1] - 1)


def sample_places(weights: Float[Tensor, "B N"], generator: torch.Generator) -> Int[Tensor, " B"]:
    """Draw one place a row, each with the probability that is its weight.

    Args:
        weights: not negative, each row sums to 1.
        generator: where the noise comes from.
    """
    noise = torch.rand(
        len(weights), generator=generator, dtype=weights.dtype, device=weights.device
    )
    return draw_places(weights, noise)


def score_function_loss(
    scores: Float[Tensor, "B N"], places: Int[Tensor, " B"], rewards: Float[Tensor, " B"]
) -> Float[Tensor, ""]:
    """Return `−mean(R · log w[place])`, whose gradient is an estimate of that of −E[R].

    Args:
        scores: before the softmax.
        places: the place chosen in each row.
        rewards: what that place brought; taken as given numbers, no gradient flows into them.

    Paper: Williams 1992, where the estimator is called REINFORCE; Mnih et al. 2014, §3.2.

    >>> score_function_loss(torch.zeros(1, 2), torch.tensor([0]), torch.tensor([3.0]))
    tensor(2.0794)
    """
    log_weights = scores.log_softmax(dim=-1)
    chosen = log_weights.gather(-1, places.unsqueeze(-1)).squeeze(-1)
    return -(rewards.detach() * chosen).mean()


def expected_gradient(
    weights: Float[Tensor, "*B N"], rewards: Float[Tensor, "*B N"]
) -> Float[Tensor, "*B N"]:
    """Return the exact gradient of E[R] by the scores: `wᵢ (Rᵢ − Σⱼ wⱼ Rⱼ)`.

    Args:
        weights: the softmax of the scores.
        rewards: of every place, chosen or not.

    >>> expected_gradient(torch.tensor([0.5, 0.5]), torch.tensor([10.0, 11.0]))
    tensor([-0.2500,  0.2500])
    """
    mean = (weights * rewards).sum(dim=-1, keepdim=True)
    return weights * (rewards - mean)


def estimator_variance(
    weights: Float[Tensor, " N"], rewards: Float[Tensor, " N"], baseline: float | Tensor = 0.0
) -> Float[Tensor, ""]:
    """Return the variance of the one-sample estimate, summed over its entries, exactly.

    Choosing place a gives `g(a) = (R(a) − b) (onehot(a) − w)`; the variance is
    `E‖g‖² − ‖E g‖²`, with both expectations taken over all N places.

    Args:
        weights: with which places are drawn.
        rewards: of every place.
        baseline: b, taken off every reward.

    >>> w, r = torch.tensor([0.5, 0.5]), torch.tensor([10.0, 11.0])
    >>> estimator_variance(w, r), estimator_variance(w, r, 10.5)
    (tensor(55.1250), tensor(0.))
    """
    choices = torch.eye(len(weights), dtype=weights.dtype, device=weights.device)
    estimates = (rewards - baseline).unsqueeze(-1) * (choices - weights)
    mean = weights @ estimates
    return weights @ (estimates - mean).square().sum(dim=-1)


def others_mean(rewards: Real[Tensor, "B K"]) -> Float[Tensor, "B K"]:
    """Return for each of K tries the mean reward of the other K − 1: a baseline for free.

    Args:
        rewards: of K > 1 tries on each image, drawn independently; they may be whole numbers.

    Paper: Kool et al. 2019.

    >>> others_mean(torch.tensor([[1.0, 2.0, 6.0]]))
    tensor([[4.0000, 3.5000, 1.5000]])
    """
    total = rewards.sum(dim=-1, keepdim=True)
    return (total - rewards) / (rewards.shape[-1] - 1)


def reinforce_loss(
    scores: Float[Tensor, "B N"],
    places: Int[Tensor, " B"],
    rewards: Float[Tensor, " B"],
    baseline: Float[Tensor, " B"],
) -> Float[Tensor, ""]:
    """Return `−mean((R − b) log w[place]) + mean((R − b)²)`; the first part takes b as given.

    Args:
        scores: before the softmax.
        places: the place chosen in each row.
        rewards: what that place brought.
        baseline: the reward that a model expected before it chose; learns from the second part.

    Paper: Mnih et al. 2014, §3.2.
    """
    policy = score_function_loss(scores, places, rewards - baseline)
    return policy + (rewards.detach() - baseline).square().mean()


def gumbel_softmax(
    scores: Float[Tensor, "*B N"], noise: Float[Tensor, "*B N"], temperature: float
) -> Float[Tensor, "*B N"]:
    """Return `softmax((scores + g) / τ)` with `g = −log(−log u)`: a choice, softened.

    The largest entry of `scores + g` lies at place i with probability `softmax(scores)ᵢ`.

    Args:
        scores: before the softmax.
        noise: u, uniform, more than 0 and less than 1, of its own for every score.
        temperature: τ; near 0 the result is almost one place alone.

    Paper: Jang et al. 2017, §2; Maddison et al. 2017.
    """
    gumbel = -torch.log(-torch.log(noise))
    return ((scores + gumbel) / temperature).softmax(dim=-1)


def straight_through(weights: Float[Tensor, "*B N"]) -> Float[Tensor, "*B N"]:
    """Return 1 at the largest weight and 0 elsewhere, with the gradient of the weights.

    Args:
        weights: soft ones; of several that are largest, the first is chosen.

    Paper: Bengio et al. 2013; for Gumbel-softmax Jang et al. 2017, §2.2.

    >>> straight_through(torch.tensor([0.2, 0.7, 0.1]))
    tensor([0., 1., 0.])
    """
    best = weights.argmax(dim=-1, keepdim=True)
    hard = torch.zeros_like(weights).scatter(-1, best, 1.0)
    # 0 in value, 1 in gradient.
    return hard + (weights - weights.detach())


def squeeze_excite(
    x: Float[Tensor, "B C H W"], w1: Float[Tensor, "R C"], w2: Float[Tensor, "C R"]
) -> Float[Tensor, "B C H W"]:
    """Weigh channels by what the whole image holds: `x · σ(w2 relu(w1 mean(x)))`.

    Args:
        x: feature maps.
        w1: from C channels to a bottleneck of R.
        w2: and back; each channel gets a gate between 0 and 1.

    Paper: Hu et al. 2018, §3.1 and §3.2.
    """
    squeezed = x.mean(dim=(-2, -1))
    gates = torch.sigmoid(torch.relu(squeezed @ w1.T) @ w2.T)
    return x * gates[:, :, None, None]
