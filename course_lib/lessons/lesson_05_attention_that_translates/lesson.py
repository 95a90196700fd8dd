"""Lesson 05 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_05.py`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

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
from course_lib.lessons.lesson_05_attention_that_translates import mistakes as wrong

ADDITIVE = "course_lib.attention.additive"
TRANSLATOR = "course_lib.models.recurrent_translator"
SIZES = range(1, 6)

# ---------------------------------------------------------------- 5.1 one step of a GRU


def gru_weights(rng: int | np.random.Generator, d_in: int, d: int) -> tuple[Tensor, ...]:
    """Return noise for w_ih, w_hh, b_ih, b_hh."""
    rng = generator(rng) if isinstance(rng, int) else rng
    return noise(rng, 3 * d, d_in), noise(rng, 3 * d, d), noise(rng, 3 * d), noise(rng, 3 * d)


def gru_cases() -> list[Case]:
    one, third = torch.ones(1, 1, dtype=torch.float64), torch.tensor([0.0, 0, 1])
    tidy = (third.double()[:, None], 2 * third.double()[:, None], *torch.zeros(2, 3).double())
    drawn = [
        Case(
            label=f"{b} sentences, input {d_in} wide, state {d} wide, seed {seed}",
            args=(noise(seed, b, d_in), noise(seed + 9, b, d), *gru_weights(seed, d_in, d)),
            gradients=True,
        )
        for b, d_in, d, seed in ((2, 5, 3, 0), (4, 2, 7, 1), (5, 6, 2, 2))
    ]
    return [Case(label="everything one wide, both gates 0.5", args=(one, one, *tidy)), *drawn]


def gru_sample(rng: np.random.Generator) -> Case:
    b, d_in, d = (pick(rng, SIZES) for _ in range(3))
    args = (noise(rng, b, d_in), noise(rng, b, d), *gru_weights(rng, d_in, d))
    return Case(label="random", args=args)


def state_is_kept(call: Any, case: Case, value: Any) -> str | None:
    """With an update gate of 1 the state stays as it is."""
    x, h, w_ih, w_hh, b_ih, b_hh = case.args
    d = h.shape[1]
    open_gate = b_ih.clone()
    open_gate[d : 2 * d] += 1000.0
    kept = call(x, h, w_ih, w_hh, open_gate, b_hh)
    if torch.allclose(kept, h, atol=1e-6):
        return None
    return (
        "Where the update gate z is 1, the state must stay as it is. With a bias of 1000 in z's "
        f"third of b_ih, yours turns {h[0, 0].item():.3f} into {kept[0, 0].item():.3f} on the case "
        f"“{case.label}”."
    )


GRU_STEP = Exercise(
    name="gru_step",
    title="One step of a GRU",
    minutes=8,
    difficulty=2,
    proves="your step agrees with PyTorch's GRU cell, gradients of all weights too",
    passed="Agrees with PyTorch's GRU cell in float64, gradients of every weight too.",
    cases=gru_cases,
    sample=gru_sample,
    oracle=torch.gru_cell,
    properties=(Property(id="state_is_kept", holds=state_is_kept),),
    reference=f"{TRANSLATOR}.gru_step",
    forbidden=("gru_cell", "gru", "GRUCell", "GRU"),
    hints=(
        "Two products give six parts: three from the input, three from the state. Which of the "
        "state's parts does the reset gate touch, and when?",
        "x parts = x times w_ih transposed, plus b_ih, cut in three\n"
        "h parts = h times w_hh transposed, plus b_hh, cut in three\n"
        "r, z = sigmoid of the sum of the first parts, of the second\n"
        "n = tanh of x's third part + r times h's third part\nmix n and h with z",
        "x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=-1), and the same for h.\n"
        "    n = torch.tanh(x_n + r * h_n)\n    return (1 - z) * ... + z * ...",
    ),
    wrong_answers=wrong.GRU_STEP,
)

# ---------------------------------------------------------------- 5.2 reading a batch of sentences


def encode_case(seed: Any, lengths: list[int], s: int, d_in: int, d: int, **more: Any) -> Case:
    x = noise(seed, len(lengths), s, d_in)
    weights = gru_weights(seed, d_in, d)
    return Case(args=(x, torch.tensor(lengths), *weights), **more)


def encode_cases() -> list[Case]:
    return [
        encode_case(
            0, [1, 3], 3, 1, 1, label="a sentence of one word and one of three, state 1 wide"
        ),
        encode_case(
            1, [5, 2], 5, 3, 4, label="lengths 5 and 2, state 4 wide, seed 1", gradients=True
        ),
        encode_case(
            2, [1, 4, 3], 6, 5, 2, label="lengths 1, 4, 3 in 6 places, seed 2", gradients=True
        ),
        encode_case(3, [4, 4], 4, 2, 3, label="no padding at all", edge=True),
    ]


def encode_sample(rng: np.random.Generator) -> Case:
    s = pick(rng, SIZES)
    lengths = [pick(rng, range(1, s + 1)) for _ in range(pick(rng, range(1, 4)))]
    return encode_case(
        rng, lengths, s, pick(rng, range(1, 4)), pick(rng, range(1, 4)), label="random"
    )


def encode_oracle(x: Tensor, lengths: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
    """PyTorch's own GRU on a packed batch."""
    d = weights[1].shape[1]
    gru = nn.GRU(x.shape[2], d, batch_first=True, dtype=x.dtype)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    state = dict(zip(names, weights, strict=True))
    out, last = torch.func.functional_call(gru, state, (packed,))
    memory, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])
    return memory, last[0]


