"""What price experiments found, for the estimates of products."""

from collections.abc import Sequence

import numpy as np

from pricing.elasticity.core.pooled.experiments import Experiments, Findings
from pricing.elasticity.models import ExperimentalEvidence
from pricing.sales.models import Product


def experiments_of(codes: Sequence[str]) -> Experiments | None:
    """What was found of some products and of their categories; None where nothing was."""
    rows = ExperimentalEvidence.objects.order_by("source").values_list(
        "product_id", "category", "elasticity", "std_error"
    )
    number = {code: index for index, code in enumerate(codes)}
    products: list[tuple[int, float, float]] = []
    categories: list[tuple[str, float, float]] = []
    for code, category, elasticity, error in rows:
        if code is None:
            categories.append((category, elasticity, error))
        elif code in number:
            products.append((number[code], elasticity, error))
    if not products and not categories:
        return None
    found = _findings(products, len(codes))
    if not categories:
        return Experiments(found, _findings([], len(codes)))
    names = [name for name, *_ in categories]
    members = Product.objects.filter(category__in=names).values_list("code", "category")
    of_category: dict[str, list[int]] = {}
    for code, name in members:
        if code in number:
            of_category.setdefault(name, []).append(number[code])
    spread = [
        (index, elasticity, error)
        for name, elasticity, error in categories
        for index in of_category.get(name, ())
    ]
    return Experiments(found, _findings(spread, len(codes)))


def _findings(rows: Sequence[tuple[int, float, float]], products: int) -> Findings:
    product, elasticity, error = np.array(rows, np.float64).reshape(-1, 3).T
    return Findings.of(product.astype(np.int64), elasticity, error, products)
