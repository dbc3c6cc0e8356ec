"""Where the admin is, and guessing its password: five tries a name and address, then a pause."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)


def url_path(raw: str) -> str:
    """A cast for settings: a path that ends with a slash and does not begin with one."""
    path = raw.strip("/") + "/"
    if not re.fullmatch(r"([A-Za-z0-9_-]+/)+", path) or path.startswith(("api/", "static/")):
        raise ValueError(
            "it must be letters, digits, - or _ between slashes, not under api/ or static/"
        )
    return path


def locked_out(request: HttpRequest, *args: Any) -> HttpResponse:
    """What django-axes answers instead of the login page."""
    return HttpResponse(
        f"After {FAILURES} failed logins this name can't log in from this address for "
        f"{LOCKED_FOR.seconds // 60} minutes. `manage.py axes_reset` ends it at once.\n",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        headers={"Retry-After": str(LOCKED_FOR.seconds)},
        content_type="text/plain; charset=utf-8",
    )
