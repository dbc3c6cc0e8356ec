"""An index of its own for a measurement, made by the product's own code, and its vectors' cache."""

import hashlib
import sqlite3
import sys
import time
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management import call_command

from learning_assistant import ollama
from resources.models import IndexVersion, Resource
from resources.rag import indexing, versions
from resources.services import catalogue
from tests.load.corpora import Collection


class VectorCache:
    """`ollama.embed` that asks the model once for each text, in this run or an earlier one."""

    def __init__(self, path: Path) -> None:
        self._ask = ollama.embed
        self._digests: dict[str, str] = {}
        self._db = sqlite3.connect(path)
        self._db.execute("CREATE TABLE IF NOT EXISTS vector (key TEXT PRIMARY KEY, value BLOB)")

    def embed(self, model: str, texts: Sequence[str], **options: Any) -> list[Sequence[float]]:
        head = f"{self._digest(model)} {options.get('dimensions')}\0"
        keys = [hashlib.sha256((head + text).encode()).hexdigest() for text in texts]
        known = {key: self._known(key) for key in keys}
        missing = {k: t for k, t in zip(keys, texts, strict=True) if known[k] is None}
        if missing:
            made = self._ask(model, list(missing.values()), **options)
            for key, vector in zip(missing, made, strict=True):
                known[key] = array("f", vector)
                self._db.execute(
                    "INSERT OR REPLACE INTO vector VALUES (?, ?)", [key, known[key].tobytes()]
                )
            self._db.commit()
        return [known[key].tolist() for key in keys]

    def _digest(self, model: str) -> str:
        if model not in self._digests:
            self._digests[model] = ollama.digests(seconds=60)[ollama.full_name(model)]
        return self._digests[model]

    def _known(self, key: str) -> Any:
        row = self._db.execute("SELECT value FROM vector WHERE key = ?", [key]).fetchone()
        return array("f", row[0]) if row else None


def use_cache(path: Path) -> VectorCache:
    """From now on the product's own code embeds through the cache at *path*."""
    cache = VectorCache(path)
    ollama.embed = cache.embed  # type: ignore[assignment]
    return cache


def load(collection: Collection) -> IndexVersion:
    """The *collection*, and nothing else, in the index."""
    call_command("migrate", verbosity=0)
    urls = {entry["url"] for entry in collection.entries}
    Resource.objects.exclude(url__in=urls).delete()
    for number, entry in enumerate(collection.entries, start=1):
        catalogue.upsert(entry)
        _tell("loaded", number, len(collection.entries))
    version = versions.active_or_first()
    indexing.index_lagging(version, lambda done, total: _tell("embedded", done, total))
    indexing.analyze()
    version.refresh_from_db()
    return version


_told = [0.0]


def _tell(what: str, done: int, total: int) -> None:
    """At most one line in two seconds, and the last one."""
    if done == total or time.monotonic() - _told[0] > 2:
        _told[0] = time.monotonic()
        sys.stderr.write(f"\r{what}: {done} of {total}   " + ("\n" if done == total else ""))
        sys.stderr.flush()
