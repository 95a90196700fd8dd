"""What waits to be sent: a file for each event, written whole, gone when the board has it.

Kernels of one work folder share an outbox. Two may send one event; the board takes its id once.
"""

import json
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

#: More than a long day gives; what comes then is not kept.
MOST = 5000


class Outbox:
    """Events in a folder, in the order in which they came; in memory where there is no folder.

    Args:
        folder: made when missing; None keeps them in memory.

    >>> box = Outbox(None)
    >>> name = box.add({"kind": "hint"})
    >>> [event["kind"] for _, event in box.first(5)]
    ['hint']
    >>> box.drop([name])
    >>> len(box)
    0
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._kept: dict[str, dict[str, Any]] = {}

    def add(self, event: dict[str, Any]) -> str:
        """Keep an event under a new id and return its name; on a full disk, in memory."""
        event = {"id": uuid.uuid4().hex, "at": time.time(), **event}
        name = f"{time.time_ns():020d}-{event['id']}.json"
        if len(self) >= MOST:
            return name
        if self.folder is None or not self._write(self.folder, name, event):
            self._kept[name] = event
        return name

    def _write(self, folder: Path, name: str, event: dict[str, Any]) -> bool:
        half = folder / f".{name}.half"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            half.write_text(json.dumps(event), encoding="ascii")
            os.replace(half, folder / name)
        except (OSError, ValueError):
            with suppress(OSError):
                half.unlink()
            return False
        return True

    def names(self) -> list[str]:
        """Return the names of all that waits, oldest first."""
        found: list[str] = []
        if self.folder is not None:
            with suppress(OSError):
                found = [one for one in os.listdir(self.folder) if one.endswith(".json")]
        return sorted({*found, *self._kept})

    def __len__(self) -> int:
        return len(self.names())

    def first(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """Return the oldest events with their names; one that cannot be read is dropped."""
        found = []
        for name in self.names()[:count]:
            event = self._kept.get(name) or self._read(name)
            if event is None:
                self.drop([name])
            else:
                found.append((name, event))
        return found

    def _read(self, name: str) -> dict[str, Any] | None:
        assert self.folder is not None
        try:
            event = json.loads((self.folder / name).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return event if isinstance(event, dict) else None

    def drop(self, names: list[str]) -> None:
        """Forget events, by name."""
        for name in names:
            self._kept.pop(name, None)
            if self.folder is not None:
                with suppress(OSError):
                    (self.folder / name).unlink()