def neighbours_do_not_matter(call: Any, case: Case, value: Any) -> str | None:
    """A sentence's last state does not depend on the padding after it."""
    x, lengths, *weights = case.args
    longer = torch.cat([x, torch.full_like(x[:, :1], 3.0)], 1)
    last = call(longer, lengths, *weights)[1]
    if torch.allclose(last, value[1], atol=1e-9):
        return None
    return (
        "One more place of padding must not change the last state. On the case "
        f"“{case.label}” yours moves by {(last - value[1]).abs().max().item():.3f}."
    )


ENCODE = Exercise(
    name="encode",
    title="Read a batch of sentences",
    minutes=8,
    difficulty=2,
    proves="your states agree with PyTorch's GRU on packed sentences, whatever padding follows",
    passed="Agrees with PyTorch's GRU on packed sentences; padding changes nothing.",
    cases=encode_cases,
    sample=encode_sample,
    oracle=encode_oracle,
    parts=("memory", "last"),
    properties=(Property(id="neighbours_do_not_matter", holds=neighbours_do_not_matter),),
    reference=f"{TRANSLATOR}.encode",
    forbidden=("gru", "GRU", "pack_padded_sequence"),
    hints=(
        "Walk over the places; every sentence takes the step, and those that have ended keep the "
        "state they had. What does the memory hold where a sentence has ended?",
        "h = zeros (B, d)\nfor each place t:\n    new = one step from h\n"
        "    is_word = t is below the sentence's length\n    h = new where is_word, else h\n"
        "    memory gets new where is_word, else 0\nreturn the stacked memory and h",
        "is_word = (t < lengths)[:, None] has shape (B, 1).\n"
        "    h = torch.where(is_word, new, h)\n    states.append(new * is_word)\n"
        "torch.stack(states, dim=1) puts the places second.",
    ),
    wrong_answers=wrong.ENCODE,
)

# ---------------------------------------------------------------- 5.3 additive scores


def additive_args(rng: Any, lead: tuple[int, ...], sizes: tuple[int, ...]) -> tuple[Tensor, ...]:
    t, s, d_q, d_k, d_a = sizes
    rng = generator(rng) if isinstance(rng, int) else rng
    return (
        noise(rng, *lead, t, d_q),
        noise(rng, *lead, s, d_k),
        noise(rng, d_q, d_a, scale=d_q**-0.5),
        noise(rng, d_k, d_a, scale=d_k**-0.5),
        noise(rng, d_a),
    )


def additive_cases() -> list[Case]:
    one = torch.ones(1, 1, dtype=torch.float64)
    keys = torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64)
    drawn = [
        Case(
            label=f"{name}, {t} queries {d_q} wide, {s} keys {d_k} wide, seed {seed}",
            args=additive_args(seed, lead, (t, s, d_q, d_k, d_a)),
            gradients=True,
        )
        for name, lead, t, s, d_q, d_k, d_a, seed in (
            ("one sentence", (), 3, 5, 2, 4, 7, 0),
            ("2 sentences", (2,), 3, 5, 4, 7, 6, 1),
            ("2 × 3 sentences", (2, 3), 4, 5, 6, 7, 11, 2),
            ("2 sentences", (2,), 1, 4, 3, 3, 3, 3),
        )
    ]
    by_hand = Case(label="one query, three keys, one wide", args=(one, keys, one, one, one[0]))
    return [by_hand, *drawn]


def additive_sample(rng: np.random.Generator) -> Case:
    lead = [(), (2,), (2, 3)][pick(rng, range(3))]
    sizes = tuple(pick(rng, SIZES) for _ in range(5))
    return Case(label="random", args=additive_args(rng, lead, sizes))


def additive_oracle(q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor, v: Tensor) -> Tensor:
    """One pair at a time, one hidden unit at a time."""
    lead = q.shape[:-2]
    queries, keys = q.reshape(-1, *q.shape[-2:]), k.reshape(-1, *k.shape[-2:])
    each = [
        torch.stack([sum_of_units(a, keys[b], w_q, w_k, v) for a in queries[b]])
        for b in range(len(queries))
    ]
    return torch.stack(each).reshape(*lead, q.shape[-2], k.shape[-2])


def sum_of_units(q: Tensor, keys: Tensor, w_q: Tensor, w_k: Tensor, v: Tensor) -> Tensor:
    units = [
        v[a] * torch.tanh((w_q[:, a] * q).sum() + (w_k[:, a] * keys).sum(-1)) for a in range(len(v))
    ]
    return torch.stack(units).sum(0)


def large_keys_saturate(call: Any, case: Case, value: Any) -> str | None:
    """No score can be larger than the sum of |v|."""
    most = case.args[-1].abs().sum().item()
    largest = value.abs().max().item()
    if largest <= most + 1e-9:
        return None
    return (
        f"tanh lies between −1 and 1, so no score can be larger than the sum of |v|, {most:.3f} on "
        f"the case “{case.label}”. Your largest is {largest:.3f}: where is the tanh?"
    )


