"""Making the index: the words first, all in SQL and at once, then vectors in batches.

Idempotent: what is up to date is passed over, so that a task may be delivered twice. No
transaction is open while the model works; before storing, each row is looked at again.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from learning_assistant import ollama
from resources.models import (
    DenseVector,
    Facet,
    FacetVector,
    IndexEntry,
    IndexFault,
    IndexVersion,
    Role,
)
from resources.rag import items, lexical
from resources.rag.embedding import embed_passages
from resources.rag.items import Items

logger = logging.getLogger(__name__)

WORDS_BATCH = 500
VECTORS_BATCH = 32
ASKS_BATCH = 8  # about as many texts
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Indexed:
    stored: int = 0
    removed: int = 0

    def __add__(self, other: "Indexed") -> "Indexed":
        return Indexed(self.stored + other.stored, self.removed + other.removed)


def index_rows(
    version: IndexVersion, kind: Items, ids: Sequence[int], *, asks: bool = True
) -> Indexed:
    """Bring the entries of the rows *ids* of a *kind* up to date.

    Words that are missing are stored for all rows, since that is quick and makes them found.
    Learners' questions, which are most of the texts, may be left for later (not *asks*).
    Raises `ollama.ModelUnavailable`.
    """
    index_words(version)
    done = Indexed()
    for batch in _batches(ids, VECTORS_BATCH):
        removed = _remove_withdrawn(version, kind, batch)
        done += Indexed(_store_vectors(version, kind, batch), removed)
    if asks:
        index_asks(version, kind, ids)
    if done.removed:
        lexical.refresh_if_stale(version.pk)
    return done


def index_asks(version: IndexVersion, kind: Items, ids: Sequence[int]) -> None:
    """Store what vectors of facets the rows *ids* lack. Raises `ollama.ModelUnavailable`."""
    for batch in _batches(ids, ASKS_BATCH):
        _store_missing_facets(version, kind, batch)


def index_lagging(version: IndexVersion, progress: Progress | None = None) -> Indexed:
    """Index everything that lags behind; *progress* is told how many are done, of how many."""
    total = lag(version)
    done = Indexed()
    for kind in items.ALL:
        for ids in _pages(kind.without_vector(version.pk)):
            done += index_rows(version, kind, ids, asks=False)
            if progress:
                finished = done.stored + done.removed
                progress(finished, max(total, finished))
    for ids in _pages(items.RESOURCES.lagging(version.pk)):
        index_asks(version, items.RESOURCES, ids)
    return done


def refresh(version: IndexVersion) -> None:
    """Put the sums right that a deletion left behind, if there was one."""
    lexical.refresh_if_stale(version.pk)


def lag(version: IndexVersion | None) -> int:
    """How many rows the index is behind by."""
    if version is None:
        return sum(kind.model._default_manager.filter(kind.wanted).count() for kind in items.ALL)
    return sum(kind.lagging(version.pk).count() for kind in items.ALL)


def without_vector(version: IndexVersion | None) -> int:
    """How many rows are not found by their own meaning yet."""
    if version is None:
        return lag(None)
    return sum(kind.without_vector(version.pk).count() for kind in items.ALL)


def analyze() -> None:
    """Fresh statistics for the planner after a bulk change."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE resources_indexentry, resources_lexicalvector, resources_densevector,"
            " resources_facetvector"
        )


def _batches(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _pages(rows: QuerySet[Any], size: int = VECTORS_BATCH * 4) -> Iterator[list[int]]:
    """The ids of *rows*, which are fewer after each page."""
    last = 0
    while True:
        ids = list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size])
        if not ids:
            return
        yield ids
        last = ids[-1]


def index_words(version: IndexVersion) -> int:
    """Store the words of all rows whose words lag behind; how many."""
    stored = 0
    for kind in items.ALL:
        lagging = kind.lagging_in_words(version.pk).order_by("pk")
        ids = list(lagging.values_list("pk", flat=True))
        bulk = lexical.is_bulk(version.pk, len(ids))
        for batch in _batches(ids, WORDS_BATCH):
            stored += _store_words(version, kind, batch, bulk=bulk)
    lexical.refresh_if_stale(version.pk)
    return stored


