"""The only file that talks to the model server, in Ollama's protocol."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import ollama
from django.conf import settings

from learning_assistant import metrics, request_ids, tracing

_ends_at: ContextVar[float | None] = ContextVar("model_deadline", default=None)
_making = threading.Lock()
CONNECT_S = 0.5
NO_LIMIT_S = 300.0


class ModelUnavailable(Exception):
    """The model server can't be reached, is too slow, or refused the request."""

    @property
    def brief(self) -> str:
        """What a log line may say: nothing that the server quotes of a request."""
        return str(self)


class _DeadlineStream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, ends: float, request: httpx.Request) -> None:
        self._inner, self._ends, self._request = inner, ends, request

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            if time.monotonic() > self._ends:
                raise httpx.ReadTimeout("the answer drips in too slowly", request=self._request)
            yield chunk

    def close(self) -> None:
        self._inner.close()


class _DeadlineTransport(httpx.BaseTransport):
    """ollama-python has no timeout by default, and none per call: this one keeps `_time_limit`."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        ends = _ends_at.get()
        left = NO_LIMIT_S if ends is None else ends - time.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("no time is left", request=request)
        request.extensions["timeout"] = {
            "connect": min(CONNECT_S, left),
            "pool": left,
            "read": left,
            "write": left,
        }
        if request_id := request_ids.current():
            request.headers[request_ids.HEADER] = request_id
        request.headers.update(tracing.carrier())
        response = self._inner.handle_request(request)
        if ends is not None:
            # httpx's read timeout starts again with every byte that drips in.
            assert isinstance(response.stream, httpx.SyncByteStream)
            response.stream = _DeadlineStream(response.stream, ends, request)
        return response

    def close(self) -> None:
        self._inner.close()


@cache
def _client() -> ollama.Client:
    host = settings.OLLAMA_HOST
    uds = host.removeprefix("unix://") if host.startswith("unix://") else None
    inner = httpx.HTTPTransport(uds=uds, limits=httpx.Limits(max_keepalive_connections=32))
    return ollama.Client(
        host="http://embedded" if uds else host, transport=_DeadlineTransport(inner)
    )


class ModelRefused(ModelUnavailable):
    """The model server is there, and does not take this request."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(f"{words} (status {status})")
        self.status = status

    @property
    def brief(self) -> str:
        return f"the model server refuses the request with status {self.status}"


def _shown_host() -> str:
    """The server's address without the password that it may hold."""
    return re.sub(r"//[^@/]*@", "//", settings.OLLAMA_HOST)


def _keep_alive() -> str | float:
    """Ollama takes -1, for ever, as a number only."""
    value = settings.MODEL_KEEP_ALIVE
    return float(value) if re.fullmatch(r"-?\d+", value) else value


@contextmanager
def _counted(operation: str) -> Iterator[None]:
    began, outcome = time.monotonic(), "left"
    try:
        with tracing.span(f"model {operation}", "client"):
            yield
        outcome = "ok"
    except ModelRefused:
        outcome = "refused"
        raise
    except ModelUnavailable:
        outcome = "unavailable"
        raise
    finally:
        metrics.MODEL_CALLS.observe(time.monotonic() - began, operation, outcome)


@contextmanager
def _call(seconds: float | None) -> Iterator[ollama.Client]:
    token = _ends_at.set(None if seconds is None else time.monotonic() + seconds)
    with _making:  # else threads that begin together make one each, and leave all but one open
        client = _client()
    try:
        yield client
    except ollama.ResponseError as error:
        raise ModelRefused(error.error, error.status_code) from error
    except ConnectionError as error:
        raise ModelUnavailable(f"nothing answers at {_shown_host()}") from error
    except httpx.HTTPError as error:
        raise ModelUnavailable(f"{_shown_host()}: {error}") from error
    except (ValueError, TypeError) as error:  # no JSON, or JSON of another shape
        raise ModelUnavailable(f"{_shown_host()} does not speak Ollama's protocol") from error
    finally:
        _ends_at.reset(token)


