"""`make run` starts again what dies; a copy whose run process is killed leaves nothing behind."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from learning_assistant.embedded.paths import Service
from tests.stack import Stack, until

BACK_S = 20.0


@pytest.fixture(autouse=True)
def well_before_and_after(stack: Stack) -> Iterator[None]:
    stack.until_well(30)
    yield
    stack.until_ready(30)
    stack.until_well(30)


def kill(processes: list[psutil.Process]) -> set[int]:
    assert processes
    for process in processes:
        process.kill()
    return {process.pid for process in processes}


PROGRAMS = (["gunicorn"], ["celery", "-Q interactive"], ["celery", "-Q durable"])


def test_killed_programs_come_back(stack: Stack) -> None:
    dead = {pid for words in PROGRAMS for pid in kill(stack.named(*words))}

    def all_run_again() -> bool:
        running = [{p.pid for p in stack.named(*words)} for words in PROGRAMS]
        return all(pids and not pids & dead for pids in running)

    until(all_run_again, BACK_S, "web and workers run again")
    stack.until_ready(BACK_S)
    stack.until_well(BACK_S)


@pytest.mark.parametrize("service", list(Service))
def test_a_killed_service_comes_back(stack: Stack, service: Service) -> None:
    os.kill(stack.server(service), signal.SIGKILL)
    time.sleep(0.1)
    stack.until_well(BACK_S)


def test_a_worker_comes_back_when_its_broker_dies_while_a_task_runs(stack: Stack) -> None:
    """A Celery worker was seen to exit there; whether it does or not, it serves again."""
    ended = threading.Event()

    def keep_it_busy() -> None:
        while not ended.is_set():
            stack.ask(session_id="busy")

    busy = [threading.Thread(target=keep_it_busy) for _ in range(3)]
    for thread in busy:
        thread.start()
    try:
        time.sleep(0.5)
        os.kill(stack.server(Service.VALKEY), signal.SIGKILL)
        time.sleep(1)
    finally:
        ended.set()
        for thread in busy:
            thread.join(20)
    stack.until_well(BACK_S)
    stack.until_ready(BACK_S)


def test_no_interaction_is_lost_while_parts_die(stack: Stack) -> None:
    count = "SELECT count(*) FROM learning_sessions_interaction WHERE query LIKE 'count me%'"
    answered = 0
    for number in range(24):
        if number == 4:
            kill(stack.named("celery", "-Q interactive"))
        if number == 10:
            os.kill(stack.server(Service.VALKEY), signal.SIGKILL)
        if number == 16:
            os.kill(stack.server(Service.INFERENCE), signal.SIGKILL)
        answered += stack.ask(f"count me {number}").status_code == 200
    assert answered == 24
    assert stack.sql(count) == answered


@pytest.mark.timeout(180)
def test_a_killed_run_leaves_nothing_and_the_next_start_works(stack: Stack) -> None:
    rows = "SELECT count(*) FROM learning_sessions_interaction"
    before = stack.sql(rows)
    stack.process.kill()
    stack.process.wait(10)
    if stack.process.stdout:
        stack.process.stdout.close()
    until(lambda: not stack.processes(), 20, "every process of the copy has ended")
    stack.start()
    assert stack.sql(rows) == before
    assert len(stack.ask().json()["resources"]) >= 3
