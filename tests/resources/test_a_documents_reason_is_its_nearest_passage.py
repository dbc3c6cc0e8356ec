"""Of a chunk the sentence or line is shown that shares the rarest words with the query."""

import pytest

from resources.passages import LONGEST, passages
from resources.rag.search import find
from resources.ranking import Filters, Scope
from tests.resources.making import document, filters, index
from tests.scripted import Script

CHUNK = """\
## Storage

Vectors are kept in PostgreSQL. They are
halves of floats, e.g. two bytes each! Is that
enough? Yes (mostly).

- **Backups** run each night
  and are kept a week
* Restores take `make restore`
1. First, stop the writers

> A quotation that
> goes on

| column | what |
| --- | --- |
| embedding | the vector |

```python
# A comment. With two sentences.
restore(backup)
```
After the fence.
"""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            CHUNK,
            [
                "Vectors are kept in PostgreSQL.",
                "They are halves of floats, e.g. two bytes each!",
                "Is that enough?",
                "Yes (mostly).",
                "**Backups** run each night and are kept a week",
                "Restores take `make restore`",
                "First, stop the writers",
                "A quotation that",
                "goes on",
                "| column | what |",
                "| embedding | the vector |",
                "# A comment. With two sentences.",
                "restore(backup)",
                "After the fence.",
            ],
        ),
        ("", []),
        ("---\n\n```\n```\n***", []),
        ("## Storage", ["Storage"]),
        ("一句话。另一句！还有吗？有", ["一句话。", "另一句！", "还有吗？", "有"]),
        ("v1.2 is out. node.js too", ["v1.2 is out. node.js too"]),
        ("```\nnever closed\nat all", ["never closed", "at all"]),
    ],
)
def test_passages(content: str, expected: list[str]) -> None:
    assert passages(content, ["Storage"]) == expected


def test_long_ones_are_cut_between_words_where_there_are_any() -> None:
    for text in ("word " * 500, "字" * 2000, "x" * 301):
        found = passages(text)
        assert all(len(piece) <= LONGEST for piece in found)
        assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert set(" ".join(passages("word " * 500)).split()) == {"word"}


def reason(query: str) -> str:
    (shown,) = find(query, Filters(path="a.md"), 1, Scope.DOCUMENTS).results
    assert "".join(shown["reason"].split()) in "".join(shown["content"].split())
    return str(shown["reason"])


@pytest.mark.django_db
def test_the_nearest(model_server: Script) -> None:
    document("a.md", CHUNK, headings=["Storage"])
    for n in range(5):
        document(f"b{n}.md", f"Vectors and vectors again, number {n}. Make something else {n * n}.")
    index()
    assert (
        reason("what are the floats made of") == "They are halves of floats, e.g. two bytes each!"
    )
    assert reason("restoring and making") == "Restores take `make restore`"
    assert reason("vectors in postgresql") == "Vectors are kept in PostgreSQL."
    assert reason("a nightly backup") == "**Backups** run each night and are kept a week"


@pytest.mark.django_db
def test_the_first_where_no_word_is_common(model_server: Script) -> None:
    document("a.md", "Some zebras. And okapis.", headings=["Quaggas"])
    index()
    assert reason("quagga") == "Some zebras."


@pytest.mark.django_db
def test_the_headings_where_there_is_no_passage(model_server: Script) -> None:
    document("a.md", "---", headings=["Coats", "Patterns"])
    index()
    (shown,) = find("patterns", filters(), 1, Scope.DOCUMENTS).results
    assert shown["reason"] == "Coats › Patterns"
    assert shown["reason_highlights"] == [[8, 16]]
