"""A model that is loaded when it is wanted and unloaded when nobody has wanted it for long enough.

The rules are Ollama's: each request may say how long the model stays after it (`keep_alive`), zero
unloads it once the requests under way are done, a negative time keeps it for good.
"""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from learning_assistant.embedded.inference.gate import Gate
from learning_assistant.embedded.inference.llama import Llama, Settings
from learning_assistant.embedded.inference.store import Card

FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)


class Resident:
    """One model; *keep_alive* is for requests that don't say, in seconds."""

    def __init__(self, card: Card, settings: Settings, gate: Gate, keep_alive: float) -> None:
        self.card = card
        self.settings = settings
        self.gate = gate
        self._default = self._seconds = keep_alive
        self._llama: Llama | None = None
        self._changing = asyncio.Lock()
        self._users = 0
        self._ends = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._unloading: asyncio.Task[None] | None = None

    @property
    def loaded(self) -> bool:
        return self._llama is not None

    @property
    def expires_at(self) -> datetime:
        """When it will be unloaded, if no more requests come."""
        if math.isinf(self._seconds):
            return FOR_EVER
        left = self._seconds if self._users else self._ends - _now()
        return datetime.now(UTC) + timedelta(seconds=max(left, 0.0))

    @asynccontextmanager
    async def used(self, keep_alive: float | None = None) -> AsyncIterator[Llama]:
        """The loaded model, which stays at least as long as the block runs.

        Raises `LlamaError`.
        """
        self._users += 1
        self._seconds = self._default if keep_alive is None else keep_alive
        self._stop_timer()
        try:
            async with self._changing:
                if self._llama is None:
                    self._llama = await Llama.start(self.settings)
            yield self._llama
        finally:
            self._users -= 1
            if not self._users:
                self._start_timer()

    async def expire(self) -> None:
        """Unload as soon as nobody uses it; returns at once while somebody does."""
        self._seconds = 0.0
        if not self._users:
            self._stop_timer()
            await self._unload()

    async def close(self) -> None:
        """Unload now, whoever uses it."""
        self._stop_timer()
        async with self._changing:
            llama, self._llama = self._llama, None
            if llama is not None:
                await llama.stop()

    async def _unload(self) -> None:
        async with self._changing:
            if self._users or self._llama is None:
                return
            llama, self._llama = self._llama, None
            await llama.stop()

    def _start_timer(self) -> None:
        if math.isinf(self._seconds):
            return
        self._ends = _now() + self._seconds
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds, self._expired)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expired(self) -> None:
        self._unloading = asyncio.get_running_loop().create_task(self._unload())


def _now() -> float:
    return asyncio.get_running_loop().time()
