from contextlib import ExitStack

import psycopg
import pytest
from django.db import connection
from psycopg import errors

from resources.models import VersionState
from resources.rag import registered
from tests.resources.making import add, index
from tests.resources.reading import as_reader, ask, version_beside

pytestmark = pytest.mark.usefixtures("model_server", "valkey")

# Each by a right it lacks, not by what its session starts with: that it may change.
DENIED = [
    # Functions and operators of its own, which could look at rows before the view does.
    "CREATE FUNCTION leak(text) RETURNS bool LANGUAGE sql AS 'SELECT true'",
    "CREATE FUNCTION pg_temp.leak(text) RETURNS bool LANGUAGE sql COST 1e-9 AS 'SELECT true'",
    "CREATE FUNCTION pg_temp.leak(text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN true; END'",
    "CREATE OPERATOR <<< (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)",
    "CREATE OPERATOR pg_temp.<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)",
    "CREATE AGGREGATE pg_temp.leak (text) (SFUNC = textcat, STYPE = text)",
    "CREATE CAST (text AS halfvec) WITH INOUT",
    "DO 'BEGIN END'",
    "ALTER FUNCTION texteq(text, text) LEAKPROOF",
    # Tables and views of its own.
    "CREATE TABLE mine AS SELECT * FROM rag_embeddings",
    "CREATE TEMP TABLE mine AS SELECT * FROM rag_embeddings",
    "SELECT * INTO TEMP mine FROM rag_embeddings",
    "CREATE TEMP VIEW mine AS SELECT * FROM rag_embeddings",
    "CREATE VIEW mine AS SELECT * FROM rag_embeddings",
    "CREATE SCHEMA mine",
    "DROP EXTENSION vector",
    # The view and its function.
    "DROP VIEW rag_embeddings",
    "ALTER VIEW rag_embeddings SET (security_barrier = false)",
    "CREATE OR REPLACE VIEW rag_embeddings AS SELECT 1",
    "CREATE OR REPLACE FUNCTION ollama_embed(text) RETURNS halfvec LANGUAGE sql AS 'SELECT null'",
    "SELECT * FROM rag_embeddings FOR UPDATE",
    "BEGIN; LOCK TABLE rag_embeddings IN SHARE MODE",
    # Other roles, and what is said of its own.
    "SET ROLE learning_assistant",
    "SET ROLE postgres",
    "SET ROLE pg_read_all_data",
    "SET SESSION AUTHORIZATION postgres",
    "CREATE ROLE mine",
    "ALTER ROLE rag_reader CONNECTION LIMIT -1",
    "ALTER ROLE rag_reader SUPERUSER",
    "ALTER ROLE rag_reader SET temp_file_limit = -1",
    "SET temp_file_limit = -1",
    "GRANT pg_read_all_data TO rag_reader",
    # Secrets of the catalogue and of the server.
    "TABLE pg_authid",
    "TABLE pg_shadow",
    "TABLE pg_statistic",
    "TABLE pg_user_mapping",
    "TABLE pg_largeobject",
    "TABLE pg_hba_file_rules",
    "TABLE pg_file_settings",
    "SHOW data_directory",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "SET log_statement = 'all'",
    "LOAD '/tmp/evil.so'",
    # Files and programs.
    "COPY rag_embeddings FROM PROGRAM 'true'",
    "COPY (TABLE rag_embeddings) TO PROGRAM 'cat'",
    "COPY (TABLE rag_embeddings) TO '/tmp/out'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT pg_stat_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_creat(-1)",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    # What waits, locks, wakes others, fills the log, or ends their sessions.
    "SELECT pg_sleep(0)",
    "SELECT pg_sleep_for('0 s')",
    "SELECT pg_sleep_until('2000-01-01')",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_lock(1)",
    "SELECT pg_advisory_xact_lock_shared(1, 2)",
    "SELECT pg_notify('celery', 'x')",
    "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000))",
    "SELECT pg_export_snapshot()",
    "SELECT pg_current_xact_id()",
    "SELECT pg_cancel_backend(pg_backend_pid())",
    "SELECT pg_terminate_backend(pg_backend_pid())",
    "SELECT pg_reload_conf()",
    "SELECT pg_switch_wal()",
    "SELECT pg_stat_reset()",
]


@pytest.fixture
def reader(committed_db):
    with as_reader() as reader:
        reader.execute("SET default_transaction_read_only = off")
        yield reader


@pytest.mark.parametrize("statement", DENIED)
def test_it_is_denied(reader, statement):
    with pytest.raises(errors.InsufficientPrivilege):
        reader.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM rag_embeddings",
        "UPDATE rag_embeddings SET title = ''",
        "INSERT INTO rag_embeddings (title) VALUES ('')",
        "MERGE INTO rag_embeddings r USING (SELECT 1) x ON true WHEN MATCHED THEN DELETE",
        "TRUNCATE rag_embeddings",
        "COPY rag_embeddings FROM STDIN",
    ],
)
def test_the_view_takes_no_writes(reader, statement):
    refusals = (
        errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState, errors.WrongObjectType
    )  # fmt: skip
    with pytest.raises(refusals):
        reader.execute(statement)


def test_it_can_pass_nothing_on(reader):
    reader.execute("GRANT SELECT ON rag_embeddings TO PUBLIC")  # PostgreSQL only warns
    granted = "SELECT relacl::text FROM pg_class WHERE relname = 'rag_embeddings'"
    assert not any(acl.startswith("=") for acl in ask(granted)[0][0].strip("{}").split(","))


