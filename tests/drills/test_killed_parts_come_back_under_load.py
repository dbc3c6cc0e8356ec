"""Whatever is killed while learners use it: they get answers in time, and soon whole ones."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from learning_assistant.embedded.paths import Service
from tests.drills.drilling import MODEL_HEALS, Drill, Expected

AWAY = {
    Service.POSTGRES: Expected(refuses=True),
    Service.VALKEY: Expected(frozenset({"queue"}), settles_s=0.5),
    Service.INFERENCE: Expected(
        frozenset({"embedding", "model"}), settles_s=0.5, heals=MODEL_HEALS
    ),
}


def kill_lane(drill: Drill, lane: str) -> None:
    processes = drill.stack.named("celery", f"-Q {lane}")
    assert processes
    for process in processes:
        process.kill()


def kill_server(drill: Drill, service: Service, number: signal.Signals) -> None:
    os.kill(drill.stack.server(service), number)


@contextmanager
def at_once(act: Callable[[], None]) -> Iterator[None]:
    act()
    yield


def test_the_worker_in_the_middle_of_a_task(drill: Drill) -> None:
    def act() -> None:
        drill.until_mid_task()
        kill_lane(drill, "interactive")

    drill.run(
        "worker killed in mid-task",
        lambda: at_once(act),
        Expected(),
        is_back=lambda: drill.is_warm("interactive"),
    )


@pytest.mark.drill
def test_the_web_process(drill: Drill) -> None:
    """Nobody answers for the moment; what had been answered is stored."""

    def act() -> None:
        drill.until_mid_task()
        for process in drill.stack.named("gunicorn"):
            process.kill()

    drill.run(
        "web process killed",
        lambda: at_once(act),
        Expected(unreached=True),
        is_back=drill.stack.is_alive,
    )


@pytest.mark.drill
def test_the_durable_lane_in_the_middle_of_a_task(drill: Drill) -> None:
    """Answers come as ever; what it had taken is graded once, by the schedule."""

    @contextmanager
    def hurt() -> Iterator[None]:
        drill.stack.supervisorctl("stop", "interactive")
        try:
            drill.until_durable_task()  # attempts that nobody graded in time
            kill_lane(drill, "durable")
            yield
        finally:
            drill.stack.supervisorctl("start", "interactive")

    drill.run(
        "durable lane killed in mid-task",
        hurt,
        Expected(frozenset({"queue"}), settles_s=0.5),
        is_back=lambda: drill.is_warm("durable") and drill.is_warm("interactive"),
    )


@pytest.mark.drill
def test_the_broker_in_the_middle_of_a_task(drill: Drill) -> None:
    def act() -> None:
        drill.until_mid_task()
        kill_server(drill, Service.VALKEY, signal.SIGKILL)

    drill.run(
        "Valkey killed in mid-task",
        lambda: at_once(act),
        Expected(),
        is_back=lambda: drill.answers(Service.VALKEY),
    )


@pytest.mark.drill
@pytest.mark.parametrize(
    "mode", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL], ids=["fast", "immediate", "kill"]
)
def test_the_database(drill: Drill, mode: signal.Signals, request: pytest.FixtureRequest) -> None:
    """What was answered is stored, also when no data page had been written."""
    drill.run(
        f"PostgreSQL stopped ({request.node.callspec.id})",
        lambda: at_once(lambda: kill_server(drill, Service.POSTGRES, mode)),
        Expected(refuses=True),
        is_back=lambda: drill.answers(Service.POSTGRES),
    )


@pytest.mark.drill
def test_the_model_server_in_the_middle_of_an_answer(drill: Drill) -> None:
    def act() -> None:
        drill.until_mid_answer()
        kill_server(drill, Service.INFERENCE, signal.SIGKILL)

    drill.run(
        "model server killed in mid-answer",
        lambda: at_once(act),
        Expected(heals=MODEL_HEALS),
        is_back=lambda: drill.answers(Service.INFERENCE),
    )


@pytest.mark.drill
@pytest.mark.parametrize("service", list(Service))
def test_a_service_that_stays_away(drill: Drill, service: Service) -> None:
    drill.run(
        f"{service.label} away for 4 s",
        lambda: drill.stack.without(service),
        AWAY[service],
        is_back=lambda: drill.answers(service),
        during_s=4,
    )
