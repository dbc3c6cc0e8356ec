"""Passwords in DATABASE_URL, REDIS_URL and OLLAMA_HOST, keys and session secrets stand in no error,
no log line, no page and no `repr`."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from learning_assistant.embedded.services import endpoints
from sessions.services import Issued
from tests.commands import manage, run

PASSWORD = "quaggapass"
AWAY = {
    "DATABASE_URL": f"postgres://user:{PASSWORD}@127.0.0.1:9/db",
    "REDIS_URL": f"redis://user:{PASSWORD}@127.0.0.1:9/0",
    "OLLAMA_HOST": f"http://user:{PASSWORD}@127.0.0.1:9",
    "SECRET_KEY": f"{PASSWORD}-{PASSWORD}-{PASSWORD}-{PASSWORD}-{PASSWORD}",
}
# Asks a learner's question of a copy whose services are all away, and shows all that it has.
ASK = """
import django; django.setup()
from django.test import Client
from learning_assistant import ollama, lanes
from django.conf import settings
client = Client(headers={"host": "localhost"})
for path, field in [("resources", "query"), ("exercises", "exercise_type")]:
    answer = client.post("/api/learning/" + path, {field: "cloze", "session_id": "s"},
                         content_type="application/json")
    print(answer.status_code, answer.content, answer.headers)
print(client.get("/api/learning/health/ready").content)
try:
    ollama.chat("m", "p", seconds=1, max_tokens=1)
except Exception as error:
    print(repr(error))
"""


@pytest.mark.parametrize("debug", ["false", "true"])
def test_a_copy_whose_services_are_away(tmp_path: Any, debug: str) -> None:
    done = run(
        "-c", ASK, **AWAY, DATA_DIR=str(tmp_path), DEBUG=debug, LOG_LEVEL="DEBUG",
        DJANGO_SETTINGS_MODULE="learning_assistant.settings",
    )  # fmt: skip
    assert done.stdout.count("503 b") == 2
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["doctor", "migrate", "search x", "erase_session s"])
def test_commands_whose_services_are_away(tmp_path: Any, command: str) -> None:
    done = manage(*command.split(), **AWAY, DATA_DIR=str(tmp_path))
    assert done.returncode
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"mysql://user:{PASSWORD}@host/db"),
        ("DATABASE_URL", f"postgres://user:{PASSWORD}@host:port/db"),
        ("REDIS_URL", f"user:{PASSWORD}@host"),
        ("OLLAMA_HOST", f"ftp://user:{PASSWORD}@host"),
    ],
)
def test_a_value_that_can_not_be_used(tmp_path: Any, name: str, value: str) -> None:
    done = manage("check", **{name: value, "DATA_DIR": str(tmp_path)})
    assert done.returncode
    assert name in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def test_a_page_about_an_error_hides_settings_and_headers() -> None:
    request = RequestFactory().get(
        "/", headers={"x-session-secret": PASSWORD, "authorization": f"Api-Key {PASSWORD}"}
    )
    with_password = {name: f"{value}{PASSWORD}" for name, value in AWAY.items()}
    with_password["CELERY_BROKER_URL"] = AWAY["REDIS_URL"]
    before = {name: getattr(settings, name) for name in with_password}
    try:
        for name, value in with_password.items():
            setattr(settings, name, value)
        page = ExceptionReporter(request, ValueError, ValueError("x"), None).get_traceback_text()
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
    assert "OLLAMA_HOST" in page
    assert PASSWORD not in page


def test_no_repr_shows_one(tmp_path: Any) -> None:
    found = endpoints(tmp_path)
    assert str(found.database["PASSWORD"]) not in repr(found)
    assert PASSWORD not in repr(Issued("id", PASSWORD))
    assert PASSWORD in json.dumps(vars(Issued("id", PASSWORD))), "which is told to its owner"
