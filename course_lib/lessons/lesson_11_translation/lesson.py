"""Lesson 11 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_11.py`."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import (
    Case,
    Exercise,
    LessonSpec,
    Option,
    Prediction,
    Property,
    Question,
)
from course_lib.checking.noise import generator, noise, pick
from course_lib.lessons.lesson_11_translation import mistakes as wrong

REFERENCE = "course_lib.lessons.lesson_11_translation.reference"
BEAM = "course_lib.models.beam"
SIZES = range(1, 6)


def sentences(rng: Any, lengths: list[int], n: int, v: int, pad: int) -> Tensor:
    """Return random words (B, n) of a vocabulary of `v`, each row padded after its length."""
    rng = generator(rng) if isinstance(rng, int) else rng
    words = [word for word in range(v) if word != pad]
    out = torch.full((len(lengths), n), pad)
    for row, length in enumerate(lengths):
        out[row, :length] = torch.tensor(
            [words[pick(rng, range(len(words)))] for _ in range(length)]
        )
    return out


def some_lengths(rng: np.random.Generator, count: int, n: int) -> list[int]:
    """Return `count` lengths from 1 to `n`, the first of them `n`."""
    return [n, *(pick(rng, range(1, n + 1)) for _ in range(count - 1))]


# ---------------------------------------------------------------- 11.1 three masks


def mask_case(rng: Any, s: tuple[int, ...], t: tuple[int, ...], pad: int, **more: Any) -> Case:
    rng = generator(rng) if isinstance(rng, int) else rng
    source = sentences(rng, list(s), max(s), 9, pad)
    return Case(args=(source, sentences(rng, list(t), max(t), 9, pad), pad), **more)


def mask_cases() -> list[Case]:
    front = torch.tensor([[0, 0, 1, 7], [1, 4, 6, 8]])
    return [
        mask_case(0, (2, 3), (3, 2), 0, label="sources of 2 and 3 words, targets of 3 and 2"),
        mask_case(
            1, (5, 2, 4), (3, 4, 2), 0, label="3 sentences, sources of 5 places, targets of 4"
        ),
        mask_case(2, (3, 6), (5, 1), 7, label="padding is 7, sources of 6 places, targets of 5"),
        mask_case(3, (2, 2, 1, 2), (5, 5, 5, 3), 4, label="4 sentences, padding is 4"),
        Case(
            label="padding before the words of a target",
            args=(torch.tensor([[3, 5, 0], [6, 8, 7]]), front, 0),
            edge=True,
        ),
    ]


def mask_sample(rng: np.random.Generator) -> Case:
    b, s, t = (pick(rng, SIZES) for _ in range(3))
    lengths = tuple(some_lengths(rng, b, s)), tuple(some_lengths(rng, b, t))
    return mask_case(rng, *lengths, pick(rng, range(4)), label="random")


def mask_oracle(source: Tensor, target: Tensor, pad: int) -> tuple[Tensor, ...]:
    """One pair of places at a time."""
    s, t = range(source.shape[1]), range(target.shape[1])
    rows = list(zip(source.tolist(), target.tolist(), strict=True))
    encoder = [[[x[j] != pad for j in s] for _ in s] for x, _ in rows]
    decoder = [[[y[j] != pad and j <= i for j in t] for i in t] for _, y in rows]
    memory = [[[x[j] != pad for j in s] for _ in t] for x, _ in rows]
    return torch.tensor(encoder), torch.tensor(decoder), torch.tensor(memory)


THREE_MASKS = Exercise(
    name="three_masks",
    title="Three masks",
    minutes=8,
    difficulty=2,
    proves="your masks agree, place by place, with the three rules, wherever padding stands",
    passed="Agrees with a loop over all pairs of places, for padding of any number and place.",
    cases=mask_cases,
    sample=mask_sample,
    oracle=mask_oracle,
    parts=("encoder", "decoder", "memory"),
    reference=f"{REFERENCE}.three_masks",
    hints=(
        "For each of the three, name the one who asks and the one who answers. The last axis belongs "
        "to the keys, and a mask says something about keys.",
        "words = source is not pad, with an axis for the queries: (B, 1, S)\n"
        "encoder = words, repeated for S queries\ndecoder = target is not pad (B, 1, T), and j ≤ i\n"
        "memory = words, repeated for T queries",
        "(source != pad)[:, None].expand(-1, n, -1) repeats the row for n queries.\n"
        "    past = torch.ones(m, m, dtype=torch.bool, device=target.device).tril()\n"
        "    decoder = (target != pad)[:, None] & past",
    ),
    wrong_answers=wrong.THREE_MASKS,
)

# ---------------------------------------------------------------- 11.2 shifting the target


def shift_case(rng: Any, lengths: tuple[int, ...], start: int, **more: Any) -> Case:
    labels = sentences(rng, list(lengths), max(lengths), 9, 0)
    return Case(args=(labels, start), **more)


def shift_cases() -> list[Case]:
    return [
        Case(label="one sentence, 5 6 and end", args=(torch.tensor([[5, 6, 2]]), 1)),
        shift_case(1, (4, 2), 1, label="2 sentences, 4 places"),
        shift_case(2, (6, 5, 3), 8, label="3 sentences, 6 places, start is 8"),
        shift_case(3, (1, 1), 7, label="one place, start is 7", edge=True),
    ]


def shift_sample(rng: np.random.Generator) -> Case:
    b, t = pick(rng, SIZES), pick(rng, SIZES)
    return shift_case(rng, tuple(some_lengths(rng, b, t)), pick(rng, range(9)), label="random")


def shift_oracle(labels: Tensor, start: int) -> Tensor:
    return torch.tensor([[start, *row[:-1]] for row in labels.tolist()])


SHIFT_RIGHT = Exercise(
    name="shift_right",
    title="What the decoder reads",
    minutes=4,
    difficulty=1,
    proves="each place reads the word before the one it predicts, and the labels stay as they are",
    passed="Each place reads the word before its own, the first reads start.",
    cases=shift_cases,
    sample=shift_sample,
    oracle=shift_oracle,
    reference=f"{REFERENCE}.shift_right",
    fresh=True,
    hints=(
        "Write the labels in one line and the inputs below them. Which column falls off, and what "
        "comes in?",
        "a column (B, 1) full of start\nbeside it all columns of labels but the last",
        "torch.full_like(labels[:, :1], start) is the column.\n"
        "    torch.cat([first, ...], dim=1) puts columns side by side.",
    ),
    wrong_answers=wrong.SHIFT_RIGHT,
)

# ---------------------------------------------------------------- 11.3 label smoothing


def smoothing_case(
    rng: Any, lengths: tuple[int, ...], v: int, eps: float, pad: int, **more: Any
) -> Case:
    rng = generator(rng) if isinstance(rng, int) else rng
    logits = noise(rng, len(lengths), max(lengths), v, scale=1.5)
    labels = sentences(rng, list(lengths), max(lengths), v, pad)
    return Case(args=(logits, labels, eps, pad), **more)


def smoothing_cases() -> list[Case]:
    by_hand = torch.tensor([[[0.0, 0.0, math.log(2.0)], [3.0, 1.0, 0.0]]], dtype=torch.float64)
    return [
        Case(
            label="one word with chances ¼, ¼, ½, then padding",
            args=(by_hand, torch.tensor([[2, 0]]), 0.3, 0),
        ),
        smoothing_case(
            1, (4, 2), 5, 0.1, 0, label="2 sentences, 4 places, 5 classes, ε = 0.1", gradients=True
        ),
        smoothing_case(
            2, (3, 6, 1), 7, 0.25, 3, label="3 sentences, padding is 3, ε = 0.25", gradients=True
        ),
        smoothing_case(4, (2, 5), 4, 0.4, 1, label="padding is 1, ε = 0.4", gradients=True),
        smoothing_case(5, (3, 2), 4, 0.0, 0, label="ε = 0, plain cross-entropy", edge=True),
    ]


def smoothing_sample(rng: np.random.Generator) -> Case:
    b, t, v = pick(rng, SIZES), pick(rng, SIZES), pick(rng, range(2, 7))
    eps = pick(rng, range(11)) / 10
    lengths = tuple(some_lengths(rng, b, t))
    return smoothing_case(rng, lengths, v, eps, pick(rng, range(v)), label="random")


def smoothing_oracle(logits: Tensor, labels: Tensor, smoothing: float, pad: int) -> Tensor:
    return F.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=pad, label_smoothing=smoothing
    )


def padding_costs_nothing(call: Any, case: Case, value: Any) -> str | None:
    """One more column of padding leaves the loss as it is."""
    logits, labels, smoothing, pad = case.args
    wider = torch.cat([labels, torch.full_like(labels[:, :1], pad)], 1)
    more = torch.cat([logits, logits[:, :1] + 1], 1)
    loss = float(call(more, wider, smoothing, pad))
    if abs(loss - float(value)) < 1e-9:
        return None
    return (
        "One more column of padding must not change the loss. On the case "
        f"“{case.label}” yours goes from {float(value):.3f} to {loss:.3f}."
    )


SMOOTHED_LOSS = Exercise(
    name="smoothed_loss",
    title="Label smoothing",
    minutes=8,
    difficulty=2,
    proves="your loss is PyTorch's to the last digit, gradients too, and padding costs nothing",
    passed="Agrees with F.cross_entropy(label_smoothing=…, ignore_index=…), gradients too.",
    cases=smoothing_cases,
    sample=smoothing_sample,
    oracle=smoothing_oracle,
    properties=(Property(id="padding_costs_nothing", holds=padding_costs_nothing),),
    reference=f"{REFERENCE}.smoothed_loss",
    forbidden=("cross_entropy", "CrossEntropyLoss", "nll_loss", "NLLLoss", "kl_div", "KLDivLoss"),
    hints=(
        "Two numbers for each place: what the label costs, and what all classes cost on average. "
        "Then: which places take part in the mean?",
        "surprise = −log softmax over the classes: (B, T, V)\n"
        "right = surprise of the label: (B, T)\n"
        "each = (1 − ε) · right + ε · mean of surprise over V\n"
        "mean of each where labels is not pad",
        "surprise.gather(-1, labels[..., None])[..., 0] picks the label's.\n"
        "    each = (1 - smoothing) * right + smoothing * surprise.mean(-1)\n"
        "    return each[labels != pad].mean()",
    ),
    wrong_answers=wrong.SMOOTHED_LOSS,
)

# ---------------------------------------------------------------- 11.4 warm-up


def rate_cases() -> list[Case]:
    plans = ((100, 64, 100), (25, 64, 100), (400, 64, 100), (7, 96, 30), (5000, 512, 4000))
    labels = ("at the peak", "a quarter of the way up", "four times the warm-up", "", "")
    return [
        Case(label=f"step {s}, width {d}, warm-up {w}{', ' * bool(name)}{name}", args=(s, d, w))
        for (s, d, w), name in zip(plans, labels, strict=True)
    ] + [Case(label="the first step", args=(1, 36, 50)), Case(label="no warm-up", args=(9, 4, 1))]


def rate_sample(rng: np.random.Generator) -> Case:
    sizes = (range(1, 300), range(1, 200), range(1, 150))
    return Case(label="random", args=tuple(pick(rng, size) for size in sizes))


def rate_oracle(step: int, d_model: int, warmup: int) -> float:
    """In two pieces: a straight line to the peak, then the peak times √(warmup / step)."""
    peak = 1 / math.sqrt(d_model * warmup)
    return peak * (step / warmup if step <= warmup else math.sqrt(warmup / step))


WARMUP_RATE = Exercise(
    name="warmup_rate",
    title="Warm up, then cool down",
    minutes=4,
    difficulty=1,
    proves="your rate climbs in a straight line to its peak and falls with the root of the step",
    passed="A straight line to the peak, then a fall with 1/√step, as in the paper.",
    cases=rate_cases,
    sample=rate_sample,
    oracle=rate_oracle,
    reference=f"{REFERENCE}.warmup_rate",
    hints=(
        "Two curves, one rising and one falling. At every step the lower of the two counts.",
        "rising = step · warmup^−1.5\nfalling = step^−0.5\nd_model^−0.5 times the lower one",
        "step**-0.5 is the falling curve.\n    return d_model**-0.5 * min(..., ...)",
    ),
    wrong_answers=wrong.WARMUP_RATE,
)

# ---------------------------------------------------------------- 11.5 embeddings and positions


def embed_case(rng: Any, sizes: tuple[int, ...], **more: Any) -> Case:
    b, t, v, n, d = sizes
    rng = generator(rng) if isinstance(rng, int) else rng
    ids = torch.from_numpy(np.asarray(rng.integers(0, v, (b, t))))
    return Case(args=(ids, noise(rng, v, d), noise(rng, n, d)), **more)


def embed_cases() -> list[Case]:
    table = torch.tensor([[0.0, 0, 0, 0], [0.5, 0, 0, 0]], dtype=torch.float64)
    places = torch.tensor([[0.0, 1, 0, 1], [1, 0, 1, 0]], dtype=torch.float64)
    return [
        Case(label="two words, four wide", args=(torch.tensor([[1, 1]]), table, places)),
        embed_case(1, (2, 3, 7, 5, 6), label="2 sentences of 3 words, seed 1", gradients=True),
        embed_case(2, (3, 5, 4, 9, 2), label="3 sentences of 5 words, seed 2", gradients=True),
        embed_case(3, (2, 4, 6, 4, 3), label="as many positions as places", gradients=True),
    ]


def embed_sample(rng: np.random.Generator) -> Case:
    b, t, v, d = (pick(rng, SIZES) for _ in range(4))
    return embed_case(rng, (b, t, v, t + pick(rng, range(4)), d), label="random")


def embed_oracle(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    """One word at a time, with a one-hot product."""
    rows = F.one_hot(ids, len(table)).to(table.dtype) @ table
    places = torch.stack([positions[t] for t in range(ids.shape[1])])
    return math.sqrt(table.shape[1]) * rows + places.expand_as(rows)


EMBED = Exercise(
    name="embed",
    title="Words and their places",
    minutes=5,
    difficulty=1,
    proves="words are scaled by √d before places are added, gradients of both tables too",
    passed="Agrees with a one-hot product in float64, gradients of both tables too.",
    cases=embed_cases,
    sample=embed_sample,
    oracle=embed_oracle,
    reference=f"{REFERENCE}.embed",
    hints=(
        "Which of the two is multiplied? And how many rows of the positions does a sentence of T "
        "words need?",
        "rows of the table for ids: (B, T, d)\ntimes the root of d\nplus the first T positions",
        "table[ids] looks all words up at once; table.shape[1] is d.\n"
        "    positions[: ids.shape[1]] broadcasts over the batch.",
    ),
    wrong_answers=wrong.EMBED,
)

# ---------------------------------------------------------------- 11.6 greedy


def a_decoder(rng: np.random.Generator, v: int, end: int) -> Callable[[Tensor], Tensor]:
    """Return a causal `decode` in noise: a place knows its words so far, and how many they are."""
    table, bias = noise(rng, v, v, scale=2.0), noise(rng, 12, v)
    bias[:, end] += 0.4

    def decode(words: Tensor) -> Tensor:
        n = words.shape[1]
        fade = 0.6 ** (torch.arange(n)[:, None] - torch.arange(n)).clamp(min=0).double().to(
            words.device
        )
        seen = fade.tril().to(table.dtype) @ table.to(words.device)[words]
        return seen + bias.to(words.device)[:n]

    return decode


def greedy_case(rng: Any, b: int, v: int, marks: Any, n: int, **more: Any) -> Case:
    start, end = marks
    rng = generator(rng) if isinstance(rng, int) else rng
    inner, shifts = a_decoder(rng, v, end), noise(rng, b, 1, v, scale=1.5)

    def decode(words: Tensor) -> Tensor:
        # Each sentence has a source of its own, so the rows of a batch differ.
        return inner(words) + shifts.to(words.device)

    return Case(args=(decode, torch.full((b, 1), start), end, n), **more)


def greedy_cases() -> list[Case]:
    return [
        greedy_case(3, 1, 4, (1, 2), 3, label="one sentence, at most 3 words"),
        greedy_case(4, 3, 6, (1, 2), 7, label="3 sentences, at most 7 words"),
        greedy_case(12, 4, 5, (0, 4), 8, label="4 sentences, start is 0, end is 4"),
        greedy_case(8, 5, 7, (3, 1), 6, label="5 sentences, start is 3, end is 1"),
        greedy_case(5, 2, 5, (1, 2), 1, label="one word at most", edge=True),
    ]


def greedy_sample(rng: np.random.Generator) -> Case:
    v = pick(rng, range(3, 8))
    marks = tuple(int(word) for word in rng.permutation(v)[:2])
    return greedy_case(rng, pick(rng, SIZES), v, marks, pick(rng, range(1, 8)), label="random")


def greedy_oracle(decode: Any, prefix: Tensor, end: int, max_len: int) -> Tensor:
    """One sentence at a time; the others keep their prefix meanwhile."""
    rows = []
    for b in range(len(prefix)):
        row: list[int] = []
        while len(row) < max_len and end not in row:
            words = torch.tensor([[*prefix[b].tolist(), *row]] * len(prefix))
            row.append(int(np.argmax(decode(words)[b, -1].numpy())))
        rows.append(row + [end] * (max_len - len(row)))
    return torch.tensor(rows)


def nothing_after_the_end(call: Any, case: Case, value: Any) -> str | None:
    """After a sentence's end stands end."""
    end = case.args[2]
    for row, words in enumerate(value.tolist()):
        if end in words and any(word != end for word in words[words.index(end) :]):
            return (
                f"After a sentence's end every place holds end, here {end}. On the case "
                f"“{case.label}” your sentence {row} is {words}."
            )
    return None


