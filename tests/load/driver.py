"""A closed loop of users: each asks, waits for the answer, thinks, and asks again."""

import asyncio
import itertools
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.load.practice import right_answer, wrong_answer

# Of ten turns seven are a question; the others are an exercise and, where there are any, an answer
# to it. Nobody knows yet what learners will do: whoever does sets it.
QUESTIONS = 0.7
RIGHT = 0.6  # of the answers
AFTER_ERROR_S = 0.1  # a closed loop would spin on a refused connection
EXERCISES_A_LEARNER = 25  # then another one sits down, before all there is has been solved
TYPES = ("multiple_choice", "short_answer", "cloze", "coding")
NAIVE_TYPES = ("Q&A", "coding task")  # the specification's words


@dataclass(frozen=True)
class Plan:
    """What is asked of whom, and for how long."""

    url: str
    users: int
    seconds: float
    think_s: float = 0.0
    patience_s: float = 10.0
    keys: dict[str, Any] | None = None  # of the exercises, by id; None: nothing grades them
    types: Sequence[str] = TYPES
    questions: float = QUESTIONS


@dataclass
class Run:
    """What came of it. Times are in milliseconds, as the user waits for them."""

    times: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    asked: list[str] = field(default_factory=list)
    outside: list[float] = field(default_factory=list)  # of a question, before and after the view
    with_advice: int = 0
    degraded: int = 0
    too_few: int = 0
    elapsed_s: float = 0.0

    def answers(self, kind: str = "resources") -> int:
        return len(self.times.get(kind, []))

    def all_answers(self) -> int:
        return sum(map(len, self.times.values()))

    def figures(self) -> dict[str, Any]:
        """Of the questions; those of the exercises stand under `practice`."""
        n = self.answers()
        return {
            "answers": n,
            "per_second": round(n / self.elapsed_s, 2) if self.elapsed_s else 0.0,
            **percentiles(self.times.get("resources", [])),
            "errors": dict(self.errors),
            "share_with_advice": round(self.with_advice / max(n, 1), 3),
            "share_degraded": round(self.degraded / max(n, 1), 3),
            "degraded_reasons": dict(self.reasons),
            "fewer_than_three": self.too_few,
            "practice": {
                kind: {"answers": len(times), **percentiles(times)}
                for kind, times in sorted(self.times.items())
                if kind != "resources"
            },
        }


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 of *times* in milliseconds; 0 where there is none."""
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [*times, 0.0][:1] * 99
    return {f"p{n}_ms": round(cuts[n - 1], 1) for n in (50, 95, 99)}


def load(plan: Plan, supply: Iterator[str]) -> Run:
    """Do as *plan* says; ends with the last answer to what was asked in time."""
    return asyncio.run(_load(plan, supply))


async def _load(plan: Plan, supply: Iterator[str]) -> Run:
    run = Run()
    began = time.monotonic()
    users = [_User(plan, number, supply, run, began + plan.seconds) for number in range(plan.users)]
    await asyncio.gather(*(user.live() for user in users))
    run.elapsed_s = time.monotonic() - began
    return run


class _User:
    def __init__(
        self, plan: Plan, number: int, supply: Iterator[str], run: Run, ends: float
    ) -> None:
        self.plan, self.number, self.supply, self.run, self.ends = plan, number, supply, run, ends
        self.random = random.Random(number)
        self.types = itertools.cycle(self.random.sample(plan.types, len(plan.types)))
        self.began = f"{time.time():.0f}"
        self.served = self.learners = 0

    async def live(self) -> None:
        # Nobody comes at the same moment. A connection that idles as long as the server keeps it
        # may close under the next request: who thinks comes on a new one.
        await asyncio.sleep(self.random.uniform(0, self.plan.think_s))
        kept = 0 if self.plan.think_s else 1
        async with httpx.AsyncClient(
            base_url=f"{self.plan.url}/api/learning/", timeout=self.plan.patience_s,
            trust_env=False, verify=False, limits=httpx.Limits(max_keepalive_connections=kept),
        ) as self.http:  # fmt: skip
            while time.monotonic() < self.ends:
                if self.random.random() < self.plan.questions:
                    await self.ask()
                else:
                    await self.practise()
                await self.think()

    async def think(self) -> None:
        await asyncio.sleep(min(self.plan.think_s, max(self.ends - time.monotonic(), 0.0)))

    async def ask(self) -> None:
        query = next(self.supply)
        self.run.asked.append(query)
        body, took = await self.post("resources", {"query": query}, "resources")
        if body is None:
            return
        # The naive shape has none of these: all that it says are the model's words.
        self.run.with_advice += body.get("advice_source", "model") == "model"
        self.run.degraded += body.get("degraded", False)
        self.run.reasons.update(body.get("degraded_reasons", []))
        self.run.too_few += isinstance(body["resources"], list) and len(body["resources"]) < 3
        if "took_ms" in body:
            self.run.outside.append(took - body["took_ms"])

    async def practise(self) -> None:
        if self.served >= EXERCISES_A_LEARNER:
            self.served, self.learners = 0, self.learners + 1
        body, _ = await self.post("exercises", {"exercise_type": next(self.types)}, "exercise")
        self.served += 1
        if body is None or self.plan.keys is None or body["exercise"] is None:
            return
        content = self.plan.keys.get(str(body["exercise"]["id"]))
        if content is None:
            return  # published after the keys were read
        await self.think()
        right = self.random.random() < RIGHT
        answer = {"answer": right_answer(content) if right else wrong_answer(content)}
        kind = f"attempt: {content['type']}"
        await self.post(f"exercises/{body['exercise']['id']}/attempts", answer, kind)

    async def post(self, path: str, body: dict[str, Any], kind: str) -> tuple[Any, float]:
        """The body of the answer and its milliseconds; None and what went wrong is counted."""
        body["session_id"] = f"bench-{self.began}-{self.number}-{self.learners}"
        began = time.perf_counter()
        try:
            answer = (await self.http.post(path, json=body)).raise_for_status()
            told = answer.json()
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            status = getattr(getattr(error, "response", None), "status_code", "")
            self.run.errors[f"{kind}: {type(error).__name__} {status}".strip()] += 1
            await asyncio.sleep(AFTER_ERROR_S)
            return None, 0.0
        took = (time.perf_counter() - began) * 1000
        kind = f"{kind} pending" if answer.status_code == httpx.codes.ACCEPTED else kind
        self.run.times.setdefault(kind, []).append(took)
        return told, took
