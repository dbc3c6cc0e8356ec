"""What the OpenAPI document says about errors and paths."""

from typing import Any

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


def without_slash(endpoints: list[Any]) -> list[Any]:
    """Each path works with and without a slash at the end; the document shows the one without."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]
