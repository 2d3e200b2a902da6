"""How demand for one product answers to the price of another: as published, or estimated on the spot."""

from collections.abc import Collection

from elastix.dataset.models import DataVersion
from elastix.errors import NotFound
from pricing.bundles.core.cross_price import cross_of_pair
from pricing.bundles.core.cross_prior import INDEPENDENT, CrossPrior
from pricing.bundles.models import CrossPriceModel, ProductPair
from pricing.bundles.selectors.baskets import few_baskets
from pricing.elasticity.selectors.fitted_model import fitted_model
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import shop_days


def pair_is_published(x: str, y: str) -> bool:
    """Whether the pair was among those that the last computation looked at."""
    return ProductPair.objects.filter(product_x=x, product_y=y).exists()


def cross_elasticity(version: DataVersion, x: str, y: str) -> ProductPair:
    """The elasticity of the demand for x to the price of y, with the baskets in which both were bought.

    Raises
    ------
    NotFound : one of them is a service.
    """
    for code in Product.objects.filter(code__in=(x, y), kind=Kind.SERVICE).values_list("code", flat=True):
        raise NotFound(f"{code} is a service code: it has no elasticity.")
    return ProductPair.objects.filter(product_x=x, product_y=y).first() or _on_the_spot(version, x, y)


def known_pairs(codes: Collection[str]) -> dict[tuple[str, str], ProductPair]:
    """The published pairs among a handful of products."""
    found = ProductPair.objects.filter(product_x__in=codes, product_y__in=codes)
    return {(pair.product_x_id, pair.product_y_id): pair for pair in found}


def _on_the_spot(version: DataVersion, x: str, y: str) -> ProductPair:
    """An unsaved row for a pair that was not looked at; without figures where no pairs were computed yet."""
    shared, model = CrossPriceModel.objects.first(), fitted_model()
    counts = few_baskets([x, y]).of_pair(x, y, shared.baskets if shared else 0)
    way = counts.association()
    row = ProductPair(
        product_x_id=x,
        product_y_id=y,
        relationship=INDEPENDENT,
        version=version.sales_version,
        baskets_together=counts.both,
        confidence=float(way.confidence),
    )
    if shared is None or model is None:
        return row
    codes = sorted((x, y))
    found = cross_of_pair(
        shop_days(codes).daily,
        model.category_codes(codes),
        model.hyper,
        CrossPrior.from_dict(shared.prior),
        counts.is_beyond_chance(),
    )
    side = codes.index(x)
    row.support, row.lift = float(way.support), float(way.lift)
    row.cross_elasticity, row.std_error = float(found.elasticity[0, side]), float(found.std_error[0, side])
    row.ci_low, row.ci_high = float(found.ci_low[0, side]), float(found.ci_high[0, side])
    row.relationship = str(found.relationship[0, side])
    return row
