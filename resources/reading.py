"""Catalogue files: JSON Lines or CSV, read line by line, each line good or bad by itself."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.text import slugify

from resources.models import Kind, Level, Status
from resources.models.catalogue import TOPIC_LENGTH

LIST_FIELDS = ("topics", "authors", "facets", "asks")
REQUIRED = ("title", "url", "kind")
KNOWN = frozenset(
    {
        *LIST_FIELDS,
        *REQUIRED,
        "level",
        "year",
        "language",
        "summary",
        "licence",
        "provenance",
        "status",
    }
)
_WORDS = {"kind": Kind.values, "level": Level.values, "status": Status.values}


class BadFile(Exception):
    """The file as a whole can't be read."""


@dataclass(frozen=True)
class Row:
    """A line of the file: its values, or what is wrong with it."""

    line: int
    values: dict[str, Any]
    fault: str = ""


def rows(path: Path) -> Iterator[Row]:
    """The rows of *path*, by its ending `.jsonl` or `.csv`. Raises `BadFile`."""
    if path.suffix not in (".jsonl", ".csv"):
        raise BadFile(f"{path}: must end in .jsonl or .csv")
    try:
        if path.suffix == ".csv":
            yield from _csv(path)
        else:
            yield from _json_lines(path)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from error


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if number == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if not raw.strip():
                continue
            try:
                values = json.loads(raw.decode())
            except UnicodeDecodeError:
                yield Row(number, {}, "is not UTF-8")
            except (ValueError, RecursionError) as error:
                yield Row(number, {}, f"is no JSON: {error}")
            else:
                yield _checked(number, values)


def _csv(path: Path) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        reader = csv.DictReader(file)
        missing = [name for name in REQUIRED if name not in (reader.fieldnames or [])]
        if missing:
            raise BadFile(f"{path}: the first line must name the columns; {missing} are missing")
        while True:
            try:
                raw = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(reader.line_num, {}, f"is no CSV: {error}")
                continue
            yield _from_csv(reader.line_num, raw)


def _from_csv(number: int, raw: dict[str | Any, Any]) -> Row:
    if None in raw:
        return Row(number, {}, "has more fields than the first line")
    values: dict[str, Any] = {k: v for k, v in raw.items() if v not in (None, "")}
    if any(0xDC80 <= ord(c) <= 0xDCFF for v in values.values() for c in v):
        return Row(number, {}, "is not UTF-8")
    for name in LIST_FIELDS:
        if name in values:
            values[name] = [item.strip() for item in values[name].split(";") if item.strip()]
    if "year" in values:
        try:
            values["year"] = int(values["year"])
        except ValueError:
            return Row(number, {}, f"year: {values['year']!r} is no number")
    return _checked(number, values)


def _checked(number: int, values: Any) -> Row:
    """The row with its types looked at; what the model checks is left to it."""
    if not isinstance(values, dict):
        return Row(number, {}, "is no JSON object")
    faults = [f"{name}: missing" for name in REQUIRED if not str(values.get(name) or "").strip()]
    faults += [f"{name}: unknown field" for name in sorted(set(values) - KNOWN)]
    for name, value in values.items():
        if name in LIST_FIELDS:
            if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
                faults.append(f"{name}: must be a list of strings")
            elif name == "topics":
                faults.extend(_not_slugs(value))
        elif name == "year":
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                faults.append(f"year: must be a whole number, {value!r} was given")
        elif not isinstance(value, str):
            faults.append(f"{name}: must be a string")
        elif "\0" in value:
            faults.append(f"{name}: holds a NUL character")
        elif name in _WORDS and value and value not in _WORDS[name]:
            faults.append(f"{name}: {value!r} is none of {', '.join(_WORDS[name])}")
    return Row(number, values, "; ".join(faults))


def _not_slugs(topics: list[str]) -> list[str]:
    return [
        f"topics: {topic[:TOPIC_LENGTH]!r} is no slug of at most {TOPIC_LENGTH} characters,"
        f" {slugify(topic)[:TOPIC_LENGTH]!r} would be"
        for topic in topics
        if topic != slugify(topic) or len(topic) > TOPIC_LENGTH
    ]


def objects(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file of our own, which has no broken lines."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
