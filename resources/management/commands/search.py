import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError

from learning_assistant.commands import TeachingCommand, batch_lines
from resources.models import Document, Kind, Level, Topic
from resources.models.documents import HEADING_SEPARATOR
from resources.rag import search
from resources.ranking import Filters, NothingLeft, Scope

HELP = """Search the catalogue and the documents.

  manage.py search "how do transformers work?"
  manage.py search "graph neural networks" --level beginner --limit 3
  manage.py search "how are vectors stored?" --scope documents --path guides/
  manage.py search --batch queries.jsonl --json --limit 100 > results.jsonl

Resources alone are found as a learner finds them: filters are given up to reach three. Documents,
and --scope all, are found as a program finds them: no filter is given up.

--batch reads lines {"id": …, "text": …} ("-" is standard input) and, with --json, writes lines
{"id": …, "results": [{"id", "url", "score"}]} in the same order. With --scope documents or all a
result also has "type", "document_path", "heading_path" and "position"; what it has none of is null.
"""
Shown = list[dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    searched_for: str
    results: Shown
    relaxed: list[str]
    missing: list[str]


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("query", metavar="QUERY", nargs="?")
        parser.add_argument("--batch", metavar="FILE", help="queries, one JSON object a line")
        parser.add_argument("--json", action="store_true", help="JSON Lines instead of text")
        parser.add_argument("--limit", type=int, default=5, help="results a query (default 5)")
        parser.add_argument("--level", choices=Level.values, default="")
        parser.add_argument("--kind", choices=Kind.values, default="")
        parser.add_argument("--topic", default="", help="a topic's slug; those below it count too")
        parser.add_argument("--source", default="", help="the name of a tree of documents")
        parser.add_argument("--path", default="", help="what a document's path begins with")
        parser.add_argument(
            "--scope", choices=list(Scope), metavar="SCOPE",
            help="resources, documents or all (default: all, resources with --json or --batch)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["query"]) == bool(options["batch"]):
            raise CommandError("say either QUERY or --batch FILE")
        if not 1 <= options["limit"] <= 1000:
            raise CommandError(f"--limit must be from 1 to 1000, {options['limit']} was given")
        filters, scope = _asked(options)
        if options["query"]:
            self._one(options["query"], filters, scope, options["limit"], options["json"])
            return
        for query_id, text in _queries(options["batch"]):
            answer = _search(text, filters, scope, options["limit"])
            if options["json"]:
                self._write_json({"id": query_id}, answer, scope)
            else:
                self.stdout.write(f"\n{query_id}: {text}")
                self._write_text(answer.results)

    def _one(self, query: str, filters: Filters, scope: Scope, limit: int, as_json: bool) -> None:
        started = time.perf_counter()
        answer = _search(query, filters, scope, limit)
        took = (time.perf_counter() - started) * 1000
        if as_json:
            self._write_json({"query": query}, answer, scope)
            return
        if answer.searched_for != query:
            self.stdout.write(f"searched for: {answer.searched_for}")
        self._write_text(answer.results)
        if answer.relaxed:
            self.stdout.write(f"filters given up to reach three: {', '.join(answer.relaxed)}")
        if answer.missing:
            self.stdout.write("the query could not be embedded: found by words alone")
        self.stdout.write(f"{len(answer.results)} results in {took:.0f} ms")

    def _write_text(self, results: Shown) -> None:
        for number, result in enumerate(results, start=1):
            if result.get("type") == "document":
                about, where = f"document, {result['source']}", result["document_path"]
                if result["heading_path"]:
                    where += f"{HEADING_SEPARATOR}{result['heading_path']}"
            else:
                known = (result["kind"], result["level"], result["year"])
                about, where = ", ".join(str(v) for v in known if v), result["url"]
            self.stdout.write(f"{number}. {result['title']} ({about})")
            self.stdout.write(f"   {where}")
            self.stdout.write(f"   {result['reason']}  [{result['score']:.3f}]")

    def _write_json(self, head: dict[str, Any], answer: Answer, scope: Scope) -> None:
        names = ["id", "url", "score"]
        if scope is not Scope.RESOURCES:
            names = ["type", "id", "url", "document_path", "heading_path", "position", "score"]
        results = [{name: r[name] for name in names} for r in answer.results]
        self.stdout.write(json.dumps(head | {"results": results}, ensure_ascii=False))


def _asked(options: dict[str, Any]) -> tuple[Filters, Scope]:
    """The filters and the scope asked for. Raises CommandError, which names the option."""
    filters = Filters(**{name: options[name] for name in vars(Filters())})
    if filters.topic and not Topic.objects.filter(slug=filters.topic).exists():
        raise CommandError(f"--topic: there is no topic {filters.topic!r}")
    if filters.source and not Document.objects.filter(source=filters.source).exists():
        raise CommandError(f"--source: there is no tree of documents {filters.source!r}")
    asked = Scope(options["scope"] or Scope.ALL)
    try:
        narrowed = asked.narrowed(filters)
    except NothingLeft as error:
        raise CommandError(f"--{error.name}: {error}") from error
    if options["scope"]:
        return filters, asked
    by_program = options["json"] or options["batch"]
    return filters, Scope.RESOURCES if by_program and narrowed is Scope.ALL else narrowed


def _search(query: str, filters: Filters, scope: Scope, limit: int) -> Answer:
    if scope is Scope.RESOURCES:
        found = search.search(query, filters, limit)
        return Answer(found.searched_for, found.resources, found.relaxed, found.missing)
    results = search.find(query, filters, limit, scope)
    return Answer(results.searched_for, results.results, [], results.missing)


def _queries(source: str) -> Iterator[tuple[Any, str]]:
    for number, line in enumerate(batch_lines(source), start=1):
        if not line.strip():
            continue
        try:
            query = json.loads(line.decode())
            yield query["id"], str(query["text"])
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(
                f'--batch: {source}:{number}: must be {{"id": …, "text": …}}: {error!r}'
            ) from error
