"""Answers in parts, as server-sent events (https://html.spec.whatwg.org/#server-sent-events)."""

import json
import time
from collections.abc import Generator, Iterator
from typing import Any, Protocol

from django.db import InterfaceError, OperationalError
from django.http import StreamingHttpResponse
from rest_framework.request import Request

from learning_assistant.postgresql.base import time_limit
from learning_assistant.problems import unavailable
from learning_assistant.views import LAST_S

MEDIA_TYPE = "text/event-stream"


class Event(Protocol):
    """A part by its name, and what it holds: JSON."""

    @property
    def event(self) -> str: ...

    @property
    def data(self) -> dict[str, Any]: ...


def wanted(request: Request) -> bool:
    """Whether the client asked for events."""
    accepted = request.headers.get("Accept", "")
    return any(part.split(";")[0].strip() == MEDIA_TYPE for part in accepted.split(","))


def respond(parts: Generator[Event, None, None]) -> StreamingHttpResponse:
    """Send *parts* as they come; a client that leaves closes them.

    What they raise before the first part is raised here, so that it becomes a status; later a
    database that is away becomes an `error` event with the problem.
    """
    first = next(parts)
    return StreamingHttpResponse(
        _lines(first, parts),
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _lines(first: Event, parts: Generator[Event, None, None]) -> Iterator[bytes]:
    ends = time.monotonic() + LAST_S
    try:
        yield _line(first.event, first.data)
        while part := _next(parts, ends):
            yield _line(part.event, part.data)
    except (OperationalError, InterfaceError) as error:
        yield _line("error", unavailable(error))
    finally:
        parts.close()


def _next(parts: Iterator[Event], ends: float) -> Event | None:
    # A limit around a `yield` would also be one of whoever reads.
    with time_limit(ends - time.monotonic()):
        return next(parts, None)


def _line(event: str, data: dict[str, Any]) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
