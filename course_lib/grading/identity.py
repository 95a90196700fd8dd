"""Who a file belongs to: by the id that Moodle or Canvas gave it, else by its folder or name."""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course_lib.errors import CourseError

#: Moodle: "Full Name_1234_assignsubmission_file_"; Canvas: "name_LATE_1234_5678_file.ipynb".
MOODLE = re.compile(r"^(?P<who>.+?)_(?P<id>\d+)_assignsubmission_\w+?(_.*)?$")
CANVAS = re.compile(r"^(?P<who>[^_]+?)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<rest>.+)$")
#: What nbgrader's exchange calls a hand-in: name, assignment, time, a nonce.
INBOUND = re.compile(r"^(?P<who>[^+]+)\+[^+]+\+\d{4}-\d\d-\d\d .*$")
#: The columns of a roster by which people are known; no other is looked at.
NAMES = ("learner", "student", "name", "full name", "username", "sis login id", "email address")
IDS = ("id", "sis user id", "student id", "user id", "id number", "identifier")
#: Letters of other alphabets that look like Latin ones.
ALIKE = str.maketrans("аеорсухіјѕһԁкмтвнοανρτικυγ", "aeopcyxijshdkmtbhoavptikuy")


@dataclass(frozen=True)
class Person:
    """A learner in the roster.

    Args:
        learner: the name under which marks stand.
        fields: the columns of the roster.
    """

    learner: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def known_by(self, columns: Sequence[str]) -> set[str]:
        """Return what stands in these columns."""
        found = {tidy(v) for k, v in self.fields.items() if k.strip().lower() in columns}
        return found - {""}

    @property
    def names(self) -> set[str]:
        """What a folder of this person may be called."""
        return {self.learner, *self.known_by(NAMES)}

    @property
    def ids(self) -> set[str]:
        """The numbers by which Moodle and Canvas may know this person."""
        return self.known_by(IDS)


@dataclass(frozen=True)
class Claim:
    """What a path says of its owner: a name, and the id of Moodle or Canvas where it has one."""

    name: str
    id: str = ""


def tidy(name: str) -> str:
    """Return a name as it is compared: signs that nobody sees become visible."""
    text = unicodedata.normalize("NFC", name).strip()
    return "".join(_seen(letter) for letter in text)


def _seen(letter: str) -> str:
    hidden = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn")
    return f"[U+{ord(letter):04X}]" if hidden else letter


def claim_of(path: PurePosixPath) -> Claim:
    """Return what a path says of its owner: by its first folder, else by its name."""
    first = tidy(path.parts[0] if len(path.parts) > 1 else path.stem)
    found = MOODLE.match(first) or CANVAS.match(first)
    if found:
        return Claim(tidy(found["who"]), found["id"])
    inbound = INBOUND.match(first)
    return Claim(tidy(inbound["who"]) if inbound else first)


# ---------------------------------------------------------------- whose it is


def owners(
    paths: Iterable[PurePosixPath], people: Sequence[Person] = ()
) -> dict[PurePosixPath, str | None]:
    """Return the learner of every path; None for nobody in the roster.

    Raises:
        CourseError: when a path fits two people; names both.
    """
    claims = {path: claim_of(path) for path in paths}
    if not people:
        return dict(_by_claim(claims))
    found = {claim: fits(claim, people) for claim in set(claims.values())}
    twice = [path for path, claim in claims.items() if len(found[claim]) > 1]
    if twice:
        said = [f"{path} fits {' and '.join(found[claims[path]])}" for path in sorted(twice)[:5]]
        raise CourseError(
            f"{'; '.join(said)}. Nothing was written: give the roster a column `ID` with the "
            "number in the file's name, or rename the file."
        )
    return {path: next(iter(found[claim]), None) for path, claim in claims.items()}


def _by_claim(claims: Mapping[PurePosixPath, Claim]) -> dict[PurePosixPath, str]:
    """Name people by what their files say; two of one name by their ids too."""
    ids = defaultdict(set)
    for claim in claims.values():
        ids[claim.name].add(claim.id)
    return {
        path: f"{c.name} ({c.id})" if c.id and len(ids[c.name]) > 1 else c.name
        for path, c in claims.items()
    }


def fits(claim: Claim, people: Sequence[Person]) -> list[str]:
    """Return who a claim fits: the id tells people of one name apart."""
    by_id = [p.learner for p in people if claim.id and claim.id in p.ids]
    by_name = [p.learner for p in people if claim.name in p.names | p.ids]
    both = [who for who in by_id if who in by_name]
    return both or [*by_id, *by_name]


def confusable(names: Iterable[str]) -> list[list[str]]:
    """Return the groups of names that look alike and are not the same."""
    groups = defaultdict(set)
    for name in names:
        groups[_look(name)].add(name)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def _look(name: str) -> str:
    visible = re.sub(r"\[U\+[0-9A-F]{4,6}\]", "", name)
    letters = unicodedata.normalize("NFKD", visible).casefold().translate(ALIKE)
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


# ---------------------------------------------------------------- the roster


def read_roster(path: Path) -> list[Person]:
    """Read a CSV file whose column `learner` names everybody; other columns are kept.

    Raises:
        CourseError: when it has no such column, or does not tell two people apart.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"the roster {path} cannot be read: {error}") from None
    if not rows or "learner" not in rows[0]:
        raise CourseError(f"the roster {path} needs a first line with a column `learner`.")
    people = _apart(
        [
            Person(tidy(row["learner"] or ""), {k: v or "" for k, v in row.items() if k})
            for row in rows
        ]
    )
    for what in ("names", "gives the id"):
        _demand_once(people, what)
    return people


def _apart(people: list[Person]) -> list[Person]:
    """Add the id to the names of people of one name."""
    names = [person.learner for person in people]
    return [
        Person(f"{p.learner} ({min(p.ids)})", p.fields)
        if names.count(p.learner) > 1 and p.ids
        else p
        for p in people
    ]


def _demand_once(people: Sequence[Person], what: str) -> None:
    found = [name for p in people for name in ({p.learner} if what == "names" else p.ids)]
    for twice in sorted({name for name in found if found.count(name) > 1}):
        raise CourseError(f"the roster {what} {twice!r} twice; a column `ID` tells people apart.")
