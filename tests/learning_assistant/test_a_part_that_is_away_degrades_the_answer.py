"""With any part of a running copy stopped or frozen there is an answer in time that says so.

Each part heals by itself: within ten seconds of its return the answers are whole again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from learning_assistant.embedded.paths import Service
from tests.stack import Stack, unheard_of, until

IN_TIME_S = 2.0
# Whether a frozen PostgreSQL takes connections is known after libpq's two seconds at the soonest.
FROZEN_DATABASE_S = 3.0
HEALED_S = 10.0


def timed(stack: Stack, seconds: float = IN_TIME_S, **more: Any) -> Any:
    """An answer, which came in time."""
    began = time.monotonic()
    answer = stack.ask(**more)
    assert time.monotonic() - began < seconds
    return answer


def degraded(stack: Stack) -> set[str]:
    """Why the answer is degraded; it is a good one otherwise."""
    answer = timed(stack, query=unheard_of())
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert len(body["resources"]) >= 3
    assert all(r["reason"] for r in body["resources"])
    assert body["advice"]
    assert body["advice_source"] == "template"
    assert body["degraded"] is True
    assert body["took_ms"] < IN_TIME_S * 1000
    return set(body["degraded_reasons"])


@pytest.fixture(autouse=True)
def well_before_and_after(stack: Stack) -> Iterator[None]:
    stack.until_well(30)
    yield
    stack.until_well(30)


def killed(stack: Stack, service: Service) -> AbstractContextManager[None]:
    return stack.without(service)


def frozen(stack: Stack, service: Service) -> AbstractContextManager[None]:
    return stack.frozen(service)


HURT = pytest.mark.parametrize("hurt", [killed, frozen])
Hurt = Callable[[Stack, Service], AbstractContextManager[None]]


@HURT
def test_the_model_server(stack: Stack, hurt: Hurt) -> None:
    with hurt(stack, Service.INFERENCE):
        for _ in range(2):
            assert degraded(stack) == {"embedding", "model"}
        assert stack.get("health/ready").status_code == 503
        assert stack.get("health/live").status_code == 200
    stack.until_well(HEALED_S)


@HURT
def test_the_broker(stack: Stack, hurt: Hurt) -> None:
    with hurt(stack, Service.VALKEY):
        for _ in range(3):
            assert degraded(stack) == {"queue"}
        assert stack.get("health/ready").status_code == 503
    stack.until_well(HEALED_S)


@HURT
def test_the_database(stack: Stack, hurt: Hurt) -> None:
    seconds = FROZEN_DATABASE_S if hurt is frozen else IN_TIME_S
    with hurt(stack, Service.POSTGRES):
        for more in ({}, {}, {"topic": "statistics"}):
            answer = timed(stack, seconds, **more)
            assert answer.status_code == 503, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert "database" in answer.json()["detail"]
            assert int(answer.headers["retry-after"]) > 0
        began = time.monotonic()
        key = {"authorization": f"Api-Key {'x' * 8}.{'y' * 32}"}
        answer = stack.post({"query": "statistics"}, "search", headers=key)
        assert time.monotonic() - began < seconds, "looking for the key ends in time too"
        assert answer.status_code == 503, answer.text
        assert stack.get("health/live").status_code == 200
    stack.until_well(HEALED_S)


@contextmanager
def no_worker(stack: Stack) -> Iterator[None]:
    stack.supervisorctl("stop", "interactive")
    try:
        yield
    finally:
        stack.supervisorctl("start", "interactive")


def test_the_worker(stack: Stack) -> None:
    """Requests that gave up on it cost it nothing when it comes back."""
    with no_worker(stack):
        for _ in range(3):
            assert degraded(stack) == {"queue"}
        ready = stack.get("health/ready")
        assert ready.status_code == 503
        assert "lane interactive" in ready.json()["waiting_for"]
        body = timed(stack, query="neural networks", level="beginner", limit=4).json()
        assert {r["level"] for r in body["resources"]} == {"beginner"}, "filters count as ever"
        assert len(body["resources"]) == 4
        time.sleep(1)
    stack.until_well(HEALED_S)
    client = stack.broker()
    try:
        assert client.llen("interactive") == 0
        # What came too late for whoever asked is not kept for long.
        until(lambda: not list(client.scan_iter("la:reply:*")), 15, "no reply is left lying")
    finally:
        client.close()
