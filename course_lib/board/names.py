"""Names that can stand on a page, codes that cannot be guessed."""

import secrets
import unicodedata
from collections.abc import Iterable

LONGEST = 24
#: No I, L, O, 0, 1: they are mistaken for one another. 31 letters, 12 of them: 59 bits.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
GROUPS, EACH = 3, 4
_MARKS = 2


def clean(name: str) -> str:
    """Return a name without what hides, turns or piles up; "" when nothing is left.

    >>> clean("  Ada \\u202e  Lovelace\\n")
    'Ada Lovelace'
    """
    kept, marks = "", 0
    for letter in unicodedata.normalize("NFC", name[: 8 * LONGEST]):
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind[0] == "M" else 0
        if kind[0] == "Z" or letter in "\t\r\n":
            kept += " "
        elif kind[0] != "C" and marks <= _MARKS:
            kept += letter
    kept = " ".join(kept.split())[:LONGEST].strip()
    return kept if any(letter.isalnum() for letter in kept) else ""


def apart(name: str, taken: Iterable[str]) -> str:
    """Return a name that nobody has yet.

    >>> apart("Ada", ["ada", "Ada (2)"])
    'Ada (3)'
    """
    known = {_alike(one) for one in taken}
    if _alike(name) not in known:
        return name
    numbers = range(2, len(known) + 3)
    return next(f"{name} ({k})" for k in numbers if _alike(f"{name} ({k})") not in known)


def _alike(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def new_code() -> str:
    """Return a room's code, such as "7KQF-2MXD-PWAT"."""
    letters = [[secrets.choice(ALPHABET) for _ in range(EACH)] for _ in range(GROUPS)]
    return "-".join("".join(group) for group in letters)


def plain(code: str) -> str:
    """Return a code as it is compared: without what people put between the letters."""
    return "".join(letter for letter in code.upper() if letter.isalnum())[:40]
