"""Training a small GPT: the course's beside Hugging Face's GPT-2 of the same size, in one run.

    python bench/gpt_training.py [--repeats 25] [--threads 2]

Both start from the same weights, take the same tokens and the same fused AdamW, drop nothing and
run in float32; a turn is a few steps (forward, cross-entropy, backward, optimizer).
"""

import argparse
import sys
from collections.abc import Callable

import torch
import torch.nn.functional as F
from _turns import held, in_turns, machine, print_rates, times_faster
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.weights import from_gpt2

BAR = 1.4
LAYERS, WIDTH, HEADS, LENGTH, BATCH, VOCABULARY = 4, 128, 4, 64, 12, 65
STEPS = 2  # in a turn


def hugging_face() -> nn.Module:
    """Return their GPT-2."""
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY,
            n_positions=LENGTH,
            n_embd=WIDTH,
            n_layer=LAYERS,
            n_head=HEADS,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=0,
            eos_token_id=0,
            use_cache=False,
        )
    ).train()


def course(theirs: nn.Module) -> GPT:
    """Return the course's GPT with the same weights."""
    config = GPTConfig(
        vocab_size=VOCABULARY, max_len=LENGTH, d_model=WIDTH, n_heads=HEADS, n_layers=LAYERS
    )
    gpt = GPT(config)
    gpt.load_state_dict(from_gpt2(theirs.state_dict()))
    return gpt.train()


def trainer(model: nn.Module, logits: Callable[[Tensor], Tensor], tokens: Tensor) -> Callable:
    """Return what takes one turn of steps, and the last loss."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def turn() -> float:
        for _ in range(STEPS):
            loss = F.cross_entropy(logits(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return loss.item()

    return turn


def shared_share(turn: Callable[[], float]) -> float:
    """Return the share of a turn that goes into what both sides must do: products and attention."""
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        for _ in range(5):
            turn()
    spent = {event.key: event.self_cpu_time_total for event in seen.key_averages()}
    both = [key for key in spent if key in ("aten::mm", "aten::addmm") or "attention" in key]
    return sum(spent[key] for key in both) / sum(spent.values())


def main() -> int:
    """Print the table; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    tokens = torch.randint(VOCABULARY, (BATCH, LENGTH + 1))
    theirs = hugging_face()
    ours = course(theirs)
    sides = {
        "course": trainer(ours, ours, tokens),
        "Hugging Face": trainer(theirs, lambda t: theirs(t).logits, tokens),
    }
    print(machine())
    print(f"{LAYERS} layers, width {WIDTH}, {BATCH} × {LENGTH} tokens, {STEPS} steps a turn")
    times = in_turns(sides, args.repeats)
    print_rates(times, STEPS * BATCH * LENGTH)
    share = shared_share(sides["course"])
    print(f"  {share:.0%} of the course's step are matrix products and fused attention, as theirs")
    return int(not held(times_faster(times, "course", "Hugging Face"), BAR, "times faster"))


if __name__ == "__main__":
    sys.exit(main())
