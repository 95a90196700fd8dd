"""The same marking on many machines: Dask, over TLS only.

Every machine has a checkout of the course and bubblewrap; what travels is the secret, the hand-ins
and the marks. A machine that dies costs a retry.
"""

import atexit
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading import partial
from course_lib.grading.marks import Marker
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import Task, load_task

#: How often a hand-in is tried on another machine when one dies.
RETRIES = 3
FILES = {"tls_ca_file": "ca.pem", "tls_client_cert": "cert.pem", "tls_client_key": "key.pem"}
ROLES = ("client", "scheduler", "worker")
MISSING = "marking on many machines needs Dask: pip install 'attention-course[cluster]'."


def mark_on_cluster(
    task: Task,
    secret: str,
    waiting: Sequence[HandIn],
    *,
    scheduler: str,
    security: Path | None,
    limits: Limits,
    unsafe: bool = False,
    patience: float = 20,
) -> Iterator[tuple[HandIn, dict[str, Any]]]:
    """Mark hand-ins on the workers of a scheduler; yield each with its marks as it is done.

    Args:
        task: what is marked.
        secret: of the instructor.
        waiting: the hand-ins.
        scheduler: its address, which begins with tls://.
        security: folder of ca.pem, cert.pem and key.pem.
        limits: of each submission.
        unsafe: mark without bubblewrap there.
        patience: seconds in which the scheduler must answer.

    Raises:
        CourseError: when the way there is not encrypted, or it is not there.
    """
    if not scheduler.startswith("tls://") or security is None:
        raise CourseError(
            "marks travel over TLS only: give --scheduler tls://HOST:PORT and --security FOLDER, "
            "with ca.pem, cert.pem and key.pem in it."
        )
    keys = keys_in(security)
    from distributed import Client

    try:
        client = Client(scheduler, security=keys, timeout=patience)
    except (OSError, TimeoutError, ssl.SSLError) as error:
        raise CourseError(f"no scheduler answers at {scheduler}: {error}") from None
    with client:
        yield from mark_with(client, task, secret, waiting, limits=limits, unsafe=unsafe)


def keys_in(folder: Path) -> Any:
    """Return what lets a program of Dask in: the certificate that both ends show.

    Args:
        folder: of ca.pem, cert.pem and key.pem; `course cluster up` makes them.

    Raises:
        CourseError: when one of them is missing or no key, or Dask is.
    """
    missing = [name for name in FILES.values() if not (folder / name).is_file()]
    if missing:
        raise CourseError(
            f"{folder} lacks {', '.join(missing)}. `course cluster up` makes them; carry that "
            "folder to every machine that marks."
        )
    try:
        from distributed.security import Security
    except ImportError:
        raise CourseError(MISSING) from None
    authority, cert, key = (str(folder / name) for name in FILES.values())
    files = {
        f"tls_{role}_{part}": file
        for role in ROLES
        for part, file in (("cert", cert), ("key", key))
    }
    keys = Security(require_encryption=True, tls_ca_file=authority, **files)
    try:
        keys.get_connection_args("client")
    except (OSError, ssl.SSLError) as error:
        raise CourseError(
            f"the keys in {folder} are no certificate with its key: {error}"
        ) from None
    return keys


def mark_with(
    client: Any,
    task: Task,
    secret: str,
    waiting: Sequence[HandIn],
    *,
    limits: Limits,
    unsafe: bool = False,
) -> Iterator[tuple[HandIn, dict[str, Any]]]:
    """Mark hand-ins by a Dask client; see `mark_on_cluster`."""
    from distributed import as_completed

    what = ("assignment" if task.trained or not task.name.isdigit() else "lesson", task.name)
    jobs = {
        client.submit(
            mark_there, what, task.digest, secret, limits, unsafe, hand_in.loaded(),
            pure=False, retries=RETRIES,
        ): hand_in
        for hand_in in waiting
    }  # fmt: skip
    for job in as_completed(list(jobs)):
        try:
            yield jobs[job], job.result()
        except CourseError:
            raise
        except Exception as error:
            said = f"{jobs[job].name} could not be marked on any machine: {error}"
            raise CourseError(said) from None


_markers: dict[Any, Marker] = {}
_one_at_a_time = threading.Lock()


def mark_there(
    what: tuple[str, str], digest: str, secret: str, limits: Limits, unsafe: bool, hand_in: HandIn
) -> dict[str, Any]:
    """Mark one hand-in on this machine, in a sandbox that stays for the next."""
    with _one_at_a_time:
        key = (what, digest, secret, limits, unsafe)
        if key not in _markers:
            _markers[key] = _marker(what, digest, secret, limits, unsafe)
        return _markers[key].mark(hand_in)


def _marker(
    what: tuple[str, str], digest: str, secret: str, limits: Limits, unsafe: bool
) -> Marker:
    task = load_task(*what)
    if digest.endswith(partial.MARK):
        task = partial.with_partial_credit(task)
    if task.digest != digest:
        raise CourseError(
            f"a worker has another version of {what[0]} {what[1]}: bring all checkouts to one."
        )
    sandbox = Sandbox(task.master.sources, limits, unsafe=unsafe)
    atexit.register(sandbox.close)
    return Marker(task, secret, sandbox)
