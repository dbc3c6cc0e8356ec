"""One model in llama.cpp's server, which runs in this process and is reached by its own HTTP.

`xllamacpp` starts that server on a TCP port unless its host name is a unix socket; a port would let
every user of the machine in. Its HTTP is used rather than its Python calls, except for vectors,
since only there can a text be split into tokens, and since closing a connection is what cancels a
generation.
"""

import asyncio
import base64
import json
from array import array
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import h11

Vector: TypeAlias = "array[float]"  # of 32-bit floats


@dataclass(frozen=True)
class Settings:
    """How to run a model. *context* is in tokens, for each slot."""

    file: Path
    socket: Path
    embedding: bool
    slots: int
    context: int
    batch: int  # tokens in one step: others wait that long, and so does a cancelled request
    threads: int


class LlamaError(Exception):
    """llama.cpp refused a request, or could not be started. *status* is as in HTTP."""

    def __init__(self, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.status = status


def _parameters(settings: Settings) -> Any:
    import xllamacpp  # 100 MB, and it needs OpenMP: only when a model is wanted

    given = xllamacpp.CommonParams()
    given.model.path = str(settings.file)
    given.hostnames = [str(settings.socket)]
    given.fit_params = False
    given.warmup = False
    given.verbosity = 0
    given.ui = False
    given.endpoint_slots = False
    given.cache_ram_mib = 0  # each slot keeps its own prompt; no second store of up to 8 GB
    given.n_parallel = settings.slots
    given.n_ctx = settings.context * settings.slots
    given.n_batch = given.n_ubatch = settings.batch
    given.cpuparams.n_threads = settings.threads
    given.cpuparams_batch.n_threads = settings.threads
    given.n_threads_http = settings.slots + 4
    if settings.embedding:
        given.embedding = True
        given.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return given


class Llama:
    """A loaded model; `start` makes one."""

    def __init__(self, settings: Settings, server: Any) -> None:
        self.settings = settings
        self._server: Any = server
        self._kept: dict[str, list[int]] = {}
        self._schemas: dict[str, bool] = {}

    @classmethod
    async def start(cls, settings: Settings) -> "Llama":
        """Load the model; takes about a second. Raises `LlamaError`."""
        llama = await asyncio.to_thread(cls._start, settings)
        try:
            await llama._until_it_runs()
        except LlamaError:
            await llama.stop()
            raise
        return llama

    @classmethod
    def _start(cls, settings: Settings) -> "Llama":
        settings.socket.unlink(missing_ok=True)
        try:
            import xllamacpp

            return cls(settings, xllamacpp.Server(_parameters(settings)))
        except (RuntimeError, ImportError) as error:
            raise LlamaError(f"llama.cpp can't load {settings.file.name}: {error}") from error

    async def _until_it_runs(self) -> None:
        """Wait for the first step of llama.cpp's loop.

        The loop begins on a thread of its own. Were the server ended before that, it would begin
        afterwards, and its destructor wait for it for ever.
        """
        if self.settings.embedding:
            await self.embed(["a"])
        else:
            await self.ask("/completion", {"prompt": "a", "n_predict": 0})

    async def stop(self) -> None:
        """Unload the model, after the step that is being computed (well under a second)."""
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._server = None  # its destructor ends the loop and joins the threads
        self.settings.socket.unlink(missing_ok=True)

    async def tokens(self, text: str, *, special: bool = False, whole: bool = False) -> list[int]:
        """The tokens of *text*.

        With *special* the model's own marks are read as such, otherwise they are plain text;
        with *whole* the marks around a text are added. Raises `LlamaError`.
        """
        body = {"content": text, "parse_special": special, "add_special": whole}
        found: list[int] = (await self.ask("/tokenize", body))["tokens"]
        return found

    async def kept_tokens(self, text: str, *, special: bool = False) -> list[int]:
        """As `tokens`, but remembers: for what every prompt has, not for what people wrote."""
        key = f"{special}{text}"
        if key not in self._kept:
            _remember(self._kept, key, await self.tokens(text, special=special))
        return self._kept[key]

    async def can_follow(self, schema: dict[str, Any], prompt: list[int]) -> bool:
        """Whether *schema* is one that can be enforced.

        llama.cpp drops a schema that it does not understand without a word. So this forces the
        first token of an answer to *prompt* to one that no JSON begins with: only a schema that
        is in force resists. Raises `LlamaError`.
        """
        key = json.dumps(schema)
        if (known := self._schemas.get(key)) is not None:
            return known
        body = {
            "prompt": prompt,
            "json_schema": schema,
            "cache_prompt": True,
            "n_predict": 1,
            "temperature": 0,
            "logit_bias": [[(await self.kept_tokens("Q"))[0], 100.0]],
        }
        answer = await self.ask("/completion", body)
        followed = not str(answer["content"]).startswith("Q")
        _remember(self._schemas, key, followed)
        return followed

    async def embed(self, inputs: list[str | list[int]]) -> tuple[list[Vector], int]:
        """A vector of length 1 for each of *inputs* (texts or tokens), and the tokens read.

        Raises `LlamaError`.
        """
        body = {"input": inputs, "encoding_format": "base64"}
        if self._server is None:
            raise LlamaError("the model is being unloaded, please try again", 503)
        # Not by HTTP: a query takes 8 ms, of which that would be one.
        answer = await asyncio.to_thread(self._server.handle_embeddings, body)
        if "error" in answer:
            raise _refusal(answer, 500)
        rows = sorted(answer["data"], key=lambda row: int(row["index"]))
        vectors = [array("f", base64.b64decode(row["embedding"])) for row in rows]
        return vectors, answer["usage"]["prompt_tokens"]

    async def ask(self, path: str, body: dict[str, Any]) -> Any:
        """One answer. Raises `LlamaError`."""
        async with aclosing(self._exchange(path, body)) as parts:
            return json.loads(b"".join([part async for part in parts]))

    async def complete(self, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The events of one generation; ending the iteration early cancels it.

        Raises `LlamaError`.
        """
        kept = b""
        async with aclosing(self._exchange("/completion", {**body, "stream": True})) as parts:
            async for part in parts:
                *lines, kept = (kept + part).split(b"\n")
                for line in lines:
                    if line.startswith(b"data: ") and line != b"data: [DONE]":
                        event: dict[str, Any] = json.loads(line[6:])
                        if "error" in event:
                            raise _refusal(event, 500)
                        yield event

    async def _exchange(self, path: str, body: dict[str, Any]) -> AsyncGenerator[bytes, None]:
        """The body of the answer to one POST request, on a connection of its own."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self.settings.socket))
        except OSError as error:
            raise LlamaError(f"llama.cpp can't be reached: {error.strerror}") from error
        connection, status, refused = h11.Connection(h11.CLIENT), 0, b""
        try:
            writer.write(_request(connection, path, json.dumps(body).encode()))
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Response):
                    status = event.status_code
                elif isinstance(event, h11.Data) and status == 200:
                    yield bytes(event.data)
                elif isinstance(event, h11.Data):
                    refused += event.data
                elif isinstance(event, h11.EndOfMessage):
                    break
            if status != 200:
                raise _refusal(json.loads(refused), status)
        except (h11.RemoteProtocolError, OSError) as error:
            raise LlamaError(f"llama.cpp broke off: {error}") from error
        finally:
            writer.transport.abort()


Key = TypeVar("Key")
Value = TypeVar("Value")


def _remember(known: dict[Key, Value], key: Key, value: Value, most: int = 256) -> None:
    if len(known) >= most:
        del known[next(iter(known))]
    known[key] = value


def _request(connection: h11.Connection, path: str, body: bytes) -> bytes:
    head = h11.Request(
        method="POST",
        target=path,
        headers=[
            ("Host", "llama"),
            ("Connection", "close"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
        ],
    )
    parts = (head, h11.Data(data=body), h11.EndOfMessage())
    return b"".join(connection.send(part) or b"" for part in parts)


def _refusal(body: dict[str, Any], status: int) -> LlamaError:
    error = body.get("error")
    if isinstance(error, dict):
        return LlamaError(str(error.get("message", error)), int(error.get("code", status)))
    return LlamaError(str(error), status)
