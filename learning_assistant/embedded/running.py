"""What a keeper needs to know of a service to run it, and how to run a helper program."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from learning_assistant.embedded.errors import ServiceError


@dataclass(frozen=True)
class Launch:
    """A service ready to be started.

    *stop* lists the signals that end it, each with the seconds it gets before the next one.
    """

    command: list[str]
    stop: tuple[tuple[signal.Signals, float], ...]
    environment: Mapping[str, str] = field(default_factory=lambda: plain_environment())


def plain_environment() -> dict[str, str]:
    """For programs that read nothing from the environment that we'd want to pass on."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


def run_helper(command: list[str], lock: int, what: str, *, stdin: str = "") -> str:
    """Run *command* to its end (at most 5 minutes) and return what it wrote.

    It holds *lock* as the service itself would, so that nobody starts the service beside it.
    Raises ServiceError when it fails; *what* says what it was for ("make the database").
    """
    try:
        done = subprocess.run(
            command,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=plain_environment(),
            pass_fds=[lock],
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ServiceError(f"Could not {what}: it took more than 5 minutes.") from error
    if done.returncode != 0:
        raise ServiceError(explain(f"Could not {what}", done.stdout.splitlines()[-10:]))
    return done.stdout


def explain(sentence: str, lines: list[str]) -> str:
    """*sentence* with a known cause found in *lines*, and the lines below it."""
    text = "\n".join(lines)
    if "No space left on device" in text:
        sentence += ": the disk is full. Make room, or set DATA_DIR to a folder on another disk."
    elif lines:
        sentence += ":"
    else:
        sentence += "."
    return "\n  ".join([sentence, *lines])


def tail(path: Path, lines: int = 10) -> list[str]:
    """The last *lines* of a text file, none where it can't be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return []
