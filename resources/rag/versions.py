"""Versions of the index: which one is active, and the first one."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from learning_assistant import ollama
from resources.models import IndexVersion
from resources.models.index import VersionState
from resources.rag.items import CHUNKER

logger = logging.getLogger(__name__)


def active_or_first() -> IndexVersion:
    """The active version; where there is none yet, one for `EMBED_MODEL` is made and activated.

    Raises `ollama.ModelUnavailable` when the first one can't be made.
    """
    if active := IndexVersion.objects.active():
        return active
    model = settings.EMBED_MODEL
    dimension = len(ollama.embed(model, ["dimension"], seconds=60)[0])
    digest = ollama.digests().get(ollama.full_name(model), "")
    try:
        with transaction.atomic():
            return IndexVersion.objects.create(
                model=model,
                digest=digest,
                dimension=dimension,
                query_prefix=settings.EMBED_QUERY_PREFIX,
                passage_prefix=settings.EMBED_PASSAGE_PREFIX,
                chunker=CHUNKER,
                state=VersionState.ACTIVE,
                activated_at=timezone.now(),
            )
    except IntegrityError:  # another process was first
        return IndexVersion.objects.get(state=VersionState.ACTIVE)


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
