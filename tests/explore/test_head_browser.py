"""The head browser: what it reads out, what travels with the page, what it refuses."""

import base64
import json
import re
from html import unescape
from importlib.resources import files

import numpy as np
import pytest

from course_lib.explore import head_browser

LAYERS, HEADS = 2, 3
TOKENS = ["[CLS]", "the", "cat", "sat", "[SEP]"]


def weights(n=5, layers=LAYERS, heads=HEADS, seed=0):
    scores = np.random.default_rng(seed).normal(size=(layers, heads, n, n)) * 2
    powers = np.exp(scores)
    return powers / powers.sum(-1, keepdims=True)


def small(**options):
    return head_browser(
        {"a cat": (weights(), TOKENS), "another": (weights(seed=1), TOKENS)}, **options
    )


def many_tokens(n, **options):
    tokens = [f"t{i}" for i in range(n)]
    return head_browser({"long": (weights(n, 6, 12), tokens)}, **options)


def payload(explorer):
    found = re.findall(r"data-course-payload='([^']*)'", explorer.html())
    assert len(found) == 1
    return json.loads(unescape(found[0]))


def test_it_reads_out_the_row_of_the_query():
    state = small(layer=1, head=2, query="cat").state()
    assert (state["layer"], state["head"], state["query"], state["token"]) == (1, 2, 2, "cat")
    assert np.allclose(state["weights"], weights()[1, 2, 2], atol=1 / 255)


def test_the_base_rate_is_the_mean_over_all_queries():
    state = small(layer=1, head=0).state()
    assert np.allclose(state["base"], weights()[1, 0].mean(0), atol=1 / 255)


def test_keys_move_query_head_and_layer_and_stop_at_the_ends():
    explorer = small(query=3)
    for key in ("ArrowUp", "ArrowRight", "PageDown"):
        explorer.press(key)
    assert [explorer.state()[name] for name in ("query", "head", "layer")] == [2, 1, 1]
    explorer.press("PageDown").press("End")
    assert [explorer.state()[name] for name in ("query", "layer")] == [4, 1]
    assert explorer.press("Home").state()["query"] == 0


def test_another_text_brings_its_own_weights():
    state = small().set(text=1).state()
    assert np.allclose(state["weights"], weights(seed=1)[0, 0, 0], atol=1 / 255)


def test_the_page_holds_the_bytes_that_python_reads_out():
    explorer = small(layer=1, head=2, query=3)
    text = payload(explorer)["meta"]["texts"][0]
    rows = np.frombuffer(base64.b64decode(text["data"]), np.uint8)
    rows = rows.reshape(LAYERS, HEADS, len(TOKENS) + 1, len(TOKENS))
    state = explorer.state()
    assert (rows[1, 2, 3] / 255).tolist() == state["weights"]
    assert (rows[1, 2, -1] / 255).tolist() == state["base"]


def test_it_needs_no_python_behind_it(monkeypatch):
    shown = []
    monkeypatch.setattr("course_lib.explore.live.display", lambda *a, **k: shown.append(a[0]))
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    small()._ipython_display_()
    assert [sorted(bundle) for bundle in shown] == [["text/html", "text/plain"]]


def test_sixty_four_tokens_of_a_real_size_live_within_one_and_a_half_megabytes(monkeypatch):
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    explorer = many_tokens(64)
    assert len(explorer.html().encode()) < 1_500_000
    assert len(payload(explorer)["meta"]["texts"][0]["tokens"]) == 64
    assert "Shown are" not in explorer.state()["note"]


def test_what_is_committed_is_cropped_and_says_so(monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")
    explorer = many_tokens(64, query=40)
    assert len(explorer.html().encode()) < 100_000
    shown = len(payload(explorer)["meta"]["texts"][0]["tokens"])
    assert 10 <= shown < 64
    note = f"Shown are the first {shown} of 64 tokens; run this cell to see more."
    assert note in explorer.state()["note"]
    assert explorer.press("End").state()["query"] == shown - 1


def test_beyond_sixty_four_tokens_the_rest_is_left_out_but_counted(monkeypatch):
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    explorer = many_tokens(70)
    state = explorer.state()
    assert len(state["weights"]) == 64
    assert "Shown are the first 64 of 70 tokens." in state["note"]
    assert np.allclose(state["base"][:64], weights(70, 6, 12)[0, 0].mean(0)[:64], atol=1 / 255)


def test_two_made_alike_show_the_same_bytes():
    assert small().html() == small().html()
    assert repr(small()) == repr(small())


def test_the_alternative_text_names_weights_and_base_rates():
    alt = small(layer=1, head=2, query="cat").alt()
    assert alt.startswith("Attention weights of layer 1, head 2, on “a cat”. The query “cat” gives")
    assert re.search(r"\d\.\d\d \(all tokens \d\.\d\d\)", alt)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layer": 2}, "layer is 0 to 1, not 2"),
        ({"head": -1}, "head is 0 to 2, not -1"),
        ({"query": 5}, "query is 0 to 4, not 5"),
        ({"query": "dog"}, "“dog” is not among the tokens"),
    ],
)
def test_a_place_that_is_not_there_is_told(options, words):
    with pytest.raises(ValueError, match=words):
        small(**options)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({}, "no text to browse"),
        ({"a": (weights(4), TOKENS)}, r"shape \(layers, heads, 5, 5\) for 5 tokens"),
        ({"a": (weights() * 3 - 1, TOKENS)}, "between 0 and 1: pass them after the softmax"),
        (
            {"a": (weights(), TOKENS), "b": (weights(heads=4), TOKENS)},
            r"all texts come from one model: \(2, 3\) .* \(2, 4\) in “b”",
        ),
    ],
)
def test_what_does_not_fit_is_told(texts, words):
    with pytest.raises(ValueError, match=words):
        head_browser(texts)


def test_its_module_loads_nothing():
    source = files("course_lib.explore").joinpath("static", "head_browser.js").read_text()
    for loads in (
        "import ",
        "import(",
        "fetch(",
        "XMLHttpRequest",
        "</script",
        "innerHTML",
        "http",
    ):
        assert loads not in source
