"""What the dashboard shows: key figures, sizes and daily revenue of the six segments."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
from django.core.exceptions import ValidationError
from django.db.models import Sum

from elastix.api.fields import money, rounded
from elastix.dataset.models import DataVersion
from segments.core.rfm import SEGMENTS, SegmentKpis, rfm_segments, segment_kpis
from segments.models import SegmentDailyRevenue, SegmentSummary
from segments.selectors.figures import cents, segment_summaries, within

LONGEST_TREND_DAYS = 3_660


def kpis(*, start_date: dt.date | None, end_date: dt.date | None) -> dict[str, dict[str, float | None]]:
    """Return price sensitivity, wallet share and churn risk of each segment, in percent.

    A window of dates limits the revenue that the wallet share compares; customers stay in the segments of the
    last publish.
    """
    summaries = segment_summaries()
    figures = _kpis(summaries, _revenues(summaries, start_date, end_date))
    return {
        name: {
            "priceSensitivity": rounded(figures.price_sensitivity_percent[index], 1),
            "walletShare": rounded(figures.wallet_share_percent[index], 1),
            "churnRisk": rounded(figures.churn_risk_percent[index], 1),
        }
        for index, name in enumerate(SEGMENTS)
    }


def treemap(*, start_date: dt.date | None, end_date: dt.date | None) -> dict[str, Any]:
    """Return customers, revenue (of the window, if one is given) and mean RFM score of each segment."""
    summaries = segment_summaries()
    revenues = _revenues(summaries, start_date, end_date)
    return {
        "total": sum(row.customer_count for row in summaries),
        "items": [
            {
                "segment": row.segment,
                "value": cents(revenue),
                "score": rounded(row.score, 2),
                "customerCount": row.customer_count,
            }
            for row, revenue in zip(summaries, revenues, strict=True)
        ],
    }


def trends(version: DataVersion, *, start_date: dt.date | None, end_date: dt.date | None) -> dict[str, Any]:
    """Return each segment's revenue on every day of a range, days without sales included.

    An end that is not given is that of the data; a range without a beginning goes back 3,660 days at most.

    Raises
    ------
    ValidationError
        If the range has more than 3,660 days.
    """
    days = _days(version, start_date, end_date)
    revenue = _revenue_by_day(days)
    items = [
        {name: revenue.get((day, name), 0.0) for name in SEGMENTS} | {"date": f"{day:%d/%m/%Y}"}
        for day in days
    ]
    return {"total": len(items), "items": items}


def _kpis(summaries: Sequence[SegmentSummary], revenues: Sequence[Decimal]) -> SegmentKpis:
    """Apply the formulas for customers to summaries.

    Of a segment's customers they see the sums and the longest recency alone, so that two stand-ins do: one
    with the longest recency, one that brings the mean to the segment's.
    """
    populated = [index for index, row in enumerate(summaries) if row.customer_count]
    longest = np.array([summaries[index].max_recency for index in populated], np.float64)
    mean = np.array([summaries[index].mean_recency for index in populated], np.float64)
    half = np.array([float(revenues[index]) / 2 for index in populated])
    none = np.zeros(2 * len(populated), np.int8)
    stand_ins = replace(
        rfm_segments([], [], []),
        segment=np.array([*populated, *populated], np.int8),
        r_score=none,
        f_score=none,
        m_score=none,
    )
    return segment_kpis(
        stand_ins,
        np.concatenate((longest, 2 * mean - longest)),
        np.concatenate((half, half)),
        np.array([np.nan if row.elasticity is None else row.elasticity for row in summaries]),
    )


def _revenues(
    summaries: Sequence[SegmentSummary], start_date: dt.date | None, end_date: dt.date | None
) -> list[Decimal]:
    """Revenue of each segment, over all sales or in a window."""
    if start_date is None and end_date is None:
        return [row.revenue for row in summaries]
    sums = dict(
        SegmentDailyRevenue.objects.filter(within(start_date, end_date))
        .order_by()
        .values("segment")
        .annotate(total=Sum("revenue"))
        .values_list("segment", "total")
    )
    return [sums.get(row.segment, Decimal(0)) for row in summaries]


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
        raise ValidationError({"end_date" if end_date else "start_date": message})
    return [dt.date.fromordinal(number) for number in range(begin, end + 1)]


def _revenue_by_day(days: Sequence[dt.date]) -> dict[tuple[dt.date, str], float | None]:
    if not days:
        return {}
    rows = SegmentDailyRevenue.objects.filter(within(days[0], days[-1])).order_by()
    stored = rows.values_list("date", "segment", "revenue")
    return {(day, name): money(revenue) for day, name, revenue in stored}
