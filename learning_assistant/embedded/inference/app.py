"""The HTTP side of the embedded model server, in Ollama's words."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from learning_assistant.embedded.inference import answering, embedding, models
from learning_assistant.embedded.inference.answering import Events, Reply
from learning_assistant.embedded.inference.gate import Busy
from learning_assistant.embedded.inference.llama import LlamaError
from learning_assistant.embedded.inference.models import Models
from learning_assistant.embedded.inference.schema import Refused

logger = logging.getLogger(__name__)
VERSION = "0.13.0"  # of Ollama, whose protocol this is
MOST_BYTES = 32 * 1024 * 1024
BUSY = "server busy, please try again.  maximum pending requests exceeded"
FAILURES = (Refused, Busy, LlamaError)

Handler = Callable[[Models, bytes], Awaitable[Reply]]


def application(there: Models, ending: asyncio.Event) -> Starlette:
    """The ASGI application over the models *there*, which it loads at start.

    Once *ending* is set, what is still being worked on is dropped.
    """
    posts: dict[str, Handler] = {
        "/api/chat": answering.chat,
        "/api/generate": answering.generate,
        "/api/embed": embedding.embed,
        "/api/embeddings": embedding.embeddings,
        "/api/show": models.show,
    }
    gets: dict[str, Handler] = {"/api/tags": models.tags, "/api/ps": models.ps}
    routes = [
        Route("/", _running, methods=["GET"]),
        Route("/api/version", _version, methods=["GET"]),
        *(
            Route(path, _Endpoint(there, ending, run), methods=["GET"])
            for path, run in gets.items()
        ),
        *(
            Route(path, _Endpoint(there, ending, run), methods=["POST"])
            for path, run in posts.items()
        ),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={HTTPException: _plain},
        lifespan=_lifespan(there),
    )


def _lifespan(there: Models) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: Starlette) -> AsyncIterator[None]:
        loading = asyncio.create_task(_preload(there))
        yield
        loading.cancel()
        await there.close()

    return run


async def _preload(there: Models) -> None:
    for resident in there:
        try:
            async with resident.used():
                logger.info("%s is loaded", resident.card.name)
        except LlamaError as error:  # requests will say so too
            logger.error("%s", error)


async def _running(request: Request) -> Response:
    return PlainTextResponse("Ollama is running")


async def _version(request: Request) -> Response:
    return JSONResponse({"version": VERSION})


async def _plain(request: Request, error: Exception) -> Response:
    """Unknown paths and wrong methods, as Ollama answers them."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "404 page not found", 405: "405 method not allowed"}
    return PlainTextResponse(words.get(status, str(status)), status)


class _Endpoint:
    """One path: reads the body, answers, and drops the work when nobody waits for it any more."""

    def __init__(self, there: Models, ending: asyncio.Event, handle: Handler) -> None:
        self._models = there
        self._ending = ending
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await _read(request)
        except ClientDisconnect:
            return
        except Refused as refused:
            await _error(refused)(scope, receive, send)
            return
        answer = _Answer(scope, receive, send)
        finished = await _unless((_gone(receive), self._ending.wait()), self._answer(body, answer))
        if not finished and self._ending.is_set():
            await answer.break_off()

    async def _answer(self, body: bytes, answer: "_Answer") -> None:
        try:
            reply = await self._handle(self._models, body)
            if isinstance(reply, dict):
                await answer.whole(JSONResponse(reply))
            else:
                await answer.stream(reply)
        except FAILURES as error:
            await answer.whole(_error(error))


class _Answer:
    """What goes back to one client."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._channel = scope, receive, send
        self._send = send
        self._begun = False

    async def whole(self, response: Response) -> None:
        self._begun = True
        await response(*self._channel)

    async def stream(self, events: Events) -> None:
        """Send *events* as lines; a failure before the first one still has its own status."""
        async with aclosing(events):
            first = await anext(events)
            head = [(b"content-type", b"application/x-ndjson")]
            self._begun = True
            await self._send({"type": "http.response.start", "status": 200, "headers": head})
            await self._line(first)
            try:
                async for event in events:
                    await self._line(event)
            except FAILURES as error:
                await self._line({"error": _explained(error)[1]})
        await self._end()

    async def break_off(self) -> None:
        """Say that this server ends."""
        message = "the model server is shutting down"
        if not self._begun:
            await self.whole(_error(Refused(message, 503)))
        else:
            await self._line({"error": message})
            await self._end()

    async def _line(self, event: dict[str, Any]) -> None:
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        await self._send({"type": "http.response.body", "body": line, "more_body": True})

    async def _end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Refused("the request body is too large", 413)
    return bytes(body)


async def _unless(
    events: tuple[Coroutine[Any, Any, Any], ...], work: Coroutine[Any, Any, None]
) -> bool:
    """Do *work*, but stop it as soon as one of *events* happens; returns whether it was done."""
    working = asyncio.create_task(work)
    watching = {asyncio.create_task(event) for event in events}
    try:
        await asyncio.wait({working, *watching}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, *watching):
            task.cancel()
        await asyncio.wait({working, *watching})
    if working.cancelled():
        return False
    working.result()
    return True


async def _gone(receive: Receive) -> None:
    """Until the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _error(error: Exception) -> Response:
    status, message = _explained(error)
    return JSONResponse({"error": message}, status)


def _explained(error: Exception) -> tuple[int, str]:
    match error:
        case Refused():
            return error.status, error.message
        case Busy():
            return 503, BUSY
        case LlamaError():
            return error.status, str(error)
        case _:
            raise error
