"""Which relations bound the price of a product."""

from collections.abc import Collection, Mapping
from decimal import Decimal

from django.db.models import Q, QuerySet

from elastix.errors import found
from pricing.recommendation.core.relations import Bounds, bounds_of, shared_bounds
from pricing.recommendation.models import PriceRelation
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeStatus

OPEN = (PriceChangeStatus.PROPOSED, PriceChangeStatus.APPROVED)


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
    pairs = [pair for relation in relations_of(codes) for pair in relation.pairs]
    return shared_bounds(pairs, _prices({code for pair in pairs for code in pair[:2]})) if pairs else {}


def relation_bounds(asked: Mapping[str, Decimal]) -> dict[str, Bounds]:
    """What the relations allow each of these products if all get the prices asked for.

    Of the others the open price change counts, where there is one, else the present price.
    """
    pairs = [pair for relation in relations_of(asked) for pair in relation.pairs]
    if not pairs:
        return {}
    codes = {code for pair in pairs for code in pair[:2]}
    waiting = PriceChange.objects.filter(Q(product_id__in=codes - asked.keys()), status__in=OPEN).order_by(
        "pk"
    )
    changes = dict(waiting.values_list("product_id", "new_price"))
    return bounds_of(pairs, _prices(codes) | changes | dict(asked))


def _prices(codes: Collection[str]) -> dict[str, Decimal]:
    known = Product.objects.filter(code__in=codes, current_price__isnull=False).order_by()
    return dict(known.values_list("code", "current_price"))  # type: ignore[arg-type]
