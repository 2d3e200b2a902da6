"""The tabs of a product's page: each shows the answer of one operation of the API."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from elastix.dataset.models import DataVersion
from elastix.desk.exports import export
from elastix.desk.lists import Column, RowColumn, ordered, sorted_rows
from elastix.desk.tags import label
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
from segments.core.rfm import SEGMENTS
from segments.selectors.buyers import buyers_of_product
from simulations.pages.clearance import clearance_tab
from simulations.pages.drawings import forecast_chart, market_chart, price_chart

CHANGES_SHOWN: Final = 10
MARKET_DAYS: Final = 90
PRICE_DAYS: Final = 730
PAIRS_SHOWN: Final = 10
SALES_A_PAGE: Final = 50

SALES_BY: Final = (
    Column("day", _("Day"), "invoice_date", "-"),
    Column("invoice", _("Invoice"), "invoice_no"),
    Column("units", _("Units"), "quantity", "-", True),
    Column("price", _("Price"), "unit_price", "-", True),
    Column("customer", _("Customer"), "customer_id"),
    Column("country", _("Country"), "country"),
)
BUYERS_BY: Final = (
    RowColumn("segment", _("Segment"), lambda each: SEGMENTS.index(each.segment)),
    RowColumn("units", _("Units"), lambda each: each.quantity, "-", True),
    RowColumn("revenue", _("Revenue"), lambda each: each.revenue, "-", True),
    RowColumn("share", _("Share"), lambda each: each.share_percent, "-", True),
    RowColumn("paid", _("Mean price paid"), lambda each: each.avg_price, "-", True),
    RowColumn("elasticity", _("Elasticity"), lambda each: each.elasticity, "", True),
    RowColumn("grade", _("Grade"), lambda each: each.quality or None),
)
TOGETHER_BY: Final = (
    RowColumn("product", _("Product"), lambda each: each.pair.product_y.name),
    RowColumn("baskets", _("Invoices with both"), lambda each: each.pair.baskets_together, "-", True),
    RowColumn("lift", _("Times as often as by chance"), lambda each: each.pair.lift, "-", True),
    RowColumn("follows", _("Units follow its price"), lambda each: each.pair.cross_elasticity, "-", True),
    RowColumn("bundle", _("Price of both as a bundle"), lambda each: each.bundle.price, "-", True),
)

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
    buyers, headings = sorted_rows(request, buyers_of_product(product.code), BUYERS_BY)
    return {"buyers": buyers, "headings": headings}


def _together(request: HttpRequest, product: Product, version: DataVersion) -> dict[str, Any]:
    found = bundle_suggestions(category=None, product=product.code, limit=PAIRS_SHOWN)
    suggestions, headings = sorted_rows(request, found, TOGETHER_BY)
    return {"suggestions": suggestions, "headings": headings}


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
    lines, headings = ordered(request, Transaction.objects.filter(product=product), SALES_BY, "-day", "-id")
    rows = Paginator(lines, SALES_A_PAGE).get_page(request.GET.get("page"))
    return {"lines": lines, "rows": rows, "headings": headings}


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


FILES: Final[dict[str, tuple[str, Any]]] = {
    "buyers": (
        "buyers",
        (
            (_("Segment"), lambda each: capfirst(label(each.segment))),
            (_("Units"), "quantity"),
            (_("Revenue"), "revenue"),
            (_("Share in %"), "share_percent"),
            (_("Mean price paid"), "avg_price"),
            (_("Elasticity"), "elasticity"),
            (_("Grade"), "quality"),
        ),
    ),
    "together": (
        "suggestions",
        (
            (_("Code"), "pair.product_y_id"),
            (_("Product"), "pair.product_y.name"),
            (_("Invoices with both"), "pair.baskets_together"),
            (_("Times as often as by chance"), "pair.lift"),
            (_("Units follow its price"), "pair.cross_elasticity"),
            (_("Price of both as a bundle"), "bundle.price"),
        ),
    ),
    "sales": (
        "lines",
        (
            (
                _("Day"),
                lambda line: line.invoice_date.astimezone(settings.SHOP_TIME_ZONE).replace(tzinfo=None),
            ),
            (_("Invoice"), "invoice_no"),
            (_("Units"), "quantity"),
            (_("Price"), "unit_price"),
            (_("Customer"), "customer_id"),
            (_("Country"), "country"),
        ),
    ),
}
"""The tabs that are lists, and may be files: where their rows are in what is shown, and the columns of the file."""


def tab_file(request: HttpRequest, product: Product, version: DataVersion) -> HttpResponseBase | None:
    """The list of the tab as the file that the address asks for; None where it asks for the page."""
    tab = tab_of(request)
    if tab not in FILES or "file" not in request.GET:
        return None
    rows, columns = FILES[tab]
    return export(request, tab, columns, TABS[tab][1](request, product, version)[rows])


def tab_of(request: HttpRequest) -> str:
    """The tab that the address asks for."""
    asked = request.GET.get("tab", "")
    return asked if asked in TABS else next(iter(TABS))
