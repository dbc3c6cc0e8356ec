"""Keeping a learner's history, and who may look at it."""

import hashlib
import hmac
import re
import secrets
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from sessions.models import Interaction, LearningSession

# What `issue` makes; nothing else need be looked for.
_ISSUED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True)
class Issued:
    """An id and the secret that opens it, which is not to be had again."""

    session_id: str
    secret: str = field(repr=False)


def record(query_id: uuid.UUID, session_id: str, **fields: Any) -> Interaction:
    """Store one query and its answer under its session, in one transaction."""
    with transaction.atomic():
        session = LearningSession.objects.seen(session_id)
        return Interaction.objects.create(id=query_id, session=session, **fields)


def issue() -> Issued:
    """A new session. Its id alone is good for asking; looking at it wants the secret."""
    issued = Issued(str(uuid.uuid4()), secrets.token_urlsafe(32))
    LearningSession.objects.create(session_id=issued.session_id, secret_hash=_hashed(issued.secret))
    return issued


def opened(session_id: str, secret: str) -> LearningSession | None:
    """The issued session, to whoever has its secret; None to all others, whatever is wrong.

    Both ways take the same time but for the search itself.
    """
    known = _ISSUED.fullmatch(session_id) is not None
    session = LearningSession.objects.filter(session_id=session_id).first() if known else None
    expected = session.secret_hash if session else ""
    is_right = hmac.compare_digest(_hashed(secret), expected or _hashed(""))
    return session if is_right and expected else None


def erase(session: LearningSession) -> Counter[str]:
    """Delete the session with all that hangs on it; how many rows of each model that were.

    A question under way keeps its words in the broker for seconds more (lanes.py).
    """
    with transaction.atomic():
        _, by_model = session.delete()
    return Counter({name.rpartition(".")[2]: rows for name, rows in by_model.items()})


def _hashed(secret: str) -> str:
    # The secret has 256 bits of chance: there is nothing to guess, so nothing to slow down.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
