"""Drills: learners ask and practise while a part breaks; all their answers are looked at after."""

import statistics
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from learning_assistant.embedded.paths import Paths, Service
from learning_assistant.embedded.readiness import is_ready
from tests.drills import holding, rows
from tests.drills.learners import Load, Seen
from tests.drills.links import Links
from tests.stack import Stack, until

# The contract.
LATEST_S = 3.0
HEALED_S = 10.0
BEFORE_S, DURING_S, AFTER_S = 2.0, 3.0, 1.5
# By when the schedule has graded what was left pending: it looks every 15 s for what is 10 s old.
GRADED_S = 45.0
PROBLEM = "application/problem+json"
TABLE: list["Figures"] = []


@dataclass
class Figures:
    """A line of the table."""

    drill: str
    answers: int = 0
    slowest_s: float = 0.0
    p95_s: float = 0.0
    refused: int = 0  # with a 503
    degraded: int = 0
    back_s: float | None = None  # from the end of the hurt until the part itself answers
    well_s: float | None = None  # from then until answers are whole again, and none is refused
    graded_s: float | None = None  # from then until nothing is pending


@dataclass(frozen=True)
class Expected:
    """What answers may and must be like while the part is broken."""

    missing: frozenset[str] = frozenset()  # in each that began and ended meanwhile
    refuses: bool = False  # whether a 503 is right
    unreached: bool = False  # whether no answer at all is right, as where nobody listens
    settles_s: float = 0.2  # after the part broke, until *missing* is to be seen
    # What the first whole answer afterwards has. The model's one slot is shared: many answers go
    # without it at any time, so that it is looked for where it was broken.
    heals: frozenset[str] = frozenset({"queue", "embedding", "catalogue"})


MODEL_HEALS = frozenset({"queue", "embedding", "catalogue", "model"})


@dataclass(frozen=True)
class Times:
    """When the part was about to be broken, was broken, was let go, was there, and all was well."""

    begun: float
    broken: float
    mended: float
    back: float
    well: float


Hurt = Callable[[], AbstractContextManager[Any]]  # broken inside


@dataclass
class Drill:
    """A running copy that can be hurt while learners use it."""

    stack: Stack
    links: Links | None = None
    clocks: Path | None = None
    # What the copy holds when each of its threads has worked: no drill may leave more. None where
    # the copy is still filling its index and its bank.
    held: dict[str, int] | None = None

    @contextmanager
    def load(self, **kwargs: Any) -> Iterator[Load]:
        load = Load(self.stack.url, **kwargs)
        began = time.monotonic()
        load.start()
        try:
            yield load
        except AssertionError as error:
            error.add_note(load.story(began))
            raise
        finally:
            load.stop()

    def run(
        self,
        name: str,
        hurt: Hurt,
        expected: Expected,
        *,
        is_back: Callable[[], Any] = lambda: True,
        during_s: float = DURING_S,
    ) -> Load:
        """Hurt the copy under load, and look at every answer from before, meanwhile and after."""
        self.until_flowing(expected.heals)
        figures = Figures(name)
        TABLE.append(figures)
        with self.load() as load:
            time.sleep(BEFORE_S)
            begun = time.monotonic()
            with hurt():
                broken = time.monotonic()
                time.sleep(during_s)
                mended = time.monotonic()
            until(is_back, 30, f"{name}: the part itself answers again")
            back = time.monotonic()
            figures.back_s = round(back - mended, 1)
            if "model" in expected.heals:
                load.calm()
            healed = partial(_healed_at, load, back, expected)
            until(healed, HEALED_S + 5, f"{name}: a whole answer")
            time.sleep(AFTER_S)
        refusals = [s.ended for s in load.seen if s.status in (0, 503)]
        well = max([healed() or 0.0, *refusals])
        times = Times(begun, broken, mended, back, well)
        figures.well_s = round(times.well - back, 1)
        self._count(figures, load)
        try:
            _check_answers(load, expected, times)
            assert self.held is None or all(s.body["exercise"] for s in load.got("exercise"))
            assert times.well - back < HEALED_S, f"{name}: well after {times.well - back:.1f} s"
        except AssertionError as error:
            error.add_note(f"broken from {broken - begun + BEFORE_S:.1f} s\n{load.story(begun)}")
            raise
        self.check_rows(load, figures)
        if self.held:
            holding.compare(self.held, self.stack)
        return load

    def until_flowing(self, parts: frozenset[str] = MODEL_HEALS) -> None:
        """Until the copy is ready, and an answer has all of *parts*."""
        self.stack.until_ready(60)
        until(lambda: not parts & self._missing(), 60, f"an answer with {sorted(parts)}")

    def _missing(self) -> set[str]:
        answer = self.stack.ask()
        return set(answer.json()["degraded_reasons"]) if answer.is_success else set(MODEL_HEALS)

    def answers(self, service: Service) -> bool:
        """Whether an embedded service itself does, past the links."""
        return is_ready(service, Paths.of(self.stack.services_dir))

    def check_rows(self, load: Load, figures: Figures | None = None) -> None:
        """Nothing lost, nothing doubled, nothing left pending."""
        since = time.monotonic()
        rows.check_questions(self.stack, load)
        rows.check_attempts(self.stack, load)
        if self.held and rows.pending(self.stack, load):
            until(lambda: not rows.pending(self.stack, load), GRADED_S, "every attempt is graded")
            if figures:
                figures.graded_s = round(time.monotonic() - since + AFTER_S, 1)

    def _count(self, figures: Figures, load: Load) -> None:
        times = sorted(s.took for s in load.seen)
        figures.answers = len(times)
        figures.slowest_s = round(times[-1], 2)
        figures.p95_s = round(statistics.quantiles(times, n=20)[-1], 2)
        figures.refused = sum(s.status == 503 for s in load.seen)
        figures.degraded = sum(bool(s.missing) for s in load.seen)

    # --- moments -----------------------------------------------------------------------------
    def until_mid_task(self) -> None:
        """Until somebody waits for the worker's reply."""
        client = self.stack.broker()
        try:
            until_now(lambda: any(c["cmd"] == "blpop" for c in client.client_list()), 10)
        finally:
            client.close()

    def until_mid_answer(self) -> None:
        """Until the model writes."""
        client = self.stack.broker()
        try:
            until_now(lambda: client.zcard("la:model-slots"), 10)
        finally:
            client.close()

    def until_durable_task(self) -> None:
        """Until a task of the durable lane is being done."""
        client = self.stack.broker()
        try:
            until_now(lambda: client.hlen("unacked"), 20)
        finally:
            client.close()

    def is_warm(self, lane: str) -> bool:
        """Whether a worker of *lane* that lives says that it is there."""
        pids = {p.pid for p in self.stack.named("celery", f"-Q {lane}")}
        client = self.stack.broker()
        try:
            names = client.scan_iter(f"la:worker:{lane}:*", count=1000)
            return any(int(name.rsplit("-", 1)[1]) in pids for name in names)
        finally:
            client.close()

    @contextmanager
    def clock(self, program: str, wrong_by_s: float) -> Iterator[None]:
        """The wall clock of *program* is set wrong."""
        assert self.clocks
        path = self.clocks / program
        with path.open("r+b") as file:
            file.write(struct.pack("d", wrong_by_s))
        try:
            yield
        finally:
            with path.open("r+b") as file:
                file.write(struct.pack("d", 0.0))


