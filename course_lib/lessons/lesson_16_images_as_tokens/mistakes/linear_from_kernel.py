"""Mistakes in “A kernel back to a linear layer”: the code that makes each, its name, and why it is wrong."""

from course_lib.lessons.lesson_16_images_as_tokens import reference as right
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.common import mistake

MISTAKES = (
    mistake(
        "option_ignored",
        lambda kernel, channels_last=False: kernel.flatten(1),
        "With channels_last nothing changes: your rows always have channel 0 first.",
        "For a layer that reads the channels of a pixel side by side, the channel axis must move to the end before axes are joined. A reshape to "
        "(d, p, p, C) moves nothing; a permute does.",
    ),
    mistake(
        "always_last",
        lambda kernel, channels_last=False: kernel.permute(0, 2, 3, 1).flatten(1),
        "You pay no attention to channels_last: your rows always have the channels of a pixel side by side.",
        "Without channels_last a row is channel 0 with all its pixels, then channel 1: the kernel as it lies.",
    ),
    mistake(
        "option_reversed",
        lambda kernel, channels_last=False: (
            kernel if channels_last else kernel.permute(0, 2, 3, 1)
        ).flatten(1),
        "Your two orders are exchanged.",
        "The kernel as it lies, (d, C, p, p), has its channels first. It is channels_last=True that needs a move.",
    ),
    mistake(
        "pixels_transposed",
        lambda kernel, channels_last=False: (
            kernel.permute(0, 3, 2, 1) if channels_last else kernel
        ).flatten(1),
        "For channels_last your pixels run down the columns.",
        "Only the channel axis moves: (d, C, p, p) becomes (d, p, p, C) with rows still before columns.",
    ),
    mistake(
        "channels_between",
        lambda kernel, channels_last=False: (
            kernel.transpose(1, 2) if channels_last else kernel
        ).flatten(1),
        "For channels_last your channels stand between rows and columns.",
        "The channel axis must go all the way to the end: (d, C, p, p) becomes (d, p, p, C). A transpose of two axes moves it one place.",
    ),
    mistake(
        "always_pixels_transposed",
        lambda kernel, channels_last=False: (
            kernel.permute(0, 3, 2, 1) if channels_last else kernel.mT
        ).flatten(1),
        "Your pixels run down the columns: rows and columns of the kernel are swapped.",
        "A patch is read by rows. Only the channel axis ever moves.",
    ),
    mistake(
        "transposed",
        lambda kernel, channels_last=False: right.linear_from_kernel(kernel, channels_last).T,
        "Your matrix is transposed: (numbers of a patch, d_model).",
        "nn.Linear keeps a row for each output, and that is the kernel's first axis already.",
    ),
    mistake(
        "a_row_a_channel",
        lambda kernel, channels_last=False: kernel.flatten(0, 1).flatten(1),
        "You joined outputs and channels: your matrix has a row for each channel of each output.",
        "A row holds all the weights of one output: the last three axes are joined, the first stays.",
    ),
)
