"""Products whose sales and elasticities are set by hand, so that what is recommended can be worked out."""

from typing import Any

from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import Product, ProductSummary


def put_on_shelf(code: str, *, elasticity: float | None = -1.2, month: int = 1200, **fields: Any) -> Product:
    """Make a product at 12.99 that costs 8.50 and sells 1,200 units in 30 days, unless said otherwise."""
    known: dict[str, Any] = {"name": f"Product {code}", "category": "Drinks", "current_price": "12.99"}
    estimate = {
        name: fields.pop(name) for name in ("std_error", "quality", "weight", "flags") if name in fields
    }
    product = Product.objects.create(
        code=code, **(known | {"cost": "8.5", "price_source": "manual"} | fields)
    )
    ProductSummary.objects.create(product=product, monthly_sales=month)
    if elasticity is not None:
        known = {"std_error": 0.3, "quality": "A", "weight": 0.8, "flags": []}
        ElasticityEstimate.objects.create(
            product=product, method="pooled", elasticity=elasticity, **(known | estimate)
        )
    return product


def shelf() -> None:
    """A rise, a cut, a price that is right, one too uncertain to touch, and two nothing can be said of."""
    put_on_shelf("CUT", elasticity=-4.0, cost="5.00", category="Cups")
    put_on_shelf("NOCOST", cost=None, elasticity=-2.0, category="")
    put_on_shelf("NOPRICE", current_price=None, elasticity=None, month=0, category="")
    put_on_shelf("P001", flags=["CI_CROSSES_MINUS_ONE"])
    put_on_shelf("RIGHT", elasticity=-2.9, std_error=0.05, category="Cups")
    put_on_shelf("UNSURE", elasticity=-1.9, std_error=1.5, quality="D", weight=0.0)
