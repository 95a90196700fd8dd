"""Mistakes in “Three masks”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _masks(fault: str) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    """Return three masks with one fault."""

    def three_masks(source: Tensor, target: Tensor, pad: int) -> tuple[Tensor, Tensor, Tensor]:
        (b, s), t = source.shape, target.shape[1]
        words, written = source != pad, target != pad
        if fault == "inverted":
            words, written = ~words, ~written
        past = torch.ones(t, t, dtype=torch.bool).tril(-1 if fault == "strict" else 0)
        if fault == "upper":
            past = past.mT
        encoder = words[:, None].expand(b, s, s)
        memory = words[:, None].expand(b, t, s)
        decoder = written[:, None] & past
        if fault == "no causal":
            decoder = written[:, None].expand(b, t, t)
        if fault == "only causal":
            decoder = past.expand(b, t, t)
        if fault == "queries":
            encoder, decoder = words[:, :, None].expand(b, s, s), written[:, :, None] & past
            memory = written[:, :, None].expand(b, t, s)
        if fault == "both":
            encoder, decoder = encoder & words[:, :, None], decoder & written[:, :, None]
            memory = memory & written[:, :, None]
        if fault == "memory open":
            memory = torch.ones_like(memory)
        if fault == "memory causal":
            memory = memory & torch.ones(t, s, dtype=torch.bool).tril()
        if fault == "encoder causal":
            encoder = encoder & torch.ones(s, s, dtype=torch.bool).tril()
        if fault == "blocked":
            encoder, decoder, memory = ~encoder, ~decoder, ~memory
        if fault == "turned":
            memory = memory.mT
        if fault == "any":
            decoder = written[:, None] | past
        return encoder, decoder, memory

    return three_masks


MISTAKES = (
    WrongAnswer(
        id="no_causal_mask",
        code=_masks("no causal"),
        says="Your decoder mask hides padding and nothing else: every place sees the words after it.",
        why="In training the next word is among the inputs, so the model copies it and the loss falls to nearly nothing. "
        "When it writes by itself, that word is not there yet.",
    ),
    WrongAnswer(
        id="future_instead_of_past",
        code=_masks("upper"),
        says="Your decoder mask is turned round: each place sees itself and what comes later.",
        why="Rows are queries and columns are keys. Query t may see keys 0 … t, the lower triangle: tril.",
    ),
    WrongAnswer(
        id="not_itself",
        code=_masks("strict"),
        says="Your decoder mask leaves out the diagonal, so no place sees its own word.",
        why="The inputs are shifted already: the word at place t is the one written last. And row 0 would see nothing.",
    ),
    WrongAnswer(
        id="only_causal",
        code=_masks("only causal"),
        says="Your decoder mask is causal, but padding among the target's words stays visible.",
        why="Padding after the last word is in the future of every real word, so often no harm is seen. It shows as soon as "
        "padding stands in front, as in many decoders that write in batches.",
    ),
    WrongAnswer(
        id="hides_queries",
        code=_masks("queries"),
        says="You hid the rows of padding, not its columns.",
        why="The last axis holds the keys. As it is, a real word still attends to padding.",
    ),
    WrongAnswer(
        id="hides_queries_too",
        code=_masks("both"),
        says="You hid the columns of padding, which is right, and its rows as well.",
        why="A row that may attend to nothing gives 0/0 in a plain softmax, and NaN spreads by the gradients. What padding "
        "asks for harms nobody: its places are left out of the loss.",
    ),
    WrongAnswer(
        id="blocked",
        code=_masks("blocked"),
        says="Your three masks say True where attending is forbidden.",
        why="Here True = may attend, as in `scaled_dot_product_attention`. `nn.Transformer` and `nn.MultiheadAttention` say it "
        "the other way round.",
    ),
    WrongAnswer(
        id="padding_inverted",
        code=_masks("inverted"),
        says="Your masks show the padding and hide the words.",
        why="A place is a word where it is *not* equal to pad.",
    ),
    WrongAnswer(
        id="memory_not_masked",
        code=_masks("memory open"),
        says="Your third mask lets the decoder attend to the source's padding.",
        why="The encoder's states stand at padding too. Their weight would depend on how long the other sentences are.",
    ),
    WrongAnswer(
        id="memory_causal",
        code=_masks("memory causal"),
        says="Your third mask is causal: the first words of the translation see the first words of the source alone.",
        why="The whole source is known before the first word is written. 21 begins with the last word of “twenty one”.",
    ),
    WrongAnswer(
        id="encoder_causal",
        code=_masks("encoder causal"),
        says="Your encoder mask is causal: no word of the source sees the words after it.",
        why="Nothing is predicted in the encoder, so nothing has to be hidden from it but padding.",
    ),
    WrongAnswer(
        id="memory_turned",
        code=_masks("turned"),
        says="Your third mask has its axes swapped.",
        why="The decoder asks and the source answers: T rows of queries, S columns of keys.",
    ),
    WrongAnswer(
        id="or_instead_of_and",
        code=_masks("any"),
        says="Your decoder mask joins its two conditions with or.",
        why="A key must be a word and must not come later. With or, one of the two is enough.",
    ),
)
