"""Mistakes in “Freeze the lower blocks”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable, Sequence
from typing import Any

from course_lib.checking.exercise import WrongAnswer


def _lower(model: Any) -> list[Any]:
    encoder = model.encoder
    return [encoder.words, encoder.places, encoder.segments, encoder.norm]


def _freeze_parts(model: Any, parts: Sequence[Any], unfreeze: bool = True) -> None:
    if unfreeze:
        model.requires_grad_(True)
    for part in parts:
        part.requires_grad_(False)


def _as_attribute(model: Any, n_frozen: int) -> None:
    model.requires_grad_(True)
    for part in [*_lower(model), *model.encoder.blocks[:n_frozen]]:
        part.requires_grad = False


def _weights_alone(model: Any, n_frozen: int) -> None:
    model.requires_grad_(True)
    for part in [*_lower(model), *model.encoder.blocks[:n_frozen]]:
        for name, parameter in part.named_parameters():
            parameter.requires_grad_(not name.endswith("weight"))


def _by_beginnings(model: Any, n_frozen: int) -> None:
    lower = [f"encoder.{part}" for part in ("words", "places", "segments", "norm")]
    lower += [f"encoder.blocks.{at}" for at in range(n_frozen)]
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(tuple(lower)))


def _freeze(parts: Callable[[Any, int], Sequence[Any]], unfreeze: bool = True) -> Any:
    return lambda model, n_frozen: _freeze_parts(model, parts(model, n_frozen), unfreeze)


def _top(model: Any, n: int) -> list[Any]:
    return [*_lower(model), *list(model.encoder.blocks)[len(model.encoder.blocks) - n :]]


MISTAKES = (
    WrongAnswer(
        id="attribute_of_a_module",
        code=_as_attribute,
        says="You free everything, and then freeze nothing: every parameter still learns.",
        why="Only parameters have a requires_grad that counts. `part.requires_grad = False` on a module makes a new attribute "
        "that nobody reads, and eval() switches dropout alone. The method is part.requires_grad_(False), with an underscore.",
    ),
    WrongAnswer(
        id="nothing_done",
        code=lambda model, n_frozen: None,
        says="Your function leaves the model as it was.",
        why="Only parameters have a requires_grad that counts. `part.requires_grad = False` on a module makes a new attribute "
        "that nobody reads, and eval() switches dropout alone. The method is part.requires_grad_(False), with an underscore.",
    ),
    WrongAnswer(
        id="embeddings_learn",
        code=_freeze(lambda model, n: model.encoder.blocks[:n]),
        says="Your blocks are frozen, but the embeddings under them still learn.",
        why="The frozen blocks would get other inputs in every step, and nothing could be computed beforehand.",
    ),
    WrongAnswer(
        id="embedding_norm_learns",
        code=_freeze(lambda model, n: [*_lower(model)[:3], *model.encoder.blocks[:n]]),
        says="encoder.norm, the norm of the embedding, still learns.",
        why="It stands below the first block: what it changes, every frozen block feels.",
    ),
    WrongAnswer(
        id="blocks_learn",
        code=_freeze(lambda model, n: _lower(model)),
        says="You freeze the embeddings, and no block.",
        why="The lowest n_frozen blocks keep their weights as well.",
    ),
    WrongAnswer(
        id="upper_blocks",
        code=_freeze(_top),
        says="You freeze the highest blocks; the lowest are meant.",
        why="What lies near the answer has to change most for a new task. The lower blocks know things that every task uses.",
    ),
    WrongAnswer(
        id="all_blocks",
        code=_freeze(lambda model, n: [model.encoder]),
        says="You freeze the whole encoder; only the head learns.",
        why="Blocks from n_frozen on are to learn as well.",
    ),
    WrongAnswer(
        id="everything_frozen",
        code=lambda model, n_frozen: model.requires_grad_(False) and None,
        says="You freeze the whole model.",
        why="The head and the blocks from n_frozen on are to learn.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=_freeze(lambda model, n: [*_lower(model), *model.encoder.blocks[: n + 1]]),
        says="You freeze one block too many.",
        why="n_frozen = 1 means block 0 alone: blocks[:n_frozen].",
    ),
    WrongAnswer(
        id="one_too_few",
        code=_freeze(lambda model, n: [*_lower(model), *model.encoder.blocks[: max(n - 1, 0)]]),
        says="You freeze one block too few.",
        why="n_frozen = 1 means block 0: blocks[:n_frozen].",
    ),
    WrongAnswer(
        id="names_begin_alike",
        code=_by_beginnings,
        says="Of twelve blocks, block 1 takes 10 and 11 with it: their names begin alike.",
        why="“encoder.blocks.10” starts with “encoder.blocks.1”. Compare with the point behind the number, or take the blocks themselves.",
    ),
    WrongAnswer(
        id="biases_learn",
        code=_weights_alone,
        says="You freeze weights, but their biases still learn.",
        why="A frozen part keeps all of its parameters.",
    ),
    WrongAnswer(
        id="still_frozen",
        code=_freeze(lambda model, n: [*_lower(model), *model.encoder.blocks[:n]], unfreeze=False),
        says="What was frozen before stays frozen in your version.",
        why="The course's pretrained encoder comes with every parameter frozen, and nothing would learn but the head. Set the "
        "upper part free first: model.requires_grad_(True).",
    ),
    WrongAnswer(
        id="head_frozen",
        code=_freeze(lambda model, n: [*_lower(model), *model.encoder.blocks[:n], model.head]),
        says="You freeze the head.",
        why="It starts from random numbers: it is the part that has to learn.",
    ),
)
