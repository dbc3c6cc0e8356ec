"""Running what comes over the pipe: load code, call it, look at a name, or run tests.

A message is a line of JSON. Requests: `{"do": "load", "code"}`, `{"do": "call", "name",
"arguments"}`, `{"do": "look", "name"}`, `{"do": "tests", "script", "remote"}`, each with
"seconds". Every answer is `{"value", "fault", "output"}`; tests ask in between with `{"ask": name,
"arguments"}` and get such an answer.

The code that is run here can reach all of this. It can send what it likes in its own name, and
that is all it can do: what is right, and which tests there are, isn't known on this side.
"""

import builtins
import json
import os
import signal
import sys
import types
from collections.abc import Callable
from typing import Any

from exercises.fence.wire import codec

NAME = "answer"
FILE = "answer.py"
TESTS = "tests.py"
TEXT = 400  # characters of an exception's message
KEPT = 10_000  # objects that were returned and can't cross
MESSAGE_LIMIT = 32 * 2**20
Message = dict[str, Any]


class TimeUp(BaseException):
    """The time of one request is over."""


def _time_is_up(number: int, frame: object) -> None:
    raise TimeUp


class Pipe:
    """Lines of JSON, in and out."""

    def __init__(self, requests: int, replies: int) -> None:
        self._in = os.fdopen(requests, "rb")
        self._out = replies

    def read(self) -> Message | None:
        line = self._in.readline(MESSAGE_LIMIT)
        if not line:
            return None
        message: Message = json.loads(line)
        return message

    def write(self, message: Message) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self._out, data) :]


