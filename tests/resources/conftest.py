"""A small catalogue, and a model whose words about it pass the checks."""

import pytest

from resources.rag import answering
from tests.resources.making import add, index
from tests.scripted import Script


@pytest.fixture
def zebras(committed_db: None, model_server: Script) -> Script:
    """Four searchable resources; the model's own words pass the checks."""
    for n, word in enumerate(["stripes", "hooves", "manes", "herds"]):
        add(f"Zebra {word}", facets=[f"How zebra {word} work, step by step"], year=2000 + n)
    index()
    answering.warm_up()  # as a worker does, before the first learner comes
    model_server.calls.clear()
    model_server.sentence = "Start with [1], because it explains how zebra stripes work."
    return model_server
