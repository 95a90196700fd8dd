"""Lesson 16 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_16.py`."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.exercise import (
    Case,
    Exercise,
    LessonSpec,
    Option,
    Prediction,
    Property,
    Question,
)
from course_lib.checking.noise import generator, noise, pick
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_16_images_as_tokens import mistakes as wrong

REFERENCE = "course_lib.lessons.lesson_16_images_as_tokens.reference"
Seed = int | np.random.Generator
#: Images, channels, rows and columns of patches, side of a patch: no two sizes of a case alike.
GRIDS = ((2, 3, 5, 4, 2, 0), (3, 2, 2, 4, 3, 1), (2, 4, 3, 1, 5, 2), (4, 1, 2, 3, 2, 3))


def _draw(rng: np.random.Generator, *most: int) -> tuple[int, ...]:
    """Return one size from 1 to each of `most`."""
    return tuple(pick(rng, range(1, size + 1)) for size in most)


def _size(b: int, c: int, rows: int, columns: int, p: int) -> str:
    pictures = f"{b} image{'s' * (b > 1)} of {c} × {rows * p} × {columns * p}"
    return f"{pictures}, patches of {p} × {p}"


# ---------------------------------------------------------------- 16.1 patches by reshape

COUNTED = torch.arange(16.0).view(1, 1, 4, 4)
#: The patches of `COUNTED`, 2 × 2 pixels each.
CUT = torch.tensor([[[0.0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]])


def patchify_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{_size(b, c, rows, columns, p)}, seed {seed}",
            args=(noise(seed, b, c, rows * p, columns * p), p),
            gradients=True,
        )
        for b, c, rows, columns, p, seed in GRIDS
    ]
    pixels = Case(label="patches of one pixel", args=(noise(7, 2, 3, 4, 5), 1), edge=True)
    whole = Case(label="one patch, the whole image", args=(noise(8, 2, 3, 4, 4), 4), edge=True)
    by_hand = Case(label="a 4 × 4 image of the numbers 0 to 15", args=(COUNTED, 2))
    return [by_hand, *drawn, pixels, whole]


def patchify_sample(rng: np.random.Generator) -> Case:
    b, c, rows, columns, p = _draw(rng, 3, 4, 4, 4, 4)
    return Case(label="random", args=(noise(rng, b, c, rows * p, columns * p), p))


def patchify_oracle(images: Tensor, patch_size: int) -> Tensor:
    """`torch.nn.functional.unfold`, which puts patches into columns."""
    return F.unfold(images, patch_size, stride=patch_size).transpose(1, 2)


def token_1_is_to_the_right(call: Any, case: Case, value: Any) -> str | None:
    """Token 1 begins where the second patch of the first row does."""
    images, p = case.args
    columns = images.shape[3] // p
    if columns < 2 or value.shape[:2] != (len(images), images[0, 0].numel() // p**2):
        return None
    due, found = images[0, 0, 0, p], value[0, 1, 0]
    if torch.isclose(due, found, atol=1e-6):
        return None
    return (
        f"Token 1 is the patch to the right of token 0, so it begins with the pixel images[0, 0, 0, {p}], "
        f"{due:.3f} in the case “{case.label}”. Yours begins with {found:.3f}."
    )


PATCHIFY = Exercise(
    name="patchify",
    title="Patches by reshape",
    minutes=9,
    difficulty=2,
    proves="every pixel lands in the right token, at the right place in its row, whatever the shape of the picture",
    passed="Agrees with PyTorch's unfold on grids that are not square and with 1 to 4 channels, gradients too.",
    cases=patchify_cases,
    sample=patchify_sample,
    oracle=patchify_oracle,
    properties=(Property(id="token_1_is_to_the_right", holds=token_1_is_to_the_right),),
    reference=f"{REFERENCE}.patchify",
    forbidden=("unfold", "Unfold", "im2col", "conv2d", "Conv2d"),
    hints=(
        "Three moves: split the two long axes, bring the axes into the order of the answer, join them. Height is made of two "
        "axes: which of them moves slowly down the image?",
        "split: (B, C, H, W) to (B, C, rows, p, columns, p)\n"
        "move: to (B, rows, columns, C, p, p)\njoin: rows with columns, and the last three",
        "x = images.reshape(B, C, H // p, p, W // p, p); x.permute(0, 2, 4, 1, 3, 5) has the axes in order, and one more "
        "reshape joins them.",
    ),
    wrong_answers=wrong.PATCHIFY,
)

# ---------------------------------------------------------------- 16.2 back again


def unpatchify_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{_size(b, c, rows, columns, p)}, seed {seed}",
            args=(noise(seed, b, rows * columns, c * p * p), p, rows * p, columns * p),
            gradients=True,
        )
        for b, c, rows, columns, p, seed in GRIDS
    ]
    pixels = Case(label="patches of one pixel", args=(noise(7, 2, 20, 3), 1, 4, 5), edge=True)
    return [
        Case(label="the numbers 0 to 15, cut into 2 × 2", args=(CUT, 2, 4, 4)),
        *drawn,
        pixels,
    ]


def unpatchify_sample(rng: np.random.Generator) -> Case:
    b, c, rows, columns, p = _draw(rng, 3, 4, 4, 4, 4)
    patches = noise(rng, b, rows * columns, c * p * p)
    return Case(label="random", args=(patches, p, rows * p, columns * p))


def unpatchify_oracle(patches: Tensor, patch_size: int, height: int, width: int) -> Tensor:
    """`torch.nn.functional.fold`, which takes patches from columns."""
    return F.fold(patches.transpose(1, 2), (height, width), patch_size, stride=patch_size)


UNPATCHIFY = Exercise(
    name="unpatchify",
    title="And back again",
    minutes=7,
    difficulty=2,
    proves="your function undoes patchify: every pixel is back where it was",
    passed="Agrees with PyTorch's fold on grids that are not square and with 1 to 4 channels, gradients too.",
    cases=unpatchify_cases,
    sample=unpatchify_sample,
    oracle=unpatchify_oracle,
    reference=f"{REFERENCE}.unpatchify",
    forbidden=("fold", "Fold", "col2im"),
    hints=(
        "The same three moves, backwards. Which axes must stand side by side, so that joining them makes the height?",
        "split: (B, N, row) to (B, rows, columns, C, p, p)\n"
        "move: to (B, C, rows, p, columns, p)\njoin: rows with p, columns with p",
        "x = patches.reshape(B, height // p, width // p, -1, p, p); x.permute(0, 3, 1, 4, 2, 5), and one more reshape, to "
        "(B, -1, height, width).",
    ),
    wrong_answers=wrong.UNPATCHIFY,
)

# ---------------------------------------------------------------- 16.3 patches by convolution


def convolution_args(
    seed: Seed, b: int, c: int, rows: int, columns: int, p: int, d: int
) -> tuple[Any, ...]:
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    weight = noise(rng, d, c * p * p, scale=(c * p * p) ** -0.5)
    return noise(rng, b, c, rows * p, columns * p), weight, noise(rng, d), p


def convolution_cases() -> list[Case]:
    picking = torch.tensor([[1.0, 0, 0, 0], [0, 0, 1, 0]])
    by_hand = Case(
        label="numbers 0 to 15; one output picks a patch's upper left, one its lower left",
        args=(COUNTED, picking, torch.tensor([0.0, 100.0]), 2),
    )
    drawn = [
        Case(
            label=f"{_size(b, c, rows, columns, p)}, width {d}, seed {seed}",
            args=convolution_args(seed, b, c, rows, columns, p, d),
            gradients=True,
        )
        for (b, c, rows, columns, p, seed), d in zip(GRIDS, (7, 11, 6, 5), strict=True)
    ]
    pixels = Case(
        label="patches of one pixel", args=convolution_args(7, 2, 3, 4, 5, 1, 6), edge=True
    )
    return [by_hand, *drawn, pixels]


def convolution_sample(rng: np.random.Generator) -> Case:
    return Case(label="random", args=convolution_args(rng, *_draw(rng, 3, 3, 3, 3, 3, 4)))


def convolution_oracle(images: Tensor, weight: Tensor, bias: Tensor, patch_size: int) -> Tensor:
    """The other form: the linear layer on the patches."""
    return F.linear(patchify_oracle(images, patch_size), weight, bias)


PATCHES_BY_CONVOLUTION = Exercise(
    name="patches_by_convolution",
    title="Patches by convolution",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="one convolution with the linear layer's own numbers gives the linear layer's outputs and gradients",
    passed="Agrees with a linear layer on patches of every shape; gradients of images, weight and bias too.",
    cases=convolution_cases,
    sample=convolution_sample,
    oracle=convolution_oracle,
    reference=f"{REFERENCE}.patches_by_convolution",
    forbidden=(
        "unfold",
        "Unfold",
        "im2col",
        "patchify",
        "linear",
        "Linear",
        "@",
        "einsum",
        "bmm",
        "addmm",
    ),
    hints=(
        "What shape has the weight of a convolution with d_model outputs, and in which order does a row of the linear layer list "
        "the numbers of a patch? How far must the window move?",
        "kernel = weight, its second axis split into (C, p, p)\n"
        "out = convolution of images, with bias and stride p: (B, d, rows, columns)\n"
        "join rows and columns; swap the last two axes",
        "kernel = weight.reshape(-1, C, patch_size, patch_size), then F.conv2d(images, kernel, bias, stride=patch_size), "
        "and .flatten(2) leaves (B, d_model, N).",
    ),
    wrong_answers=wrong.PATCHES_BY_CONVOLUTION,
)

# ---------------------------------------------------------------- 16.4 back to a linear layer


def kernel_cases() -> list[Case]:
    tidy = torch.arange(8.0).view(1, 2, 2, 2)
    by_hand = [
        Case(label=f"one output, two channels, channels {where}", args=(tidy,), kwargs=option)
        for where, option in (("first", {}), ("last", {"channels_last": True}))
    ]
    drawn = [
        Case(
            label=f"{d} outputs, {c} channels, {p} × {p}, channels {where}, seed {seed}",
            args=(noise(seed, d, c, p, p),),
            kwargs={"channels_last": where == "last"},
            gradients=True,
        )
        for d, c, p, where, seed in (
            (5, 3, 2, "first", 0),
            (5, 3, 2, "last", 1),
            (2, 4, 3, "last", 2),
        )
    ]
    return [*by_hand, *drawn]


def kernel_sample(rng: np.random.Generator) -> Case:
    d, c, p = _draw(rng, 4, 4, 4)
    return Case(
        label="random",
        args=(noise(rng, d, c, p, p),),
        kwargs={"channels_last": bool(rng.random() < 0.5)},
    )


def kernel_oracle(kernel: Tensor, channels_last: bool = False) -> Tensor:
    """Number by number."""
    _, c, p, q = kernel.shape
    pixels = [(i, j) for i in range(p) for j in range(q)]
    if channels_last:
        order = [(k, i, j) for i, j in pixels for k in range(c)]
    else:
        order = [(k, i, j) for k in range(c) for i, j in pixels]
    return torch.stack([kernel[:, k, i, j] for k, i, j in order], dim=1)


LINEAR_FROM_KERNEL = Exercise(
    name="linear_from_kernel",
    title="A kernel back to a linear layer",
    minutes=5,
    difficulty=1,
    proves="each weight multiplies the same pixel as before, for either order of the channels",
    passed="Every weight is where a loop puts it, for both orders, gradients too.",
    cases=kernel_cases,
    sample=kernel_sample,
    oracle=kernel_oracle,
    reference=f"{REFERENCE}.linear_from_kernel",
    hints=(
        "A kernel lists its axes as output, channel, row, column. In which order must they stand before the last three are joined, "
        "if a row lists the channels of each pixel side by side?",
        "channels first: join the last three axes\n"
        "channels last: move the channel axis to the end, then join the last three",
        "kernel.permute(0, 2, 3, 1) has (d_model, p, p, C); .flatten(1) joins everything but the first axis.",
    ),
    wrong_answers=wrong.LINEAR_FROM_KERNEL,
)

# ---------------------------------------------------------------- 16.5 class token and positions


def embed_args(seed: Seed, b: int, n: int, d: int) -> tuple[Tensor, ...]:
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    return noise(rng, b, n, d), noise(rng, d), noise(rng, n + 1, d)


def embed_cases() -> list[Case]:
    by_hand = Case(
        label="two images of two patches, one number each",
        args=(
            torch.tensor([[[1.0], [2]], [[3], [4]]]),
            torch.tensor([7.0]),
            torch.tensor([[100.0], [200], [300]]),
        ),
    )
    drawn = [
        Case(
            label=f"{b} images, {n} patches, width {d}, seed {seed}",
            args=embed_args(seed, b, n, d),
            gradients=True,
        )
        for b, n, d, seed in ((2, 5, 3, 0), (4, 6, 5, 1), (3, 2, 8, 2))
    ]
    alone = Case(label="one image", args=embed_args(3, 1, 5, 3), edge=True)
    return [by_hand, *drawn, alone]


def embed_sample(rng: np.random.Generator) -> Case:
    return Case(label="random", args=embed_args(rng, *_draw(rng, 4, 5, 5)))


def embed_oracle(patches: Tensor, class_token: Tensor, places: Tensor) -> Tensor:
    """Image by image, token by token."""
    images = []
    for image in patches:
        tokens = [class_token, *image]
        images.append(torch.stack([token + places[n] for n, token in enumerate(tokens)]))
    return torch.stack(images)


EMBED = Exercise(
    name="embed",
    title="Class token and positions",
    minutes=7,
    difficulty=1,
    proves="every image gets the same class token in front, every token the position of its own, and gradients reach both tables",
    passed="Agrees with a loop over images and tokens; gradients of patches, class token and positions too.",
    cases=embed_cases,
    sample=embed_sample,
    oracle=embed_oracle,
    reference=f"{REFERENCE}.embed",
    hints=(
        "How many tokens has an image when you are done, and how many rows have the positions? Which must come first, so "
        "that the two numbers agree?",
        "first = class_token as (B, 1, d_model), the same numbers for every image\n"
        "tokens = first, then patches, joined along the axis of tokens\ntokens plus places",
        "class_token.expand(len(patches), 1, -1) repeats without copying. torch.cat([…, patches], dim=1) has N + 1 tokens; then "
        "add places.",
    ),
    wrong_answers=wrong.EMBED,
)

# ---------------------------------------------------------------- 16.6 resizing positions


def resize_cases() -> list[Case]:
    tidy = torch.arange(5.0).view(5, 1)
    by_hand = Case(
        label="a 2 × 2 grid of 1 to 4, class token 0, to 2 × 3",
        args=(tidy, (2, 3)),
        kwargs={"align_corners": True},
    )
    drawn = [
        Case(
            label=f"{old} × {old} to {rows} × {columns}, width {d}, align_corners {corners}, seed {seed}",
            args=(noise(seed, old * old + 1, d), (rows, columns)),
            kwargs={"align_corners": corners},
            gradients=True,
        )
        for old, rows, columns, d, corners, seed in (
            (4, 7, 5, 3, True, 0),
            (4, 7, 5, 3, False, 1),
            (5, 2, 3, 4, True, 2),
            (5, 2, 3, 4, False, 3),
        )
    ]
    one = Case(label="one patch to 3 × 2", args=(noise(4, 2, 3), (3, 2)), gradients=True)
    same = Case(label="the grid as it is", args=(noise(5, 10, 4), (3, 3)), edge=True)
    return [by_hand, *drawn, one, same]


def resize_sample(rng: np.random.Generator) -> Case:
    old, rows, columns, d = _draw(rng, 5, 5, 5, 3)
    return Case(
        label="random",
        args=(noise(rng, old * old + 1, d), (rows, columns)),
        kwargs={"align_corners": bool(rng.random() < 0.5)},
    )


def cubic(t: np.ndarray, a: float = -0.75) -> np.ndarray:
    """Return the weight of a neighbour at distance t; Keys 1981, with PyTorch's a."""
    t = np.abs(t)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def weights_along(old: int, new: int, align_corners: bool) -> np.ndarray:
    """Return (new, old): how much each new place takes from each old one, along one axis."""
    if align_corners:
        at = np.arange(new) * ((old - 1) / (new - 1) if new > 1 else 0.0)
    else:
        at = (np.arange(new) + 0.5) * old / new - 0.5
    table = np.zeros((new, old))
    for i, x in enumerate(at):
        for neighbour in range(int(np.floor(x)) - 1, int(np.floor(x)) + 3):
            table[i, min(max(neighbour, 0), old - 1)] += cubic(x - neighbour)
    return table


