"""The second runner: CPython behind a fence, a fresh process for every session.

What is inside, and how it closes itself in, stands in `exercises.fence`; this is the side that
starts it, asks it, and ends it. Whatever comes over the pipe is taken as a stranger's word.
"""

import glob
import json
import math
import os
import select
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which
from typing import Any, Self

from exercises.sandbox.comparing import clean
from exercises.sandbox.reading import Source
from exercises.sandbox.results import Fault, FaultKind, Limits
from exercises.sandbox.sessions import Ask, Reply

NAME = "fenced"
CHILD = Path(__file__).resolve().parent.parent / "fence" / "child.py"
START_S = 10.0  # until a child is ready
GRACE_S = 0.3  # past its time limit, in which a child may still say where it was
END_S = 2.0  # until a child that was told to end is killed
AGAIN_S = 60.0  # after which a host that could not fence is asked again
READ_BYTES = 1 << 16
NOBODY = 65534
WAYS = ("namespaces", "bubblewrap", "bare")
SAID = {
    "time": FaultKind.TIME,
    "missing": FaultKind.MISSING,
    "memory": FaultKind.MEMORY,
    "exception": FaultKind.EXCEPTION,
}


class NoFence(Exception):
    """This host can't fence a process: what was tried, and why it failed."""


class Lost(Exception):
    """The child said nothing that can be used, or nothing at all."""

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(kind, message=message)


@cache
def _folders() -> tuple[list[str], list[str]]:
    """What has to be readable inside: the standard library, and where shared libraries are."""
    names = dict.fromkeys(("base", "installed_base"), sys.base_prefix)
    names |= dict.fromkeys(("platbase", "installed_platbase"), sys.base_exec_prefix)
    paths = sysconfig.get_paths("posix_prefix", names)
    own = {os.path.realpath(paths["stdlib"]), os.path.realpath(paths["platstdlib"])}
    shared = glob.glob("/usr/lib/*-linux-gnu") or ["/usr/lib", "/usr/lib64", "/lib"]
    return sorted(own), sorted({os.path.realpath(f) for f in shared if os.path.isdir(f)})


def _python() -> str:
    """The interpreter itself, and not a virtual environment's link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def _command(way: str, limits: Limits) -> list[str]:
    own, shared = _folders()
    config = {
        "way": way,
        "memory_mb": limits.memory_mb,
        "cpu_seconds": math.ceil(limits.total_seconds) + 2,
        "output_chars": limits.output_chars,
        "own": own,
        "shared": shared,
    }
    command = [_python(), "-I", "-S", str(CHILD), json.dumps(config)]
    return _bubblewrap([*own, *shared]) + command if way == "bubblewrap" else command


def _bubblewrap(folders: list[str]) -> list[str]:
    """bubblewrap with a root of these folders, the interpreter and our own few files."""
    program = which("bwrap")
    if program is None:
        raise NoFence("bubblewrap is not installed")
    command = [program, "--unshare-all", "--die-with-parent", "--clearenv", "--dev", "/dev"]
    command += ["--uid", str(NOBODY), "--gid", str(NOBODY)]
    package = CHILD.parent.parent
    files = [_python(), str(CHILD.parent), str(package / "__init__.py")]
    # The program is started inside: what loads it and its own library are wanted too.
    loader = ["/usr/lib64", "/etc/ld.so.cache", *glob.glob("/usr/lib/ld-linux*")]
    library = glob.glob(f"{sys.base_prefix}/lib/libpython*.so*")
    for path in [*folders, *files, *library]:
        command += ["--ro-bind", path, path]
    for path in loader:
        command += ["--ro-bind-try", path, path]
    for link in ("/lib", "/lib64"):
        if os.path.islink(link):
            command += ["--symlink", os.readlink(link), link]
    return [*command, "--chdir", "/", "--"]


@dataclass(frozen=True)
class Fence:
    """How this host fences, or why it doesn't."""

    way: str = ""
    layers: tuple[str, ...] = ()
    trouble: str = ""


