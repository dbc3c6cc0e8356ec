"""Links between the parts of a copy that can be slow, cut, or lie about the time.

A process of its own, so that the load of a drill does not slow the links:
`python -m tests.drills.links` takes one command a line as JSON and answers each with a line.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.stack import PROJECT, free_port

# What Redis and Valkey answer to TIME: seconds and microseconds.
TIME_REPLY = re.compile(rb"\*2\r\n\$10\r\n(\d{10})\r\n\$\d\r\n\d+\r\n")
CHUNK = 65536


class Links:
    """The side of the test: one address for each of *targets*, `unix:PATH` or `HOST:PORT`."""

    def __init__(self, targets: dict[str, str]) -> None:
        self.ports = {name: free_port() for name in targets}
        self._targets = targets
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.drills.links"],
            cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        for name, target in targets.items():
            self._tell(link=name, port=self.ports[name], target=target)

    @contextmanager
    def slow(self, name: str, seconds: float) -> Iterator[None]:
        """Whatever the service says arrives *seconds* late."""
        with self._with(name, "delay_s", seconds, 0.0):
            yield

    @contextmanager
    def cut(self, name: str) -> Iterator[None]:
        """Every connection is reset, and no new one is taken."""
        with self._with(name, "is_cut", True, False):
            yield

    @contextmanager
    def silent(self, name: str) -> Iterator[None]:
        """Connections stay, but no byte arrives, as behind a firewall that drops packets."""
        with self._with(name, "is_silent", True, False):
            yield

    @contextmanager
    def skewed(self, name: str, seconds: float) -> Iterator[None]:
        """The clock of the broker goes wrong by *seconds*."""
        with self._with(name, "skew_s", seconds, 0.0):
            yield

    @contextmanager
    def to(self, name: str, target: str) -> Iterator[None]:
        """Another server answers."""
        with self._with(name, "target", target, self._targets[name]):
            yield

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        with self._process.stdout:
            self._process.stdin.close()
            self._process.wait(10)

    @contextmanager
    def _with(self, name: str, what: str, value: Any, usual: Any) -> Iterator[None]:
        self._tell(link=name, **{what: value})
        try:
            yield
        finally:
            self._tell(link=name, **{what: usual})

    def _tell(self, **command: Any) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"


@dataclass
class _Link:
    """The side of the process."""

    port: int
    target: str
    delay_s: float = 0.0
    skew_s: float = 0.0
    is_cut: bool = False
    is_silent: bool = False
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    def change(self, values: dict[str, Any]) -> None:
        moved = values.get("target", self.target) != self.target
        for name, value in values.items():
            setattr(self, name, value)
        if self.is_cut or moved:
            for writer in self.open:
                writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            there, back = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        self.open |= {writer, back}
        with suppress(asyncio.CancelledError):  # at the end of the process
            await asyncio.gather(
                self._pass_on(reader, back, answers=False),
                self._pass_on(there, writer, answers=True),
            )
        self.open -= {writer, back}

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        kind, _, rest = self.target.partition(":")
        if kind == "unix":
            return await asyncio.open_unix_connection(rest)
        return await asyncio.open_connection(kind, int(rest))

    async def _pass_on(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        """Chunks keep their order and their distance, however late they are."""
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sender = asyncio.create_task(self._send(late, to))
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while chunk := await source.read(CHUNK):
                if answers and self.skew_s:
                    chunk = TIME_REPLY.sub(self._skewed, chunk)
                late.put_nowait((loop.time() + (self.delay_s if answers else 0.0), chunk))
        late.put_nowait((loop.time(), b""))
        await sender

    async def _send(
        self, late: "asyncio.Queue[tuple[float, bytes]]", to: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while True:
                due, chunk = await late.get()
                await asyncio.sleep(max(due - asyncio.get_running_loop().time(), 0))
                while self.is_silent:
                    await asyncio.sleep(0.02)
                if not chunk:
                    break
                to.write(chunk)
                await to.drain()
        to.close()

    def _skewed(self, found: "re.Match[bytes]") -> bytes:
        seconds = b"%d" % (int(found[1]) + int(self.skew_s))
        return found[0].replace(found[1], seconds, 1)


async def _main() -> None:
    links: dict[str, _Link] = {}
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        name = command.pop("link")
        if name in links:
            links[name].change(command)
        else:
            links[name] = link = _Link(**command)
            await asyncio.start_server(link.serve, "127.0.0.1", link.port, backlog=256)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main())
