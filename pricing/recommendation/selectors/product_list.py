"""The catalogue with what is known of each product's elasticity, for people who look for one."""

from typing import Any, Final

from django.db.models import F, FilteredRelation, OrderBy, Q

from pricing.elasticity.models import Method
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


def categories() -> list[str]:
    """The categories of the active merchandise, in order."""
    found = merchandise().exclude(category="").order_by("category").values_list("category", flat=True)
    return list(found.distinct())
