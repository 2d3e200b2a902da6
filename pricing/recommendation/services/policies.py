"""Write price policies. Every change is recorded in the admin's history, also one made through the API."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction

from elastix.dataset.versions import catalogue_changed, lock_version
from elastix.errors import Conflict
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.selectors.policies import find_policy
from pricing.sales.models import Product


@transaction.atomic
def policy_create(fields: Mapping[str, Any], *, user: Any = None) -> PricePolicy:
    """Create a policy.

    Parameters
    ----------
    fields : of `PricePolicy`; `product` is a product, or None for a category's or the shop's policy.
    user : author of the change, for the history; None if the history is kept elsewhere.

    Raises
    ------
    Conflict : the product, the category or the shop has a policy already.
    ValidationError : a value is out of its limits, or no product has the category.
    """
    lock_version()
    policy = PricePolicy(**fields)
    _save(policy)
    _log(policy, ADDITION, user, "Added.")
    return policy


@transaction.atomic
def policy_update(policy_id: int, fields: Mapping[str, Any], *, user: Any = None) -> PricePolicy:
    """Change what is given of a policy.

    Raises
    ------
    NotFound : there is no such policy.
    Conflict, ValidationError : as for a new one.
    """
    lock_version()
    policy = find_policy(policy_id, PricePolicy.objects.select_for_update(of=("self",)))
    changed = [name for name, value in fields.items() if getattr(policy, name) != value]
    for name in changed:
        setattr(policy, name, fields[name])
    if changed:
        _save(policy)
        _log(policy, CHANGE, user, f"Changed {', '.join(changed)}.")
    return policy


@transaction.atomic
def assume_costs(ratio: Decimal | None, *, user: Any = None) -> PricePolicy:
    """Take costs that are not known to be a fraction of the price, in the whole shop; None assumes nothing any more.

    It is a setting of the shop's policy: what rests on it says that the cost is assumed, and a cost that is loaded later
    takes its place. Policies of categories and products that assume something else keep doing so.
    """
    lock_version()
    shop = PricePolicy.objects.filter(product__isnull=True, category="").first()
    fields = {"assumed_cost_ratio": ratio}
    return policy_create(fields, user=user) if shop is None else policy_update(shop.pk, fields, user=user)


@transaction.atomic
def policy_delete(policy_id: int, *, user: Any = None) -> None:
    """Delete a policy: the wider ones hold again.

    Raises
    ------
    NotFound : there is no such policy.
    """
    catalogue_changed()  # no row is left to say when
    policy = find_policy(policy_id, PricePolicy.objects.select_for_update(of=("self",)))
    _log(policy, DELETION, user, "Deleted.")
    policy.delete()


def _save(policy: PricePolicy) -> None:
    if policy.product_id and policy.category:
        raise ValidationError({"category": "A policy is a product's or a category's, not both."})
    if policy.category and not Product.objects.filter(category=policy.category).exists():
        raise ValidationError({"category": f"No product has the category {policy.category!r}."})
    taken = PricePolicy.objects.filter(product=policy.product_id, category=policy.category)
    if taken.exclude(pk=policy.pk).exists():
        raise Conflict(f"There is a policy for {policy} already. Change that one.")
    policy.full_clean()
    policy.save()


def _log(policy: PricePolicy, action: int, user: Any, message: str) -> None:
    if user is not None and user.pk is not None:
        LogEntry.objects.log_actions(user.pk, [policy], action, message, single_object=True)
