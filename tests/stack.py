"""A whole copy of the product, started as `make run` starts it, and ways to hurt it."""

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

PROJECT = Path(__file__).resolve().parent.parent
READY_S = 180


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
    process: "subprocess.Popen[str]"
    env: dict[str, str]

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

    def manage(self, *args: str) -> "subprocess.CompletedProcess[str]":
        """Run a management command against this copy."""
        return subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=PROJECT, env=self.env, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

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

    def until_ready(self, seconds: float = 30) -> None:
        until(lambda: self.get("health/ready").status_code == 200, seconds, "ready again")


@contextmanager
def running_stack(folder: Path, **variables: str) -> Iterator[Stack]:
    """Start a copy in *folder*, wait until it is ready, stop it and see that nothing is left."""
    port = free_port()
    data_dir = folder / "data"
    env = {
        k: v
        for k, v in os.environ.items()
        if k in ("PATH", "HOME", "LANG", "DATABASE_URL", "REDIS_URL", "OLLAMA_HOST")
    }
    env |= {"DATA_DIR": str(data_dir), "PORT": str(port)} | variables
    process = subprocess.Popen(
        [sys.executable, "-m", "learning_assistant.run"],
        cwd=PROJECT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    stack = Stack(f"http://127.0.0.1:{port}", data_dir, process, env)
    try:
        _wait_for_greeting(process)
        yield stack
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        until(lambda: not stack.processes(), 20, "every process of the copy has ended")


def _wait_for_greeting(process: "subprocess.Popen[str]") -> None:
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if line.startswith("ready"):
            return
    raise AssertionError("make run ended: " + "".join(said))
