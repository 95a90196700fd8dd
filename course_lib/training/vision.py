"""One recipe for learning to see: the same code for digits on a CPU and CIFAR-10 on a GPU.

All images lie on the device as bytes. A batch is cut from them, moved, mirrored, mixed and
standardised there, so that nothing waits for a disk or for another process.
"""

import copy
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from course_lib.data.images import Images, cifar10, digits
from course_lib.models.convnet import ConvNet, ConvNetConfig
from course_lib.models.vit import ViT, ViTConfig
from course_lib.training.augment import mixup, random_crop_and_flip
from course_lib.training.batches import drawn, epochs
from course_lib.training.config import FitConfig, History
from course_lib.training.scale import Scale, device, scale

if TYPE_CHECKING:
    from torchvision.transforms.v2 import Transform

#: Parts of a batch that torchvision's RandAugment treats apart: it draws once for each call.
_PARTS = 16
#: Steps that are timed together.
_WINDOW = 20


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


def make_models(used: Recipe, seed: int) -> dict[str, nn.Module]:
    """Return both models of a recipe, fresh from a seed."""
    models: dict[str, nn.Module] = {}
    for name, build in (("ViT", lambda: ViT(used.vit)), ("CNN", lambda: ConvNet(used.cnn))):
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            models[name] = build()
    places = models["ViT"].places
    if isinstance(places, Tensor):
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            nn.init.normal_(places, std=used.places)
    return models


