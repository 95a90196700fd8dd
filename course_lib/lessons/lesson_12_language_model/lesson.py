"""Lesson 12 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_12*.py`."""

import json
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
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
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_12_language_model import mistakes as wrong
from course_lib.lessons.lesson_12_language_model import mistakes_model as wrong_model
from course_lib.models.blocks import BlockConfig

PIECES = "course_lib.data.byte_pairs"
REFERENCE = "course_lib.lessons.lesson_12_language_model.reference"

# ---------------------------------------------------------------- 12.1 merge a pair


def merge_cases() -> list[Case]:
    def case(label: str, pieces: str, pair: str, edge: bool = False) -> Case:
        return Case(label=label, args=(pieces.split(), tuple(pair.split())), edge=edge)

    return [
        case("b, a, n, a, n, a with (a, n)", "b a n a n a", "a n"),
        case("three equal letters", "a a a", "a a"),
        case("longer pieces: ba, b, a, b with (a, b)", "ba b a b", "a b"),
        case("the pair and its mirror image", "n a n a b a n", "n a"),
        case("five equal letters", "b a a a a a", "a a"),
        case("merged pieces: l, ow, er, low, er", "l ow er low er", "low er"),
        case("two pairs that spell the same: ab, c, a, bc with (a, bc)", "ab c a bc", "a bc"),
        case("a pair that is not there", "l o w", "o l", edge=True),
        case("a single piece", "low", "l ow", edge=True),
        case("no piece at all", "", "l o", edge=True),
    ]


def merge_sample(rng: np.random.Generator) -> Case:
    letters = ["a", "b", "ab", "ba", "aa"]
    pieces = [letters[i] for i in rng.integers(0, 5, pick(rng, range(9)))]
    pair = (letters[pick(rng, range(3))], letters[pick(rng, range(3))])
    return Case(label="random", args=(pieces, pair))


