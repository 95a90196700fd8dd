"""Text of learners, made safe for the places where it ends up: terminals and spreadsheets."""

import unicodedata
from typing import Any

#: A spreadsheet takes a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def plain(text: str) -> str:
    """Return text without control codes (a terminal obeys them) and marks that turn it around."""
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return "".join(kept)


def plain_all(value: Any) -> Any:
    """Apply `plain` to every text in plain data."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {plain(key): plain_all(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_all(item) for item in value]
    return value


def cell(value: Any) -> str:
    """Return a cell of a CSV file that no spreadsheet takes for a formula."""
    text = " ".join(plain(str(value)).split())
    if isinstance(value, int | float):
        return text
    # Spreadsheets in some languages read fullwidth and other forms of these signs as well.
    alike = unicodedata.normalize("NFKC", text).replace("\u2212", "-").lstrip()
    return f"'{text}" if alike.startswith(FORMULA) else text


def number(value: float) -> float:
    """Return points with two decimals at most, and none where they are whole."""
    rounded = round(float(value), 2)
    return int(rounded) if rounded.is_integer() else rounded
