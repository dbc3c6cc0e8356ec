"""`read`: encodings, mojibake, NUL, binary files; the hash is that of the bytes on the disk."""

import codecs
import hashlib
import os
from pathlib import Path

import pytest

from resources.rag.markdown import ReadDocument, Unreadable, chunks, read
from resources.rag.markdown.reading import MAX_BYTES, read_bytes

TEXT = "# Café\r\n\r\nÜber “naïve” bayès – 100 €.\r\n"
CLEAN = "# Café\n\nÜber “naïve” bayès – 100 €.\n"
CJK = "# 見出し\n\n機械学習は楽しい。\n"


def document(data: bytes | str, name: str = "x.md") -> ReadDocument:
    return read_bytes(data.encode() if isinstance(data, str) else data, name)


def content(data: bytes | str, name: str = "x.md") -> str:
    return "\n\n".join(chunk.content for chunk in chunks(document(data, name)))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "utf-32-le"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("windows-1252"), "windows-1252"),
        (TEXT.replace("\r\n", "\r").encode(), "utf-8"),
    ],
)
def test_the_same_text_in_every_encoding(data: bytes, encoding: str) -> None:
    read = document(data)
    assert (read.text, read.encoding, read.title) == (CLEAN, encoding, "Café")
    assert read.file_hash == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_chinese_and_japanese_without_a_mark(encoding: str) -> None:
    assert document(CJK.encode(encoding)).text == CJK


def test_a_wide_text_may_end_in_half_a_character() -> None:
    assert document(codecs.BOM_UTF16_LE + "abc\n".encode("utf-16-le") + b"x").text.startswith("abc")


def test_latin_1_bytes_that_windows_does_not_know() -> None:
    assert content(b"caf\xe9 \x81 na\xefve") == "café naïve"


def test_a_file_of_two_encodings_is_read_right_in_both() -> None:
    read = document("grün\n".encode() + "grün\n".encode("latin-1"))
    assert read.text == "grün\ngrün\n"
    assert read.warnings == ["1 bytes that are no UTF-8 were read as windows-1252"]


def test_mojibake_is_repaired_and_the_hash_is_of_the_bytes() -> None:
    data = "Meeting Roomâ€™s pipeline\n\nunbroken – line".encode()
    read = document(data)
    assert read.text == "Meeting Room’s pipeline\n\nunbroken – line"
    assert "mojibake" in read.warnings[0]
    assert read.file_hash == hashlib.sha256(data).hexdigest()


def test_nothing_that_postgresql_can_not_store() -> None:
    read = document(b"# a\x00b\n\nc\x00d \xed\xa0\x80 \x1b[31mred\x1b[0m\n")
    assert "\x00" not in read.text + read.title
    read.text.encode()
    assert read.warnings[0] == "2 NUL characters were left out"
    assert "red" in read.text


def test_text_is_composed() -> None:
    assert content("cafe\u0301") == "café"


@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, bytes(5000), os.urandom(5000), b"PK\x03\x04\0\0"],
)
def test_a_binary_file_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable, match="binary"):
        document(data)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"---\n", b"***\n", b"\xff\xfe"])
def test_an_empty_file_is_a_document_without_chunks(data: bytes) -> None:
    read = document(data, "folder/the name.md")
    assert (read.title, chunks(read)) == ("the name", [])


def test_what_can_not_be_read_says_why(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    with (tmp_path / "large.md").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    for name, reason in [
        ("none.md", "No such file"),
        ("pipe.md", "no regular file"),
        ("folder.md", "regular file"),
        ("large.md", r"16,777,217 bytes, at most 16,777,216 \(16 MiB\)"),
        ("n\0l.md", "null"),
    ]:
        with pytest.raises(Unreadable, match=reason) as caught:
            read(tmp_path / name, name)
        assert caught.value.reason == str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "x.md").touch(mode=0)
    with pytest.raises(Unreadable, match="Permission"):
        read(tmp_path / "x.md", "x.md")
