"""The catalogue with what is known of each product's elasticity, for people who look for one."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from django.db.models import F, FilteredRelation, OrderBy, Q

from elastix.shop import shop_currency
from pricing.elasticity.models import Method
from pricing.recommendation.selectors.policies import policy_finder
from pricing.sales.selectors.products import merchandise, products_matching

ORDERINGS: Final = {
    "code": F("code"),
    "name": F("name"),
    "category": F("category"),
    "price": F("current_price"),
    "cost": F("cost"),
    "units": F("summary__monthly_sales"),
    "elasticity": F("estimate__elasticity"),
    "grade": F("estimate__quality"),
}
COLUMNS: Final = ("code", "name", "category", "current_price", "cost")


def product_list(*, text: str = "", category: str = "", grade: str = "", ordering: str = "code") -> Any:
    """A queryset of the active merchandise as {code, name, category, current_price, cost, units, elasticity, grade}.

    Parameters
    ----------
    text : a part of the code or name.
    category, grade : that of the product; "" is any.
    ordering : a key of `ORDERINGS`, with "-" in front for descending; what is not known comes last.
    """
    products = merchandise()
    if text:
        products = products_matching(products, text)
    if category:
        products = products.filter(category=category)
    products = products.alias(
        estimate=FilteredRelation("elasticities", condition=Q(elasticities__method=Method.POOLED))
    )
    if grade:
        products = products.filter(estimate__quality=grade)
    by = OrderBy(ORDERINGS[ordering.removeprefix("-")], descending=ordering.startswith("-"), nulls_last=True)
    return products.order_by(by, "code").values(
        *COLUMNS,
        units=F("summary__monthly_sales"),
        elasticity=F("estimate__elasticity"),
        grade=F("estimate__quality"),
    )


def with_assumed_costs(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `product_list` with {assumed_cost}: what the policy takes an unknown cost to be, None where it says nothing.

    A share of the present price, both without tax, as in the sums of the shop.
    """
    found = list(rows)
    policy_of = policy_finder([row["code"] for row in found])
    shown = []
    for row in found:
        policy, price = policy_of(_Priced(row["code"], row["category"])), row["current_price"]
        ratio = policy.assumed_cost_ratio if row["cost"] is None and price is not None else None
        assumed = None if ratio is None else shop_currency().price(price * ratio / policy.tax_factor)
        shown.append(row | {"assumed_cost": assumed})
    return shown


class _Priced(NamedTuple):
    code: str
    category: str


def categories() -> list[str]:
    """The categories of the active merchandise, in order."""
    found = merchandise().exclude(category="").order_by("category").values_list("category", flat=True)
    return list(found.distinct())
