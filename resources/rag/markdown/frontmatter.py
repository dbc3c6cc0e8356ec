"""YAML front matter as data for a JSON column: what the author wrote, nothing computed.

The nodes are turned into values here instead of by PyYAML's constructors: a number is one only
where it prints as it was written (`1.10`, `007` and `12:30` stay strings), `no` is not False, a key
is its text, and a tag that nobody knows does no harm.
"""

from typing import Any

import yaml

MAX_LENGTH = 65_536  # characters; PyYAML takes about a second for a megabyte
MAX_DEPTH = 20
MAX_ALIASES = 10  # even when each doubles what it names, that is a thousandfold
MAX_VALUES = 10_000
MAX_DIGITS = 15  # whole numbers that every JSON reader keeps exactly

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_timestamp = yaml.constructor.SafeConstructor().construct_yaml_timestamp
_TAG = "tag:yaml.org,2002:"


class Invalid(Exception):
    """No YAML, or more of it than front matter is; the message says what."""


class NotAMapping(Exception):
    """YAML, but no names with values: a text between two rules, most likely."""


def load(text: str) -> dict[str, Any]:
    """The names and values of the YAML *text*, all JSON-able. Raises `Invalid`, `NotAMapping`."""
    if len(text) > MAX_LENGTH:
        raise Invalid(f"longer than {MAX_LENGTH:,} characters")
    try:
        _check(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise Invalid(_told(error)) from error
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise NotAMapping
    values = _Values().of(node, 0)
    assert isinstance(values, dict)
    return values


def _told(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    mark = getattr(error, "problem_mark", None)
    # Counted from the first line of the file, which is the `---`.
    return f"line {mark.line + 2}: {problem}" if mark else str(problem)


def _check(text: str) -> None:
    """Look at the events alone, which takes no recursion and follows no alias."""
    depth = aliases = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > MAX_DEPTH:
            raise Invalid(f"nested deeper than {MAX_DEPTH}")
        if aliases > MAX_ALIASES:
            raise Invalid(f"more than {MAX_ALIASES} aliases")


class _Values:
    def __init__(self) -> None:
        self._made = 0

    def of(self, node: yaml.Node, depth: int) -> Any:
        self._made += 1
        if self._made > MAX_VALUES or depth > MAX_DEPTH * 2:  # a node may hold itself
            raise Invalid("aliases make too much of it")
        if isinstance(node, yaml.SequenceNode):
            return [self.of(item, depth + 1) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            made = self.of(value, depth + 1)
            if key.tag == f"{_TAG}merge":
                for merged in made if isinstance(made, list) else [made]:
                    if isinstance(merged, dict):
                        values = merged | values
            elif isinstance(key, yaml.ScalarNode):
                values[str(key.value)] = made
            else:
                values[str(self.of(key, depth + 1))] = made
        return values


def _scalar(node: yaml.Node) -> Any:
    written = str(node.value)
    match node.tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool" if written.lower() in ("true", "false"):
            return written.lower() == "true"
        case "int" if len(written) <= MAX_DIGITS and _is(int, written):
            return int(written)
        case "float" if len(written) <= MAX_DIGITS and _is(float, written):
            return float(written)
        case "timestamp":
            return _iso(node)
    return written


def _is(number: type[int] | type[float], written: str) -> bool:
    try:
        return str(number(written)) == written and written.strip("-")[:1].isdigit()
    except ValueError:
        return False


def _iso(node: Any) -> str:
    try:
        return str(_timestamp(node).isoformat())
    except (ValueError, OverflowError):  # the 31st of February
        return str(node.value)
