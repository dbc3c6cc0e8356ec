"""How long a graphics card takes: a model of Ollama's scheduling in time, with a clock of its own.

Nothing here waits. `Card.step` says how long the next batch takes, `Card.finish` ends it and moves
the clock: a server sleeps in between (tests/load/gpu.py), a test does not.

As in llama.cpp a batch holds one token of each stream that writes, and as much of the prompts that
are being read as still fits in. So whoever comes anew slows the others down for a moment.
"""

import math
import os
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

# Tokens in a batch, of llama.cpp in Ollama: its default of `num_batch`.
BATCH = 512
# Requests that may wait: Ollama's default of OLLAMA_MAX_QUEUE; beyond it says 503.
MAX_QUEUE = 512
# How long an idle model stays: Ollama's default of OLLAMA_KEEP_ALIVE.
KEEP_ALIVE_S = 300.0
# Measured with the embedded chat model's tokenizer over the catalogue's summaries and facets: 4.99.
# Llama 3's vocabulary is larger (128,256 against 49,152), so that its tokens are no shorter.
CHARACTERS_A_TOKEN = 5
# A model is loaded in such slices, in each of which the load may be given up.
LOADING_SLICE_S = 0.1


class QueueFull(Exception):
    """As many wait already as may."""


@dataclass(frozen=True)
class Decoding:
    """Writing one token in each of n streams takes *fixed_s* + n × *each_s*.

    The weights are read once for all of them, the rest is done for each: so a line. Beyond the ten
    streams that were given it is drawn on.
    """

    fixed_s: float
    each_s: float

    @classmethod
    def through(cls, *, one: float, ten: float) -> "Decoding":
        """The line through tokens a second of one stream, and of ten together."""
        each = (10 / ten - 1 / one) / 9
        return cls(1 / one - each, each)

    def seconds(self, streams: int) -> float:
        return self.fixed_s + self.each_s * streams if streams else 0.0

    def rate(self, streams: int) -> float:
        """Tokens a second of all *streams* together."""
        return streams / self.seconds(streams)


@dataclass(frozen=True)
class Kind:
    """What a card does with one model."""

    title: str
    prefill: float  # tokens a second, of all prompts together
    curves: dict[str, Decoding]
    load_s: float
    vram: int  # bytes that the model takes


# Given with the design: 3,500 tok/s of prompt, 71 tok/s for one stream, 114 at worst and 350 at
# best for ten, and 10 s until the model is loaded. 4.9 GB: the file of llama3:8b in Ollama's
# library (4.7 GB), with a cache for a context of 2,048 tokens (128 KiB a token).
CARDS = {
    "rtx5060ti": Kind(
        title="NVIDIA GeForce RTX 5060 Ti, llama3 8B Q4_K_M",
        prefill=3500.0,
        curves={
            "worst": Decoding.through(one=71.0, ten=114.0),
            "best": Decoding.through(one=71.0, ten=350.0),
        },
        load_s=10.0,
        vram=4_900_000_000,
    )
}


class State(Enum):
    WAITING = "waiting"
    READING = "reading"
    WRITING = "writing"
    DONE = "done"
    DROPPED = "dropped"


def tokens_of(text: str) -> int:
    return math.ceil(len(text) / CHARACTERS_A_TOKEN)


@dataclass(eq=False)
class Job:
    """One answer: *prompt* is read, then *tokens* tokens of *answer* are written."""

    prompt: str
    tokens: int
    answer: str = ""
    keep_alive: float = KEEP_ALIVE_S
    state: State = State.WAITING
    unread: int = 0
    cached: int = 0  # tokens of the prompt that the slot knew already
    written: int = 0
    # On the card's clock, in seconds; NaN until it happens.
    arrived: float = math.nan
    started: float = math.nan  # the model was there, and a slot
    read: float = math.nan  # with the first token, as it comes with the end of the prompt
    done: float = math.nan


