"""Check of the price changes: the price of a product is where its last change left it."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from elastix.maintenance.verification import Finding, compared
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeStatus
from pricing.sales.models.products import PriceSource


def check_price_changes() -> Iterator[Finding]:
    """Prices that people or rules set against the change that set them, and changes in effect that nobody made."""
    last: dict[str, tuple[dt.datetime, Decimal | None]] = {}
    done = (PriceChangeStatus.APPLIED, PriceChangeStatus.ROLLED_BACK)
    for change in PriceChange.objects.filter(status__in=done).order_by("changed_at", "pk").iterator():
        moments = [(change.changed_at, change.new_price)]
        if change.status == PriceChangeStatus.ROLLED_BACK:
            moments.append((change.rolled_back_at, change.old_price))
        for moment, price in moments:
            if moment is not None and (change.product_id not in last or moment >= last[change.product_id][0]):
                last[change.product_id] = moment, price
        if not change.applied_by:
            yield Finding(
                f"price change {change.pk} of {change.product_id}", "in effect by nobody", "by somebody"
            )
    # A price that follows the sales moves without a change.
    for product in Product.objects.exclude(price_source=PriceSource.DATA).order_by("code"):
        if product.code in last:
            yield from compared(f"the price of {product.code}", product.current_price, last[product.code][1])
        elif product.current_price is not None:
            yield Finding(f"the price of {product.code}", product.current_price, "set by a price change")