GREEDY_TRANSLATE = Exercise(
    name="greedy_translate",
    title="Greedy decoding",
    minutes=7,
    difficulty=2,
    proves="your sentences are those of a loop that writes one sentence at a time",
    passed="Writes what a loop over single sentences writes, each to its own end.",
    cases=greedy_cases,
    sample=greedy_sample,
    oracle=greedy_oracle,
    properties=(Property(id="nothing_after_the_end", holds=nothing_after_the_end),),
    reference=f"{BEAM}.greedy_translate",
    device=False,
    hints=(
        "No state is carried from step to step, only words. What does the decoder read at step 3, "
        "and at which place does the next word stand?",
        "words = prefix, ended = False for each\nrepeat max_len times:\n"
        "    logits of the last place of decode(words)\n"
        "    word = the likeliest, but end where ended\n    words grows by a column\n"
        "    ended becomes True where word is end\nreturn words without the prefix",
        "decode(words)[:, -1] are the logits (B, V) of the next word.\n"
        "    word = logits.argmax(-1).masked_fill(ended, end)\n"
        "    words = torch.cat([words, word[:, None]], dim=1)",
    ),
    wrong_answers=wrong.GREEDY_TRANSLATE,
)

# ---------------------------------------------------------------- 11.7 beam search


def a_writer(rng: np.random.Generator, v: int, end: int, pull: float) -> Callable[[Tensor], Tensor]:
    """Return log_probs in noise, which depend on the whole prefix; `pull` draws towards the end."""
    table, bias = noise(rng, v, v, scale=1.2), noise(rng, 9, v)
    bias[:, end] += pull

    def log_probs(words: Tensor) -> Tensor:
        n = words.shape[1]
        fade = 0.7 ** torch.arange(n - 1, -1, -1, dtype=torch.float64)
        seen = (table[words] * fade[:, None]).sum(1)
        return (seen + bias[n - 1]).log_softmax(-1)

    return log_probs


