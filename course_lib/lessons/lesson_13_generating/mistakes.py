"""The wrong answers that lesson 13 recognises, and the toy models that its cases are tried on."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_13_generating.given import is_exactly_k

# ---------------------------------------------------------------- toy models

FAULTS = ("", "rounds", "no mask", "top left", "positions", "shared", "one low", "opposite")


# ---------------------------------------------------------------- 13.1 greedy

GREEDY = (
    WrongAnswer(
        id="least_likely",
        code=lambda logits: logits.argmin(-1),
        says="You return the place of the smallest logit of each row.",
        why="A logit is a score: the largest belongs to the likeliest token.",
    ),
    WrongAnswer(
        id="number_not_place",
        code=lambda logits: logits.max(-1).values,
        says="You return the largest logits themselves, not where they stand.",
        why="A token is a place in the vocabulary; its logit is only a score.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda logits: logits.argmax(0),
        says="You search down the batch (axis 0), not along each row.",
        why="Rows are texts that have nothing to do with each other. Each row needs one token, from its own last axis.",
    ),
    WrongAnswer(
        id="one_for_all",
        code=lambda logits: logits.argmax(),
        says="You return one number for the whole batch: argmax without an axis counts through all rows.",
        why="Each text goes on in its own way, so one token for each row is due.",
    ),
    WrongAnswer(
        id="axis_kept",
        code=lambda logits: logits.argmax(-1, keepdim=True),
        says="Your result has shape (B, 1); (B,) is due.",
        why="One token for each row is a plain vector; the loop adds the axis of positions when it appends.",
    ),
    WrongAnswer(
        id="last_of_equals",
        code=lambda logits: logits.shape[-1] - 1 - logits.flip(-1).argmax(-1),
        says="Of equal logits you take the last; the first is asked for.",
        why="Any rule would do, but it must be one rule: two programs that differ on ties write different texts.",
    ),
)

# ---------------------------------------------------------------- 13.2 temperature

WITH_TEMPERATURE = (
    WrongAnswer(
        id="after_softmax",
        code=lambda logits, temperature: logits.softmax(-1) / temperature,
        says="You divide the probabilities by the temperature, after the softmax.",
        why="Probabilities divided by T sum to 1/T, and their proportions stay what they were. The temperature acts on "
        "scores: inside the exponent it changes proportions.",
    ),
    WrongAnswer(
        id="no_effect",
        code=lambda logits, temperature: logits.softmax(-1),
        says="Your probabilities do not depend on the temperature.",
        why="Left out, or divided out: dividing probabilities by T and normalising them again gives back the same ones. "
        "Divide the logits, before the softmax.",
    ),
    WrongAnswer(
        id="multiplies",
        code=lambda logits, temperature: (logits * temperature).softmax(-1),
        says="You multiply the logits by the temperature; they are divided by it.",
        why="Heat disorders: a high temperature should bring probabilities closer together. Yours pulls them apart.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda logits, temperature: (logits / temperature).softmax(0),
        says="Your softmax runs down the batch (axis 0).",
        why="Then tokens of different texts share out a total of 1. Each row is a distribution of its own: axis -1.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=lambda logits, temperature: logits / temperature,
        says="You return scaled logits: the softmax is missing.",
        why="Logits may be negative and sum to anything; probabilities are asked for.",
    ),
    WrongAnswer(
        id="logarithms",
        code=lambda logits, temperature: (logits / temperature).log_softmax(-1),
        says="You return logarithms of probabilities.",
        why="log_softmax is what a loss wants. Here the probabilities themselves are asked for.",
    ),
    WrongAnswer(
        id="root",
        code=lambda logits, temperature: (logits / math.sqrt(temperature)).softmax(-1),
        says="You divide by the root of the temperature.",
        why="The root belongs to attention's width d. Logits are divided by T itself.",
    ),
    WrongAnswer(
        id="squared",
        code=lambda logits, temperature: (logits / temperature**2).softmax(-1),
        says="You divide by the temperature twice.",
        why="Once is what softmax(logits / T) says; twice gives the temperature T².",
    ),
    WrongAnswer(
        id="overflows",
        code=lambda logits, temperature: (
            (logits / temperature).exp() / (logits / temperature).exp().sum(-1, keepdim=True)
        ),
        says="Your exponentials overflow when logits are large.",
        why="exp(2000) is infinite, and ∞/∞ is not a number. Subtract each row's largest logit first, or use softmax, "
        "which does.",
    ),
)

# ---------------------------------------------------------------- 13.3 top-k


def _top_k(logits: Tensor, k: int, fill: float = -torch.inf) -> Tensor:
    k = max(0, min(k, logits.shape[-1]))
    if k == 0:
        return torch.full_like(logits, fill)
    return logits.masked_fill(logits < logits.topk(k).values[:, -1:], fill)


def _distinct_k(logits: Tensor, k: int) -> Tensor:
    different = [row.unique().flip(0) for row in logits]
    bars = torch.stack([values[min(k, len(values)) - 1] for values in different])
    return logits.masked_fill(logits < bars[:, None], -torch.inf)


def _exactly_k(logits: Tensor, k: int) -> Tensor:
    best = logits.topk(min(k, logits.shape[-1]))
    return torch.full_like(logits, -torch.inf).scatter(-1, best.indices, best.values)


KEEP_TOP_K = (
    WrongAnswer(
        id="one_too_many",
        code=lambda logits, k: _top_k(logits, k + 1),
        says="You keep k + 1 tokens: k is off by one.",
        why="Counted from 0, the k-th largest stands at place k − 1 of the sorted row.",
    ),
    WrongAnswer(
        id="one_too_few",
        code=lambda logits, k: logits.masked_fill(
            logits <= logits.topk(min(k, logits.shape[-1])).values[:, -1:], -torch.inf
        ),
        says="You drop the k-th token itself, so k − 1 stay.",
        why="The bar is the k-th largest logit, and what equals the bar stays: compare with < in order to remove.",
    ),
    WrongAnswer(
        id="zeros",
        code=lambda logits, k: _top_k(logits, k, fill=0.0),
        says="You set the other logits to 0; −∞ is asked for.",
        why="exp(0) = 1: a logit of 0 is an ordinary score, often better than those that stay. Only −∞ gives probability 0.",
    ),
    WrongAnswer(
        id="least_likely",
        code=lambda logits, k: -_top_k(-logits, k),
        says="You work on the smallest logits: the k least likely tokens stay, and the others become +∞.",
        why="Top-k keeps the k largest logits of each row and gives the others −∞.",
    ),
    WrongAnswer(
        id="bottom_kept",
        code=lambda logits, k: logits.masked_fill(
            logits > (-logits).topk(min(k, logits.shape[-1])).values.neg()[:, -1:], -torch.inf
        ),
        says="You keep the k smallest logits.",
        why="A larger logit is a likelier token: the k largest stay. Sorting ascending puts the smallest first.",
    ),
    WrongAnswer(
        id="best_removed",
        code=lambda logits, k: logits.masked_fill(
            logits >= logits.topk(min(k, logits.shape[-1])).values[:, -1:], -torch.inf
        ),
        says="You remove the k likeliest tokens and keep the rest.",
        why="The comparison is turned round: what lies below the bar becomes −∞.",
    ),
    WrongAnswer(
        id="one_bar_for_all",
        code=lambda logits, k: logits.masked_fill(
            logits < logits.flatten().topk(min(k, logits.numel())).values[-1], -torch.inf
        ),
        says="You take one bar for the whole batch: the k largest logits of all rows together.",
        why="Each text needs k candidates of its own; a row with low logits would be left with none.",
    ),
    WrongAnswer(
        id="only_the_best",
        code=lambda logits, k: logits.topk(min(k, logits.shape[-1])).values,
        says="You return the k largest logits, sorted: nobody knows any more which tokens they belong to.",
        why="A place is a token. The result keeps the shape (B, V), with −∞ where a token is out.",
    ),
    WrongAnswer(
        id="kth_smallest",
        code=lambda logits, k: logits.masked_fill(
            logits < logits.kthvalue(min(k, logits.shape[-1]), dim=-1, keepdim=True).values,
            -torch.inf,
        ),
        says="Your bar is the k-th smallest logit: kthvalue, or an ascending sort, counts from below.",
        why="k tokens would have to be the large ones. Count from above: topk, or a descending sort.",
    ),
    WrongAnswer(
        id="probabilities",
        code=lambda logits, k: _top_k(logits, k).softmax(-1),
        says="You went one step too far: these are probabilities.",
        why="Logits are asked for, so that top-p can follow and one softmax ends it all.",
    ),
    WrongAnswer(
        id="distinct_values",
        code=_distinct_k,
        says="Your bar is the k-th largest different value: equal logits count once for you.",
        why="With logits 5, 5, 4 and k = 2 the second largest is 5. Each token counts, also one whose logit another has too.",
    ),
    WrongAnswer(
        id="ties_cut",
        code=_exactly_k,
        matches=is_exactly_k,
        says="You keep exactly k tokens even where several tie with the k-th.",
        why="Of equal logits none is better. Here what equals the k-th stays too, so that the result does not depend on "
        "the order in which a sort happens to leave equals.",
    ),
)

# ---------------------------------------------------------------- 13.4 top-p


def _top_p(
    logits: Tensor,
    p: float,
    keep: Callable[[Tensor, float], Tensor],
    *,
    fill: float = -torch.inf,
    largest_first: bool = True,
    back: bool = True,
) -> Tensor:
    """Sort, keep by a rule on the sorted probabilities, and put back."""
    ordered, places = logits.sort(-1, descending=largest_first)
    kept = ordered.masked_fill(~keep(ordered.softmax(-1), p), fill)
    return torch.empty_like(logits).scatter(-1, places, kept) if back else kept


def _before(share: Tensor) -> Tensor:
    return share.cumsum(-1) - share


KEEP_TOP_P = (
    WrongAnswer(
        id="drops_crossing",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: share.cumsum(-1) <= p),
        says="You drop the token that crosses p.",
        why="What is left then holds less than p, and a token likelier than p by itself leaves nothing at all. A token "
        "stays when the total before it is below p.",
    ),
    WrongAnswer(
        id="only_first_is_safe",
        code=lambda logits, p: _top_p(
            logits,
            p,
            lambda share, p: (
                (share.cumsum(-1) <= p) | (torch.arange(share.shape[-1], device=share.device) == 0)
            ),
        ),
        says="You drop the token that crosses p and spare the first one alone.",
        why="Something is left now, yet it holds less than p unless the first token does it all. The crossing token stays, "
        "wherever it stands: look at the total before it.",
    ),
    WrongAnswer(
        id="gathered_back",
        code=lambda logits, p: _top_p(
            logits, p, lambda share, p: _before(share) < p, back=False
        ).gather(-1, logits.argsort(-1, descending=True)),
        says="You put the logits back with the places turned round.",
        why="places[i] says where the i-th of the sorted row came from, so scatter sends it there. gather reads the table the "
        "other way, which is right only for swaps.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=lambda logits, p: _top_p(
            logits,
            p,
            lambda share, p: (
                (_before(share) - share.roll(1, -1)).index_fill(
                    -1, torch.tensor([0], device=share.device), -1.0
                )
                < p
            ),
        ),
        says="You keep one token more than p needs.",
        why="The token that crosses p is the last that stays; yours keeps the next one too.",
    ),
    WrongAnswer(
        id="each_by_itself",
        code=lambda logits, p: logits.masked_fill(logits.softmax(-1) < p, -torch.inf),
        says="You compare each probability by itself with p.",
        why="It is their running total, from the likeliest down, that has to reach p. Single probabilities rarely do.",
    ),
    WrongAnswer(
        id="smallest_first",
        code=lambda logits, p: _top_p(
            logits, p, lambda share, p: _before(share) < p, largest_first=False
        ),
        says="Your running total starts at the least likely token.",
        why="Top-p collects the likeliest first: sort in descending order.",
    ),
    WrongAnswer(
        id="not_sorted",
        code=lambda logits, p: logits.masked_fill(_before(logits.softmax(-1)) >= p, -torch.inf),
        says="Your running total follows the order of the vocabulary: the tokens are not sorted.",
        why="Which tokens stay would depend on their numbers. The likeliest come first.",
    ),
    WrongAnswer(
        id="left_sorted",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: _before(share) < p, back=False),
        says="Your result is still in sorted order.",
        why="Place 0 is token 0, whatever its logit. Use the places that the sort returned to put every logit back.",
    ),
    WrongAnswer(
        id="mask_not_put_back",
        code=lambda logits, p: logits.masked_fill(
            _before(logits.sort(-1, descending=True).values.softmax(-1)) >= p, -torch.inf
        ),
        says="Your mask is in sorted order, and you apply it to logits that are not.",
        why="The mask says “the first three of the sorted row”; put it back to the tokens' own places before you use it.",
    ),
    WrongAnswer(
        id="zeros",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: _before(share) < p, fill=0.0),
        says="You set the other logits to 0; −∞ is asked for.",
        why="exp(0) = 1: a logit of 0 is an ordinary score. Only −∞ gives probability 0.",
    ),
    WrongAnswer(
        id="keeps_the_rest",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: _before(share) < 1 - p),
        says="You keep the tokens that hold 1 − p, not p.",
        why="p is the share that stays: at p = 0.9 the unlikely tail of 0.1 goes.",
    ),
    WrongAnswer(
        id="total_of_logits",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: _before(share.log()) < p),
        says="Your running total adds logarithms or logits, not probabilities.",
        why="Only probabilities sum to 1, so only their total can be compared with p: softmax first.",
    ),
    WrongAnswer(
        id="probabilities",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: _before(share) < p).softmax(-1),
        says="You went one step too far: these are probabilities.",
        why="Logits are asked for; one softmax ends it all.",
    ),
)

# ---------------------------------------------------------------- 13.5 drawing

DRAW = (
    WrongAnswer(
        id="one_number_for_all",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(-1) <= uniforms[:1, None])
            .sum(-1)
            .clamp(max=probabilities.shape[-1] - 1)
        ),
        says="All rows use the first row's number.",
        why="Each text draws for itself. With one number for the batch, equal prompts would write equal texts.",
    ),
    WrongAnswer(
        id="likeliest",
        code=lambda probabilities, uniforms: probabilities.argmax(-1),
        says="You return the likeliest token, whatever the number says.",
        why="That is greedy. A token of probability ¼ must come a quarter of the time.",
    ),
    WrongAnswer(
        id="one_late",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(-1) <= uniforms[:, None]).sum(-1) + 1
        ).clamp(max=probabilities.shape[-1] - 1),
        says="Your token is one too far along the row.",
        why="Tokens count from 0: when no end has been passed, it is token 0.",
    ),
    WrongAnswer(
        id="one_early",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(-1) <= uniforms[:, None]).sum(-1) - 1
        ).clamp(min=0),
        says="Your token is the one before the one that the number points at.",
        why="The last end that was passed belongs to the token before. How many ends were passed is the token itself.",
    ),
    WrongAnswer(
        id="no_running_total",
        code=lambda probabilities, uniforms: (
            (probabilities > uniforms[:, None]).to(torch.uint8).argmax(-1)
        ),
        says="You compare the number with single probabilities, not with their running total.",
        why="A number of 0.9 exceeds every probability, yet it points at a token. Lay them end to end: cumsum.",
    ),
    WrongAnswer(
        id="from_the_end",
        code=lambda probabilities, uniforms: (
            probabilities.shape[-1]
            - 1
            - (probabilities.flip(-1).cumsum(-1) <= uniforms[:, None])
            .sum(-1)
            .clamp(max=probabilities.shape[-1] - 1)
        ),
        says="You lay the tokens out from the last to the first.",
        why="The frequencies come out right, but the exercise asks for the order of the vocabulary, so that everybody "
        "draws the same token for the same number.",
    ),
    WrongAnswer(
        id="all_alike",
        code=lambda probabilities, uniforms: (uniforms * probabilities.shape[-1]).long(),
        says="You give every token the same chance: the probabilities are not used.",
        why="u · V cuts the stick into V equal pieces. The pieces are as long as the probabilities.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(0) <= uniforms[:, None])
            .sum(-1)
            .clamp(max=probabilities.shape[-1] - 1)
        ),
        says="Your running total goes down the batch (axis 0), not along each row.",
        why="Each row is a distribution of its own: axis -1.",
    ),
    WrongAnswer(
        id="border_belongs_to_both",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(-1) < uniforms[:, None])
            .sum(-1)
            .clamp(max=probabilities.shape[-1] - 1)
        ),
        says="A number exactly on a border goes to the token before it.",
        why="The number 0 would then draw token 0 even when its probability is 0. A token's piece holds its start, not its "
        "end: the total has to exceed the number.",
    ),
    WrongAnswer(
        id="falls_to_the_first",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(-1) > uniforms[:, None]).int().argmax(-1)
        ),
        says="When rounding leaves the total below the number, you return token 0.",
        why="argmax of a row that is all False is 0. A number beyond the total belongs to the last token.",
    ),
    WrongAnswer(
        id="beyond_the_last",
        code=lambda probabilities, uniforms: (probabilities.cumsum(-1) <= uniforms[:, None]).sum(
            -1
        ),
        says="When rounding leaves the total below the number, you return a token that does not exist.",
        why="Totals of rounded probabilities may end at 0.9999. Numbers beyond belong to the last token.",
    ),
)

# ---------------------------------------------------------------- 13.6 positions


def _placed(at: Callable[[Tensor, int], Any]) -> Callable[..., Tensor]:
    return lambda tokens, embed, positions, n_cached: (
        embed[tokens] + positions[at(tokens, n_cached)]
    )


EMBED_NEXT = (
    WrongAnswer(
        id="not_advanced",
        code=_placed(lambda tokens, n: slice(0, tokens.shape[1])),
        says="Your positions start at 0 again: they do not advance with the cache.",
        why="The first new token stands behind n_cached others. At position 0 it would pass for the start of the text.",
    ),
    WrongAnswer(
        id="all_at_one_place",
        code=_placed(lambda tokens, n: slice(n, n + 1)),
        says="All new tokens get the position of the first new one.",
        why="Several tokens appended at once stand one behind the other, at n_cached, n_cached + 1 and so on.",
    ),
    WrongAnswer(
        id="one_ahead",
        code=_placed(lambda tokens, n: slice(n + 1, n + 1 + tokens.shape[1])),
        says="Your positions are one too far.",
        why="Positions count from 0: behind 2 tokens, at 0 and 1, the next one stands at 2.",
    ),
    WrongAnswer(
        id="one_behind",
        code=_placed(lambda tokens, n: torch.arange(tokens.shape[1], device=tokens.device) + n - 1),
        says="Your positions are one too small: the first new token gets that of the last old one.",
        why="Behind n_cached tokens, at 0 … n_cached − 1, the next place is n_cached.",
    ),
    WrongAnswer(
        id="from_the_end",
        code=lambda tokens, embed, positions, n_cached: (
            embed[tokens] + positions[len(positions) - tokens.shape[1] :]
        ),
        says="You take the last rows of the position table.",
        why="The table has room for the longest text; the new tokens stand right behind the cached ones.",
    ),
    WrongAnswer(
        id="no_positions",
        code=lambda tokens, embed, positions, n_cached: embed[tokens],
        says="Positions are missing: only the tokens are embedded.",
        why="Without them the model cannot tell this token from the same one said earlier.",
    ),
    WrongAnswer(
        id="positions_by_token",
        code=_placed(lambda tokens, n: tokens % (n + tokens.shape[1] + 2)),
        says="You look positions up by the tokens' ids.",
        why="An id says which word it is, not where it stands.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda tokens, embed, positions, n_cached: (
            embed[tokens] * positions[n_cached : n_cached + tokens.shape[1]]
        ),
        says="You multiply tokens by their positions; the two are added.",
        why="This model was trained on sums, and a row of zeros among the positions would erase the token.",
    ),
)

# ---------------------------------------------------------------- 13.7 attention with a cache


def _cached(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    past_k: Tensor,
    past_v: Tensor,
    *,
    shift: int | None = 0,
    top_left: bool = False,
    new_first: bool = False,
    forgets: bool = False,
    shared: bool = False,
    scale: float | None = None,
    swap: bool = False,
    how: str = "before",
    axis: int = -1,
    returns: str = "all",
) -> tuple[Tensor, Tensor, Tensor]:
    """Cached attention with switches for its classic mistakes; all off, it is right."""
    t, s = q.shape[-2], past_k.shape[-2]
    if shared:
        past_k, past_v = past_k[:1].expand_as(past_k), past_v[:1].expand_as(past_v)
    both = ((k, past_k), (v, past_v)) if new_first else ((past_k, k), (past_v, v))
    keys, values = (torch.cat(pair, -2) for pair in both)
    kept = {"all": (keys, values), "new": (k, v), "old": (past_k, past_v)}[returns]
    if forgets:
        keys, values, s = k, v, 0
    mask = torch.ones(t, s + t, dtype=torch.bool, device=q.device)
    if shift is not None:
        mask = mask.tril((0 if top_left else s) + shift)
    scores = q @ keys.mT * (q.shape[-1] ** -0.5 if scale is None else scale)
    if how == "product":
        scores = scores * mask
    elif how == "before":
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(axis).nan_to_num()
    weights = weights * mask if how == "after" else weights
    return weights @ (keys if swap else values), *kept


def _cached_fault(**switches: Any) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    return lambda q, k, v, past_k, past_v: _cached(q, k, v, past_k, past_v, **switches)


CACHED_ATTENTION = (
    WrongAnswer(
        id="mask_top_left",
        code=_cached_fault(top_left=True),
        says="Your mask starts in the top left corner: new query 0 sees key 0 alone.",
        why="The new queries are the last T positions, so the triangle belongs at the bottom right: query t sees the S "
        "kept keys and new keys 0 … t. (is_causal=True of PyTorch's fused call aligns top left, too.)",
    ),
    WrongAnswer(
        id="no_mask",
        code=_cached_fault(shift=None),
        says="Nothing is masked: when several tokens are appended at once, the first of them reads those after it.",
        why="One new token may see everything, so a test with single tokens passes. Appended together, each may see only "
        "the kept keys, the new ones before it, and itself.",
    ),
    WrongAnswer(
        id="not_itself",
        code=_cached_fault(shift=-1),
        says="A new token does not see itself: your mask is off by one.",
        why="Row t of the mask is True up to and including place S + t, where the new token itself stands.",
    ),
    WrongAnswer(
        id="one_ahead",
        code=_cached_fault(shift=1),
        says="A new token sees the one after it: your mask is off by one.",
        why="Row t of the mask is True up to place S + t, and no further.",
    ),
    WrongAnswer(
        id="past_forgotten",
        code=_cached_fault(forgets=True),
        says="Your queries look at the new keys alone: the cache is kept but not used.",
        why="The text so far lives in the cache. Scores run over all S + T keys.",
    ),
    WrongAnswer(
        id="new_first",
        code=_cached_fault(new_first=True),
        says="You put the new keys and values in front of the old ones.",
        why="Then place S + t is not new token t any more, and the mask hides the wrong keys. Old first, new behind.",
    ),
    WrongAnswer(
        id="shared_by_the_batch",
        code=_cached_fault(shared=True),
        says="All texts read the first text's cache.",
        why="Each row of the batch has keys and values of its own. With one text it goes unnoticed.",
    ),
    WrongAnswer(
        id="returns_new_only",
        code=_cached_fault(returns="new"),
        says="You return the new keys and values alone, so the next step would find a cache of this step only.",
        why="What is returned is kept for the next call: old and new, S + T positions.",
    ),
    WrongAnswer(
        id="returns_old",
        code=_cached_fault(returns="old"),
        says="You return the old cache: the new token's key and value are lost.",
        why="What is returned is kept for the next call: old and new, S + T positions.",
    ),
    WrongAnswer(
        id="mask_multiplied",
        code=_cached_fault(how="product"),
        says="You multiply the scores by the mask, so forbidden keys get the score 0.",
        why="exp(0) = 1: a forbidden key still takes its share. Its score has to be −∞.",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_cached_fault(how="after"),
        says="You mask the weights, after the softmax.",
        why="The forbidden keys took part in the division, and the rest of the row sums to less than 1.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=_cached_fault(axis=-2),
        says="Your softmax runs over the new queries (axis -2), not over the keys.",
        why="Each query shares out a total of 1 over the keys: the softmax runs along the last axis.",
    ),
    WrongAnswer(
        id="no_scale",
        code=_cached_fault(scale=1.0),
        says="Your scores are not divided by √d.",
        why="A cache changes nothing about attention itself: softmax(q kᵀ / √d) v.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=_cached_fault(swap=True),
        says="Your output mixes the keys, not the values.",
        why="Both are cached because both are needed: keys to look, values to read.",
    ),
)

# ---------------------------------------------------------------- 13.8 the bug hunt


def _hunt(
    model: Any,
    tokens: Tensor,
    sizes: Sequence[int],
    *,
    agree: Callable[[Tensor], Tensor] = lambda gap: (gap.abs() <= 1e-4).all(-1),
    fresh: bool = False,
    chosen: bool = False,
) -> Tensor:
    """Return for each text and position whether cached and uncached logits agree."""
    cache, parts = model.new_cache(len(tokens)), []
    for part in tokens.split(list(sizes), dim=1):
        cache = model.new_cache(len(tokens)) if fresh else cache
        parts.append(model(part, cache))
    cached, whole = torch.cat(parts, dim=1), model(tokens)
    return cached.argmax(-1) == whole.argmax(-1) if chosen else agree(cached - whole)


def _leading(agree: Tensor) -> int:
    return int(agree.all(0).long().cumprod(0).sum())


AGREEING_POSITIONS = (
    WrongAnswer(
        id="one_at_a_time",
        code=lambda model, tokens, sizes: _leading(_hunt(model, tokens, [1] * tokens.shape[1])),
        says="You append one token at a time, whatever the sizes say.",
        why="A cache that masks wrongly shows it only when several tokens are appended at once. Cut the tokens as sizes says.",
    ),
    WrongAnswer(
        id="all_at_once",
        code=lambda model, tokens, sizes: _leading(_hunt(model, tokens, [tokens.shape[1]])),
        says="You give the cache all tokens at once.",
        why="An empty cache has nothing to be wrong about. It is the second part, behind a filled cache, that shows faults.",
    ),
    WrongAnswer(
        id="chosen_tokens",
        code=lambda model, tokens, sizes: _leading(_hunt(model, tokens, sizes, chosen=True)),
        says="You compare the chosen tokens, not the logits.",
        why="Logits can be wrong for a long time before the largest changes place. Compare the numbers.",
    ),
    WrongAnswer(
        id="counts_later_ones",
        code=lambda model, tokens, sizes: int(_hunt(model, tokens, sizes).all(0).sum()),
        says="You count every position that agrees, also behind the first that does not.",
        why="The question is how far the cache can be trusted: up to the first difference.",
    ),
    WrongAnswer(
        id="first_text_only",
        code=lambda model, tokens, sizes: _leading(_hunt(model, tokens, sizes)[:1]),
        says="You compare the first text of the batch alone.",
        why="A cache shared by the batch is right for the first text and wrong for all others.",
    ),
    WrongAnswer(
        id="any_text",
        code=lambda model, tokens, sizes: int(
            _hunt(model, tokens, sizes).any(0).long().cumprod(0).sum()
        ),
        says="A position counts for you when one of the texts agrees there.",
        why="It must be right in every text of the batch.",
    ),
    WrongAnswer(
        id="any_logit",
        code=lambda model, tokens, sizes: _leading(
            _hunt(model, tokens, sizes, agree=lambda gap: (gap.abs() <= 1e-4).any(-1))
        ),
        says="A position counts for you when one of its logits agrees.",
        why="All logits of a position must agree; one in hundreds may do so by accident.",
    ),
    WrongAnswer(
        id="sign_forgotten",
        code=lambda model, tokens, sizes: _leading(
            _hunt(model, tokens, sizes, agree=lambda gap: (gap <= 1e-4).all(-1))
        ),
        says="You compare differences without their absolute value.",
        why="A difference of −5 is below 1e-4, yet the logits are far apart.",
    ),
    WrongAnswer(
        id="mean_difference",
        code=lambda model, tokens, sizes: _leading(
            _hunt(model, tokens, sizes, agree=lambda gap: gap.mean(-1).abs() <= 1e-4)
        ),
        says="You average the differences before you look at them: one too low and one too high cancel.",
        why="Take absolute values first, and the largest of them, or all.",
    ),
    WrongAnswer(
        id="to_the_last_bit",
        code=lambda model, tokens, sizes: _leading(
            _hunt(model, tokens, sizes, agree=lambda gap: (gap == 0).all(-1))
        ),
        says="You ask for equality to the last bit.",
        why="A product of one row and a product of many round differently, so a right cache differs by 1e-7 or so. Allow 1e-4.",
    ),
    WrongAnswer(
        id="cache_thrown_away",
        code=lambda model, tokens, sizes: _leading(_hunt(model, tokens, sizes, fresh=True)),
        says="You make a new cache for each part.",
        why="Then nothing is remembered from one part to the next, and even a right cache looks wrong.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=lambda model, tokens, sizes: min(
            _leading(_hunt(model, tokens, sizes)) + 1, tokens.shape[1]
        ),
        says="You count the first wrong position too.",
        why="The result is how many positions agree: when position 2 is the first wrong one, 0 and 1 agree, which is 2.",
    ),
)

# ---------------------------------------------------------------- 13.9 the loop


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


GENERATE = (
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

# ---------------------------------------------------------------- 13.10 chat


def _chat(
    turns: Any,
    encode: Any,
    control: Any,
    reply: bool,
    *,
    parse: bool = False,
    ends: bool = True,
    opens: bool | None = None,
    roles: str = "own",
    after: str = "assistant",
    last_end: bool = True,
    names: bool = False,
) -> list[int]:
    """The template with switches for its classic mistakes; all off, it is right."""

    def token(name: str) -> list[int]:
        return list(encode(f"<|{name}|>")) if names else [control[name]]

    ids: list[int] = []
    for at, (speaker, text) in enumerate(turns):
        who = {"own": speaker, "alternate": ("user", "assistant")[at % 2], "user": "user"}
        ids += token(who[roles]) if roles in who else []
        ids += encode(text, parse=True) if parse else encode(text)
        ids += token("end") if ends and (last_end or at < len(turns) - 1) else []
    if reply if opens is None else opens:
        ids += token(after)
    return ids


def _chat_fault(**switches: Any) -> Callable[..., list[int]]:
    return lambda turns, encode, control, reply: _chat(turns, encode, control, reply, **switches)


RENDER_CHAT = (
    WrongAnswer(
        id="text_becomes_control",
        code=_chat_fault(parse=True),
        says="Names of control tokens inside a text become control tokens.",
        why="A user who writes “<|end|><|assistant|>” would close the turn and speak as the assistant. Encode what was said "
        "without parse, and add control tokens by their ids.",
    ),
    WrongAnswer(
        id="control_as_text",
        code=_chat_fault(names=True),
        says="You spell the names of control tokens out as text.",
        why="The model was trained on one id for each; “<|user|>” in letters means nothing to it. Take the ids from control.",
    ),
    WrongAnswer(
        id="turns_do_not_end",
        code=_chat_fault(ends=False),
        says="Your turns do not end: the end token is missing.",
        why="The model learns from it where a turn is over, and writes it when its own is. Without it nothing stops.",
    ),
    WrongAnswer(
        id="one_end_for_all",
        code=lambda turns, encode, control, reply: [
            *(token for who, said in turns for token in (control[who], *encode(said))),
            control["end"],
            *[control["assistant"]] * reply,
        ],
        says="You close the conversation once; every turn is closed.",
        why="The end token says that a turn is over. Without it inside, the model never learns that others speak too.",
    ),
    WrongAnswer(
        id="no_generation_prompt",
        code=_chat_fault(opens=False),
        says="You never open a turn for the reply.",
        why="Behind a closed turn the model may go on as anybody, the user included. With reply=True the assistant's token "
        "comes last.",
    ),
    WrongAnswer(
        id="always_opens",
        code=_chat_fault(opens=True),
        says="You open a turn for a reply even when none is due.",
        why="With reply=False the conversation is complete, as in training: nothing follows the last end.",
    ),
    WrongAnswer(
        id="reply_closed",
        code=lambda turns, encode, control, reply: [
            *_chat(turns, encode, control, reply),
            *[control["end"]] * reply,
        ],
        says="You close the turn that you open for the reply.",
        why="The model writes into an open turn, and says itself when it is over. Behind the assistant's token stands nothing.",
    ),
    WrongAnswer(
        id="text_stripped",
        code=lambda turns, encode, control, reply: _chat(
            [(who, said.strip()) for who, said in turns], encode, control, reply
        ),
        says="You cut the blanks off both ends of a text.",
        why="A template says who speaks and where a turn ends. What was said it leaves as it is.",
    ),
    WrongAnswer(
        id="opens_as_user",
        code=_chat_fault(after="user"),
        says="You open the reply as the user.",
        why="The model would write the user's next sentence. It is the assistant who replies.",
    ),
    WrongAnswer(
        id="speakers_alternate",
        code=_chat_fault(roles="alternate"),
        says="You let user and assistant take turns, whoever it was that spoke.",
        why="A conversation may begin with the assistant, and one speaker may speak twice. Each pair names its speaker.",
    ),
    WrongAnswer(
        id="speakers_missing",
        code=_chat_fault(roles="none"),
        says="Your turns do not say who speaks.",
        why="The model needs the speaker's token to know whose words it reads.",
    ),
    WrongAnswer(
        id="all_user",
        code=_chat_fault(roles="user"),
        says="Every turn is opened as the user's.",
        why="Each pair names its speaker: control[speaker].",
    ),
    WrongAnswer(
        id="last_turn_open",
        code=_chat_fault(last_end=False),
        says="The last turn is not closed.",
        why="Every turn ends with the end token, also the one before a reply.",
    ),
)
