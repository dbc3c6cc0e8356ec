"""A resource is found by its own meaning first; the questions that learners ask of it follow."""

import pytest
import redis
from django.db.models import Count

from learning_assistant import lanes
from resources.models import DenseVector, FacetVector, IndexFault, Resource
from resources.rag import indexing, items, versions
from resources.services import catalogue
from resources.tasks import index_lagging, index_resources
from tests.resources.making import add, index
from tests.scripted import Script

pytestmark = pytest.mark.django_db


@pytest.fixture
def herd(model_server: Script) -> list[Resource]:
    return [
        add(f"Zebra {n}", facets=[f"For foal {n}"], asks=[f"what is stripe {n}", f"why {n}"])
        for n in range(3)
    ]


def embedded(server: Script) -> list[str]:
    return [t for path, asked in server.calls if path == "/api/embed" for t in asked["input"]]


def counts() -> tuple[int, dict[str, int]]:
    """How many vectors of their own, and of facets by role."""
    facets = FacetVector.objects.values_list("role").annotate(Count("pk"))
    return DenseVector.objects.count(), dict(facets)


def test_they_come_after_all_else(herd: list[Resource], model_server: Script) -> None:
    index()
    texts = embedded(model_server)
    asks = [text for text in texts if text.startswith(("what", "why"))]
    assert texts[-6:] == asks and len(asks) == 6


def test_a_message_for_the_worker_leaves_them_for_another(herd: list[Resource]) -> None:
    index_resources([resource.pk for resource in herd])
    version = versions.active_or_first()
    assert counts() == (3, {"case": 3})
    assert indexing.lag(version) == 3, "and there is still something to do"
    index_lagging()
    assert counts() == (3, {"case": 3, "ask": 6})
    assert indexing.lag(version) == 0


def test_an_edit_embeds_what_is_new_only(herd: list[Resource], model_server: Script) -> None:
    index()
    model_server.calls.clear()
    catalogue.upsert({"url": herd[0].url, "asks": ["what is stripe 0", "who"]})
    index()
    texts = embedded(model_server)
    assert "who" in texts and "For foal 0" not in texts
    assert counts() == (3, {"case": 3, "ask": 6})


def test_one_that_is_refused_stays_behind_alone(herd: list[Resource], model_server: Script) -> None:
    model_server.refused = {"stripe 1"}
    version = versions.active_or_first()
    indexing.index_lagging(version)
    assert counts() == (3, {"case": 3, "ask": 4})
    assert list(items.RESOURCES.refused(version.pk)) == [herd[1]]
    assert IndexFault.objects.count() == 1
    model_server.refused = set()
    indexing.index_lagging(version)
    assert counts() == (3, {"case": 3, "ask": 6})
    assert not IndexFault.objects.exists()


def test_the_schedule_leaves_to_messages_what_they_say(
    herd: list[Resource], valkey: "redis.Redis"
) -> None:
    valkey.lpush(lanes.DURABLE, '{"headers": {"task": "resources.tasks.index_asks"}}')
    index_lagging()
    assert counts() == (0, {})
    valkey.delete(lanes.DURABLE)
    valkey.lpush(lanes.DURABLE, '{"headers": {"task": "exercises.tasks.fill_pool"}}')
    index_lagging()
    assert counts() == (3, {"case": 3, "ask": 6})