ADDITIVE_SCORES = Exercise(
    name="additive_scores",
    title="Additive scores",
    minutes=6,
    difficulty=2,
    proves="every query meets every key inside the tanh, whatever their widths",
    passed="Agrees with a loop over pairs and hidden units in float64, gradients of all weights too.",
    cases=additive_cases,
    sample=additive_sample,
    oracle=additive_oracle,
    properties=(Property(id="tanh_is_bounded", holds=large_keys_saturate),),
    reference=f"{ADDITIVE}.additive_scores",
    hints=(
        "Carry queries and keys to the shared width first. Then every query has to be added to "
        "every key: which axis of 1 does each of the two need?",
        "queries times w_q: (…, T, d_a), with an axis for the keys: (…, T, 1, d_a)\n"
        "keys times w_k: (…, S, d_a), with an axis for the queries: (…, 1, S, d_a)\n"
        "tanh of their sum: (…, T, S, d_a)\ntimes v: (…, T, S)",
        "(q @ w_q).unsqueeze(-2) and (k @ w_k).unsqueeze(-3) broadcast against each other.\n"
        "    return torch.tanh(... + ...) @ v",
    ),
    wrong_answers=wrong.ADDITIVE_SCORES,
)

# ---------------------------------------------------------------- 5.4 reading the source


def reading_args(
    rng: Any, lengths: list[int], s: int, sizes: tuple[int, int, int]
) -> tuple[Tensor, ...]:
    d_s, d_m, d_a = sizes
    rng = generator(rng) if isinstance(rng, int) else rng
    mask = torch.arange(s) < torch.tensor(lengths)[:, None]
    return (
        noise(rng, len(lengths), d_s),
        noise(rng, len(lengths), s, d_m),
        mask,
        noise(rng, d_s, d_a),
        noise(rng, d_m, d_a),
        2 * noise(rng, d_a),
    )


def reading_cases() -> list[Case]:
    double = {"dtype": torch.float64}
    by_hand = Case(
        label="two sentences, of three words and of two",
        args=(
            torch.tensor([[1.0], [-1.0]], **double),
            torch.tensor([[[-1.0], [0], [1]], [[2], [1], [5]]], **double),
            torch.tensor([[True, True, True], [True, True, False]]),
            torch.ones(1, 1, **double),
            torch.ones(1, 1, **double),
            torch.ones(1, **double),
        ),
    )
    drawn = [
        Case(
            label=f"lengths {', '.join(map(str, lengths))} in {s} places, seed {seed}",
            args=reading_args(seed, lengths, s, sizes),
            gradients=True,
        )
        for lengths, s, sizes, seed in (
            ([5, 2, 1], 5, (4, 6, 7), 0),
            ([2, 4], 5, (3, 4, 6), 1),
            ([3, 6, 4, 2], 7, (5, 5, 5), 2),
        )
    ]
    holes = list(reading_args(3, [4, 3], 4, (2, 3, 5)))
    holes[2] = torch.tensor([[False, True, False, True], [True, False, True, False]])
    gaps = Case(label="words hidden in the middle", args=tuple(holes), gradients=True)
    return [by_hand, *drawn, gaps]


def reading_sample(rng: np.random.Generator) -> Case:
    s = pick(rng, SIZES)
    lengths = [pick(rng, range(1, s + 1)) for _ in range(pick(rng, range(1, 4)))]
    sizes = (pick(rng, SIZES), pick(rng, SIZES), pick(rng, SIZES))
    return Case(label="random", args=reading_args(rng, lengths, s, sizes))


def reading_oracle(
    s: Tensor, memory: Tensor, mask: Tensor, w_q: Tensor, w_k: Tensor, v: Tensor
) -> tuple[Tensor, Tensor]:
    """One sentence at a time, its words alone."""
    contexts, weights = [], []
    for b in range(len(s)):
        words = memory[b][mask[b]]
        w = sum_of_units(s[b], words, w_q, w_k, v).softmax(0)
        contexts.append((w[:, None] * words).sum(0))
        weights.append(torch.zeros(mask.shape[1], dtype=s.dtype).index_put((mask[b],), w))
    return torch.stack(contexts), torch.stack(weights)


def weights_share_a_total_of_one(call: Any, case: Case, value: Any) -> str | None:
    """Each sentence's weights sum to 1."""
    sums, columns = value[1].sum(-1), value[1].sum(0)
    if torch.allclose(sums, torch.ones_like(sums), atol=1e-6):
        return None
    shown = ", ".join(f"{number:.3f}" for number in sums[:3].tolist())
    said = f"Each sentence's weights must sum to 1. On the case “{case.label}” yours sum to {shown}"
    if torch.allclose(columns, torch.ones_like(columns), atol=1e-6):
        said += "; down the batch they sum to 1, so the softmax ran over the sentences"
    return said + "."


def padding_gets_nothing(call: Any, case: Case, value: Any) -> str | None:
    """The weights of padding are 0."""
    stray = value[1].masked_fill(case.args[2], 0.0).abs().max().item()
    if stray == 0:
        return None
    return (
        f"Padding gets the weight 0. On the case “{case.label}” yours gives it up to {stray:.3f}."
    )


ADDITIVE_ATTENTION = Exercise(
    name="additive_attention",
    title="Read the source",
    minutes=8,
    difficulty=2,
    proves="your context is the mean of the encoder's states, weighted over the words alone",
    passed="Context and weights agree with a loop over sentences and words, gradients too.",
    cases=reading_cases,
    sample=reading_sample,
    oracle=reading_oracle,
    parts=("context", "weights"),
    properties=(
        Property(id="padding_gets_nothing", holds=padding_gets_nothing),
        Property(id="weights_sum_to_one", holds=weights_share_a_total_of_one),
    ),
    reference=f"{ADDITIVE}.additive_attention",
    hints=(
        "Your scores from 5.3 want an axis for queries, and here each sentence has one query. After "
        "them: hide, normalise, mix. In which order?",
        "scores of one query a sentence: (B, 1, S), that axis removed: (B, S)\n"
        "scores where mask is False become −∞\nweights = softmax over the words\n"
        "context = sum over the words of weight times state",
        "additive_scores(s[:, None], memory, w_q, w_k, v)[:, 0] has shape (B, S).\n"
        "    weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)\n"
        "    context = (weights[:, None] @ memory)[:, 0]",
    ),
    wrong_answers=wrong.ADDITIVE_ATTENTION,
)

