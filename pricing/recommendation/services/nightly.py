"""The nightly run: every price is recommended again, and those who decide get a digest of the changes worth making."""

import logging
from typing import Any, Final

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from elastix.alerts.services import Finding, alerts_report
from elastix.dataset.versions import data_version
from elastix.glossary import label_of
from elastix.shop import shop_currency, shop_name
from pricing.recommendation.models import Recommendation, RecommendationState
from pricing.recommendation.selectors.offers import open_codes, recommendations
from pricing.recommendation.selectors.price_totals import PriceTotals
from pricing.recommendation.selectors.standing_totals import chosen_totals
from pricing.recommendation.services.categories import categories_refresh
from pricing.sales.selectors.products import merchandise

ALERT: Final = "recommendations"
MOST_NAMED: Final = 20
logger = logging.getLogger(__name__)


def recommendations_nightly() -> int:
    """Recommend every price again, report what is open, and send the digest; return how many are open.

    Nobody need have written anything since the last look: cooling times end, and competitors' prices go out of date.
    """
    if not merchandise().exists():
        return 0
    categories_refresh(data_version())
    codes = open_codes()
    totals = chosen_totals(codes)
    alerts_report(ALERT, [Finding("", _summary(totals), _figures(totals))] if codes else [])
    if settings.RECOMMENDATION_EMAILS:
        _send_digest(totals)
    return len(codes)


def _summary(totals: PriceTotals) -> str:
    low, high = totals.interval or (0.0, 0.0)
    code = shop_currency().code
    return (
        f"{totals.count} price{'' if totals.count == 1 else 's'} should change and await a decision: expected "
        f"{totals.profit_change:,.2f} {code} more profit in 30 days, in four cases of five {low:,.2f} to {high:,.2f}."
    )


def _figures(totals: PriceTotals) -> dict[str, Any]:
    return {"count": totals.count, "profit_change": round(totals.profit_change, 2)}


def _send_digest(totals: PriceTotals) -> None:
    """Send the open recommendations that no digest has named yet; those of a digest that could not be sent are sent the
    next time."""
    new = recommendations().filter(state=RecommendationState.OPEN, notified_at__isnull=True)
    found = list(new.order_by("-profit_change", "pk"))
    if not found:
        return
    lines = [_line(each) for each in found[:MOST_NAMED]]
    if len(found) > MOST_NAMED:
        lines.append(f"and {len(found) - MOST_NAMED} more.")
    try:
        send_mail(
            subject=f"[elastix, {shop_name()}] {len(found)} new recommendation{'' if len(found) == 1 else 's'}",
            message=f"{_summary(totals)}\n\nNew:\n"
            + "\n".join(lines)
            + "\n\nAll amounts are expectations from past"
            " sales, not promises. Propose or refuse them on the desk under Opportunities.",
            from_email=None,
            recipient_list=settings.RECOMMENDATION_EMAILS,
        )
    except Exception as error:
        logger.warning("the digest of recommendations could not be sent: %s", error)
        return
    Recommendation.objects.filter(pk__in=[each.pk for each in found]).update(notified_at=timezone.now())


def _line(each: Recommendation) -> str:
    limits = ", ".join(label_of(rule) for rule in each.limits.split())
    return (
        f"- {each.product.name or each.product_id} ({each.product_id}): {each.current_price} -> "
        f"{each.recommended_price} ({each.change_percent:+.1f} %), {each.profit_change:+,.2f} "
        f"({each.gain_low:,.2f} to {each.gain_high:,.2f}), chance of a gain {100 * each.probability_of_gain:.0f} %, "
        f"grade {each.quality} ({label_of(each.evidence)})" + (f", limited by {limits}" if limits else "")
    )
