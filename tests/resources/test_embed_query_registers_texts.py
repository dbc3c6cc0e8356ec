import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command

from resources.models import IndexVersion, QueryVector, RegisteredQuery
from resources.rag import registered
from tests.commands import manage
from tests.resources.making import add, index
from tests.resources.reading import activate, ask, version_beside
from tests.scripted import vector_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def active(model_server):
    add("A resource")
    return index()


def embed_query(*arguments):
    """What the command wrote to standard output and to standard error."""
    out, err = io.StringIO(), io.StringIO()
    call_command("embed_query", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def known():
    return set(QueryVector.objects.values_list("query__text", "version"))


def registered_texts():
    return set(RegisteredQuery.objects.values_list("text", flat=True))


def test_a_text_is_known_to_sql_from_then_on(active):
    assert embed_query("what is RAG?", "two") == ("2 registered, 0 known before\n", "")
    [(distance,)] = ask(
        "SELECT ollama_embed('what is RAG?') <=> %s::halfvec", [str(vector_of("what is RAG?"))]
    )
    assert distance == pytest.approx(0, abs=1e-3)


def test_saying_it_again_changes_nothing_and_asks_no_model(active, model_server):
    embed_query("one", "two")
    before = set(QueryVector.objects.values_list("pk", flat=True))
    calls = model_server.paths().count("/api/embed")
    assert embed_query("one", "two", "one") == ("0 registered, 2 known before\n", "")
    assert set(QueryVector.objects.values_list("pk", flat=True)) == before
    assert model_server.paths().count("/api/embed") == calls


def test_the_versions_prefix_goes_in_front_as_it_does_for_learners(active, model_server):
    IndexVersion.objects.update(query_prefix="query: ")
    embed_query("what is RAG?")
    assert model_server.calls[-1][1]["input"] == ["query: what is RAG?"]


def test_a_text_is_kept_to_the_letter(active):
    text = "  Spaces, CAPITALS\nand 'quotes' \\ stay: ñ 漢字 "
    embed_query(text)
    assert registered_texts() == {text}
    assert ask("SELECT ollama_embed(%s) IS NULL", [text]) == [(False,)]


def test_a_file_holds_one_text_a_line(active, tmp_path, monkeypatch):
    file = tmp_path / "texts"
    file.write_bytes(b"\xef\xbb\xbffirst\r\n\n  second \nthird")
    assert embed_query("--file", str(file), "and one more")[0].startswith("4 registered")
    assert registered_texts() == {"first", "  second ", "third", "and one more"}

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"piped\n")))
    embed_query("--file", "-")
    assert "piped" in registered_texts()


def test_the_list_can_be_read_back_as_a_file(active, tmp_path):
    embed_query("one", "two")
    listed, _ = embed_query("--list")
    assert listed == "one\ntwo\n"
    (tmp_path / "texts").write_text(listed)
    assert embed_query("--file", str(tmp_path / "texts"))[0].startswith("0 registered, 2 known")


def test_json_says_which_versions_know_a_text(active):
    version = {"id": active.pk, "model": "all-minilm", "dimension": 64, "state": "active"}
    embed_query("one")
    written, _ = embed_query("--json", "one", "zwei ü")
    assert [json.loads(line) for line in written.splitlines()] == [
        {"text": "one", "new": False, "versions": [version]},
        {"text": "zwei ü", "new": True, "versions": [version]},
    ]
    assert json.loads(embed_query("--list", "--json")[0].splitlines()[1]) == {
        "text": "zwei ü",
        "versions": [version],
    }
    assert json.loads(embed_query("--remove", "one", "--json")[0]) == {
        "text": "one",
        "removed": True,
    }


def test_a_removed_text_is_known_no_more(active):
    embed_query("one", "two")
    assert embed_query("--remove", "one") == ("removed\n", "")
    assert known() == {("two", active.pk)}
    with pytest.raises(CommandError, match="'one' is not registered; see --list"):
        embed_query("--remove", "one")


