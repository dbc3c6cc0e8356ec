"""Headers of every answer: no framing, no sniffing, no foreign script; and no other site's pages,
unless CORS_ALLOWED_ORIGINS names them."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tests.commands import run

API = "/api/learning"
SITE = "https://learn.example"
PREFLIGHT = {
    "origin": SITE,
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type, x-session-secret, idempotency-key",
}


@pytest.mark.parametrize("path", [f"{API}/health/live", "/admin/login/", f"{API}/nowhere", "/"])
@pytest.mark.django_db
def test_every_answer(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    policy = dict(p.strip().split(" ", 1) for p in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_admins_pages_need_nothing_that_the_policy_forbids(client: Client) -> None:
    client.force_login(
        User.objects.create_superuser("admin"), "django.contrib.auth.backends.ModelBackend"
    )
    for path in ("", "resources/resource/", "resources/resource/add/", "exercises/exercise/"):
        page = client.get(f"/admin/{path}").content.decode()
        assert not re.search(r"<script(?![^>]* src=)(?![^>]*application/json)", page), path
        assert not re.search(r"<style|\bstyle=|\bon[a-z]+=\"", page), path
        assert not re.search(r"(src|href)=\"(https?:)?//", page), path


@pytest.mark.django_db
def test_no_other_site_by_default(client: Client) -> None:
    for answer in (
        client.options(f"{API}/resources", headers=PREFLIGHT),
        client.get(f"{API}/health/live", headers={"origin": SITE}),
    ):
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


@pytest.mark.django_db
def test_the_sites_that_are_named_and_no_others(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [SITE]
    answer = client.options(f"{API}/resources", headers=PREFLIGHT)
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == SITE
    allowed = answer["Access-Control-Allow-Headers"].split(", ")
    assert {"content-type", "x-session-secret", "idempotency-key"} <= set(allowed)
    answer = client.get(f"{API}/health/live", headers={"origin": SITE})
    assert answer["Access-Control-Allow-Origin"] == SITE
    assert "retry-after" in answer["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    for path, origin in [
        (f"{API}/health/live", "https://evil.example"),
        (f"{API}/health/live", "http://learn.example"),
        (f"{API}/health/live", "null"),
        ("/admin/login/", SITE),
    ]:
        answer = client.get(path, headers={"origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers, (path, origin)


@pytest.mark.parametrize(("https", "secure"), [("true", True), ("false", False)])
def test_cookies_are_for_this_site_and_its_server_alone(https: str, secure: bool) -> None:
    names = [
        f"{cookie}_COOKIE_{what}"
        for cookie in ("SESSION", "CSRF")
        for what in ("SECURE", "HTTPONLY", "SAMESITE")
    ]
    code = (
        "import django; django.setup(); from django.conf import settings;"
        f"print([getattr(settings, name) for name in {names}])"
    )
    done = run("-c", code, HTTPS=https, DJANGO_SETTINGS_MODULE="learning_assistant.settings")
    assert done.stdout.strip() == str([secure, True, "Lax"] * 2), done.stderr


def test_a_site_is_an_origin() -> None:
    done = run("manage.py", "check", CORS_ALLOWED_ORIGINS="learn.example")
    assert done.returncode == 1
    assert "learn.example" in done.stderr
