"""The commands of instructors: kits, run sheets, rooms, marks. `cli.py` adds them to `course`."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from course_lib.errors import CourseError

teaching = typer.Typer()
cluster = typer.Typer(no_args_is_help=True, help="Let several machines mark.")
#: Commands that a kit cannot run are not listed there.
IN_KIT = find_spec("course_lib.authoring") is None
teaching.add_typer(cluster, name="cluster", hidden=IN_KIT)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@teaching.command(
    hidden=IN_KIT,
    epilog="Examples:  course release --to kit  ·  "
    "course release --to kit --lessons 02,04 --assignments attention",
)
def release(
    to: Annotated[Path, typer.Option(help="The kit's folder; an older kit there is replaced.")],
    lessons: Annotated[
        str | None, typer.Option(help="Numbers with commas; all when neither is given.")
    ] = None,
    assignments: Annotated[
        str | None, typer.Option(help="Names with commas; all when neither is given.")
    ] = None,
) -> None:
    """Make a learner's kit, and prove that it runs and gives nothing away."""
    from course_lib.grading.release import run_release

    raise typer.Exit(run_release(to, *_both(lessons, assignments)))


@teaching.command(
    hidden=IN_KIT, epilog="Examples:  course workshop --hours 3 --lessons 02,04,09 --to room"
)
def workshop(
    hours: Annotated[float, typer.Option(help="Of the whole workshop, breaks included.")],
    lessons: Annotated[str, typer.Option(help="Numbers with commas, in the order taught.")],
    to: Annotated[Path, typer.Option(help="Folder for the run sheet.")] = Path("."),
) -> None:
    """Write a run sheet for a room: when, what to skip, what to ask, which mistakes to expect."""
    from course_lib.grading.workshop import run_workshop

    numbers = [one.strip() for one in lessons.split(",") if one.strip()]
    raise typer.Exit(run_workshop(hours, numbers, to))


@teaching.command(
    hidden=IN_KIT,
    epilog="Examples:  course board --lessons 02,04  ·  course board --lessons 02,04 --hours 3  ·  "
    "course board --listen 0.0.0.0 --name 192.168.1.5  ·  course board --again  ·  "
    "course board --export kept --names",
)
def board(
    lessons: Annotated[
        str | None, typer.Option(help="Numbers with commas; all when left out.")
    ] = None,
    hours: Annotated[
        float | None, typer.Option(help="Follow the run sheet of a workshop this long.")
    ] = None,
    listen: Annotated[
        str, typer.Option(help="This machine's address; beyond loopback over TLS alone.")
    ] = "127.0.0.1",
    name: Annotated[
        str, typer.Option(help="By which learners reach it; --listen when left out.")
    ] = "",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8642,
    most: Annotated[int, typer.Option(min=1, max=2000, help="Learners.")] = 400,
    days: Annotated[int, typer.Option(min=1, help="After which the room's file is deleted.")] = 30,
    again: Annotated[bool, typer.Option("--again", help="Go on with the newest room.")] = False,
    browser: Annotated[bool, typer.Option(help="Open your page.")] = True,
    export: Annotated[
        Path | None, typer.Option(help="Write the newest room into a folder: CSV, JSON, a page.")
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="With --export: with names that learners allowed.")
    ] = False,
) -> None:
    """Open a room: learners join, and what happens in it is on the wall."""
    from course_lib.board.run import Options, export_room, run_board

    if export is not None:
        raise typer.Exit(export_room(export.expanduser(), names=names))
    numbers = [one.strip() for one in (lessons or "").split(",") if one.strip()] or None
    if hours is not None and numbers is None:
        raise CourseError("--hours needs --lessons: which are taught, in their order?")
    options = Options(
        lessons=numbers, hours=hours, listen=listen, name=name, port=port,
        most=most, days=days, again=again, browser=browser,
    )  # fmt: skip
    raise typer.Exit(run_board(options))


def _both(lessons: str | None, assignments: str | None) -> tuple[list[str] | None, ...]:
    """Return both lists: all of both (None) when neither is given, none of what is not."""
    if lessons is None and assignments is None:
        return None, None
    given = (lessons or "", assignments or "")
    return tuple([one.strip() for one in text.split(",") if one.strip()] for text in given)


