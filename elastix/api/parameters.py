"""Query parameters of operations other than lists. The viewset rejects unknown and repeated ones."""

from typing import Any

from rest_framework import serializers


class DateRangeQuery(serializers.Serializer[Any]):
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
