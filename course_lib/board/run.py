"""`course board`: begin a room, or go on with one, and serve it until it is stopped."""

import asyncio
import os
import signal
import ssl
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from course_lib.board.catalogue import catalogue
from course_lib.board.certificate import serve_with
from course_lib.board.desk import Desk, Setting
from course_lib.board.export import FORMS
from course_lib.board.keeping import DAYS, boards_folder, new_room, newest_room, sweep
from course_lib.board.pace import stops
from course_lib.board.server import serving
from course_lib.board.store import Store
from course_lib.errors import CourseError
from course_lib.workbook.sharing.invitation import LOOPBACK, PORT

SWEEP_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Options:
    """Of the command.

    Args:
        lessons: numbers; all when None.
        hours: of the run sheet; none when None.
        listen: an address of this machine's.
        name: by which learners reach it; `listen` when "".
        port: of TCP.
        most: learners.
        days: that the room's file is kept.
        again: go on with the newest room.
        browser: open the instructor's page.
    """

    lessons: Sequence[str] | None = None
    hours: float | None = None
    listen: str = "127.0.0.1"
    name: str = ""
    port: int = PORT
    most: int = 400
    days: int = DAYS
    again: bool = False
    browser: bool = True


def run_board(options: Options) -> int:
    """Serve a room until Ctrl+C, and return 0.

    Raises:
        CourseError: what keeps it from being served; a room that was to begin does not, then.
    """
    folder = boards_folder()
    sweep(folder)
    if options.listen in ("0.0.0.0", "::") and not options.name:
        raise CourseError("say by which address learners reach you: --name 192.168.1.5.")
    path = newest_room(folder) if options.again else new_room(folder, options.days)
    if path is None:
        raise CourseError(f"there is no room in {folder}; leave --again out to begin one.")
    store = Store(path)
    try:
        _run(store, _as_before(options, store))
    except CourseError:
        store.close()
        if not options.again:
            for one in path.parent.glob(f"{path.stem}.*"):
                one.unlink()
        raise
    (folder / "open.html").unlink(missing_ok=True)
    print(f"The room is kept in {path}. Go on with it: course board --again.")
    return 0


def _run(store: Store, options: Options) -> None:
    host = options.name or options.listen
    hosts = [host, *LOOPBACK]
    tls, print_ = None, ""
    if options.listen not in LOOPBACK:
        tls, print_ = serve_with(store.path.with_suffix(".pem"), hosts)
    shown = f"[{host}]" if ":" in host else host
    origin = f"{'https' if tls else 'http'}://{shown}:{options.port}"
    setting = Setting(
        address=f"{origin}#{print_}" if print_ else origin,
        most=options.most,
        stops=stops(options.hours, options.lessons or []) if options.hours else [],
    )
    desk = Desk(store, catalogue(options.lessons), setting)
    try:
        with suppress(KeyboardInterrupt):  # Ctrl+C on Windows
            asyncio.run(_serve(desk, options, origin, tls, hosts))
    finally:
        desk.close()


def _as_before(options: Options, store: Store) -> Options:
    """Keep how a room is run, and take it up again."""
    facts = store.facts()
    if "port" not in facts:
        store.put(
            port=str(options.port),
            lessons=",".join(options.lessons or []),
            hours=str(options.hours or ""),
            listen=options.listen,
            name=options.name,
        )
        return options
    return replace(
        options,
        port=int(facts["port"]),
        lessons=[one for one in facts["lessons"].split(",") if one] or None,
        hours=float(facts["hours"]) if facts["hours"] else None,
        listen=facts["listen"],
        name=facts["name"],
    )


async def _serve(
    desk: Desk,
    options: Options,
    origin: str,
    tls: ssl.SSLContext | None,
    hosts: Sequence[str],
) -> None:
    stopped = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(one, stopped.set)
    try:
        served = serving(desk, port=options.port, listen=options.listen, hosts=hosts, tls=tls)  # type: ignore[arg-type]
        async with served:
            _say(desk, origin)
            if options.browser:
                open_page(f"{origin}/#{desk.facts['instructor']}", desk.store.path.parent)
            while not stopped.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), SWEEP_SECONDS)
                sweep(boards_folder())
    except OSError as error:
        raise CourseError(
            f"cannot listen on {options.listen}, port {options.port}: {error.strerror}. Another "
            "board may run there; name another --port."
        ) from None


def open_page(address: str, folder: Path) -> None:
    """Open a browser by way of a file: a command line, secret and all, is for everybody to see.

    Args:
        address: with the secret.
        folder: for the file, which only its owner can read.
    """
    page = folder / "open.html"
    page.unlink(missing_ok=True)
    with open(page, "x", encoding="utf-8", opener=_for_me_alone) as file:
        file.write(
            f'<!doctype html><meta http-equiv="refresh" content="0;url={escape(address)}">'
            "<title>The board</title>\n"
        )
    webbrowser.open(page.as_uri())


def _for_me_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _say(desk: Desk, origin: str) -> None:
    address, code = desk.setting.address, desk.facts["code"]
    print(f"For you alone:  {origin}/#{desk.facts['instructor']}")
    print(f"To project:     {origin}/#{desk.facts['wall']}")
    print(f'Learners:       lesson.join("{address}", "{code}")')
    print(f"           or:  course lab --join '{address}' --code {code}")
    print("Stop with Ctrl+C.", flush=True)


def export_room(to: Path, *, names: bool) -> int:
    """Write the newest room as CSV, JSON and a page, and return 0.

    Raises:
        CourseError: when there is none, or the folder cannot be written.
    """
    sweep(boards_folder())
    path = newest_room(boards_folder())
    if path is None:
        raise CourseError(f"there is no room in {boards_folder()}.")
    store = Store(path)
    numbers = [one for one in store.facts().get("lessons", "").split(",") if one]
    desk = Desk(store, catalogue(numbers or None))
    try:
        to.mkdir(parents=True, exist_ok=True)
        for form, (write, _) in FORMS.items():
            (to / f"room.{form}").write_text(write(desk, names=names), encoding="utf-8")
    except OSError as error:
        raise CourseError(f"cannot write in {to}: {error.strerror}.") from None
    finally:
        desk.close()
    print(", ".join(str(to / f"room.{form}") for form in FORMS))
    return 0