def beam_case(rng: Any, v: int, marks: Any, plan: tuple[int, int, float], **more: Any) -> Case:
    (start, end), (width, n, alpha) = marks, plan
    rng = generator(rng) if isinstance(rng, int) else rng
    log_probs = a_writer(rng, v, end, 0.0)
    return Case(args=(log_probs, start, end, width, n, alpha), **more)


def by_hand_writer(words: Tensor) -> Tensor:
    """a 0.5, b 0.4, end 0.1; after a each 0.4, 0.3, 0.3; after b 0.05, 0.05, 0.9."""
    table = torch.tensor(
        [[0, 0.5, 0.4, 0.1], [0, 0.4, 0.3, 0.3], [0, 0.05, 0.05, 0.9], [0, 0, 0, 1]],
        dtype=torch.float64,
    )
    return table[words[:, -1]].clamp_min(1e-9).log()


def beam_cases() -> list[Case]:
    return [
        Case(
            label="start 0, a 1, b 2, end 3; a beam of 2, at most 2 words",
            args=(by_hand_writer, 0, 3, 2, 2, 1.0),
        ),
        beam_case(37, 4, (1, 2), (2, 4, 0.7), label="4 words, a beam of 2, α = 0.7"),
        beam_case(7, 5, (0, 4), (3, 5, 1.0), label="5 words, a beam of 3, α = 1"),
        beam_case(35, 6, (3, 1), (3, 6, 0.6), label="6 words, a beam of 3, α = 0.6"),
        beam_case(36, 5, (1, 2), (2, 5, 0.5), label="5 words, a beam of 2, α = 0.5"),
        beam_case(10, 4, (1, 3), (4, 3, 0.8), label="4 words, a beam of 4, at most 3"),
        beam_case(9, 4, (1, 0), (3, 5, 0.0), label="α = 0, the sum alone", edge=True),
        beam_case(4, 5, (1, 2), (1, 5, 1.0), label="a beam of one", edge=True),
    ]


