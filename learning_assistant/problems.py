"""Errors as RFC 9457 problem details (`application/problem+json`)."""

import logging
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from learning_assistant.postgresql.base import brief

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 2


def problem(status: int, detail: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The body: `errors` names each field at fault with what is wrong with it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return body


def unavailable(error: Exception) -> dict[str, Any]:
    """The problem of a database that is away."""
    logger.warning("PostgreSQL is away: %s", brief(error))
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE, "The database can't be reached; try again in a moment."
    )


def _field_errors(detail: Any, field: str = "") -> list[dict[str, str]]:
    """DRF's nested error details as a flat list of {field, detail, code}."""
    if isinstance(detail, dict):
        return [
            error
            for name, inner in detail.items()
            for error in _field_errors(
                inner, "" if name == "non_field_errors" else f"{field}.{name}".strip(".")
            )
        ]
    if isinstance(detail, list):
        return [error for inner in detail for error in _field_errors(inner, field)]
    code = getattr(detail, "code", "invalid")
    return [{"field": field, "detail": str(detail), "code": str(code)}]


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: every error of a view becomes a problem; a database that is away is a 503."""
    if isinstance(exc, OperationalError | InterfaceError):
        return Response(
            unavailable(exc),
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            headers={"Retry-After": str(RETRY_AFTER_S)},
            content_type=CONTENT_TYPE,
        )
    response = drf_exception_handler(exc, context)
    if response is None:
        return None
    headers = {k: v for k, v in response.items() if k.lower() not in ("content-type",)}
    if isinstance(exc, ValidationError):
        errors = _field_errors(exc.detail)
        detail = "; ".join(
            f"{e['field']}: {e['detail']}" if e["field"] else e["detail"] for e in errors
        )
        return _response(response.status_code, detail, errors, headers)
    detail = "Not found." if isinstance(exc, Http404) else str(exc)
    if isinstance(exc, APIException):
        detail = str(exc.detail)
    return _response(response.status_code, detail, headers=headers)


def _response(
    status: int,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    return Response(
        problem(status, detail, errors),
        status=status,
        headers=headers,
        content_type=CONTENT_TYPE,
    )


def plain(status: int, detail: str) -> JsonResponse:
    return JsonResponse(problem(status, detail), status=status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return plain(400, "The request can't be understood.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return plain(404, f"There is nothing at {request.path}.")


def server_error(request: HttpRequest) -> HttpResponseBase:
    return plain(500, "Something went wrong on our side; it has been logged.")
