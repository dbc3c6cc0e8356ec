import os
import stat
import subprocess
import sys

import psycopg
import pytest

from learning_assistant.embedded.paths import Paths
from learning_assistant.embedded.postgres import READER_SCRIPT, _programs
from learning_assistant.embedded.secrets_ import secret
from learning_assistant.embedded.services import PROJECT, Service, endpoints, lease
from tests.learning_assistant.embedded.conftest import ask, connect, stopped, until

# What a migration makes, in short.
VIEW = """
CREATE TABLE base (title text);
CREATE VIEW rag_embeddings AS SELECT title FROM base;
CREATE FUNCTION ollama_embed(asked text) RETURNS halfvec LANGUAGE sql AS $$ SELECT '[1]'::halfvec $$
"""


def as_reader(data_dir, **changes):
    return psycopg.connect(
        endpoints(data_dir).reader_url, autocommit=True, connect_timeout=3, **changes
    )


def as_superuser(data_dir, dbname="learning_assistant"):
    password = secret(data_dir, "postgres-superuser-password")
    return connect(data_dir, user="postgres", password=password, dbname=dbname)


def superusers_psql(data_dir, *command, **variables):
    """Run *command* where psql gets in as the superuser."""
    database = endpoints(data_dir).database
    environment = {
        "PATH": f"{_programs()[0]}:{os.environ['PATH']}",
        "PGHOST": database["HOST"],
        "PGDATABASE": database["NAME"],
        "PGUSER": "postgres",
        "PGPASSWORD": secret(data_dir, "postgres-superuser-password"),
    }
    done = subprocess.run(
        command, env=environment | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_its_address_works_and_shows_no_password(running):
    printed = subprocess.run(
        [sys.executable, "-m", "learning_assistant.embedded", "reader-url", "--data-dir", running],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert secret(running, "rag-reader-password") not in printed
    passfile = Paths.of(running).secrets / "rag-reader-password.pgpass"
    assert stat.S_IMODE(passfile.stat().st_mode) == 0o600
    with psycopg.connect(printed) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("rag_reader",)


def test_a_cluster_made_before_the_role_gets_it_at_its_next_start(used_dir):
    def without_the_role():
        for dbname in ("learning_assistant", "template1"):
            with as_superuser(used_dir, dbname) as superuser:
                superuser.execute("DROP OWNED BY rag_reader")
                superuser.execute("GRANT EXECUTE ON FUNCTION pg_sleep, lo_creat TO PUBLIC")
                superuser.execute("GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC")
        with as_superuser(used_dir) as superuser:
            superuser.execute("GRANT CONNECT ON DATABASE postgres TO PUBLIC")
            superuser.execute("GRANT TEMPORARY ON DATABASE learning_assistant TO PUBLIC")
            superuser.execute("DROP ROLE rag_reader")
        for left in ("postgres-roles-set", "rag-reader-password", "rag-reader-password.pgpass"):
            (Paths.of(used_dir).secrets / left).unlink(missing_ok=True)

    with lease(used_dir, [Service.POSTGRES]):
        ask(used_dir, VIEW)
        without_the_role()
    assert until(lambda: stopped(used_dir, Service.POSTGRES))
    with lease(used_dir, [Service.POSTGRES]):
        ask(used_dir, "CREATE DATABASE later")
        with as_reader(used_dir) as reader:
            assert reader.execute("SELECT count(*) FROM rag_embeddings").fetchone() == (0,)
            reader.execute("SET default_transaction_read_only = off")
            for denied in ("SELECT pg_sleep(0)", "DO ''", "CREATE TEMP TABLE t ()", "TABLE base"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(denied)
        denied = pytest.raises(psycopg.errors.InsufficientPrivilege)
        with as_reader(used_dir, dbname="later") as reader, denied:  # made from template1
            reader.execute("SELECT lo_creat(-1)")
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            as_reader(used_dir, dbname="postgres")
        # The application lacks nothing of what was taken from the public.
        for allowed in ("SELECT pg_sleep(0)", "DO 'BEGIN END'", "CREATE TEMP TABLE t ()"):
            ask(used_dir, allowed)


def test_without_its_password_file_all_of_it_is_set_anew_at_the_next_start(used_dir):
    file = Paths.of(used_dir).secrets / "rag-reader-password"
    before = secret(used_dir, "rag-reader-password")
    with lease(used_dir, [Service.POSTGRES]), as_reader(used_dir) as reader:
        reader.execute("SET default_transaction_read_only = off")
        reader.execute("ALTER ROLE rag_reader SET statement_timeout = 0")
        reader.execute("ALTER ROLE rag_reader SET work_mem = '1GB'")
        reader.execute("ALTER ROLE rag_reader IN DATABASE learning_assistant SET lock_timeout = 0")
        reader.execute("ALTER ROLE rag_reader PASSWORD 'its own'")
    assert until(lambda: stopped(used_dir, Service.POSTGRES))
    file.unlink()
    with lease(used_dir, [Service.POSTGRES]), as_reader(used_dir) as reader:
        shown = "current_setting('statement_timeout'), current_setting('lock_timeout')"
        assert reader.execute(f"SELECT {shown}").fetchone() == ("10s", "2s")
        assert reader.execute("SHOW work_mem").fetchone() == ("16MB",)
    assert secret(used_dir, "rag-reader-password") != before


def test_an_operator_makes_the_role_on_a_server_of_their_own(used_dir):
    """By the script alone, any number of times, after the migration or before it."""
    with lease(used_dir, [Service.POSTGRES]):
        with as_superuser(used_dir) as superuser:
            superuser.execute("CREATE ROLE owner LOGIN PASSWORD 'x'")
            superuser.execute("CREATE DATABASE theirs OWNER owner TEMPLATE template0")
        script = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-f", str(READER_SCRIPT)]
        superusers_psql(used_dir, *script, PGDATABASE="theirs")
        with connect(used_dir, user="owner", password="x", dbname="theirs") as owner:
            owner.execute(VIEW)
        superusers_psql(used_dir, *script, PGDATABASE="theirs")
        superusers_psql(used_dir, *script, PGDATABASE="theirs")
        superusers_psql(
            used_dir,
            str(READER_SCRIPT.with_name("set_password.sh")),
            PGDATABASE="theirs",
            RAG_READER_PASSWORD="it's a \\secret",
        )
        with as_reader(used_dir, dbname="theirs", password="it's a \\secret") as reader:
            nearest = "SELECT title FROM rag_embeddings ORDER BY '[2]' <=> ollama_embed('x')"
            assert reader.execute(nearest).fetchall() == []
            for denied in ("TABLE base", "SELECT pg_sleep(0)", "SELECT lo_creat(-1)", "DO ''"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(denied)
        with connect(used_dir, user="owner", password="x", dbname="theirs") as owner:
            owner.execute("SELECT pg_advisory_lock(1); DO 'BEGIN END'; CREATE TEMP TABLE t ()")
