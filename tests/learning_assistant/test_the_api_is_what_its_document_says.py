"""schemathesis asks every operation what the document allows and what it forbids: no 5xx, no answer
that is not in the document. `make fuzz` goes on for longer, against a whole copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections

from learning_assistant import api_keys
from tests.exercises import making as exercises
from tests.fuzz.api import Budget, run
from tests.resources.making import add, document, index, tree
from tests.scripted import Script
from tests.serving import serving


class _Handler(WSGIRequestHandler):
    disable_nagle_algorithm = True  # headers and body are two packets: 40 ms each time

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: schemathesis says what it sent."""


class _Server(ThreadedWSGIServer):
    def process_request_thread(self, request, client_address):  # type: ignore[no-untyped-def]
        super().process_request_thread(request, client_address)
        connections.close_all()


@pytest.fixture
def url(committed_db: None, lane_worker: None, model_server: Script) -> Iterator[str]:
    """The application on a port, over a catalogue, documents and exercises of each type."""
    model_server.text_s = 0
    tree(optimization="", gradient_descent="optimization")
    for title in ("Gradient descent", "Zebra", "Attention", "Backpropagation"):
        add(title, topics=["optimization"])
    document("guides/storage.md", "Vectors are kept in PostgreSQL.")
    for make in exercises.MAKERS.values():
        make(), make()
    index()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.set_app(get_wsgi_application())
    with serving(server) as address:
        yield address


@pytest.mark.timeout(300)
def test_no_fault_and_no_undocumented_answer(url: str, tmp_path: Path) -> None:
    key = api_keys.create("Fuzzing", ["search"])[1]
    report = run(url, key, tmp_path, Budget(seed=1, examples=10))
    assert report.returncode == 0, report.text
