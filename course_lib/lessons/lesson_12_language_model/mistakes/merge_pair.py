"""Mistakes in “Merge a pair”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer


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


MISTAKES = (
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
