"""Run a notebook's cells inside a kit, as the learner's kernel would; run by path, never imported.

Standard input: {"cells": [{"role": …, "source": …}]}; standard output, one line:
{"library": path, "grading": bool, "checks": {exercise: status}}.
"""

import contextlib
import importlib.util
import json
import linecache
import os
import sys
import types

RUNS = ("setup", "given", "exercise", "check")


def main() -> None:
    """Run the cells, and tell what every check said."""
    cells = json.load(sys.stdin)["cells"]
    module = types.ModuleType("course_kit_under_proof")
    sys.modules[module.__name__] = module
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        for place, cell in enumerate(cells):
            if cell["role"] in RUNS:
                text, file = cell["source"], f"<cell {place}>"
                # As in a kernel: checks and messages read the line that raised.
                linecache.cache[file] = (len(text), None, text.splitlines(True), file)
                exec(compile(text, file, "exec"), vars(module))
    names = vars(module)
    asked = names["assignment"] if "assignment" in names else names["lesson"]
    checks = {name: result.status.value for name, result in asked._results.items()}
    import course_lib

    inside = {part: bool(importlib.util.find_spec(f"course_lib.{part}")) for part in PARTS}
    print(json.dumps({"library": course_lib.__file__, "inside": inside, "checks": checks}))


PARTS = ("grading.grade", "grading.assignments", "authoring", "board")

if __name__ == "__main__":
    main()
