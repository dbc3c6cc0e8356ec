"""The first runner: monty, a Python written in Rust, in worker processes of its own.

It has no files, no network, no processes and no way to Python's inside; a run takes about two
milliseconds. What it lacks of Python it says, or `reading.unlike_monty` does; that is
`unsupported`, never wrong. (pydantic-monty 1.4; its limits are described in `_monty.pyi`.)
"""

import atexit
import builtins
import os
import re
import secrets
import sys
import textwrap
import threading
from contextlib import ExitStack
from functools import cache
from importlib import resources
from typing import Any, Self

import pydantic_monty as monty

from exercises.sandbox.comparing import clean
from exercises.sandbox.reading import Source, unlike_monty
from exercises.sandbox.results import Fault, FaultKind, Limits
from exercises.sandbox.sessions import Ask, Reply

NAME = "monty"
PROCESSES = 16
SPAWN_S = 5.0  # at most, for a free worker process
GRACE_S = 0.5  # past its time limit, before a worker process is killed
TURN_S = 60.0  # no single turn takes longer, whatever the limits say
RECURSION = 1000
SUSPENSIONS = 20_000  # calls from the tests into the learner's session
WIRE = resources.files("exercises.fence").joinpath("wire.py").read_text()
# What is not Python's own error, but monty's way to say that it lacks something.
LACKS = re.compile(r"monty|not supported in this environment|not (yet )?(supported|implemented)")
NO_ATTRIBUTE = re.compile(r"(?:type object )?'([\w.]+)'(?: object)? has no attribute '(\w+)'")
NO_MODULE_ATTRIBUTE = re.compile(r"module '([\w.]+)' has no attribute")
NO_MODULE = re.compile(r"(?:No module named|from) '([\w.]+)'")
NO_NAME = re.compile(r"name '(\w+)' is not defined")
NO_KEYWORD = re.compile(r"keyword argument|takes? (no|at most|exactly|from) |positional argument")


class Unusable(Exception):
    """No session of monty could be had."""


class _Pool:
    """One pool of worker processes for each process of ours, made when it is first wanted.

    A forked child makes its own: the workers it inherits answer its parent. It keeps a reference
    to the inherited pool, since letting go of it would end those workers.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._pool: monty.Monty | None = None
        self._inherited: list[monty.Monty] = []
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        self._lock = threading.Lock()
        if self._pool is not None:
            self._inherited.append(self._pool)
            self._pool = None

    def get(self) -> monty.Monty:
        with self._lock:
            if self._pool is None:
                pool = monty.Monty(
                    min_processes=1,
                    max_processes=PROCESSES,
                    checkout_timeout=SPAWN_S,
                    request_timeout=TURN_S,
                    max_checkouts_per_worker=200,
                    feed_duration_limit_grace=GRACE_S,
                    turn_duration_limit_grace=GRACE_S,
                )
                self._pool = pool.__enter__()
                self._pid = os.getpid()
                atexit.register(self.close)
            return self._pool

    def close(self) -> None:
        """End the worker processes. The next use starts others."""
        with self._lock:
            if self._pool is not None and self._pid == os.getpid():
                self._pool.__exit__(None, None, None)
                self._pool = None


pool = _Pool()


@cache
def trouble() -> str:
    """Why monty can't run here; "" if it can. It tries once, in a process that it ends again."""
    try:
        with monty.Monty(max_processes=1, request_timeout=SPAWN_S) as once, once.checkout() as made:
            return "" if made.feed_run("1 + 1") == 2 else "it can't add"
    except (monty.MontyError, OSError) as error:
        return str(error)


