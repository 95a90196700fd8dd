"""Mistakes in “Grad-CAM”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _alpha(gradients: Tensor) -> Tensor:
    return gradients.mean((-2, -1), keepdim=True)


def _scaled_to_one(features: Tensor, gradients: Tensor) -> Tensor:
    cam = (_alpha(gradients) * features).sum(-3).relu()
    return cam / cam.amax((-2, -1), keepdim=True).clamp(min=1e-12)


MISTAKES = (
    WrongAnswer(
        id="no_relu",
        code=lambda f, g: (_alpha(g) * f).sum(-3),
        says="You left the ReLU out: your map has negative places.",
        why="Places that speak against the answer belong to other answers. The map keeps what speaks for this one.",
    ),
    WrongAnswer(
        id="relu_before_the_sum",
        code=lambda f, g: (_alpha(g) * f).relu().sum(-3),
        says="You applied the ReLU to every channel before the sum.",
        why="Channels for and against must be weighed at each place first; what remains is kept if it is positive.",
    ),
    WrongAnswer(
        id="gradients_not_pooled",
        code=lambda f, g: (g * f).sum(-3).relu(),
        says="You multiplied place by place; the gradients are averaged over places first.",
        why="Grad-CAM gives each channel one weight, the mean of its gradient. Place by place it is another method, "
        "gradient × features.",
    ),
    WrongAnswer(
        id="gradients_summed",
        code=lambda f, g: (g.sum((-2, -1), keepdim=True) * f).sum(-3).relu(),
        says="You summed the gradients over places where their mean is due.",
        why="Equation 1 divides by the number of places, Z. The map looks the same, but its numbers grow with the "
        "size of the feature map.",
    ),
    WrongAnswer(
        id="channels_averaged",
        code=lambda f, g: (_alpha(g) * f).mean(-3).relu(),
        says="You averaged over the channels; they are summed.",
        why="The mean over places is in the weights; equation 2 sums the weighted channels.",
    ),
    WrongAnswer(
        id="absolute_value",
        code=lambda f, g: (_alpha(g) * f).sum(-3).abs(),
        says="You took the absolute value where a ReLU is due.",
        why="What speaks against the answer would shine as brightly as what speaks for it.",
    ),
    WrongAnswer(
        id="pooled_over_channels",
        code=lambda f, g: (g.mean(-3, keepdim=True) * f).sum(-3).relu(),
        says="You averaged the gradients over the channels; each channel keeps a weight of its own.",
        why="Channels stand for different things, some for the answer and some against it. The mean runs over places.",
    ),
    WrongAnswer(
        id="one_weight_for_all",
        code=lambda f, g: (g.mean((-3, -2, -1), keepdim=True) * f).sum(-3).relu(),
        says="You averaged the gradients over channels and places, so all channels share one weight.",
        why="Channels stand for different things. Each has the mean of its own gradient as its weight.",
    ),
    WrongAnswer(
        id="scaled_to_one",
        code=_scaled_to_one,
        says="You divided each map by its maximum.",
        why="That suits a picture, but it hides whether a map is strong or next to nothing. Return it as it is.",
    ),
    WrongAnswer(
        id="features_alone",
        code=lambda f, g: f.mean(-3).relu(),
        says="Your gradients play no part.",
        why="Without them the map is the same whatever answer is asked about.",
    ),
)
