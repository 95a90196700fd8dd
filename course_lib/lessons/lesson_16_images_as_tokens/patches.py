"""A small ViT on the digits: with positions or without, on pictures or on jigsaws of them."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.data.images import digits
from course_lib.training.batches import epochs
from course_lib.training.fit import FitConfig, History, fit

#: Sizes of a `ViT` of lesson 16 for digits: 16 patches of 2 × 2 pixels, 58,570 parameters.
SIZES = {
    "n_patches": 16,
    "patch_size": 2,
    "n_channels": 1,
    "n_classes": 10,
    "d_model": 48,
    "n_heads": 4,
    "n_layers": 3,
    "d_ff": 96,
}
STEPS, BATCH, RATE = 400, 64, 2e-3


def jigsaw(
    images: Float[Tensor, "B C H W"], order: Int[Tensor, " N"], patch_size: int = 2
) -> Float[Tensor, "B C H W"]:
    """Return images whose patches have changed places: place n gets what was at `order[n]`.

    Args:
        images: (B, C, H, W).
        order: each patch's number once.
        patch_size: side of a patch.

    >>> image = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> jigsaw(image, torch.tensor([3, 0, 1, 2]), patch_size=1).flatten().tolist()
    [4.0, 1.0, 2.0, 3.0]
    """
    columns = nn.functional.unfold(images, patch_size, stride=patch_size)[:, :, order]
    return nn.functional.fold(columns, images.shape[2:], patch_size, stride=patch_size)


def some_order(seed: int, n_patches: int = 16) -> Int[Tensor, " N"]:
    """Return the patches' numbers in an order drawn by the seed."""
    return torch.randperm(n_patches, generator=torch.Generator().manual_seed(seed))


def without_places(model: nn.Module) -> nn.Module:
    """Return the model with positions that are 0 and stay so."""
    model.places.requires_grad_(False).zero_()
    return model


def train_on_digits(
    model: nn.Module, *, seed: int, steps: int = STEPS, order: Int[Tensor, " N"] | None = None
) -> History:
    """Train a model on the 1,437 digits in place; return its losses.

    Args:
        model: (B, 1, 8, 8) to (B, 10).
        seed: of the order of the data.
        steps: batches of 64.
        order: of the patches, when it practises on jigsaws.
    """
    data = digits("train")
    images = data.floats() if order is None else jigsaw(data.floats(), order)
    rows = epochs(len(data), BATCH, seed)
    config = FitConfig(
        steps=steps, rate=RATE, warmup=min(40, steps // 2), weight_decay=0.05, name=f"seed {seed}"
    )
    return fit(
        model,
        lambda step: (images[rows(step)], data.labels[rows(step)]),
        lambda net, batch: nn.functional.cross_entropy(net(batch[0]), batch[1]),
        config,
    )


@torch.no_grad()
def accuracy(model: nn.Module, order: Int[Tensor, " N"] | None = None) -> float:
    """Return the share of the 360 test digits that are told right, as pictures or as jigsaws."""
    data, home = digits("test"), next(model.parameters()).device
    images = data.floats() if order is None else jigsaw(data.floats(), order)
    right = model(images.to(home)).argmax(-1).cpu() == data.labels
    return right.float().mean().item()


def place_similarities(places: Float[Tensor, "T d"]) -> Float[Tensor, "N N"]:
    """Return the cosine of every patch's position with every other's, their mean taken away.

    Args:
        places: the class token's position, then the patches'.
    """
    patches = (places - places[1:].mean(0))[1:].detach().cpu()
    return nn.functional.cosine_similarity(patches[:, None], patches[None], dim=-1)
