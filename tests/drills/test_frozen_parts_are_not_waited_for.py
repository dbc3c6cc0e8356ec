"""A part that stands still, its connections open: nobody waits for it longer than for an answer."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from learning_assistant.embedded.paths import Service
from tests.drills.drilling import MODEL_HEALS, Drill, Expected

MISSING = {
    Service.POSTGRES: Expected(refuses=True),
    Service.VALKEY: Expected(frozenset({"queue"}), settles_s=0.5),
    Service.INFERENCE: Expected(
        frozenset({"embedding", "model"}), settles_s=0.5, heals=MODEL_HEALS
    ),
}


@contextmanager
def frozen_lane(drill: Drill, lane: str) -> Iterator[None]:
    processes = drill.stack.named("celery", f"-Q {lane}")
    assert processes
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


@pytest.mark.drill
@pytest.mark.parametrize("service", list(Service))
def test_a_service(drill: Drill, service: Service) -> None:
    drill.run(
        f"{service.label} frozen", lambda: drill.stack.frozen(service), MISSING[service], during_s=4
    )


@pytest.mark.drill
def test_the_worker(drill: Drill) -> None:
    """What it had taken is not answered twice when it goes on."""
    drill.run(
        "worker frozen",
        lambda: frozen_lane(drill, "interactive"),
        Expected(frozenset({"queue"}), settles_s=0.5),
        during_s=4,
    )


@pytest.mark.drill
def test_the_durable_lane(drill: Drill) -> None:
    drill.run("durable lane frozen", lambda: frozen_lane(drill, "durable"), Expected(), during_s=4)