def resize_oracle(places: Tensor, grid: tuple[int, int], align_corners: bool = False) -> Tensor:
    """Two matrix products with the weights of cubic interpolation, written from their formula."""
    old = round((len(places) - 1) ** 0.5)
    down, across = (
        torch.from_numpy(weights_along(old, new, align_corners)).to(places) for new in grid
    )
    table = places[1:].reshape(old, old, -1)
    new = torch.einsum("ri,cj,ijd->rcd", down, across, table)
    return torch.cat([places[:1], new.reshape(-1, places.shape[1])])


RESIZE_PLACES = Exercise(
    name="resize_places",
    title="Positions for another size",
    minutes=9,
    difficulty=3,
    marks=2,
    proves="the grid of positions is stretched both ways, with corners or edges aligned as asked, and the class token's stays",
    passed="Agrees with cubic interpolation written from its formula, larger and smaller, both ways of aligning, gradients too.",
    cases=resize_cases,
    sample=resize_sample,
    oracle=resize_oracle,
    reference="course_lib.models.vit.resize_places",
    hints=(
        "Which of the rows has a place in the picture, and which has none? What does interpolate take for channels, what for height "
        "and width, and how do the positions get that shape?",
        "keep row 0; the others: (N, d) transposed to (d, N), split into (1, d, side, side)\n"
        "interpolate bicubic to grid, handing align_corners on\njoin rows and columns, transpose, put row 0 in front",
        "square = places[1:].T.reshape(1, -1, side, side) with side = round((len(places) - 1) ** 0.5); after "
        'F.interpolate(square, grid, mode="bicubic", align_corners=align_corners) go back by [0].flatten(1).T.',
    ),
    wrong_answers=wrong.RESIZE_PLACES,
)

