import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Prefetch, QuerySet

from learning_assistant import ollama
from learning_assistant.commands import TeachingCommand
from resources.models import QueryVector, RegisteredQuery, VersionState
from resources.rag import registered

HELP = """Register texts that other programs ask the index by, in SQL.

  manage.py embed_query "how does the RAG pipeline work?" "session management"
  manage.py embed_query --file questions.txt       one text a line; "-" is standard input
  manage.py embed_query --list
  manage.py embed_query --remove "session management"

A registered text can then be used as

  SELECT document_path FROM rag_embeddings
  ORDER BY embedding <=> (SELECT ollama_embed('session management')) LIMIT 3;

The text must be the same to the letter, spaces included, and has 500 characters at most. It stays
known when another embedding model takes over. Registering a text again changes nothing; one that
begins with a hyphen follows "--". docs/reading-the-index.md shows the rest.
"""


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("texts", metavar="TEXT", nargs="*")
        parser.add_argument("--file", metavar="FILE", help="texts to register, one a line")
        parser.add_argument("--list", action="store_true", help="show what is registered")
        parser.add_argument("--remove", metavar="TEXT", help="forget a registered text")
        parser.add_argument("--json", action="store_true", help="JSON Lines instead of text")

    def handle(self, *args: Any, texts: list[str], **options: Any) -> None:
        ways = [bool(texts or options["file"]), options["list"], options["remove"] is not None]
        if sum(ways) != 1:
            raise CommandError("say one of: TEXT (or --file FILE), --list, --remove TEXT")
        if options["list"]:
            self._list(RegisteredQuery.objects.all(), as_json=options["json"])
        elif options["remove"] is not None:
            self._remove(options["remove"], as_json=options["json"])
        else:
            self._register(_given(texts, options["file"]), as_json=options["json"])

    def _register(self, texts: list[str], *, as_json: bool) -> None:
        try:
            done = registered.register(texts)
        except registered.NoIndex:
            raise CommandError(
                "the index is empty, so there is no model to embed with: "
                "load_catalogue --starter --wait"
            ) from None
        except ollama.ModelUnavailable as error:
            raise CommandError(
                f"not all is registered, {_known(texts)} of {len(set(texts))}: the embedding "
                f"model is away ({error}); start it, or set OLLAMA_HOST, and say this again"
            ) from error
        for version, reason in done.behind:
            self.stderr.write(f"not embedded yet for {version}, which is not active: {reason}")
        if as_json:
            new = set(done.new)
            queries = RegisteredQuery.objects.filter(text__in=texts)
            for query in _with_versions(queries):
                self._write_json(query, new=query.text in new)
            return
        self.stdout.write(f"{len(done.new)} registered, {len(done.known)} known before")

    def _remove(self, text: str, *, as_json: bool) -> None:
        try:
            registered.check(text)
        except registered.BadText as error:
            raise CommandError(f"--remove: {error}") from error
        removed, _ = RegisteredQuery.objects.filter(text=text).delete()
        if not removed:
            raise CommandError(f"--remove: {text[:100]!r} is not registered; see --list")
        self.stdout.write(_json({"text": text, "removed": True}) if as_json else "removed")

    def _list(self, queries: QuerySet[RegisteredQuery], *, as_json: bool) -> None:
        lacking = 0
        for query in _with_versions(queries):
            states = {vector.version.state for vector in query.vectors.all()}
            lacking += VersionState.ACTIVE not in states
            if as_json:
                self._write_json(query)
            else:
                self.stdout.write(query.text)
        if lacking:
            self.stderr.write(
                f"{lacking} of them the active version does not know: register them again"
            )

    def _write_json(self, query: RegisteredQuery, **more: Any) -> None:
        versions = [
            {"id": v.pk, "model": v.model, "dimension": v.dimension, "state": v.state}
            for v in (vector.version for vector in query.vectors.all())
        ]
        self.stdout.write(_json({"text": query.text, **more, "versions": versions}))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _known(texts: list[str]) -> int:
    active = QueryVector.objects.filter(version__state=VersionState.ACTIVE)
    return active.filter(query__text__in=texts).count()


def _with_versions(queries: QuerySet[RegisteredQuery]) -> QuerySet[RegisteredQuery]:
    vectors = QueryVector.objects.select_related("version").defer("embedding").order_by("version")
    return queries.order_by("pk").prefetch_related(Prefetch("vectors", vectors))


def _given(texts: list[str], source: str | None) -> list[str]:
    """All texts, each of them checked, before any is embedded."""
    found = [(text, "TEXT") for text in texts]
    if source is not None:
        found += [(text, f"{source}:{number}") for number, text in _lines(source)]
    for text, where in found:
        try:
            registered.check(text)
        except registered.BadText as error:
            raise CommandError(f"{where}: {error}") from error
    if not found:
        raise CommandError(f"--file: {source} holds no text")
    return [text for text, _ in found]


def _lines(source: str) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers; bytes that are not UTF-8 stay recognisable."""
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise CommandError(f"--file: {source}: {error.strerror}") from error
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line.strip():
            yield number, line.removesuffix(b"\r").decode(errors="surrogateescape")
