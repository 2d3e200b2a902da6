"""Query parameters: declared once per endpoint, checked strictly, documented from the same declaration."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

ALIASES = {"startDate": "start_date", "endDate": "end_date"}
ALWAYS_ALLOWED = frozenset({"format"})


class QuerySerializer(serializers.Serializer[Any]):
    """Base of every endpoint's query parameters. Empty values count as not given; unknown names are refused."""

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """Return the validated parameters of a request, with defaults filled in."""
        serializer = cls(data=cls._collect(request))
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data  # type: ignore[no-any-return]

    @classmethod
    def _collect(cls, request: Request) -> dict[str, Any]:
        fields = cls().fields
        given: dict[str, Any] = {}
        errors: dict[str, list[serializers.ErrorDetail]] = {}
        for name, values in request.query_params.lists():
            field_name = ALIASES.get(name, name)
            if field_name not in fields:
                if name not in ALWAYS_ALLOWED:
                    known = f"Known: {', '.join(sorted(fields))}." if fields else "There are none here."
                    errors[name] = [serializers.ErrorDetail(f"Unknown parameter. {known}", "unknown")]
                continue
            values = [value for value in values if value.strip()]
            if not values:
                continue
            if isinstance(fields[field_name], serializers.ListField):
                given.setdefault(field_name, []).extend(values)
            elif len(set(values)) > 1 or given.get(field_name, values[0]) != values[0]:
                errors[name] = [
                    serializers.ErrorDetail("Given more than once with different values.", "repeated")
                ]
            else:
                given[field_name] = values[0]
        if errors:
            raise serializers.ValidationError(errors)
        return given


class DateRangeQuery(QuerySerializer):
    """start_date and end_date (also startDate, endDate): both inclusive, the whole of end_date counts."""

    start_date = serializers.DateField(required=False, default=None, help_text="First day, inclusive.")
    end_date = serializers.DateField(required=False, default=None, help_text="Last day, inclusive.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs.get("start_date"), attrs.get("end_date")
        if start and end and start > end:
            raise serializers.ValidationError(
                {"end_date": f"The range ends ({end}) before it begins ({start})."}
            )
        return attrs


def limit_field(default: int) -> serializers.IntegerField:
    return serializers.IntegerField(required=False, default=default, min_value=1, max_value=1000)


def offset_field() -> serializers.IntegerField:
    return serializers.IntegerField(required=False, default=0, min_value=0, max_value=1_000_000_000)
