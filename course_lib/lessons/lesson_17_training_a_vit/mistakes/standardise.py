"""Mistakes in “Standardise, once”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.training.augment import standardise


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


MISTAKES = (
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
