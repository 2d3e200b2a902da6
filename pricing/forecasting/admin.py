"""Published forecasts in the admin, read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from elastix.admin_base import ReadOnlyAdmin
from pricing.forecasting.core.boosting import gain_over_default, wins_clearly
from pricing.forecasting.models import BoostedForecast, BoostedModel, DemandForecast, ForecastModel


@admin.register(DemandForecast)
class DemandForecastAdmin(ReadOnlyAdmin):
    list_display = (
        "product", "method_name", "units_a_day", "error_of_a_month", "against_last_week", "sold_days",
        "last_sold",
    )  # fmt: skip
    list_filter = ("method",)
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name")
    ordering = ("product_id",)

    @admin.display(description="method", ordering="method")
    def method_name(self, forecast: DemandForecast) -> str:
        return forecast.method  # its description is as long as the table is wide

    @admin.display(description="units a day")
    def units_a_day(self, forecast: DemandForecast) -> str:
        return f"{forecast.purchase_frequency * forecast.units_per_purchase:.2f}"

    @admin.display(description="28-day error")
    def error_of_a_month(self, forecast: DemandForecast) -> str:
        return _percent(forecast.accuracy["wape"])

    @admin.display(description="of repeating the last week")
    def against_last_week(self, forecast: DemandForecast) -> str:
        return _percent(forecast.accuracy["seasonal_naive"]["wape"])


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.0f} %"


@admin.register(ForecastModel)
class ForecastModelAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "sales_version", "fitted_at")
    # The shop's sales of two years, day by day, are nothing to read.
    fields = ("sales_version", "fitted_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("shop")


@admin.register(BoostedForecast)
class BoostedForecastAdmin(ReadOnlyAdmin):
    list_display = ("product", "times_the_default", "error_of_a_month", "origins")
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name")
    ordering = ("product_id",)

    @admin.display(description="times the default", ordering="ratio")
    def times_the_default(self, forecast: BoostedForecast) -> str:
        return f"{forecast.ratio:.2f}"

    @admin.display(description="28-day error")
    def error_of_a_month(self, forecast: BoostedForecast) -> str:
        return _percent(forecast.accuracy["wape"])


@admin.register(BoostedModel)
class BoostedModelAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "as_of",
        "error_of_a_month",
        "of_the_default",
        "chosen",
        "error_after_changes",
        "of_the_default_after_changes",
        "fitted_at",
    )

    @admin.display(description="28-day error")
    def error_of_a_month(self, computed: BoostedModel) -> str:
        return self._measure(computed, "boosted", "wape")

    @admin.display(description="of the default")
    def of_the_default(self, computed: BoostedModel) -> str:
        return self._measure(computed, "default", "wape")

    @admin.display(description="better by")
    def chosen(self, computed: BoostedModel) -> str:
        """In percent of the default's error; below 0 it was worse."""
        gain = gain_over_default(computed.shop)
        taken = ", chosen by auto" if wins_clearly(computed.shop) else ""
        return "-" if gain is None else f"{100 * gain:.1f} %{taken}"

    @admin.display(description="where prices changed")
    def error_after_changes(self, computed: BoostedModel) -> str:
        return self._measure(computed, "boosted", "wape_price_changed")

    @admin.display(description="of the default there")
    def of_the_default_after_changes(self, computed: BoostedModel) -> str:
        return self._measure(computed, "default", "wape_price_changed")

    def _measure(self, computed: BoostedModel, forecast: str, measure: str) -> str:
        """A fraction of `shop` in percent; computations of earlier versions have fewer."""
        known = computed.shop.get(forecast, {}).get(measure)
        return "-" if known is None else _percent(known)
