"""Rules over the sample shop for the tests."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.test import override_settings

from elastix.jobs.models import Job
from elastix.jobs.runner import jobs_run_in, run_job
from market.models import RepricingRule, RepricingRun
from market.services.repricing import rule_run_request
from market.services.rules import rule_create
from pricing.sales.models import Product
from tests.conftest import user_with_role

# The sample shop's sales are of 2025, whatever the clock says.
PATIENT = override_settings(DATA_STALE_AFTER=dt.timedelta(days=100_000))
CHEAPER = {"name": "Ten percent off", "action": "factor", "percent": Decimal(-10)}
"""Wants 3.60 for CUP (4.00), 6.08 for MUG (6.75), 9.45 for PLATE 1.5, 0.90 for SPOON, 6.52 for BOWL (7.25)."""


def with_costs() -> None:
    """Costs at which every product of the shop may become 10 % cheaper."""
    for product in Product.objects.exclude(current_price=None):
        product.cost = product.current_price / 2 if product.current_price else None
        product.save()


def a_manager() -> User:
    return User.objects.filter(username="manager").first() or user_with_role("manager")


def rule(**fields: Any) -> RepricingRule:
    chosen = {"products": list(Product.objects.filter(code__in=fields.pop("codes", ()))), **CHEAPER, **fields}
    return rule_create({"scope": "products" if chosen["products"] else "shop"} | chosen, user=a_manager())


def run(of: RepricingRule, *, dry_run: bool = False) -> RepricingRun:
    """Run a rule to its end, as a worker would."""
    with jobs_run_in("caller"):
        job = rule_run_request(of.pk, dry_run=dry_run, by=a_manager())
        run_job(job.pk)
    assert Job.objects.get(pk=job.pk).state == "succeeded", Job.objects.get(pk=job.pk).error
    return RepricingRun.objects.get(job=job)


def prices() -> dict[str, str]:
    found = Product.objects.exclude(current_price=None).order_by("code")
    return {code: str(price) for code, price in found.values_list("code", "current_price")}


def outcomes(of: RepricingRun) -> dict[str, str]:
    """What a run did about each product: `outcome reason -> price`."""
    return {
        each.product_id: f"{each.outcome} {each.reason}".strip() + f" -> {each.new_price}"
        for each in of.results.order_by("product_id")
    }
