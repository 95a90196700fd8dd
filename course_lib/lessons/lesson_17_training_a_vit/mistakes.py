"""The wrong answers that lesson 17 recognises."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_17_training_a_vit.given import is_per_epoch
from course_lib.training.augment import crop_and_flip, standardise

# ---------------------------------------------------------------- 17.1 standardise


def _by(images: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
    return (images - mean) / spread


def _own_statistics(images: Tensor, training: Tensor) -> Tensor:
    return standardise(images, images)


def _one_for_all_channels(images: Tensor, training: Tensor) -> Tensor:
    return _by(images, training.mean(), training.std(correction=0))


def _by_variance(images: Tensor, training: Tensor) -> Tensor:
    mean = training.mean((0, 2, 3), keepdim=True)
    return _by(images, mean, training.var((0, 2, 3), correction=0, keepdim=True))


def _not_centred(images: Tensor, training: Tensor) -> Tensor:
    return images / training.std((0, 2, 3), correction=0, keepdim=True)


def _not_divided(images: Tensor, training: Tensor) -> Tensor:
    return images - training.mean((0, 2, 3), keepdim=True)


def _twice(images: Tensor, training: Tensor) -> Tensor:
    return standardise(standardise(images, training), training)


def _each_image_by_itself(images: Tensor, training: Tensor) -> Tensor:
    mean = images.mean((2, 3), keepdim=True)
    return _by(images, mean, images.std((2, 3), correction=0, keepdim=True))


def _less_one(images: Tensor, training: Tensor) -> Tensor:
    mean = training.mean((0, 2, 3), keepdim=True)
    return _by(images, mean, training.std((0, 2, 3), keepdim=True))


STANDARDISE = (
    WrongAnswer(
        id="normalised_twice",
        code=_twice,
        says="You normalise twice: what is standardised already loses the mean and is divided once more.",
        why="Pixels that are centred and of spread 1 need nothing. A second pass moves and stretches them by numbers that "
        "belong to raw pixels, and the test images meet a model trained on others.",
    ),
    WrongAnswer(
        id="own_statistics",
        code=_own_statistics,
        says="You take mean and spread of the images at hand, not of the training set.",
        why="The same picture would come out otherwise in another batch. The statistics are part of the model: taken once "
        "from the training set, used for training and test alike.",
    ),
    WrongAnswer(
        id="each_image_by_itself",
        code=_each_image_by_itself,
        says="You standardise each image by its own mean and spread.",
        why="That throws away how bright an image is. One mean and one spread a channel, of the whole training set, keep it.",
    ),
    WrongAnswer(
        id="one_for_all_channels",
        code=_one_for_all_channels,
        says="You use one mean and one spread for all channels together.",
        why="Red, green and blue differ in mean and spread; each channel is centred by its own.",
    ),
    WrongAnswer(
        id="by_variance",
        code=_by_variance,
        says="You divide by the variance, not by its root.",
        why="The standard deviation has the unit of the pixels, the variance its square: only the first leaves a spread of 1.",
    ),
    WrongAnswer(
        id="not_centred",
        code=_not_centred,
        says="You divide by the spread without subtracting the mean.",
        why="Pixels are never negative, so all inputs would push the first layer the same way.",
    ),
    WrongAnswer(
        id="not_divided",
        code=_not_divided,
        says="You subtract the mean and leave the spread as it is.",
        why="Bytes spread over dozens; weights are initialised for inputs of spread 1.",
    ),
    WrongAnswer(
        id="two_scales",
        code=lambda images, training: standardise(images / 255, training),
        says="You divide the images by 255 and take mean and spread of pixels that go to 255.",
        why="Statistics and images must be on one scale. Every picture would come out at nearly the same dark number.",
    ),
    WrongAnswer(
        id="sample_spread",
        code=_less_one,
        says="Your spread divides by n − 1: torch's std does so unless it is told correction=0.",
        why="With 50,000 images nobody would notice, with the few of this check it shows. The spread of the very numbers at "
        "hand divides by n.",
    ),
)

# ---------------------------------------------------------------- 17.2 crop and flip


def _one_place_for_all(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, corners[:1].expand_as(corners), flips, padding)


def _one_mirror_for_all(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, corners, flips[:1].expand_as(flips), padding)


def _swapped_corners(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, corners.flip(1), flips, padding)


def _upside_down(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    cut = crop_and_flip(images, corners, torch.zeros_like(flips), padding)
    return torch.where(flips[:, None, None, None], cut.flip(2), cut)


def _mirrors_first(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    turned = torch.where(flips[:, None, None, None], images.flip(3), images)
    return crop_and_flip(turned, corners, torch.zeros_like(flips), padding)


def _rolls(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    moves = (padding - corners).tolist()
    moved = [image.roll(tuple(move), (1, 2)) for image, move in zip(images, moves, strict=True)]
    cut = torch.stack(moved)
    return torch.where(flips[:, None, None, None], cut.flip(3), cut)


def _other_way(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, 2 * padding - corners, flips, padding)


def _never_mirrors(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, corners, torch.zeros_like(flips), padding)


def _mirrors_the_others(images: Tensor, corners: Tensor, flips: Tensor, padding: int) -> Tensor:
    return crop_and_flip(images, corners, ~flips, padding)


CROP_AND_FLIP = (
    WrongAnswer(
        id="one_place_for_all",
        code=_one_place_for_all,
        says="You cut every image at the first one's corner.",
        why="One draw for a batch moves all its images alike, and the model sees as many views as batches. Each image has a "
        "row of corners of its own.",
    ),
    WrongAnswer(
        id="one_mirror_for_all",
        code=_one_mirror_for_all,
        says="You mirror all images or none, as the first one is told.",
        why="Every image has its own entry in flips; half of a batch should look left and half right.",
    ),
    WrongAnswer(
        id="row_and_column_swapped",
        code=_swapped_corners,
        says="You take the corner's column for its row.",
        why="A corner is (row, column): the first number goes down, the second to the right.",
    ),
    WrongAnswer(
        id="upside_down",
        code=_upside_down,
        says="You turn images upside down: axis 2 runs down the rows.",
        why="The mirror swaps left and right, the last axis. A dog facing left is a dog; most photographs never show one "
        "upside down.",
    ),
    WrongAnswer(
        id="mirrors_first",
        code=_mirrors_first,
        says="You mirror the image before you cut the window out; the window is cut first.",
        why="In a mirrored picture the same corner holds another part of it. Either order would augment as well, but the "
        "exercise fixes one, so that results can be compared.",
    ),
    WrongAnswer(
        id="wraps_around",
        code=_rolls,
        says="What leaves your image on one side comes back on the other.",
        why="torch.roll goes round in a circle. A frame of zeros around the image leaves nothing to come back.",
    ),
    WrongAnswer(
        id="moves_the_other_way",
        code=_other_way,
        says="Your windows begin at 2 · padding less the corner.",
        why="The corner is where the window begins in the frame: (0, 0) shows the frame's upper left, so the picture moves down "
        "and to the right.",
    ),
    WrongAnswer(
        id="never_mirrors",
        code=_never_mirrors,
        says="You leave out the mirror.",
        why="Where flips is True the window is mirrored left to right.",
    ),
    WrongAnswer(
        id="mirrors_the_others",
        code=_mirrors_the_others,
        says="You mirror the images that are to stay, and leave the others.",
        why="torch.where takes its second argument where the condition is True.",
    ),
)

# ---------------------------------------------------------------- 17.3 mixup


def _mixing(
    image_share: Callable[[float], tuple[float, float]],
    label_share: Callable[[float], tuple[float, float]],
) -> Callable[..., tuple[Tensor, Tensor]]:
    """Return a mixup with other shares: own and partner's, of images and of labels."""

    def mix(
        images: Tensor, labels: Tensor, share: float, partners: Tensor, n_classes: int
    ) -> tuple[Tensor, Tensor]:
        targets = F.one_hot(labels, n_classes).to(images.dtype)
        (a, b), (c, d) = image_share(share), label_share(share)
        return a * images + b * images[partners], c * targets + d * targets[partners]

    return mix


