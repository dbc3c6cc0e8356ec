"""Landlock: this process may read below a few folders, and nothing else of any file.

It needs no rights and no namespaces: https://docs.kernel.org/userspace-api/landlock.html, whose
names are used here. A kernel that knows less of it gets what it knows.
"""

import ctypes
import os
import struct

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same number on every machine
VERSION_FLAG = 1
PATH_BENEATH = 1
READ_FILE, READ_DIR = 1 << 2, 1 << 3
FS_FIRST = (1 << 13) - 1  # execute, write, read, remove, make: what the first version knows
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15  # versions 2, 3 and 5
NET_TCP = 0b11  # bind and connect, version 4
SCOPED = 0b11  # abstract sockets and signals stay inside, version 6


def close(readable: list[str]) -> int:
    """Allow reading below *readable*, for good; the version in force, 0 where there is none.

    The process must have no_new_privs. Raises OSError when the kernel has it and it fails.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = int(libc.syscall(CREATE_RULESET, None, 0, VERSION_FLAG))
    if version < 1:
        return 0
    attributes = _attributes(version)
    ruleset = libc.syscall(CREATE_RULESET, attributes, len(attributes), 0)
    _checked(ruleset, "create_ruleset")
    for folder in readable:
        opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", READ_FILE | READ_DIR, opened)
        _checked(libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0), f"add_rule {folder}")
        os.close(opened)
    _checked(libc.syscall(RESTRICT_SELF, ruleset, 0), "restrict_self")
    os.close(ruleset)
    return version


def _attributes(version: int) -> bytes:
    """struct landlock_ruleset_attr, as long as this version knows it."""
    files = FS_FIRST
    for since, right in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        files |= right if version >= since else 0
    fields = [files]
    if version >= 4:
        fields.append(NET_TCP)
    if version >= 6:
        fields.append(SCOPED)
    return struct.pack(f"={len(fields)}Q", *fields)


def _checked(result: int, what: str) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"landlock {what}: {os.strerror(ctypes.get_errno())}")
