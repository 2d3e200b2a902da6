"""Categories, as the last computation summed them up."""

from typing import Any

from elastix.api.fields import money, rounded
from pricing.recommendation.models import CategorySummary

UNCATEGORISED = "Uncategorised"


def categories() -> dict[str, Any]:
    """Every category with active merchandise, most revenue first; products without one are "Uncategorised"."""
    found = list(CategorySummary.objects.order_by("-revenue", "category"))
    return {
        "categories": [_row(summary) for summary in found],
        "last_updated": min((summary.computed_at for summary in found), default=None),
    }


def _row(summary: CategorySummary) -> dict[str, Any]:
    return {
        "category": summary.category,
        "label": summary.category or UNCATEGORISED,
        "products": summary.products,
        "revenue": money(summary.revenue),
        "margin": _percent(summary.margin),
        "cost_known_percent": _percent(summary.cost_known),
        "elasticity": rounded(summary.elasticity, 4),
        "uplift": {
            "products": summary.to_change,
            "revenue": money(summary.revenue_change),
            "profit": money(summary.profit_change),
            "profit_low": money(summary.profit_change_low),
            "profit_high": money(summary.profit_change_high),
        },
    }


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else rounded(100 * fraction, 1)
