"""What fit is made of: schedules, parameter groups, batches, the picture."""

import re
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from course_lib.errors import CourseError
from course_lib.training import live_loss, parts
from course_lib.training.batches import by_length, epochs, windows
from course_lib.training.live_loss import LiveLoss, describe, picture
from course_lib.training.optimizer import parameter_groups
from course_lib.training.schedules import constant, inverse_sqrt, warmup_cosine

STEPS, WARMUP = 23, 5


def theirs(name, **settings):
    """The shares that a schedule of transformers gives, step by step."""
    import transformers

    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(3))], lr=1.0)
    schedule = getattr(transformers, name)(optimizer, **settings)
    shares = []
    for _ in range(STEPS + 1):
        shares.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return shares


def test_schedules_are_those_of_transformers():
    """Theirs begin with a rate of 0; ours are one step ahead while they rise."""
    warm = {"num_warmup_steps": WARMUP}
    flat = theirs("get_constant_schedule_with_warmup", **warm)
    root = theirs("get_inverse_sqrt_schedule", **warm)
    cosine = theirs("get_cosine_schedule_with_warmup", **warm, num_training_steps=STEPS)
    for step in range(STEPS):
        assert constant(step, warmup=WARMUP) == pytest.approx(flat[step + 1])
        assert inverse_sqrt(step, warmup=WARMUP) == pytest.approx(root[step + 1])
        ours = warmup_cosine(step, steps=STEPS, warmup=WARMUP)
        assert ours == pytest.approx(cosine[step + 1 if step < WARMUP else step])


def test_a_cosine_that_ends_higher_is_that_of_transformers():
    name, ends = "get_cosine_with_min_lr_schedule_with_warmup", {"min_lr_rate": 0.1}
    due = theirs(name, num_warmup_steps=0, num_training_steps=STEPS, **ends)
    found = [warmup_cosine(step, steps=STEPS, final=0.1) for step in range(STEPS + 1)]
    assert found == pytest.approx(due)


def test_inverse_sqrt_is_the_papers():
    d_model, warmup = 512, 4000
    paper = lambda s: d_model**-0.5 * min(s**-0.5, s * warmup**-1.5)  # noqa: E731
    highest = (d_model * warmup) ** -0.5
    for step in (0, 17, 3999, 4000, 100_000):
        assert highest * inverse_sqrt(step, warmup=warmup) == pytest.approx(paper(step + 1))


def test_every_trainable_tensor_is_in_one_group_once():
    model = nn.Sequential(nn.Embedding(7, 3), nn.LayerNorm(3), nn.Linear(3, 7), nn.Linear(7, 2))
    model[2].weight = model[0].weight
    model[3].weight.requires_grad_(False)
    decayed, kept = parameter_groups(model, 0.1)
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.1, 0.0)
    assert all(p.ndim >= 2 for p in decayed["params"]) and all(p.ndim < 2 for p in kept["params"])
    due = {id(p) for p in model.parameters() if p.requires_grad}
    found = [id(p) for group in (decayed, kept) for p in group["params"]]
    assert len(found) == len(due) and set(found) == due


@pytest.mark.parametrize("make", [lambda s: epochs(17, 5, s), lambda s: by_length(range(17), 5, s)])
def test_rows_depend_on_seed_and_step_alone(make):
    forwards, backwards = make(1), make(1)
    due = [forwards(step).tolist() for step in range(7)]
    assert [backwards(step).tolist() for step in reversed(range(7))] == due[::-1]
    assert due[:3] != due[3:6]
    assert [make(2)(step).tolist() for step in range(7)] != due
    for epoch in (due[:3], due[3:6]):
        rows = [row for batch in epoch for row in batch]
        assert len(set(rows)) == 15 and set(rows) <= set(range(17))