def _right(share: float) -> tuple[float, float]:
    return share, 1 - share


def _swapped(share: float) -> tuple[float, float]:
    return 1 - share, share


def _labels_as_numbers(
    images: Tensor, labels: Tensor, share: float, partners: Tensor, n_classes: int
) -> tuple[Tensor, Tensor]:
    mixed = share * images + (1 - share) * images[partners]
    return mixed, share * labels + (1 - share) * labels[partners]


def _reversed_labels(
    images: Tensor, labels: Tensor, share: float, partners: Tensor, n_classes: int
) -> tuple[Tensor, Tensor]:
    targets = F.one_hot(labels, n_classes).to(images.dtype)
    mixed = share * images + (1 - share) * images[partners]
    return mixed, share * targets + (1 - share) * targets.flip(0)


MIXUP = (
    WrongAnswer(
        id="labels_not_mixed",
        code=_mixing(_right, lambda share: (1.0, 0.0)),
        says="You mix the images and leave the labels as they were.",
        why="An image that is 60 % cat and 40 % dog would be called a cat and nothing else. The labels take the same shares.",
    ),
    WrongAnswer(
        id="labels_swapped",
        code=_mixing(_right, _swapped),
        says="Your labels take λ from the partner, your images from the image itself.",
        why="The image whose pixels have the share λ gives its label that share too. With λ = 0.9 you would call an image nine tenths "
        "what is hardly to be seen in it.",
    ),
    WrongAnswer(
        id="shares_swapped",
        code=_mixing(_swapped, _swapped),
        says="You give λ to the partner and 1 − λ to the image itself, in pixels and labels alike.",
        why="Over many draws of a symmetric λ this trains alike. Here λ is the image's own share.",
    ),
    WrongAnswer(
        id="images_not_mixed",
        code=_mixing(lambda share: (1.0, 0.0), _right),
        says="You mix the labels and leave the images as they were.",
        why="Then a clean cat is called partly a dog: noise, with nothing in the picture that explains it.",
    ),
    WrongAnswer(
        id="images_added",
        code=_mixing(lambda share: (1.0, 1.0), _right),
        says="You add the partner's pixels without shares.",
        why="The sum is twice as bright as any picture. λ and 1 − λ sum to 1 and keep the scale.",
    ),
    WrongAnswer(
        id="half_and_half",
        code=_mixing(lambda share: (0.5, 0.5), lambda share: (0.5, 0.5)),
        says="You mix in equal parts, whatever λ is.",
        why="λ is drawn anew for each batch; most draws of a Beta(0.2, 0.2) are near 0 or 1, and leave pictures nearly clean.",
    ),
    WrongAnswer(
        id="other_partner",
        code=_reversed_labels,
        says="Your labels are mixed with the reversed batch, your images with partners.",
        why="Whoever gives the pixels must give the label: both go through the same permutation.",
    ),
    WrongAnswer(
        id="labels_as_numbers",
        code=_labels_as_numbers,
        says="You mix the labels' numbers: half of class 2 and half of class 8 makes class 5.",
        why="Classes are names, not amounts. One-hot rows can be mixed: half a share for 2, half for 8.",
    ),
)

