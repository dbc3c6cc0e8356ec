"""Which files of a folder are Markdown documents, and which look like one but are not read.

A document's name is the file system's own, from the top of the tree, with forward slashes. It is
not normalised to NFC: with two files whose names differ only in that, both must be found, and the
name must open the file. Where a name is no UTF-8, its odd bytes are shown as `\\xff`; such a name
can be stored, and `Found.path` still opens the file.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".md", ".markdown", ".mdx")
PASSED_OVER = frozenset(("node_modules",))  # besides all whose names begin with a dot


@dataclass(frozen=True)
class Found:
    path: Path
    name: str


@dataclass(frozen=True)
class Skipped:
    name: str
    reason: str


def walk(root: Path) -> Iterator[Found | Skipped]:
    """The Markdown files below *root*, sorted by name, and what is skipped, with the reason.

    A link is followed where it leads to something inside *root* that is not met under its own
    name, so that no text is read twice. Raises `OSError` when *root* itself can't be listed.
    """
    return iter(_Walk(root).found())


def _name(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")


class _Walk:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._real = os.path.realpath(root)
        self._met: dict[str, Found | Skipped] = {}
        self._links: list[str] = []
        # Real paths of what was met, to the names it was met under.
        self._folders: dict[str, str] = {}
        self._files: dict[str, str] = {}

    def found(self) -> list[Found | Skipped]:
        os.listdir(self._root)  # raises what is wrong with it
        self._below("", self._real)
        # Links last: what has a name of its own is met under that.
        while self._links:
            links, self._links = sorted(self._links), []
            for link in links:
                self._follow(link)
        return [self._met[name] for name in sorted(self._met)]

    def _at(self, name: str) -> str:
        return os.path.join(self._root, name)

    def _skip(self, name: str, reason: str) -> None:
        self._met[_name(name)] = Skipped(_name(name), reason)

    def _below(self, folder: str, real: str) -> None:
        """Note everything in *folder* and below it, without recursion: trees may be deep."""
        folders = [(folder, real)]
        while folders:
            folder, real = folders.pop()
            self._folders[real] = folder
            try:
                with os.scandir(self._at(folder)) as entries:
                    for entry in sorted(entries, key=lambda e: e.name):
                        self._note(entry, os.path.join(folder, entry.name), real, folders)
            except OSError as error:
                self._skip(folder, f"can't be listed: {error.strerror}")

    def _note(
        self, entry: os.DirEntry[str], name: str, above: str, folders: list[tuple[str, str]]
    ) -> None:
        if entry.name.startswith(".") or entry.name in PASSED_OVER:
            return
        if entry.is_symlink():
            self._links.append(name)
        elif entry.is_dir(follow_symlinks=False):
            folders.append((name, os.path.join(above, entry.name)))
        elif entry.name.lower().endswith(SUFFIXES):
            self._file(name, os.path.join(above, entry.name))

    def _file(self, name: str, real: str) -> None:
        try:
            regular = stat.S_ISREG(os.stat(real).st_mode)
        except OSError as error:
            self._skip(name, f"can't be read: {error.strerror}")
            return
        if not regular:
            self._skip(name, "is no regular file")
        else:
            self._files[real] = name
            self._met[_name(name)] = Found(self._root / name, _name(name))

    def _follow(self, name: str) -> None:
        document = name.lower().endswith(SUFFIXES)
        try:
            real = os.path.realpath(self._at(name), strict=True)
        except OSError as error:
            if document:
                self._skip(name, f"is a link that leads nowhere: {error.strerror}")
            return
        folder = os.path.isdir(real)
        if not folder and not document:
            return
        if os.path.commonpath([real, self._real]) != self._real:
            self._skip(name, "is a link that leads outside of the folder")
        elif folder and (own := self._folders.get(real)) is not None:
            self._skip(name, f"is a link to {_name(own) or 'the folder itself'}, which is read")
        elif not folder and (own := self._files.get(real)) is not None:
            self._skip(name, f"is a link to {_name(own)}, which is read")
        elif folder:
            self._below(name, real)
        else:
            self._file(name, real)