def test_no_table_of_the_database_can_be_read(reader):
    relations = ask(
        "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
        " AND relnamespace::regnamespace NOT IN ('pg_catalog', 'information_schema')"
    )
    names = {name for (name,) in relations} - {"rag_embeddings"}
    assert {"resources_resource", "auth_user", "learning_sessions_interaction"} < names
    for name in names:
        with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
            reader.execute(f"TABLE {name}")
        granted = reader.execute("SELECT has_any_column_privilege(%s, 'SELECT')", [name]).fetchone()
        assert granted == (False,) or name.endswith("_seq")


def test_of_the_applications_functions_it_may_call_one(reader):
    callable_ = ask(
        "SELECT oid::regprocedure::text FROM pg_proc p WHERE pronamespace = 'public'::regnamespace"
        " AND has_function_privilege('rag_reader', oid, 'EXECUTE') AND NOT EXISTS"
        " (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')"
    )
    assert callable_ == [("ollama_embed(text)",)]
    ask("CREATE FUNCTION of_tomorrow() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    try:
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute("SELECT of_tomorrow()")
    finally:
        ask("DROP FUNCTION of_tomorrow()")


def test_pgvectors_operators_and_casts_are_there(reader):
    add("A resource")
    index()
    for expression in (
        "embedding <-> embedding", "embedding <#> embedding", "embedding <+> embedding",
        "l2_normalize(embedding)", "embedding::real[]", "embedding::vector",
        "embedding + embedding", "vector_dims(embedding)", "subvector(embedding, 1, 3)",
        "embedding = embedding", "avg(embedding)",
    ):  # fmt: skip
        assert len(reader.execute(f"SELECT {expression} FROM rag_embeddings").fetchall()) == 1


class TestHiddenRows:
    """Conditions that tell what they saw, in an error: they see no row that is not shown."""

    LEAKY = [
        "title::int = 1",
        "content::int = 1",
        "(metadata->>'kind')::int = 1",
        "document_path::inet = '::1'",
        "1 / (char_length(title) - char_length(title)) = 1",
        "embedding <=> '[1]' < 1",
        "NOT (title LIKE '%\\' AND position > 5)",
        "xmlparse(document title) IS NULL",
    ]

    @pytest.fixture(autouse=True)
    def hidden(self, committed_db, model_server, valkey):
        """A draft that was public and is still in the index, and all of another version."""
        shown = add("To be withdrawn")
        version = index()
        version_beside(version, 3, VersionState.READY)
        type(shown).objects.update(status="draft")

    @pytest.mark.parametrize("condition", LEAKY)
    def test_no_condition_meets_them(self, reader, condition):
        for off in ("", "enable_hashjoin", "enable_seqscan", "enable_nestloop"):
            if off:
                reader.execute(f"SET {off} = off")
            query = f"SELECT * FROM rag_embeddings WHERE {condition}"
            assert reader.execute(query).fetchall() == []
            nested = f"SELECT * FROM (SELECT * FROM rag_embeddings OFFSET 0) x WHERE {condition}"
            assert reader.execute(nested).fetchall() == []

    @pytest.mark.parametrize("condition", LEAKY[:6])
    def test_the_conditions_would_tell(self, reader, condition):
        add("Not a number", url="https://shown.example/")
        index()
        with pytest.raises(errors.DataError):
            reader.execute(f"SELECT * FROM rag_embeddings WHERE {condition}")

    def test_the_planners_statistics_show_nothing(self, reader):
        ask("ANALYZE resources_resource")
        assert reader.execute("SELECT * FROM pg_stats WHERE schemaname = 'public'").fetchall() == []
        assert reader.execute("SELECT * FROM pg_stats_ext").fetchall() == []

    def test_an_unknown_text_shows_no_vector_of_another_version(self, reader):
        with pytest.raises(errors.NoDataFound):
            reader.execute("SELECT ollama_embed('never registered')")


def test_a_session_starts_with_limits(committed_db):
    with as_reader() as reader:
        names = [
            "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
            "default_transaction_read_only", "search_path", "temp_file_limit",
        ]  # fmt: skip
        shown = [reader.execute(f"SHOW {name}").fetchone()[0] for name in names]
        assert shown == ["10s", "2s", "30s", "on", "public", "256MB"]
        with pytest.raises(errors.ReadOnlySqlTransaction):
            reader.execute("CREATE TABLE mine ()")


def test_a_statement_that_takes_too_long_is_ended(committed_db):
    with (
        as_reader(options="-c statement_timeout=20ms") as reader,
        pytest.raises(errors.QueryCanceled, match="statement timeout"),
    ):
        reader.execute("SELECT count(*) FROM generate_series(1, 1000000000)")


def test_ten_connections_and_no_more(committed_db):
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(as_reader())
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            stack.enter_context(as_reader())


def test_the_application_can_end_its_sessions(reader):
    pid = reader.info.backend_pid
    assert ask("SELECT pg_terminate_backend(%s)", [pid]) == [(True,)]
    with pytest.raises(psycopg.OperationalError):
        reader.execute("SELECT 1")


@pytest.mark.parametrize("name", ["postgres", "template1"])
def test_no_other_database_lets_it_in(committed_db, name):
    denied = pytest.raises(psycopg.OperationalError, match="permission denied for database")
    with denied, as_reader(dbname=name):
        pass


def test_it_reads_through_the_view_what_it_was_made_for(reader):
    add("A resource")
    index()
    registered.register(["anything"])
    reader.execute("SET default_transaction_read_only = on")
    rows = reader.execute(
        "SELECT title FROM rag_embeddings ORDER BY embedding <=> ollama_embed('anything')"
    ).fetchall()
    assert rows == [("A resource",)]
    assert reader.info.dbname == connection.settings_dict["NAME"]
