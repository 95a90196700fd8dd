"""What the instructor asks of a board."""

from tornado.web import HTTPError

from course_lib.board.desk import Desk
from course_lib.board.export import FORMS
from course_lib.board.web import Handler, told_by
from course_lib.errors import CourseError


class Act(Handler):
    """One thing that the instructor does."""

    async def post(self, act: str) -> None:
        """Do it; the wall shows it."""
        self.demand_instructor()
        sent = {key: value for key, value in self.body().items() if isinstance(value, str | int)}
        if act not in ACTS:
            raise HTTPError(404, reason="There is nothing like that to do.")
        try:
            await ACTS[act](self.desk, sent)
        except CourseError as error:
            return self.refuse(409, told_by(error))
        except (KeyError, ValueError):
            raise HTTPError(400, reason="Something is missing.") from None
        self.finish({})
        return None


class Export(Handler):
    """What is kept after the room."""

    async def get(self, form: str) -> None:
        """Send it as CSV, JSON or a page; with names only where asked and allowed."""
        self.demand_instructor()
        if form not in FORMS:
            raise HTTPError(404, reason="There is no such export.")
        write, kind = FORMS[form]
        self.set_header("Content-Type", kind)
        self.set_header("Content-Disposition", f'attachment; filename="room.{form}"')
        names = self.get_query_argument("names", "no") == "yes"
        self.finish(write(self.desk, names=names))


async def _clock(desk: Desk, sent: dict[str, str | int]) -> None:
    await desk.put(clock=str(desk.clock()))


async def _door(desk: Desk, sent: dict[str, str | int]) -> None:
    await desk.put(door="closed" if sent["door"] == "closed" else "open")


ACTS = {
    "open": lambda desk, sent: desk.open_poll(str(sent["lesson"]), str(sent["id"])),
    "again": lambda desk, sent: desk.ask_again(),
    "reveal": lambda desk, sent: desk.reveal(),
    "end": lambda desk, sent: desk.end_poll(),
    "lower": lambda desk, sent: desk.lower(int(sent["learner"])),
    "drop": lambda desk, sent: desk.drop(str(sent["lesson"]), str(sent["name"])),
    "code": lambda desk, sent: desk.renew_code(),
    "clock": _clock,
    "door": _door,
}
