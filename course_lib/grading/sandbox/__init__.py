"""Run learners' code where it can touch nothing, and talk to it in raw arrays.

`host` starts `zygote` inside bubblewrap; each submission is a fork of it that runs `child`. What is
imported inside stands in `INSIDE`; the rest of `course_lib.grading` is never there.
"""

#: Modules of this package that are copied into the sandbox.
INSIDE = (
    "__init__",
    "wire",
    "zygote",
    "child",
    "functions",
    "isolate",
    "cells",
    "front_end",
    "archive_file",
    "notebook_file",
    "script_file",
    "stand_in",
)
