"""The index over the catalogue: versions, dense vectors, and BM25 as sparse vectors.

A row's sparse vector holds the saturated term frequencies of BM25 (k1 1.2, b 0.75), a query's the
idf of its lexemes, so that pgvector's inner product `<#>` is the negative BM25 score.
Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009),
https://doi.org/10.1561/1500000019
"""

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from pgvector.django import HalfVectorField, SparseVectorField

# pgvector's upper bound for the dimensions of a sparsevec: lexeme ids never come near it.
SPARSE_DIMENSIONS = 1_000_000_000


class VersionState(models.TextChoices):
    BUILDING = "building"
    READY = "ready"
    ACTIVE = "active"
    RETIRED = "retired"


class IndexVersionQuerySet(models.QuerySet["IndexVersion"]):
    def active(self) -> "IndexVersion | None":
        return self.filter(state=VersionState.ACTIVE).first()


class IndexVersion(models.Model):
    """One way of turning text into vectors; vectors of different versions are never compared."""

    model = models.CharField(max_length=200)
    digest = models.CharField(max_length=100)
    dimension = models.PositiveIntegerField()
    query_prefix = models.CharField(max_length=200, blank=True)
    passage_prefix = models.CharField(max_length=200, blank=True)
    chunker = models.CharField(max_length=40)
    state = models.CharField(max_length=16, choices=VersionState, default=VersionState.BUILDING)
    rows = models.PositiveIntegerField(default=0, help_text="N of BM25.")
    average_length = models.FloatField(
        default=0, help_text="Lexemes a row, frozen between refreshes; 0 before the first."
    )
    changed_rows = models.PositiveIntegerField(default=0, help_text="Since the last refresh.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    activated_at = models.DateTimeField(null=True, editable=False)

    objects = IndexVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="active"), name="one_active_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.digest[:12]} ({self.state})"


class IndexEntry(models.Model):
    """A resource in a version of the index: its words."""

    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="entries")
    resource = models.ForeignKey(
        "resources.Resource", on_delete=models.CASCADE, related_name="index_entries"
    )
    content_hash = models.CharField(max_length=64)
    lexemes = SearchVectorField()
    length = models.PositiveIntegerField(default=0)
    lexical = SparseVectorField(dimensions=SPARSE_DIMENSIONS, null=True)
    indexed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "index entries"
        constraints = [
            models.UniqueConstraint(fields=["version", "resource"], name="one_entry_a_version")
        ]

    def __str__(self) -> str:
        return str(self.resource)


class DenseVector(models.Model):
    """The embedding of an entry, apart from its words so that a scan reads vectors only.

    It comes after the words: until then an entry is found by its words alone.
    """

    entry = models.OneToOneField(
        IndexEntry, on_delete=models.CASCADE, primary_key=True, related_name="dense"
    )
    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="+")
    content_hash = models.CharField(max_length=64)
    embedding = HalfVectorField()


class FacetVector(models.Model):
    """The embedding of a facet, to find the one nearest to a query."""

    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="+")
    facet = models.ForeignKey("resources.Facet", on_delete=models.CASCADE, related_name="vectors")
    embedding = HalfVectorField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "facet"], name="one_vector_a_facet")
        ]


class Lexeme(models.Model):
    """A word as PostgreSQL's `english` configuration reduces it; its id is a sparse dimension."""

    id = models.AutoField(primary_key=True)
    term = models.TextField(unique=True)

    def __str__(self) -> str:
        return self.term


class DocumentFrequency(models.Model):
    """In how many rows of a version a lexeme occurs."""

    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="+")
    lexeme = models.ForeignKey(Lexeme, on_delete=models.CASCADE, related_name="+")
    documents = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "document frequencies"
        constraints = [
            models.UniqueConstraint(fields=["version", "lexeme"], name="one_frequency_a_lexeme")
        ]
