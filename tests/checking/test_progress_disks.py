"""What is recorded stays, whatever happens to the disk, the rights or the lock."""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from progress_events import check, names

from course_lib.checking import progress
from course_lib.checking.progress import ProgressStore

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


def refuse(code: int) -> Callable[..., None]:
    def refused(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return refused


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "no space is left"),
        (errno.EROFS, "you may not write"),
        (errno.EACCES, "you may not write"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
@pytest.mark.parametrize("step", ["open", "write", "fsync"])
def test_trouble_is_said_once_and_nothing_is_lost(
    step: str,
    code: int,
    words: str,
    store: ProgressStore,
    file: Path,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    store.record(check("before"))
    on_disk = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, step, refuse(code))
        store.record(check("during"))
        store.record(check("during_too"))
    assert names(store) == ["before", "during", "during_too"]
    assert file.read_bytes() == on_disk
    assert len(said) == 1
    assert words in said[0]
    assert str(tmp_path) in said[0]
    assert "kept in memory" in said[0]
    store.record(check("after"))
    assert names(ProgressStore(tmp_path)) == ["before", "during", "during_too", "after"]
    assert len(said) == 1


@POSIX
def test_a_disk_that_fills_in_the_middle_of_a_line(
    store: ProgressStore, file: Path, said: list[str]
) -> None:
    import resource

    store.record(check("before"))
    on_disk = file.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(on_disk) + 20, hard))  # a real short write
    try:
        store.record(check("during"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_bytes() == on_disk
    assert "no space is left" in said[0]
    store.record(check("after"))
    assert names(store) == ["before", "during", "after"]
    assert store.read().damaged == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_device(store: ProgressStore, file: Path, said: list[str]) -> None:
    file.symlink_to("/dev/full")
    store.record(check())
    assert "no space is left" in said[0]
    file.unlink()
    assert store.flush()
    assert names(store) == ["causal_mask"]


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that this process may not write in, even when the tests run as root."""
    folder = Path(tempfile.mkdtemp())  # tmp_path lies where another user may not look
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o755)
    shutil.rmtree(folder)


@POSIX
def test_a_read_only_folder(
    store: ProgressStore, said: list[str], request: pytest.FixtureRequest
) -> None:
    store.record(check())  # takes the imports, before the rights go
    folder: Path = request.getfixturevalue("read_only")
    locked = ProgressStore(folder, say=said.append)
    locked.record(check())
    assert names(locked) == ["causal_mask"]
    assert "you may not write" in said[0]
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    store = ProgressStore(tmp_path / "file" / "below", say=said.append)
    store.record(check())
    store.record(check())
    assert len(names(store)) == 2
    assert len(said) == 1
    assert "cannot be saved" in said[0]


def test_a_path_that_no_system_takes(said: list[str]) -> None:
    store = ProgressStore(Path("\0"), say=said.append)
    store.record(check())
    assert names(store) == ["causal_mask"]
    assert any("cannot be saved" in sentence for sentence in said)


def test_a_file_that_cannot_be_read_is_said(
    store: ProgressStore, file: Path, said: list[str]
) -> None:
    file.mkdir()
    assert store.passed("04") == store.passed("04") == set()
    assert len(said) == 1
    assert "cannot be read" in said[0]


def test_a_lock_that_stays_taken_keeps_records_in_memory(
    store: ProgressStore, file: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from filelock import FileLock

    monkeypatch.setattr(progress, "LOCK_SECONDS", 0.05)
    with FileLock(f"{file}.lock"):
        store.record(check("during"))
    assert not file.exists()
    assert "another program holds" in said[0]
    store.record(check("after"))
    assert names(store) == ["during", "after"]
    assert file.read_bytes().count(b"\n") == 2


def test_an_interrupt_in_the_middle_leaves_no_duplicate(
    store: ProgressStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.record(check("stopped"))
    store.record(check("after"))
    assert names(store) == ["stopped", "after"]


def test_what_is_kept_is_saved_when_the_kernel_ends(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from course_lib.checking import progress\n"
        "store = progress.ProgressStore(Path(sys.argv[1]))\n"
        "real = progress.os.fsync\n"
        "def full(_): raise OSError(28, 'full')\n"
        "progress.os.fsync = full\n"
        "store.record(progress.Event(kind='hint', lesson='04', name='late'))\n"
        "progress.os.fsync = real\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.count("cannot be saved") == 1
    assert names(ProgressStore(tmp_path)) == ["late"]


def test_every_record_reaches_the_disk_in_one_write(
    store: ProgressStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    write, fsync = os.write, os.fsync

    def counted_write(descriptor: int, data: bytes) -> int:
        calls.append("write")
        return write(descriptor, data)

    def counted_fsync(descriptor: int) -> None:
        calls.append("fsync")
        fsync(descriptor)

    store.record(check("first"))  # takes the imports
    monkeypatch.setattr(os, "write", counted_write)
    monkeypatch.setattr(os, "fsync", counted_fsync)
    store._kept.append(check("kept"))
    store.record(check("second"))
    assert calls == ["write", "fsync"]
    assert names(store) == ["first", "kept", "second"]
