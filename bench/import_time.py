"""How long `import course_lib` takes beyond `import torch`: fresh interpreters, the median."""

import argparse
import statistics
import subprocess
import sys

BAR_MS = 50
RUNS = 9
TIMED = """
import time
import torch
start = time.perf_counter()
import course_lib
print((time.perf_counter() - start) * 1000)
"""


def main() -> int:
    """Print the median and the spread; 1 when the bar is missed."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    command = [sys.executable, "-c", TIMED]
    subprocess.run(command, check=True, capture_output=True)  # warms the disk's cache
    taken = sorted(float(subprocess.check_output(command)) for _ in range(RUNS))
    median = statistics.median(taken)
    print(
        f"import course_lib beyond torch: median {median:.1f} ms of {RUNS} "
        f"({taken[0]:.1f} to {taken[-1]:.1f}); bar {BAR_MS} ms"
    )
    return int(median > BAR_MS)


if __name__ == "__main__":
    sys.exit(main())
