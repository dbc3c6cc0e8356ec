"""What a running copy holds: processes, threads, files, connections."""

import time
from collections import Counter

import psutil

from tests.drills import rows
from tests.drills.learners import Load
from tests.stack import Stack, until

PROGRAMS = {
    "web": ("gunicorn",), "interactive": ("celery", "-Q interactive"),
    "durable": ("celery", "-Q durable"),
}  # fmt: skip
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user"
# What comes and goes by itself, by what is counted: pools grow a little whenever more threads than
# ever before use them at once.
SLACK = {"processes": 0, "threads": 4, "files": 16, "connections": 16, "zombies": 1}
PATIENCE_S = 15.0


def held(stack: Stack) -> dict[str, int]:
    """Threads and files of each program, connections of PostgreSQL and the broker."""
    counts: Counter[str] = Counter()
    for name, words in PROGRAMS.items():
        for process in stack.named(*words):
            counts[f"{name} processes"] += 1
            counts[f"{name} threads"] += process.num_threads()
            counts[f"{name} files"] += process.num_fds()
    counts["PostgreSQL connections"] = stack.sql(CONNECTIONS)
    client = stack.broker()
    counts["broker connections"] = len(client.client_list())
    client.close()
    counts["zombies"] = _zombies(stack)
    return dict(counts)


def _zombies(stack: Stack) -> int:
    """Children that ended and that their parent did not look after; they have no command line."""
    parents = {process.pid for process in stack.processes()}
    states = psutil.process_iter(["ppid", "status"])
    return sum(
        p.info["ppid"] in parents and p.info["status"] == psutil.STATUS_ZOMBIE for p in states
    )


def warm(stack: Stack) -> None:
    """Every thread of web and workers has been used, and has what it keeps."""
    load = Load(stack.url, learners=40, pause_s=0)
    load.start()
    until(lambda: len(load.seen) > 400, 60, "400 requests")
    lane = stack.named(*PROGRAMS["interactive"])
    for process in lane:
        process.suspend()
    time.sleep(3)  # attempts that nobody grades in time go to the durable lane
    for process in lane:
        process.resume()
    load.stop()
    until(lambda: not rows.pending(stack, load), 60, "the durable lane has graded")


def compare(before: dict[str, int], stack: Stack) -> None:
    """Nothing is held that was not held before."""
    ends = time.monotonic() + PATIENCE_S
    while grown := _grown(before, held(stack)):
        assert time.monotonic() < ends, f"leaked (before, now): {grown}"
        time.sleep(0.5)


def _grown(before: dict[str, int], now: dict[str, int]) -> dict[str, tuple[int, int]]:
    return {k: (n, now[k]) for k, n in before.items() if now.get(k, 0) > n + SLACK[k.split()[-1]]}
