"""Chunks: what stays whole, how what is too long is cut, sizes, overlap, hashes."""

import hashlib
from collections.abc import Callable

import pytest

from resources.rag.markdown import CHUNKER, ChunkText, chunks, estimate_tokens
from resources.rag.markdown.reading import read_bytes

WORDS: Callable[[str], int] = lambda text: len(text.split())  # noqa: E731


def cut(text: str, name: str = "x.md", **options: object) -> list[ChunkText]:
    options.setdefault("count", WORDS)
    options.setdefault("max_tokens", 40)
    options.setdefault("overlap", 0)
    return chunks(read_bytes(text.encode(), name), **options)  # type: ignore[arg-type]


def sentences(number: int, words: int = 7) -> str:
    return " ".join(f"Sentence {i} {'has words ' * (words // 2)}here." for i in range(number))


CODE = "```python\ndef f():\n    return [\n        1,\n\n        2,\n    ]\n```"
TABLE = "| name | value |\n|-|-|\n| a | 1 |\n| b | 2 |"


@pytest.mark.parametrize("block", [CODE, TABLE, "- an item\n  of two lines\n  - and its own item"])
@pytest.mark.parametrize("before", range(20, 41, 3))
def test_what_fits_is_never_cut(block: str, before: int) -> None:
    found = cut(f"{'word ' * before}\n\n{block}\n\n{'word ' * 30}")
    shown = block.replace("item\n  of two", "item of two")
    assert any(shown in chunk.content for chunk in found)


def test_positions_hashes_and_tokens() -> None:
    found = cut(f"# A\n\n{sentences(20)}\n\n## B\n\n{sentences(3)}")
    assert [chunk.position for chunk in found] == list(range(len(found)))
    for chunk in found:
        path = " › ".join(chunk.headings)
        assert chunk.text == f"{path}\n\n{chunk.content}"
        assert chunk.content_hash == hashlib.sha256(chunk.text.encode()).hexdigest()
        assert chunk.tokens == WORDS(chunk.text) <= 40
    assert len({chunk.content_hash for chunk in found}) == len(found)
    assert CHUNKER == "markdown-1"


def test_prose_is_cut_between_sentences() -> None:
    found = cut(sentences(20))
    assert len(found) > 3
    assert all(c.content.startswith("Sentence") and c.content.endswith("here.") for c in found)


def test_code_is_cut_at_lines_and_each_part_is_a_fence_with_its_info_string() -> None:
    lines = [f"    value_{i} = compute({i})  # {i}" for i in range(40)]
    found = cut("~~~py title=x\n" + "\n".join(lines) + "\n~~~")
    assert len(found) > 3
    kept: list[str] = []
    for chunk in found:
        first, *body, last = chunk.content.split("\n")
        assert (first, last) == ("```py title=x", "```")
        kept += body
    assert kept == lines


def test_a_long_info_string_is_said_once() -> None:
    found = cut("```py " + " ".join("abcdefghijklmnopqrs") + "\n" + "x = 1\n" * 40 + "```")
    assert found[0].content.startswith("py a b c")
    assert found[1].content.startswith("```\nx = 1")


def test_code_is_rather_cut_at_an_empty_line() -> None:
    body = "a b c d e f g h i j\n" * 2 + "\n" + "k l m n o p q r s t\n" * 3
    assert cut(f"```\n{body}```")[0].content.count("\n") == 3


def test_no_line_is_lost_at_empty_lines() -> None:
    lines = [f"{'x ' * (i % 9)}{i}" if i % 4 else "" for i in range(1, 200)]
    for overlap in (0, 3, 12):
        found = cut("```\n" + "\n".join(lines) + "\n```", overlap=overlap)
        kept = [line for chunk in found for line in chunk.content.split("\n") if line]
        assert list(filter(None, lines)) == sorted(set(kept) - {"```"}, key=lines.index)


def test_parts_of_code_overlap_by_lines() -> None:
    lines = [f"line {i}" for i in range(60)]
    first, second, *_ = cut("```\n" + "\n".join(lines) + "\n```", overlap=5)
    assert second.content.split("\n")[1:3] == first.content.split("\n")[-3:-1]


