"""Whether a call of the model server would be done in time, by how long such calls took lately.

A call that its deadline cuts off has cost the machine as much as one that made it, and served
nobody. How long one takes depends on how many are under way, so each number of them has an estimate
of its own: the smoothed mean and deviation of RFC 6298, section 2.
"""

import math
import threading
import time
from dataclasses import dataclass

GAIN = 1 / 4  # of a new time; RFC 6298 has 1/8, for more samples than there are calls
DEVIATIONS = 1.0
# One that is cut off may have had bad luck, so many in a row had not.
MISSES = 2
# After so long a call is tried although those before it were too slow: slow spells end.
RETRY_S = 3.0


@dataclass
class _Estimate:
    mean: float
    deviation: float
    at: float  # when it was last tried
    misses: int = 0  # in a row, of calls that would have taken nobody knows how long

    @property
    def seconds(self) -> float:
        if self.misses >= MISSES:
            return math.inf
        return self.mean + DEVIATIONS * self.deviation


class Pace:
    """What calls of one kind take in this process; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._estimates: dict[int, _Estimate] = {}

    def allows(self, under_way: int, seconds: float) -> bool:
        """Whether a call with which *under_way* are is likely to end within *seconds*."""
        now = time.monotonic()
        with self._lock:
            # With more at once none gets faster.
            known = (e for n, e in self._estimates.items() if n <= under_way)
            slowest = max(known, key=lambda e: e.seconds, default=None)
            if slowest is None or slowest.seconds <= seconds:
                return True
            if now - slowest.at < RETRY_S:
                return False
            slowest.at = now
            return True

    def ended(self, under_way: int, took: float) -> None:
        """A call with which *under_way* were took so many seconds, and was in time."""
        with self._lock:
            for n, known in list(self._estimates.items()):
                # What was learnt in a slow spell: fewer at once are no slower than these were.
                if (n < under_way and known.mean > took) or (n <= under_way and known.misses):
                    del self._estimates[n]
            estimate = self._estimates.setdefault(under_way, _Estimate(took, took / 4, 0.0))
            estimate.deviation += GAIN * (abs(estimate.mean - took) - estimate.deviation)
            estimate.mean += GAIN * (took - estimate.mean)
            estimate.at = time.monotonic()

    def missed(self, under_way: int) -> None:
        """A call with which *under_way* were was cut off by its deadline."""
        with self._lock:
            estimate = self._estimates.setdefault(under_way, _Estimate(0.0, 0.0, 0.0))
            estimate.misses += 1
            estimate.at = time.monotonic()

    def forget(self) -> None:
        """As if none had been made."""
        with self._lock:
            self._estimates.clear()
