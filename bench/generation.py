"""Writing on: the course's `generate` with its cache beside Hugging Face's, and without a cache.

    python bench/generation.py [--repeats 11] [--slow-repeats 3] [--threads 2]

All write greedily in float32, one text at a time, with the same weights. First 192 tokens by both
libraries, which must agree; then 512 tokens by the course's, with the cache and without.
"""

import argparse
import sys
from functools import partial

import torch
from _turns import held, in_turns, machine, print_rates, times_faster

from course_lib.models.generation import generate
from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.weights import from_gpt2, noise_fill

BAR, CACHE_BAR = 2.0, 5.0
LAYERS, WIDTH, HEADS, VOCABULARY = 4, 256, 4, 512
SHORT, LONG = 192, 512


def hugging_face() -> torch.nn.Module:
    """Return their GPT-2, filled with noise."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=LONG + 1,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        bos_token_id=0,
        eos_token_id=None,
        pad_token_id=0,
    )
    return noise_fill(GPT2LMHeadModel(config), seed=0, scale=0.1).eval()


def course(theirs: torch.nn.Module) -> GPT:
    """Return the course's GPT with the same weights."""
    config = GPTConfig(
        vocab_size=VOCABULARY, max_len=LONG + 1, d_model=WIDTH, n_heads=HEADS, n_layers=LAYERS
    )
    gpt = GPT(config).eval()
    gpt.load_state_dict(from_gpt2(theirs.state_dict()))
    return gpt


def beside_theirs(theirs: torch.nn.Module, ours: GPT, repeats: int) -> bool:
    """Print the table of the two libraries; True when the bar is reached."""
    prompt = torch.tensor([[1]])
    sides = {
        "course": partial(generate, ours, prompt, SHORT),
        "Hugging Face": partial(
            theirs.generate,
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=SHORT,
            do_sample=False,
        ),
    }
    print(f"{LAYERS} layers, width {WIDTH}, {SHORT} tokens, one text, greedy, with a cache")
    if not torch.equal(sides["course"](), sides["Hugging Face"]()):
        raise SystemExit("the two wrote different texts: they are not doing the same work")
    times = in_turns(sides, repeats, warm_up=1)
    print_rates(times, SHORT)
    return held(times_faster(times, "course", "Hugging Face"), BAR, "times faster")


def beside_no_cache(ours: GPT, repeats: int) -> bool:
    """Print the table with and without a cache; True when the bar is reached."""
    prompt = torch.tensor([[1]])
    sides = {
        "with the cache": partial(generate, ours, prompt, LONG),
        "without": partial(generate, ours, prompt, LONG, cache=False),
    }
    print(f"the course's, {LONG} tokens")
    times = in_turns(sides, repeats, warm_up=0)
    print_rates(times, LONG)
    return held(times_faster(times, "with the cache", "without"), CACHE_BAR, "times faster")


def main() -> int:
    """Print both tables; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--slow-repeats", type=int, default=3, help="of 512 tokens")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(machine())
    theirs = hugging_face()
    ours = course(theirs)
    kept = [beside_theirs(theirs, ours, args.repeats), beside_no_cache(ours, args.slow_repeats)]
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())
