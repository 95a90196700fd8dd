"""The `course` command. Each command is a few lines here and a module behind it."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from course_lib.doctor import NARROW, NO_TEMPORARY
from course_lib.errors import CourseError
from course_lib.streams import settle_streams
from course_lib.teaching_commands import IN_KIT, Json, teaching

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
#: A learner's install comes without these.
AUTHORS = ("jupytext",)

bench = typer.Typer(no_args_is_help=True, help="Measure what this machine does with the models.")
app.add_typer(bench, name="bench")
app.add_typer(teaching)  # no name: its commands are this one's

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
