"""Downloads, from a server on this machine: whole, resumed, cut off, wrong."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from course_lib.data.download import data_folder, fetch
from course_lib.errors import CourseError

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
INSTEAD = "use the digits."


class Server(ThreadingHTTPServer):
    """Serves CONTENT, with or without ranges, whole or cut off; notes the ranges asked for."""

    resumes = True
    cut_at: int | None = None
    content = CONTENT

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/data.bin"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        start = int(wanted[6:-1]) if wanted and self.server.resumes else 0
        if start >= len(self.server.content):
            self.send_error(416)
            return
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut_at])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_QUIET", "1")


def test_a_file_comes_whole_and_only_once(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "data.bin"
    for _ in range(2):
        assert fetch(server.url, path, sha256=SHA256, offline=INSTEAD).read_bytes() == CONTENT
    assert server.ranges == [None]
    assert list(path.parent.iterdir()) == [path]


def test_an_interrupted_download_goes_on(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    server.cut_at = 100_000
    with pytest.raises(CourseError, match="Without it, use the digits"):
        fetch(server.url, path, sha256=SHA256, offline=INSTEAD)
    assert not path.exists()
    server.cut_at = None
    assert fetch(server.url, path, sha256=SHA256, offline=INSTEAD).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-"]


def test_a_server_that_cannot_resume_starts_over(server: Server, tmp_path: Path) -> None:
    server.resumes = False
    (tmp_path / "data.bin.part").write_bytes(b"an old beginning")
    path = fetch(server.url, tmp_path / "data.bin", sha256=SHA256, offline=INSTEAD)
    assert path.read_bytes() == CONTENT


def test_all_that_was_missing_is_a_name(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(CONTENT)
    path = fetch(server.url, tmp_path / "data.bin", sha256=SHA256, offline=INSTEAD)
    assert path.read_bytes() == CONTENT


def test_another_file_is_refused_and_deleted(server: Server, tmp_path: Path) -> None:
    server.content = b"<html>please log in</html>"
    with pytest.raises(CourseError, match="not the file that was published"):
        fetch(server.url, tmp_path / "data.bin", sha256=SHA256, offline=INSTEAD)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_fetched_again(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(CONTENT[:-1])
    md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert fetch(server.url, path, md5=md5, offline=INSTEAD).read_bytes() == CONTENT


def test_without_a_network_the_offline_choice_is_named(tmp_path: Path) -> None:
    with Server() as server:  # its port is free once it has closed
        url = server.url
    with pytest.raises(CourseError) as refused:
        fetch(url, tmp_path / "data.bin", sha256=SHA256, offline=INSTEAD)
    assert str(tmp_path / "data.bin") in str(refused.value)
    assert str(refused.value).endswith("Without it, use the digits.")


def test_a_download_without_a_hash_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a hash"):
        fetch("http://127.0.0.1:9/x", tmp_path / "x", offline=INSTEAD)


def test_the_folder_is_the_one_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("COURSE_DATA")
    assert data_folder().name == "attention-course"
