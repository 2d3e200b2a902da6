"""/api/price/calibration: whether changes of prices paid, and how far our own expectations can be trusted."""

from math import isfinite
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import rounded
from elastix.api.filters import ChoiceFilter, DateRangeFilterSet
from elastix.api.operations import operation
from elastix.api.serializers import (
    KnownField,
    KnownMoneyField,
    PublishedSerializer,
    RoundedField,
    RowSerializer,
)
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from elastix.shop import shop_currency
from pricing.changes.selectors.outcome_windows import COMPLETE, OPEN, TRUNCATED
from pricing.changes.selectors.outcomes import calibration
from pricing.sales.models.price_changes import PriceChangeSource

# --- one change ----------------------------------------------------------------------------------


class IntervalField(serializers.ListField):
    """Both ends of an interval; null where one is not known (nan)."""

    child = serializers.FloatField()

    def __init__(self, places: int | None = None, **kwargs: Any) -> None:
        self.places = shop_currency().decimals if places is None else places
        super().__init__(allow_null=True, **kwargs)

    def to_representation(self, ends: Any) -> Any:
        return [rounded(end, self.places) for end in ends] if all(map(isfinite, ends)) else None


class OutcomeFiguresSerializer(RowSerializer):
    """Of the days counted; profit is null where the cost is unknown."""

    quantity = KnownField()
    revenue = KnownMoneyField()
    profit = KnownMoneyField()


class OutcomeIntervalSerializer(RowSerializer):
    level = serializers.FloatField()
    quantity = IntervalField(2)
    revenue = IntervalField()
    profit = IntervalField()


class WithinSerializer(RowSerializer):
    quantity = serializers.BooleanField(allow_null=True)
    revenue = serializers.BooleanField(allow_null=True)
    profit = serializers.BooleanField(allow_null=True)


class SeasonSerializer(RowSerializer):
    factor = RoundedField(4, help_text="Sales a day of the rest, against the 30 days before.")
    # A name that Python keeps for itself.
    locals()["from"] = serializers.CharField(
        source="rest", allow_null=True, help_text="Which rest of the shop; null: it sold too little."
    )


class WindowSerializer(RowSerializer):
    """One window after a change. Figures are null while no day of it is in the data."""

    days = serializers.IntegerField()
    status = serializers.ChoiceField([COMPLETE, OPEN, TRUNCATED])
    days_counted = serializers.IntegerField()
    locals()["from"] = serializers.DateField(source="first_day", allow_null=True)
    to = serializers.DateField(source="last_day", allow_null=True)
    season = SeasonSerializer()
    paid_level = RoundedField(4, help_text="Price paid over list price in the 30 days before.")
    expected_raw = OutcomeFiguresSerializer(allow_null=True, help_text="Without season and paid level.")
    expected = OutcomeFiguresSerializer(allow_null=True)
    interval = OutcomeIntervalSerializer(allow_null=True)
    realised = OutcomeFiguresSerializer(allow_null=True)
    within = WithinSerializer(allow_null=True)
    without_change = OutcomeFiguresSerializer(allow_null=True, help_text="At the old price.")
    gain = OutcomeFiguresSerializer(allow_null=True, help_text="Realised less without_change.")
    gain_interval = OutcomeIntervalSerializer(allow_null=True)
    paid = serializers.ChoiceField(["yes", "no", "not clear"], allow_null=True)


# --- all changes together --------------------------------------------------------------------------


class CalibrationFilterSet(DateRangeFilterSet):
    """Dates are those of the changes."""

    source = ChoiceFilter(choices=PriceChangeSource.choices)


class FigureCalibrationSerializer(RowSerializer):
    judged = serializers.IntegerField(source="adjusted.count")
    within = serializers.IntegerField(source="adjusted.within")
    share = KnownField(4, source="adjusted.share")
    share_interval = IntervalField(
        4, source="adjusted.share_interval", help_text="95 % interval of the share."
    )
    expected = KnownField(source="adjusted.expected")
    realised = KnownField(source="adjusted.realised")
    bias_percent = KnownField(
        1, source="adjusted.bias_percent", help_text="Realised over expected, less 100 %."
    )
    expected_raw = KnownField(source="raw.expected")
    bias_percent_raw = KnownField(1, source="raw.bias_percent")


class WindowCalibrationSerializer(RowSerializer):
    days = serializers.IntegerField()
    complete = serializers.IntegerField()
    open = serializers.IntegerField()
    truncated = serializers.IntegerField()
    quantity = FigureCalibrationSerializer()
    revenue = FigureCalibrationSerializer()
    profit = FigureCalibrationSerializer()


class CalibrationSerializer(PublishedSerializer):
    level = serializers.FloatField(help_text="What the shares should be.")
    changes = serializers.IntegerField()
    as_of = serializers.DateField(allow_null=True)
    windows = WindowCalibrationSerializer(many=True)


class CalibrationViewSet(ElastixViewSet):
    """How far our own expectations can be trusted."""

    filterset_class = CalibrationFilterSet
    pagination_class = None

    @operation(response=CalibrationSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """How often the outcomes of applied changes fell within our own 80 % intervals."""
        asked = self.filters()
        return answer(
            request, lambda version: CalibrationSerializer(calibration(version, **asked)).data, live=True
        )
