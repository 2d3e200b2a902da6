"""The alert that prices follow sales: its text, and price experiments that would settle it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, FloatField
from django.db.models.functions import Cast

from elastix.alerts.services import Finding, alerts_report
from pricing.elasticity.core.constants import PLACEBO_LIMIT
from pricing.elasticity.models import ElasticityEstimate, ElasticityModel, Method
from pricing.sales.models.products import Kind

MOST_PRODUCTS = 5
FOLLOWING = (
    "Sales seem to answer to the prices of two weeks later, which they cannot: prices are set by what was sold before, and every "
    "elasticity is biased by an amount that sales do not tell. No grade is better than C until this changes. Test prices: "
    "change some at random, for some weeks, and leave like products as they are."
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Prices follow sales: the standard score of the placebo, and the products to test first."""

    placebo: float
    test_first: list[str]

    @property
    def message(self) -> str:
        return FOLLOWING + (f" Most to gain: {', '.join(self.test_first)}." if self.test_first else "")

    def as_json(self) -> dict[str, Any]:
        """What the quality report of an import says."""
        return {"message": self.message, "test_first": self.test_first}


def report_alarm() -> Alarm | None:
    """Raise the alert while the published model says that prices follow sales; return what it says, None without it.

    To be called when estimates and sums have been published.
    """
    stored = ElasticityModel.objects.filter(pk=1).values_list("hyperparameters__placebo", flat=True).first()
    placebo = float(stored or 0.0)
    alarm = Alarm(round(placebo, 2), products_to_test()) if abs(placebo) > PLACEBO_LIMIT else None
    found = []
    if alarm is not None:
        data = {"placebo": alarm.placebo, "test_first": alarm.test_first}
        found.append(Finding("", alarm.message, data))
    alerts_report("prices_follow_sales", found, among=[""])
    return alarm


def products_to_test(limit: int = MOST_PRODUCTS) -> list[str]:
    """Codes of the products with most to gain from a test of their price, the most first.

    Ranked by revenue of the last 30 days times the variance of the elasticity: what a price that is set on a wrong
    elasticity loses grows with both.
    """
    found = ElasticityEstimate.objects.filter(
        method=Method.POOLED,
        std_error__isnull=False,
        product__kind=Kind.MERCHANDISE,
        product__is_active=True,
        product__current_price__isnull=False,
        product__summary__monthly_sales__gt=0,
    ).annotate(
        worth=F("product__summary__monthly_sales")
        * Cast("product__current_price", FloatField())
        * F("std_error")
        * F("std_error")
    )
    return list(found.order_by("-worth", "product_id").values_list("product_id", flat=True)[:limit])
