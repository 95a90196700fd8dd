"""`course build --check`: everything that must not be committed, named by file and line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest


def change(path: Path, how: Callable[[dict], object]) -> None:
    """Change a notebook on disk and save it as JupyterLab would."""
    notebook = json.loads(path.read_bytes())
    how(notebook)
    path.write_text(json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def cell(notebook: dict, cell_id: str) -> dict:
    return next(one for one in notebook["cells"] if one["id"] == cell_id)


def shown(data: dict) -> list[dict]:
    return [{"output_type": "display_data", "metadata": {}, "data": data}]


def failing(place, *words: str) -> str:
    code, said = place.run(check=True)
    assert code == 1, said
    for word in words:
        assert word in said, said
    return said


def test_what_was_built_passes_and_nothing_is_written(built):
    before = built.copies()
    code, said = built.run(check=True)
    assert code == 0, said
    assert "90  Tiny: as built" in said
    assert built.copies() == before


def test_an_edited_source_is_drift_in_both(built):
    built.edit("# Text.", "# Other text.")
    said = failing(built, "solutions/90_tiny.ipynb: differs", "notebooks/90_tiny.ipynb: differs")
    line = built.line_of("# %% [markdown]\n# ## 1")
    assert f"cell 3 (line {line} of the source: source). Edit solutions/90_tiny.py" in said


def test_a_solution_alone_changes_the_solved_notebook_alone(built):
    built.edit("return x * 2.0", "return 2.0 * x")
    said = failing(built, "solutions/90_tiny.ipynb: differs from its source, first in cell 4")
    assert "notebooks/90_tiny.ipynb" not in said


@pytest.mark.parametrize(
    "how",
    [
        lambda notebook: notebook["cells"].pop(),
        lambda notebook: cell(notebook, "2-demo-1")["metadata"].update(tags=[]),
        lambda notebook: cell(notebook, "check-double")["metadata"]["nbgrader"].update(points=3),
        lambda notebook: notebook["metadata"]["language_info"].update(version="3.11.7"),
        lambda notebook: notebook["cells"][0].update(id="other"),
    ],
    ids=["cell", "tags", "points", "metadata", "id"],
)
@pytest.mark.parametrize("which", ["solved", "learners"])
def test_an_edited_notebook_is_drift(built, which, how):
    change(getattr(built, which), how)
    failing(built, "differs from its source")


def test_a_learners_copy_is_compared_byte_by_byte(built):
    built.learners.write_bytes(built.learners.read_bytes() + b"\n")
    failing(built, "notebooks/90_tiny.ipynb: differs from its source: in its metadata or layout")


def test_other_outputs_are_no_drift(built):
    change(
        built.solved, lambda notebook: cell(notebook, "2-demo-1")["outputs"][0].update(text=["6\n"])
    )
    assert built.run(check=True)[0] == 0


@pytest.mark.parametrize("which", ["solved", "learners"])
def test_a_notebook_that_is_missing_or_broken(built, which):
    path = getattr(built, which)
    path.write_text('{"cells": [')
    failing(built, f"{path.name}: not a notebook", "run course build 90")
    path.unlink()
    failing(built, f"{path.name}: missing: run course build 90")


def test_a_solved_notebook_without_outputs(built):
    def clear(notebook: dict) -> None:
        for one in notebook["cells"]:
            if one["cell_type"] == "code":
                one.update(outputs=[], execution_count=None)

    change(built.solved, clear)
    failing(built, "a solved notebook without outputs: run course build 90")


def test_a_check_without_its_output(built):
    change(built.solved, lambda notebook: cell(notebook, "check-shift").update(outputs=[]))
    line = built.line_of("# %% check\nshift")
    failing(built, f"solutions/90_tiny.py:{line}: this check printed nothing")


def test_a_check_that_does_not_pass_in_the_solved_notebook(built):
    change(
        built.solved,
        lambda nb: cell(nb, "check-shift")["outputs"][0].update(text=["✗ Exercise 90.2\n"]),
    )
    line = built.line_of("# %% check\nshift")
    failing(built, f"solutions/90_tiny.py:{line}: this check does not pass in 90_tiny.ipynb")


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": '<p>a</p><img src="data:,">'},
        {"text/html": '<img alt="" src="data:,">'},
        {"text/html": ['<img alt="short"', ' src="data:,">']},
        {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"},
        {"image/svg+xml": "<svg/>"},
    ],
    ids=["none", "empty", "short", "png", "svg"],
)
def test_an_image_without_alternative_text(built, data):
    change(built.solved, lambda nb: cell(nb, "2-demo-1").update(outputs=shown(data)))
    line = built.line_of("# %% demo")
    failing(built, f"solutions/90_tiny.py:{line}: cell 11 of 90_tiny.ipynb:", "alternative text")


def test_an_image_with_alternative_text_passes(built):
    data = {"text/html": '<img alt="Bars: cat 0.7, mat 0.3." src="data:,">', "image/png": "aaaa"}
    change(built.solved, lambda nb: cell(nb, "2-demo-1").update(outputs=shown(data)))
    assert built.run(check=True)[0] == 0


def test_an_image_inside_a_script_is_none(built):
    data = {"text/html": "<script>const s = '<img src=x>';</script>"}
    change(built.solved, lambda nb: cell(nb, "2-demo-1").update(outputs=shown(data)))
    assert built.run(check=True)[0] == 0


def test_an_image_in_the_text_needs_words_too(place):
    place.edit("# Text.", "# ![](picture.png)")
    line = place.line_of("# %% [markdown]\n# ## 1")
    failing(place, f"90_tiny.py:{line}: an image without alternative text: ![](picture.png)")


def test_an_output_that_is_too_heavy(built):
    change(
        built.solved,
        lambda nb: cell(nb, "2-demo-1").update(outputs=shown({"text/plain": "x" * 100_001})),
    )
    failing(built, "an output of 100 KB; 100 KB is the most")


def test_a_solved_notebook_that_is_too_heavy(built):
    data = shown({"text/plain": "x" * 90_000})
    change(built.solved, lambda nb: cell(nb, "2-demo-1").update(outputs=data * 5))
    failing(built, "solutions/90_tiny.ipynb: weighs 45", "400 KB is the most")


def test_a_learners_copy_that_is_too_heavy(place):
    place.edit("# Text.", "# " + "word " * 13_000)
    assert place.run()[0] == 0
    failing(place, "notebooks/90_tiny.ipynb: weighs 69", "60 KB is the most")


def test_outputs_in_a_learners_copy(built):
    outputs = [{"output_type": "stream", "name": "stdout", "text": ["5\n"]}]
    change(built.learners, lambda nb: cell(nb, "2-demo-1").update(outputs=outputs))
    failing(built, "notebooks/90_tiny.ipynb: cell 11 has outputs")


def test_an_error_among_the_outputs(built):
    error = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
    change(built.solved, lambda nb: cell(nb, "2-demo-1").update(outputs=[error]))
    failing(built, "the output is an error: ValueError")


def test_a_folder_of_this_machine_among_the_outputs(built):
    text = {"text/plain": f"{built.root}/solutions"}
    change(built.solved, lambda nb: cell(nb, "2-demo-1").update(outputs=shown(text)))
    failing(built, "an output names a folder of this machine")


def test_a_solution_pasted_into_the_learners_copy(built):
    change(
        built.learners,
        lambda nb: cell(nb, "exercise-double").update(source="def double(x):\n    return x*2.0"),
    )
    failing(built, "this line of 'double' is in the learner's copy too: 'return x * 2.0'")


def test_a_notebook_without_a_source(built):
    (built.root / "notebooks" / "89_old.ipynb").write_text("{}")
    failing(built, "notebooks/89_old.ipynb: a notebook without a source: remove it")


def test_all_problems_are_listed(built):
    built.edit("# Text.", "# ![](picture.png)")
    built.edit("return x * 2.0", "return x * 2.5")
    said = failing(built, "alternative text", "is refused by its own check")
    assert "solutions/90_tiny.ipynb: differs" in said
    assert "notebooks/90_tiny.ipynb: differs" in said
    assert "1 lesson checked" in said
    assert ": 5 problems" in said
