"""The hidden half of assignment A3: what marks it. It stays with the instructor."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, LessonSpec, WrongAnswer
from course_lib.checking.noise import generator, noise, pick
from course_lib.checking.protocol import ModuleProtocol
from course_lib.data.shapes import SHAPES, SIZE, draw_shapes
from course_lib.grading.assignments import TrainedTask

# ---------------------------------------------------------------- A3.1 patch merging


def merge_case(
    rng: np.random.Generator, b: int, h: int, w: int, d: int, out: int, label: str
) -> Case:
    return Case(label=label, args=(noise(rng, b, h * w, d), h, w, noise(rng, out, 4 * d)))


def merge_cases() -> list[Case]:
    sizes = ((1, 2, 4, 1, 2), (2, 4, 6, 3, 5), (3, 6, 4, 2, 7), (2, 5, 3, 4, 6))
    words = "{} pictures, {} × {} patches, {} wide, to {}"
    return [merge_case(generator(110 + i), *s, words.format(*s)) for i, s in enumerate(sizes)]


def merge_sample(rng: np.random.Generator) -> Case:
    h, w = pick(rng, range(4, 8)), pick(rng, range(4, 8))
    b, d, out = pick(rng, range(1, 4)), pick(rng, range(2, 5)), pick(rng, range(2, 7))
    return merge_case(rng, b, h, w, d, out, "random")


def merge_edges(rng: np.random.Generator) -> list[Case]:
    """One patch, one row, one column, odd sides."""
    sizes = (
        ("one patch", 2, 1, 1, 3, 4),
        ("one row, one number wide", 1, 1, 5, 1, 3),
        ("one column", 2, 4, 1, 2, 3),
        ("odd sides", 1, 3, 5, 2, 4),
    )
    return [replace(merge_case(rng, *size, label), edge=True) for label, *size in sizes]


def merge_oracle(x: Tensor, height: int, width: int, weight: Tensor) -> Tensor:
    """Block by block, in float64 NumPy."""
    patches, matrix = x.double().numpy(), weight.double().numpy()
    zeros, rows = np.zeros(x.shape[-1]), []
    for b in range(len(patches)):
        tokens = []
        for row in range(0, height, 2):
            for column in range(0, width, 2):
                four = [
                    patches[b, r * width + c] if r < height and c < width else zeros
                    for r, c in (
                        (row, column),
                        (row, column + 1),
                        (row + 1, column),
                        (row + 1, column + 1),
                    )
                ]
                tokens.append(matrix @ np.concatenate(four))
        rows.append(tokens)
    return torch.tensor(np.array(rows), dtype=x.dtype)


def _merge(
    *,
    order: tuple[int, ...] = (0, 1, 2, 3),
    swapped: bool = False,
    pad: str = "after",
    quarters: bool = False,
    woven: bool = False,
) -> Callable[..., Tensor]:
    """Return the function with one thing changed."""

    def merge(x: Tensor, height: int, width: int, weight: Tensor) -> Tensor:
        shape = (width, height) if swapped else (height, width)
        grid = x.unflatten(1, shape)
        odd_h, odd_w = shape[0] % 2, shape[1] % 2
        if pad == "after":
            grid = nn.functional.pad(grid, (0, 0, 0, odd_w, 0, odd_h))
        elif pad == "before":
            grid = nn.functional.pad(grid, (0, 0, odd_w, 0, odd_h, 0))
        else:
            grid = grid[:, : shape[0] - odd_h, : shape[1] - odd_w]
        four = [grid[:, r::2, c::2] for r in (0, 1) for c in (0, 1)]
        if quarters:
            half_h, half_w = grid.shape[1] // 2, grid.shape[2] // 2
            four = [g for part in grid.split(half_h, 1) for g in part.split(half_w, 2)]
        four = [four[place] for place in order]
        found = torch.stack(four, -1).flatten(-2) if woven else torch.cat(four, -1)
        return found.flatten(1, 2) @ weight.T

    return merge


MERGE_PATCHES = Exercise(
    name="merge_patches",
    title="Patch merging",
    minutes=12,
    difficulty=2,
    marks=2,
    proves="the right four neighbours meet, in the right order, on odd grids too",
    passed="Right on every visible case, odd grids among them.",
    cases=merge_cases,
    sample=merge_sample,
    edges=merge_edges,
    oracle=merge_oracle,
    device="any",
    hints=(
        "Bring the row of tokens back into a grid. Which of its rows and columns hold all the upper left patches?",
        "Grid; zeros below and on the right where it is odd; four strided pieces; side by side; flatten; matrix.",
        "A slice start::2 takes every second one. The order is upper left, upper right, lower left, lower right.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="column_first",
            code=_merge(order=(0, 2, 1, 3)),
            says="Your lower left patch comes before the upper right one.",
            why="The four stand in reading order; the matrix was learned for that order.",
        ),
        WrongAnswer(
            id="height_and_width_swapped",
            code=_merge(swapped=True),
            says="You read the grid with height and width swapped.",
            why="Tokens are listed row by row, and a row has `width` of them.",
        ),
        WrongAnswer(
            id="odd_edge_dropped",
            code=_merge(pad="no"),
            says="On an odd grid you drop the last row or column.",
            why="It meets zeros instead: nothing of the picture is lost.",
        ),
        WrongAnswer(
            id="padded_in_front",
            code=_merge(pad="before"),
            says="On an odd grid your zeros stand above or on the left.",
            why="They belong below and on the right, so that the first block begins at the corner.",
        ),
        WrongAnswer(
            id="quarters",
            code=_merge(quarters=True),
            says="You join the four quarters of the picture.",
            why="Neighbours are joined: each block is two patches high and two wide.",
        ),
        WrongAnswer(
            id="features_woven",
            code=_merge(woven=True),
            says="The features of the four patches are woven into each other.",
            why="All features of the first patch come first, then all of the second.",
        ),
    ),
)

# ---------------------------------------------------------------- A3.2 shifted windows


def window_cases() -> list[Case]:
    drawn = ((2, 4, 2, 1), (6, 3, 3, 1), (4, 8, 4, 2), (9, 6, 3, 2))
    words = "{} × {} tokens, windows of {}, shifted by {}"
    cases = [Case(label=words.format(*one), args=one) for one in drawn]
    return [*cases, Case(label="no shift", args=(4, 6, 2, 0), edge=True)]


def window_sample(rng: np.random.Generator) -> Case:
    window = pick(rng, range(3, 6))
    sizes = (window * pick(rng, range(2, 4)), window * pick(rng, range(1, 4)))
    return Case(label="random", args=(*sizes, window, pick(rng, range(1, window))))


def window_edges(rng: np.random.Generator) -> list[Case]:
    """No shift, a window as large as the grid, as high as it, of one token, the largest shift."""
    side = pick(rng, range(3, 6))
    sizes = (
        ("no shift", 2 * side, side, side, 0),
        ("a window as large as the grid", side, side, side, 1),
        ("as large, and no shift", side, side, side, 0),
        ("a window as high as the grid", side, 2 * side, side, side - 1),
        ("windows of one token", 2, 3, 1, 0),
        ("the largest shift", 2 * side, 3 * side, side, side - 1),
    )
    return [Case(label=label, args=tuple(size), edge=True) for label, *size in sizes]


def window_oracle(height: int, width: int, window: int, shift: int) -> Tensor:
    """Token by token: where each stood before the roll says whether it came round an edge."""
    found = []
    for top in range(0, height, window):
        for left in range(0, width, window):
            tokens = []
            for row in range(top, top + window):
                for column in range(left, left + window):
                    before = ((row + shift) % height, (column + shift) % width)
                    tokens.append((before[0] < row, before[1] < column))
            found.append([[one == other for other in tokens] for one in tokens])
    return torch.tensor(found, dtype=torch.bool)


def _windows(
    *,
    rows: bool = True,
    columns: bool = True,
    either: bool = False,
    first: bool = False,
    across: bool = False,
) -> Callable[..., Tensor]:
    """Return the function with one thing changed."""

    def mask(height: int, width: int, window: int, shift: int) -> Tensor:
        below, right = torch.arange(height), torch.arange(width)
        below = below < shift if first else below >= height - shift
        right = right < shift if first else right >= width - shift
        below, right = below[:, None].expand(height, width), right.expand(height, width)

        def cut(grid: Tensor) -> Tensor:
            parts = grid.unflatten(1, (-1, window)).unflatten(0, (-1, window)).transpose(1, 2)
            parts = parts.transpose(0, 1) if across else parts
            tokens = parts.flatten(2).flatten(0, 1)
            return tokens[:, :, None] == tokens[:, None, :]

        same_row, same_column = cut(below), cut(right)
        if either:
            return same_row | same_column
        allowed = torch.ones_like(same_row)
        allowed = allowed & same_row if rows else allowed
        return allowed & same_column if columns else allowed

    return mask


SHIFTED_WINDOW_MASK = Exercise(
    name="shifted_window_mask",
    title="Shifted window masks",
    minutes=25,
    difficulty=3,
    marks=3,
    proves="tokens which only the roll made neighbours do not meet",
    passed="Right on every visible case, from no shift on.",
    cases=window_cases,
    sample=window_sample,
    edges=window_edges,
    oracle=window_oracle,
    device="any",
    hints=(
        "After the roll, which rows of the grid hold tokens that came in from the other side?",
        "Give every place of the rolled grid a number that says which edges brought it round; cut the numbers into "
        "windows as you would cut tokens; compare each with each.",
        "Two flags make the number, one for rows and one for columns. Two tokens meet where both flags agree.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="rows_alone",
            code=_windows(columns=False),
            says="Only the lower edge is minded.",
            why="The grid is rolled to the left as well: the last columns came from the left edge.",
        ),
        WrongAnswer(
            id="columns_alone",
            code=_windows(rows=False),
            says="Only the right edge is minded.",
            why="The grid is rolled upwards as well: the last rows came from the upper edge.",
        ),
        WrongAnswer(
            id="nothing_masked",
            code=_windows(rows=False, columns=False),
            says="All tokens of a window may meet.",
            why="At the edges a window holds tokens from opposite sides of the picture.",
        ),
        WrongAnswer(
            id="one_flag_is_enough",
            code=_windows(either=True),
            says="Two tokens meet when they agree in one direction.",
            why="They must be neighbours in both: where one axis brought only one of them round, "
            "they are far apart.",
        ),
        WrongAnswer(
            id="other_side",
            code=_windows(first=True),
            says="You mark the first rows and columns as brought round.",
            why="The roll goes up and to the left, so what fell out came in at the bottom and on "
            "the right.",
        ),
        WrongAnswer(
            id="windows_column_by_column",
            code=_windows(across=True),
            says="Your windows are numbered column by column.",
            why="They are numbered row by row, as tokens are.",
        ),
    ),
)

# ---------------------------------------------------------------- A3.3 rotation in two directions


def rotate_case(
    rng: np.random.Generator,
    b: int,
    h: int,
    extra: int,
    height: int,
    width: int,
    d: int,
    label: str,
) -> Case:
    rows = [-1] * extra + [place // width for place in range(height * width)]
    columns = [-1] * extra + [place % width for place in range(height * width)]
    x = noise(rng, b, h, len(rows), d)
    base = float(rng.choice([50.0, 100.0, 1000.0]))
    return Case(label=label, args=(x, torch.tensor(rows), torch.tensor(columns), base))


def rotate_cases() -> list[Case]:
    sizes = ((1, 1, 1, 1, 3, 4), (2, 3, 1, 3, 2, 8), (3, 2, 2, 2, 4, 12), (2, 1, 0, 4, 3, 8))
    words = "{} pictures, {} heads, {} extra tokens, {} × {} patches, {} wide"
    return [rotate_case(generator(120 + i), *s, words.format(*s)) for i, s in enumerate(sizes)]


def rotate_sample(rng: np.random.Generator) -> Case:
    b, h, extra = pick(rng, range(1, 4)), pick(rng, range(1, 4)), pick(rng, range(1, 4))
    height, width = pick(rng, range(2, 5)), pick(rng, range(2, 5))
    return rotate_case(rng, b, h, extra, height, width, 4 * pick(rng, range(2, 5)), "random")


def rotate_edges(rng: np.random.Generator) -> list[Case]:
    """No extra token, nothing but extra tokens, one patch, the narrowest head, one row."""
    sizes = (
        ("no extra token", 2, 2, 0, 3, 2, 8),
        ("nothing but extra tokens", 1, 2, 3, 0, 0, 4),
        ("one patch", 1, 1, 1, 1, 1, 8),
        ("heads of 4", 2, 3, 1, 2, 3, 4),
        ("one row", 1, 2, 1, 1, 5, 8),
    )
    return [replace(rotate_case(rng, *size, label), edge=True) for label, *size in sizes]


def rotate_oracle(x: Tensor, rows: Tensor, columns: Tensor, base: float) -> Tensor:
    """Pair by pair, in float64 NumPy."""
    out, half = x.double().numpy().copy(), x.shape[-1] // 2
    for n, places in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        if places[0] < 0:
            continue
        for start, place in zip((0, half), places, strict=True):
            for i in range(half // 2):
                angle = place * base ** (-2 * i / half)
                one, other = start + 2 * i, start + 2 * i + 1
                a, b = out[:, :, n, one].copy(), out[:, :, n, other].copy()
                out[:, :, n, one] = a * math.cos(angle) - b * math.sin(angle)
                out[:, :, n, other] = a * math.sin(angle) + b * math.cos(angle)
    return torch.from_numpy(out).to(x.dtype)


def _rotate(
    *,
    halves: bool = False,
    swapped: bool = False,
    whole_width: bool = False,
    sign: float = 1.0,
    extra: bool = False,
    both: bool = False,
) -> Callable[..., Tensor]:
    """Return the function with one thing changed."""

    def rotate(x: Tensor, rows: Tensor, columns: Tensor, base: float) -> Tensor:
        half = x.shape[-1] // 2
        steps = torch.arange(0, half, 2, dtype=x.dtype)
        rates = base ** (-steps / (x.shape[-1] if whole_width else half))
        axes = (columns, rows) if swapped else (rows, columns)
        axes = (rows + columns, rows + columns) if both else axes
        turned = []
        for part, places in zip(x.split(half, -1), axes, strict=True):
            angles = sign * (places if extra else places.clamp(min=0))[:, None] * rates
            a, b = part.chunk(2, -1) if halves else (part[..., 0::2], part[..., 1::2])
            cos, sin = angles.cos(), angles.sin()
            pair = (a * cos - b * sin, a * sin + b * cos)
            turned.append(torch.cat(pair, -1) if halves else torch.stack(pair, -1).flatten(-2))
        return torch.cat(turned, -1)

    return rotate


ROTATE_2D = Exercise(
    name="rotate_2d",
    title="Rotation in two directions",
    minutes=15,
    difficulty=2,
    marks=2,
    proves="each half of the features turns with its own coordinate, and that tokens without a place "
    "stay as they are",
    passed="Right on every visible case, with extra tokens and without.",
    cases=rotate_cases,
    sample=rotate_sample,
    edges=rotate_edges,
    oracle=rotate_oracle,
    device="any",
    hints=(
        "You have turned features by one position before. What is different for the second half?",
        "Rates for d/4 pairs; for each half: angles (N, d/4) from its coordinate, turn the pairs, put them back in place.",
        "Features 0, 2, 4 … are the first of their pairs. An angle of 0 turns nothing, which serves for tokens that "
        "stand nowhere.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="pairs_far_apart",
            code=_rotate(halves=True),
            says="Your pairs are i and i + d/4.",
            why="Here neighbours are a pair: features 2i and 2i + 1.",
        ),
        WrongAnswer(
            id="rows_and_columns_swapped",
            code=_rotate(swapped=True),
            says="Your first half turns with the column.",
            why="The first half belongs to the row, the second to the column.",
        ),
        WrongAnswer(
            id="rates_of_the_whole_width",
            code=_rotate(whole_width=True),
            says="Your rates fall as if all d features were one sequence of pairs.",
            why="Each half has rates of its own, from 1 on: divide by d/2.",
        ),
        WrongAnswer(
            id="turned_backwards",
            code=_rotate(sign=-1.0),
            says="You turn the wrong way round.",
            why="The turn goes from the first axis towards the second.",
        ),
        WrongAnswer(
            id="extra_tokens_turned",
            code=_rotate(extra=True),
            says="Class token and registers are turned too.",
            why="Position −1 means that a token stands nowhere; it is no position.",
        ),
        WrongAnswer(
            id="both_coordinates_added",
            code=_rotate(both=True),
            says="Both halves turn with row plus column.",
            why="Then (1, 2) and (2, 1) would look alike. Each half has one coordinate.",
        ),
    ),
)

# ---------------------------------------------------------------- A3.4 rollout


def rollout_case(
    rng: np.random.Generator, layers: int, b: int, h: int, n: int, extra: int, label: str
) -> Case:
    return Case(label=label, args=(noise(rng, layers, b, h, n, n).softmax(-1), extra))


def rollout_cases() -> list[Case]:
    sizes = ((2, 1, 2, 3, 1), (3, 2, 4, 7, 2), (4, 3, 2, 6, 3), (3, 2, 5, 8, 1))
    words = "{} layers, {} pictures, {} heads, {} tokens, {} of them extra"
    return [rollout_case(generator(130 + i), *s, words.format(*s)) for i, s in enumerate(sizes)]


def rollout_sample(rng: np.random.Generator) -> Case:
    layers, b, h = pick(rng, range(2, 5)), pick(rng, range(1, 4)), pick(rng, range(2, 5))
    return rollout_case(
        rng, layers, b, h, pick(rng, range(6, 10)), pick(rng, range(2, 4)), "random"
    )


def rollout_edges(rng: np.random.Generator) -> list[Case]:
    """One layer, one head, one patch, no register, rows that hold zeros."""
    sizes = (
        ("one layer", 1, 2, 3, 5, 2),
        ("one head", 3, 1, 1, 6, 1),
        ("one patch", 2, 2, 2, 3, 2),
        ("no register", 2, 1, 3, 5, 1),
    )
    cases = [replace(rollout_case(rng, *size, label), edge=True) for label, *size in sizes]
    weights = cases[0].args[0].clone()
    weights[..., -1] = 0  # a token that nobody looks at
    weights = weights / weights.sum(-1, keepdim=True)
    return [*cases, Case(label="a patch that nobody looks at", args=(weights, 2), edge=True)]


def rollout_oracle(weights: Tensor, n_extra: int) -> Tensor:
    """Follow the class token back, layer by layer, in float64 NumPy."""
    layers, found = weights.double().numpy(), []
    for b in range(layers.shape[1]):
        share = np.zeros(layers.shape[-1])
        share[0] = 1.0
        for layer in layers[::-1, b]:
            share = 0.5 * share + 0.5 * share @ layer.mean(0)
        found.append(share[n_extra:] / share[n_extra:].sum())
    return torch.tensor(np.array(found), dtype=weights.dtype)


def _rollout(
    *,
    residual: bool = True,
    backwards: bool = False,
    heads: str = "mean",
    normalised: bool = True,
    column: bool = False,
    last: bool = False,
    added: bool = False,
) -> Callable[..., Tensor]:
    """Return the function with one thing changed."""

    def follow(weights: Tensor, n_extra: int) -> Tensor:
        steps = weights.mean(2) if heads == "mean" else weights.amax(2)
        if residual:
            steps = (steps + torch.eye(weights.shape[-1], dtype=weights.dtype)) / 2
        product = steps[-1] if last else steps[0]
        for step in () if last else steps[1:]:
            product = product + step if added else product @ step if backwards else step @ product
        shares = product[:, n_extra:, 0] if column else product[:, 0, n_extra:]
        return shares / shares.sum(-1, keepdim=True) if normalised else shares.clone()

    return follow


ROLLOUT = Exercise(
    name="rollout",
    title="Rollout",
    minutes=12,
    difficulty=2,
    marks=2,
    proves="all layers are followed back, in their order, and what is not a patch is left out",
    passed="Right on every visible case, from two layers to four.",
    cases=rollout_cases,
    sample=rollout_sample,
    edges=rollout_edges,
    oracle=rollout_oracle,
    device="any",
    hints=(
        "A row of the last matrix says what an output token reads. What does it read that from?",
        "Mean over heads; mean with the identity; product over the layers; the class token's row; patches only; divide "
        "by the sum.",
        "Each further layer multiplies from the left: step @ product.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="no_residual",
            code=_rollout(residual=False),
            says="Your layers carry nothing past the attention.",
            why="A residual connection keeps half of each token where it was: take the mean with "
            "the identity.",
        ),
        WrongAnswer(
            id="layers_backwards",
            code=_rollout(backwards=True),
            says="Your layers are multiplied in the wrong order.",
            why="The last layer reads what the earlier ones wrote: it stands on the left.",
        ),
        WrongAnswer(
            id="strongest_head",
            code=_rollout(heads="max"),
            says="You take the strongest head instead of the mean of all.",
            why="Rows then sum to more than 1, and shares are shares no longer.",
        ),
        WrongAnswer(
            id="not_summed_to_one",
            code=_rollout(normalised=False),
            says="Your shares do not sum to 1.",
            why="Part of the class token comes from itself and the registers. Among the patches, "
            "divide by the sum.",
        ),
        WrongAnswer(
            id="column_of_the_class_token",
            code=_rollout(column=True),
            says="You take the column of the class token.",
            why="A column says who reads the class token; its row says what it reads.",
        ),
        WrongAnswer(
            id="last_layer_alone",
            code=_rollout(last=True),
            says="You look at the last layer alone.",
            why="What it reads are mixtures; rollout follows them back through all layers.",
        ),
        WrongAnswer(
            id="layers_added",
            code=_rollout(added=True),
            says="Your layers are added up.",
            why="Going through one layer and then another multiplies their shares.",
        ),
    ),
)

# ---------------------------------------------------------------- A3.5 a vision transformer


def vit_shapes(
    *,
    image_size: int,
    patch_size: int,
    n_channels: int,
    d_model: int,
    n_heads: int,
    n_layers: int,
    d_ff: int,
    n_registers: int,
    n_classes: int,
) -> dict[str, tuple[int, ...]]:
    """Return the shape of every parameter, by its name."""
    d = d_model
    shapes: dict[str, tuple[int, ...]] = {
        "positions": ((image_size // patch_size) ** 2, d),
        "extra": (1 + n_registers, d),
        "embed.weight": (d, n_channels * patch_size**2),
        "embed.bias": (d,),
    }
    for layer in range(n_layers):
        for name, shape in {
            **{f"norm{i}.{kind}": (d,) for i in (1, 2) for kind in ("weight", "bias")},
            **{"qkv.weight": (3 * d, d), "qkv.bias": (3 * d,)},
            **{"proj.weight": (d, d), "proj.bias": (d,)},
            **{"up.weight": (d_ff, d), "up.bias": (d_ff,)},
            **{"down.weight": (d, d_ff), "down.bias": (d,)},
        }.items():
            shapes[f"blocks.{layer}.{name}"] = shape
    shapes |= {"norm.weight": (d,), "norm.bias": (d,)}
    return shapes | {"head.weight": (n_classes, d), "head.bias": (n_classes,)}


def vit_case(rng: np.random.Generator, b: int, label: str, **init: int) -> Case:
    state = {}
    for name, shape in vit_shapes(**init).items():
        width = shape[-1] if len(shape) == 2 else 4
        state[name] = noise(rng, *shape, scale=1.3 * width**-0.5 if ".weight" in name else 0.5)
        if "norm" in name and name.endswith("weight"):
            state[name] += 1
    size = (b, init["n_channels"], init["image_size"], init["image_size"])
    return Case(label=label, init=init, state=state, args=(noise(rng, *size),), gradients=True)


def _vit_sizes(
    image: int, patch: int, c: int, h: int, d: int, n: int, ff: int, extra: int, k: int
) -> dict[str, int]:
    return {
        **{"image_size": image, "patch_size": patch, "n_channels": c},
        **{"d_model": h * d, "n_heads": h, "n_layers": n},
        **{"d_ff": ff, "n_registers": extra, "n_classes": k},
    }


def vit_cases() -> list[Case]:
    drawn = ((4, 2, 1, 2, 2, 1, 5, 1, 3), (6, 2, 3, 2, 4, 2, 7, 2, 5), (9, 3, 2, 3, 3, 2, 8, 3, 4))
    words = "pictures of {} × {}, channels {}, registers {}"
    cases = []
    for i, one in enumerate(drawn):
        label = words.format(one[0], one[0], one[2], one[7])
        cases.append(vit_case(generator(140 + i), i + 1, label, **_vit_sizes(*one)))
    return cases


def vit_sample(rng: np.random.Generator) -> Case:
    patch = pick(rng, range(2, 4))
    one = (patch * pick(rng, range(2, 4)), patch, pick(rng, range(2, 4)), pick(rng, range(2, 4)))
    more = (pick(rng, range(2, 5)), pick(rng, range(1, 3)), pick(rng, range(4, 8)))
    sizes = _vit_sizes(*one, *more, pick(rng, range(1, 4)), pick(rng, range(2, 6)))
    return vit_case(rng, pick(rng, range(1, 4)), "random", **sizes)


def vit_edges(rng: np.random.Generator) -> list[Case]:
    """One patch, one head, no register, one picture, patches of one pixel."""
    drawn = (
        ("one patch", 2, (3, 3, 2, 2, 3, 1, 5, 2, 4)),
        ("one head", 2, (4, 2, 1, 1, 6, 1, 5, 1, 3)),
        ("no register", 1, (4, 2, 3, 2, 4, 2, 6, 0, 5)),
        ("patches of one pixel", 1, (3, 1, 2, 2, 2, 1, 4, 1, 3)),
    )
    return [
        replace(vit_case(rng, b, label, **_vit_sizes(*sizes)), edge=True)
        for label, b, sizes in drawn
    ]


def _linear(p: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def _norm(p: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / ((centred**2).mean(-1, keepdim=True) + 1e-5).sqrt()
    return scaled * p[f"{name}.weight"] + p[f"{name}.bias"]


def vit_oracle(state: Mapping[str, Tensor], images: Tensor, **init: int) -> Tensor:
    """Patch by patch and head by head."""
    p, size, width = state, init["patch_size"], init["d_model"]
    cells = range(0, init["image_size"], size)
    cut = [images[:, :, r : r + size, c : c + size] for r in cells for c in cells]
    patches = torch.stack([one.reshape(len(images), -1) for one in cut], dim=1)
    x = _linear(p, "embed", patches) + p["positions"]
    x = torch.cat([p["extra"].expand(len(x), -1, -1), x], dim=1)
    each = width // init["n_heads"]
    for layer in range(init["n_layers"]):
        at, heads = f"blocks.{layer}.", []
        rows = _linear(p, f"{at}qkv", _norm(p, f"{at}norm1", x))
        for h in range(init["n_heads"]):
            own = [slice(i * width + h * each, i * width + (h + 1) * each) for i in range(3)]
            q, k, v = (rows[..., one] for one in own)
            scores = q @ k.transpose(1, 2) / each**0.5
            shares = (scores - scores.amax(-1, keepdim=True).detach()).exp()
            heads.append(shares / shares.sum(-1, keepdim=True) @ v)
        x = x + _linear(p, f"{at}proj", torch.cat(heads, -1))
        hidden = _linear(p, f"{at}up", _norm(p, f"{at}norm2", x))
        hidden = hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5))
        x = x + _linear(p, f"{at}down", hidden)
    return _linear(p, "head", _norm(p, "norm", x[:, 0]))


class _Block(nn.Module):
    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.qkv, self.proj = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.up, self.down = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            self.qkv(self.norm1(x)).unflatten(-1, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        )
        out = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v
        x = x + self.proj(out.transpose(1, 2).flatten(-2))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


def _vit(
    *,
    patch: tuple[int, ...] = (0, 2, 3, 1, 4, 5),
    reads: str = "class",
    registers: bool = True,
    norm: bool = True,
    positions: bool = True,
) -> type[nn.Module]:
    """Return the class with one thing changed."""

    class ViT(nn.Module):
        def __init__(self, **init: int) -> None:
            super().__init__()
            shapes, self.patch = vit_shapes(**init), init["patch_size"]
            self.positions = nn.Parameter(torch.zeros(shapes["positions"]))
            self.extra = nn.Parameter(torch.zeros(shapes["extra"]))
            d = init["d_model"]
            self.embed = nn.Linear(shapes["embed.weight"][1], d)
            blocks = (_Block(d, init["n_heads"], init["d_ff"]) for _ in range(init["n_layers"]))
            self.blocks = nn.ModuleList(blocks)
            self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, init["n_classes"])

        def forward(self, images: Tensor) -> Tensor:
            cut = images.unfold(2, self.patch, self.patch).unfold(3, self.patch, self.patch)
            x = self.embed(cut.permute(*patch).flatten(3).flatten(1, 2))
            x = x + self.positions if positions else x
            extra = self.extra if registers else self.extra[:1]
            x = torch.cat([extra.expand(len(images), -1, -1), x], 1)
            for block in self.blocks:
                x = block(x)
            x = self.norm(x) if norm else x
            n = len(extra)
            read = {"class": x[:, 0], "patches": x[:, n:].mean(1), "all": x.mean(1)}
            return self.head(read[reads] if reads in read else x[:, n - 1])

    return ViT


REGISTER_VIT = Exercise(
    name="RegisterViT",
    title="A vision transformer with registers",
    minutes=30,
    difficulty=3,
    marks=3,
    proves="pictures become logits as the text says, parameter by parameter",
    passed="Agrees with a vision transformer worked out patch by patch, gradients too.",
    cases=vit_cases,
    sample=vit_sample,
    edges=vit_edges,
    oracle=vit_oracle,
    protocol=ModuleProtocol(),
    device="any",
    hints=(
        "Follow the shapes: pictures, a grid of patches, a row of tokens, the same row with extra tokens in front.",
        "Cut and flatten; embed; add positions; put extra in front; blocks; norm; token 0; head.",
        "unfold(2, p, p).unfold(3, p, p) gives (B, C, rows, columns, p, p): the two grid axes belong before the channel.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="channels_last",
            code=_vit(patch=(0, 2, 3, 4, 5, 1)),
            says="Your patches are flattened pixel by pixel, with the channels inside.",
            why="A patch is flattened channel by channel: all of channel 0 first.",
        ),
        WrongAnswer(
            id="patches_column_by_column",
            code=_vit(patch=(0, 3, 2, 1, 4, 5)),
            says="Your patches are listed column by column.",
            why="They are listed row by row; each position belongs to one place of the picture.",
        ),
        WrongAnswer(
            id="mean_of_patches",
            code=_vit(reads="patches"),
            says="Your head reads the mean of the patches.",
            why="It reads the class token, which gathers what it needs by attention.",
        ),
        WrongAnswer(
            id="mean_of_all",
            code=_vit(reads="all"),
            says="Your head reads the mean of all tokens.",
            why="It reads the class token alone; registers are thrown away.",
        ),
        WrongAnswer(
            id="register_read",
            code=_vit(reads="register"),
            says="Your head reads a register.",
            why="The first row of `extra` is the class token.",
        ),
        WrongAnswer(
            id="registers_left_out",
            code=_vit(registers=False),
            says="Your registers take no part in attention.",
            why="They stand beside the other tokens in every block; only at the end are they "
            "thrown away.",
        ),
        WrongAnswer(
            id="no_last_norm",
            code=_vit(norm=False),
            says="The last norm is missing.",
            why="Pre-norm blocks leave a stream that grows from layer to layer; the head reads it "
            "normalised.",
        ),
        WrongAnswer(
            id="no_positions",
            code=_vit(positions=False),
            says="Your patches carry no positions.",
            why="Attention alone cannot tell where a patch was.",
        ),
    ),
)

# ---------------------------------------------------------------- A3.6 a trained model

#: As in the notebook.
SIZES = _vit_sizes(SIZE, 4, 1, 4, 8, 2, 64, 2, len(SHAPES))
PICTURES = 2000


def share_right(weights: Mapping[str, Tensor], rng: np.random.Generator) -> float:
    """Return the share of fresh pictures that a model tells right."""
    images, labels = draw_shapes(PICTURES, rng)
    found = vit_oracle(weights, images, **SIZES).argmax(-1)
    return float((found == labels).double().mean())


TRAINED = (
    TrainedTask(
        name="shapes",
        title="Shapes",
        minutes=25,
        difficulty=2,
        file="shapes.safetensors",
        shapes=vit_shapes(**SIZES),
        evaluate=share_right,
        bars=((0.6, 1), (0.8, 2), (0.9, 3), (0.95, 4)),
    ),
)

ASSIGNMENT = LessonSpec(
    number="A3",
    slug="vision",
    title="Vision",
    minutes=119,
    needs=("08", "10", "16", "18"),
    exercises=(MERGE_PATCHES, SHIFTED_WINDOW_MASK, ROTATE_2D, ROLLOUT, REGISTER_VIT),
)
