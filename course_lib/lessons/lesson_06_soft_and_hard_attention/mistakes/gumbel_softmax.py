"""Mistakes in “A choice, softened”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _gumbel(u: Tensor) -> Tensor:
    return -(-u.log()).log()


MISTAKES = (
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
