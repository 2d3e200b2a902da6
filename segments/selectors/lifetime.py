"""Expected purchases of customers, and the revenue at risk."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from segments.models import CustomerForecast, CustomerModel, ForecastState


@dataclass(frozen=True, slots=True)
class AtRisk:
    """The customers at risk together; `model` is None before the first figures.

    `value_at_stake` is None where the baskets have no model.
    """

    model: CustomerModel | None
    customers: int
    value_at_stake: float | None

    @property
    def is_offered(self) -> bool:
        """Whether the model foresaw the shop's last weeks better than plain averages, so that its guesses are shown."""
        return self.model is not None and self.model.state == ForecastState.OFFERED


def customer_forecasts() -> QuerySet[CustomerForecast]:
    """What each customer is expected to do; empty columns where the model is not offered."""
    return CustomerForecast.objects.all()


def customer_forecast(customer_id: str) -> CustomerForecast | None:
    """What one customer is expected to do; None where all was cancelled, or before the first figures."""
    return CustomerForecast.objects.filter(pk=customer_id).first()


def at_risk() -> AtRisk:
    """How many customers who bought often have more likely left than not, and the money at stake; in two queries."""
    sums = CustomerForecast.objects.filter(at_risk=True).aggregate(
        count=Count("pk"), money=Sum("value_at_stake")
    )
    return AtRisk(CustomerModel.objects.first(), sums["count"], sums["money"])
