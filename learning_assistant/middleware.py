"""What every request passes, beside the middleware of Django and others."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from learning_assistant.headers import PERMISSIONS_POLICY
from learning_assistant.problems import plain

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def permissions_policy(get_response: GetResponse) -> GetResponse:
    """A middleware: no page here asks for a camera or the like."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return middleware


def bounded_body(get_response: GetResponse) -> GetResponse:
    """A middleware: a body must say its length, else Django would take it for an empty one; and one
    that is too long for the API is refused before it is read."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return plain(
                HTTPStatus.LENGTH_REQUIRED,
                "The body must come with its Content-Length, not with Transfer-Encoding.",
            )
        limit, sent = settings.API_BODY_LIMIT, request.META.get("CONTENT_LENGTH") or ""
        if sent.isdecimal() and int(sent) > limit and request.path.startswith("/api/"):
            return plain(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The body may have at most {limit} bytes, {sent} were sent.",
            )
        return get_response(request)

    return middleware
