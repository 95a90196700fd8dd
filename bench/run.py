"""Run every benchmark of this folder, one after the other:  make bench"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run each `bench/*.py` that measures, and name those that missed their bar or broke."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    failed = []
    for script in sorted(HERE.glob("[a-z]*.py")):
        if script.name == "run.py" or script.name.startswith("record_"):  # those rewrite data
            continue
        print(f"\n== {script.name}", flush=True)
        quiet = {**os.environ, "COURSE_PROGRESS": "off"}
        if subprocess.call([sys.executable, str(script)], cwd=HERE.parent, env=quiet) != 0:
            failed.append(script.name)
    print(f"\nMissed: {', '.join(failed)}" if failed else "\nAll within their bars.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
