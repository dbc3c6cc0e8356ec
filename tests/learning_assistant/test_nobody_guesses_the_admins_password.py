"""After five wrong passwords for a name from one address that name is locked there for a while; the
admin's path is a setting."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.commands import run

pytestmark = pytest.mark.django_db
HERE, THERE, RIGHT = "198.51.100.7", "203.0.113.9", "Zebra-stripes-7"


@pytest.fixture(autouse=True)
def admin(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
    User.objects.create_superuser("admin", password=RIGHT)


def log_in(
    client: Client, password: str, address: str = HERE, name: str = "admin", **headers: str
) -> HttpResponse:
    answer: HttpResponse = client.post(
        "/admin/login/?next=/admin/", {"username": name, "password": password},
        REMOTE_ADDR=address, headers=headers or None,
    )  # type: ignore[assignment] # fmt: skip
    return answer


def lock(client: Client, **more: str) -> HttpResponse:
    for _ in range(4):
        assert log_in(client, "wrong", **more).status_code == 200
    return log_in(client, "wrong", **more)


def test_the_fifth_locks_and_says_for_how_long(client: Client) -> None:
    answer = lock(client)
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "for 15 minutes" in answer.content.decode()
    assert log_in(client, RIGHT).status_code == 429, "the right one too"
    assert log_in(client, RIGHT, THERE).status_code == 302, "from elsewhere it is open"


def test_another_browser_is_no_way_round(client: Client) -> None:
    lock(client)
    assert log_in(Client(), RIGHT, **{"user-agent": "another"}).status_code == 429


def test_a_header_is_no_way_round(client: Client, settings: Settings) -> None:
    lock(client)
    assert log_in(client, RIGHT, **{"x-forwarded-for": THERE}).status_code == 429
    settings.TRUSTED_PROXIES = [HERE]
    assert log_in(client, RIGHT, **{"x-forwarded-for": THERE}).status_code == 302


def test_other_addresses_of_the_same_64_bits_are_no_way_round(client: Client) -> None:
    lock(client, address="2001:db8:1:2::1")
    assert log_in(client, RIGHT, "2001:db8:1:2:ffff::9").status_code == 429
    assert log_in(client, RIGHT, "2001:db8:1:3::1").status_code == 302


def test_it_ends_after_the_pause_and_by_command(client: Client) -> None:
    lock(client)
    before = timezone.now() - timedelta(minutes=16)
    AccessAttempt.objects.update(attempt_time=before)
    assert log_in(client, RIGHT).status_code == 302
    lock(client)
    call_command("axes_reset", verbosity=0)
    assert log_in(client, RIGHT).status_code == 302


def test_a_right_password_begins_anew(client: Client) -> None:
    for _ in range(3):
        for _ in range(4):
            assert log_in(client, "wrong").status_code == 200
        assert log_in(client, RIGHT).status_code == 302


def test_no_password_is_kept_or_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    lock(client)
    for attempt in AccessAttempt.objects.values():
        assert "wrong" not in str(attempt)
    assert "wrong" not in caplog.text


def test_it_works_without_the_broker(client: Client, no_broker: None) -> None:
    assert lock(client).status_code == 429


@pytest.mark.parametrize("given", ["staff/door/", "/staff/door"])
def test_the_path_is_a_setting(given: str) -> None:
    code = (
        "import django; django.setup(); from django.urls import resolve, reverse;"
        "print(reverse('admin:login')); resolve('/admin/login/')"
    )
    variables = {"ADMIN_PATH": given, "DJANGO_SETTINGS_MODULE": "learning_assistant.settings"}
    done = run("-c", code, **variables)
    assert done.stdout == "/staff/door/login/\n"
    assert "Resolver404" in done.stderr


@pytest.mark.parametrize("given", ["/", "api/x", "a b", "../x"])
def test_no_path(given: str) -> None:
    done = run("manage.py", "check", ADMIN_PATH=given)
    assert done.returncode == 1
    assert f"ADMIN_PATH='{given}' can't be used" in done.stderr
