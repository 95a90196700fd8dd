"""Mistakes in “Patches by convolution”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from course_lib.lessons.lesson_16_images_as_tokens.mistakes.common import mistake


def convolve(
    images: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    p: int,
    kernel: Callable[[Tensor], Tensor] = lambda k: k,
    stride: int | None = None,
) -> Tensor:
    """Convolve with the right kernel, after `kernel` has spoilt it; returns (B, d, rows, columns)."""
    made = kernel(weight.unflatten(1, (images.shape[1], p, p)))
    return F.conv2d(images, made, bias, stride=p if stride is None else stride)


def _tokens(out: Tensor) -> Tensor:
    return out.flatten(2).mT


def _last(kernel: Tensor) -> Tensor:
    """Read a row of weights as if channels stood last in it."""
    d, c, p, _ = kernel.shape
    return kernel.reshape(d, p, p, c).permute(0, 3, 1, 2)


def _by_columns_of_weight(images: Tensor, weight: Tensor, bias: Tensor, patch_size: int) -> Tensor:
    kernel = weight.T.reshape(len(weight), images.shape[1], patch_size, patch_size)
    return _tokens(F.conv2d(images, kernel, bias, stride=patch_size))


MISTAKES = (
    mistake(
        "channels_last",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, bias, patch_size, _last)
        ),
        "You split the weights as (p, p, C): channels last.",
        "The linear layer read rows in which channel 0 stands first with all its pixels, so its weights split into (C, p, p).",
    ),
    mistake(
        "kernel_transposed",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, bias, patch_size, lambda k: k.mT)
        ),
        "Your kernel is mirrored at its diagonal: rows and columns of pixels are swapped.",
        "A row of weights goes through a patch row by row. Split its last part into (rows, columns) and leave it so.",
    ),
    mistake(
        "kernel_turned",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, bias, patch_size, lambda k: k.flip(-1, -2))
        ),
        "You turn the kernel by 180 degrees.",
        "A convolution in mathematics would ask for it. PyTorch's conv2d does not flip: it multiplies and adds as they lie.",
    ),
    mistake(
        "columns_first",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, bias, patch_size).mT
        ),
        "Your tokens are numbered down the columns: rows and columns of the grid are swapped.",
        "The convolution's output is (B, d, rows, columns). Joining its last two axes as they stand goes by rows.",
    ),
    mistake(
        "reshaped_to_tokens",
        lambda images, weight, bias, patch_size: convolve(images, weight, bias, patch_size).reshape(
            len(images), -1, len(weight)
        ),
        "You reshape (B, d, rows, columns) to (B, N, d): no axis moves, so your tokens mix patches.",
        "The right shape with the wrong numbers. Join rows and columns, then swap the last two axes.",
    ),
    mistake(
        "channels_second",
        lambda images, weight, bias, patch_size: convolve(images, weight, bias, patch_size).flatten(
            2
        ),
        "Your result is (B, d_model, N): tokens are columns.",
        "An encoder reads rows. Swap the last two axes.",
    ),
    mistake(
        "still_a_grid",
        lambda images, weight, bias, patch_size: convolve(images, weight, bias, patch_size),
        "You return the convolution's picture, (B, d_model, rows, columns).",
        "Join rows and columns to one axis of N, and bring the features last.",
    ),
    mistake(
        "stride_one",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, bias, patch_size, stride=1)
        ),
        "Your window moves by one pixel: the patches overlap.",
        "It must move by its own width: stride=patch_size.",
    ),
    mistake(
        "bias_missing",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, None, patch_size)
        ),
        "Your bias is not added.",
        "A linear layer adds its bias to every row; conv2d takes it as third argument.",
    ),
    mistake(
        "columns_of_the_weight",
        _by_columns_of_weight,
        "You transposed the weight before you split it.",
        "nn.Linear keeps a row for each output, and so does conv2d with its first axis. Nothing has to be transposed.",
    ),
)
