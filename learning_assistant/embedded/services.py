"""The embedded services, for those who use them: where they are, and how to have them running.

    with lease(data_dir, [Service.POSTGRES]):
        ...  # PostgreSQL answers until the end of the block

Whoever uses a service holds a lease on it, a lock that the kernel drops when its holder ends,
however it ends. The first user starts the service's keeper (`keeper`), which stops the service
when the last lease has gone. Processes forked inside the block share its lease.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from learning_assistant.embedded import locks
from learning_assistant.embedded.errors import ServiceError
from learning_assistant.embedded.paths import POSTGRES_PORT, Paths, Service
from learning_assistant.embedded.postgres import DATABASE, READER, READER_SECRET, ROLE, ROLE_SECRET
from learning_assistant.embedded.readiness import is_ready
from learning_assistant.embedded.running import explain, tail
from learning_assistant.embedded.secrets_ import password_file, secret

__all__ = ["Endpoints", "Leases", "Service", "ServiceError", "endpoints", "lease", "secret"]

PROJECT = Path(__file__).resolve().parent.parent.parent
MAX_STARTS = 5  # of a keeper, while waiting for its service
START_AGAIN = 10.0  # seconds after which `renew` tries again what a keeper gave up on


@dataclass(frozen=True)
class Endpoints:
    """Where the services of one DATA_DIR are, whether they run or not."""

    paths: Paths

    @property
    def database(self) -> dict[str, str]:
        """HOST (the socket's folder), PORT, NAME, USER and PASSWORD, as Django calls them.

        The password is made on first use; raises ServiceError when it can't be.
        """
        return {
            "HOST": str(self.paths.postgres_sockets),
            "PORT": str(POSTGRES_PORT),
            "NAME": DATABASE,
            "USER": ROLE,
            "PASSWORD": secret(self.paths.data_dir, ROLE_SECRET),
        }

    @property
    def reader_url(self) -> str:
        """Where other programs read `rag_embeddings`, as libpq spells it.

        The password is in a file that it names, made on first use; raises ServiceError when it
        can't be.
        """
        where = {
            "host": str(self.paths.postgres_sockets),
            "port": str(POSTGRES_PORT),
            "passfile": str(password_file(self.paths.data_dir, READER, READER_SECRET)),
        }
        return f"postgresql://{READER}@/{DATABASE}?{urlencode(where, quote_via=quote)}"

    @property
    def redis_url(self) -> str:
        """As redis-py spells it."""
        return f"unix://{self.paths.valkey_socket}"

    @property
    def celery_url(self) -> str:
        """As Celery spells it."""
        return f"redis+socket://{self.paths.valkey_socket}"

    @property
    def ollama_host(self) -> str:
        """A Unix socket, for an HTTP client that is given one."""
        return f"unix://{self.paths.inference_socket}"


def endpoints(data_dir: Path) -> Endpoints:
    """The addresses of the services under *data_dir*; starts nothing, touches no disk."""
    return Endpoints(Paths.of(data_dir))


@contextmanager
def lease(
    data_dir: Path,
    services: Iterable[Service],
    *,
    report: Callable[[str], None] | None = None,
    timeout: float = 120,
) -> Iterator[None]:
    """Have *services* running for the length of the block.

    *report* is told what is being waited for; *timeout* is in seconds, for all of them together.
    Raises ServiceError, one sentence that says what to do.
    """
    leases = Leases(data_dir, services, report=report)
    leases.acquire(timeout)
    try:
        yield
    finally:
        leases.release()


class Leases:
    """Leases on some services, for programs that last: see `lease` for a block."""

    def __init__(
        self,
        data_dir: Path,
        services: Iterable[Service],
        *,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self.paths = Paths.of(data_dir)
        self.services = tuple(dict.fromkeys(services))
        self._report = report or (lambda message: None)
        self._held: dict[Service, int] = {}
        self._tried_at: dict[Service, float] = {}
        self._starts: Counter[Service] = Counter()

    def acquire(self, timeout: float = 120) -> None:
        """Start what is missing and wait, up to *timeout* seconds, until all of it answers.

        Raises ServiceError and holds nothing then.
        """
        ends = time.monotonic() + timeout
        try:
            if self.services:
                self.paths.prepare()
            for service in self.services:
                self._lock(service, ends)
            for service in self.services:
                self._start_keeper(service)
            self._wait_until_ready(ends)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the leases back. Copies held by forked children stay theirs."""
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held.clear()

    def renew(self) -> list[Service]:
        """Start keepers that have gone (killed, or given up on a while ago); returns which.

        Cheap enough to call every second. It waits for no service. Raises ServiceError when a
        keeper can't even be started.
        """
        started = []
        for service in self.services:
            recently = time.monotonic() - self._tried_at.get(service, -START_AGAIN) < START_AGAIN
            if locks.is_locked(self.paths.keeper_lock(service)):
                continue
            if recently and self.paths.failure(service).exists():
                continue
            self._start_keeper(service)
            started.append(service)
        return started

    def _lock(self, service: Service, ends: float) -> None:
        if service in self._held:
            return
        path = self.paths.users_lock(service)
        left = max(ends - time.monotonic(), 0)
        descriptor = locks.wait_lock(path, shared=True, seconds=left)  # while one is stopping
        if descriptor is None:
            raise ServiceError(
                f"{service.label} is being stopped and does not end: "
                f"look at {self.paths.log_file(service)}, or type `fuser {path}` to see by whom."
            )
        self._held[service] = descriptor

    def _start_keeper(self, service: Service) -> None:
        if locks.is_locked(self.paths.keeper_lock(service)):
            return
        self._tried_at[service] = time.monotonic()
        command = [sys.executable, "-m", "learning_assistant.embedded.keeper", service]
        path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
        failed = f"The keeper of {service.label} could not be started"
        try:
            started = subprocess.run(
                [*command, "--data-dir", str(self.paths.data_dir)],
                cwd=PROJECT,
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServiceError(explain(failed, [str(error)])) from error
        if started.returncode != 0:
            raise ServiceError(started.stderr.strip() or f"{failed}.")

    def _wait_until_ready(self, ends: float) -> None:
        waiting = list(self.services)
        told = False
        while waiting := [s for s in waiting if not is_ready(s, self.paths)]:
            if not told:
                self._report(f"starting {', '.join(s.label for s in waiting)}")
                told = True
            for service in waiting:
                self._check_keeper(service)
            if time.monotonic() >= ends:
                raise self._too_late(waiting)
            time.sleep(locks.PAUSE)

    def _too_late(self, waiting: list[Service]) -> ServiceError:
        titles = ", ".join(service.label for service in waiting)
        lines = [line for s in waiting for line in tail(self.paths.log_file(s), 5)]
        return ServiceError(
            explain(
                f"No answer from {titles} in time. The end of the logs in {self.paths.log}", lines
            )
        )

    def _check_keeper(self, service: Service) -> None:
        """Raise what the keeper gave up on; start another where one was killed."""
        if locks.is_locked(self.paths.keeper_lock(service)):
            return
        try:
            failure = self.paths.failure(service).read_text()
        except FileNotFoundError:  # killed, or its last user left just before we came
            self._starts[service] += 1
            if self._starts[service] > MAX_STARTS:
                raise self._too_late([service]) from None
            self._start_keeper(service)
        else:
            raise ServiceError(failure)
