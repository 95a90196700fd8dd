"""Train small models to copy, each told order in another way, and test them on longer texts."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from course_lib.data.sequences import IGNORE, copy
from course_lib.lessons.lesson_08_order.ordered import OrderedConfig, OrderedTransformer
from course_lib.training.progress import progress

VOCABULARY = 16
#: Stands between a text and its copy; no other token has this number.
MARK = VOCABULARY
STEPS_BACK = 3
SHORTEST, LONGEST = 4, 16
BATCH = 64


def three_back(
    n_sequences: int, length: int, seed: int
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
    """Return tokens and targets: at each place, say the token that stands three before.

    >>> tokens, targets = three_back(1, 5, seed=0)
    >>> torch.equal(targets[:, 3:], tokens[:, :2]), targets[0, :3].tolist()
    (True, [-100, -100, -100])
    """
    task = copy(n_sequences, length, vocab_size=VOCABULARY, seed=seed, offset=STEPS_BACK)
    return task.tokens, task.targets


def after_a_mark(
    n_sequences: int, length: int, seed: int
) -> tuple[Int[Tensor, "B L"], Int[Tensor, "B L"]]:
    """Return a text, a mark and the text again; after the mark, the next token is asked for.

    >>> tokens, targets = after_a_mark(1, 3, seed=0)
    >>> tokens.shape, tokens[0, 3].item() == MARK, torch.equal(targets[:, 3:], tokens[:, :3])
    (torch.Size([1, 6]), True, True)
    """
    text = copy(n_sequences, length, vocab_size=VOCABULARY, seed=seed).tokens
    mark, nothing = torch.full_like(text[:, :1], MARK), torch.full_like(text, IGNORE)
    return torch.cat([text, mark, text[:, :-1]], 1), torch.cat([nothing, text], 1)


Task = Callable[[int, int, int], tuple[Tensor, Tensor]]
TASKS: dict[str, Task] = {"three back": three_back, "after a mark": after_a_mark}


def train_to_copy(
    task: str, order: str, *, seed: int, steps: int, longest: int = LONGEST
) -> OrderedTransformer:
    """Train one model from scratch, on a fresh batch at each step, of a length drawn anew.

    Args:
        task: a name in `TASKS`.
        order: how the model is told order.
        seed: of weights and data.
        steps: batches seen.
        longest: texts have 4 to so many tokens.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = OrderedTransformer(OrderedConfig(vocab_size=VOCABULARY + 1, order=order))
    lengths = torch.Generator().manual_seed(seed)
    # Not `fit`: this schedule moves the betas together with the rate.
    adam = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 3e-3, total_steps=steps, pct_start=0.1)
    for step in progress(range(steps), f"{task}, {order}"):
        length = int(torch.randint(SHORTEST, longest + 1, (1,), generator=lengths))
        tokens, targets = TASKS[task](BATCH, length, 1_000_000 * (seed + 1) + step)
        loss = F.cross_entropy(model(tokens).mT, targets, ignore_index=IGNORE)
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def accuracy(
    model: Callable[[Tensor], Float[Tensor, "B T V"]],
    task: str,
    length: int,
    *,
    n_sequences: int = 200,
) -> float:
    """Return the share of asked tokens that the model names, on texts it has not seen.

    A guess is right one time in 16.
    """
    tokens, targets = TASKS[task](n_sequences, length, 7)
    asked = targets != IGNORE
    return (model(tokens).argmax(-1) == targets)[asked].float().mean().item()
