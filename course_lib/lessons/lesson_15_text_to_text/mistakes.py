"""The wrong answers that lesson 15 recognises in text: spans, shifting, answers, ROUGE-L.

Those about buckets and attention stand in `lesson_15_model.py`.
"""

import re
import string
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_15_text_to_text.reference import (
    answer_scores,
    normalise,
    rouge_l,
    shift_right,
)

# ---------------------------------------------------------------- 15.1 corrupt


def _corrupt(
    tokens: Any,
    spans: Any,
    sentinels: Any,
    *,
    one: bool = False,
    every: bool = False,
    keeps: bool = False,
    last: bool = True,
    behind: bool = False,
    as_end: bool = False,
    gone: bool = False,
    own: bool = False,
    tail: bool = True,
) -> tuple[list[int], list[int]]:
    """Span corruption with switches for its classic mistakes; all off, it is right."""
    read: list[int] = []
    written: list[int] = []
    at = 0
    for place, (start, length) in enumerate(spans):
        end = length if as_end else start + length
        sentinel = sentinels[0 if one else place]
        asked = sentinels[len(spans) - 1 - place] if own else sentinel
        read += tokens[at:start]
        read += [] if gone else [sentinel] * (end - start) if every else [sentinel]
        read += tokens[start:end] if keeps else []
        written += [*tokens[start:end], asked] if behind else [asked, *tokens[start:end]]
        at = end
    read += tokens[at:] if tail else []
    return read, [*written, sentinels[0 if one else len(spans)]] if last else written


def _corrupt_fault(**switches: Any) -> Callable[..., Any]:
    return lambda tokens, spans, sentinels: _corrupt(tokens, spans, sentinels, **switches)


CORRUPT = (
    WrongAnswer(
        id="sentinels_reused",
        code=_corrupt_fault(one=True),
        says="Every span has the same sentinel.",
        why="Then nothing tells which words belong where: two texts with their spans exchanged look alike. The i-th span has the "
        "i-th sentinel.",
    ),
    WrongAnswer(
        id="last_sentinel_missing",
        code=_corrupt_fault(last=False),
        says="The last sentinel is missing from what is to be written.",
        why="It closes the last span as the others are closed by the sentinel behind them. Without it nothing says where the last "
        "span is over.",
    ),
    WrongAnswer(
        id="a_sentinel_for_each_token",
        code=_corrupt_fault(every=True),
        says="You put one sentinel for each token that was taken out.",
        why="A span has one sentinel, however long it is: how many words are missing is left for the model to find out, and what "
        "is read gets shorter.",
    ),
    WrongAnswer(
        id="span_still_there",
        code=_corrupt_fault(keeps=True),
        says="You insert the sentinels, but what they stand for is still read.",
        why="The model would copy. The tokens of a span leave what is read: the sentinel stands in their place.",
    ),
    WrongAnswer(
        id="sentinel_behind",
        code=_corrupt_fault(behind=True),
        says="In what is to be written, your sentinels stand behind their spans.",
        why="A sentinel announces its span: first it is named, then its words follow.",
    ),
    WrongAnswer(
        id="length_as_end",
        code=_corrupt_fault(as_end=True),
        says="You take the second number of a span for its end.",
        why="It is a length: (4, 2) holds places 4 and 5, and the text goes on at 4 + 2.",
    ),
    WrongAnswer(
        id="exchanged",
        code=lambda tokens, spans, sentinels: _corrupt(tokens, spans, sentinels)[::-1],
        says="You have exchanged what is read and what is to be written.",
        why="First comes the text with its gaps, then the list of what fills them.",
    ),
    WrongAnswer(
        id="no_sentinel_read",
        code=_corrupt_fault(gone=True),
        says="Nothing marks the gaps in what is read.",
        why="Without a sentinel in the place of a span, the model cannot know where words are missing, nor which are asked for.",
    ),
    WrongAnswer(
        id="other_order",
        code=_corrupt_fault(own=True),
        says="A span has one sentinel where it is read and another where it is written.",
        why="The sentinel is what ties the two together: the i-th on both sides.",
    ),
    WrongAnswer(
        id="tail_lost",
        code=_corrupt_fault(tail=False),
        says="What follows the last span is lost.",
        why="The text goes on behind the last gap: tokens[at:] still has to be read.",
    ),
    WrongAnswer(
        id="whole_text_written",
        code=lambda tokens, spans, sentinels: (_corrupt(tokens, spans, sentinels)[0], list(tokens)),
        says="The whole text is to be written.",
        why="That is BART's task. T5 writes what is missing alone, a fifth of the length: cheaper at every step.",
    ),
)

