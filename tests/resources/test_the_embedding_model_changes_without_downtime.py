"""A new version is built beside the active one; searches go on, in one version each."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from resources.models import (
    DenseVector,
    FacetVector,
    IndexEntry,
    IndexFault,
    IndexVersion,
    Resource,
    Status,
)
from resources.models.index import VersionState
from resources.rag import indexing, versions
from resources.rag.search import search
from resources.services import catalogue
from tests.commands import PROJECT
from tests.resources.making import add, filters, index
from tests.scripted import Script
from tests.stack import until


def reembed(*args: str, **options: Any) -> str:
    """What the command says; its errors are raised."""
    out, err = StringIO(), StringIO()
    call_command("reembed", *args, stdout=out, stderr=err, **options)
    return out.getvalue() + err.getvalue()


def zebras(number: int, **values: Any) -> list[Resource]:
    return [add(f"Zebra {n} of the herd", facets=["For foals"], **values) for n in range(number)]


def newest() -> IndexVersion:
    return IndexVersion.objects.order_by("-pk")[0]


def widths(version: IndexVersion) -> set[int]:
    """The dimensions of all vectors of *version*."""
    vectors = [*DenseVector.objects.filter(version=version)]
    vectors += [*FacetVector.objects.filter(version=version)]
    return {len(vector.embedding) for vector in vectors}


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "width"), [("wide", 96), ("wider", 768)])
def test_another_width_is_built_compared_activated_and_rolled_back(
    model_server: Script, model: str, width: int
) -> None:
    zebras(12)
    old = index()
    said = reembed("--model", model)
    new = newest()
    assert f"version {new.pk} is ready: 12 rows, 12 embedded" in said
    assert IndexVersion.objects.active() == old, "nothing has switched yet"
    assert (widths(old), widths(new)) == ({64}, {width})

    compared = reembed("--compare")
    assert re.search(r"132 questions: \d+% of the first ten in common", compared)
    assert "on the 132 judged questions" in compared

    assert f"reembed --rollback goes back to it, reembed --drop {old.pk}" in reembed("--activate")
    found = search("zebra 3", filters(), 5)
    assert (found.version, found.missing, len(found.hits)) == (new.pk, [], 5)

    assert f"active: version {old.pk}" in reembed("--rollback")
    assert search("zebra 3", filters(), 5).version == old.pk


@pytest.mark.django_db
def test_vectors_can_be_shortened(model_server: Script) -> None:
    zebras(4)
    index()
    reembed("--model", "wider", "--dimensions", "32")
    reembed("--activate")
    assert widths(newest()) == {32}
    found = search("zebra 3", filters(), 3)
    assert (found.missing, found.hits[0].title) == ([], "Zebra 3 of the herd")


@pytest.mark.django_db
def test_the_prefixes_of_known_models_are_put_in_front(model_server: Script) -> None:
    zebras(1)
    index()
    reembed("--model", "wide", "--query-prefix", "ask: ", "--passage-prefix", "tell: ")
    texts = [
        t for path, asked in model_server.calls if path == "/api/embed" for t in asked["input"]
    ]
    assert "tell: For foals" in texts
    reembed("--activate")
    search("zebra", filters(), 3)
    assert model_server.calls[-1][1]["input"] == ["ask: zebra"]


@pytest.mark.django_db
def test_a_change_lands_in_every_version_that_may_become_active(
    model_server: Script, work_off: Any, django_capture_on_commit_callbacks: Any
) -> None:
    herd = zebras(3)
    old = index()
    reembed("--model", "wide")
    with django_capture_on_commit_callbacks(execute=True):
        catalogue.upsert({"url": herd[0].url, "title": "Okapi", "kind": "book"})
        catalogue.queue_indexing([herd[0]])
        catalogue.set_status([herd[1]], Status.ARCHIVED)
    work_off()
    for version in (old, newest()):
        assert indexing.lag(version) == 0
        titles = IndexEntry.objects.filter(version=version).values_list(
            "resource__title", flat=True
        )
        assert sorted(titles) == ["Okapi", "Zebra 2 of the herd"]


@pytest.mark.django_db
def test_a_version_whose_model_is_away_keeps_nobody_waiting(
    model_server: Script, work_off: Any, django_capture_on_commit_callbacks: Any
) -> None:
    herd = zebras(3)
    old = index()
    reembed("--model", "wide")
    model_server.away = {"wide"}
    with django_capture_on_commit_callbacks(execute=True):
        catalogue.upsert({"url": herd[0].url, "title": "Okapi", "kind": "book"})
        catalogue.queue_indexing([herd[0]])
    work_off()
    assert (indexing.lag(old), indexing.lag(newest())) == (0, 1)
    with pytest.raises(CommandError, match="1 rows behind and its model is away"):
        reembed("--activate")
    assert IndexVersion.objects.active() == old
    model_server.away = set()
    reembed("--activate")
    assert IndexVersion.objects.active() == newest()
    assert indexing.lag(newest()) == 0


@pytest.mark.django_db
def test_what_the_model_refuses_is_told_row_by_row_and_keeps_nothing_back(
    model_server: Script,
) -> None:
    zebras(3)
    add("Cursed scroll")
    index()
    model_server.refused = {"Cursed"}
    said = reembed("--model", "wide")
    assert "is ready: 4 rows, 3 embedded" in said
    assert "1 refused by the model server" in said
    assert "Cursed scroll: the input is refused (status 400)" in said
    assert search("cursed scroll", filters(), 3).hits[0].title == "Cursed scroll"
    model_server.refused = set()
    reembed("--model", "wide")
    assert not IndexFault.objects.exists()
    assert indexing.lag(newest()) == 0


@pytest.mark.django_db
def test_the_same_recipe_is_not_built_twice(model_server: Script) -> None:
    zebras(2)
    old = index()
    assert f"version {old.pk} is active: 2 rows, 0 embedded" in reembed("--model", "all-minilm")
    reembed("--model", "wide")
    reembed("--model", "wide")
    assert IndexVersion.objects.count() == 2


@pytest.mark.django_db
def test_a_model_replaced_under_its_name_is_noticed(model_server: Script) -> None:
    zebras(3)
    index()
    model_server.digests = {"all-minilm:latest": "f" * 64}
    versions.ollama.digest_of._asked_at = float("-inf")
    found = search("zebra 1", filters(), 3)
    assert (found.missing, len(found.hits)) == (["embedding"], 3), "by words, never mixed"
    reembed("--model", "all-minilm")
    reembed("--activate")
    assert newest().digest == "f" * 64
    assert search("zebra 1", filters(), 3).missing == []


@pytest.mark.django_db
def test_a_dropped_version_leaves_its_record_only(model_server: Script) -> None:
    zebras(3)
    old = index()
    reembed("--model", "wide")
    new = newest()
    with pytest.raises(CommandError, match=f"version {old.pk} is active: activate another one"):
        reembed("--drop", str(old.pk))
    assert f"version {new.pk} is dropped" in reembed("--drop", str(new.pk))
    new.refresh_from_db()
    assert new.state == VersionState.RETIRED
    assert not IndexEntry.objects.filter(version=new).exists()
    with pytest.raises(CommandError, match="is retired: only one that is ready"):
        reembed("--activate", str(new.pk))
    with pytest.raises(CommandError, match="there is no version to go back to"):
        reembed("--rollback")
    assert search("zebra", filters(), 3).version == old.pk
    listed = reembed("--list")
    assert re.search(rf"{old.pk}  all-minilm .* active +3 +0", listed)
    assert re.search(rf"{new.pk}  wide .* retired +0 +-", listed)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--model", "nobody"], "`ollama pull nobody`"),
        (["--model", "wide", "--dimensions", "97"], "wide has 96 dimensions, 97 were asked for"),
        (["--model", "wide", "--dimensions", "0"], "--dimensions: at least 1, 0 was given"),
        (["--activate"], "no version is ready: reembed --model NAME builds one"),
        (["--activate", "999"], "there is no version 999; reembed --list shows them"),
        (["--compare"], "no version is ready"),
        (["--drop", "999"], "there is no version 999"),
    ],
)
def test_what_cannot_be_done_is_said(model_server: Script, args: list[str], words: str) -> None:
    model_server.away = {"nobody"}
    zebras(1)
    index()
    with pytest.raises(CommandError, match=re.escape(words)):
        reembed(*args)


def child(script: Script, *args: str) -> "subprocess.Popen[str]":
    """`manage.py reembed` as a process of its own, on the test's database and model server."""
    database = connection.settings_dict
    who = f"{database['USER']}:{quote(database['PASSWORD'], safe='')}"
    place = f"host={database['HOST']}&port={database['PORT']}"
    url = f"postgres://{who}@/{database['NAME']}?{place}"
    return subprocess.Popen(
        [sys.executable, "manage.py", "reembed", *args],
        cwd=PROJECT, env=os.environ | {"DATABASE_URL": url, "OLLAMA_HOST": script.url},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


HERD = 100
# The specification's own query.
SPECIFIED = (
    "SELECT document_path FROM rag_embeddings ORDER BY embedding <=> ollama_embed('zebras') LIMIT 3"
)


class Searchers:
    """Ten clients that search without pause, and what each of their searches found."""

    def __init__(self) -> None:
        self.versions: set[int | None] = set()
        self.faults: list[str] = []
        self.count = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=[n]) for n in range(10)]

    def __enter__(self) -> "Searchers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(30)

    def _work(self, number: int) -> None:
        try:
            while not self._ended.is_set():
                self._once(f"zebra {number}")
        except Exception as error:
            self.faults.append(repr(error))
            raise
        finally:
            connections.close_all()

    def _once(self, query: str) -> None:
        found = search(query, filters(), 5)
        entries = IndexEntry.objects.filter(pk__in=[hit.entry_id for hit in found.hits])
        of = set(entries.values_list("version", flat=True))
        if of != {found.version} or len(found.hits) != 5 or found.missing:
            self.faults.append(f"{found.version}: {of}, {len(found.hits)} hits, {found.missing}")
        with connection.cursor() as cursor:
            cursor.execute(SPECIFIED)
            if len(rows := cursor.fetchall()) != 3:
                self.faults.append(f"the view gave {rows}")
        self.versions.add(found.version)
        self.count += 1