# ---------------------------------------------------------------- 16.7 pooling


def pool_cases() -> list[Case]:
    tidy = torch.tensor([[[9.0, 9], [1, 10], [3, 30]], [[8, 8], [2, 20], [6, 40]]])
    by_hand = [
        Case(label=f"two images, class token and two patches, {how}", args=(tidy, how))
        for how in ("class", "mean")
    ]
    drawn = [
        Case(
            label=f"{b} images, {t} tokens, width {d}, {how}, seed {seed}",
            args=(noise(seed, b, t, d), how),
            gradients=True,
        )
        for b, t, d, how, seed in (
            (3, 6, 4, "class", 0),
            (3, 6, 4, "mean", 1),
            (2, 5, 7, "mean", 2),
        )
    ]
    default = Case(label="how left out", args=(noise(3, 2, 5, 3),), edge=True)
    return [*by_hand, *drawn, default]


def pool_sample(rng: np.random.Generator) -> Case:
    b, n, d = _draw(rng, 4, 5, 5)
    return Case(
        label="random", args=(noise(rng, b, n + 1, d), ("class", "mean")[pick(rng, (0, 1))])
    )


def pool_oracle(x: Tensor, how: str = "class") -> Tensor:
    """Image by image."""
    found = []
    for first, *patches in x:
        found.append(first if how == "class" else sum(patches[1:], patches[0]) / len(patches))
    return torch.stack(found)


