"""Mistakes in “What a ViT costs”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_16_images_as_tokens import reference as right


def _cost(id: str, part: int, change: Callable[..., int], says: str, why: str) -> WrongAnswer:
    """Return a wrong answer whose parameters (0) or FLOPs (1) are off by `change` of the sizes."""

    def code(
        n_patches: int,
        patch_size: int,
        n_channels: int,
        n_classes: int,
        d_model: int,
        n_layers: int,
        d_ff: int,
    ) -> tuple[int, int]:
        sizes = (n_patches, patch_size, n_channels, n_classes, d_model, n_layers, d_ff)
        found = list(right.vit_cost(*sizes))
        found[part] += change(*sizes)
        return found[0], found[1]

    return WrongAnswer(id=id, code=code, says=says, why=why)


def _weights(d: int, f: int) -> int:
    return 4 * d * d + 2 * d * f


MISTAKES = (
    _cost(
        "one_vector_missing",
        0,
        lambda n, p, c, k, d, layers, f: -d,
        "Your parameters are d_model too few.",
        "Three things have d_model numbers and are easily left out: the class token, its position (there are n_patches + 1), and the bias "
        "of the layer that reads patches.",
    ),
    _cost(
        "two_vectors_missing",
        0,
        lambda n, p, c, k, d, layers, f: -2 * d,
        "Your parameters are 2 · d_model too few.",
        "Look for two things of d_model numbers each: the class token, its position, the bias of the patch layer; or the last norm, which has "
        "a gain and a bias.",
    ),
    _cost(
        "no_places",
        0,
        lambda n, p, c, k, d, layers, f: -(n + 1) * d,
        "Your parameters leave out the positions.",
        "They are learned: (n_patches + 1) · d_model numbers.",
    ),
    _cost(
        "no_head",
        0,
        lambda n, p, c, k, d, layers, f: -(d * k + k),
        "Your parameters leave out the head.",
        "It has d_model · n_classes weights and n_classes biases.",
    ),
    _cost(
        "no_head_bias",
        0,
        lambda n, p, c, k, d, layers, f: -k,
        "Your parameters leave out the head's bias.",
        "A bias is as wide as its layer's output: n_classes numbers.",
    ),
    _cost(
        "grey_patches",
        0,
        lambda n, p, c, k, d, layers, f: (1 - c) * p * p * d,
        "Your patch layer reads one channel.",
        "A patch has n_channels · patch_size² numbers.",
    ),
    _cost(
        "one_layer",
        0,
        lambda n, p, c, k, d, layers, f: -(layers - 1) * (_weights(d, f) + 9 * d + f),
        "Your parameters count one block.",
        "Each of the n_layers blocks has parameters of its own.",
    ),
    _cost(
        "no_block_biases",
        0,
        lambda n, p, c, k, d, layers, f: -layers * (5 * d + f),
        "Your blocks have no biases in their layers.",
        "Each layer of a block has one: 4 · d_model in attention, d_ff + d_model in the feed-forward.",
    ),
    _cost(
        "no_block_norms",
        0,
        lambda n, p, c, k, d, layers, f: -layers * 4 * d,
        "Your blocks have no norms.",
        "Each block has two norms, with a gain and a bias each: 4 · d_model numbers.",
    ),
    _cost(
        "n_tokens",
        1,
        lambda n, p, c, k, d, layers, f: (
            layers * (2 * n * _weights(d, f) + 4 * n * n * d)
            - layers * (2 * (n + 1) * _weights(d, f) + 4 * (n + 1) ** 2 * d)
        ),
        "Your FLOPs forget the class token: the blocks read n_patches + 1 tokens.",
        "It goes through every layer like any other token, and meets all of them.",
    ),
    _cost(
        "patch_layer_on_the_class_token",
        1,
        lambda n, p, c, k, d, layers, f: 2 * c * p * p * d,
        "You let the patch layer read n_patches + 1 patches.",
        "The class token joins after it: there are n_patches of them.",
    ),
    _cost(
        "no_patch_layer",
        1,
        lambda n, p, c, k, d, layers, f: -2 * n * c * p * p * d,
        "Your FLOPs leave out the patch layer.",
        "It is a matrix product as well: n_patches rows of n_channels · patch_size² numbers.",
    ),
    _cost(
        "no_head_flops",
        1,
        lambda n, p, c, k, d, layers, f: -2 * d * k,
        "Your FLOPs leave out the head.",
        "One row of d_model numbers meets n_classes columns.",
    ),
    _cost(
        "head_on_every_token",
        1,
        lambda n, p, c, k, d, layers, f: 2 * n * d * k,
        "Your FLOPs let the head read every token.",
        "The head reads one row an image, the class token's.",
    ),
    _cost(
        "no_meetings",
        1,
        lambda n, p, c, k, d, layers, f: -layers * 4 * (n + 1) ** 2 * d,
        "Your FLOPs leave out that tokens meet: scores and mixing.",
        "In each block every token meets every token, twice: 2 · 2 · T · T · d_model.",
    ),
    _cost(
        "one_layer_flops",
        1,
        lambda n, p, c, k, d, layers, f: (
            -(layers - 1) * (2 * (n + 1) * _weights(d, f) + 4 * (n + 1) ** 2 * d)
        ),
        "Your FLOPs count one block.",
        "Each of the n_layers blocks costs as much.",
    ),
    _cost(
        "multiplications_only",
        1,
        lambda n, p, c, k, d, layers, f: -right.vit_cost(n, p, c, k, d, layers, f)[1] // 2,
        "Your FLOPs count the multiplications alone.",
        "Each comes with an addition: 2 m k n. Beware of tables: torchvision's “GFLOPS” of a model count pairs, so theirs are half of these.",
    ),
)
