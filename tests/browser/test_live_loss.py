"""The picture of a loss in JupyterLab: it grows, hears the stop button, and stays in the file."""

import re

import pytest

from .axe import violations
from .lab import Lab

SETUP = """import os, time, torch
from torch import nn
from course_lib.training.fit import FitConfig, fit

del os.environ["COURSE_QUIET"]

def batch(step):
    time.sleep(0.03)
    return torch.ones(4, 2)

def train(name, steps):
    config = FitConfig(steps=steps, rate=1e-2, name=name)
    return fit(nn.Linear(2, 1), batch, lambda model, x: model(x).square().mean(), config)
"""
TWICE = "for name in ('first', 'second'):\n    print(train(name, 40).stopped_at, 'steps')"
LONG = "print(train('long', 4000).interrupted)"


@pytest.fixture(scope="module")
def book(lab_url, lab_folder, browser):
    with Lab(lab_url, lab_folder, browser) as lab:
        lab.open(lab.write("loss.ipynb", SETUP, TWICE, LONG))
        lab.run_cell(0)
        yield lab
        lab.assert_stayed_home()


def pictures(lab, index):
    shown = lab.cell(index).locator(".jp-OutputArea-output svg[role=img]")
    return shown.evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")


def without_waiting(lab, index):
    lab.page.evaluate(
        """(index) => {
            window.jupyterapp.shell.currentWidget.content.activeCellIndex = index;
            window.ran = window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        index,
    )


def grown(lab, index):
    """Wait until a picture shows more than its first step."""
    lab.cell(index).get_by_text(re.compile(r"^step \d\d")).first.wait_for(timeout=30_000)


def test_the_stop_button_ends_the_training_and_says_so(book):
    without_waiting(book, 2)
    grown(book, 2)
    book.page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    book.page.evaluate("() => window.ran")
    said = book.outputs(2)
    step = re.search(r"Interrupted after step (\d+) of 4000\. What follows uses the model", said)[1]
    assert f"at step {step}, lowest" in pictures(book, 2)[0]
    assert said.rstrip().endswith("True")
    assert book.errors() == []


def test_each_of_two_trainings_has_one_picture_that_grows_and_stays(book):
    without_waiting(book, 1)
    grown(book, 1)
    assert "at step 40" not in pictures(book, 1)[0]
    book.page.evaluate("() => window.ran")
    first, second = pictures(book, 1)
    assert re.match(r"first: loss \d.* at step 40, lowest", first)
    assert re.match(r"second: loss \d.* at step 40, lowest", second)
    assert re.findall(r"\d+%", book.outputs(1)) == ["100%", "100%"]
    assert book.errors() == []
    book.shut_down()
    book.page.goto("about:blank")
    book.open("loss.ipynb")
    book.cell(1).locator("svg[role=img]").first.wait_for()
    assert pictures(book, 1) == [first, second]
    assert book.cell(1).locator("svg[role=img]").first.bounding_box()["width"] > 300
    book.unfold()
    assert violations(book.page, ".jp-OutputArea-output") == []
