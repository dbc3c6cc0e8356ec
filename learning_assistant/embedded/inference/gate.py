"""A bounded queue before a limited number of places; the nearer to a person, the earlier."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Busy(Exception):
    """The queue is full."""


class Gate:
    """Lets *places* callers in at once and *waiting* more queue; lower priorities go first."""

    def __init__(self, places: int, waiting: int) -> None:
        self._free = places
        self._limit = waiting
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    @asynccontextmanager
    async def entered(self, priority: int = 0) -> AsyncIterator[None]:
        """Hold a place; a caller that is cancelled while it waits leaves the queue.

        Raises `Busy`.
        """
        await self._enter(priority)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, priority: int) -> None:
        if self._free:
            self._free -= 1
            return
        if len(self._queue) >= self._limit:
            raise Busy
        self._count += 1
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (priority, self._count, turn)
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