@pytest.fixture
def searchers(committed_db: None, model_server: Script) -> Iterator[Searchers]:
    zebras(HERD)
    index()
    call_command("embed_query", "zebras", stdout=StringIO())
    with Searchers() as running:
        until(lambda: running.count, 20, "a first search")
        yield running


@pytest.mark.alone
@pytest.mark.timeout(300)
def test_under_load_it_is_killed_resumed_compared_activated_and_rolled_back(
    searchers: Searchers, model_server: Script, tmp_path: Path
) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(json.dumps({"text": "zebra 7"}))
    old = versions.active_or_first()
    model_server.text_s = 0.01
    killed = child(model_server, "--model", "wide")
    until(lambda: DenseVector.objects.exclude(version=old).exists(), 60, "the first new vectors")
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=20)
    before = DenseVector.objects.exclude(version=old).count()
    assert 0 < before < HERD, "killed half way"
    new = newest()
    assert new.state == VersionState.BUILDING
    model_server.text_s = 0.0

    resumed = child(model_server, "--model", "wide")
    said, _ = resumed.communicate(timeout=60)
    assert f"version {new.pk} is ready: {HERD} rows, {HERD - before} embedded" in said
    for step in (["--compare", "--queries", str(questions)], ["--activate"]):
        process = child(model_server, *step)
        process.communicate(timeout=60)
        assert process.returncode == 0
    until(lambda: new.pk in searchers.versions, 20, "a search in the new version")
    said, _ = child(model_server, "--rollback").communicate(timeout=60)
    assert f"active: version {old.pk}" in said
    count = searchers.count
    until(lambda: searchers.count > count + 20, 20, "more searches")
    assert searchers.faults == []
    assert searchers.versions == {old.pk, new.pk}


@pytest.mark.timeout(300)
def test_a_second_builder_is_turned_away_and_the_first_can_be_cancelled(
    searchers: Searchers, model_server: Script
) -> None:
    model_server.text_s = 0.01
    first = child(model_server, "--model", "wide")
    until(
        lambda: DenseVector.objects.filter(version=newest()).count() in range(1, HERD - 1),
        60,
        "rows",
    )
    with pytest.raises(CommandError, match="another process is building this version"):
        reembed("--model", "wide")
    assert "building*" in reembed("--list")
    assert "stops after the rows it is at" in reembed("--cancel")
    said, _ = first.communicate(timeout=60)
    assert first.returncode == 1
    assert "cancelled; the same command goes on where it stopped" in said
    model_server.text_s = 0.0
    assert f"is ready: {HERD} rows" in reembed("--model", "wide")
    assert reembed("--cancel") == "no version is being built\n"
    assert searchers.faults == []
