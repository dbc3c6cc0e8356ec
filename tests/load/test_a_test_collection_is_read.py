"""`make bench-retrieval` reads the layouts in which test collections come."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.load import corpora
from tests.load.typing_errors import misspelt


def lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    long = "A text without a title has its first dozen words in place of one, and no more."
    lines(
        tmp_path / "corpus.jsonl",
        [{"_id": "d/1", "title": "One", "text": "First."}, {"id": 2, "title": "", "text": long}],
    )
    lines(tmp_path / "queries.jsonl", [{"_id": "q1", "text": "one?"}, {"id": "q2", "text": "two"}])
    return tmp_path


QRELS = {
    "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\td/1\t2\nq1\t2\t0\n",
    "qrels/test.tsv": "q1\td/1\t2\nq1\t2\t0\n",
}
TREC = "q1 0 d/1 2\nq1 0 2 0\n"


@pytest.mark.parametrize(
    ("name", "content"), [*QRELS.items(), ("qrels.tsv", TREC)], ids=["header", "BEIR", "TREC"]
)
def test_layouts(folder: Path, name: str, content: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(content)
    read = corpora.read(folder)
    first, second = (entry["url"] for entry in read.entries)
    assert read.queries == {"q1": "one?"}  # nothing is relevant for the other one
    assert read.grades == {"q1": {first: 2, second: 0}}
    assert read.entries[1]["title"] == "A text without a title has its first dozen words in place"


@pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_what_is_missing_is_named(folder: Path, missing: str) -> None:
    (folder / "qrels.tsv").write_text(QRELS["qrels.tsv"])
    (folder / missing).unlink()
    with pytest.raises(corpora.BadCollection, match=missing):
        corpora.read(folder)


def test_a_hasty_hand_makes_the_same_errors_each_time() -> None:
    queries = ["gradient descent", "pca", "how do transformers work?"]
    wrong = misspelt(queries, Random(7))
    assert wrong == misspelt(queries, Random(7))
    assert [a == b for a, b in zip(queries, wrong, strict=True)] == [False, True, False]