POOL = Exercise(
    name="pool",
    title="Which token answers",
    minutes=4,
    difficulty=1,
    proves="one row an image is left: the class token's, or the mean of the patches without it",
    passed="Agrees with a loop over images, for both ways, gradients too.",
    cases=pool_cases,
    sample=pool_sample,
    oracle=pool_oracle,
    reference=f"{REFERENCE}.pool",
    hints=(
        "x has three axes: images, tokens, features. Which one is to disappear, and where on it stands the class token?",
        'how is "class": token 0 of every image\nelse: the mean over tokens 1 and after',
        "x[:, 0] is one row an image. x[:, 1:] are the patches, and axis 1 is the axis to average over.",
    ),
    wrong_answers=wrong.POOL,
)

# ---------------------------------------------------------------- 16.8 the ViT


def _linear(rng: np.random.Generator, name: str, d_in: int, d_out: int) -> dict[str, Tensor]:
    weight = noise(rng, d_out, d_in, scale=d_in**-0.5)
    return {f"{name}.weight": weight, f"{name}.bias": noise(rng, d_out, scale=0.5)}


def _norm(rng: np.random.Generator, name: str, d: int) -> dict[str, Tensor]:
    return {f"{name}.weight": 1 + noise(rng, d, scale=0.5), f"{name}.bias": noise(rng, d)}


