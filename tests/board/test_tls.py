"""Beyond this machine: TLS by the board's own certificate, which the invitation names."""

import ast
import json
import socket
import ssl
import threading
from pathlib import Path

import pytest

from course_lib.board.certificate import serve_with
from course_lib.board.desk import Setting
from course_lib.board.run import Options, run_board
from course_lib.errors import CourseError
from course_lib.workbook import sharing as package
from course_lib.workbook.sharing.invitation import Invitation, fingerprint, pinned
from course_lib.workbook.sharing.sharing import Sharing

from .hosted import Hosted, event, until


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """The board's certificate and somebody else's, both for this machine."""
    folder = tmp_path_factory.mktemp("certificates")
    return [serve_with(folder / f"{k}.pem", ["127.0.0.1", "localhost"]) for k in range(2)]


@pytest.fixture
def secure(tmp_path, certificates):
    """A board over TLS, and its invitation."""
    context, known_by = certificates[0]
    board = Hosted(tmp_path / "room.sqlite", Setting(), tls=context)
    yield board, f"https://127.0.0.1:{board.port}#{known_by}"
    board.stop()


def test_an_event_arrives_over_tls(secure, learner):
    board, invitation = secure
    ada = learner()
    ada.join(invitation, board.code)
    ada.tell({key: value for key, value in event().items() if key not in ("id", "age")})
    until(lambda: board.desk.room.taken == 1)


def test_another_certificate_is_refused_and_nothing_is_sent(certificates, secure, tmp_path):
    _, invitation = secure
    context, _ = certificates[1]
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_listen, args=(server, context, heard), daemon=True).start()
        port = server.getsockname()[1]
        false = f"https://127.0.0.1:{port}#{invitation.partition('#')[2]}"
        with pytest.raises(CourseError, match="shows another certificate"):
            Sharing(tmp_path / "ada").join(false, "CODE", "Ada")
    assert heard in ([], [b""])


def test_the_connection_that_carries_something_is_verified_itself(secure, certificates):
    """Somebody who shows the board's certificate first and another one then hears nothing."""
    _, invitation = secure
    context = pinned(Invitation.parse(invitation), timeout=3)
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        args = (server, certificates[1][0], heard)
        threading.Thread(target=_listen, args=args, daemon=True).start()
        with (
            socket.create_connection(server.getsockname(), timeout=3) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(plain, server_hostname="127.0.0.1")
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert heard == []


def _listen(server, context, heard):
    """Take two connections and keep what is said on them once they are encrypted."""
    for _ in range(2):
        try:
            plain, _ = server.accept()
            with plain, context.wrap_socket(plain, server_side=True) as one:
                one.settimeout(2)
                heard.append(one.recv(1000))
        except OSError:
            continue


def test_another_name_is_refused(secure):
    board, invitation = secure
    context = pinned(Invitation.parse(invitation), timeout=3)
    with (
        socket.create_connection(("127.0.0.1", board.port), timeout=3) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname"),
    ):
        context.wrap_socket(plain, server_hostname="board.example")


def test_nothing_on_the_learners_side_can_turn_verification_off():
    weak = {"CERT_NONE", "CERT_OPTIONAL", "_create_unverified_context", "_create_stdlib_context"}
    seen = set()
    for path in Path(package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                seen.add(node.attr)
    assert seen.isdisjoint(weak | {"verify_mode", "check_hostname"})
    assert "load_verify_locations" in seen


@pytest.mark.parametrize(
    "address, said",
    [
        ("http://192.168.1.5:8642", "in the clear"),
        ("192.168.1.5", "in the clear"),
        ("https://192.168.1.5:8642", "the 32 letters"),
        ("https://192.168.1.5:8642#abc", "the 32 letters"),
        ("ftp://192.168.1.5", "no address of a board"),
        ("http://ada:secret@127.0.0.1", "no address of a board"),
        ("http://127.0.0.1:99999", "no address of a board"),
        ("", "no address of a board"),
    ],
)
def test_an_address_that_is_none_or_unsafe_is_refused(address, said):
    with pytest.raises(CourseError, match=said):
        Invitation.parse(address)


def test_an_invitation_survives_being_written_down(certificates):
    known_by = certificates[0][1]
    spaced = "-".join(known_by[k : k + 4] for k in range(0, 32, 4)).upper()
    read = Invitation.parse(f" https://192.168.1.5:8642#{spaced} ")
    assert read.address == f"https://192.168.1.5:8642#{known_by}"


def test_the_certificate_stays_the_same_when_the_board_starts_again(tmp_path):
    path = tmp_path / "room.pem"
    first = serve_with(path, ["127.0.0.1"])[1]
    assert serve_with(path, ["127.0.0.1"])[1] == first
    assert path.stat().st_mode & 0o077 == 0
    assert len(fingerprint(b"")) == 32


def test_every_address_needs_the_name_by_which_it_is_reached(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_BOARDS", str(tmp_path))
    with pytest.raises(CourseError, match="--name"):
        run_board(Options(listen="0.0.0.0", browser=False))
    assert json.dumps(sorted(tmp_path.iterdir())) == "[]"
