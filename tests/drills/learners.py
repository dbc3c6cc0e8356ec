"""Learners who ask and practise in closed loops; all that they were answered is kept."""

import itertools
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx

from tests.load.queries import questions

# So many that the parts work at the same time, so few that most answers get the model's sentence
# on two cores: whether it comes back after a drill is to be seen.
LEARNERS = 4
PAUSE_S = 0.3
CALM_S = 1.0  # between what a learner does, where the model is to be seen again
KINDS = ("multiple_choice", "short_answer", "cloze", "coding")
# A learner's website sends an answer again until it is taken.
SENDS_AGAIN_FOR_S = 25.0


@dataclass(frozen=True)
class Seen:
    """One answer as a learner got it; *status* 0 is none at all. Times are monotonic."""

    what: str  # resources, exercise, attempt
    began: float
    took: float
    status: int
    body: Any
    headers: Any
    key: str = ""
    again: bool = False

    @property
    def ended(self) -> float:
        return self.began + self.took

    @property
    def missing(self) -> set[str]:
        """Parts that this answer went without."""
        is_answer = self.what == "resources" and self.status == 200
        return set(self.body["degraded_reasons"]) if is_answer else set()

    def has(self, parts: frozenset[str]) -> bool:
        """Whether it is an answer that went without none of *parts*."""
        return self.what == "resources" and self.status == 200 and not self.missing & parts


class Load:
    """Each learner asks, gets an exercise, asks again, and answers the exercise."""

    def __init__(self, url: str, learners: int = LEARNERS, pause_s: float = PAUSE_S) -> None:
        self.mark = uuid.uuid4().hex[:8]
        self.seen: list[Seen] = []
        self._url, self._pause_s = f"{url}/api/learning", pause_s
        self._supply, self._lock = questions(), threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._learn, args=(n,)) for n in range(learners)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def got(self, what: str) -> list[Seen]:
        """The good answers of one sort."""
        return [s for s in self.seen if s.what == what and s.status == 200]

    def calm(self) -> None:
        """Have everybody think longer."""
        self._pause_s = CALM_S

    def stop(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(SENDS_AGAIN_FOR_S + 10)
            assert not thread.is_alive(), "a learner got no answer at all"

    def story(self, since: float) -> str:
        """What was answered in each second, for whoever has to find out why a drill failed."""
        seconds: dict[int, Counter[str]] = {}
        for seen in list(self.seen):
            words = [seen.what, str(seen.status), *sorted(seen.missing)]
            seconds.setdefault(int(seen.ended - since), Counter())[" ".join(words)] += 1
        return "\n".join(
            f"{second:4d} s: {', '.join(f'{n} x {what}' for what, n in sorted(counts.items()))}"
            for second, counts in sorted(seconds.items())
        )

    def _learn(self, number: int) -> None:
        session = f"drill-{self.mark}-{number}"
        kinds = itertools.cycle(random.Random(number).sample(KINDS, 4))
        with httpx.Client(timeout=10, trust_env=False) as http:
            while not self._ended.is_set():
                self._ask(http, session)
                shown = self._ask_exercise(http, session, next(kinds))
                self._ask(http, session)
                if shown:
                    self._attempt(http, session, shown)

    def _ask(self, http: httpx.Client, session: str) -> None:
        with self._lock:
            query = f"{next(self._supply)} {self.mark}"
        self._post(http, "resources", "resources", {"query": query, "session_id": session})

    def _ask_exercise(self, http: httpx.Client, session: str, kind: str) -> Any:
        seen = self._post(
            http, "exercise", "exercises", {"exercise_type": kind, "session_id": session}
        )
        return seen.body["exercise"] if seen.status == 200 else None

    def _attempt(self, http: httpx.Client, session: str, shown: dict[str, Any]) -> None:
        """Send the answer until it is taken, as the website does: its key keeps it one."""
        key = uuid.uuid4().hex
        body = {"session_id": session, "answer": _answer_to(shown)}
        path = f"exercises/{shown['id']}/attempts"
        gives_up = time.monotonic() + SENDS_AGAIN_FOR_S
        again = False
        while time.monotonic() < gives_up:
            seen = self._post(http, "attempt", path, body, key=key, again=again)
            if seen.status in (200, 202):
                return
            again = True
            time.sleep(0.3)

    def _post(
        self,
        http: httpx.Client,
        what: str,
        path: str,
        body: Any,
        key: str = "",
        again: bool = False,
    ) -> Seen:
        headers = {"idempotency-key": key} if key else {}
        began = time.monotonic()
        try:
            answer = http.post(f"{self._url}/{path}", json=body, headers=headers)
            status, told, given = answer.status_code, _json(answer), answer.headers
        except httpx.HTTPError as error:
            status, told, given = 0, repr(error), {}
        seen = Seen(what, began, time.monotonic() - began, status, told, given, key, again)
        self.seen.append(seen)
        self._ended.wait(self._pause_s)
        return seen


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


def _answer_to(shown: dict[str, Any]) -> str:
    if shown["type"] == "multiple_choice":
        return str(shown["choices"][0]["id"])
    return str(shown.get("starter_code") or "It follows the gradient.")