def merge_oracle(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    """From the left, by recursion."""
    if len(pieces) < 2:
        return list(pieces)
    if pieces[0] == pair[0] and pieces[1] == pair[1]:
        return ["".join(pair), *merge_oracle(pieces[2:], pair)]
    return [pieces[0], *merge_oracle(pieces[1:], pair)]


def keeps_the_text(call: Any, case: Case, out: Any) -> str | None:
    before = "".join(case.args[0])
    after = "".join(out)
    if after == before:
        return None
    return f"No letter may be lost or won: your pieces spell {after!r}, the word is {before!r}."


MERGE_PAIR = Exercise(
    name="merge_pair",
    title="Merge a pair",
    minutes=4,
    difficulty=1,
    proves="every occurrence is joined, from left to right, and no letter is lost",
    passed="Agrees with a recursion on 10 words, overlaps and longer pieces among them.",
    cases=merge_cases,
    sample=merge_sample,
    oracle=merge_oracle,
    reference=f"{PIECES}.merge_pair",
    properties=(Property(id="keeps_the_text", holds=keeps_the_text),),
    hints=(
        "Walk along the list with a place that you move yourself. At each place there are two cases: the pair stands here, "
        "or it does not. How far does each case move you?",
        "at = 0\nwhile there are pieces left:\n    if this piece and the next are the pair: append both joined, at += 2\n"
        "    else: append this piece, at += 1",
        "tuple(pieces[at : at + 2]) == pair tells whether the pair stands here, also at the end, where the slice has one piece.",
    ),
    wrong_answers=wrong.MERGE,
)

# ---------------------------------------------------------------- 12.2 train


def train_cases() -> list[Case]:
    def case(label: str, words: dict[str, int], n: int, edge: bool = False) -> Case:
        return Case(label=label, args=(words, n), edge=edge)

    return [
        case("low 5 times, lower 2 times, newest 6 times, widest 3 times, 4 merges", PAPER, 4),
        case("banana 3 times, band once, 2 merges", {"banana": 3, "band": 1}, 2),
        case("ba, cab and ab, all once, 3 merges", {"cab": 1, "ba": 1, "ab": 1}, 3),
        case("aab twice, baa and aabab once, 4 merges", {"aab": 2, "baa": 1, "aabab": 1}, 4),
        case("the same words, 10 merges", PAPER, 10),
        case("bcccbb: a tie that the second piece decides", {"bcccbb": 4}, 3),
        case("a rare word full of one pair", {"xyxyxyxy": 1, "low": 3, "owl": 2}, 4),
        case("more merges than there are pairs", {"aa": 2, "ab": 1}, 9, edge=True),
        case("no merge at all", PAPER, 0, edge=True),
        case("a word of one letter", {"a": 7, "ab": 1}, 3, edge=True),
    ]


PAPER = {"low": 5, "lower": 2, "newest": 6, "widest": 3}


def some_words(rng: np.random.Generator) -> dict[str, int]:
    letters = "abc"[: pick(rng, (2, 3))]
    return {
        "".join(letters[i] for i in rng.integers(0, len(letters), pick(rng, range(1, 8)))): pick(
            rng, range(1, 6)
        )
        for _ in range(pick(rng, range(1, 6)))
    }


def train_sample(rng: np.random.Generator) -> Case:
    return Case(label="random", args=(some_words(rng), pick(rng, range(9))))


def train_oracle(words: dict[str, int], n_merges: int) -> list[tuple[str, str]]:
    """Hugging Face's trainer; its merges come in order."""
    from tokenizers import Tokenizer, models, trainers

    tokenizer = Tokenizer(models.BPE())
    text = [word for word, n in words.items() for _ in range(n)]
    trainer = trainers.BpeTrainer(vocab_size=100_000, show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(first, second) for first, second in merges][:n_merges]


TRAIN_BPE = Exercise(
    name="train_bpe",
    title="Learn the merges",
    minutes=9,
    difficulty=2,
    proves="your merges are those of Hugging Face's trainer, in the same order, ties included",
    passed="Agrees with Hugging Face's tokenizers on 10 small texts, merge by merge.",
    cases=train_cases,
    sample=train_sample,
    oracle=train_oracle,
    reference=f"{PIECES}.train_bpe",
    hints=(
        "Three things happen in each round: count, choose, join. What has to be counted again after a join, and "
        "what does a new piece need so that later ties can be decided?",
        "in each round:\n    count the pairs of all words; stop when there are none\n    choose: highest count, then oldest first piece, "
        "then oldest second piece\n    note the pair; give the new piece its age, unless it has one\n    merge the pair in every word",
        "pair = min(counts, key=lambda p: (-counts[p], age[p[0]], age[p[1]])), then age.setdefault(''.join(pair), len(age)), and "
        "split = {tuple(merge_pair(pieces, pair)): n for pieces, n in split.items()}.",
    ),
    wrong_answers=wrong.TRAIN,
)

# ---------------------------------------------------------------- 12.3 encode

LOW = [("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w"), ("n", "e"), ("ne", "w"), ("new", "est")]


def encode_cases() -> list[Case]:
    def case(label: str, word: str, merges: Any, edge: bool = False) -> Case:
        return Case(label=label, args=(word, merges), edge=edge)

    return [
        case("“lowest”, seven merges", "lowest", LOW),
        case("“newest”", "newest", LOW),
        case("“abab”: (b, a) before (a, b)", "abab", [("b", "a"), ("a", "b"), ("ab", "a")]),
        case("“banana”", "banana", [("a", "n"), ("b", "an"), ("an", "a"), ("n", "a")]),
        case("“aaaaa”", "aaaaa", [("a", "a"), ("aa", "a"), ("aa", "aa")]),
        case("“abcd”, overlapping pairs", "abcd", [("c", "d"), ("b", "c"), ("a", "b")]),
        case(
            "“abcde”: the longest is not the one",
            "abcde",
            [("a", "b"), ("b", "cd"), ("c", "d"), ("ab", "cd"), ("d", "e"), ("c", "de")],
        ),
        case("letters that training never saw", "höher", [("h", "e"), ("e", "r")], edge=True),
        case("no merges", "low", [], edge=True),
        case("one letter", "l", LOW, edge=True),
    ]


def encode_sample(rng: np.random.Generator) -> Case:
    from course_lib.data.byte_pairs import train_bpe

    words = some_words(rng)
    merges = train_bpe(words, 12)
    word = "".join("abc"[i] for i in rng.integers(0, 3, pick(rng, range(1, 9))))
    return Case(label="random", args=(word, merges))


def encode_oracle(word: str, merges: Sequence[tuple[str, str]]) -> list[str]:
    """Hugging Face's encoder, with these merges."""
    from tokenizers import Tokenizer, models

    pieces = [*dict.fromkeys([*word, *(p for pair in merges for p in (*pair, "".join(pair)))])]
    vocab = {piece: at for at, piece in enumerate(pieces)}
    return list(Tokenizer(models.BPE(vocab=vocab, merges=list(merges))).encode(word).tokens)


ENCODE = Exercise(
    name="encode",
    title="Encode a word",
    minutes=7,
    difficulty=2,
    proves="words are cut as Hugging Face's encoder cuts them, words that were never seen included",
    passed="Agrees with Hugging Face's tokenizers on 10 words.",
    cases=encode_cases,
    sample=encode_sample,
    oracle=encode_oracle,
    reference=f"{PIECES}.encode",
    properties=(Property(id="keeps_the_text", holds=keeps_the_text),),
    hints=(
        "Start with the letters. Of all the neighbours that stand in the word now, which one would training have "
        "joined first?",
        "pieces = the letters\nwhile some neighbours stand in merges:\n    pair = the one that stands earliest in merges\n"
        "    pieces = merge_pair(pieces, pair)",
        "rank = {pair: at for at, pair in enumerate(merges)}; in the loop, there = [p for p in zip(pieces, pieces[1:]) if p in rank], "
        "and the pair is min(there, key=rank.get).",
    ),
    wrong_answers=wrong.ENCODE,
)

# ---------------------------------------------------------------- 12.4 batches


def batch_cases() -> list[Case]:
    def drawn(n: int, b: int, t: int, seed: int) -> Case:
        rng = generator(seed)
        tokens = torch.from_numpy(rng.integers(0, 50, n))
        starts = torch.from_numpy(rng.integers(0, n - t, b))
        return Case(
            label=f"a text of {n} tokens, {b} windows of {t}, seed {seed}", args=(tokens, starts, t)
        )

    text = torch.tensor([7, 3, 9, 3, 5])
    end = torch.tensor([2, 0])
    return [
        Case(label="a text of five, windows of two from 0 and 2", args=(text, end.flip(0), 2)),
        drawn(30, 3, 5, 0),
        drawn(41, 7, 4, 1),
        Case(label="a window that ends with the text", args=(text, end, 2), edge=True),
        Case(label="windows of one token", args=(text, torch.tensor([1, 3, 0]), 1), edge=True),
    ]


def batch_sample(rng: np.random.Generator) -> Case:
    t, b, extra = (pick(rng, range(1, 6)) for _ in range(3))
    tokens = torch.from_numpy(rng.integers(0, 9, t + extra))
    return Case(label="random", args=(tokens, torch.from_numpy(rng.integers(0, extra, b)), t))


def batch_oracle(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Slice by slice."""
    inputs = torch.stack([tokens[s : s + length] for s in starts.tolist()])
    targets = torch.stack([tokens[s + 1 : s + length + 1] for s in starts.tolist()])
    return inputs, targets


NEXT_TOKEN_BATCH = Exercise(
    name="next_token_batch",
    title="Next-token batches",
    minutes=5,
    difficulty=1,
    proves="each place is asked for the token that follows it in the text, the last place too",
    passed="Agrees with slices of the text, window by window.",
    cases=batch_cases,
    sample=batch_sample,
    oracle=batch_oracle,
    reference=f"{REFERENCE}.next_token_batch",
    parts=("inputs", "targets"),
    device=False,
    hints=(
        "The target of the last place stands behind the window. How many tokens of the text does one row of the batch need in all?",
        "places: each start plus 0 … T, as a matrix (B, T + 1)\nwindow = the tokens there\ninputs: all but the last column; targets: "
        "all but the first",
        "tokens[starts[:, None] + torch.arange(length + 1)] gives (B, T + 1); then [:, :-1] and [:, 1:].",
    ),
    wrong_answers=wrong.BATCH,
)

# ---------------------------------------------------------------- 12.5 bigrams


def bigram_cases() -> list[Case]:
    def drawn(n: int, v: int, smoothing: float, seed: int) -> Case:
        tokens = torch.from_numpy(generator(seed).integers(0, v, n))
        label = f"{n} tokens of {v} kinds, smoothing {smoothing:g}, seed {seed}"
        return Case(label=label, args=(tokens, v, smoothing))

    return [
        Case(
            label="a text of five tokens, two kinds, smoothing 1",
            args=(torch.tensor([0, 1, 0, 1, 1]), 2, 1.0),
        ),
        drawn(40, 5, 0.1, 0),
        drawn(23, 7, 2.0, 1),
        Case(
            label="kinds that never occur",
            args=(torch.tensor([3, 1, 1, 3, 3, 1]), 6, 0.5),
            edge=True,
        ),
    ]


def bigram_sample(rng: np.random.Generator) -> Case:
    v = pick(rng, range(1, 6))
    tokens = torch.from_numpy(rng.integers(0, v, pick(rng, range(2, 20))))
    return Case(label="random", args=(tokens, v, float(rng.choice([0.01, 0.5, 1.0, 3.0]))))


def bigram_oracle(tokens: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    """Pair by pair, in NumPy."""
    counts = np.full((vocab_size, vocab_size), smoothing)
    places = tokens.tolist()
    for current, following in pairwise(places):
        counts[current, following] += 1
    return torch.from_numpy(np.log(counts / counts.sum(1, keepdims=True))).float()


def rows_sum_to_one(call: Any, case: Case, out: Tensor) -> str | None:
    sums = out.double().exp().sum(-1)
    if torch.allclose(sums, torch.ones_like(sums), atol=1e-4):
        return None
    shown = ", ".join(f"{x:.3f}" for x in sums[:4].tolist())
    return f"The probabilities of each row must sum to 1. Yours sum to {shown}."


BIGRAM_LOG_PROBS = Exercise(
    name="bigram_log_probs",
    title="The bigram baseline",
    minutes=7,
    difficulty=2,
    proves="each row is a distribution over next tokens, counted with smoothing",
    passed="Agrees with counts made pair by pair.",
    cases=bigram_cases,
    sample=bigram_sample,
    oracle=bigram_oracle,
    reference=f"{REFERENCE}.bigram_log_probs",
    properties=(Property(id="rows_sum_to_one", holds=rows_sum_to_one),),
    device=False,
    hints=(
        "The same pair occurs many times, and each time has to count. Which kinds of indexing add up, and which overwrite?",
        "counts = a table (V, V), rows: current, columns: next, filled with the smoothing\nadd 1 for every neighbouring pair\n"
        "divide each row by its sum, take the logarithm",
        "counts = torch.full((vocab_size, vocab_size), smoothing), then counts.index_put_((tokens[:-1], tokens[1:]), "
        "torch.tensor(1.0), accumulate=True). A loop does as well.",
    ),
    wrong_answers=wrong.BIGRAM,
)

# ---------------------------------------------------------------- 12.6 bits per byte


def bits_cases() -> list[Case]:
    def case(label: str, nats: float, *pieces: str, edge: bool = False) -> Case:
        return Case(label=label, args=(nats, list(pieces)), edge=edge)

    return [
        case("four pieces, one bit each, nine letters", math.log(2), "at", "t", "ent", "ion"),
        case("“café” in three pieces", 2.5, "c", "af", "é"),
        case("“déjà vu …” in five pieces", 3.2, "d", "éj", "à", " vu", " …"),
        case("characters, one byte each", 1.38, *"attend"),
        case("one long piece", 9.0, "attention", edge=True),
        case("nothing to guess", 0.0, "a", "b", edge=True),
    ]


def bits_sample(rng: np.random.Generator) -> Case:
    letters = ["a", "é", "bc", "…", "déf"]
    pieces = [letters[i] for i in rng.integers(0, 5, pick(rng, range(1, 7)))]
    return Case(label="random", args=(float(rng.uniform(0, 8)), pieces))


def bits_oracle(nats_per_token: float, pieces: Sequence[str]) -> float:
    """The probability of the whole text, in bits, over its bytes."""
    whole = np.log2(np.exp(1.0)) * nats_per_token * len(pieces)
    return float(whole / np.frombuffer("".join(pieces).encode("utf-8"), dtype=np.uint8).size)


BITS_PER_BYTE = Exercise(
    name="bits_per_byte",
    title="Bits per byte",
    minutes=4,
    difficulty=1,
    proves="texts cut into characters or into pieces are measured in the same unit",
    passed="Agrees with bits and bytes counted over the whole text.",
    cases=bits_cases,
    sample=bits_sample,
    oracle=bits_oracle,
    reference=f"{REFERENCE}.bits_per_byte",
    hints=(
        "What does the whole text cost, in nats? Then change the unit above, and count what it is shared among.",
        "cost of the text = nats per token × number of tokens\nin bits: divide by ln 2\nper byte: divide by the number of bytes of all "
        "pieces",
        "len(piece.encode()) counts the bytes of a piece; math.log(2) is ln 2.",
    ),
    wrong_answers=wrong.BITS,
)

# ---------------------------------------------------------------- 12.7 mean loss


def padded(rng: np.random.Generator, b: int, t: int, v: int, pad: int) -> Tensor:
    """Draw targets; every text but the first ends in padding, the first place is always real."""
    targets = torch.from_numpy(rng.integers(0, v - 1, (b, t)))
    targets = targets + (targets >= pad)
    lengths = torch.from_numpy(rng.integers(1, t + 1, (b, 1)))
    lengths[0] = t
    return targets.where(torch.arange(t) < lengths, pad)


def loss_cases() -> list[Case]:
    def drawn(b: int, t: int, v: int, pad: int, seed: int) -> Case:
        rng = generator(seed)
        args = (noise(rng, b, t, v, scale=2.0), padded(rng, b, t, v, pad), pad)
        label = f"{b} texts of up to {t} tokens, {v} kinds, {pad} is padding, seed {seed}"
        return Case(label=label, args=args, gradients=True)

    logits = torch.tensor([[[0.0, 1.0, 2.0]] * 2, [[0.0, 3.0, 0.0]] * 2]).double()
    return [
        Case(
            label="two texts of two and one token, 0 is padding",
            args=(logits, torch.tensor([[1, 2], [1, 0]]), 0),
            gradients=True,
        ),
        drawn(3, 5, 7, 0, 0),
        drawn(4, 6, 5, 2, 4),
        Case(label="no padding", args=(noise(5, 2, 3, 4), torch.ones(2, 3).long(), 0), edge=True),
        Case(
            label="scores of a thousand",
            args=(1000 * noise(6, 2, 3, 4), padded(generator(7), 2, 3, 4, 0), 0),
            edge=True,
        ),
    ]


def loss_sample(rng: np.random.Generator) -> Case:
    b, t, v = (pick(rng, range(1, 5)) for _ in range(3))
    pad = pick(rng, range(v + 1))
    args = (noise(rng, b, t, v + 1), padded(rng, b, t, v + 1, pad), pad)
    return Case(label="random", args=args)


def loss_oracle(logits: Tensor, targets: Tensor, pad: int) -> Tensor:
    """PyTorch's loss, told what to leave out."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad)


MEAN_LOSS = Exercise(
    name="mean_loss",
    title="A mean that leaves padding out",
    minutes=6,
    difficulty=2,
    proves="filler changes nothing, and every real token weighs the same",
    passed="Agrees with F.cross_entropy(ignore_index=…), gradients too.",
    cases=loss_cases,
    sample=loss_sample,
    oracle=loss_oracle,
    reference=f"{REFERENCE}.mean_loss",
    forbidden=("cross_entropy", "nll_loss", "CrossEntropyLoss", "NLLLoss"),
    hints=(
        "Two texts, two tokens in one and one in the other: how many numbers does the mean run over?",
        "log-probabilities over the last axis\nat each place, that of the target\nkeep the places whose target is no padding; minus "
        "their mean",
        "logits.log_softmax(-1).gather(-1, targets[..., None]) picks one number a place (squeeze the last axis); index it with "
        "targets != pad.",
    ),
    wrong_answers=wrong.LOSS,
)

# ---------------------------------------------------------------- 12.8 the model


def model_state(rng: Any, v: int, max_len: int, config: BlockConfig, n_layers: int) -> Any:
    """Fill every parameter with noise."""
    d, ff = config.d_model, config.d_ff
    square, line = (d, d), (d,)
    block = {
        f"attn.w_{x}.{kind}": size
        for x in "qkvo"
        for kind, size in (("weight", square), ("bias", line))
    }
    block |= {f"norm{n}.{kind}": line for n in (1, 2) for kind in ("weight", "bias")}
    block |= {"ff.w_in.weight": (ff, d), "ff.w_in.bias": (ff,)}
    block |= {"ff.w_out.weight": (d, ff), "ff.w_out.bias": line}
    shapes = {"embed.weight": (v, d), "positions.weight": (max_len, d)}
    for n in range(n_layers):
        shapes |= {f"blocks.{n}.{name}": size for name, size in block.items()}
    shapes |= {"norm.weight": line, "norm.bias": line}
    return {name: noise(rng, *size, scale=0.5) for name, size in shapes.items()}


def model_case(label: str, sizes: Sequence[int], start: int, seed: Any, edge: bool = False) -> Case:
    v, max_len, n_layers, b, t = sizes
    rng = generator(seed) if isinstance(seed, int) else seed
    config = BlockConfig(d_model=6, n_heads=2, d_ff=10)
    init = {"vocab_size": v, "max_len": max_len, "config": config, "n_layers": n_layers}
    tokens = torch.from_numpy(rng.integers(0, v, (b, t)))
    state = model_state(rng, v, max_len, config, n_layers)
    args = (tokens, start) if start else (tokens,)
    return Case(
        label=label, args=args, init=init, state=state, gradients=not edge and start == 0, edge=edge
    )


def model_cases() -> list[Case]:
    return [
        model_case("one text of three tokens, two layers", (5, 4, 2, 1, 3), 0, 0),
        model_case("2 texts of 4 tokens, 7 kinds, two layers, seed 1", (7, 9, 2, 2, 4), 0, 1),
        model_case("3 texts of 5 tokens that 4 others precede, seed 2", (7, 9, 2, 3, 5), 4, 2),
        model_case("2 texts that fill all 6 positions, seed 3", (11, 6, 3, 2, 6), 0, 3),
        model_case("one token at the last position", (5, 7, 2, 2, 1), 6, 4, edge=True),
    ]


def model_sample(rng: np.random.Generator) -> Case:
    t, start = pick(rng, range(1, 5)), pick(rng, range(3))
    sizes = (pick(rng, range(2, 6)), t + start, 2, pick(rng, (1, 2)), t)
    return model_case("random", sizes, start, rng)


def model_oracle(
    state: dict[str, Tensor],
    tokens: Tensor,
    start: int = 0,
    *,
    vocab_size: int,
    max_len: int,
    config: BlockConfig,
    n_layers: int,
) -> Tensor:
    """PyTorch's own functions, layer by layer, with the parameters as they are."""

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"])

    def linear(x: Tensor, name: str) -> Tensor:
        return F.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    def heads(x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], config.n_heads, -1).transpose(1, 2)

    x = state["embed.weight"][tokens] + state["positions.weight"][start:][: tokens.shape[1]]
    for n in range(n_layers):
        block = f"blocks.{n}"
        y = norm(x, f"{block}.norm1")
        q, k, v = (heads(linear(y, f"{block}.attn.w_{name}")) for name in "qkv")
        found = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        x = x + linear(found.reshape(x.shape), f"{block}.attn.w_o")
        hidden = F.gelu(linear(norm(x, f"{block}.norm2"), f"{block}.ff.w_in"))
        x = x + linear(hidden, f"{block}.ff.w_out")
    return norm(x, "norm") @ state["embed.weight"].T


def reads_no_future(call: Callable[..., Any], case: Case, out: Any) -> str | None:
    """Change the last token: no earlier place may move."""
    tokens, rest = case.args[0], case.args[1:]
    if tokens.shape[1] < 2 or out.shape[:2] != tokens.shape:
        return None
    other = tokens.clone()
    other[:, -1] = (other[:, -1] + 1) % case.init["vocab_size"]
    moved = (call(other, *rest) - out)[:, :-1].abs().amax(-1) > 1e-9
    if not moved.any():
        return None
    place = int(moved.any(0).nonzero()[0])
    return (
        f"The last token was changed, and the scores at place {place} moved: that place reads its future, and so can look up "
        "its own label."
    )


LANGUAGE_MODEL = Exercise(
    name="LanguageModel",
    title="A decoder-only model",
    minutes=14,
    difficulty=3,
    proves="logits and gradients are those of PyTorch's own functions with your weights, and no place reads its future",
    passed="Agrees with PyTorch's functions layer by layer, gradients too; no place reads its future.",
    cases=model_cases,
    sample=model_sample,
    oracle=model_oracle,
    reference=f"{REFERENCE}.LanguageModel",
    protocol=ModuleProtocol(),
    properties=(Property(id="reads_no_future", holds=reads_no_future),),
    device=False,
    hints=(
        "Four steps: read (two tables), exchange (blocks, each with the causal mask), normalise, name. Which table serves at both "
        "ends?",
        "__init__: embed (V, d), positions (max_len, d), blocks (n_layers of them, each its own), norm\nforward: rows of embed + rows "
        "start … start + T − 1 of positions\n  each block with the causal mask\n  norm, then the dot product with every row of embed",
        "self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(n_layers)); x = self.embed(tokens) + "
        "self.positions.weight[start : start + T]; at the end self.norm(x) @ self.embed.weight.T.",
    ),
    wrong_answers=wrong_model.MODEL,
)

# ---------------------------------------------------------------- 12.9 crop the context


class Reader:
    """A stand-in for a model: every place says something about all tokens up to it, and its own place.

    Args:
        vocab_size: V.
        max_len: it refuses more tokens.
    """

    def __init__(self, vocab_size: int, max_len: int) -> None:
        self.table = noise(vocab_size, vocab_size, vocab_size)
        self.max_len = max_len

    def __call__(self, tokens: Tensor) -> Tensor:
        n = tokens.shape[1]
        if n > self.max_len:
            raise ValueError(f"{n} tokens were given; this model reads {self.max_len} at most")
        fading = 0.7 ** (torch.arange(n)[:, None] - torch.arange(n)).clamp(min=0)
        return (fading.tril() * (1 + torch.arange(n))).double() @ self.table[tokens]


def next_case(label: str, v: int, max_len: int, tokens: Tensor, edge: bool = False) -> Case:
    return Case(label=label, args=(Reader(v, max_len), tokens, max_len), edge=edge)


def next_cases() -> list[Case]:
    def text(seed: int, b: int, t: int, v: int) -> Tensor:
        return torch.from_numpy(generator(seed).integers(0, v, (b, t)))

    return [
        next_case("one text of 4 tokens, a model that reads 3", 5, 3, torch.tensor([[1, 4, 2, 3]])),
        next_case("3 texts of 9 tokens, a model that reads 4", 7, 4, text(0, 3, 9, 7)),
        next_case("2 texts of 11 tokens, a model that reads 5", 6, 5, text(1, 2, 11, 6)),
        next_case("6 texts of 3 tokens, a model that reads 4", 7, 4, text(2, 6, 3, 7)),
        next_case("a text as long as the model reads", 5, 4, text(3, 2, 4, 5), edge=True),
        next_case("a single token", 5, 4, text(4, 3, 1, 5), edge=True),
    ]


def next_sample(rng: np.random.Generator) -> Case:
    v, max_len, t, b = (pick(rng, range(1, 6)) for _ in range(4))
    return next_case("random", v + 1, max_len, torch.from_numpy(rng.integers(0, v + 1, (b, t))))


def next_oracle(model: Callable[[Tensor], Tensor], tokens: Tensor, max_len: int) -> Tensor:
    """Text by text, with the first tokens dropped one at a time."""
    rows = []
    for text in tokens.tolist():
        while len(text) > max_len:
            text.pop(0)
        rows.append(model(torch.tensor([text]))[0, len(text) - 1])
    return torch.stack(rows)


NEXT_LOGITS = Exercise(
    name="next_logits",
    title="Crop the context",
    minutes=4,
    difficulty=1,
    proves="the latest tokens are kept, and one row of scores comes back for each text",
    passed="Agrees with tokens dropped one at a time, text by text.",
    cases=next_cases,
    sample=next_sample,
    oracle=next_oracle,
    reference=f"{REFERENCE}.next_logits",
    device=False,
    hints=(
        "Two slices: one of what the model is given, one of what it answers. Which end of the text matters for the next token?",
        "keep the latest max_len columns of tokens\ncall the model\nkeep what its last place says",
        "tokens[:, -max_len:] keeps all of a text that is shorter. The last place is [:, -1].",
    ),
    wrong_answers=wrong_model.NEXT,
)

# ---------------------------------------------------------------- 12.10 induction


def causal_weights(seed: Any, *shape: int) -> Tensor:
    scores = noise(seed, *shape, scale=2.0)
    keep = torch.ones(shape[-2:], dtype=torch.bool).tril()
    return scores.masked_fill(~keep, -math.inf).softmax(-1)


def induction_cases() -> list[Case]:
    def drawn(seed: int, period: int, *shape: int) -> Case:
        label = f"weights {shape}, period {period}, seed {seed}"
        return Case(label=label, args=(causal_weights(seed, *shape), period), gradients=True)

    by_hand = torch.tensor(
        [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.1, 0.8, 0.1, 0], [0.1, 0.2, 0.6, 0.1]],
        dtype=torch.float64,
    )
    return [
        Case(label="a b a b: four tokens, period 2", args=(by_hand, 2)),
        drawn(0, 4, 3, 8, 8),
        drawn(1, 5, 2, 3, 10, 10),
        drawn(2, 3, 5, 7, 7),
        Case(label="three rounds", args=(causal_weights(3, 2, 9, 9), 3), edge=True),
        Case(
            label="period 1: the same token again and again",
            args=(causal_weights(4, 2, 5, 5), 1),
            edge=True,
        ),
    ]


