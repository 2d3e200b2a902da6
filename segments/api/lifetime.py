"""Expected purchases of customers, customers at risk, and the fit of the model."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import BooleanFilter, Ordering, StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.serializers import MoneyField, PublishedSerializer, RoundedField, RowSerializer
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from segments.api.pagination import PublishedPage
from segments.models import ForecastState
from segments.selectors.lifetime import at_risk, customer_forecasts


class CustomerForecastSerializer(RowSerializer):
    customer_id = serializers.CharField()
    at_risk = serializers.BooleanField(
        help_text="Bought on 4 days or more, and has more likely left than not."
    )
    value_at_stake = MoneyField(
        allow_null=True,
        help_text="A guess: the revenue of the next 365 days if the customer is still there, times the chance that not.",
    )
    alive = RoundedField(
        places=4,
        allow_null=True,
        help_text="A guess: the probability that the customer has not left for good.",
    )
    expected_purchases = RoundedField(
        places=4, allow_null=True, help_text="A guess: days with a purchase in the next 90."
    )
    next_purchase = serializers.DateField(
        allow_null=True,
        help_text="A guess: bought again by then with probability one half; null: more likely never again.",
    )
    value = MoneyField(allow_null=True, help_text="A guess: revenue of the next 365 days.")
    profit = MoneyField(
        allow_null=True,
        help_text="A guess: the value at the shop's margin; null unless products with a cost bring half of the revenue.",
    )
    purchase_days = serializers.IntegerField(help_text="Days with a purchase that was not cancelled.")
    first_purchase = serializers.DateField()
    last_purchase = serializers.DateField(help_text="The last that was not cancelled.")


FORECAST_COLUMNS = tuple(CustomerForecastSerializer().fields)


class CustomerModelSerializer(PublishedSerializer):
    state = serializers.ChoiceField(
        choices=ForecastState.values,
        allow_null=True,
        help_text="Guesses are offered where it is OFFERED; null before the first figures.",
    )
    as_of = serializers.DateField(allow_null=True, help_text="Fitted to the purchases before this day.")
    customers = serializers.IntegerField(allow_null=True)
    repeat_customers = serializers.IntegerField(
        allow_null=True, help_text="With purchases on two days or more."
    )
    r = serializers.FloatField(allow_null=True, help_text="BG/NBD in weeks, as alpha, a and b.")
    alpha = serializers.FloatField(allow_null=True)
    a = serializers.FloatField(allow_null=True)
    b = serializers.FloatField(allow_null=True)
    log_likelihood = serializers.FloatField(allow_null=True)
    p = serializers.FloatField(allow_null=True, help_text="Gamma-Gamma, as q and gamma.")
    q = serializers.FloatField(allow_null=True)
    gamma = serializers.FloatField(allow_null=True)
    hold_out_days = serializers.IntegerField(
        allow_null=True, help_text="The last days, foreseen from those before them as a test."
    )
    expected_purchases = serializers.FloatField(allow_null=True, help_text="In these days, by the model.")
    actual_purchases = serializers.FloatField(allow_null=True)
    error = serializers.FloatField(allow_null=True, help_text="Root mean square error by customer.")
    average_error = serializers.FloatField(
        allow_null=True,
        help_text="The same of the better plain average: each one's own rate carried on, or one for everybody.",
    )
    margin = serializers.FloatField(allow_null=True, help_text="Profit in a unit of revenue.")
    customers_at_risk = serializers.IntegerField()
    value_at_stake = MoneyField(allow_null=True, help_text="A guess: of all customers at risk.")


class CustomerForecastFilterSet(StrictFilterSet):
    at_risk = BooleanFilter(help_text="Only those at risk, or only the others.")
    query = TextFilter(
        field_name="customer_id", lookup_expr="icontains", max_length=64, help_text="A piece of the id."
    )
    ordering = Ordering(
        {name: name for name in FORECAST_COLUMNS}, default="-value_at_stake", key="customer_id"
    )


class CustomerForecastViewSet(ElastixViewSet):
    """What customers are expected to buy."""

    queryset = customer_forecasts()
    file_name = "customer-forecasts"
    filterset_class = CustomerForecastFilterSet
    pagination_class = PublishedPage
    default_limit = 50

    @operation(response=CustomerForecastSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Probability alive, expected purchases and value of each customer, the most at stake first; all are guesses."""
        found = self.filtered(self.get_queryset())
        return answer(request, lambda version: self.page(found).data)


class CustomerModelViewSet(ElastixViewSet):
    """How far the guesses are to be believed."""

    pagination_class = None

    @operation(response=CustomerModelSerializer)
    def list(self, request: Request) -> Response:
        """The model behind the guesses, how it foresaw the last weeks against plain averages, and the customers at risk."""

        def build(version: object) -> object:
            found = at_risk()
            names = set(CustomerModelSerializer().fields) - {"last_updated"}
            row = {name: getattr(found.model, name, None) for name in names}
            row |= {"customers_at_risk": found.customers, "value_at_stake": found.value_at_stake}
            return CustomerModelSerializer(row).data

        return answer(request, build)
