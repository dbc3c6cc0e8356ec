"""The index over resources and documents: versions, dense vectors, and BM25 as sparse vectors.

A row's sparse vector holds the saturated term frequencies of BM25 (k1 1.2, b 0.75), a query's the
idf of its lexemes, so that pgvector's inner product `<#>` is the negative BM25 score.
Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009),
https://doi.org/10.1561/1500000019
"""

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Case, Q, When
from django.utils import timezone
from pgvector.django import HalfVectorField, SparseVectorField

from resources.models.catalogue import Role

# pgvector's upper bound for the dimensions of a sparsevec: lexeme ids never come near it.
SPARSE_DIMENSIONS = 1_000_000_000
# Characters of a query; an index on them holds no more than 2,704 bytes.
QUERY_LENGTH = 500


class VersionState(models.TextChoices):
    BUILDING = "building"
    READY = "ready"
    ACTIVE = "active"
    RETIRED = "retired"


class IndexVersionQuerySet(models.QuerySet["IndexVersion"]):
    def active(self) -> "IndexVersion | None":
        # Every request asks for it; made by the ORM this statement took a millisecond of Python.
        rows = self.raw(
            "SELECT * FROM resources_indexversion WHERE state = %s", [VersionState.ACTIVE.value]
        )
        return next(iter(rows), None)

    def live(self) -> "IndexVersionQuerySet":
        """Those that follow every change: the active one first, then what may become it."""
        live = [VersionState.ACTIVE, VersionState.READY, VersionState.BUILDING]
        return self.filter(state__in=live).order_by(
            Case(When(state=VersionState.ACTIVE, then=0), default=1), "-pk"
        )


class IndexVersion(models.Model):
    """One way of turning text into vectors; vectors of different versions are never compared.

    building → ready (complete, and kept up to date) → active → ready again when another one takes
    over → retired (its vectors are deleted, this row stays as the record).
    """

    model = models.CharField(max_length=200)
    digest = models.CharField(max_length=100)
    dimension = models.PositiveIntegerField()
    shortened = models.BooleanField(
        default=False, help_text="The server is asked for this dimension; the model has more."
    )
    query_prefix = models.CharField(max_length=200, blank=True)
    passage_prefix = models.CharField(max_length=200, blank=True)
    chunker = models.CharField(max_length=40, help_text="How content becomes text.")
    state = models.CharField(max_length=16, choices=VersionState, default=VersionState.BUILDING)
    rows = models.PositiveIntegerField(default=0, help_text="N of BM25.")
    average_length = models.FloatField(
        default=0, help_text="Lexemes a row, frozen between refreshes; 0 before the first."
    )
    changed_rows = models.PositiveIntegerField(default=0, help_text="Since the last refresh.")
    graph = models.BooleanField(
        default=False, help_text="An HNSW index over the vectors is there; else they are scanned."
    )
    build_seconds = models.FloatField(default=0, help_text="Spent building, over all runs.")
    cancel_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ready_at = models.DateTimeField(null=True, editable=False)
    activated_at = models.DateTimeField(null=True, editable=False)
    replaced_at = models.DateTimeField(null=True, editable=False)

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
    """A resource, or a chunk of a document, in a version of the index: its words."""

    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="entries")
    resource = models.ForeignKey(
        "resources.Resource", on_delete=models.CASCADE, null=True, related_name="index_entries"
    )
    chunk = models.ForeignKey(
        "resources.Chunk", on_delete=models.CASCADE, null=True, related_name="index_entries"
    )
    content_hash = models.CharField(max_length=64)
    lexemes = SearchVectorField()
    length = models.PositiveIntegerField(default=0)
    indexed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "index entries"
        constraints = [
            # With the id, so that a search finds out what is allowed from these indexes alone.
            models.UniqueConstraint(
                fields=["version", "resource"], include=["id"], name="one_entry_a_version"
            ),
            models.UniqueConstraint(
                fields=["version", "chunk"], include=["id"], name="one_chunk_entry_a_version"
            ),
            models.CheckConstraint(
                condition=Q(resource__isnull=False, chunk__isnull=True)
                | Q(resource__isnull=True, chunk__isnull=False),
                name="entry_of_a_resource_or_a_chunk",
            ),
        ]

    def __str__(self) -> str:
        return str(self.resource or self.chunk)


class LexicalVector(models.Model):
    """The BM25 weights of an entry's words, apart from the words: a scan reads weights only.

    Beside the words they took twice as long to read (158 ms against 74 for 100,000 rows).
    """

    entry = models.OneToOneField(
        IndexEntry, on_delete=models.CASCADE, primary_key=True, related_name="lexical"
    )
    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="+")
    weights = SparseVectorField(dimensions=SPARSE_DIMENSIONS)


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
    """The embedding of a facet: to find the case nearest to a query, and the learner's question."""

    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey(IndexEntry, on_delete=models.CASCADE, related_name="facet_vectors")
    facet = models.ForeignKey("resources.Facet", on_delete=models.CASCADE, related_name="vectors")
    # The facet's own, at hand where vectors are scanned.
    role = models.CharField(max_length=8, choices=Role, default=Role.CASE)
    embedding = HalfVectorField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "facet"], name="one_vector_a_facet")
        ]


class IndexFault(models.Model):
    """Why an entry could not be embedded; gone when it can."""

    entry = models.OneToOneField(
        IndexEntry, on_delete=models.CASCADE, primary_key=True, related_name="fault"
    )
    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="faults")
    content_hash = models.CharField(max_length=64)
    message = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.message


class RegisteredQuery(models.Model):
    """A text that `ollama_embed(text)` knows, registered by an operator with `embed_query`.

    It is another program's own text, never a learner's, and kept as it is: a new version of the
    index needs it again.
    """

    text = models.CharField(max_length=QUERY_LENGTH, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "registered queries"

    def __str__(self) -> str:
        return self.text[:80]


class QueryVector(models.Model):
    """The embedding of a registered query in a version."""

    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="+")
    query = models.ForeignKey(RegisteredQuery, on_delete=models.CASCADE, related_name="vectors")
    embedding = HalfVectorField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "query"], name="one_vector_a_query")
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
