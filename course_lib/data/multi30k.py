"""Multi30k: captions of photographs in English and German, from a folder named by COURSE_DATA.

The course does not ship or download it. 29,000 pairs to learn from, 1,014 to choose by, 1,000 to
test; Elliott et al. 2016.
"""

import gzip
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from course_lib.errors import CourseError

Split = Literal["train", "val", "test_2016_flickr"]
SPLITS: tuple[Split, ...] = ("train", "val", "test_2016_flickr")
FOLDER = "multi30k"

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")


def multi30k(split: Split, folder: Path | None = None) -> list[tuple[str, str]]:
    """Return (English, German) captions of one split.

    Args:
        split: "train", "val" or "test_2016_flickr".
        folder: that holds train.en.gz and the others; `multi30k` in COURSE_DATA when left out.

    Raises:
        CourseError: when the files are missing, damaged or do not belong together; says what to do.
    """
    if split not in SPLITS:
        raise ValueError(f"split is one of {', '.join(SPLITS)}, not {split!r}")
    folder = _folder() if folder is None else folder
    english, german = _lines(folder / f"{split}.en.gz"), _lines(folder / f"{split}.de.gz")
    if len(english) != len(german):
        raise CourseError(
            f"{split}.en.gz has {len(english):,} lines and {split}.de.gz {len(german):,}: they are "
            f"not translations of each other. Put both files of one release into {folder}"
        )
    return list(zip(english, german, strict=True))


def is_there() -> bool:
    """Tell whether COURSE_DATA holds Multi30k."""
    data = os.environ.get("COURSE_DATA", "").strip()
    return bool(data) and (Path(data) / FOLDER / "train.en.gz").is_file()


def _folder() -> Path:
    data = os.environ.get("COURSE_DATA", "").strip()
    if not data:
        raise CourseError(
            "Multi30k does not come with the course: set COURSE_DATA to a folder that holds "
            "multi30k/train.en.gz, train.de.gz and the others. Without it, number words do "
            "(course_lib.data.number_words)"
        )
    return Path(data).expanduser() / FOLDER


def _lines(path: Path) -> list[str]:
    """Return the lines of a gzip file, without the empty ones at its end."""
    if not path.is_file():
        raise CourseError(
            f"{path} is missing: Multi30k is expected as {FOLDER}/train.en.gz, train.de.gz, "
            "val.en.gz … in the folder named by COURSE_DATA"
        )
    try:
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise CourseError(
            f"{path} is no gzip file of UTF-8 text ({error}): fetch it again"
        ) from None
    # Only "\n" ends a line: str.splitlines would cut at rarer marks inside a caption.
    return [line.strip() for line in text.rstrip("\n").split("\n")] if text.strip() else []


def tokenize(sentence: str) -> list[str]:
    """Cut a sentence into lower-case words and punctuation marks.

    >>> tokenize("Zwei Männer, auf einem T-Shirt.")
    ['zwei', 'männer', ',', 'auf', 'einem', 't-shirt', '.']
    """
    return _WORD.findall(sentence.lower())


def common_words(sentences: Iterable[Sequence[str]], at_least: int = 2) -> list[str]:
    """Return the words that occur `at_least` so often, the commonest first, ties by alphabet.

    >>> common_words([["a", "dog"], ["a", "cat"], ["the", "dog"]])
    ['a', 'dog']
    """
    counts = Counter(word for sentence in sentences for word in sentence)
    kept = [word for word, n in counts.items() if n >= at_least]
    return sorted(kept, key=lambda word: (-counts[word], word))
