"""The only file that talks to the model server, in Ollama's protocol."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import ollama
from django.conf import settings

_ends_at: ContextVar[float | None] = ContextVar("model_deadline", default=None)
CONNECT_S = 0.5
NO_LIMIT_S = 300.0


class ModelUnavailable(Exception):
    """The model server can't be reached, is too slow, or refused the request."""


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


def _shown_host() -> str:
    """The server's address without the password that it may hold."""
    return re.sub(r"//[^@/]*@", "//", settings.OLLAMA_HOST)


def _keep_alive() -> str | float:
    """Ollama takes -1, for ever, as a number only."""
    value = settings.MODEL_KEEP_ALIVE
    return float(value) if re.fullmatch(r"-?\d+", value) else value


@contextmanager
def _call(seconds: float | None) -> Iterator[ollama.Client]:
    token = _ends_at.set(None if seconds is None else time.monotonic() + seconds)
    try:
        yield _client()
    except ollama.ResponseError as error:
        raise ModelRefused(f"{error.error} (status {error.status_code})") from error
    except ConnectionError as error:
        raise ModelUnavailable(f"nothing answers at {_shown_host()}") from error
    except httpx.HTTPError as error:
        raise ModelUnavailable(f"{_shown_host()}: {error}") from error
    except (ValueError, TypeError) as error:  # no JSON, or JSON of another shape
        raise ModelUnavailable(f"{_shown_host()} does not speak Ollama's protocol") from error
    finally:
        _ends_at.reset(token)


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


def chat(
    model: str,
    messages: Sequence[dict[str, str]],
    *,
    seconds: float,
    max_tokens: int,
    stop: Sequence[str] = (),
    schema: dict[str, Any] | None = None,
) -> Completion:
    """One answer of *model*, the same each time. Raises `ModelUnavailable`.

    With *schema* (JSON Schema) the answer is JSON of that shape, unless *max_tokens* cut it off,
    and a model that can think does not: it would spend its tokens before the first brace.
    """
    with _call(seconds) as client:
        answer = client.chat(
            model=model,
            messages=list(messages),
            stream=False,
            format=schema,
            think=None if schema is None else False,
            keep_alive=_keep_alive(),
            options={
                "num_predict": max_tokens,
                "temperature": 0.0,
                "seed": 7,
                # A model that rephrases what it was given must repeat words of it.
                "repeat_penalty": 1.0,
                "stop": list(stop),
            },
        )
    return Completion(
        text=answer.message.content or "",
        tokens=answer.eval_count or 0,
        tokens_per_second=1e9 * (answer.eval_count or 0) / (answer.eval_duration or 1),
    )


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


def digests(*, seconds: float = 2.0) -> dict[str, str]:
    """The digest of each model that the server has, by full name (`all-minilm:latest`)."""
    with _call(seconds) as client:
        return {m.model: m.digest or "" for m in client.list().models if m.model}


def full_name(model: str) -> str:
    """*model* with its tag: Ollama lists `all-minilm` as `all-minilm:latest`."""
    return model if ":" in model.rsplit("/", 1)[-1] else f"{model}:latest"


def server_version(*, seconds: float = 2.0) -> str:
    """The version that the model server states."""
    with _call(seconds) as client:
        raw = client._client.get("/api/version")  # the package has no call for it
        raw.raise_for_status()
        return str(raw.json().get("version", ""))
