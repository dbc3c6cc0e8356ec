"""Versions of the index: which one is active, and the first one."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from learning_assistant import ollama
from resources.models import IndexVersion
from resources.models.index import VersionState

# How resources become text (rag/indexing.py); a change of it makes a new version.
CHUNKER = "resource-1"


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
