"""Keeping a learner's history."""

import uuid
from typing import Any

from django.db import transaction

from sessions.models import Interaction, LearningSession


def record(query_id: uuid.UUID, session_id: str, **fields: Any) -> Interaction:
    """Store one query and its answer under its session, in one transaction."""
    with transaction.atomic():
        session = LearningSession.objects.seen(session_id)
        return Interaction.objects.create(id=query_id, session=session, **fields)