# ---------------------------------------------------------------- 5.5 Bahdanau's step


def a_reader(rng: np.random.Generator, b: int, s: int, d: int, d_m: int) -> Callable[..., Any]:
    """Return an `attend` over noise: bilinear scores, so that it owes nothing to 5.4."""
    memory, w = noise(rng, b, s, d_m), noise(rng, d, d_m)

    def attend(state: Tensor) -> tuple[Tensor, Tensor]:
        weights = torch.einsum("bd,dm,bsm->bs", state, w, memory).softmax(-1)
        return torch.einsum("bs,bsm->bm", weights, memory), weights

    return attend


def a_cell(rng: np.random.Generator, d_in: int, d: int) -> Callable[[Tensor, Tensor], Tensor]:
    weights = gru_weights(rng, d_in, d)
    return lambda x, h: torch.gru_cell(x, h, *weights)


def wired(seed: Any, sizes: tuple[int, ...], late: bool, **more: Any) -> Case:
    """Return a case of 5.5, or of 5.9 when `late`."""
    b, s, d_y, d, d_m, d_out = sizes
    rng = generator(seed) if isinstance(seed, int) else seed
    attend = a_reader(rng, b, s, d, d_m)
    cell = a_cell(rng, d_y if late else d_y + d_m, d)
    y, h = noise(rng, b, d_y), noise(rng, b, d)
    tail = (noise(rng, d_m + d, d_out, scale=0.5),) if late else ()
    return Case(args=(y, h, attend, cell, *tail), **more)


def wiring_cases(late: bool) -> list[Case]:
    return [
        wired(0, (1, 2, 1, 1, 1, 1), late, label="one sentence of two words, all one wide"),
        *(
            wired(
                seed,
                sizes,
                late,
                gradients=True,
                label=f"{sizes[0]} sentences of {sizes[1]} words, word {sizes[2]} wide, state "
                f"{sizes[3]} wide, seed {seed}",
            )
            for seed, sizes in enumerate(
                ((2, 7, 3, 4, 5, 6), (3, 4, 5, 2, 6, 7), (4, 5, 3, 3, 3, 3)), start=1
            )
        ),
    ]


def bahdanau_sample(rng: np.random.Generator) -> Case:
    return wired(rng, tuple(pick(rng, SIZES) for _ in range(6)), late=False, label="random")


def bahdanau_oracle(y: Tensor, s: Tensor, attend: Any, cell: Any) -> tuple[Tensor, ...]:
    """Sentence after sentence is no use here (the reader holds the batch): spell the wiring out."""
    read = attend(s.clone())
    x = torch.zeros(len(y), y.shape[1] + read[0].shape[1], dtype=y.dtype)
    x = x.index_add(1, torch.arange(y.shape[1]), y)
    x = x.index_add(1, torch.arange(y.shape[1], x.shape[1]), read[0])
    return cell(x, s.clone()), read[0], read[1]


BAHDANAU_STEP = Exercise(
    name="bahdanau_step",
    title="A step that attends first",
    minutes=5,
    difficulty=1,
    proves="your step attends with the state before it, and feeds the cell what was read",
    passed="The state before the step attends, the cell gets word and context, the new state comes out.",
    cases=lambda: wiring_cases(late=False),
    sample=bahdanau_sample,
    oracle=bahdanau_oracle,
    parts=("state", "context", "weights"),
    reference=f"{TRANSLATOR}.bahdanau_step",
    device=False,
    hints=(
        "Three lines: read, step, return. The cell cannot run before something has been read.",
        "context, weights = what s reads\nnew state = the cell, on word and context side by side, "
        "from s\nreturn the new state, the context, the weights",
        "torch.cat([y, context], dim=-1) puts them side by side.\n"
        "    context, weights = attend(s)\n    s = cell(..., s)",
    ),
    wrong_answers=wrong.BAHDANAU_STEP,
)

# ---------------------------------------------------------------- 5.6 teacher forcing


def a_decoder(rng: np.random.Generator, n_in: int, n_out: int) -> Callable[[Tensor], Tensor]:
    """Return a causal `decode`: place t knows the mean of words 0 … t, in noise."""
    table, bias = noise(rng, n_in, n_out, scale=2.0), noise(rng, 20, n_out)

    def decode(words: Tensor) -> Tensor:
        n = words.shape[1]
        return (
            table[words].cumsum(1) / torch.arange(1, n + 1, device=words.device)[:, None] + bias[:n]
        )

    return decode


def forced(rng: Any, lengths: list[int], n: int, v: int, marks: Any, **more: Any) -> Case:
    start, pad = marks
    rng = generator(rng) if isinstance(rng, int) else rng
    words = [word for word in range(v) if word not in (start, pad)]
    targets = torch.full((len(lengths), n), pad)
    for row, length in enumerate(lengths):
        targets[row, :length] = torch.tensor(
            [words[pick(rng, range(len(words)))] for _ in range(length)]
        )
    return Case(args=(a_decoder(rng, v, v), targets, start, pad), **more)


