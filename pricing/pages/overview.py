"""/desk/: how the shop does, what was changed and whether it paid, what needs attention."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from elastix.alerts.models import Alert
from elastix.dataset.models import DataVersion
from elastix.dataset.versions import current_version
from elastix.desk.shell import page
from pricing.changes.selectors.outcomes import newest_outcomes
from pricing.recommendation.selectors.setup import shop_setup
from pricing.recommendation.selectors.totals import ShopTotals, shop_totals

DAYS: Final = 28
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the last days beside that of the days before; None where it is not known.

    `kind` is how it is written: money, percent or number. Percentages differ by points, others by percent.
    """

    name: Any
    kind: str
    now: Decimal | None
    before: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """In percent of what was before, or in points."""
        if self.now is None or self.before is None:
            return None
        if self.kind == "percent":
            return Decimal(self.now - self.before)
        return 100 * (Decimal(self.now) / Decimal(self.before) - 1) if self.before > 0 else None


@page()
def overview(request: HttpRequest) -> HttpResponse:
    version = current_version()
    setup = shop_setup(version)
    context: dict[str, Any] = {"page": "overview", "setup": setup}
    if setup.has_sales:
        now, before = _totals(version)
        alerts = Alert.objects.filter(cleared_at__isnull=True)
        context |= {
            "tiles": tiles(now, before),
            "covered_percent": now.covered_percent,
            "days": DAYS,
            "changes": newest_outcomes(version, SHOWN),
            "alerts": list(alerts.order_by("-raised_at", "-id")[:SHOWN]),
            "alert_count": alerts.count(),
        }
    return render(request, "desk/overview.html", context)


def tiles(now: ShopTotals, before: ShopTotals) -> list[Tile]:
    """The four figures of the shop."""
    return [
        Tile(_("Revenue"), "money", now.revenue, before.revenue),
        Tile(_("Profit"), "money", now.profit, before.profit),
        Tile(_("Margin"), "percent", now.margin_percent, before.margin_percent),
        Tile(_("Units"), "number", now.units, before.units),
    ]


def _totals(version: DataVersion) -> tuple[ShopTotals, ShopTotals]:
    """Of the last days with figures, and of as many before."""
    assert version.as_of is not None  # noqa: S101 - there are sales
    last, length = version.as_of - dt.timedelta(days=1), dt.timedelta(days=DAYS)
    first = last - length + dt.timedelta(days=1)
    return shop_totals(first, last), shop_totals(first - length, last - length)
