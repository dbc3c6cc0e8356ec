"""`/api/embed` and the older `/api/embeddings`: vectors from the embedding model."""

import math
import time
from collections.abc import Iterator
from typing import Any

from learning_assistant.embedded.inference.llama import Llama, Vector
from learning_assistant.embedded.inference.models import Models
from learning_assistant.embedded.inference.resident import Resident
from learning_assistant.embedded.inference.schema import (
    EmbeddingsRequest,
    EmbedRequest,
    Options,
    Refused,
    parse,
)

CONTEXT = 256  # tokens: what the model was trained with; `num_ctx` may raise it to what it can read
# What is read in one go (under 0.1 s): no longer does a person's query wait behind a long batch.
# Short texts take a quarter less time in company.
GROUP = 8  # texts
GROUP_BYTES = 512  # of several texts together; about 130 tokens
# So long, in seconds, do several texts let single ones pass: those are of people who wait. A group
# of them every so often is a fifth of the time when people ask without pause.
PATIENCE = 0.4
TOO_LONG = "the input length exceeds the context length"


async def embed(models: Models, raw: bytes) -> dict[str, Any]:
    """Raises `Refused`, `Busy`, `LlamaError`."""
    began = time.perf_counter_ns()
    request = parse(EmbedRequest, raw)
    resident = _embedder(models.find(request.model), request.model)
    texts = request.texts()
    if request.dimensions < 0:
        raise Refused("dimensions must not be negative")
    async with resident.used(request.keep_alive) as llama:
        loading = time.perf_counter_ns() - began
        context = _context(request.options, resident)
        vectors, count = await _vectors(resident, llama, texts, context, request.truncate)
    return {
        "model": request.model,
        "embeddings": [_numbers(vector, request.dimensions) for vector in vectors],
        "total_duration": time.perf_counter_ns() - began,
        "load_duration": loading,
        "prompt_eval_count": count,
    }


async def embeddings(models: Models, raw: bytes) -> dict[str, Any]:
    """Raises `Refused`, `Busy`, `LlamaError`."""
    request = parse(EmbeddingsRequest, raw)
    if not request.model:
        raise Refused("model is required")
    resident = _embedder(models.find(request.model), request.model)
    texts = [request.prompt] if request.prompt else []
    async with resident.used(request.keep_alive) as llama:
        context = _context(request.options, resident)
        vectors, _ = await _vectors(resident, llama, texts, context, True)
    return {"embedding": _numbers(vectors[0], 0) if vectors else []}


def _embedder(resident: Resident, name: str) -> Resident:
    if resident.card.kind != "embedding":
        raise Refused(f'"{name}" does not support embeddings')
    return resident


def _context(options: Options, resident: Resident) -> int:
    return max(3, min(options.num_ctx or CONTEXT, resident.settings.context))


async def _vectors(
    resident: Resident, llama: Llama, texts: list[str], context: int, truncate: bool
) -> tuple[list[Vector], int]:
    """The vectors of *texts* in order, and the number of tokens read."""
    vectors: list[Vector] = []
    count = 0
    patience = 0.0 if len(texts) == 1 else PATIENCE
    for group in _groups(texts):
        async with resident.gate.entered(patience):
            inputs = [await _input(llama, text, context, truncate) for text in group]
            found, read = await llama.embed(inputs)
        vectors += found
        count += read
    return vectors, count


def _groups(texts: list[str]) -> Iterator[list[str]]:
    """*texts* in order, in groups of at most `GROUP` and, if there are several, `GROUP_BYTES`."""
    group: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode())
        if group and (len(group) == GROUP or size + length > GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(text)
        size += length
    if group:
        yield group


async def _input(llama: Llama, text: str, context: int, truncate: bool) -> str | list[int]:
    """*text*, or as many of its tokens as the model reads. Raises `Refused`."""
    if len(text.encode()) <= context - 2:  # a token has at least one byte, and two are marks
        return text
    tokens = await llama.tokens(text, whole=True)
    if len(tokens) <= context:
        return tokens
    if not truncate:
        raise Refused(TOO_LONG)
    return [*tokens[: context - 1], tokens[-1]]


def _numbers(vector: Vector, dimensions: int) -> list[float]:
    """The first *dimensions* numbers (0: all), brought back to length 1.

    Eight decimals: as exact as the model's own 32-bit floats, in half the text.
    """
    if not 0 < dimensions < len(vector):
        return [round(number, 8) for number in vector]
    part = vector[:dimensions]
    norm = math.sqrt(sum(number * number for number in part)) or 1.0
    return [round(number / norm, 8) for number in part]
