-- The role rag_reader: it reads the view rag_embeddings, calls ollama_embed, and may do no more.
--
-- Run it as a superuser in the application's database, before or after the first migration, and
-- again after an upgrade; a second run changes nothing:
--
--   psql -d learning_assistant -f deploy/postgres/rag_reader.sql -c '\password rag_reader'
--
-- It is written for a server that holds this database alone. It takes from PUBLIC, and gives to
-- the application's role (the database's owner), what a reader has no use for: temporary tables,
-- PL/pgSQL, waiting and locking functions, and the databases postgres and template1. On a server
-- shared with others leave out the last block.
--
-- A blank line stands after each statement and nowhere else: PostgreSQL's single-user mode, which
-- sets up the embedded cluster with this file, reads it so.

CREATE EXTENSION IF NOT EXISTS vector;

-- The application's role, for the blocks below.
DO $$ BEGIN
    PERFORM set_config('learning_assistant.role', coalesce(
        nullif(current_setting('learning_assistant.role', true), ''),
        (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database())
    ), false);
END $$;

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rag_reader') THEN
        CREATE ROLE rag_reader;
    END IF;
END $$;

ALTER ROLE rag_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    CONNECTION LIMIT 10;

-- Whatever it has set for itself.
ALTER ROLE rag_reader RESET ALL;

-- Defaults, which a session may change for itself; the connection limit and this first one hold.
ALTER ROLE rag_reader SET temp_file_limit = '256MB';

ALTER ROLE rag_reader SET statement_timeout = '10s';

ALTER ROLE rag_reader SET lock_timeout = '2s';

ALTER ROLE rag_reader SET idle_in_transaction_session_timeout = '30s';

ALTER ROLE rag_reader SET client_connection_check_interval = '1s';

ALTER ROLE rag_reader SET default_transaction_read_only = on;

ALTER ROLE rag_reader SET max_parallel_workers_per_gather = 0;

ALTER ROLE rag_reader SET search_path = public;

-- This database: from PUBLIC to the application's role.
DO $$ DECLARE
    application name := current_setting('learning_assistant.role');
    function regprocedure;
BEGIN
    IF current_database() <> 'template1' THEN
        EXECUTE format('ALTER ROLE rag_reader IN DATABASE %I RESET ALL', current_database());
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO rag_reader', current_database());
        EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I',
            current_database(), application);
        EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database());
    END IF;
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA public TO %I', application);
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    EXECUTE format('GRANT USAGE ON LANGUAGE plpgsql TO %I', application);
    REVOKE USAGE ON LANGUAGE plpgsql, sql FROM PUBLIC;
    EXECUTE format('GRANT USAGE ON LANGUAGE sql TO %I', application);
    EXECUTE format('GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO %I', application);
    REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA public FROM PUBLIC;
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE EXECUTE ON ROUTINES FROM PUBLIC', application);
    -- What waits, locks, notifies, writes large objects or the log, or ends the sessions of others.
    FOR function IN
        SELECT p.oid FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND p.proname ~ ('^(pg_sleep.*|pg_(try_)?advisory_.*|lo_.*|loread|lowrite|pg_notify'
              || '|pg_(cancel|terminate)_backend|pg_logical_emit_message|pg_export_snapshot'
              || '|txid_current|pg_current_xact_id)$')
          AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))
                      WHERE grantee = 0)
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', function, application);
    END LOOP;
END $$;

-- This database: what the reader has. The application may end the reader's sessions.
DO $$ DECLARE
    application name := current_setting('learning_assistant.role');
    function regprocedure;
BEGIN
    EXECUTE format('GRANT rag_reader TO %I', application);
    GRANT USAGE ON SCHEMA public TO rag_reader;
    FOR function IN
        SELECT d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        WHERE e.extname = 'vector' AND d.refclassid = 'pg_extension'::regclass
          AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
    LOOP
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO rag_reader', function);
    END LOOP;
    -- Made by a migration, which grants the same when the role is there first.
    IF to_regclass('public.rag_embeddings') IS NOT NULL THEN
        GRANT SELECT ON public.rag_embeddings TO rag_reader;
    END IF;
    IF to_regprocedure('public.ollama_embed(text)') IS NOT NULL THEN
        GRANT EXECUTE ON FUNCTION public.ollama_embed(text) TO rag_reader;
    END IF;
END $$;

-- The server's other databases.
DO $$ DECLARE
    application name := current_setting('learning_assistant.role');
    other name;
BEGIN
    FOR other IN SELECT datname FROM pg_database WHERE datname IN ('postgres', 'template1') LOOP
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', other, application);
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, rag_reader', other);
    END LOOP;
END $$;
