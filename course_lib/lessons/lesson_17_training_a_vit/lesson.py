"""Lesson 17 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_17.py`."""

import copy
from collections.abc import Callable, Sequence
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
from course_lib.checking.protocol import Call, Protocol
from course_lib.checking.values import each
from course_lib.lessons.lesson_17_training_a_vit import mistakes as wrong

REFERENCE = "course_lib.lessons.lesson_17_training_a_vit.reference"
PICTURES = "course_lib.training.augment"
DOUBLE = torch.float64
Seed = int | np.random.Generator


def _rng(seed: Seed) -> np.random.Generator:
    return seed if isinstance(seed, np.random.Generator) else generator(seed)


def _bytes(seed: Seed, *shape: int) -> Tensor:
    """Pixels from 0 to 255, a channel brighter than the one before."""
    raw = _rng(seed).integers(0, 120, shape).astype(np.float64)
    return torch.from_numpy(raw + 40.0 * np.arange(shape[1])[:, None, None])


# ---------------------------------------------------------------- 17.1 standardise


def standardise_cases() -> list[Case]:
    training = torch.tensor([1.0, 3.0], dtype=DOUBLE).view(2, 1, 1, 1)
    image = torch.tensor([[[[5.0, 2.0]]]], dtype=DOUBLE)
    drawn = [
        Case(
            label=f"{b} images of {c} channels, {h} × {w}, and {n} to learn from, seed {seed}",
            args=(_bytes(seed, b, c, h, w), _bytes(seed + 50, n, c, h2, w2)),
        )
        for b, c, h, w, n, h2, w2, seed in ((2, 3, 4, 5, 7, 6, 8, 0), (5, 2, 3, 3, 11, 3, 3, 1))
    ]
    grey = Case(label="grey images", args=(_bytes(2, 3, 1, 4, 4), _bytes(3, 6, 1, 4, 4)), edge=True)
    return [Case(label="pixels 5 and 2 beside a training set of 1 and 3", args=(image, training)),
            *drawn, grey]  # fmt: skip


def standardise_oracle(images: Tensor, training: Tensor) -> Tensor:
    """Channel by channel, in NumPy."""
    out = np.empty(tuple(images.shape))
    for c in range(images.shape[1]):
        seen = training[:, c].numpy().ravel()
        out[:, c] = (images[:, c].numpy() - seen.sum() / seen.size) / np.sqrt(
            ((seen - seen.sum() / seen.size) ** 2).sum() / seen.size
        )
    return torch.from_numpy(out)


def standardise_sample(rng: np.random.Generator) -> Case:
    b, c, h, w = (pick(rng, range(1, 5)) for _ in range(4))
    n = pick(rng, range(2, 7))
    training = _bytes(rng, n, c, h, w) + noise(rng, n, c, h, w)  # nowhere all equal
    return Case(label="random", args=(_bytes(rng, b, c, h, w), training))


STANDARDISE = Exercise(
    name="standardise",
    title="Standardise, once",
    minutes=5,
    difficulty=1,
    proves="each channel loses the training set's mean and is divided by its spread, one time",
    passed="Agrees with NumPy, channel by channel, whatever batch the images come in.",
    cases=standardise_cases,
    sample=standardise_sample,
    oracle=standardise_oracle,
    reference=f"{PICTURES}.standardise",
    hints=(
        "Which images tell the statistics, and how many numbers are they? One pair for each channel.",
        "mean and spread of the training images over images, rows and columns: C numbers each\n"
        "two axes of size 1 behind them, so that they meet the channels\nsubtract, then divide",
        "training.mean((0, 2, 3))[:, None, None]; training.std((0, 2, 3), correction=0)[:, None, None]. Nothing of "
        "images goes into either.",
    ),
    wrong_answers=wrong.STANDARDISE,
)

# ---------------------------------------------------------------- 17.2 crop and flip


def crop_cases() -> list[Case]:
    row = torch.tensor([[[[1.0, 2.0, 3.0]]], [[[4.0, 5.0, 6.0]]]], dtype=DOUBLE)
    corners, flips = torch.tensor([[1, 2], [1, 1]]), torch.tensor([True, False])
    drawn = [
        _crop_case(f"padding {p}, seed {seed}", seed, b, c, h, w, p)
        for b, c, h, w, p, seed in ((5, 2, 3, 4, 1, 0), (7, 3, 4, 5, 2, 1), (6, 1, 5, 3, 2, 2))
    ]
    still = (noise(4, 3, 2, 4, 4), torch.zeros(3, 2).long(), torch.tensor([True, False, True]), 0)
    return [
        Case(label="two images of one row, (1, 2, 3) and (4, 5, 6)", args=(row, corners, flips, 1)),
        *drawn,
        Case(label="no padding", args=still, edge=True),
    ]


