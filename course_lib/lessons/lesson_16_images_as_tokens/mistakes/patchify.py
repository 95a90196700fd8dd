"""Mistakes in “Patches by reshape”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.lessons.lesson_16_images_as_tokens.mistakes.common import mistake


def cut(
    images: Tensor,
    p: int,
    order: tuple[int, ...] = (0, 2, 4, 1, 3, 5),
    scattered: bool = False,
) -> Tensor:
    """Cut into patches; `order` names the axes (B, C, rows, p, columns, p) as they shall stand."""
    b, c, h, w = images.shape
    rows, columns = h // p, w // p
    if scattered:
        x = images.reshape(b, c, p, rows, p, columns).permute(0, 1, 3, 2, 5, 4)
    else:
        x = images.reshape(b, c, rows, p, columns, p)
    return x.permute(*order).reshape(b, rows * columns, c * p * p)


MISTAKES = (
    mistake(
        "columns_first",
        lambda images, patch_size: cut(images, patch_size, (0, 4, 2, 1, 3, 5)),
        "Your patches are numbered down the columns; rows and columns of the grid are swapped.",
        "Token 1 should be the patch to the right of token 0. On a grid that is not square the learned positions would "
        "then belong to other places than in every published model.",
    ),
    mistake(
        "pixels_transposed",
        lambda images, patch_size: cut(images, patch_size, (0, 2, 4, 1, 5, 3)),
        "Inside each patch your pixels run down the columns: every patch is mirrored at its diagonal.",
        "The patches are at the right places, but their rows and columns of pixels are swapped. Weights that were learned on "
        "patches read by rows would see other shapes.",
    ),
    mistake(
        "all_transposed",
        lambda images, patch_size: cut(images, patch_size, (0, 4, 2, 1, 5, 3)),
        "Rows and columns are swapped everywhere: in the grid, and inside each patch.",
        "You cut the picture mirrored at its diagonal. Height comes before width, in (B, C, H, W) and in the answer.",
    ),
    mistake(
        "channels_last",
        lambda images, patch_size: cut(images, patch_size, (0, 2, 4, 3, 5, 1)),
        "Your rows list the channels of one pixel side by side: channels last.",
        "The right numbers, in another order. Here channel 0 comes first with all its pixels, as a convolution keeps its "
        "weights; then the two forms are one reshape apart.",
    ),
    mistake(
        "plain_reshape",
        lambda images, patch_size: images.reshape(len(images), -1, images.shape[1] * patch_size**2),
        "You reshape the image at once: your rows are strips in the order of memory, not squares.",
        "A reshape moves nothing. The second row of a patch lies a whole image row further on, so axes must be split "
        "first, then moved, then joined.",
    ),
    mistake(
        "split_without_order",
        lambda images, patch_size: (
            images.reshape(
                *images.shape[:2],
                images.shape[2] // patch_size,
                images.shape[3] // patch_size,
                patch_size,
                patch_size,
            )
            .permute(0, 2, 3, 1, 4, 5)
            .reshape(len(images), -1, images.shape[1] * patch_size**2)
        ),
        "You split height and width into (rows, columns, p, p) at once, so your patches are strips.",
        "Each side is split where it stands: height into (rows, p) and, behind it, width into (columns, p). Then the axes can be moved.",
    ),
    mistake(
        "scattered",
        lambda images, patch_size: cut(images, patch_size, scattered=True),
        "Your patches are made of pixels from all over the image, one from every few.",
        "You split the height into (patch_size, rows). It is (rows, patch_size): the axis that moves slowest, the number of "
        "the patch, stands first.",
    ),
    mistake(
        "patches_last",
        lambda images, patch_size: cut(images, patch_size).mT,
        "Your patches are columns: the last two axes are swapped.",
        "A token is a row, as in every lesson before: (B, N, numbers of a patch). unfold gives it the other way round, "
        "for example.",
    ),
    mistake(
        "one_token_a_channel",
        lambda images, patch_size: cut(images, patch_size, (0, 1, 2, 4, 3, 5)).reshape(
            len(images), -1, patch_size**2
        ),
        "Each channel of a patch became a token of its own.",
        "A patch with three channels is one token with 3 · patch_size² numbers. Bring the channel axis behind the two axes of the grid "
        "before you join axes.",
    ),
    mistake(
        "channels_outside",
        lambda images, patch_size: cut(images, patch_size, (0, 1, 2, 4, 3, 5)),
        "Your channels stand before the grid: a row mixes patches of one channel.",
        "Joining axes takes them in the order they stand. Grid rows and columns come first, then channel, then the pixels.",
    ),
    mistake(
        "still_pictures",
        lambda images, patch_size: cut(images, patch_size).unflatten(
            2, (images.shape[1], patch_size, patch_size)
        ),
        "Your patches are still pictures: (B, N, C, p, p).",
        "An encoder reads rows of numbers. Join the last three axes.",
    ),
    mistake(
        "still_a_grid",
        lambda images, patch_size: cut(images, patch_size).unflatten(
            1, (-1, images.shape[3] // patch_size)
        ),
        "Your patches still stand in a grid: (B, rows, columns, numbers).",
        "An encoder reads a list of tokens. Join rows and columns to one axis of N.",
    ),
)
