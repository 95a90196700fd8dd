"""Training cells run on the GPU: at `small` in every lesson that trains, lesson 17 at `full`."""

import re
from pathlib import Path

import nbformat
import pytest
import torch

from course_lib.authoring.execute import execute

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))
TRAINED = [path for path in SOURCES if re.search(r"^# %% train", path.read_text("utf-8"), re.M)]
#: What puts a model on the fastest device there is.
PLACES = re.compile(r"training\.(fit|vision|accelerator)\b|scale import [^\n]*\bdevice\b")
PEAK = "import torch; print('peak', torch.cuda.max_memory_allocated())"
SECONDS = 240


def places(path: Path) -> bool:
    """Tell whether a lesson puts something on the device, rather than train small on the CPU."""
    room = (ROOT / "course_lib" / "lessons").glob(f"lesson_{path.stem}/*.py")
    return any(PLACES.search(file.read_text("utf-8")) for file in [path, *room])


def test_some_lessons_train_on_the_device():
    assert len(list(filter(places, TRAINED))) >= 5


@pytest.mark.parametrize("path", TRAINED, ids=[path.stem[:2] for path in TRAINED])
def test_training_cells_run_at_small(path: Path, device: torch.device, record_property) -> None:
    runs(path, "small", device, record_property)


def test_lesson_17_runs_at_full(device: torch.device, record_property) -> None:
    if device.type == "cpu":
        pytest.skip("at full, lesson 17 takes an hour on a CPU")
    runs(
        next(path for path in SOURCES if path.stem.startswith("17")),
        "full",
        device,
        record_property,
    )


def runs(path: Path, scale: str, device: torch.device, record_property) -> None:
    """Run a solved notebook to its end; what it puts on the GPU must have been there."""
    notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    train = [
        cell for cell in notebook.cells if cell.metadata.get("course", {}).get("role") == "train"
    ]
    record_property("facts", len(train))
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK, id="peak"))
    execute(notebook, env={"COURSE_SCALE": scale}, seconds=SECONDS)
    said = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    peak = int(re.fullmatch(r"peak (\d+)\n", said)[1])
    assert train and all(cell.execution_count for cell in train)
    assert device.type == "cpu" or not places(path) or peak > 0, "nothing was put on the GPU"
