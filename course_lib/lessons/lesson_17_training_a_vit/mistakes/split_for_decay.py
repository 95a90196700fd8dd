"""Mistakes in “Decay on the right parameters”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_17_training_a_vit.given import holds_frozen

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


def _layers_alone(model: nn.Module) -> Split:
    layers = (nn.Linear, nn.Conv2d)
    chosen = {id(m.weight) for m in model.modules() if isinstance(m, layers)}
    trained = [p for p in model.parameters() if p.requires_grad]
    return [p for p in trained if id(p) in chosen], [p for p in trained if id(p) not in chosen]


MISTAKES = (
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
        matches=holds_frozen,
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
    WrongAnswer(
        id="layers_alone",
        code=_layers_alone,
        says="Only weights of linear layers and convolutions decay; tables of their own, such as the positions, are missing.",
        why="What decays has two axes or more, whoever holds it. Count axes, not kinds of layers.",
    ),
)
