"""The bank: exercises that ship with the project, as files."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exercises.content import Item, Malformed, read_item


@dataclass(frozen=True)
class Entry:
    """One table of a bank file: the exercise in it, or what is wrong with it."""

    file: str
    slug: str
    item: Item | None
    fault: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.slug}"


def entries(folder: Path) -> Iterator[Entry]:
    """Every exercise of *folder*, file by file; a broken one does not hide the others."""
    seen: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8")).get("exercise", [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            yield Entry(path.name, "(the file)", None, f"no TOML: {error}")
            continue
        for number, table in enumerate(tables, start=1):
            slug = str(table.get("slug") or f"number {number}")
            fault = f"there are two exercises {slug}" if slug in seen else ""
            seen.add(slug)
            try:
                yield Entry(path.name, slug, read_item(table), fault)
            except Malformed as error:
                yield Entry(path.name, slug, None, str(error))
