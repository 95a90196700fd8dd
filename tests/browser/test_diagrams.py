"""Diagrams in JupyterLab, light and dark: words in the page's ink, none cut, none on another."""

import pytest

from .lab import Lab

DRAW = """
import torch
from course_lib.figures.diagrams import *
X = torch.arange(1.0, 13).view(3, 4)
CAUSAL = torch.ones(5, 5, dtype=torch.bool).tril()
STAGES = {"norm1": [-1, 1], "attn": [1, 3], "add1": [5, 8], "norm2": [-1, 1], "add2": [105, 208]}
KEYS = ["the", "animal", "internationalisation"]
display(
    attention_strip([2.0, 0.5, -1], [1, 1, 0], [0.8, 0.2, 0], X, X[0] + 0.5, keys=KEYS, query="it"),
    projections(X / 3, X[:, :2], X[:, 1:3], X[:, 1:]),
    states_into_decoder(torch.eye(4, 3), KEYS, ["das", "Tier", "war", "m" * 40], step=3),
    turning([[1, 0], [0, 1]], [[0, 2], [-2, 0]], [(0, 1), (1, 2)]),
    split_heads_picture(X, X.view(3, 2, 2).transpose(0, 1), X.view(2, 3, 2)),
    block("both", row=[4, 5], stages={"pre": STAGES, "post": STAGES}),
    *(architecture(kind) for kind in ("gpt", "bert", "t5", "vit")),
    architecture("encoder-decoder", masks={"target": CAUSAL, "cross": CAUSAL, "source": CAUSAL}),
    who_sees_whom({"GPT": CAUSAL, "BERT": CAUSAL | True}),
    patches_to_tokens(torch.rand(8, 8), torch.rand(16, 4)),
)
""".strip()
DIAGRAMS = ".jp-OutputArea-output svg.course-diagram"

#: Words outside their picture, and words on each other, as a reader would see them.
CLASHES = """svgs => svgs.flatMap(svg => {
  const whole = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")];
  const words = texts.map(text => [text.textContent, text.getBoundingClientRect()]);
  const cut = words.filter(([, a]) =>
    a.left < whole.left - 0.5 || a.right > whole.right + 0.5 ||
    a.top < whole.top - 0.5 || a.bottom > whole.bottom + 0.5);
  const meet = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
  const onto = words.flatMap(([name, a], i) =>
    words.slice(i + 1).filter(([, b]) => meet(a, b)).map(([other]) => `${name} on ${other}`));
  return [...cut.map(([name]) => `${name} is cut`), ...onto];
})"""
INKS = """svgs => [...new Set(svgs.flatMap(svg =>
  [...svg.querySelectorAll("text[fill=currentColor]")]
    .map(text => getComputedStyle(text).fill)))]"""
SIZES = """svgs => svgs.flatMap(svg => [...svg.querySelectorAll("text")]
  .map(text => parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a))"""


@pytest.fixture(scope="module", params=["light", "dark"])
def book(request, lab_url, lab_folder, browser):
    with Lab(lab_url, lab_folder, browser, dark=request.param == "dark") as lab:
        lab.open(lab.write(f"diagrams_{request.param}.ipynb", DRAW))
        lab.run_cell(0)
        lab.unfold()
        yield lab, request.param
        lab.assert_stayed_home()


def test_all_are_drawn_and_named(book):
    lab, _ = book
    shown = lab.cell(0).locator(DIAGRAMS)
    assert shown.count() == 13
    assert shown.first.get_attribute("aria-label").startswith("Attention of “it”. the: score 2.00")


def test_no_word_is_cut_or_lies_on_another(book):
    lab, _ = book
    shown = lab.cell(0).locator(DIAGRAMS)
    assert shown.evaluate_all(SIZES) != []
    assert shown.evaluate_all(CLASHES) == []


def test_words_are_large_enough_and_have_the_ink_of_the_theme(book):
    lab, theme = book
    shown = lab.cell(0).locator(DIAGRAMS)
    assert min(shown.evaluate_all(SIZES)) >= 11
    (ink,) = shown.evaluate_all(INKS)
    assert ("0, 0, 0" if theme == "light" else "255, 255, 255") in ink
