"""Wrong answers of lesson 16: the code that makes each mistake, its name, and why it is one."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_16_images_as_tokens import reference as right


def _wrong(id: str, code: Callable[..., Any], says: str, why: str) -> WrongAnswer:
    return WrongAnswer(id=id, code=code, says=says, why=why)


# ---------------------------------------------------------------- 16.1 patchify


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


PATCHIFY = (
    _wrong(
        "columns_first",
        lambda images, patch_size: cut(images, patch_size, (0, 4, 2, 1, 3, 5)),
        "Your patches are numbered down the columns; rows and columns of the grid are swapped.",
        "Token 1 should be the patch to the right of token 0. On a grid that is not square the learned positions would "
        "then belong to other places than in every published model.",
    ),
    _wrong(
        "pixels_transposed",
        lambda images, patch_size: cut(images, patch_size, (0, 2, 4, 1, 5, 3)),
        "Inside each patch your pixels run down the columns: every patch is mirrored at its diagonal.",
        "The patches are at the right places, but their rows and columns of pixels are swapped. Weights that were learned on "
        "patches read by rows would see other shapes.",
    ),
    _wrong(
        "all_transposed",
        lambda images, patch_size: cut(images, patch_size, (0, 4, 2, 1, 5, 3)),
        "Rows and columns are swapped everywhere: in the grid, and inside each patch.",
        "You cut the picture mirrored at its diagonal. Height comes before width, in (B, C, H, W) and in the answer.",
    ),
    _wrong(
        "channels_last",
        lambda images, patch_size: cut(images, patch_size, (0, 2, 4, 3, 5, 1)),
        "Your rows list the channels of one pixel side by side: channels last.",
        "The right numbers, in another order. Here channel 0 comes first with all its pixels, as a convolution keeps its "
        "weights; then the two forms are one reshape apart.",
    ),
    _wrong(
        "plain_reshape",
        lambda images, patch_size: images.reshape(len(images), -1, images.shape[1] * patch_size**2),
        "You reshape the image at once: your rows are strips in the order of memory, not squares.",
        "A reshape moves nothing. The second row of a patch lies a whole image row further on, so axes must be split "
        "first, then moved, then joined.",
    ),
    _wrong(
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
    _wrong(
        "scattered",
        lambda images, patch_size: cut(images, patch_size, scattered=True),
        "Your patches are made of pixels from all over the image, one from every few.",
        "You split the height into (patch_size, rows). It is (rows, patch_size): the axis that moves slowest, the number of "
        "the patch, stands first.",
    ),
    _wrong(
        "patches_last",
        lambda images, patch_size: cut(images, patch_size).mT,
        "Your patches are columns: the last two axes are swapped.",
        "A token is a row, as in every lesson before: (B, N, numbers of a patch). unfold gives it the other way round, "
        "for example.",
    ),
    _wrong(
        "one_token_a_channel",
        lambda images, patch_size: cut(images, patch_size, (0, 1, 2, 4, 3, 5)).reshape(
            len(images), -1, patch_size**2
        ),
        "Each channel of a patch became a token of its own.",
        "A patch with three channels is one token with 3 · patch_size² numbers. Bring the channel axis behind the two axes of the grid "
        "before you join axes.",
    ),
    _wrong(
        "channels_outside",
        lambda images, patch_size: cut(images, patch_size, (0, 1, 2, 4, 3, 5)),
        "Your channels stand before the grid: a row mixes patches of one channel.",
        "Joining axes takes them in the order they stand. Grid rows and columns come first, then channel, then the pixels.",
    ),
    _wrong(
        "still_pictures",
        lambda images, patch_size: cut(images, patch_size).unflatten(
            2, (images.shape[1], patch_size, patch_size)
        ),
        "Your patches are still pictures: (B, N, C, p, p).",
        "An encoder reads rows of numbers. Join the last three axes.",
    ),
    _wrong(
        "still_a_grid",
        lambda images, patch_size: cut(images, patch_size).unflatten(
            1, (-1, images.shape[3] // patch_size)
        ),
        "Your patches still stand in a grid: (B, rows, columns, numbers).",
        "An encoder reads a list of tokens. Join rows and columns to one axis of N.",
    ),
)

# ---------------------------------------------------------------- 16.2 unpatchify


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


UNPATCHIFY = (
    _wrong(
        "columns_first",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width, "mn", (0, 3, 2, 4, 1, 5)
        ),
        "You lay the patches down the columns: rows and columns of the grid are swapped.",
        "Token 1 lies to the right of token 0. Split N into (rows, columns), in this order.",
    ),
    _wrong(
        "pixels_transposed",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width, order=(0, 3, 1, 5, 2, 4)
        ),
        "Every patch comes out mirrored at its diagonal: its rows and columns of pixels are swapped.",
        "The first of the two patch axes counts rows of pixels and belongs to the height, the second belongs to the width.",
    ),
    _wrong(
        "all_transposed",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width, "mn", (0, 3, 2, 5, 1, 4)
        ),
        "Rows and columns are swapped everywhere: in the grid, and inside each patch.",
        "Height is rows of the grid times rows of a patch; width is columns times columns.",
    ),
    _wrong(
        "channels_last",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width, order=(0, 5, 1, 3, 2, 4), last=True
        ),
        "You read the rows as if the channels of one pixel stood side by side.",
        "patchify put channel 0 first with all its pixels. The inverse splits a row into (C, p, p).",
    ),
    _wrong(
        "plain_reshape",
        lambda patches, patch_size, height, width: patches.reshape(len(patches), -1, height, width),
        "You reshape at once, so each patch is spread out along a strip.",
        "A reshape moves nothing. Split the axes, bring each pair (rows, p) and (columns, p) together, then join.",
    ),
    _wrong(
        "scattered",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width, order=(0, 3, 4, 1, 5, 2)
        ),
        "You join (p, rows) and (p, columns): the pixels of a patch are scattered over the image.",
        "The axis that moves slowest stands first: (rows, p) makes the height, (columns, p) the width.",
    ),
    _wrong(
        "pictures_of_patches",
        lambda patches, patch_size, height, width: patches.unflatten(
            2, (-1, patch_size, patch_size)
        ),
        "You return a list of small pictures, not one picture an image.",
        "They have the right pixels; the grid must be laid out: (B, C, height, width).",
    ),
    _wrong(
        "channels_behind",
        lambda patches, patch_size, height, width: paste(
            patches, patch_size, height, width
        ).permute(0, 2, 3, 1),
        "Your image has its channels last: (B, height, width, C).",
        "matplotlib wants pictures so; torch has channels before height and width.",
    ),
)

# ---------------------------------------------------------------- 16.3 patches by convolution


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


PATCHES_BY_CONVOLUTION = (
    _wrong(
        "channels_last",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, bias, patch_size, _last)
        ),
        "You split the weights as (p, p, C): channels last.",
        "The linear layer read rows in which channel 0 stands first with all its pixels, so its weights split into (C, p, p).",
    ),
    _wrong(
        "kernel_transposed",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, bias, patch_size, lambda k: k.mT)
        ),
        "Your kernel is mirrored at its diagonal: rows and columns of pixels are swapped.",
        "A row of weights goes through a patch row by row. Split its last part into (rows, columns) and leave it so.",
    ),
    _wrong(
        "kernel_turned",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, bias, patch_size, lambda k: k.flip(-1, -2))
        ),
        "You turn the kernel by 180 degrees.",
        "A convolution in mathematics would ask for it. PyTorch's conv2d does not flip: it multiplies and adds as they lie.",
    ),
    _wrong(
        "columns_first",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, bias, patch_size).mT
        ),
        "Your tokens are numbered down the columns: rows and columns of the grid are swapped.",
        "The convolution's output is (B, d, rows, columns). Joining its last two axes as they stand goes by rows.",
    ),
    _wrong(
        "reshaped_to_tokens",
        lambda images, weight, bias, patch_size: convolve(images, weight, bias, patch_size).reshape(
            len(images), -1, len(weight)
        ),
        "You reshape (B, d, rows, columns) to (B, N, d): no axis moves, so your tokens mix patches.",
        "The right shape with the wrong numbers. Join rows and columns, then swap the last two axes.",
    ),
    _wrong(
        "channels_second",
        lambda images, weight, bias, patch_size: convolve(images, weight, bias, patch_size).flatten(
            2
        ),
        "Your result is (B, d_model, N): tokens are columns.",
        "An encoder reads rows. Swap the last two axes.",
    ),
    _wrong(
        "still_a_grid",
        lambda images, weight, bias, patch_size: convolve(images, weight, bias, patch_size),
        "You return the convolution's picture, (B, d_model, rows, columns).",
        "Join rows and columns to one axis of N, and bring the features last.",
    ),
    _wrong(
        "stride_one",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, bias, patch_size, stride=1)
        ),
        "Your window moves by one pixel: the patches overlap.",
        "It must move by its own width: stride=patch_size.",
    ),
    _wrong(
        "bias_missing",
        lambda images, weight, bias, patch_size: _tokens(
            convolve(images, weight, None, patch_size)
        ),
        "Your bias is not added.",
        "A linear layer adds its bias to every row; conv2d takes it as third argument.",
    ),
    _wrong(
        "columns_of_the_weight",
        _by_columns_of_weight,
        "You transposed the weight before you split it.",
        "nn.Linear keeps a row for each output, and so does conv2d with its first axis. Nothing has to be transposed.",
    ),
)

# ---------------------------------------------------------------- 16.4 back to a linear layer

LINEAR_FROM_KERNEL = (
    _wrong(
        "option_ignored",
        lambda kernel, channels_last=False: kernel.flatten(1),
        "With channels_last nothing changes: your rows always have channel 0 first.",
        "For a layer that reads the channels of a pixel side by side, the channel axis must move to the end before axes are joined. A reshape to "
        "(d, p, p, C) moves nothing; a permute does.",
    ),
    _wrong(
        "always_last",
        lambda kernel, channels_last=False: kernel.permute(0, 2, 3, 1).flatten(1),
        "You pay no attention to channels_last: your rows always have the channels of a pixel side by side.",
        "Without channels_last a row is channel 0 with all its pixels, then channel 1: the kernel as it lies.",
    ),
    _wrong(
        "option_reversed",
        lambda kernel, channels_last=False: (
            kernel if channels_last else kernel.permute(0, 2, 3, 1)
        ).flatten(1),
        "Your two orders are exchanged.",
        "The kernel as it lies, (d, C, p, p), has its channels first. It is channels_last=True that needs a move.",
    ),
    _wrong(
        "pixels_transposed",
        lambda kernel, channels_last=False: (
            kernel.permute(0, 3, 2, 1) if channels_last else kernel
        ).flatten(1),
        "For channels_last your pixels run down the columns.",
        "Only the channel axis moves: (d, C, p, p) becomes (d, p, p, C) with rows still before columns.",
    ),
    _wrong(
        "channels_between",
        lambda kernel, channels_last=False: (
            kernel.transpose(1, 2) if channels_last else kernel
        ).flatten(1),
        "For channels_last your channels stand between rows and columns.",
        "The channel axis must go all the way to the end: (d, C, p, p) becomes (d, p, p, C). A transpose of two axes moves it one place.",
    ),
    _wrong(
        "always_pixels_transposed",
        lambda kernel, channels_last=False: (
            kernel.permute(0, 3, 2, 1) if channels_last else kernel.mT
        ).flatten(1),
        "Your pixels run down the columns: rows and columns of the kernel are swapped.",
        "A patch is read by rows. Only the channel axis ever moves.",
    ),
    _wrong(
        "transposed",
        lambda kernel, channels_last=False: right.linear_from_kernel(kernel, channels_last).T,
        "Your matrix is transposed: (numbers of a patch, d_model).",
        "nn.Linear keeps a row for each output, and that is the kernel's first axis already.",
    ),
    _wrong(
        "a_row_a_channel",
        lambda kernel, channels_last=False: kernel.flatten(0, 1).flatten(1),
        "You joined outputs and channels: your matrix has a row for each channel of each output.",
        "A row holds all the weights of one output: the last three axes are joined, the first stays.",
    ),
)

# ---------------------------------------------------------------- 16.5 class token and positions


def _first(patches: Tensor, class_token: Tensor) -> Tensor:
    return class_token.expand(len(patches), 1, -1)


def _once(patches: Tensor, class_token: Tensor, places: Tensor) -> Tensor:
    return torch.cat([class_token[None, None], patches], dim=1) + places


def _in_the_first_image(patches: Tensor, class_token: Tensor, places: Tensor) -> Tensor:
    first = torch.cat(
        [_first(patches[:1], class_token), patches.new_zeros(len(patches) - 1, 1, len(class_token))]
    )
    return torch.cat([first, patches], dim=1) + places


EMBED = (
    _wrong(
        "class_at_the_end",
        lambda patches, class_token, places: (
            torch.cat([patches, _first(patches, class_token)], dim=1) + places
        ),
        "Your class token stands behind the patches.",
        "It is token 0 in ViT, and row 0 of the positions is its own. At the end, every patch gets the position of the token before it.",
    ),
    _wrong(
        "class_at_the_end_with_its_place",
        lambda patches, class_token, places: torch.cat(
            [patches + places[1:], _first(patches, class_token) + places[0]], dim=1
        ),
        "Your class token, with its right position, stands behind the patches.",
        "Attention would not mind; whoever reads the answer off token 0 would read a patch.",
    ),
    _wrong(
        "one_for_the_batch",
        _once,
        "You have one class token for the whole batch; every image needs a copy.",
        "torch.cat repeats nothing. expand the token to (B, 1, d_model): B views of the same numbers, so that the gradient of all "
        "images reaches the one parameter.",
    ),
    _wrong(
        "in_the_first_image",
        _in_the_first_image,
        "Only the first image of the batch has the class token.",
        "Every image needs a copy of the same token: expand it to (B, 1, d_model).",
    ),
    _wrong(
        "places_before_the_class_token",
        lambda patches, class_token, places: torch.cat(
            [_first(patches, class_token), patches + places[1:]], dim=1
        ),
        "You add the positions before the class token joins: it has none.",
        "Positions have N + 1 rows, and row 0 is the class token's. Put the token in front first, then add.",
    ),
    _wrong(
        "places_shifted",
        lambda patches, class_token, places: torch.cat(
            [_first(patches, class_token), patches + places[:-1]], dim=1
        ),
        "You add the first N positions to the patches and then put the class token in front, without one.",
        "Row 0 belongs to the class token, row 1 to the first patch. Put the token in front first, then add all N + 1 rows.",
    ),
    _wrong(
        "no_places",
        lambda patches, class_token, places: torch.cat(
            [_first(patches, class_token), patches], dim=1
        ),
        "Your positions are not added.",
        "Without them attention sees a bag of patches: a picture and its jigsaw would be the same.",
    ),
    _wrong(
        "class_added",
        lambda patches, class_token, places: patches + class_token + places[1:],
        "You add the class token to every patch.",
        "It is a token of its own, one more row: it asks the patches, and the answer is read from it.",
    ),
    _wrong(
        "class_replaces_a_patch",
        lambda patches, class_token, places: (
            torch.cat([_first(patches, class_token), patches[:, 1:]], dim=1) + places[:-1]
        ),
        "Your class token takes the first patch's place.",
        "It is put in front of all N patches, which makes N + 1 tokens.",
    ),
    _wrong(
        "mean_for_the_class_token",
        lambda patches, class_token, places: (
            torch.cat([patches.mean(1, keepdim=True), patches], dim=1) + places
        ),
        "Your first token is the mean of the patches; class_token is not used.",
        "The class token is learned and begins alike for every image. What it finds out, it finds by attention.",
    ),
    _wrong(
        "class_has_no_place_of_its_own",
        lambda patches, class_token, places: torch.cat(
            [_first(patches, class_token) + places[-1], patches + places[:-1]], dim=1
        ),
        "Your positions are shifted by one: the patches use rows 0 to N − 1, the class token the last.",
        "Row n belongs to token n, and the class token is token 0.",
    ),
)

# ---------------------------------------------------------------- 16.6 resizing positions


def resized(
    places: Tensor,
    grid: tuple[int, int],
    align_corners: bool = False,
    mode: str = "bicubic",
    mirrored: bool = False,
    **options: Any,
) -> Tensor:
    """Resize; each switch makes one mistake."""
    old = round((len(places) - 1) ** 0.5)
    square = places[1:].T.unflatten(1, (old, old))[None]
    if mirrored:
        square = square.mT
    if mode != "nearest":
        options["align_corners"] = align_corners
    new = F.interpolate(square, grid, mode=mode, **options)[0]
    return torch.cat([places[:1], new.flatten(1).T])


def _by_view(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    old = round((len(places) - 1) ** 0.5)
    square = places[1:].reshape(1, -1, old, old)
    new = F.interpolate(square, grid, mode="bicubic", align_corners=align_corners)
    return torch.cat([places[:1], new.reshape(-1, places.shape[1])])


def _back_by_view(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    patches = right_resized(places, grid, align_corners)[1:]
    return torch.cat([places[:1], patches.T.reshape(-1, places.shape[1])])


def _last_row_kept(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    return right_resized(places.roll(1, 0), grid, align_corners).roll(-1, 0)


def _as_one_line(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    line = places[1:].T[None]
    n = grid[0] * grid[1]
    new = F.interpolate(line, n, mode="linear", align_corners=align_corners)
    return torch.cat([places[:1], new[0].T])


def right_resized(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    return resized(places, grid, align_corners)


RESIZE_PLACES = (
    _wrong(
        "always_false",
        lambda places, grid, align_corners=False: right_resized(places, grid, False),
        "align_corners is not handed on: you always have False, Hugging Face's way.",
        "With True the centres of the outer patches stay on each other, with False the edges of the image do. Weights from torchvision "
        "want True to give torchvision's logits.",
    ),
    _wrong(
        "always_true",
        lambda places, grid, align_corners=False: right_resized(places, grid, True),
        "You always have align_corners=True, torchvision's way.",
        "Hand the argument on: with False the edges of the two grids lie on each other, which is what Hugging Face does.",
    ),
    _wrong(
        "bilinear",
        lambda places, grid, align_corners=False: resized(places, grid, align_corners, "bilinear"),
        "You interpolate linearly, between two neighbours a direction.",
        'Both libraries go bicubic, between four: mode="bicubic".',
    ),
    _wrong(
        "nearest",
        lambda places, grid, align_corners=False: resized(places, grid, align_corners, "nearest"),
        "You copy the nearest position.",
        'Patches of the new grid would share a position and could not be told apart. Both libraries use mode="bicubic".',
    ),
    _wrong(
        "antialiased",
        lambda places, grid, align_corners=False: resized(
            places, grid, align_corners, antialias=True
        ),
        "You set antialias=True, which blurs when the grid shrinks.",
        "Neither library does that for positions.",
    ),
    _wrong(
        "class_row_dropped",
        lambda places, grid, align_corners=False: right_resized(places, grid, align_corners)[1:],
        "The class token's position is missing.",
        "It has no place in the picture, so it is kept as it is, in front.",
    ),
    _wrong(
        "class_row_last",
        lambda places, grid, align_corners=False: right_resized(places, grid, align_corners).roll(
            -1, 0
        ),
        "Your class token's position stands behind the patches'.",
        "It is row 0, before and after.",
    ),
    _wrong(
        "last_row_kept",
        _last_row_kept,
        "You keep the last row and resize the others, the class token's among them.",
        "The class token's position is row 0; rows 1 to N form the grid.",
    ),
    _wrong(
        "class_row_zero",
        lambda places, grid, align_corners=False: torch.cat(
            [torch.zeros_like(places[:1]), right_resized(places, grid, align_corners)[1:]]
        ),
        "Your class token's position is 0.",
        "It was learned; keep it as it is, in front.",
    ),
    _wrong(
        "grid_mirrored",
        lambda places, grid, align_corners=False: resized(
            places, grid, align_corners, mirrored=True
        ),
        "Your grid is mirrored at its diagonal: rows and columns are swapped before the resizing.",
        "Patches are numbered by rows, so (N, d) splits into (rows, columns, d), in this order.",
    ),
    _wrong(
        "new_grid_swapped",
        lambda places, grid, align_corners=False: right_resized(places, grid[::-1], align_corners),
        "You made grid[0] columns and grid[1] rows; it is rows first.",
        "interpolate takes (height, width), which is (rows, columns). On a square nobody would notice.",
    ),
    _wrong(
        "viewed_as_pictures",
        _by_view,
        "You view (N, d) as (1, d, rows, columns): no axis moves, so features and patches are mixed.",
        "interpolate wants the features as channels. Transpose to (d, N) first, and back afterwards.",
    ),
    _wrong(
        "viewed_back",
        _back_by_view,
        "After the resizing you view (d, rows, columns) as (N, d): no axis moves.",
        "Join rows and columns, then transpose.",
    ),
    _wrong(
        "as_one_line",
        _as_one_line,
        "You interpolate along the list of patches, as if it were a line.",
        "The last patch of a row and the first of the next are neighbours in the list, and far apart in the picture. Make it a grid first.",
    ),
)

# ---------------------------------------------------------------- 16.7 pooling


def _either(
    of_class: Callable[[Tensor], Tensor], of_mean: Callable[[Tensor], Tensor]
) -> Callable[..., Tensor]:
    """Return a pooling made of its two ways."""
    return lambda x, how="class": of_class(x) if how == "class" else of_mean(x)


def _token_0(x: Tensor) -> Tensor:
    return x[:, 0]


def _patch_mean(x: Tensor) -> Tensor:
    return x[:, 1:].mean(1)


POOL = (
    _wrong(
        "last_token",
        _either(lambda x: x[:, -1], _patch_mean),
        "You read the last token, the lower right patch.",
        "The class token is token 0. The last token is what GPT predicts from, since there only the last has seen all.",
    ),
    _wrong(
        "first_patch",
        _either(lambda x: x[:, 1], _patch_mean),
        "You read token 1, the upper left patch.",
        "The class token is token 0, before all patches.",
    ),
    _wrong(
        "first_image",
        _either(lambda x: x[0], _patch_mean),
        "You read all tokens of the first image, not the first token of all images.",
        "Axis 0 counts images, axis 1 tokens.",
    ),
    _wrong(
        "class_token_in_the_mean",
        _either(_token_0, lambda x: x.mean(1)),
        "Your mean includes the class token.",
        'how="mean" is the mean of the patches alone: leave token 0 out.',
    ),
    _wrong(
        "last_patch_left_out",
        _either(_token_0, lambda x: x[:, :-1].mean(1)),
        "Your mean includes the class token and leaves the last patch out.",
        "The class token is token 0, so the patches are tokens 1 to N.",
    ),
    _wrong(
        "sum_of_patches",
        _either(_token_0, lambda x: x[:, 1:].sum(1)),
        "You add the patches up without dividing by their number.",
        "A larger picture would give a larger row. The mean stays of one size.",
    ),
    _wrong(
        "largest_of_patches",
        _either(_token_0, lambda x: x[:, 1:].amax(1)),
        "You take the largest number of each feature.",
        'That is max pooling; how="mean" asks for the mean.',
    ),
    _wrong(
        "mean_of_features",
        _either(_token_0, lambda x: x[:, 1:].mean(2)),
        "Your mean runs over the features: it leaves one number a patch.",
        "The mean over the patches (axis 1) leaves one row an image.",
    ),
    _wrong(
        "axis_kept",
        _either(lambda x: x[:, :1], lambda x: x[:, 1:].mean(1, keepdim=True)),
        "Your result still has an axis of tokens, of size 1.",
        "One row an image is due: (B, d_model). x[:, 0] drops the axis, x[:, :1] keeps it.",
    ),
    _wrong(
        "exchanged",
        _either(_patch_mean, _token_0),
        'Your two ways are exchanged: "class" gives the mean, "mean" the class token.',
        "Look at the condition: the class token is due where how is “class”.",
    ),
    _wrong(
        "class_always",
        _either(_token_0, _token_0),
        "You return the class token whatever `how` says.",
        'With how="mean" the mean of the patches is due.',
    ),
    _wrong(
        "mean_always",
        _either(_patch_mean, _patch_mean),
        "You return the mean of the patches whatever `how` says.",
        'With how="class" token 0 is due.',
    ),
)

# ---------------------------------------------------------------- 16.8 the ViT


def _vit(forward: Callable[[Any, Tensor], Tensor]) -> type[nn.Module]:
    """Return the right class with another forward."""

    def of_images(self: Any, images: Tensor) -> Tensor:
        return forward(self, images)

    return type("ViT", (right.ViT,), {"forward": of_images})


def _read(self: Any, images: Tensor, embed: Callable[..., Tensor] = right.embed) -> Tensor:
    x = embed(self.patches(images).flatten(2).mT, self.class_token, self.places)
    for block in self.blocks:
        x = block(x)
    return x


def _through(self: Any, x: Tensor, blocks: Any) -> Tensor:
    for block in blocks:
        x = block(x)
    return self.head(self.norm(x)[:, 0])


def _embedded(self: Any, images: Tensor) -> Tensor:
    return right.embed(self.patches(images).flatten(2).mT, self.class_token, self.places)


def _answer(name: str) -> type[nn.Module]:
    """Return a ViT that embeds by the wrong answer `name` of exercise 16.5."""
    code = next(wrong.code for wrong in EMBED if wrong.id == name)
    return _vit(lambda self, images: self.head(self.norm(_read(self, images, code))[:, 0]))


def _grid_swapped(self: Any, images: Tensor) -> Tensor:
    x = right.embed(self.patches(images).mT.flatten(2).mT, self.class_token, self.places)
    return _through(self, x, self.blocks)


def _normed_each_time(self: Any, images: Tensor) -> Tensor:
    x = _embedded(self, images)
    for block in self.blocks:
        x = self.norm(block(x))
    return self.head(x[:, 0])


def _added_once_more(self: Any, images: Tensor) -> Tensor:
    x = _embedded(self, images)
    for block in self.blocks:
        x = x + block(x)
    return self.head(self.norm(x)[:, 0])


def _through_normed(self: Any, images: Tensor) -> Tensor:
    x = self.norm(_embedded(self, images))
    for block in self.blocks:
        x = block(x)
    return self.head(x[:, 0])


def _reshaped_tokens(self: Any, images: Tensor) -> Tensor:
    out = self.patches(images)
    x = right.embed(out.reshape(len(out), -1, out.shape[1]), self.class_token, self.places)
    return _through(self, x, self.blocks)


VIT = (
    _wrong(
        "no_last_norm",
        _vit(lambda self, images: self.head(_read(self, images)[:, 0])),
        "Your last norm is missing.",
        "In pre-norm blocks the stream itself is never normalised. The head expects rows of even size.",
    ),
    _wrong(
        "last_token",
        _vit(lambda self, images: self.head(self.norm(_read(self, images))[:, -1])),
        "You read the answer off the last token, a patch.",
        "The class token is token 0.",
    ),
    _wrong(
        "first_patch",
        _vit(lambda self, images: self.head(self.norm(_read(self, images))[:, 1])),
        "You read the answer off token 1, the upper left patch.",
        "The class token is token 0.",
    ),
    _wrong(
        "mean_of_patches",
        _vit(lambda self, images: self.head(self.norm(_read(self, images))[:, 1:].mean(1))),
        "You read the answer off the mean of the patches.",
        "That is a good model too, but not this one: the head of a model with a class token was trained to read token 0.",
    ),
    _wrong(
        "mean_of_all",
        _vit(lambda self, images: self.head(self.norm(_read(self, images)).mean(1))),
        "You read the answer off the mean of all tokens.",
        "The head of a model with a class token was trained to read token 0 alone.",
    ),
    _wrong(
        "no_blocks",
        _vit(lambda self, images: _through(self, _embedded(self, images), [])),
        "Your tokens skip the blocks, or what the blocks return is not kept.",
        "Without them the class token has heard nothing of the patches: every image gets the same answer. In the loop, x = block(x).",
    ),
    _wrong(
        "one_block",
        _vit(lambda self, images: _through(self, _embedded(self, images), self.blocks[:1])),
        "Only the first block is used.",
        "Send x through every block, and keep what comes out: x = block(x).",
    ),
    _wrong(
        "added_once_more",
        _vit(_added_once_more),
        "You add each block's answer to what it read: x + block(x).",
        "The blocks have their residuals inside, around attention and around the feed-forward. Here x = block(x).",
    ),
    _wrong(
        "blocks_reversed",
        _vit(lambda self, images: _through(self, _embedded(self, images), list(self.blocks)[::-1])),
        "Your blocks run from last to first.",
        "self.blocks[0] reads the embedded patches.",
    ),
    _wrong(
        "norm_after_every_block",
        _vit(_normed_each_time),
        "You normalise after every block.",
        "self.norm comes once, after the last block; the blocks have norms of their own.",
    ),
    _wrong(
        "norm_first",
        _vit(_through_normed),
        "Your norm stands before the blocks, not after them.",
        "What the head reads must be normalised; the blocks normalise what they read themselves.",
    ),
    _wrong(
        "softmax",
        _vit(lambda self, images: self.head(self.norm(_read(self, images))[:, 0]).softmax(-1)),
        "You return probabilities; logits are due.",
        "cross_entropy takes the softmax itself. Taken twice, it flattens the gradients.",
    ),
    _wrong(
        "all_tokens",
        _vit(lambda self, images: self.head(self.norm(_read(self, images)))),
        "You return an answer for every token.",
        "One answer an image is due: pool before the head.",
    ),
    _wrong(
        "columns_first",
        _vit(_grid_swapped),
        "Your patches are numbered down the columns, so each gets another's position.",
        "self.patches gives (B, d, rows, columns). Join the last two axes as they stand.",
    ),
    _wrong(
        "reshaped_to_tokens",
        _vit(_reshaped_tokens),
        "You reshape the convolution's (B, d, rows, columns) to (B, N, d): no axis moves, so your tokens mix patches.",
        "Join rows and columns, then swap the last two axes: .flatten(2).mT.",
    ),
    _wrong(
        "no_places",
        _answer("no_places"),
        "Your positions are not added.",
        "Without them attention sees a bag of patches.",
    ),
    _wrong(
        "places_before_the_class_token",
        _answer("places_before_the_class_token"),
        "You add the positions before the class token joins: it has none.",
        "Put the token in front first, then add all N + 1 rows.",
    ),
    _wrong(
        "class_at_the_end",
        _answer("class_at_the_end"),
        "Your class token stands behind the patches.",
        "Then token 0, which the answer is read from, is a patch, and every patch has the position of the token before it.",
    ),
)


# ---------------------------------------------------------------- 16.9 what a ViT costs


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


VIT_COST = (
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