def beam_sample(rng: np.random.Generator) -> Case:
    v = pick(rng, range(3, 6))
    marks = tuple(int(word) for word in rng.permutation(v)[:2])
    alpha = (0.0, 0.5, 0.6, 1.0, 1.3)[pick(rng, range(5))]
    plan = (pick(rng, SIZES), pick(rng, range(1, 5)), alpha)
    return beam_case(rng, v, marks, plan, label="random")


def beam_oracle(
    log_probs: Any, start: int, end: int, width: int, max_len: int, alpha: float
) -> tuple[list[int], float]:
    """The same search over arrays: flat scores, places by argsort, one prefix at a time."""
    live, sums, best = np.array([[start]]), np.zeros(1), (-math.inf, [0])

    def offer(total: float, words: list[int]) -> None:
        nonlocal best
        best = max(best, (total / len(words) ** alpha, words))

    for _ in range(max_len):
        if not len(live):
            break
        rows = [log_probs(torch.from_numpy(one[None]))[0].numpy() for one in live]
        flat = (sums[:, None] + np.stack(rows)).ravel()
        chosen = np.argsort(-flat, kind="stable")[:width]
        parent, word = chosen // rows[0].size, chosen % rows[0].size
        longer = np.concatenate([live[parent], word[:, None]], 1)
        for total, one in zip(flat[chosen][word == end], longer[word == end], strict=True):
            offer(float(total), one[1:].tolist())
        live, sums = longer[word != end], flat[chosen][word != end]
    for total, one in zip(sums, live, strict=True):
        offer(float(total), one[1:].tolist())
    return best[1], best[0]


