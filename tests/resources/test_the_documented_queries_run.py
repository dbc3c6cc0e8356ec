"""What docs/reading-the-index.md shows is run as it stands there."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from learning_assistant.embedded.services import endpoints
from resources.rag import registered
from tests.resources.making import add, index
from tests.resources.reading import as_reader, document

GUIDE = (Path(settings.BASE_DIR) / "docs" / "reading-the-index.md").read_text()
TEXTS = ("how does the RAG pipeline work?", "session management")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(autouse=True)
def filled(committed_db, model_server, valkey):
    document("long.md", "session management one", "session management two", source="specs")
    document("short.md", "the RAG pipeline", source="specs")
    add("How a RAG pipeline works")
    add("Another one")
    index()
    registered.register(TEXTS)


def test_in_sql():
    queries = [block for block in blocks("sql") if "rag_embeddings" in block]
    assert len(queries) == 3
    with as_reader() as reader:
        rows = [reader.execute(query).fetchall() for query in queries]
    assert rows[0] == rows[1]
    assert [len(found) for found in rows] == [3, 3, 3]
    assert rows[2][0][0] == "long.md"
    assert len(set(rows[2])) == 3


def test_in_python():
    [block] = blocks("python")
    database = connection.settings_dict["NAME"]
    address = endpoints(settings.DATA_DIR).reader_url.replace("/learning_assistant", f"/{database}")
    names: dict[str, Any] = {"address": address, "psycopg": psycopg}
    exec(block, names)
    assert [path for path, _, _ in names["found"]] == ["long.md", "long.md", "short.md"]


def test_every_column_of_the_view_is_explained():
    with as_reader() as reader:
        columns = [column.name for column in reader.execute("TABLE rag_embeddings").description]
    explained = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", GUIDE, re.MULTILINE)
    assert [name for name, _ in explained] == columns
