"""Diagrams hold the numbers that were handed in, say them in words, and fit on a page."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from course_lib.figures.diagrams import (
    architecture,
    attention_strip,
    block,
    patches_to_tokens,
    projections,
    split_heads_picture,
    stages_of,
    states_into_decoder,
    turning,
    who_sees_whom,
)
from course_lib.figures.diagrams.cells import numbers
from course_lib.figures.diagrams.drawing import DARKEST, WIDEST, cut, width_of
from course_lib.figures.style import COLOURS

SVG = "{http://www.w3.org/2000/svg}"
X = torch.arange(1.0, 13).view(3, 4)
RIGHT, WRONG = X.view(3, 2, 2).transpose(0, 1), X.view(2, 3, 2)
CAUSAL = torch.ones(5, 5, dtype=torch.bool).tril()
STAGES = {"attn": [1, 3], "add1": [5, 8], "ff": [100, 200], "add2": [105, 208]}
IMAGE = torch.arange(16.0).view(4, 4) / 16
PATCHES = IMAGE.unfold(0, 2, 2).unfold(1, 2, 2).reshape(4, 4)

DRAWN = {
    "strip": lambda: attention_strip(
        [2.0, 0.5, -torch.inf],
        [True, True, False],
        [0.82, 0.18, 0.0],
        [[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]],
        [1.18, 11.8],
        keys=["the", "animal", "internationalisation & <more>"],
        query="it",
    ),
    "projections": lambda: projections(X, X[:, :2], X[:, 1:3], X[:, :1] + 0.5),
    "states": lambda: states_into_decoder([[0.9, 0.1], [0.3, 0.7]], ["one", "two"], ["eins", "z"]),
    "turning": lambda: turning([[1, 0], [0, 1]], [[0, 2], [-2, 0]], [(0, 1), (1, 2)]),
    "heads": lambda: split_heads_picture(X, RIGHT, WRONG),
    "block": lambda: block("pre", row=[4.0, 5.0], stages=STAGES),
    "both": lambda: block("both", row=[4.0, 5.0], stages={"pre": STAGES}),
    "encoder-decoder": lambda: architecture("encoder-decoder", masks={"target": CAUSAL}),
    "gpt": lambda: architecture("gpt"),
    "bert": lambda: architecture("bert"),
    "t5": lambda: architecture("t5", masks={"cross": torch.ones(4, 3)}),
    "vit": lambda: architecture("vit"),
    "sees": lambda: who_sees_whom({"GPT": CAUSAL, "BERT": torch.ones(5, 5)}),
    "patches": lambda: patches_to_tokens(IMAGE, PATCHES),
}


def shown(diagram):
    """The words in the picture, without tips."""
    return [text.text for text in ET.fromstring(diagram.svg).iter(f"{SVG}text")]


@pytest.fixture(params=DRAWN, scope="module")
def diagram(request):
    return DRAWN[request.param]()


def test_it_is_well_formed_with_title_and_description(diagram):
    root = ET.fromstring(diagram.svg)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == diagram.title
    assert root.find(f"{SVG}desc").text == diagram.words
    assert root.get("aria-label") == f"{diagram.title}. {diagram.words}"
    assert len(diagram.words) > 40


def test_a_front_end_without_pictures_gets_the_words(diagram):
    bundle = diagram._repr_mimebundle_()
    assert bundle["text/plain"] == f"Diagram: {diagram.title}. {diagram.words}"
    assert diagram.svg in bundle["text/html"]


def test_every_word_is_large_enough_and_in_the_ink_of_the_page(diagram):
    root = ET.fromstring(diagram.svg)
    assert "var(--jp-content-font-color1, currentColor)" in root.get("style")
    for text in root.iter(f"{SVG}text"):
        assert float(text.get("font-size")) >= 11
        # White stands only on the blue of a badge.
        assert text.get("fill") in ("currentColor", "#ffffff")


def test_it_fits_on_a_page_and_runs_nothing(diagram):
    root = ET.fromstring(diagram.svg)
    assert float(root.get("width")) <= WIDEST
    assert not re.search(r"<script|javascript:| on\w+=|\bid=", diagram.svg)
    assert "NaN" not in diagram.svg


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_numbers_give_the_same_bytes(name):
    assert DRAWN[name]().svg == DRAWN[name]().svg


def _light(colour):
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("page", "ink"), [(1.0, 0.13), (0.067, 0.88)])
@pytest.mark.parametrize("colour", COLOURS)
def test_the_darkest_tint_leaves_the_ink_legible_on_light_and_dark(colour, page, ink):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    surface = _light([DARKEST * c + (1 - DARKEST) * page for c in channels])
    pair = sorted([surface, _light([ink] * 3)])
    assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5


def test_the_strip_prints_the_numbers_that_were_handed_in():
    words = shown(DRAWN["strip"]())
    for due in ("2.00", "0.50", "−∞", "may", "hidden", "0.82", "0.18", "30", "1.18", "11.80"):
        assert due in words
    assert "sum 1" in words


def test_parts_of_the_strip_may_be_left_out():
    words = shown(attention_strip(weights=[[0.25, 0.75]], values=[4, 8], out=7))
    assert {"0.25", "0.75", "4", "8", "7", "key 1"} <= set(words)
    assert not {"scores", "mask"} & set(words)


def test_a_long_label_is_cut_and_told_by_a_tip():
    svg = DRAWN["strip"]().svg
    assert "<title>internationalisation &amp; &lt;more&gt;</title>" in svg
    assert any(word.endswith("…") for word in shown(DRAWN["strip"]()))


def test_words_cut_to_a_room_fit_into_it():
    for words in ("internationalisation", "語彙の大きさ", "MMMMMMMM", ""):
        assert width_of(cut(words, 60, 12), 12) <= 60


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ([1, -2, 0], ["1", "−2", "0"]),
        ([0.5, 1], ["0.50", "1.00"]),
        ([float("nan"), float("inf"), -float("inf"), 3], ["nan", "∞", "−∞", "3"]),
        ([-0.001, 0.5], ["0.00", "0.50"]),
        ([1234.56, 1], ["1234.6", "1.0"]),
    ],
)
def test_whole_numbers_are_whole_and_the_rest_has_two_decimals(values, due):
    assert numbers(np.array(values, dtype=float)) == due


def test_projections_print_shapes_and_numbers():
    words = shown(DRAWN["projections"]())
    assert {"x (3, 4)", "q (3, 2)", "k (3, 2)", "v (3, 1)", "W_v", "9.50"} <= set(words)


def test_one_row_may_come_alone():
    words = shown(projections(X[0], X[0, :2], X[0, 1:3], X[0, :1]))
    assert {"x (1, 4)", "q (1, 2)", "v (1, 1)"} <= set(words)


def test_lines_into_the_decoder_are_as_wide_as_the_weights():
    svg = states_into_decoder([[0.9, 0.1]], ["a", "b"], ["c"]).svg
    lines = ET.fromstring(svg).iter(f"{SVG}polyline")
    wide = [float(one.get("stroke-width")) for one in lines if one.find(f"{SVG}title") is not None]
    assert wide[0] > 5 * wide[1]
    assert "c from a: 0.90" in svg


def test_one_step_of_the_decoder_prints_its_weights():
    words = shown(states_into_decoder([[0.9, 0.1], [0.2, 0.8]], ["a", "b"], ["c", "d"], step=1))
    assert {"0.20", "0.80"} <= set(words)
    assert "0.90" not in words


def test_hands_turned_alike_keep_their_angle():
    same = DRAWN["turning"]()
    assert same.title.endswith("stays")
    assert shown(same).count("angle 90.0°") == 2
    apart = turning([[1, 0], [0, 1]], [[0, 2], [0, 2]], [(0, 1), (1, 1)])
    assert not apart.title.endswith("stays")
    assert {"angle 90.0°", "angle 0.0°"} <= set(shown(apart))


def test_a_split_keeps_the_colours_of_the_columns():
    root = ET.fromstring(split_heads_picture(X, RIGHT).svg)
    fills = [rect.get("fill") for rect in root.iter(f"{SVG}rect")]
    assert fills[:12] == [COLOURS[0], COLOURS[0], COLOURS[1], COLOURS[1]] * 3
    assert fills[12:] == [COLOURS[0]] * 6 + [COLOURS[1]] * 6


def test_a_row_walks_through_the_block():
    words = shown(DRAWN["block"]())
    assert words.index("(4, 5)") < words.index("(1, 3)") < words.index("(105, 208)")
    assert "layer norm" in words


class Constant(torch.nn.Module):
    def __init__(self, *row):
        super().__init__()
        self.row = torch.tensor(row)

    def forward(self, x, *_):
        return self.row.expand_as(x)


@pytest.mark.parametrize(
    ("norm_first", "due"),
    [
        (True, {"add1": [5, 8], "add2": [105, 208], "norm1": [-1, 1], "norm2": [-1, 1]}),
        (False, {"add1": [5, 8], "add2": [99, 201], "norm1": [-1, 1], "norm2": [-1, 1]}),
    ],
)
def test_stages_are_followed_through_a_block(norm_first, due):
    from course_lib.models.blocks import BlockConfig, EncoderBlock

    module = EncoderBlock(BlockConfig(d_model=2, n_heads=1, d_ff=8, norm_first=norm_first)).eval()
    module.attn, module.ff = Constant(1.0, 3.0), Constant(100.0, 200.0)
    x = torch.tensor([[[9.0, 9], [4, 5]]])
    stages = stages_of(module, x)
    for name, row in due.items():
        assert torch.allclose(stages[name], torch.tensor(row).float(), atol=1e-3), name
    words = shown(block("pre" if norm_first else "post", row=x[0, -1], stages=stages))
    assert f"({', '.join(map(str, due['add1']))})" in words
    assert not module.attn._forward_hooks


def test_a_block_without_its_parts_is_refused():
    with pytest.raises(ValueError, match=r"this lacks \['norm1', 'attn'"):
        stages_of(torch.nn.Identity(), X[None])


def test_the_norm_stands_where_the_form_has_it():
    pre, post = shown(block("pre")), shown(block("post"))
    assert pre.index("layer norm") < pre.index("self-attention")
    assert post.index("layer norm") > post.index("self-attention")


def test_masks_hang_where_they_act():
    words = shown(DRAWN["encoder-decoder"]())
    assert words.count("padding") == 2
    assert "later" in words
    assert "15 of 25 pairs" in DRAWN["encoder-decoder"]().words


def test_who_sees_whom_marks_pairs_not_by_colour_alone():
    words = shown(who_sees_whom(CAUSAL))
    assert words.count("●") == 15
    assert words.count("·") == 10


def test_patches_are_drawn_in_the_greys_of_their_pixels():
    svg = DRAWN["patches"]().svg
    assert svg.count("rgb(239,239,239)") == 2


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: attention_strip(), "none came"),
        (lambda: attention_strip([1.0, 2.0], [True]), r"mask has shape \(1,\), expected \(2,\)"),
        (lambda: attention_strip([[1.0], [2.0]]), r"scores has shape \(2, 1\), expected \(n,\)"),
        (lambda: attention_strip(range(13)), "13"),
        (lambda: attention_strip([1, 2], keys=["a"]), "2 keys need 2 labels, 1 came"),
        (
            lambda: attention_strip(weights=[1.0], values=[[1.0, 2.0]], out=[3.0]),
            r"out has shape \(1,\), expected \(2,\)",
        ),
        (lambda: projections(X, X[:2], X, X), r"q has shape \(2, 4\), expected \(3, columns\)"),
        (lambda: projections(X, X, X[:, :2], X), r"k has shape \(3, 2\), expected \(3, 4\)"),
        (lambda: states_into_decoder([[1.0]], ["a", "b"], ["c"]), r"expected \(1, 2\)"),
        (lambda: states_into_decoder([[1.0]], ["a"], ["c"], step=1), "step is 0 to 0, not 1"),
        (lambda: turning([[1, 0]], [[1, 0, 0]], [(0, 1)]), r"key has shape \(1, 3\), expected"),
        (lambda: turning([[0, 0]], [[1, 0]], [(0, 1)]), "query needs finite rows longer than 0"),
        (lambda: split_heads_picture(X, RIGHT, X), r"wrong has shape \(3, 4\), expected \(2, 3"),
        (lambda: split_heads_picture(X, RIGHT + 1), "right holds other numbers than x"),
        (lambda: split_heads_picture(X * 0, RIGHT * 0), "two numbers of x are equal"),
        (lambda: block("pre", row=[1.0], stages={"norm3": [1.0]}), "not 'norm3'"),
        (lambda: block("pre", row=[1.0], stages={"ff": [1.0, 2.0]}), r"ff has shape \(2,\)"),
        (lambda: block("pre", stages={"ff": [1.0]}), "stages need the row"),
        (lambda: block("middle"), "not 'middle'"),
        (lambda: architecture("rnn"), "not 'rnn'"),
        (lambda: architecture("gpt", masks={"padding": CAUSAL}), "are causal, not 'padding'"),
        (lambda: who_sees_whom(torch.ones(2, 3)), r"shape \(2, 3\), expected \(T, T\)"),
        (lambda: patches_to_tokens(IMAGE, PATCHES[:3]), r"N·P·P = 16 for an image of shape"),
        (lambda: patches_to_tokens(torch.ones(2, 4, 4), PATCHES), r"expected \(H, W\)"),
    ],
)
def test_what_does_not_fit_is_refused_with_both_shapes(draw, says):
    with pytest.raises(ValueError, match=says):
        draw()