def forced_cases() -> list[Case]:
    return [
        forced(0, [2, 1], 2, 5, (1, 0), label="a sentence of two words and one of one"),
        forced(1, [6, 3, 2], 6, 8, (1, 0), label="lengths 6, 3 and 2, seed 1"),
        forced(2, [4, 1], 5, 7, (0, 4), label="lengths 4 and 1, start is 0, padding is 4, seed 2"),
        forced(3, [3, 3], 3, 6, (5, 2), label="no padding, start is 5, seed 3"),
    ]


def forced_sample(rng: np.random.Generator) -> Case:
    n, v = pick(rng, SIZES), pick(rng, range(4, 9))
    lengths = [pick(rng, range(1, n + 1)) for _ in range(pick(rng, range(1, 4)))]
    marks = tuple(int(word) for word in rng.permutation(v)[:2])
    return forced(rng, lengths, n, v, marks, label="random")


def forced_oracle(decode: Any, targets: Tensor, start: int, pad: int) -> Tensor:
    """Word after word: read what stands before it, and ask for its probability."""
    losses = []
    for row in targets.tolist():
        for t, word in enumerate(row):
            if word != pad:
                logits = decode(torch.tensor([[start, *row[:t]]]))[0, -1]
                losses.append(torch.logsumexp(logits, 0) - logits[word])
    return torch.stack(losses).mean()


def copying_fails(call: Any, case: Case, value: Any) -> str | None:
    """A decoder that repeats the word it has read is told no answers."""
    _, _, start, pad = case.args
    words = [word for word in range(6) if word not in (start, pad)][:3]
    targets = torch.tensor([words])

    def copy(inputs: Tensor) -> Tensor:
        return 9.0 * torch.nn.functional.one_hot(inputs, 20).double()

    loss = float(call(copy, targets, start, pad))
    if loss > 1:
        return None
    return (
        "A decoder that only repeats the word it was fed must do badly. With yours it reaches a "
        f"loss of {loss:.3f}: it was fed the very words that it is asked to predict."
    )


def padding_costs_nothing(call: Any, case: Case, value: Any) -> str | None:
    """One more column of padding leaves the loss as it is."""
    decode, targets, start, pad = case.args
    wider = torch.cat([targets, torch.full_like(targets[:, :1], pad)], 1)
    loss = float(call(decode, wider, start, pad))
    if abs(loss - float(value)) < 1e-9:
        return None
    return (
        "One more column of padding must not change the loss. On the case "
        f"“{case.label}” yours goes from {float(value):.3f} to {loss:.3f}."
    )


TEACHER_FORCED_LOSS = Exercise(
    name="teacher_forced_loss",
    title="Teacher forcing",
    minutes=7,
    difficulty=2,
    proves="each word is predicted from the true words before it, and padding costs nothing",
    passed="Agrees with a loop that asks for one word at a time; padding costs nothing.",
    cases=forced_cases,
    sample=forced_sample,
    oracle=forced_oracle,
    properties=(
        Property(id="copying_fails", holds=copying_fails),
        Property(id="padding_costs_nothing", holds=padding_costs_nothing),
    ),
    reference=f"{TRANSLATOR}.teacher_forced_loss",
    hints=(
        "Write the words that the decoder may read under the words it should predict. Which word "
        "falls off at the end, and what comes in at the front?",
        "inputs = a column of start, then targets without their last column\n"
        "logits = decode(inputs)\nloss = cross-entropy of every place, padding ignored, mean",
        "torch.full_like(targets[:, :1], start) is the column. F.cross_entropy takes (N, V) and "
        "(N,):\n    F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=...)",
    ),
    wrong_answers=wrong.TEACHER_FORCED_LOSS,
)

# ---------------------------------------------------------------- 5.7 greedy decoding