def _store_words(
    version: IndexVersion, kind: Items, ids: Sequence[int], *, bulk: bool = False
) -> int:
    with transaction.atomic():
        lexical.lock(version.pk)
        outdated = kind.lagging_in_words(version.pk).filter(pk__in=ids)
        # Locked, so that nobody changes a row between reading it and storing its words.
        locked = outdated.select_for_update(of=("self",)).order_by("pk")
        rows = list(kind.with_texts(locked))
        lexical.forget(version.pk, list(_entries(version, kind, rows).values_list("pk", flat=True)))
        entries = IndexEntry.objects.bulk_create(
            [
                IndexEntry(
                    version=version,
                    **{kind.field: row},
                    content_hash=row.content_hash,
                    lexemes="",
                )
                for row in rows
            ],
            update_conflicts=True,
            unique_fields=["version", kind.field],
            update_fields=["content_hash", "lexemes", "indexed_at"],
        )
        words = {e.pk: kind.texts(row).words for e, row in zip(entries, rows, strict=True)}
        lexical.learn(version.pk, words, refresh_follows=bulk)
    return len(rows)


def _entries(version: IndexVersion, kind: Items, rows: Sequence[Any]) -> Any:
    within = {f"{kind.field}__in": [row.pk for row in rows]}
    return IndexEntry.objects.filter(version=version, **within)


def _store_vectors(version: IndexVersion, kind: Items, ids: Sequence[int]) -> int:
    """Embed and store what lacks a vector of its own, with the cases, of which reasons are made."""
    rows = list(kind.with_texts(kind.without_vector(version.pk).filter(kind.wanted, pk__in=ids)))
    if not rows:
        return 0
    texts = [kind.texts(row) for row in rows]
    cases = [facet for text in texts for facet in text.facets if facet.role == Role.CASE]
    try:
        vectors = _embed(version, [text.passage for text in texts], cases)
    except ollama.ModelRefused as error:
        if len(rows) > 1:
            return _one_by_one(kind, rows, lambda pk: _store_vectors(version, kind, [pk]))
        _note_fault(version, kind, rows[0], str(error))
        raise
    with transaction.atomic():
        entries = _entries_still_current(version, kind, rows)
        stored = _store_dense(version, rows, vectors, entries)
        _store_facets(version, cases, vectors[len(rows) :], entries)
    return stored


def _store_missing_facets(version: IndexVersion, kind: Items, ids: Sequence[int]) -> int:
    """Of rows that have vectors of their own."""
    without = kind.without_vector(version.pk)
    lagging = kind.lagging(version.pk).filter(kind.wanted, pk__in=ids).exclude(pk__in=without)
    rows = list(kind.with_texts(lagging))
    if not rows:
        return 0
    facets = [facet for row in rows for facet in kind.texts(row).facets]
    there = FacetVector.objects.filter(version=version, facet__in=facets)
    known = set(there.values_list("facet", flat=True))
    missing = [facet for facet in facets if facet.pk not in known]
    try:
        vectors = _embed(version, [], missing)
    except ollama.ModelRefused as error:
        if len(rows) > 1:
            return _one_by_one(kind, rows, lambda pk: _store_missing_facets(version, kind, [pk]))
        _note_fault(version, kind, rows[0], str(error))
        raise
    with transaction.atomic():
        _store_facets(version, missing, vectors, _entries_still_current(version, kind, rows))
    return len(rows)


def _embed(
    version: IndexVersion, passages: Sequence[str], facets: Sequence[Facet]
) -> list[Sequence[float]]:
    """The vectors of *passages*, then those of *facets*; a question asked of several is one."""
    texts = [facet.text for facet in facets]
    shared = FacetVector.objects.filter(version=version, facet__text__in=texts)
    known: dict[str, Sequence[float]] = dict(shared.values_list("facet__text", "embedding"))
    new = list(dict.fromkeys(text for text in texts if text not in known))
    vectors = embed_passages(version, [*passages, *new])
    known |= zip(new, vectors[len(passages) :], strict=True)
    return [*vectors[: len(passages)], *(known[text] for text in texts)]


Entries = Mapping[int, IndexEntry]


