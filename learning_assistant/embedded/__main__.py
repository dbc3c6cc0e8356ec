"""See to the embedded services by hand.

  status     which services run, their processes, and who uses them
  stop       end them now, even where somebody uses them
  shell-env  lines for a shell: what psql needs to get in, and where the sockets are
  reader-url where other programs read the index, as the role rag_reader; the password is in a file
             that the address names: psql "$(python -m learning_assistant.embedded reader-url)"

Nothing has to be started: each command of `manage.py` starts what it needs, and the last one to
leave stops it. `stop` is for what hangs, and before `.data` is removed; end `make run` first, or
it starts them again.
"""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from learning_assistant.embedded import locks
from learning_assistant.embedded.keeper import take_server_lock
from learning_assistant.embedded.paths import Paths
from learning_assistant.embedded.services import PROJECT, Service, ServiceError, endpoints

STOP_SECONDS = 45  # what the slowest service may take


def status(paths: Paths) -> int:
    """Write a line for each service and each of its users; 0 if any runs, 3 if none does."""
    running = 0
    for service in Service:
        keepers = _keepers(paths, service)
        servers = locks.holders(paths.server_lock(service))
        running += bool(keepers or servers)
        state = "stopped"
        if keepers or servers:
            state = f"keeper {_numbers(keepers)}, server {_numbers(servers[:1])}"
        sys.stdout.write(f"{service.value:<10} {state}\n")
        for pid in locks.holders(paths.users_lock(service)):
            if pid not in keepers:
                sys.stdout.write(f"           used by {pid} {_command(pid)}\n")
    return 0 if running else 3


def stop(paths: Paths) -> int:
    """End every service and wait for it. Raises ServiceError where one doesn't end."""
    keepers = {service: _keepers(paths, service) for service in Service}
    for pids in keepers.values():
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
    for service in Service:
        running = bool(keepers[service] or locks.holders(paths.server_lock(service)))
        keeper = locks.wait_lock(paths.keeper_lock(service), seconds=STOP_SECONDS)
        if keeper is None:
            left = _numbers(_keepers(paths, service))
            raise ServiceError(f"{service.label} does not end: type `kill -9 {left}`.")
        # Held meanwhile, so that nobody starts it: a keeper that was killed may have left it.
        os.close(take_server_lock(service, paths))
        os.close(keeper)
        if running:
            sys.stdout.write(f"{service.value:<10} stopped\n")
    return 0


def shell_env(paths: Paths) -> int:
    """Write `export` lines for psql, and comments that show how to reach the others."""
    database = endpoints(paths.data_dir).database
    names = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGDATABASE": "NAME",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
    }
    for variable, key in names.items():
        sys.stdout.write(f"export {variable}={shlex.quote(database[key])}\n")
    sys.stdout.write(f"# valkey-cli -s {shlex.quote(str(paths.valkey_socket))}\n")
    socket = shlex.quote(str(paths.inference_socket))
    sys.stdout.write(f"# curl --unix-socket {socket} http://localhost/api/version\n")
    return 0


def reader_url(paths: Paths) -> int:
    """Write the address that lets rag_reader in, for psql and all that is made with libpq."""
    sys.stdout.write(f"{endpoints(paths.data_dir).reader_url}\n")
    return 0


def _keepers(paths: Paths, service: Service) -> list[int]:
    """The keeper of *service*, if there is one: it alone keeps its lock's file open."""
    holders = locks.holders(paths.keeper_lock(service))
    return [pid for pid in holders if "learning_assistant.embedded.keeper" in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")[:100].strip()
    except OSError:
        return ""


def _numbers(pids: list[int]) -> str:
    return " ".join(map(str, pids)) or "not seen"


def main(arguments: list[str] | None = None) -> int:
    commands: dict[str, Callable[[Paths], int]] = {
        "status": status,
        "stop": stop,
        "shell-env": shell_env,
        "reader-url": reader_url,
    }
    parser = argparse.ArgumentParser(
        prog="python -m learning_assistant.embedded",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=commands)
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(os.environ.get("DATA_DIR") or PROJECT / ".data"),
        help="where the services keep their data (default: $DATA_DIR, or .data in the project)",
    )
    options = parser.parse_args(arguments)
    paths = Paths.of(options.data_dir)
    if not paths.run.exists() and options.command in ("status", "stop"):
        sys.stdout.write(f"nothing has run under {paths.data_dir} yet\n")
        return 3 if options.command == "status" else 0
    try:
        return commands[options.command](paths)
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
