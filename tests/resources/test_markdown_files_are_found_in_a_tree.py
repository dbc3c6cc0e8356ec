"""`walk` gives the Markdown files of a folder in the order of their names, and what it leaves out."""

import os
import unicodedata
from pathlib import Path

import pytest

from resources.rag.markdown import Found, Skipped, walk


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")


def found(root: Path) -> list[str]:
    return [item.name for item in walk(root) if isinstance(item, Found)]


def skipped(root: Path) -> dict[str, str]:
    return {item.name: item.reason for item in walk(root) if isinstance(item, Skipped)}


def test_all_endings_sorted_by_the_whole_name(tmp_path: Path) -> None:
    put(tmp_path, "b.MD", "a/z.mdx", "a.md", "a-b.markdown", "a/b/c.md", "notes.txt", "md")
    assert found(tmp_path) == ["a-b.markdown", "a.md", "a/b/c.md", "a/z.mdx", "b.MD"]
    assert not skipped(tmp_path)


def test_hidden_ones_and_node_modules_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, ".git/a.md", ".hidden.md", "x/node_modules/p/README.md", "x/y.md")
    assert found(tmp_path) == ["x/y.md"]
    assert not skipped(tmp_path)


def test_a_folder_may_be_called_like_a_file(tmp_path: Path) -> None:
    put(tmp_path, "x.md/inside.md")
    assert found(tmp_path) == ["x.md/inside.md"]


def test_names_stay_as_the_file_system_has_them(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "é ü.md") for form in ("NFC", "NFD"))
    put(tmp_path, composed, decomposed, "with space.md", "日本語.md")
    assert set(found(tmp_path)) == {composed, decomposed, "with space.md", "日本語.md"}
    assert all(item.path.read_text() for item in walk(tmp_path) if isinstance(item, Found))


def test_a_name_that_is_no_utf_8_can_be_stored_and_opened(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.md"
    with open(raw, "w") as file:
        file.write("x")
    [item] = walk(tmp_path)
    assert isinstance(item, Found)
    assert item.name == "caf\\xe9.md"
    assert item.path.read_text() == "x"


def test_links_that_lead_outside_are_skipped_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path, "outside/o.md", "tree/a.md")
    (tmp_path / "tree/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "tree/file.md").symlink_to(tmp_path / "outside/o.md")
    (tmp_path / "tree/gone.md").symlink_to("nowhere")
    assert found(tmp_path / "tree") == ["a.md"]
    reasons = skipped(tmp_path / "tree")
    assert "outside" in reasons["folder"]
    assert "outside" in reasons["file.md"]
    assert "leads nowhere" in reasons["gone.md"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    put(tmp_path, "a/x.md")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "a/here").symlink_to(".")
    (tmp_path / "self.md").symlink_to("self.md")
    assert found(tmp_path) == ["a/x.md"]
    assert set(skipped(tmp_path)) == {"a/up", "a/here", "self.md"}


def test_no_text_is_read_twice(tmp_path: Path) -> None:
    put(tmp_path, "z.md", "sub/y.md", ".hidden/h.md", ".hidden/single.md", "plain.txt")
    (tmp_path / "a.md").symlink_to("z.md")
    (tmp_path / "b").symlink_to("sub")
    (tmp_path / "c").symlink_to(".hidden")
    (tmp_path / "d.md").symlink_to("plain.txt")
    (tmp_path / "e.md").symlink_to(".hidden/single.md")
    assert found(tmp_path) == ["c/h.md", "c/single.md", "d.md", "sub/y.md", "z.md"]
    assert skipped(tmp_path)["a.md"] == "is a link to z.md, which is read"
    assert skipped(tmp_path)["b"] == "is a link to sub, which is read"
    assert "which is read" in skipped(tmp_path)["e.md"]


def test_the_root_may_be_a_link_and_hidden(tmp_path: Path) -> None:
    put(tmp_path, ".real/a.md")
    (tmp_path / "link").symlink_to(".real")
    assert found(tmp_path / "link") == ["a.md"]


def test_a_pipe_is_skipped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert skipped(tmp_path) == {"pipe.md": "is no regular file"}


def test_a_root_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, "file.md")
    for root in (tmp_path / "none", tmp_path / "file.md"):
        with pytest.raises(OSError):
            list(walk(root))


def test_a_deep_tree(tmp_path: Path) -> None:
    put(tmp_path, "/".join(["d"] * 900) + "/x.md")
    assert len(found(tmp_path)) == 1
