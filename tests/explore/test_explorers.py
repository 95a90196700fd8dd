"""Explorers draw the learner's function, or say in words why not; no browser is needed."""

import json
import re
from html import unescape
from importlib.resources import files

import numpy as np
import pytest
import torch

from course_lib.explore import (
    mask_painter,
    soft_lookup,
    temperature,
    vector_playground,
)
from course_lib.explore.page import plain

from .every import (
    COURSE,
    MAKE,
    SHOWN,
    WRONG,
    attention,
    cosine,
    dot,
    every_explorer,
    lookup,
    mean_pool,
    raises,
    sentences,
    softmax,
    stepper,
    unwritten,
    with_temperature,
)


def drawn(explorer, name):
    return np.array(explorer.state()[SHOWN[name]])


@every_explorer
def test_the_numbers_are_those_of_a_distinctively_wrong_function(name):
    assert np.allclose(drawn(MAKE[name](WRONG[name]), name), 0.777)


@every_explorer
def test_the_course_stands_beside_a_function_that_differs(name):
    explorer = MAKE[name](WRONG[name])
    state = explorer.state()
    beside = next(key for key in state if key.startswith("course") and state[key] is not None)
    assert not np.allclose(state[beside], 0.777)
    assert "Where the course's differs, it stands beside yours." in state["note"]


@every_explorer
def test_nothing_stands_beside_a_function_that_agrees(name):
    state = MAKE[name](COURSE[name]).state()
    assert [state[key] for key in state if key.startswith("course")] == [None] * sum(
        key.startswith("course") for key in state
    )


@every_explorer
def test_before_an_attempt_the_course_is_drawn_and_says_so(name):
    explorer = MAKE[name](None)
    assert np.allclose(drawn(explorer, name), drawn(MAKE[name](COURSE[name]), name))
    assert (
        f"Drawn by the course's {COURSE[name].__name__} until you write yours."
        in (explorer.state()["note"])
    )


@every_explorer
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raises, "raised ValueError: mat1 and mat2 shapes cannot be multiplied."),
        (unwritten, "is not written yet."),
        (lambda *args: None, "returned nothing: is the return missing?"),
        (lambda *args: (1, 2), "returned a tuple of 2; one result is due."),
        (lambda *args: "0.5", "returned a str; real numbers are due."),
        (lambda *args: torch.zeros(2, 9), r"returned shape \(2, 9\); .* is due."),
        (lambda *args: torch.tensor(1j), "returned a Tensor; real numbers are due."),
        (lambda: None, r"raised TypeError: .*takes 0 positional arguments"),
    ],
)
def test_an_answer_that_cannot_be_drawn_is_told_in_words(name, answer, words):
    explorer = MAKE[name](answer)
    state = explorer.state()
    assert re.search(words, state["problem"]), state["problem"]
    assert state["problem"].startswith(f"Your {COURSE[name].__name__} ")
    assert "The course's version is drawn instead." in state["note"]
    assert np.allclose(drawn(explorer, name), drawn(MAKE[name](COURSE[name]), name))


@every_explorer
def test_an_answer_that_writes_into_its_inputs_spoils_nothing(name):
    def careless(*args):
        out = COURSE[name](*args)
        for arg in args:
            if isinstance(arg, torch.Tensor) and arg.is_leaf and not arg.requires_grad:
                arg.zero_()
            if isinstance(arg, list):
                arg.clear()
        return out

    assert np.allclose(drawn(MAKE[name](careless), name), drawn(MAKE[name](COURSE[name]), name))


@every_explorer
def test_what_an_answer_prints_stays_off_the_page(name, capsys):
    def chatty(*args):
        print("here")
        return COURSE[name](*args)

    MAKE[name](chatty).press("ArrowRight").state()
    assert capsys.readouterr().out == ""


@every_explorer
def test_a_bare_function_is_drawn_as_it_is(name):
    bare = {
        "temperature": lambda: temperature(softmax),
        "vector_playground": lambda: vector_playground(dot, cosine),
        "soft_lookup": lambda: soft_lookup(lookup),
        "mask_painter": lambda: mask_painter(attention),
        "decoding_stepper": lambda: stepper(with_temperature),
        "nearest_sentences": lambda: sentences(mean_pool),
    }[name]()
    assert f"Drawn by {COURSE[name].__name__}." in bare.state()["note"]


