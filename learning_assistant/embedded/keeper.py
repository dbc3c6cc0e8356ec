"""The process that keeps one service: starts it, starts it again when it dies, and ends it.

Run as `python -m learning_assistant.embedded.keeper SERVICE --data-dir DIR` by whoever needs the
service first (`services.Leases`); it leaves its starter's terminal and process group at once.

Three locks under DATA_DIR/run tie it together (see `locks`):

* SERVICE.keeper, held by this process alone. The starter's program returns only when it is
  taken, so there is never a second one.
* SERVICE.users, shared by the users. A thread waits for it without polling; once it has the lock
  nobody uses the service. The lock is kept while the service stops and until SERVICE.keeper
  is free: who comes meanwhile waits, and then starts a new keeper.
* SERVICE.server, held by the service's own processes, the last of which may outlive a killed
  keeper for some seconds. Nothing is started, and no file mended, before it is free.
"""

import argparse
import importlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from enum import Enum, auto
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

from learning_assistant.embedded import locks
from learning_assistant.embedded.errors import ServiceError
from learning_assistant.embedded.paths import Paths, Service
from learning_assistant.embedded.running import Launch, explain, tail

MODULES = {
    Service.POSTGRES: "learning_assistant.embedded.postgres",
    Service.VALKEY: "learning_assistant.embedded.valkey",
    Service.INFERENCE: "learning_assistant.embedded.inference_service",
}
PAUSES = (0.2, 0.5, 1.0, 2.0)  # seconds before each new start; after the last the keeper gives up
STEADY = 20.0  # seconds a service has to live for its earlier deaths to be forgotten
LOG_BYTES = 1_000_000
LOG_FILES = 3

log = logging.getLogger("keeper")


class Event(Enum):
    UNUSED = auto()  # the last user has gone
    TOLD = auto()  # SIGTERM
    DIED = auto()


class Keeper:
    """One service and what happens to it. `keep` runs until it is to end."""

    def __init__(self, service: Service, paths: Paths) -> None:
        self.service = service
        self.paths = paths
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def keep(self) -> None:
        """Keep the service until nobody uses it. Raises ServiceError when it can't be kept."""
        signal.signal(signal.SIGTERM, lambda *_: self.events.put(Event.TOLD))
        threading.Thread(target=self._wait_until_unused, daemon=True).start()
        deaths = 0
        while True:
            started = time.monotonic()
            launch = self._prepare()
            if self._told_within(0):  # whoever wanted it has gone meanwhile
                return
            process = self._start(launch)
            event = self.events.get()
            if event is not Event.DIED:
                log.info("stopping %s: %s", self.service.label, _reason(event))
                self._stop(process, launch)
                return
            deaths = deaths + 1 if time.monotonic() - started < STEADY else 1
            log.warning("%s ended with %s", self.service.label, process.returncode)
            if deaths > len(PAUSES):
                self._give_up(deaths)
            if self._told_within(PAUSES[deaths - 1]):
                return

    def _prepare(self) -> Launch:
        """Wait for what is left of the service's last life, then mend and make what it needs."""
        self._lock = take_server_lock(self.service, self.paths)
        module = importlib.import_module(MODULES[self.service])
        launch: Launch = module.launch(self.paths, self._lock)
        return launch

    def _start(self, launch: Launch) -> "subprocess.Popen[bytes]":
        """Start the service, from the main thread: when that ends, the kernel stops the child."""
        process = subprocess.Popen(
            launch.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(launch.environment),
            pass_fds=[self._lock],
        )
        os.close(self._lock)  # from now on it is the child's alone
        log.info("%s started as process %d", self.service.label, process.pid)
        threading.Thread(target=_copy_lines, args=(process.stdout,), daemon=True).start()
        threading.Thread(target=self._wait_for_death, args=(process,), daemon=True).start()
        return process

    def _wait_for_death(self, process: "subprocess.Popen[bytes]") -> None:
        process.wait()
        self.events.put(Event.DIED)

    def _wait_until_unused(self) -> None:
        # Never closed: it is to last until this process has ended.
        locks.wait_alone(self.paths.users_lock(self.service))
        self.events.put(Event.UNUSED)

    def _told_within(self, seconds: float) -> bool:
        try:
            return self.events.get(timeout=seconds) is not Event.DIED
        except queue.Empty:
            return False

    def _stop(self, process: "subprocess.Popen[bytes]", launch: Launch) -> None:
        for number, seconds in launch.stop:
            _kill(process.pid, number)
            try:
                process.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                log.warning("%s did not end on %s", self.service.label, number.name)
        _kill(process.pid)
        process.wait()

    def _give_up(self, deaths: int) -> None:
        path = self.paths.log_file(self.service)
        raise ServiceError(
            explain(
                f"{self.service.label} ended {deaths} times in a row right after its start. "
                f"The end of {path}",
                [line for line in tail(path, 30) if " keeper: " not in line][-10:],
            )
        )


