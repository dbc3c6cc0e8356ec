"""`POST search` wants `Authorization: Api-Key KEY`, a key that is valid and has the scope."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from learning_assistant import api_keys
from learning_assistant.models import ApiKey
from sessions.models import Interaction, LearningSession
from tests.resources.making import add, index
from tests.scripted import Script

pytestmark = pytest.mark.django_db


def post(client: Client, authorization: str | None = None, path: str = "search") -> Any:
    headers = {"authorization": authorization} if authorization is not None else {}
    return client.post(
        f"/api/learning/{path}", {"query": "zebra"}, content_type="application/json",
        headers=headers,
    )  # fmt: skip


def assert_refused(answer: Any, status: int, said: str) -> None:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert said in answer.json()["detail"]
    if status == 401:
        assert answer["WWW-Authenticate"] == 'Api-Key realm="learning"'


@pytest.fixture
def key() -> str:
    return api_keys.create("Meeting Room", ["search"])[1]


@pytest.mark.parametrize("path", ["search", "search/"])
@pytest.mark.parametrize("scheme", ["Api-Key", "api-key"])
def test_with_a_key(
    no_broker: None, model_server: Script, client: Client, key: str, scheme: str, path: str
) -> None:
    add("Zebra")
    index()
    answer = post(client, f"{scheme} {key}", path)
    assert answer.status_code == 200
    assert [r["title"] for r in answer.json()["results"]] == ["Zebra"]


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer x", "Basic dTpw", "Api-Key", "Api-Keyx y"]
)
def test_without_a_key(client: Client, key: str, authorization: str | None) -> None:
    assert_refused(post(client, authorization), 401, "Authorization: Api-Key KEY")


@pytest.mark.parametrize(
    "wrong",
    ["x", "{prefix}.", "{prefix}." + "x" * 32, "{key}x", " {key}", "{key} {key}", "x" * 8 + ".{s}",
     "\0", "é", "'; DROP TABLE resources_resource; --", "x" * 5000],
)  # fmt: skip
def test_with_another_key(client: Client, key: str, wrong: str) -> None:
    prefix, _, secret = key.partition(".")
    sent = wrong.replace("{key}", key).replace("{prefix}", prefix).replace("{s}", secret)
    assert_refused(post(client, f"Api-Key {sent}"), 401, "unknown or revoked")


def test_with_an_expired_key(client: Client, key: str) -> None:
    ApiKey.objects.update(expiry_date=timezone.now() - timedelta(seconds=1))
    assert_refused(post(client, f"Api-Key {key}"), 401, "expired on 2")


def test_with_a_revoked_key(client: Client, key: str) -> None:
    ApiKey.objects.update(revoked=True)
    assert_refused(post(client, f"Api-Key {key}"), 401, "unknown or revoked")


def test_with_a_key_for_something_else(client: Client) -> None:
    _, key = api_keys.create("Operator", ["operations"])
    said = "lacks the scope “search”; it has operations"
    assert_refused(post(client, f"Api-Key {key}"), 403, said)


def test_the_learners_endpoint_wants_none(client: Client, key: str, model_server: Script) -> None:
    for authorization in (None, "Api-Key nonsense", f"Api-Key {key}"):
        answer = post(client, authorization, "resources")
        assert answer.status_code == 400, "the session is missing, no key"


def test_a_wrong_method_is_told_after_the_key(client: Client, key: str) -> None:
    assert client.get("/api/learning/search").status_code == 401
    answer = client.get("/api/learning/search", headers={"authorization": f"Api-Key {key}"})
    assert answer.status_code == 405
    assert "POST" in answer["Allow"]


def test_a_programs_question_is_stored_nowhere(
    no_broker: None, model_server: Script, client: Client, key: str
) -> None:
    add("Zebra")
    index()
    assert post(client, f"Api-Key {key}").json()["results"]
    assert not Interaction.objects.exists()
    assert not LearningSession.objects.exists()