def _crop_case(label: str, seed: Seed, b: int, c: int, h: int, w: int, p: int) -> Case:
    rng = _rng(seed)
    corners = torch.from_numpy(rng.integers(0, 2 * p + 1, (b, 2)))
    corners[0] = torch.tensor([2 * p, 0])
    flips = torch.from_numpy(rng.random(b) < 0.5)
    flips[: min(b, 2)] = torch.tensor([True, False])[: min(b, 2)]
    return Case(
        label=f"{b} images of {c} channels, {h} × {w}, {label}",
        args=(noise(rng, b, c, h, w), corners, flips, p),
        gradients=True,
    )


def crop_oracle(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    """Place by place: where does this number come from, and is that inside the picture?"""
    _, _, height, width = images.shape
    out = torch.zeros_like(images)
    for b, (top, left) in enumerate(corners.tolist()):
        for i in range(height):
            for j in range(width):
                at = width - 1 - j if flips[b] else j
                row, column = top + i - padding, left + at - padding
                if 0 <= row < height and 0 <= column < width:
                    out[b, :, i, j] += images[b, :, row, column]
    return out


def crop_sample(rng: np.random.Generator) -> Case:
    b, c, h, w = (pick(rng, range(1, 4)) for _ in range(4))
    case = _crop_case("random", rng, b, c, h, w, pick(rng, range(3)))
    return Case(label="random", args=case.args)


CROP_AND_FLIP = Exercise(
    name="crop_and_flip",
    title="Crop and flip, each image by itself",
    minutes=10,
    difficulty=3,
    marks=2,
    proves="every image has its own window and its own mirror, with zeros where the window leaves the picture",
    passed="Agrees with a search place by place, gradients too.",
    cases=crop_cases,
    sample=crop_sample,
    oracle=crop_oracle,
    reference=f"{PICTURES}.crop_and_flip",
    hints=(
        "Put a frame of zeros around all images first. Then every result is a window of the same size, cut at a place of its "
        "own: a loop over the images will do, indexing does it at once.",
        "frame the images with `padding` zeros on every side\nfor each image b:\n    window of H rows and W columns from "
        "its corner on\n    mirrored in its last axis where flips[b]\nstack the windows",
        "framed = F.pad(images, (padding,) * 4); framed[b, :, top : top + H, left : left + W]; .flip(-1) mirrors; "
        "torch.stack(windows) ends it.",
    ),
    wrong_answers=wrong.CROP_AND_FLIP,
)

# ---------------------------------------------------------------- 17.3 mixup


def mixup_cases() -> list[Case]:
    images = torch.tensor([8.0, 4.0], dtype=DOUBLE).view(2, 1, 1, 1)
    by_hand = (images, torch.tensor([0, 2]), 0.75, torch.tensor([1, 0]), 3)
    drawn = [
        _mixup_case(f"λ = {share}, seed {seed}", seed, share, b, c, h, w, k)
        for b, c, h, w, k, share, seed in (
            (5, 3, 2, 4, 6, 0.9, 0),
            (7, 2, 3, 5, 4, 0.3, 1),
            (4, 1, 5, 3, 10, 0.65, 2),
        )
    ]
    alone = _mixup_case("λ = 1", 3, 1.0, 3, 2, 4, 5, 6)
    return [
        Case(label="pixels 8 and 4, classes 0 and 2, λ = ¾", args=by_hand),
        *drawn,
        Case(label=alone.label, args=alone.args, edge=True),
    ]


def _mixup_case(
    label: str, seed: Seed, share: float, b: int, c: int, h: int, w: int, k: int
) -> Case:
    rng = _rng(seed)
    partners = np.roll(rng.permutation(b), 1)
    labels = rng.permutation(np.arange(b) % k)
    args = (
        noise(rng, b, c, h, w), torch.from_numpy(labels), share, torch.from_numpy(partners.copy()), k,
    )  # fmt: skip
    return Case(
        label=f"{b} images of {c} channels, {h} × {w}, {k} classes, {label}", args=args,
        gradients=True,
    )  # fmt: skip


def mixup_oracle(
    images: Tensor, labels: Tensor, share: float, partners: Tensor, n_classes: int
) -> tuple[Tensor, Tensor]:
    """Image by image; each label's share is added at its own place."""
    mixed, targets = [], torch.zeros(len(images), n_classes, dtype=images.dtype)
    for b, partner in enumerate(partners.tolist()):
        mixed.append(torch.lerp(images[partner], images[b], share))
        targets[b, labels[b]] += share
        targets[b, labels[partner]] += 1 - share
    return torch.stack(mixed), targets


def targets_sum_to_one(call: Any, case: Case, value: Any) -> str | None:
    """Each row of targets is a distribution."""
    if not isinstance(value, tuple) or len(value) != 2 or value[1].ndim != 2:
        return None
    sums = value[1].sum(-1)
    if torch.allclose(sums, torch.ones_like(sums), atol=1e-6):
        return None
    return (
        f"The shares of an image's classes sum to 1. On the case “{case.label}” the first row of your targets sums to "
        f"{sums[0].item():.3f}."
    )


def mixup_sample(rng: np.random.Generator) -> Case:
    b, c, h, w = (pick(rng, range(1, 5)) for _ in range(4))
    case = _mixup_case("", rng, float(rng.random()), b, c, h, w, pick(rng, range(2, 6)))
    return Case(label="random", args=case.args)


MIXUP = Exercise(
    name="mixup",
    title="Mixup",
    minutes=7,
    difficulty=2,
    proves="images and labels are mixed with the same shares and the same partners",
    passed="Agrees with mixing image by image, gradients too.",
    cases=mixup_cases,
    sample=mixup_sample,
    oracle=mixup_oracle,
    properties=(Property(id="targets_sum_to_one", holds=targets_sum_to_one),),
    reference=f"{PICTURES}.mixup",
    parts=("images", "targets"),
    hints=(
        "A label is a name and cannot be mixed. What can: a row with a 1 at the label's place and 0 elsewhere.",
        "one-hot rows of the labels, in the images' dtype\nshare · images + (1 − share) · partners' images\n"
        "the same line for the one-hot rows",
        "F.one_hot(labels, n_classes).to(images.dtype) makes the rows; images[partners] and targets[partners] are the "
        "partners'.",
    ),
    wrong_answers=wrong.MIXUP,
)

# ---------------------------------------------------------------- 17.4 soft cross-entropy


def _targets(seed: Seed, b: int, k: int) -> Tensor:
    """Shares of two classes an image, as mixup gives them."""
    rng = _rng(seed)
    targets = torch.zeros(b, k, dtype=DOUBLE)
    for row in targets:
        share = float(rng.uniform(0.1, 0.9))
        one, other = rng.permutation(k)[:2]
        row[int(one)] += share
        row[int(other)] += 1 - share
    return targets


def loss_cases() -> list[Case]:
    by_hand = Case(
        label="logits ln 3 and 0, the first class is right, smoothing 0.2",
        args=(torch.tensor([[3.0, 1.0]], dtype=DOUBLE).log(), torch.tensor([[1.0, 0]]).double(), 0.2),
    )  # fmt: skip
    drawn = [
        Case(
            label=f"{b} images, {k} classes, smoothing {smoothing}, seed {seed}",
            args=(noise(seed, b, k, scale=2.0), _targets(seed, b, k), smoothing),
            gradients=True,
        )
        for b, k, smoothing, seed in ((3, 4, 0.1, 0), (5, 7, 0.3, 1), (6, 10, 0.1, 2))
    ]
    return [
        by_hand,
        *drawn,
        Case(label="no smoothing", args=(noise(4, 3, 5), _targets(4, 3, 5)), edge=True),
        Case(
            label="logits of 1000",
            args=(torch.tensor([[1000.0, 0, 1]]).double(), torch.eye(3).double()[:1], 0.1),
            edge=True,
        ),
    ]


def loss_oracle(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    return F.cross_entropy(logits, targets, label_smoothing=smoothing)


def loss_sample(rng: np.random.Generator) -> Case:
    b, k = pick(rng, range(1, 6)), pick(rng, range(2, 8))
    smoothing = float(rng.uniform(0, 0.9))
    return Case(label="random", args=(noise(rng, b, k), _targets(rng, b, k), smoothing))


SOFT_CROSS_ENTROPY = Exercise(
    name="soft_cross_entropy",
    title="Cross-entropy with soft labels",
    minutes=7,
    difficulty=2,
    proves="targets are smoothed and the loss is the mean over the images",
    passed="Agrees with PyTorch's cross-entropy with label smoothing, gradients too.",
    cases=loss_cases,
    sample=loss_sample,
    oracle=loss_oracle,
    reference=f"{REFERENCE}.soft_cross_entropy",
    forbidden=("cross_entropy", "CrossEntropyLoss", "kl_div"),
    hints=(
        "Smooth first: every class gives up the same share of what it has, and all get an equal part of what was collected.",
        "smoothed targets = (1 − smoothing) · targets + smoothing / K\nfor each image: minus the sum over the classes of "
        "target · log-probability\nmean over the images",
        "logits.log_softmax(-1) survives logits of 1000, log(softmax) does not. .sum(-1) over the classes, .mean() over "
        "the images.",
    ),
    wrong_answers=wrong.SOFT_CROSS_ENTROPY,
)

# ---------------------------------------------------------------- 17.5 split for decay


class TinyViT(nn.Module):
    """A model with every kind of parameter that a ViT has, all noise."""

    def __init__(self, seed: Seed, d: int, frozen: bool = False, tied: bool = False) -> None:
        super().__init__()
        self.patches = nn.Conv2d(2, d, 2, stride=2)
        self.class_token = nn.Parameter(torch.zeros(d))
        self.places = nn.Parameter(torch.zeros(5, d))
        self.norm1 = nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, d + 1), nn.GELU(), nn.Linear(d + 1, d))
        self.last = nn.Linear(d, d) if tied else nn.BatchNorm1d(d)
        if tied:
            self.last.weight = nn.Parameter(torch.zeros(d, d))
            self.first = nn.Linear(d, d, bias=False)
            self.first.weight = self.last.weight
        self.head = nn.Linear(d, 3, bias=False)
        rng = _rng(seed)
        for parameter in self.parameters():
            parameter.data = noise(rng, *parameter.shape)
        if frozen:
            for parameter in self.ff[0].parameters():
                parameter.requires_grad_(False)


