"""What `ingest_docs` reads: documents, and the chunks that are searched."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

SOURCE_LENGTH = 120
PATH_LENGTH = 800  # a B-tree holds no more than 2,704 bytes in a row
# How a heading path is shown: `Backend › RAG pipeline`.
HEADING_SEPARATOR = " › "


class Document(models.Model):
    """A file of a tree that was ingested; the file itself stays where it is."""

    source = models.CharField(max_length=SOURCE_LENGTH, help_text="The name of the tree.")
    root = models.TextField(help_text="The folder that was read: two trees can have one name.")
    path = models.CharField(
        max_length=PATH_LENGTH, help_text="From the top of the tree: others' `document_path`."
    )
    title = models.TextField()
    metadata = models.JSONField(default=dict, help_text="The front matter.")
    file_hash = models.CharField(max_length=64, help_text="SHA-256 of the file's bytes.")
    chunker = models.CharField(max_length=40, help_text="How it was cut into chunks.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["source", "path"]
        constraints = [
            models.UniqueConstraint(fields=["source", "path"], name="one_document_a_path")
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.path}"


class Chunk(models.Model):
    """A part of a document that is small enough for an embedding model."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveIntegerField(help_text="From 0, in the order of the document.")
    headings = ArrayField(models.TextField(), default=list)
    content = models.TextField()
    tokens = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["document_id", "position"]
        constraints = [
            # Checked at the end: an edit moves what comes after it.
            models.UniqueConstraint(
                fields=["document", "position"],
                name="one_chunk_a_position",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self) -> str:
        return f"{self.document} #{self.position}"

    @property
    def heading_path(self) -> str:
        return HEADING_SEPARATOR.join(self.headings)
