"""No figure without a title, no map without a scale, no count with decimals."""

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from course_lib.figures import as_html, bars, lines, pictures, weights_heatmap
from course_lib.figures.overlays import overlays
from course_lib.figures.rules import check_figure

ALT = "A figure that is looked at."
HEADS = {"head 0": np.full((4, 4), 0.03), "head 1": np.eye(4)}


def words(figure):
    """Everything that is written in a figure, ticks too."""
    figure.draw_without_rendering()
    found = [text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text"))]
    return [word for word in found if word]


def drawn(colours="viridis"):
    figure = Figure()
    axes = figure.add_subplot()
    axes.set_title("a map")
    return figure, axes.imshow(np.eye(2), cmap=colours)


@pytest.mark.parametrize("draw", [bars, None])
def test_a_lessons_figure_without_a_title_is_refused(draw, monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")
    figure = bars([1, 2], ["a", "b"]) if draw else Figure(figsize=(3, 3))
    with pytest.raises(ValueError, match=r"needs a title: pass title=…"):
        as_html(figure, ALT)


def test_a_learners_own_figure_may_do_without(monkeypatch):
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    assert "<img" in as_html(bars([1, 2], ["a", "b"]), ALT)


def test_names_of_panels_are_titles():
    check_figure(pictures({"a digit": np.eye(8)}))


def test_a_map_without_a_scale_is_refused_by_name():
    with pytest.raises(ValueError, match="the map “a map” has no scale"):
        check_figure(drawn()[0])


def test_a_map_with_a_scale_passes_and_so_does_a_grey_picture():
    figure, image = drawn()
    figure.colorbar(image)
    check_figure(figure)
    check_figure(drawn("gray_r")[0])


@pytest.mark.parametrize(
    "figure",
    [
        weights_heatmap(np.eye(3), title="three"),
        weights_heatmap(np.zeros((12, 12)), title="twelve", kind="scores"),
        overlays(np.eye(8), HEADS),
        overlays(np.eye(8), HEADS, common=False),
        pictures({"one": np.eye(4), "two": -np.eye(4)}, kind="cosines"),
    ],
)
def test_every_map_of_the_helpers_has_its_scale(figure):
    check_figure(figure)


def test_whole_numbers_have_no_decimals():
    assert {"32", "7"} <= set(words(bars([32, 7], ["mean", "first"], "found", ylabel="found")))
    assert "5" in words(weights_heatmap([[5, 0], [0, 1]], title="buckets", kind="scores"))
    mask = weights_heatmap(torch.ones(2, 2, dtype=torch.bool).tril(), title="mask")
    assert [text.get_text() for text in mask.axes[0].texts] == ["1", "0", "1", "1"]


def test_small_weights_are_left_out_of_large_maps_and_the_scale_says_so():
    weights = np.full((8, 8), 0.01)
    weights[:, 0] = 0.93
    found = words(weights_heatmap(weights, title="eight"))
    assert found.count("0.93") == 8
    assert "0.01" not in found
    assert "weight (printed from 0.05 on)" in found
    assert words(weights_heatmap(weights[:4, :4], title="four")).count("0.01") == 12


def test_a_scale_ends_where_it_is_told():
    figure = weights_heatmap(np.full((2, 2), 0.2), title="small", most=0.25)
    assert figure.axes[0].get_images()[0].get_clim() == (0, 0.25)
    with pytest.raises(ValueError, match="ends above 0, not at 0"):
        weights_heatmap(np.eye(2), most=0)


def test_maps_share_a_scale_and_tell_their_largest_numbers():
    figure = overlays(np.eye(8), HEADS)
    assert [axes.get_images()[0].get_clim() for axes in figure.axes[1:3]] == [(0, 1), (0, 1)]
    assert {"head 0\nlargest 0.03", "head 1\nlargest 1.00"} <= set(words(figure))


def test_maps_of_different_things_have_scales_of_their_own_from_0():
    figure = overlays(np.eye(8), HEADS, common=False)
    assert [axes.get_images()[0].get_clim() for axes in figure.axes[1:3]] == [(0, 0.03), (0, 1)]
    assert "its\nlargest" in words(figure)


def test_long_labels_lie_down_and_short_ones_stand():
    long = bars([0.9, 0.2], ["What is the way to prepare a good cup of coffee?", "No"], "near")
    assert "What is the way to prepare a good\ncup of coffee?" in [
        label.get_text() for label in long.axes[0].get_yticklabels()
    ]
    short = bars([0.9, 0.2], ["a", "b"], "near")
    assert [label.get_text() for label in short.axes[0].get_xticklabels()] == ["a", "b"]


@pytest.mark.parametrize("lying", [False, True])
def test_an_axis_of_shares_ends_at_1(lying):
    labels = [f"{'a long label that must lie down' * lying} {i}" for i in range(3)]
    axes = bars([0.9, 1.0, 0.2], labels, "shares", ylabel="share").axes[0]
    ticks = axes.get_xticks() if lying else axes.get_yticks()
    assert max(ticks) == 1.0


def test_a_number_above_the_most_is_refused():
    with pytest.raises(ValueError, match="most=32 is the end of the axis, and a bar reaches 33"):
        bars([33], ["a"], "found", most=32)


def test_baselines_are_grey_and_must_be_there():
    axes = bars([0.1, 0.2], ["words", "model"], "scores", baselines=["words"]).axes[0]
    colours = [bar.get_facecolor() for bar in axes.patches[:2]]
    assert colours[0] != colours[1]
    with pytest.raises(ValueError, match="the baseline 'luck' is none of the labels"):
        bars([0.1], ["words"], "scores", baselines=["luck"])


def test_blocks_are_counted_from_the_first_to_the_last():
    axes = lines(range(1, 25), {"a": range(24)}, "blocks", xlabel="b", ylabel="y").axes[0]
    assert axes.get_xticks().tolist() == [1, 3, 6, 9, 12, 15, 18, 21, 24]


def test_levels_gaps_and_single_points_are_drawn_as_such():
    figure = lines(
        [0, 1],
        {"a": [0, 1]},
        "all",
        xlabel="x",
        ylabel="y",
        steps=True,
        shade=[(0.2, 0.4)],
        marks={"soft": (1, 0.97)},
        legend="below",
    )
    axes = figure.axes[0]
    assert [line.get_drawstyle() for line in axes.lines] == ["steps-mid", "default"]
    assert axes.lines[1].get_xydata().tolist() == [[1, 0.97]]
    ground = axes.patches[0]
    assert (ground.get_x(), ground.get_x() + ground.get_width()) == (0.2, 0.4)
    assert "soft" in words(figure)


def test_a_chosen_pixel_is_framed_within_its_picture():
    figure = pictures({"one": np.eye(4)}, kind="cosines", frames={"one": (1, 2)})
    assert figure.axes[0].patches[-1].get_xy() == (1.5, 0.5)
    with pytest.raises(ValueError, match=r"no pixel \(4, 0\)"):
        pictures({"one": np.eye(4)}, frames={"one": (4, 0)})
