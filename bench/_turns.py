"""Time several sides in turns, so that what else the machine does slows all alike."""

import platform
import random
import statistics
import time
from collections.abc import Callable

import torch


def in_turns(
    sides: dict[str, Callable[[], object]], repeats: int, warm_up: int = 2, device: str = "cpu"
) -> dict[str, list[float]]:
    """Return seconds of each turn of each side; every turn runs all sides, in a new order."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    order, rng = list(sides), random.Random(0)
    for turn in range(warm_up + repeats):
        rng.shuffle(order)
        for name in order:
            taken = seconds(sides[name], device)
            if turn >= warm_up:
                times[name].append(taken)
    return times


def seconds(run: Callable[[], object], device: str = "cpu") -> float:
    """Time one call by the clock, on a GPU with its queue emptied."""
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def times_faster(times: dict[str, list[float]], ours: str, theirs: str) -> float:
    """Return the median, over the turns, of their time by ours: both of one turn met one load."""
    return statistics.median(b / a for a, b in zip(times[ours], times[theirs], strict=True))


def held(ratio: float, bar: float, what: str) -> bool:
    """Print a ratio beside its bar; True when it is reached."""
    print(f"  {what}: × {ratio:.2f}; bar × {bar:.2f}{'' if ratio >= bar else '  MISSED'}")
    return ratio >= bar


def print_rates(times: dict[str, list[float]], n_tokens: int) -> None:
    """Print each side's median time and tokens a second."""
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"  {name:28} {1000 * median:9.1f} ms  {n_tokens / median:10,.0f} tokens/s")


def machine(device: str = "cpu") -> str:
    """Say what this ran on."""
    threads = f"{torch.get_num_threads()} thread(s)"
    what = torch.cuda.get_device_name() if device == "cuda" else f"{platform.machine()}, {threads}"
    return f"{device}: {what}, torch {torch.__version__}"
