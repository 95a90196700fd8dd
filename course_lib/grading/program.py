"""What is run of a submission: the master's setup and given cells, the learner's own otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_lib.authoring.notebook import cell_ids, grade_id
from course_lib.authoring.source import Cell, Source

MASTERS = ("setup", "given")
#: How messages call a cell of the master; what raises there may wait for an answer.
GIVEN = "the course's cell"


@dataclass(frozen=True)
class Step:
    """One piece of code that runs.

    Args:
        name: what tracebacks and messages call it: "cell 12".
        source: its code.
        kept: its imports, functions and classes, for when there is no time for the rest.
        defines: the names that it gives a meaning.
        wrong: why it does not parse, if it does not.
    """

    name: str
    source: str
    kept: str = ""
    defines: tuple[str, ...] = ()
    wrong: str | None = None


@dataclass
class Program:
    """The steps of one submission, in order, and what a person should know about it."""

    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Master:
    """A lesson's cells as they were handed out.

    Args:
        source: of the lesson.
    """

    source: Source

    @property
    def cells(self) -> Iterator[tuple[str, str, Cell]]:
        """Yield id, grade_id and cell, code cells only."""
        for cell, cell_id in zip(self.source.cells, cell_ids(self.source), strict=True):
            if cell.kind == "code":
                yield cell_id, grade_id(cell, cell_id), cell

    @property
    def sources(self) -> list[str]:
        """The code of the setup and given cells."""
        return [cell.solved_source for _, _, cell in self.cells if cell.role in MASTERS]

    def program(self, cells: Sequence[Mapping[str, Any]], *, trust: bool = False) -> Program:
        """Put a submission together.

        Args:
            cells: of the submission, as the sandbox has read them.
            trust: take setup and given cells from the submission too (tests alone do).
        """
        return _Assembly(self, cells, trust).program()


class _Assembly:
    """A submission's cells sorted into places of the master."""

    def __init__(self, master: Master, cells: Sequence[Mapping[str, Any]], trust: bool) -> None:
        self.master, self.trust = master, trust
        self.known = {cell_id: (cell_id, cell) for cell_id, _, cell in master.cells}
        self.known |= {key: (cell_id, cell) for cell_id, key, cell in master.cells}
        self.names = list(master.source.exercises)
        self.place = {c.exercise: i for i, _, c in master.cells if c.role == "exercise"}
        self.own: dict[str, list[Step]] = {}
        self.answers: dict[str, list[Step]] = {name: [] for name in self.names}
        self.changed: dict[str, Step] = {}
        self.notes: list[str] = []
        self._sort(cells)

    def _sort(self, cells: Sequence[Mapping[str, Any]]) -> None:
        anchor = ""
        for cell in cells:
            found = self.known.get(cell["grade_id"]) or self.known.get(cell["id"])
            anchor = found[0] if found else anchor
            self._take(cell, found[1] if found else None, anchor)

    def _take(self, cell: Mapping[str, Any], master: Cell | None, anchor: str) -> None:
        """Decide what one cell of the submission is."""
        if cell["check"]:
            return
        step = _step(cell, cell["source"])
        named = [name for name in self.names if name in step.defines]
        role = master.role if master else ""
        if role == "exercise" and not named and master and master.exercise:
            named = [master.exercise]
        if role in MASTERS and master and not (self.trust or named):
            if cell["source"].strip() != master.solved_source.strip():
                self.notes.append(f"{step.name}: a given cell was changed; the original was run.")
                self.own.setdefault(anchor, []).append(_step(cell, cell["imports"]))
        elif role in MASTERS and self.trust:
            self.changed[anchor] = step
        elif named:
            for name in named:
                self.answers[name].append(step)
        elif role in ("demo", "train", "check") and master:
            if cell["source"].strip() != master.solved_source.strip() and cell["kept"]:
                self.own.setdefault(anchor, []).append(_step(cell, cell["kept"]))
        else:
            self.own.setdefault(anchor, []).append(step)

    def program(self) -> Program:
        found = Program(notes=self.notes)
        found.steps += self.own.get("", [])
        for cell_id, _, cell in self.master.cells:
            found.steps += self._at(cell_id, cell, found.steps)
            found.steps += self.own.get(cell_id, [])
        for name in self.names:
            places = list(dict.fromkeys(step.name for step in self.answers[name]))
            if len(places) > 1:
                said = f"{name} stands in {', '.join(places)}; the last one counts."
                found.notes.append(said)
        return found

    def _at(self, cell_id: str, cell: Cell, before: Sequence[Step]) -> list[Step]:
        if cell.role in MASTERS:
            given = Step(f"{GIVEN} {cell_id}", cell.solved_source)
            return [self.changed.get(cell_id, given)]
        if cell.role == "exercise" and cell.exercise:
            return [step for step in self.answers[cell.exercise] if step not in before]
        return []


def _step(cell: Mapping[str, Any], source: str) -> Step:
    return Step(
        f"cell {cell['place']}", source, cell["kept"], tuple(cell["defines"]), cell["wrong"]
    )
