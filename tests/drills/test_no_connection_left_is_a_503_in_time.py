"""PostgreSQL takes no more connections: a 503 that says so, and whole answers afterwards."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import psycopg

from learning_assistant.embedded.services import endpoints
from tests.drills.drilling import Drill, Expected

MOST = 150  # more than max_connections
OTHERS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE usename = current_user AND application_name LIKE 'learning-assistant%'"""


@contextmanager
def no_connection_left(drill: Drill) -> Iterator[None]:
    """Others hold them all, also those that the copy had."""
    database = endpoints(drill.stack.services_dir).database
    with ExitStack() as held:

        def another() -> psycopg.Connection:
            connection: psycopg.Connection = psycopg.connect(
                host=database["HOST"], port=database["PORT"], dbname=database["NAME"],
                user=database["USER"], password=database["PASSWORD"], autocommit=True,
            )  # fmt: skip
            held.callback(connection.close)
            return connection

        def all_that_are_left() -> None:
            with suppress(psycopg.OperationalError):
                for _ in range(MOST):
                    another()

        first = another()
        for _ in range(3):  # the copy takes back what it can meanwhile
            first.execute(OTHERS)
            all_that_are_left()
        yield


def test_no_connection_left(drill: Drill) -> None:
    drill.run(
        "PostgreSQL out of connections", lambda: no_connection_left(drill), Expected(refuses=True)
    )