# The longer options of `course grade`.
Submissions = Annotated[
    Path, typer.Argument(help="A folder of notebooks (by learner, or flat), or a zip of one.")
]
Secret = Annotated[
    str | None,
    typer.Option(
        envvar="COURSE_GRADE_SEED",
        help="Your secret, from which hidden cases grow; kept in --to when left out.",
    ),
]
Roster = Annotated[
    Path | None, typer.Option(help="CSV with a column `learner`; nobody else is marked.")
]
Most = Annotated[int, typer.Option(min=1, help="Hand-ins of a learner; of more, the last.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; one for each processor.")]
Scheduler = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler (tls://…): many machines.")
]
Security = Annotated[
    Path | None, typer.Option(help="Folder with ca.pem, cert.pem, key.pem for --scheduler.")
]
Unsafe = Annotated[
    bool, typer.Option("--unsafe", help="Run without bubblewrap: submissions can do anything.")
]

Partial = Annotated[
    bool, typer.Option("--partial", help="Right cases earn their share of the points.")
]
Overrides = Annotated[
    Path | None,
    typer.Option(help="CSV or TOML: learner, exercise, points, comment; else TO/overrides.csv."),
]
Deadline = Annotated[
    Path | None,
    typer.Option(help="TOML: due date, late days, extensions; TO/deadline.toml if there."),
]


@teaching.command(
    hidden=IN_KIT,
    epilog="Examples:  course grade submitted --to marks --lesson 04 --seed 'our secret'  ·  "
    "course grade moodle.zip --to marks --assignment attention --roster class.csv --keep last  ·  "
    "course grade submitted --to marks --json",
)
def grade(
    submissions: Submissions,
    to: Annotated[Path, typer.Option(help="Folder of the results.")],
    lesson: Annotated[str | None, typer.Option(help="The lesson, such as 04.")] = None,
    assignment: Annotated[str | None, typer.Option(help="The assignment, by name.")] = None,
    seed: Secret = None,
    keep: Annotated[str, typer.Option(help="Of several hand-ins, the best or the last.")] = "best",
    roster: Roster = None,
    most: Most = 5,
    workers: Workers = None,
    scheduler: Scheduler = None,
    security: Security = None,
    unsafe: Unsafe = False,
    partial: Partial = False,
    overrides: Overrides = None,
    deadline: Deadline = None,
    as_json: Json = False,
) -> None:
    """Mark SUBMISSIONS in a sandbox; exit 1 when one cannot be read or is nobody's, else 0."""
    from course_lib.grading.sandbox.launch import Cage

    with Cage(unsafe=unsafe) as cage:  # it loads torch while the next line does
        from course_lib.grading.grade import Options, run_grade

        options = Options(
            to=to,
            lesson=lesson,
            assignment=assignment,
            seed=seed,
            keep=keep,
            roster=roster,
            most=most,
            workers=workers,
            scheduler=scheduler,
            security=security,
            unsafe=unsafe,
            partial=partial,
            as_json=as_json,
            overrides=overrides,
            deadline=deadline,
        )
        code = run_grade(submissions, options, as_json=as_json, cage=cage)
    raise typer.Exit(code)


Keys = Annotated[Path, typer.Option(help="Folder with ca.pem, cert.pem, key.pem.")]


@cluster.command(
    epilog="Examples:  course cluster up  ·  "
    "course cluster up --host 192.168.1.20 --port 8786 --workers 8"
)
def up(
    workers: Workers = None,
    security: Keys = Path("keys"),
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Of the scheduler; 0 takes a free one.")] = 0,
) -> None:
    """Start a scheduler and workers here, over TLS; make the keys when --security has none."""
    from course_lib.grading import cluster_up

    raise typer.Exit(cluster_up.up(workers=workers, security=security, host=host, port=port))


@cluster.command(
    epilog="Examples:  course cluster join tls://192.168.1.20:8786 --security keys --workers 8"
)
def join(
    scheduler: Annotated[str, typer.Argument(help="Its address, tls://HOST:PORT.")],
    workers: Workers = None,
    security: Keys = Path("keys"),
) -> None:
    """Start workers here for the scheduler of another machine."""
    from course_lib.grading import cluster_up

    raise typer.Exit(cluster_up.join(scheduler, workers=workers, security=security))
