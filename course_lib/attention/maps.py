"""Maps of where a model looks: made from a CNN's features, and judged, whoever made them."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int, Num
from torch import Tensor


def upsample(maps: Num[Tensor, "*B rows columns"], patch: int) -> Num[Tensor, "*B H W"]:
    """Give every pixel of a patch the patch's number.

    Args:
        maps: one number a patch.
        patch: side of a patch, in pixels.

    >>> upsample(torch.tensor([[1.0, 2.0]]), patch=2).tolist()
    [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
    """
    return maps.repeat_interleave(patch, -2).repeat_interleave(patch, -1)


def point_hits(maps: Float[Tensor, "B H W"], inside: Bool[Tensor, "B H W"]) -> Float[Tensor, " B"]:
    """Return the share of each map's largest pixels that lie inside.

    Paper: Zhang et al. 2016 (the pointing game), with ties shared.

    Args:
        maps: one number a pixel.
        inside: True on the pixels that count as found.

    >>> inside = torch.tensor([[[True, False]]])
    >>> point_hits(torch.tensor([[[3.0, 1.0]]]), inside), point_hits(torch.ones(1, 1, 2), inside)
    (tensor([1.]), tensor([0.5000]))
    """
    best = maps == maps.amax((-2, -1), keepdim=True)
    return (best & inside).sum((-2, -1)).to(maps.dtype) / best.sum((-2, -1))


def base_rate(boxes: Int[Tensor, "B 4"], height: int, width: int) -> float:
    """Return how often a pixel drawn at random lies in its image's box.

    Args:
        boxes: top, left, bottom, right; the last two exclusive.
        height: of the images.
        width: of the images.

    >>> base_rate(torch.tensor([[0, 0, 2, 5]]), height=4, width=5)
    0.5
    """
    top, left, bottom, right = boxes.T
    return ((bottom - top) * (right - left)).double().mean().item() / (height * width)


def grad_cam(
    features: Float[Tensor, "*B C h w"], gradients: Float[Tensor, "*B C h w"]
) -> Float[Tensor, "*B h w"]:
    """Return ReLU(Σ_c α_c features_c), where α_c is the mean over places of channel c's gradient.

    Paper: Selvaraju et al. 2017, §3, equations 1 and 2.

    Args:
        features: of a convolutional layer.
        gradients: of the answer's logit with respect to them.

    >>> features = torch.tensor([[[1.0, 2.0]], [[3.0, 0.0]]])
    >>> grad_cam(features, torch.tensor([[[1.0, 3.0]], [[-1.0, -1.0]]])).tolist()
    [[0.0, 4.0]]
    """
    alpha = gradients.mean((-2, -1), keepdim=True)
    return (alpha * features).sum(-3).relu()


def deletion_curve(
    score: Callable[[Tensor], Tensor],
    image: Float[Tensor, "H W"],
    fill: Float[Tensor, "H W"],
    patch_map: Float[Tensor, "rows columns"],
) -> tuple[Float[Tensor, " N1"], Float[Tensor, ""]]:
    """Replace an image's patches by the fill's, the most important first, and score each step.

    Paper: Petsiuk et al. 2018 (the deletion metric), there by pixels.

    Args:
        score: from images (M, H, W) to their scores (M,).
        image: to begin with.
        fill: to end with.
        patch_map: importance of each patch; of equals the first goes first.

    Returns:
        The scores with 0 … N patches replaced, and the area under them with the N steps on an
        axis from 0 to 1.

    >>> image = torch.tensor([[1.0, 3.0]])
    >>> curve, area = deletion_curve(lambda x: x.sum((1, 2)), image, 0 * image, image)
    >>> curve.tolist(), area.item()
    ([4.0, 1.0, 0.0], 1.5)
    """
    rows, columns = patch_map.shape
    order = patch_map.flatten().argsort(descending=True, stable=True)
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=order.device)
    when = _per_pixel(place.view(rows, columns), image.shape)
    steps = torch.arange(len(order) + 1, device=order.device)
    curve = score(torch.where(when < steps[:, None, None], fill, image))
    return curve, (curve[:-1] + curve[1:]).sum() / (2 * len(order))


def _per_pixel(places: Int[Tensor, "rows columns"], shape: torch.Size) -> Int[Tensor, "H W"]:
    """Give every pixel its patch's number, for patches of any shape."""
    high, wide = shape[0] // places.shape[0], shape[1] // places.shape[1]
    return places.repeat_interleave(high, 0).repeat_interleave(wide, 1)


def occlusion(
    score: Callable[[Float[Tensor, "M H W"]], Float[Tensor, " M"]],
    image: Float[Tensor, "H W"],
    patch: int,
    fill: float,
) -> Float[Tensor, "rows columns"]:
    """Return how far a score falls when one patch after another is hidden, each alone.

    Paper: Zeiler and Fergus 2014, §4.2 (occlusion sensitivity).

    Args:
        score: of images, one number each.
        image: whose patches are hidden; its sides are multiples of `patch`.
        patch: side of a patch, in pixels.
        fill: what a hidden pixel shows.

    >>> occlusion(lambda images: images.sum((-2, -1)), torch.tensor([[1.0, 3.0]]), 1, 0.5)
    tensor([[0.5000, 2.5000]])
    """
    rows, columns = image.shape[0] // patch, image.shape[1] // patch
    copies = image.repeat(rows * columns, 1, 1)
    for place in range(rows * columns):
        top, left = patch * (place // columns), patch * (place % columns)
        copies[place, top : top + patch, left : left + patch] = fill
    return (score(image[None]) - score(copies)).view(rows, columns)
