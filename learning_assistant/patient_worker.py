"""Gunicorn's worker with threads, which slow clients do not hold.

Its own hands a connection to a thread with the first byte, and the thread waits for the rest as
long as the client likes: as many slow clients as there are threads, and nobody else is served. Here
the main loop gathers a request as it comes, as nginx does, and a thread gets the whole of it.
"""

import json
import re
import socket
import time
from collections import deque
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from learning_assistant import arrival
from learning_assistant.arrival import Arrival

# What a client has to send a request, and what a request and its answer may take in a thread:
# longer bodies than are gathered are read there, and an answer is only gone when it was read.
GATHER_S = 10.0
THREAD_S = 30.0
# Gathered for each connection, in bytes, and of it headers; the API takes bodies of 64 KiB.
MOST = 128 * 1024
HEAD = 32 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.I)
# curl waits a second for the answer before it sends a longer body.
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n(.*\r\n)?\r\n", re.I | re.S)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.I)


def refusal(status: HTTPStatus, detail: str) -> bytes:
    """An answer with a problem, after which the connection is closed."""
    problem = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


TOO_LATE = refusal(HTTPStatus.REQUEST_TIMEOUT, f"The request did not arrive within {GATHER_S:g} s.")
TOO_LONG = refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"The headers may have at most {HEAD} bytes."
)


def is_whole(received: bytes | bytearray) -> bool:
    """Whether a thread can go on with it: all is there, or there is nothing to wait for."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = bytes(received[: end + 2])
    if _CHUNKED.search(head):
        return True  # is refused, whatever comes
    found = _LENGTH.search(head)
    missing = int(found[1]) - (len(received) - end - 4) if found else 0
    return missing <= 0 or len(received) + missing > MOST


class _Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """With what has come of its next request."""

    received = bytearray()
    is_told_to_go_on = False
    arrival: Arrival | None = None


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Both in the order of their ends.
        self._gathering: deque[_Connection] = deque()
        self._in_threads: dict[_Connection, float] = {}

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        self._gather(_Connection(self.cfg, client, address, listener.getsockname()), b"")

    def on_client_socket_readable(self, conn: _Connection, client: socket.socket) -> None:
        """The next request on a connection that was kept alive."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._gather(conn, b"")

    def enqueue_req(self, conn: _Connection) -> None:
        """The next request on a connection whose last thread has read into it."""
        self._gather(conn, conn.parser.unreader.take_buffered())

    def handle(self, conn: _Connection) -> Any:
        """In a thread, for which it may have waited."""
        arrival.note(conn.arrival)
        return super().handle(conn)

    def finish_request(self, conn: _Connection, future: Any) -> None:
        self._in_threads.pop(conn, None)
        super().finish_request(conn, future)

    def murder_pending(self) -> None:
        """End what takes too long; the main loop does so at each turn."""
        super().murder_pending()
        now = time.monotonic()
        while self._gathering and self._gathering[0].timeout < now:
            self._leave(self._gathering.popleft(), TOO_LATE)
        for conn, ends in list(self._in_threads.items()):
            if ends >= now:
                break
            del self._in_threads[conn]
            with suppress(OSError):  # it has left meanwhile
                conn.sock.shutdown(socket.SHUT_RDWR)
        if not self.alive:
            for conn in [c for c in self._gathering if not c.received]:
                self._gathering.remove(conn)
                self._leave(conn)

    def _gather(self, conn: _Connection, received: bytes) -> None:
        conn.sock.setblocking(False)
        conn.received, conn.is_told_to_go_on = bytearray(received), False
        conn.timeout = time.monotonic() + GATHER_S
        self._gathering.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._more, conn))
        if is_whole(conn.received):
            self._hand_over(conn)
        else:
            self._more(conn, conn.sock)

    def _more(self, conn: _Connection, client: socket.socket) -> None:
        try:
            data = client.recv(MOST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.received += data
        if not data:
            self._gathering.remove(conn)
            self._leave(conn)
        elif is_whole(conn.received):
            self._hand_over(conn)
        elif len(conn.received) > HEAD and b"\r\n\r\n" not in conn.received:
            self._gathering.remove(conn)
            self._leave(conn, TOO_LONG)
        elif not conn.is_told_to_go_on and _EXPECTS.search(conn.received):
            conn.is_told_to_go_on = True
            with suppress(OSError):
                client.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _hand_over(self, conn: _Connection) -> None:
        self._gathering.remove(conn)
        self.poller.unregister(conn.sock)
        conn.init()
        conn.data_ready = True
        conn.parser.unreader.unread(bytes(conn.received))
        conn.received = bytearray()
        now = time.monotonic()
        conn.arrival = Arrival(now, crowded=len(self._in_threads) >= self.cfg.threads)
        self._in_threads[conn] = now + THREAD_S
        super().enqueue_req(conn)

    def _leave(self, conn: _Connection, last_words: bytes = b"") -> None:
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        if last_words and conn.received:
            with suppress(OSError):
                conn.sock.send(last_words)
        conn.close()