class Views:
    """The batches of one training: `views(step)`, a function of seed and step, on the device.

    Args:
        images: to learn from.
        used: how they are changed.
        seed: of the order and of every draw.
        to: the device that they lie on.
    """

    def __init__(
        self, images: Images, used: Recipe, seed: int = 0, to: torch.device | None = None
    ) -> None:
        to = device() if to is None else to
        self.used, self.seed, self.n_classes = used, seed, len(images.classes)
        self.pixels, self.labels = images.pixels.to(to), images.labels.to(to)
        self.mean, self.spread = channel_statistics(self.pixels)
        self.rows = epochs(len(images), min(used.batch, len(images)), seed)
        self.augment = _rand_augment() if used.rand_augment else None

    def __call__(self, step: int) -> tuple[Float[Tensor, "B C H W"], Float[Tensor, "B K"]]:
        """Return images and targets of a step."""
        used, to = self.used, self.pixels.device
        rows = self.rows(step).to(to, non_blocking=True)
        generator = torch.Generator(to).manual_seed(1_000_003 * self.seed + step)
        images = self._augmented(self.pixels[rows])
        images = random_crop_and_flip(images, used.padding, used.flip, generator)
        images, labels = self.standardised(images), self.labels[rows]
        if not used.mixup:
            return images, F.one_hot(labels, self.n_classes).float()
        share = float(drawn(self.seed, step, 1).beta(used.mixup, used.mixup))
        partners = torch.randperm(len(rows), generator=generator, device=to)
        return mixup(images, labels, share, partners, self.n_classes)

    def standardised(self, pixels: UInt8[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Return bytes as floats, standardised by the training set."""
        from torchvision.transforms.v2 import functional

        as_floats = functional.to_dtype(pixels, torch.float32, scale=True)
        return functional.normalize(as_floats, self.mean, self.spread)

    def _augmented(self, pixels: UInt8[Tensor, "B C H W"]) -> UInt8[Tensor, "B C H W"]:
        if self.augment is None:
            return pixels
        return torch.cat([self.augment(part) for part in pixels.chunk(_PARTS)])


def channel_statistics(pixels: UInt8[Tensor, "N C H W"]) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel, of pixels from 0 to 1.

    >>> channel_statistics(torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1))
    ([0.5], [0.5])
    """
    means, spreads = [], []
    for channel in pixels.unbind(1):
        values = channel.float().double() if channel.device.type == "cpu" else channel.float()
        means.append(values.mean().item() / 255)
        spreads.append(values.std(correction=0).item() / 255)
    return means, spreads


def _rand_augment() -> "Transform":
    from torchvision.transforms import v2

    return v2.RandAugment(num_ops=2, magnitude=9)


class Averaged(nn.Module):
    """A model in training, and the moving average of its weights, which answers in evaluation.

    Young averages forget faster: the decay of update t is at most (1 + t) / (10 + t).

    Args:
        model: that is trained.
        decay: how much of the average stays at each update.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__()
        self.model, self.decay = model, decay
        self.average = copy.deepcopy(model).requires_grad_(False)

    def forward(self, images: Float[Tensor, "B C H W"]) -> Float[Tensor, "B K"]:
        """Return the model's logits in training, the average's in evaluation."""
        return self.model(images) if self.training else self.average(images)

    @torch.no_grad()
    def update(self, done: int) -> None:
        """Move the average towards the weights; what counts in whole numbers is copied."""
        decay = min(self.decay, (1 + done) / (10 + done))
        ours, theirs = self.average.state_dict(), self.model.state_dict()
        floating = [name for name, value in theirs.items() if value.is_floating_point()]
        torch._foreach_lerp_(
            [ours[name] for name in floating], [theirs[name] for name in floating], 1 - decay
        )
        for name in theirs.keys() - set(floating):
            ours[name].copy_(theirs[name])


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What came of a training.

    Args:
        model: with averaged weights, in evaluation mode.
        accuracy: on the images to be judged on.
        accuracy_last: of the last weights, not averaged.
        images_per_second: of the step in the middle.
        seconds: that all took, set-up and any compilation included.
        step_seconds: of the steps, each the mean of a window of them.
        history: the losses and rates.
    """

    model: nn.Module = field(repr=False)
    accuracy: float
    accuracy_last: float
    images_per_second: float
    seconds: float
    step_seconds: list[float] = field(repr=False)
    history: History = field(repr=False)


def objective(smoothing: float) -> Callable[[nn.Module, Any], Tensor]:
    """Return the loss that `fit` takes: the mean cross-entropy with soft, smoothed targets."""

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        images, targets = batch
        return F.cross_entropy(model(images).float(), targets, label_smoothing=smoothing)

    return loss


def train(
    model: nn.Module,
    used: Recipe,
    *,
    seed: int = 0,
    data: tuple[Images, Images] | None = None,
    name: str = "training",
) -> Trained:
    """Train a model by a recipe, and judge it.

    Args:
        model: takes images and returns logits; trained in place.
        used: the recipe.
        seed: of order, augmentation and dropout.
        data: what `load` returned, to load it once for several models.
        name: beside the progress bar.
    """
    from course_lib.training.fit import fit

    train_set, test_set = load(used) if data is None else data
    start = time.perf_counter()
    views = Views(train_set, used, seed)
    both, clock = Averaged(model, used.average), [time.perf_counter()]

    def after(wrapped: Averaged, done: int) -> None:
        wrapped.update(done)
        if done % _WINDOW == 0:  # about when fit waits for the device
            clock.append(time.perf_counter())

    history = fit(
        both,
        views,
        objective(used.smoothing),
        used.fit_config(seed, name),
        after=after,
    )
    clock += [] if len(clock) > 1 else [time.perf_counter()]
    windows = [(end - begin) / _WINDOW for begin, end in itertools.pairwise(clock)]
    middle = statistics.median(windows[1:] or windows)
    seconds = time.perf_counter() - start
    judged = views.standardised(test_set.pixels.to(views.pixels.device))
    labels = test_set.labels.to(judged.device)
    return Trained(
        model=both.average.eval(),
        accuracy=accuracy(both.average, judged, labels),
        accuracy_last=accuracy(both.model, judged, labels),
        images_per_second=min(used.batch, len(train_set)) / middle,
        seconds=seconds,
        step_seconds=windows,
        history=history,
    )


def accuracy(
    model: nn.Module,
    images: Float[Tensor, "N C H W"],
    labels: Int64[Tensor, " N"],
    batch: int = 1000,
) -> float:
    """Return the share of right answers, asked in evaluation mode and without gradients.

    The mode that the model was in comes back.

    Args:
        model: returns logits.
        images: standardised as in training.
        labels: what they show.
        batch: images at a time.
    """
    was, right = model.training, 0
    model.eval()
    try:
        with torch.no_grad():
            for some, due in zip(images.split(batch), labels.split(batch), strict=True):
                right += int((model(some).argmax(-1) == due).sum())
    finally:
        model.train(was)
    return right / len(labels)


def classics(train_set: Images, test_set: Images) -> dict[str, float]:
    """Return the accuracy of scikit-learn's logistic regression and RBF support-vector machine."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    (x, y), (x_test, y_test) = (
        (part.floats().flatten(1).numpy(), part.labels.numpy()) for part in (train_set, test_set)
    )
    models = {
        "logistic regression": LogisticRegression(max_iter=1000),
        "support-vector machine": SVC(C=10),
    }
    return {name: float(model.fit(x, y).score(x_test, y_test)) for name, model in models.items()}
