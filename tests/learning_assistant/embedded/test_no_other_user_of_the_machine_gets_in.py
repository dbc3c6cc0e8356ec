import os
import stat
import subprocess

import psycopg
import pytest

from learning_assistant.embedded.paths import Paths
from learning_assistant.embedded.services import Service
from tests.learning_assistant.embedded.conftest import connect, servers

TRY = """
import os, socket, sys
for path in sys.argv[1:]:
    for how in (lambda: os.listdir(path), lambda: open(path).close(),
                lambda: socket.socket(socket.AF_UNIX).connect(path)):
        try:
            how()
        except PermissionError:
            continue
        except OSError as error:
            sys.exit(f"{path}: {error}")
        sys.exit(f"{path} is open")
"""


def test_nobody_else_may_enter_a_folder_or_read_a_secret(running):
    paths = Paths.of(running)
    for folder, folders, files in os.walk(running):
        for name in [".", *folders, *files]:
            found = os.lstat(os.path.join(folder, name))
            if not stat.S_ISSOCK(found.st_mode):
                # A folder may let one group through, never more.
                assert found.st_mode & 0o067 == 0, f"{folder}/{name} {oct(found.st_mode)}"
    for secret in paths.secrets.iterdir():
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
def test_another_user_can_neither_read_nor_connect(running):
    paths = Paths.of(running)
    closed = [
        running,
        paths.secrets,
        paths.secrets / "postgres-password",
        paths.postgres,
        paths.log / "postgres.log",
        paths.postgres_socket,
        paths.valkey_socket,
    ]
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
    # The system's Python: the one that runs the tests may be closed to others.
    tried = subprocess.run(
        [*nobody, "--", "/usr/bin/env", "-i", "/usr/bin/python3", "-c", TRY, *map(str, closed)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (tried.returncode, tried.stderr) == (0, "")


@pytest.mark.parametrize("user", ["learning_assistant", "postgres"])
@pytest.mark.parametrize("password", ["", "guessed"])
def test_nobody_gets_in_without_the_password(running, user, password):
    with pytest.raises(psycopg.OperationalError, match="password"):
        connect(running, user=user, password=password).close()


def test_nothing_listens_on_the_network(running):
    inodes = set()
    for service in Service:
        for pid in servers(running, service):
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                try:
                    inodes.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
                except OSError:
                    continue
    sockets = {inode for inode in inodes if inode.startswith("socket:")}
    assert sockets
    for table in ("tcp", "tcp6", "udp", "udp6"):
        with open(f"/proc/net/{table}") as file:
            for line in file.readlines()[1:]:
                assert f"socket:[{line.split()[9]}]" not in sockets, line
