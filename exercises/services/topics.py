"""The tree of topics, read once a request: it is small, and each question about it is not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from resources.models import Topic


@dataclass(frozen=True)
class Tree:
    slugs: dict[int, str]
    parents: dict[int, int | None]

    @classmethod
    def load(cls) -> "Tree":
        return cls.of(list(Topic.objects.values_list("id", "slug", "parent_id")))

    @classmethod
    def of(cls, rows: Collection[Sequence[Any]]) -> "Tree":
        """The tree of *rows* of id, slug and parent's id."""
        return cls({pk: slug for pk, slug, _ in rows}, {pk: parent for pk, _, parent in rows})

    def id_of(self, slug: str) -> int | None:
        return next((pk for pk, known in self.slugs.items() if known == slug), None)

    def distances(self, topic: int) -> dict[int, int]:
        """How far up from *topic* one has to go until what lies below includes each topic.

        0 for the topic and all below it, 1 for what else is below its parent, and so on; topics of
        other trees are not in it.
        """
        steps = {pk: step for step, pk in enumerate(self._upwards(topic))}
        found = {}
        for pk in self.slugs:
            step = next((steps[up] for up in self._upwards(pk) if up in steps), None)
            if step is not None:
                found[pk] = step
        return found

    def _upwards(self, topic: int) -> list[int]:
        """*topic*, its parent, and so on; a tree that bites its own tail ends too."""
        path: list[int] = []
        at: int | None = topic
        while at is not None and at not in path:
            path.append(at)
            at = self.parents.get(at)
        return path
