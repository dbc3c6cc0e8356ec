"""A model server that takes the time a graphics card would: Ollama's protocol over real HTTP.

python -m tests.load.gpu --card rtx5060ti --curve best --parallel 10 --port 11435

How long things take is decided by tests/load/card.py, what it says by tests/load/saying.py. The
vectors of `/api/embed` are real: they come from the Ollama at `--embeddings`, by default the
embedded model server of DATA_DIR, in that server's own time.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from learning_assistant.embedded.inference.schema import (
    ChatRequest,
    EmbedRequest,
    GenerateRequest,
    Message,
    Refused,
    ShowRequest,
    parse,
)
from learning_assistant.embedded.services import Service, endpoints, lease
from tests.load.card import CARDS, CHARACTERS_A_TOKEN, MAX_QUEUE, Card, Job, QueueFull, State
from tests.load.driving import Driver, Event, check, figures, job_of

MODEL = "llama3"
VERSION = "0.13.0"  # of Ollama: the one whose protocol the embedded model server speaks too
BUSY = "server busy, please try again.  maximum pending requests exceeded"
LONGEST_EMBED_S = 120.0
LONGEST_STAY_S = 100 * 365 * 86400.0  # what `/api/ps` says of "for ever"

Shape = Callable[[str], Event]  # how an event carries its text


@dataclass
class Counts:
    """What was done, for whoever measures: `/simulated`."""

    chats: int = 0
    dropped: int = 0
    busy: int = 0
    embedded: int = 0
    embed_s: float = 0.0


@dataclass
class Gpu:
    """The server: one chat model on a card, embedding models of another server."""

    driver: Driver
    embeddings: httpx.AsyncClient | None = None
    model: str = MODEL
    counts: Counts = field(default_factory=Counts)

    def check(self, name: str) -> None:
        """Raises `Refused` (404) unless *name* is the chat model."""
        if not name:
            raise Refused("model is required")
        if full_name(name) != full_name(self.model):
            raise Refused(f"model '{name}' not found", 404)

    # --- what there is ------------------------------------------------------------------------
    def described(self) -> Event:
        """The chat model, as Ollama lists it. Its digest names the card: another one is another
        model to the product, which keeps by digest what a model can do."""
        name, title = full_name(self.model), self.driver.card.kind.title
        return {
            "name": name,
            "model": name,
            "modified_at": "2026-01-01T00:00:00Z",
            "size": self.driver.card.kind.vram,
            "digest": hashlib.sha256(f"{name} on {title}".encode()).hexdigest(),
            "details": {
                "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"],
                "parameter_size": "8.0B", "quantization_level": "Q4_K_M",
            },
        }  # fmt: skip

    async def tags(self, request: Request) -> Response:
        """The chat model, and those of the other server that embed."""
        return JSONResponse({"models": [self.described(), *await self._others("/api/tags")]})

    async def _others(self, path: str) -> list[Event]:
        """The models for vectors that the other server names on *path*; none while it is away."""
        others: list[Event] = []
        with contextlib.suppress(httpx.HTTPError):
            if self.embeddings is not None:
                for model in (await self.embeddings.get(path)).json()["models"]:
                    body = {"model": model["model"]}
                    shown = (await self.embeddings.post("/api/show", json=body)).json()
                    if "completion" not in shown.get("capabilities", []):
                        others.append(model)
        return others

    async def ps(self, request: Request) -> Response:
        """What is loaded: the chat model for a while, those of the other server as it says."""
        loaded = await self._others("/api/ps")
        now = self.driver.now()
        if (until := self.driver.card.loaded_until(now)) is not None:
            left = min((until - now) / self.driver.speed, LONGEST_STAY_S)
            expires = (datetime.now(UTC) + timedelta(seconds=left)).isoformat()
            vram = self.driver.card.kind.vram
            loaded.append(self.described() | {"expires_at": expires, "size_vram": vram})
        return JSONResponse({"models": loaded})

    async def show(self, request: Request) -> Response:
        asked = parse(ShowRequest, body := await request.body())
        name = asked.model or asked.name
        if self.embeddings is not None and full_name(name) != full_name(self.model):
            return await self._forwarded("/api/show", body)
        self.check(name)
        return JSONResponse(
            {
                "details": self.described()["details"],
                "model_info": {"general.architecture": "llama", "llama.context_length": 8192},
                "capabilities": ["completion"],
                "modified_at": self.described()["modified_at"],
            }
        )

    # --- vectors ------------------------------------------------------------------------------
    async def embed(self, request: Request) -> Response:
        """Vectors of the other server. Its chat model, or ours, does not embed."""
        body = await request.body()
        asked = parse(EmbedRequest, body)
        if self.embeddings is None or full_name(asked.model) == full_name(self.model):
            raise Refused(f"model '{asked.model}' not found", 404)
        began = time.perf_counter()
        answer = await self._forwarded("/api/embed", body)
        self.counts.embedded += len(asked.texts())
        self.counts.embed_s += time.perf_counter() - began
        return answer

    async def _forwarded(self, path: str, body: bytes) -> Response:
        assert self.embeddings is not None
        try:
            answer = await self.embeddings.post(path, content=body)
        except httpx.HTTPError as error:
            raise Refused(f"the embedding server: {error}", 500) from error
        return Response(answer.content, answer.status_code, media_type="application/json")

    # --- text ---------------------------------------------------------------------------------
    async def chat(self, request: Request) -> Response:
        asked = parse(ChatRequest, await request.body())

        def shape(text: str) -> Event:
            return {"message": {"role": "assistant", "content": text}}

        return await self._answer(request, asked, asked.messages, shape)

    async def generate(self, request: Request) -> Response:
        asked = parse(GenerateRequest, await request.body())
        said = [Message(role="user", content=asked.prompt)] if asked.prompt else []
        if asked.system and said:
            said.insert(0, Message(role="system", content=asked.system))
        return await self._answer(request, asked, said, lambda text: {"response": text})

    async def _answer(
        self,
        request: Request,
        asked: ChatRequest | GenerateRequest,
        messages: Sequence[Message],
        shape: Shape,
    ) -> Response:
        self.check(asked.model)
        head = {"model": asked.model, "created_at": _now_text()}
        if not messages and asked.keep_alive == 0:
            self.driver.card.unload(self.driver.now())
            return JSONResponse(head | shape("") | {"done": True, "done_reason": "unload"})
        check(asked, messages)
        job, reason = job_of(asked, messages)
        try:
            self.driver.submit(job)
        except QueueFull:
            self.counts.busy += 1
            raise Refused(BUSY, 503) from None
        self.counts.chats += bool(messages)
        if asked.stream and messages:
            events = self._events(job, head, shape, reason)
            return StreamingResponse(events, media_type="application/x-ndjson")
        return await self._whole(request, job, head | shape(job.answer), reason)

    async def _events(
        self, job: Job, head: Event, shape: Shape, reason: str
    ) -> AsyncIterator[bytes]:
        sent = 0
        try:
            while job.state is not State.DONE:
                await self.driver.progress(job)
                upto = job.written * CHARACTERS_A_TOKEN
                if piece := job.answer[sent:upto]:
                    yield _line(head | {"created_at": _now_text()} | shape(piece) | {"done": False})
                sent = upto
            yield _line(head | {"created_at": _now_text()} | shape("") | figures(job, reason))
        finally:
            self._left(job)

    async def _whole(self, request: Request, job: Job, body: Event, reason: str) -> Response:
        """The answer in one piece; dropped as soon as the client is gone."""
        gone = asyncio.create_task(_gone(request))
        written = asyncio.create_task(self._written(job))
        try:
            await asyncio.wait({gone, written}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            written.cancel()
            self._left(job)
        return JSONResponse(body | {"created_at": _now_text()} | figures(job, reason))

    async def _written(self, job: Job) -> None:
        while job.state is not State.DONE:
            await self.driver.progress(job)

    def _left(self, job: Job) -> None:
        self.counts.dropped += job.state is not State.DONE
        self.driver.leave(job)


def full_name(model: str) -> str:
    """*model* with its tag: Ollama lists `llama3` as `llama3:latest`."""
    return model.lower() if ":" in model else f"{model.lower()}:latest"


def _now_text() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _line(event: Event) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


async def _gone(request: Request) -> None:
    """Until the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _running(request: Request) -> Response:
    return PlainTextResponse("Ollama is running")