def one_is_greedy(call: Any, case: Case, value: Any) -> str | None:
    """A beam of one writes what greedy decoding writes."""
    log_probs, start, end, _, max_len, alpha = case.args
    words: list[int] = []
    while len(words) < max_len and end not in words:
        words.append(int(log_probs(torch.tensor([[start, *words]]))[0].argmax()))
    found = [int(word) for word in call(log_probs, start, end, 1, max_len, alpha)[0]]
    if found == words:
        return None
    return (
        f"A beam of one is greedy decoding, which writes {words} on the case “{case.label}”. "
        f"With width 1 yours writes {found}."
    )


def wide_is_exhaustive(call: Any, case: Case, value: Any) -> str | None:
    """A beam that never drops anything finds the best of all translations."""
    log_probs, start, end, _, max_len, alpha = case.args
    n, v = min(max_len, 2), log_probs(torch.tensor([[start]])).shape[1]
    scores = {}
    for words in itertools.product(range(v), repeat=n):
        cut = words[: words.index(end) + 1] if end in words else words
        rows = [log_probs(torch.tensor([[start, *cut[:t]]]))[0, cut[t]] for t in range(len(cut))]
        scores[cut] = float(sum(rows)) / len(cut) ** alpha
    best = max(scores, key=lambda one: scores[one])
    found = tuple(int(word) for word in call(log_probs, start, end, v**n, n, alpha)[0])
    if scores.get(found, -math.inf) >= scores[best] - 1e-9:
        return None
    return (
        f"Of all translations of up to {n} words, {list(best)} scores highest on the case "
        f"“{case.label}”. A beam of {v**n} drops none of them, and yours returns {list(found)}."
    )


