"""Who may use the API beside learners: programs with a key, `Authorization: Api-Key KEY`.

Without a valid key the answer is 401 with `WWW-Authenticate`, without the scope 403.
"""

import re
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework_api_key.permissions import KeyParser

from learning_assistant.models import ApiKey, KeyScope

# What the library makes; anything else need not be looked for.
_FORM = re.compile(r"[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}", re.ASCII)


class ApiKeyAuthentication(BaseAuthentication):
    """`request.auth` becomes the `ApiKey`; there is no user behind it."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        raw = KeyParser().get(request)
        if raw is None:
            return None  # no key, or another scheme: what needs a key says so
        try:
            found = ApiKey.objects.get_from_key(raw) if _FORM.fullmatch(raw) else None
        except ApiKey.DoesNotExist:
            found = None
        if found is None:
            raise AuthenticationFailed("The API key is unknown or revoked.")
        if found.has_expired:  # only who has the whole key is told
            raise AuthenticationFailed(f"The API key expired on {found.expiry_date:%Y-%m-%d}.")
        assert isinstance(found, ApiKey)
        return None, found

    def authenticate_header(self, request: Request) -> str:
        return f'{KeyParser.keyword} realm="learning"'


class HasScope(BasePermission):
    """The request's key has the `scope`; a subclass says which."""

    scope: KeyScope

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated(
                f"Send a key with the scope “{self.scope}” in the header `Authorization: "
                f"{KeyParser.keyword} KEY`; `manage.py api_key create` makes one."
            )
        has = ", ".join(request.auth.scopes)
        self.message = f"The API key lacks the scope “{self.scope}”; it has {has}."
        return self.scope in request.auth.scopes


class MaySearch(HasScope):
    scope = KeyScope.SEARCH


class IsWebsite(HasScope):
    scope = KeyScope.WEBSITE


class Operates(HasScope):
    scope = KeyScope.OPERATIONS


def create(name: str, scopes: list[str], days: int | None = None) -> tuple[ApiKey, str]:
    """A new key, valid for *days* or for ever, and its text, which is not to be had again."""
    expires = timezone.now() + timedelta(days=days) if days is not None else None
    stored, key = ApiKey.objects.create_key(name=name, scopes=scopes, expiry_date=expires)
    assert isinstance(stored, ApiKey)
    return stored, key


def rotate(old: ApiKey, grace_days: int) -> tuple[ApiKey, str]:
    """A successor of *old*, with its name, scopes and lifetime; *old* ends in *grace_days*.

    It never ends later than it would have.
    """
    lifetime = old.expiry_date - old.created if old.expiry_date else None
    days = max(round(lifetime / timedelta(days=1)), 1) if lifetime else None
    ends = timezone.now() + timedelta(days=grace_days)
    with transaction.atomic():
        successor = create(old.name, old.scopes, days)
        old.expiry_date = min(old.expiry_date or ends, ends)
        old.save(update_fields=["expiry_date"])
    return successor
