"""The Multi30k path on a few sentences made here: pieces, batches, loss, training, BLEU."""

import gzip
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from course_lib.data.multi30k import multi30k
from course_lib.lessons.lesson_11_translation.multi30k import (
    END,
    PAD,
    START,
    Recipe,
    Sentences,
    learn_pieces,
    token_loss,
    train,
    transformer_config,
    translate,
)
from course_lib.training.text_metrics import bleu

ANIMALS = {"dog": "Hund", "cat": "Katze", "horse": "Pferd"}
DOING = {"runs": "läuft", "sleeps": "schläft", "eats": "frisst"}
PLACES = {"in the park": "im Park", "at home": "daheim", "by the sea": "am Meer"}
PAIRS = [
    (f"A {a} {b} {c}.", f"Hier {y} {x} {z}.")
    for a, x in ANIMALS.items()
    for b, y in DOING.items()
    for c, z in PLACES.items()
]
RECIPE = Recipe(
    vocab_size=330, d_model=32, n_heads=2, n_layers=1, d_ff=64, dropout=0.0, steps=100,
    batch_size=9, rate=5e-3, warmup=20, smoothing=0.1, precision="no", width=3, max_len=24,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sentences in Multi30k's own format."""
    folder = tmp_path_factory.mktemp("multi30k")
    for language, at in (("en", 0), ("de", 1)):
        text = "".join(f"{pair[at]}\n" for pair in PAIRS)
        (folder / f"train.{language}.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def test_pieces_spell_any_text() -> None:
    tokenizer = learn_pieces([text for pair in PAIRS for text in pair], 330)
    for text in ("A horse sleeps at home.", "schläft, ß – и 東京"):
        ids = tokenizer.encode(text).ids
        assert ids[-1] == END and PAD not in ids and START not in ids
        assert tokenizer.decode(ids, skip_special_tokens=True).strip() == text


def test_batches_hold_no_column_of_padding() -> None:
    english, german = zip(*PAIRS, strict=True)
    data = Sentences(learn_pieces([*english, *german], 330), german, english)
    source, target = data.rows(torch.tensor([0, 5, 11]))
    assert (source != PAD).any(0).all() and (target != PAD).any(0).all()
    assert (target[:, 0] == START).all() and ((target == END).sum(1) == 1).all()


def test_the_loss_leaves_padding_out() -> None:
    english, german = zip(*PAIRS, strict=True)
    tokenizer = learn_pieces([*english, *german], 330)
    data = Sentences(tokenizer, german, english)
    from course_lib.models.transformer import Transformer

    model = Transformer(transformer_config(tokenizer, RECIPE, 40)).eval()
    source, target = data.source[:4], data.target[:4]
    total, count = token_loss(model, (source, target), smoothing=0.1)
    assert count == (target[:, 1:] != PAD).sum()
    due = F.cross_entropy(
        model(source, target[:, :-1]).mT, target[:, 1:], ignore_index=PAD, label_smoothing=0.1
    )
    torch.testing.assert_close(total / count, due)


def test_it_learns_a_small_language(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_QUIET", "1")
    pairs = multi30k("train", folder)
    model, tokenizer, history = train(pairs, RECIPE)
    assert history.losses[-1] < history.losses[0] / 2
    english, german = zip(*pairs[::4], strict=True)
    score, signature = bleu(english, translate(model, tokenizer, german, RECIPE))
    assert score > 95 and "tok:13a" in signature and "case:mixed" in signature
    greedy = Recipe(**{**vars(RECIPE), "width": 1})
    assert bleu(english, translate(model, tokenizer, german, greedy))[0] > 95


def test_a_translation_depends_on_its_sentence_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_QUIET", "1")
    recipe = Recipe(**{**vars(RECIPE), "steps": 10, "warmup": 2, "width": 1})
    model, tokenizer, _ = train(PAIRS, recipe)
    german = [german for _, german in PAIRS[:5]] + ["Hier"]
    together = translate(model, tokenizer, german, recipe)
    assert together == [translate(model, tokenizer, [one], recipe)[0] for one in german]
