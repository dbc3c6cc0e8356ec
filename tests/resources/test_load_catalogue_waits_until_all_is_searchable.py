"""`load_catalogue --wait` returns once everything is searchable, with or without a worker."""

import json
import threading
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection

from learning_assistant import lanes
from resources.models import DenseVector, FacetVector, IndexVersion, Resource
from resources.rag import indexing, versions
from tests.resources.making import add
from tests.scripted import Script

NUMBER = 40


def file(folder: Path) -> Path:
    path = folder / "resources.jsonl"
    lines = [
        {"title": f"Zebra {n}", "url": f"https://a.example/{n}", "kind": "book", "facets": ["All"]}
        for n in range(NUMBER)
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


@pytest.mark.django_db
def test_it_does_the_work_itself_where_no_worker_runs(
    model_server: Script, valkey: "redis.Redis", tmp_path: Path
) -> None:
    out = StringIO()
    call_command("load_catalogue", file(tmp_path), wait=True, stdout=out)
    assert indexing.lag(IndexVersion.objects.active()) == 0
    assert DenseVector.objects.count() == FacetVector.objects.count() == NUMBER
    assert f"searchable: {NUMBER} of {NUMBER}" in out.getvalue()


@pytest.mark.django_db
def test_it_mends_what_was_left_behind_before(
    model_server: Script, valkey: "redis.Redis", tmp_path: Path
) -> None:
    add("Left behind")
    call_command("load_catalogue", file(tmp_path), wait=True, stdout=StringIO())
    assert DenseVector.objects.count() == NUMBER + 1


@pytest.mark.usefixtures("committed_db")
def test_it_waits_for_the_workers_where_they_run(
    model_server: Script, valkey: "redis.Redis", tmp_path: Path
) -> None:
    lanes.beat(lanes.DURABLE, "test-1")
    version = versions.active_or_first()
    loaded = threading.Event()

    def work() -> None:
        try:
            assert loaded.wait(20)
            indexing.index_lagging(version)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    call_command("load_catalogue", file(tmp_path), stdout=StringIO())
    loaded.set()
    call_command("load_catalogue", file(tmp_path), wait=True, stdout=StringIO())
    worker.join(20)
    assert indexing.lag(version) == 0
    assert Resource.objects.count() == DenseVector.objects.count() == NUMBER


@pytest.mark.django_db
def test_without_the_model_server_it_says_what_is_missing(
    no_model_server: None, valkey: "redis.Redis", tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="the model server is away"):
        call_command("load_catalogue", file(tmp_path), wait=True, stdout=StringIO())
    assert Resource.objects.count() == NUMBER, "what was loaded stays"
