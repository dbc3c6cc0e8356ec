import shlex
import subprocess
import sys

from learning_assistant.embedded.services import PROJECT, Service
from tests.learning_assistant.embedded.conftest import keepers, stopped


def operate(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "learning_assistant.embedded", *map(str, arguments)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_status_names_keepers_and_users_and_stop_ends_them(data_dir, users):
    nothing = operate("status", "--data-dir", data_dir)
    assert (nothing.returncode, nothing.stdout.split()[0]) == (3, "nothing")

    user = users(data_dir, Service.VALKEY)
    assert user.said() == "ready"
    status = operate("status", "--data-dir", data_dir)
    assert status.returncode == 0
    [keeper] = keepers(data_dir, Service.VALKEY)
    assert f"valkey     keeper {keeper}, server" in status.stdout
    assert f"used by {user.process.pid} " in status.stdout
    assert "postgres   stopped" in status.stdout

    stop = operate("stop", "--data-dir", data_dir)
    assert (stop.returncode, stop.stdout) == (0, "valkey     stopped\n")
    assert stopped(data_dir, Service.VALKEY)
    assert user.process.poll() is None  # its user is left alone
    assert operate("stop", "--data-dir", data_dir).returncode == 0


def test_shell_env_lets_psql_in(running):
    lines = operate("shell-env", "--data-dir", running).stdout
    reached = subprocess.run(
        ["sh", "-c", f'eval "$1"; {shlex.quote(sys.executable)} -c "$2"', "sh", lines, PSQL],
        capture_output=True,
        text=True,
        check=False,
    )
    assert reached.stdout == "learning_assistant\n", reached.stderr


# libpq reads the same variables in psql and in psycopg.
PSQL = """
import psycopg
with psycopg.connect() as connection:
    print(connection.execute("SELECT current_user").fetchone()[0])
"""


def test_help_says_what_the_commands_are_for():
    help_text = operate("--help").stdout
    for word in ("status", "stop", "shell-env", "--data-dir", "make run"):
        assert word in help_text
