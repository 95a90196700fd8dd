"""Tiny Shakespeare: about a million characters of his plays, as char-rnn put them together.

The course does not ship it. It is read from COURSE_DATA, or fetched once (1.1 MB) and checked.
"""

from pathlib import Path

from course_lib.data.download import data_folder, fetch
from course_lib.data.python_docs import Text

URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
OFFLINE = "Python's documentation does: course_lib.data.python_docs.python_docs()"


def tiny_shakespeare(folder: Path | None = None) -> Text:
    """Return the first 90 % to learn from and the rest to be tested on, as nanoGPT cuts it.

    Args:
        folder: that holds (or gets) `tiny_shakespeare/input.txt`; COURSE_DATA or the user's cache
            when left out.

    Raises:
        CourseError: when it is not there and cannot be fetched; says what to do.
    """
    root = data_folder() if folder is None else folder
    path = root / "tiny_shakespeare" / "input.txt"
    text = fetch(URL, path, sha256=SHA256, offline=OFFLINE).read_bytes().decode("utf-8")
    return first_ninety_per_cent(text)


def first_ninety_per_cent(text: str) -> Text:
    """Cut a text in two: the first 90 % to learn from, the rest held out.

    >>> first_ninety_per_cent("abcdefghij")
    Text(train='abcdefghi', held_out='j')
    """
    at = int(0.9 * len(text))
    return Text(train=text[:at], held_out=text[at:])
