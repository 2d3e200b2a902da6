"""Which products a test of prices would tell most about."""

from django.db.models import F, FloatField
from django.db.models.functions import Cast

from pricing.elasticity.models import ElasticityEstimate, Method
from pricing.sales.models.products import Kind

MOST_PRODUCTS = 5


def products_to_test(limit: int = MOST_PRODUCTS) -> list[str]:
    """Codes of the products with most to gain from a test of their price, the most first.

    Ranked by revenue of the last 30 days times the variance of the elasticity: what a price that is set on a wrong
    elasticity loses grows with both.
    """
    found = ElasticityEstimate.objects.filter(
        method=Method.POOLED,
        std_error__isnull=False,
        product__kind=Kind.MERCHANDISE,
        product__is_active=True,
        product__current_price__isnull=False,
        product__summary__monthly_sales__gt=0,
    ).annotate(
        worth=F("product__summary__monthly_sales")
        * Cast("product__current_price", FloatField())
        * F("std_error")
        * F("std_error")
    )
    return list(found.order_by("-worth", "product_id").values_list("product_id", flat=True)[:limit])
