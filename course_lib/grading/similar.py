"""Work that is alike, pointed out to a person; nothing is judged, and no mark depends on it.

Code becomes normalised tokens (no comments, names and values aside) and these a few fingerprints,
by winnowing: of all hashes of `GRAM` tokens, the least in every `WINDOW`. Whatever `GRAM + WINDOW`
tokens two share is found. What the assignment hands out is subtracted, and what many wrote who
otherwise differ.

Paper: Schleimer, Wilkerson and Aiken 2003, Winnowing: Local Algorithms for Document Fingerprinting.
"""

import hashlib
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

GRAM, WINDOW = 12, 6
#: Tokens of a cell below which right answers are alike by themselves.
SHORTEST = 50
#: Characters of one hand-in's code that are looked at.
MOST = 100_000
#: Fingerprints that two must share, and the share of the smaller one's, to be pointed out.
LEAST, SHARE = 14, 0.75
#: Fingerprints of more than this share of different works are what anybody writes.
COMMON, CLASS = 0.2, 5
TOKEN = re.compile(
    r"(?P<skip>\#[^\n]*|\s+)"
    r"|(?P<text>\"\"\"(?:[^\\]|\\.){0,5000}?\"\"\"|'''(?:[^\\]|\\.){0,5000}?'''"
    r"|\"(?:[^\"\\\n]|\\.){0,200}\"|'(?:[^'\\\n]|\\.){0,200}')"
    r"|(?P<value>\d[\w.]*)|(?P<name>\.?\s?[^\W\d]\w*)|(?P<sign>[^\s\w])",
    re.S,
)


def tokens(source: str) -> list[str]:
    """Return code as tokens: a name of one's own is V, a value 0, a text S.

    Attributes and keywords stay: they are what is done.

    >>> tokens("def f(q):  # of q\\n    return q.sum(2)")
    ['def', 'V', '(', 'V', ')', ':', 'return', 'V', '.sum', '(', '0', ')']
    """
    found = []
    for match in TOKEN.finditer(source[:MOST]):
        kind, text = match.lastgroup, match.group().replace(" ", "")
        if kind == "name" and not keyword.iskeyword(text) and not text.startswith("."):
            text = "V"
        if kind != "skip":
            found.append({"text": "S", "value": "0"}.get(kind or "", text))
    return found


def prints(sources: Iterable[str], shortest: int = SHORTEST) -> list[str]:
    """Return the fingerprints of pieces of code, sorted; of pieces too short to tell, none."""
    pieces = [found for source in sources if len(found := tokens(source)) >= shortest]
    return sorted({one for found in pieces for one in _winnow(found)})


def _winnow(found: Sequence[str]) -> set[str]:
    grams = [" ".join(found[at : at + GRAM]) for at in range(len(found) - GRAM + 1)]
    hashes = [hashlib.blake2b(gram.encode(), digest_size=6).hexdigest() for gram in grams]
    return {
        min(hashes[at : at + WINDOW]) for at in range(max(1, len(hashes) - WINDOW + 1)) if hashes
    }


def groups(
    work: Mapping[str, Sequence[str]], handed_out: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Return the learners whose work is alike, the most alike first.

    Args:
        work: fingerprints by learner.
        handed_out: those of what the assignment gives.

    Returns:
        Groups of `learners`, with the least `share` of fingerprints that a link in them has.
    """
    own = _own(work, set(handed_out))
    alike: dict[frozenset[str], list[str]] = {}
    for who, held in own.items():
        if len(held) >= LEAST:
            alike.setdefault(held, []).append(who)
    links = [
        (share, one, two)
        for one, two in combinations(alike, 2)
        if (share := len(one & two) / min(len(one), len(two))) >= SHARE and len(one & two) >= LEAST
    ]
    return _joined(alike, links)


def _own(work: Mapping[str, Sequence[str]], given: set[str]) -> dict[str, frozenset[str]]:
    """Subtract what is given, and what many wrote whose works differ: copies count once."""
    left = {who: frozenset(held) - given for who, held in work.items()}
    different = set(left.values())
    counts = Counter(one for held in different for one in held)
    most = max(CLASS, COMMON * len(different))
    common = {one for one, count in counts.items() if count > most}
    return {who: held - common for who, held in left.items()}


def _joined(
    alike: Mapping[frozenset[str], list[str]],
    links: Sequence[tuple[float, frozenset[str], frozenset[str]]],
) -> list[dict[str, Any]]:
    group: dict[frozenset[str], Any] = {held: [list(who), 1.0] for held, who in alike.items()}
    for share, one, two in sorted(links, key=lambda link: -link[0]):
        first, second = group[one], group[two]
        if first is second:
            continue
        first[0] += second[0]
        first[1] = min(first[1], second[1], share)
        for held in [held for held, its in group.items() if its is second]:
            group[held] = first
    unique = {id(its): its for its in group.values() if len(its[0]) > 1}
    found = [{"learners": sorted(who), "share": round(share, 2)} for who, share in unique.values()]
    return sorted(found, key=lambda its: (-its["share"], -len(its["learners"]), its["learners"]))
