"""Writing repricing rules. Every change is kept in the admin's history, also those made through the API."""

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import lock_version
from market.models import RepricingRule
from market.models.rules import RuleScope
from market.selectors.rules import find_rule
from market.services.repricing_alerts import clear_alerts
from pricing.sales.models import Product


@transaction.atomic
def rule_create(fields: Mapping[str, Any], *, user: Any, log: bool = True) -> RepricingRule:
    """Add a rule.

    Parameters
    ----------
    fields : of `RepricingRule`; `products` is a list of products.
    user : who saves it, and with that approves what it applies.
    log : add it to the admin's history; False where the admin does so itself.

    Raises
    ------
    ValidationError : a value is out of its bounds, or values do not go together.
    """
    lock_version()
    rule = RepricingRule(created_by=user.get_username())
    _save(rule, fields, user)
    _log(rule, ADDITION, user if log else None, "Added.")
    return rule


@transaction.atomic
def rule_update(rule_id: int, fields: Mapping[str, Any], *, user: Any, log: bool = True) -> RepricingRule:
    """Change what is given of a rule; a run under way makes no more changes by it.

    Raises
    ------
    NotFound : there is no such rule.
    ValidationError : as for a new one.
    """
    lock_version()
    rule = find_rule(rule_id, lock=True)
    _save(rule, fields, user)
    if not rule.enabled:
        clear_alerts(rule)
    _log(rule, CHANGE, user if log else None, f"Changed {', '.join(fields)}.")
    return rule


@transaction.atomic
def rule_delete(rule_id: int, *, user: Any, log: bool = True) -> None:
    """Delete a rule; prices stay what it made them, and its price changes are kept.

    Raises
    ------
    NotFound : there is no such rule.
    """
    lock_version()
    rule = find_rule(rule_id, lock=True)
    clear_alerts(rule)
    _log(rule, DELETION, user if log else None, "Deleted.")
    rule.delete()


def _save(rule: RepricingRule, fields: Mapping[str, Any], user: Any) -> None:
    products: list[Product] | None = fields.get("products")
    for name, value in fields.items():
        if name != "products":
            setattr(rule, name, value)
    if products is None:
        products = list(rule.products.all()) if rule.pk else []
    if (rule.scope == RuleScope.PRODUCTS) != bool(products):
        raise ValidationError({"products": "A rule for chosen products names them; others leave this empty."})
    if rule.category and not Product.objects.filter(category=rule.category).exists():
        raise ValidationError({"category": f"No product has the category {rule.category!r}."})
    if rule.may_apply and not user.is_authenticated:
        raise ValidationError({"may_apply": "A rule that changes prices needs a manager who has logged in."})
    rule.auto_apply_approved_by = user.get_username() if rule.may_apply else ""
    rule.auto_apply_approved_at = timezone.now() if rule.may_apply else None
    rule.full_clean()
    rule.save()
    rule.products.set(products)


def _log(rule: RepricingRule, action: int, user: Any, message: str) -> None:
    if user is not None and user.pk is not None:
        LogEntry.objects.log_actions(user.pk, [rule], action, message, single_object=True)
