"""Lines of a file, graded each by what it holds: `grade --batch`.

A kind of line is known by its keys. Another kind is another entry in `KINDS`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exercises import sandbox
from exercises.grading import batch_short
from exercises.sandbox import Limits, Run, Runner

Line = dict[str, Any]
ID_KINDS = (str, int)
# More than a learner's answer gets: what is graded here may be anybody's, and nobody waits.
CODE_SECONDS = 4.0
CODE_CHARS = 100_000


class BadLine(Exception):
    """A line that can't be graded: what is wrong with it."""


@dataclass(frozen=True)
class Options:
    """What the command was told."""

    runner: Runner | None = None
    seconds: float = CODE_SECONDS


@dataclass(frozen=True)
class Kind:
    """One kind of line. `grade` gets a line that has the required keys, as text."""

    name: str
    required: frozenset[str]  # beside "id"
    grade: Callable[[Line, Options], Line]
    parallel: bool = False  # may be graded in several threads


def code(line: Line, options: Options) -> Line:
    """{"code", "tests", "entry_point"?} -> {"verdict", …}."""
    entry = line.get("entry_point") or ""
    if not isinstance(entry, str) or (entry and not entry.isidentifier()):
        raise BadLine(f"entry_point must be a name, {entry!r} was given")
    limits = Limits(options.seconds, 2 * options.seconds, code_chars=CODE_CHARS)
    run = sandbox.run_script(line["code"], line["tests"], entry, limits, options.runner)
    return _said(run)


def _said(run: Run) -> Line:
    fault = run.fault
    said: Line = {
        "verdict": run.verdict.value,
        "runner": run.runner,
        "seconds": round(run.seconds, 3),
        "error": None,
    }
    if fault is not None:
        said["error"] = {
            "kind": fault.kind.value,
            "type": fault.type,
            "message": fault.message,
            "line": fault.line,
            "source": fault.source,
            "in": "tests" if fault.in_tests else "code",
        }
    if run.tried:
        said["tried"] = run.tried
    return said


def short(line: Line, options: Options) -> Line:
    """{"question", "reference", "answer", "max"?} -> {"score", "max", "by"}."""
    try:
        return batch_short.grade_line(line)
    except batch_short.BadLine as error:
        raise BadLine(str(error)) from error


KINDS: tuple[Kind, ...] = (
    Kind("code", frozenset({"code", "tests"}), code, parallel=True),
    Kind("short answer", batch_short.KEYS, short),
)


def read(raw: bytes) -> tuple[Line, Kind]:
    """One line. Raises BadLine, which names the key."""
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"not JSON: {error}") from error
    if not isinstance(line, dict):
        raise BadLine(f"must be an object, {type(line).__name__} was given")
    kind = _kind(line)
    if not isinstance(line.get("id"), ID_KINDS) or isinstance(line["id"], bool):
        raise BadLine(f"id must be a text or a whole number, {line.get('id')!r} was given")
    for key in sorted(kind.required):
        if not isinstance(line[key], str):
            raise BadLine(f"{key} must be a text, {type(line[key]).__name__} was given")
    return line, kind


def _kind(line: Line) -> Kind:
    for kind in KINDS:
        if kind.required <= line.keys():
            return kind
    forms = " or ".join(", ".join(["id", *sorted(kind.required)]) for kind in KINDS)
    raise BadLine(f"needs the keys {forms}; it has {', '.join(map(str, line)) or 'none'}")


def identity(raw: bytes) -> Any:
    """The id of a bad line, where it has one."""
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    found = line.get("id") if isinstance(line, dict) else None
    return found if isinstance(found, ID_KINDS) else None
