"""Whatever is logged, passwords and keys become …, and an unexpected error tells its type only."""

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import structlog

from learning_assistant import logs

KEY = "aB3dE6gH.0123456789abcdefABCDEF0123456789"


@pytest.fixture(params=["plain", "json"])
def said(request: pytest.FixtureRequest) -> Iterator[StringIO]:
    """What a logger of ours writes, in both forms."""
    config = logs.config(
        request.param, "DEBUG",
        secrets=["django-secret/key+1", *logs.passwords_of("redis://:p%40ss-word@host:1/0")],
    )  # fmt: skip
    make = config["formatters"]["lines"].pop("()")
    handler = logging.StreamHandler(StringIO())
    handler.setFormatter(make(**config["formatters"]["lines"]))
    handler.addFilter(logs.without_quotes)
    names = ("learning_assistant.test", "celery.app.trace", "gunicorn.error")
    for name in names:
        logging.getLogger(name).addHandler(handler)
    yield handler.stream
    for name in names:
        logging.getLogger(name).removeHandler(handler)


log = logging.getLogger("learning_assistant.test")


@pytest.mark.parametrize(
    "secret",
    [
        "postgres://user:hunter-22@db:5432/x", "redis://:hunter-22@broker/0",
        "https://me:hun:ter-22@gpu", "host=db password=hunter-22", f"Api-Key {KEY}", KEY,
        "django-secret/key+1", "django-secret%2Fkey%2B1", "p@ss-word", "p%40ss-word",
    ],
)  # fmt: skip
def test_a_secret_is_not_written(said: StringIO, secret: str) -> None:
    log.warning("can't connect to %s: refused", secret)
    assert "…" in said.getvalue()
    assert "refused" in said.getvalue()
    for hidden in ("ter-22", "aB3dE6gH", "django-secret", "ss-word"):
        assert hidden not in said.getvalue()


WORDS = "what the learner wrote"


def test_an_unexpected_error_tells_where_it_came_from_and_no_word(said: StringIO) -> None:
    try:
        try:
            {}[WORDS]
        except KeyError as error:
            raise ValueError(f"invalid: {WORDS}") from error
    except ValueError:
        log.exception("it failed")
    text = said.getvalue()
    assert WORDS not in text
    assert re.search(r"{}\[WORDS\].*KeyError.*raise ValueError.*ValueError\b", text, re.S)
    assert Path(__file__).name in text


def test_a_task_that_fails_tells_its_errors_type(said: StringIO) -> None:
    context = {"name": "t", "id": "1", "description": "raised", "exc": f"ValueError({WORDS!r})"}
    try:
        raise ValueError(WORDS)
    except ValueError:
        logging.getLogger("celery.app.trace").error(  # in Celery's words
            "Task %(name)s[%(id)s] %(description)s: %(exc)s", context, exc_info=True
        )
    assert "Task t[1] raised: ValueError" in said.getvalue()
    assert WORDS not in said.getvalue()


def test_a_request_that_is_no_http_is_not_quoted(said: StringIO) -> None:
    logging.getLogger("gunicorn.error").warning("Invalid request from ip=1.2.3.4: %s", WORDS)
    assert WORDS not in said.getvalue()
    assert "1.2.3.4" not in said.getvalue()


def test_a_line_in_json_is_one_object() -> None:
    config = logs.config("json")["formatters"]["lines"]
    make = config.pop("()")
    record = logging.LogRecord("a.b", logging.INFO, "", 0, "two\nlines of %s", ("ü",), None)
    with structlog.contextvars.bound_contextvars(request_id="12345678"):
        line = make(**config).format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert told | {"timestamp": ""} == {
        "timestamp": "", "level": "info", "logger": "a.b", "event": "two\nlines of ü",
        "request_id": "12345678",
    }  # fmt: skip
