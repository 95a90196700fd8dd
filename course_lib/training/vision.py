"""Learn to see by a recipe: the same code for digits on a CPU and CIFAR-10 on a GPU."""

import copy
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from course_lib.data.images import Images
from course_lib.models.convnet import ConvNet
from course_lib.models.vit import ViT
from course_lib.training.config import History
from course_lib.training.vision_recipes import Recipe, load, recipe
from course_lib.training.vision_views import Views

__all__ = ["load", "make_models", "recipe", "train"]

#: Steps that are timed together.
_WINDOW = 20


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