# ---------------------------------------------------------------- 15.2 spans


def _spans(
    n: int,
    density: float,
    mean_length: float,
    cut: Any,
    *,
    rounds: Callable[[float], int] = round,
    least: bool = True,
    most: bool = True,
    starts_with_noise: bool = False,
    from_text: bool = False,
    single: bool = False,
    relative: bool = False,
    ends: bool = False,
    noise_alone: bool = False,
) -> list[tuple[int, int]]:
    """Drawn spans with switches for their classic mistakes; all off, they are right."""
    n_noise = min(max(rounds(n * density), int(least)), n - 1)
    n_spans = rounds((n if from_text else n_noise) / mean_length)
    n_spans = n_noise if single else max(n_spans, 1)
    n_spans = min(n_spans, n - n_noise, n_noise) if most else n_spans
    spans, at = [], 0
    noise = cut(n_noise, n_spans)
    kept = cut(n if noise_alone else n - n_noise, n_spans)
    for length, stays in zip(noise, kept, strict=True):
        at = 0 if relative else at
        start = at if starts_with_noise else at + stays
        spans.append((start, start + length if ends else length))
        at += stays + length
    return spans


def _spans_fault(**switches: Any) -> Callable[..., Any]:
    return lambda n, density, mean_length, cut: _spans(n, density, mean_length, cut, **switches)


DRAW_SPANS = (
    WrongAnswer(
        id="rounds_down",
        code=_spans_fault(rounds=int),
        says="You cut off decimals where numbers are rounded.",
        why="0.15 · 12 = 1.8 is nearer to 2 than to 1. int cuts, round rounds; with int there are too few gaps on average.",
    ),
    WrongAnswer(
        id="starts_with_a_gap",
        code=_spans_fault(starts_with_noise=True),
        says="Your text begins with a span; it begins with a stretch that stays.",
        why="Stretches alternate, and the first stays: so the first start is the first kept length, not 0.",
    ),
    WrongAnswer(
        id="spans_of_one",
        code=_spans_fault(single=True),
        says="Every span is one token long; the mean length is not asked.",
        why="Single gaps are BERT's task. round(n_noise / mean_length) spans share the tokens that are taken out.",
    ),
    WrongAnswer(
        id="spans_counted_from_the_text",
        code=_spans_fault(from_text=True),
        says="You count the spans from the length of the whole text.",
        why="Only the tokens that are taken out are shared by the spans: their number over the mean length.",
    ),
    WrongAnswer(
        id="starts_do_not_add_up",
        code=_spans_fault(relative=True),
        says="Each start is a kept length; what came before is not added.",
        why="A start is a place in the text: everything before it counts, stretches that stay and spans alike.",
    ),
    WrongAnswer(
        id="ends_for_lengths",
        code=_spans_fault(ends=True),
        says="Your pairs are (start, end); (start, length) is asked for.",
        why="corrupt reads the second number as a length.",
    ),
    WrongAnswer(
        id="kept_from_the_whole",
        code=_spans_fault(noise_alone=True),
        says="The stretches that stay sum to the whole text.",
        why="Some of it is taken out: what stays has n − n_noise tokens. Otherwise the last spans lie behind the end.",
    ),
    WrongAnswer(
        id="exchanged_shares",
        code=lambda n, density, mean_length, cut: _spans(n, 1 - density, mean_length, cut),
        says="You take out what should stay.",
        why="The density is the share that is taken out: at 0.15, fifteen tokens of a hundred.",
    ),
    WrongAnswer(
        id="whole_spans_alone",
        code=lambda n, density, mean_length, cut: _whole_spans(n, density, mean_length, cut),
        says="You fix the number of spans first and give each the mean length.",
        why="Then the number of tokens taken out is a multiple of the mean length. That number is exact and comes first; spans share it.",
    ),
)


