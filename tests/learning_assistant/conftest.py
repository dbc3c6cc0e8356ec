"""A copy that tells all it can: about itself in its logs, and where a request went in traces."""

from collections.abc import Iterator

import pytest

from tests.collector import Collector, running_collector
from tests.stack import Stack, running_stack


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


@pytest.fixture(scope="session")
def telling_stack(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> Iterator[Stack]:
    """With LOG_LEVEL=DEBUG, lines in JSON, and traces that go to `collector`."""
    with running_stack(
        tmp_path_factory.mktemp("telling"), LOG_LEVEL="DEBUG", LOG_FORMAT="json",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
    ) as running:  # fmt: skip
        running.spare_the_disk()
        yield running
