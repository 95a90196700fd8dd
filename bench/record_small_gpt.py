"""Train the small GPT that lesson 13 lets write, and keep it as float16.

Half of what it reads is the prose of Python's documentation (the topics that `help()` shows), half
the same prose as conversations: one speaker says a sentence, the other the next one. Writes
small_gpt.safetensors, small_gpt_tokenizer.json and small_gpt.json into course_lib/data/recorded/.

    python bench/record_small_gpt.py              about four minutes on one CPU core
    python bench/record_small_gpt.py --steps 20   a quick try; prints and writes nothing
"""

import argparse
import json
import platform
import re
import time
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F

from course_lib.data.python_docs import help_texts
from course_lib.models.gpt import GPT
from course_lib.models.small_gpt import CONFIG, CONTROL

OUT = Path(__file__).resolve().parent.parent / "course_lib" / "data" / "recorded"
BATCH, LENGTH, RATE, WARMUP, SEED, EVERY = 24, 128, 3e-3, 100, 0, 12
DROPOUT, DECAY = 0.1, 0.3
PLAIN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."})


def paragraphs():
    """Return the prose of each topic as a list of paragraphs: no code, no tables, no headings."""
    found = []
    for _, text in sorted(help_texts().items()):
        blocks = re.split(r"\n\s*\n", text.translate(PLAIN))
        lines = [" ".join(block.split()) for block in blocks if not block.startswith(("   ", "+-"))]
        found.append([line for line in lines if re.match(r"[A-Z]", line) and line[-1] in ".:"])
    return [topic for topic in found if topic]


def conversations(topics, tokenizer):
    """Return token lists: the sentences of a paragraph, said in turn, four at most at a time."""
    user, assistant, end = (tokenizer.token_to_id(name) for name in CONTROL)
    found = []
    for paragraph in (one for topic in topics for one in topic):
        said = [s for s in re.split(r"(?<=[.])\s+(?=[A-Z])", paragraph) if 20 <= len(s) <= 160]
        for start in range(0, len(said) - 1, 2):
            turns = said[start : start + 4]
            ids = []
            for place, text in enumerate(turns[: len(turns) // 2 * 2]):
                ids += [assistant if place % 2 else user, *tokenizer.encode(text).ids, end]
            found.append(ids)
    return found


def train_tokenizer(topics):
    """Return a byte-level BPE tokenizer of the model's vocabulary."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=CONFIG.vocab_size,
        special_tokens=list(CONTROL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((line for topic in topics for line in topic), trainer)
    tokenizer.encode_special_tokens = True
    return tokenizer


def stream(topics, tokenizer):
    """Return the two texts as long tensors of tokens: plain, and as conversations."""
    end = tokenizer.token_to_id("<|end|>")
    plain = [t for topic in topics for t in [*tokenizer.encode("\n".join(topic)).ids, end]]
    talk = [t for one in conversations(topics, tokenizer) for t in one]
    return torch.tensor(plain), torch.tensor(talk)


def batch(texts, generator):
    """Draw half a batch from each text; return what is read and what is to be named."""
    rows = []
    for text in texts:
        starts = torch.randint(len(text) - LENGTH - 1, (BATCH // 2,), generator=generator)
        rows.append(text[starts[:, None] + torch.arange(LENGTH + 1)])
    both = torch.cat(rows)
    return both[:, :-1], both[:, 1:]


def loss_of(model, tokens, targets):
    return F.cross_entropy(model(tokens).flatten(0, 1), targets.flatten())


@torch.no_grad()
def held_out_loss(model, text):
    """Return the mean loss over a text cut into windows."""
    model.eval()
    n = (len(text) - 1) // LENGTH * LENGTH
    loss = loss_of(model, text[:n].view(-1, LENGTH), text[1 : n + 1].view(-1, LENGTH))
    model.train()
    return round(loss.item(), 4)


def train(texts, steps):
    """Train from a fixed seed, with dropout; return the model and the seconds it took."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    model = GPT(replace(CONFIG, dropout=DROPOUT))
    optimizer = torch.optim.AdamW(model.parameters(), RATE, betas=(0.9, 0.98), weight_decay=DECAY)
    shape = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / WARMUP, 1) * (1 - step / steps)
    )
    start = time.perf_counter()
    for step in range(steps):
        loss = loss_of(model, *batch(texts, generator))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        shape.step()
        if step % 200 == 0:
            print(
                f"step {step}: {loss.item():.3f}, {time.perf_counter() - start:.0f} s", flush=True
            )
    return model, time.perf_counter() - start


def keep(model, tokenizer, facts):
    """Write weights, tokenizer and log."""
    from safetensors.torch import save_file

    weights = {n: p.detach().half().contiguous() for n, p in model.named_parameters()}
    save_file(weights, OUT / "small_gpt.safetensors")
    (OUT / "small_gpt_tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    (OUT / "small_gpt.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def main():
    """Train, measure, and write unless this is a try."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000)
    steps = parser.parse_args().steps
    torch.set_num_threads(1)
    topics = paragraphs()
    kept_back = topics[::EVERY]
    topics = [topic for topic in topics if topic not in kept_back]
    tokenizer = train_tokenizer(topics)
    texts, held_out = stream(topics, tokenizer), stream(kept_back, tokenizer)
    print("tokens:", [len(text) for text in (*texts, *held_out)])
    model, seconds = train(texts, steps)
    facts = {
        "text": f"pydoc_data.topics of Python {platform.python_version()}, prose alone",
        "tokens": {"plain": len(texts[0]), "conversations": len(texts[1])},
        "steps": steps,
        "batch": [BATCH, LENGTH],
        "rate": RATE,
        "dropout": DROPOUT,
        "weight_decay": DECAY,
        "seed": SEED,
        "parameters": model.n_parameters(),
        "loss_in_nats_per_token": {
            "seen": [held_out_loss(model, text) for text in texts],
            "held_out": [held_out_loss(model, text) for text in held_out],
        },
        "seconds": round(seconds),
        "threads": torch.get_num_threads(),
        "processor": platform.machine(),
        "torch": torch.__version__,
    }
    print(json.dumps(facts, indent=1))
    if parser.get_default("steps") == steps:
        keep(model, tokenizer, facts)


if __name__ == "__main__":
    main()
