"""What the OpenAPI document says about errors and paths."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers


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
    (400, "application/problem+json"): problem("A field is missing, wrong or unknown."),
    (405, "application/problem+json"): problem("The path does not take this method."),
    (413, "application/problem+json"): problem("The body is over 64 KiB."),
    (415, "application/problem+json"): problem("The body is no JSON by its content type."),
    (503, "application/problem+json"): problem("The database can't be reached."),
}

KEY_RESPONSES: dict[Any, OpenApiResponse] = {
    (401, "application/problem+json"): problem("No API key, or one unknown, revoked or expired."),
    (403, "application/problem+json"): problem("The API key lacks the scope that this needs."),
}


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


def without_slash(endpoints: list[Any]) -> list[Any]:
    """Each path works with and without a slash at the end; the document shows the one without."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]
