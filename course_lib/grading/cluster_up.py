"""`course cluster up` and `course cluster join`: machines for `course grade --scheduler`.

Every connection is TLS, and both ends show the certificate of one folder: whoever has that folder
may mark, and see the hand-ins. It is made once, on the first machine, and carried to the others.
"""

import logging
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading.cluster import FILES, MISSING, keys_in

#: Dask's programs have pages besides, which anybody may read: only “ok” is left of them.
PAGES = {
    f"distributed.{who}.http.routes": ["distributed.http.health"] for who in ("scheduler", "worker")
}
ADDRESS = re.compile(r"tls://\S+:\d+")
#: Seconds in which a scheduler answers.
PATIENCE = 20
#: Signals that are a wish to stop.
STOPS = (signal.SIGINT, signal.SIGTERM)


def make_keys(folder: Path) -> bool:
    """Make a certificate that is its own authority, unless the folder holds one.

    Args:
        folder: for ca.pem, cert.pem and key.pem, readable for you alone.

    Returns:
        whether they were made.

    Raises:
        CourseError: when some of the three are there: nothing is overwritten.
    """
    held = [name for name in FILES.values() if (folder / name).exists()]
    if len(held) == len(FILES):
        return False
    if held:
        raise CourseError(
            f"{folder} holds {', '.join(held)}, but not all of {', '.join(FILES.values())}. "
            "Bring the missing ones, or name another folder: new ones are made there."
        )
    try:
        from distributed.security import Security

        pair = Security.temporary()
    except ImportError:
        raise CourseError(MISSING) from None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for role, name in FILES.items():
        with open(folder / name, "w", opener=_for_me_alone) as file:
            file.write(getattr(pair, role))
    return True


def _for_me_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def up(*, workers: int | None, security: Path, host: str, port: int) -> int:
    """Run a scheduler and workers on this machine until Ctrl+C; print how to use them.

    Args:
        workers: processes that mark; one for each processor when None.
        security: folder of the three PEM files; made when missing.
        host: address to listen at. 127.0.0.1 is reached from this machine alone.
        port: of the scheduler; 0 takes a free one.

    Returns:
        0.

    Raises:
        CourseError: when Dask is missing, or the address cannot be used.
    """
    made = make_keys(security)
    with _scheduler(workers, keys_in(security), host, port) as cluster:
        print(_how_to_use(cluster, security, made, local=host == "127.0.0.1"), flush=True)
        _until_stopped()
    print("The cluster is stopped.")
    return 0


@contextmanager
def _scheduler(workers: int | None, keys: Any, host: str, port: int) -> Iterator[Any]:
    import dask
    from distributed import LocalCluster

    dask.config.set(PAGES)
    try:
        cluster = LocalCluster(
            n_workers=os.cpu_count() if workers is None else workers,
            threads_per_worker=1,
            memory_limit=0,  # what is marked has limits of its own, in its sandbox
            security=keys,
            protocol="tls://",
            host=host,
            scheduler_port=port,
            dashboard_address=None,
        )
    except (OSError, RuntimeError) as error:
        cause = error.__cause__ or error
        raise CourseError(
            f"no scheduler can listen at {host}:{port}: {cause}. Name an address of this machine, "
            "and a free --port or none."
        ) from None
    with cluster:
        yield cluster


def _how_to_use(cluster: Any, security: Path, made: bool, *, local: bool) -> str:
    address, there = cluster.scheduler_address, security.resolve()
    elsewhere = (
        "Workers on other machines: start with --host and this machine's address in their network."
        if local
        else f"On another machine, with a copy of {there.name}/ brought by a way you trust:\n"
        f"  course cluster join {address} --security {there.name}"
    )
    return "\n".join(
        [
            f"Keys {'made' if made else 'found'} in {there}. Whoever has them can read hand-ins.",
            f"A scheduler and {len(cluster.workers)} workers run at {address}. Mark with:",
            f"  course grade SUBMISSIONS --to marks --assignment NAME --scheduler {address} "
            f"--security {security}",
            elsewhere,
            "Stop them with Ctrl+C.",
        ]
    )


def join(scheduler: str, *, workers: int | None, security: Path) -> int:
    """Run workers for the scheduler of another machine until Ctrl+C, or until it ends.

    Args:
        scheduler: its address, tls://HOST:PORT.
        workers: processes that mark; one for each processor when None.
        security: folder of the three PEM files, brought from there.

    Returns:
        0.

    Raises:
        CourseError: when the keys are not there, or nobody answers.
    """
    import asyncio

    if not ADDRESS.fullmatch(scheduler):
        raise CourseError(f"a scheduler's address is tls://HOST:PORT; yours is {scheduler!r}.")
    keys = keys_in(security)
    return asyncio.run(_work(scheduler, os.cpu_count() or 1 if workers is None else workers, keys))


async def _work(scheduler: str, workers: int, keys: Any) -> int:
    import asyncio

    import dask
    from distributed import Nanny
    from distributed.comm.addressing import get_address_host
    from distributed.utils import get_ip

    dask.config.set(PAGES)
    here = get_ip(get_address_host(scheduler))  # the address of this machine that leads there
    given = {"nthreads": 1, "security": keys, "memory_limit": 0, "death_timeout": PATIENCE}
    crew = [
        Nanny(scheduler, host=here, silence_logs=logging.ERROR, **given) for _ in range(workers)
    ]
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for one in STOPS:
        loop.add_signal_handler(one, stopped.set)
    try:
        await asyncio.gather(*crew)
    except Exception as error:
        raise CourseError(f"no scheduler answers at {scheduler}: {error}") from None
    print(f"{workers} workers mark for {scheduler}. Stop them with Ctrl+C.", flush=True)
    gone = [asyncio.ensure_future(nanny.finished()) for nanny in crew]
    await asyncio.wait(
        [asyncio.ensure_future(stopped.wait()), asyncio.ensure_future(asyncio.gather(*gone))],
        return_when=asyncio.FIRST_COMPLETED,
    )
    await asyncio.gather(*(nanny.close() for nanny in crew))
    print("The workers are stopped.")
    return 0


def _until_stopped() -> None:
    stopped = threading.Event()
    for one in STOPS:
        signal.signal(one, lambda *_: stopped.set())
    while not stopped.wait(1.0):
        pass