def vit_state(seed: Seed, init: dict[str, int]) -> dict[str, Tensor]:
    """Noise for every parameter: fresh ones hide mistakes."""
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    d, p, c = init["d_model"], init["patch_size"], init["n_channels"]
    state = {
        "patches.weight": noise(rng, d, c, p, p, scale=(c * p * p) ** -0.5),
        "patches.bias": noise(rng, d),
        "class_token": noise(rng, d),
        "places": noise(rng, init["n_patches"] + 1, d),
    }
    for n in range(init["n_layers"]):
        state |= _norm(rng, f"blocks.{n}.norm1", d)
        for part in ("w_q", "w_k", "w_v", "w_o"):
            state |= _linear(rng, f"blocks.{n}.attn.{part}", d, d)
        state |= _norm(rng, f"blocks.{n}.norm2", d)
        state |= _linear(rng, f"blocks.{n}.ff.w_in", d, init["d_ff"])
        state |= _linear(rng, f"blocks.{n}.ff.w_out", init["d_ff"], d)
    return state | _norm(rng, "norm", d) | _linear(rng, "head", d, init["n_classes"])


def _vit_case(
    label: str,
    seed: Seed,
    b: int,
    c: int,
    rows: int,
    columns: int,
    p: int,
    widths: tuple[int, int, int, int, int],
    **more: Any,
) -> Case:
    d, heads, layers, d_ff, classes = widths
    init = {
        "n_patches": rows * columns,
        "patch_size": p,
        "n_channels": c,
        "n_classes": classes,
        "d_model": d,
        "n_heads": heads,
        "n_layers": layers,
        "d_ff": d_ff,
    }
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    images = noise(rng, b, c, rows * p, columns * p)
    return Case(label=label, init=init, state=vit_state(rng, init), args=(images,), **more)