def a_writer(rng: np.random.Generator, d: int, v: int, end: int) -> Callable[..., Any]:
    """Return a `step` in noise; the wish to end grows with the state's last number."""
    table, w, out = noise(rng, v, d), noise(rng, d, d), noise(rng, d, v, scale=2.0)
    out[:, end] += 0.4

    def step(words: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        state = torch.tanh(state @ w + table[words])
        return state @ out, state

    return step


def written(seed: Any, b: int, d: int, v: int, marks: Any, n: int, **more: Any) -> Case:
    start, end = marks
    rng = generator(seed) if isinstance(seed, int) else seed
    step = a_writer(rng, d, v, end)
    return Case(args=(step, noise(rng, b, d), start, end, n), **more)


def greedy_cases() -> list[Case]:
    return [
        written(6, 1, 2, 4, (1, 2), 4, label="one sentence, at most 4 words"),
        written(4, 3, 4, 6, (1, 2), 7, label="3 sentences, at most 7 words"),
        written(11, 4, 3, 5, (0, 4), 8, label="4 sentences, start is 0, end is 4"),
        written(8, 5, 6, 7, (3, 1), 9, label="5 sentences, start is 3, end is 1"),
        written(5, 2, 3, 5, (1, 2), 1, label="one word at most", edge=True),
    ]


def greedy_sample(rng: np.random.Generator) -> Case:
    v = pick(rng, range(3, 8))
    marks = tuple(int(word) for word in rng.permutation(v)[:2])
    b, d, n = (pick(rng, SIZES) for _ in range(3))
    return written(rng, b, d, v, marks, n, label="random")


def greedy_oracle(step: Any, state: Tensor, start: int, end: int, max_len: int) -> Tensor:
    """One sentence at a time."""
    rows = []
    for first in state:
        word, now, row = start, first[None], []
        while len(row) < max_len and end not in row:
            logits, now = step(torch.tensor([word]), now)
            word = int(np.argmax(logits[0].numpy()))
            row.append(word)
        rows.append(row + [end] * (max_len - len(row)))
    return torch.tensor(rows)


def nothing_after_the_end(call: Any, case: Case, value: Any) -> str | None:
    """After a sentence's end stands end."""
    end = case.args[3]
    for row, words in enumerate(value.tolist()):
        if end in words and any(word != end for word in words[words.index(end) :]):
            return (
                f"After a sentence's end every place holds end, here {end}. On the case "
                f"“{case.label}” your sentence {row} is {words}."
            )
    return None


GREEDY_DECODE = Exercise(
    name="greedy_decode",
    title="Greedy decoding",
    minutes=8,
    difficulty=2,
    proves="your sentences are those of a loop that writes one sentence at a time",
    passed="Writes what a loop over single sentences writes, each to its own end.",
    cases=greedy_cases,
    sample=greedy_sample,
    oracle=greedy_oracle,
    properties=(Property(id="nothing_after_the_end", holds=nothing_after_the_end),),
    reference=f"{TRANSLATOR}.greedy_decode",
    hints=(
        "A loop of max_len steps carries three things: the words written last, the state, and which "
        "sentences have ended.",
        "word = start for each sentence, ended = False for each\nrepeat max_len times:\n"
        "    logits, state = step(word, state)\n    word = the likeliest, but end where ended\n"
        "    ended becomes True where word is end\n    keep word\nstack the words side by side",
        "torch.full((len(state),), start) is the first word.\n"
        "    word = logits.argmax(dim=-1).masked_fill(ended, end)\n"
        "    ended = ended | (word == end)\ntorch.stack(words, dim=1) at the end.",
    ),
    wrong_answers=wrong.GREEDY_DECODE,
)

# ---------------------------------------------------------------- 5.8 Luong's scores


def luong_case(
    rng: Any, kind: str, lead: tuple[int, ...], sizes: tuple[int, ...], **more: Any
) -> Case:
    t, s, d_q, d_k, d_a = sizes
    rng = generator(rng) if isinstance(rng, int) else rng
    d_k = d_q if kind == "dot" else d_k
    args = (noise(rng, *lead, t, d_q), noise(rng, *lead, s, d_k))
    named = {
        "dot": {},
        "general": {"w": noise(rng, d_q, d_k)},
        "concat": {"w": noise(rng, d_q + d_k, d_a, scale=0.7), "v": noise(rng, d_a)},
    }[kind]
    return Case(args=args, kwargs=named, **more)


def luong_cases() -> list[Case]:
    hand = (torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0], [0, 1], [1, 1]]))
    plans = (
        ("dot", (), (3, 5, 4, 4, 0)),
        ("dot", (2, 3), (4, 5, 6, 6, 0)),
        ("general", (), (3, 5, 4, 4, 0)),
        ("general", (2,), (3, 5, 4, 6, 0)),
        ("concat", (), (3, 5, 4, 4, 7)),
        ("concat", (2,), (3, 4, 5, 7, 6)),
    )
    drawn = [
        luong_case(
            seed,
            kind,
            lead,
            sizes,
            gradients=True,
            label=f"{kind}, {' × '.join(map(str, lead)) or 'one'} sentence{'s' * bool(lead)}, "
            f"queries {sizes[2]} wide, keys {sizes[3]} wide, seed {seed}",
        )
        for seed, (kind, lead, sizes) in enumerate(plans)
    ]
    turn = {"w": torch.tensor([[0.0, 1.0], [0.0, 0.0]])}
    return [
        Case(label="dot, one query, three keys, two wide", args=hand),
        Case(
            label="general, W takes the query's first number to the second", args=hand, kwargs=turn
        ),
        *drawn,
    ]


def luong_sample(rng: np.random.Generator) -> Case:
    kind = ("dot", "general", "concat")[pick(rng, range(3))]
    lead = [(), (2,), (2, 3)][pick(rng, range(3))]
    sizes = tuple(pick(rng, SIZES) for _ in range(5))
    return luong_case(rng, kind, lead, sizes, label="random")


def luong_oracle(q: Tensor, k: Tensor, w: Tensor | None = None, v: Tensor | None = None) -> Tensor:
    if w is None:
        return torch.einsum("...td,...sd->...ts", q, k)
    if v is None:
        return torch.einsum("...td,de,...se->...ts", q, w, k)
    rows = []
    for t in range(q.shape[-2]):
        query = q[..., t : t + 1, :].expand(*k.shape[:-1], q.shape[-1])
        hidden = torch.nn.functional.linear(torch.cat([query, k], -1), w.T)
        rows.append((hidden.tanh() * v).sum(-1))
    return torch.stack(rows, -2)


LUONG_SCORES = Exercise(
    name="luong_scores",
    title="Dot, general, concat",
    minutes=7,
    difficulty=2,
    proves="your three scores agree with Luong's three formulas, gradients too",
    passed="Dot, general and concat agree with their formulas in float64, gradients too.",
    cases=luong_cases,
    sample=luong_sample,
    oracle=luong_oracle,
    reference=f"{ADDITIVE}.luong_scores",
    hints=(
        "What is handed in tells which score is asked for. Two of the three are one matrix product "
        "apart; the third you have written already, with its matrix in two halves.",
        "no w: q times k transposed\nw alone: q times w, then as before\n"
        "w and v: cut w into its first d_q rows and the rest, then additive_scores",
        "w[: q.shape[-1]] are the rows that meet the query.\n"
        "    if v is not None:\n        return additive_scores(q, k, w[:n], w[n:], v)\n"
        "    q = q if w is None else q @ w",
    ),
    wrong_answers=wrong.LUONG_SCORES,
)

