"""A class inside one more folder, as archives often come: “A1 submissions/ada/A1.ipynb”."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from course_lib.grading.identity import Person, claim_of, fits

#: Folders that one learner may have: attempts, versions, and what belongs to a notebook.
ONES_OWN = re.compile(
    r"^((attempt|version|versuch|submission|try|hand.?in|part|task|v|nr|no)?[ _.-]*\d+"
    r"|draft|final|old|new|backup|copy|archive|solutions?|notebooks?|code|src|data|images?"
    r"|models?|weights?|files?|checkpoints?|A\d+.*)$",
    re.IGNORECASE,
)
NOTEBOOKS = (".ipynb", ".json", ".txt", ".py", ".html", ".htm")

#: Files that lie beside notebooks and are not missed.
BESIDE = re.compile(
    r"^(readme|feedback|timestamp|\.|thumbs\.db|desktop\.ini|.*\.(csv|xlsx?)$)", re.I
)


def unwrapped(
    paths: Iterable[PurePosixPath], people: Sequence[Person] = ()
) -> dict[PurePosixPath, PurePosixPath]:
    """Return every path without the folders that hold a whole class; what lies beside is left out.

    >>> from pathlib import PurePosixPath as P
    >>> found = unwrapped([P("A1/ada/x.ipynb"), P("A1/ben/x.ipynb"), P("readme.txt")])
    >>> [str(place) for place in found.values()]
    ['ada/x.ipynb', 'ben/x.ipynb']
    """
    places = {path: path for path in paths}
    while top := wrapper(list(filter(_counts, places.values())), people):
        places = {
            path: PurePosixPath(*place.parts[1:])
            for path, place in places.items()
            if place.parts[0] == top
        }
    return places


def _counts(path: PurePosixPath) -> bool:
    """Tell whether somebody may have handed a file in."""
    return len(path.parts) > 1 or not BESIDE.match(path.name)


def wrapper(paths: Iterable[PurePosixPath], people: Sequence[Person] = ()) -> str | None:
    """Return the one folder that holds a whole class, and is nobody's own; None without one.

    Args:
        paths: of all files that count.
        people: the roster, which decides where there is one.
    """
    every = list(paths)
    tops = {path.parts[0] for path in every}
    if len(tops) != 1 or any(len(path.parts) == 1 for path in every):
        return None
    top = tops.pop()
    inner = [PurePosixPath(*path.parts[1:]) for path in every]
    if people:
        if fits(claim_of(PurePosixPath(top, "any")), people):
            return None
        known = any(fits(claim_of(path), people) for path in inner)
        return top if known or wrapper(inner, people) is not None else None
    claims = {claim_of(path) for path in inner if len(path.parts) == 1}
    folders = {path.parts[0] for path in inner if len(path.parts) > 1 and _is_notebook(path)}
    theirs = {one for one in folders if not ONES_OWN.match(one)}
    several = len({claim for claim in claims if claim.id}) > 1 or len(theirs) > 1
    return top if several or wrapper(inner) is not None else None


def _is_notebook(path: PurePosixPath) -> bool:
    return path.suffix.lower() in NOTEBOOKS
