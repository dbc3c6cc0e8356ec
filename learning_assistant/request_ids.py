"""The id of a request, which follows it through web, worker and model call.

It stands in the answer's header, in each log line and in the headers of what is sent on; whatever
has none, as a task on the schedule, is given one.
"""

import re
import uuid

from structlog.contextvars import get_contextvars

HEADER = "X-Request-ID"
# What a proxy may have made: it stands in log lines and headers as it is.
_FORM = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


def current() -> str:
    """The id of the request that this thread works for; empty where there is none."""
    return str(get_contextvars().get("request_id", ""))


def taken_or_made(given: object) -> str:
    """*given* where it is well formed, a new id otherwise."""
    return given if isinstance(given, str) and _FORM.fullmatch(given) else uuid.uuid4().hex
