"""How values cross the border of a sandbox: as JSON text, and as nothing else.

`codec` is used on both sides. Here it is imported; into a sandbox its source is fed, before
anything of the learner's. So it stands on what both runners know: no classes, no generators, no
imports but `json`. It keeps the builtins it needs in its own variables, since the learner's code
may put others in their place. A learner who gets hold of it can at most make up values, and a
function may return what it likes.

None, booleans, strings, floats, short integers and lists are what JSON has; all else is an object
with one key that names what it is:
{"int": hex}, {"tuple": […]}, {"set": […]}, {"frozenset": […]}, {"dict": [[key, value], …]},
{"bytes": hex}, {"complex": [real, imag]}, {"range": [start, stop, perhaps step]}, {"deque": […]},
{"keys" | "values" | "items": […]} of a dictionary, {"iterator": […]} with what it yields,
{"Decimal": text}, {"Fraction": text}, {"other": [name of its type, number or null]} for what
can't cross (the number finds it again where it was kept).
"""

from typing import Any

DEPTH = 40
NODES = 200_000
ITERATED = 10_000
PLAIN = 2**53  # integers up to here are the same in every reader of JSON


def codec(
    keep: Any = None, find: Any = None, depth_limit: int = DEPTH, node_limit: int = NODES
) -> tuple[Any, Any]:
    """`encode(value) -> str` and `decode(str) -> value`.

    *keep*, where given, keeps an object that can't cross and returns its number, *find* makes
    something of such a number. `encode` raises OverflowError for more than *node_limit* values.
    """
    import json

    dumps, loads = json.dumps, json.loads
    kind, length, whole, text, number = type, len, int, str, float
    array, fixed, table, bag, frozen, span = list, tuple, dict, set, frozenset, range
    octets, pair, is_a, base, following = bytes, complex, isinstance, hex, iter
    too_many, has, take, ended = OverflowError, hasattr, next, StopIteration
    views = {"dict_keys": "keys", "dict_values": "values", "dict_items": "items"}
    seen = [0]

    def integer(value: Any) -> Any:
        return value if -PLAIN < value < PLAIN else {"int": base(value)}

    def several(values: Any, depth: int) -> Any:
        return [pack(value, depth + 1) for value in values]

    def pack(value: Any, depth: int) -> Any:
        seen[0] += 1
        if seen[0] > node_limit:
            raise too_many("the value is too large")
        if value is None or value is True or value is False:
            return value
        is_type = kind(value)
        if is_type is whole:
            return integer(value)
        if is_type is text or is_type is number:
            return value
        if depth > depth_limit:
            return {"other": ["deeply nested value", None]}
        if is_type is array:
            return several(value, depth)
        if is_type is table:
            return {"dict": [[pack(k, depth + 1), pack(v, depth + 1)] for k, v in value.items()]}
        return rarer(value, depth)

    def rarer(value: Any, depth: int) -> Any:
        if is_a(value, fixed):
            return {"tuple": several(value, depth)}
        if is_a(value, bag):
            return {"set": several(value, depth)}
        if is_a(value, frozen):
            return {"frozenset": several(value, depth)}
        if is_a(value, octets):
            return {"bytes": value.hex()}
        if is_a(value, pair):
            return {"complex": [value.real, value.imag]}
        if is_a(value, span):
            return {"range": [integer(whole(part)) for part in text(value)[6:-1].split(", ")]}
        return by_name(value, depth, kind(value).__name__)

    def by_name(value: Any, depth: int, name: str) -> Any:
        if name in views:
            return {views[name]: several(value, depth)}
        if name == "deque":
            return {name: several(value, depth)}
        if name == "Decimal" or name == "Fraction":
            return {name: text(value)}
        # Of a class made from a builtin one only the value crosses, without what was changed.
        if is_a(value, whole):
            return integer(whole(value))
        if is_a(value, number):
            return number(value)
        if is_a(value, text):
            return text(value)
        if is_a(value, array):
            return several(value, depth)
        if is_a(value, table):
            return {"dict": [[pack(k, depth + 1), pack(v, depth + 1)] for k, v in value.items()]}
        if has(value, "__next__"):
            return {"iterator": several(first(value), depth)}
        return {"other": [name, keep(value) if keep is not None else None]}

    def first(iterator: Any) -> Any:
        found: list[Any] = []
        try:
            while length(found) < ITERATED:
                found.append(take(iterator))
        except ended:
            pass
        return found

    def encode(value: Any) -> str:
        seen[0] = 0
        return text(dumps(pack(value, 0)))

    def mapping(pairs: Any) -> Any:
        return table([(unpack(k), unpack(v)) for k, v in pairs])

    def unpack(wire: Any) -> Any:
        if is_a(wire, array):
            return [unpack(item) for item in wire]
        if not is_a(wire, table):
            return wire
        for name, held in wire.items():
            return of_kind(name, held)

    def of_kind(name: str, held: Any) -> Any:
        if name == "int":
            return whole(held, 16)
        if name == "dict":
            return mapping(held)
        if name == "bytes":
            return octets.fromhex(held)
        if name == "complex":
            return pair(held[0], held[1])
        if name == "range":
            return span(*unpack(held))
        if name == "other":
            return find(held)
        if name == "Decimal" or name == "Fraction":
            return numeric(name, held)
        return of_several(name, [unpack(item) for item in held])

    def of_several(name: str, values: Any) -> Any:
        if name == "tuple":
            return fixed(values)
        if name == "set":
            return bag(values)
        if name == "frozenset":
            return frozen(values)
        if name == "keys":
            return table([(value, None) for value in values]).keys()
        if name == "values":
            return table([(i, values[i]) for i in span(length(values))]).values()
        if name == "items":
            return table(values).items()
        if name == "deque":
            from collections import deque

            return deque(values)
        return following(values)

    def numeric(name: str, held: str) -> Any:
        if name == "Decimal":
            from decimal import Decimal

            return Decimal(held)
        from fractions import Fraction

        return Fraction(held)

    def decode(wire: str) -> Any:
        return unpack(loads(wire))

    return encode, decode
