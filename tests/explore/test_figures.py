"""Figures carry their alternative text, and the same figure is the same bytes."""

import base64
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from course_lib.figures import as_html, bars, lines, show, vectors_2d, weights_heatmap

ALT = "Two bars: cat 0.7, mat 0.3."


def two_bars():
    return bars([0.7, 0.3], labels=["cat", "mat"], title="Two bars")


def test_show_puts_an_image_with_its_alternative_text_on_the_page(capsys):
    show(two_bars(), alt=ALT)
    # Outside a notebook IPython prints the plain form.
    assert f"Figure: {ALT}" in capsys.readouterr().out


def test_the_html_holds_the_alternative_text_escaped_and_a_png():
    html = as_html(two_bars(), alt='cat < "mat" & more')
    assert 'alt="cat &lt; &quot;mat&quot; &amp; more"' in html
    data = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    assert data.startswith(b"\x89PNG")


def test_the_same_figure_twice_is_the_same_bytes():
    assert as_html(two_bars(), ALT) == as_html(two_bars(), ALT)


def test_the_picture_names_no_software_and_no_date():
    data = base64.b64decode(re.search(r"base64,([^\"]+)", as_html(two_bars(), ALT))[1])
    assert b"tEXt" not in data
    assert b"tIME" not in data


@pytest.mark.parametrize("alt", ["", "bars", None, 3, "       x       "])
def test_too_little_alternative_text_is_refused_with_an_example(alt):
    with pytest.raises(ValueError, match=r"says too little.*for instance alt="):
        as_html(two_bars(), alt)


def test_a_figure_too_large_for_the_page_is_refused():
    from matplotlib.figure import Figure

    with pytest.raises(ValueError, match=r"at most 6 × 3\.5 inches, this is 8 × 6"):
        as_html(Figure(figsize=(8, 6)), ALT)


def test_a_diagram_is_told_to_show_itself():
    from course_lib.figures.diagrams import block

    with pytest.raises(TypeError, match="this is a Diagram: a diagram shows itself"):
        as_html(block(), ALT)


def test_a_figure_of_pyplot_is_closed():
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(4, 3))
    axes.set_title("empty")
    as_html(figure, ALT)
    assert plt.get_fignums() == []


def test_figures_load_matplotlib_when_first_drawn():
    code = "import sys, course_lib.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    "figure",
    [
        weights_heatmap(torch.eye(3), list("abc"), list("abc"), "weights"),
        weights_heatmap(np.zeros((2, 13)), title="s", kind="scores"),
        weights_heatmap(torch.full((2, 3), float("nan"), dtype=torch.bfloat16), title="n"),
        bars([1.0, float("inf")], ["a", "b"], "bars", beside=[0.5, 0.5]),
        lines([1, 2], {"a": [1, 2], "b": [3, 1]}, "two", xlabel="x", ylabel="y", logx=True),
        vectors_2d({"cat": (3, 1), "away": (-2, -2)}, "plane", highlight="cat"),
    ],
)
def test_every_chart_fits_the_page_and_its_budget(figure):
    html = as_html(figure, alt="a chart of some kind")
    assert len(html) < 100_000


def test_labels_that_do_not_fit_are_told_with_both_numbers():
    with pytest.raises(ValueError, match="3 queries need 3 labels, 2 are given"):
        weights_heatmap(np.zeros((3, 4)), ["a", "b"])


def test_a_stack_of_matrices_is_no_heatmap():
    with pytest.raises(ValueError, match=r"one matrix.*\(2, 3, 4\)"):
        weights_heatmap(np.zeros((2, 3, 4)))


def test_numbers_that_do_not_fit_their_labels_are_told():
    with pytest.raises(ValueError, match="2 labels need 2 numbers"):
        bars([1, 2, 3], ["a", "b"])


def test_a_vector_outside_the_plane_is_told():
    with pytest.raises(ValueError, match=r"'cat' has shape \(3,\)"):
        vectors_2d({"cat": (1, 2, 3)})
