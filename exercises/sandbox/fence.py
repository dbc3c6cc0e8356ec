"""The child of the second runner. Runs as a script, on its standard library alone.

Modules that learners may use are imported first; then a seccomp filter leaves this process nothing
but computing, and reading and writing the pipes it already has: no file is opened, no socket made,
no process started, no signal sent to others, whoever runs it and wherever it stands (it needs no
privilege, no namespaces and no container). Only then is the first line of strange code run.

https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html

Requests come as lines of JSON on standard input, answers go as lines of JSON to standard output.
What code here does to its own interpreter it does to itself alone: results are compared outside.
"""

import base64
import builtins
import ctypes
import io
import json
import os
import platform
import resource
import struct
import sys
import traceback
from typing import Any

MODULES = (
    "abc array bisect cmath collections collections.abc contextlib copy dataclasses datetime "
    "decimal enum fractions functools hashlib heapq inspect itertools json keyword math numbers "
    "operator pprint random re statistics string textwrap time types typing unicodedata uuid"
)
FILES = 8
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER, ALLOW, REFUSE, KILL = 2, 0x7FFF0000, 0x00050000 | 1, 0x80000000  # EPERM
NOBODY = 65534

# What an interpreter needs to compute, and nothing that reaches out of the process. By the names
# of x86-64 and arm64: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h
CALLS = {
    "x86_64": (
        0xC000003E,
        # read write close lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn
        # writev mremap madvise getpid exit gettimeofday sigaltstack gettid futex
        # sched_getaffinity clock_gettime clock_getres clock_nanosleep exit_group getrandom
        (0, 1, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 25, 28, 39, 60, 96, 131, 186, 202, 204, 228)
        + (229, 230, 231, 318),
    ),
    "aarch64": (
        0xC00000B7,
        (57, 62, 63, 64, 66, 93, 94, 98, 113, 114, 115, 123, 132, 134, 135, 139, 169, 172, 178)
        + (214, 215, 216, 222, 226, 233, 278),
    ),
}


def limit(seconds: float, memory: int) -> None:
    """Bounds that hold even if the filter had a hole."""
    # A little more than the clock outside allows: that one tells the learner, this one kills.
    cpu = int(seconds) + 2
    for what, most in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, memory + 128 * 1024 * 1024),  # the interpreter itself
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def program() -> tuple[bytes, int]:
    """The filter: refuse another architecture, allow what is listed, EPERM for all else."""
    machine = platform.machine()
    if machine not in CALLS:
        raise OSError(f"no list of system calls for {machine}")
    architecture, calls = CALLS[machine]
    code = [(0x20, 0, 0, 4), (0x15, 1, 0, architecture), (0x06, 0, 0, KILL), (0x20, 0, 0, 0)]
    for at, number in enumerate(calls):
        code.append((0x15, len(calls) - at, 0, number))
    code += [(0x06, 0, 0, REFUSE), (0x06, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *line) for line in code), len(code)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def lock() -> None:
    """From here on the process can compute, and nothing else. Raises `OSError`."""
    libc = ctypes.CDLL(None, use_errno=True)
    code, length = program()
    buffer = ctypes.create_string_buffer(code, len(code))
    given = _Program(length, ctypes.cast(buffer, ctypes.c_void_p))
    for option, value in (
        (PR_SET_PDEATHSIG, ctypes.c_ulong(9)),
        (PR_SET_DUMPABLE, ctypes.c_ulong(0)),
        (PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1)),
    ):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl {option}")
    if libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(given)) != 0:
        raise OSError(ctypes.get_errno(), "this kernel takes no seccomp filter")