def test_a_bare_function_that_raises_is_told_by_its_name():
    with pytest.raises(Exception, match="raises raised ValueError: mat1 and mat2"):
        temperature(raises).state()


@every_explorer
def test_something_that_is_no_function_is_refused(name):
    make = {
        "temperature": temperature,
        "vector_playground": lambda one: vector_playground(one, one),
        "soft_lookup": soft_lookup,
        "mask_painter": mask_painter,
        "decoding_stepper": stepper,
        "nearest_sentences": sentences,
    }[name]
    with pytest.raises(TypeError, match=r"an explorer draws a function: .* this is a list"):
        make([1, 2])


@every_explorer
def test_two_made_alike_show_the_same_bytes(name):
    first, second = MAKE[name](COURSE[name]), MAKE[name](COURSE[name])
    assert repr(first) == repr(second)
    assert first.html() == second.html()
    assert first.view() == second.view()


@every_explorer
def test_the_static_form_has_alternative_text_with_numbers(name):
    html = MAKE[name](COURSE[name]).html()
    alt = unescape(re.search(r'<img class="course-figure" alt="([^"]+)"', html)[1])
    assert alt == MAKE[name](COURSE[name]).alt()
    assert re.search(r"\d\.\d\d", alt)


@every_explorer
def test_the_static_form_keeps_within_what_may_be_committed(name):
    assert len(MAKE[name](COURSE[name]).html().encode()) < 100_000


@every_explorer
def test_the_payload_stands_in_one_attribute_and_is_json(name):
    html = MAKE[name](COURSE[name]).html()
    found = re.findall(r"data-course-payload='([^']*)'", html)
    assert len(found) == (0 if name == "mask_painter" else 1)
    for payload in found:
        facts = json.loads(unescape(payload))
        assert facts.keys() == {"meta", "at", "table"}


@every_explorer
def test_the_table_holds_what_python_would_answer(name):
    explorer = MAKE[name](COURSE[name])
    table = explorer.table()
    if table is None:
        return
    computed = [control for control in explorer.controls if control.computed]
    for key, row in list(table["rows"].items())[::37]:
        steps = map(int, key.split(","))
        explorer.place(**{c.name: step for c, step in zip(computed, steps, strict=True)})
        view = explorer.view()
        assert {**table["same"], **row} == {name: view[name] for name in view if name != "at"}


@pytest.mark.parametrize("name", [*MAKE, "shared"])
def test_no_module_loads_anything(name):
    source = files("course_lib.explore").joinpath("static", f"{name}.js").read_text()
    addresses = set(re.findall(r"(?:https?:)?//[\w.]+\.\w+[^\s\"'`]*", source))
    # The name of SVG's elements looks like an address; nothing is loaded from it.
    assert addresses <= {"http://www.w3.org/2000/svg"}
    for loads in ("import ", "import(", "fetch(", "XMLHttpRequest", "</script", "innerHTML"):
        assert loads not in source


def test_the_style_loads_nothing():
    style = files("course_lib.explore").joinpath("static", "explorer.css").read_text()
    assert "url(" not in style
    assert "@import" not in style


def test_numbers_that_json_does_not_know_travel_as_words():
    assert plain([float("nan"), np.inf, -np.inf, -0.0, np.float32(0.5)]) == [
        "NaN",
        "Infinity",
        "-Infinity",
        0.0,
        0.5,
    ]


@every_explorer
def test_not_a_number_reaches_the_page_as_one(name):
    def lost(*args):
        return COURSE[name](*args) * float("nan")

    view = MAKE[name](lost).view()
    shown = view.get(SHOWN[name], view.get("all_weights"))
    assert "NaN" in json.dumps(shown)
    json.dumps(view, allow_nan=False)


@every_explorer
def test_a_key_that_means_nothing_changes_nothing(name):
    explorer = MAKE[name](COURSE[name])
    before = explorer.state()
    assert explorer.press("q").state() == before


@every_explorer
def test_an_unknown_control_is_told_with_those_there_are(name):
    with pytest.raises(ValueError, match="has no control 'speed'; it has"):
        MAKE[name](COURSE[name]).set(speed=1)


@every_explorer
def test_static_notebooks_get_the_static_form_only(name, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("course_lib.explore.live.display", lambda *a, **k: shown.append(a[0]))
    monkeypatch.setenv("COURSE_STATIC", "1")
    MAKE[name](COURSE[name])._ipython_display_()
    assert [sorted(bundle) for bundle in shown] == [["text/html", "text/plain"]]