def vit_cases() -> list[Case]:
    small = _vit_case("1 image of 1 × 2 × 4, two patches", 9, 1, 1, 1, 2, 2, (3, 1, 2, 5, 2))
    drawn = [
        _vit_case(
            f"{_size(b, c, rows, columns, p)}, width {widths[0]}, {widths[2]} blocks, seed {seed}",
            seed,
            b,
            c,
            rows,
            columns,
            p,
            widths,
            gradients=True,
        )
        for b, c, rows, columns, p, widths, seed in (
            (2, 3, 3, 2, 2, (12, 3, 2, 17, 5), 0),
            (3, 2, 2, 4, 3, (10, 2, 3, 11, 7), 1),
        )
    ]
    faint = _vit_case("a stream so faint that eps counts", 4, 2, 1, 3, 2, 2, (6, 2, 2, 5, 4))
    state = {name: t * (1e-3 if _writes(name) else 1) for name, t in faint.state.items()}
    return [small, *drawn, replace(faint, state=state, edge=True)]


def _writes(name: str) -> bool:
    """Tell whether a parameter writes to the stream."""
    parts = ("patches", "class_token", "places", "w_o", "w_out")
    return any(part in name for part in parts)


def vit_sample(rng: np.random.Generator) -> Case:
    b, c, rows, columns, p, heads, layers, classes = _draw(rng, 3, 3, 3, 3, 2, 2, 2, 4)
    widths = (heads * pick(rng, (2, 3)), heads, layers, pick(rng, (2, 3, 5)), classes)
    return _vit_case("random", rng, b, c, rows, columns, p, widths)


def vit_oracle(state: dict[str, Tensor], images: Tensor, **init: int) -> Tensor:
    """unfold, loops, and PyTorch's own encoder layers with the same weights."""
    x = F.linear(
        patchify_oracle(images, init["patch_size"]),
        linear_rows(state["patches.weight"]),
        state["patches.bias"],
    )
    x = embed_oracle(x, state["class_token"], state["places"])
    for n in range(init["n_layers"]):
        layer = nn.TransformerEncoderLayer(
            init["d_model"],
            init["n_heads"],
            init["d_ff"],
            dropout=0.0,
            activation="gelu",
            layer_norm_eps=1e-6,
            batch_first=True,
            norm_first=True,
            device="meta",
        )
        x = torch.func.functional_call(layer, torch_names(state, f"blocks.{n}."), (x,))
    first = torch.stack([image[0] for image in x])
    first = F.layer_norm(first, first.shape[-1:], state["norm.weight"], state["norm.bias"], 1e-6)
    return F.linear(first, state["head.weight"], state["head.bias"])


def linear_rows(kernel: Tensor) -> Tensor:
    return kernel_oracle(kernel)


def torch_names(state: dict[str, Tensor], block: str) -> dict[str, Tensor]:
    """Rename a block's parameters to those of PyTorch's own layer."""
    theirs = {
        "norm1": "norm1",
        "norm2": "norm2",
        "ff.w_in": "linear1",
        "ff.w_out": "linear2",
        "attn.w_o": "self_attn.out_proj",
    }
    named = {}
    for p in ("weight", "bias"):
        for old, new in theirs.items():
            named[f"{new}.{p}"] = state[f"{block}{old}.{p}"]
        parts = [state[f"{block}attn.{name}.{p}"] for name in ("w_q", "w_k", "w_v")]
        named[f"self_attn.in_proj_{p}"] = torch.cat(parts)
    return named