def _whole_spans(n: int, density: float, mean_length: float, cut: Any) -> list[tuple[int, int]]:
    n_spans = max(round(n * density / mean_length), 1)
    length = min(max(round(mean_length), 1), (n - 1) // n_spans)
    spans, at = [], 0
    for stays in cut(n - n_spans * length, n_spans):
        spans.append((at + stays, length))
        at += stays + length
    return spans


# ---------------------------------------------------------------- 15.6 shift right


def _appended(labels: Tensor, start: int, pad: int) -> Tensor:
    read = labels.masked_fill(labels == -100, pad)
    return torch.cat([torch.full_like(read[:, :1], start), read], dim=1)


def _moved(labels: Tensor, start: int, pad: int, by: int = 1) -> Tensor:
    return torch.roll(labels.masked_fill(labels == -100, pad), by, dims=1)


def _left(labels: Tensor, start: int, pad: int) -> Tensor:
    read = labels.masked_fill(labels == -100, pad)
    return torch.cat([read[:, 1:], torch.full_like(read[:, :1], pad)], dim=1)


def _overwritten(labels: Tensor, start: int, pad: int) -> Tensor:
    read = labels.masked_fill(labels == -100, pad)
    return torch.cat([torch.full_like(read[:, :1], start), read[:, 1:]], dim=1)


SHIFT_RIGHT = (
    WrongAnswer(
        id="not_shifted",
        code=lambda labels, start, pad: labels.masked_fill(labels == -100, pad),
        says="The decoder reads at each place what it is to write there.",
        why="Then copying is enough: the loss falls to 0 and nothing is learned. At place t it reads what stood at t − 1.",
    ),
    WrongAnswer(
        id="start_missing",
        code=_moved,
        says="The start token is missing: the last label has moved to the front.",
        why="torch.roll puts what falls off the end at the beginning. Before anything is written there is the start token.",
    ),
    WrongAnswer(
        id="shifted_left",
        code=_left,
        says="You shift to the left: the decoder reads the word after the one that it is to write.",
        why="At place t it may know places before t. What is read moves to the right, behind the start token.",
    ),
    WrongAnswer(
        id="one_longer",
        code=_appended,
        says="The last label is still there, so the decoder reads one place more than it writes.",
        why="The last label is written, but nothing after it is, so it is never read. Reading and writing have the same length.",
    ),
    WrongAnswer(
        id="ignored_left_in",
        code=lambda labels, start, pad: torch.cat(
            [torch.full_like(labels[:, :1], start), labels[:, :-1]], dim=1
        ),
        says="−100 is still there: no row of the table of words has that number.",
        why="−100 tells the loss to look away. As a word to read it is an index out of range; padding takes its place.",
    ),
    WrongAnswer(
        id="first_overwritten",
        code=_overwritten,
        says="You write the start token over the first label and shift nothing.",
        why="The first label has to be read at the second place, and so on: everything moves by one.",
    ),
    WrongAnswer(
        id="starts_with_pad",
        code=lambda labels, start, pad: shift_right(labels, pad, pad),
        says="You begin with padding, whatever start is.",
        why="T5's start token is its padding, BART's is not. The function is told which one.",
    ),
    WrongAnswer(
        id="ignored_become_start",
        code=lambda labels, start, pad: shift_right(labels, start, start),
        says="Where a label is −100 you read the start token.",
        why="It marks one place, the first. What the loss leaves out is padding.",
    ),
)

# ---------------------------------------------------------------- 15.8 best span


def _span(
    start: Tensor,
    end: Tensor,
    passage: Tensor,
    longest: int,
    *,
    order: bool = True,
    limit: int | None = 0,
    inside: str = "both",
    product: bool = False,
) -> tuple[int, int]:
    """The search with switches for its classic mistakes; all off, it is right."""
    best, found = -float("inf"), (0, 0)
    first, last = start.tolist(), end.tolist()
    if product:
        first, last = start.exp().tolist(), end.tolist()
    for i in range(len(first)):
        for j in range(len(last)):
            if (order and j < i) or (limit is not None and j - i >= longest + limit):
                continue
            if (inside in ("both", "start") and not passage[i]) or (
                inside in ("both", "end") and not passage[j]
            ):
                continue
            score = first[i] * last[j] if product else first[i] + last[j]
            if score > best:
                best, found = score, (i, j)
    return found


def _span_fault(**switches: Any) -> Callable[..., Any]:
    return lambda start, end, passage, longest: _span(start, end, passage, longest, **switches)


def _alone(start: Tensor, end: Tensor, passage: Tensor, longest: int) -> tuple[int, int]:
    out = [int(each.masked_fill(~passage, -torch.inf).argmax()) for each in (start, end)]
    return out[0], out[1]


def _start_first(start: Tensor, end: Tensor, passage: Tensor, longest: int) -> tuple[int, int]:
    first = int(start.masked_fill(~passage, -torch.inf).argmax())
    behind = [j for j in range(first, min(first + longest, len(end))) if passage[j]]
    return first, max(behind, key=lambda j: (float(end[j]), -j))


def _by_probability(start: Tensor, end: Tensor, passage: Tensor, longest: int) -> tuple[int, int]:
    return _span(start.softmax(-1), end.softmax(-1), passage, longest)


BEST_SPAN = (
    WrongAnswer(
        id="each_alone",
        code=_alone,
        says="You choose the start and the end each for itself.",
        why="The best end may lie before the best start. The pair is chosen together: the greatest sum among pairs that are spans.",
    ),
    WrongAnswer(
        id="start_first",
        code=_start_first,
        says="You fix the best start and then look for an end.",
        why="A start that is a little worse may have a much better end behind it: the greatest sum counts.",
    ),
    WrongAnswer(
        id="ends_before_it_starts",
        code=_span_fault(order=False),
        says="Your span may end before it starts.",
        why="Pairs with end < start are no spans of text.",
    ),
    WrongAnswer(
        id="one_too_long",
        code=_span_fault(limit=1),
        says="Your answers may be one token too long.",
        why="From i to j there are j − i + 1 tokens, both ends counted: j − i < longest.",
    ),
    WrongAnswer(
        id="one_too_short",
        code=_span_fault(limit=-1),
        says="Your answers may hold one token less than longest.",
        why="longest itself is allowed: from i to j there are j − i + 1 tokens.",
    ),
    WrongAnswer(
        id="no_limit",
        code=_span_fault(limit=None),
        says="You set no limit on the length.",
        why="An answer of half the passage is no answer: at most longest tokens.",
    ),
    WrongAnswer(
        id="outside",
        code=_span_fault(inside="none"),
        says="Your answer may stand in the question or in padding.",
        why="Only the passage holds answers: both ends have to be places where passage is True.",
    ),
    WrongAnswer(
        id="end_outside",
        code=_span_fault(inside="start"),
        says="You hold the start to the passage, but not the end.",
        why="Both ends lie in the passage.",
    ),
    WrongAnswer(
        id="start_outside",
        code=_span_fault(inside="end"),
        says="You hold the end to the passage, but not the start.",
        why="Both ends lie in the passage.",
    ),
    WrongAnswer(
        id="sum_of_probabilities",
        code=_by_probability,
        says="You add probabilities; logits are added.",
        why="The probability of a pair is the product of two, whose logarithm is the sum of two logits and a constant.",
    ),
    WrongAnswer(
        id="exchanged_logits",
        code=lambda start, end, passage, longest: _span(end, start, passage, longest),
        says="You have exchanged the logits of start and end.",
        why="The first list scores where the answer starts, the second where it ends.",
    ),
    WrongAnswer(
        id="end_excluded",
        code=lambda start, end, passage, longest: (
            _span(start, end, passage, longest)[0],
            _span(start, end, passage, longest)[1] + 1,
        ),
        says="Your end is the place behind the answer.",
        why="The end is the last token of the answer, as the logits were trained.",
    ),
)

# ---------------------------------------------------------------- 15.9 answers


def words_of(answer: str) -> list[str]:
    return normalise(answer).split()


def _words(
    text: str, *, lower: bool = True, articles: bool = True, bare: bool = True, loose: bool = False
) -> list[str]:
    text = text.lower() if lower else text
    if bare:
        blank = " " if loose else ""
        text = "".join(blank if letter in string.punctuation else letter for letter in text)
    return (re.sub(r"\b(a|an|the)\b", " ", text) if articles else text).split()


def _scores(
    prediction: str,
    truth: str,
    words: Callable[[str], list[str]] = words_of,
    *,
    sets: bool = False,
    measure: str = "f1",
    exact: str = "words",
) -> tuple[bool, float]:
    """Both scores with switches for their classic mistakes; all off, they are right."""
    said, due = words(prediction), words(truth)
    if sets:
        said, due = sorted(set(said)), sorted(set(due))
    same = {"words": said == due, "raw": prediction == truth, "inside": _inside(due, said)}[exact]
    if not said or not due:
        return same, float(said == due)
    common = sum((Counter(said) & Counter(due)).values())
    below = {"f1": (len(said) + len(due)) / 2, "precision": len(said), "recall": len(due)}
    return same, common / below[measure] if measure in below else common / len(set(said) | set(due))


def _inside(due: list[str], said: list[str]) -> bool:
    return " ".join(due) in " ".join(said)


def _scores_fault(words: Callable[[str], list[str]] = words_of, **more: Any) -> Callable[..., Any]:
    return lambda prediction, truth: _scores(prediction, truth, words, **more)


ANSWER_SCORES = (
    WrongAnswer(
        id="case_counts",
        code=_scores_fault(lambda text: _case_kept(text)),
        says="“Lock” and “lock” are two words for you.",
        why="Whether a word begins a sentence says nothing about the answer: everything is lower case first.",
    ),
    WrongAnswer(
        id="articles_count",
        code=_scores_fault(lambda text: _words(text, articles=False)),
        says="Your words still hold a, an and the.",
        why="“The lock” and “lock” are the same answer; SQuAD drops articles.",
    ),
    WrongAnswer(
        id="punctuation_counts",
        code=_scores_fault(lambda text: _words(text, bare=False)),
        says="Punctuation is still part of your words.",
        why="“lock.” and “lock” are the same answer; punctuation is taken out.",
    ),
    WrongAnswer(
        id="punctuation_splits",
        code=_scores_fault(lambda text: _words(text, loose=True)),
        says="You put a space in the place of punctuation.",
        why="SQuAD takes it out: “__dict__” becomes “dict” either way, but “don't” becomes “dont”, one word.",
    ),
    WrongAnswer(
        id="articles_first",
        code=_scores_fault(
            lambda text: _words(re.sub(r"\b(a|an|the)\b", " ", text.lower()), articles=False)
        ),
        says="You take the articles out before the punctuation.",
        why="Then the a of “a.m.” is an article and “m” is left. Without its points it is the word “am”.",
    ),
    WrongAnswer(
        id="on_sets",
        code=_scores_fault(sets=True),
        says="You count a repeated word once.",
        why="A word said twice where it is due once has one hit and one miss. Count: Counter(a) & Counter(b) keeps the smaller.",
    ),
    WrongAnswer(
        id="precision_alone",
        code=_scores_fault(measure="precision"),
        says="That is precision: the share of what was said that is right.",
        why="One right word out of a long answer would score 1. F1 weighs recall as well.",
    ),
    WrongAnswer(
        id="recall_alone",
        code=_scores_fault(measure="recall"),
        says="That is recall: the share of the truth that was said.",
        why="Answering with the whole passage would score 1. F1 weighs precision as well.",
    ),
    WrongAnswer(
        id="compared_as_typed",
        code=_scores_fault(exact="raw"),
        says="Your exact match compares the texts as they were typed.",
        why="It is exact after normalising: case, punctuation and articles do not count.",
    ),
    WrongAnswer(
        id="truth_inside",
        code=_scores_fault(exact="inside"),
        says="Your exact match is content when the truth stands somewhere in the answer.",
        why="Then the whole passage always matches. The words have to be equal, all of them.",
    ),
    WrongAnswer(
        id="exact_in_any_order",
        code=lambda prediction, truth: (
            sorted(words_of(prediction)) == sorted(words_of(truth)),
            answer_scores(prediction, truth)[1],
        ),
        says="Your exact match forgets the order of the words.",
        why="“true before false” is not “false before true”. F1 forgets the order; exact match does not.",
    ),
    WrongAnswer(
        id="exact_from_f1_on_sets",
        code=lambda prediction, truth: (
            set(words_of(prediction)) == set(words_of(truth)),
            answer_scores(prediction, truth)[1],
        ),
        says="Your exact match compares sets of words.",
        why="Order and repetition count: compare the two lists.",
    ),
    WrongAnswer(
        id="empty_is_zero",
        code=lambda prediction, truth: (
            answer_scores(prediction, truth)[0],
            answer_scores(prediction, truth)[1] if words_of(truth) or words_of(prediction) else 0.0,
        ),
        says="Two empty answers score 0.",
        why="Nothing was due and nothing was said: that is right. An empty one beside a full one scores 0.",
    ),
)


def _case_kept(text: str) -> list[str]:
    bare = text.translate(str.maketrans("", "", string.punctuation))
    return re.sub(r"\b(a|an|the|A|An|The)\b", " ", bare).split()


# ---------------------------------------------------------------- 15.7 ROUGE-L


def _common(target: Any, written: Any) -> int:
    """Return the length of the longest common subsequence."""
    table = [[0] * (len(written) + 1) for _ in range(len(target) + 1)]
    for i, word in enumerate(target):
        for j, other in enumerate(written):
            best = max(table[i][j + 1], table[i + 1][j])
            table[i + 1][j + 1] = table[i][j] + 1 if word == other else best
    return table[-1][-1]


def _substring(target: Any, written: Any) -> int:
    """Return the length of the longest run that both hold without a gap."""
    longest = 0
    for i in range(len(target)):
        for j in range(len(written)):
            n = 0
            while (
                target[i + n : i + n + 1]
                and target[i + n : i + n + 1] == written[j + n : j + n + 1]
            ):
                n += 1
            longest = max(longest, n)
    return longest


def _greedily(target: Any, written: Any) -> int:
    """Return how many words are found by taking the next match of each word in turn."""
    at = found = 0
    for word in target:
        rest = list(written[at:])
        if word in rest:
            at += rest.index(word) + 1
            found += 1
    return found


def _rouge(common: Callable[[Any, Any], int], below: str = "f1") -> Callable[[Any, Any], float]:
    def score(target: Any, written: Any) -> float:
        if not target or not written:
            return 0.0
        sizes = {
            "f1": (len(target) + len(written)) / 2,
            "recall": len(target),
            "precision": len(written),
            "longer": max(len(target), len(written)),
            "shorter": min(len(target), len(written)),
            "both": len(target) + len(written),
        }
        return common(target, written) / sizes[below]

    return score


ROUGE_L = (
    WrongAnswer(
        id="case_ignored",
        code=lambda target, written: _rouge(_common)(
            [word.lower() for word in target], [word.lower() for word in written]
        ),
        says="“Return” and “return” are one word for you.",
        why="Whoever wants that lowers the case of both texts first, as the lesson's next cell does. The score takes words as they come.",
    ),
    WrongAnswer(
        id="on_sets",
        code=lambda target, written: _rouge(lambda a, b: len(a & b))(set(target), set(written)),
        says="You compare sets of words: order and repetition are lost.",
        why="“the the the” would score like “the”, and a shuffled sentence like the sentence. ROUGE-L needs the words in order, "
        "each as often as it stands there.",
    ),
    WrongAnswer(
        id="without_order",
        code=_rouge(lambda a, b: sum((Counter(a) & Counter(b)).values())),
        says="You count common words and forget their order: that is ROUGE-1.",
        why="The L stands for the longest common subsequence: the words have to come in the same order, gaps allowed.",
    ),
    WrongAnswer(
        id="without_gaps",
        code=_rouge(_substring),
        says="You look for the longest run without gaps.",
        why="A subsequence may have gaps: “return … item” is common to “return the first item” and “return an item”.",
    ),
    WrongAnswer(
        id="greedy_matching",
        code=_rouge(_greedily),
        says="You take the next match of each word as it comes.",
        why="An early word matched late uses up all before it: for “c a b” in “a b c” that finds one word, where “a b” are two. "
        "Compare both choices at every step.",
    ),
    WrongAnswer(
        id="recall_alone",
        code=_rouge(_common, "recall"),
        says="That is recall: the common length over the target's.",
        why="Writing everything would score 1. The F-measure weighs precision as well.",
    ),
    WrongAnswer(
        id="precision_alone",
        code=_rouge(_common, "precision"),
        says="That is precision: the common length over that of what was written.",
        why="Writing one sure word would score 1. The F-measure weighs recall as well.",
    ),
    WrongAnswer(
        id="over_the_longer",
        code=_rouge(_common, "longer"),
        says="You divide by the longer of the two.",
        why="F = 2PR/(P + R) works out as the common length over the mean of both lengths.",
    ),
    WrongAnswer(
        id="over_the_shorter",
        code=_rouge(_common, "shorter"),
        says="You divide by the shorter of the two.",
        why="F = 2PR/(P + R) works out as the common length over the mean of both lengths.",
    ),
    WrongAnswer(
        id="half",
        code=_rouge(_common, "both"),
        says="Your score is half of what it should be.",
        why="F = 2PR/(P + R): with P = R = 1 it is 1. The 2 is missing.",
    ),
    WrongAnswer(
        id="arithmetic_mean",
        code=lambda target, written: (
            (
                _rouge(_common, "recall")(target, written)
                + _rouge(_common, "precision")(target, written)
            )
            / 2
        ),
        says="You take the arithmetic mean of precision and recall.",
        why="The F-measure is the harmonic mean, 2PR/(P + R): it is low as soon as one of them is.",
    ),
    WrongAnswer(
        id="by_letters",
        code=lambda target, written: rouge_l(list(" ".join(target)), list(" ".join(written))),
        says="You compare letters; words are compared.",
        why="Any two English texts have most letters in common. A match is a whole word.",
    ),
)
