"""The `course` command. Each command is a few lines here and a module behind it."""

import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from course_lib.doctor import NARROW, NO_TEMPORARY
from course_lib.errors import CourseError
from course_lib.streams import settle_streams

#: Where a frame would cut its text, lines without one are left for the terminal to wrap.
NARROW_HERE = shutil.get_terminal_size().columns < NARROW
app = typer.Typer(
    name="course",
    help="Attention by hand: open the lessons, check answers, see progress, write lessons.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None if NARROW_HERE else "rich",
    context_settings={
        "help_option_names": ["-h", "--help"],
        **({"terminal_width": 200} if NARROW_HERE else {}),
    },
)

#: A learner's kit comes without these.
INSTRUCTORS = ("course_lib.authoring", "course_lib.board", "course_lib.grading.")
#: Commands that a kit cannot run are not listed there.
IN_KIT = find_spec("course_lib.authoring") is None
#: A learner's install comes without these.
AUTHORS = ("jupytext",)

bench = typer.Typer(no_args_is_help=True, help="Measure what this machine does with the models.")
app.add_typer(bench, name="bench")
cluster = typer.Typer(no_args_is_help=True, help="Let several machines mark.")
app.add_typer(cluster, name="cluster", hidden=IN_KIT)

#: These say what is amiss even where no temporary file can be written.
WITHOUT_TEMPORARY = ("doctor", "progress")


@app.callback()
def _prepare(context: typer.Context) -> None:
    if not IN_KIT:
        from course_lib.board.keeping import boards_folder, sweep

        sweep(boards_folder())  # rooms whose days are over go, whichever command comes first
    if context.invoked_subcommand not in WITHOUT_TEMPORARY:
        try:
            tempfile.gettempdir()
        except FileNotFoundError:
            raise CourseError(f"no temporary file can be written. {NO_TEMPORARY}") from None


LessonNumber = Annotated[str, typer.Argument(metavar="NN", help="A lesson's number, such as 04.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command(
    epilog="Examples:  course lab  ·  course lab --lesson 04  ·  course lab --work ~/attention"
)
def lab(
    work: Annotated[Path | None, typer.Option(help="Your work folder; made when missing.")] = None,
    lesson: Annotated[
        str | None, typer.Option(help="The lesson to open; the first when left out.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    join: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Join the room of a board; asks you first."),
    ] = None,
    code: Annotated[str | None, typer.Option(help="Of the room, with --join.")] = None,
    name: Annotated[
        str | None, typer.Option(help='Or a nickname, with --join; "" for none.')
    ] = None,
) -> None:
    """Copy the lessons into your work folder and open JupyterLab there."""
    from course_lib.lab import join_room, open_lab

    if join is not None:
        join_room(join, code, name, work=work)
    raise typer.Exit(open_lab(work=work, lesson=lesson, port=port, browser=browser))


@app.command(epilog="Examples:  course reset 04")
def reset(
    lesson: LessonNumber,
    work: Annotated[Path | None, typer.Option(help="Your work folder.")] = None,
) -> None:
    """Put a fresh copy of one lesson in place; yours is kept under a dated name."""
    from course_lib.workspace import reset_lesson

    typer.echo(reset_lesson(lesson, work=work))


@app.command(
    epilog="Examples:  course check 04 answers.py  ·  "
    "course check 04 answers.py --exercise causal_mask --json  ·  "
    "course check A1_attention.ipynb"
)
def check(
    lesson: Annotated[
        str,
        typer.Argument(
            metavar="NN", help="A lesson's number, such as 04; or the notebook of an assignment."
        ),
    ],
    file: Annotated[
        Path | None, typer.Argument(help="A Python file or a notebook with answers.")
    ] = None,
    exercise: Annotated[
        list[str] | None, typer.Option(help="Only this exercise; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check answers in FILE, or run a graded notebook as when it is marked; exit 0 if all pass."""
    if file is None:
        if Path(lesson).suffix.lower() != ".ipynb":
            raise CourseError(
                f"what is to be checked? `course check {lesson} FILE` checks answers to a lesson, "
                "`course check A1_attention.ipynb` what you will hand in."
            )
        from course_lib.grading.trial import try_out

        raise typer.Exit(try_out(Path(lesson), as_json=as_json))
    from course_lib.workbook.check_file import run_check

    raise typer.Exit(run_check(lesson, file, exercises=exercise, as_json=as_json))


@app.command(epilog="Examples:  course progress   ·   course progress --json")
def progress(
    as_json: Json = False,
    work: Annotated[Path | None, typer.Option(help="Your work folder.")] = None,
) -> None:
    """Show what is passed, tried and open, lesson by lesson."""
    from course_lib.workbook.progress_report import show_progress

    raise typer.Exit(show_progress(as_json=as_json, work=work))


@app.command(epilog="Examples:  course doctor   ·   course doctor --json")
def doctor(as_json: Json = False) -> None:
    """Report Python, torch, device, memory, disk, front end, and what to do about problems."""
    from course_lib.doctor import report

    raise typer.Exit(report(as_json=as_json))


@bench.command(
    epilog="Examples:  course bench vit --scale tiny  ·  course bench vit --json  ·  "
    "COURSE_DATA=~/data course bench vit --scale full"
)
def vit(
    scale: Annotated[
        str | None,
        typer.Option(help="tiny, small (digits) or full (CIFAR-10, for a GPU); this machine's."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of weights, order and augmentation.")] = 0,
    as_json: Json = False,
) -> None:
    """Train a ViT, a CNN, torchvision's and timm's ViT alike; accuracy, images/s, share of peak."""
    from course_lib.training.vision_bench import run_bench

    known = ("tiny", "small", "full")
    if scale is not None and scale not in known:
        raise CourseError(f"--scale is one of {', '.join(known)}; it is {scale!r}")
    raise typer.Exit(run_bench(scale, as_json=as_json, seed=seed))  # type: ignore[arg-type]


@app.command(
    hidden=IN_KIT, epilog="Examples:  course build   ·   course build 04   ·   course build --check"
)
def build(
    lesson: Annotated[
        str | None, typer.Argument(metavar="[NN]", help="One lesson; all when left out.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 on drift.")] = False,
) -> None:
    """Write the learner's and the solved notebook of a lesson from its source."""
    from course_lib.authoring.build import run_build

    raise typer.Exit(run_build(lesson, check=check))


@app.command(
    hidden=IN_KIT,
    epilog="Examples:  course new 19 captions  ·  course new 19 captions --exercise soft_captions",
)
def new(
    lesson: LessonNumber,
    slug: Annotated[str, typer.Argument(help="snake_case, such as soft_lookup")],
    exercise: Annotated[
        str | None, typer.Option(help="Add an exercise of this name to the lesson.")
    ] = None,
) -> None:
    """Start a lesson, or one more exercise: files that build and pass."""
    from course_lib.authoring import new

    typer.echo(new.new(lesson, slug, exercise))


@app.command(
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


@app.command(
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


@app.command(
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


@app.command(
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


def main() -> None:
    """Run the command line; a known error is one message and exit code 2."""
    settle_streams()
    try:
        app()
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        sys.exit(2)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(INSTRUCTORS):
            said = "this is a learner's kit; that command needs the course's repository."
        elif error.name in AUTHORS:
            said = f"that command needs {error.name}: run `python tools/install.py --dev` first."
        else:
            raise
        print(f"course: {said}", file=sys.stderr)
        sys.exit(2)
