"""Large and hostile files, in seconds of CPU: generous for a busy machine, quadratic takes more."""

import time

import pytest

from resources.rag.markdown import chunks
from resources.rag.markdown.reading import read_bytes

PROSE = (
    "## Section\n\nThe *gradient* of the [loss](http://x) is computed by `backward()`, step by "
    "step. It is then used to update the weights.\n\n- first item of **a list**\n- second\n\n"
    "```python\nfor step in range(10):\n    optimizer.step()\n```\n\n"
)
MEGABYTE = 1_000_000


def seconds(text: str, name: str = "x.md") -> float:
    start = time.process_time()
    found = chunks(read_bytes(text.encode(), name))
    assert all(chunk.tokens <= 200 for chunk in found)
    return time.process_time() - start


@pytest.mark.parametrize("name", ["x.md", "x.mdx"])
def test_a_file_of_one_megabyte(name: str) -> None:
    assert seconds(PROSE * (MEGABYTE // len(PROSE)), name) < 10


@pytest.mark.parametrize("unit", ["word ", "机器学习。"])
def test_one_line_of_one_megabyte(unit: str) -> None:
    assert seconds(unit * (MEGABYTE // len(unit.encode()))) < 8


def test_a_table_of_20_000_rows() -> None:
    assert seconds("| a | b |\n|-|-|\n" + "| x | *y* |\n" * 20_000) < 8


@pytest.mark.parametrize(
    "text",
    [mark * 30_000 for mark in "><[]*_`~!$&#|\\{}(^:='\"-+1"]
    + [
        mark * (60_000 // len(mark))
        for mark in (
            "[a](", "![", "[[]", "**a ", "*a _b ", "`a``", "<a ", "<!--", "<?", "<a {", "<a b='",
            "{/*", "{a", "$a ", "$$", "[^1]", "- ", "> ", "\u0301\u0323", "<pre>\n", "<script>\n",
            "[a][b]", "&#x41;", "a<br>", "```\n", "* a\n", "<a\n",
        )
    ]
    + [
        "".join("  " * i + "- a\n" for i in range(300)),
        "".join("> " * i + "a\n" for i in range(300)),
        " ".join("`" * i for i in range(1, 700)),
        ("[" * 99 + "a " * 50 + "\n\n") * 300,
        "---\na: " + "[" * 60_000 + "\n---\n",
        "---\na: " + "1:" * 30_000 + "1\n---\n",
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_hostile_lines(text: str) -> None:
    assert seconds(text) < 4
    assert seconds(text, "x.mdx") < 4
