"""Training an encoder and decoder: the course's beside `nn.Transformer` and Marian's, in one run.

    python bench/encoder_decoder.py [--repeats 15] [--threads 2]

All have the same sizes, the same masks and no dropout, share one table with the head and take
a step of the same fused AdamW in float32. Half of the sentences are padded.
"""

import argparse
import math
import sys
from collections.abc import Callable

import torch
import torch.nn.functional as F
from _turns import held, in_turns, machine, print_rates, times_faster
from torch import Tensor, nn

from course_lib.models.transformer import FixedPositions, Transformer, TransformerConfig

BAR = 1.0
WIDTH, HEADS, LAYERS, D_FF, VOCABULARY = 128, 4, 3, 512, 1000
BATCH, LENGTH = 64, 32


class PyTorchs(nn.Module):
    """`nn.Transformer` between a table of embeddings and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH, padding_idx=0)
        self.positions = FixedPositions(LENGTH, WIDTH)
        self.transformer = nn.Transformer(
            WIDTH, HEADS, LAYERS, LAYERS, D_FF, dropout=0.0, batch_first=True
        )
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)
        self.head.weight = self.embed.weight
        self.register_buffer("ahead", torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1))

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        n = target.shape[1]
        hidden = self.transformer(
            *(self.positions(self.embed(ids) * math.sqrt(WIDTH)) for ids in (source, target)),
            tgt_mask=self.ahead[:n, :n],
            src_key_padding_mask=source == 0,
            tgt_key_padding_mask=target == 0,
            memory_key_padding_mask=source == 0,
        )
        return self.head(hidden)


def marian() -> Callable[[Tensor, Tensor], Tensor]:
    """Return Hugging Face's Marian."""
    from transformers import MarianConfig, MarianMTModel

    sizes = {
        f"{side}_{name}": size
        for side in ("encoder", "decoder")
        for name, size in (("layers", LAYERS), ("attention_heads", HEADS), ("ffn_dim", D_FF))
    }
    config = MarianConfig(
        vocab_size=VOCABULARY,
        d_model=WIDTH,
        **sizes,
        max_position_embeddings=LENGTH,
        activation_function="relu",
        scale_embedding=True,
        dropout=0.0,
        attention_dropout=0.0,
        pad_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=1,
        forced_eos_token_id=None,
        use_cache=False,
    )
    return MarianMTModel(config).train()


def course() -> Transformer:
    """Return the course's transformer."""
    return Transformer(
        TransformerConfig(
            vocab_size=VOCABULARY,
            d_model=WIDTH,
            n_heads=HEADS,
            n_layers=LAYERS,
            d_ff=D_FF,
            max_len=LENGTH,
            dropout=0.0,
            last_norm=True,  # nn.Transformer has one
        )
    )


def trainer(model: nn.Module, logits: Callable, batch: tuple[Tensor, Tensor]) -> Callable:
    """Return what takes one step, and gives its loss."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    source, target = batch

    def step() -> float:
        scores = logits(source, target[:, :-1]).flatten(0, 1)
        loss = F.cross_entropy(scores, target[:, 1:].flatten(), ignore_index=0)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def sentences(n: int) -> Tensor:
    """Return a batch of ids, half of them padded in their last quarter."""
    ids = torch.randint(3, VOCABULARY, (BATCH, n))
    ids[: BATCH // 2, 3 * n // 4 :] = 0
    return ids


def main() -> int:
    """Print the table; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    batch = sentences(LENGTH), sentences(LENGTH + 1)
    theirs = marian()

    def marians_logits(source: Tensor, target: Tensor) -> Tensor:
        read, written = (source != 0).long(), (target != 0).long()
        return theirs(source, read, decoder_input_ids=target, decoder_attention_mask=written).logits

    ours, pytorchs = course(), PyTorchs()
    sides = {
        "course": trainer(ours, ours, batch),
        "nn.Transformer": trainer(pytorchs, pytorchs, batch),
        "Marian": trainer(theirs, marians_logits, batch),
    }
    print(machine())
    print(f"{LAYERS} + {LAYERS} layers, width {WIDTH}, batch {BATCH} × {LENGTH}; target tokens")
    times = in_turns(sides, args.repeats)
    print_rates(times, BATCH * LENGTH)
    print(f"  Marian's: × {times_faster(times, 'course', 'Marian'):.2f}")
    return int(not held(times_faster(times, "course", "nn.Transformer"), BAR, "nn.Transformer's"))


if __name__ == "__main__":
    sys.exit(main())
