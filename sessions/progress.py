"""What a session is shown of itself. Apps above add their parts in `AppConfig.ready`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework.fields import Field

from sessions.models import LearningSession


@dataclass(frozen=True)
class Part:
    """Some fields of `GET sessions/{id}/progress`, and what fills them."""

    fields: Callable[[], Mapping[str, "Field[Any, Any, Any, Any]"]]
    tell: Callable[[LearningSession], Mapping[str, Any]]
    example: Mapping[str, Any]


_parts: list[Part] = []


def register(part: Part) -> None:
    _parts.append(part)


def fields() -> dict[str, "Field[Any, Any, Any, Any]"]:
    """The fields of all parts, for the OpenAPI document."""
    return {name: field for part in _parts for name, field in part.fields().items()}


def example() -> dict[str, Any]:
    """All parts as the OpenAPI document shows them."""
    return {name: value for part in _parts for name, value in part.example.items()}


def tell(session: LearningSession) -> dict[str, Any]:
    return {name: value for part in _parts for name, value in part.tell(session).items()}
