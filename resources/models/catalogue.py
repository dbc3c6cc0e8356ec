"""What staff curate: resources, their topics and their facets."""

import hashlib
import json
from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

TITLE_LENGTH = 300
URL_LENGTH = 2000
SUMMARY_LENGTH = 20_000
FACET_LENGTH = 300
TOPIC_LENGTH = 80


class Kind(models.TextChoices):
    PAPER = "paper"
    TUTORIAL = "tutorial"
    COURSE = "course"
    BOOK = "book"
    VIDEO = "video"
    DOCS = "docs"
    DATASET = "dataset"
    TOOL = "tool"


class Level(models.TextChoices):
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Status(models.TextChoices):
    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class TopicQuerySet(models.QuerySet["Topic"]):
    def subtree_ids(self, slug: str) -> list[int]:
        """The ids of the topic *slug* and of all below it; empty when there is no such topic."""
        rows = self.values_list("id", "slug", "parent_id")
        children: dict[int | None, list[int]] = {}
        for pk, _, parent in rows:
            children.setdefault(parent, []).append(pk)
        found = [pk for pk, row_slug, _ in rows if row_slug == slug]
        for pk in found:  # grows while it is read: the tree is walked level by level
            found.extend(child for child in children.get(pk, []) if child not in found)
        return found


class Topic(models.Model):
    slug = models.SlugField(max_length=TOPIC_LENGTH, unique=True)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )

    objects = TopicQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class ResourceQuerySet(models.QuerySet["Resource"]):
    def published(self) -> "ResourceQuerySet":
        return self.filter(status=Status.PUBLISHED)


class Resource(models.Model):
    """Something that teaches, with a link: the catalogue holds no content of others."""

    title = models.CharField(max_length=TITLE_LENGTH)
    url = models.URLField(max_length=URL_LENGTH, help_text="Shown as it stands here.")
    canonical_url = models.CharField(max_length=URL_LENGTH, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    level = models.CharField(
        max_length=16, choices=Level, blank=True, help_text="Empty where nobody has said."
    )
    topics = models.ManyToManyField(Topic, blank=True, related_name="resources")
    authors = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    year = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1500), MaxValueValidator(2200)]
    )
    language = models.CharField(max_length=16, default="en")
    summary = models.TextField(blank=True, validators=[MaxLengthValidator(SUMMARY_LENGTH)])
    licence = models.CharField(
        max_length=60, blank=True, help_text="Of the list the facts come from."
    )
    provenance = models.CharField(
        max_length=200, blank=True, help_text="The list the facts come from."
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT, db_index=True)
    content_hash = models.CharField(max_length=64, editable=False, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ["title"]
        indexes = [
            # What a search may show, found without the rows themselves.
            models.Index(
                fields=["id", "level", "kind"],
                condition=models.Q(status="published"),
                name="published_resources",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def text_hash(self, facets: Iterable[str], asks: Iterable[str], topics: Iterable[str]) -> str:
        """SHA-256 of all that the index is made from."""
        content = [self.title, self.summary, sorted(topics), self.authors, list(facets), list(asks)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class Role(models.TextChoices):
    CASE = "case", "a learner's case, shown as the reason"
    ASK = "ask", "a learner's question, searched only"


class Facet(models.Model):
    """A short line in which a learner recognises their own case, or would ask their question.

    A case ("for drivers who …") is shown as the reason; a question is only there to be found by:
    the words in which somebody asks are rarely those in which a work is described.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="facets")
    role = models.CharField(max_length=8, choices=Role, default=Role.CASE)
    position = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(max_length=FACET_LENGTH)

    class Meta:
        ordering = ["resource_id", "role", "position", "id"]

    def __str__(self) -> str:
        return self.text
