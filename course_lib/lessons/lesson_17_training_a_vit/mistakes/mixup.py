"""Mistakes in “Mixup”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


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


def _overwritten(
    images: Tensor, labels: Tensor, share: float, partners: Tensor, n_classes: int
) -> tuple[Tensor, Tensor]:
    targets = share * F.one_hot(labels, n_classes).to(images.dtype)
    targets.scatter_(1, labels[partners][:, None], 1 - share)
    return share * images + (1 - share) * images[partners], targets


MISTAKES = (
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
        id="shares_overwritten",
        code=_overwritten,
        says="Where both images show one class, its second share replaces the first.",
        why="λ and 1 − λ of the same class make 1. Add the partner's share to what stands there; one_hot times a share does.",
    ),
    WrongAnswer(
        id="labels_as_numbers",
        code=_labels_as_numbers,
        says="You mix the labels' numbers: half of class 2 and half of class 8 makes class 5.",
        why="Classes are names, not amounts. One-hot rows can be mixed: half a share for 2, half for 8.",
    ),
)