class _Known:
    """What was found out about this host. A yes holds for good, a no for a minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fence: Fence | None = None
        self._until = 0.0

    def get(self) -> Fence:
        with self._lock:
            if self._fence is None or (self._fence.trouble and time.monotonic() > self._until):
                self._fence = _tried()
                self._until = time.monotonic() + AGAIN_S
            return self._fence


_known = _Known()
fence = _known.get


def _tried() -> Fence:
    """The first way that works here, by starting a child that way."""
    troubles = []
    for way in WAYS:
        try:
            with FencedSession(Limits(), way) as session:
                return Fence(way, tuple(session.layers))
        except (NoFence, Lost, OSError) as error:
            troubles.append(f"{way}: {error}")
    return Fence(trouble="; ".join(troubles))


class FencedSession:
    """One child. Raises NoFence where the host can't fence, Lost where the child can't start."""

    def __init__(self, limits: Limits, way: str = "") -> None:
        self._limits = limits
        self._way = way
        self._buffer = bytearray()
        self._code: Source | None = None
        self.layers: list[str] = []

    def __enter__(self) -> Self:
        self._way = way = self._way or fence().way
        if not way:
            raise NoFence(fence().trouble)
        self._process = subprocess.Popen(
            _command(way, self._limits), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={}, cwd="/", start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        try:
            first = self._read(time.monotonic() + START_S)
            if "ready" not in first:
                raise NoFence(clean(str(first.get("trouble"))))
        except (NoFence, Lost):
            self.__exit__()
            raise
        self.layers = [str(layer) for layer in first["ready"]]
        return self

    def __exit__(self, *args: object) -> None:
        """End the child and all that is in its namespaces. Never waits longer than twice END_S."""
        process = self._process
        try:
            if self._way == "namespaces":  # ours waits outside of them, and ends what is inside
                process.terminate()
                process.wait(END_S)
        except subprocess.TimeoutExpired:
            pass
        try:
            if process.poll() is None:  # not collected yet, so the number is still its
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(END_S)
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def load(self, source: Source) -> Reply:
        self._code = source
        return self._request({"do": "load", "code": source.code})

    def call(self, name: str, arguments: str) -> Reply:
        return self._request({"do": "call", "name": name, "arguments": arguments})

    def look(self, name: str) -> Reply:
        return self._request({"do": "look", "name": name})

    def run_tests(self, script: str, remote: dict[str, bool], ask: Ask) -> Reply:
        return self._request({"do": "tests", "script": script, "remote": remote}, ask)

    def _request(self, message: dict[str, Any], ask: Ask | None = None) -> Reply:
        ended: Fault | None = None
        left = self._limits.seconds
        try:
            since = time.monotonic()
            self._write(message | {"seconds": left}, since + left + GRACE_S)
            answer = self._read(since + left + GRACE_S)
            while ask is not None and "ask" in answer:
                # The other session's time is its own.
                left -= time.monotonic() - since
                reply = ask(str(answer["ask"]), str(answer.get("arguments", "")))
                ended = ended or (reply.fault if reply.ends else None)
                since = time.monotonic()
                self._write(_told(reply), since + left + GRACE_S)
                answer = self._read(since + left + GRACE_S)
        except Lost as lost:
            return Reply(fault=ended or lost.fault)
        reply = self._reply(answer, in_tests=ask is not None)
        return Reply(fault=ended, output=reply.output) if ended else reply

    def _reply(self, answer: dict[str, Any], *, in_tests: bool) -> Reply:
        output = clean(str(answer.get("output", "")), self._limits.output_chars)
        value, said = str(answer.get("value", "")), answer.get("fault")
        if not isinstance(said, dict):
            if len(value) > self._limits.value_chars:
                fault = Fault(FaultKind.TOO_LARGE, message="the result is too large")
                return Reply(fault=fault, output=output)
            return Reply(value, output=output)
        line = said.get("line")
        line = line if isinstance(line, int) and 0 < line < 10**6 else None
        source = self._code.line(line) if self._code else ""
        kind = SAID.get(str(said.get("kind")), FaultKind.EXCEPTION)
        if in_tests and said.get("kind") == "unsupported":  # a learner's session has no say in it
            kind = FaultKind.UNSUPPORTED
        name, message = clean(str(said.get("type")), 80), clean(str(said.get("message")))
        fault = Fault(kind, name, message, line, source, in_tests=in_tests)
        return Reply(fault=fault, output=output)

    def _write(self, message: dict[str, Any], deadline: float) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            self._wait(self._to, select.POLLOUT, deadline)
            try:
                data = data[os.write(self._to, data) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise Lost(FaultKind.CRASH, "the interpreter ended") from error

    def _read(self, deadline: float) -> dict[str, Any]:
        """The next line. Raises Lost past *deadline*, at the end, and for what is no message."""
        limit = 2 * self._limits.value_chars + 12 * self._limits.output_chars
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > limit:
                raise Lost(FaultKind.CRASH, "the result is too large")
            self._wait(self._from, select.POLLIN, deadline)
            try:
                data = os.read(self._from, READ_BYTES)
            except BlockingIOError:
                continue
            if not data:
                raise Lost(FaultKind.CRASH, "the interpreter ended")
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Lost(FaultKind.CRASH, "no result came out") from error
        if not isinstance(message, dict):
            raise Lost(FaultKind.CRASH, "no result came out")
        return message

    def _wait(self, number: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(number, event)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise Lost(FaultKind.TIME, "time limit exceeded")


def _told(reply: Reply) -> dict[str, Any]:
    """A reply of the learner's session, for the tests."""
    fault = reply.fault
    said = {"type": fault.type, "message": fault.message} if fault else None
    return {"value": reply.value, "fault": said}
