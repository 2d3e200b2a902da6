"""Which relations bound the price of a product, and what they say at the present prices."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.db.models import QuerySet

from elastix.errors import found
from elastix.shop import shop_currency
from pricing.recommendation.core.relations import NO_BOUNDS, Bounds, Pair, bounds_of, shared_bounds
from pricing.recommendation.models import PriceRelation
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeStatus

OPEN = (PriceChangeStatus.PROPOSED, PriceChangeStatus.APPROVED)


@dataclass(frozen=True, slots=True)
class RelationAtPrices:
    """A relation at the present prices of its products.

    Attributes
    ----------
    bounds : lowest and highest price that it allows each product beside the others, whole smallest units of the currency.
    broken : codes of the products whose present price is outside, in the order of the relation.
    """

    relation: PriceRelation
    bounds: dict[str, Bounds]
    broken: list[str]


def find_relation(relation_id: int) -> PriceRelation:
    """Return a relation.

    Raises
    ------
    NotFound : there is none.
    """
    relation = PriceRelation.objects.filter(pk=relation_id).first()
    return found(relation, f"price relation {relation_id}")


def relations_of(codes: Collection[str]) -> QuerySet[PriceRelation]:
    """The relations that any of these products is part of, with their members."""
    mine = PriceRelation.objects.filter(members__product__in=codes).distinct()
    return mine.order_by("name", "id").prefetch_related("members")


def relation_limits(codes: Collection[str]) -> dict[str, Bounds]:
    """What the relations leave each of these products where prices are chosen, at the present prices of all."""
    relations = list(relations_of(codes))
    prices = _prices(relations)
    return shared_bounds(_pairs(relations, prices), prices)


def relation_bounds(asked: Mapping[str, Decimal]) -> dict[str, Bounds]:
    """What the relations allow each of these products if all get the prices asked for.

    Of the others the open price change counts, where there is one, else the present price.
    """
    relations = list(relations_of(asked))
    if not relations:
        return {}
    present = _prices(relations)
    others = present.keys() - asked.keys()
    waiting = PriceChange.objects.filter(product_id__in=others, status__in=OPEN).order_by("pk")
    prices = present | dict(waiting.values_list("product_id", "new_price")) | dict(asked)
    return bounds_of(_pairs(relations, prices), prices)


def at_present_prices(relations: Iterable[PriceRelation]) -> list[RelationAtPrices]:
    """What relations, read with their members, say at the present prices. One query."""
    relations = list(relations)
    prices = _prices(relations)
    shown = []
    for relation in relations:
        found = bounds_of(relation.pairs_among(prices), prices)
        bounds = {code: _whole(each) for code, each in found.items()}
        members = [each.product_id for each in relation.members.all()]
        broken = [
            code
            for code in members
            if code in prices and not _within(prices[code], bounds.get(code, NO_BOUNDS))
        ]
        shown.append(RelationAtPrices(relation, bounds, broken))
    return shown


def _whole(bounds: Bounds) -> Bounds:
    """Bounds as prices can have them: the floor rounded up, the ceiling down."""
    currency = shop_currency()
    return Bounds(
        None if bounds.floor is None else currency.price(bounds.floor, ROUND_CEILING),
        None if bounds.ceiling is None else currency.price(bounds.ceiling, ROUND_FLOOR),
    )


def _within(price: Decimal, bounds: Bounds) -> bool:
    return (bounds.floor is None or price >= bounds.floor) and (
        bounds.ceiling is None or price <= bounds.ceiling
    )


def _pairs(relations: Iterable[PriceRelation], prices: Mapping[str, Decimal]) -> list[Pair]:
    return [pair for relation in relations for pair in relation.pairs_among(prices)]


def _prices(relations: Iterable[PriceRelation]) -> dict[str, Decimal]:
    """The present prices of the relations' products; those of deactivated products bind nobody."""
    codes = {member.product_id for relation in relations for member in relation.members.all()}
    known = Product.objects.filter(code__in=codes, current_price__isnull=False, is_active=True).order_by()
    return dict(known.values_list("code", "current_price"))  # type: ignore[arg-type]
