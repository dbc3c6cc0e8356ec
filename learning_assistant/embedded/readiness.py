"""Whether a service answers: asked the way its users will ask, over its socket."""

import http.client
import socket
from pathlib import Path

import psycopg

from learning_assistant.embedded.paths import POSTGRES_PORT, Paths, Service
from learning_assistant.embedded.postgres import DATABASE, ROLE, ROLE_SECRET
from learning_assistant.embedded.secrets_ import secret

PATIENCE = 2  # seconds for one question


def is_ready(service: Service, paths: Paths) -> bool:
    """Ask *service* something small; False while it doesn't answer as it should."""
    ask = {
        Service.POSTGRES: _postgres,
        Service.VALKEY: _valkey,
        Service.INFERENCE: _inference,
    }
    return ask[service](paths)


def _postgres(paths: Paths) -> bool:
    try:
        with psycopg.connect(
            host=str(paths.postgres_sockets),
            port=POSTGRES_PORT,
            dbname=DATABASE,
            user=ROLE,
            password=secret(paths.data_dir, ROLE_SECRET),
            connect_timeout=PATIENCE,
        ) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _valkey(paths: Paths) -> bool:
    # By hand: redis-py tries again for seconds where the socket isn't there yet.
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(str(paths.valkey_socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("inference", timeout=PATIENCE)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def _inference(paths: Paths) -> bool:
    connection = _SocketConnection(paths.inference_socket)
    try:
        connection.request("GET", "/api/version")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
