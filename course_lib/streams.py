"""Standard output that never fails for a sign that a terminal or a pipe cannot show."""

import codecs
import contextlib
import sys
import unicodedata

#: Signs of the course whose likeness Unicode does not know.
LIKENESS = {
    **{"✓": "[ok]", "✗": "[x]", "○": "[ ]", "·": "-", "■": "#", "█": "#", "░": "-", "│": "|"},
    **{"√": "sqrt ", "×": "x", "⊙": "*", "∞": "inf", "∂": "d", "±": "+/-", "‖": "||", "°": " deg"},
    **{"≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "→": "->", "←": "<-", "ᵀ": "^T", "§": "section "},
    **{"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "−": "-", "⁄": "/"},
    **{"⁻": "-", "⋯": "...", "ß": "ss"},
}


def settle_streams() -> None:
    """Let standard output and error write a likeness of what their encoding lacks.

    >>> "✗ √d is “5 µ²”".encode("ascii", "likeness")
    b'[x] sqrt d is "5 mu2"'
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):  # closed, or a test's own
            stream.reconfigure(errors="likeness")  # type: ignore[union-attr]


def likeness(text: str) -> str:
    """Return ASCII that reads like `text`."""
    return "".join(map(_likeness, text))


def _likeness(sign: str) -> str:
    if sign.isascii():
        return sign
    if sign in LIKENESS:
        return LIKENESS[sign]
    plain = unicodedata.normalize("NFKD", sign)
    if plain != sign:
        return likeness("".join(part for part in plain if not unicodedata.combining(part)))
    name = unicodedata.name(sign, "?").split()
    if name[:3] == ["GREEK", "SMALL", "LETTER"] or name[:3] == ["GREEK", "CAPITAL", "LETTER"]:
        return name[-1].lower() if name[1] == "SMALL" else name[-1].capitalize()
    return "?"


def _handle(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return likeness(error.object[error.start : error.end]), error.end


codecs.register_error("likeness", _handle)
