"""Namespaces of its own for one process: files, processes, network, everything it could meet.

The root is an empty tmpfs that holds the standard library and the system's shared libraries, read
only; no /proc, no /dev, no /tmp. As root it is made directly, as another user inside a user
namespace, where the host allows one (man 7 user_namespaces, mount_namespaces, pid_namespaces;
the order of steps is bubblewrap's).
"""

import ctypes
import os
import signal

NEW_MOUNTS, NEW_CGROUP, NEW_UTS, NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000
READ_ONLY, NO_SUID, NO_DEV, NO_EXEC = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 32, 4096, 16384, 1 << 18
DETACH = 2
PR_SET_PDEATHSIG = 1
CAPABILITY_VERSION = 0x20080522
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
CAPSET = {"x86_64": 126, "aarch64": 91}
NOBODY = 65534
STAGE = "/tmp"  # where the new root is put together: every system has it  # nosec B108

_libc = ctypes.CDLL(None, use_errno=True)


class NoWalls(Exception):
    """The host doesn't let this process fence itself: which step, and why."""


def _do(result: int, step: str) -> None:
    if result < 0:
        raise NoWalls(f"{step}: {os.strerror(ctypes.get_errno())}")


def separate() -> None:
    """Leave the host's namespaces. What follows must run in a child: it is process 1 there."""
    kinds = NEW_MOUNTS | NEW_CGROUP | NEW_UTS | NEW_IPC | NEW_PID | NEW_NET
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0 and _libc.unshare(kinds) == 0:
        return
    _do(_libc.unshare(kinds | NEW_USER), "namespaces")
    try:
        for name, text in (
            ("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1"),
        ):  # fmt: skip
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    except OSError as error:
        raise NoWalls(f"user namespace: {error}") from error


def new_root(own: list[str], shared: list[str]) -> None:
    """Make a root of nothing but these folders, and forget the old one."""
    sources = {folder: os.open(folder, os.O_PATH | os.O_CLOEXEC) for folder in [*own, *shared]}
    _mount("none", "/", None, RECURSIVE | PRIVATE)
    _mount("tmpfs", STAGE, b"tmpfs", NO_SUID | NO_DEV, b"size=1m,mode=0755")
    for folder, source in sources.items():
        inside = f"{STAGE}{folder}"
        os.makedirs(inside, mode=0o755, exist_ok=True)
        _mount(f"/proc/self/fd/{source}", inside, None, BIND)
        _read_only(inside)
        packages = f"{inside}/site-packages"
        if folder in own and os.path.isdir(packages):
            _mount("tmpfs", packages, b"tmpfs", READ_ONLY | NO_SUID | NO_DEV, b"size=4k,mode=0755")
        os.close(source)
    for link in ("/lib", "/lib64"):
        if os.path.islink(link):
            os.symlink(os.readlink(link), f"{STAGE}{link}")
    os.chdir(STAGE)
    _do(_libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    _do(_libc.umount2(b".", DETACH), "umount")
    os.chdir("/")
    _read_only("/")


def _mount(
    source: str, target: str, kind: bytes | None, flags: int, data: bytes | None = None
) -> None:
    done = _libc.mount(source.encode(), target.encode(), kind, ctypes.c_ulong(flags), data)
    _do(done, f"mount {target}")


def _read_only(target: str) -> None:
    """Flags that the mount has already stay: in a user namespace they can't be taken off."""
    kept = os.statvfs(target).f_flag & (NO_SUID | NO_DEV | NO_EXEC)
    _mount("none", target, None, REMOUNT | BIND | READ_ONLY | NO_SUID | NO_DEV | kept)


def drop_rights() -> None:
    """Become nobody (as root), with no capability left; end when the parent ends."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    number = CAPSET.get(os.uname().machine)
    if number is not None:
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
        _do(_libc.syscall(number, header, (ctypes.c_uint32 * 6)()), "capset")
    die_with_parent(signal.SIGKILL)


def die_with_parent(how: int) -> None:
    _do(_libc.prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0), "pdeathsig")