VIT = Exercise(
    name="ViT",
    title="The vision transformer",
    minutes=10,
    difficulty=3,
    marks=2,
    proves="logits and all gradients agree with the same weights in PyTorch's own layers",
    passed="Agrees with PyTorch's encoder layers on noise-filled weights: grids that are not square, several channels, gradients of every parameter.",
    cases=vit_cases,
    sample=vit_sample,
    oracle=vit_oracle,
    protocol=ModuleProtocol(),
    reference=f"{REFERENCE}.ViT",
    hints=(
        "Five things in a row, and you have written most of them: cut and project, class token and positions, blocks, norm and pool, "
        "head. In which shape does self.patches return its result?",
        "x = self.patches of images, as rows (B, N, d_model)\nx = embed of x, class token, places\n"
        "x = each block of x in turn\nhead of pool of norm of x",
        "self.patches(images).flatten(2).mT are the rows. After the loop over self.blocks: self.norm(x), then pool(…), "
        "then self.head(…).",
    ),
    wrong_answers=wrong.VIT,
)

# ---------------------------------------------------------------- 16.9 what a ViT costs

COST_NAMES = ("n_patches", "patch_size", "n_channels", "n_classes", "d_model", "n_layers", "d_ff")


def _cost_case(label: str, sizes: tuple[int, ...]) -> Case:
    return Case(label=label, kwargs=dict(zip(COST_NAMES, sizes, strict=True)))


def cost_cases() -> list[Case]:
    sizes = (
        (4, 2, 1, 3, 2, 1, 3),
        (6, 3, 2, 5, 4, 3, 7),
        (16, 2, 1, 10, 48, 3, 96),
        (9, 4, 3, 7, 8, 2, 5),
    )
    return [
        _cost_case(f"{s[0]} patches of {s[2]} × {s[1]} × {s[1]}, width {s[4]}, {s[5]} blocks", s)
        for s in sizes
    ]


def cost_sample(rng: np.random.Generator) -> Case:
    return _cost_case("random", _draw(rng, 20, 6, 4, 12, 24, 5, 40))


def cost_oracle(**init: int) -> tuple[int, int]:
    """PyTorch's own layers: their parameters, and their forward pass under PyTorch's own counter."""
    from torch.utils.flop_counter import FlopCounterMode

    n, p, c, k, d, layers, d_ff = (init[name] for name in COST_NAMES)
    with torch.device("meta"):
        patches, head, norm = nn.Conv2d(c, d, p, p), nn.Linear(d, k), nn.LayerNorm(d)
        layer = nn.TransformerEncoderLayer(d, 1, d_ff, batch_first=True)
        places, class_token = torch.zeros(n + 1, d), torch.zeros(d)
        image = torch.zeros(1, c, p, n * p)
    counter = FlopCounterMode(display=False)
    with counter:
        patches(image)
        head(norm(class_token))
        once = counter.get_total_flops()
        layer(places[None])
    each = counter.get_total_flops() - once
    numbers = [sum(q.numel() for q in part.parameters()) for part in (patches, head, norm)]
    inside = layers * sum(q.numel() for q in layer.parameters())
    return sum(numbers) + inside + places.numel() + class_token.numel(), once + layers * each


VIT_COST = Exercise(
    name="vit_cost",
    title="What a ViT costs",
    minutes=9,
    difficulty=2,
    marks=2,
    proves="your two formulas give the very numbers that PyTorch counts, for any sizes",
    passed="Both numbers equal those that PyTorch counts in its own layers, for four sizes.",
    cases=cost_cases,
    sample=cost_sample,
    oracle=cost_oracle,
    parts=("parameters", "flops"),
    reference=f"{REFERENCE}.vit_cost",
    forbidden=("Linear", "LayerNorm", "Conv2d", "TransformerEncoderLayer", "FlopCounterMode"),
    hints=(
        "Follow an image through your forward, and write down every matrix that it meets and how many rows meet it. Where are there "
        "n_patches rows, where one more, and where one?",
        "parameters: patch layer, class token, positions, blocks, last norm, head; biases everywhere\n"
        "flops: 2 times rows times weights: n_patches rows for the patch layer, n_patches + 1 in the blocks, 1 in the head\n"
        "    plus scores and mixing in each block",
        "pixels = n_channels * patch_size**2, n_tokens = n_patches + 1. A block has 4 * d_model**2 + 2 * d_model * d_ff weights and "
        "9 * d_model + d_ff other parameters; its meetings cost 4 * n_tokens**2 * d_model.",
    ),
    wrong_answers=wrong.VIT_COST,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="half",
        question="vit_b_16 cuts 224 × 224 pixels into patches of 16. With patches of 8 instead, how many times as many FLOPs does an image "
        "cost?",
        options=("2", "4", "between 4 and 5", "16"),
        answer="between 4 and 5",
        because="Four times as many patches: the matrices cost about 4 times as much, scores and mixing about 16 times. Together it is 4.45 times.",
    ),
    Prediction(
        id="bag",
        question="A ViT learns the digits; another of the same size learns them without positions. Now you shuffle the 16 patches of every "
        "test digit. Whose answers change?",
        options=(
            "both models'",
            "only those of the one with positions",
            "only those of the one without",
        ),
        answer="only those of the one with positions",
        because="Without positions a picture and its jigsaw are the same set of tokens, so no logit moves, but for rounding. What that model knows, it knows "
        "from the patches alone.",
    ),
    Prediction(
        id="jigsaw",
        question="A third model, with positions, practises on jigsaws only: all digits shuffled in one and the same way. How many test "
        "jigsaws, shuffled so, does it get right?",
        options=(
            "about as many as the first gets of pictures",
            "about 70 %, like the one without positions",
            "about one in ten",
        ),
        answer="about as many as the first gets of pictures",
        because="Positions begin as noise: the model is not told which patches are neighbours. One fixed order is as good as another, as long as it "
        "stays the same.",
    ),
    Prediction(
        id="corners",
        question="A table of 14 × 14 positions is stretched to 24 × 24, once with align_corners=True and once with False. Where do the two "
        "results differ most?",
        options=("in the middle", "towards the edges", "equally everywhere"),
        answer="towards the edges",
        because="Both share the centre. True pins the outer patches to each other; False lets the new outer ones lie further out than any old "
        "one. At the very edge they differ a little less again: beyond it there is nothing to mix in but the edge.",
    ),
)