# ---------------------------------------------------------------- 17.4 soft cross-entropy

Loss = Callable[[Tensor, Tensor, float], Tensor]


def _smooth(targets: Tensor, smoothing: float) -> Tensor:
    return (1 - smoothing) * targets + smoothing / targets.shape[-1]


def _spread_over_others(targets: Tensor, smoothing: float) -> Tensor:
    return (1 - smoothing) * targets + smoothing * (1 - targets) / (targets.shape[-1] - 1)


SOFT_CROSS_ENTROPY = (
    WrongAnswer(
        id="summed",
        code=lambda z, t, smoothing=0.0: -(_smooth(t, smoothing) * z.log_softmax(-1)).sum(),
        says="You sum the losses of the batch instead of taking their mean.",
        why="Then twice the batch means twice the gradient, and a rate that suits one batch size is too high for another. "
        "The last, shorter batch weighs less besides.",
    ),
    WrongAnswer(
        id="mean_of_everything",
        code=lambda z, t, smoothing=0.0: -(_smooth(t, smoothing) * z.log_softmax(-1)).mean(),
        says="You take the mean over the classes too, so your loss is too small by the number of classes.",
        why="The sum over the classes belongs to the definition; the mean is over the images alone.",
    ),
    WrongAnswer(
        id="not_smoothed",
        code=lambda z, t, smoothing=0.0: -(t * z.log_softmax(-1)).sum(-1).mean(),
        says="You leave the targets as they came: smoothing does nothing.",
        why="A share of each target is to be taken away and spread over all classes.",
    ),
    WrongAnswer(
        id="over_the_others",
        code=lambda z, t, smoothing=0.0: (
            -((_spread_over_others(t, smoothing) * z.log_softmax(-1)).sum(-1).mean())
        ),
        says="You spread the share over the K − 1 other classes.",
        why="The paper mixes with the uniform distribution, in which the right class has its part: smoothing / K each. "
        "With mixed targets there is not even one right class.",
    ),
    WrongAnswer(
        id="nothing_taken_away",
        code=lambda z, t, smoothing=0.0: (
            -(((t + smoothing / t.shape[-1]) * z.log_softmax(-1)).sum(-1).mean())
        ),
        says="You add smoothing / K without taking the share away first, so your targets sum to more than 1.",
        why="Shares of one whole sum to 1: (1 − smoothing) · target + smoothing / K.",
    ),
    WrongAnswer(
        id="whole_share_for_each",
        code=lambda z, t, smoothing=0.0: (
            -((((1 - smoothing) * t + smoothing) * z.log_softmax(-1)).sum(-1).mean())
        ),
        says="You give every class the whole share; it is to be divided among the K classes.",
        why="The uniform distribution has 1 / K for each class, and targets that sum to 1 need it.",
    ),
    WrongAnswer(
        id="sign",
        code=lambda z, t, smoothing=0.0: (_smooth(t, smoothing) * z.log_softmax(-1)).sum(-1).mean(),
        says="Your loss has the wrong sign.",
        why="Logarithms of probabilities are negative; training makes a number small, so it must be their negative.",
    ),
    WrongAnswer(
        id="log_of_softmax",
        code=lambda z, t, smoothing=0.0: (
            -((_smooth(t, smoothing) * z.softmax(-1).log()).sum(-1).mean())
        ),
        says="You take the logarithm of a softmax.",
        why="A probability that is too small for its dtype is 0, and its logarithm −∞. log_softmax subtracts the logarithm of the sum "
        "instead, and never divides.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda z, t, smoothing=0.0: -(_smooth(t, smoothing) * z.log_softmax(0)).sum(-1).mean(),
        says="Your softmax runs over the images (axis 0), not over the classes.",
        why="Each image has its own distribution over the classes, the last axis.",
    ),
    WrongAnswer(
        id="no_logarithm",
        code=lambda z, t, smoothing=0.0: -(_smooth(t, smoothing) * z.softmax(-1)).sum(-1).mean(),
        says="You leave out the logarithm: your loss is minus the mean probability of the targets.",
        why="The logarithm is what makes a confident mistake expensive; without it such a mistake has hardly a gradient.",
    ),
)

