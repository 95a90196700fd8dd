"""Learning-rate schedules: a step's share of the highest rate, as a pure function of the step.

Steps count from 0. While warming up the share is (step + 1) / warmup, not step / warmup: otherwise
the first step would learn nothing.
"""

import math


def constant(step: int, *, warmup: int = 0) -> float:
    """Rise in a line to 1, then stay there.

    >>> [constant(step, warmup=4) for step in (0, 1, 3, 4, 900)]
    [0.25, 0.5, 1.0, 1.0, 1.0]
    """
    return min(1.0, (step + 1) / warmup) if warmup else 1.0


def warmup_cosine(step: int, *, steps: int, warmup: int = 0, final: float = 0.0) -> float:
    """Rise in a line to 1, then fall to `final` along half a cosine.

    Args:
        step: from 0.
        steps: of the whole training, warm-up included; the fall would end at this step.
        warmup: steps of rising.
        final: share of the highest rate at the end.

    >>> [round(warmup_cosine(step, steps=10, warmup=2), 3) for step in (0, 1, 2, 6, 10)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    if step < warmup:
        return (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1, steps - warmup))
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * done))


def inverse_sqrt(step: int, *, warmup: int) -> float:
    """Rise in a line to 1, then fall with the square root of the step.

    With s = step + 1 it is min(s / warmup, √(warmup / s)): the paper's rate over its highest value,
    1 / √(d_model · warmup).

    Paper: Vaswani et al. 2017, §5.3.

    >>> [inverse_sqrt(step, warmup=4) for step in (0, 3, 15, 63)]
    [0.25, 1.0, 0.5, 0.25]
    """
    warmup = max(1, warmup)
    return min((step + 1) / warmup, math.sqrt(warmup / (step + 1)))
