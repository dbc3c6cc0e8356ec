import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from resources.models import IndexVersion, QueryVector, RegisteredQuery
from resources.rag import registered
from tests.resources.making import add, index
from tests.resources.reading import as_reader, ask, document

ASKED = "math behind PCA"
AS_WRITTEN = (
    "SELECT document_path FROM rag_embeddings ORDER BY embedding <=> ollama_embed({}) LIMIT 3"
)
FAST = AS_WRITTEN.replace("ollama_embed({})", "(SELECT ollama_embed({}))")

pytestmark = pytest.mark.usefixtures("model_server", "valkey")


@pytest.fixture
def filled():
    """An index of six, in which the three nearest to ASKED are known, nearest first."""
    for number in range(3):
        document(f"{number}.md", f"session storage {number}")
    near = [
        add(f"{ASKED} {more}", url=f"https://near.example/{more.replace(' ', '-')}")
        for more in ("told", "told again", "told again and again slowly")
    ]
    index()
    registered.register([ASKED])
    return [(resource.url,) for resource in near]


def test_with_a_literal_with_a_parameter_and_in_a_subselect(committed_db, filled):
    with as_reader() as reader:
        for query in (AS_WRITTEN, FAST):
            assert reader.execute(query.format(f"'{ASKED}'")).fetchall() == filled
            assert reader.execute(query.format("%s"), [ASKED]).fetchall() == filled
            for _ in range(8):
                prepared = reader.execute(query.format("%s"), [ASKED], prepare=True)
                assert prepared.fetchall() == filled
        asked = f"SELECT x.* FROM (SELECT '{ASKED}') q(query), LATERAL ({{}}) x"
        assert reader.execute(asked.format(AS_WRITTEN.format("query"))).fetchall() == filled


@pytest.mark.django_db
def test_the_subselect_asks_once_and_the_plain_form_once_a_row(filled):
    def lookups(query, *params):
        """How often *query* looked into the table of registered texts."""
        seen = (
            "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables"
            " WHERE relname = 'resources_registeredquery'"
        )
        [(before,)] = ask(seen)
        ask(query, params)
        [(after,)] = ask(seen)
        return after - before

    assert lookups(FAST.format(f"'{ASKED}'")) == 1
    assert lookups(FAST.format("%s"), ASKED) == 1
    assert lookups(AS_WRITTEN.format(f"'{ASKED}'")) == 6
    assert lookups(AS_WRITTEN.format("%s"), ASKED) == 6


def refused(text):
    """What the reader is told about *text*, on the lines that psql shows."""
    try:
        with transaction.atomic():
            ask("SELECT ollama_embed(%s)", [text])
    except DatabaseError as error:
        return str(error).splitlines()
    raise AssertionError(f"{text!r} is known")


@pytest.mark.django_db
class TestAnUnknownTextNamesTheCommand:
    def test_quoted_for_a_shell(self, filled):
        assert refused("what's RAG?")[:2] == [
            r"ollama_embed: this text is not registered: embed_query 'what'\''s RAG?'",
            r"HINT:  manage.py embed_query 'what'\''s RAG?'",
        ]
        assert refused("-x")[1] == "HINT:  manage.py embed_query -- '-x'"

    def test_shortened_where_it_is_long_and_whole_in_the_hint(self, filled):
        first, hint, *_ = refused("long " * 100)
        assert first.endswith(f": embed_query '{('long ' * 12)[:59]}…'")
        assert hint == f"HINT:  manage.py embed_query '{'long ' * 100}'"

    def test_nothing_about_a_text_is_guessed(self, filled):
        for other in (f" {ASKED}", f"{ASKED} ", ASKED.upper(), ASKED.replace(" ", "  ")):
            assert f"embed_query '{other}'" in refused(other)[0]

    def test_what_could_never_be_registered_says_so(self, filled):
        assert refused("")[0] == refused(" \n")[0] == "ollama_embed: the text is empty"
        assert refused("x" * 501)[0] == (
            "ollama_embed: the text has 501 characters, registered ones have at most 500"
        )

    def test_a_text_known_to_another_version_only_is_unknown(self, filled):
        QueryVector.objects.update(
            version=IndexVersion.objects.create(model="b", digest="d", dimension=64, chunker="c")
        )
        assert f"embed_query '{ASKED}'" in refused(ASKED)[0]

    def test_an_empty_index_names_what_fills_it(self):
        RegisteredQuery.objects.create(text=ASKED)
        first, hint, *_ = refused(ASKED)
        assert first == "ollama_embed: the index is empty"
        assert hint == "HINT:  manage.py load_catalogue --starter --wait"


@pytest.mark.django_db
def test_null_asks_nothing(filled):
    assert ask("SELECT ollama_embed(NULL) IS NULL") == [(True,)]
    assert len(ask(AS_WRITTEN.format("NULL"))) == 3


@pytest.mark.django_db
def test_the_planner_is_told_that_it_stays_the_same_within_a_statement():
    assert ask(
        "SELECT provolatile, proisstrict, prosecdef, proconfig FROM pg_proc"
        " WHERE oid = 'ollama_embed(text)'::regprocedure"
    ) == [("s", True, True, ["search_path=pg_catalog, public, pg_temp"])]


@pytest.mark.django_db
def test_the_error_has_a_code_that_programs_can_tell(filled):
    with pytest.raises(DatabaseError) as raised, transaction.atomic():
        ask("SELECT ollama_embed('unheard of')")
    assert isinstance(raised.value.__cause__, psycopg.errors.NoDataFound)
    assert connection.connection.info.status == psycopg.pq.ConnStatus.OK
