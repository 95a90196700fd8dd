"""600 sentences, pleased or displeased, written for the course: see written/sentiment.md."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np

from course_lib.errors import CourseError

Split = Literal["train", "validation", "test"]
#: Sentences of each topic and feeling in each split.
SHARES: dict[Split, int] = {"train": 15, "validation": 4, "test": 6}


@dataclass(frozen=True)
class Labelled:
    """Sentences and how they feel.

    Args:
        texts: the sentences.
        labels: 1 for pleased, 0 for displeased.
        topics: what each is about.
    """

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    topics: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        return f"Labelled: {len(self)} sentences, {sum(self.labels)} of them pleased"


@cache
def sentiment(split: Split, seed: int = 0) -> Labelled:
    """Return one split; topics and feelings have equal shares in each.

    Args:
        split: "train" (360), "validation" (96) or "test" (144).
        seed: of the split.

    Raises:
        ValueError: when `split` is something else.

    >>> sentiment("train"), sentiment("test")
    (Labelled: 360 sentences, 180 of them pleased, Labelled: 144 sentences, 72 of them pleased)
    """
    if split not in SHARES:
        raise ValueError(f"split is one of {', '.join(SHARES)}, not {split!r}")
    rng = np.random.Generator(np.random.Philox(seed))
    before = sum(n for name, n in list(SHARES.items())[: list(SHARES).index(split)])
    rows = []
    for (topic, label), texts in groups().items():
        order = rng.permutation(len(texts))[before : before + SHARES[split]]
        rows += [(texts[place], label, topic) for place in order]
    chosen = [rows[place] for place in rng.permutation(len(rows))]
    return Labelled(*(tuple(column) for column in zip(*chosen, strict=True)))


@cache
def groups() -> dict[tuple[str, int], list[str]]:
    """Return the sentences of each topic and feeling, in the order of the file.

    >>> len(groups()), groups()["films", 1][0]
    (24, 'I laughed until the person in front turned round.')
    """
    path = files("course_lib.data").joinpath("written", "sentiment.txt")
    if not path.is_file():
        raise CourseError(
            "course_lib/data/written/sentiment.txt is missing: it comes with the course; "
            "`git checkout course_lib/data/written` or installing again brings it back"
        )
    found: dict[tuple[str, int], list[str]] = {}
    topic = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            topic = line[2:]
        elif line:
            found.setdefault((topic, int(line[0] == "+")), []).append(line[2:])
    return found
