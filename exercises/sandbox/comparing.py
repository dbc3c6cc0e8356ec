"""Comparing and showing results as they crossed (fence.wire), outside of any sandbox.

Equal as a teacher would have it, who looks at the value and not at its wrapping:

- 1 equals 1.0, and True equals neither;
- a list equals a tuple of the same values, a set a frozenset;
- floats are equal within 1e-9 of their size (1e-12 near zero), or within a test's own tolerance,
  and nan equals nan;
- what has to be read first (a range, a generator, the keys of a dictionary) equals no list.

Nothing of a learner's is hashed or called here: keys and members are compared as text, so numbers
that were chosen to share a hash cost no more than others.
"""

import json
import math
from typing import Any

from exercises.fence import wire

CLOSE = 1e-9
NEAR_ZERO = 1e-12
SHOWN = 400

Wire = Any  # what json.loads makes of the text that crossed
_encode, _ = wire.codec()


# What reading something that is not in the form of a result comes to.
_AMISS = (
    TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip


class Unreadable(Exception):
    """What came out of a sandbox is not what comes out of one."""


def to_wire(value: object) -> Wire:
    """A value of ours, such as the expected one, in the form in which results come."""
    return json.loads(_encode(value))


def read(text: str) -> Wire:
    """The text that crossed. Raises Unreadable."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)[:SHOWN]) from error


def same(expected: Wire, got: Wire, tolerance: float | None = None) -> bool:
    """Whether *got* is what was expected. Raises Unreadable for what is no value."""
    try:
        return _same(expected, got, tolerance)
    except _AMISS as error:
        raise Unreadable(str(error)[:SHOWN]) from error


def _same(expected: Wire, got: Wire, tolerance: float | None) -> bool:
    kind, a = _opened(expected)
    other, b = _opened(got)
    if kind != other:
        return False
    if kind == "number":
        return _close(a, b, tolerance)
    if kind == "list":
        return len(a) == len(b) and all(_same(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if kind == "set":
        return _same_set(a, b, tolerance)
    if kind == "dict":
        return _same_dict(a, b, tolerance)
    if kind == "complex":
        return all(_close(x, y, tolerance) for x, y in zip(a, b, strict=True))
    return bool(a == b) and kind != "other"


def _opened(value: Wire) -> tuple[str, Any]:
    """The kind of a value, as far as it counts, and what is in it."""
    if value is None or isinstance(value, bool):
        return "constant", value
    if isinstance(value, (int, float)):
        return "number", value
    if isinstance(value, str):
        return "text", value
    if isinstance(value, list):
        return "list", value
    ((kind, held),) = value.items()
    if kind == "int":
        return "number", int(held, 16)
    if kind in ("tuple", "list"):
        return "list", held
    return ("set" if kind == "frozenset" else kind), held


def _close(a: float, b: float, tolerance: float | None) -> bool:
    if a == b:
        return True
    if isinstance(a, int) and isinstance(b, int) and tolerance is None:
        return False
    try:
        x, y = float(a), float(b)
    except OverflowError:
        return False
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    if tolerance is not None:
        return abs(x - y) <= tolerance
    return math.isclose(x, y, rel_tol=CLOSE, abs_tol=NEAR_ZERO)


def _key(value: Wire) -> str:
    """A text that equal values share, whatever their wrapping."""
    kind, held = _opened(value)
    if kind == "number":
        exact = isinstance(held, float) and held.is_integer()
        return f"n{hex(int(held)) if exact or isinstance(held, int) else repr(held)}"
    if kind == "list":
        return f"[{','.join(map(_key, held))}]"
    if kind == "set":
        return f"{{{','.join(sorted(map(_key, held)))}}}"
    return f"{kind}{json.dumps(held)}"


def _same_set(a: list[Wire], b: list[Wire], tolerance: float | None) -> bool:
    if len(a) != len(b):
        return False
    if sorted(map(_key, a)) == sorted(map(_key, b)):
        return True
    opened = [[_opened(value) for value in values] for values in (a, b)]
    if any(kind != "number" for values in opened for kind, _ in values):
        return False
    left, right = (sorted(number for _, number in values) for values in opened)
    return all(_close(x, y, tolerance) for x, y in zip(left, right, strict=True))


def _same_dict(a: list[Wire], b: list[Wire], tolerance: float | None) -> bool:
    left = {_key(key): value for key, value in a}
    right = {_key(key): value for key, value in b}
    return left.keys() == right.keys() and all(
        _same(value, right[key], tolerance) for key, value in left.items()
    )


def type_name(value: Wire) -> str:
    """The name of a result's type, as a learner knows it."""
    if isinstance(value, dict):
        ((kind, held),) = value.items()
        named = {"keys": "dict_keys", "values": "dict_values", "items": "dict_items"}
        return str(held[0])[:80] if kind == "other" else str(named.get(kind, kind))
    return "None" if value is None else type(value).__name__


def show(value: Wire, limit: int = SHOWN) -> str:
    """*value* as Python writes it, at most *limit* characters. Raises Unreadable."""
    try:
        text = _shown(value, limit)
    except _AMISS as error:
        raise Unreadable(str(error)[:SHOWN]) from error
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


BRACKETS = {
    "list": "[]", "tuple": "()", "set": "{}", "frozenset": ("frozenset({", "})"),
    "deque": ("deque([", "])"), "iterator": ("<iterator over [", "]>"),
    "keys": ("dict_keys([", "])"), "values": ("dict_values([", "])"),
    "items": ("dict_items([", "])"),
}  # fmt: skip


def _shown(value: Wire, limit: int) -> str:
    if isinstance(value, str):
        return repr(value[: limit + 1])
    if isinstance(value, list):
        return f"[{_listed(value, limit)}]"
    if not isinstance(value, dict):
        return repr(value)
    ((kind, held),) = value.items()
    if kind == "int":
        number = int(held, 16)
        few = number.bit_length() < 4_000  # longer ones Python refuses to write out
        return str(number) if few else f"<int of {number.bit_length()} bits>"
    if kind == "dict":
        return f"{{{', '.join(_pairs(held, limit))}}}"
    if kind in BRACKETS:
        if not held and kind == "set":
            return "set()"
        left, right = BRACKETS[kind]
        comma = "," if kind == "tuple" and len(held) == 1 else ""
        return f"{left}{_listed(held, limit)}{comma}{right}"
    return _atom(kind, held, limit)


def _atom(kind: str, held: Any, limit: int) -> str:
    if kind == "bytes":
        return repr(bytes.fromhex(held[: 2 * limit]))
    if kind == "complex":
        return repr(complex(*held))
    if kind == "range":
        return f"range({', '.join(_shown(part, limit) for part in held)})"
    if kind == "other":
        return f"<{str(held[0])[:80]}>"
    return f"{kind}({str(held)[:limit]!r})"


def _listed(values: list[Wire], limit: int) -> str:
    """As many of them as fit."""
    parts: list[str] = []
    room = limit
    for value in values:
        if room <= 0:
            parts.append("…")
            break
        parts.append(_shown(value, room))
        room -= len(parts[-1]) + 2
    return ", ".join(parts)


def _pairs(pairs: list[Wire], limit: int) -> list[str]:
    parts: list[str] = []
    room = limit
    for key, value in pairs:
        if room <= 0:
            parts.append("…")
            break
        parts.append(f"{_shown(key, room)}: {_shown(value, room)}")
        room -= len(parts[-1]) + 2
    return parts


def clean(text: str, limit: int = SHOWN) -> str:
    """*text* cut to *limit*, without what PostgreSQL can't store: NUL and lone surrogates."""
    kept = text[: limit + 1].replace("\0", "\N{SYMBOL FOR NULL}")
    kept = kept.encode("utf-8", "replace").decode("utf-8")
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"
