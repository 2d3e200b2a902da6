"""Sales as the API takes them, what the tables say after they were written, and products to recommend prices for."""

from decimal import Decimal
from typing import Any

from elastix.dataset.models import DataVersion
from pricing.forecasting.models import ForecastModel
from pricing.sales.models import SalesHistory, StaleCustomer, StaleProduct
from tests.factories import ForecastModelFactory, PricedProductFactory
from tests.shops import AS_OF

SALE = {
    "invoice_no": "1001",
    "stock_code": "CUP",
    "description": "Cup",
    "quantity": 10,
    "invoice_date": "2025-03-01T12:00:00Z",
    "unit_price": 2.5,
    "customer_id": "17850",
    "country": "France",
    "channel": "",
}


def sale(**changes: Any) -> dict[str, Any]:
    return SALE | changes


def cancellation(**changes: Any) -> dict[str, Any]:
    """The cancellation of SALE, a day later."""
    return SALE | {"invoice_no": "C1002", "quantity": -10, "invoice_date": "2025-03-02T12:00:00Z"} | changes


def rollup() -> dict[tuple[str, str], tuple[int, Decimal, int, Decimal]]:
    """Quantity, revenue, returned quantity and returned revenue of each product and day."""
    rows = SalesHistory.objects.values_list(
        "product_id", "date", "quantity", "revenue", "returned_quantity", "returned_revenue"
    )
    return {(code, str(day)): tuple(figures) for code, day, *figures in rows}  # type: ignore[misc]


def whole_rollup() -> list[tuple[Any, ...]]:
    """All columns of the roll-up, clean view included."""
    fields = [field.attname for field in SalesHistory._meta.concrete_fields if field.name != "id"]
    return list(SalesHistory.objects.order_by("product", "date").values_list(*fields))


def stale() -> tuple[list[str], list[str]]:
    """The products and the customers whose cached numbers are out of date."""
    return (
        sorted(StaleProduct.objects.values_list("product_id", flat=True)),
        sorted(StaleCustomer.objects.values_list("customer_id", flat=True)),
    )


def products_to_price() -> None:
    """A rise, a cut, a price that is right, one too uncertain to touch, and two nothing can be said of."""
    if not ForecastModel.objects.exists():
        ForecastModelFactory()
        DataVersion.objects.update_or_create(pk=1, defaults={"as_of": AS_OF})
    PricedProductFactory(code="CUT", cost="5.00", category="Cups", estimate__elasticity=-4.0)
    PricedProductFactory(code="NOCOST", cost=None, category="", estimate__elasticity=-2.0)
    PricedProductFactory(
        code="NOPRICE",
        current_price=None,
        category="",
        estimate=None,
        summary__monthly_sales=0,
        forecast=None,
    )
    PricedProductFactory(code="P001", estimate__flags=["CI_CROSSES_MINUS_ONE"])
    PricedProductFactory(code="RIGHT", category="Cups", estimate__elasticity=-2.9, estimate__std_error=0.05)
    PricedProductFactory(
        code="UNSURE",
        estimate__elasticity=-1.9,
        estimate__std_error=1.5,
        estimate__quality="D",
        estimate__weight=0.0,
    )