# ---------------------------------------------------------------- 5.9 Luong's step


def luong_step_sample(rng: np.random.Generator) -> Case:
    return wired(rng, tuple(pick(rng, SIZES) for _ in range(6)), late=True, label="random")


def luong_step_oracle(
    y: Tensor, h: Tensor, attend: Any, cell: Any, w_c: Tensor
) -> tuple[Tensor, ...]:
    new = cell(y.clone(), h.clone())
    context, weights = attend(new)
    d_m = context.shape[1]
    mixed = torch.einsum("bm,mo->bo", context, w_c[:d_m]) + torch.einsum(
        "bd,do->bo", new, w_c[d_m:]
    )
    return torch.tanh(mixed), new, weights


LUONG_STEP = Exercise(
    name="luong_step",
    title="A step that attends last",
    minutes=5,
    difficulty=1,
    proves="your step attends with the state after it, and mixes both into one vector",
    passed="The state after the step attends; context and state are mixed by W_c and a tanh.",
    cases=lambda: wiring_cases(late=True),
    sample=luong_step_sample,
    oracle=luong_step_oracle,
    parts=("out", "state", "weights"),
    reference=f"{TRANSLATOR}.luong_step",
    device=False,
    hints=(
        "The same parts as in 5.5 in another order: step, read, mix.",
        "h = the cell, on y alone, from h\ncontext, weights = what the new h reads\n"
        "out = tanh of context and h side by side, times w_c",
        "h = cell(y, h) comes first.\n    context, weights = attend(h)\n"
        "    out = torch.tanh(torch.cat([...], dim=-1) @ w_c)",
    ),
    wrong_answers=wrong.LUONG_STEP,
)

# ---------------------------------------------------------------- 5.10 local attention


def local_case(rng: Any, lead: tuple[int, ...], t: int, s: int, reach: int, **more: Any) -> Case:
    rng = generator(rng) if isinstance(rng, int) else rng
    centre = torch.from_numpy(np.asarray(rng.uniform(0, s - 1, (*lead, t))))
    return Case(args=(noise(rng, *lead, t, s), centre, reach), **more)


def local_cases() -> list[Case]:
    level = torch.zeros(1, 5, dtype=torch.float64)
    uneven = torch.tensor([[0.0, 1.0, 2.0, 0.0, 3.0, 1.0]], dtype=torch.float64)
    return [
        Case(label="five equal scores, centre 2, reach 1", args=(level, level[:, 0] + 2, 1)),
        Case(label="centre 2.5, between two places", args=(uneven, level[:, 0] + 2.5, 2)),
        local_case(0, (), 3, 7, 2, label="3 queries, 7 keys, reach 2, seed 0", gradients=True),
        local_case(1, (2,), 4, 11, 3, label="2 × 4 queries, 11 keys, reach 3", gradients=True),
        local_case(2, (2, 3), 4, 9, 1, label="2 × 3 × 4 queries, 9 keys, reach 1", gradients=True),
        Case(label="centre 0, at the edge", args=(uneven, level[:, 0], 2)),
        local_case(4, (), 2, 3, 8, label="a reach beyond both ends", edge=True),
    ]


def local_sample(rng: np.random.Generator) -> Case:
    lead = [(), (2,), (2, 3)][pick(rng, range(3))]
    t, s = pick(rng, SIZES), pick(rng, range(1, 9))
    whole = pick(rng, range(2))
    case = local_case(rng, lead, t, s, pick(rng, range(1, 5)), label="random")
    scores, centre, reach = case.args
    return Case(label="random", args=(scores, centre.round() if whole else centre, reach))


def local_oracle(scores: Tensor, centre: Tensor, reach: int) -> Tensor:
    """Key after key, query after query."""
    rows, centres = scores.reshape(-1, scores.shape[-1]), centre.reshape(-1)
    out = []
    for row, p in zip(rows, centres, strict=True):
        inside = [s for s in range(len(row)) if abs(s - p.item()) <= reach]
        weights = row[inside].softmax(0) if inside else row[inside]
        bell = torch.stack([torch.exp(-((s - p) ** 2) / (2 * (reach / 2) ** 2)) for s in inside])
        zero = torch.zeros(len(row), dtype=row.dtype)
        out.append(zero.index_put((torch.tensor(inside),), weights * bell))
    return torch.stack(out).reshape(scores.shape)


def outside_is_zero(call: Any, case: Case, value: Any) -> str | None:
    """Keys outside the window get nothing."""
    scores, centre, reach = case.args
    outside = (torch.arange(scores.shape[-1]) - centre[..., None]).abs() > reach
    stray = value.masked_fill(~outside, 0.0).abs().max().item()
    if stray == 0:
        return None
    return (
        f"Keys farther than {reach} from the centre get the weight 0. On the case “{case.label}” "
        f"yours gives one of them {stray:.3f}."
    )


