"""Whole models, all in one drawing: the block of lesson 10 with parts switched on and off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from course_lib.figures.diagrams.cells import heading, matrix
from course_lib.figures.diagrams.drawing import Diagram, Drawing
from course_lib.figures.diagrams.stack import (
    ASIDE,
    GAP,
    WIDE,
    Column,
    Part,
    draw_layers,
    draw_part,
    frame,
    sublayers,
)

Kind = Literal["encoder-decoder", "gpt", "bert", "t5", "vit"]
_LEFT, _ROOM = ASIDE + 50, 128.0


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One column of a model, from below upwards.

    Attributes:
        reads: what comes in.
        below: labels of the boxes below the blocks.
        attends: name, label and caption of the mask, for each attention of a block.
        above: labels of the boxes above the blocks.
        gives: what comes out.
    """

    reads: str
    below: Sequence[tuple[str, str]]
    attends: Sequence[tuple[str, str, str]]
    above: Sequence[tuple[str, str]]
    gives: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A model: its columns, where its norm stands and what that is called."""

    title: str
    stacks: Sequence[Stack]
    form: str
    norm: str = "layer norm"


_CAUSAL, _PADDING, _ALL = "hides what comes later", "hides padding", "all see all"
_EMBED = ("embed", "embedding + places")
_GPT = Stack(
    reads="tokens",
    below=[_EMBED],
    attends=[("causal", "self-attention", _CAUSAL)],
    above=[("norm", "layer norm"), ("head", "head over the vocabulary")],
    gives="the next token, everywhere",
)
_BERT = Stack(
    reads="tokens, some hidden",
    below=[("embed", "words + places + segments"), ("norm", "layer norm")],
    attends=[("padding", "self-attention", _PADDING)],
    above=[("head", "head over the vocabulary")],
    gives="the hidden tokens",
)
_VIT = Stack(
    reads="image",
    below=[("embed", "patches, projected"), ("embed", "class token + places")],
    attends=[("all", "self-attention", _ALL)],
    above=[("norm", "layer norm"), ("head", "head on the class token")],
    gives="the class of the image",
)


def _two(embed: tuple[str, str], norm: str, bias: str, last: bool) -> list[Stack]:
    """Return an encoder and a decoder, with norms behind the stacks or not."""
    above = [("norm", norm)] if last else []
    encoder = Stack(
        reads="source tokens",
        below=[embed],
        attends=[("source", f"self-attention{bias}", _PADDING)],
        above=above,
        gives="",
    )
    target = ("target", f"self-attention{bias}", _CAUSAL)
    decoder = Stack(
        reads="target, shifted right",
        below=[embed],
        attends=[target, ("cross", "cross-attention", _PADDING)],
        above=[*above, ("head", "head over the vocabulary")],
        gives="the next target token",
    )
    return [encoder, decoder]


_PLANS = {
    "encoder-decoder": Plan(
        title="The encoder–decoder", stacks=_two(_EMBED, "layer norm", "", False), form="post"
    ),
    "gpt": Plan(title="GPT: a stack under a causal mask", stacks=[_GPT], form="pre"),
    "bert": Plan(title="BERT: a stack that sees both sides", stacks=[_BERT], form="post"),
    "t5": Plan(
        title="T5: encoder and decoder, places as a bias",
        stacks=_two(("embed", "embedding, no places"), "RMS norm", " + bias", True),
        form="pre",
        norm="RMS norm",
    ),
    "vit": Plan(title="ViT: patches are the tokens", stacks=[_VIT], form="pre"),
}


def architecture(
    kind: Kind, *, masks: Mapping[str, Any] | None = None, times: str = "× N"
) -> Diagram:
    """Draw a whole model from below upwards, with its masks hung where they act.

    Args:
        kind: "encoder-decoder" (post-norm, as in the paper), "gpt", "bert", "t5" or "vit".
        masks: a small matrix of truths (rows attend to columns) for an attention: source, target
            and cross for an encoder with a decoder; causal for GPT, padding for BERT, all for ViT.
        times: how often the block is repeated.

    Raises:
        ValueError: for another kind, a mask that acts nowhere here, or one that is no matrix.

    Papers: Vaswani et al. 2017, §3.1; Radford et al. 2019, §2.3; Devlin et al. 2019, §3;
    Raffel et al. 2020, §2.1; Dosovitskiy et al. 2021, §3.1.
    """
    if kind not in _PLANS:
        raise ValueError(f"kind is one of {', '.join(_PLANS)}, not {kind!r}")
    plan = _PLANS[kind]
    given = _masks(plan, masks or {})
    drawing = Drawing()
    top = heading(drawing, plan.title)
    sheet, tall, memory = Drawing(), 0.0, None
    for place, stack in enumerate(plan.stacks):
        x = _LEFT + place * (_LEFT + WIDE + _ROOM + 24)
        column = Column(x=x, at=0.0)
        _draw(sheet, column, plan, stack, given, times)
        if memory is not None:
            _remember(sheet, memory, column)
        memory, tall = (column.middle, column.at), max(tall, -column.at)
    drawing.place(sheet, 0, top + tall)
    return Diagram(plan.title, _words(plan, given, times), drawing)


def _masks(plan: Plan, masks: Mapping[str, Any]) -> dict[str, np.ndarray]:
    names = [name for stack in plan.stacks for name, _, _ in stack.attends]
    for name in masks:
        if name not in names:
            raise ValueError(f"the masks of this model are {', '.join(names)}, not {name!r}")
    return {name: matrix(one, f"mask {name!r}") != 0 for name, one in masks.items()}


def _layers(plan: Plan, stack: Stack, masks: Mapping[str, np.ndarray]) -> Any:
    attentions = [
        Part(name=name, label=label, kind="attn", caption=caption, mask=masks.get(name))
        for name, label, caption in stack.attends
    ]
    return sublayers(
        plan.form, attentions, Part(name="ff", label="feed-forward", kind="ff"), plan.norm
    )


def _draw(
    drawing: Drawing,
    column: Column,
    plan: Plan,
    stack: Stack,
    masks: Mapping[str, np.ndarray],
    times: str,
) -> None:
    draw_part(drawing, column, Part(name="in", label=stack.reads), first=True)
    for kind, label in stack.below:
        draw_part(drawing, column, Part(name=kind, label=label, kind=kind))
    low = column.at - GAP * 0.3
    draw_layers(drawing, column, _layers(plan, stack, masks))
    frame(drawing, column, low, column.x + WIDE + _ROOM, times)
    for kind, label in stack.above:
        draw_part(drawing, column, Part(name=kind, label=label, kind=kind))
    if stack.gives:
        draw_part(drawing, column, Part(name="out", label=stack.gives))


def _remember(drawing: Drawing, memory: tuple[float, float], column: Column) -> None:
    """Lead what the encoder found to the decoder's cross-attention."""
    x, y = memory
    turn, end = column.x - ASIDE - 44, column.inputs["cross"]
    path = [(x, y), (x, y - GAP), (turn, y - GAP), (turn, end), (column.x, end)]
    drawing.line(path, line=2.5, head=True)
    drawing.text((x + turn) / 2, y - GAP - 10, "memory")


def _words(plan: Plan, masks: Mapping[str, np.ndarray], times: str) -> str:
    said = []
    for stack in plan.stacks:
        steps = [stack.reads, *(label for _, label in stack.below)]
        inside = [label for _, label, _ in stack.attends] + ["feed-forward"]
        steps.append(f"blocks ({times}) of {', '.join(inside)}")
        steps += [label for _, label in stack.above] + ([stack.gives] if stack.gives else [])
        said.append(f"From below upwards: {'; '.join(steps)}.")
        said += [f"The mask of the {label} {caption}." for _, label, caption in stack.attends]
    forms = {"pre": "stands before each sub-layer", "post": "stands behind each sum"}
    said.append(f"Each sub-layer is added to the stream; the {plan.norm} {forms[plan.form]}.")
    if len(plan.stacks) > 1:
        said.append("What the encoder found goes to every cross-attention of the decoder.")
    for name, mask in masks.items():
        said.append(f"The mask drawn for {name} lets {int(mask.sum())} of {mask.size} pairs pass.")
    return " ".join(said)
