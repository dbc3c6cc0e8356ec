"""Serializer fields that take a JSON value only of their own type and name limit and input."""

import re
from typing import Any, ClassVar

from rest_framework import serializers

TOO_LONG = "at most %(limit_value)d characters, %(show_value)d were sent"


# A character to be seen. Python and ECMAScript, whose pattern stands in the OpenAPI document, mean
# the same by this: what only one of them takes for a blank is named.
_SEEN = r"[^\s\x00-\x1f\x7f-\x9f\ufeff]"
_seen = re.compile(_SEEN)
NOT_BLANK = rf"^[^\x00]*{_SEEN}[^\x00]*$"


class Text(serializers.CharField):
    """A JSON string of 1 to *max_length* characters, one of them not blank, and no NUL.

    It is trimmed; the limit is of what was sent. No number passes for a string.
    """

    # What the OpenAPI document says of it beside its length.
    documented: ClassVar[dict[str, Any]] = {"minLength": 1, "pattern": NOT_BLANK}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(
                f"must be a string, {type(data).__name__} was sent", code="invalid"
            )
        if self.max_length is not None and len(data) > self.max_length:
            said = TOO_LONG % {"limit_value": self.max_length, "show_value": len(data)}
            raise serializers.ValidationError(said, code="max_length")
        if not _seen.search(data) and "\0" not in data:  # of NUL speaks a validator
            self.fail("blank")
        return super().to_internal_value(data)


class WholeNumber(serializers.IntegerField):
    """A JSON integer from *min_value* to *max_value*, as which 5.0 counts (JSON Schema, 6.1.1); no
    string or boolean."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError(
                f"must be a whole number, {type(data).__name__} was sent", code="invalid"
            )
        if not (self.min_value or 0) <= data <= (self.max_value or data):
            raise serializers.ValidationError(
                f"must be from {self.min_value} to {self.max_value}, {data} was sent",
                code="out_of_range",
            )
        return data


class Word(serializers.ChoiceField):
    """One of a vocabulary; the error lists it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(
                f"must be one of {', '.join(map(str, self.choices))}; {str(data)[:100]!r} was sent",
                code="invalid_choice",
            )
        return data


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it doesn't know, so that a misspelt filter is not silently ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(map(str, data)) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {
                        _printable(name): [f"unknown field; known are {', '.join(self.fields)}"]
                        for name in unknown[:20]
                    }
                )
        return super().to_internal_value(data)


def _printable(name: str) -> str:
    """A field's name as it can be sent back: a lone surrogate is no character."""
    return name[:100].encode("utf-8", "replace").decode()