def _store_dense(
    version: IndexVersion, rows: Sequence[Any], vectors: Sequence[Sequence[float]], entries: Entries
) -> int:
    """Store the first of *vectors*, which are those of *rows*, where there is an entry."""
    dense = [
        DenseVector(
            entry=entries[row.pk],
            version=version,
            content_hash=row.content_hash,
            embedding=list(vector),
        )
        for row, vector in zip(rows, vectors, strict=False)
        if row.pk in entries
    ]
    DenseVector.objects.bulk_create(
        dense,
        update_conflicts=True,
        unique_fields=["entry"],
        update_fields=["content_hash", "embedding"],
    )
    IndexFault.objects.filter(entry__in=entries.values()).delete()
    return len(dense)


def _store_facets(
    version: IndexVersion,
    facets: Sequence[Facet],
    vectors: Sequence[Sequence[float]],
    entries: Entries,
) -> None:
    """A facet that was replaced meanwhile changed its resource's hash: those stored all exist."""
    FacetVector.objects.bulk_create(
        [
            FacetVector(
                version=version,
                entry=entries[facet.resource_id],
                facet=facet,
                role=facet.role,
                embedding=list(vector),
            )
            for facet, vector in zip(facets, vectors, strict=True)
            if facet.resource_id in entries
        ],
        update_conflicts=True,
        unique_fields=["version", "facet"],
        update_fields=["role", "embedding"],
    )
    IndexFault.objects.filter(entry__in=entries.values()).delete()


def _one_by_one(kind: Items, rows: Sequence[Any], store: Callable[[int], int]) -> int:
    """One text that the model server refuses stays behind; the others do not wait for it.

    Raises `ollama.ModelRefused` when it refuses them all: then it is the server.
    """
    stored = 0
    refusal: ollama.ModelRefused | None = None
    for row in rows:
        try:
            stored += store(row.pk)
        except ollama.ModelRefused as error:
            logger.error("%s %s can't be embedded: %s", kind.field, row.pk, error)
            refusal = error
    if refusal and not stored:
        raise refusal
    return stored


def _note_fault(version: IndexVersion, kind: Items, row: Any, message: str) -> None:
    for entry in _entries(version, kind, [row]):
        IndexFault.objects.update_or_create(
            entry=entry,
            defaults={
                "version": version,
                "content_hash": row.content_hash,
                "message": message,
            },
        )


def _entries_still_current(
    version: IndexVersion, kind: Items, rows: Sequence[Any]
) -> dict[int, IndexEntry]:
    """By id the entries of those of *rows* that are as they were when they were embedded.

    The rows are locked against a change until the transaction ends.
    """
    embedded = {row.pk: row.content_hash for row in rows}
    locked = kind.model._default_manager.select_for_update().filter(kind.wanted, pk__in=embedded)
    now = dict(locked.order_by("pk").values_list("pk", "content_hash"))
    current = {pk for pk, content_hash in now.items() if content_hash == embedded[pk]}
    found = {}
    for entry in _entries(version, kind, [row for row in rows if row.pk in current]):
        pk = getattr(entry, f"{kind.field}_id")
        if entry.content_hash == embedded[pk]:
            found[pk] = entry
    return found


def _remove_withdrawn(version: IndexVersion, kind: Items, ids: Sequence[int]) -> int:
    withdrawn = kind.model._default_manager.filter(pk__in=ids).exclude(kind.wanted)
    gone = IndexEntry.objects.filter(version=version, **{f"{kind.field}__in": withdrawn})
    if not gone.exists():
        return 0
    with transaction.atomic():
        lexical.lock(version.pk)
        pks = list(gone.values_list("pk", flat=True))
        lexical.forget(version.pk, pks)
        IndexEntry.objects.filter(pk__in=pks).delete()
    return len(pks)


def forget_rows(kind: Items, ids: Sequence[int]) -> None:
    """Take rows that are about to be deleted out of every version, their words out of the sums.

    Within the caller's transaction.
    """
    for version in IndexVersion.objects.live().order_by("pk"):
        entries = IndexEntry.objects.filter(version=version, **{f"{kind.field}__in": ids})
        lexical.lock(version.pk)
        pks = list(entries.values_list("pk", flat=True))
        lexical.forget(version.pk, pks)
        IndexEntry.objects.filter(pk__in=pks).delete()
