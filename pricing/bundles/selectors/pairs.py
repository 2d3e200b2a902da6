"""How demand for one product answers to the price of another: as published, or estimated on the spot."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from elastix.api.fields import rounded
from elastix.dataset.models import DataVersion
from elastix.errors import NotFound
from elastix.sql import batches
from pricing.bundles.core.baskets import association, beyond_chance
from pricing.bundles.core.cross_price import COMPLEMENTS, INDEPENDENT, SUBSTITUTES, CrossPrior, cross_of_pair
from pricing.bundles.models import CrossPriceModel, ProductPair
from pricing.bundles.selectors.baskets import FewBaskets, few_baskets
from pricing.elasticity.selectors.fitted_model import fitted_model
from pricing.sales.core.calendar import FloatArray, IntArray
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import shop_days

PUBLISHED: Final = "published"
ON_THE_SPOT: Final = "on_the_spot"
NOT_ESTIMATED: Final = "not_estimated"
SOURCES: Final = (PUBLISHED, ON_THE_SPOT, NOT_ESTIMATED)

CODES_A_STATEMENT: Final = 5_000
PLACES: Final = 4


def pair_is_published(x: str, y: str) -> bool:
    """Whether the pair was among those that the last computation looked at."""
    return ProductPair.objects.filter(product_x=x, product_y=y).exists()


def cross_elasticity(version: DataVersion, x: str, y: str) -> dict[str, Any]:
    """The elasticity of the demand for x to the price of y, with what baskets say of the two.

    Raises
    ------
    NotFound : one of them is a service.
    """
    for code in Product.objects.filter(code__in=(x, y), kind=Kind.SERVICE).values_list("code", flat=True):
        raise NotFound(f"{code} is a service code: it has no elasticity.")
    pair = ProductPair.objects.filter(product_x=x, product_y=y).first()
    source = PUBLISHED
    if pair is None:
        pair, source = _on_the_spot(version, x, y)
    known = source != NOT_ESTIMATED
    return {
        "product_x": x,
        "product_y": y,
        "cross_elasticity": rounded(pair.cross_elasticity, PLACES) if known else None,
        "relationship": pair.relationship,
        "std_error": rounded(pair.std_error, PLACES) if known else None,
        "ci_low": rounded(pair.ci_low, PLACES) if known else None,
        "ci_high": rounded(pair.ci_high, PLACES) if known else None,
        "interpretation": _in_words(pair, known),
        "source": source,
        "baskets_together": pair.baskets_together,
        # Shares of all baskets, which are counted together with the pairs.
        "support": rounded(pair.support, 6) if known else None,
        "confidence": rounded(pair.confidence, PLACES),
        "lift": rounded(pair.lift, 2) if known else None,
    }


def cross_matrix(codes: Sequence[str]) -> FloatArray:
    """Published cross elasticities between products, (P, P): of the row's demand to the column's price.

    Pairs that were not looked at have nothing to do with each other, as far as is known: 0.
    """
    number = {code: index for index, code in enumerate(codes)}
    matrix = np.zeros((len(codes), len(codes)))
    for chunk in batches(codes, CODES_A_STATEMENT):
        rows = ProductPair.objects.filter(product_x__in=chunk)
        for x, y, value in rows.values_list("product_x_id", "product_y_id", "cross_elasticity"):
            if y in number:
                matrix[number[x], number[y]] = value
    return matrix


def known_pairs(codes: Collection[str]) -> dict[tuple[str, str], ProductPair]:
    """The published pairs among a handful of products."""
    found = ProductPair.objects.filter(product_x__in=codes, product_y__in=codes)
    return {(pair.product_x_id, pair.product_y_id): pair for pair in found}


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Numbers of baskets: with both products of a pair, with either, and of all."""

    both: int
    x: int
    y: int
    total: int

    def association(self) -> dict[str, float]:
        """Support, confidence and lift."""
        # Books that have grown since all baskets were counted may hold more of them.
        total = max(self.total, self.x, self.y)
        way = association(*self._arrays(), total)
        return {name: float(getattr(way, name)[0]) for name in ("support", "confidence", "lift")}

    def is_beyond_chance(self) -> bool:
        """Whether the two are bought together more often than chance would have it."""
        return bool(beyond_chance(*self._arrays(), self.total)[0])

    def _arrays(self) -> tuple[IntArray, IntArray, IntArray]:
        return np.array([self.both]), np.array([self.x]), np.array([self.y])


def pair_counts(baskets: FewBaskets, x: str, y: str, total: int) -> PairCounts:
    """Count the baskets of two products; `total` is the number of all baskets."""
    return PairCounts(baskets.with_all(x, y), baskets.with_all(x), baskets.with_all(y), total)


def _on_the_spot(version: DataVersion, x: str, y: str) -> tuple[ProductPair, str]:
    """An unsaved row for a pair that was not looked at, and where it comes from."""
    shared, model = CrossPriceModel.objects.first(), fitted_model()
    counts = pair_counts(few_baskets([x, y]), x, y, shared.baskets if shared else 0)
    row = ProductPair(
        product_x_id=x,
        product_y_id=y,
        relationship=INDEPENDENT,
        version=version.sales_version,
        baskets_together=counts.both,
        **counts.association(),
    )
    if shared is None or model is None:
        return row, NOT_ESTIMATED
    codes = sorted((x, y))
    found = cross_of_pair(
        shop_days(codes).daily,
        model.category_codes(codes),
        model.hyper,
        CrossPrior.from_dict(shared.prior),
        counts.is_beyond_chance(),
    )
    side = codes.index(x)
    row.cross_elasticity = float(found.elasticity[0, side])
    row.std_error = float(found.std_error[0, side])
    row.ci_low, row.ci_high = float(found.ci_low[0, side]), float(found.ci_high[0, side])
    row.relationship = str(found.relationship[0, side])
    return row, ON_THE_SPOT


def _in_words(pair: ProductPair, known: bool) -> str:
    x, y = pair.product_x_id, pair.product_y_id
    if not known:
        return (
            "Pairs of products have not been computed yet: that happens some minutes after a full recompute."
        )
    size = f"about {abs(pair.cross_elasticity):.1f} %"
    if pair.relationship == SUBSTITUTES:
        return f"If {y} costs 1 % more, {size} more of {x} is sold: the one takes the place of the other."
    if pair.relationship == COMPLEMENTS:
        return f"If {y} costs 1 % more, {size} less of {x} is sold: the two are bought for each other's sake."
    return f"The sales do not show that the price of {y} moves demand for {x}."
