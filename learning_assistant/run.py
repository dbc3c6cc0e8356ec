"""`make run`: everything, from nothing to a first answer, and then kept running.

The embedded services run while this process holds its leases; the web server and the workers run
under supervisord, which starts again what dies. When this process ends, however it ends, so does
all of it.
"""

import hashlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError
from django.db import DatabaseError

from learning_assistant.embedded.paths import Paths, Service
from learning_assistant.embedded.services import Leases, ServiceError, secret

READY_WITHIN_S = 180.0
STOP_WITHIN_S = 15.0
STARTER_MARK = "starter-catalogue"
DURABLE_CONCURRENCY = 2
# For that which nobody waits for, behind what else is done here.
LATER = "nice -n 5"
# How far web and workers stand back behind the embedded model server. At equal terms many short
# answers leave it so little of each core that no sentence is ever done in time.
NICE = 10

SUPERVISORD = """\
[supervisord]
nodaemon=true
{user}logfile={log}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
loglevel=info
pidfile={run}/supervisord.pid
childlogdir={log}

[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}
"""

# setpriv has the kernel stop the program when supervisord is killed.
PROGRAM = """
[program:{name}]
command=setpriv --pdeathsig TERM -- {command}
directory={directory}
autorestart=true
startsecs=3
startretries=1000000
stopwaitsecs=10
killasgroup=true
stopasgroup=false
redirect_stderr=true
stdout_logfile={log}/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=2
"""

# Runs once and ends; only if it is killed it starts again.
JOB = """
[program:{name}]
command=setpriv --pdeathsig TERM -- {command}
directory={directory}
autorestart=unexpected
exitcodes=0,1
startsecs=0
stopwaitsecs=10
killasgroup=true
redirect_stderr=true
stdout_logfile={log}/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=2
"""


class Stopped(BaseException):
    """Someone asked this process to end."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "learning_assistant.settings")
    try:
        django.setup()
        _run()
    except Stopped:
        say("stopped")
    except (ServiceError, ImproperlyConfigured, CommandError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except DatabaseError as error:
        first = str(error).strip().splitlines()[0]
        sys.stderr.write(f"PostgreSQL can't be used ({first}): look at DATABASE_URL.\n")
        return 1
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _run() -> None:
    from django.conf import settings

    _port_must_be_free(settings.HOST, settings.PORT)
    leases = Leases(settings.DATA_DIR, settings.EMBEDDED_SERVICES, report=say)
    leases.acquire()
    try:
        Paths.of(settings.DATA_DIR).prepare()  # the leases did, unless all services are elsewhere
        _prepare(settings)
        with _supervisord(settings) as supervisord:
            _wait_until_ready(settings, supervisord, leases)
            _greet(settings)
            while supervisord.poll() is None:
                leases.renew()
                time.sleep(1)
            raise ServiceError(f"supervisord ended: look at {settings.DATA_DIR}/log.")
    finally:
        leases.release()


def _port_must_be_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServiceError(
                f"Port {port} of {host} can't be used ({error.strerror}): "
                f"type `make run PORT={port + 1}`, with a DATA_DIR of its own for a second copy."
            ) from error


def _prepare(settings: Any) -> None:
    """Migrations, the starter catalogue on the first start, the admin's first login."""
    from django.apps import apps
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    say("migrating the database")
    call_command("migrate", verbosity=0, interactive=False)
    mark = settings.DATA_DIR / "run" / STARTER_MARK
    starter = _hash_of(settings.STARTER_CATALOGUE)
    is_empty = not apps.get_model("resources", "Resource")._default_manager.exists()
    if is_empty or not mark.exists() or mark.read_text() != starter:
        say("loading the starter catalogue")
        call_command("load_catalogue", starter=True, keep=True, verbosity=0)
        mark.write_text(starter)
    users = get_user_model()._default_manager
    if not users.filter(is_superuser=True).exists():
        password = secret(settings.DATA_DIR, "admin-password")
        users.create_superuser(username="admin", password=password)


def _hash_of(folder: Path) -> str:
    content = b"".join(path.read_bytes() for path in sorted(folder.glob("*.jsonl")))
    return hashlib.sha256(content).hexdigest()