class MontySession:
    """Code in a worker process of its own for as long as the session lasts."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # Names of ours that the learner's code can't guess; there is no way to list them.
        self._own = f"_{secrets.token_hex(8)}"
        self._stack = ExitStack()
        self._output: list[str] = []
        self._room = 0
        self._code: Source | None = None
        self._feeds = 0

    def __enter__(self) -> Self:
        limits = monty.ResourceLimits(
            max_feed_duration_secs=self._limits.seconds,
            max_memory=self._limits.memory_mb * 2**20,
            max_recursion_depth=RECURSION,
            max_suspensions=SUSPENSIONS,
        )
        own = self._own
        prelude = (
            f"def {own}():\n{textwrap.indent(WIRE, '    ')}\n    return codec()\n\n"
            f"{own}e, {own}d = {own}()\n"
            "def locals():\n    raise NotImplementedError('monty: locals')\n"
            "None\n"
        )
        checkout = pool.get().checkout(
            limits=limits, os_policy={"sleep": "zero"}, assert_message_annotations=False
        )
        try:
            self._session = self._stack.enter_context(checkout)
            self._feed(prelude)
        except (monty.MontyError, OSError) as error:  # TimeoutError, for one: no free worker
            self._stack.close()
            raise Unusable(str(error)) from error
        return self

    def __exit__(self, *args: object) -> None:
        self._stack.close()

    def load(self, source: Source) -> Reply:
        lacks = unlike_monty(source)
        if lacks:
            return Reply(fault=Fault(FaultKind.UNSUPPORTED, message=lacks))
        self._code = source
        # Without the last line the value of a last expression would be sent here, whatever it is.
        return self._run(f"{source.code}\n\nNone\n")

    def call(self, name: str, arguments: str) -> Reply:
        own = self._own
        code = (
            f"{own}a = {own}d({own}x)\n"
            f"{own}r = {name}(*{own}a[0], **{own}a[1])\n"
            f"{own}e([{own}r, {own}a])"
        )
        return self._run(code, name, {f"{own}x": arguments})

    def look(self, name: str) -> Reply:
        return self._run(f"{self._own}e({name})", name)

    def run_tests(self, script: str, remote: dict[str, bool], ask: Ask) -> Reply:
        own = self._own
        answers: list[Reply] = []

        def asked(name: str, arguments: str) -> str:
            if '{"other": [' in arguments:
                fault = Fault(FaultKind.UNSUPPORTED, message="a function as an argument")
                reply = Reply(fault=fault)
            else:
                reply = ask(name, arguments)
            if reply.fault is not None:
                answers.append(reply)
                raise raised(reply.fault)
            if '{"other": [' in reply.value:
                answers.append(Reply(fault=Fault(FaultKind.UNSUPPORTED, message="an object")))
                raise NotImplementedError("monty: an object as a result")
            return reply.value

        stubs = [
            STUB.format(own=own, name=name)
            if is_function
            else f"{name} = {own}d({own}q({name!r}, ''))\n"
            for name, is_function in remote.items()
        ]
        lookup = {f"{own}q": asked}
        first = self._run(REFILL.format(own=own) + "".join(stubs) + "None", lookup=lookup)
        if first.fault is not None:
            return first
        reply = self._run(f"{script}\n\nNone\n", lookup=lookup, script=True)
        decided = [a for a in answers if a.ends or _lacks(a.fault)]
        return decided[0] if decided else reply

    def _run(
        self,
        code: str,
        name: str = "",
        inputs: dict[str, Any] | None = None,
        lookup: dict[str, Any] | None = None,
        script: bool = False,
    ) -> Reply:
        self._output, self._room = [], self._limits.output_chars
        try:
            value = self._feed(code, inputs, lookup)
        except (monty.MontyError, ValueError, TypeError, OSError) as error:
            return Reply(fault=self._fault(error, name, script), output=self._printed())
        if value is None or isinstance(value, str):
            if len(value or "") > self._limits.value_chars:
                fault = Fault(FaultKind.TOO_LARGE, message="the result is too large")
                return Reply(fault=fault, output=self._printed())
            return Reply(value or "", output=self._printed())
        return Reply(fault=Fault(FaultKind.SANDBOX, message="no text came out"))

    def _feed(
        self, code: str, inputs: dict[str, Any] | None = None, lookup: dict[str, Any] | None = None
    ) -> Any:
        self._feeds += 1
        return self._session.feed_run(
            code, inputs=inputs, external_lookup=lookup, print_callback=self._print
        )

    def _print(self, stream: str, text: str) -> None:
        if self._room > 0:
            self._output.append(text[: self._room])
            self._room -= len(text)

    def _printed(self) -> str:
        return clean("".join(self._output), self._limits.output_chars)

    def _fault(self, error: Exception, name: str, script: bool) -> Fault:
        if isinstance(error, monty.MontyCrashedError):
            kind = FaultKind.TIME if error.timed_out else FaultKind.CRASH
            return Fault(kind, message=clean(str(error)))
        if not isinstance(error, monty.MontyError):
            return Fault(FaultKind.SANDBOX, type(error).__name__, clean(str(error)))
        inner = error.exception()
        kind, message = _kind(inner), clean(str(inner))
        line, source = self._where(error)
        missing = NO_NAME.fullmatch(message)
        if name and line is None and missing and missing[1] == name:
            kind = FaultKind.MISSING
        return Fault(kind, type(inner).__name__, message, line, source, in_tests=script)

    def _where(self, error: monty.MontyError) -> tuple[int | None, str]:
        """The innermost line of what was sent: the learner's code is the second feed."""
        if not isinstance(error, (monty.MontyRuntimeError, monty.MontySyntaxError)):
            return None, ""
        feed = 1 if self._code else self._feeds - 1
        for frame in reversed(error.traceback()):
            if frame.filename == f"<python-input-{feed}>":
                return frame.line, self._code.line(frame.line) if self._code else ""
        return None, ""


