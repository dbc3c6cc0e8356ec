"""What the OpenAPI document says about errors, paths, limits and what leads where."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

PROBLEM = "application/problem+json"
# An operation's extension that says what its answers lead to: {status: {name: link object}}.
# `finish` puts it where OpenAPI wants it.
LINKS = "x-links"
# Headers that answers have by their status, with what they say; of 503 only problems have one.
HEADERS = {
    "202": {
        "Location": "Where the outcome will be.",
        "Retry-After": "Seconds after which to ask for it.",
    },
    "401": {"WWW-Authenticate": "The scheme of keys."},
    "405": {"Allow": "The methods that the path takes."},
    "409": {"Retry-After": "Seconds after which to send it again."},
    "429": {"Retry-After": "Seconds after which to try again."},
    "503": {"Retry-After": "Seconds after which to try again."},
}


class FieldError(serializers.Serializer[Any]):
    field = serializers.CharField()
    detail = serializers.CharField()
    code = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldError(many=True, required=False)  # type: ignore[assignment]  # DRF's own name


def problem(description: str) -> OpenApiResponse:
    return OpenApiResponse(Problem, description=description)


PROBLEM_RESPONSES: dict[Any, OpenApiResponse] = {
    (400, PROBLEM): problem("A field is missing, wrong or unknown."),
    (405, PROBLEM): problem("The path does not take this method."),
    (411, PROBLEM): problem("The body has no Content-Length."),
    (413, PROBLEM): problem("The body is over 64 KiB."),
    (415, PROBLEM): problem("The body is no JSON by its content type."),
    (429, PROBLEM): problem("The session, the address or the API key asks too often."),
    (503, PROBLEM): problem("The database can't be reached."),
}

KEY_RESPONSES: dict[Any, OpenApiResponse] = {
    (401, PROBLEM): problem("No API key, or one unknown, revoked or expired."),
    (403, PROBLEM): problem("The API key lacks the scope that this needs."),
}
# Of what the website asks for its learners.
LEARNER_RESPONSES = PROBLEM_RESPONSES | (KEY_RESPONSES if settings.WEBSITE_KEY_REQUIRED else {})
# Of what has no body.
WITHOUT_BODY = {k: v for k, v in LEARNER_RESPONSES.items() if k[0] not in (411, 413, 415)}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its own
    """How the document shows that an operation needs a key."""

    target_class = "learning_assistant.api_keys.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key KEY`, the key from `manage.py api_key create`.",
        }


class TextSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # its own
    """What a text may be beside its length."""

    target_class = "learning_assistant.fields.Text"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema = auto_schema._map_serializer_field(self.target, direction, bypass_extensions=True)
        return {**schema, **self.target.documented}


class StrictSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # its own
    """Refuses fields that it doesn't know."""

    target_class = "learning_assistant.fields.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}


def finish(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The document with what drf-spectacular has no words for: links, and headers of answers."""
    for path in result["paths"].values():
        for operation in path.values():
            links = operation.pop(LINKS, {})
            for status, response in operation["responses"].items():
                headers = HEADERS.get(status, {})
                if headers and (status == "202" or PROBLEM in response["content"]):
                    response["headers"] = {name: _header(said) for name, said in headers.items()}
                if status in links:
                    response["links"] = links[status]
    return result


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": "string"}}


def without_slash(endpoints: list[Any]) -> list[Any]:
    """Each path works with and without a slash at the end; the document shows the one without."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]
