"""Log lines: structlog over the standard library's logging, for us and for libraries.

Two things never stand in a line: secrets (`Redaction`), and what learners wrote. For the latter
libraries are kept from telling more than INFO, whatever LOG_LEVEL says, since their debug lines
hold messages and SQL; lines of theirs that quote a request are cut (`without_quotes`); and of an
unexpected error the place and the type are told, not its message (`Traceback`).

This module knows nothing of Django: the embedded model server writes such lines too.
"""

import json
import logging
import logging.config
import re
import traceback
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import structlog
from structlog.contextvars import merge_contextvars
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name

Fields = structlog.typing.EventDict
OURS = ("learning_assistant", "sessions", "resources", "exercises")
HIDDEN = "…"
SHORTEST_SECRET = 6  # characters: what is shorter may be a part of any word
# A password in an address, in libpq's words or as a header; an API key, whole.
_SECRET_FORMS = (
    r"(?<=//)[^/\s]*(?=@)",
    r"(?<=password=)\S+",
    r"(?<=Api-Key )\S+",
    r"\b[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}\b",
)
_FIRST = ("timestamp", "level", "logger", "event")


class Redaction:
    """Puts … in place of passwords, keys and *secrets*, wherever they stand in a line."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
        exact = (re.escape(s) for s in sorted(known, key=len, reverse=True) if _is_long(s))
        self._pattern = re.compile("|".join([*exact, *_SECRET_FORMS]))

    def __call__(self, logger: Any, method: str, fields: Fields) -> Fields:
        for name, value in fields.items():
            if isinstance(value, str):
                fields[name] = self._pattern.sub(HIDDEN, value)
        return fields


def _is_long(secret: str) -> bool:
    return len(secret) >= SHORTEST_SECRET


def passwords_of(*addresses: str) -> list[str]:
    """The passwords that *addresses* hold, as they stand there and as they are meant."""
    found = [urlsplit(address).password or "" for address in addresses]
    return [form for password in found for form in (password, unquote(password))]


class Traceback:
    """Of an exception where it came from and what it is; its message only where *telling*.

    A message may quote what it is about, as a learner's words.
    """

    def __init__(self, *, telling: bool) -> None:
        self._telling = telling

    def __call__(self, logger: Any, method: str, fields: Fields) -> Fields:
        given = fields.pop("exc_info", None)
        error = given[1] if isinstance(given, tuple) else given
        if isinstance(error, BaseException):
            fields["exception"] = self._format(error)
        return fields

    def _format(self, error: BaseException) -> str:
        told = traceback.TracebackException.from_exception(error)
        if self._telling:
            return "".join(told.format()).rstrip()
        return "\n".join(_of_chain(told))


def _of_chain(told: traceback.TracebackException) -> list[str]:
    cause = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    before = [*_of_chain(cause), "then"] if cause else []
    kind = told.exc_type.__name__ if told.exc_type else "an error"
    return [*before, *"".join(told.stack.format()).rstrip().splitlines(), kind]


def without_quotes(record: logging.LogRecord) -> bool:
    """A filter: cuts what a library's line quotes of a request; False drops the line."""
    status = getattr(record, "status_code", 0)
    if record.name == "django.request" and (status < 500 or status == 503):
        # The access line says it; and whoever raised a 503 has said why.
        return False
    request = getattr(record, "request", None)
    if request is not None and isinstance(record.args, tuple):
        path = getattr(request, "path", None)
        said = getattr(getattr(request, "resolver_match", None), "route", "?")
        record.args = tuple(said if arg == path else arg for arg in record.args)
    elif record.name == "gunicorn.error":
        for beginning, instead in _OF_GUNICORN.items():
            if str(record.msg).startswith(beginning):
                record.msg, record.args = instead, ()
    elif record.name == "celery.app.trace" and isinstance(record.args, Mapping):
        kind = record.exc_info[0] if record.exc_info else None
        record.args = {**record.args, "exc": kind.__name__ if kind else "an error"}
    elif record.name == "celery.worker.consumer.consumer" and "body" in str(record.msg):
        record.msg, record.args = "a message is no task of ours, and is refused", ()
    return True


_OF_GUNICORN = {
    "Invalid request from": "a request that is no HTTP is refused",
    "Error handling request": "a request ended in an error",
}


class Seldom:
    """A filter: of loggers below *name* one line in *seconds*, however often they fail."""

    def __init__(self, name: str, seconds: float = 60.0) -> None:
        self._prefix, self._seconds = f"{name}.", seconds
        self._told_at = float("-inf")

    def __call__(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(self._prefix):
            return True
        if record.created - self._told_at < self._seconds:
            return False
        self._told_at = record.created
        return True


def _plain(logger: Any, method: str, fields: Fields) -> str:
    """For people: the time, the level, where, what, and then whatever else is known."""
    head = "{timestamp} {level} {logger}: {event}".format(
        **{name: fields.pop(name, "") for name in _FIRST} | {"level": method.upper()}
    )
    exception = fields.pop("exception", "")
    more = " ".join(f"{name}={value}" for name, value in fields.items())
    return "\n".join(part for part in (f"{head} {more}".rstrip(), exception) if part)


def _json(logger: Any, method: str, fields: Fields) -> str:
    first = {name: fields.pop(name) for name in _FIRST if name in fields}
    return json.dumps({**first, **fields}, ensure_ascii=False, default=repr)


RENDERERS = {"plain": _plain, "json": _json}
_SHARED: list[structlog.typing.Processor] = [
    merge_contextvars,
    add_logger_name,
    add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def config(
    form: str = "plain", level: str = "INFO", *, secrets: Iterable[str] = (), telling: bool = False
) -> dict[str, Any]:
    """The standard library's logging configuration, to stderr.

    *form* is plain or json; *level* counts for our own lines, libraries tell INFO at most.
    """
    processors = [
        Traceback(telling=telling),
        ProcessorFormatter.remove_processors_meta,
        Redaction(secrets),
        RENDERERS[form],
    ]
    lines = {"()": ProcessorFormatter, "processors": processors, "foreign_pre_chain": _SHARED}
    quiet = {name: {"level": "WARNING"} for name in _QUIET}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": lines},
        "filters": {
            "quotes": {"()": lambda: without_quotes},
            "seldom": {"()": lambda: Seldom("opentelemetry")},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "filters": ["quotes", "seldom"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "INFO" if level == "DEBUG" else level},
        "loggers": quiet
        | {name: {"level": level} for name in OURS}
        | {name: {"handlers": [], "propagate": True} for name in ("django", "gunicorn.error")},
    }


# One line a request from every HTTP client and task would drown the rest.
_QUIET = ("httpx", "uvicorn", "axes", "celery.worker.strategy", "celery.app.trace")


def configure(logging_config: dict[str, Any]) -> None:
    """Django's `LOGGING_CONFIG`: the standard library's logging, and structlog over it."""
    logging.config.dictConfig(logging_config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
