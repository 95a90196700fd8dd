"""The board on the web: addresses, limits, TLS."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from tornado.httpserver import HTTPServer
from tornado.web import Application

from course_lib.board.desk import Desk
from course_lib.board.learners import Events, Join, Leave
from course_lib.board.teacher import Act, Export
from course_lib.board.walls import File, Gallery, Snapshot, Stream
from course_lib.board.web import Handler
from course_lib.workbook.sharing.invitation import LOOPBACK

#: Bytes of a request's body and head; seconds in which one must come, and be silent at most.
BODY, HEAD, BODY_SECONDS, IDLE_SECONDS = 32 * 1024, 8 * 1024, 10.0, 90.0


class Nothing(Handler):
    """What is not there."""

    def prepare(self) -> None:
        """Say so."""
        self.refuse(404, "There is no such page.")


def application(desk: Desk, gallery: Gallery, hosts: Iterable[str] = ()) -> Application:
    """Return the board's pages.

    Args:
        desk: of the room.
        gallery: of its pictures.
        hosts: names by which it may be reached, beside this machine's loopback.
    """
    return Application(
        [
            (r"/api/join", Join),
            (r"/api/events", Events),
            (r"/api/leave", Leave),
            (r"/api/snapshot", Snapshot),
            (r"/api/stream", Stream),
            (r"/api/act/(\w+)", Act),
            (r"/api/export\.(\w+)", Export),
            (r"/([\w.]*)", File),
        ],
        default_handler_class=Nothing,
        desk=desk,
        gallery=gallery,
        hosts={*LOOPBACK, *(host.lower() for host in hosts)},
        log_function=lambda _: None,  # no addresses of learners in a log
    )


@asynccontextmanager
async def serving(
    desk: Desk,
    *,
    port: int = 0,
    listen: str = "127.0.0.1",
    hosts: Iterable[str] = (),
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """Serve a room and yield the port.

    Args:
        desk: of the room.
        port: 0 takes a free one.
        listen: the address of this machine's to listen on.
        hosts: names by which it may be reached.
        tls: with the certificate; None serves in the clear.
    """
    gallery = Gallery(desk)
    server = HTTPServer(
        application(desk, gallery, hosts),
        ssl_options=tls,
        max_body_size=BODY,
        max_header_size=HEAD,
        body_timeout=BODY_SECONDS,
        idle_connection_timeout=IDLE_SECONDS,
    )
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    listening = socket.create_server((listen, port), family=family, backlog=512)
    listening.setblocking(False)
    server.add_socket(listening)
    turning = asyncio.create_task(gallery.run())
    try:
        yield int(listening.getsockname()[1])
    finally:
        turning.cancel()
        with suppress(asyncio.CancelledError):
            await turning
        server.stop()
        await server.close_all_connections()