async def _version(request: Request) -> Response:
    return JSONResponse({"version": VERSION})


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"error": error.message}, error.status)


def application(gpu: Gpu) -> Starlette:
    """The ASGI application over *gpu*, whose card works while it is served."""

    async def counted(request: Request) -> Response:
        return JSONResponse(asdict(gpu.counts))

    @contextlib.asynccontextmanager
    async def working(app: Starlette) -> AsyncIterator[None]:
        work = asyncio.create_task(gpu.driver.run())
        yield
        work.cancel()
        if gpu.embeddings is not None:
            await gpu.embeddings.aclose()

    gets = {"/": _running, "/api/version": _version, "/api/tags": gpu.tags, "/api/ps": gpu.ps}
    posts = {"/api/chat": gpu.chat, "/api/generate": gpu.generate, "/api/embed": gpu.embed}
    posts["/api/show"] = gpu.show
    return Starlette(
        routes=[Route(path, run) for path, run in (gets | {"/simulated": counted}).items()]
        + [Route(path, run, methods=["POST"]) for path, run in posts.items()],
        exception_handlers={Refused: _refused},
        lifespan=working,
    )


def client_of(host: str) -> httpx.AsyncClient:
    """A client of the Ollama at *host*, a URL or `unix://` with the path of a socket."""
    uds = host.removeprefix("unix://") if host.startswith("unix://") else None
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
    return httpx.AsyncClient(
        base_url="http://embedded" if uds else host,
        transport=httpx.AsyncHTTPTransport(uds=uds, limits=limits),
        timeout=LONGEST_EMBED_S,
    )


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.load.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--card", choices=sorted(CARDS), default="rtx5060ti")
    add("--curve", choices=("best", "worst"), default="best", help="tokens a second by streams")
    add("--parallel", type=int, default=10, help="slots (OLLAMA_NUM_PARALLEL)")
    add("--max-queue", type=int, default=MAX_QUEUE, help="requests that may wait")
    add("--model", default=MODEL, help="what the chat model is called")
    add("--speed", type=float, default=1.0, help="so many times as fast as the card")
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=11435)
    add("--embeddings", default="", help="an Ollama for vectors: http://… or unix:///…")
    given = parser.parse_args(arguments)
    if given.parallel < 1 or given.max_queue < 0 or given.speed <= 0:
        parser.error("--parallel is 1 at least, --max-queue 0, --speed more than 0")
    return given


@contextlib.contextmanager
def _embedding_host(named: str) -> Iterator[str]:
    if named:
        yield named
        return
    data_dir = Path(os.environ.get("DATA_DIR", ".data")).absolute()
    with lease(data_dir, [Service.INFERENCE]):
        yield endpoints(data_dir).ollama_host


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    given = _arguments(arguments)

    async def serve(host: str) -> None:
        card = Card(CARDS[given.card], given.curve, given.parallel, max_queue=given.max_queue)
        gpu = Gpu(Driver(card, given.speed), client_of(host), given.model)
        config = uvicorn.Config(
            application(gpu), host=given.host, port=given.port, log_level="warning",
            access_log=False, timeout_graceful_shutdown=2, timeout_keep_alive=75,
        )  # fmt: skip
        await uvicorn.Server(config).serve()

    with _embedding_host(given.embeddings) as host:
        asyncio.run(serve(host))
    return 0


if __name__ == "__main__":
    sys.exit(main())
