"""Predictions and quizzes: readable without a front end, operable by keyboard with one."""

import os
import sys
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from course_lib.checking.exercise import Prediction, Question

LETTERS = "abcdefgh"


class Page:
    """HTML with a plain-text form beside it."""

    def __init__(self, html: str, text: str) -> None:
        self.html, self.text = html, text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def show_prediction(
    prediction: Prediction, answer: str | None, keep: Callable[[str], None]
) -> None:
    """Ask for a guess with buttons where there is a front end, in text anyway."""
    if answer is not None:
        print(_take(prediction, answer, keep))
        return
    display(Page(_question_html(prediction), _question_text(prediction)))
    if not os.environ.get("COURSE_STATIC"):
        _buttons(prediction, keep)


def _take(prediction: Prediction, answer: str, keep: Callable[[str], None]) -> str:
    guess = _option(prediction, answer)
    if guess is None:
        return f"{answer!r} is not an option; they are: {'; '.join(prediction.options)}."
    keep(guess)
    return f"Kept: {guess}. Go on to see."


def _option(prediction: Prediction, answer: str) -> str | None:
    """Accept an option by its words or by its letter."""
    said = str(answer).strip().lower()
    for letter, option in zip(LETTERS, prediction.options, strict=False):
        if said in (option.lower(), letter):
            return option
    return None


def _question_text(prediction: Prediction) -> str:
    options = "\n".join(f"  {letter}) {option}" for letter, option in _lettered(prediction.options))
    by_text = f'  (or in a cell: lesson.predict("{prediction.id}", "a"))'
    return f"Predict: {prediction.question}\n{options}\n{by_text}"


def _question_html(prediction: Prediction) -> str:
    options = "".join(f"<li>{escape(option)}</li>" for option in prediction.options)
    return (
        f"<div><p><strong>Predict.</strong> {escape(prediction.question)}</p>"
        f'<ol style="list-style-type: lower-alpha; margin-top: 0">{options}</ol></div>'
    )


def _buttons(prediction: Prediction, keep: Callable[[str], None]) -> None:
    import ipywidgets

    said = ipywidgets.HTML(value="")
    buttons = []
    for letter, option in _lettered(prediction.options):
        text = f"{letter}) {option}"
        button = ipywidgets.Button(description=text, tooltip=text, layout={"width": "auto"})

        def clicked(_: Any, option: str = option) -> None:
            said.value = escape(_take(prediction, option, keep))

        button.on_click(clicked)
        buttons.append(button)
    row = ipywidgets.HBox(buttons, layout={"flex_flow": "row wrap"})
    display(ipywidgets.VBox([row, said]))


def show_quiz(questions: Sequence[Question]) -> None:
    """Show questions whose options open, without a kernel, to say why each is right or wrong."""
    html = "".join(_quiz_html(place, question) for place, question in enumerate(questions, 1))
    text = "\n\n".join(_quiz_text(place, question) for place, question in enumerate(questions, 1))
    display(Page(f"<div>{html}</div>", text))


def _quiz_html(place: int, question: Question) -> str:
    options = "".join(
        f'<details style="margin: 0.3em 0 0.3em 1em"><summary>{escape(option.text)}</summary>'
        f'<p style="margin: 0.3em 0 0.6em 1.2em">{_verdict(option.right)} {escape(option.why)}</p>'
        "</details>"
        for option in question.options
    )
    asked = f"<strong>{place}. {escape(question.text)}</strong> Open the option you choose."
    return f"<p>{asked}</p>{options}"


def _quiz_text(place: int, question: Question) -> str:
    lines = [f"{place}. {question.text}"]
    for letter, option in zip(LETTERS, question.options, strict=False):
        lines += [f"   {letter}) {option.text}", f"      {_verdict(option.right)} {option.why}"]
    return "\n".join(lines)


def _verdict(right: bool) -> str:
    return "✓ Right." if right else "✗ No."


def _lettered(options: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(LETTERS, options, strict=False))


def display(thing: Any) -> None:
    """Show a thing: rich in a notebook, its text in a terminal."""
    try:
        from IPython import get_ipython
        from IPython.display import display as show
    except ImportError:
        print(thing)
        return
    if get_ipython() is None:
        print(repr(thing))
    else:
        show(thing)


def has_front_end() -> bool:
    """Tell whether a notebook's kernel runs this, for somebody who looks on."""
    if os.environ.get("COURSE_STATIC") or os.environ.get("NBGRADER_EXECUTION"):
        return False
    python = sys.modules.get("IPython")
    shell = python.get_ipython() if python is not None else None
    return shell is not None and hasattr(shell, "kernel")
