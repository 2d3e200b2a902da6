"""The days that projected figures are of, as answers name them."""

from typing import Any

from rest_framework import serializers

from elastix.api.serializers import RowSerializer
from simulations.selectors.periods import PERIOD_KINDS, coming_days


class PeriodSerializer(RowSerializer):
    kind = serializers.ChoiceField(PERIOD_KINDS)
    start_date = serializers.DateField(allow_null=True)
    end_date = serializers.DateField(allow_null=True, help_text="Inclusive.")
    days = serializers.IntegerField(allow_null=True)


class ComingDaysSerializer(PeriodSerializer):
    """The next 30 days of the answer's version, whatever the row."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return super().to_representation(coming_days(self.context["version"]))