QUIZ = (
    Question(
        text="images is (8, 3, 32, 48). How many tokens of how many numbers does patchify give with patches of 8?",
        options=(
            Option(
                text="24 tokens of 192",
                why="4 rows of 6 patches, and 3 · 8 · 8 numbers each.",
                right=True,
            ),
            Option(text="24 tokens of 64", why="That is one channel; a patch has all three."),
            Option(text="72 tokens of 64", why="That would make each channel a token of its own."),
            Option(
                text="16 tokens of 192",
                why="The picture is not square: 32 / 8 = 4 rows, 48 / 8 = 6 columns.",
            ),
        ),
    ),
    Question(
        text="Why does a convolution with stride = kernel size equal a linear layer on patches?",
        options=(
            Option(
                text="Its window sees each patch once, and multiplies its pixels by one set of weights.",
                why="A linear layer on rows of patches does the same products and sums.",
                right=True,
            ),
            Option(
                text="Every convolution is linear, so any stride will do.",
                why="It is linear at any stride, but with a smaller one the windows overlap: more tokens, and other ones.",
            ),
            Option(
                text="Because both have a bias.",
                why="Without biases they would be equal as well.",
            ),
        ),
    ),
    Question(
        text="The class token is a parameter of d_model numbers. What is its gradient in a batch of 64 images?",
        options=(
            Option(
                text="the sum of what flows back from 64 copies",
                why="expand makes 64 views of one parameter, and gradients of views add up.",
                right=True,
            ),
            Option(
                text="what flows back from the first image",
                why="All images have the token, so all of them teach it.",
            ),
            Option(
                text="64 gradients, one for each copy",
                why="There is one parameter, and it has one gradient.",
            ),
        ),
    ),
    Question(
        text="You load torchvision's weights for 224 pixels and want 384. Which align_corners do you take?",
        options=(
            Option(
                text="True, since torchvision resizes so",
                why="Then you get the logits that torchvision gives. Fine-tuning would forgive the other, comparing would not.",
                right=True,
            ),
            Option(
                text="False, PyTorch's default",
                why="That is what Hugging Face does. The numbers differ, most towards the edges.",
            ),
            Option(
                text="It makes no difference.",
                why="It does: you have measured it in this lesson.",
            ),
        ),
    ),
    Question(
        text="A fresh vit_b_16() answers exactly 0 to every image. What follows for a test of your loader?",
        options=(
            Option(
                text="Fill every parameter with noise before you compare.",
                why="With a zero head any model agrees with any other.",
                right=True,
            ),
            Option(
                text="Compare more images.",
                why="All of them get 0: agreement would still prove nothing.",
            ),
            Option(
                text="Compare with a smaller tolerance.",
                why="0 agrees with 0 to any tolerance.",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="16",
    slug="images_as_tokens",
    title="Images as tokens",
    minutes=75,
    needs=("10",),
    exercises=(
        PATCHIFY,
        UNPATCHIFY,
        PATCHES_BY_CONVOLUTION,
        LINEAR_FROM_KERNEL,
        EMBED,
        RESIZE_PLACES,
        POOL,
        VIT,
        VIT_COST,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
