"""Whatever the bytes: a document or `Unreadable`, and all of its words in its chunks."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.rag.markdown import Unreadable, chunks, estimate_tokens
from resources.rag.markdown.reading import read_bytes
from tests.examples import examples

MARKS = st.sampled_from(
    ["\n", "\n\n", "# ", "## ", "- ", "1. ", "> ", "```", "````py\n", "~~~", "    ", "|", "|-|-|\n",
     "| a | b |\n", "---\n", "===\n", "***", "__", "`", "``", "[", "](", "]", "![", "<", "</", ">",
     "<div>", "<pre>", "<!--", "-->", "<h1>", "</h1>", "<A b={", "}", "{/*", "*/}", "{", "$",
     "$$\n", "[^1]", "[^1]: ", "[x]: ", "\\", "&amp;", "&#0;", "import {", "export const a = {",
     "\r\n", "\t", "\x00", "\ufeff", "\u2028", "é", "漢字", "한국", "😀", "\u0301", "\u200f",
     "\x85", "â€™", "a: b\n", "<script>", "<td>", "<br>", "  \n", ": ", "*", "+"]
)  # fmt: skip
WORDS = st.integers(0, 999).map(lambda number: f"word{number}")
TEXT = st.lists(MARKS | WORDS | st.just(" "), max_size=80).map("".join)


def check(data: bytes, name: str, max_tokens: int = 200, overlap: int = 20) -> None:
    try:
        read = read_bytes(data, name)
    except Unreadable as error:
        assert error.reason
        return
    found = chunks(read, max_tokens=max_tokens, overlap=overlap)
    assert [chunk.position for chunk in found] == list(range(len(found)))
    for chunk in found:
        assert chunk.content.strip(" \n-*_")
        assert "\x00" not in chunk.text + read.title
        chunk.text.encode()
        assert chunk.tokens == estimate_tokens(chunk.text)
        assert chunk.tokens <= max_tokens or len(chunk.content) == 1
    assert read.title


@examples(150)
@given(st.binary(max_size=400), st.sampled_from(["x.md", "x.mdx"]))
def test_any_bytes(data: bytes, name: str) -> None:
    check(data, name)


@examples(300)
@given(TEXT, st.sampled_from(["x.md", "x.mdx"]), st.integers(32, 90))
def test_any_markdown(text: str, name: str, max_tokens: int) -> None:
    check(text.encode(), name, max_tokens, max_tokens // 8)


@examples(100)
@given(st.text(max_size=300), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-16-be"]))
def test_any_text_in_any_encoding(text: str, encoding: str) -> None:
    check(text.encode(encoding, "replace"), "x.md")


@examples(200)
@given(TEXT)
def test_front_matter_of_anything(text: str) -> None:
    check(f"---\n{text}\n---\nbody".encode(), "x.md")


# Marks that hide nothing from a reader.
PLAIN = st.sampled_from(
    ["\n", "\n\n", "\n# ", "\n## ", "\n- ", "\n1. ", "\n> ", " *", "* ", " **", "`", " | ",
     "\n\n| a | b |\n|-|-|\n| c | ", "\n```\n", "\n~~~\n", "    ", "!", ".", " (", ")",
     "\n---\n", "$"]
)  # fmt: skip


@examples(300)
@given(
    st.lists(PLAIN | WORDS.map(lambda word: f" {word} "), max_size=80).map("".join),
    st.integers(32, 70),
)
def test_every_word_is_in_some_chunk(text: str, max_tokens: int) -> None:
    text = f"start {text}"
    found = chunks(read_bytes(text.encode(), "x.md"), max_tokens=max_tokens, overlap=3)
    kept = set(re.findall(r"word\d+", "\n".join(chunk.text for chunk in found)))
    assert set(re.findall(r"word\d+", text)) <= kept


@pytest.mark.parametrize("depth", [10, 60, 150])
@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "*", "[", "![", "**a ", "<b>", "{"])
def test_deep_nesting_keeps_the_innermost_word(mark: str, depth: int) -> None:
    for name in ("x.md", "x.mdx"):
        found = chunks(read_bytes((mark * depth + "innermost").encode(), name))
        assert any("innermost" in chunk.content for chunk in found)
