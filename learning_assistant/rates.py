"""How often somebody may ask: `60/m`, or `off`."""

import re
from dataclasses import dataclass
from functools import cache

OFF = "off"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FORM = re.compile(r"([1-9][0-9]{0,6})/([smhd])", re.ASCII)


@dataclass(frozen=True)
class Rate:
    """So many *times* at once, and one more each time that *seconds* / *times* have passed."""

    times: int
    seconds: int

    @property
    def every_us(self) -> int:
        """Microseconds after which one more is allowed."""
        return self.seconds * 1_000_000 // self.times

    def __str__(self) -> str:
        return f"{self.times} requests at once and then one every {self.every_us / 1e6:g} s"


def rate(raw: str) -> str:
    """A cast for settings: *raw* itself, when it can be read."""
    if raw != OFF and _FORM.fullmatch(raw) is None:
        raise ValueError("say how often in which time, as 10/s, 60/m, 600/h or 9000/d, or off")
    return raw


@cache
def read(raw: str) -> Rate | None:
    """The rate that a setting names; None for `off`."""
    found = _FORM.fullmatch(rate(raw))
    return Rate(int(found[1]), _SECONDS[found[2]]) if found else None