# ---------------------------------------------------------------- 17.5 split for decay

Split = tuple[list[Tensor], list[Tensor]]


def _splitting(chosen: Callable[[str, Tensor], bool]) -> Callable[[nn.Module], Split]:
    """Return an answer that decays the chosen ones among the trainable parameters."""

    def split(model: nn.Module) -> Split:
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        decayed = [p for name, p in named if chosen(name, p)]
        return decayed, [p for name, p in named if not chosen(name, p)]

    return split


def _copies(model: nn.Module) -> Split:
    right = _splitting(lambda name, p: p.ndim >= 2)(model)
    return [p.data for p in right[0]], [p.data for p in right[1]]


def _frozen_too(model: nn.Module) -> Split:
    every = list(model.parameters())
    return [p for p in every if p.ndim >= 2], [p for p in every if p.ndim < 2]


def _linear_weights_alone(model: nn.Module) -> Split:
    chosen = {id(m.weight) for m in model.modules() if isinstance(m, nn.Linear)}
    trained = [p for p in model.parameters() if p.requires_grad]
    return [p for p in trained if id(p) in chosen], [p for p in trained if id(p) not in chosen]


SPLIT_FOR_DECAY = (
    WrongAnswer(
        id="decay_on_norms",
        code=_splitting(lambda name, p: name.endswith("weight")),
        says="Your decay reaches the gains of the normalisations, which are called weight as well.",
        why="A gain of 0 switches its feature off, and decay pulls it there. Count axes rather than read names: a gain has one.",
    ),
    WrongAnswer(
        id="decay_on_vectors",
        code=_splitting(lambda name, p: not name.endswith("bias")),
        says="You spare the biases alone: gains and the class token are decayed.",
        why="What has one axis is no matrix: it sets where a feature stands or how large it is, and decay pulls it to 0.",
    ),
    WrongAnswer(
        id="decay_on_biases",
        code=_splitting(lambda name, p: "norm" not in name),
        says="You spare what belongs to a norm, and decay the biases of the layers.",
        why="A bias moves a threshold. Pulling it to 0 makes no function simpler, so it is left alone like every vector.",
    ),
    WrongAnswer(
        id="decay_on_everything",
        code=_splitting(lambda name, p: True),
        says="You decay every parameter, norms and biases included.",
        why="Decay keeps matrices from growing. Gains and biases are no matrices: decay pulls a gain from 1 to 0.",
    ),
    WrongAnswer(
        id="decay_on_nothing",
        code=_splitting(lambda name, p: False),
        says="You decay nothing.",
        why="The matrices, with two axes or more, are what decay is for.",
    ),
    WrongAnswer(
        id="groups_swapped",
        code=_splitting(lambda name, p: p.ndim < 2),
        says="Your two groups are swapped.",
        why="The first is decayed: matrices, with two axes or more.",
    ),
    WrongAnswer(
        id="exactly_two_axes",
        code=_splitting(lambda name, p: p.ndim == 2),
        says="You decay what has exactly two axes; the kernel of a convolution has four.",
        why="A convolution that cuts patches is a matrix in another shape: flatten three of its axes and it is a linear layer.",
    ),
    WrongAnswer(
        id="linear_weights_alone",
        code=_linear_weights_alone,
        says="You decay the weights of linear layers alone.",
        why="The kernel of a convolution and a table of positions are matrices as well: they have two axes or more.",
    ),
    WrongAnswer(
        id="frozen_too",
        code=_frozen_too,
        says="You hand over frozen parameters as well.",
        why="Where requires_grad is False nothing is to be trained. AdamW skips what has no gradient, but whoever counts "
        "the groups counts wrong.",
    ),
    WrongAnswer(
        id="copies",
        code=_copies,
        says="You return tensors that are not the model's own parameters, such as .data or a clone.",
        why="An optimiser changes what it is handed, and looks for gradients there. Given others, it leaves the model as it is.",
    ),
)

