"""What a running copy costs and where its time goes: processes, and the timings it keeps itself."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from tests.load.driver import Run, percentiles
from tests.stack import Stack

# By what stands in the command line; the first that fits.
PARTS = {
    "gunicorn": "web", "learning_assistant beat": "beat",
    "-Q interactive": "worker interactive", "-Q durable": "worker durable",
    "embedded.inference": "model server", "valkey-server": "Valkey", "postgres": "PostgreSQL",
    "supervisord": "supervisord", "keeper": "keepers", "learning_assistant.run": "make run",
}  # fmt: skip
HAVE_CHILDREN = frozenset({"PostgreSQL", "web", "worker interactive", "worker durable"})
# All but the model and PostgreSQL: what a request costs by our own doing, the broker included.
OWN = frozenset({"web", "worker interactive", "worker durable", "beat", "Valkey"})
STAGES = """
SELECT json_agg(timings || jsonb_build_object('took', took_ms))
FROM learning_sessions_interaction WHERE created_at >= '{since}'"""
# Milliseconds in which statements ran, of all backends together.
ACTIVE = "SELECT active_time FROM pg_stat_database WHERE datname = current_database()"


def parts(stack: Stack, others: Mapping[str, int]) -> dict[int, tuple[str, psutil.Process]]:
    """Every process of the copy by its part, and *others* (name: process) with their children."""
    found: dict[int, tuple[str, psutil.Process]] = {}
    for process in stack.processes():
        try:
            line = " ".join(process.cmdline())
            # PostgreSQL's backends and the sandbox's children don't have DATA_DIR on them.
            children = process.children(recursive=True)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        part = next((name for mark, name in PARTS.items() if mark in line), "other")
        found[process.pid] = (part, process)
        for child in children:
            if part in HAVE_CHILDREN:
                found.setdefault(child.pid, (part, child))
    for name, pid in others.items():
        process = psutil.Process(pid)
        found[pid] = (name, process)
        for each in process.children(recursive=True):
            found.setdefault(each.pid, (name, each))  # the copy itself is the driver's child
    return found


def memory(stack: Stack, others: Mapping[str, int]) -> dict[str, float]:
    """Proportional set size of each part in MB: shared pages are counted once."""
    sizes: Counter[str] = Counter()
    for part, process in parts(stack, others).values():
        try:
            sizes[part] += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return {part: round(size / 1e6, 1) for part, size in sizes.most_common()}


@dataclass
class Meter:
    """Reads a copy before and after a load."""

    stack: Stack
    others: Mapping[str, int]

    def __post_init__(self) -> None:
        self.since = self.stack.sql("SELECT clock_timestamp()::text")
        self.sql_ms = self.stack.sql(ACTIVE)
        self.cpu, self.all_cpu = self._cpu(), _busy_s()

    def _cpu(self) -> dict[int, tuple[str, float]]:
        seconds = {}
        for pid, (part, process) in parts(self.stack, self.others).items():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            seconds[pid] = (part, times.user + times.system)
        return seconds

    def used(self) -> Counter[str]:
        """CPU seconds since the beginning by part; "others" is whoever else uses the machine."""
        used: Counter[str] = Counter()
        for pid, (part, seconds) in self._cpu().items():
            used[part] += seconds - self.cpu.get(pid, (part, 0.0))[1]
        used["others"] = max(_busy_s() - self.all_cpu - used.total(), 0.0)
        return used

    def read(self, run: Run) -> dict[str, Any]:
        """CPU seconds by part, stages of a question, and what an answer costs beside the model."""
        used = self.used()
        kept = self.stack.sql(STAGES.format(since=self.since)) or []
        n = max(run.all_answers(), 1)
        own = sum(seconds for part, seconds in used.items() if part in OWN)
        sql_ms = (self.stack.sql(ACTIVE) - self.sql_ms) / n
        return {
            "cpu_s": shown(used),
            "own_cpu_ms": round(1000 * own / n, 1),
            "sql_ms": round(sql_ms, 1),
            "own_ms": round(_mean(t for ts in run.times.values() for t in ts) - sql_ms
                            - sum(one.get("advice", 0.0) for one in kept) / n, 1),
            "stages": stages(kept, run.outside),
        }  # fmt: skip


def shown(used: Counter[str]) -> dict[str, float]:
    return {part: round(seconds, 2) for part, seconds in used.most_common() if seconds >= 0.005}


def _busy_s() -> float:
    """CPU seconds of the whole machine."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def stages(kept: Iterable[Mapping[str, float]], outside: list[float]) -> dict[str, Any]:
    """p50, p95 and p99 of each stage of a question, in milliseconds.

    lane: from the view to the worker and back, and the wait for its thread; search: the query's
    vector, the ranking, the description; advice: the model's sentence, where it was asked for;
    fallback: the search by words in the web process; outside: before and after the view.
    """
    times = defaultdict(list)
    for one in kept:
        if "search" in one:
            times["lane"].append(one["reply_1"] - one["search"])
        for name in ("search", "advice", "fallback"):
            if one.get(name):
                times[name].append(one[name])
    times["outside"] = list(outside)
    order = ("lane", "search", "advice", "fallback", "outside")
    return {name: percentiles(times[name]) for name in order if times[name]}


def _mean(times: Iterable[float]) -> float:
    listed = list(times)
    return statistics.fmean(listed) if listed else 0.0
