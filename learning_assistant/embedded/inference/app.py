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
FAILURES = (Refused, Busy, LlamaError, OSError)

Handler = Callable[[Models, bytes], Awaitable[Reply]]


def application(there: Models, preload: bool) -> Starlette:
    """The ASGI application over the models *there*; with *preload* it loads them at start."""
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
        *(Route(path, _Endpoint(there, run), methods=["GET"]) for path, run in gets.items()),
        *(Route(path, _Endpoint(there, run), methods=["POST"]) for path, run in posts.items()),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={HTTPException: _plain},
        lifespan=_lifespan(there, preload),
    )


def _lifespan(
    there: Models, preload: bool
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: Starlette) -> AsyncIterator[None]:
        loading = asyncio.create_task(_preload(there)) if preload else None
        yield
        if loading is not None:
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
    """One path: reads the body, answers, and drops the work when the client goes away."""

    def __init__(self, there: Models, handle: Handler) -> None:
        self._models = there
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await _read(Request(scope, receive))
        except ClientDisconnect:
            return
        except Refused as refused:
            await _error(refused)(scope, receive, send)
            return
        await _unless_gone(receive, self._answer(body, scope, receive, send))

    async def _answer(self, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            reply = await self._handle(self._models, body)
            if isinstance(reply, dict):
                response: Response = JSONResponse(reply)
            else:
                await _stream(reply, send)
                return
        except FAILURES as error:
            response = _error(error)
        await response(scope, receive, send)


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Refused("the request body is too large", 413)
    return bytes(body)


async def _unless_gone(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Do *work*, but stop it as soon as the client has closed the connection."""
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        watching.cancel()
        if not working.done():
            working.cancel()
        await asyncio.wait({working, watching})
    if not working.cancelled():
        working.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stream(events: Events, send: Send) -> None:
    """Send *events* as lines; a failure before the first one still has its own status."""
    async with aclosing(events):
        first = await anext(events)
        head = [(b"content-type", b"application/x-ndjson")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await _send_line(send, first)
        try:
            async for event in events:
                await _send_line(send, event)
        except FAILURES as error:
            await _send_line(send, {"error": _explained(error)[1]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_line(send: Send, event: dict[str, Any]) -> None:
    line = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    await send({"type": "http.response.body", "body": line, "more_body": True})


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
            logger.error("llama.cpp can't be reached: %s", error)
            return 500, "the model server broke off, please try again"
