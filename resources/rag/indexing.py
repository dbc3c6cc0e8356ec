"""Making the index: the words first, all in SQL and at once, then vectors in batches.

Idempotent: what is up to date is passed over, so that a task may be delivered twice. No
transaction is open while the model works; before storing, each row is looked at again.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from learning_assistant import ollama
from resources.models import DenseVector, FacetVector, IndexEntry, IndexFault, IndexVersion
from resources.rag import items, lexical
from resources.rag.embedding import embed_passages
from resources.rag.items import Items, Texts

logger = logging.getLogger(__name__)

WORDS_BATCH = 500
VECTORS_BATCH = 32
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Indexed:
    stored: int = 0
    removed: int = 0

    def __add__(self, other: "Indexed") -> "Indexed":
        return Indexed(self.stored + other.stored, self.removed + other.removed)


def index_rows(version: IndexVersion, kind: Items, ids: Sequence[int]) -> Indexed:
    """Bring the entries of the rows *ids* of a *kind* up to date.

    Words that are missing are stored for all rows, since that is quick and makes them found.
    Raises `ollama.ModelUnavailable`.
    """
    index_words(version)
    done = Indexed()
    for batch in _batches(ids, VECTORS_BATCH):
        removed = _remove_withdrawn(version, kind, batch)
        done += Indexed(_store_vectors(version, kind, batch), removed)
    if done.removed:
        lexical.refresh_if_stale(version.pk)
    return done


def index_lagging(version: IndexVersion, progress: Progress | None = None) -> Indexed:
    """Index everything that lags behind; *progress* is told how many are done, of how many."""
    total = lag(version)
    done = Indexed()
    for kind in items.ALL:
        for ids in _pages_of_lagging(version, kind):
            done += index_rows(version, kind, ids)
            if progress:
                finished = done.stored + done.removed
                progress(finished, max(total, finished))
    return done


def refresh(version: IndexVersion) -> None:
    """Put the sums right that a deletion left behind, if there was one."""
    lexical.refresh_if_stale(version.pk)


def lag(version: IndexVersion | None) -> int:
    """How many rows the index is behind by."""
    if version is None:
        return sum(kind.model._default_manager.filter(kind.wanted).count() for kind in items.ALL)
    return sum(kind.lagging(version.pk).count() for kind in items.ALL)


def analyze() -> None:
    """Fresh statistics for the planner after a bulk change."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE resources_indexentry, resources_lexicalvector, resources_densevector,"
            " resources_facetvector"
        )


def _batches(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _pages_of_lagging(
    version: IndexVersion, kind: Items, size: int = VECTORS_BATCH * 4
) -> Iterator[list[int]]:
    last = 0
    while True:
        lagging = kind.lagging(version.pk).filter(pk__gt=last).order_by("pk")
        ids = list(lagging.values_list("pk", flat=True)[:size])
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
    lagging = kind.lagging(version.pk).filter(kind.wanted, pk__in=ids)
    rows = list(kind.with_texts(lagging))
    if not rows:
        return 0
    texts = [kind.texts(row) for row in rows]
    passages = [text.passage for text in texts]
    facets = [facet.text for text in texts for facet in text.facets]
    try:
        vectors = _embed(version, passages, facets)
    except ollama.ModelRefused as error:
        if len(rows) > 1:
            return _store_one_by_one(version, kind, ids=[row.pk for row in rows])
        _note_fault(version, kind, rows[0], str(error))
        raise
    with transaction.atomic():
        return _store(version, kind, rows, texts, vectors)


def _embed(
    version: IndexVersion, passages: Sequence[str], facets: Sequence[str]
) -> list[Sequence[float]]:
    """The vectors of *passages*, then those of *facets*; a question asked of several is one."""
    shared = FacetVector.objects.filter(version=version, facet__text__in=facets)
    known: dict[str, Sequence[float]] = dict(shared.values_list("facet__text", "embedding"))
    new = list(dict.fromkeys(text for text in facets if text not in known))
    vectors = embed_passages(version, [*passages, *new])
    known |= zip(new, vectors[len(passages) :], strict=True)
    return [*vectors[: len(passages)], *(known[text] for text in facets)]


def _store(
    version: IndexVersion,
    kind: Items,
    rows: Sequence[Any],
    texts: Sequence[Texts],
    vectors: Sequence[Sequence[float]],
) -> int:
    """Store *vectors*, those of *rows* first and then their facets', of what is still as it was.

    A facet that was replaced meanwhile changed its resource's hash, so those stored all exist.
    """
    entries = _entries_still_current(version, kind, rows)
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
    facets = [facet for text in texts for facet in text.facets]
    FacetVector.objects.bulk_create(
        [
            FacetVector(
                version=version,
                entry=entries[facet.resource_id],
                facet=facet,
                role=facet.role,
                embedding=list(vector),
            )
            for facet, vector in zip(facets, vectors[len(rows) :], strict=True)
            if facet.resource_id in entries
        ],
        update_conflicts=True,
        unique_fields=["version", "facet"],
        update_fields=["role", "embedding"],
    )
    IndexFault.objects.filter(entry__in=entries.values()).delete()
    return len(dense)


def _store_one_by_one(version: IndexVersion, kind: Items, ids: Sequence[int]) -> int:
    """One text that the model server refuses stays behind; the others do not wait for it.

    Raises `ollama.ModelRefused` when it refuses them all: then it is the server.
    """
    stored = 0
    refusal: ollama.ModelRefused | None = None
    for pk in ids:
        try:
            stored += _store_vectors(version, kind, [pk])
        except ollama.ModelRefused as error:
            logger.error("%s %s can't be embedded: %s", kind.field, pk, error)
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
