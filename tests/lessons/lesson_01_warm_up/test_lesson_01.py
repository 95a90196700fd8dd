"""What is special about lesson 01: its module class, its list, the test at its start."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from course_lib import Lesson
from course_lib.checking.check import check_exercise
from course_lib.checking.noise import noise
from course_lib.checking.result import Result, Status
from course_lib.lessons.lesson_01_warm_up import reference as ours
from course_lib.lessons.lesson_01_warm_up.lesson import LESSON

SOURCE = Path(__file__).parents[3] / "solutions" / "01_warm_up.py"


def check(name: str, obj: Any) -> Result:
    return check_exercise(LESSON.exercise(name), obj)


# ---------------------------------------------------------------- classes that go wrong


class Cell(nn.Module):
    """Right; the classes below each spoil one thing."""

    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.w_x = nn.Linear(d_in, d_hidden)
        self.w_h = nn.Linear(d_hidden, d_hidden, bias=False)

    def forward(self, x, h):
        return torch.tanh(self.w_x(x) + self.w_h(h))


class NoSuper(nn.Module):
    def __init__(self, d_in, d_hidden):
        self.w_x = nn.Linear(d_in, d_hidden)

    forward = Cell.forward


class NoSuperNoLayer(nn.Module):
    def __init__(self, d_in, d_hidden):
        self.width = d_hidden

    forward = Cell.forward


class SuperTooLate(Cell):
    def __init__(self, d_in, d_hidden):
        self.w_x = nn.Linear(d_in, d_hidden)
        super().__init__(d_in, d_hidden)


class OtherNames(nn.Module):
    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.wx = nn.Linear(d_in, d_hidden)
        self.wh = nn.Linear(d_hidden, d_hidden, bias=False)

    def forward(self, x, h):
        return torch.tanh(self.wx(x) + self.wh(h))


class TwoBiases(Cell):
    def __init__(self, d_in, d_hidden):
        super().__init__(d_in, d_hidden)
        self.w_h = nn.Linear(d_hidden, d_hidden)


class TurnedRound(Cell):
    def __init__(self, d_in, d_hidden):
        super().__init__(d_in, d_hidden)
        self.w_x = nn.Linear(d_hidden, d_in)


class PlainTensors(nn.Module):
    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.w_x, self.w_h = torch.ones(d_in, d_hidden), torch.ones(d_hidden, d_hidden)

    forward = Cell.forward


class BareParameters(nn.Module):
    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.w_x = nn.Parameter(torch.ones(d_hidden, d_in))
        self.w_h = nn.Parameter(torch.ones(d_hidden, d_hidden))

    forward = Cell.forward


class InAList(nn.Module):
    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.layers = [nn.Linear(d_in, d_hidden), nn.Linear(d_hidden, d_hidden, bias=False)]

    forward = Cell.forward


class NotKept(nn.Module):
    def __init__(self, d_in, d_hidden):
        super().__init__()
        w_x = nn.Linear(d_in, d_hidden)  # noqa: F841

    forward = Cell.forward


class OtherArguments(Cell):
    def __init__(self, width):
        super().__init__(width, width)


class NoInit(nn.Module):
    forward = Cell.forward


class Misspelt(nn.Module):
    __init__ = Cell.__init__
    froward = Cell.forward


class OneArgument(Cell):
    def forward(self, x):
        return x


class NoSelf(Cell):
    def forward(x, h):  # noqa: N805
        return h


class NameWithoutSelf(Cell):
    def forward(self, x, h):
        return torch.tanh(w_x(x) + self.w_h(h))  # noqa: F821


class Plain:
    forward = Cell.forward


CLASSES: list[tuple[Any, str]] = [
    (Cell(2, 3), "you passed an object of it. Pass the class, without brackets."),
    (lambda x, h: h, "is a class here, derived from nn.Module; you passed a function."),
    ("RecurrentCell", "you passed a str ('RecurrentCell')."),
    (None, "you passed None."),
    (Plain, "yours is not. Begin with: class RecurrentCell(nn.Module):"),
    (NoSuper, "super().__init__() has not run"),
    (NoSuperNoLayer, "super().__init__() has not run"),
    (SuperTooLate, "Make it the first line of __init__"),
    (OtherNames, "has wx.weight, wx.bias, wh.weight beyond them. Keep the names of the exercise"),
    (TwoBiases, "has w_h.bias beyond them. A layer is made without a bias by bias=False."),
    (TurnedRound, "w_x.weight should have shape (2, 1); yours has (1, 2). nn.Linear takes"),
    (PlainTensors, "self.w_x is a plain tensor: wrap it in nn.Parameter"),
    (BareParameters, "self.w_h should be a layer: its weight is then called w_h.weight."),
    (InAList, "PyTorch does not look inside self.layers"),
    (NotKept, "Set them on self, in __init__"),
    (
        OtherArguments,
        "is called with d_in, d_hidden by name; yours is RecurrentCell.__init__(width)",
    ),
    (NoInit, "Your class has no method __init__, which makes the parameters."),
    (Misspelt, "Your class has no method forward, which is what a call runs."),
    (OneArgument, "is called with 2 arguments by position; yours is RecurrentCell.forward(x)"),
    (NoSelf, "A method's first argument is self."),
    (NameWithoutSelf, "If __init__ made it, a method finds it as self.w_x."),
]


@pytest.mark.parametrize("obj, said", CLASSES, ids=[said[:40] for _, said in CLASSES])
def test_a_class_that_is_no_answer_is_told_why(obj: Any, said: str) -> None:
    result = check("RecurrentCell", obj)
    assert result.status in (Status.FAILED, Status.ERROR)
    assert result.diagnosis is None
    assert said in result.message, result.message
    assert "Traceback" not in result.message
    if result.status is Status.FAILED:
        assert len(re.findall(r"[.:](?:\s|$)", result.message)) <= 4, result.message


def test_an_object_given_to_a_lesson_is_told_to_be_the_class(capsys: Any) -> None:
    Lesson("01").check(ours.RecurrentCell(2, 3))
    assert "pass the class itself: lesson.check(RecurrentCell)" in capsys.readouterr().out


def test_half_a_class_is_not_started() -> None:
    def forward(self: Any, x: Any, h: Any) -> Any:
        raise NotImplementedError

    result = check("RecurrentCell", type("RecurrentCell", (Cell,), {"forward": forward}))
    assert result.status is Status.NOT_STARTED


def test_a_failing_case_of_a_class_can_be_run_again() -> None:
    case = Lesson("01").case("RecurrentCell")
    assert case is not None
    cell = ours.RecurrentCell(**case.init)
    cell.load_state_dict(case.state)
    assert torch.allclose(cell(*case.args), case.expected)
    assert ".state" in repr(case)


def test_an_answer_that_spoils_its_inputs_spoils_no_later_check() -> None:
    """A property hands out inputs of the case; each call gets copies."""

    class Spoils(Cell):
        def forward(self, x, h):
            out = super().forward(x, h)
            h.copy_(out.detach())
            return out

    assert "changed its input h" in check("RecurrentCell", Spoils).message
    assert check("RecurrentCell", Cell).passed


# ---------------------------------------------------------------- lists


def test_a_list_of_another_length_is_told_in_words() -> None:
    result = check("encode", lambda text, vocabulary: [1, 2])
    assert "'the cat sat' has 3 words, you return 2 ids" in result.message


@pytest.mark.parametrize(
    "answer, said",
    [
        (
            lambda text, vocabulary: torch.tensor([1, 2, 3]),
            "A list is due; yours is a torch tensor",
        ),
        (lambda text, vocabulary: "1 2 3", "A list is due"),
        (lambda text, vocabulary: ["1", "2", "3"], "At place 0 of your list"),
    ],
)
def test_what_is_no_list_of_ids_is_told_so(answer: Any, said: str) -> None:
    assert said in check("encode", answer).message


def test_a_list_that_differs_says_where() -> None:
    result = check("encode", lambda text, vocabulary: [1, 2, 2])
    assert result.difference is not None
    assert result.difference.index == (2,)
    assert "out[2]" in result.message


# ---------------------------------------------------------------- agreement with torch


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_fit_agrees_with_torchs_optimiser(steps: int) -> None:
    x, y, start = noise(0, 7, 3), noise(1, 7), noise(2, 3)
    w = nn.Parameter(start.clone())
    optimiser = torch.optim.SGD([w], lr=0.1)
    for _ in range(steps):
        optimiser.zero_grad()
        nn.functional.mse_loss(x @ w, y).backward()
        optimiser.step()
    assert torch.allclose(ours.fit(x, y, start, 0.1, steps), w, atol=1e-12)


def test_embed_agrees_with_the_layer() -> None:
    table, ids = noise(0, 7, 11), torch.tensor([[3, 0, 6], [1, 3, 3]])
    layer = nn.Embedding.from_pretrained(table)
    assert torch.equal(ours.embed(ids, table), layer(ids))


def test_reading_word_by_word_agrees_with_a_recurrent_layer() -> None:
    """The cell, looped as the lesson does, is `nn.RNN` with its second bias at zero."""
    cell = ours.RecurrentCell(5, 7).double()
    cell.load_state_dict(
        {"w_x.weight": noise(0, 7, 5), "w_x.bias": noise(1, 7), "w_h.weight": noise(2, 7, 7)}
    )
    layer = nn.RNN(5, 7, dtype=torch.float64)
    layer.load_state_dict(
        {
            "weight_ih_l0": cell.w_x.weight,
            "weight_hh_l0": cell.w_h.weight,
            "bias_ih_l0": cell.w_x.bias,
            "bias_hh_l0": torch.zeros(7),
        }
    )
    words, h, states = noise(3, 4, 2, 5), torch.zeros(2, 7, dtype=torch.float64), []
    for x in words:
        h = cell(x, h)
        states.append(h)
    assert torch.allclose(torch.stack(states), layer(words)[0], atol=1e-12)


# ---------------------------------------------------------------- the test at the start


def test_ten_questions_lead_to_sections_and_exercises_that_exist() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert len(LESSON.quiz) == 10
    for question in LESSON.quiz:
        for option in question.options:
            found = re.search(r"\(Section “(.+)”, exercise (1\.\d)\.\)$", option.why)
            assert found is not None, option.why
            assert re.search(rf"^# ## \d · {re.escape(found[1])}$", text, re.M), found[1]
            assert f"### Exercise {found[2]} ·" in text


def test_the_questions_stand_before_the_first_exercise() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert text.index("lesson.quiz()") < text.index("### Exercise 1.1")
    assert text.count("lesson.quiz()") == 1


def test_the_right_options_do_not_stand_in_one_place() -> None:
    places = [[o.right for o in question.options].index(True) for question in LESSON.quiz]
    assert max(places.count(place) for place in set(places)) <= 4


# ---------------------------------------------------------------- numbers that the text states


def test_the_numbers_of_the_training_section() -> None:
    x, y, zero = torch.tensor([[1.0], [3]]), torch.tensor([2.0, 6]), torch.zeros(1)
    assert ours.error_gradient(x, y, torch.ones(1)).item() == -10
    assert [round(ours.fit(x, y, zero, 0.05, n).item(), 4) for n in range(4)] == [0, 1, 1.5, 1.75]
    assert ours.fit(x, y, zero, 0.1, 1).item() == pytest.approx(2)
    for rate, error in ((0.02, 0.23), (0.05, 0.00002), (0.21, 134)):
        w = ours.fit(x, y, zero, rate, 10)
        assert ((x @ w - y) ** 2).mean().item() == pytest.approx(error, rel=0.05)
