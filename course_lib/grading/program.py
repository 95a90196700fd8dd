"""What is run of a submission: the master's setup and given cells, the learner's own otherwise."""

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_lib.authoring.source import Source

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
class Given:
    """A code cell as it was handed out: its ids, its role, its exercise, its solved source."""

    id: str
    grade_id: str
    role: str
    exercise: str | None
    source: str


@dataclass(frozen=True)
class Master:
    """A lesson's code cells as they were handed out.

    Args:
        cells: in order.
    """

    cells: tuple[Given, ...]

    @classmethod
    def of_source(cls, source: "Source") -> "Master":
        """Return the cells of a source that was parsed."""
        from course_lib.authoring.notebook import cell_ids, grade_id

        return cls(
            tuple(
                Given(name, grade_id(cell, name), cell.role, cell.exercise, cell.solved_source)
                for cell, name in zip(source.cells, cell_ids(source), strict=True)
                if cell.kind == "code"
            )
        )

    @classmethod
    def of_notebook(cls, data: bytes) -> "Master":
        """Return the cells of a solved notebook that `course build` wrote.

        Quicker than parsing the source: the libraries that do take seconds to load.
        """
        cells = (cell for cell in json.loads(data)["cells"] if cell["cell_type"] == "code")
        return cls(tuple(_given(cell) for cell in cells))

    @classmethod
    def of_pack(cls, cells: Sequence[Mapping[str, Any]]) -> "Master":
        """Return the cells that `for_pack` wrote."""
        return cls(tuple(Given(**cell) for cell in cells))

    def for_pack(self) -> list[dict[str, Any]]:
        """Return the cells as a kit may hold them: of an answer, what it imports alone."""
        return [
            vars(cell) | ({"source": _imports(cell.source)} if cell.role == "exercise" else {})
            for cell in self.cells
        ]

    @property
    def sources(self) -> list[str]:
        """The code of the cells whose imports an answer may use."""
        return [cell.source for cell in self.cells if cell.role in (*MASTERS, "exercise")]

    def program(self, cells: Sequence[Mapping[str, Any]], *, trust: bool = False) -> Program:
        """Put a submission together.

        Args:
            cells: of the submission, as the sandbox has read them.
            trust: take setup and given cells from the submission too (tests alone do).
        """
        return _Assembly(self, cells, trust).program()


def _imports(source: str) -> str:
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(map(ast.unparse, found))


def _given(cell: Mapping[str, Any]) -> Given:
    metadata = cell["metadata"]
    role = metadata["course"]["role"]
    key = metadata.get("nbgrader", {}).get("grade_id", cell["id"])
    exercise = key if role == "exercise" else None
    return Given(cell["id"], key, role, exercise, "".join(cell["source"]))


class _Assembly:
    """A submission's cells sorted into places of the master."""

    def __init__(self, master: Master, cells: Sequence[Mapping[str, Any]], trust: bool) -> None:
        self.master, self.trust = master, trust
        self.known = {cell.id: cell for cell in master.cells}
        self.known |= {cell.grade_id: cell for cell in master.cells}
        self.names = [c.exercise for c in master.cells if c.role == "exercise" and c.exercise]
        self.own: dict[str, list[Step]] = {}
        self.answers: dict[str, list[Step]] = {name: [] for name in self.names}
        self.changed: dict[str, Step] = {}
        self.notes: list[str] = []
        self._sort(cells)

    def _sort(self, cells: Sequence[Mapping[str, Any]]) -> None:
        anchor = ""
        for cell in cells:
            found = self.known.get(cell["grade_id"]) or self.known.get(cell["id"])
            anchor = found.id if found else anchor
            self._take(cell, found, anchor)

    def _take(self, cell: Mapping[str, Any], master: Given | None, anchor: str) -> None:
        """Decide what one cell of the submission is."""
        if cell["check"]:
            return
        step = _step(cell, cell["source"])
        named = [name for name in self.names if name in step.defines]
        role = master.role if master else ""
        if role == "exercise" and not named and master and master.exercise:
            named = [master.exercise]
        if role in MASTERS and master and not (self.trust or named):
            if cell["source"].strip() != master.source.strip():
                self.notes.append(
                    f"{step.name}: a given cell was changed; the original was run, "
                    "then what was added to it."
                )
                self.own.setdefault(anchor, []).append(_step(cell, _added(cell, master)))
        elif role in MASTERS and self.trust:
            self.changed[anchor] = step
        elif named:
            for name in named:
                self.answers[name].append(step)
        elif role in ("demo", "train", "check") and master:
            if cell["source"].strip() != master.source.strip() and cell["kept"]:
                self.own.setdefault(anchor, []).append(_step(cell, cell["kept"]))
        else:
            self.own.setdefault(anchor, []).append(step)

    def program(self) -> Program:
        found = Program(notes=self.notes)
        found.steps += self.own.get("", [])
        for cell in self.master.cells:
            found.steps += self._at(cell, found.steps)
            found.steps += self.own.get(cell.id, [])
        for name in self.names:
            places = list(dict.fromkeys(step.name for step in self.answers[name]))
            if len(places) > 1:
                said = f"{name} stands in {', '.join(places)}; the last one counts."
                found.notes.append(said)
        return found

    def _at(self, cell: Given, before: Sequence[Step]) -> list[Step]:
        if cell.role in MASTERS:
            return [self.changed.get(cell.id, Step(f"{GIVEN} {cell.id}", cell.source))]
        if cell.role == "exercise" and cell.exercise:
            return [step for step in self.answers[cell.exercise] if step not in before]
        return []


def _added(cell: Mapping[str, Any], master: Given) -> str:
    """Return what a learner has added to a given cell; what the cell itself defines stays."""
    tree = ast.parse(master.source)
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    own |= {getattr(node, "name", "") for node in tree.body}
    own |= {alias.asname or alias.name for n in ast.walk(tree)
            if isinstance(n, ast.Import | ast.ImportFrom) for alias in n.names}  # fmt: skip
    return "\n".join(source for names, source in cell["pieces"] if not own & set(names))


def _step(cell: Mapping[str, Any], source: str) -> Step:
    return Step(
        f"cell {cell['place']}", source, cell["kept"], tuple(cell["defines"]), cell["wrong"]
    )
