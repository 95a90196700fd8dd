"""Sum up a run in a few lines."""

from collections.abc import Sequence

from proof.stage import Outcome


def summary(outcomes: Sequence[Outcome], seconds: float) -> int:
    """Print a line a stage, what repeats each failure, and a last line; 1 when a stage failed."""
    print()
    for outcome in outcomes:
        print(f"  {outcome.name:<8} {outcome}")
    failed = [outcome for outcome in outcomes if outcome.failed]
    for outcome in failed:
        print(f"\n{outcome.name} again: {outcome.again}")
    facts = sum(outcome.facts for outcome in outcomes)
    took = f"{facts:,} facts, {seconds // 60:.0f} min {seconds % 60:.0f} s"
    if failed:
        print(f"\nFAILED: {', '.join(outcome.name for outcome in failed)} ({took}).")
        return 1
    skipped = [outcome.name for outcome in outcomes if outcome.state.startswith("skipped")]
    print(f"\nAll passed{' but ' + ', '.join(skipped) + ' skipped' if skipped else ''} ({took}).")
    return 0
