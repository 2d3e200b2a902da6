"""/desk/report: two pages A4 to print: the shop, the ten best moves, what paid, and what the words mean."""

from collections import Counter
from decimal import Decimal
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from elastix.dataset.models import DataVersion
from elastix.dataset.versions import current_version
from elastix.desk.shell import page
from elastix.desk.tags import described
from pricing.changes.selectors.outcomes import newest_outcomes
from pricing.recommendation.selectors.overview import shop_figures
from pricing.recommendation.selectors.standing import ordered_standing, standing_recommendations
from pricing.recommendation.selectors.standing_totals import all_totals
from pricing.sales.core.calendar import MONTH_DAYS
from segments.selectors.dashboard import revenue_shares, segment_sizes

MOVES_SHOWN: Final = 10
OUTCOMES_SHOWN: Final = 12
DEFINITIONS: Final = (
    (
        _("Elasticity"),
        _(
            "By how many percent units change when the price rises by 1 %. At -2, a price 5 % higher loses 10 % of the units."
        ),
    ),
    (
        _("Expected gain"),
        _(
            "Profit of 30 days at the recommended price less that at today's price; of revenue, where the cost is not known."
        ),
    ),
    (_("80 % interval"), _("In four of five such cases the figure is expected to lie within it.")),
    (
        _("Chance of a gain"),
        _(
            "How probable it is that the change brings more profit than today's price. A price is recommended from 80 % on."
        ),
    ),
    (
        _("Paid"),
        _("What sold after a price change beat what would have sold without it, by more than chance."),
    ),
    (
        _("Segments"),
        _(
            "Customers by how lately, how often and for how much they bought, in thirds of the shop's own customers."
        ),
    ),
)


@page()
def report(request: HttpRequest) -> HttpResponse:
    """The report of the newest figures."""
    version = current_version()
    context: dict[str, Any] = {"page": "report", "has_figures": version.as_of is not None}
    if version.as_of is not None:
        outcomes = newest_outcomes(version, OUTCOMES_SHOWN)
        context |= _shop(version) | {
            "moves": ordered_standing(standing_recommendations(moved=True), "-gain")[:MOVES_SHOWN],
            "worth": all_totals(version),
            "month": MONTH_DAYS,
            "outcomes": outcomes,
            "verdicts": Counter(each.longest.paid or each.longest.status for each in outcomes),
            "definitions": DEFINITIONS,
            "grades": [(grade, described(grade)) for grade in "ABCD"],
        }
    return render(request, "desk/report.html", context)


def _shop(version: DataVersion) -> dict[str, Any]:
    """The last 28 days of figures beside as many before, and the segments in them."""
    figures = shop_figures(version)
    first, last = figures.first_day, figures.last_day
    sizes = segment_sizes(start_date=first, end_date=last)
    shares = revenue_shares(figures.revenue.now or Decimal(0), sizes)
    return {
        "days": figures.days,
        "first": first,
        "last": last,
        "rows": [
            (_("Revenue"), "money", figures.revenue.now, figures.revenue.before),
            (_("Profit"), "money", figures.profit.now, figures.profit.before),
            (_("Margin"), "percent", figures.margin_percent.now, figures.margin_percent.before),
            (_("Units"), "number", figures.units.now, figures.units.before),
        ],
        "covered_percent": figures.covered_percent,
        "segments": [(row, shares.percent[row.segment]) for row in sizes],
        "shares": shares,
    }
