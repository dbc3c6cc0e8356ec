"""Copies for drills: the usual one in `make test`, one with links to hurt in `make drill`."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as project

from learning_assistant.embedded.paths import Service
from learning_assistant.embedded.services import endpoints, lease
from tests.drills import holding
from tests.drills.drilling import TABLE, Drill, as_json
from tests.drills.links import Links
from tests.load.practice import until_embedded
from tests.stack import PROJECT, Stack, running_stack, until

CLOCKS = Path(__file__).resolve().parent / "clocks"
ROW = "{:<46} {:>7} {:>8} {:>7} {:>6} {:>6} {:>6} {:>6} {:>7}"
HEAD = ("drill", "answers", "slowest", "p95", "503", "degr.", "back", "well", "graded")


def _all_drills(config: pytest.Config) -> bool:
    return "not drill" not in config.getoption("markexpr")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Drills come last, and alone: by then the copy of all tests has its exercises."""
    items.sort(key=lambda item: "tests/drills/" in item.nodeid)
    for item in items:
        if "tests/drills/" in item.nodeid:
            item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="session")
def linked() -> Iterator[Drill]:
    """A copy whose services are reached through links, and whose clocks can be set.

    Its database is kept for the next time: to fill it takes minutes.
    """
    folder = project.DATA_DIR / "drill"
    services, clocks = folder / "services", folder / "clocks"
    clocks.mkdir(parents=True, exist_ok=True)
    for program in ("web", "interactive", "durable"):
        (clocks / program).write_bytes(struct.pack("d", 0.0))
    with lease(services, list(Service)):
        at = endpoints(services)
        links = Links({
            "database": f"unix:{at.paths.postgres_socket}",
            "broker": f"unix:{at.paths.valkey_socket}",
            "model": f"unix:{at.paths.inference_socket}",
        })  # fmt: skip
        user, password = at.database["USER"], at.database["PASSWORD"]
        database = f"127.0.0.1:{links.ports['database']}/{at.database['NAME']}"
        try:
            with running_stack(
                folder,
                services_dir=services,
                DATABASE_URL=f"postgres://{user}:{password}@{database}",
                REDIS_URL=f"redis://127.0.0.1:{links.ports['broker']}/0",
                OLLAMA_HOST=f"http://127.0.0.1:{links.ports['model']}",
                PYTHONPATH=f"{CLOCKS}:{PROJECT}",
                DRILL_CLOCKS=str(clocks),
                THROTTLE_SESSION="9000/m",  # counted in the broker, as ever, and never reached
            ) as running:
                settled(running)
                holding.warm(running)
                yield Drill(running, links, clocks, holding.held(running))
        finally:
            links.close()


@pytest.fixture
def drill(request: pytest.FixtureRequest) -> Drill:
    """In `make test` the copy that the other tests use, in `make drill` the one with links."""
    if _all_drills(request.config):
        linked: Drill = request.getfixturevalue("linked")
        return linked
    return Drill(request.getfixturevalue("stack"))


def settled(stack: Stack) -> None:
    """Until nothing but learners keeps the copy busy."""
    until_embedded(stack)
    until(lambda: not stack.named("manage.py", "load_bank"), 900, "the bank is loaded")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not TABLE or not _all_drills(terminalreporter.config):
        return
    terminalreporter.section("drills (seconds)")
    terminalreporter.write_line(ROW.format(*HEAD))
    for line in as_json():
        shown = ["" if value is None else value for value in line.values()]
        terminalreporter.write_line(ROW.format(*shown))
    (PROJECT / "drill.json").write_text(json.dumps(as_json(), indent=2) + "\n")
