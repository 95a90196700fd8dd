"""Mistakes that people make in lesson 12: the code, the sentence that names it, and why it is wrong."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.data.byte_pairs import count_pairs, merge_pair

# ---------------------------------------------------------------- 12.1 merge a pair


def _merge(pieces: list[str], pair: tuple[str, str], step: int = 2, last: bool = True) -> list[str]:
    merged, at = [], 0
    while at < len(pieces) - 1:
        if (pieces[at], pieces[at + 1]) == pair:
            merged.append(pieces[at] + pieces[at + 1])
            at += step
        else:
            merged.append(pieces[at])
            at += 1
    return merged + pieces[at:] if last else merged


def _merge_windows(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    """Join wherever the pair stands, also where the second piece has been joined already."""
    hits = [at for at in range(len(pieces) - 1) if (pieces[at], pieces[at + 1]) == pair]
    used = {at for hit in hits for at in (hit, hit + 1)}
    return [
        "".join(pair) if at in hits else p
        for at, p in enumerate(pieces)
        if at in hits or at not in used
    ]


def _merge_first(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    for at in range(len(pieces) - 1):
        if (pieces[at], pieces[at + 1]) == pair:
            return [*pieces[:at], "".join(pair), *pieces[at + 2 :]]
    return list(pieces)


def _merge_from_right(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    back = [piece[::-1] for piece in reversed(pieces)]
    merged = _merge(back, (pair[1][::-1], pair[0][::-1]))
    return [piece[::-1] for piece in reversed(merged)]


def _merge_text(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    return " ".join(pieces).replace(" ".join(pair), "".join(pair)).split()


def _merge_either_order(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    merged, at = [], 0
    while at < len(pieces):
        width = 2 if tuple(pieces[at : at + 2]) in (pair, pair[::-1]) else 1
        merged.append("".join(pieces[at : at + width]))
        at += width
    return merged


def _merge_same_text(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    merged, at = [], 0
    while at < len(pieces):
        both = "".join(pieces[at : at + 2])
        width = 2 if at + 1 < len(pieces) and both == "".join(pair) else 1
        merged.append(both if width == 2 else pieces[at])
        at += width
    return merged


def _merge_by_first(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    merged, at = [], 0
    while at < len(pieces):
        width = 2 if pieces[at] == pair[0] else 1
        merged.append("".join(pieces[at : at + width]))
        at += width
    return merged


def _merge_in_place(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    at = 0
    while at < len(pieces) - 1:
        if (pieces[at], pieces[at + 1]) == pair:
            pieces[at : at + 2] = ["".join(pair)]
        at += 1
    return pieces


MERGE = (
    WrongAnswer(
        id="overlapping",
        code=_merge_windows,
        says="You join every place where the pair stands, also where its first piece is already used up.",
        why="In a, a, a the pair (a, a) stands at two places that share the middle letter. A letter goes into one piece: "
        "aa, a.",
    ),
    WrongAnswer(
        id="second_piece_twice",
        code=lambda pieces, pair: _merge(pieces, pair, step=1),
        says="After a join you go on by one piece, so the second piece of the pair is written again.",
        why="Both pieces are used up by the join: go on behind them, two places further.",
    ),
    WrongAnswer(
        id="first_only",
        code=_merge_first,
        says="You join the first occurrence only.",
        why="A merge is applied everywhere in a word: b, a, n, a, n, a becomes b, an, an, a.",
    ),
    WrongAnswer(
        id="from_right",
        code=_merge_from_right,
        says="You join from right to left.",
        why="It matters where a pair overlaps itself: a, a, a is read from the left as aa, a. Training and encoding have to agree.",
    ),
    WrongAnswer(
        id="text_replace",
        code=_merge_text,
        says="You replace text, which also hits the end of a longer piece.",
        why="In “ba b” the text “a b” is there, but no piece is “a”: the pieces are ba and b. Compare whole pieces.",
    ),
    WrongAnswer(
        id="same_text",
        code=_merge_same_text,
        says="You compare what two pieces spell together, not the pieces.",
        why="ab, c spells the same as a, bc, and is another pair. Training counted pairs of pieces.",
    ),
    WrongAnswer(
        id="last_piece_lost",
        code=lambda pieces, pair: _merge(pieces, pair, last=False),
        says="The last piece is lost when it is not joined.",
        why="It has no neighbour to its right, so a loop over pairs never writes it down. Nothing of a text may be lost.",
    ),
    WrongAnswer(
        id="either_order",
        code=_merge_either_order,
        says="You also join the two pieces the other way round.",
        why="(a, n) and (n, a) are two pairs. “an” and “na” are two different pieces.",
    ),
    WrongAnswer(
        id="first_piece_matches",
        code=_merge_by_first,
        says="You compare the first piece only, and join it to whatever follows.",
        why="Both pieces have to be those of the pair.",
    ),
    WrongAnswer(
        id="in_place",
        code=_merge_in_place,
        says="Your pieces are right, but the list you were given was changed.",
        why="The caller still needs its list. Collect the pieces in a new one.",
    ),
)

# ---------------------------------------------------------------- 12.2 train

Pick = Callable[[Any, dict[str, int]], tuple[str, str]]


def _by_rule(counts: Any, age: dict[str, int]) -> tuple[str, str]:
    return min(counts, key=lambda pair: (-counts[pair], age[pair[0]], age[pair[1]]))


def _train(
    words: dict[str, int],
    n_merges: int,
    pick: Pick = _by_rule,
    count: Callable[[Any], Any] = count_pairs,
) -> list[tuple[str, str]]:
    split = {tuple(word): n for word, n in words.items()}
    age = {piece: at for at, piece in enumerate(sorted({c for word in words for c in word}))}
    merges: list[tuple[str, str]] = []
    while len(merges) < n_merges and (counts := count(split)):
        pair = pick(counts, age)
        merges.append(pair)
        age.setdefault("".join(pair), len(age))
        split = {tuple(merge_pair(pieces, pair)): n for pieces, n in split.items()}
    return merges


def _count_words_once(split: dict[tuple[str, ...], int]) -> Any:
    return count_pairs(dict.fromkeys(split, 1))


def _count_once_a_word(split: dict[tuple[str, ...], int]) -> Any:
    counts: Counter[tuple[str, str]] = Counter()
    for pieces, n in split.items():
        for pair in set(pairwise(pieces)):
            counts[pair] += n
    return counts


def _count_no_overlap(split: dict[tuple[str, ...], int]) -> Any:
    counts: Counter[tuple[str, str]] = Counter()
    for pieces, n in split.items():
        at = 0
        while at < len(pieces) - 1:
            counts[pieces[at], pieces[at + 1]] += n
            at += 2
    return counts


def _train_without_recount(words: dict[str, int], n_merges: int) -> list[tuple[str, str]]:
    counts = count_pairs({tuple(word): n for word, n in words.items()})
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[:n_merges]


def _train_never_merged(words: dict[str, int], n_merges: int) -> list[tuple[str, str]]:
    return _train(words, 1)[:n_merges] * n_merges


TRAIN = (
    WrongAnswer(
        id="words_once",
        code=lambda words, n_merges: _train(words, n_merges, count=_count_words_once),
        says="Each distinct word counts once for you, however often it occurs.",
        why="Merges should serve the text, and in the text a common word stands many times: its pairs count as often.",
    ),
    WrongAnswer(
        id="no_recount",
        code=_train_without_recount,
        says="You count once and take the commonest pairs of that one count.",
        why="After a merge other pairs are there: (l, o) turns the neighbours (lo, w) up, which no first count knows. Count again "
        "after every merge.",
    ),
    WrongAnswer(
        id="ties_first_met",
        code=lambda words, n_merges: _train(
            words, n_merges, lambda counts, age: max(counts, key=counts.__getitem__)
        ),
        says="Of equally common pairs you take the one that was met first.",
        why="Then the order of the words decides, and the same text shuffled gives another tokenizer. The rule here: older "
        "pieces first.",
    ),
    WrongAnswer(
        id="ties_by_alphabet",
        code=lambda words, n_merges: _train(
            words, n_merges, lambda counts, age: min(counts, key=lambda p: (-counts[p], p))
        ),
        says="Of equally common pairs you take the first in the alphabet.",
        why="That is right among single letters. A merged piece is younger than every letter, so (b, a) comes before (aa, b): the age "
        "of the pieces decides.",
    ),
    WrongAnswer(
        id="ties_youngest",
        code=lambda words, n_merges: _train(
            words,
            n_merges,
            lambda counts, age: max(counts, key=lambda p: (counts[p], age[p[0]], age[p[1]])),
        ),
        says="Of equally common pairs you take the one with the youngest pieces.",
        why="max over (count, age, age) prefers large ages. Take min over (−count, age, age).",
    ),
    WrongAnswer(
        id="rarest",
        code=lambda words, n_merges: _train(
            words,
            n_merges,
            lambda counts, age: min(counts, key=lambda p: (counts[p], age[p[0]], age[p[1]])),
        ),
        says="You merge the rarest pair first.",
        why="A merge shortens the text by as many tokens as the pair occurs. The commonest pair saves most.",
    ),
    WrongAnswer(
        id="once_a_word",
        code=lambda words, n_merges: _train(words, n_merges, count=_count_once_a_word),
        says="A pair that stands twice in a word counts once for you.",
        why="In “banana” the pair (a, n) stands twice, and both are joined. A set forgets the second; walk along the pairs.",
    ),
    WrongAnswer(
        id="every_other_pair",
        code=lambda words, n_merges: _train(words, n_merges, count=_count_no_overlap),
        says="You cut words into pairs side by side and miss the pairs between them.",
        why="In “abcd” three pairs stand: ab, bc, cd. Move on by one, not by two.",
    ),
    WrongAnswer(
        id="letters_counted",
        code=lambda words, n_merges: _train(
            words, max(0, n_merges - len({c for word in words for c in word}))
        ),
        says="You take n_merges for the size of the vocabulary, letters included.",
        why="Some libraries count so. Here n_merges is how many pairs are joined; the letters come on top.",
    ),
    WrongAnswer(
        id="joined",
        code=lambda words, n_merges: ["".join(pair) for pair in _train(words, n_merges)],
        says="You return the joined pieces, not the pairs.",
        why="Encoding has to know which two pieces make “low”: (lo, w) or (l, ow). The joined text no longer tells.",
    ),
    WrongAnswer(
        id="never_merged",
        code=_train_never_merged,
        says="You find the same pair in every round: the words themselves are never merged.",
        why="After a pair is chosen, every word has to be written anew with the joined piece; then the next count differs.",
    ),
)

# ---------------------------------------------------------------- 12.3 encode

Merges = Sequence[tuple[str, str]]


def _encode_longest(word: str, merges: Merges) -> list[str]:
    known, pieces, at = {a + b for a, b in merges}, [], 0
    while at < len(word):
        end = next(e for e in range(len(word), at, -1) if word[at:e] in known or e == at + 1)
        pieces.append(word[at:end])
        at = end
    return pieces


def _encode_by(
    word: str, merges: Merges, pick: Callable[[Any, Any], Any], most: int = 10**6
) -> list[str]:
    rank = {tuple(pair): at for at, pair in reversed(list(enumerate(merges)))}
    pieces = list(word)
    for _ in range(most):
        there = [pair for pair in pairwise(pieces) if pair in rank]
        if not there:
            break
        pieces = merge_pair(pieces, pick(there, rank))
    return pieces


def _encode_one_pass(word: str, merges: Merges) -> list[str]:
    pieces = list(word)
    for pair in merges:
        pieces = merge_pair(pieces, pair)
    return pieces


ENCODE = (
    WrongAnswer(
        id="longest_match",
        code=_encode_longest,
        says="You take the longest known piece from the left.",
        why="A model is trained on pieces that merges made, in their order; the longest match often cuts elsewhere. (WordPiece, "
        "BERT's scheme, does match the longest.)",
    ),
    WrongAnswer(
        id="leftmost",
        code=lambda word, merges: _encode_by(word, merges, lambda there, rank: there[0]),
        says="You merge the leftmost pair that is in the list, whatever its place in the list.",
        why="The list has an order: a pair that training found earlier is merged earlier. Otherwise a word gets pieces that "
        "training never gave it.",
    ),
    WrongAnswer(
        id="latest_first",
        code=lambda word, merges: _encode_by(
            word, merges, lambda there, rank: max(there, key=rank.__getitem__)
        ),
        says="You merge the pair that was learned last.",
        why="Training joined the earliest pair first; encoding repeats what training did.",
    ),
    WrongAnswer(
        id="one_merge",
        code=lambda word, merges: _encode_by(
            word, merges, lambda there, rank: min(there, key=rank.__getitem__), most=1
        ),
        says="You stop after one merge.",
        why="New neighbours turn up after a merge, and they may be in the list as well. Go on until none is.",
    ),
    WrongAnswer(
        id="backwards",
        code=lambda word, merges: _encode_one_pass(word, list(reversed(merges))),
        says="You go through the list from its end.",
        why="The last pairs of the list join pieces which the first pairs have to make.",
    ),
    WrongAnswer(
        id="letters",
        code=lambda word, merges: list(word),
        says="You return the letters; nothing is merged.",
        why="Start from the letters, then join the neighbours that stand in the list.",
    ),
    WrongAnswer(
        id="whole_or_letters",
        code=lambda word, merges: [word] if word in {a + b for a, b in merges} else list(word),
        says="You look the whole word up, and fall back to letters.",
        why="Pieces are there for words that were never seen: “lowest” becomes low, est.",
    ),
)

# ---------------------------------------------------------------- 12.4 batches


def _windows(tokens: Tensor, starts: Tensor, length: int) -> Tensor:
    return tokens[starts[:, None] + torch.arange(length)]


def _rolled(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    inputs = _windows(tokens, starts, length)
    return inputs, inputs.roll(-1, dims=1)


def _both(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    window = _windows(tokens, starts, length + 1)
    return window[:, :-1], window[:, 1:]


def _swapped(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    inputs, targets = _both(tokens, starts, length)
    return targets, inputs


def _short(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    window = _windows(tokens, starts, length)
    return window[:, :-1], window[:, 1:]


def _by_two(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    at = (starts[:, None] + torch.arange(length) + 2).clamp(max=len(tokens) - 1)
    return _windows(tokens, starts, length), tokens[at]


def _numbered(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    at = (starts[:, None] * length + torch.arange(length + 1)) % len(tokens)
    return tokens[at[:, :-1]], tokens[at[:, 1:]]


def _turned(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    inputs, targets = _both(tokens, starts, length)
    return inputs.T.contiguous(), targets.T.contiguous()


def _last_only(tokens: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    inputs, targets = _both(tokens, starts, length)
    return inputs, targets[:, -1]


BATCH = (
    WrongAnswer(
        id="not_shifted",
        code=lambda tokens, starts, length: (_windows(tokens, starts, length),) * 2,
        says="Your labels are not shifted: each place is asked for the token that it is given.",
        why="A model that copies its input then has no loss, and has learned nothing. The label of a place is the token after it.",
    ),
    WrongAnswer(
        id="swapped",
        code=_swapped,
        says="You shifted the other way: each place is asked for a token that came before.",
        why="A causal model has seen that token already. The inputs come first in the text, the targets one later.",
    ),
    WrongAnswer(
        id="shifted_by_two",
        code=_by_two,
        says="Your labels are shifted by two.",
        why="The label of a place is the very next token: one further, not two.",
    ),
    WrongAnswer(
        id="rolled",
        code=_rolled,
        says="Your last label is the first token of the window, rolled round.",
        why="roll brings back at the end what it pushed out in front. The text goes on behind the window: read one token more.",
    ),
    WrongAnswer(
        id="one_short",
        code=_short,
        says="Your windows are one token short.",
        why="To give T inputs and T targets a window needs T + 1 tokens of the text.",
    ),
    WrongAnswer(
        id="starts_numbered",
        code=_numbered,
        says="You take starts for numbers of windows, and multiply them by the length.",
        why="A start is a place in the text. Windows may overlap; every place can begin one.",
    ),
    WrongAnswer(
        id="turned",
        code=_turned,
        says="Your windows run down the columns.",
        why="The batch comes first: one window a row, (B, T).",
    ),
    WrongAnswer(
        id="last_only",
        code=_last_only,
        says="You keep the last label of each window only.",
        why="Every place predicts its next token, all in one forward: a window of T tokens is T exercises, not one.",
    ),
    WrongAnswer(
        id="next_number",
        code=lambda tokens, starts, length: (
            _windows(tokens, starts, length),
            _windows(tokens, starts, length) + 1,
        ),
        says="You add 1 to each token, not to its place.",
        why="Token 8 is not what follows token 7, unless the text says so. What follows stands one place further in the text.",
    ),
)

# ---------------------------------------------------------------- 12.5 bigrams


def _counts(tokens: Tensor, vocab_size: int) -> Tensor:
    cells = tokens[:-1] * vocab_size + tokens[1:]
    return torch.bincount(cells, minlength=vocab_size**2).view(vocab_size, vocab_size)


def _share(counts: Tensor) -> Tensor:
    return counts / counts.sum(-1, keepdim=True)


def _assigned(tokens: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    counts = torch.full((vocab_size, vocab_size), smoothing)
    counts[tokens[:-1], tokens[1:]] += 1
    return _share(counts).log()


def _by_tokens(tokens: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    seen = torch.bincount(tokens, minlength=vocab_size) + vocab_size * smoothing
    return ((_counts(tokens, vocab_size) + smoothing) / seen[:, None]).log()


def _smoothed_once(tokens: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    counts = _counts(tokens, vocab_size)
    return ((counts + smoothing) / (counts.sum(-1, keepdim=True) + smoothing)).log()


def _column_shares(tokens: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    counts = _counts(tokens, vocab_size) + smoothing
    return (counts / counts.sum(0, keepdim=True)).log()


BIGRAM = (
    WrongAnswer(
        id="pairs_lost",
        code=_assigned,
        says="A pair that occurs many times counts once for you.",
        why="counts[a, b] += 1 with tensors of places reads all, adds 1, and writes back: a place that is named twice gets 1, not 2. Use "
        "index_put_ with accumulate=True, bincount, or a loop.",
    ),
    WrongAnswer(
        id="joint",
        code=lambda tokens, vocab_size, smoothing: (
            (_counts(tokens, vocab_size) + smoothing)
            / (_counts(tokens, vocab_size) + smoothing).sum()
        ).log(),
        says="Your whole table sums to 1; each row should.",
        why="p(a then b) is not p(b, given a). The model knows the current token: its row is a distribution of its own.",
    ),
    WrongAnswer(
        id="columns",
        code=_column_shares,
        says="Your columns sum to 1; the rows should.",
        why="A column divides by how often the next token came: that is p(current | next), a guess backwards.",
    ),
    WrongAnswer(
        id="backwards",
        code=lambda tokens, vocab_size, smoothing: _share(
            _counts(tokens, vocab_size).T + smoothing
        ).log(),
        says="Rows and columns are swapped: you count what stands before.",
        why="The row is the token that is given, the column the one that follows.",
    ),
    WrongAnswer(
        id="not_smoothed",
        code=lambda tokens, vocab_size, smoothing: _share(_counts(tokens, vocab_size)).log(),
        says="Nothing is smoothed: a pair that was never seen gets log 0 = −∞.",
        why="One unseen pair in new text makes the loss infinite. Add the smoothing to every count.",
    ),
    WrongAnswer(
        id="smoothed_once",
        code=_smoothed_once,
        says="Your rows sum to more than 1: the smoothing is added V times above and once below.",
        why="Every one of V counts in a row grew, so the sum of the row grew by V · smoothing. Sum after smoothing.",
    ),
    WrongAnswer(
        id="probabilities",
        code=lambda tokens, vocab_size, smoothing: _share(_counts(tokens, vocab_size) + smoothing),
        says="These are probabilities; their logarithm is due.",
        why="A loss adds logarithms up. Take .log() at the end.",
    ),
    WrongAnswer(
        id="in_bits",
        code=lambda tokens, vocab_size, smoothing: _share(
            _counts(tokens, vocab_size) + smoothing
        ).log2(),
        says="Your logarithm has base 2.",
        why="log is the natural one in this course, and losses are in nats. Bits come later, and are named.",
    ),
    WrongAnswer(
        id="wraps_around",
        code=lambda tokens, vocab_size, smoothing: _share(
            _counts(torch.cat([tokens, tokens[:1]]), vocab_size) + smoothing
        ).log(),
        says="You count a pair of the last token and the first.",
        why="roll joins the ends of the text, where nobody wrote one after the other. N tokens make N − 1 pairs.",
    ),
    WrongAnswer(
        id="divided_by_tokens",
        code=_by_tokens,
        says="You divide by how often a token occurs, the end of the text included.",
        why="The last token has no next one, so its row sums to less than 1. Divide by the sum of the row.",
    ),
    WrongAnswer(
        id="softmax",
        code=lambda tokens, vocab_size, smoothing: (
            _counts(tokens, vocab_size) + smoothing
        ).log_softmax(-1),
        says="You take the softmax of counts.",
        why="Counts are shares already, once divided by their sum. The softmax takes exponentials first: a pair seen 20 times would be "
        "a hundred million times as likely as one seen once.",
    ),
)

# ---------------------------------------------------------------- 12.6 bits per byte


def _bytes(pieces: Sequence[str]) -> int:
    return len("".join(pieces).encode())


BITS = (
    WrongAnswer(
        id="nats",
        code=lambda nats_per_token, pieces: nats_per_token * len(pieces) / _bytes(pieces),
        says="Your result is in nats per byte: the ln 2 is missing.",
        why="One bit is ln 2 = 0.693 nats, so nats are divided by 0.693 to give bits.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda nats_per_token, pieces: (
            nats_per_token * len(pieces) / _bytes(pieces) * math.log(2)
        ),
        says="You multiply by ln 2; divide by it.",
        why="A bit is the smaller unit (0.693 nats), so there are more of them.",
    ),
    WrongAnswer(
        id="characters",
        code=lambda nats_per_token, pieces: (
            nats_per_token * len(pieces) / math.log(2) / sum(len(piece) for piece in pieces)
        ),
        says="You divide by characters, not bytes.",
        why="In UTF-8 “é” takes 2 bytes and “…” takes 3. For plain English both are almost equal, which hides the mistake.",
    ),
    WrongAnswer(
        id="per_token",
        code=lambda nats_per_token, pieces: nats_per_token / math.log(2),
        says="That is bits per token.",
        why="Longer pieces are harder to guess, and there are fewer of them. Only per byte can two tokenizers be compared.",
    ),
    WrongAnswer(
        id="upside_down",
        code=lambda nats_per_token, pieces: (
            nats_per_token / math.log(2) * _bytes(pieces) / len(pieces)
        ),
        says="The ratio is upside down: you multiply by bytes per token.",
        why="The whole text costs nats per token × tokens. That is shared among its bytes.",
    ),
    WrongAnswer(
        id="log_of_the_loss",
        code=lambda nats_per_token, pieces: (
            math.log2(nats_per_token) * len(pieces) / _bytes(pieces) if nats_per_token > 0 else 0.0
        ),
        says="You take log₂ of the loss; the loss is a logarithm already.",
        why="Changing the base of a logarithm is a division by ln 2.",
    ),
    WrongAnswer(
        id="one_token",
        code=lambda nats_per_token, pieces: nats_per_token / math.log(2) / _bytes(pieces),
        says="You divide the loss of one token by the bytes of the whole text.",
        why="The loss is a mean over tokens: times their number, it is what the whole text costs.",
    ),
)

# ---------------------------------------------------------------- 12.7 mean loss


def _nats(logits: Tensor, targets: Tensor) -> Tensor:
    return -logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]


def _per_text(logits: Tensor, targets: Tensor, pad: int) -> Tensor:
    real = targets != pad
    return ((_nats(logits, targets) * real).sum(1) / real.sum(1)).mean()


LOSS = (
    WrongAnswer(
        id="mean_over_padding",
        code=lambda logits, targets, pad: _nats(logits, targets).mean(),
        says="Your mean runs over padding too.",
        why="Predicting that filler follows filler is easy and useless: it pulls the loss down and takes part of every step of "
        "training.",
    ),
    WrongAnswer(
        id="divided_by_all",
        code=lambda logits, targets, pad: (_nats(logits, targets) * (targets != pad)).mean(),
        says="Padding adds nothing to your sum, but is counted when you divide.",
        why="The same text with more filler then has a smaller loss. Divide by the number of real targets.",
    ),
    WrongAnswer(
        id="mean_of_means",
        code=_per_text,
        says="You average each text first, then the texts.",
        why="A text of two tokens then weighs as much as one of two hundred. The mean is over tokens.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda logits, targets, pad: (_nats(logits, targets) * (targets != pad)).sum(),
        says="You return the sum; the mean is due.",
        why="A sum grows with the batch, and with it every step of training.",
    ),
    WrongAnswer(
        id="shifted_again",
        code=lambda logits, targets, pad: _nats(logits[:, :-1], targets[:, 1:])[
            targets[:, 1:] != pad
        ].mean(),
        says="You shift once more: the targets are shifted already.",
        why="Some libraries shift inside their loss. Done twice, each place is asked for the token after the next.",
    ),
    WrongAnswer(
        id="positive_log",
        code=lambda logits, targets, pad: -_nats(logits, targets)[targets != pad].mean(),
        says="The sign is missing: log p is negative, a loss is −log p.",
        why="Training makes the loss smaller. With this sign it would make the right token ever less likely.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=lambda logits, targets, pad: (
            -logits.gather(-1, targets[..., None])[..., 0][targets != pad].mean()
        ),
        says="You take logits for log-probabilities.",
        why="Logits of a row can be anything; their exponentials need not sum to 1. log_softmax makes them log-probabilities.",
    ),
    WrongAnswer(
        id="no_log",
        code=lambda logits, targets, pad: (
            -logits.softmax(-1).gather(-1, targets[..., None])[..., 0][targets != pad].mean()
        ),
        says="You average −p; the loss is −log p.",
        why="−log p grows without bound as p goes to 0: to rule out what happens must cost more than being unsure.",
    ),
    WrongAnswer(
        id="wrong_axis",
        code=lambda logits, targets, pad: (
            -logits.log_softmax(1).gather(-1, targets[..., None])[..., 0][targets != pad].mean()
        ),
        says="Your softmax runs over the places, not over the vocabulary.",
        why="At each place one of V tokens comes: the probabilities along the last axis sum to 1.",
    ),
    WrongAnswer(
        id="over_classes",
        code=lambda logits, targets, pad: -logits.log_softmax(-1)[targets != pad].mean(),
        says="You average log p over all tokens of the vocabulary.",
        why="The loss looks up one number at each place: the log p of the token that came.",
    ),
)
