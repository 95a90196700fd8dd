"""Record macro F1 on the course's 600 sentences: bag of words, frozen encoder, two blocks tuned.

Three seeds, each with a split of its own. Writes sentiment.json into lesson 14's room, which
lesson 14 draws.

    python bench/record_sentiment.py              about a minute on one CPU core
    python bench/record_sentiment.py --epochs 1   a quick try; prints and writes nothing
"""

import argparse
import json
import os
import time
from typing import Any

from _logs import hardware, recorded

os.environ["COURSE_QUIET"] = "1"
FILE = recorded("14") / "sentiment.json"
SEEDS = (0, 1, 2)


def run(seed: int, epochs: int) -> dict[str, Any]:
    """Train all three on one split and score them on its test sentences."""
    import torch
    from sklearn.linear_model import LogisticRegression

    from course_lib.data.sentiment import sentiment
    from course_lib.lessons.lesson_14_bert import sentiment as ours
    from course_lib.lessons.lesson_14_bert.reference import freeze, mean_pool
    from course_lib.models.minilm import tokenize
    from course_lib.training.metrics import class_scores

    train, test = sentiment("train", seed), sentiment("test", seed)
    due = torch.tensor(train.labels)
    start = time.process_time()
    model = ours.minilm_classifier(mean_pool, seed)
    read = [tokenize(list(part.texts)) for part in (train, test)]
    found = {"bag of words": ours.bag_of_words(train.texts, train.labels, test.texts)}

    whole = [ours.states_after(model.encoder, *one, 6) for one in read]
    vectors = [mean_pool(states.hidden, states.mask).numpy() for states in whole]
    head = LogisticRegression(max_iter=1000).fit(vectors[0], train.labels)
    found["frozen encoder"] = torch.from_numpy(head.predict(vectors[1]))

    freeze(model, ours.N_FROZEN)
    lower = [ours.states_after(model.encoder, *one, ours.N_FROZEN) for one in read]
    ours.fine_tune(model, lower[0], due, ours.tuning(epochs, seed))
    found["two blocks tuned"] = ours.predict(model, lower[1])
    scores = {
        name: round(class_scores(said, test.labels, 2).macro_f1, 4) for name, said in found.items()
    }
    return {"seed": seed, **scores, "cpu_seconds": round(time.process_time() - start, 1)}


def main() -> None:
    """Train everything and write the log."""
    import torch

    from course_lib.lessons.lesson_14_bert.sentiment import EPOCHS, N_FROZEN

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    epochs = parser.parse_args().epochs
    torch.set_num_threads(1)
    runs = []
    for seed in SEEDS:
        runs.append(run(seed, epochs))
        print(runs[-1], flush=True)
    log = {
        "command": "python bench/record_sentiment.py",
        "hardware": hardware(threads=1),
        "epochs": epochs,
        "frozen_blocks": N_FROZEN,
        "runs": runs,
    }
    if epochs == EPOCHS:
        FILE.write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
