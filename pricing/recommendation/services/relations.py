"""Write relations between prices. Every change is recorded in the admin's history, also one made through the API."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction

from elastix.dataset.versions import catalogue_changed, lock_version
from pricing.recommendation.models import PriceRelation, PriceRelationKind, PriceRelationMember
from pricing.recommendation.selectors.relations import find_relation
from pricing.sales.models import Product

MOST_MEMBERS: Final = 100
WITH_GAP: Final = (PriceRelationKind.STEPS, PriceRelationKind.OWN_LABEL)


class Member(NamedTuple):
    """A product of a relation, and what a pack of it holds."""

    code: str
    size: Decimal | None = None


@transaction.atomic
def relation_create(
    fields: Mapping[str, Any], *, members: Sequence[Member], user: Any = None
) -> PriceRelation:
    """Create a relation of products, in their order.

    Raises
    ------
    ValidationError : the name is taken, the members do not fit the kind, or a product is unknown.
    """
    lock_version()
    relation = PriceRelation(**fields)
    _save(relation, members)
    _log(relation, ADDITION, user, "Added.")
    return relation


@transaction.atomic
def relation_update(
    relation_id: int, fields: Mapping[str, Any], *, members: Sequence[Member] | None = None, user: Any = None
) -> PriceRelation:
    """Change what is given of a relation; without members these stay.

    Raises
    ------
    NotFound : there is no such relation.
    ValidationError : as for a new one.
    """
    lock_version()
    relation = find_relation(relation_id)
    for name, value in fields.items():
        setattr(relation, name, value)
    if members is None:
        members = [Member(*row) for row in relation.members.values_list("product_id", "size")]
    _save(relation, members)
    _log(relation, CHANGE, user, "Changed.")
    return relation


@transaction.atomic
def relation_delete(relation_id: int, *, user: Any = None) -> None:
    """Delete a relation; prices stay.

    Raises
    ------
    NotFound : there is no such relation.
    """
    catalogue_changed()  # no row is left to say when
    relation = find_relation(relation_id)
    _log(relation, DELETION, user, "Deleted.")
    relation.delete()


def check_members(kind: str, gap: Decimal, members: Sequence[Member]) -> None:
    """Check that products fit a kind of relation.

    Raises
    ------
    ValidationError
    """
    if not 2 <= len(members) <= MOST_MEMBERS:
        raise ValidationError({"members": f"A relation has 2 to {MOST_MEMBERS} products."})
    if len({each.code for each in members}) < len(members):
        raise ValidationError({"members": "A product occurs twice."})
    sizes = {each.size for each in members}
    if kind == PriceRelationKind.SIZES:
        if None in sizes or len(sizes) < len(members):
            raise ValidationError({"members": "Each product needs a size, and no two the same."})
    elif sizes != {None}:
        raise ValidationError({"members": "Only the kind sizes looks at sizes."})
    if gap and kind not in WITH_GAP:
        raise ValidationError({"gap_percent": "Only steps and own labels have a gap."})


def _save(relation: PriceRelation, members: Sequence[Member]) -> None:
    relation.full_clean()
    check_members(relation.kind, relation.gap_percent, members)
    codes = [each.code for each in members]
    if missing := sorted(
        set(codes) - set(Product.objects.filter(code__in=codes).values_list("code", flat=True))
    ):
        raise ValidationError({"members": f"There is no product {missing[0]!r}."})
    relation.save()
    relation.members.all().delete()
    rows = [
        PriceRelationMember(relation=relation, product_id=each.code, position=place, size=each.size)
        for place, each in enumerate(members, 1)
    ]
    PriceRelationMember.objects.bulk_create(rows)


def _log(relation: PriceRelation, action: int, user: Any, message: str) -> None:
    if user is not None and user.pk is not None:
        LogEntry.objects.log_actions(user.pk, [relation], action, message, single_object=True)