@_counted("embed")
def embed(
    model: str,
    texts: Sequence[str],
    *,
    seconds: float | None = None,
    dimensions: int | None = None,
) -> list[Sequence[float]]:
    """One vector for each of *texts*, in order; what is too long for *model* is cut.

    With *dimensions* the server keeps only so many numbers of each, brought back to length 1.
    Raises `ModelUnavailable`, after *seconds* at the latest.
    """
    with _call(seconds) as client:
        answer = client.embed(
            model=model, input=list(texts), keep_alive=_keep_alive(), dimensions=dimensions
        )
    if len(answer.embeddings) != len(texts):
        raise ModelUnavailable(f"{len(answer.embeddings)} vectors came for {len(texts)} texts")
    return list(answer.embeddings)


@dataclass(frozen=True)
class Completion:
    text: str
    tokens: int
    tokens_per_second: float


def read_json(text: str) -> Any:
    """The JSON that a model wrote. Raises ValueError, for what is nested too deeply too."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


@_counted("chat")
def chat(
    model: str,
    messages: Sequence[dict[str, str]],
    *,
    seconds: float,
    max_tokens: int,
    stop: Sequence[str] = (),
    schema: dict[str, Any] | None = None,
    on_text: Callable[[str], None] | None = None,
) -> Completion:
    """One answer of *model*, the same each time. Raises `ModelUnavailable`.

    With *schema* (JSON Schema) the answer is JSON of that shape, unless *max_tokens* cut it off,
    and a model that can think does not: it would spend its tokens before the first brace.
    *on_text* is told what there is of the answer whenever more of it comes; what it raises ends
    the answer, on the server too.
    """
    options: dict[str, Any] = {
        "num_predict": max_tokens,
        "temperature": 0.0,
        "seed": 7,
        # A model that rephrases what it was given must repeat words of it.
        "repeat_penalty": 1.0,
        "stop": list(stop),
    }
    asked: dict[str, Any] = {
        "model": model,
        "messages": list(messages),
        "format": schema,
        "think": None if schema is None else False,
        "keep_alive": _keep_alive(),
        "options": options,
    }
    with _call(seconds) as client:
        if on_text is None:
            answer = client.chat(**asked, stream=False)
            return _completion(answer, answer.message.content or "")
        text = ""
        parts: Any = client.chat(**asked, stream=True)  # a generator, to the package an iterator
        with closing(parts):
            for part in parts:
                text += part.message.content or ""
                if part.done:
                    return _completion(part, text)
                on_text(text)
    raise ModelUnavailable(f"{_shown_host()}: the answer has no end")


def _completion(last: ollama.ChatResponse, text: str) -> Completion:
    tokens = last.eval_count or 0
    metrics.MODEL_TOKENS.add("in", by=last.prompt_eval_count or 0)
    metrics.MODEL_TOKENS.add("out", by=tokens)
    metrics.MODEL_LOADING.add(by=(last.load_duration or 0) / 1e9)
    return Completion(text, tokens, 1e9 * tokens / (last.eval_duration or 1))


class DigestOf:
    """The digest of a model by name, asked for once in *keep_s* seconds at most."""

    def __init__(self, keep_s: float = 60.0) -> None:
        self._keep_s = keep_s
        self._known: dict[str, str] = {}
        self._asked_at = float("-inf")

    def __call__(self, model: str) -> str:
        """Empty where the server does not say."""
        if time.monotonic() - self._asked_at > self._keep_s:
            self._asked_at = time.monotonic()
            with suppress(ModelUnavailable):  # then what was known before still tells most
                self._known = digests(seconds=0.2)
        return self._known.get(full_name(model), "")


digest_of = DigestOf()


@_counted("tags")
def digests(*, seconds: float = 2.0) -> dict[str, str]:
    """The digest of each model that the server has, by full name (`all-minilm:latest`)."""
    with _call(seconds) as client:
        return {m.model: m.digest or "" for m in client.list().models if m.model}


def full_name(model: str) -> str:
    """*model* with its tag: Ollama lists `all-minilm` as `all-minilm:latest`."""
    return model if ":" in model.rsplit("/", 1)[-1] else f"{model}:latest"


@_counted("version")
def server_version(*, seconds: float = 2.0) -> str:
    """The version that the model server states."""
    with _call(seconds) as client:
        raw = client._client.get("/api/version")  # the package has no call for it
        raw.raise_for_status()
        return str(raw.json().get("version", ""))
