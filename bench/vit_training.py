"""Train a ViT for a few steps beside torchvision's, timm's and Hugging Face's, in one run.

    python bench/vit_training.py [--device cuda] [--repeats 15] [--threads 1]

Image 32, patch 4, width 192, 6 layers, 3 heads, batch 64: 2.69 million parameters. Each side is
trained by the same AdamW step; turns are interleaved, and the ratio of medians is held to the bar.
On a CPU it is the processor's time that counts.
"""

import argparse
import random
import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable

import torch
import torch.nn.functional as F
from multi_head import machine, memory_peak, seconds
from torch import Tensor, nn

from course_lib.models.vit import ViT, ViTConfig

BAR = 1.0
#: Two runs of the same code differ by so much on a machine at work.
NOISE = 0.03
SIZE, PATCH, WIDTH, DEPTH, HEADS, CLASSES, BATCH = 32, 4, 192, 6, 3, 10, 64


def course() -> nn.Module:
    return ViT(
        ViTConfig(
            image_size=SIZE, patch_size=PATCH, d_model=WIDTH, n_layers=DEPTH, n_heads=HEADS,
            n_classes=CLASSES,
        )
    )  # fmt: skip


def torchvision_vit() -> nn.Module:
    from torchvision.models import VisionTransformer

    return VisionTransformer(
        image_size=SIZE, patch_size=PATCH, num_layers=DEPTH, num_heads=HEADS, hidden_dim=WIDTH,
        mlp_dim=4 * WIDTH, num_classes=CLASSES,
    )  # fmt: skip


def timm_vit() -> nn.Module:
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(
        img_size=SIZE, patch_size=PATCH, embed_dim=WIDTH, depth=DEPTH, num_heads=HEADS,
        num_classes=CLASSES,
    )  # fmt: skip


class HuggingFace(nn.Module):
    """`ViTForImageClassification`, answering with logits alone."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import ViTConfig as TheirConfig
        from transformers import ViTForImageClassification

        sizes = TheirConfig(
            image_size=SIZE, patch_size=PATCH, hidden_size=WIDTH, num_hidden_layers=DEPTH,
            num_attention_heads=HEADS, intermediate_size=4 * WIDTH, num_labels=CLASSES,
        )  # fmt: skip
        self.model = ViTForImageClassification(sizes)

    def forward(self, images: Tensor) -> Tensor:
        return self.model(images).logits


SIDES: dict[str, Callable[[], nn.Module]] = {
    "course": course,
    "torchvision": torchvision_vit,
    "timm": timm_vit,
    "Hugging Face": HuggingFace,
}
#: Those that the course must not be slower than.
HELD_TO = ("torchvision", "timm")


class Side:
    """A model in training, and the batch it is trained on."""

    def __init__(self, name: str, device: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model = SIDES[name]().to(device).train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.images = torch.randn(BATCH, 3, SIZE, SIZE, device=device)
        self.labels = torch.randint(CLASSES, (BATCH,), device=device)

    def step(self) -> None:
        """Go forward, backward, and change the weights."""
        self.optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(self.model(self.images), self.labels).backward()
        self.optimizer.step()


def medians(repeats: int, device: str) -> tuple[dict[str, float], dict[str, int]]:
    """Return each side's median seconds for a step, and its parameters."""
    sides = {name: Side(name, device) for name in SIDES}
    times: dict[str, list[float]] = {name: [] for name in SIDES}
    order, rng = list(SIDES), random.Random(0)
    for turn in range(repeats + 2):
        rng.shuffle(order)
        for name in order:
            taken = seconds(sides[name].step, device)
            if turn >= 2:
                times[name].append(taken)
    sizes = {n: sum(p.numel() for p in side.model.parameters()) for n, side in sides.items()}
    return {name: statistics.median(found) for name, found in times.items()}, sizes


def peak(name: str, device: str) -> float:
    """Return how many MB training takes at its highest, in a process of its own."""
    child = [sys.executable, __file__, "--peak", name, "--device", device]
    return float(subprocess.check_output(child, text=True, stderr=subprocess.DEVNULL).split()[-1])


def print_peak(name: str, device: str) -> None:
    """Print by how many MB two steps of training raise the memory, the model included."""
    Side(name, device)  # what the library itself loads is not counted
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated() / 1e6
    else:
        before = memory_peak(forget=True)
    side = Side(name, device)
    side.step()
    side.step()
    after = torch.cuda.max_memory_allocated() / 1e6 if device == "cuda" else memory_peak()
    print(after - before)


def main() -> int:
    """Print the table; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1, help="of a CPU")
    parser.add_argument("--peak", choices=SIDES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    if asked.peak:
        print_peak(asked.peak, asked.device)
        return 0
    print(machine(asked.device))
    taken, sizes = medians(asked.repeats, asked.device)
    for name, second in taken.items():
        ratio, memory = taken["course"] / second, peak(name, asked.device)
        print(
            f"  {name:13} {sizes[name] / 1e6:5.2f} M  {BATCH / second:7.0f} images/s of processor "
            f"time  course × {1 / ratio:.2f}  {memory:5.0f} MB"
        )
    worst = min(taken[name] / taken["course"] for name in HELD_TO)
    print(f"  course against the faster of {' and '.join(HELD_TO)}: × {worst:.3f}; bar × {BAR}")
    return int(worst < BAR - NOISE)


if __name__ == "__main__":
    sys.exit(main())
