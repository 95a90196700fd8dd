"""SST-2: 67,349 phrases of film reviews, pleased or displeased, through Hugging Face Datasets.

The course does not ship it (Socher et al. 2013; as in GLUE, Wang et al. 2018). It is fetched once
and kept by Datasets; a folder in COURSE_DATA is read instead where there is one.
"""

import os
from pathlib import Path
from typing import Any, Literal

from course_lib.data.sentiment import Labelled
from course_lib.errors import CourseError

Split = Literal["train", "validation"]
SPLITS: tuple[Split, ...] = ("train", "validation")
NAME, FOLDER = "stanfordnlp/sst2", "sst2"


def sst2(split: Split, folder: Path | None = None) -> Labelled:
    """Return one split; its test labels were never published, so validation is what one tests on.

    Args:
        split: "train" (67,349) or "validation" (872).
        folder: written by `DatasetDict.save_to_disk`; `sst2` in COURSE_DATA, where it is there,
            else the hub.

    Raises:
        CourseError: when Datasets is not installed, or the data can neither be read nor fetched.
    """
    if split not in SPLITS:
        raise ValueError(f"split is one of {', '.join(SPLITS)}, not {split!r}")
    rows = _load(split, folder if folder is not None else _folder())
    missing = {"sentence", "label"} - set(rows.column_names)
    if missing:
        raise CourseError(
            f"SST-2 has the columns sentence and label; this lacks {', '.join(sorted(missing))}"
        )
    texts, labels = tuple(rows["sentence"]), tuple(int(one) for one in rows["label"])
    if not set(labels) <= {0, 1}:
        raise CourseError(
            f"labels of SST-2 are 0 and 1; these have {sorted(set(labels) - {0, 1})} as well: its "
            "test split has none that are public"
        )
    return Labelled(texts, labels, ("films",) * len(texts))


def _folder() -> Path | None:
    data = os.environ.get("COURSE_DATA", "").strip()
    folder = Path(data).expanduser() / FOLDER if data else None
    return folder if folder is not None and folder.is_dir() else None


def _load(split: Split, folder: Path | None) -> Any:
    try:
        import datasets
    except ImportError:
        raise CourseError(
            "SST-2 is read with Hugging Face Datasets, which is not installed: `pip install "
            "datasets`, or stay with the 600 sentences of the course (course_lib.data.sentiment)"
        ) from None
    try:
        if folder is not None:
            return datasets.load_from_disk(str(folder))[split]
        return datasets.load_dataset(NAME, split=split)
    except Exception as error:  # Datasets raises a dozen kinds where there is no network
        where = f"in {folder}" if folder is not None else "on this computer, and not fetched"
        raise CourseError(
            f"SST-2 was not found {where} ({type(error).__name__}). With a network it is fetched "
            "once; without one, put what save_to_disk has written into COURSE_DATA/sst2, or stay "
            "with the 600 sentences of the course (course_lib.data.sentiment)"
        ) from error
