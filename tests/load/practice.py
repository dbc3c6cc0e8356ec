"""`make bench-practice`: learners who ask and answer without pause, against a whole running copy.

make bench-practice                          10 learners, 20 s, every type that is published
make bench-practice ARGS="--learners 25 --types cloze --synthetic 2000"

Prints p50/p95/p99 of an exercise and of a graded attempt by type, and counts errors, pending
answers, exercises served twice while others were left, and keys found where they must not be.
"""

import argparse
import itertools
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.stack import PROJECT, Stack, running_stack

TYPES = ("multiple_choice", "short_answer", "cloze", "coding")
ROW = "{:<26} {:>8} {:>8} {:>8} {:>8}\n"
SYNTHETIC = """
from tests.exercises.making import MAKERS
from resources.models import Level, Topic
topics = list(Topic.objects.values_list("slug", flat=True))
for n in range({count}):
    for type_ in {types!r}:
        MAKERS[type_](slug=f"synthetic-{{type_.replace('_', '-')}}-{{n}}",
                      topic=topics[n % len(topics)], level=Level.values[n % 3])
"""
KEYS = "SELECT json_object_agg(id, content) FROM exercises_exercise WHERE state = 'published'"


@dataclass
class Run:
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, what: str, began: float) -> None:
        with self.lock:
            self.times[what].append((time.perf_counter() - began) * 1000)

    def count(self, what: str, so: bool = True) -> None:
        with self.lock:
            self.counts[what] += so


def right_answer(content: dict[str, Any]) -> str:
    if content["type"] == "multiple_choice":
        return next(str(c["text"]) for c in content["choices"] if c.get("right"))
    if content["type"] == "cloze":
        return str(content["passage"]).partition("[[")[2].partition("]]")[0].strip()
    return str(content["reference" if content["type"] == "short_answer" else "solution"])


def wrong_answer(content: dict[str, Any]) -> str:
    if content["type"] == "multiple_choice":
        return next(str(c["text"]) for c in content["choices"] if not c.get("right"))
    return str(content.get("starter", "I do not know that."))


def hidden(content: dict[str, Any]) -> list[str]:
    """What must not be in the exercise as it is served."""
    if content["type"] == "multiple_choice":
        return ['"right"', *(c["why"] for c in content["choices"] if c.get("why"))]
    if content["type"] == "coding":
        return [content["solution"], '"expected"']
    if content["type"] == "short_answer":
        return [content["reference"], '"rubric"', *(p["accepts"][0] for p in content["rubric"])]
    return ["[[", '"accept"']


class Learner(threading.Thread):
    def __init__(self, url: str, number: int, keys: dict[str, Any], ends: float, run: Run) -> None:
        super().__init__()
        self.url, self.keys, self.ends, self.run_ = f"{url}/api/learning", keys, ends, run
        self.number, self.rounds = number, 0
        self.random = random.Random(number)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Another learner in the same chair, before all there is has been solved."""
        self.rounds += 1
        self.session, self.served = f"learner-{self.number}-{self.rounds}", set[int]()

    def run(self) -> None:
        types = sorted({content["type"] for content in self.keys.values()})
        with httpx.Client(timeout=10, trust_env=False) as self.http:
            for type_ in itertools.cycle(types):
                if time.monotonic() > self.ends:
                    return
                if len(self.served) > 25:
                    self.begin_anew()
                self.practise(type_)

    def post(self, path: str, body: dict[str, Any], what: str) -> Any:
        began = time.perf_counter()
        try:
            answer = self.http.post(
                f"{self.url}/{path}", json={"session_id": self.session} | body
            ).raise_for_status()
        except httpx.HTTPError as error:
            self.run_.count(f"error: {what}: {type(error).__name__}")
            return None
        self.run_.took(f"{what} pending" if answer.status_code == 202 else what, began)
        return answer.json()

    def practise(self, type_: str) -> None:
        body = self.post("exercises", {"exercise_type": type_}, "exercise")
        if body is None or body["exercise"] is None:
            return
        shown = body["exercise"]
        content = self.keys.get(str(shown["id"]))
        if content is None:
            return  # published after the keys were read: the bank is still being proven
        text = json.dumps(shown, ensure_ascii=False)
        self.run_.count("keys leaked", any(secret in text for secret in hidden(content)))
        self.run_.count("served twice", shown["id"] in self.served)
        self.served.add(shown["id"])
        is_right = self.random.random() < 0.6
        answer = right_answer(content) if is_right else wrong_answer(content)
        told = self.post(f"exercises/{shown['id']}/attempts", {"answer": answer}, type_)
        if told is not None and told["verdict"] in ("passed", "failed", "partly"):
            self.run_.count("marked otherwise", told["correct"] != is_right)
            self.run_.count("marked")


def until_embedded(stack: Stack) -> None:
    """Until nothing is embedded behind the learners' backs any more."""
    command = [sys.executable, "manage.py", "load_catalogue", "--starter", "--keep", "--wait"]
    subprocess.run(
        command, cwd=PROJECT, env=stack.env, capture_output=True, check=True, timeout=900
    )


def load(stack: Stack, learners: int, seconds: float, keys: dict[str, Any]) -> Run:
    run = Run()
    ends = time.monotonic() + seconds
    threads = [Learner(stack.url, n, keys, ends, run) for n in range(learners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return run


def report(run: Run) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    sys.stdout.write(ROW.format("", "answers", "p50 ms", "p95 ms", "p99 ms"))
    for what, times in sorted(run.times.items()):
        cuts = statistics.quantiles(times, n=100) if len(times) > 1 else times * 99
        figures[what] = {
            "n": len(times), "p50_ms": round(cuts[49], 1), "p95_ms": round(cuts[94], 1),
            "p99_ms": round(cuts[98], 1),
        }  # fmt: skip
        sys.stdout.write(ROW.format(what, *figures[what].values()))
    for what, count in sorted(run.counts.items()):
        sys.stdout.write(f"{what}: {count}\n")
    return figures | {"counts": dict(run.counts)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-practice", description=__doc__)
    parser.add_argument("--learners", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--types", nargs="+", choices=TYPES, default=list(TYPES))
    parser.add_argument("--synthetic", type=int, default=0, help="so many of each type beside")
    parser.add_argument("--json", type=Path, default=Path("bench-practice.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="la-") as folder, running_stack(Path(folder)) as stack:
        until_embedded(stack)
        if options.synthetic:
            code = SYNTHETIC.format(count=options.synthetic, types=options.types)
            made = stack.manage("shell", "-c", code)
            if made.returncode:
                sys.stdout.write(made.stderr)
                return 1
        keys = stack.sql(KEYS) or {}
        keys = {pk: content for pk, content in keys.items() if content["type"] in options.types}
        if not keys:
            sys.stdout.write("no exercise is published: load the bank, or say --synthetic 200\n")
            return 1
        load(stack, 2, 3, keys)  # warm
        figures = report(load(stack, options.learners, options.seconds, keys))
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