class Output:
    """What is printed, up to a limit; the rest is dropped."""

    encoding = "utf-8"
    errors = "replace"
    closed = False

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[str] = []
        self._room = limit

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._room > 0:
            self._parts.append(str(text[: self._room]))
            self._room -= len(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def take(self) -> str:
        text, self._parts, self._room = "".join(self._parts), [], self._limit
        return text


class Remote:
    """In the tests: an object of the learner's session that can't cross. It stands for it."""

    def __init__(self, name: str, number: int, ask: Callable[[str, Any], Any]) -> None:
        vars(self).update(_name=name, _number=number, _ask=ask)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask(f"#{self._number}", [list(args), kwargs])

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return self._ask("@get", [[self, attribute], {}])

    def __setattr__(self, attribute: str, value: Any) -> None:
        self._ask("@set", [[self, attribute, value], {}])

    def __repr__(self) -> str:
        return f"<{self._name}>"


class Serving:
    """One session."""

    def __init__(self, pipe: Pipe, output_limit: int) -> None:
        self._pipe = pipe
        self._module = types.ModuleType(NAME)
        sys.modules[NAME] = self._module
        self._kept: list[Any] = []
        self._remotes: dict[int, Remote] = {}
        self._encode, self._decode = codec(self._keep, self._find)
        self._output = Output(output_limit)
        self._file = FILE
        self._stuck: CantCross | None = None
        sys.stdout = sys.stderr = self._output

    def serve(self) -> None:
        """Answer until the pipe is closed."""
        does = {"load": self._load, "call": self._call, "look": self._look, "tests": self._tests}
        signal.signal(signal.SIGALRM, _time_is_up)
        while (message := self._pipe.read()) is not None:
            value, fault = "", None
            try:
                signal.setitimer(signal.ITIMER_REAL, message["seconds"])
                value = does[message["do"]](message)
                signal.setitimer(signal.ITIMER_REAL, 0)
                if self._stuck is not None:  # whatever the tests made of it
                    raise self._stuck
            except BaseException as error:  # noqa: B036  # whatever the code raises is its result
                signal.setitimer(signal.ITIMER_REAL, 0)
                fault = self._fault(error)
            self._pipe.write({"value": value, "fault": fault, "output": self._output.take()})

    def _load(self, message: Message) -> str:
        code = compile(message["code"], FILE, "exec")
        exec(code, self._module.__dict__)  # what it is for  # nosec B102
        return ""

    def _call(self, message: Message) -> str:
        name = message["name"]
        arguments = self._decode(message["arguments"])
        result = self._function(name)(*arguments[0], **arguments[1])
        return str(self._encode([result, arguments]))

    def _function(self, name: str) -> Any:
        if name.startswith("#"):
            return self._kept[int(name[1:])]
        if name.startswith("@"):
            return {"@get": getattr, "@set": setattr}[name]
        return self._named(name)

    def _look(self, message: Message) -> str:
        return str(self._encode(self._named(message["name"])))

    def _named(self, name: str) -> Any:
        if name not in self._module.__dict__:
            raise Missing(name)
        return self._module.__dict__[name]

    def _tests(self, message: Message) -> str:
        self._file = TESTS
        names = self._module.__dict__
        for name, is_function in message["remote"].items():
            names[name] = self._stub(name) if is_function else self._ask_value(name)
        script = compile(message["script"], TESTS, "exec")
        exec(script, names)  # nosec B102
        return ""

    def _stub(self, name: str) -> Callable[..., Any]:
        def remote(*args: Any, **kwargs: Any) -> Any:
            return self._ask(name, [list(args), kwargs])

        return remote

    def _ask_value(self, name: str) -> Any:
        reply = self._asked(name, "")
        return self._decode(reply["value"])

    def _ask(self, name: str, arguments: list[Any]) -> Any:
        reply = self._asked(name, self._encode(arguments))
        result, after = self._decode(reply["value"])
        for old, new in zip(arguments[0], after[0]):  # noqa: B905  # lengths are the other side's
            refill(old, new)
        return result

    def _asked(self, name: str, arguments: str) -> Message:
        self._pipe.write({"ask": name, "arguments": arguments})
        reply = self._pipe.read()
        if reply is None:
            raise TimeUp
        fault = reply["fault"]
        if fault is not None:
            raise raised(fault["type"], fault["message"])
        return reply

    def _keep(self, value: Any) -> int | None:
        if isinstance(value, Remote):
            return int(vars(value)["_number"])
        if self._file == TESTS:
            self._stuck = CantCross(f"a {type(value).__name__} as an argument")
            raise self._stuck
        for number, kept in enumerate(self._kept):
            if kept is value:
                return number
        if len(self._kept) >= KEPT:
            return None
        self._kept.append(value)
        return len(self._kept) - 1

    def _find(self, held: list[Any]) -> Any:
        name, number = held
        if number is None:
            raise TypeError(f"a {name} can't be handed over")
        if self._file == FILE:
            return self._kept[number]
        if number not in self._remotes:
            self._remotes[number] = Remote(str(name), number, self._ask)
        return self._remotes[number]

    def _fault(self, error: BaseException) -> Message:
        kinds = {
            TimeUp: "time",
            Missing: "missing",
            MemoryError: "memory",
            CantCross: "unsupported",
        }
        line, trace = None, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self._file:
                line = trace.tb_lineno
            trace = trace.tb_next
        try:
            message = str(str(error)[:TEXT])
        except BaseException:  # noqa: B036  # its __str__ is the learner's too
            message = ""
        name = str(type(error).__name__)[:80]
        kind = kinds.get(type(error), "exception")
        return {"kind": kind, "type": name, "message": message, "line": line}


class CantCross(Exception):
    """The tests hand over what can't be handed over."""


class Missing(NameError):
    """There is no such name in the code."""


def refill(old: Any, new: Any) -> None:
    """A function may change a list that it was given: the tests' own list follows."""
    if type(old) is list and type(new) is list and old != new:
        old[:] = new
    elif type(old) in (dict, set) and type(new) is type(old) and old != new:
        old.clear()
        old.update(new)


def raised(name: str, message: str) -> Exception:
    """An exception of the learner's session, as the tests see it: its kind and its words."""
    found = getattr(builtins, name, None)
    if isinstance(found, type) and issubclass(found, Exception):
        try:
            return found(message)
        except TypeError:  # UnicodeDecodeError and its like want more
            pass
    return RuntimeError(f"{name}: {message}")