def induction_sample(rng: np.random.Generator) -> Case:
    period = pick(rng, range(1, 6))
    n = period + pick(rng, range(1, 7))
    return Case(label="random", args=(causal_weights(rng, pick(rng, (1, 2, 3)), n, n), period))


def induction_oracle(weights: Tensor, period: int) -> Tensor:
    """The mean of a diagonal, found by PyTorch."""
    return torch.diagonal(weights, offset=1 - period, dim1=-2, dim2=-1)[..., 1:].mean(-1)


INDUCTION_SCORE = Exercise(
    name="induction_score",
    title="An induction score",
    minutes=6,
    difficulty=2,
    proves="each repeated token is asked how much it looks at what came after it the last time",
    passed="Agrees with the mean of one diagonal of the weights.",
    cases=induction_cases,
    sample=induction_sample,
    oracle=induction_oracle,
    reference=f"{REFERENCE}.induction_score",
    hints=(
        "Write down a b a b with its places 0 to 3. The query at place 2 is the second a. At which place stands what followed the "
        "first one?",
        "queries: period … T − 1\nkeys: each query − period + 1\nread one weight for each query, then the mean over them",
        "t = torch.arange(period, weights.shape[-1]); weights[..., t, t - period + 1] takes one number for each t.",
    ),
    wrong_answers=wrong_model.INDUCTION,
)