def test_batches_by_length_pad_less():
    lengths = torch.randint(1, 60, (1000,), generator=torch.Generator().manual_seed(0))

    def padding(rows):
        batches = [lengths[rows(step)] for step in range(1000 // 32)]
        return sum(int((batch.max() - batch).sum()) for batch in batches)

    assert padding(by_length(lengths, 32)) < 0.1 * padding(epochs(1000, 32))


def test_windows_are_runs_of_the_text_and_reach_both_ends():
    batches = windows(torch.arange(11), 8, 6, seed=3)
    seen = {int(row[0]) for step in range(9) for row in batches(step)}
    assert seen == {0, 1, 2, 3, 4}
    assert torch.equal(batches(4), batches(4)) and not torch.equal(batches(4), batches(5))
    assert torch.equal(batches(0).diff(), torch.ones(8, 6, dtype=torch.long))


def test_data_that_is_too_small_is_named():
    with pytest.raises(CourseError, match="batch of 5 rows out of 4"):
        epochs(4, 5)
    with pytest.raises(CourseError, match="text of 6 tokens holds no window of 7"):
        windows(torch.arange(6), 2, 6)


@dataclass(frozen=True)
class Pair:
    source: torch.Tensor
    target: torch.Tensor


@pytest.mark.parametrize("n_parts", [1, 2, 5])
def test_parts_put_together_are_the_batch(n_parts):
    pair = Pair(torch.randn(7, 3), torch.arange(7))
    batch = {"pair": pair, "more": [torch.ones(7), (torch.zeros(7, 2), 4, torch.tensor(9))]}
    assert parts.rows(batch) == 7
    cut = [parts.part(batch, index, n_parts) for index in range(n_parts)]
    assert torch.equal(torch.cat([one["pair"].source for one in cut]), pair.source)
    assert torch.equal(torch.cat([one["more"][1][0] for one in cut]), torch.zeros(7, 2))
    assert {parts.rows(one["pair"]) for one in cut} <= {7 // n_parts, 7 // n_parts + 1}
    assert all(one["more"][1][2] == 9 for one in cut)


def test_a_batch_without_common_rows_cannot_be_cut():
    with pytest.raises(CourseError, match="same number of rows"):
        parts.part((torch.zeros(3), torch.zeros(2)), 0, 2)


class Parsed(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.setdefault(tag, dict(attrs))


@pytest.mark.parametrize("losses", [[], [2.0], [3.0, 3.0], [float(n % 7) for n in range(5000)]])
def test_the_picture_says_what_it_shows(losses):
    found = Parsed(picture(losses, 'a "name"')).found
    assert found["svg"]["role"] == "img"
    assert found["svg"]["aria-label"] == describe(losses, 'a "name"')
    points = re.findall(r"[\d.]+,[\d.]+", found["polyline"]["points"])
    assert len(points) == min(len(losses), len(live_loss.thinned(losses))) <= 240
    assert all(0 <= float(p.split(",")[0]) <= 480 for p in points)
    assert len(picture(losses)) < 6000


def test_a_front_end_that_takes_the_drawing_away_leaves_words():
    left = re.sub("<[^>]*>", "", picture([3.0, 1.0], "letters")).split("\n")
    assert left == [f"{describe([3.0, 1.0], 'letters')}.", "3", "1", "letters: loss", "step 2"]


@pytest.fixture
def kernel(monkeypatch):
    """A notebook's display: what is shown, and each time it is replaced."""
    import IPython.display

    pages = []
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: shell)
    handle = SimpleNamespace(update=lambda page, raw: pages.append(page))
    monkeypatch.setattr(
        IPython.display, "display", lambda page, **how: pages.append(page) or handle
    )
    monkeypatch.delenv("COURSE_QUIET", raising=False)
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    return pages


def test_a_notebook_gets_one_picture_with_text(kernel, capsys):
    losses = [3.0]
    live = LiveLoss("letters", 2, losses)
    losses.append(1.0)
    live.close()
    assert [page["text/plain"] for page in kernel] == [
        "letters: loss 3.000 at step 1, 3.000 at step 1, lowest 3.000",
        "letters: loss 3.000 at step 1, 1.000 at step 2, lowest 1.000",
    ]
    assert all(page["text/html"].startswith("<svg role") for page in kernel)


@pytest.mark.parametrize("variable", ["COURSE_STATIC", "COURSE_QUIET"])
def test_a_notebook_that_is_executed_gets_none(kernel, capsys, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    LiveLoss("letters", 2, [3.0]).close()
    assert kernel == []
