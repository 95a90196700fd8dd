"""Recipes for learning to see: digits on a CPU, CIFAR-10 on a GPU."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from course_lib.data.images import Images, cifar10, digits
from course_lib.models.convnet import ConvNetConfig
from course_lib.models.vit import ViTConfig
from course_lib.training.config import FitConfig
from course_lib.training.scale import Scale, scale


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is learned, by which model, and how.

    Args:
        data: "digits" or "cifar10".
        vit: sizes of the vision transformer.
        cnn: sizes of the convolutional network, of as many parameters.
        steps: updates of the weights.
        batch: images in each.
        rate: the highest learning rate; a cosine falls from it to 0.
        warmup: steps in which it rises.
        weight_decay: of matrices.
        padding: pixels by which an image may be moved.
        flip: whether half of the images are mirrored.
        rand_augment: whether torchvision's RandAugment comes on top.
        mixup: of Beta(mixup, mixup), from which the share is drawn; 0 mixes nothing.
        smoothing: of the labels.
        average: decay of the moving average of the weights.
        places: spread that the ViT's learned positions start from.
        precision: of the products: "no" is float32.
        compile: whether torch.compile is used.
    """

    data: Literal["digits", "cifar10"]
    vit: ViTConfig
    cnn: ConvNetConfig
    steps: int
    batch: int
    rate: float
    warmup: int
    weight_decay: float
    padding: int
    flip: bool
    rand_augment: bool = False
    mixup: float = 0.0
    smoothing: float = 0.0
    average: float = 0.99
    places: float = 0.02
    precision: Literal["no", "bf16"] = "no"
    compile: bool = False

    def fit_config(self, seed: int = 0, name: str = "training") -> FitConfig:
        """Return what `fit` is told."""
        return FitConfig(
            steps=self.steps,
            rate=self.rate,
            warmup=self.warmup,
            weight_decay=self.weight_decay,
            precision=self.precision,
            compile=self.compile,
            seed=seed,
            name=name,
        )


_DIGITS = Recipe(
    data="digits",
    vit=ViTConfig(
        image_size=8, patch_size=2, n_channels=1, n_classes=10, d_model=48, n_heads=4, n_layers=2,
        dropout=0.2, pool="mean",
    ),
    cnn=ConvNetConfig(n_channels=1, n_classes=10, widths=(30, 60), dropout=0.2),
    steps=660, batch=64, rate=4e-3, warmup=66, weight_decay=0.1, padding=0, flip=False,
    smoothing=0.1, average=0.98, places=0.4,
)  # fmt: skip

RECIPES: dict[Scale, Recipe] = {
    "tiny": Recipe(
        data="digits",
        vit=ViTConfig(
            image_size=8, patch_size=2, n_channels=1, n_classes=10, d_model=16, n_heads=2,
            n_layers=1, pool="mean",
        ),
        cnn=ConvNetConfig(n_channels=1, n_classes=10, widths=(13, 27), depth=1),
        steps=60, batch=64, rate=5e-3, warmup=6, weight_decay=0.1, padding=0, flip=False,
        smoothing=0.1, average=0.9, places=0.4,
    ),
    "small": _DIGITS,
    "full": Recipe(
        data="cifar10",
        vit=ViTConfig(
            image_size=32, patch_size=4, n_classes=10, d_model=384, n_heads=6, n_layers=7,
            d_ff=768, pool="mean",
        ),
        cnn=ConvNetConfig(n_classes=10, widths=(134, 268, 536), depth=3),
        steps=14_600, batch=1024, rate=1e-3, warmup=730, weight_decay=0.1, padding=4, flip=True,
        rand_augment=True, mixup=0.2, smoothing=0.1, average=0.9995, precision="bf16", compile=True,
    ),
}  # fmt: skip


def recipe(at: Scale | None = None) -> Recipe:
    """Return the recipe of a scale; COURSE_SCALE's, or the machine's, when left out.

    >>> recipe("small").data, recipe("full").data
    ('digits', 'cifar10')
    """
    return RECIPES[scale() if at is None else at]


def load(used: Recipe) -> tuple[Images, Images]:
    """Return the images to learn from and those to be judged on."""
    readers: dict[str, Callable[..., Images]] = {"digits": digits, "cifar10": cifar10}
    read = readers[used.data]
    return read("train"), read("test")
