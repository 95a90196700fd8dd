"""News articles and their summaries, through Hugging Face Datasets; or from files of that format.

The course does not ship them: `pip install datasets`, and a connection for the first call. The set
is CNN/DailyMail 3.0.0 (See et al. 2017), whose rows have `article` and `highlights`.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from course_lib.errors import CourseError

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
NAME, VERSION, FOLDER = "abisee/cnn_dailymail", "3.0.0", "news"


@dataclass(frozen=True)
class Article:
    """What is read, and what is to be written.

    Args:
        body: the article.
        summary: its highlights, in one line.
    """

    body: str
    summary: str


def news(split: Split, folder: Path | None = None, most: int | None = None) -> list[Article]:
    """Return the articles of one split.

    Args:
        split: "train" (287,113), "validation" (13,368) or "test" (11,490).
        folder: with train.jsonl and the others, a row for each article; `news` in COURSE_DATA where
            that is there, else the set is fetched.
        most: articles at most.

    Raises:
        CourseError: without the package, without a connection, or with rows of another form; says
            what to do.
    """
    if split not in SPLITS:
        raise ValueError(f"split is one of {', '.join(SPLITS)}, not {split!r}")
    rows = _rows(split, _folder() if folder is None else folder)
    lacking = {"article", "highlights"} - set(rows.column_names)
    if lacking:
        raise CourseError(
            f"the {split} split has the columns {', '.join(rows.column_names)}; "
            f"{' and '.join(sorted(lacking))} is missing: a row holds an article and its highlights"
        )
    chosen = rows if most is None else rows.select(range(min(most, len(rows))))
    return [Article(row["article"], " ".join(row["highlights"].split())) for row in chosen]


def _folder() -> Path | None:
    data = os.environ.get("COURSE_DATA", "").strip()
    folder = Path(data).expanduser() / FOLDER if data else None
    return folder if folder is not None and folder.is_dir() else None


def _rows(split: Split, folder: Path | None) -> Any:
    try:
        import datasets
    except ImportError:
        raise CourseError(
            "news articles need Hugging Face Datasets, which is not installed: "
            "`pip install datasets`. Without it, docstrings do (course_lib.data.docstrings)"
        ) from None
    if folder is None:
        return _fetched(datasets, split)
    path = folder / f"{split}.jsonl"
    if not path.is_file():
        raise CourseError(
            f"{path} is missing: a line for each article, with article and highlights"
        )
    return datasets.Dataset.from_json(str(path))


def _fetched(datasets: Any, split: Split) -> Any:
    try:
        return datasets.load_dataset(NAME, VERSION, split=split)
    except Exception as error:  # the hub's client raises its own, requests', and OSError
        raise CourseError(
            f"{NAME} could not be fetched ({type(error).__name__}): connect once, it is kept "
            f"afterwards. Or put {split}.jsonl into the folder {FOLDER} of COURSE_DATA, a line for "
            "each article, with article and highlights. Offline, docstrings do "
            "(course_lib.data.docstrings)"
        ) from error