@dataclass(eq=False)
class Slot:
    text: str = ""  # what its cache holds
    job: Job | None = None

    def knows(self, prompt: str) -> int:
        """Tokens at the beginning of *prompt* that need not be read; never all of them."""
        common = len(os.path.commonprefix((self.text, prompt)))
        return min(common // CHARACTERS_A_TOKEN, tokens_of(prompt) - 1)


@dataclass
class Plan:
    seconds: float
    reading: list[tuple[Job, int]] = field(default_factory=list)
    writing: list[Job] = field(default_factory=list)
    loading: bool = False


class Card:
    """A card that serves one model in *parallel* slots (OLLAMA_NUM_PARALLEL)."""

    def __init__(
        self, kind: Kind, curve: str, parallel: int, *, max_queue: int = MAX_QUEUE
    ) -> None:
        self.kind, self.decoding = kind, kind.curves[curve]
        self.slots = [Slot() for _ in range(parallel)]
        self.queue: deque[Job] = deque()
        self.max_queue = max_queue
        self.now = 0.0
        self._loaded_until = -math.inf  # infinite while someone uses it
        self._keep_alive = KEEP_ALIVE_S
        self._load_left = kind.load_s
        self._loader: Job | None = None
        self._plan: Plan | None = None

    def submit(self, job: Job, now: float) -> None:
        """Take *job*, which came at *now*. Raises `QueueFull`."""
        if not self.busy():
            self._idle_until(now)
        if self._free() is None and len(self.queue) >= self.max_queue:
            raise QueueFull
        if self._loaded_until != -math.inf:
            self._loaded_until = math.inf
        job.arrived = now
        self.queue.append(job)
        self._seat()

    def drop(self, job: Job) -> None:
        """Nobody waits for *job* any more: its place is free at once.

        If it was *job* for which the model is being loaded, Ollama gives the load up ("client
        connection closed before server finished loading, aborting load").
        """
        if job.state in (State.DONE, State.DROPPED):
            return
        if job in self.queue:
            self.queue.remove(job)
        if job is self._loader:
            self._loader, self._load_left = None, self.kind.load_s
        self._leave(job, State.DROPPED)

    def step(self) -> float:
        """Begin the next batch; the seconds it takes, 0 when there is nothing to do."""
        jobs = self.jobs()
        if not jobs and not self.queue:
            return 0.0
        self._plan = self._loading(jobs) or self._batch(jobs)
        return self._plan.seconds

    def finish(self) -> list[Job]:
        """End the batch that `step` began; the jobs that have a new token, or are done."""
        plan, self._plan = self._plan, None
        if plan is None:
            return []
        self.now += plan.seconds
        if plan.loading:
            self._loaded_a_slice(plan.seconds)
            return []
        for job, tokens in plan.reading:
            job.unread -= tokens
        moved = [job for job, _ in plan.reading if not job.unread] + plan.writing
        moved = [job for job in moved if job.state is not State.DROPPED]
        for job in moved:
            self._wrote(job)
        return moved

    def busy(self) -> bool:
        return bool(self.queue) or any(slot.job for slot in self.slots)

    def jobs(self) -> list[Job]:
        """Those that have a slot, the first come first."""
        return sorted((s.job for s in self.slots if s.job), key=lambda job: job.arrived)

    def loaded_until(self, now: float) -> float | None:
        """When the model goes, on the card's clock (infinite: never); None where it is away."""
        if self.busy():
            return None if self._loaded_until == -math.inf else self.now + self._keep_alive
        return self._loaded_until if self._loaded_until > now else None

    def unload(self, now: float) -> None:
        """Let the model go, unless someone uses it."""
        if not self.busy():
            self._idle_until(now)
            self._forget()

    # --- the model comes and goes -------------------------------------------------------------
    def _idle_until(self, now: float) -> None:
        self.now = max(self.now, now)
        if self.now > self._loaded_until:
            self._forget()

    def _forget(self) -> None:
        self._loaded_until, self._load_left = -math.inf, self.kind.load_s
        for slot in self.slots:
            slot.text = ""

    def _loading(self, jobs: list[Job]) -> Plan | None:
        if self._loaded_until != -math.inf:
            return None
        if self._loader is None:
            self._loader = jobs[0]
        return Plan(min(LOADING_SLICE_S, self._load_left), loading=True)

    def _loaded_a_slice(self, seconds: float) -> None:
        if self._loader is None:
            return  # given up meanwhile
        self._load_left -= seconds
        if self._load_left > 1e-9:
            return
        self._loader, self._loaded_until = None, math.inf
        for job in self.jobs():
            job.started = self.now

    # --- slots --------------------------------------------------------------------------------
    def _free(self) -> Slot | None:
        return next((slot for slot in self.slots if slot.job is None), None)

    def _seat(self) -> None:
        """Give free slots to those who wait: to each the one that knows most of its prompt.

        As Ollama does it, which takes the free slot with the longest common beginning.
        """
        while self.queue and self._free() is not None:
            job = self.queue.popleft()
            free = [slot for slot in self.slots if slot.job is None]
            slot = max(free, key=lambda each: each.knows(job.prompt))
            job.cached = slot.knows(job.prompt)
            job.unread = tokens_of(job.prompt) - job.cached
            slot.job, slot.text = job, job.prompt
            job.state = State.READING
            if self._loaded_until != -math.inf:
                job.started = max(self.now, job.arrived)

    def _leave(self, job: Job, state: State) -> None:
        job.state, job.done = state, self.now
        for slot in self.slots:
            if slot.job is job:
                slot.job = None
                unread = job.unread * CHARACTERS_A_TOKEN
                slot.text = (job.prompt[: len(job.prompt) - unread] if unread else job.prompt) + (
                    job.answer[: job.written * CHARACTERS_A_TOKEN]
                )
        self._keep_alive = job.keep_alive
        self._seat()
        if not self.busy() and self._loaded_until == math.inf:
            self._loaded_until = self.now + self._keep_alive
            if self._keep_alive <= 0:
                self._forget()

    # --- batches ------------------------------------------------------------------------------
    def _batch(self, jobs: list[Job]) -> Plan:
        writing = [job for job in jobs if job.state is State.WRITING]
        room = max(BATCH - len(writing), 1)
        plan = Plan(self.decoding.seconds(len(writing)), writing=writing)
        for job in jobs:
            tokens = min(job.unread, room)
            if tokens:
                plan.reading.append((job, tokens))
                plan.seconds += tokens / self.kind.prefill
                room -= tokens
        return plan

    def _wrote(self, job: Job) -> None:
        if job.state is State.READING:
            job.state, job.read = State.WRITING, self.now
        job.written += 1
        if job.written >= job.tokens:
            self._leave(job, State.DONE)
