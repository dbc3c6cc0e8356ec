"""A filter in the kernel that lets only the system calls through that computing needs.

Everything else fails with EPERM: no new process or thread, no program, no socket, no signal to
anybody, no look into another process, no mount, no change of rights, no fcntl and ioctl. The
filter is a program for the kernel's packet filter, written as `struct sock_filter` by hand:
https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html, linux/filter.h,
linux/seccomp.h. Numbers: arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h.
"""

import ctypes
import os
import struct

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
MODE_FILTER = 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM = 1
NUMBER_AT, ARCHITECTURE_AT = 0, 4  # in struct seccomp_data

X86_64 = (
    *(0, 1, 2, 3, 4, 5, 6, 7, 8),  # read write open close stat fstat lstat poll lseek
    *(9, 10, 11, 12, 25, 28),  # mmap mprotect munmap brk mremap madvise
    *(13, 14, 15, 131),  # rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack
    *(17, 19, 20, 21, 23, 24, 32),  # pread64 readv writev access select sched_yield dup
    *(35, 36, 38, 39, 60, 63, 79, 89),  # nanosleep *itimer getpid exit uname getcwd readlink
    *(96, 98, 99, 100),  # gettimeofday getrusage sysinfo times
    *(102, 104, 107, 108, 110, 186),  # getuid getgid geteuid getegid getppid gettid
    *(202, 204, 217, 219, 228, 229, 230, 231),  # futex … getdents64 … clock_* exit_group
    *(257, 262, 267, 269, 270, 271, 273),  # openat newfstatat readlinkat faccessat … robust_list
    *(318, 324, 332, 334, 439),  # getrandom membarrier statx rseq faccessat2
)
AARCH64 = (
    *(
        17,
        23,
        48,
        56,
        57,
        61,
        62,
        63,
        64,
        65,
        66,
        67,
    ),  # getcwd dup faccessat openat close … pread64
    *(72, 73, 78, 79, 80, 93, 94, 98, 99),  # pselect6 ppoll readlinkat *fstat* exit* futex robust
    *(101, 102, 103, 113, 114, 115, 123, 124, 128),  # nanosleep *itimer clock_* sched_* restart
    *(132, 134, 135, 139),  # sigaltstack rt_sigaction rt_sigprocmask rt_sigreturn
    *(153, 160, 165, 169, 172, 173, 174, 175, 176, 177, 178, 179),  # times uname … getpid … sysinfo
    *(214, 215, 216, 222, 226, 233),  # brk munmap mremap mmap mprotect madvise
    *(278, 283, 291, 293, 439),  # getrandom membarrier statx rseq faccessat2
)
# machine: (what the kernel calls it, linux/audit.h; its calls)
MACHINES = {"x86_64": (0xC000003E, X86_64), "aarch64": (0xC00000B7, AARCH64)}


def _instruction(code: int, if_true: int, if_false: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def program(architecture: int, allowed: tuple[int, ...]) -> bytes:
    """Calls of another architecture end the process (their numbers mean other calls)."""
    lines = [
        _instruction(LOAD, 0, 0, ARCHITECTURE_AT),
        _instruction(EQUAL, 1, 0, architecture),
        _instruction(RETURN, 0, 0, KILL),
        _instruction(LOAD, 0, 0, NUMBER_AT),
    ]
    for number in allowed:
        lines += [_instruction(EQUAL, 0, 1, number), _instruction(RETURN, 0, 0, ALLOW)]
    lines.append(_instruction(RETURN, 0, 0, ERRNO | EPERM))
    return b"".join(lines)


def close() -> bool:
    """Put the filter on this process, for good. False where there is none for this machine."""
    known = MACHINES.get(os.uname().machine)
    if known is None:
        return False
    text = program(*known)
    lines = ctypes.create_string_buffer(text, len(text))
    # struct sock_fprog {unsigned short length; struct sock_filter *lines;}
    prog = struct.pack("=HxxxxxxQ", len(text) // 8, ctypes.addressof(lines))
    buffer = ctypes.create_string_buffer(prog, len(prog))
    libc = ctypes.CDLL(None, use_errno=True)
    at = ctypes.c_void_p(ctypes.addressof(buffer))
    return int(libc.prctl(PR_SET_SECCOMP, MODE_FILTER, at, 0, 0)) == 0


def no_new_privileges() -> None:
    """No program that is run from here on gets more rights than this process has."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"no_new_privs: {os.strerror(ctypes.get_errno())}")
