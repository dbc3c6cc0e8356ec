import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from resources.models import Kind, Level, Topic
from resources.rag import search
from resources.ranking import Filters

HELP = """Search the catalogue as a learner's question does.

  manage.py search "how do transformers work?"
  manage.py search "graph neural networks" --level beginner --limit 3
  manage.py search --batch queries.jsonl --json --limit 100 > results.jsonl

--batch reads lines {"id": …, "text": …} ("-" is standard input) and, with --json, writes lines
{"id": …, "results": [{"id", "url", "score"}]} in the same order.
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(
            *args, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("query", metavar="QUERY", nargs="?")
        parser.add_argument("--batch", metavar="FILE", help="queries, one JSON object a line")
        parser.add_argument("--json", action="store_true", help="JSON Lines instead of text")
        parser.add_argument("--limit", type=int, default=5, help="results a query (default 5)")
        parser.add_argument("--level", choices=Level.values, default="")
        parser.add_argument("--kind", choices=Kind.values, default="")
        parser.add_argument("--topic", default="", help="a topic's slug; those below it count too")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["query"]) == bool(options["batch"]):
            raise CommandError("say either QUERY or --batch FILE")
        if not 1 <= options["limit"] <= 1000:
            raise CommandError(f"--limit must be from 1 to 1000, {options['limit']} was given")
        topic = options["topic"]
        if topic and not Topic.objects.filter(slug=topic).exists():
            raise CommandError(f"--topic: there is no topic {topic!r}")
        filters = Filters(options["level"], options["kind"], topic)
        if options["query"]:
            self._one(options["query"], filters, options["limit"], as_json=options["json"])
            return
        for query_id, text in _queries(options["batch"]):
            found = search.search(text, filters, options["limit"])
            if options["json"]:
                self._write_json({"id": query_id}, found)
            else:
                self.stdout.write(f"\n{query_id}: {text}")
                self._write_text(found)

    def _one(self, query: str, filters: Filters, limit: int, *, as_json: bool) -> None:
        started = time.perf_counter()
        found = search.search(query, filters, limit)
        took = (time.perf_counter() - started) * 1000
        if as_json:
            self._write_json({"query": query}, found)
            return
        if found.searched_for != query:
            self.stdout.write(f"searched for: {found.searched_for}")
        self._write_text(found)
        if found.relaxed:
            self.stdout.write(f"filters given up to reach three: {', '.join(found.relaxed)}")
        if found.missing:
            self.stdout.write("the query could not be embedded: found by words alone")
        self.stdout.write(f"{len(found.resources)} results in {took:.0f} ms")

    def _write_text(self, found: search.Found) -> None:
        for number, resource in enumerate(found.resources, start=1):
            year = f", {resource['year']}" if resource["year"] else ""
            level = f", {resource['level']}" if resource["level"] else ""
            self.stdout.write(f"{number}. {resource['title']} ({resource['kind']}{level}{year})")
            self.stdout.write(f"   {resource['url']}")
            self.stdout.write(f"   {resource['reason']}  [{resource['score']:.3f}]")

    def _write_json(self, head: dict[str, Any], found: search.Found) -> None:
        results = [{k: r[k] for k in ("id", "url", "score")} for r in found.resources]
        self.stdout.write(json.dumps(head | {"results": results}, ensure_ascii=False))


def _queries(source: str) -> Iterator[tuple[Any, str]]:
    for number, line in enumerate(_lines(source), start=1):
        if not line.strip():
            continue
        try:
            query = json.loads(line.decode())
            yield query["id"], str(query["text"])
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(
                f'--batch: {source}:{number}: must be {{"id": …, "text": …}}: {error!r}'
            ) from error


def _lines(source: str) -> Iterator[bytes]:
    if source == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(source).open("rb") as file:
            yield from file
    except OSError as error:
        raise CommandError(f"--batch: {source}: {error.strerror}") from error
