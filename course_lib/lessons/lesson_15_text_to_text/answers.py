"""Extractive question answering: a small head on the frozen states of the pretrained encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_lib.data.pretrained import encoder_tokenizer
from course_lib.data.questions import Question
from course_lib.models.minilm import pretrained_encoder

#: Tokens of an answer at most.
LONGEST = 12


@dataclass(frozen=True)
class Encoded:
    """Questions with their passages, as the encoder saw them.

    Args:
        states: what the encoder makes of question and passage, read as one text; and beside it
            what each token has in common with the question.
        passage: True on tokens of the passage.
        places: for each token the characters (from, behind) of its text.
        spans: first and last token of the right answer.
    """

    states: Float[Tensor, "N T d"]
    passage: Bool[Tensor, "N T"]
    places: list[list[tuple[int, int]]]
    spans: Tensor


@torch.no_grad()
def encode(questions: Sequence[Question]) -> Encoded:
    """Let the frozen encoder read "[CLS] question [SEP] passage [SEP]", all questions at once.

    Paper: Devlin et al. 2019, §4.2, for the way in which the two are joined.
    """
    found = encoder_tokenizer().encode_batch([(one.question, one.passage) for one in questions])
    tokens, kinds = (
        nn.utils.rnn.pad_sequence([torch.tensor(getattr(one, name)) for one in found], True)
        for name in ("ids", "type_ids")
    )
    real = torch.arange(tokens.shape[1]) < torch.tensor([len(one.ids) for one in found])[:, None]
    hidden = pretrained_encoder()(tokens, real, kinds)
    # Marks belong to neither text; sequence_ids knows.
    passage = torch.zeros_like(real)
    for row, one in zip(passage, found, strict=True):
        row[: len(one.ids)] = torch.tensor([side == 1 for side in one.sequence_ids])
    asked = real & (kinds == 0)
    question = (hidden * asked[..., None]).sum(1, keepdim=True) / asked.sum(1)[:, None, None]
    hidden, question = F.normalize(hidden, dim=-1), F.normalize(question, dim=-1)
    places = [one.offsets for one in found]
    spans = [_tokens(*pair) for pair in zip(questions, places, passage.tolist(), strict=True)]
    scale = hidden.shape[-1] ** 0.5
    states = torch.cat([hidden, hidden * question * scale], -1) * scale
    return Encoded(states, passage, places, torch.tensor(spans))


def _tokens(question: Question, places: list[tuple[int, int]], inside: list[bool]) -> list[int]:
    """Return the first and the last token that the answer covers."""
    covered = [
        at
        for at, (first, behind) in enumerate(places)
        if inside[at] and first < question.end and behind > question.start
    ]
    return [covered[0], covered[-1]]


def train_head(
    data: Encoded, rows: Sequence[int], *, steps: int = 60, rate: float = 3e-3, seed: int = 0
) -> nn.Linear:
    """Train two numbers a token, for the start and the end of an answer, on some questions.

    Paper: Devlin et al. 2019, §4.2: the mean of the two log-likelihoods over tokens.

    Args:
        data: encoded questions.
        rows: those to learn from.
        steps: over all of them.
        rate: of AdamW.
        seed: of the first weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = nn.Linear(data.states.shape[-1], 2)
    optimizer = torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=0.1)
    chosen = torch.tensor(list(rows))
    states, passage, spans = data.states[chosen], data.passage[chosen], data.spans[chosen]
    for _ in range(steps):
        logits = head(states).masked_fill(~passage[..., None], -torch.inf)
        loss = F.cross_entropy(logits, spans)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return head


def folds(questions: Sequence[Question], n: int, seed: int) -> list[list[int]]:
    """Return n groups of questions; all of one topic are in one group.

    Args:
        questions: to be shared out.
        n: groups.
        seed: of the order of topics.
    """
    topics = sorted({one.topic for one in questions})
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(topics))
    group = {topics[topic]: place % n for place, topic in enumerate(order)}
    return [[i for i, one in enumerate(questions) if group[one.topic] == g] for g in range(n)]


def cross_validated(
    questions: Sequence[Question],
    data: Encoded,
    best_span: Callable[..., tuple[int, int]],
    *,
    n: int = 5,
    seed: int = 0,
) -> list[str]:
    """Return an answer to each question, by a head that has seen no question of its topic.

    Args:
        questions: all of them.
        data: the same, encoded.
        best_span: `best_span(start, end, passage, longest)`, first and last token.
        n: groups.
        seed: of the groups and the heads.
    """
    answers = [""] * len(questions)
    for group in folds(questions, n, seed):
        rest = [i for i in range(len(questions)) if i not in group]
        head = train_head(data, rest, seed=seed)
        for i in group:
            with torch.no_grad():
                start, end = head(data.states[i]).T
            first, last = best_span(start, end, data.passage[i], LONGEST)
            begin, behind = data.places[i][first][0], data.places[i][last][1]
            answers[i] = questions[i].passage[begin:behind]
    return answers
