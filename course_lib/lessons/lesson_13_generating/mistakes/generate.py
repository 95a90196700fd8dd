"""Mistakes in “The loop”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _loop(
    model: Any,
    prompt: Tensor,
    n_tokens: int,
    choose: Callable[[Tensor], Tensor],
    stop: int,
    *,
    feed: str = "new",
    at: int = -1,
    ends: str = "all",
    fill: int | str = "stop",
    prompt_counts: bool = False,
    more: int = 0,
) -> Tensor:
    """The loop with switches for its classic mistakes; all off, it is right."""
    cache, tokens, new = model.new_cache(len(prompt)), prompt, prompt
    ended = (prompt == stop).any(1) if prompt_counts else torch.zeros(len(prompt)).bool()
    for _ in range(n_tokens + more):
        new = new[:, -1:] if feed == "last" else tokens if feed == "everything" else new
        chosen = choose(model(new, None if feed == "no cache" else cache)[:, at])
        if fill != "none":
            chosen = chosen.masked_fill(ended, stop if fill == "stop" else 0)
        new = chosen[:, None]
        ended = ended | (chosen == stop)
        if ends == "before" and ended.all():
            break
        tokens = torch.cat([tokens, new], dim=1)
        if ends == "together" and (chosen == stop).all():
            break
        if (ends == "all" and ended.all()) or (ends == "any" and ended.any()):
            break
    return tokens


def _loop_fault(**switches: Any) -> Callable[..., Tensor]:
    return lambda model, prompt, n_tokens, choose, stop: _loop(
        model, prompt, n_tokens, choose, stop, **switches
    )


MISTAKES = (
    WrongAnswer(
        id="feeds_everything",
        code=_loop_fault(feed="everything"),
        says="You feed the whole text in every round, and the cache keeps it again each time.",
        why="What the cache has read must not be read twice: after the prompt, feed the newest token alone.",
    ),
    WrongAnswer(
        id="cache_not_used",
        code=_loop_fault(feed="no cache"),
        says="You feed the newest token alone, but without the cache.",
        why="The model then knows nothing of the text before. Pass the cache in every round.",
    ),
    WrongAnswer(
        id="prompt_not_read",
        code=_loop_fault(feed="last"),
        says="Of the prompt you feed the last token alone.",
        why="The cache is empty at the start: the first round has to read the whole prompt.",
    ),
    WrongAnswer(
        id="first_position",
        code=_loop_fault(at=0),
        says="You use the logits of the first position.",
        why="After the prompt, the scores of what follows it stand at its last position: [:, -1].",
    ),
    WrongAnswer(
        id="first_to_stop_ends_all",
        code=_loop_fault(ends="any"),
        says="You leave the loop when any row has stopped.",
        why="The other rows have more to say. Leave when all have stopped.",
    ),
    WrongAnswer(
        id="stops_together_only",
        code=_loop_fault(ends="together", fill="none"),
        says="You leave only when all rows say stop in the same round.",
        why="Rows stop at different times. Keep a note of who has ended, and leave when everybody has.",
    ),
    WrongAnswer(
        id="stop_left_out",
        code=_loop_fault(ends="before"),
        says="You leave before the last stop token is appended.",
        why="The stop token belongs to the text: whoever reads it sees that it is complete. Append first, then leave.",
    ),
    WrongAnswer(
        id="never_stops",
        code=_loop_fault(ends="never", fill="none"),
        says="The stop token stops nobody.",
        why="A row that has said it is over; what a model writes behind it belongs to no answer.",
    ),
    WrongAnswer(
        id="runs_to_the_limit",
        code=_loop_fault(ends="never"),
        says="Rows fall silent, but the loop runs on until n_tokens.",
        why="When all rows have stopped, every further round computes what nobody reads, and the texts fill up with stops.",
    ),
    WrongAnswer(
        id="writes_on",
        code=_loop_fault(fill="none"),
        says="A row that has stopped goes on writing while others are at work.",
        why="Behind its stop token a row repeats that token, so that everything after the first stop can be cut off.",
    ),
    WrongAnswer(
        id="fills_with_zeros",
        code=_loop_fault(fill="zero"),
        says="Behind its stop token a row is filled with zeros.",
        why="0 is a token like any other. The row is filled with stop.",
    ),
    WrongAnswer(
        id="prompt_stops",
        code=_loop_fault(prompt_counts=True),
        says="A stop token inside the prompt ends the row before it has begun.",
        why="A conversation's prompt is full of ends of turns. Only what is written now can stop a row.",
    ),
    WrongAnswer(
        id="new_only",
        code=lambda model, prompt, n_tokens, choose, stop: _loop(
            model, prompt, n_tokens, choose, stop
        )[:, prompt.shape[1] :],
        says="You return the new tokens without the prompt.",
        why="The result begins with the prompt, so that it can be decoded or continued as it is.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=_loop_fault(more=1),
        says="You write one token too many.",
        why="n_tokens rounds write n_tokens tokens; the first of them follows from the prompt.",
    ),
    WrongAnswer(
        id="one_too_few",
        code=_loop_fault(more=-1),
        says="You write one token too few.",
        why="n_tokens rounds write n_tokens tokens; reading the prompt already gives the first.",
    ),
    WrongAnswer(
        id="own_choice",
        code=lambda model, prompt, n_tokens, choose, stop: _loop(
            model, prompt, n_tokens, lambda logits: logits.argmax(-1), stop
        ),
        says="You always take the likeliest token; choose is not asked.",
        why="How a token is chosen is the caller's business: choose(logits) may be greedy, or draw.",
    ),
)