# ---------------------------------------------------------------- 17.6 rates


def _rating(share: Callable[[int, int, int, int], float]) -> Callable[..., list[float]]:
    """Return an answer by the share of a step: share(step, steps, warmup, per_epoch)."""

    def rates(epochs: int, per_epoch: int, warmup: int, peak: float) -> list[float]:
        steps = epochs * per_epoch
        return [peak * share(step, steps, warmup, per_epoch) for step in range(steps)]

    return rates


def _cosine(done: float) -> float:
    return (1 + math.cos(math.pi * done)) / 2


def share_at(step: int, steps: int, warmup: int, per_epoch: int = 1) -> float:
    """Return what is right."""
    if step < warmup:
        return (step + 1) / warmup
    return _cosine((step - warmup) / (steps - warmup))


def _after(
    falling: Callable[[int, int, int], float],
) -> Callable[[int, int, int, int], float]:
    """Return a schedule that rises as it should and falls otherwise."""

    def share(step: int, steps: int, warmup: int, per_epoch: int) -> float:
        return (step + 1) / warmup if step < warmup else falling(step, steps, warmup)

    return share


def _done(step: int, steps: int, warmup: int) -> float:
    return (step - warmup) / (steps - warmup)


def _from_zero(step: int, steps: int, warmup: int, per_epoch: int) -> float:
    return step / warmup if step < warmup else share_at(step, steps, warmup)


def _warmup_in_epochs(step: int, steps: int, warmup: int, per_epoch: int) -> float:
    return share_at(step, steps, min(warmup * per_epoch, steps))


