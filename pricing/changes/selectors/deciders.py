"""Who may approve proposed prices."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.db.models import Q

from elastix.api.permissions import ROLE_NAMES, Role
from pricing.recommendation.selectors.policies import effective_policies
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeStatus

APPROVERS = tuple(name for name in ROLE_NAMES if Role.named(name) >= Role.MANAGER)


def all_own(changes: Iterable[PriceChange], name: str) -> bool:
    """Whether all of these changes, each with its product, are proposals of this user that somebody else has to approve.

    At most one query, for the policies: one of them may let people approve what they proposed.
    """
    found = list(changes)
    if not found or any(
        each.proposed_by != name or each.status != PriceChangeStatus.PROPOSED for each in found
    ):
        return False
    policies = effective_policies([each.product for each in found])
    return not any(policy.self_approval for policy in policies.values())


def has_other_approver(name: str) -> bool:
    """Whether anybody but this user may approve prices."""
    may = Q(is_superuser=True) | Q(groups__name__in=APPROVERS)
    return get_user_model().objects.filter(may, is_active=True).exclude(username=name).exists()
