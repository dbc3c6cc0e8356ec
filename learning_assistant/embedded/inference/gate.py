"""A bounded queue before a limited number of places; who can wait lets others pass, for a while."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Busy(Exception):
    """The queue is full."""


class Gate:
    """Lets *places* callers in at once and *waiting* more queue."""

    def __init__(self, places: int, waiting: int) -> None:
        self._free = places
        self._limit = waiting
        self._queue: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    @asynccontextmanager
    async def entered(self, patience: float = 0.0) -> AsyncIterator[None]:
        """Hold a place; a caller that is cancelled while it waits leaves the queue.

        Whoever comes within *patience* seconds and has none goes first; nobody who comes later
        does, so that work that can wait goes on however busy it is. Raises `Busy`.
        """
        await self._enter(patience)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, patience: float) -> None:
        if self._free:
            self._free -= 1
            return
        if len(self._queue) >= self._limit:
            raise Busy
        self._count += 1
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        entry = (loop.time() + patience, self._count, turn)
        heapq.heappush(self._queue, entry)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._leave()  # the place was handed over in the same moment
            elif entry in self._queue:  # else `_leave` has passed over it already
                self._queue.remove(entry)
                heapq.heapify(self._queue)
            raise

    def _leave(self) -> None:
        while self._queue:
            turn = heapq.heappop(self._queue)[2]
            if not turn.done():  # cancelled, but its caller has not run since
                turn.set_result(None)
                return
        self._free += 1
