"""Train a small T5 to write the summary line of a docstring, from its body alone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

import torch
from jaxtyping import Int
from torch import Tensor, nn

from course_lib.data.docstrings import Documented, docstrings
from course_lib.data.span_corruption import corrupt, draw_spans, random_cut
from course_lib.models.beam import greedy_translate
from course_lib.models.t5 import T5, T5Config
from course_lib.training.batches import drawn, epochs
from course_lib.training.config import FitConfig, History
from course_lib.training.fit import fit
from course_lib.training.text_metrics import rouge

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, END, N_SENTINELS, VOCABULARY = 0, 1, 16, 1024
#: Ids of the sentinels, the first one highest, as T5's are.
SENTINELS = tuple(range(VOCABULARY - 1, VOCABULARY - 1 - N_SENTINELS, -1))
#: Pieces of a body that are read, and of a summary that are written.
READ, WRITE, BATCH = 48, 20, 16
#: A batch: what is read, and what is to be written, each padded and with its end.
Pairs = tuple[Int[Tensor, "B S"], Int[Tensor, "B T"]]


@cache
def pieces() -> "Tokenizer":
    """Return byte-pair encoding learned from what the model trains on: 1,006 pieces.

    >>> pieces().decode(pieces().encode("Return a list.").ids)
    'Return a list.'
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - N_SENTINELS,
        special_tokens=["<pad>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (text for pair in docstrings("train") for text in (pair.body, pair.summary))
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode(texts: Iterable[str], most: int) -> list[list[int]]:
    """Return the ids of each text, cut to `most` with the end among them."""
    return [[*one.ids[: most - 1], END] for one in pieces().encode_batch(list(texts))]


def decode(ids: Sequence[int]) -> str:
    """Return the text before the end.

    >>> decode([*encode(["Return it."], 9)[0], 5])
    'Return it.'
    """
    ids = list(ids)
    return str(pieces().decode(ids[: ids.index(END)] if END in ids else ids)).strip()


def padded(rows: Sequence[Sequence[int]]) -> Int[Tensor, "B T"]:
    """Return rows as one table, padded behind."""
    return nn.utils.rnn.pad_sequence(
        [torch.tensor(row) for row in rows], batch_first=True, padding_value=PAD
    )


def small_config() -> T5Config:
    """Return the sizes of the small model."""
    return T5Config(
        vocab_size=VOCABULARY, d_model=96, n_heads=4, d_head=24, n_layers=2, d_ff=256, dropout=0.0
    )


def small_t5(seed: int) -> T5:
    """Return a fresh small T5."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return T5(small_config())


@dataclass(frozen=True)
class Summaries:
    """Batches of bodies and their summaries, one epoch after another."""

    pairs: Sequence[Documented]
    seed: int

    def batches(self) -> Callable[[int], Pairs]:
        """Return a function of the step to its batch."""
        read = encode((pair.body for pair in self.pairs), READ)
        write = encode((pair.summary for pair in self.pairs), WRITE)
        rows = epochs(len(read), BATCH, self.seed)

        def batch(step: int) -> Pairs:
            chosen = rows(step).tolist()
            return padded([read[i] for i in chosen]), padded([write[i] for i in chosen])

        return batch


def corrupted(pairs: Sequence[Documented], seed: int) -> Callable[[int], Pairs]:
    """Return batches of span corruption over whole docstrings, spans drawn anew at each step."""
    texts = [row[:-1] for row in encode((f"{p.summary} {p.body}" for p in pairs), READ)]
    rows = epochs(len(texts), BATCH, seed)

    def batch(step: int) -> Pairs:
        cut = random_cut(drawn(seed, step))
        made = [
            corrupt(texts[i], draw_spans(len(texts[i]), 0.15, 3, cut), SENTINELS)
            for i in rows(step).tolist()
        ]
        return padded([[*read, END] for read, _ in made]), padded([[*w, END] for _, w in made])

    return batch


def loss(model: T5, batch: Pairs) -> tuple[Tensor, Tensor]:
    """Return the cross-entropy summed over real tokens, and how many they are."""
    source, target = batch
    started = nn.functional.pad(target[:, :-1], (1, 0), value=PAD)
    logits = model(source, started)
    total = nn.functional.cross_entropy(
        logits.flatten(0, 1), target.flatten(), ignore_index=PAD, reduction="sum"
    )
    return total, (target != PAD).sum()


def train_summaries(
    seed: int, steps: int, pretraining: int = 0, rate: float = 5e-3
) -> tuple[T5, History]:
    """Train a small T5 on summaries, after `pretraining` steps of span corruption.

    Args:
        seed: of weights and batches.
        steps: batches of 16 pairs.
        pretraining: batches of 16 corrupted docstrings before them.
        rate: the highest learning rate.

    Returns:
        the model, and the history of the last training.
    """
    model, pairs = small_t5(seed), docstrings("train")
    for n, batches in ((pretraining, corrupted), (steps, lambda p, s: Summaries(p, s).batches())):
        if n:
            config = FitConfig(
                steps=n, rate=rate, warmup=min(50, n // 4), weight_decay=0.05, seed=seed
            )
            history = fit(model, batches(pairs, seed), loss, config)
    return model, history


def same_line() -> str:
    """Return the training summary most like the others: what a model could say that reads nothing.

    Of 150 of them, spread evenly, it has the highest mean ROUGE-L with the others.
    """
    lines = [pair.summary for pair in docstrings("train")]
    some = lines[:: max(1, len(lines) // 150)]
    return max(some, key=lambda line: rouge(some, [line] * len(some)))


@torch.no_grad()
def summarise(model: T5, bodies: Sequence[str]) -> list[str]:
    """Return what the model writes for each text, always taking the likeliest piece."""
    written = []
    for start in range(0, len(bodies), 64):
        source = padded(encode(bodies[start : start + 64], READ))
        memory = model.encode(source)
        prefix = torch.full((len(source), 1), PAD)
        next_piece = partial(model.decode, memory=memory, source=source)
        rows = greedy_translate(next_piece, prefix, END, WRITE)
        written += [decode(row) for row in rows.tolist()]
    return written