def take_server_lock(service: Service, paths: Paths) -> int:
    """The lock of the service's processes, once none of an earlier start is left.

    They get some seconds, then a polite signal, then -9. Raises ServiceError where one stays.
    """
    path = paths.server_lock(service)
    polite = signal.SIGINT if service is Service.POSTGRES else signal.SIGTERM
    for seconds, number in ((3, polite), (25, signal.SIGKILL), (5, None)):
        if (lock := locks.wait_lock(path, seconds=seconds)) is not None:
            return lock
        for pid in locks.holders(path) if number else ():
            log.warning("process %d of an earlier start still runs: ending it", pid)
            _kill(pid, number or signal.SIGKILL)
    pids = " ".join(map(str, locks.holders(path))) or "PID"
    raise ServiceError(
        f"An earlier {service.label} still runs and won't end: type `kill -9 {pids}` "
        f"(`fuser {path}` names it)."
    )


def _sentence(service: Service, error: Exception) -> str:
    if isinstance(error, ServiceError):
        return str(error)
    if isinstance(error, ImportError):
        return f"A part of {service.label} is not installed ({error}): type `make setup`."
    return explain(f"{service.label} could not be started", [str(error)])


def _reason(event: Event) -> str:
    return "nobody uses it any more" if event is Event.UNUSED else "told to"


def _kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError:
        log.warning("may not send %s to process %d", number.name, pid)


def _copy_lines(pipe: IO[bytes]) -> None:
    """What the service writes, into the log: a pipe, so that the log can be rotated."""
    with pipe:
        for line in pipe:
            log.info("%s", line.rstrip().decode(errors="replace"), extra={"who": ""})


class _LogFormat(logging.Formatter):
    """Our own lines with date and name, the service's as they come."""

    def format(self, record: logging.LogRecord) -> str:
        if hasattr(record, "who"):
            return record.getMessage()
        return super().format(record)


def _open_log(path: Path) -> None:
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, delay=True)
    handler.setFormatter(_LogFormat("%(asctime)s keeper: %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    logging.raiseExceptions = False  # a full disk must not end the keeper


def _leave_starter(log_file: Path) -> None:
    """Become a process of our own: no terminal, no parent that would have to wait for us."""
    if os.fork():
        os._exit(0)
    descriptor = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.close(descriptor)
    # What the starter may have blocked or ignored would be passed on to the service.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def main(arguments: list[str] | None = None) -> int:
    """Start a keeper unless there is one; returns in the starter once the lock is taken."""
    parser = argparse.ArgumentParser(prog="keeper", description=__doc__.split("\n")[0])
    parser.add_argument("service", type=Service, choices=list(Service))
    parser.add_argument("--data-dir", type=Path, required=True)
    options = parser.parse_args(arguments)
    service: Service = options.service
    paths = Paths.of(options.data_dir)
    os.umask(0o077)
    try:
        paths.prepare()
        # Not just one try: `locks.is_locked` may hold it for a moment.
        keeper_lock = locks.wait_lock(paths.keeper_lock(service), seconds=0.5)
    except ServiceError as error:
        sys.exit(str(error))
    if keeper_lock is None:
        return 0
    paths.failure(service).unlink(missing_ok=True)
    _leave_starter(paths.log_file(service))
    _open_log(paths.log_file(service))
    try:
        Keeper(service, paths).keep()
    except (ServiceError, OSError, ImportError) as error:
        log.error("giving up: %s", error)
        paths.failure(service).write_text(_sentence(service, error))
        return 1
    finally:
        # Before the users' lock, which goes when this process does: see the module's text.
        os.close(keeper_lock)
    return 0


if __name__ == "__main__":
    sys.exit(main())
