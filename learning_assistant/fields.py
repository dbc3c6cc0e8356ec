"""Serializer fields that take a JSON value only of their own type and name limit and input."""

from typing import Any

from django.core.validators import MaxLengthValidator
from rest_framework import serializers

TOO_LONG = "at most %(limit_value)d characters, %(show_value)d were sent"


class Text(serializers.CharField):
    """A JSON string of 1 to *max_length* characters after trimming; no number passes for one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for validator in self.validators:
            if isinstance(validator, MaxLengthValidator):  # names what was sent as well
                validator.message = TOO_LONG

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(
                f"must be a string, {type(data).__name__} was sent", code="invalid"
            )
        return super().to_internal_value(data)


class WholeNumber(serializers.IntegerField):
    """A JSON integer from *min_value* to *max_value*; no string, float or boolean."""

    def to_internal_value(self, data: Any) -> int:
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
