"""With an endpoint one trace holds what web, worker and model call did for a request, and nothing
that a learner wrote; without one nothing is exported, and one that is away costs nothing."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.collector import Collector, Span
from tests.stack import Stack, until

pytestmark = pytest.mark.alone
WORDS = ("quorvexatil", "brindlespock")
WEB, WORKER = "POST /api/learning/resources", "resources.tasks.suggest"


@pytest.fixture(scope="module")
def trace(telling_stack: Stack, collector: Collector) -> list[Span]:
    """The trace of a question that came as far as the model server."""
    numbers = itertools.count(1)

    def found() -> list[Span]:
        # Others wait for vectors at the start: not every question gets its own in time.
        request_id, query = f"traced-{next(numbers)}", f"{WORDS[0]} {next(numbers)} {WORDS[1]}"
        question = {"query": query, "session_id": WORDS[0]}
        telling_stack.post(question, headers={"X-Request-ID": request_id})
        until(lambda: collector.of(request_id, WEB), 10, "the span of the request")
        until(lambda: collector.of(request_id, WORKER), 10, "the span of the task")
        (web,) = collector.of(request_id, WEB)
        spans = collector.trace(web.trace)
        return spans if "model embed" in {span.name for span in spans} else []

    spans: list[Span] = until(found, 60, "a question with a vector of its own")
    return spans


def test_web_worker_and_model_call_are_of_one_trace(trace: list[Span]) -> None:
    by_id = {span.id: span for span in trace}
    (web,) = (span for span in trace if span.name == WEB)
    (worker,) = (span for span in trace if span.name == WORKER)
    (embed,) = (span for span in trace if span.name == "model embed")
    assert not web.parent
    assert worker.parent == web.id
    above = [embed.name]
    while by_id[embed.id].parent:
        embed = by_id[embed.parent]
        above.append(embed.name)
    assert above == ["model embed", "embedding", "search", WORKER, WEB]
    assert web.attributes["http.response.status_code"] == 200
    assert {"SQL SELECT", "store"} <= {span.name for span in trace}


def test_no_word_of_a_learner_is_in_it(trace: list[Span], collector: Collector) -> None:
    sent = b"".join(collector.raw)
    assert WORKER.encode() in sent
    assert not any(word.encode() in sent for word in WORDS)


def run(code: str, **variables: str) -> str:
    """What a process of its own prints."""
    env = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(settings.DATA_DIR)} | variables
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=Path(settings.BASE_DIR), env=env, capture_output=True, text=True, timeout=30,
        check=True,
    )  # fmt: skip
    return done.stdout


def test_without_an_endpoint_no_exporter_is_imported() -> None:
    code = (
        "import sys, learning_assistant.wsgi\n"
        "print([m for m in sys.modules if m.startswith('opentelemetry.exporter')])"
    )
    assert run(code) == "[]\n"


def test_a_collector_that_is_away_holds_nobody_up() -> None:
    # 203.0.113.0/24 is nobody's (RFC 5737): packets get lost or come back, never an answer.
    code = (
        "import time\n"
        "from learning_assistant import tracing\n"
        "tracing.start('http://203.0.113.1:4318')\n"
        "began = time.monotonic()\n"
        "for _ in range(3000):\n"
        "    with tracing.span('one'): pass\n"
        "print(time.monotonic() - began < 5)"
    )
    assert run(code) == "True\n"
