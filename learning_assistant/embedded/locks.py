"""Advisory locks that the kernel drops however their holder ends (man 2 flock).

A lock belongs to the open file, so a forked child holds it too, and closing the last copy frees
it. Lock files are never removed: somebody may be waiting on the one that is there.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from learning_assistant.embedded.errors import ServiceError

PAUSE = 0.1  # seconds between two tries while something starts or stops


def open_lock(path: Path) -> int:
    """A descriptor of *path* to lock; not passed on to programs started from here."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ServiceError(
            f"{path} can't be opened ({error.strerror}): run this as the owner of the folder, "
            "or set DATA_DIR to a folder of your own."
        ) from error


def try_lock(path: Path, *, shared: bool = False) -> int | None:
    """Lock *path* now: the descriptor to close when done, or None where someone has it."""
    descriptor = open_lock(path)
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return None
        raise ServiceError(
            f"{path} can't be locked ({error.strerror}): set DATA_DIR to a folder on a local disk."
        ) from error
    return descriptor


def wait_lock(path: Path, *, shared: bool = False, seconds: float) -> int | None:
    """Like `try_lock`, for up to *seconds*."""
    ends = time.monotonic() + seconds
    while (descriptor := try_lock(path, shared=shared)) is None:
        if time.monotonic() >= ends:
            return None
        time.sleep(PAUSE)
    return descriptor


def wait_alone(path: Path) -> int:
    """Wait without end, and without polling, until nobody else has *path* locked."""
    descriptor = open_lock(path)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether someone has *path* locked for themselves alone."""
    descriptor = try_lock(path, shared=True)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def holders(path: Path) -> list[int]:
    """The processes that have *path* open, as far as this user may see (by /proc)."""
    try:
        wanted = path.stat()
    except FileNotFoundError:
        return []
    return sorted(pid for pid in _processes() if _has_open(pid, wanted))


def _processes() -> Iterator[int]:
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            yield int(entry)


def _has_open(pid: int, wanted: os.stat_result) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        descriptors = os.listdir(folder)
    except OSError:  # it has ended meanwhile, or belongs to someone else
        return False
    for descriptor in descriptors:
        with suppress(OSError):  # closed meanwhile
            if os.path.samestat(os.stat(f"{folder}/{descriptor}"), wanted):
                return True
    return False
