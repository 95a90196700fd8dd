"""Mistakes in “What a block costs”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_10_transformer_block.reference import block_cost


def _cost(
    id: str, part: int, wrong: Callable[[int, int, int], int], says: str, why: str
) -> WrongAnswer:
    """A mistake in one of the two numbers; the other may be anything."""

    def code(n_tokens: int, d_model: int, d_ff: int) -> tuple[int, int]:
        parameters, flops = block_cost(n_tokens, d_model, d_ff)
        found = wrong(n_tokens, d_model, d_ff)
        return (found, flops) if part == 0 else (parameters, found)

    return WrongAnswer(id=id, code=code, says=says, why=why, part=part)


def _weights(d: int, f: int) -> int:
    return 4 * d * d + 2 * d * f


def _parameters(d: int, f: int) -> int:
    return block_cost(1, d, f)[0]


def _flops(t: int, d: int, f: int) -> int:
    return block_cost(t, d, f)[1]


MISTAKES = (
    _cost(
        "no_biases",
        0,
        lambda t, d, f: _weights(d, f) + 4 * d,
        "Your parameters leave out the biases of the linear layers.",
        "Each of the six layers adds a bias as wide as its output: four of d_model, one of d_ff, one more of d_model.",
    ),
    _cost(
        "no_norms",
        0,
        lambda t, d, f: _parameters(d, f) - 4 * d,
        "Your parameters leave out the norms.",
        "Each of the two norms has a gain and a bias, d_model numbers each: 4 · d_model in all.",
    ),
    _cost(
        "matrices_alone",
        0,
        lambda t, d, f: _weights(d, f),
        "Your parameters are those of the matrices alone.",
        "That is a good estimate, and not the number: the six layers have biases, and the two norms a gain and a bias each.",
    ),
    _cost(
        "one_norm",
        0,
        lambda t, d, f: _parameters(d, f) - 2 * d,
        "You count one norm, or no biases in the norms.",
        "There are two norms, and each has a gain and a bias: 4 · d_model numbers.",
    ),
    _cost(
        "no_output_projection",
        0,
        lambda t, d, f: _parameters(d, f) - d * d - d,
        "Your parameters leave out w_o.",
        "Attention has four projections: w_q, w_k, w_v, and w_o, which mixes the heads.",
    ),
    _cost(
        "one_ff_matrix",
        0,
        lambda t, d, f: _parameters(d, f) - d * f - d,
        "You count one layer of the feed-forward.",
        "w_in goes up from d_model to d_ff, w_out comes back down.",
    ),
    _cost(
        "equal_ff_biases",
        0,
        lambda t, d, f: _parameters(d, f) - f + d,
        "Your feed-forward has two biases of d_model numbers.",
        "A bias is as wide as its layer's output: w_in's has d_ff numbers.",
    ),
    _cost(
        "multiplications_only",
        1,
        lambda t, d, f: _flops(t, d, f) // 2,
        "Your FLOPs count the multiplications alone.",
        "Every multiplication in a matrix product comes with an addition, and both count: 2 m k n.",
    ),
    _cost(
        "no_meetings",
        1,
        lambda t, d, f: 2 * t * _weights(d, f),
        "Your FLOPs leave out the attention itself.",
        "Besides the projections each query meets each key, T · T · d_model products, and the weights meet the values, as many again.",
    ),
    _cost(
        "from_all_parameters",
        1,
        lambda t, d, f: 2 * t * _parameters(d, f),
        "Your FLOPs are 2 · tokens · parameters.",
        "That rule of thumb leaves out that queries meet keys, and counts biases and gains as if they were matrices.",
    ),
    _cost(
        "scores_alone",
        1,
        lambda t, d, f: _flops(t, d, f) - 2 * t * t * d,
        "You count one of attention's two products without weights.",
        "q kᵀ makes the scores, and weights · v mixes the values: 2 · T · T · d_model each.",
    ),
    _cost(
        "no_output_flops",
        1,
        lambda t, d, f: _flops(t, d, f) - 2 * t * d * d,
        "Your FLOPs leave out w_o.",
        "Four projections of d_model × d_model act on every token.",
    ),
    _cost(
        "one_ff_product",
        1,
        lambda t, d, f: _flops(t, d, f) - 2 * t * d * f,
        "Your FLOPs count one layer of the feed-forward.",
        "w_in and w_out cost the same: 2 · T · d_model · d_ff each.",
    ),
    _cost(
        "one_token",
        1,
        lambda t, d, f: 2 * _weights(d, f) + 4 * t * d,
        "Your FLOPs are those of one token.",
        "All n_tokens positions go through the block: multiply by n_tokens.",
    ),
    _cost(
        "tokens_squared_everywhere",
        1,
        lambda t, d, f: 2 * t * t * _weights(d, f) + 4 * t * t * d,
        "You multiply the layers' part by the square of the tokens.",
        "A linear layer treats each token once. Only where tokens meet tokens does the square appear.",
    ),
    _cost(
        "training",
        1,
        lambda t, d, f: 3 * _flops(t, d, f),
        "Your FLOPs are three times the forward pass: you counted the backward pass too.",
        "The backward pass costs about twice the forward one. This exercise asks for the forward pass alone.",
    ),
)
