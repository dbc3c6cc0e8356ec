"""With WEBSITE_KEY_REQUIRED learners' endpoints want a key with the scope `website`.

Of a key and its successor both are valid for a while.
"""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from learning_assistant import api_keys, throttles
from learning_assistant.models import ApiKey
from tests.commands import run

pytestmark = pytest.mark.django_db
API = "/api/learning"
PATHS = [
    ("post", "resources"), ("post", "exercises"), ("post", "exercises/1/attempts"),
    ("post", "exercises/1/hints"), ("post", "exercises/1/solution"), ("post", "sessions"),
    ("get", "exercises/1/attempts/0c9e1f6e-6a4c-4b1c-9d76-0d5c4a1f2b33"),
    ("get", "sessions/s/progress"), ("delete", "sessions/s"),
]  # fmt: skip


def send(client: Client, method: str, path: str, key: str | None) -> HttpResponse:
    headers = {} if key is None else {"authorization": f"Api-Key {key}"}
    answer: HttpResponse = getattr(client, method)(
        f"{API}/{path}", {"no": "field"}, content_type="application/json", headers=headers,
        REMOTE_ADDR="198.51.100.7",
    )  # fmt: skip
    return answer


@pytest.fixture
def required(settings: Settings) -> Iterator[None]:
    settings.WEBSITE_KEY_REQUIRED = True
    throttles._counter.forget()
    yield


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_every_learners_endpoint_wants_it(
    client: Client, required: None, method: str, path: str
) -> None:
    for key in (None, "nonsense"):
        answer = send(client, method, path, key)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Api-Key")
    answer = send(client, method, path, api_keys.create("Meeting Room", ["search"])[1])
    assert answer.status_code == 403
    assert "lacks the scope “website”" in answer.json()["detail"]
    answer = send(client, method, path, api_keys.create("The website", ["website"])[1])
    assert answer.status_code in (400, 404)


def test_what_is_no_learners_stays_open(client: Client, required: None) -> None:
    assert client.get(f"{API}/health/live").status_code == 200
    assert client.get(f"{API}/schema").status_code == 200


def test_without_it_nobody_needs_a_key(client: Client) -> None:
    for method, path in PATHS:
        assert send(client, method, path, None).status_code in (400, 404)


def test_a_websites_key_does_not_search(client: Client) -> None:
    key = api_keys.create("The website", ["website"])[1]
    assert send(client, "post", "search", key).status_code == 403


def test_the_website_counts_by_its_key(
    client: Client, required: None, settings: Settings, valkey: Any
) -> None:
    settings.THROTTLE_KEY, settings.THROTTLE_ADDRESS = "2/h", "1/h"
    key = api_keys.create("The website", ["website"])[1]
    told = [send(client, "post", "sessions", key).status_code for _ in range(3)]
    assert told == [400, 400, 429]
    guesses = [send(client, "post", "sessions", "guess").status_code for _ in range(2)]
    assert guesses == [401, 429], "who guesses counts by address"


def test_the_document_says_so_where_it_is_wanted(tmp_path: Any) -> None:
    told = run("manage.py", "spectacular", DATA_DIR=str(tmp_path), WEBSITE_KEY_REQUIRED="true")
    paths = yaml.safe_load(told.stdout)["paths"]
    for method, path in (("post", "resources"), ("delete", "sessions/{session_id}")):
        operation = paths[f"{API}/{path}"][method]
        assert operation["security"] == [{"apiKey": []}]
        assert {"401", "403"} <= operation["responses"].keys()


def rotate(*args: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("api_key", "rotate", *args, stdout=out, stderr=err, no_color=True)
    return out.getvalue().strip(), err.getvalue()


def test_a_successor_and_the_old_key_are_both_valid_for_a_while(
    client: Client, required: None
) -> None:
    old, old_key = api_keys.create("The website", ["search", "website"], days=100)
    new_key, said = rotate(old.prefix, "--grace-days", "3")
    old.refresh_from_db()
    new = ApiKey.objects.get(prefix=new_key[:8])
    assert (new.name, new.scopes) == (old.name, old.scopes)
    assert old.expiry_date and new.expiry_date
    ends = [date - timezone.now() for date in (old.expiry_date, new.expiry_date)]
    assert [round(left.total_seconds() / 86400) for left in ends] == [3, 100]
    assert f"The old key {old.prefix} is valid until {old.expiry_date:%Y-%m-%d}." in said
    for key in (old_key, new_key):
        assert send(client, "post", "sessions", key).status_code == 400
    ApiKey.objects.filter(pk=old.pk).update(expiry_date=timezone.now())
    assert send(client, "post", "sessions", old_key).status_code == 401
    assert send(client, "post", "sessions", new_key).status_code == 400


def test_a_key_never_lives_longer_for_being_rotated() -> None:
    old, _ = api_keys.create("The website", ["website"], days=2)
    ends = old.expiry_date
    rotate(old.prefix)
    old.refresh_from_db()
    assert old.expiry_date == ends


def test_a_key_without_an_end_has_a_successor_without_one() -> None:
    old, _ = api_keys.create("The website", ["website"])
    new_key, _ = rotate(old.prefix)
    old.refresh_from_db()
    assert old.expiry_date
    assert ApiKey.objects.get(prefix=new_key[:8]).expiry_date is None


def test_what_can_not_be_rotated() -> None:
    gone, _ = api_keys.create("Gone", ["website"])
    ApiKey.objects.filter(pk=gone.pk).update(revoked=True)
    late, _ = api_keys.create("Late", ["website"], days=1)
    ApiKey.objects.filter(pk=late.pk).update(expiry_date=timezone.now() - timedelta(days=1))
    for args, complaint in [
        (("nothing1",), "there is no key 'nothing1'"),
        ((gone.prefix,), "'Gone' is revoked already"),
        ((late.prefix,), "'Late' expired on"),
        ((api_keys.create("New", ["website"])[0].prefix, "--grace-days", "-1"), "from 0 to 3650"),
    ]:
        with pytest.raises(CommandError, match=complaint):
            rotate(*args)