def _lacks(fault: Fault | None) -> bool:
    return fault is not None and fault.kind is FaultKind.UNSUPPORTED


def raised(fault: Fault) -> Exception:
    """What the tests see of an exception in the learner's session: its kind and its words."""
    found = getattr(builtins, fault.type, None)
    if isinstance(found, type) and issubclass(found, Exception):
        try:
            return found(fault.message)
        except TypeError:  # UnicodeDecodeError and its like want more
            pass
    return RuntimeError(f"{fault.type}: {fault.message}")


def _kind(error: BaseException) -> FaultKind:
    """What an exception inside monty means."""
    message = str(error)
    if isinstance(error, TimeoutError) and "time limit exceeded" in message:
        return FaultKind.TIME
    if isinstance(error, MemoryError):
        return FaultKind.MEMORY
    if "does not yet support" in message:
        return FaultKind.UNSUPPORTED
    if isinstance(error, (NotImplementedError, RuntimeError)) and LACKS.search(message):
        return FaultKind.UNSUPPORTED
    if isinstance(error, SyntaxError) or _missing_in_monty(error, message):
        return FaultKind.UNSUPPORTED  # CPython's parser took it before
    return FaultKind.EXCEPTION


def _missing_in_monty(error: BaseException, message: str) -> bool:
    """Whether CPython has what monty says is not there."""
    if isinstance(error, ImportError):
        module = NO_MODULE.search(message)
        return module is not None and module[1].partition(".")[0] in sys.stdlib_module_names
    if isinstance(error, NameError):
        name = NO_NAME.search(message)
        return name is not None and hasattr(builtins, name[1])
    if isinstance(error, TypeError):
        return NO_KEYWORD.search(message) is not None
    if isinstance(error, AttributeError):
        module = NO_MODULE_ATTRIBUTE.search(message)
        if module is not None:
            return module[1] in sys.stdlib_module_names
        found = NO_ATTRIBUTE.search(message)
        return found is not None and hasattr(getattr(builtins, found[1], None), found[2])
    return False


STUB = """
def {name}(*args, **kwargs):
    reply = {own}d({own}q({name!r}, {own}e([list(args), kwargs])))
    for i in range(len(args)):
        {own}refill(args[i], reply[1][0][i])
    return reply[0]
"""
# A function may change a list that it was given: the tests' own list follows.
REFILL = """
def {own}refill(old, new):
    if type(old) is list and type(new) is list and old != new:
        old.clear()
        old.extend(new)
    elif type(old) in (dict, set) and type(new) is type(old) and old != new:
        old.clear()
        old.update(new)
"""
