"""How often somebody may do something: a bucket that fills again."""

import time
from collections.abc import Callable, Hashable

#: Buckets kept; when there are more, full ones go, and then the oldest.
MOST = 4096


class Limit:
    """So many at once, and so many a second after that, for each key.

    Args:
        burst: at once.
        rate: a second.
        clock: in seconds.

    >>> limit = Limit(burst=1, rate=0.5, clock=lambda: 10.0)
    >>> limit.wait("ada"), limit.wait("ada"), limit.wait("ben")
    (0.0, 2.0, 0.0)
    """

    def __init__(
        self, *, burst: float, rate: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.burst, self.rate, self._clock = burst, rate, clock
        self._left: dict[Hashable, tuple[float, float]] = {}

    def wait(self, key: Hashable, cost: float = 1.0) -> float:
        """Take from a bucket and return 0, or take nothing and return seconds to wait."""
        now = self._clock()
        left = self.left(key)
        if left < cost:
            return (cost - left) / self.rate
        self._left.pop(key, None)
        self._left[key] = (left - cost, now)
        if len(self._left) > MOST:
            self._tidy()
        return 0.0

    def left(self, key: Hashable) -> float:
        """Return what is in a bucket."""
        left, at = self._left.get(key, (self.burst, 0.0))
        return min(self.burst, left + (self._clock() - at) * self.rate)

    def _tidy(self) -> None:
        for key in [key for key in self._left if self.left(key) >= self.burst]:
            del self._left[key]
        while len(self._left) > MOST:
            del self._left[next(iter(self._left))]
