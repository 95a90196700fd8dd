"""What notebooks of an earlier version import that has another place now."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

_ROOMS = {
    "lesson_05_attention_that_translates": ("training.captions",),
    "lesson_06_soft_and_hard_attention": ("models.glimpse",),
    "lesson_08_order": ("data.order_log", "models.ordered"),
    "lesson_09_many_heads": ("training.neighbours",),
    "lesson_10_transformer_block": ("data.depth_log", "training.depth"),
    "lesson_11_translation": ("training.multi30k",),
    "lesson_12_language_model": (
        *("data.language_log", "training.language_model", "training.repeats"),
    ),
    "lesson_14_bert": ("data.bert_log", "training.masked_words", "training.sentiment"),
    "lesson_15_text_to_text": ("data.summary_log", "training.answers", "training.summaries"),
    "lesson_16_images_as_tokens": ("data.patches_log", "training.patches"),
    "lesson_17_training_a_vit": ("data.digits_log",),
    "lesson_18_what_does_it_look_at": ("training.evidence",),
}
#: Old place -> new place, since 0.2.0. Later moves add a line.
MOVED = {
    f"course_lib.{old}": f"course_lib.lessons.{room}.{old.partition('.')[2]}"
    for room, modules in _ROOMS.items()
    for old in modules
} | {
    "course_lib.training.order": "course_lib.lessons.lesson_08_order.copying",
    "course_lib.lessons.reference.lesson_13": "course_lib.lessons.lesson_13_generating.reference",
}
#: Logs of two lessons, which notebooks read by name.
LOGS = {
    "multi30k": "multi30k_log() of course_lib.lessons.lesson_11_translation.multi30k",
    "shakespeare": "shakespeare_log() of course_lib.lessons.lesson_12_language_model.language_log",
}


def moved_imports(notebook: Path) -> dict[str, str]:
    """Return what a notebook takes from an old place -> from where to take it now.

    Empty for what is no notebook, and for cells that are no Python.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {old: new for source in sources for old, new in _moved_in(source)}


def _moved_in(source: str) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            names = []
            yield from _log_in(node)
        yield from ((name, MOVED[name]) for name in names if name in MOVED)


def _log_in(node: ast.AST) -> Iterator[tuple[str, str]]:
    for log, new in LOGS.items():
        if isinstance(node, ast.Call) and ast.unparse(node) == f"recorded_log({log!r})":
            yield f'recorded_log("{log}")', new
