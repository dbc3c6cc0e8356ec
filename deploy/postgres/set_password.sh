#!/bin/sh
# Gives the role rag_reader the password in RAG_READER_PASSWORD; without one it can't log in.
# The database's image runs this at its first start, after rag_reader.sql. By hand, with psql's own
# variables (PGHOST, PGUSER, …) set for a superuser:
#
#   RAG_READER_PASSWORD=… deploy/postgres/set_password.sh

if [ -n "${RAG_READER_PASSWORD:-}" ]; then
    # Read from the environment, so that no list of processes shows it.
    PGUSER="${PGUSER:-${POSTGRES_USER:-}}" PGDATABASE="${PGDATABASE:-${POSTGRES_DB:-}}" \
        psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
\getenv password RAG_READER_PASSWORD
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
ALTER ROLE rag_reader PASSWORD :'password';
SQL
fi
