"""The specification's shape, to be measured beside ours: a web process that calls the model.

Its two endpoints as it spells them: one call of the model for each request, no catalogue, no
database, nothing in between. Where it leaves room it is measured at its best: in a bare WSGI
application behind threads (as written, a blocking call in an `async def`, it would answer one after
the other), and with answers cut off at the length that people usually get (tests/load/saying.py);
the specification sets no limit.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import ollama

from tests.load.saying import USUAL_TOKENS
from tests.stack import PROJECT, free_port

ASKED = {
    "/api/learning/resources": ("query", "resources", "Find AI/ML resources for: {}"),
    "/api/learning/exercises": ("exercise_type", "exercise", "Generate {} exercise"),
}
STARTS_WITHIN_S = 20.0


@cache
def _client() -> ollama.Client:
    host = os.environ["OLLAMA_HOST"]
    if not host.startswith("unix://"):
        return ollama.Client(host=host)
    return ollama.Client(
        host="http://embedded", transport=httpx.HTTPTransport(uds=host.removeprefix("unix://"))
    )


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The WSGI application."""
    if environ["PATH_INFO"] not in ASKED:
        start_response("200 OK", [("Content-Length", "0")])
        return []
    given, answered, words = ASKED[environ["PATH_INFO"]]
    body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    said = _client().chat(
        model=os.environ["CHAT_MODEL"],
        messages=[{"role": "user", "content": words.format(body[given])}],
        options={"num_predict": USUAL_TOKENS},
        keep_alive=-1,
    )
    content = json.dumps({answered: said.message.content}).encode()
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response("200 OK", head)
    return [content]


@contextmanager
def naive_web(ollama_host: str, chat_model: str, threads: int) -> Iterator[tuple[str, int]]:
    """Its address and its process, behind gunicorn's worker of threads as ours is."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "gunicorn", "tests.load.naive:application"]
    command += ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads"]
    command += [str(threads), "--no-control-socket", "--log-level", "critical"]
    env = os.environ | {"OLLAMA_HOST": ollama_host, "CHAT_MODEL": chat_model}
    process = subprocess.Popen(
        command, cwd=PROJECT, env=env, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _until_it_answers(url, process)
        yield url, process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # who still waits for the model has given up
        process.wait()


def _until_it_answers(url: str, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            httpx.get(url, timeout=1, trust_env=False)
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the naive web process did not start")
