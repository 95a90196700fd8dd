"""Read untrusted files: notebooks of any format into plain cells, archives into their members."""

import ast
import builtins
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from course_lib.checking.forbidden import LIBRARIES, OPERATOR, Own
from course_lib.grading.sandbox import front_end
from course_lib.grading.sandbox.archive_file import name as _name
from course_lib.grading.sandbox.archive_file import unsafe as _unsafe
from course_lib.grading.sandbox.archive_file import untar
from course_lib.grading.sandbox.script_file import cells_of_text

MAGIC = re.compile(r"^(\s*)([%!?].*|.*\?)$", re.MULTILINE)
CHECK = re.compile(r"\s*(\w+)\s*=\s*(?:lesson|assignment)\.check\(.*\)\s*")
#: Cells of a notebook, and characters of one cell, beyond which nobody writes by hand.
CELLS, CHARACTERS = 2000, 200_000
WRITES = "A cell writes a file that others may import; forbidden calls are not looked for in it."
DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def read(data: bytes) -> dict[str, Any]:
    """Return the cells of a notebook, what is odd about it, or why it is none.

    A reply holds either `refused`, a sentence, or `cells` and `notes`.
    """
    try:
        text = data.decode("utf-8-sig")
        notebook = json.loads(text)
    except UnicodeDecodeError:
        return {"refused": "The file is not text, so it is no notebook."}
    except (ValueError, RecursionError):
        notebook = cells_of_text(text)
    if notebook is None:
        return {"refused": "The file is not JSON, so it is no notebook. Save it again and resend."}
    raw = _raw_cells(notebook)
    if raw is None:
        return {"refused": "The file holds no cells. Save it as a notebook of format 4."}
    notes = _notes(notebook, raw)
    cells = []
    for place, cell in enumerate(raw[:CELLS], 1):
        found = _cell(cell, notes) if isinstance(cell, dict) else None
        cells += [{"place": place, **found}] if found else []
    return {"cells": cells, "notes": list(dict.fromkeys(notes))}


def _raw_cells(notebook: Any) -> list[Any] | None:
    """Return the cells of formats 4, and 3 and 2 with their worksheets."""
    if not isinstance(notebook, dict):
        return None
    if isinstance(notebook.get("cells"), list):
        return list(notebook["cells"])
    sheets = notebook.get("worksheets")
    if not isinstance(sheets, list):
        return None
    found: list[Any] = []
    for sheet in sheets:
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            found += sheet["cells"]
    return found


def _notes(notebook: Any, raw: list[Any]) -> list[str]:
    notes = []
    if notebook.get("exported"):
        notes.append(
            f"It is {_text(notebook['exported'])[:20]}, not the notebook; its code was read."
        )
    elif "cells" not in notebook:
        notes.append("The notebook is of an old format; its cells were read.")
    if len(raw) > CELLS:
        notes.append(f"The notebook has {len(raw)} cells; the first {CELLS} were read.")
    language = _text(_get(notebook, "metadata", "kernelspec", "language")).lower()
    if language and language != "python":
        notes.append(f"The notebook was saved for {language[:30]}; it was read as Python.")
    return notes


def _cell(raw: dict[str, Any], notes: list[str]) -> dict[str, Any] | None:
    """Return a code cell with what it defines; None for one that holds no code."""
    if raw.get("cell_type") != "code":
        return None
    source = _text(raw.get("source", raw.get("input", "")))
    if len(source) > CHARACTERS:
        notes.append("A cell is too long to be read; it was left out.")
        return None
    if source.lstrip().startswith("%%writefile"):
        notes.append(WRITES)
    source, magics = _plain(source)
    if magics:
        notes.append("Magics and shell commands were left out: marks are given to Python alone.")
    tree, wrong = _parsed(source)
    return {
        "source": source,
        "id": _text(raw.get("id"))[:100],
        "grade_id": _text(_get(raw, "metadata", "nbgrader", "grade_id"))[:100],
        "role": _text(_get(raw, "metadata", "course", "role"))[:20],
        "defines": sorted(_defined(tree)) if tree else _by_look(source),
        "check": bool(CHECK.fullmatch(source)),
        "kept": _kept(source, tree, DEFINITIONS | ast.Import | ast.ImportFrom) if tree else "",
        "imports": _kept(source, tree, ast.Import | ast.ImportFrom) if tree else "",
        "pieces": _pieces(source, tree) if tree else [],
        "wrong": wrong,
    }


def _plain(source: str) -> tuple[str, bool]:
    """Turn magics and shell escapes into calls of a shell that does nothing, or comments."""
    if _parsed(source)[0] is not None:
        return source, False
    if source.lstrip().startswith("%%"):
        first, _, rest = source.lstrip().partition("\n")
        keeps = first.split()[0] in ("%%time", "%%timeit", "%%capture", "%%prun")
        if keeps:
            return f"# {first}\n{_plain(rest)[0]}", True
    read = front_end.without_magics(source)
    if read is not None:
        return read, True
    plain = MAGIC.sub(r"\1pass  # \2", source)
    assigned = re.sub(r"^(\s*\w+\s*=\s*)[%!].*$", r"\1None", plain, flags=re.MULTILINE)
    return assigned, assigned != source


