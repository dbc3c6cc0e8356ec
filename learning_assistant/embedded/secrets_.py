"""Passwords and keys made once and kept under DATA_DIR/secrets, one file each, mode 0600."""

import os
import secrets
from pathlib import Path

from learning_assistant.embedded.errors import ServiceError
from learning_assistant.embedded.paths import Paths, private_folder


def secret(data_dir: Path, name: str) -> str:
    """The secret called *name*, made on first use: 64 characters of [A-Za-z0-9_-], 384 bits.

    Processes that ask at the same time get the same one.
    Raises ServiceError when it can't be read or written.
    """
    paths = Paths.of(data_dir)
    path = paths.secrets / name
    try:
        if not path.exists():
            _make(paths, path)
        value = path.read_text().strip()
    except OSError as error:
        raise ServiceError(
            f"{path} can't be used ({error.strerror}): "
            "run this as its owner, or set DATA_DIR to a folder of your own."
        ) from error
    if not value:
        raise ServiceError(f"{path} is empty: type `rm {path}`, and a new one is made.")
    return value


def password_file(data_dir: Path, role: str, name: str) -> Path:
    """A file with which libpq logs *role* in by the secret *name*: no command line shows it.

    https://www.postgresql.org/docs/18/libpq-pgpass.html. Raises ServiceError.
    """
    line = f"*:*:*:{role}:{secret(data_dir, name)}\n"
    path = Paths.of(data_dir).secrets / f"{name}.pgpass"
    try:
        if not path.exists() or path.read_text() != line:
            _draft(path, line).replace(path)
    except OSError as error:
        raise ServiceError(f"{path} can't be written ({error.strerror}).") from error
    return path


def _make(paths: Paths, path: Path) -> None:
    private_folder(paths.data_dir, parents=True, tighten=not paths.data_dir.exists())
    private_folder(paths.secrets)
    draft = _draft(path, secrets.token_urlsafe(48) + "\n")
    try:
        os.link(draft, path)  # never replaces: whoever came first has won
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path, text: str) -> Path:
    """A file beside *path* with *text*, on the disk, for its owner alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft
