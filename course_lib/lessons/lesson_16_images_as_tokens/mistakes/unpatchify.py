"""Mistakes in “And back again”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.lessons.lesson_16_images_as_tokens.mistakes.common import mistake


def paste(
    patches: Tensor,
    p: int,
    h: int,
    w: int,
    split: str = "nm",
    order: tuple[int, ...] = (0, 3, 1, 4, 2, 5),
    last: bool = False,
) -> Tensor:
    """Put patches together; axes are (B, rows, columns, C, p, p), `last` has (B, …, p, p, C)."""
    rows, columns = h // p, w // p
    grid = (rows, columns) if split == "nm" else (columns, rows)
    pixels = (p, p, -1) if last else (-1, p, p)
    return (
        patches.reshape(len(patches), *grid, *pixels)
        .permute(*order)
        .reshape(len(patches), -1, h, w)
    )


MISTAKES = (
    mistake(
        "columns_first",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width, "mn", (0, 3, 2, 4, 1, 5)
        ),
        "You lay the patches down the columns: rows and columns of the grid are swapped.",
        "Token 1 lies to the right of token 0. Split N into (rows, columns), in this order.",
    ),
    mistake(
        "pixels_transposed",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width, order=(0, 3, 1, 5, 2, 4)
        ),
        "Every patch comes out mirrored at its diagonal: its rows and columns of pixels are swapped.",
        "The first of the two patch axes counts rows of pixels and belongs to the height, the second belongs to the width.",
    ),
    mistake(
        "all_transposed",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width, "mn", (0, 3, 2, 5, 1, 4)
        ),
        "Rows and columns are swapped everywhere: in the grid, and inside each patch.",
        "Height is rows of the grid times rows of a patch; width is columns times columns.",
    ),
    mistake(
        "channels_last",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width, order=(0, 5, 1, 3, 2, 4), last=True
        ),
        "You read the rows as if the channels of one pixel stood side by side.",
        "patchify put channel 0 first with all its pixels. The inverse splits a row into (C, p, p).",
    ),
    mistake(
        "plain_reshape",
        lambda patches, patch_size, height, width: patches.reshape(len(patches), -1, height, width),
        "You reshape at once, so each patch is spread out along a strip.",
        "A reshape moves nothing. Split the axes, bring each pair (rows, p) and (columns, p) together, then join.",
    ),
    mistake(
        "scattered",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width, order=(0, 3, 4, 1, 5, 2)
        ),
        "You join (p, rows) and (p, columns): the pixels of a patch are scattered over the image.",
        "The axis that moves slowest stands first: (rows, p) makes the height, (columns, p) the width.",
    ),
    mistake(
        "pictures_of_patches",
        lambda patches, patch_size, height, width: patches.unflatten(
            2, (-1, patch_size, patch_size)
        ),
        "You return a list of small pictures, not one picture an image.",
        "They have the right pixels; the grid must be laid out: (B, C, height, width).",
    ),
    mistake(
        "channels_behind",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width
        ).permute(0, 2, 3, 1),
        "Your image has its channels last: (B, height, width, C).",
        "matplotlib wants pictures so; torch has channels before height and width.",
    ),
)