BEAM_SEARCH = Exercise(
    name="beam_search",
    title="Beam search",
    minutes=15,
    difficulty=3,
    proves="a beam of one is greedy, a beam that drops nothing is brute force, and those between "
    "agree with a search over arrays",
    passed="One is greedy, an exhaustive width is brute force, the rest agrees with another search.",
    cases=beam_cases,
    sample=beam_sample,
    oracle=beam_oracle,
    parts=("words", "score"),
    properties=(
        Property(id="one_is_greedy", holds=one_is_greedy),
        Property(id="wide_is_exhaustive", holds=wide_is_exhaustive),
    ),
    reference=f"{BEAM}.beam_search",
    device=False,
    hints=(
        "Keep two lists: translations that live, and those that have ended. Each entry is its words "
        "and the sum of its log-probabilities. What happens to both lists in one step?",
        "live = [([start], 0)], done = []\nrepeat max_len times, while any live:\n"
        "    rows = log_probs of the live prefixes\n"
        "    longer = every live one with every word behind it, scores added\n"
        "    kept = the width best of longer\n    those that end go to done, the rest are live\n"
        "of done and live: the highest sum / length^α",
        "rows = log_probs(torch.tensor([words for words, _ in live])).tolist()\n"
        "    kept = sorted(longer, key=lambda one: -one[1])[:width]\n"
        "    done += [one for one in kept if one[0][-1] == end]\n"
        "The length leaves start out: len(words) - 1.",
    ),
    wrong_answers=wrong.BEAM_SEARCH,
)

# ---------------------------------------------------------------- 11.8 BLEU


def corpus(rng: Any, lengths: list[tuple[int, int]], v: int, **more: Any) -> Case:
    """Draw references, and candidates that copy stretches of them."""
    rng = generator(rng) if isinstance(rng, int) else rng
    letters = "abcdefgh"[:v]
    candidates, references = [], []
    for n, m in lengths:
        due = [letters[pick(rng, range(v))] for _ in range(m)]
        copied = (due * (1 + n))[:n] if m else []
        candidates.append(
            [one if rng.random() < 0.75 else letters[pick(rng, range(v))] for one in copied]
        )
        references.append(due)
    return Case(args=(candidates, references), **more)


def bleu_cases() -> list[Case]:
    candidate, reference = "ein hund rennt im gras".split(), "ein hund rennt im hohen gras".split()
    return [
        Case(label="five words against six", args=([candidate], [reference])),
        Case(
            label="a word repeated",
            args=(
                ["a b c d d d d d d".split(), "e f g".split()],
                ["a b c d e f g h".split(), "e f g h".split()],
            ),
        ),
        corpus(1, [(7, 8), (9, 9), (5, 7)], 5, label="3 sentences, too short, seed 1"),
        corpus(2, [(9, 7), (12, 9), (6, 6), (4, 5)], 4, label="4 sentences, too long, seed 2"),
        corpus(3, [(11, 12), (6, 9)], 3, label="2 sentences of 3 letters, seed 3"),
        corpus(4, [(8, 10), (3, 3), (10, 12)], 6, label="3 sentences of 6 letters, seed 4"),
        Case(
            label="no four words in a row are right",
            args=(["a b c x d e".split()], ["a b c y d e".split()]),
        ),
        Case(
            label="no candidate has four words",
            args=([["a", "b", "c"], ["e"]], [["a", "b", "c", "d"], ["e", "f"]]),
            edge=True,
        ),
        Case(
            label="one candidate is empty",
            args=([[], "a b c d e".split()], ["a b".split(), "a b c d f".split()]),
            edge=True,
        ),
    ]


