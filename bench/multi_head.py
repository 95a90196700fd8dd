"""The course's multi-head attention beside what PyTorch offers: forward and backward, in one run.

    python bench/multi_head.py [--device cuda] [--repeats 9] [--lengths 128 512 2048] [--threads 2]

Turns are interleaved: every repeat times each contestant once, in a new order, and the ratio of
medians is held to the bar. On a CPU it is the processor's time that counts, of one thread unless
told otherwise: other work on the machine then slows nobody much, and all alike.
"""

import argparse
import platform
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.attention.multi_head import MultiHeadAttention

BAR = 1.05
B, H, D_HEAD = 8, 8, 64
D_MODEL = H * D_HEAD


class FusedProjection(nn.Module):
    """What plain PyTorch code does: one product for three, then the fused attention."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(D_MODEL, 3 * D_MODEL), nn.Linear(D_MODEL, D_MODEL)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, H, D_HEAD)).permute(2, 0, 3, 1, 4)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Thrice(nn.Module):
    """Self-attention by a module that takes query, key and value."""

    def __init__(self, module: nn.Module, **options: bool) -> None:
        super().__init__()
        self.module, self.options = module, options

    def forward(self, x: Tensor) -> Tensor:
        out = self.module(x, x, x, **self.options)
        return out[0] if isinstance(out, tuple) else out


NAMES = ("course, fused", "qkv + fused call", "nn.MultiheadAttention", "course, explicit")


def contestant(name: str) -> nn.Module:
    """Return one of `NAMES`."""
    if name == "qkv + fused call":
        return FusedProjection()
    if name == "nn.MultiheadAttention":
        return Thrice(nn.MultiheadAttention(D_MODEL, H, batch_first=True), need_weights=False)
    return Thrice(MultiHeadAttention(D_MODEL, H, fused=name == "course, fused"))


def step(module: nn.Module, x: Tensor, push: Tensor) -> None:
    """Go forward and backward once."""
    module.zero_grad(set_to_none=True)
    x.grad = None
    module(x).backward(push)


def seconds(run: Callable[[], None], device: str) -> float:
    """Time one call: the processor's time, or on a GPU the clock's with its queue emptied."""
    if device == "cpu":
        start = time.process_time()
        run()
        return time.process_time() - start
    torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def medians(length: int, repeats: int, device: str) -> dict[str, float]:
    """Return each contestant's median time in milliseconds, measured in turns."""
    x = torch.randn(B, length, D_MODEL, device=device, requires_grad=True)
    push = torch.randn_like(x)
    modules = {name: contestant(name).to(device) for name in NAMES}
    times: dict[str, list[float]] = {name: [] for name in NAMES}
    order, rng = list(NAMES), random.Random(0)
    for turn in range(repeats + 2):
        rng.shuffle(order)
        for name in order:
            module = modules[name]
            taken = seconds(lambda module=module: step(module, x, push), device)
            if turn >= 2:
                times[name].append(1000 * taken)
    return {name: statistics.median(found) for name, found in times.items()}


def peak_memory(name: str, length: int, device: str) -> float:
    """Return how many MB a step needs beyond its inputs and parameters."""
    if device == "cuda":
        module = contestant(name).to(device)
        x = torch.randn(B, length, D_MODEL, device=device, requires_grad=True)
        push = torch.randn_like(x)
        step(module, x, push)
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step(module, x, push)
        return (torch.cuda.max_memory_allocated() - before) / 1e6
    # On a CPU the process is asked: a fresh one each, because its peak never falls.
    child = [sys.executable, __file__, "--peak", name, "--lengths", str(length)]
    return float(subprocess.check_output(child, text=True))


def print_peak(name: str, length: int) -> None:
    """Print by how many MB one step raises this process's memory at its highest."""
    module = contestant(name)
    x = torch.randn(B, length, D_MODEL, requires_grad=True)
    push = torch.randn_like(x)
    before = memory_peak(forget=True)
    step(module, x, push)
    print(memory_peak() - before)


def memory_peak(forget: bool = False) -> float:
    """Return the most MB that this process has held; `forget` starts anew, on Linux."""
    status = Path("/proc/self/status")
    if not status.exists():
        import resource

        unit = 1e6 if sys.platform == "darwin" else 1e3
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    if forget:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(found[1]) * 1024 / 1e6 if found else float("nan")


def report(length: int, repeats: int, device: str) -> bool:
    """Print one table; True when the fused form is within the bar."""
    taken = medians(length, repeats, device)
    best = min(taken["qkv + fused call"], taken["nn.MultiheadAttention"])
    ratio = taken["course, fused"] / best
    print(f"\nT = {length}: B = {B}, H = {H}, d_head = {D_HEAD}, median of {repeats}")
    for name in NAMES:
        memory = peak_memory(name, length, device)
        print(f"  {name:22} {taken[name]:9.2f} ms  × {taken[name] / best:5.2f}  {memory:8.0f} MB")
    print(f"  course, fused, against the faster of the two: × {ratio:.3f}; bar × {BAR}")
    return ratio <= BAR


def machine(device: str) -> str:
    """Say what this ran on."""
    threads = f"{torch.get_num_threads()} thread(s)"
    what = torch.cuda.get_device_name() if device == "cuda" else f"{platform.machine()}, {threads}"
    return f"{device}: {what}, torch {torch.__version__}"


def main() -> int:
    """Print a table for each length; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--lengths", type=int, nargs="+", default=[128, 512, 2048])
    parser.add_argument("--threads", type=int, default=1, help="of a CPU")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    if args.peak:
        print_peak(args.peak, args.lengths[0])
        return 0
    print(machine(args.device))
    kept = [report(length, args.repeats, args.device) for length in args.lengths]
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())