# ---------------------------------------------------------------- the lesson

PREDICTIONS = (
    Prediction(
        id="first_merge",
        question="Which neighbours stand together most often in this text?",
        options=("l o", "e s", "w e", "n e"),
        answer="e s",
        because="newest 6 times and widest 3 times make 9, as many as s t has. l o stands in low and lower: 7; w e in lower and newest: 8.",
    ),
    Prediction(
        id="which_is_better",
        question="1.4 nats a character, or 2.9 nats a piece: which model is better?",
        options=("the one of characters", "the one of pieces", "one cannot tell"),
        answer="one cannot tell",
        because="It depends on how long the pieces are. With two characters each, the characters win narrowly; with three, the pieces win "
        "clearly. Per byte it can be said.",
    ),
    Prediction(
        id="first_loss",
        question="What is the loss of a model with fresh weights, in nats per character?",
        options=("about 0", "about 1", "about 4.6", "about 100"),
        answer="about 4.6",
        because="Logits near 0 give every character about the same probability, 1/V, and −log(1/V) = log V: the first rung.",
    ),
    Prediction(
        id="one_layer",
        question="Trained alike on texts that begin anew, what does a toy of one layer learn?",
        options=(
            "as much as two layers, only later",
            "something, but it cannot continue the text",
            "nothing at all",
        ),
        answer="something, but it cannot continue the text",
        because="It can tell, among other things, which tokens are in the text at all, and they are fewer than 16. Which token follows which "
        "takes two layers.",
    ),
    Prediction(
        id="missed_most",
        question="Which silent head raises the loss on repeated text most?",
        options=(
            "the one with the highest induction score",
            "the one in layer 0 that looks one back",
            "the other one in layer 0",
        ),
        answer="the one in layer 0 that looks one back",
        because="Both heads of layer 1 look keys up by what it wrote. One of them can stand in for the other, in part; nobody can for it.",
    ),
)