LOCAL_WEIGHTS = Exercise(
    name="local_weights",
    title="A window to look through",
    minutes=7,
    difficulty=2,
    proves="only keys within reach of the centre get weight, less the farther they are",
    passed="Agrees with a loop over keys, gradients of scores and centre too.",
    cases=local_cases,
    sample=local_sample,
    oracle=local_oracle,
    properties=(Property(id="outside_is_zero", holds=outside_is_zero),),
    reference=f"{ADDITIVE}.local_weights",
    hints=(
        "First the distance of every key from every centre; from it follow the window and the "
        "curve. Which of the two belongs before the softmax?",
        "distance = places of the keys minus the centre, shape (…, T, S)\n"
        "scores where |distance| > reach become −∞\nweights = softmax over the keys\n"
        "weights times exp(−distance² / 2σ²), with σ = reach / 2",
        "torch.arange(scores.shape[-1], device=scores.device) - centre[..., None] is the distance.\n"
        "    near = scores.masked_fill(distance.abs() > reach, -torch.inf).softmax(dim=-1)\n"
        "    return near * torch.exp(...)",
    ),
    wrong_answers=wrong.LOCAL_WEIGHTS,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="gate",
        question="A GRU's update gate z is 1 for a whole sentence. What is its state at the end?",
        options=("the state it started with", "zeros", "the candidate of the last word"),
        answer="the state it started with",
        because="h' = (1 − z) n + z h: with z = 1 nothing new enters. That is how a GRU can carry "
        "something over many words unchanged.",
    ),
    Prediction(
        id="cancels",
        question="Drop the tanh: scores q W_q v + k W_k v. Two different queries meet the same "
        "keys. How do their weights compare?",
        options=("they are equal", "they differ by a factor", "the larger query has sharper ones"),
        answer="they are equal",
        because="The query's part is the same number for every key of its row, and a softmax does "
        "not feel a number added to all its scores.",
    ),
    Prediction(
        id="leak",
        question="The decoder is fed the targets unshifted, and trained. What do loss and exact "
        "match look like?",
        options=(
            "loss near 0, exact match near 0",
            "both good",
            "loss high, exact match near 0",
        ),
        answer="loss near 0, exact match near 0",
        because="It learns to copy the word it is fed. When it writes by itself, nobody feeds it "
        "the answer.",
    ),
    Prediction(
        id="crossing",
        question="121 is “one hundred and twenty one” and “ein hundert ein und zwanzig”. While it "
        "writes the second “ein”, where will the decoder look?",
        options=("at “twenty”, the next word", "at the last “one”", "at the first “one”"),
        answer="at the last “one”",
        because="That is the unit it has to translate. It jumps over “twenty” and comes back for it "
        "two pieces later: the bright cells cross.",
    ),
    Prediction(
        id="long",
        question="Without attention, the whole number must fit into the encoder's last states. "
        "Which numbers fail first?",
        options=("long ones", "short ones", "all lengths alike"),
        answer="long ones",
        because="Two vectors of fixed size hold everything, however long the source. With "
        "attention, a longer source brings more states to read.",
    ),
)

QUIZ = (
    Question(
        text="Which state of the decoder asks, in Bahdanau's attention and in Luong's?",
        options=(
            Option(
                text="The state before the step in both.",
                why="Luong's takes the step first and asks with its result.",
            ),
            Option(
                text="Before the step in Bahdanau's, after it in Luong's.",
                why="So Bahdanau's context can enter the cell, and Luong's is mixed in behind it.",
                right=True,
            ),
            Option(
                text="The encoder's last state in both.",
                why="That state is the same at every step; it could not look elsewhere for each word.",
            ),
        ),
    ),
    Question(
        text="Why does additive attention need its tanh?",
        options=(
            Option(
                text="To keep the weights between 0 and 1.",
                why="The softmax does that, whatever the scores.",
            ),
            Option(
                text="Without it every query would get the same weights.",
                why="Query and key would enter as a sum, and the softmax cancels what all keys share.",
                right=True,
            ),
            Option(
                text="To make the score symmetric in query and key.",
                why="W_q and W_k differ, so it is not symmetric, with the tanh or without.",
            ),
        ),
    ),
    Question(
        text="A translator reaches a training loss near 0 in a minute and translates nothing "
        "right. What do you look at first?",
        options=(
            Option(
                text="Whether the decoder's inputs are shifted.",
                why="Fed its own targets it learns to copy: the loss is near 0, and there is nothing to copy later.",
                right=True,
            ),
            Option(
                text="Whether the learning rate is too small.",
                why="A small rate makes the loss fall slowly; this one has fallen.",
            ),
            Option(
                text="Whether the encoder reads in both directions.",
                why="One direction may make it worse. It does not spoil every translation while the loss is near 0.",
            ),
        ),
    ),
    Question(
        text="What does concat have to do with Bahdanau's additive score?",
        options=(
            Option(
                text="They are the same: cut W into its rows for q and its rows for k.",
                why="[q; k] W = q W_q + k W_k, and the tanh and v are the same.",
                right=True,
            ),
            Option(
                text="Concat multiplies where additive adds.",
                why="Multiplying is what dot and general do.",
            ),
            Option(
                text="Concat needs query and key of equal width.",
                why="That is the dot product's condition. Side by side any two widths fit.",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="05",
    slug="attention_that_translates",
    title="Attention that translates",
    minutes=75,
    needs=("04",),
    exercises=(
        GRU_STEP,
        ENCODE,
        ADDITIVE_SCORES,
        ADDITIVE_ATTENTION,
        BAHDANAU_STEP,
        TEACHER_FORCED_LOSS,
        GREEDY_DECODE,
        LUONG_SCORES,
        LUONG_STEP,
        LOCAL_WEIGHTS,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
