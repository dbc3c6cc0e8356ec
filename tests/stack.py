"""A whole copy of the product, started as `make run` starts it, and ways to hurt it."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import redis

from learning_assistant.embedded import locks
from learning_assistant.embedded.paths import Paths, Service
from learning_assistant.embedded.services import endpoints

# A copy under test is asked as often as it can answer.
UNLIMITED = dict.fromkeys(("THROTTLE_SESSION", "THROTTLE_ADDRESS", "THROTTLE_KEY"), "off")
PROJECT = Path(__file__).resolve().parent.parent


_asked = itertools.count(1)


def unheard_of() -> str:
    """A question that nobody has asked, so that no answer to it is remembered."""
    return f"how do transformers work, part {next(_asked)} of {os.getpid()}?"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """What *condition* returns once it is true; fails the test after *seconds*."""
    ends = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < ends, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return value


@dataclass
class Stack:
    url: str
    data_dir: Path
    env: dict[str, str]
    process: "subprocess.Popen[str]"
    services_dir: Path  # whose embedded services it uses; its own data_dir as a rule

    def ask(self, query: str = "how do transformers work?", **more: Any) -> httpx.Response:
        """`POST resources` as the website does it."""
        return self.post({"query": query, "session_id": "test"} | more)

    def post(self, body: Any, path: str = "resources", **kwargs: Any) -> httpx.Response:
        kwargs |= {"content": body} if isinstance(body, bytes) else {"json": body}
        headers = {"content-type": "application/json"} | kwargs.pop("headers", {})
        return httpx.post(
            f"{self.url}/api/learning/{path}",
            headers=headers,
            timeout=10,
            trust_env=False,
            **kwargs,
        )

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}/api/learning/{path}", timeout=10, trust_env=False)

    def manage(self, *args: str, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run a management command against this copy."""
        return subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=PROJECT, env=self.env, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip

    def supervisorctl(self, *args: str) -> None:
        """Stop or start a program as an operator would."""
        config = str(self.data_dir / "run" / "supervisord.conf")
        command = [sys.executable, "-m", "supervisor.supervisorctl", "-c", config, *args]
        subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, timeout=30)

    def sql(self, statement: str) -> Any:
        """The first value of *statement*'s answer, past the web process."""
        database = endpoints(self.services_dir).database
        with psycopg.connect(
            host=database["HOST"], port=database["PORT"], dbname=database["NAME"],
            user=database["USER"], password=database["PASSWORD"],
        ) as connection:  # fmt: skip
            row = connection.execute(statement).fetchone()
        return row and row[0]

    def broker(self) -> "redis.Redis":
        """A client of the copy's own broker; the caller closes it."""
        client: redis.Redis = redis.Redis.from_url(
            endpoints(self.services_dir).redis_url, decode_responses=True
        )
        return client

    def processes(self) -> list[psutil.Process]:
        """Every process of this copy: its DATA_DIR is in their command line or environment."""
        mine = []
        for process in psutil.process_iter():
            try:
                if process.pid == os.getpid():
                    continue
                marks = [*process.cmdline(), process.environ().get("DATA_DIR", "")]
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            if any(str(self.data_dir) in mark for mark in marks):
                mine.append(process)
        return mine

    def named(self, *words: str) -> list[psutil.Process]:
        """Those of `processes` whose command line holds all of *words*."""
        found = []
        for process in self.processes():
            try:
                line = " ".join(process.cmdline())
            except psutil.NoSuchProcess:
                continue
            if all(word in line for word in words):
                found.append(process)
        return found

    def server(self, service: Service) -> int:
        """The main process of an embedded service."""
        pids = locks.holders(Paths.of(self.services_dir).server_lock(service))
        assert pids, f"{service} does not run"
        return pids[0]

    def keeper(self, service: Service) -> int:
        """The process that would start the service again."""
        (pid,) = locks.holders(Paths.of(self.services_dir).keeper_lock(service))
        return pid

    @contextmanager
    def without(self, service: Service) -> Iterator[None]:
        """The service is killed and stays away until the end of the block."""
        keeper, server = self.keeper(service), self.server(service)
        os.kill(keeper, signal.SIGSTOP)
        try:
            # PostgreSQL's own processes have to end with it, which SIGQUIT sees to.
            os.kill(server, signal.SIGQUIT if service is Service.POSTGRES else signal.SIGKILL)
            ended = psutil.Process(server)
            until(lambda: _has_ended(ended), 10, f"{service} has ended")
            yield
        finally:
            os.kill(keeper, signal.SIGCONT)

    @contextmanager
    def frozen(self, service: Service) -> Iterator[None]:
        """The service's processes stand still, and go on at the end of the block."""
        pids = locks.holders(Paths.of(self.services_dir).server_lock(service))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def until_ready(self, seconds: float = 30) -> None:
        try:
            until(self._is_ready, seconds, "ready again")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.get('health/ready').text}") from error

    def until_well(self, seconds: float = 10) -> None:
        """Until an answer has all its parts: what `degraded` is about."""
        until(self._answers_well, seconds, "an answer that is not degraded")

    def is_alive(self) -> bool:
        """Whether the web process answers."""
        try:
            return self.get("health/live").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _is_ready(self) -> bool:
        try:
            return self.get("health/ready").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _answers_well(self) -> bool:
        try:
            answer = self.ask(unheard_of())
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK and not answer.json()["degraded"]

    def last_words(self, lines: int = 15) -> list[tuple[str, str]]:
        """The end of each log, with its name."""
        logs = sorted(Paths.of(self.data_dir).log.glob("*.log"))
        ends = {log.name: log.read_text(errors="replace").splitlines()[-lines:] for log in logs}
        return [(name, "\n".join(end)) for name, end in ends.items() if end]

    def spare_the_disk(self) -> None:
        """PostgreSQL waits for the disk no more: a busy one is not what is tested.

        What is committed still outlives every process, only not the machine. Not for figures.
        """
        if "DATABASE_URL" in self.env:
            return
        paths = Paths.of(self.data_dir)
        with (paths.postgres / "data" / "postgresql.conf").open("a") as settings:
            settings.write("fsync = off\n")
        os.kill(self.server(Service.POSTGRES), signal.SIGHUP)

    def start(self) -> float:
        """Start the copy again; the seconds until it is ready."""
        began = time.monotonic()
        self.process = _start(self.env)
        wait_for_greeting(self.process)
        return time.monotonic() - began

    def stop(self) -> None:
        """End it as Ctrl-C does, and see that nothing is left."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        with self.process.stdout:
            self.process.wait(60)
        until(lambda: not self.processes(), 20, "every process of the copy has ended")


def _has_ended(process: psutil.Process) -> bool:
    """Gone, or waiting for a parent that stands still."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _start(env: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "learning_assistant.run"],
        cwd=PROJECT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@contextmanager
def running_stack(
    folder: Path, *, services_dir: Path | None = None, **variables: str
) -> Iterator[Stack]:
    """Start a copy in *folder*, wait until it is ready, stop it and see that nothing is left.

    Where *variables* name services of another DATA_DIR, *services_dir* says which.
    """
    port = free_port()
    data_dir = folder / "data"
    env = {
        k: v
        for k, v in os.environ.items()
        if k in ("PATH", "HOME", "LANG", "DATABASE_URL", "REDIS_URL", "OLLAMA_HOST")
    }
    env |= UNLIMITED | {"DATA_DIR": str(data_dir), "PORT": str(port)} | variables
    stack = Stack(f"http://127.0.0.1:{port}", data_dir, env, _start(env), services_dir or data_dir)
    try:
        wait_for_greeting(stack.process)
        yield stack
    finally:
        stack.stop()


def wait_for_greeting(process: "subprocess.Popen[str]") -> None:
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if line.startswith("ready"):
            return
    raise AssertionError("make run ended: " + "".join(said))
