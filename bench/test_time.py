"""Where the time of `make test` goes: reads what its last run wrote into build/proof/.

Seconds of processor time, because wall time on a busy machine says little; of processes that a
test started, those that it waited for. `--rows 20` shows more of each stage.
"""

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "build" / "proof"


def main() -> int:
    """Print a table a stage: its files, then its kinds of test, the slowest first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=12)
    rows = parser.parse_args().rows
    paths = sorted(FOLDER.glob("*.jsonl"))
    for path in paths:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        table(f"{path.stem}, by file", records, lambda test: test.partition("::")[0], rows)
        if path.stem not in ("solved", "blank"):
            table(f"{path.stem}, by kind of test", records, kind, rows)
    if not paths:
        print("build/proof/ is empty: run `make test` first")
    return 0


def kind(test: str) -> str:
    """Return a test's name without its case."""
    return re.sub(r"\[.*", "", test.partition("::")[2]) or test


def table(title: str, records: list[dict[str, Any]], key: Callable[[str], str], rows: int) -> None:
    """Print what the dearest groups of tests cost, and all of them."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for one in records:
        done = one["when"] == "call" and one["outcome"] == "passed"
        for place, more in enumerate((one["facts"] * done, one["seconds"], one["cpu"])):
            sums[key(one["test"])][place] += more
    total = [sum(column) for column in zip(*sums.values(), strict=True)] or [0, 0.0, 0.0]
    print(f"\n{title:<72}{'facts':>7}{'wall s':>8}{'CPU s':>8}")
    for name, numbers in sorted(sums.items(), key=lambda item: -item[1][1])[:rows]:
        print(line(name, numbers))
    print(line(f"all {len(sums)}", total))


def line(name: str, numbers: list[float]) -> str:
    return f"{name[-70:]:<72}{numbers[0]:>7.0f}{numbers[1]:>8.1f}{numbers[2]:>8.1f}"


if __name__ == "__main__":
    sys.exit(main())
