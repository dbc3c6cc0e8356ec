"""Versions of the index: found, made, switched and dropped. Nothing is embedded here."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from learning_assistant import ollama
from resources.models import IndexVersion
from resources.models.index import VersionState
from resources.rag import lexical, prefixes
from resources.rag.items import CHUNKER

logger = logging.getLogger(__name__)

PROBE_SECONDS = 60.0


class CannotSwitch(Exception):
    """The version is not in the state for it; says what would help."""


@dataclass(frozen=True)
class Recipe:
    """What makes vectors comparable: two versions with the same recipe are one."""

    model: str
    digest: str
    dimension: int
    shortened: bool
    query_prefix: str
    passage_prefix: str
    chunker: str = CHUNKER


def recipe(model: str, *, dimensions: int | None, query_prefix: str, passage_prefix: str) -> Recipe:
    """The recipe for *model* as the server has it now, cut to *dimensions* where given.

    Raises `ollama.ModelUnavailable`, and `CannotSwitch` where the model has fewer dimensions.
    """
    vector = ollama.embed(model, ["dimension"], seconds=PROBE_SECONDS)[0]
    if dimensions is not None and dimensions > len(vector):
        raise CannotSwitch(f"{model} has {len(vector)} dimensions, {dimensions} were asked for")
    return Recipe(
        model=model,
        digest=ollama.digests().get(ollama.full_name(model), ""),
        dimension=dimensions or len(vector),
        shortened=dimensions is not None and dimensions < len(vector),
        query_prefix=query_prefix,
        passage_prefix=passage_prefix,
    )


def active_or_first() -> IndexVersion:
    """The active version; where there is none yet, one for `EMBED_MODEL` is made and activated.

    Raises `ollama.ModelUnavailable` when the first one can't be made.
    """
    if active := IndexVersion.objects.active():
        return active
    known = prefixes.known(settings.EMBED_MODEL)
    first = recipe(
        settings.EMBED_MODEL,
        dimensions=None,
        query_prefix=settings.EMBED_QUERY_PREFIX or known.query,
        passage_prefix=settings.EMBED_PASSAGE_PREFIX or known.passage,
    )
    try:
        with transaction.atomic():
            return IndexVersion.objects.create(
                **vars(first), state=VersionState.ACTIVE, activated_at=timezone.now()
            )
    except IntegrityError:  # another process was first
        return IndexVersion.objects.get(state=VersionState.ACTIVE)


def find_or_make(made: Recipe) -> IndexVersion:
    """The live version of this recipe, or a new one to build."""
    with transaction.atomic():
        _lock_all()
        known = IndexVersion.objects.live().filter(**vars(made)).first()
        return known or IndexVersion.objects.create(**vars(made))


def follow(step: Callable[[IndexVersion], object], *, building: bool = True) -> None:
    """Do *step* for the active version and for each that may become active.

    A version whose model is away does not keep the others waiting: what it missed is found again
    by its lag. One that is *building* catches up with what it lacks by itself.
    Raises `ollama.ModelUnavailable` when the active one's is.
    """
    active = active_or_first()
    step(active)
    others = IndexVersion.objects.live().exclude(pk=active.pk)
    if not building:
        others = others.exclude(state=VersionState.BUILDING)
    for version in others:
        try:
            step(version)
        except ollama.ModelUnavailable as error:
            logger.warning("%s falls behind: %s", version, error)


def activate(version: IndexVersion) -> IndexVersion | None:
    """Let searches use *version* from now on, in one transaction; the one that it replaces.

    Searches under way finish with the version that they began with. Raises `CannotSwitch`.
    """
    with transaction.atomic():
        _lock_all()
        version.refresh_from_db()
        if version.state == VersionState.ACTIVE:
            return None
        if version.state != VersionState.READY:
            raise CannotSwitch(
                f"version {version.pk} is {version.state}: only one that is ready can be "
                f"activated; `reembed --model {version.model}` makes it so"
            )
        old = IndexVersion.objects.active()
        if old:
            old.state, old.replaced_at = VersionState.READY, timezone.now()
            old.save(update_fields=["state", "replaced_at"])
        version.state, version.activated_at = VersionState.ACTIVE, timezone.now()
        version.save(update_fields=["state", "activated_at"])
    return old


def previous() -> IndexVersion:
    """The version that was active before this one. Raises `CannotSwitch` when it is gone."""
    replaced = IndexVersion.objects.filter(state=VersionState.READY, replaced_at__isnull=False)
    if found := replaced.order_by("-replaced_at").first():
        return found
    raise CannotSwitch("there is no version to go back to: none was replaced, or it was dropped")


def cancel() -> list[IndexVersion]:
    """Ask whoever builds a version to stop; what is built stays. The versions being built."""
    building = IndexVersion.objects.filter(state=VersionState.BUILDING)
    building.update(cancel_requested=True)
    return list(building)


def drop(version: IndexVersion) -> None:
    """Delete the vectors and words of *version*; its row stays as the record.

    Raises `CannotSwitch` for the active one.
    """
    with transaction.atomic():
        lexical.lock(version.pk)
        version.refresh_from_db()
        if version.state == VersionState.ACTIVE:
            raise CannotSwitch(f"version {version.pk} is active: activate another one first")
        version.state, version.graph, version.rows = VersionState.RETIRED, False, 0
        version.save(update_fields=["state", "graph", "rows"])
        with connection.cursor() as cursor:
            # Django's own cascade would fetch every row first.
            for table in (
                "resources_queryvector",
                "resources_facetvector",
                "resources_densevector",
                "resources_lexicalvector",
                "resources_indexfault",
                "resources_documentfrequency",
                "resources_indexentry",
            ):
                cursor.execute(f"DELETE FROM {table} WHERE version_id = %s", [version.pk])


def _lock_all() -> None:
    """One switch at a time, in the order in which writers of words lock a version."""
    list(
        IndexVersion.objects.live().select_for_update(no_key=True).order_by("pk").values_list("pk")
    )
