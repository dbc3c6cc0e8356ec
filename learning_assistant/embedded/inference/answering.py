"""`/api/chat` and `/api/generate`: text from the chat model, whole or as it comes."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from learning_assistant.embedded.inference.clock import now_text
from learning_assistant.embedded.inference.llama import Llama
from learning_assistant.embedded.inference.models import Models
from learning_assistant.embedded.inference.prompting import Window, conversation, cut, fill
from learning_assistant.embedded.inference.resident import Resident
from learning_assistant.embedded.inference.schema import (
    ChatRequest,
    GenerateRequest,
    Message,
    Options,
    Refused,
    parse,
)

Event = dict[str, Any]
Events = AsyncGenerator[Event, None]
Reply = Event | Events
Prompt = Callable[[Llama, Window], Awaitable[list[int]]]
Shape = Callable[[str], Event]  # how an event carries its text


@dataclass(frozen=True)
class Work:
    """One generation: how its prompt is made, and the shape of its events."""

    request: ChatRequest | GenerateRequest
    resident: Resident
    prompt: Prompt
    shape: Shape
    context: bool = False  # whether the last event tells all tokens, for the next request


async def chat(models: Models, raw: bytes) -> Reply:
    """Raises `Refused`, `Busy`, `LlamaError`."""
    request = parse(ChatRequest, raw)
    if not request.model:
        raise Refused("model is required")
    resident = models.find(request.model)
    if not request.messages and request.keep_alive == 0:
        return await _unloaded(request, resident, _message)
    images = any(message.images for message in request.messages)
    _check(request, resident, "chat", images, bool(request.tools))
    if not request.messages:
        return await _loaded(request, resident, _message)

    async def prompt(llama: Llama, window: Window) -> list[int]:
        return await conversation(llama, request.messages, window, truncate=request.truncate)

    return await _reply(Work(request, resident, prompt, _message))


async def generate(models: Models, raw: bytes) -> Reply:
    """Raises `Refused`, `Busy`, `LlamaError`."""
    request = parse(GenerateRequest, raw)
    resident = models.find(request.model)
    if not request.prompt and request.keep_alive == 0:
        return await _unloaded(request, resident, _response)
    if request.raw and (request.template or request.system or request.context):
        raise Refused("raw mode does not support template, system, or context")
    _check(request, resident, "generate", bool(request.images), False)
    if request.suffix:
        raise Refused(f"{request.model} does not support insert")
    if not request.prompt:
        return await _loaded(request, resident, _response)

    async def prompt(llama: Llama, window: Window) -> list[int]:
        return await _generate_prompt(llama, request, window)

    return await _reply(Work(request, resident, prompt, _response, context=not request.raw))


def _message(text: str) -> Event:
    return {"message": {"role": "assistant", "content": text}}


def _response(text: str) -> Event:
    return {"response": text}


async def _generate_prompt(llama: Llama, request: GenerateRequest, window: Window) -> list[int]:
    if request.raw:
        tokens = await llama.tokens(request.prompt, special=True)
    elif request.template:
        values = {"Prompt": request.prompt, "System": request.system}
        tokens = await llama.tokens(fill(request.template, values), special=True)
    else:
        said = [Message(role="user", content=request.prompt)]
        if request.system:
            said.insert(0, Message(role="system", content=request.system))
        tokens = await conversation(llama, said, window, truncate=request.truncate)
    return cut([*request.context, *tokens], window, request.truncate)


def _check(
    request: ChatRequest | GenerateRequest, resident: Resident, task: str, images: bool, tools: bool
) -> None:
    """Refuse what the model can't do, in Ollama's words."""
    if request.think:
        raise Refused(f'"{request.model}" does not support thinking')
    if resident.card.kind != "completion":
        raise Refused(f'"{request.model}" does not support {task}')
    if tools:
        raise Refused(f"{request.model} does not support tools")
    if images:
        raise Refused(f"{request.model} does not support vision")


async def _unloaded(
    request: ChatRequest | GenerateRequest, resident: Resident, shape: Shape
) -> Event:
    await resident.expire()
    return _event(request, shape, "", done=True, done_reason="unload")


async def _loaded(
    request: ChatRequest | GenerateRequest, resident: Resident, shape: Shape
) -> Event:
    async with resident.used(request.keep_alive):
        return _event(request, shape, "", done=True, done_reason="load")


def _event(request: ChatRequest | GenerateRequest, shape: Shape, text: str, **more: Any) -> Event:
    return {"model": request.model, "created_at": now_text(), **shape(text), **more}


async def _reply(work: Work) -> Reply:
    if work.request.stream:
        return _events(work)
    parts: list[str] = []
    async with aclosing(_events(work, parts)) as events:
        async for event in events:
            last = event
    return {**last, **work.shape("".join(parts))}


async def _events(work: Work, parts: list[str] | None = None) -> Events:
    """The events of a streamed answer; their texts also go to *parts*."""
    began = time.perf_counter_ns()
    request, resident = work.request, work.resident
    async with resident.gate.entered():
        entered = time.perf_counter_ns()
        async with resident.used(request.keep_alive) as llama:
            loading = time.perf_counter_ns() - entered
            window = Window.of(request.options, resident.settings.context)
            prompt = await work.prompt(llama, window)
            body = _body(request, prompt, window.context)
            if "json_schema" in body and not await llama.can_follow(body["json_schema"], prompt):
                raise Refused("invalid format: the JSON schema can't be followed")
            said: list[int] = []
            async with aclosing(llama.complete(body)) as pieces:
                async for piece in pieces:
                    text = piece["content"]
                    if piece["stop"]:
                        break
                    if "prompt_progress" not in piece:
                        said += piece["tokens"]
                    if text:
                        if parts is not None:
                            parts.append(text)
                        yield _event(request, work.shape, text, done=False)
            if parts is not None:
                parts.append(text)
            more: Event = {"context": [*prompt, *said]} if work.context else {}
            more |= _figures(piece, len(prompt), began, loading)
            yield _event(request, work.shape, text, done=True, **more)


def _figures(last: Event, prompt: int, began: int, loading: int) -> Event:
    """What Ollama tells at the end. Durations are in nanoseconds."""
    timings = last["timings"]
    return {
        "done_reason": "length" if last["stop_type"] == "limit" else "stop",
        "total_duration": time.perf_counter_ns() - began,
        "load_duration": loading,
        "prompt_eval_count": prompt,
        "prompt_eval_duration": int(timings["prompt_ms"] * 1e6),
        "eval_count": last["tokens_predicted"],
        "eval_duration": int(timings["predicted_ms"] * 1e6),
    }


def _body(request: ChatRequest | GenerateRequest, prompt: list[int], context: int) -> Event:
    """The request in llama.cpp's words."""
    options: Options = request.options
    room = context - len(prompt)
    body: Event = {
        "prompt": prompt,
        "cache_prompt": True,
        "return_progress": True,  # an event per step of the prompt, so that each can be the last
        "n_predict": min(options.num_predict, room) if options.num_predict > 0 else room,
        "temperature": options.temperature,
        "top_k": options.top_k,
        "top_p": options.top_p,
        "min_p": options.min_p,
        "typical_p": options.typical_p,
        "repeat_last_n": options.repeat_last_n,
        "repeat_penalty": options.repeat_penalty,
        "presence_penalty": options.presence_penalty,
        "frequency_penalty": options.frequency_penalty,
        "seed": options.seed & 0xFFFFFFFF,
        "stop": [text for text in options.stop if text],
    }
    if request.format:
        body["json_schema"] = {"type": "object"} if request.format == "json" else request.format
    return body
