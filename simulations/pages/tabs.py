"""The tabs of a product's page: each shows the answer of one operation of the API."""

from collections.abc import Callable
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from elastix.dataset.models import DataVersion
from elastix.errors import Conflict, NotFound
from market.core.attraction import DEFAULT_GAMMA
from market.selectors.competitors import product_market
from pricing.bundles.selectors.bundles import bundle_suggestions
from pricing.changes.selectors.outcomes import newest_outcomes
from pricing.changes.selectors.prior_prices import prior_prices
from pricing.elasticity.core.demand import AVERAGE
from pricing.elasticity.selectors.estimates import diagnostics_of_product
from pricing.elasticity.selectors.learned import beside_the_pooled
from pricing.forecasting.selectors.forecasts import forecast_of_product
from pricing.recommendation.selectors.products import product_detail
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import Product, Transaction
from segments.selectors.buyers import buyers_of_product
from simulations.pages.clearance import clearance_tab
from simulations.pages.drawings import forecast_chart, market_chart, price_chart

CHANGES_SHOWN: Final = 10
MARKET_DAYS: Final = 90
PRICE_DAYS: Final = 730
PAIRS_SHOWN: Final = 10
SALES_A_PAGE: Final = 50

Tab = Callable[[HttpRequest, Product, DataVersion], dict[str, Any]]


def _forecast(request: HttpRequest, product: Product, version: DataVersion) -> dict[str, Any]:
    forecast = forecast_of_product(
        version, product.code, periods=MONTH_DAYS, method=None, price=None, demand_model=AVERAGE
    )
    chart = forecast_chart(forecast) if forecast.forecast else None
    return {"forecast": forecast, "chart": chart, "days": MONTH_DAYS}


def _competitors(request: HttpRequest, product: Product, version: DataVersion) -> dict[str, Any]:
    market = product_market(version, product, days=MARKET_DAYS, gamma=DEFAULT_GAMMA)
    return {
        "market": market,
        "chart": market_chart(market) if market.history else None,
    }


def _history(request: HttpRequest, product: Product, version: DataVersion) -> dict[str, Any]:
    detail = product_detail(product.code, days=PRICE_DAYS, version=version)
    sold = detail.sales_history
    return {
        "changes": newest_outcomes(version, CHANGES_SHOWN, product.code),
        "prior": prior_prices([product.code]).get(product.code),
        "sold": sold,
        "chart": price_chart(sold) if sold else None,
        "channel_prices": detail.channel_prices,
    }


def _buyers(request: HttpRequest, product: Product, version: DataVersion) -> dict[str, Any]:
    return {"buyers": buyers_of_product(product.code)}


def _together(request: HttpRequest, product: Product, version: DataVersion) -> dict[str, Any]:
    return {"suggestions": bundle_suggestions(category=None, product=product.code, limit=PAIRS_SHOWN)}


def _diagnostics(request: HttpRequest, product: Product, version: DataVersion) -> dict[str, Any]:
    shown: dict[str, Any] = {"beside": beside_the_pooled(product)}
    if "worked" not in request.GET:
        # The libraries that work them out take a second to load for the first who asks: the page is there before.
        return {**shown, "later": True}
    try:
        return shown | {"diagnostics": diagnostics_of_product(product.code)}
    except (Conflict, NotFound) as error:
        return shown | {"nothing": error}


def _sales(request: HttpRequest, product: Product, version: DataVersion) -> dict[str, Any]:
    lines = Transaction.objects.filter(product=product).order_by("-invoice_date", "-id")
    return {"rows": Paginator(lines, SALES_A_PAGE).get_page(request.GET.get("page"))}


TABS: Final[dict[str, tuple[Any, Tab]]] = {
    "forecast": (_("Forecast"), _forecast),
    "competitors": (_("Competitors"), _competitors),
    "history": (_("Price history and outcomes"), _history),
    "clearance": (_("Clearance"), clearance_tab),
    "buyers": (_("Who buys it"), _buyers),
    "together": (_("Bought together"), _together),
    "diagnostics": (_("Diagnostics"), _diagnostics),
    "sales": (_("Sales"), _sales),
}
"""By their name in the address: the heading, and what the tab shows. The first is open where none is asked for."""


def tab_of(request: HttpRequest) -> str:
    """The tab that the address asks for."""
    asked = request.GET.get("tab", "")
    return asked if asked in TABS else next(iter(TABS))
