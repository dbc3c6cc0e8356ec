"""The parts of an answer, each counted by how long it took and shown in the request's trace."""

from collections.abc import Iterator
from contextlib import contextmanager

from learning_assistant import tracing
from learning_assistant.metrics import STAGES


@contextmanager
def stage(name: str) -> Iterator[None]:
    """The block is the part *name*."""
    with STAGES.timed(name), tracing.span(name):
        yield