class TwoLayers(nn.Module):
    """A linear layer and a norm, small enough to count by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm = nn.Linear(2, 3), nn.LayerNorm(3)
        for at, parameter in enumerate(self.parameters()):
            parameter.data = torch.full(parameter.shape, at + 1.0)


class Owning(Protocol):
    """Hands tensors on only where they are the model's own: an optimiser cannot train copies."""

    def prepare(self, obj: Any, call: Call) -> Callable[..., Any]:
        """Return what answers with parameters, and with words where another tensor stands."""

        def split(model: nn.Module) -> Any:
            own = {id(parameter) for parameter in model.parameters()}
            return each(obj(model), lambda leaf: _owned(leaf, own))

        return split


def _owned(leaf: Any, own: set[int]) -> Any:
    foreign = isinstance(leaf, Tensor) and id(leaf) not in own
    return "a tensor that is no parameter of the model, perhaps .data" if foreign else leaf


def decay_cases() -> list[Case]:
    drawn = [
        Case(label=f"a small ViT of width {d}, seed {seed}", args=(TinyViT(seed, d),))
        for d, seed in ((3, 0), (4, 1))
    ]
    return [
        Case(label="a linear layer and a norm", args=(TwoLayers(),)),
        *drawn,
        Case(label="a small ViT, one layer frozen", args=(TinyViT(2, 3, frozen=True),)),
        Case(label="two layers that share a matrix", args=(TinyViT(3, 3, tied=True),), edge=True),
    ]


