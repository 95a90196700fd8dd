"""Say what an answer with the right result did besides: to its inputs, and to every other cell."""

from typing import Any

import numpy as np
import torch

from course_lib.checking import explain
from course_lib.checking.case import Case
from course_lib.checking.compare import Finding
from course_lib.checking.exercise import Exercise
from course_lib.checking.run import Outcome

#: What to do instead, by how a changed setting's name begins (see `guard`).
INSTEAD = {
    "torch's global random": "draw from a torch.Generator of your own",
    "NumPy's global random": "draw from np.random.default_rng(…) of your own",
    "Python's global random": "draw from a random.Random(…) of your own",
    "torch's gradient mode": "switch it for a block alone (with torch.no_grad(): …)",
    "torch's default dtype": "give dtype=… where you make a tensor",
    "torch's default device": "give device=… where you make a tensor",
}


def side_effects(exercise: Exercise, case: Case, outcome: Outcome) -> Finding | None:
    """Return the first side effect of a call, or None."""
    if outcome.changed_inputs:
        return Finding("inputs", f"The result is right, but {_inputs(exercise, case, outcome)}")
    if exercise.fresh and outcome.shares_memory:
        return Finding(
            "view",
            "The result is right, but it shares memory with an input: changing one would "
            "change the other. Return a copy (.clone()).",
        )
    if outcome.changed_state:
        advice = [_instead(name) for name in outcome.changed_state]
        return Finding(
            "state",
            f"The result is right, but your code changed {' and '.join(outcome.changed_state)}. "
            f"Every other cell would feel it: {', and '.join(dict.fromkeys(advice))}.",
        )
    return None


def _instead(name: str) -> str:
    return next((do for begin, do in INSTEAD.items() if name.startswith(begin)), "leave it alone")


def _inputs(exercise: Exercise, case: Case, outcome: Outcome) -> str:
    named = explain.arguments(exercise, case)
    places = list(named)
    names = [places[key] if isinstance(key, int) else key for key in outcome.changed]
    spoilt = "so the caller's data is spoilt."
    if not names:
        return f"your code changed its inputs, {spoilt} Work on copies of them."
    advice = _copy(names[0], named[names[0]])
    return f"your code changed its input {' and '.join(names)}, {spoilt} {advice}"


def _copy(name: str, value: Any) -> str:
    """Say how to copy an input, by its type, and what writes into it."""
    writes = f"{name}[…] = … and {name} += … write into it"
    if isinstance(value, torch.Tensor):
        return f"Work on a copy ({name}.clone()): {writes}, and so does a trailing underscore."
    if isinstance(value, np.ndarray):
        return f"Work on a copy ({name}.copy()): {writes}."
    inside = list(value.values() if isinstance(value, dict) else value)
    deep = any(isinstance(item, list | dict | torch.Tensor | np.ndarray) for item in inside)
    how = f"copy.deepcopy({name})" if deep else f"{type(value).__name__}({name})"
    methods = "pop and update" if isinstance(value, dict) else "append, pop, sort"
    return f"Work on a copy ({how}): {methods} and {name}[…] = … change it for the caller too."
