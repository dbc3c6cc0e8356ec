"""`python -m learning_assistant.embedded.inference --uds PATH`, or `--port N` on 127.0.0.1."""

import argparse
import asyncio
import contextlib
import math
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from learning_assistant import logs
from learning_assistant.embedded.inference import embedding, store
from learning_assistant.embedded.inference.access import Logged
from learning_assistant.embedded.inference.app import application
from learning_assistant.embedded.inference.gate import Gate
from learning_assistant.embedded.inference.llama import Settings
from learning_assistant.embedded.inference.models import Models
from learning_assistant.embedded.inference.resident import Resident
from learning_assistant.embedded.inference.schema import seconds

LONGEST_PATH = 107  # bytes, of a unix socket's path on Linux
GRACE = 0.5  # seconds that requests under way get at the end


class CannotStart(Exception):
    """Says why in one sentence."""


def _arguments(arguments: list[str]) -> argparse.Namespace:
    environ = os.environ
    parser = argparse.ArgumentParser(prog="inference", description=__doc__)
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--uds", type=Path, help="serve on this unix socket, for this user only")
    place.add_argument("--port", type=int, help="serve on this port of 127.0.0.1, for every user")
    parser.add_argument(
        "--parallel",
        type=int,
        default=environ.get("EMBEDDED_SLOTS", "2"),
        help="chats at once (EMBEDDED_SLOTS, 2)",
    )
    parser.add_argument(
        "--queue",
        type=int,
        default=environ.get("EMBEDDED_QUEUE", "64"),
        help="requests that may wait for a place (EMBEDDED_QUEUE, 64)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=environ.get("EMBEDDED_THREADS", str(_half_the_cores())),
        help="threads for each model (EMBEDDED_THREADS, half as many as there are cores, up to 8)",
    )
    parser.add_argument(
        "--keep-alive",
        type=seconds,
        default=environ.get("OLLAMA_KEEP_ALIVE", "-1s"),
        help="how long an idle model stays loaded (OLLAMA_KEEP_ALIVE, -1s: for ever)",
    )
    parser.add_argument(
        "--log-format",
        choices=sorted(logs.RENDERERS),
        default=environ.get("LOG_FORMAT") or "plain",
        help="lines for people, or for programs (LOG_FORMAT, plain)",
    )
    given = parser.parse_args(arguments)
    for name in ("parallel", "threads"):
        if getattr(given, name) < 1:
            parser.error(f"--{name} must be at least 1")
    return given


def _half_the_cores() -> int:
    """Measured on two cores: beside a busy web server and PostgreSQL a second thread makes answers
    slower, since each of the 500 steps of a token waits for the one that lost its core."""
    return max(1, min(len(os.sched_getaffinity(0)) // 2, 8))


def _models(given: argparse.Namespace, sockets: tuple[Path, Path]) -> Models:
    chat_card, embedding_card = store.read_card(store.CHAT), store.read_card(store.EMBEDDING)
    chat = Settings(
        file=chat_card.file,
        socket=sockets[0],
        embedding=False,
        slots=given.parallel,
        context=2048,
        batch=128,
        threads=given.threads,
    )
    vectors = Settings(
        file=embedding_card.file,
        socket=sockets[1],
        embedding=True,
        slots=embedding.GROUP,
        context=512,
        batch=512,
        threads=given.threads,
    )
    keep = math.inf if given.keep_alive is None else given.keep_alive
    return Models(
        [
            Resident(embedding_card, vectors, Gate(1, given.queue * 8), keep),
            Resident(chat_card, chat, Gate(given.parallel, given.queue), keep),
        ]
    )


def _bind(uds: Path) -> socket.socket:
    """A socket at *uds* for this user only. Raises `CannotStart`."""
    if len(os.fsencode(uds)) + len(".embed") > LONGEST_PATH:
        raise CannotStart(f"{uds} is too long for a unix socket: use a shorter DATA_DIR.")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as other:
            if uds.exists() and other.connect_ex(str(uds)) == 0:
                raise CannotStart(f"Another process already serves on {uds}.")
        uds.unlink(missing_ok=True)
        listener.bind(str(uds))
    except OSError as error:
        raise CannotStart(f"Can't serve on {uds}: {error.strerror}.") from error
    return listener


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        raise CannotStart(f"Can't serve on port {port}: {error.strerror}.") from error
    return listener


class _Server(uvicorn.Server):
    """uvicorn's own handling ends the process by the signal; here a signal is a normal end."""

    def __init__(self, config: uvicorn.Config, ending: asyncio.Event) -> None:
        super().__init__(config)
        self._ending = ending

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        yield

    def _end(self) -> None:
        self.should_exit = True
        asyncio.get_running_loop().call_later(GRACE, self._ending.set)


@contextlib.contextmanager
def _places(given: argparse.Namespace) -> Iterator[tuple[socket.socket, tuple[Path, Path]]]:
    """Where to serve, and llama.cpp's own two sockets. Raises `CannotStart`."""
    if given.uds is None:
        with (
            tempfile.TemporaryDirectory(prefix="inference-") as private,
            contextlib.closing(_listen(given.port)) as listener,
        ):
            yield listener, (Path(private) / "chat.sock", Path(private) / "embed.sock")
        return
    uds: Path = given.uds.absolute()
    with contextlib.closing(_bind(uds)) as listener:
        try:
            yield listener, (uds.with_suffix(".chat.sock"), uds.with_suffix(".embed.sock"))
        finally:
            uds.unlink(missing_ok=True)


def _serve(listener: socket.socket, there: Models) -> None:
    ending = asyncio.Event()
    config = uvicorn.Config(
        Logged(application(there, ending)),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,
    )
    _Server(config, ending).run([listener])


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    given = _arguments(arguments)
    logs.configure(logs.config(given.log_format))
    os.umask(0o077)  # sockets are made with it, llama.cpp's too
    try:
        with _places(given) as (listener, sockets):
            _serve(listener, _models(given, sockets))
    except (CannotStart, store.WeightsMissing) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