def bleu_sample(rng: np.random.Generator) -> Case:
    lengths = [(pick(rng, range(1, 11)), pick(rng, range(1, 11))) for _ in range(pick(rng, SIZES))]
    return corpus(rng, lengths, pick(rng, range(1, 5)), label="random")


def bleu_oracle(candidates: list[list[str]], references: list[list[str]]) -> float:
    """sacreBLEU, told to split at spaces and to smooth nothing."""
    import sacrebleu

    found = sacrebleu.corpus_bleu(
        [" ".join(words) for words in candidates],
        [[" ".join(words) for words in references]],
        tokenize="none",
        smooth_method="none",
        force=True,
    )
    return float(found.score)


BLEU = Exercise(
    name="bleu",
    title="BLEU by hand",
    minutes=10,
    difficulty=2,
    proves="your BLEU is sacreBLEU's on whole corpora, repeated words and short outputs among them",
    passed="Agrees with sacreBLEU (no tokenisation, no smoothing) on every corpus.",
    cases=bleu_cases,
    sample=bleu_sample,
    oracle=bleu_oracle,
    reference=f"{REFERENCE}.bleu",
    forbidden=("corpus_bleu", "BLEU", "bleu_score", "compute_bleu"),
    hints=(
        "Count first, divide last. Which two counts does each n need, over the whole corpus?",
        "for n = 1 … 4:\n    matched, total = 0, 0\n    for each pair: count n-grams of both\n"
        "        matched += for each n-gram, the smaller of its two counts\n"
        "        total += how many n-grams the candidate has\n"
        "    precision = matched / total; no match at all makes BLEU 0\n"
        "fourth root of the product, times the penalty, times 100",
        "Counter(a) & Counter(b) keeps the smaller count of each; .total() adds them up.\n"
        "    penalty = min(1.0, math.exp(1 - reference_length / candidate_length))\n"
        "    return 100 * penalty * math.prod(precisions) ** 0.25",
    ),
    wrong_answers=wrong.BLEU,
)

# ---------------------------------------------------------------- 11.9 batches by length


def batch_cases() -> list[Case]:
    return [
        Case(label="lengths 5, 2, 3 and room for 6", args=([5, 2, 3], 6)),
        Case(label="seven sentences, room for 12", args=([4, 9, 3, 4, 2, 6, 3], 12)),
        Case(label="all of length 3, room for 7", args=([3, 3, 3, 3, 3], 7)),
        Case(label="nine sentences, room for 20", args=([7, 1, 5, 10, 5, 2, 8, 1, 5], 20)),
        Case(label="room for all", args=([2, 4, 3], 40)),
        Case(label="one sentence", args=([4], 4), edge=True),
    ]


def batch_sample(rng: np.random.Generator) -> Case:
    lengths = [pick(rng, range(1, 10)) for _ in range(pick(rng, range(1, 9)))]
    return Case(label="random", args=(lengths, max(lengths) + pick(rng, range(20))))


def batch_oracle(lengths: list[int], budget: int) -> list[list[int]]:
    """The longest runs of the sorted sentences that fit, found with NumPy."""
    order = np.argsort(lengths, kind="stable")
    batches = []
    while len(order):
        sizes = np.arange(1, len(order) + 1) * np.asarray(lengths)[order]
        count = int(np.searchsorted(sizes, budget, side="right"))
        batches.append(order[:count].tolist())
        order = order[count:]
    return batches


def all_are_there(call: Any, case: Case, value: Any) -> str | None:
    """Every sentence is in one batch, and none runs over the budget."""
    lengths, budget = case.args
    found = sorted(place for batch in value for place in batch)
    if found != list(range(len(lengths))):
        return (
            f"Each of the {len(lengths)} sentences belongs to one batch, named by its place from 0. "
            f"On the case “{case.label}” your batches hold {found}."
        )
    for batch in value:
        size = max(lengths[place] for place in batch) * len(batch) if batch else 0
        if size > budget:
            return (
                f"A batch takes its longest sentence times its sentences. On the case "
                f"“{case.label}” your batch {batch} takes {size}, and there is room for {budget}."
            )
    return None


