"""Training a GPT of 124 M parameters in bf16 on a GPU: the course's beside Hugging Face's.

    python bench/gpt_gpu.py --device cuda [--batch 16] [--repeats 20] [--compile]
    python bench/gpt_gpu.py --toy          the same from end to end at toy size, on a CPU

Prints tokens a second, and which share of the matrix product's peak, measured in the same run, the
training uses: 6 operations for each parameter and token, and 12 · L · T · d for attention
(Chowdhery et al. 2022, appendix B). There is no bar.
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from _turns import in_turns, machine, seconds, times_faster
from torch import Tensor, nn

from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.weights import from_gpt2


@dataclass(frozen=True, kw_only=True)
class Size:
    """What is trained, on how much, and the side of the matrices that the peak is measured with."""

    layers: int = 12
    width: int = 768
    heads: int = 12
    length: int = 1024
    vocabulary: int = 50_304  # GPT-2's 50,257, rounded up to a multiple of 64
    batch: int = 16
    side: int = 8192


TOY = Size(layers=2, width=48, heads=3, length=32, vocabulary=192, batch=2, side=128)


def hugging_face(size: Size) -> nn.Module:
    """Return their GPT-2."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=size.vocabulary,
        n_positions=size.length,
        n_embd=size.width,
        n_layer=size.layers,
        n_head=size.heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
        use_cache=False,
    )
    return GPT2LMHeadModel(config).train()


def course(theirs: nn.Module, size: Size) -> GPT:
    """Return the course's GPT with the same weights."""
    config = GPTConfig(
        vocab_size=size.vocabulary,
        max_len=size.length,
        d_model=size.width,
        n_heads=size.heads,
        n_layers=size.layers,
    )
    gpt = GPT(config)
    gpt.load_state_dict(from_gpt2(theirs.state_dict()))
    return gpt.train()


def trainer(
    model: nn.Module, logits: Callable[[Tensor], Tensor], tokens: Tensor
) -> Callable[[], None]:
    """Return what takes one step: float32 weights, bf16 products."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)

    def step() -> None:
        with torch.autocast(tokens.device.type, torch.bfloat16):
            scores = logits(tokens[:, :-1]).flatten(0, 1)
            loss = F.cross_entropy(scores, tokens[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def peak(side: int, device: str, repeats: int) -> float:
    """Return the most operations a second that a product of two bf16 matrices reached here."""
    a, b = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    taken = [seconds(lambda: a @ b, device) for _ in range(repeats + 3)][3:]
    return 2 * side**3 / min(taken)


def operations(gpt: GPT) -> int:
    """Return the floating-point operations of training on one token."""
    config = gpt.config
    weights = gpt.n_parameters() - gpt.positions.table.numel()
    return 6 * weights + 12 * config.n_layers * config.max_len * config.d_model


def sides_of(size: Size, device: str, compiled: bool) -> tuple[GPT, dict[str, Callable]]:
    """Return the course's GPT, and one step of each side."""
    theirs = hugging_face(size)
    ours = course(theirs, size).to(device)
    theirs.to(device)
    tokens = torch.randint(size.vocabulary, (size.batch, size.length + 1), device=device)
    forward = torch.compile(ours) if compiled else ours
    sides = {
        "course": trainer(ours, forward, tokens),
        "Hugging Face": trainer(theirs, lambda t: theirs(t).logits, tokens),
    }
    return ours, sides


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--batch", type=int, default=Size.batch)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--compile", action="store_true", help="compile the course's model")
    parser.add_argument("--toy", action="store_true", help="at toy size")
    args = parser.parse_args()
    if args.device == "cpu" and not args.toy:
        print("Nothing timed: 124 M parameters need --device cuda; --toy runs on a CPU.")
        return 0
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    size = TOY if args.toy else Size(batch=args.batch)
    ours, sides = sides_of(size, args.device, args.compile)
    print(machine(args.device))
    n = size.batch * size.length
    print(f"{ours.n_parameters():,} parameters, {size.batch} × {size.length} tokens, bf16")
    most = peak(size.side, args.device, args.repeats)
    print(f"  peak, {size.side}³ product: {most / 1e12:.3g} TFLOP/s")
    times = in_turns(sides, args.repeats, warm_up=3, device=args.device)
    for name, taken in times.items():
        rate = n / statistics.median(taken)
        share = rate * operations(ours) / most
        print(f"  {name:14} {rate:10,.0f} tokens/s  {100 * share:5.1f} % of the peak")
    print(f"  times faster: × {times_faster(times, 'course', 'Hugging Face'):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
