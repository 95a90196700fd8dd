"""Events that the tests of progress record, and the names that come back."""

from course_lib.checking.progress import Event, ProgressStore


def check(name: str = "causal_mask", status: str = "passed", **more: str) -> Event:
    return Event(kind="check", lesson="04", name=name, status=status, **more)


def names(store: ProgressStore) -> list[str]:
    return [event.name for event in store.events()]