def decay_oracle(model: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Count axes, and never take one parameter twice."""
    groups: tuple[list[Tensor], list[Tensor]] = ([], [])
    seen = set()
    for module in model.modules():
        for parameter in vars(module)["_parameters"].values():
            if parameter is not None and parameter.requires_grad and id(parameter) not in seen:
                seen.add(id(parameter))
                groups[len(parameter.shape) < 2].append(parameter)
    return groups


def no_vector_decays(call: Any, case: Case, value: Any) -> str | None:
    """What has one axis is not among the decayed."""
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    for parameter in value[0]:
        if isinstance(parameter, Tensor) and parameter.ndim < 2:
            return (
                f"Among your decayed parameters is one of shape {tuple(parameter.shape)} (case: {case.label}). "
                "With one axis it is a bias, a gain or the class token, and stays out."
            )
    return None


SPLIT_FOR_DECAY = Exercise(
    name="split_for_decay",
    title="Decay on the right parameters",
    minutes=5,
    difficulty=1,
    proves="matrices are decayed, and no gain, bias, class token or frozen parameter is among them",
    passed="Agrees with a count of axes, parameter by parameter; shared ones come once.",
    cases=decay_cases,
    sample=lambda rng: Case(
        label="random",
        args=(
            TinyViT(
                rng, pick(rng, range(1, 4)), frozen=rng.random() < 0.5, tied=rng.random() < 0.5
            ),
        ),
    ),
    oracle=decay_oracle,
    reference=f"{REFERENCE}.split_for_decay",
    protocol=Owning(),
    properties=(Property(id="no_vector_decays", holds=no_vector_decays),),
    parts=("the decayed", "the others"),
    device=False,
    hints=(
        "What do a gain, a bias and the class token have in common that a matrix and a kernel have not? Look at their "
        "shapes.",
        "all parameters that are to be trained, in the model's order\nthose with two axes or more are decayed\nthe others "
        "are not",
        "model.parameters() gives each one once; p.requires_grad tells whether it is trained, p.ndim how many axes it has.",
    ),
    wrong_answers=wrong.SPLIT_FOR_DECAY,
)

# ---------------------------------------------------------------- 17.6 rates


def rate_cases() -> list[Case]:
    drawn = [
        Case(
            label=f"{epochs} epochs of {n} steps, {warmup} of warm-up, peak {peak}",
            args=(epochs, n, warmup, peak),
        )
        for epochs, n, warmup, peak in ((4, 5, 3, 0.01), (3, 7, 8, 2.0), (5, 3, 4, 0.3))
    ]
    return [
        Case(label="2 epochs of 3 steps, 2 of warm-up, peak 1", args=(2, 3, 2, 1.0)),
        *drawn,
        Case(label="no warm-up", args=(2, 4, 0, 0.5), edge=True),
        Case(label="warm-up to the last step", args=(2, 3, 6, 1.0), edge=True),
    ]


def rate_oracle(epochs: int, per_epoch: int, warmup: int, peak: float) -> list[float]:
    """cos² of half the angle is (1 + cos) / 2."""
    found = []
    for step in range(epochs * per_epoch):
        if step < warmup:
            found.append(peak * (step + 1) / warmup)
        else:
            angle = np.pi * (step - warmup) / (epochs * per_epoch - warmup)
            found.append(float(peak * np.cos(angle / 2) ** 2))
    return found


def rate_sample(rng: np.random.Generator) -> Case:
    epochs, n = pick(rng, range(1, 5)), pick(rng, range(1, 7))
    warmup = pick(rng, range(epochs * n + 1))
    return Case(label="random", args=(epochs, n, warmup, float(rng.uniform(0.1, 2))))


RATES = Exercise(
    name="rates",
    title="Warm-up and cosine, step by step",
    minutes=7,
    difficulty=2,
    proves="the rate of every single step follows the line up and half a cosine down",
    passed="Agrees with the schedule written as a squared cosine, without warm-up too.",
    cases=rate_cases,
    sample=rate_sample,
    oracle=rate_oracle,
    reference=f"{REFERENCE}.rates",
    hints=(
        "Two stretches that meet at the peak. In each of them: which share of this stretch lies behind a step?",
        "for each step of epochs · per_epoch:\n    while warming up: peak · (step + 1) / warmup\n    afterwards: "
        "done = (step − warmup) / (steps − warmup), peak · (1 + cos(π · done)) / 2",
        "steps = epochs * per_epoch counts steps; math.cos(math.pi * done) goes from 1 to −1. If warmup is 0, the first "
        "branch is never reached.",
    ),
    wrong_answers=wrong.RATES,
)

# ---------------------------------------------------------------- 17.7 moving average


def average_cases() -> list[Case]:
    one, three = torch.tensor([1.0]).double(), torch.tensor([3.0]).double()
    drawn = [
        _average_case(f"decay {decay}, seed {seed}", seed, decay)
        for decay, seed in ((0.9, 0), (0.99, 1), (0.3, 2))
    ]
    return [
        Case(label="an average of 1, a weight of 3, decay ¾", args=([one], [three], 0.75)),
        *drawn,
    ]


def _average_case(label: str, seed: Seed, decay: float) -> Case:
    rng = _rng(seed)
    shapes = ((2, 3), (4,), (3, 1, 2))
    old, new = ([noise(rng, *shape) for shape in shapes] for _ in range(2))
    count = pick(rng, range(4, 90))
    old.insert(1, torch.tensor(count))
    new.insert(1, torch.tensor(count + 3))
    return Case(label=f"a matrix, a counter, a vector and a block, {label}", args=(old, new, decay))


def average_oracle(
    average: Sequence[Tensor], weights: Sequence[Tensor], decay: float
) -> list[Tensor]:
    """As `torch.optim.swa_utils` does for parameters, by interpolation."""
    pairs = zip(average, weights, strict=True)
    return [torch.lerp(new, old, decay) if new.is_floating_point() else new for old, new in pairs]


UPDATE_AVERAGE = Exercise(
    name="update_average",
    title="A moving average of the weights",
    minutes=5,
    difficulty=1,
    proves="each tensor keeps `decay` of its average and takes the rest from the weights, and counters are copied",
    passed="Agrees with interpolation tensor by tensor; counters stay whole.",
    cases=average_cases,
    sample=lambda rng: Case(
        label="random", args=_average_case("", rng, float(rng.uniform(0.05, 0.99))).args
    ),
    oracle=average_oracle,
    reference=f"{REFERENCE}.update_average",
    hints=(
        "How much of the old average stays, and what fills the gap? And what would half a batch mean to a counter of batches?",
        "for each pair of old average and new weight:\n    a float: decay · old + (1 − decay) · new\n    a whole number: "
        "the new one, as it is",
        "new.is_floating_point() tells them apart; zip(average, weights) walks through both lists.",
    ),
    wrong_answers=wrong.UPDATE_AVERAGE,
)

# ---------------------------------------------------------------- 17.8 accuracy


class Judging(Protocol):
    """Hands over a copy of the model, and reports how it was asked and how it was left."""

    def prepare(self, obj: Any, call: Call) -> Callable[..., Any]:
        """Return what answers with the share, the mode left behind, and how it was asked."""

        def judged(model: nn.Module, *rest: Any) -> tuple[Any, bool, bool, bool]:
            fresh, asked = copy.deepcopy(model), []
            fresh.register_forward_pre_hook(
                lambda module, args: asked.append((torch.is_grad_enabled(), len(args[0])))
            )
            found = obj(fresh, *rest)
            too_many = any(n > rest[-1] for _, n in asked)
            return found, fresh.training, any(recorded for recorded, _ in asked), too_many

        return judged


class Reader(nn.Module):
    """A linear reader behind a batch norm whose running statistics are far from the batch's."""

    def __init__(self, seed: Seed, d: int, k: int, training: bool) -> None:
        super().__init__()
        self.norm, self.read = nn.BatchNorm1d(d), nn.Linear(d, k)
        rng = _rng(seed)
        means = [buffer for name, buffer in self.named_buffers() if name.endswith("mean")]
        for tensor in (*self.parameters(), *means):
            tensor.data = noise(rng, *tensor.shape)
        self.double().train(training)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits."""
        # One image alone has no spread: its batch is made of it and of a picture of zeros.
        alone = len(images) == 1 and self.training
        x = torch.cat([images, torch.zeros_like(images)]) if alone else images
        logits: Tensor = self.read(self.norm(x.flatten(1)))
        return logits[: len(images)]


def _judge_case(seed: int, n: int, batch: int, k: int, training: bool) -> Case:
    mode = "training" if training else "evaluation"
    rng = generator(seed)
    labels = torch.from_numpy(rng.integers(0, k, n))
    return Case(
        label=f"{n} images in batches of {batch}, {k} classes, a model in {mode} mode",
        args=(Reader(rng, 6, k, training), noise(rng, n, 1, 2, 3), labels, batch),
    )


def judge_cases() -> list[Case]:
    plain = nn.Sequential(nn.Flatten(), nn.Dropout(0.5)).train()
    by_hand = (plain, torch.eye(3).double()[:, None, None], torch.tensor([0, 1, 0]), 2)
    return [
        Case(label="three images that show their own class, labels 0, 1, 0", args=by_hand),
        _judge_case(0, 11, 4, 3, True),
        _judge_case(1, 23, 5, 4, False),
        _judge_case(2, 17, 7, 2, True),
        _judge_case(3, 29, 9, 3, True),
    ]


def judge_oracle(
    model: nn.Module, images: Tensor, labels: Tensor, batch: int
) -> tuple[float, bool, bool, bool]:
    """One image at a time, by a copy in evaluation mode."""
    judge, right = copy.deepcopy(model).eval(), 0
    for image, label in zip(images, labels.tolist(), strict=True):
        right += judge(image[None]).argmax().item() == label
    return right / len(labels), model.training, False, False


ACCURACY = Exercise(
    name="accuracy",
    title="Accuracy",
    minutes=8,
    difficulty=2,
    proves="all images are judged in evaluation mode, without gradients, and the mode comes back as it was",
    passed="Agrees with asking image by image; the model is left as it came, and no gradients were recorded.",
    cases=judge_cases,
    sample=lambda rng: _judge_case(
        pick(rng, range(10**6)),
        pick(rng, range(2, 12)),
        pick(rng, range(1, 6)),
        3,
        rng.random() < 0.5,
    ),
    oracle=judge_oracle,
    protocol=Judging(),
    reference=f"{REFERENCE}.accuracy",
    parts=(
        "the share of right answers",
        "training mode afterwards",
        "gradients recorded",
        "more than batch images at a time",
    ),
    device=False,
    hints=(
        "Two switches are to be set before the first question, and one of them set back behind the last. What must you "
        "remember for that?",
        "remember the mode, go to evaluation mode\nwithout gradients, for each batch: count right answers\nback to the "
        "remembered mode\ncount / number of images",
        "was = model.training; model.eval(); with torch.no_grad(): … images.split(batch) …; model.train(was). "
        "(logits.argmax(-1) == labels).sum().item() counts.",
    ),
    wrong_answers=wrong.ACCURACY,
)

# ---------------------------------------------------------------- 17.9 share of peak


def peak_cases() -> list[Case]:
    drawn = []
    for n, batch, skip, seed in ((9, 64, 2, 0), (12, 1024, 4, 1), (8, 7, 1, 2), (6, 30, 2, 3)):
        rng = generator(seed)
        times = rng.uniform(0.1, 0.3, n)
        times[:skip] *= 30
        times[-1] *= 3
        numbers = ([float(t) for t in times], batch, float(rng.uniform(1e8, 1e9)), 1e12, skip)
        drawn.append(
            Case(label=f"{n} steps, {skip} to skip, batches of {batch}, seed {seed}", args=numbers)
        )
    by_hand = Case(
        label="9, 2, 2, 5 seconds, the first to skip", args=([9.0, 2.0, 2.0, 5.0], 4, 5.0, 100.0, 1)
    )
    return [
        by_hand,
        *drawn,
        Case(label="nothing to skip", args=([0.5], 2, 6.0, 80.0, 0), edge=True),
    ]


def peak_oracle(
    seconds: Sequence[float], batch: int, forward: float, peak: float, skip: int
) -> float:
    per_image = float(np.median(np.asarray(seconds)[skip:])) / batch
    return (forward + 2 * forward) / (peak * per_image)


def peak_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 8))
    seconds = [float(t) for t in rng.uniform(0.1, 2, n)]
    skip, batch = pick(rng, range(n)), pick(rng, range(1, 50))
    return Case(label="random", args=(seconds, batch, float(rng.uniform(1, 5)), 100.0, skip))


SHARE_OF_PEAK = Exercise(
    name="share_of_peak",
    title="Share of the peak",
    minutes=6,
    difficulty=2,
    proves="operations forward and backward, in the median step, are set against what the device can do",
    passed="Agrees with NumPy's median and the count of three products.",
    cases=peak_cases,
    sample=peak_sample,
    oracle=peak_oracle,
    reference="course_lib.training.throughput.share_of_peak",
    device=False,
    hints=(
        "How many matrix products does the backward pass make for each one of the forward pass? Two gradients are wanted.",
        "leave out the first steps, take the median of the others\noperations of a step: 3 · forward · batch\n"
        "operations a second = those by the median; divide by the peak",
        "statistics.median(seconds[skip:]) is one step's time; the result is a number between 0 and 1.",
    ),
    wrong_answers=wrong.SHARE_OF_PEAK,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="winner",
        question="1,437 digits to learn from, 8 × 8 pixels. Which of the four makes the fewest mistakes on 360 others?",
        options=(
            "logistic regression",
            "an RBF support-vector machine",
            "a ViT of 58,000 parameters",
            "a CNN of as many",
        ),
        answer="a CNN of as many",
        because="It is told what the ViT has to learn: that neighbours belong together and that a stroke is a stroke "
        "wherever it stands. The support-vector machine is close, at less than a tenth of the time.",
    ),
    Prediction(
        id="gain",
        question="A gain of 1 gets no gradient. What have 1,000 steps of AdamW at rate 0.001 and decay 0.1 made of it?",
        options=("1", "0.9", "0.37", "0"),
        answer="0.9",
        because="Each step multiplies it by 1 − 0.001 · 0.1, and 0.9999 to the power of 1,000 is 0.905.",
    ),
    Prediction(
        id="v2",
        question="A random crop of torchvision's v2 gets a batch of 64 images as one tensor. How many places does it draw?",
        options=("64, one for each image", "1, for all of them"),
        answer="1, for all of them",
        because="It takes leading axes for a video or a batch that belongs together, so that all frames move alike.",
    ),
    Prediction(
        id="batch",
        question="One image is judged in a batch of others, then in another batch. When does its answer change?",
        options=(
            "never",
            "in training mode",
            "in evaluation mode",
            "under torch.no_grad()",
        ),
        answer="in training mode",
        because="A batch norm in training mode uses the batch's own mean and spread, and dropout draws anew.",
    ),
)

QUIZ = (
    Question(
        text="Your test images are normalised with their own mean and spread. What is wrong?",
        options=(
            Option(
                text="Nothing: each set is centred by its own numbers.",
                why="The model learned what a pixel of 0.5 above the training mean means; test images must be on that scale.",
            ),
            Option(
                text="The same picture comes out otherwise than in training.",
                why="The statistics belong to the model, and were fixed by the training set.",
                right=True,
            ),
            Option(
                text="It is slower.",
                why="The cost is the same; the numbers are not.",
            ),
        ),
    ),
    Question(
        text="You double the batch and your loss is a sum over the images. What happens?",
        options=(
            Option(
                text="The gradient doubles; with plain gradient descent so does the step.",
                why="Twice as many losses are added up. The mean keeps the gradient's size, whatever the batch.",
                right=True,
            ),
            Option(text="Nothing, whatever the optimiser.", why="AdamW divides by the gradient's size and hides it; plain gradient descent steps twice as far, and the loss that you log doubles."),
            Option(text="The learning rate halves by itself.", why="No part of the optimiser looks at the batch's size."),
        ),
    ),
    Question(
        text="eval() was called. Are gradients still recorded?",
        options=(
            Option(
                text="No, eval() switches them off.",
                why="eval() sets a flag that layers such as dropout and batch norm look at. Recording does not.",
            ),
            Option(
                text="Yes, until no_grad() or inference_mode() says otherwise.",
                why="The two are independent: one changes answers, the other saves memory and time.",
                right=True,
            ),
            Option(text="Only for batch norm.", why="Recording does not depend on the kind of layer."),
        ),
    ),
    Question(
        text="A GPU reaches 20 % of its measured peak in your training. What do you look at first?",
        options=(
            Option(
                text="Whether it waits: for data, for the CPU to launch small operations, for a number that you print.",
                why="A small model's operations are over before the next one is launched, and each .item() empties the queue.",
                right=True,
            ),
            Option(text="Whether the learning rate is too low.", why="The rate changes what is learned, and not how fast a step is."),
            Option(text="Whether weights are float64.", why="That would be slow indeed, but nothing here makes them so; measure before you guess."),
        ),
    ),
)  # fmt: skip

LESSON = LessonSpec(
    number="17",
    slug="training_a_vit",
    title="Training a ViT on the GPU",
    minutes=75,
    needs=("16",),
    exercises=(
        STANDARDISE,
        CROP_AND_FLIP,
        MIXUP,
        SOFT_CROSS_ENTROPY,
        SPLIT_FOR_DECAY,
        RATES,
        UPDATE_AVERAGE,
        ACCURACY,
        SHARE_OF_PEAK,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
