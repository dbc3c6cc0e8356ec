"""`api_key` and the admin make keys for programs: shown once, stored hashed, closed for ever."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from learning_assistant.models import ApiKey

pytestmark = pytest.mark.django_db
KEY = r"[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}"


def run(*args: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("api_key", *args, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def test_the_key_alone_goes_to_standard_output() -> None:
    out, err = run("create", "Meeting Room", "--scope", "search")
    assert re.fullmatch(KEY + "\n", out)
    assert err == "Shown this once: keep it. It opens search until revoked.\n"


def test_what_is_stored_is_not_the_key() -> None:
    key = run("create", "Meeting Room", "--scope", "search")[0].strip()
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM learning_assistant_apikey t")
        ((stored,),) = cursor.fetchall()
    assert key.partition(".")[2] not in stored
    assert key not in stored
    assert "Meeting Room" in stored
    assert key.partition(".")[2] not in run("list")[0]


def test_scopes_and_days() -> None:
    run("create", "Both", "--scope", "search", "--scope", "operations", "--days", "30")
    key = ApiKey.objects.get()
    assert key.scopes == ["operations", "search"]
    assert key.expiry_date
    assert abs(key.expiry_date - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


def test_the_list_tells_the_state_of_each() -> None:
    run("create", "Good", "--scope", "search")
    old = run("create", "Old", "--scope", "search", "--days", "1")[0]
    ApiKey.objects.filter(name="Old").update(expiry_date=timezone.now() - timedelta(days=1))
    gone = run("create", "Gone", "--scope", "operations")[0]
    run("revoke", gone[:8])
    header, *lines = run("list")[0].splitlines()
    assert header.split() == ["prefix", "name", "scopes", "made", "expires", "state"]
    assert [(line.split()[1], line.split()[-1]) for line in lines] == [
        ("Good", "valid"), ("Old", "expired"), ("Gone", "revoked"),
    ]  # fmt: skip
    assert lines[1].startswith(old[:8])
    assert "never" in lines[0]


@pytest.mark.parametrize("whole", [True, False])
def test_revoke_by_prefix_or_by_the_whole_key(whole: bool) -> None:
    key = run("create", "Gone", "--scope", "search")[0].strip()
    assert "'Gone' is revoked" in run("revoke", key if whole else key[:8])[0]
    assert ApiKey.objects.get().revoked
    with pytest.raises(CommandError, match="'Gone' is revoked already"):
        run("revoke", key[:8])


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("create", "", "--scope", "search"), "NAME must have 1 to 50 characters, 0 were given"),
        (("create", "x" * 51, "--scope", "search"), "NAME must have 1 to 50 characters, 51 were"),
        (("create", "a\nb", "--scope", "search"), "NAME must not hold control characters"),
        (("create", "x"), "--scope"),
        (("create", "x", "--scope", "all"), "invalid choice: 'all'"),
        (("create", "x", "--scope", "search", "--days", "0"), "--days must be from 1 to 3650, 0"),
        (("create", "x", "--scope", "search", "--days", "4000"), "3650, 4000 was given"),
        (("create", "x", "--scope", "search", "--days", "x"), "invalid int value: 'x'"),
        (("revoke", "nothing1"), "PREFIX: there is no key 'nothing1'; `api_key list` shows all"),
        ((), "action"),
    ],
)
def test_wrong_arguments(args: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(CommandError, match=re.escape(complaint)):
        run(*args)
    assert not ApiKey.objects.exists()


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def add(staff: Client, **fields: Any) -> str:
    form = {"name": "Meeting Room", "scopes": ["search"], "expiry_date_0": "", "expiry_date_1": ""}
    path = "/admin/learning_assistant/apikey/add/"
    return str(staff.post(path, form | fields, follow=True).content.decode())


def test_the_admin_shows_a_new_key_once(staff: Client) -> None:
    page = add(staff)
    (secret,) = re.findall(rf"is: ({KEY})\.", page)
    stored = ApiKey.objects.get()
    assert stored.scopes == ["search"]
    assert stored.is_valid(secret)
    for path in ("", f"{stored.pk}/change/"):
        page = staff.get(f"/admin/learning_assistant/apikey/{path}").content.decode()
        assert stored.prefix in page
        assert secret not in page


@pytest.mark.parametrize("scopes", [[], ["all"]])
def test_the_admin_refuses_a_key_without_a_scope(staff: Client, scopes: list[str]) -> None:
    assert 'class="errorlist' in add(staff, scopes=scopes)
    assert not ApiKey.objects.exists()


def test_the_admin_revokes(staff: Client) -> None:
    add(staff)
    key = ApiKey.objects.get()
    path = f"/admin/learning_assistant/apikey/{key.pk}/change/"
    form = {"name": key.name, "scopes": key.scopes, "revoked": "on"}
    assert staff.post(path, form | {"expiry_date_0": "", "expiry_date_1": ""}).status_code == 302
    key.refresh_from_db()
    assert key.revoked
    page = staff.get(path)
    assert page.status_code == 200
    assert 'name="revoked"' not in page.content.decode(), "which can't be undone"
