"""Run the course's proofs:  python tools/test.py [--quick] [--lax] [--lesson NN] [STAGE …]

Every stage runs, whatever failed before; the exit code is 1 when one did. Stages that execute code
run without a network: Python is refused anything but loopback, and where the system lets an
ordinary process have a network namespace of its own, so is native code. What each test proved and
what it cost stands in build/proof/; `bench/test_time.py` makes a table of it.
"""

import argparse
import sys
import time

from proof.network import namespace
from proof.rooms import NoLesson, known
from proof.running import Runs
from proof.stage import Stage
from proof.stages import STAGES
from proof.summary import summary


def main() -> int:
    """Run the stages asked for and sum them up."""
    asked = arguments()
    prefix = namespace()
    if not prefix:
        print("No network namespace here: Python is cut off, native code is not.")
    start = time.monotonic()
    stages = [stage for stage in STAGES if wanted(stage, asked)]
    outcomes = Runs(stages, asked, prefix).outcomes()
    return summary(outcomes, time.monotonic() - start)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the course's proofs.")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=" ".join(s.name for s in STAGES))
    parser.add_argument("--quick", action="store_true", help="the inner loop, under two minutes")
    parser.add_argument("--lax", action="store_true", help="do not compare notebooks' outputs")
    parser.add_argument("--lesson", metavar="NN", help="only what concerns this lesson")
    asked = parser.parse_args()
    if unknown := set(asked.stages) - {stage.name for stage in STAGES}:
        parser.error(f"unknown stage {', '.join(sorted(unknown))}")
    try:
        asked.lesson = asked.lesson and known(asked.lesson)
    except NoLesson as said:
        parser.error(str(said))
    return asked


def wanted(stage: Stage, asked: argparse.Namespace) -> bool:
    if asked.stages:
        return stage.name in asked.stages
    quick = stage.quick or not asked.quick
    return quick and not stage.asked and (stage.lesson or not asked.lesson)


if __name__ == "__main__":
    sys.exit(main())
