"""Making resources, and an index over them, for tests."""

import hashlib
import itertools
from typing import Any

from resources.models import Chunk, Document, IndexVersion, Resource, Topic
from resources.rag import indexing, versions
from resources.ranking import Filters
from resources.services import catalogue

_numbers = itertools.count(1)


def add(title: str, **values: Any) -> Resource:
    """A published resource, not yet in the index."""
    link = {"url": f"https://site{next(_numbers)}.example/page", "kind": "tutorial"}
    return catalogue.upsert({"title": title} | link | values).resource


def document(path: str, *contents: str, headings: Any = (), **values: Any) -> Document:
    """A document of a chunk for each of *contents*, all under *headings*; not yet in the index."""
    about = {"source": "handbook", "title": path.rpartition("/")[2], "chunker": "test"} | values
    made = Document.objects.create(path=path, file_hash="0" * 64, **about)
    for position, content in enumerate(contents):
        Chunk.objects.create(
            document=made, position=position, headings=list(headings), content=content,
            tokens=len(content.split()), content_hash=hashlib.sha256(content.encode()).hexdigest(),
        )  # fmt: skip
    return made


def index() -> IndexVersion:
    """The active version, with everything searchable."""
    version = versions.active_or_first()
    indexing.index_lagging(version)
    version.refresh_from_db()
    assert indexing.lag(version) == 0
    return version


def tree(**parents: str) -> None:
    """Topics by slug (`_` for `-`) with their parent's slug, "" at the top."""
    for name, parent in parents.items():
        slug = name.replace("_", "-")
        catalogue.upsert_topic(slug, slug.replace("-", " ").capitalize(), parent)


def filters(level: str = "", kind: str = "", topic: str = "") -> Filters:
    return Filters(level, kind, topic)


def topics_of(resource: Resource) -> list[str]:
    return sorted(Topic.objects.filter(resources=resource).values_list("slug", flat=True))