QUIZ = (
    Question(
        text="A fresh model with tied weights has a loss of 0.4 nats where log V is 4.6. What has happened?",
        options=(
            Option(
                text="Lucky weights",
                why="No luck names the right token at place after place.",
            ),
            Option(
                text="The labels are not shifted",
                why="It is asked for the token that it has read, and a tied table scores that one highest without any training.",
                right=True,
            ),
            Option(
                text="The causal mask is missing",
                why="That shows in training alone: a fresh model cannot use yet what the mask lets through.",
            ),
        ),
    ),
    Question(
        text="Two models have 2.1 and 2.4 nats per token, with two tokenizers. Which is better?",
        options=(
            Option(
                text="The first",
                why="Its pieces may be shorter, and so easier to guess and more of them.",
            ),
            Option(text="The second", why="Its pieces may be longer, but that has not been said."),
            Option(
                text="Compute bits per byte first",
                why="The cost of the whole text, shared among its bytes, does not depend on how it was cut.",
                right=True,
            ),
        ),
    ),
    Question(
        text="A text has grown to 100 tokens, the model has 64 positions. What is it given?",
        options=(
            Option(
                text="The first 64 tokens",
                why="Then its answer never changes again, however the text goes on.",
            ),
            Option(
                text="The last 64 tokens",
                why="The latest ones say most about the next, and there are positions for 64.",
                right=True,
            ),
            Option(text="All 100 tokens", why="There is no row 64 in its table of positions."),
        ),
    ),
    Question(
        text="A head's induction score is 0.1, and silencing it ruins the repetition. How can that be?",
        options=(
            Option(
                text="The score is computed wrongly",
                why="It asks for one thing alone: weight on the key after the former occurrence.",
            ),
            Option(
                text="Other heads use what it writes",
                why="A head that looks one back prepares the keys. An ablation measures all that depends on a head, a score measures where it looks.",
                right=True,
            ),
            Option(
                text="Silencing any head ruins the model",
                why="The other head of layer 0 is missed much less.",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="12",
    slug="language_model",
    title="A language model",
    minutes=75,
    needs=("10",),
    exercises=(
        MERGE_PAIR,
        TRAIN_BPE,
        ENCODE,
        NEXT_TOKEN_BATCH,
        BIGRAM_LOG_PROBS,
        BITS_PER_BYTE,
        MEAN_LOSS,
        LANGUAGE_MODEL,
        NEXT_LOGITS,
        INDUCTION_SCORE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
