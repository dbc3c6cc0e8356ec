"""A simulated card at work in real time: requests become jobs, and jobs take their time."""

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Any

from learning_assistant.embedded.inference.schema import (
    ChatRequest,
    GenerateRequest,
    Message,
    Refused,
)
from tests.load.card import CHARACTERS_A_TOKEN, KEEP_ALIVE_S, Card, Job, tokens_of
from tests.load.saying import UnsupportedSchema, say

# Around a message Llama 3's template puts five tokens: two for its header's ends, the role, the
# empty line and the end of the turn.
HEADER = 5 * CHARACTERS_A_TOKEN

Event = dict[str, Any]


class Driver:
    """Runs a `Card` in real time, *speed* times as fast as the card would be."""

    def __init__(self, card: Card, speed: float = 1.0) -> None:
        self.card, self.speed = card, speed
        self._began = time.monotonic()
        self._work = asyncio.Event()
        self._moved: dict[Job, asyncio.Event] = {}

    def now(self) -> float:
        """The card's time, in its seconds."""
        return (time.monotonic() - self._began) * self.speed

    async def run(self) -> None:
        """Take one batch after the other, for ever."""
        while True:
            await self._work.wait()
            if not (seconds := self.card.step()):
                self._work.clear()
                continue
            # When this process comes late the card does not: its next batch ends when it would.
            await asyncio.sleep((self.card.now + seconds - self.now()) / self.speed)
            for job in self.card.finish():
                if job in self._moved:
                    self._moved[job].set()

    def submit(self, job: Job) -> None:
        """Raises `QueueFull`."""
        self.card.submit(job, self.now())
        self._moved[job] = asyncio.Event()
        self._work.set()

    async def progress(self, job: Job) -> None:
        """Until *job* has more tokens than before."""
        await self._moved[job].wait()
        self._moved[job].clear()

    def leave(self, job: Job) -> None:
        """Nobody waits for *job* any more, whether it is done or not."""
        self.card.drop(job)
        self._moved.pop(job, None)


def check(asked: ChatRequest | GenerateRequest, messages: Sequence[Message]) -> None:
    """Refuse what the model can't do, in Ollama's words. Raises `Refused`."""
    if asked.think:
        raise Refused(f'"{asked.model}" does not support thinking')
    if getattr(asked, "tools", None):
        raise Refused(f"{asked.model} does not support tools")
    if getattr(asked, "suffix", None):
        raise Refused(f"{asked.model} does not support insert")
    if getattr(asked, "images", None) or any(message.images for message in messages):
        raise Refused(f"{asked.model} does not support vision")


def job_of(asked: ChatRequest | GenerateRequest, messages: Sequence[Message]) -> tuple[Job, str]:
    """The work to do, and why the answer ends. Raises `Refused`."""
    keep = KEEP_ALIVE_S if asked.keep_alive is None else asked.keep_alive
    if not messages:  # only loads the model
        return Job(" ", 1, keep_alive=keep), "load"
    turns = [{"role": m.role, "content": m.content} for m in messages]
    try:
        answer = say(turns, asked.format)
    except UnsupportedSchema as error:
        raise Refused(f"invalid format: {error}") from error
    for stop in asked.options.stop:
        answer = answer.partition(stop)[0] if stop else answer
    prompt = "".join(m.role.ljust(HEADER) + m.content for m in messages) + "assistant".ljust(HEADER)
    whole = tokens_of(answer) + 1  # the end of the turn is a token too
    most = asked.options.num_predict if asked.options.num_predict > 0 else whole
    if most >= whole:
        return Job(prompt, whole, answer, keep), "stop"
    return Job(prompt, most, answer[: most * CHARACTERS_A_TOKEN], keep), "length"


def figures(job: Job, reason: str) -> Event:
    """What Ollama tells at the end, in nanoseconds of the card's own time."""
    ended = {"done": True, "done_reason": reason}
    if math.isnan(job.read):
        return ended
    return ended | {
        "total_duration": round((job.done - job.arrived) * 1e9),
        "load_duration": round((job.started - job.arrived) * 1e9),
        "prompt_eval_count": tokens_of(job.prompt),
        "prompt_eval_duration": round((job.read - job.started) * 1e9),
        "eval_count": job.written,
        "eval_duration": round((job.done - job.read) * 1e9),
    }
