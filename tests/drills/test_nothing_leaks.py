"""After a thousand requests, good and failed ones, threads, files and connections are as before."""

import os
import signal
import time

import pytest

from learning_assistant.embedded.paths import Service
from tests.drills.drilling import Drill
from tests.drills.holding import compare, held, warm
from tests.drills.learners import Load
from tests.stack import until

REQUESTS = 1000


def work(drill: Drill, requests: int) -> None:
    with drill.load(learners=8, pause_s=0) as load:
        until(lambda: len(load.seen) >= requests, 300, f"{requests} requests")
    drill.check_rows(load)
    assert_in_time(load)


def assert_in_time(load: Load) -> None:
    slow = [s for s in load.seen if s.took >= 3]
    assert not slow, [(s.what, s.status, round(s.took, 2)) for s in slow]


@pytest.mark.drill
@pytest.mark.timeout(600)
def test_a_thousand_requests(drill: Drill) -> None:
    drill.until_flowing()
    warm(drill.stack)
    before = held(drill.stack)
    work(drill, REQUESTS)
    compare(before, drill.stack)


@pytest.mark.drill
@pytest.mark.timeout(600)
def test_a_thousand_requests_while_services_die_and_freeze(drill: Drill) -> None:
    drill.until_flowing()
    warm(drill.stack)
    before = held(drill.stack)
    with drill.load(learners=8, pause_s=0) as load:
        for turn, service in enumerate([*Service, *Service]):
            until(lambda least=(turn + 1) * 130: len(load.seen) >= least, 120, "requests")
            if turn < len(Service):
                os.kill(drill.stack.server(service), signal.SIGKILL)
            else:
                with drill.stack.frozen(service):
                    time.sleep(2)
        until(lambda: len(load.seen) >= REQUESTS, 300, f"{REQUESTS} requests")
    drill.check_rows(load)
    assert_in_time(load)
    drill.until_flowing()
    warm(drill.stack)
    compare(before, drill.stack)
