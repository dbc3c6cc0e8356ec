"""One line for each request to the embedded model server, under the id that its caller sent."""

import time

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from learning_assistant import request_ids

log = structlog.get_logger(__name__)


class Logged:
    """*app*, whose requests are logged when they are answered; nothing of what they hold is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 499  # as nginx says of a client that left before

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            # Work is posted; the rest is asked often, by whoever wants to know how things are.
            tell = log.info if scope["method"] == "POST" else log.debug
            tell(
                "answered",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round((time.monotonic() - began) * 1000, 1),
                request_id=request_ids.taken_or_made(Headers(scope=scope).get(request_ids.HEADER)),
            )
