"""`doctor` prints a line for each part: a mark, how it is, and the command that mends it."""

from io import StringIO
from pathlib import Path

import pytest
import redis
from django.core.management import CommandError, call_command

from learning_assistant import lanes
from learning_assistant.lanes import beat
from resources.rag import indexing, items, versions
from resources.services import catalogue
from tests.commands import manage
from tests.resources.making import add

EMPTY = "load_catalogue --starter --wait"


def doctor() -> tuple[dict[str, str], str]:
    """The lines by part, and what it complained of."""
    out, complaint = StringIO(), ""
    try:
        call_command("doctor", stdout=out, no_color=True)
    except CommandError as error:
        complaint = str(error)
    return {
        " ".join(line[2:].split("  ")[0].split()): line for line in out.getvalue().splitlines()
    }, complaint  # noqa: E501


@pytest.mark.django_db
def test_everything_there_but_an_empty_catalogue(valkey: "redis.Redis") -> None:
    for lane in lanes.LANES:
        beat(lane, "test-1")
    shown, complaint = doctor()
    assert list(shown) == [
        "PostgreSQL", "pgvector", "broker", "lane interactive", "lane durable", "model server",
        "model smollm2:135m", "model all-minilm", "catalogue", "exercises", "code sandbox",
    ]  # fmt: skip
    marks = {"catalogue": "✘", "exercises": "!"}
    for part, line in shown.items():
        assert line[0] == marks.get(part, "✔"), line
    assert "load_bank" in shown["exercises"]
    assert EMPTY in shown["catalogue"]
    assert "Valkey 9" in shown["broker"]
    assert "0.8." in shown["pgvector"]
    assert complaint == "needs mending: catalogue"


@pytest.mark.django_db
def test_lag_of_the_index_is_shown(valkey: "redis.Redis") -> None:
    catalogue.upsert({"title": "A", "url": "https://a.example/", "kind": "book"})
    shown, complaint = doctor()
    assert "1 published" in shown["catalogue"]
    assert "0 searchable, 1 to do" in shown["index"]
    assert EMPTY in shown["index"]
    assert shown["lane interactive"].startswith("! lane interactive")
    assert complaint == "needs mending: index"


@pytest.mark.django_db
def test_words_that_are_stored_but_not_weighed_yet_are_not_searchable(
    valkey: "redis.Redis",
) -> None:
    add("Stripes of zebras")
    version = versions.active_or_first()
    # What stands there between the batches of a bulk change.
    ids = list(items.RESOURCES.lagging_in_words(version.pk).values_list("pk", flat=True))
    indexing._store_words(version, items.RESOURCES, ids, bulk=True)
    shown, complaint = doctor()
    assert shown["index"].startswith("✘") and "0 searchable, 1 to do" in shown["index"]
    assert complaint == "needs mending: index"
    indexing.index_words(version)
    shown, complaint = doctor()
    assert shown["index"].startswith("! index")  # vectors are to come
    assert complaint == ""


@pytest.mark.django_db
def test_a_model_that_the_server_lacks_is_named(valkey: "redis.Redis", settings: object) -> None:
    settings.CHAT_MODEL = "llama3"  # type: ignore[attr-defined]  # pytest-django's wrapper
    shown, complaint = doctor()
    assert "ollama pull llama3, or set CHAT_MODEL" in shown["model llama3"]
    assert "model llama3" in complaint


def test_with_every_part_missing_it_still_shows_the_table(tmp_path: Path) -> None:
    done = manage(
        "doctor",
        DATA_DIR=str(tmp_path / "data"),
        DATABASE_URL="postgres://nobody:secret-word@127.0.0.1:9/nothing",
        REDIS_URL="redis://127.0.0.1:9/0",
        OLLAMA_HOST="http://127.0.0.1:9",
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    for part, mend in (
        ("PostgreSQL", "DATABASE_URL"),
        ("broker", "REDIS_URL"),
        ("model server", "OLLAMA_HOST"),
    ):
        (line,) = [x for x in done.stdout.splitlines() if x[2:].startswith(part)]
        assert line.startswith("✘")
        assert mend in line
    assert "needs mending: PostgreSQL, broker, model server" in done.stderr
    assert "secret-word" not in done.stdout + done.stderr
    assert not (tmp_path / "data" / "run").exists(), "three addresses are set, nothing is started"
