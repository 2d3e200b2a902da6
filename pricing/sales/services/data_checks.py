"""The daily check of the data: are the sales recent and complete, the figures up to date, the costs known?"""

import datetime as dt

import numpy as np
from django.conf import settings
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from elastix.alerts.services import Finding, alerts_report
from elastix.dataset.models import DataVersion
from elastix.dataset.versions import data_version
from pricing.sales.core.arrays import IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, MONTH_DAYS
from pricing.sales.core.data_checks import WEEKS_COMPARED, check_days
from pricing.sales.models import SalesHistory
from pricing.sales.selectors.products import merchandise

FIGURES_LATE_AFTER = dt.timedelta(hours=24)
SOLD_RECENTLY = dt.timedelta(days=28)
MOST_DAYS_NAMED = 5
# The subjects of this check; it clears no alerts of the same kinds on others.
SUBJECTS = ("", "figures", "missing days", "last week")


def check_data() -> int:
    """Report what is wrong with the newest sales as alerts; return how many are new."""
    version = data_version()
    if version.as_of is None:
        return 0
    newest = version.as_of - dt.timedelta(days=1)
    return sum(
        alerts_report(kind, findings, among=SUBJECTS)
        for kind, findings in (
            ("data_stale", _staleness(version, newest)),
            ("data_quality", _completeness(newest)),
            ("no_cost", _costs(newest)),
        )
    )


def _staleness(version: DataVersion, newest: dt.date) -> list[Finding]:
    """Sales that ended long ago, and figures behind the sales because recomputes fail."""
    found = []
    now = timezone.now()
    age = now.astimezone(settings.SHOP_TIME_ZONE).date() - newest
    if age > settings.DATA_STALE_AFTER:
        message = f"The newest sale is of {newest}, {age.days} days ago: load the sales since then."
        found.append(Finding("", message, {"newest_sale": str(newest), "days": age.days}))
    since = version.published_at
    if version.is_stale and since and now - since > FIGURES_LATE_AFTER:
        message = (
            f"The figures were last computed on {since:%Y-%m-%d %H:%M} UTC and the sales have changed since:"
            " look at the newest recompute among the jobs."
        )
        found.append(Finding("figures", message, {"published_at": since.isoformat()}))
    return found


def _completeness(newest: dt.date) -> list[Finding]:
    """Missing days among the newest, and a last week of an unusual size."""
    check = check_days(_lines_by_day(newest))
    found = []
    if check.missing.size:
        days = [str(newest - dt.timedelta(days=int(back))) for back in check.missing[::-1]]
        named = ", ".join(days[:MOST_DAYS_NAMED]) + (" and others" if len(days) > MOST_DAYS_NAMED else "")
        message = (
            f"No sales on {named}, though the shop usually sells on these weekdays: was a file left out?"
        )
        found.append(Finding("missing days", message, {"days": days}))
    if check.unusual:
        reason = "loaded in part" if check.last_week < check.usual_week else "loaded twice"
        message = (
            f"The seven days to {newest} hold {check.last_week:,} sales lines; a usual week has"
            f" {check.usual_week:,.0f}: was a file {reason}?"
        )
        data = {"lines": check.last_week, "usual": check.usual_week, "last_day": str(newest)}
        found.append(Finding("last week", message, data))
    return found


def _lines_by_day(newest: dt.date) -> IntArray:
    """Sales lines of each day of the weeks compared, oldest first, from the first day with sales on."""
    first = newest - dt.timedelta(days=WEEKS_COMPARED * DAYS_A_WEEK - 1)
    # A month's total says nothing about a week.
    sold = SalesHistory.objects.exclude(product__summary__line_days=MONTH_DAYS)
    days = sold.filter(date__gte=first, date__lte=newest).order_by().values_list("date")
    lines = {day: count for day, count in days.annotate(Sum("lines")) if count}
    begin = min(lines, default=newest)
    span = (newest - begin).days + 1
    return np.array([lines.get(begin + dt.timedelta(days=day), 0) for day in range(span)], np.int64)


def _costs(newest: dt.date) -> list[Finding]:
    """Products on sale without a cost, for which no price can be recommended."""
    sold = merchandise().annotate(newest=Max("sales_history__date"))
    recently = Q(newest__gt=newest - SOLD_RECENTLY) | Q(
        newest__gt=newest - SOLD_RECENTLY - dt.timedelta(days=MONTH_DAYS), summary__line_days=MONTH_DAYS
    )
    counts = sold.filter(recently).aggregate(
        products=Count("pk"), without=Count("pk", filter=Q(cost__isnull=True))
    )
    if not counts["without"]:
        return []
    message = (
        f"{counts['without']:,} of {counts['products']:,} products sold in the last {SOLD_RECENTLY.days} days"
        " have no cost: without one, or a cost ratio in the price policy, no price is recommended."
    )
    return [Finding("", message, counts)]
