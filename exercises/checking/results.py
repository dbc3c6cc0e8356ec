"""What a check says."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One check of one exercise: `detail` names what is wrong, or what was seen."""

    name: str
    passed: bool
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def check(name: str, *faults: str, seen: str = "") -> Check:
    """Passed when there is no fault; `seen` is told then."""
    told = [fault for fault in faults if fault]
    return Check(name, not told, "; ".join(told) or seen)
