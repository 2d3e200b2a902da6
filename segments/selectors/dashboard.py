"""What the dashboard shows: key figures, sizes and revenue of the six segments."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from django.db.models import Sum

from elastix.api.fields import money, rounded
from elastix.dataset.models import DataVersion
from elastix.errors import FieldError, Invalid
from segments.core.rfm import SEGMENTS, segment_kpis
from segments.models import SegmentDailyRevenue, SegmentSummary
from segments.selectors.sums import NOTHING, exact, segment_summaries, within

LONGEST_TREND_DAYS = 3_660
PERIOD_DAYS = (1, 7, 28)
MOST_PERIODS = 131


@dataclass(frozen=True, slots=True)
class SegmentKpi:
    """Key figures of one segment, in percent to one decimal."""

    price_sensitivity: float | None
    wallet_share: float | None
    churn_risk: float | None


@dataclass(frozen=True, slots=True)
class RevenueOfPeriod:
    """Each segment's revenue from one day to another, both inclusive."""

    first_day: dt.date
    last_day: dt.date
    revenue: dict[str, float]


def kpis(*, start_date: dt.date | None, end_date: dt.date | None) -> dict[str, SegmentKpi]:
    """Return price sensitivity, wallet share and churn risk of each segment.

    A window of dates limits the revenue that the wallet share compares; customers stay in the segments of the
    last publish.
    """
    summaries = segment_sizes(start_date=start_date, end_date=end_date)
    figures = segment_kpis(
        [row.customer_count for row in summaries],
        [row.mean_recency for row in summaries],
        [row.max_recency for row in summaries],
        [float(row.revenue) for row in summaries],
        [np.nan if row.elasticity is None else row.elasticity for row in summaries],
    )
    columns = zip(figures.price_sensitivity, figures.wallet_share, figures.churn_risk, strict=True)
    return {
        name: SegmentKpi(*(rounded(value, 1) for value in values))
        for name, values in zip(SEGMENTS, columns, strict=True)
    }


@dataclass(frozen=True, slots=True)
class RevenueShares:
    """How a revenue is spread over the segments.

    Attributes
    ----------
    percent : each segment's share of the revenue, 0 to 100; None where there is no revenue.
    rest, rest_percent : the part that no segment has: sales without a customer number, less what those brought back
        who have kept nothing.
    """

    percent: dict[str, Decimal | None]
    rest: Decimal
    rest_percent: Decimal | None


def revenue_shares(revenue: Decimal, sizes: Sequence[SegmentSummary]) -> RevenueShares:
    """Return the shares of the segments, and of what no segment has, in the shop's whole revenue of the same days."""

    def share(amount: Decimal) -> Decimal | None:
        return 100 * amount / revenue if revenue > 0 else None

    rest = revenue - sum((row.revenue for row in sizes), NOTHING)
    return RevenueShares({row.segment: share(row.revenue) for row in sizes}, rest, share(rest))


def segment_sizes(*, start_date: dt.date | None, end_date: dt.date | None) -> list[SegmentSummary]:
    """Return the segments with the revenue of a window, if one is given."""
    summaries = segment_summaries()
    if start_date or end_date:
        sold = SegmentDailyRevenue.objects.filter(within(start_date, end_date)).order_by()
        sums = dict(sold.values_list("segment").annotate(Sum("revenue")))
        for row in summaries:
            row.revenue = sums.get(row.segment, NOTHING)
    for row in summaries:
        row.revenue = exact(row.revenue)
    return summaries


def trends(
    version: DataVersion, *, start_date: dt.date | None, end_date: dt.date | None
) -> list[RevenueOfPeriod]:
    """Return each segment's revenue of every day, days without sales included.

    An end that is not given is that of the data; a range without a beginning goes back 3,660 days at most.

    Raises
    ------
    Invalid : the range has more than 3,660 days.
    """
    days = _days(version, start_date, end_date)
    if not days:
        return []
    stored = SegmentDailyRevenue.objects.filter(within(days[0], days[-1])).order_by()
    revenue = {
        (day, name): money(amount) or 0.0
        for day, name, amount in stored.values_list("date", "segment", "revenue")
    }
    return [
        RevenueOfPeriod(day, day, {name: revenue.get((day, name), 0.0) for name in SEGMENTS}) for day in days
    ]


def revenue_by_period(
    version: DataVersion, *, start_date: dt.date | None, end_date: dt.date | None
) -> tuple[int, list[RevenueOfPeriod]]:
    """Return the days of a period, and each segment's revenue of each: `MOST_PERIODS` at most.

    The last period may be shorter. Raises as `trends`.
    """
    days = trends(version, start_date=start_date, end_date=end_date)
    length = next(each for each in PERIOD_DAYS if len(days) <= MOST_PERIODS * each)
    periods = []
    for first in range(0, len(days), length):
        rows = days[first : first + length]
        revenue = {name: sum(row.revenue[name] for row in rows) for name in SEGMENTS}
        periods.append(RevenueOfPeriod(rows[0].first_day, rows[-1].last_day, revenue))
    return length, periods


def _days(version: DataVersion, start_date: dt.date | None, end_date: dt.date | None) -> list[dt.date]:
    """Every day of the range asked for; none where an open end has no data to end it."""
    last = end_date or (version.as_of and version.as_of - dt.timedelta(days=1))
    first = start_date or version.first_day
    if first is None or last is None:
        return []
    begin, end = first.toordinal(), last.toordinal()
    if start_date is None:
        begin = max(begin, end - LONGEST_TREND_DAYS + 1)
    if end - begin >= LONGEST_TREND_DAYS:
        message = f"The range from {first} to {last} has more than {LONGEST_TREND_DAYS:,} days."
        raise Invalid(FieldError("end_date" if end_date else "start_date", message))
    return [dt.date.fromordinal(number) for number in range(begin, end + 1)]