def until_now(condition: Callable[[], Any], seconds: float) -> None:
    """As `until`, without missing moments of a few milliseconds."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.001)


def _healed_at(load: Load, back: float, expected: Expected) -> float | None:
    """When the first whole answer came that was asked for after *back*."""
    whole = [s.ended for s in load.seen if s.began > back and s.has(expected.heals)]
    return min(whole, default=None)


def _check_answers(load: Load, expected: Expected, times: Times) -> None:
    for seen in load.seen:
        assert seen.took < LATEST_S, f"{seen.what} took {seen.took:.2f} s: {seen.status}"
        if seen.status == 503:
            assert expected.refuses, f"{seen.what}: {seen.body}"
            assert times.begun <= seen.ended
            assert seen.headers["content-type"] == PROBLEM
            assert "database" in seen.body["detail"]
            assert int(seen.headers["retry-after"]) > 0
        elif seen.status == 0:
            assert expected.unreached, f"{seen.what}: {seen.body}"
            assert times.begun <= seen.ended
        elif seen.status == 409:
            assert seen.again, "only what was sent before can be in flight"
        else:
            assert seen.status in (200, 202), f"{seen.what}: {seen.status} {seen.body}"
            check_body(seen)
    if expected.missing:
        meanwhile = [
            s for s in load.got("resources")
            if s.began > times.broken + expected.settles_s and s.ended < times.mended
        ]  # fmt: skip
        assert meanwhile, "nothing was answered meanwhile"
        assert all(expected.missing <= s.missing for s in meanwhile)


def check_body(seen: Seen) -> None:
    """A good answer is whole in itself, with whatever parts it was made."""
    body = seen.body
    if seen.what == "resources":
        assert len(body["resources"]) >= 3
        assert all(r["reason"] and r["url"] for r in body["resources"])
        assert body["advice"]
        assert body["degraded"] == bool(body["degraded_reasons"])
        assert body["took_ms"] < LATEST_S * 1000
    elif seen.what == "exercise":
        assert body["exercise"] is None or body["exercise"]["prompt"]
    else:
        assert body["verdict"] in ("passed", "partly", "failed", "ungraded", "pending")
        assert (seen.status == 202) == (body["verdict"] == "pending")


def as_json() -> list[dict[str, Any]]:
    return [asdict(figures) for figures in TABLE]
