"""German to English on Multi30k: a transformer trained by `fit`, and what its translations score.

Both languages share one vocabulary of byte pairs, learned from the training split by `tokenizers`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor, nn

from course_lib.data.recorded_files import recorded_log
from course_lib.models.beam import beam_search, greedy_translate
from course_lib.models.transformer import Transformer, TransformerConfig
from course_lib.training.batches import by_length
from course_lib.training.fit import FitConfig, History, fit

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, START, END = 0, 1, 2
SPECIAL = ["<pad>", "<start>", "<end>"]
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides a training; the defaults are those of the full run on a GPU.

    Args:
        vocab_size: pieces of both languages together.
        d_model, n_heads, n_layers, d_ff, dropout: of the `Transformer`, which is pre-norm.
        steps: updates.
        batch_size: pairs in a batch.
        rate: the highest learning rate; it rises for `warmup` steps, then falls as a cosine.
        smoothing: of the labels.
        precision: see `FitConfig`.
        width: of the beam.
        alpha: of its length normalisation.
        max_len: pieces of the longest translation.
        seed: of weights, batches and dropout.
    """

    vocab_size: int = 8000
    d_model: int = 256
    n_heads: int = 4
    n_layers: int = 4
    d_ff: int = 1024
    dropout: float = 0.3
    steps: int = 9000
    batch_size: int = 256
    rate: float = 1e-3
    warmup: int = 1000
    smoothing: float = 0.1
    precision: str = "bf16"
    width: int = 5
    alpha: float = 1.0
    max_len: int = 60
    seed: int = 0


def learn_pieces(sentences: Sequence[str], vocab_size: int) -> "Tokenizer":
    """Return a tokenizer of byte pairs that ends every text with the end mark; any text is known.

    Args:
        sentences: of both languages.
        vocab_size: how many pieces, the three marks and 256 bytes among them.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sentences, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <end>", special_tokens=[("<end>", END)]
    )
    return tokenizer


class Sentences:
    """Source and target as padded ids; a batch is cut to its own longest sentence.

    Args:
        tokenizer: of both languages.
        sources: German.
        targets: English; each begins with the start mark here.
    """

    def __init__(
        self, tokenizer: "Tokenizer", sources: Sequence[str], targets: Sequence[str]
    ) -> None:
        read = [torch.tensor(one.ids) for one in tokenizer.encode_batch(list(sources))]
        written = [torch.tensor([START, *one.ids]) for one in tokenizer.encode_batch(list(targets))]
        self.lengths = torch.tensor([len(a) + len(b) for a, b in zip(read, written, strict=True)])
        self.source = nn.utils.rnn.pad_sequence(read, batch_first=True, padding_value=PAD)
        self.target = nn.utils.rnn.pad_sequence(written, batch_first=True, padding_value=PAD)

    def __len__(self) -> int:
        return len(self.source)

    def rows(self, chosen: Int[Tensor, " B"]) -> tuple[Tensor, Tensor]:
        """Return some sources and targets, without the columns that hold padding alone."""
        return tuple(ids[:, : int((ids != PAD).sum(1).max())] for ids in self._at(chosen))  # type: ignore[return-value]

    def _at(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        return self.source[chosen], self.target[chosen]


def token_loss(
    model: Transformer, batch: tuple[Tensor, Tensor], smoothing: float
) -> tuple[Tensor, Tensor]:
    """Return the sum of the smoothed losses of a batch, and over how many pieces it goes."""
    source, target = batch
    logits, due = model(source, target[:, :-1]), target[:, 1:]
    total = F.cross_entropy(
        logits.flatten(0, 1),
        due.flatten(),
        ignore_index=PAD,
        label_smoothing=smoothing,
        reduction="sum",
    )
    return total, (due != PAD).sum()


def train(
    pairs: Pairs, recipe: Recipe, checkpoints: Path | None = None
) -> tuple[Transformer, "Tokenizer", History]:
    """Learn the pieces, then the translation from German to English.

    Args:
        pairs: (English, German) captions, as `multi30k` returns them.
        recipe: sizes and settings.
        checkpoints: see `FitConfig`.
    """
    english, german = zip(*pairs, strict=True)
    tokenizer = learn_pieces([*english, *german], recipe.vocab_size)
    data = Sentences(tokenizer, german, english)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        model = Transformer(transformer_config(tokenizer, recipe, int(data.lengths.max())))
    chosen = by_length(data.lengths, recipe.batch_size, seed=recipe.seed)
    config = FitConfig(
        steps=recipe.steps,
        rate=recipe.rate,
        warmup=recipe.warmup,
        precision=recipe.precision,  # type: ignore[arg-type]
        betas=(0.9, 0.98),
        weight_decay=0.01,
        seed=recipe.seed,
        name="German to English",
        checkpoints=checkpoints,
    )
    history = fit(
        model,
        lambda step: data.rows(chosen(step)),
        lambda model, batch: token_loss(model, batch, recipe.smoothing),
        config,
    )
    return model, tokenizer, history


def transformer_config(tokenizer: "Tokenizer", recipe: Recipe, longest: int) -> TransformerConfig:
    """Return the model's sizes; `longest` is how many pieces it must have positions for."""
    return TransformerConfig(
        vocab_size=tokenizer.get_vocab_size(),
        d_model=recipe.d_model,
        n_heads=recipe.n_heads,
        n_layers=recipe.n_layers,
        d_ff=recipe.d_ff,
        dropout=recipe.dropout,
        max_len=max(512, longest, recipe.max_len + 1),
        norm_first=True,
        pad=PAD,
        start=START,
        end=END,
    )


@torch.no_grad()
def translate(
    model: Transformer, tokenizer: "Tokenizer", german: Sequence[str], recipe: Recipe
) -> list[str]:
    """Return English for German: by beam search, or greedily when the beam's width is 1."""
    model.eval()
    device = next(model.parameters()).device
    write = _greedily if recipe.width == 1 else _by_beam
    ids: list[list[int]] = []
    for at in range(0, len(german), 250):
        encoded = [torch.tensor(one.ids) for one in tokenizer.encode_batch(german[at : at + 250])]
        source = nn.utils.rnn.pad_sequence(encoded, batch_first=True, padding_value=PAD)
        ids += write(model, source.to(device), recipe)
    return [text.strip() for text in tokenizer.decode_batch(ids, skip_special_tokens=True)]


def _greedily(model: Transformer, source: Tensor, recipe: Recipe) -> list[list[int]]:
    memory = model.encode(source)
    start = torch.full_like(source[:, :1], START)
    words = greedy_translate(
        lambda words: model.decode(words, memory, source), start, END, recipe.max_len
    )
    return [row[: row.index(END)] if END in row else row for row in words.tolist()]


def _by_beam(model: Transformer, source: Tensor, recipe: Recipe) -> list[list[int]]:
    found = []
    for row in source:
        read = row[row != PAD][None]
        memory = model.encode(read)

        def log_probs(words: Tensor, read: Tensor = read, memory: Tensor = memory) -> Tensor:
            n = len(words)
            logits = model.decode(
                words.to(memory.device), memory.expand(n, -1, -1), read.expand(n, -1)
            )
            return logits[:, -1].log_softmax(-1)

        words, _ = beam_search(log_probs, START, END, recipe.width, recipe.max_len, recipe.alpha)
        found.append([word for word in words if word != END])
    return found


def multi30k_log() -> dict[str, Any]:
    """Return what `bench/record_multi30k.py` measured."""
    return recorded_log("multi30k", __package__)
