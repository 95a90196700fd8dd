"""Mistakes in “Beam search”: the code that makes each, its name, and why it is wrong."""

import math
from collections.abc import Callable
from typing import Any

import torch

from course_lib.checking.exercise import WrongAnswer


def _beam(fault: str) -> Callable[..., tuple[list[int], float]]:
    """Return a beam search with one fault."""

    def rank(one: tuple[list[int], float, float]) -> float:
        return -(one[2] if fault == "last step" else one[1])

    def kept_of(longer: list[Any], n: int, width: int) -> list[Any]:
        if fault == "lowest":
            return sorted(longer, key=rank)[-width:]
        if fault == "width of each":
            return [
                one
                for words in {tuple(one[0][:-1]) for one in longer}
                for one in sorted((o for o in longer if tuple(o[0][:-1]) == words), key=rank)[
                    :width
                ]
            ]
        return sorted(longer, key=rank)[: 1 if fault == "one" else width]

    def beam_search(
        log_probs: Any, start: int, end: int, width: int, max_len: int, alpha: float
    ) -> tuple[list[int], float]:
        live: list[Any] = [([start], 0.0, 0.0)]
        waiting: list[Any] = []
        for _ in range(max_len):
            rows = log_probs(torch.tensor([one[0] for one in live])).tolist()
            if fault == "probabilities":
                rows = [[math.exp(x) for x in row] for row in rows]
            longer = [
                ([*one[0], word], more if fault == "no sum" else one[1] + more, more)
                for one, row in zip(live, rows, strict=True)
                for word, more in enumerate(row)
            ]
            room = width - len(waiting) if fault == "room" else width
            kept = kept_of(longer, len(live), room)
            if fault == "never ends":
                live = kept
                continue
            waiting += [one for one in kept if one[0][-1] == end]
            live = [one for one in kept if one[0][-1] != end]
            enough = fault == "width ended" and len(waiting) >= width
            if not live or enough or (fault == "first end" and waiting):
                break
        pool = waiting if waiting and fault in ("first end", "live lost") else waiting + live
        return finish(pool, alpha)

    def finish(pool: list[Any], alpha: float) -> tuple[list[int], float]:
        def score(one: Any) -> float:
            n = len(one[0]) - (0 if fault == "start counted" else 1)
            if fault == "not normalised":
                return float(one[1])
            if fault == "multiplied":
                return float(one[1] * n**alpha)
            if fault == "mean":
                return float(one[1] / n)
            if fault == "gnmt":
                return float(one[1] / ((5 + n) / 6) ** alpha)
            return float(one[1] / n**alpha)

        best = max(pool, key=score)
        words = best[0] if fault == "start kept" else best[0][1:]
        return words, float(best[1]) if fault == "raw score" else score(best)

    return beam_search


MISTAKES = (
    WrongAnswer(
        id="no_length_normalisation",
        code=_beam("not normalised"),
        says="Your scores are not divided by length^α.",
        why="Every word adds a negative log p, so short translations are favoured and the beam returns stumps. A wider beam "
        "finds more of them.",
    ),
    WrongAnswer(
        id="multiplied_by_the_length",
        code=_beam("multiplied"),
        says="You multiplied by length^α; the sum of log p is divided by it.",
        why="Log-probabilities are negative: multiplying punishes length twice.",
    ),
    WrongAnswer(
        id="alpha_ignored",
        code=_beam("mean"),
        says="You divided by the length, whatever α is.",
        why="α = 1 takes the mean over the words, α = 0 leaves the sum: the exponent says how much the length counts.",
    ),
    WrongAnswer(
        id="start_counted",
        code=_beam("start counted"),
        says="Your length counts the start mark.",
        why="Nobody had to predict it: the words written are counted, end included.",
    ),
    WrongAnswer(
        id="another_penalty",
        code=_beam("gnmt"),
        says="You divided by ((5 + length)/6)^α, the penalty of Wu et al.",
        why="It is a good one (§7 there). This exercise divides by length^α.",
    ),
    WrongAnswer(
        id="first_end_wins",
        code=_beam("first end"),
        says="You returned as soon as one translation had ended.",
        why="A longer one may still overtake it. The ended one waits; the search goes on while any is alive.",
    ),
    WrongAnswer(
        id="ended_go_on",
        code=_beam("never ends"),
        says="Translations that have ended are continued in your beam.",
        why="What has reached end is complete: take it out of the beam and keep it aside.",
    ),
    WrongAnswer(
        id="beam_shrinks",
        code=_beam("room"),
        says="A translation that has ended keeps its room in your beam.",
        why="It waits outside. The beam is filled up to `width` again from all continuations of those alive.",
    ),
    WrongAnswer(
        id="width_of_each",
        code=_beam("width of each"),
        says="You kept the best `width` continuations of each translation, not of all.",
        why="Then nothing is ever thrown away: the beam grows to width, width², width³. All continuations compete.",
    ),
    WrongAnswer(
        id="scores_not_added",
        code=_beam("no sum"),
        says="A translation's score in your beam is the log p of its last word alone.",
        why="The log p of a translation is the sum over all its words.",
    ),
    WrongAnswer(
        id="ranked_by_the_last_word",
        code=_beam("last step"),
        says="You rank continuations by their last word, although you add the scores up.",
        why="A likely word after an unlikely beginning is still unlikely: rank by the sum.",
    ),
    WrongAnswer(
        id="probabilities_added",
        code=_beam("probabilities"),
        says="You added probabilities; log-probabilities are added.",
        why="The chance of a translation is the product over its words, and the log of a product is a sum of logs.",
    ),
    WrongAnswer(
        id="alive_left_out",
        code=_beam("live lost"),
        says="At max_len you chose among those that had ended; the ones alive count as well.",
        why="They are the beam's best at that moment, and here they count as they are.",
    ),
    WrongAnswer(
        id="greedy",
        code=_beam("one"),
        says="Your beam keeps one translation, whatever `width` is.",
        why="That is greedy decoding: it cannot take a step back from a first word that looked good.",
    ),
    WrongAnswer(
        id="lowest_kept",
        code=_beam("lowest"),
        says="Your beam keeps the least likely continuations.",
        why="Log-probabilities are negative and the best is nearest to 0: sort from the highest down.",
    ),
    WrongAnswer(
        id="score_of_the_sum",
        code=_beam("raw score"),
        says="You chose by the normalised score but returned the plain sum of log p.",
        why="The second result is what the choice was made by: log p / length^α.",
    ),
    WrongAnswer(
        id="start_kept",
        code=_beam("start kept"),
        says="Your words still begin with the start mark.",
        why="It is what the decoder is given, not what it writes.",
    ),
    WrongAnswer(
        id="stops_at_width_ended",
        code=_beam("width ended"),
        says="You stop as soon as `width` translations have ended.",
        why="One that is alive may still overtake them, since a longer sum is divided by more. The search ends at max_len, or when none is alive.",
    ),
)
