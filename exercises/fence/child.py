"""The process that runs an answer: it fences itself and then serves one session.

Started as `python -I -S child.py CONFIG` with an empty environment; its standard input and output
are the pipe. CONFIG is JSON: "way" (`namespaces`: make them; `bubblewrap`: they are made; `bare`:
without), "memory_mb", "cpu_seconds", "output_chars", and the folders that stay readable: "own" (the
standard library) and "shared" (libraries). Its first line says `{"ready": layers}` or
`{"trouble": why}`.
"""

import json
import os
import resource
import signal
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from exercises.fence import landlock, seccomp, walls  # noqa: E402  # the path comes first
from exercises.fence.serving import Pipe, Serving  # noqa: E402

del sys.path[0]

BASE_MB = 96  # of address space for the interpreter and what it imports
OPEN_FILES = 32


def main() -> None:
    config = json.loads(sys.argv[1])
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    pipe = Pipe(requests, replies)
    try:
        layers = _fence(config, [requests, replies])
    except (walls.NoWalls, OSError, KeyError) as error:
        pipe.write({"trouble": f"{type(error).__name__}: {error}"})
        os._exit(1)
    sys.argv[:] = [""]
    pipe.write({"ready": layers})
    Serving(pipe, config["output_chars"]).serve()
    os._exit(0)


def _fence(config: dict[str, Any], pipe: list[int]) -> list[str]:
    """Close everything that is to be closed; the layers in force. Raises if too few are."""
    way = config["way"]
    own, shared = config["own"], config["shared"]
    layers = []
    walls.die_with_parent(signal.SIGTERM)
    if way == "namespaces":
        walls.separate()
        _fork(pipe)
        walls.new_root(own, shared)
    if way != "bare":
        layers.append(way)
    walls.drop_rights()
    seccomp.no_new_privileges()
    _limit(config)
    version = landlock.close([*own, *shared])
    if version:
        layers.append(f"landlock {version}")
    if seccomp.close():
        layers.append("seccomp")
    if way == "bare" and len(layers) < 2:
        raise walls.NoWalls("neither namespaces nor landlock with seccomp")
    return layers


def _fork(pipe: list[int]) -> None:
    """Go on in a child, the first process of its namespace; wait for its end here.

    SIGTERM ends the child first, so that nobody else has to collect it.
    """
    waited = {signal.SIGTERM, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, waited)
        return
    for number in pipe:
        os.close(number)
    if signal.sigwait(waited) == signal.SIGTERM:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os._exit(0)


def _limit(config: dict[str, Any]) -> None:
    memory = (config["memory_mb"] + BASE_MB) * 2**20
    cpu = config["cpu_seconds"]
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, cpu, cpu + 1),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_MEMLOCK, 0, 0),
    ):
        resource.setrlimit(kind, (soft, hard))


if __name__ == "__main__":
    main()