BATCHES_BY_LENGTH = Exercise(
    name="batches_by_length",
    title="Batches by length",
    minutes=7,
    difficulty=2,
    proves="every sentence is in one batch, no batch is too large, and none could take one more",
    passed="Every sentence once, every batch as full as it may be, the shortest sentences first.",
    cases=batch_cases,
    sample=batch_sample,
    oracle=batch_oracle,
    properties=(Property(id="all_are_there", holds=all_are_there),),
    reference="course_lib.training.translation.batches_by_length",
    device=False,
    hints=(
        "Once the sentences are sorted, the one added last is the longest of its batch. So what does "
        "a batch cost with one more?",
        "places sorted by their length\nfor each place:\n"
        "    with it, the open batch would take (sentences + 1) · this length\n"
        "    fits: add it; else: open a new batch with it",
        "sorted(range(len(lengths)), key=lambda place: lengths[place]) keeps ties in order.\n"
        "    if batches and (len(batches[-1]) + 1) * lengths[place] <= budget:\n"
        "        batches[-1].append(place)",
    ),
    wrong_answers=wrong.BATCHES_BY_LENGTH,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="drown",
        question="A table has entries of about 1/√d, sinusoidal positions of about 0.7. Width 96, "
        "no factor: how much longer are the positions than the words?",
        options=("about 7 times", "about as long", "about 1/7 as long"),
        answer="about 7 times",
        because="A word's row has length about 1, a position's √(96/2) = 6.9: half of its columns "
        "are sines, half cosines, and sin² + cos² = 1.",
    ),
    Prediction(
        id="leak",
        question="The causal mask is left out. In training, what share of the next words does the "
        "model get right, and what share of whole numbers when it writes by itself?",
        options=(
            "nearly all words, hardly any number",
            "nearly all of both",
            "hardly any of both",
        ),
        answer="nearly all words, hardly any number",
        because="The word to predict is among the inputs, one place on. It learns to read it there, "
        "and when it writes there is nothing to read.",
    ),
    Prediction(
        id="unseen",
        question="Trained on numbers of 1, 2, 3, 4 and 6 digits, and never on one of 5: how many "
        "five-digit numbers does it translate exactly?",
        options=("nearly all", "about half", "hardly any"),
        answer="hardly any",
        because="All their words are known, and so are shorter and longer numbers. It still writes "
        "what it saw: most often a number of four digits, with the tens of the thousands left out.",
    ),
    Prediction(
        id="wider",
        question="A beam of 4 keeps more than a beam of 2. Can its translation have a lower score?",
        options=("yes", "no, it can only be equal or higher"),
        answer="yes",
        because="A beam drops early what looks bad early. One more beginning that looks good can "
        "push out the one that would have won.",
    ),
)

QUIZ = (
    Question(
        text="Which of the three masks differ from each other only by how often a row is repeated?",
        options=(
            Option(
                text="The encoder's and the one from decoder to encoder.",
                why="Both hide the source's padding; one has S queries, the other T.",
                right=True,
            ),
            Option(
                text="The encoder's and the decoder's.",
                why="The decoder's hides another sentence's padding, and the future.",
            ),
            Option(
                text="The decoder's and the one from decoder to encoder.",
                why="One is over the target's words and causal, the other over the source's.",
            ),
        ),
    ),
    Question(
        text="After 150 steps a translator names 96 % of next words right, and translates no number "
        "right. What do you look at first?",
        options=(
            Option(
                text="The decoder's mask and the shift of the target.",
                why="Either leak shows the word that is to be predicted.",
                right=True,
            ),
            Option(
                text="The beam's width.",
                why="It decides little between translations; it does not make all of them wrong.",
            ),
            Option(
                text="Label smoothing.",
                why="It changes the loss a little, not what the inputs give away.",
            ),
        ),
    ),
    Question(
        text="Why is a model trained with label smoothing ε = 0.1 never at a loss of 0?",
        options=(
            Option(
                text="The target itself has entropy.",
                why="The best it can do is the target distribution, whose cross-entropy with itself "
                "is above 0.",
                right=True,
            ),
            Option(
                text="Dropout is on.",
                why="It may be off: the least loss is still above 0.",
            ),
            Option(
                text="The padding class takes some mass.",
                why="It takes ε/V, like every class. With padding left out the least loss would "
                "still be above 0.",
            ),
        ),
    ),
    Question(
        text="Two papers report BLEU on the same test set, 38.1 and 37.5. What do you need before "
        "you compare them?",
        options=(
            Option(
                text="Their tokenisation, case and smoothing: the signature.",
                why="The same output can differ by more than that between tokenisations.",
                right=True,
            ),
            Option(
                text="Nothing: the test set is the same.",
                why="BLEU counts tokens, and what a token is was decided by each.",
            ),
            Option(
                text="The sizes of their models.",
                why="They explain a difference, but first it has to be one.",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="11",
    slug="translation",
    title="Translation",
    minutes=75,
    needs=("10",),
    exercises=(
        THREE_MASKS,
        SHIFT_RIGHT,
        EMBED,
        SMOOTHED_LOSS,
        WARMUP_RATE,
        BATCHES_BY_LENGTH,
        GREEDY_TRANSLATE,
        BEAM_SEARCH,
        BLEU,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
