"""What learners ask of a board: to be let in, to tell, to leave."""

from tornado.web import HTTPError

from course_lib.board.desk import Busy
from course_lib.board.told import Refused, read
from course_lib.board.web import Handler, told_by
from course_lib.errors import CourseError

#: Events in one request.
MOST = 50


class Join(Handler):
    """A code for a token."""

    async def post(self) -> None:
        """Let somebody in."""
        sent, desk, ip = self.body(), self.desk, self.request.remote_ip
        code, name, export = (sent.get(key) for key in ("code", "name", "export"))
        if not isinstance(code, str) or not isinstance(name, str) or not isinstance(export, bool):
            raise HTTPError(400, reason="Send code, name and export.")
        if not desk.right_code(code):  # the right one is let in, however many others guess
            if desk.limits.wrong.wait(ip):
                return self.refuse(429, "Too many wrong codes from here; wait a minute.", wait=60)
            return self.refuse(403, "That is not the code of this room; look at the wall.")
        if desk.open_until <= desk.clock():
            return self.refuse(403, "This code has expired; ask the instructor for another.")
        if wait := desk.limits.join.wait(ip):
            return self.refuse(429, "Too many join at once; try again in a minute.", wait=wait)
        try:
            learner, token = await desk.join(name, export)
        except CourseError as error:
            return self.refuse(409, told_by(error))
        self.finish({"room": desk.facts["room"], "token": token, "called": learner.name})
        return None


class Events(Handler):
    """What a learner did."""

    async def post(self) -> None:
        """Keep events; those taken are on disk when the answer comes."""
        learner, desk = self.learner(), self.desk
        sent = self.body().get("events")
        if not isinstance(sent, list) or not 0 < len(sent) <= MOST:
            raise HTTPError(400, reason=f"Send 1 to {MOST} events.")
        wait = desk.limits.post.wait(learner.id) or desk.limits.tell.wait(learner.id, len(sent))
        if wait:
            return self.refuse(429, "Too many events; they may follow later.", wait=wait)
        now, taken, refused = desk.clock(), [], []
        for raw in sent:
            try:
                taken.append(read(raw, desk.pages, now=now, joined=learner.joined))
            except Refused:
                id_ = raw.get("id") if isinstance(raw, dict) else None
                refused.append(id_ if isinstance(id_, str) else None)
        try:
            count = await desk.tell([(learner.id, told) for told in taken])
        except Busy:
            return self.refuse(503, "The board is busy; events may follow later.", wait=2)
        self.finish({"taken": [told.id for told in taken], "refused": refused, "count": count})
        return None


class Leave(Handler):
    """Somebody goes."""

    async def post(self) -> None:
        """Let somebody go; on request, forget."""
        learner, forget = self.learner(), self.body().get("forget") is True
        await self.desk.leave(learner, forget=forget)
        self.finish({"said": "What the board had of you is deleted." if forget else ""})
