"""Reading one Markdown file: whatever its bytes, a document with warnings, or `Unreadable`."""

import hashlib
import os
import stat
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin

from resources.rag.markdown import frontmatter
from resources.rag.markdown.blocks import Block, Heading, fenced
from resources.rag.markdown.decoding import NotText, decode
from resources.rag.markdown.parsing import parse

MAX_BYTES = 16 * 1024 * 1024
TITLE_LENGTH = 300


class Unreadable(Exception):
    """The file can't be read; *reason* says why, for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class ReadDocument:
    path: str  # the name it was read under, from the top of the tree
    title: str
    metadata: dict[str, Any]
    file_hash: str  # SHA-256 of the file's bytes, as they are on the disk
    encoding: str
    warnings: list[str]
    text: str  # without front matter
    blocks: list[Block] = field(repr=False, compare=False)


@dataclass
class _Parts:
    """A text, taken apart."""

    body: str
    metadata: dict[str, Any] = field(default_factory=dict)
    first_line: int = 1  # of the body
    warnings: list[str] = field(default_factory=list)


def read(path: Path, name: str) -> ReadDocument:
    """The document in the file *path*, called *name* in its tree. Raises `Unreadable`."""
    return read_bytes(_bytes(path), name)


def read_bytes(data: bytes, name: str) -> ReadDocument:
    """As `read`, for what was read already."""
    if len(data) > MAX_BYTES:
        raise _too_large(len(data))
    try:
        decoded = decode(data)
    except NotText:
        raise Unreadable("is no text but a binary file") from None
    parts = _taken_apart(decoded.text)
    mdx = PurePosixPath(name).suffix.lower() == ".mdx"
    parsed = parse(parts.body, mdx=mdx, first_line=parts.first_line)
    return ReadDocument(
        path=name,
        title=_title(parts.metadata, parsed.blocks, name),
        metadata=parts.metadata,
        file_hash=hashlib.sha256(data).hexdigest(),
        encoding=decoded.encoding,
        warnings=[*decoded.warnings, *parts.warnings, *parsed.warnings],
        text=parts.body,
        blocks=parsed.blocks,
    )


def _bytes(path: Path) -> bytes:
    try:
        # Without O_NONBLOCK, opening a pipe would wait for somebody to write into it.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as opened:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable("is no regular file")
            if status.st_size > MAX_BYTES:
                raise _too_large(status.st_size)
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"can't be read: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the name
        raise Unreadable(f"can't be read: {error}") from error


def _too_large(size: int) -> Unreadable:
    return Unreadable(
        f"is too large: {size:,} bytes, at most {MAX_BYTES:,} ({MAX_BYTES >> 20} MiB) are read"
    )


@cache
def _front_matter_parser() -> MarkdownIt:
    return MarkdownIt("zero").use(front_matter_plugin).disable("inline")


def _taken_apart(text: str) -> _Parts:
    """Front matter and body. Broken front matter stays in the body, so that nothing is lost."""
    if not text.startswith("---"):
        return _Parts(text)
    # No more than front matter may be long: what ends later is none.
    start = text[: frontmatter.MAX_LENGTH + 100] + "\n"
    first = next(iter(_front_matter_parser().parse(start)), None)
    lines = text.split("\n")
    if first is None or first.type != "front_matter" or first.map is None:
        return _Parts(text, warnings=_if_unclosed(lines))
    end = first.map[1]
    yaml, body = "\n".join(lines[1 : end - 1]), "\n".join(lines[end:])
    try:
        return _Parts(body, frontmatter.load(yaml), end + 1)
    except frontmatter.Invalid as error:
        # As code: dashes around it would make a heading of its last line.
        kept = f"{fenced(yaml, 'yaml')}\n{body}"
        return _Parts(kept, {}, 1, [f"front matter is no valid YAML ({error}); kept as text"])
    except frontmatter.NotAMapping:
        kept = f"\n{yaml}\n\n{body}"
        return _Parts(kept, {}, 1, ["front matter has no names and values; kept as text"])


def _if_unclosed(lines: list[str]) -> list[str]:
    """A warning where a name with a value follows on the dashes: that was meant as front matter."""
    name, colon, _ = lines[1].partition(":") if len(lines) > 1 else ("", "", "")
    meant = lines[0].rstrip() == "---" and colon and name.replace("-", "_").isidentifier()
    return ["front matter is never closed; kept as text"] if meant else []


def _title(metadata: dict[str, Any], blocks: list[Block], name: str) -> str:
    named = next((value for key, value in metadata.items() if key.lower() == "title"), None)
    if isinstance(named, str | int | float) and not isinstance(named, bool):
        title = " ".join(str(named).split())
    else:
        title = next((b.text for b in blocks if isinstance(b, Heading) and b.level == 1), "")
    title = title or PurePosixPath(name).stem or name
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"
