"""Mistakes in “Which token answers”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

from torch import Tensor

from course_lib.lessons.lesson_16_images_as_tokens.mistakes.common import mistake


def _either(
    of_class: Callable[[Tensor], Tensor], of_mean: Callable[[Tensor], Tensor]
) -> Callable[..., Tensor]:
    """Return a pooling made of its two ways."""
    return lambda x, how="class": of_class(x) if how == "class" else of_mean(x)


def _token_0(x: Tensor) -> Tensor:
    return x[:, 0]


def _patch_mean(x: Tensor) -> Tensor:
    return x[:, 1:].mean(1)


MISTAKES = (
    mistake(
        "last_token",
        _either(lambda x: x[:, -1], _patch_mean),
        "You read the last token, the lower right patch.",
        "The class token is token 0. The last token is what GPT predicts from, since there only the last has seen all.",
    ),
    mistake(
        "first_patch",
        _either(lambda x: x[:, 1], _patch_mean),
        "You read token 1, the upper left patch.",
        "The class token is token 0, before all patches.",
    ),
    mistake(
        "first_image",
        _either(lambda x: x[0], _patch_mean),
        "You read all tokens of the first image, not the first token of all images.",
        "Axis 0 counts images, axis 1 tokens.",
    ),
    mistake(
        "class_token_in_the_mean",
        _either(_token_0, lambda x: x.mean(1)),
        "Your mean includes the class token.",
        'how="mean" is the mean of the patches alone: leave token 0 out.',
    ),
    mistake(
        "last_patch_left_out",
        _either(_token_0, lambda x: x[:, :-1].mean(1)),
        "Your mean includes the class token and leaves the last patch out.",
        "The class token is token 0, so the patches are tokens 1 to N.",
    ),
    mistake(
        "sum_of_patches",
        _either(_token_0, lambda x: x[:, 1:].sum(1)),
        "You add the patches up without dividing by their number.",
        "A larger picture would give a larger row. The mean stays of one size.",
    ),
    mistake(
        "largest_of_patches",
        _either(_token_0, lambda x: x[:, 1:].amax(1)),
        "You take the largest number of each feature.",
        'That is max pooling; how="mean" asks for the mean.',
    ),
    mistake(
        "mean_of_features",
        _either(_token_0, lambda x: x[:, 1:].mean(2)),
        "Your mean runs over the features: it leaves one number a patch.",
        "The mean over the patches (axis 1) leaves one row an image.",
    ),
    mistake(
        "axis_kept",
        _either(lambda x: x[:, :1], lambda x: x[:, 1:].mean(1, keepdim=True)),
        "Your result still has an axis of tokens, of size 1.",
        "One row an image is due: (B, d_model). x[:, 0] drops the axis, x[:, :1] keeps it.",
    ),
    mistake(
        "exchanged",
        _either(_patch_mean, _token_0),
        'Your two ways are exchanged: "class" gives the mean, "mean" the class token.',
        "Look at the condition: the class token is due where how is “class”.",
    ),
    mistake(
        "class_always",
        _either(_token_0, _token_0),
        "You return the class token whatever `how` says.",
        'With how="mean" the mean of the patches is due.',
    ),
    mistake(
        "mean_always",
        _either(_patch_mean, _patch_mean),
        "You return the mean of the patches whatever `how` says.",
        'With how="class" token 0 is due.',
    ),
)