# --- Values, as tagged JSON: only plain data passes -----------------------------------------------
def encode(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return {"int": hex(value)}
    if kind is float:
        return {"float": value.hex()}
    if kind is complex:
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if kind is bytes:
        return {"bytes": base64.b64encode(value).decode()}
    if kind in (list, tuple, set, frozenset):
        return {kind.__name__: [encode(part) for part in value]}
    if kind is dict:
        return {"dict": [[encode(key), encode(part)] for key, part in value.items()]}
    return encode(base(value))


def base(value: Any) -> Any:
    """What a Counter, a namedtuple or an int of a class of its own is underneath."""
    for kind, plain in (
        (int, lambda: int.__index__(value)),
        (float, lambda: float.__add__(value, 0.0)),
        (str, lambda: str.__getitem__(value, slice(None))),
        (dict, lambda: dict(dict.items(value))),
        (list, lambda: list(list.__iter__(value))),
        (tuple, lambda: tuple(tuple.__iter__(value))),
    ):
        if isinstance(value, kind):
            return plain()
    raise TypeError(type(value).__name__)


def decode(raw: Any) -> Any:
    if not isinstance(raw, dict):
        return raw
    ((kind, value),) = raw.items()
    if kind == "int":
        return int(value, 16)
    if kind == "float":
        return float.fromhex(value)
    if kind == "complex":
        return complex(float.fromhex(value[0]), float.fromhex(value[1]))
    if kind == "bytes":
        return base64.b64decode(value)
    if kind == "dict":
        return {decode(key): decode(part) for key, part in value}
    made = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind]
    return made(decode(part) for part in value)


# --- The work -------------------------------------------------------------------------------------
class Output(io.TextIOBase):
    """What is printed, up to a bound."""

    def __init__(self, most: int) -> None:
        self.most, self.text = most, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if len(self.text) + len(text) > self.most:
            self.text = (self.text + text)[: self.most]
            raise MemoryError("too much was printed")
        self.text += text
        return len(text)


def fault(error: BaseException) -> dict[str, Any]:
    """The exception, and the last line of the learner's own file in it."""
    line = None
    if isinstance(error, SyntaxError):
        line = error.lineno
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == "<code>":
            line = frame.lineno
    try:
        message = str(error)
    except BaseException:
        message = ""
    return {"type": type(error).__name__, "message": message[:1000], "line": line}


def main() -> None:
    for name in MODULES.split():
        __import__(name)
    # Looked up on first use, when no file can be opened any more.
    "".encode("idna"), "".encode("latin-1"), "".encode("utf-16"), "".encode("ascii")
    request = json.loads(sys.stdin.buffer.readline())
    limit(request["seconds"], request["memory"])
    sys.setrecursionlimit(request["recursion"])
    lock()
    serve(request)


def serve(request: dict[str, Any]) -> None:
    answers, requests = sys.stdout.buffer, sys.stdin.buffer
    output = Output(request["output"])
    sys.stdout = sys.stderr = output
    sys.stdin = io.StringIO("")

    def answer(**fields: Any) -> None:
        answers.write(json.dumps({**fields, "output": output.text}).encode() + b"\n")
        answers.flush()
        output.text = ""

    def outside(name: str) -> Any:
        """A function that somebody else runs: the tests' way to the code that they test."""

        def call(*args: Any, **kwargs: Any) -> Any:
            answer(ask=name, args=encode(list(args)), kwargs=encode(kwargs))
            reply = json.loads(requests.readline())
            if "value" in reply:
                return decode(reply["value"])
            raised = getattr(builtins, reply["fault"]["type"], RuntimeError)
            raise raised(reply["fault"]["message"])

        return call

    # Kept here: the code may change the builtins that it sees.
    known: dict[str, Any] = {"Exception": BaseException, "eval": builtins.eval}
    space: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    space.update((name, outside(name)) for name in request["outside"])
    try:
        exec(compile(request["code"], "<code>", "exec"), space)
    except known["Exception"] as error:
        answer(fault=fault(error))
        return
    answer(ready=True)
    for line in requests:
        call = json.loads(line)
        try:
            if "source" in call:
                value = known["eval"](compile(call["source"], "<call>", "eval"), space)
            else:
                value = space[call["name"]](*decode(call["args"]), **decode(call["kwargs"]))
        except known["Exception"] as error:
            answer(fault=fault(error))
            continue
        try:
            answer(value=encode(value))
        except (TypeError, ValueError, RecursionError) as error:
            answer(strange=str(error)[:200])


if __name__ == "__main__":
    main()
