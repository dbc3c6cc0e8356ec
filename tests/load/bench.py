"""`make bench`: a closed loop of users against a whole running copy; prints a table, writes JSON.

make bench                       1 and 10 users, 20 s each, no think time
make bench USERS="1 10 25" SECONDS=30
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.load.queries import questions
from tests.stack import Stack, running_stack

ROW = "{:>5} {:>8} {:>8} {:>8} {:>8} {:>8} {:>7} {:>8} {:>9}\n"
HEAD = ("users", "answers", "per s", "p50 ms", "p95 ms", "p99 ms", "errors", "advice", "degraded")


@dataclass
class Run:
    users: int
    seconds: float
    times_ms: list[float] = field(default_factory=list)
    with_advice: int = 0
    degraded: int = 0
    too_few: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def figures(self) -> dict[str, Any]:
        n = len(self.times_ms)
        cuts = statistics.quantiles(self.times_ms, n=100) if n > 1 else [0.0] * 99
        return {
            "users": self.users,
            "answers": n,
            "per_second": round(n / self.seconds, 1),
            "p50_ms": round(cuts[49]),
            "p95_ms": round(cuts[94]),
            "p99_ms": round(cuts[98]),
            "errors": dict(self.errors),
            "share_with_advice": round(self.with_advice / max(n, 1), 3),
            "share_degraded": round(self.degraded / max(n, 1), 3),
            "fewer_than_three": self.too_few,
        }


def load(stack: Stack, users: int, seconds: float, supply: Any) -> Run:
    run = Run(users, seconds)
    lock = threading.Lock()
    ends = time.monotonic() + seconds

    def user(number: int) -> None:
        with httpx.Client(timeout=10, trust_env=False) as client:
            while time.monotonic() < ends:
                with lock:
                    query = next(supply)
                began = time.perf_counter()
                try:
                    answer = client.post(
                        f"{stack.url}/api/learning/resources",
                        json={"query": query, "session_id": f"user-{number}"},
                    )
                    body = answer.raise_for_status().json()
                except httpx.HTTPError as error:
                    with lock:
                        run.errors[type(error).__name__] += 1
                    continue
                took = (time.perf_counter() - began) * 1000
                with lock:
                    run.times_ms.append(took)
                    run.with_advice += body["advice_source"] == "model"
                    run.degraded += body["degraded"]
                    run.too_few += len(body["resources"]) < 3

    threads = [threading.Thread(target=user, args=(n,)) for n in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return run


PARTS = {
    "gunicorn": "web", "learning_assistant beat": "beat",
    "-Q interactive": "worker interactive", "-Q durable": "worker durable",
    "embedded.inference": "model server", "valkey-server": "Valkey", "postgres": "PostgreSQL",
    "supervisord": "supervisord", "keeper": "keepers", "learning_assistant.run": "make run",
}  # fmt: skip


def memory(stack: Stack) -> dict[str, float]:
    """Proportional set size of each part in MB: shared pages are counted once."""
    sizes: Counter[str] = Counter()
    for process in stack.processes():
        try:
            line = " ".join(process.cmdline())
            part = next((name for mark, name in PARTS.items() if mark in line), "other")
            sizes[part] += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return {part: round(size / 1e6, 1) for part, size in sizes.most_common()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    options = parser.parse_args()
    supply = questions()
    with tempfile.TemporaryDirectory(prefix="la-") as folder, running_stack(Path(folder)) as stack:
        stack.manage("load_catalogue", "--starter", "--keep", "--wait")
        load(stack, 2, 3, supply)  # warm: connections, pages, the model's prefix
        sys.stdout.write(ROW.format(*HEAD))
        runs = []
        for users in options.users:
            figures = load(stack, users, options.seconds, supply).figures()
            runs.append(figures)
            shown = dict(figures, errors=sum(figures["errors"].values()))
            sys.stdout.write(
                ROW.format(
                    *(shown[k] for k in ("users", "answers", "per_second")),
                    *(shown[k] for k in ("p50_ms", "p95_ms", "p99_ms", "errors")),
                    f"{shown['share_with_advice']:.0%}",
                    f"{shown['share_degraded']:.0%}",
                )  # fmt: skip
            )
            sys.stdout.flush()
        sizes = memory(stack)
    sys.stdout.write("\nmemory (PSS)\n")
    for part, size in sizes.items():
        sys.stdout.write(f"{size:>8.1f} MB  {part}\n")
    sys.stdout.write(f"{sum(sizes.values()):>8.1f} MB  all\n")
    options.json.write_text(json.dumps({"runs": runs, "memory_mb": sizes}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