def _parsed(source: str) -> tuple[ast.Module | None, str | None]:
    try:
        return ast.parse(source), None
    except SyntaxError as error:
        return None, f"{error.msg}, line {error.lineno}"
    except (ValueError, RecursionError, MemoryError) as error:
        return None, type(error).__name__


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a cell gives a meaning at its top level."""
    for node in tree.body:
        if isinstance(node, DEFINITIONS):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            leaves = (leaf for target in targets for leaf in ast.walk(target))
            yield from (t.id for t in leaves if isinstance(t, ast.Name) and _stores(t))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)


def _stores(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _by_look(source: str) -> list[str]:
    found = re.findall(r"^(?:async\s+)?(?:def|class)\s+(\w+)", source, re.MULTILINE)
    return sorted(set(found))


def _kept(source: str, tree: ast.Module, kinds: Any) -> str:
    """Return the statements of some kinds, such as imports, without what else a cell does."""
    lines, found = source.splitlines(), []
    for node in tree.body:
        if isinstance(node, kinds):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            found.append("\n".join(lines[first - 1 : node.end_lineno]))
    return "\n".join(found)


def _pieces(source: str, tree: ast.Module) -> list[list[Any]]:
    """Return what defines something, one by one: the names, and the code."""
    found = []
    for node in tree.body:
        alone = ast.Module([node], type_ignores=[])
        names = sorted(_defined(alone))
        if names:
            found.append([names, _kept(source, alone, ast.stmt)])
    return found


def _get(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(item for item in value if isinstance(item, str))
    return value if isinstance(value, str) else ""


# ---------------------------------------------------------------- forbidden names


def forbidden(sources: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the first forbidden name that each exercise's last definition uses.

    Args:
        sources: of the cells, in the order in which they run.
        names: what may not be called, by exercise.
    """
    bodies = [node for source in sources for node in _body(source)]
    known = dict.fromkeys(vars(builtins), "") | _imported(bodies)
    for node in bodies:
        if isinstance(node, DEFINITIONS):
            known.pop(node.name, None)
    mine = Own.of(bodies)
    found = {}
    for exercise, banned in names.items():
        trees = [n for n in bodies if isinstance(n, DEFINITIONS) and n.name == exercise]
        used = _used(trees[-1], known, mine) if trees else iter(())
        name = next((name for name in used if name in banned), None)
        if name is not None:
            found[exercise] = name
    return found


def calls(sources: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
    """Return which other exercises each exercise's last definition names."""
    found = {}
    for node in (node for source in sources for node in _body(source)):
        if isinstance(node, DEFINITIONS) and node.name in names:
            inside = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            found[node.name] = [name for name in names if name in inside and name != node.name]
    return found


def _body(source: str) -> list[ast.stmt]:
    tree = _parsed(source)[0]
    return tree.body if tree is not None else []


def _imported(bodies: list[ast.stmt]) -> dict[str, str]:
    """Return what top-level imports take out of libraries: the name here, and the name there."""
    found: dict[str, str] = {}
    for node in bodies:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in LIBRARIES:
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
    return found


def _used(tree: ast.stmt, known: Mapping[str, str], mine: Own) -> Iterator[str]:
    own = {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    own |= {n.name for n in ast.walk(tree) if isinstance(n, DEFINITIONS)}
    own |= {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            yield OPERATOR
        elif isinstance(node, ast.Attribute):
            if not mine.has(node):
                yield node.attr
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in LIBRARIES:
                yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and node.id in known and node.id not in own:
            yield from (name for name in (node.id, known[node.id]) if name)


# ---------------------------------------------------------------- archives


def unzip(data: bytes, most: Mapping[str, int], arrays: list[bytes]) -> dict[str, Any]:
    """Unpack an archive into memory: names and sizes in the reply, contents in `arrays`.

    Args:
        data: of the archive.
        most: `files` and `bytes` (of one member, and `total` of all) that it may hold.
        arrays: takes the contents.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = [item for item in archive.infolist() if not item.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        tar = untar(data, most, arrays)
        return tar or {"refused": "The archive cannot be read as a zip file, or as a tar file."}
    if len(members) > most["files"]:
        return {"refused": f"The archive holds {len(members)} files; {most['files']} at most."}
    names, total = [], 0
    for item in members:
        why = _unsafe(item)
        if why:
            return {"refused": f"The archive holds {item.filename[:80]!r}, {why}."}
        try:
            with archive.open(item) as file:
                content = file.read(most["bytes"] + 1)
        except Exception as error:
            return {"refused": f"The archive is damaged ({type(error).__name__})."}
        total += len(content)
        if len(content) > most["bytes"] or total > most["total"]:
            return {"refused": "The archive unpacks to more than a submission may weigh."}
        names.append([_name(item), len(content)])
        arrays.append(content)
    return {"files": names}
