"""Forecasts of demand, as the last published recompute made them."""

from django.db import models

from elastix.fields import choice_check, range_check
from pricing.sales.models.products import Product


class ForecastMethod(models.TextChoices):
    LINES = "lines", "purchases a day times units per purchase"
    MEAN = "mean", "mean of a short history"
    CATEGORY = "category", "own few sales beside the category's usual frequency"
    INTERVALS = "intervals", "mean of regular intervals between purchases"
    YEARLY = "yearly", "purchases and units per purchase, with a yearly season"
    WEEKLY = "weekly", "simple smoothing times the product's own weekday index"
    WEEKDAY_SES = "weekday_ses", "simple smoothing times the shop's weekday profile"
    SES = "ses", "simple smoothing"
    LINEAR = "linear", "linear trend"


class ForecastModel(models.Model):
    """What the last full recompute learned about all products' demand together. One row.

    The shop's units a day, which give the weekday profile; what products of each category sell; how far off a day
    may be. Between full runs a product's forecast is refreshed against these.
    """

    shop = models.JSONField()
    sales_version = models.BigIntegerField()
    fitted_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="pricing_forecastmodel_single")]

    def __str__(self) -> str:
        return f"forecasts of sales version {self.sales_version}"


class DemandForecast(models.Model):
    """What a product is expected to sell a day, and how far off that may be.

    A day of weekday profile w sells about purchase_frequency x units_per_purchase x w units. That holds for the day
    `through`; every open day without a sale after it lowers the frequency, which is worked out when the forecast is read.
    """

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="demand_forecast"
    )
    method = models.CharField(max_length=16, choices=ForecastMethod)
    purchase_frequency = models.FloatField(help_text="Purchases (sale lines) on an average day.")
    recent_frequency = models.FloatField(default=0.0, help_text="The same, of late alone.")
    exposure = models.FloatField(help_text="Days that rests on; old ones count less.")
    usual_frequency = models.FloatField(default=0.0, help_text="The same, in the long run.")
    usual_exposure = models.FloatField(default=0.0, help_text="Days that rests on; old ones count less.")
    units_per_purchase = models.FloatField()
    interval = models.FloatField(
        default=0.0,
        help_text="Days between sold days where they are regular, else 0: an unsold day lowers nothing then.",
    )
    components = models.JSONField(
        null=True,
        help_text="Level, trend and seasonal indices, where another method than the default forecasts better by far.",
    )
    base_price = models.FloatField(
        null=True,
        help_text="Geometric mean of the list prices that these purchases were made at, weighted like them.",
    )
    through = models.DateField(help_text="The day after the last one looked at.")
    first_sold = models.DateField(help_text="First day of the history looked at.")
    last_sold = models.DateField()
    sold_days = models.IntegerField()
    is_new = models.BooleanField(help_text="Fewer than 28 days of history: all of them count alike.")
    error_low = models.FloatField(help_text="10 % quantile of a day's relative error.")
    error_high = models.FloatField(help_text="90 % quantile of a day's relative error.")
    origins = models.IntegerField(help_text="Times the past was forecast to measure the accuracy.")
    accuracy = models.JSONField(help_text="Of 28 days, beside that of repeating the last week.")

    class Meta:
        constraints = [
            choice_check("method", ForecastMethod, "pricing_demandforecast"),
            range_check("purchase_frequency", 0, None, "pricing_demandforecast"),
            range_check("exposure", 0, None, "pricing_demandforecast"),
            range_check("units_per_purchase", 0, None, "pricing_demandforecast"),
            range_check("interval", 0, None, "pricing_demandforecast"),
            range_check("base_price", 0, None, "pricing_demandforecast"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.purchase_frequency * self.units_per_purchase:.2f} a day"


class BoostedModel(models.Model):
    """When the boosted forecasts were last computed, and how they and the default would have done before. One row.

    `shop` has, for each of the two, WAPE, bias and pinball loss of all products together, and the WAPE at each origin; it is
    empty where the shop was too small.
    """

    shop = models.JSONField(default=dict, blank=True)
    as_of = models.DateField(help_text="First of the 28 days that were forecast.")
    sales_version = models.BigIntegerField()
    fitted_at = models.DateTimeField(help_text="When the forecasts were fitted that it rests on.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="pricing_boostedmodel_single")]

    def __str__(self) -> str:
        return f"boosted forecasts of sales version {self.sales_version}"


class BoostedForecast(models.Model):
    """By how much a product's forecast differs from the default's where a boosted model is averaged with it."""

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="boosted_forecast"
    )
    ratio = models.FloatField(help_text="Units of 28 days over those of the default.")
    origins = models.IntegerField(help_text="Times the past was forecast to measure the accuracy.")
    accuracy = models.JSONField(help_text="Of 28 days, beside that of repeating the last week.")

    class Meta:
        constraints = [range_check("ratio", 0, None, "pricing_boostedforecast")]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.ratio:.2f} times the default"
