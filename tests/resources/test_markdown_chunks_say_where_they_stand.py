"""The heading path of a chunk."""

from resources.rag.markdown import SEPARATOR, ChunkText, chunks
from resources.rag.markdown.reading import read_bytes


def cut(text: str, **options: int) -> list[ChunkText]:
    return chunks(read_bytes(text.encode(), "x.md"), **options)


def paths(text: str) -> list[tuple[str, str]]:
    return [(SEPARATOR.join(chunk.headings), chunk.content) for chunk in cut(text)]


def test_headings_make_a_path() -> None:
    assert paths(
        "before\n\n# Backend\n\nintro\n\n## RAG *pipeline*\n\ntext\n\n### `embed()`\n\ncode\n\n"
        "## Other\n\nmore\n\n# Next\n\nlast"
    ) == [
        ("", "before"),
        ("Backend", "intro"),
        ("Backend › RAG pipeline", "text"),
        ("Backend › RAG pipeline › embed()", "code"),
        ("Backend › Other", "more"),
        ("Next", "last"),
    ]


def test_levels_may_be_left_out_and_underlined() -> None:
    assert paths("One\n===\n\n#### Four\n\na\n\nTwo\n---\n\nb\n\n###### Six ######\n\nc") == [
        ("One › Four", "a"),
        ("One › Two", "b"),
        ("One › Two › Six", "c"),
    ]


def test_headings_of_html_count() -> None:
    assert paths("<h1 align='center'>Logo</h1>\n\ntext\n\n<h2>\n  Use\n</h2>\n\nmore") == [
        ("Logo", "text"),
        ("Logo › Use", "more"),
    ]


def test_a_number_sign_in_code_is_no_heading() -> None:
    code = "```sh\n# install\n## twice\nmake\n```"
    assert paths(f"# A\n\n{code}\n\n    # indented\n\n~~~~\n# x\n~~~\n~~~~\n") == [
        ("A", f"{code}\n\n```\n# indented\n```\n\n```\n# x\n~~~\n```")
    ]


def test_four_backticks_hold_three() -> None:
    assert paths("````md\n```py\n# no heading\n```\n````\n\n# H\n\nx") == [
        ("", "````md\n```py\n# no heading\n```\n````"),
        ("H", "x"),
    ]


def test_a_fence_that_is_never_closed_goes_to_the_end_with_a_warning() -> None:
    read = read_bytes(b"---\na: b\n---\n# A\n\n```py\n# x\n\ntext\n", "x.md")
    assert read.warnings == ["line 6: the code fence is never closed"]
    assert chunks(read)[0].content == "```py\n# x\n\ntext\n```"
    assert not read_bytes(b"- ```\n  x\n  ```\n> ~~~\n> y\n> ~~~~\n", "x.md").warnings


def test_a_heading_without_text_is_no_chunk_by_itself() -> None:
    assert paths("# A\n\n## B\n\ntext") == [("A › B", "text")]
    assert paths("# A\n\ntext\n\n## Later\n\n## Never\n") == [("A", "text\n\n## Later\n\n## Never")]
    assert paths("# A\n\n## First\n\n## B\n\ntext") == [("A › B", "## First\n\ntext")]
    assert paths("# Only\n\n## Headings\n") == [("", "# Only\n\n## Headings")]
    assert paths("# A\n\n| |\n|-|\n\n```\n---\n```\n") == [("", "# A")]
    assert paths("# A\n\ntext\n\n# B\n\n## ***\n") == [("A", "text\n\n# B")]


def test_a_heading_in_a_quote_or_list_is_text() -> None:
    assert paths("# A\n\n> # Quoted\n> words\n\n- ## Item\n") == [
        ("A", "> Quoted\n\n> words\n\n- Item")
    ]


def test_badges_are_no_part_of_a_heading() -> None:
    assert paths("# Tool [![build](a.svg)](b) ![x](y)\n\ntext\n\n# ![Logo](l.png)\n\nmore") == [
        ("Tool", "text"),
        ("Logo", "more"),
    ]


def test_a_very_long_heading_is_cut_in_the_path_and_whole_in_the_text() -> None:
    words = " ".join(f"word{i}" for i in range(300))
    found = cut(f"# {words}\n\n## Short\n\ntext")
    assert all(len(chunk.headings[0]) <= 120 and chunk.tokens <= 200 for chunk in found)
    everything = " ".join(chunk.content for chunk in found)
    assert all(word in everything.split() for word in words.split())
    assert found[-1].headings[1] == "Short"


def test_a_deep_path_leaves_room_for_text() -> None:
    text = "".join(f"{'#' * level} {'wordy ' * 30}{level}\n\n" for level in range(1, 7))
    found = cut(f"{text}text here", max_tokens=60)
    assert all(chunk.tokens <= 60 for chunk in found)
    assert "text here" in found[-1].content