class TestBadInputRegistersNothing:
    @pytest.mark.parametrize(
        "text, words",
        [
            ("", "the text is empty"),
            (" \t\n", "the text is empty"),
            ("x" * 612, "a text may have 500 characters, 612 were given: 'xxxxx"),
            ("a\0b", "holds a NUL character"),
            ("a\udcff", "is not UTF-8"),
        ],
    )
    def test_each_fault_is_named(self, active, text, words):
        with pytest.raises(CommandError, match=f"TEXT: .*{words}"):
            embed_query("good", text)
        assert registered_texts() == set()

    def test_five_hundred_characters_are_taken(self, active):
        embed_query("漢" * 500)
        assert ask("SELECT ollama_embed(%s) IS NULL", ["漢" * 500]) == [(False,)]

    def test_a_file_with_a_bad_line_is_named_with_its_line(self, active, tmp_path):
        file = tmp_path / "texts"
        file.write_bytes(b"good\n\nb\xffad\n")
        with pytest.raises(CommandError, match=r"texts:3: the text is not UTF-8: 'b\\udcffad'"):
            embed_query("--file", str(file))
        assert registered_texts() == set()
        with pytest.raises(CommandError, match="--file: .*: No such file"):
            embed_query("--file", str(tmp_path / "none"))
        file.write_text("\n\n")
        with pytest.raises(CommandError, match="holds no text"):
            embed_query("--file", str(file))

    @pytest.mark.parametrize(
        "arguments", [[], ["--list", "a"], ["--list", "--remove", "a"], ["a", "--remove", "a"]]
    )
    def test_one_thing_at_a_time(self, active, arguments):
        with pytest.raises(CommandError, match="say one of: TEXT"):
            embed_query(*arguments)


def test_without_an_index_it_names_what_makes_one(model_server):
    with pytest.raises(CommandError, match="the index is empty.*: load_catalogue --starter --wait"):
        embed_query("one")
    assert registered_texts() == set()


def test_without_the_model_server_it_says_how_far_it_came(active, model_server):
    embed_query("one")
    model_server.status = 500
    with pytest.raises(
        CommandError, match=r"not all is registered, 1 of 2: the embedding model is away \(scripted"
    ):
        embed_query("one", "two")
    assert registered_texts() == {"one"}


class TestOtherVersions:
    """One that may become active must know what the active one knows."""

    def test_a_live_version_learns_it_too(self, active):
        ready = version_beside(active, 64, "ready")
        retired = version_beside(active, 64, "retired")
        IndexVersion.objects.exclude(pk=active.pk).update(model="all-minilm", digest="")
        assert embed_query("one") == ("1 registered, 0 known before\n", "")
        assert known() == {("one", active.pk), ("one", ready.pk)}
        assert retired.pk not in {version for _, version in known()}
        activate(ready)
        assert ask("SELECT ollama_embed('one') IS NULL") == [(False,)]

    def test_one_whose_model_is_away_does_not_keep_the_text_from_the_active_one(self, active):
        building = version_beside(active, 3)
        out, err = embed_query("one")
        assert out == "1 registered, 0 known before\n"
        assert f"not embedded yet for {building}, which is not active: " in err
        assert known() == {("one", active.pk)}

    def test_a_version_catches_up_before_it_is_activated(self, active):
        embed_query("one", "two")
        building = version_beside(active, 64)
        assert registered.catch_up(building) == 2
        assert registered.catch_up(building) == 0
        activate(building)
        assert embed_query("--list")[1] == ""
        assert ask("SELECT ollama_embed('two') IS NULL") == [(False,)]

    def test_the_list_tells_what_the_active_one_lacks(self, active):
        embed_query("one", "two")
        activate(version_beside(active, 64))
        out, err = embed_query("--list")
        assert out == "one\ntwo\n"
        assert err == "2 of them the active version does not know: register them again\n"
        assert embed_query("one", "two")[0] == "2 registered, 0 known before\n"
        assert embed_query("--list")[1] == ""


def test_help_teaches_with_examples():
    text = manage("embed_query", "--help").stdout
    for words in ("--file questions.txt", "--remove", "(SELECT ollama_embed(", "500 characters"):
        assert words in text
