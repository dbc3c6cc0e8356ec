"""Code from strangers starts nothing, signals nobody, speaks to nobody and gains no right."""

import contextlib
import socket

import pytest

from exercises.sandbox import Runner
from tests.exercises.attacks import LOOT, attack, both

CALLS = {
    "fork": "import os\n    pid = os.fork()",
    "forkpty": "import os\n    os.forkpty()",
    "fork bomb": "import os\n    while True:\n        os.fork()",
    "posix_spawn": "import os\n    os.posix_spawn('/bin/true', ['true'], {})",
    "exec": "import os\n    os.execv('/bin/sh', ['sh', '-c', 'echo'])",
    "subprocess": "import subprocess\n    subprocess.run(['/bin/true'], check=True)",
    "system": "import os\n    assert os.system('true') == 0",
    "popen": "import os\n    assert os.popen('echo hi').read()",
    "thread": "import threading\n    t = threading.Thread(target=print)\n    t.start()",
    "thread bomb": "import _thread, time\n    while True:\n"
    "        _thread.start_new_thread(time.sleep, (9,))",
    "multiprocessing": "import multiprocessing\n    multiprocessing.Pool(2)",
    "kill all": "import os\n    os.kill(-1, 9)",
    "kill parent": "import os\n    os.kill(os.getppid(), 9)\n    os.kill(1, 9)",
    "kill group": "import os\n    os.killpg(0, 9)",
    "new session": "import os\n    os.setsid()",
    "root": "import os\n    os.setuid(0)",
    "real root": "import os\n    assert os.getuid() == 0",
    "priority": "import os\n    os.setpriority(0, 0, -20)",
    "limits": "import resource\n    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "limits of another": "import resource\n    resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))",
    "tcp": "import socket\n    socket.create_connection(('127.0.0.1', PORT), 1)",
    "udp": "import socket\n    socket.socket(2, 2).sendto(b'x', ('127.0.0.1', PORT))",
    "unix": "import socket\n    socket.socket(1, 1)",
    "socketpair": "import socket\n    socket.socketpair()",
    "netlink": "import socket\n    socket.socket(16, 3, 0)",
    "name": "import socket\n    socket.getaddrinfo('localhost', 80)",
    "http": "import urllib.request\n    urllib.request.urlopen('http://127.0.0.1:PORT/')",
    "memfd": "import os\n    os.memfd_create('x')",
    "pidfd": "import os\n    os.pidfd_open(os.getppid())",
    "chroot": "import os\n    os.chroot('/')",
    "mount": "import ctypes\n    assert ctypes.CDLL(None).mount(b'p', b'/', b'proc', 0, 0) == 0",
    "unshare": "import ctypes\n    assert ctypes.CDLL(None).unshare(0x10000000) == 0",
    "ptrace": "import ctypes\n    assert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0",
    "fcntl owner": "import fcntl\n    fcntl.fcntl(1, 8, 1)",
    "open by handle": "import ctypes\n    assert ctypes.CDLL(None).syscall(304, 0, 0, 0) >= 0",
    "io_uring": "import ctypes\n    b = ctypes.create_string_buffer(200)\n"
    "    assert ctypes.CDLL(None).syscall(425, 8, b) >= 0",
    "bpf": "import ctypes\n    b = ctypes.create_string_buffer(200)\n"
    "    assert ctypes.CDLL(None).syscall(321, 5, b, 100) >= 0",
    "keyring": "import ctypes\n    assert ctypes.CDLL(None).syscall(250, 0, -3, 0, 0, 0) >= 0",
    "32-bit calls": "import ctypes\n    assert ctypes.CDLL(None).syscall(0x40000000 + 39) > 0",
    "process memory": "import ctypes, os\n    b = ctypes.create_string_buffer(200)\n"
    "    assert ctypes.CDLL(None).syscall(310, os.getppid(), b, 1, b, 1, 0) >= 0",
}  # fmt: skip


@both
@pytest.mark.parametrize("way", CALLS)
def test_it_fails(runner: Runner, way: str) -> None:
    heard: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        port = str(server.getsockname()[1])
        body = CALLS[way].replace("PORT", port)
        attack(runner, f"def attack():\n    {body}\n    return {LOOT!r}")
        with contextlib.suppress(BlockingIOError):
            heard.append(server.accept())
    assert heard == []


@both
def test_signals_of_its_own_change_nothing(runner: Runner) -> None:
    code = """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
def attack():
    while True:
        pass
"""
    attack(runner, code)
