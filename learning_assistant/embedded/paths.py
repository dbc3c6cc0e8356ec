"""Where the embedded services keep their files, and who may look at them.

Everything lives under DATA_DIR. Nothing outside it is written, but for one case: a Unix socket's
path may not pass 107 bytes, so a DATA_DIR that is too deep keeps its sockets in a private folder
in /tmp.
"""

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from learning_assistant.embedded.errors import ServiceError

# sockaddr_un.sun_path has 108 bytes on Linux, the last one for the NUL (man 7 unix).
SOCKET_PATH_MAX = 107
POSTGRES_PORT = 5432  # only part of the socket's name: nothing listens on TCP
# Not tempfile.gettempdir(): two processes with different TMPDIR have to meet at one socket.
SHORT_ROOT = Path("/tmp")  # what is made there is private  # nosec B108


class Service(StrEnum):
    """The services that can run embedded."""

    POSTGRES = "postgres"
    VALKEY = "valkey"
    INFERENCE = "inference"

    @property
    def label(self) -> str:
        """The name people know it by."""
        titles = {"postgres": "PostgreSQL", "valkey": "Valkey", "inference": "the model server"}
        return titles[self.value]


@dataclass(frozen=True)
class Paths:
    """The files of one DATA_DIR. Reading the properties touches no disk."""

    data_dir: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Paths":
        """The paths of *data_dir*, the same for every spelling of it (links, relative)."""
        return cls(Path(os.path.realpath(data_dir.expanduser())))

    @property
    def run(self) -> Path:
        return self.data_dir / "run"

    @property
    def log(self) -> Path:
        return self.data_dir / "log"

    @property
    def secrets(self) -> Path:
        return self.data_dir / "secrets"

    @property
    def postgres(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def valkey(self) -> Path:
        return self.data_dir / "valkey"

    @property
    def sockets(self) -> Path:
        """The folder of the sockets: `run`, or a short one where that is too deep."""
        longest = self.run / "pg" / f".s.PGSQL.{POSTGRES_PORT}.lock"
        if len(os.fsencode(longest)) <= SOCKET_PATH_MAX:
            return self.run
        name = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return SHORT_ROOT / f"la-{os.geteuid()}-{name}"

    @property
    def postgres_sockets(self) -> Path:
        """PostgreSQL's own folder, since as root it runs as another user."""
        return self.sockets / "pg"

    @property
    def postgres_socket(self) -> Path:
        return self.postgres_sockets / f".s.PGSQL.{POSTGRES_PORT}"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def inference_socket(self) -> Path:
        return self.sockets / "inference.sock"

    def users_lock(self, service: Service) -> Path:
        """Locked shared by whoever uses the service."""
        return self.run / f"{service}.users"

    def keeper_lock(self, service: Service) -> Path:
        """Locked by the one process that keeps the service."""
        return self.run / f"{service}.keeper"

    def server_lock(self, service: Service) -> Path:
        """Locked by the service itself for as long as any process of it lives."""
        return self.run / f"{service}.server"

    def failure(self, service: Service) -> Path:
        """Why the keeper gave up; absent while all is well."""
        return self.run / f"{service}.failed"

    def log_file(self, service: Service) -> Path:
        return self.log / f"{service}.log"

    def prepare(self) -> None:
        """Make the folders that everybody needs, each for their owner alone.

        Raises ServiceError where one belongs to someone else or can't be made.
        """
        made_now = not self.data_dir.exists()
        private_folder(self.data_dir, parents=True, tighten=made_now)
        for folder in (self.run, self.log, self.secrets, self.valkey, self.sockets):
            private_folder(folder)


def private_folder(path: Path, *, parents: bool = False, tighten: bool = True) -> None:
    """Make *path* a folder of ours that nobody else may enter; an existing one is checked.

    Root's folders may let one group pass (0710): PostgreSQL then runs as a user in that group.
    *tighten* takes away what rights others have on an existing folder.
    Raises ServiceError when it is a link, no folder, or someone else's.
    """
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise ServiceError(
                f"{path} is no folder, so nothing can be kept there: "
                "remove it, or set DATA_DIR to a folder of your own."
            )
        if found.st_uid != os.geteuid():
            raise ServiceError(
                f"{path} belongs to {_user_name(found.st_uid)} and this is {_user_name()}: "
                f"run it as {_user_name(found.st_uid)}, or set DATA_DIR to a folder of your own."
            )
        allowed = 0o710 if os.geteuid() == 0 else 0o700
        if tighten and stat.S_IMODE(found.st_mode) & ~allowed & 0o777:
            path.chmod(stat.S_IMODE(found.st_mode) & allowed)
    except OSError as error:
        raise ServiceError(
            f"{path} can't be used ({error.strerror}): "
            f"give it to {_user_name()}, or set DATA_DIR to a folder of your own."
        ) from error


def demand_space(path: Path, megabytes: int) -> None:
    """Raise ServiceError when the disk of *path* has less than *megabytes* free."""
    free = shutil.disk_usage(path).free // 2**20
    if free < megabytes:
        raise ServiceError(
            f"The disk of {path} is full: {free} MB are free, {megabytes} MB are needed. "
            "Make room, or set DATA_DIR to a folder on another disk."
        )


def _user_name(uid: int | None = None) -> str:
    uid = os.geteuid() if uid is None else uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
