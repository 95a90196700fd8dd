"""The wrong answers that lesson 18 recognises."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _eye(like: Tensor) -> Tensor:
    return torch.eye(like.shape[-1], dtype=like.dtype, device=like.device)


# ---------------------------------------------------------------- 18.1 attention per head


def _heads(
    x: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    n_heads: int,
    *,
    scale: str = "head",
    axis: int = -1,
    interleaved: bool = False,
    view: bool = False,
    swap: bool = False,
    turned: bool = False,
    mean: bool = False,
    plain: bool = False,
) -> Tensor:
    """Attention per head, with switches for its mistakes; all off, it is right."""
    d = x.shape[-1] // n_heads

    def cut(y: Tensor) -> Tensor:
        if view:
            return y.reshape(*y.shape[:-2], n_heads, y.shape[-2], d)
        if interleaved:
            return y.unflatten(-1, (d, n_heads)).movedim(-1, -3)
        return y.unflatten(-1, (n_heads, d)).transpose(-3, -2)

    q, k = (cut(x @ (w if turned else w.mT)) for w in (w_q, w_k))
    q, k = (k, q) if swap else (q, k)
    root = {"head": math.sqrt(d), "model": math.sqrt(x.shape[-1]), "none": 1.0}[scale]
    scores = q @ k.mT / root
    weights = scores if plain else scores.softmax(axis)
    return weights.mean(-3) if mean else weights


def _with(**switches: Any) -> Callable[..., Tensor]:
    return lambda x, w_q, w_k, n_heads: _heads(x, w_q, w_k, n_heads, **switches)


ATTENTION_PER_HEAD = (
    WrongAnswer(
        id="scaled_by_model_width",
        code=_with(scale="model"),
        says="Your scores are divided by √d_model, not by √d_head.",
        why="Each head compares slices of width d_head, and the spread of a dot product grows with the root of "
        "that width. Dividing by the larger root makes every head vaguer than it was trained to be.",
    ),
    WrongAnswer(
        id="not_scaled",
        code=_with(scale="none"),
        says="Your scores are not divided by √d_head.",
        why="The model was trained with the division, so without it the map is sharper than what the model used.",
    ),
    WrongAnswer(
        id="over_the_queries",
        code=_with(axis=-2),
        says="Your softmax runs over the queries (axis −2), not over the keys.",
        why="Each query shares out a total of 1 over the keys it may look at: each row sums to 1, not each column.",
    ),
    WrongAnswer(
        id="interleaved_heads",
        code=_with(interleaved=True),
        says="Your heads take every H-th column; head h owns a block of d_head columns side by side.",
        why="The projections were trained with blocks: columns h·d_head to (h + 1)·d_head − 1 belong to head h. "
        "Another cut mixes the heads.",
    ),
    WrongAnswer(
        id="view_across_tokens",
        code=_with(view=True),
        says="You reshaped straight to (H, T, d_head), which cuts the tokens apart, not the width.",
        why="Numbers lie in memory token by token. Split the last axis into (H, d_head) first, then move H in front.",
    ),
    WrongAnswer(
        id="queries_and_keys_swapped",
        code=_with(swap=True),
        says="Your queries and keys have changed places.",
        why="Row t belongs to the token that asks. Swapped, row t says who would look at token t.",
    ),
    WrongAnswer(
        id="weights_not_transposed",
        code=_with(turned=True),
        says="You multiply by W; nn.Linear multiplies by Wᵀ.",
        why="nn.Linear keeps its matrix with outputs down and inputs across, so the projection is x @ W.T.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=_with(plain=True),
        says="You return the scores; the softmax is missing.",
        why="Weights are shares of 1 for each query. Scores may be negative and have no common scale.",
    ),
    WrongAnswer(
        id="heads_averaged",
        code=_with(mean=True),
        says="You averaged the heads away; one map for each head is due.",
        why="Heads look at different things, and a mean can hide what one of them does. Average later, knowingly.",
    ),
)

# ---------------------------------------------------------------- 18.2 rollout


def _rolled(
    weights: Tensor,
    *,
    merge: Callable[[Tensor], Tensor] = lambda layer: layer.mean(-3),
    residual: float = 1.0,
    scale: str = "rows",
    order: str = "up",
) -> Tensor:
    """Rollout, with switches for its mistakes; all off, it is right."""
    eye = _eye(weights)
    out = eye.expand(weights.shape[1:-3] + eye.shape)
    for layer in weights.flip(0) if order == "reversed" else weights:
        mixed = merge(layer) + residual * eye
        if scale == "rows":
            mixed = mixed / mixed.sum(-1, keepdim=True)
        if scale == "columns":
            mixed = mixed / mixed.sum(-2, keepdim=True)
        if scale == "halved":
            mixed = 0.5 * mixed
        out = mixed * out if order == "elementwise" else mixed @ out
    return out


def _roll(**switches: Any) -> Callable[[Tensor], Tensor]:
    return lambda weights: _rolled(weights, **switches)


def _scaled_at_the_end(weights: Tensor) -> Tensor:
    out = _rolled(weights, scale="halved")
    return out / out.sum(-1, keepdim=True)


def _mean_of_layers(weights: Tensor) -> Tensor:
    return weights.mean(0).mean(-3)


def _residual_at_the_end(weights: Tensor) -> Tensor:
    out = weights[0].mean(-3)
    for layer in weights[1:]:
        out = layer.mean(-3) @ out
    return 0.5 * out + 0.5 * _eye(weights)


ROLLOUT = (
    WrongAnswer(
        id="no_residual",
        code=_roll(residual=0.0),
        says="You left the residual path out: each layer's matrix is the attention alone.",
        why="Every block adds what it gathers to what the token already holds. Half of the identity stands for "
        "that path; without it a token forgets itself at every layer, and the map blurs.",
    ),
    WrongAnswer(
        id="rows_not_renormalised",
        code=_roll(scale="none"),
        says="Your rows do not sum to 1: you added the identity and did not renormalise.",
        why="A + I has rows of sum 2, and after L layers of sum 2 to the power L. Shares of what a token "
        "holds must sum to 1 after each layer.",
    ),
    WrongAnswer(
        id="halved_only",
        code=_roll(scale="halved"),
        says="You halved A + I, but a row of A that does not sum to 1 still needs to be renormalised.",
        why="Where weights were dropped or masked, a row sums to less than 1. Divide each row by its own sum.",
    ),
    WrongAnswer(
        id="scaled_at_the_end",
        code=_scaled_at_the_end,
        says="You scaled the rows once, after all layers; each layer's rows are scaled before the next.",
        why="A row that sums to less than 1 counts for less in every later layer, and a scale at the end cannot bring "
        "that back. With rows that sum to 1 from the start the two agree.",
    ),
    WrongAnswer(
        id="attention_scaled_alone",
        code=_roll(
            merge=lambda layer: layer.mean(-3) / layer.mean(-3).sum(-1, keepdim=True),
            scale="halved",
        ),
        says="You scaled the rows of the attention before you added the identity; they are scaled afterwards.",
        why="Where weights were set to 0, a token gathered less. Scaled beforehand, its attention would count as much as the "
        "residual path again.",
    ),
    WrongAnswer(
        id="columns_normalised",
        code=_roll(scale="columns"),
        says="You scaled the columns to sum to 1, not the rows.",
        why="A row says how one token's content is made up: its shares sum to 1. Columns need not.",
    ),
    WrongAnswer(
        id="layers_reversed",
        code=_roll(order="reversed"),
        says="Your layers are multiplied in reverse: the first layer stands leftmost.",
        why="A token after layer 2 holds Â₂ times what stood after layer 1, so later layers multiply from the "
        "left: Â_L ⋯ Â₂ Â₁.",
    ),
    WrongAnswer(
        id="heads_summed",
        code=_roll(merge=lambda layer: layer.sum(-3)),
        says="You summed the heads, so that attention outweighs the residual H to 1.",
        why="The mean of the heads has rows of sum 1, as the identity has, and the two get half each. A sum of "
        "H heads has rows of sum H, and the residual path nearly vanishes.",
    ),
    WrongAnswer(
        id="largest_head",
        code=_roll(merge=lambda layer: layer.amax(-3)),
        says="You took the largest weight over the heads, not their mean.",
        why="It is a known variant and often draws sharper maps, but it is not the rollout of the paper: here the "
        "heads are averaged.",
    ),
    WrongAnswer(
        id="residual_at_the_end",
        code=_residual_at_the_end,
        says="You mixed the identity in once, after all layers were multiplied.",
        why="Every block has a residual path of its own: what a token holds can skip one layer and take part in the "
        "next.",
    ),
    WrongAnswer(
        id="elementwise",
        code=_roll(order="elementwise"),
        says="You multiplied the layers entry by entry; a matrix product is due.",
        why="Token t gathers from s along every path t → u → s, so the sum runs over all u in between: that is "
        "what a matrix product does.",
    ),
    WrongAnswer(
        id="last_layer_only",
        code=lambda weights: _rolled(weights[-1:]),
        says="You used the last layer alone.",
        why="By the last layer a token holds content from many others. Where that came from is written in the "
        "layers below.",
    ),
    WrongAnswer(
        id="layers_averaged",
        code=_mean_of_layers,
        says="You averaged the layers; they follow one another, so their matrices are multiplied.",
        why="An average knows no paths: what token t gathers from u, and u from s before, is lost.",
    ),
)

# ---------------------------------------------------------------- 18.3 the class token's row

CLASS_MAP = (
    WrongAnswer(
        id="column_for_row",
        code=lambda m, rows, columns: m[..., 1:, 0].unflatten(-1, (rows, columns)),
        says="You took the class token's column; its row is due.",
        why="Row 0 says from where the class token gathers. Column 0 says which tokens "
        "hold something of it: another question.",
    ),
    WrongAnswer(
        id="class_token_kept",
        code=lambda m, rows, columns: m[..., 0, :-1].unflatten(-1, (rows, columns)),
        says="Your map begins with the class token's own entry and lacks the last patch.",
        why="Token 0 is no patch. Patches are the tokens 1 to N, so every number of yours sits one place too late.",
    ),
    WrongAnswer(
        id="grid_turned",
        code=lambda m, rows, columns: m[..., 0, 1:].unflatten(-1, (columns, rows)).mT,
        says="You filled the grid column by column; patches follow row by row.",
        why="Patch 1 lies to the right of patch 0, as words on a page. Filled by columns, the map is mirrored "
        "along its diagonal.",
    ),
    WrongAnswer(
        id="grid_shape_turned",
        code=lambda m, rows, columns: m[..., 0, 1:].unflatten(-1, (columns, rows)),
        says="Your grid has rows and columns exchanged.",
        why="The map of a picture with more columns than rows must be wider than high, too.",
    ),
    WrongAnswer(
        id="last_token",
        code=lambda m, rows, columns: m[..., -1, 1:].unflatten(-1, (rows, columns)),
        says="You read the last patch's row; the class token comes first.",
        why="This model puts the class token before the patches, and its answer is read from there.",
    ),
    WrongAnswer(
        id="mean_of_rows",
        code=lambda m, rows, columns: m[..., 1:].mean(-2).unflatten(-1, (rows, columns)),
        says="You averaged over all queries; only the class token's row is due.",
        why="The mean says what all tokens look at. The answer is read from the class token alone.",
    ),
)

# ---------------------------------------------------------------- 18.4 a patch map in pixels


def _bilinear(maps: Tensor, patch: int) -> Tensor:
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    big = torch.nn.functional.interpolate(flat, scale_factor=patch, mode="bilinear")
    return big.reshape(*maps.shape[:-2], *big.shape[-2:])


def _tiled(maps: Tensor, patch: int) -> Tensor:
    return maps.repeat(*[1] * (maps.dim() - 2), patch, patch)


def _shared(maps: Tensor, patch: int) -> Tensor:
    return maps.repeat_interleave(patch, -2).repeat_interleave(patch, -1) / patch**2


UPSAMPLE = (
    WrongAnswer(
        id="tiled",
        code=_tiled,
        says="You laid the whole map beside itself, patch by patch times; each number must be stretched.",
        why="repeat copies the map as a tile. repeat_interleave repeats each entry where it stands.",
    ),
    WrongAnswer(
        id="rows_only",
        code=lambda maps, patch: maps.repeat_interleave(patch, -2),
        says="You stretched the rows only.",
        why="A patch is a square: the columns need the same.",
    ),
    WrongAnswer(
        id="columns_only",
        code=lambda maps, patch: maps.repeat_interleave(patch, -1),
        says="You stretched the columns only.",
        why="A patch is a square: the rows need the same.",
    ),
    WrongAnswer(
        id="smooth",
        code=_bilinear,
        says="You interpolated between the patches.",
        why="The model said one number for each patch and nothing finer. A smooth map looks more precise than "
        "it is, and its maximum can move.",
    ),
    WrongAnswer(
        id="shared_out",
        code=_shared,
        says="You divided each number among the pixels of its patch.",
        why="Each pixel gets its patch's number as it is.",
    ),
)

# ---------------------------------------------------------------- 18.5 point hits


def _first(maps: Tensor, inside: Tensor) -> Tensor:
    at = maps.flatten(1).argmax(1, keepdim=True)
    return inside.flatten(1).gather(1, at)[:, 0].to(maps.dtype)


def _best(maps: Tensor) -> Tensor:
    return maps == maps.amax((-2, -1), keepdim=True)


POINT_HITS = (
    WrongAnswer(
        id="first_of_equals",
        code=_first,
        says="Of several largest pixels you judge the first one only.",
        why="A patch gives all its pixels one number, so the first is always its upper left corner: lesions that "
        "the patch touches with its lower right would count as missed. Ties are shared.",
    ),
    WrongAnswer(
        id="any_of_equals",
        code=lambda maps, inside: (_best(maps) & inside).any(-1).any(-1).to(maps.dtype),
        says="You count a hit when any of the largest pixels lies inside.",
        why="A map that is the same everywhere would then hit every time. Ties are shared: it gets the share of its "
        "largest pixels that lie inside.",
    ),
    WrongAnswer(
        id="mass_inside",
        code=lambda maps, inside: (maps * inside).sum((-2, -1)) / maps.sum((-2, -1)),
        says="You return the share of the map's total that lies inside; only its largest pixels point.",
        why="It is another measure, and a fair one for maps that are nowhere negative. The pointing game asks "
        "for the one place that a reader's eye goes to.",
    ),
    WrongAnswer(
        id="share_of_the_box",
        code=lambda maps, inside: (
            (_best(maps) & inside).sum((-2, -1)).to(maps.dtype) / inside.sum((-2, -1))
        ),
        says="You divide by the size of the box, not by the number of largest pixels.",
        why="A map that points into the box with all it has is a full hit, however large the box.",
    ),
    WrongAnswer(
        id="count_not_share",
        code=lambda maps, inside: (_best(maps) & inside).sum((-2, -1)).to(maps.dtype),
        says="You count the largest pixels inside and do not divide by how many there are.",
        why="A map gets at most 1, or maps with many ties would count more than others.",
    ),
    WrongAnswer(
        id="largest_of_the_batch",
        code=lambda maps, inside: (
            ((maps == maps.max()) & inside).sum((-2, -1)).to(maps.dtype)
            / (maps == maps.max()).sum((-2, -1)).clamp(min=1)
        ),
        says="You look for one largest pixel in the whole batch; each map has its own.",
        why="Maps of different images are on different scales. Each is judged alone.",
    ),
    WrongAnswer(
        id="mean_over_images",
        code=lambda maps, inside: (
            ((_best(maps) & inside).sum((-2, -1)) / _best(maps).sum((-2, -1))).to(maps.dtype).mean()
        ),
        says="You averaged over the images; one number for each is due.",
        why="Keep them apart: which images a map misses tells more than the mean.",
    ),
)

# ---------------------------------------------------------------- 18.6 base rate


def _sides(boxes: Tensor, more: int = 0) -> tuple[Tensor, Tensor]:
    top, left, bottom, right = boxes.double().T
    return bottom - top + more, right - left + more


BASE_RATE = (
    WrongAnswer(
        id="inclusive_edges",
        code=lambda boxes, height, width: _over(_sides(boxes, 1), height * width),
        says="You count one row and one column too many.",
        why="bottom and right are exclusive, as in a slice: the height of a box is bottom − top.",
    ),
    WrongAnswer(
        id="product_of_means",
        code=lambda boxes, height, width: (
            (_sides(boxes)[0].mean() * _sides(boxes)[1].mean()).item() / (height * width)
        ),
        says="You multiplied the mean height by the mean width.",
        why="High boxes tend to be wide, so the mean of the areas is not the product of the means. Multiply box by "
        "box, then average.",
    ),
    WrongAnswer(
        id="pixels_not_share",
        code=lambda boxes, height, width: _over(_sides(boxes), 1),
        says="You return a mean number of pixels, not a share of the image.",
        why="A random pixel hits with a chance of the box's area over the image's.",
    ),
    WrongAnswer(
        id="square_of_height",
        code=lambda boxes, height, width: _over(_sides(boxes), height**2),
        says="You divide by height², not by height · width.",
        why="Not every image is square.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda boxes, height, width: _over(_sides(boxes), height * width) * len(boxes),
        says="You summed over the images where a mean is due.",
        why="A chance is at most 1, however many images there are.",
    ),
    WrongAnswer(
        id="corner_not_size",
        code=lambda boxes, height, width: (
            (boxes[:, 2] * boxes[:, 3]).double().mean().item() / (height * width)
        ),
        says="You read the last two numbers of a box as its height and width; they are bottom and right.",
        why="A box is top, left, bottom, right. Its height is bottom − top.",
    ),
)


def _over(sides: Sequence[Tensor], area: float) -> float:
    return (sides[0] * sides[1]).mean().item() / area


# ---------------------------------------------------------------- 18.7 gradient × attention


def _relevant(
    weights: Tensor,
    gradients: Tensor,
    *,
    change: Callable[[Tensor, Tensor], Tensor] = lambda a, g: (g * a).clamp(min=0).mean(-3),
    start: bool = True,
    order: str = "up",
) -> Tensor:
    """Relevance, with switches for its mistakes; all off, it is right."""
    eye = _eye(weights)
    out = eye.expand(weights.shape[1:-3] + eye.shape)
    pairs = list(zip(weights, gradients, strict=True))
    for layer, gradient in reversed(pairs) if order == "reversed" else pairs:
        step = change(layer, gradient)
        out = (out if start else 0) + (out @ step if order == "right" else step @ out)
    return out


def _relevance(**switches: Any) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda weights, gradients: _relevant(weights, gradients, **switches)


def _like_rollout(weights: Tensor, gradients: Tensor) -> Tensor:
    eye = _eye(weights)
    out = eye.expand(weights.shape[1:-3] + eye.shape)
    for layer, gradient in zip(weights, gradients, strict=True):
        mixed = (gradient * layer).clamp(min=0).mean(-3) + eye
        out = mixed / mixed.sum(-1, keepdim=True) @ out
    return out


def _from_zeros(weights: Tensor, gradients: Tensor) -> Tensor:
    return torch.zeros_like(weights[0].mean(-3))


RELEVANCE = (
    WrongAnswer(
        id="negative_kept",
        code=_relevance(change=lambda a, g: (g * a).mean(-3)),
        says="You kept negative products; only what speaks for the answer counts.",
        why="A head that speaks against the answer would cancel one that speaks for it. The positive part is taken "
        "of every head, before the mean.",
    ),
    WrongAnswer(
        id="clamped_after_the_mean",
        code=_relevance(change=lambda a, g: (g * a).mean(-3).clamp(min=0)),
        says="You averaged the heads first and took the positive part afterwards.",
        why="In the mean a head that speaks against the answer has cancelled one that speaks for it already.",
    ),
    WrongAnswer(
        id="absolute_value",
        code=_relevance(change=lambda a, g: (g * a).abs().mean(-3)),
        says="You took absolute values, which count what speaks against the answer as if it spoke for it.",
        why="The positive part sets those to 0.",
    ),
    WrongAnswer(
        id="gradient_alone",
        code=_relevance(change=lambda a, g: g.clamp(min=0).mean(-3)),
        says="You used the gradient without the attention.",
        why="A large gradient at a weight near 0 says what would happen if the model looked there. It did not.",
    ),
    WrongAnswer(
        id="attention_alone",
        code=_relevance(change=lambda a, g: a.mean(-3)),
        says="You used the attention without the gradient.",
        why="Without the gradient the map is the same for every answer, so it cannot say what speaks for one.",
    ),
    WrongAnswer(
        id="no_identity",
        code=_relevance(start=False),
        says="You replaced R by Ā R; it is added to R.",
        why="R ← R + Ā R: the residual path keeps what was there.",
    ),
    WrongAnswer(
        id="rows_renormalised",
        code=_like_rollout,
        says="You scaled the rows to sum to 1, as in rollout; here nothing is scaled.",
        why="The size of gradient × attention says how much a layer matters. Scaled rows would give every token the "
        "same total, whether it speaks for the answer or not.",
    ),
    WrongAnswer(
        id="starts_from_zeros",
        code=_from_zeros,
        says="Your R starts from zeros, so it stays there.",
        why="Before the first layer each token holds itself: R = I. Every product with zeros is zero.",
    ),
    WrongAnswer(
        id="layers_reversed",
        code=_relevance(order="reversed"),
        says="Your layers run from the last to the first.",
        why="What a later layer gathers, it gathers from tokens that earlier layers have mixed already: begin with the "
        "first.",
    ),
    WrongAnswer(
        id="heads_summed",
        code=_relevance(change=lambda a, g: (g * a).clamp(min=0).sum(-3)),
        says="You summed the heads where their mean is due.",
        why="A sum grows with the number of heads, and then outweighs the R it is added to.",
    ),
)

# ---------------------------------------------------------------- 18.8 Grad-CAM


def _alpha(gradients: Tensor) -> Tensor:
    return gradients.mean((-2, -1), keepdim=True)


def _scaled_to_one(features: Tensor, gradients: Tensor) -> Tensor:
    cam = (_alpha(gradients) * features).sum(-3).relu()
    return cam / cam.amax((-2, -1), keepdim=True).clamp(min=1e-12)


GRAD_CAM = (
    WrongAnswer(
        id="no_relu",
        code=lambda f, g: (_alpha(g) * f).sum(-3),
        says="You left the ReLU out: your map has negative places.",
        why="Places that speak against the answer belong to other answers. The map keeps what speaks for this one.",
    ),
    WrongAnswer(
        id="relu_before_the_sum",
        code=lambda f, g: (_alpha(g) * f).relu().sum(-3),
        says="You applied the ReLU to every channel before the sum.",
        why="Channels for and against must be weighed at each place first; what remains is kept if it is positive.",
    ),
    WrongAnswer(
        id="gradients_not_pooled",
        code=lambda f, g: (g * f).sum(-3).relu(),
        says="You multiplied place by place; the gradients are averaged over places first.",
        why="Grad-CAM gives each channel one weight, the mean of its gradient. Place by place it is another method, "
        "gradient × features.",
    ),
    WrongAnswer(
        id="gradients_summed",
        code=lambda f, g: (g.sum((-2, -1), keepdim=True) * f).sum(-3).relu(),
        says="You summed the gradients over places where their mean is due.",
        why="Equation 1 divides by the number of places, Z. The map looks the same, but its numbers grow with the "
        "size of the feature map.",
    ),
    WrongAnswer(
        id="channels_averaged",
        code=lambda f, g: (_alpha(g) * f).mean(-3).relu(),
        says="You averaged over the channels; they are summed.",
        why="The mean over places is in the weights; equation 2 sums the weighted channels.",
    ),
    WrongAnswer(
        id="absolute_value",
        code=lambda f, g: (_alpha(g) * f).sum(-3).abs(),
        says="You took the absolute value where a ReLU is due.",
        why="What speaks against the answer would shine as brightly as what speaks for it.",
    ),
    WrongAnswer(
        id="pooled_over_channels",
        code=lambda f, g: (g.mean(-3, keepdim=True) * f).sum(-3).relu(),
        says="You averaged the gradients over the channels; each channel keeps a weight of its own.",
        why="Channels stand for different things, some for the answer and some against it. The mean runs over places.",
    ),
    WrongAnswer(
        id="one_weight_for_all",
        code=lambda f, g: (g.mean((-3, -2, -1), keepdim=True) * f).sum(-3).relu(),
        says="You averaged the gradients over channels and places, so all channels share one weight.",
        why="Channels stand for different things. Each has the mean of its own gradient as its weight.",
    ),
    WrongAnswer(
        id="scaled_to_one",
        code=_scaled_to_one,
        says="You divided each map by its maximum.",
        why="That suits a picture, but it hides whether a map is strong or next to nothing. Return it as it is.",
    ),
    WrongAnswer(
        id="features_alone",
        code=lambda f, g: f.mean(-3).relu(),
        says="Your gradients play no part.",
        why="Without them the map is the same whatever answer is asked about.",
    ),
)

# ---------------------------------------------------------------- 18.9 deletion and insertion

Score = Callable[[Tensor], Tensor]


def _deleted(
    score: Score,
    image: Tensor,
    fill: Tensor,
    patch_map: Tensor,
    *,
    up: bool = False,
    black: bool = False,
    flat: bool = False,
    order: bool = False,
    insert: bool = False,
    once: bool = False,
    skip: str = "",
    area: str = "trapezium",
) -> tuple[Tensor, Tensor]:
    """A deletion curve, with switches for its mistakes; all off, it is right."""
    side = image.shape[0] // patch_map.shape[0]
    rank = patch_map.flatten().argsort(descending=not up, stable=True)
    rank = rank if order else rank.argsort()
    when = rank.view(patch_map.shape).repeat_interleave(side, 0).repeat_interleave(side, 1)
    steps = torch.arange(len(rank) + 1)[:, None, None]
    gone = when == steps - 1 if once else when < steps
    fill = torch.zeros_like(fill) if black else fill.mean().expand_as(fill) if flat else fill
    images = torch.where(gone, image, fill) if insert else torch.where(gone, fill, image)
    images = images[1:] if skip == "first" else images[:-1] if skip == "last" else images
    curve = score(images)
    n = len(curve) - 1
    inner = (curve[:-1] + curve[1:]).sum() / 2
    areas = {
        "trapezium": inner / n,
        "mean": curve.mean(),
        "steps": inner,
        "left": curve[:-1].mean(),
    }
    return curve, areas[area]


def _deletion(**switches: Any) -> Callable[..., tuple[Tensor, Tensor]]:
    return lambda score, image, fill, patch_map: _deleted(score, image, fill, patch_map, **switches)


DELETION_CURVE = (
    WrongAnswer(
        id="filled_with_zero",
        code=_deletion(black=True),
        says="You fill with zeros and leave `fill` unused.",
        why="Zero is data: on these scans black is what a lesion looks like, so deleting would plant lesions. What "
        "stands in for a patch is a decision, and an argument here.",
    ),
    WrongAnswer(
        id="least_important_first",
        code=_deletion(up=True),
        says="You replace the least important patch first.",
        why="A deletion curve asks how fast the score falls when what matters most goes first. Sort in descending order.",
    ),
    WrongAnswer(
        id="order_for_turns",
        code=_deletion(order=True),
        says="You took the order for the turns: argsort says which patch comes n-th, not when a patch comes.",
        why="You need for each patch its turn, which is the inverse of the order: one more argsort, or an assignment "
        "turn[order] = 0 … N − 1.",
    ),
    WrongAnswer(
        id="mean_of_the_fill",
        code=_deletion(flat=True),
        says="You fill with the mean of `fill`, not with its own pixels.",
        why="A patch is replaced by what `fill` has in the same place. Insertion depends on it: there `fill` is the image.",
    ),
    WrongAnswer(
        id="one_at_a_time",
        code=_deletion(once=True),
        says="Each of your images lacks one patch only; the patches before it came back.",
        why="After step n all of the n most important patches are gone, so that no copy of the evidence is left.",
    ),
    WrongAnswer(
        id="inserted",
        code=_deletion(insert=True),
        says="You begin with the fill and put patches of the image in: that is insertion.",
        why="Deletion begins with the whole image. You get insertion from it by exchanging image and fill.",
    ),
    WrongAnswer(
        id="whole_image_missing",
        code=_deletion(skip="first"),
        says="Your curve lacks the score of the whole image, with 0 patches replaced.",
        why="A curve of N steps has N + 1 points: it begins at 0 patches replaced and ends with all of them.",
    ),
    WrongAnswer(
        id="last_step_missing",
        code=_deletion(skip="last"),
        says="Your curve lacks its last point, where every patch is replaced.",
        why="A curve of N steps has N + 1 points: it begins at 0 patches replaced and ends with all of them.",
    ),
    WrongAnswer(
        id="mean_for_area",
        code=_deletion(area="mean"),
        says="Your area is the mean of the points; the two ends count half.",
        why="N steps lie between N + 1 points. Each step adds the mean of its two ends, so the outermost points "
        "enter once and the others twice.",
    ),
    WrongAnswer(
        id="axis_of_steps",
        code=_deletion(area="steps"),
        says="Your area is measured in steps; the axis runs from 0 to 1.",
        why="Divide by the number of steps, so that images with more patches can be compared.",
    ),
    WrongAnswer(
        id="left_ends",
        code=_deletion(area="left"),
        says="Your area takes the left end of each step, not the mean of both.",
        why="A curve that falls is overestimated that way, and one that rises is underestimated.",
    ),
)
