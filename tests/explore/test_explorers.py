"""Explorers draw the learner's function, or say in words why not; no browser is needed."""

import json
import re
from html import unescape
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.explore import (
    decoding_stepper,
    mask_painter,
    nearest_sentences,
    soft_lookup,
    temperature,
    vector_playground,
)
from course_lib.explore.page import plain


def softmax(scores, temperature=1.0):
    return torch.softmax(scores / temperature, -1)


def dot(x, y):
    return sum(a * b for a, b in zip(x, y, strict=True))


def cosine(x, y):
    return float(x @ y / np.sqrt((x @ x) * (y @ y))) if (x @ x) * (y @ y) else float("nan")


def lookup(queries, keys, values, bandwidth):
    distance = queries - keys.T
    return torch.softmax(-distance.square() / (2 * bandwidth**2), -1) @ values


def attention(q, k, v, mask=None):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return torch.softmax(scores.masked_fill(~mask, -torch.inf), -1).nan_to_num() @ v


def with_temperature(logits, temperature):
    return torch.softmax(logits / temperature, -1)


def top_k(logits, k):
    return logits.masked_fill(logits < logits.topk(k).values[:, -1:], -torch.inf)


def top_p(logits, p):
    return logits


class Rising:
    """A model that finds each token likelier than the one before; its cache counts."""

    def new_cache(self, batch):
        return SimpleNamespace(keys=torch.zeros(3, batch, 2, 20, 4), length=0)

    def __call__(self, tokens, cache):
        cache.length += tokens.shape[1]
        return torch.linspace(0, 3, 40).expand(*tokens.shape, 40).clone()


def stepper(yours, k=top_k, p=top_p):
    names = [f" w{i}" for i in range(40)]
    return decoding_stepper(yours, k, p, model=Rising(), prompt=[1, 2], names=names)


def mean_pool(hidden, mask):
    return (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def nearest(query, vectors, k):
    best = torch.cosine_similarity(vectors, query[None], dim=-1).topk(k)
    return best.indices, best.values


def encode(texts):
    """Letters as hidden states, a row for each word."""
    rows = [[[len(word), word.count("a"), ord(word[0]) % 7] for word in t.split()] for t in texts]
    longest = max(map(len, rows))
    hidden = [row + [[9.0, 9, 9]] * (longest - len(row)) for row in rows]
    lengths = torch.tensor([[len(row)] for row in rows])
    return torch.tensor(hidden, dtype=torch.float32), torch.arange(longest) < lengths


SENTENCES = ["a cat sat down", "the dog slept", "rain fell all day long", "we ate at home"]


def sentences(yours):
    return nearest_sentences(yours, nearest, encode=encode, sentences=SENTENCES)


def pair(yours, course, name=None):
    return SimpleNamespace(
        name=name or course.__name__, yours=yours, course=course, passed=yours is course
    )


MAKE = {
    "temperature": lambda yours: temperature(pair(yours, softmax)),
    "vector_playground": lambda yours: vector_playground(pair(yours, dot), cosine),
    "soft_lookup": lambda yours: soft_lookup(pair(yours, lookup)),
    "mask_painter": lambda yours: mask_painter(pair(yours, attention)),
    "decoding_stepper": lambda yours: stepper(pair(yours, with_temperature)),
    "nearest_sentences": lambda yours: sentences(pair(yours, mean_pool)),
}
SHOWN = {
    "temperature": "weights",
    "vector_playground": "dots",
    "soft_lookup": "weights",
    "mask_painter": "weights",
    "decoding_stepper": "at_temperature",
    "nearest_sentences": "vector",
}
COURSE = {
    "temperature": softmax,
    "vector_playground": dot,
    "soft_lookup": lookup,
    "mask_painter": attention,
    "decoding_stepper": with_temperature,
    "nearest_sentences": mean_pool,
}
WRONG = {
    "temperature": lambda scores, temperature=1.0: torch.full_like(scores, 0.777),
    "vector_playground": lambda x, y: 0.777,
    "soft_lookup": lambda q, k, v, h: torch.full((len(q), v.shape[1]), 0.777, dtype=q.dtype),
    "mask_painter": lambda q, k, v, mask=None: (
        torch.full((len(q), v.shape[1]), 0.777) + 0 * q[:, :1]
    ),
    "decoding_stepper": lambda logits, temperature: torch.full_like(logits, 0.777),
    "nearest_sentences": lambda hidden, mask: torch.full_like(hidden[:, 0], 0.777),
}
every_explorer = pytest.mark.parametrize("name", MAKE)


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


def raises(*args, **kwargs):
    raise ValueError("mat1 and mat2\nshapes cannot be multiplied")


def unwritten(*args, **kwargs):
    raise NotImplementedError


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
