"""/desk/customers: the six segments, what they bring, who moved between them, and the customers one by one."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elastix.api.fields import CONTROL
from elastix.dataset.models import DataVersion
from elastix.dataset.versions import current_version
from elastix.desk.exports import export
from elastix.desk.lists import Column, RowColumn, heading, ordered, sorted_rows
from elastix.desk.lists import text as text_of
from elastix.desk.shell import page
from elastix.desk.tags import day, label
from elastix.errors import Invalid
from segments.core.rfm import SEGMENTS
from segments.models import CustomerForecast, SegmentSummary
from segments.selectors import dashboard
from segments.selectors.customers import customer_detail
from segments.selectors.customers import customers as found_customers
from segments.selectors.dashboard import RevenueOfPeriod
from segments.selectors.lifetime import at_risk, customer_forecast, customer_forecasts
from segments.selectors.moves import STATES, SegmentMoves, segment_moves

CUSTOMERS_A_PAGE: Final = 50
AT_RISK_SHOWN: Final = 5
LONGEST_TEXT: Final = 64
DEFAULT_DAYS: Final = 91
RANGES: Final = (28, 91, 365)
# The key that a heading sorts by, its column, and the heading; the largest first where `-` stands before it.
HEADINGS: Final = (
    ("customer_id", "customer_id", gettext_lazy("Customer"), ""),
    ("segment", "place", gettext_lazy("Segment"), ""),
    ("country", "country", gettext_lazy("Country"), ""),
    ("monetary", "monetary", gettext_lazy("Spent"), "-"),
    ("frequency", "frequency", gettext_lazy("Invoices"), "-"),
    ("last_purchase", "last_purchase", gettext_lazy("Last purchase"), "-"),
)
KEPT: Final = ("from", "to", "before", "after", "q", "segment", "country", "sort")
COLUMNS: Final = {key: column for key, column, _, _ in HEADINGS}
# Of the list as a file.
FILE_COLUMNS: Final = (
    (gettext_lazy("Customer"), "customer_id"),
    (gettext_lazy("Segment"), lambda row: capfirst(label(row.segment))),
    (gettext_lazy("Country"), "country"),
    (gettext_lazy("Spent"), "monetary"),
    (gettext_lazy("Invoices"), "frequency"),
    (gettext_lazy("Last purchase"), "last_purchase"),
)
AT_RISK_SORTED_BY: Final = (
    Column("customer", gettext_lazy("Customer"), "customer_id"),
    Column("stake", gettext_lazy("At stake"), "value_at_stake", "-", True),
    Column("alive", gettext_lazy("Still a customer"), "alive", "", True),
    Column("last_purchase", gettext_lazy("Last purchase"), "last_purchase", "-"),
)
AT_RISK_COLUMNS: Final = tuple((each.name, each.expression) for each in AT_RISK_SORTED_BY)
# Of what a customer has bought.
PRODUCTS_BY: Final = (
    RowColumn("product", gettext_lazy("Product"), lambda row: row.name or row.code),
    RowColumn("units", gettext_lazy("Units"), lambda row: row.quantity, "-", True),
    RowColumn("revenue", gettext_lazy("Revenue"), lambda row: row.revenue, "-", True),
    RowColumn("invoices", gettext_lazy("Invoices"), lambda row: row.invoices, "-", True),
    RowColumn("last_purchase", gettext_lazy("Last purchase"), lambda row: row.last_purchase, "-"),
)
PRODUCT_COLUMNS: Final = (
    (gettext_lazy("Code"), "code"),
    (gettext_lazy("Product"), "name"),
    (gettext_lazy("Units"), "quantity"),
    (gettext_lazy("Revenue"), "revenue"),
    (gettext_lazy("Invoices"), "invoices"),
    (gettext_lazy("Last purchase"), "last_purchase"),
)
GAUGES: Final = (
    (
        "wallet_share",
        gettext_lazy("Share of the money"),
        gettext_lazy("How much of the revenue of all segments came from this one."),
    ),
    (
        "churn_risk",
        gettext_lazy("Risk of leaving"),
        gettext_lazy("How long ago they bought, against the one who has stayed away longest."),
    ),
    (
        "price_sensitivity",
        gettext_lazy("Response to prices"),
        gettext_lazy(
            "How strongly they react: 100 % means that a price 1 % higher loses 3 % of the units or more."
        ),
    ),
)


@page()
def customers(request: HttpRequest) -> HttpResponseBase:
    """The segments in a period, their moves between two runs, and the customers that the address asks for."""
    version = current_version()
    context: dict[str, Any] = {"page": "customers", "has_figures": version.as_of is not None}
    if version.as_of is not None:
        listed = _list(request, version)
        if asked := export(request, "customers", FILE_COLUMNS, listed["found"]):
            return asked
        most_at_stake = _risky().order_by("-value_at_stake", "customer_id")[:AT_RISK_SHOWN]
        context |= _period(request, version) | _moves(request) | listed
        context |= {"risk": at_risk(), "risky": most_at_stake}
    return render(request, "desk/customers.html", context)


@page()
def customers_at_risk(request: HttpRequest) -> HttpResponseBase:
    """All customers at risk, or those whose number has what was searched."""
    asked_for = text_of(request, "q")
    found, headings = ordered(
        request, _risky().filter(customer_id__icontains=asked_for), AT_RISK_SORTED_BY, "-stake", "customer_id"
    )
    if asked := export(request, "customers-at-risk", AT_RISK_COLUMNS, found):
        return asked
    context = {
        "page": "customers",
        "risk": at_risk(),
        "rows": Paginator(found, CUSTOMERS_A_PAGE).get_page(request.GET.get("page")),
        "headings": headings,
        "q": asked_for,
    }
    return render(request, "desk/customers_at_risk.html", context)


@page()
def customer(request: HttpRequest, customer_id: str) -> HttpResponseBase:
    """One customer: sums and scores, the segments so far, and what was bought."""
    version = current_version()
    detail = customer_detail(customer_id)
    products, headings = sorted_rows(request, detail.products, PRODUCTS_BY)
    if asked := export(request, "customer-products", PRODUCT_COLUMNS, products):
        return asked
    recency = max((version.as_of - detail.customer.last_purchase).days, 0) if version.as_of else None
    scores = (
        (_("Recency"), detail.customer.r_score),
        (_("Frequency"), detail.customer.f_score),
        (_("Money"), detail.customer.m_score),
    )
    context = {
        "page": "customers",
        "detail": detail,
        "products": products,
        "headings": headings,
        "recency": recency,
        "scores": scores,
        "forecast": customer_forecast(customer_id),
    }
    return render(request, "desk/customer.html", context)


# --- the segments of a period --------------------------------------------------------------------------


def _period(request: HttpRequest, version: DataVersion) -> dict[str, Any]:
    """Sizes, key figures and revenue of the segments between two days; an invalid range gets a message."""
    assert version.as_of is not None  # noqa: S101 - there are figures
    last = version.as_of - dt.timedelta(days=1)
    first = max(version.first_day or last, last - dt.timedelta(days=DEFAULT_DAYS - 1))
    start, end = _day(request, "from") or first, _day(request, "to") or last
    error = ""
    try:
        if start > end:
            raise Invalid()
        length, periods = dashboard.revenue_by_period(version, start_date=start, end_date=end)
    except Invalid as invalid:
        error = str(invalid) or _("The period ends before it begins: the last three months are shown.")
        start, end = first, last
        length, periods = dashboard.revenue_by_period(version, start_date=start, end_date=end)
    sizes = dashboard.segment_sizes(start_date=start, end_date=end)
    figures = dashboard.kpis(start_date=start, end_date=end)
    people = sum(row.customer_count for row in sizes)
    rows = [
        {
            "size": row,
            "kpi": figures[row.segment],
            "share": 100 * row.customer_count / people if people else None,
        }
        for row in sizes
    ]
    ranges = [(days, last - dt.timedelta(days=days - 1)) for days in RANGES]
    return {
        "start": start,
        "end": end,
        "period_error": error,
        "ranges": [(days, max(begin, version.first_day or begin), last) for days, begin in ranges],
        "whole": (version.first_day, last),
        "segments": rows,
        "gauges": [
            (name, text, [(segment, getattr(figures[segment], key)) for segment in SEGMENTS])
            for key, name, text in GAUGES
        ],
        "treemap": treemap(sizes),
        "periods": periods,
        "period_days": length,
        "revenue_chart": revenue_chart(periods),
        "names": SEGMENTS,
    }


def treemap(sizes: Sequence[SegmentSummary]) -> dict[str, Any]:
    """The segments by revenue, as static/elastix/desk/figures.js draws them; by customers where there is no revenue."""
    money = any(row.revenue > 0 for row in sizes)
    values = [float(row.revenue) if money else row.customer_count for row in sizes]
    total = sum(value for value in values if value > 0)
    return {
        "kind": "treemap",
        "unit": _("Revenue") if money else _("Customers"),
        "parts": [
            {
                "name": capfirst(label(row.segment)),
                "value": round(value, 2),
                "share": round(100 * value / total, 1),
            }
            for row, value in zip(sizes, values, strict=True)
            if value > 0
        ],
    }


def revenue_chart(periods: Sequence[RevenueOfPeriod]) -> dict[str, Any]:
    """Revenue by segment over time, stacked areas."""
    return {
        "kind": "area",
        "x": [day(each.first_day) for each in periods],
        "series": [
            {"name": capfirst(label(name)), "values": [round(each.revenue[name], 2) for each in periods]}
            for name in SEGMENTS
        ],
    }


def _day(request: HttpRequest, name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None


def _risky() -> QuerySet[CustomerForecast]:
    return customer_forecasts().filter(at_risk=True)


# --- moves and the list --------------------------------------------------------------------------------


def _moves(request: HttpRequest) -> dict[str, Any]:
    moves = segment_moves(start_date=_day(request, "before"), end_date=_day(request, "after"))
    return {"moves": moves, "matrix": matrix(moves), "states": STATES}


def matrix(moves: SegmentMoves) -> list[tuple[str, list[tuple[str, int]], int]]:
    """A row for each segment before: the segments after with their customers, and the customers in all."""
    counts = {(cell.segment_before, cell.segment): cell.customers for cell in moves.items}
    rows = [(before, [(after, counts.get((before, after), 0)) for after in STATES]) for before in STATES]
    return [(before, cells, sum(count for _, count in cells)) for before, cells in rows]


def _list(request: HttpRequest, version: DataVersion) -> dict[str, Any]:
    """The customers that the address asks for; what it says that is unknown counts as not said."""
    text = CONTROL.sub("", request.GET.get("q", "").strip())[:LONGEST_TEXT]
    segment, country = request.GET.get("segment", ""), request.GET.get("country", "")
    segment = segment if segment in SEGMENTS else ""
    country = country if country in version.countries else ""
    sort = request.GET.get("sort", "")
    sort = sort if sort.removeprefix("-") in COLUMNS else "-monetary"
    sign, key = ("-" if sort.startswith("-") else ""), sort.removeprefix("-")
    found = found_customers(text=text, segment=segment, country=country)
    found = found.order_by(f"{sign}{COLUMNS[key]}", "customer_id")
    return {
        "found": found,
        "rows": Paginator(found, CUSTOMERS_A_PAGE).get_page(request.GET.get("page")),
        "q": text,
        "segment": segment,
        "country": country,
        "countries": version.countries,
        "sort": sort,
        "headings": [heading(key, name, first, sort) for key, _, name, first in HEADINGS],
        "kept": [(name, value) for name, value in request.GET.items() if name in KEPT],
    }
