"""A learner's function beside the course's, and what each of them answers."""

import contextlib
import io
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Pair(Protocol):
    """What `lesson.pair(name)` returns; any object with these attributes will do."""

    # Read-only here, so that a frozen dataclass will do.
    @property
    def name(self) -> str: ...
    @property
    def yours(self) -> Any: ...
    @property
    def course(self) -> Any: ...
    @property
    def passed(self) -> bool: ...


@dataclass(frozen=True)
class _OneFunction:
    """A bare function given to an explorer: nothing stands beside it."""

    name: str
    yours: Any
    course: Any
    passed: bool = True


def as_pair(obj: Any) -> Pair:
    """Return `obj` when it is a pair, else wrap a bare function.

    Raises:
        TypeError: when it is neither; says what to pass.
    """
    if all(hasattr(obj, part) for part in ("name", "yours", "course", "passed")):
        return obj  # type: ignore[no-any-return]
    if not callable(obj):
        raise TypeError(
            f'an explorer draws a function: pass one, or lesson.pair("name"); this is {_kind(obj)}'
        )
    return _OneFunction(getattr(obj, "__name__", "function"), obj, obj)


class CannotDraw(Exception):
    """Why an answer cannot be drawn, in words that follow "Your softmax"."""


_NOTHING = "returned nothing: is the return missing?"

#: Asks a function for everything that one picture needs: numbers and arrays by name.
Recipe = Callable[[Callable[..., Any]], dict[str, Any]]
#: The shape that a call must return, given the call's arguments.
Shape = Callable[..., tuple[int, ...]]


@dataclass(frozen=True)
class Drawing:
    """What is drawn and whose it is.

    Args:
        values: by name; the learner's where they can be drawn, else the course's.
        beside: the course's, where the two differ; else None.
        whose: "yours" or "course".
        problem: why the learner's cannot be drawn, or "".
    """

    values: dict[str, Any]
    beside: dict[str, Any] | None
    whose: str
    problem: str = ""


def draw(pair: Pair, recipe: Recipe, shape: Shape) -> Drawing:
    """Ask the learner's function and the course's for one picture.

    Args:
        pair: see `Pair`.
        recipe: calls the function it is given, and returns what is to be drawn.
        shape: see `Shape`.
    """
    if pair.yours is None:
        return Drawing(_of_course(pair, recipe, shape), None, "course")
    try:
        yours = _asked(pair.yours, recipe, shape)
    except CannotDraw as problem:
        words = f"Your {pair.name} {problem}"
        return Drawing(_of_course(pair, recipe, shape), None, "course", words)
    if pair.passed:
        # It agrees with the course's, and each key press is answered in half the time.
        return Drawing(yours, None, "yours")
    course = _of_course(pair, recipe, shape)
    return Drawing(yours, None if _alike(yours, course) else course, "yours")


def _of_course(pair: Pair, recipe: Recipe, shape: Shape) -> dict[str, Any]:
    """Ask the version that must work; a bare function that does not is told by its name."""
    try:
        return _asked(pair.course, recipe, shape)
    except CannotDraw as problem:
        raise CannotDraw(f"{pair.name} {problem}") from None


def note(pair: Pair, drawing: Drawing) -> str:
    """Say in one or two sentences whose numbers are on the page."""
    if drawing.problem:
        return f"{drawing.problem} The course's version is drawn instead."
    if drawing.whose == "course":
        return f"Drawn by the course's {pair.name} until you write yours."
    if isinstance(pair, _OneFunction):
        return f"Drawn by {pair.name}."
    if drawing.beside is not None:
        return f"Drawn by your {pair.name}. Where the course's differs, it stands beside yours."
    return f"Drawn by your {pair.name}."


class OneResult:
    """A pair whose functions return several results, made one, as `draw` wants it.

    Args:
        pair: see `Pair`.
        joined: makes of such a function one that returns a single result.
    """

    def __init__(
        self, pair: Pair, joined: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        self.name, self.passed = pair.name, pair.passed
        self.course = joined(pair.course)
        same = pair.yours is pair.course
        self.yours = self.course if same else None if pair.yours is None else joined(pair.yours)


def several(value: Any, count: int, words: str) -> Sequence[Any]:
    """Return so many results.

    Raises:
        CannotDraw: when there are not so many; `words` say which are due.
    """
    if value is None:
        raise CannotDraw(_NOTHING)
    if not isinstance(value, tuple | list) or len(value) != count:
        raise CannotDraw(f"did not return {words}")
    return value


def numbers(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return a result as float64 numbers of the shape that is due.

    Raises:
        CannotDraw: when it is of another type or shape.
    """
    if value is None:
        raise CannotDraw(_NOTHING)
    if isinstance(value, tuple):
        raise CannotDraw(f"returned a tuple of {len(value)}; one result is due.")
    array = _as_array(value)
    if array.dtype.kind not in "biuf":
        raise CannotDraw(f"returned {_kind(value)}; real numbers are due.")
    if array.shape != shape:
        raise CannotDraw(f"returned {_shaped(array.shape)}; {_shaped(shape)} is due.")
    return array.astype(np.float64)


def _as_array(value: Any) -> np.ndarray:
    """Return any array, tensor, number or list as a NumPy array, whatever it holds."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        # NumPy knows no bfloat16.
        value = (value.double() if value.is_floating_point() else value).numpy()
    try:
        return np.asarray(value)
    except ValueError:
        return np.asarray(value, dtype=object)


def _asked(function: Any, recipe: Recipe, shape: Shape) -> dict[str, Any]:
    """Follow a recipe with one function; whatever goes wrong becomes words."""

    def guarded(*args: Any, **kwargs: Any) -> Any:
        # Each call gets copies, so that an answer that writes into its inputs spoils nothing.
        out = function(*map(_copy, args), **{name: _copy(value) for name, value in kwargs.items()})
        numbers(out, shape(*args, **kwargs))
        return out

    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), _one_thread():
            warnings.simplefilter("ignore")
            return recipe(guarded)
    except CannotDraw:
        raise
    except NotImplementedError:
        raise CannotDraw("is not written yet.") from None
    except Exception as error:
        said = " ".join(str(error).split())
        name = type(error).__name__
        raise CannotDraw(f"raised {name}: {_cut(said)}." if said else f"raised {name}.") from None


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: for a few numbers, waking a second takes longer than the sum.

    On two busy cores, measured: a median of 13 ms for the mask painter, 97 ms without.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _copy(value: Any) -> Any:
    if hasattr(value, "clone"):
        return value.clone()
    return value.copy() if isinstance(value, np.ndarray) else value


def _alike(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(np.allclose(a[name], b[name], rtol=1e-5, atol=1e-6, equal_nan=True) for name in b)


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _shaped(shape: tuple[int, ...]) -> str:
    return f"shape {shape}" if shape else "a single number"


def _cut(text: str, limit: int = 140) -> str:
    text = text.rstrip(".")
    return text if len(text) <= limit else text[: limit - 1] + "…"
