"""Where rooms are kept, and for how long: a file's name says when it goes."""

import os
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

#: Days that a room is kept, unless said otherwise.
DAYS = 30
_NAME = re.compile(
    r"room-\d{8}-\d{6}-until-(\d{4}-\d{2}-\d{2})\.(sqlite|sqlite-wal|sqlite-shm|pem)"
)


def boards_folder() -> Path:
    """Return the folder of all rooms: `COURSE_BOARDS`, or the user's data."""
    if named := os.environ.get("COURSE_BOARDS"):
        return Path(named).expanduser()
    from platformdirs import user_data_dir

    return Path(user_data_dir("attention-course", appauthor=False)) / "boards"


def new_room(folder: Path, days: int, now: datetime | None = None) -> Path:
    """Return the file of a new room, which goes after so many days."""
    now = now or datetime.now(UTC)
    until = (now + timedelta(days=days)).date()
    return folder / f"room-{now:%Y%m%d-%H%M%S}-until-{until}.sqlite"


def newest_room(folder: Path) -> Path | None:
    """Return the file of the room that began last, or None."""
    return max(folder.glob("room-*-until-*.sqlite"), default=None)


def sweep(folder: Path, today: date | None = None) -> list[str]:
    """Delete the files whose day has come, and return their names."""
    today = today or datetime.now(UTC).date()
    gone = []
    with suppress(OSError):
        for path in sorted(folder.iterdir()):
            found = _NAME.fullmatch(path.name)
            if found and date.fromisoformat(found[1]) < today:
                path.unlink()
                gone.append(path.name)
    return gone
