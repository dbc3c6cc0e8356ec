"""Real services in a folder of their own, and users of them in processes of their own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import disk_usage

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from learning_assistant.embedded import locks
from learning_assistant.embedded.__main__ import main as operate
from learning_assistant.embedded.paths import Paths, Service
from learning_assistant.embedded.services import PROJECT, endpoints, lease

# In memory where there is room: clusters are made, copied and removed by the dozen.
PLACE = "/dev/shm" if os.path.isdir("/dev/shm") and disk_usage("/dev/shm").free > 2**31 else "/tmp"
BOTH = (Service.POSTGRES, Service.VALKEY)
# Takes a lease, says so, and holds it until its standard input ends.
USER = """
import sys
from pathlib import Path
from learning_assistant.embedded.services import Service, ServiceError, lease
folder, *services = sys.argv[1:]
try:
    with lease(Path(folder), map(Service, services), timeout=60):
        sys.stdout.write("ready\\n")
        sys.stdout.flush()
        sys.stdin.read()
except ServiceError as error:
    sys.stdout.write(f"{error}\\n")
"""


class User:
    """A process that holds a lease."""

    def __init__(self, data_dir: Path, services: tuple[Service, ...], **options: object) -> None:
        environment = options.get("environment") or dict(os.environ)
        assert isinstance(environment, dict)
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(data_dir), *services],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def said(self) -> str:
        """What it said: "ready", or why it could not be."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        return line if line == "ready" else line + "\n" + self.process.stdout.read()

    def leave(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def kill(self) -> None:
        self.process.kill()
        self.leave()


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """A folder in which PostgreSQL has run once and runs no more: to be copied."""
    with tempfile.TemporaryDirectory(prefix="la", dir=PLACE) as folder:
        with lease(Path(folder), [Service.POSTGRES]):
            pass
        assert until(lambda: stopped(Path(folder), Service.POSTGRES))
        yield Path(folder)


@pytest.fixture(scope="session")
def running(made: Path) -> Iterator[Path]:
    """The folder of services that run all along, for tests that change nothing about them."""
    with tempfile.TemporaryDirectory(prefix="la", dir=PLACE) as folder:
        _copy(made, folder)
        user = User(Path(folder), BOTH)
        assert user.said() == "ready"
        yield Path(folder)
        user.leave()
        assert until(lambda: all(stopped(Path(folder), service) for service in BOTH))


@pytest.fixture
def used_dir(made: Path, data_dir: Path) -> Path:
    """Like `data_dir`, with a database that was made before."""
    _copy(made, data_dir)
    return data_dir


def _copy(source: Path, target: Path | str) -> None:
    subprocess.run(["cp", "-a", f"{source}/.", target], check=True)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder with a short path; at the end nothing may run there."""
    with tempfile.TemporaryDirectory(prefix="la", dir=PLACE) as folder:
        path = Path(folder)
        yield path
        left = [service for service in Service if not until(lambda s=service: stopped(path, s))]
        operate(["stop", "--data-dir", folder])
        assert left == []


@pytest.fixture
def users() -> Iterator[Callable[..., User]]:
    """Starts users; ends those that are left."""
    started: list[User] = []

    def start(data_dir: Path, *services: Service, **options: object) -> User:
        started.append(User(data_dir, services or BOTH, **options))
        return started[-1]

    yield start
    for user in started:
        if user.process.returncode is None:
            user.kill()


def until(condition: Callable[[], object], seconds: float = 15) -> bool:
    """Wait for *condition*; whether it came true within *seconds*."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.1)
    return True


def keepers(data_dir: Path, service: Service) -> list[int]:
    return locks.holders(Paths.of(data_dir).keeper_lock(service))


def servers(data_dir: Path, service: Service) -> list[int]:
    """The processes of the service, its first one first."""
    return locks.holders(Paths.of(data_dir).server_lock(service))


def stopped(data_dir: Path, service: Service) -> bool:
    paths = Paths.of(data_dir)
    files = [paths.keeper_lock(service), paths.server_lock(service)]
    return not any(file.exists() and locks.is_locked(file) for file in files)


def kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # a connection that was just closed
            os.kill(pid, signal.SIGKILL)


def connect(data_dir: Path, **changes: str) -> "psycopg.Connection[tuple[object, ...]]":
    database = endpoints(data_dir).database
    arguments = {
        "host": database["HOST"],
        "port": database["PORT"],
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
    }
    return psycopg.connect(**{**arguments, **changes}, autocommit=True, connect_timeout=3)


def ask(data_dir: Path, statement: str) -> object:
    """The first value of *statement*'s answer, if it has one."""
    with connect(data_dir) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def valkey(data_dir: Path) -> "redis.Redis[str]":
    return redis.Redis.from_url(
        endpoints(data_dir).redis_url, decode_responses=True, retry=Retry(NoBackoff(), 0)
    )
