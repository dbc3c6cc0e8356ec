"""The outermost middleware: gives each request its id, and writes one line when it is answered.

The line has the path's template: what stands in its place, the query string, the body and the
client's address are nobody's business here.
"""

import time
from collections.abc import Callable
from http import HTTPStatus

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars

from learning_assistant import metrics, request_ids, tracing

log = structlog.get_logger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponseBase]
# Asked every few seconds by whoever looks after us.
QUIET = frozenset({"/metrics", "/api/learning/health/live", "/api/learning/health/ready"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observed(get_response: GetResponse) -> GetResponse:
    """A middleware; an answer in parts counts until its last one was sent or its reader left."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        request_id = request_ids.taken_or_made(request.headers.get(request_ids.HEADER))
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        end = tracing.begin("request", "server", sent=request.headers, request_id=request_id)
        response = get_response(request)
        response[request_ids.HEADER] = request_id

        def done() -> None:
            _tell(request, response.status_code, time.monotonic() - began)
            _end(end, request, response.status_code)
            clear_contextvars()

        if response.streaming:
            _after(response, done)
        else:
            done()
        return response

    return middleware


def _after(response: HttpResponseBase, done: Callable[[], None]) -> None:
    """Call *done* once when *response* is closed, which the server does whatever happens."""
    close = response.close

    def closing() -> None:
        response.close = close  # type: ignore[method-assign]
        try:
            close()
        finally:
            done()

    response.close = closing  # type: ignore[method-assign]


def method_of(request: HttpRequest) -> str:
    """The method, where it is one."""
    return request.method if request.method in METHODS else "other"


def template_of(request: HttpRequest) -> str:
    """The path with its parameters' names, without a slash at its end; few, whatever is asked."""
    match = request.resolver_match
    if match is not None:
        if "admin" in match.app_names:
            return "/" + settings.ADMIN_PATH.rstrip("/")
        return "/" + str(match.route).rstrip("/")
    return "/static" if request.path.startswith(settings.STATIC_URL) else "unknown"


def _end(end: tracing.End, request: HttpRequest, status: int) -> None:
    method, path = method_of(request), template_of(request)
    failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    named = {"http.request.method": method, "http.route": path, "http.response.status_code": status}
    end(str(status) if failed else "", name=f"{method} {path}", **named)


def _tell(request: HttpRequest, status: int, seconds: float) -> None:
    method, path = method_of(request), template_of(request)
    metrics.REQUESTS.observe(seconds, method, path, str(status))
    tell = log.debug if path in QUIET and status == HTTPStatus.OK else log.info
    tell("answered", method=method, path=path, status=status, ms=round(seconds * 1000, 1))