RATES = (
    WrongAnswer(
        id="per_epoch",
        code=_rating(lambda step, steps, warmup, n: share_at(step // n * n, steps, warmup)),
        says="Your rate changes once an epoch: all steps of an epoch have the same.",
        why="Warm-up is to be gentle at the very first steps, and may be over within an epoch. A scheduler is stepped behind "
        "every update, not behind every pass.",
        matches=is_per_epoch,
    ),
    WrongAnswer(
        id="from_zero",
        code=_rating(_from_zero),
        says="Your first step has a rate of 0.",
        why="It computes gradients and learns nothing from them. Step t of the warm-up has (t + 1) / warmup of the peak.",
    ),
    WrongAnswer(
        id="jumps",
        code=_rating(_after(lambda step, steps, warmup: _cosine(step / steps))),
        says="Your cosine counts from the first step of all, so the rate falls from the peak at a jump when warm-up ends.",
        why="The fall begins where the rise ends: count step − warmup out of steps − warmup.",
    ),
    WrongAnswer(
        id="no_warmup",
        code=_rating(lambda step, steps, warmup, n: _cosine(step / steps)),
        says="You leave out the warm-up.",
        why="AdamW's first steps move every weight by about the whole rate, in a direction that one batch gave. Small ones do "
        "less harm.",
    ),
    WrongAnswer(
        id="whole_cosine",
        code=_rating(_after(lambda step, steps, warmup: _cosine(2 * _done(step, steps, warmup)))),
        says="Your rate falls and rises again: that is a whole cosine.",
        why="Half of one, from 0 to π, goes from 1 down to −1, and (1 + cos) / 2 from 1 to 0.",
    ),
    WrongAnswer(
        id="quarter_cosine",
        code=_rating(
            _after(lambda step, steps, warmup: math.cos(math.pi / 2 * _done(step, steps, warmup)))
        ),
        says="You follow a quarter of a cosine, from 0 to π / 2.",
        why="It ends in full fall. (1 + cos) / 2 from 0 to π levels out at the end, where the weights are to settle.",
    ),
    WrongAnswer(
        id="not_halved",
        code=_rating(_after(lambda step, steps, warmup: 2 * _cosine(_done(step, steps, warmup)))),
        says="You forget to halve 1 + cos: your rate leaps to twice the peak when warm-up ends.",
        why="1 + cos goes from 2 to 0.",
    ),
    WrongAnswer(
        id="straight_line",
        code=_rating(_after(lambda step, steps, warmup: 1 - _done(step, steps, warmup))),
        says="Your rate falls in a straight line.",
        why="That trains well too, but it is another schedule: the cosine stays high for longer, and levels out at the end.",
    ),
    WrongAnswer(
        id="one_step_ahead",
        code=_rating(
            _after(lambda step, steps, warmup: _cosine((step + 1 - warmup) / (steps - warmup)))
        ),
        says="Your cosine is a step ahead: its first step has fallen already, and the last has a rate of 0.",
        why="The first step behind the warm-up stands at cos 0, at the peak. A rate of 0 at the end wastes the last batch.",
    ),
    WrongAnswer(
        id="warmup_in_epochs",
        code=_rating(_warmup_in_epochs),
        says="You take warmup for a number of epochs; it counts steps.",
        why="Say in which unit a schedule counts: this mistake makes the warm-up longer by the steps in an epoch.",
    ),
)

# ---------------------------------------------------------------- 17.7 moving average

Tensors = Sequence[Tensor]


def _averaging(
    change: Callable[[Tensor, Tensor, float], Tensor],
) -> Callable[[Tensors, Tensors, float], list[Tensor]]:
    """Return an answer that averages the floats in its own way."""

    def update(average: Tensors, weights: Tensors, decay: float) -> list[Tensor]:
        pairs = zip(average, weights, strict=True)
        return [
            change(old, new, decay) if new.is_floating_point() else new.clone()
            for old, new in pairs
        ]

    return update


def _counts_averaged(average: Tensors, weights: Tensors, decay: float) -> list[Tensor]:
    pairs = zip(average, weights, strict=True)
    return [decay * old + (1 - decay) * new for old, new in pairs]


def _counts_kept(average: Tensors, weights: Tensors, decay: float) -> list[Tensor]:
    pairs = zip(average, weights, strict=True)
    return [
        decay * old + (1 - decay) * new if new.is_floating_point() else old.clone()
        for old, new in pairs
    ]


def _counts_rounded(average: Tensors, weights: Tensors, decay: float) -> list[Tensor]:
    pairs = zip(average, weights, strict=True)
    return [(decay * old + (1 - decay) * new).to(new.dtype) for old, new in pairs]


UPDATE_AVERAGE = (
    WrongAnswer(
        id="shares_swapped",
        code=_averaging(lambda old, new, decay: (1 - decay) * old + decay * new),
        says="You keep 1 − decay of the average and take decay from the new weights.",
        why="With a decay of 0.999 that forgets all but the last step. The decay is what stays of the average.",
    ),
    WrongAnswer(
        id="plain_mean",
        code=_averaging(lambda old, new, decay: (old + new) / 2),
        says="You average in equal parts, whatever the decay.",
        why="That remembers about two steps. A decay of 0.999 remembers about a thousand.",
    ),
    WrongAnswer(
        id="copies",
        code=_averaging(lambda old, new, decay: new.clone()),
        says="You return the new weights: nothing is averaged.",
        why="The average keeps a share decay of what it was.",
    ),
    WrongAnswer(
        id="stands_still",
        code=_averaging(lambda old, new, decay: old.clone()),
        says="Your average stays where it was.",
        why="Each update moves it by a share 1 − decay of the way to the new weights.",
    ),
    WrongAnswer(
        id="not_a_mean",
        code=_averaging(lambda old, new, decay: decay * old + new),
        says="You add the new weights whole, so your shares do not sum to 1.",
        why="Update after update the average would grow towards 1 / (1 − decay) times the weights.",
    ),
    WrongAnswer(
        id="counts_averaged",
        code=_counts_averaged,
        says="You average the whole numbers too, which makes floats of them.",
        why="A counter such as batch norm's num_batches_tracked is no weight. It is copied as it is.",
    ),
    WrongAnswer(
        id="counts_rounded",
        code=_counts_rounded,
        says="You average the whole numbers and cut them off.",
        why="A counter such as batch norm's num_batches_tracked is no weight. It is copied as it is.",
    ),
    WrongAnswer(
        id="counts_kept",
        code=_counts_kept,
        says="Your whole numbers stay as they were in the average.",
        why="Counters are copied from the model: the average should say how many batches it has seen.",
    ),
)

# ---------------------------------------------------------------- 17.8 accuracy

Judge = Callable[[nn.Module, Tensor, Tensor, int], Any]


def _right_ones(model: nn.Module, images: Tensor, labels: Tensor, batch: int) -> list[Tensor]:
    pairs = zip(images.split(batch), labels.split(batch), strict=True)
    return [model(some).argmax(-1) == due for some, due in pairs]


def _judging(
    share: Callable[[list[Tensor]], Any],
    *,
    evaluates: bool = True,
    restores: bool = True,
    leaves: bool | None = None,
    gradients: bool = False,
    whole: bool = False,
) -> Judge:
    """Return an answer that does one thing otherwise."""

    def judge(model: nn.Module, images: Tensor, labels: Tensor, batch: int) -> Any:
        was = model.training
        if evaluates:
            model.eval()
        with torch.set_grad_enabled(gradients):
            right = _right_ones(model, images, labels, len(images) if whole else batch)
        if restores:
            model.train(was)
        if leaves is not None:
            model.train(leaves)
        return share(right)

    return judge


def _share(right: list[Tensor]) -> float:
    return torch.cat(right).double().mean().item()


def _mean_of_means(right: list[Tensor]) -> float:
    return sum(one.double().mean().item() for one in right) / len(right)


def _all_but_the_last(right: list[Tensor]) -> float:
    return _share(right[:-1] or right)


ACCURACY = (
    WrongAnswer(
        id="eval_forgotten",
        code=_judging(_share, evaluates=False),
        says="You forget model.eval(): the model answers as in training.",
        why="Dropout still drops, and a batch norm uses the batch at hand, so that an answer depends on who else is asked.",
    ),
    WrongAnswer(
        id="left_in_eval",
        code=_judging(_share, restores=False),
        says="You leave the model in evaluation mode.",
        why="Whoever goes on training trains without dropout, and with batch norms that stand still. Restore the mode.",
    ),
    WrongAnswer(
        id="always_train",
        code=_judging(_share, restores=False, leaves=True),
        says="You put the model into training mode at the end, whatever it was in before.",
        why="A model that came in evaluation mode goes home in the other. Remember model.training before you change it.",
    ),
    WrongAnswer(
        id="gradients_recorded",
        code=_judging(_share, gradients=True),
        says="You record gradients while you judge.",
        why="Every intermediate result is kept for a backward pass that never comes: memory for nothing. "
        "eval() does not switch that off; torch.no_grad() does.",
    ),
    WrongAnswer(
        id="all_at_once",
        code=_judging(_share, whole=True),
        says="You hand the model all images at once.",
        why="Ten thousand photographs and their activations may not fit into a GPU's memory; `batch` of them do.",
    ),
    WrongAnswer(
        id="mean_of_batches",
        code=_judging(_mean_of_means),
        says="You average the shares of the batches, so an image of the short last batch weighs more.",
        why="Count right answers over all batches, and divide once by the number of images.",
    ),
    WrongAnswer(
        id="last_batch_left_out",
        code=_judging(_all_but_the_last),
        says="You leave out the last batch.",
        why="All images are to be judged, those of the last, shorter batch too.",
    ),
    WrongAnswer(
        id="not_a_share",
        code=_judging(lambda right: float(torch.cat(right).sum())),
        says="You return how many answers are right, not which share.",
        why="Divide by the number of images, so that sets of different sizes compare.",
    ),
    WrongAnswer(
        id="in_per_cent",
        code=_judging(lambda right: 100 * _share(right)),
        says="You return per cent.",
        why="A share goes from 0 to 1; print it as per cent where it is shown.",
    ),
)

# ---------------------------------------------------------------- 17.9 share of peak


def _timed(
    factor: float = 3.0,
    middle: Callable[[list[float]], float] | None = None,
    skips: bool = True,
) -> Callable[..., float]:
    """Return an answer with another factor, or another mean."""

    def share(
        seconds: Sequence[float], batch: int, forward: float, peak: float, skip: int
    ) -> float:
        kept = list(seconds[skip:] if skips else seconds)
        taken = median(kept) if middle is None else middle(kept)
        return factor * forward * batch / taken / peak

    return share


def median(values: list[float]) -> float:
    """Return the middle number, or the mean of the two in the middle."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


SHARE_OF_PEAK = (
    WrongAnswer(
        id="forward_alone",
        code=_timed(1.0),
        says="You count the forward pass alone.",
        why="The backward pass makes two products for each one of the forward pass: 3 in all.",
    ),
    WrongAnswer(
        id="backward_counted_once",
        code=_timed(2.0),
        says="You count the backward pass as dear as the forward one.",
        why="For each product y = x W it needs two: the gradient of x, and the gradient of W. Forward and backward make 3.",
    ),
    WrongAnswer(
        id="multiplied_by_two",
        code=_timed(6.0),
        says="You count twice as many: forward holds operations already, not multiply-adds.",
        why="A multiplication and an addition are two operations, and whoever counted `forward` has counted both.",
    ),
    WrongAnswer(
        id="first_steps_too",
        code=_timed(skips=False),
        says="You count the first steps as well.",
        why="They compile, allocate and warm up; a training of hours does that once.",
    ),
    WrongAnswer(
        id="mean_for_median",
        code=_timed(middle=lambda kept: sum(kept) / len(kept)),
        says="You take the mean of the seconds; the median is asked for.",
        why="One step that waited for something else moves the mean as far as it likes, and the median hardly.",
    ),
    WrongAnswer(
        id="lower_median",
        code=_timed(middle=lambda kept: sorted(kept)[(len(kept) - 1) // 2]),
        says="Of two steps in the middle you take the faster one, as torch.median does.",
        why="Of an even number of steps the median is the mean of the two in the middle; statistics.median and NumPy's say so.",
    ),
    WrongAnswer(
        id="fastest_step",
        code=_timed(middle=min),
        says="You take the fastest step.",
        why="That flatters: a training takes what its steps take in the middle.",
    ),
    WrongAnswer(
        id="whole_time",
        code=_timed(middle=sum),
        says="You divide one batch by the seconds of all steps together.",
        why="The batch goes through in one step; take the seconds of one.",
    ),
    WrongAnswer(
        id="batch_forgotten",
        code=lambda seconds, batch, forward, peak, skip: (
            3 * forward / median(list(seconds[skip:])) / peak
        ),
        says="You count one image a step and forget the batch.",
        why="`forward` is what one image costs; a step does that for every image of the batch.",
    ),
    WrongAnswer(
        id="upside_down",
        code=lambda seconds, batch, forward, peak, skip: (
            peak * median(list(seconds[skip:])) / (3 * forward * batch)
        ),
        says="You divide the peak by what was reached; the share is the other way round.",
        why="A share of the peak is between 0 and 1: reached by possible.",
    ),
)
