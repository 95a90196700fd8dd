"""What several exercises of lesson 12 share."""

from typing import Any

import numpy as np

from course_lib.checking.case import Case
from course_lib.checking.noise import pick

PIECES = "course_lib.data.byte_pairs"


def keeps_the_text(call: Any, case: Case, out: Any) -> str | None:
    before = "".join(case.args[0])
    after = "".join(out)
    if after == before:
        return None
    return f"No letter may be lost or won: your pieces spell {after!r}, the word is {before!r}."


def some_words(rng: np.random.Generator) -> dict[str, int]:
    letters = "abc"[: pick(rng, (2, 3))]
    return {
        "".join(letters[i] for i in rng.integers(0, len(letters), pick(rng, range(1, 8)))): pick(
            rng, range(1, 6)
        )
        for _ in range(pick(rng, range(1, 6)))
    }
