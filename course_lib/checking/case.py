"""A case: one call that an answer is tried on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call that an answer is tried on.

    Args:
        label: what is special about it, read after "On the case": "2 sequences, 5 queries, seed 0".
        args: positional inputs, in the order of the signature.
        kwargs: inputs passed by name.
        init: for a class, what it is constructed with.
        state: for a class, the parameters that replace its own, by their names.
        gradients: compare gradients of every floating-point input (and parameter) as well.
        edge: an unusual input; a wrong answer is recognised without agreeing on it.
        shows: kinds of input (`kinds.KINDS`) that it stands for where no look at it could tell.
    """

    label: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    init: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    gradients: bool = False
    edge: bool = False
    shows: tuple[str, ...] = ()