def test_a_table_is_cut_at_rows_and_the_head_is_repeated() -> None:
    rows = [f"| row {i} | {i} |" for i in range(50)]
    found = cut("| *name* | value |\n|:-|-:|\n" + "\n".join(rows))
    kept: list[str] = []
    for chunk in found:
        head, rule, *body = chunk.content.split("\n")
        assert (head, rule) == ("| name | value |", "|-|-|")
        kept += body
    assert kept == rows


def test_a_row_that_is_too_long_is_cut_under_the_head() -> None:
    found = cut(f"| a | b |\n|-|-|\n| x | {'word ' * 100}|\n| y | z |")
    assert all(chunk.content.startswith("| a | b |\n|-|-|\n") for chunk in found)
    assert sum(chunk.content.count("word") for chunk in found) == 100


def test_a_list_is_cut_between_items() -> None:
    found = cut("\n".join(f"- item {i} with a few words" for i in range(30)))
    lines = [line for chunk in found for line in chunk.content.split("\n")]
    assert lines == [f"- item {i} with a few words" for i in range(30)]


def test_a_long_item_is_cut_and_its_code_kept_at_the_left_edge() -> None:
    item = f"3. Do this:\n\n   ```sh\n   make\n     run\n   ```\n\n   {sentences(12)}"
    found = cut(item)
    assert found[0].content.startswith("3. Do this:\n\n```sh\nmake\n  run\n```")


def test_the_end_of_a_chunk_is_said_again_in_the_next() -> None:
    first, second = cut(f"{sentences(4)}\n\n{sentences(3)}", overlap=12)
    assert second.content.startswith("Sentence 3 has")
    first, second = cut(f"{'word ' * 20}last words\n\n{'other ' * 25}", overlap=5)
    assert second.content.startswith("… word word last words\n\nother")
    assert second.tokens <= 40


def test_what_announces_a_block_stands_before_it() -> None:
    found = cut(f"{'word ' * 28}\n\nRun this:\n\n```\n{'x ' * 20}\n```", overlap=5)
    assert found[1].content.startswith("Run this:\n\n```")


def test_sections_do_not_overlap() -> None:
    assert [c.content for c in cut("# A\n\none\n\n# B\n\ntwo", overlap=10)] == ["one", "two"]


@pytest.mark.parametrize(
    "text", ["机器学习很有趣。" * 100, "a" * 2000, "क" * 500, "مرحبا بالعالم " * 90]
)
def test_scripts_without_words_and_lines_without_spaces(text: str) -> None:
    found = cut(text, count=estimate_tokens, max_tokens=50)
    assert len(found) > 2
    assert all(chunk.tokens <= 50 for chunk in found)
    assert "".join(c.content for c in found).replace(" ", "") == text.replace(" ", "")


def test_a_count_that_adds_marks_to_every_text() -> None:
    found = cut(sentences(30), count=lambda text: WORDS(text) + 2)
    assert all(30 < chunk.tokens <= 40 for chunk in found[:-1])


def test_a_count_that_finds_more_in_the_whole_than_in_the_parts() -> None:
    found = cut("\n\n".join(["one two three"] * 40), count=lambda text: len(text.split()) ** 2 // 6)
    assert all(chunk.tokens <= 40 for chunk in found)


@pytest.mark.parametrize(
    "text", ["", "\n \n", "---", "***\n\n- - -\n", "# \n", "-\n-\n", "```\n\n```"]
)
def test_nothing_is_no_chunk(text: str) -> None:
    assert cut(text) == []


def test_the_same_bytes_give_the_same_chunks() -> None:
    text = f"# A\n\n{sentences(30)}\n\n{TABLE}\n\n{CODE}"
    assert cut(text) == cut(text)


@pytest.mark.parametrize("options", [{"max_tokens": 5}, {"overlap": 40}, {"overlap": -1}])
def test_sizes_that_make_no_sense(options: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        cut("x", **options)