def programs(settings: Any) -> dict[str, str]:
    """What supervisord keeps running, by name."""
    python = _quoted(sys.executable)
    worker = f"{python} -m celery -A learning_assistant worker --without-gossip --without-mingle"
    log = f"-l {settings.LOG_LEVEL}"
    return {
        "web": f"{python} -m gunicorn learning_assistant.wsgi --config python:learning_assistant."
        "gunicorn_conf",
        "interactive": f"{worker} {log} -Q interactive -n interactive@%%h -P threads "
        f"-c {settings.INTERACTIVE_CONCURRENCY}",
        # While one task waits for the model, another one reads and stores.
        "durable": f"{LATER} {worker} {log} -Q durable -n durable@%%h -P threads "
        f"-c {DURABLE_CONCURRENCY}",
        # A program of its own: a worker's `-B` child is neither restarted nor ended with it.
        "beat": f"{python} -m celery -A learning_assistant beat {log} --pidfile=",
    }


def jobs() -> dict[str, str]:
    """What is done once beside them, by name: exercises are proven while learners already ask."""
    return {"bank": f"{LATER} {_quoted(sys.executable)} manage.py load_bank"}


def _quoted(path: object) -> str:
    """*path* for supervisord: one word, and no expression of its own."""
    return shlex.quote(str(path)).replace("%", "%%")


@contextmanager
def _supervisord(settings: Any) -> "Iterator[subprocess.Popen[bytes]]":
    paths = Paths.of(settings.DATA_DIR)
    project = Path(__file__).resolve().parent.parent
    config = paths.run / "supervisord.conf"
    values = {
        "log": str(paths.log).replace("%", "%%"),
        "run": str(paths.run).replace("%", "%%"),
        "socket": paths.sockets / "supervisor.sock",
        "directory": str(project).replace("%", "%%"),
        # Without it supervisord warns of running as root.
        "user": "user=root\n" if os.geteuid() == 0 else "",
    }
    text = SUPERVISORD.format(**values) + "".join(
        section.format(name=name, command=command, **values)
        for section, commands in ((PROGRAM, programs(settings)), (JOB, jobs()))
        for name, command in commands.items()
    )
    config.write_text(text)
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)]
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", "--", *command],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    if Service.INFERENCE in settings.EMBEDDED_SERVICES:
        _stand_back(process.pid)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _stand_back(pid: int) -> None:
    """Let the process *pid*, a session's leader, and all it starts come second.

    Linux shares a core out among sessions first (`autogroup` in sched(7)), where it does that the
    nice value of a process counts within its session only.
    """
    os.setpriority(os.PRIO_PROCESS, pid, NICE)
    with suppress(OSError):  # a kernel without it
        Path(f"/proc/{pid}/autogroup").write_text(str(NICE))


def _wait_until_ready(
    settings: Any, supervisord: "subprocess.Popen[bytes]", leases: Leases
) -> None:
    """Until the API says that it is ready; tells what it waits for."""
    import httpx

    url = f"http://{_local(settings)}/api/learning/health/ready"
    # As the proxy in front would ask, so that neither the host nor the lack of TLS is refused.
    host = next((h.lstrip(".") for h in settings.ALLOWED_HOSTS if h != "*"), "localhost")
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    ends = time.monotonic() + READY_WITHIN_S
    told = ""
    while time.monotonic() < ends:
        if supervisord.poll() is not None:
            raise ServiceError(f"supervisord ended: look at {settings.DATA_DIR}/log.")
        leases.renew()
        try:
            answer = httpx.get(url, headers=headers, timeout=5, trust_env=False)
            if answer.status_code == httpx.codes.OK:
                return
            waiting = ", ".join(answer.json()["waiting_for"])
        except httpx.HTTPError:
            waiting = "the web server"
        except (ValueError, KeyError):
            waiting = f"the web server, which says {answer.status_code}"
        if waiting != told:
            say(f"waiting for {waiting}")
            told = waiting
        time.sleep(0.25)
    raise ServiceError(f"Not ready in time ({told}): look at {settings.DATA_DIR}/log.")


def _local(settings: Any) -> str:
    host = "127.0.0.1" if settings.HOST in ("0.0.0.0", "::") else settings.HOST
    return f"[{host}]:{settings.PORT}" if ":" in host else f"{host}:{settings.PORT}"


def _greet(settings: Any) -> None:
    secret_file = settings.DATA_DIR / "secrets" / "admin-password"
    login = (
        f"login admin, first password {secret_file.read_text().strip()}"
        if secret_file.exists()
        else "with the login that you have"
    )
    say(
        f"""
ready. Ask it something:

  curl -s {_local(settings)}/api/learning/resources -H 'content-type: application/json' \\
       -d '{{"query": "how do transformers work?", "session_id": "demo"}}'

admin   http://{_local(settings)}/{settings.ADMIN_PATH}   {login}
logs    {settings.DATA_DIR}/log
stop    Ctrl-C
"""
    )


if __name__ == "__main__":
    sys.exit(main())
