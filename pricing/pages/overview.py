"""/desk/: key figures, recent price changes with their outcomes, alerts."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elastix.alerts.models import Alert
from elastix.api.permissions import Role, role_of
from elastix.dataset.versions import current_version
from elastix.desk.shell import error_page, page
from pricing.changes.selectors.outcomes import newest_outcomes
from pricing.recommendation.selectors.overview import Figure, ShopFigures, shop_overview
from pricing.recommendation.selectors.standing import standing_is_behind
from pricing.recommendation.services.policies import assume_costs

SHOWN: Final = 5
ASSUMED_RATIO: Final = Decimal("0.6")
SPARK_WIDTH, SPARK_HEIGHT = 100.0, 24.0


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the last days beside those of the days before and of last year.

    `kind` is how it is written: money, percent or number. Percentages differ by points, others by percent.
    """

    name: Any
    kind: str
    figure: Figure
    assumed: bool = False

    @property
    def now(self) -> Decimal | None:
        return self.figure.now

    @property
    def change(self) -> Decimal | None:
        """Against the days before: in percent, or in points."""
        return self._against(self.figure.before)

    @property
    def year_change(self) -> Decimal | None:
        """Against last year's days."""
        return self._against(self.figure.last_year)

    @property
    def spark(self) -> str:
        """The days as the points of a line in a box of 100 by 24; empty where too few are known."""
        return spark_points(self.figure.series)

    def _against(self, then: Decimal | None) -> Decimal | None:
        if self.now is None or then is None:
            return None
        if self.kind == "percent":
            return Decimal(self.now - then)
        return 100 * (Decimal(self.now) / Decimal(then) - 1) if then > 0 else None


@page(post=Role.MANAGER)
def overview(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _assume(request)
    version = current_version()
    found = shop_overview(version)
    context: dict[str, Any] = {
        "page": "overview",
        "setup": found.setup,
        "assumed_ratio": 100 * ASSUMED_RATIO,
        "may_decide": role_of(request.user) >= Role.MANAGER,
    }
    if found.figures is not None:
        alerts = Alert.objects.filter(cleared_at__isnull=True)
        context |= {
            "tiles": tiles(found.figures),
            "figures_shown": found.figures,
            "revenue_chart": revenue_chart(found.figures),
            "worth": found.worth,
            "behind": standing_is_behind(version),
            "opportunities": _address_of("opportunities"),
            "changes": newest_outcomes(version, SHOWN),
            "alerts": list(alerts.order_by("-raised_at", "-id")[:SHOWN]),
            "alert_count": alerts.count(),
        }
    return render(request, "desk/overview.html", context)


def _assume(request: HttpRequest) -> HttpResponse:
    """Assume the costs that are not known, or assume them no more."""
    ratios: dict[str, Decimal | None] = {"assume": ASSUMED_RATIO, "forget": None}
    action = request.POST.get("action", "")
    if action not in ratios:
        return error_page(request, 400, _("Unknown action."))
    try:
        assume_costs(ratios[action], user=request.user)
    except ValidationError as error:
        return error_page(request, 400, " ".join(error.messages))
    if action == "assume":
        messages.success(
            request,
            _(
                "Costs that are not known are taken to be 60 % of the price. What rests on them is marked as assumed; a cost "
                "that you load takes their place."
            ),
        )
    else:
        messages.success(request, _("Nothing is assumed any more about costs that are not known."))
    return redirect("overview")


def _address_of(name: str) -> str:
    """The address of a page; empty where this installation has none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def tiles(figures: ShopFigures) -> list[Tile]:
    """The four figures of the shop."""
    assumed = bool(figures.assumed_percent)
    return [
        Tile(gettext_lazy("Revenue"), "money", figures.revenue),
        Tile(gettext_lazy("Profit"), "money", figures.profit, assumed),
        Tile(gettext_lazy("Margin"), "percent", figures.margin_percent, assumed),
        Tile(gettext_lazy("Units"), "number", figures.units),
    ]


def spark_points(series: Sequence[Decimal | None]) -> str:
    """Points of a line through the known values, the lowest (or 0) at the bottom."""
    known = [(place, float(value)) for place, value in enumerate(series) if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(0.0, *(value for _place, value in known)), max(value for _place, value in known)
    width, height = SPARK_WIDTH / (len(series) - 1), SPARK_HEIGHT / ((high - low) or 1.0)
    return " ".join(
        f"{place * width:.1f},{SPARK_HEIGHT - (value - low) * height:.1f}" for place, value in known
    )


def revenue_chart(figures: ShopFigures) -> dict[str, Any]:
    """Revenue by day, sold and expected, as static/elastix/desk/charts.js draws it."""
    sold, coming = figures.sold, figures.expected
    return {
        "kind": "forecast",
        "x": [each.date.isoformat() for each in (*sold, *coming)],
        "names": {"x": _("Day"), "y": _("Revenue"), "second": _("Expected")},
        "y": [float(each.revenue) for each in sold] + [None] * len(coming),
        "second": [None] * len(sold) + [float(each.revenue) for each in coming] if coming else [],
        "low": [],
        "high": [],
        "marks": [],
    }
