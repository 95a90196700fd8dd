"""Score a model that was handed in as a file; none of the learner's code is run."""

from typing import Any

from course_lib.checking.noise import generator
from course_lib.grading.sandbox.host import Sandbox, WireError

#: Seconds in which the file must have been read.
READING = 10.0


def score_file(task: Any, data: bytes | None, sandbox: Sandbox, seed: int) -> tuple[int, str, str]:
    """Return points, status and a sentence.

    Args:
        task: what the model was to learn.
        data: the file, if there is one.
        sandbox: where it is read.
        seed: of the data that it is scored on.
    """
    if data is None:
        return 0, "not_started", f"There is no file {task.file}."
    try:
        return _score(task, data, sandbox, seed)
    except WireError as error:
        return 0, "failed", f"{task.file} could not be read: {error}."


def _score(task: Any, data: bytes, sandbox: Sandbox, seed: int) -> tuple[int, str, str]:
    from course_lib.workbook.trained_file import MOST_BYTES

    if len(data) > MOST_BYTES:
        return 0, "failed", f"{task.file} weighs more than {MOST_BYTES / 1e6:g} MB."
    with sandbox.session(READING) as session:
        reply, decoder = session.ask("weights", READING, arrays=[data])
        weights = None if "error" in reply else decoder.decode(reply.get("value"))
    if not isinstance(weights, dict):
        return 0, "failed", f"{task.file} is no safetensors file: write it with save_file."
    why = task.refuse(weights)
    if why is not None:
        return 0, "failed", str(why)
    score = float(task.evaluate(weights, generator(seed)))
    points = int(task.points(score))
    status = "passed" if points == task.marks else "failed"
    return points, status, f"It scores {score:.3f}: {points} of {task.marks} points."
