"""Every page of the desk, by the name of its picture: a page without a row here has never been looked at."""

from typing import Any

from tests.e2e.installation import Installation

TABS = ("forecast", "competitors", "history", "clearance", "buyers", "together", "diagnostics", "sales")
ADDRESSES = {
    "overview": "/desk/",
    "opportunities": "/desk/opportunities",
    "opportunities-page-2": "/desk/opportunities?page=2&sort=-chance",
    "left_alone": "/desk/opportunities?tab=left",
    "left_alone-reason": "/desk/opportunities?tab=left&reason=UNCERTAIN_GAIN",
    "products": "/desk/products",
    "products-found": "/desk/products?q=a&sort=-price",
    "product": "/desk/products/{code}",
    **{f"product-{tab}": f"/desk/products/{{code}}?tab={tab}" for tab in TABS},
    "bundles": "/desk/bundles?products={code}+{other}",
    "market": "/desk/market",
    "market-position": "/desk/market?position=Above+Average",
    "rules": "/desk/rules",
    "rule-new": "/desk/rules/new",
    "rule": "/desk/rules/{rule}",
    "rule-duel": "/desk/rules/{rule}/duel?product={code}",
    "relations": "/desk/relations",
    "relation-new": "/desk/relations/new",
    "relation": "/desk/relations/{relation}",
    "alerts": "/desk/alerts?state=all",
    "password": "/desk/password",
    "customers": "/desk/customers",
    "customers-at-risk": "/desk/customers-at-risk",
    "customer": "/desk/customers/{customer}",
    "simulations": "/desk/simulations",
    "simulation-new": "/desk/simulations/new",
    "simulation": "/desk/simulations/{simulation}",
    "comparison": "/desk/simulations/compare?id={simulation}",
    "report": "/desk/report",
    "changes": "/desk/changes",
    "changes_in_effect": "/desk/changes?tab=applied",
    "changes_undone": "/desk/changes?tab=undone",
    "batch": "/desk/changes/batch/{batch}",
    "not_taken": "/desk/changes?tab=not-taken",
    "data": "/desk/data",
    "import": "/desk/data/{imported}",
    "product-diagnostics-worked": "/desk/products/{code}?tab=diagnostics&worked=1",
    "search": "/desk/search?q={code}",
    "search-nothing": "/desk/search?q=zzzz",
    "experiments": "/desk/experiments",
    "experiments-worth": "/desk/experiments?worth=1",
    "experiment-plan": "/desk/experiments?products={free}",
    "experiment": "/desk/experiments/{experiment}",
}
NAMES = """
import json
from elastix.imports.models import ImportBatch
from market.models import RepricingRule
from pricing.recommendation.models import PriceRelation
from pricing.sales.models.summaries import ProductSummary
from pricing.sales.models import PriceChange
from segments.models import CustomerSegment
from simulations.experiments.models import PriceExperiment
from simulations.models import Simulation

def first(rows, name):
    return str(rows.values_list(name, flat=True).first())

best = ProductSummary.objects.filter(product__kind="merchandise").order_by("-monthly_sales", "pk")
code, other = best.values_list("product_id", flat=True)[:2]
untouched = best.filter(product__price_hold__isnull=True, product__cost__isnull=False, product__price_changes__isnull=True)
print(json.dumps({
    "code": code,
    "other": other,
    "free": first(untouched, "product_id"),
    "rule": first(RepricingRule.objects.order_by("pk"), "pk"),
    "relation": first(PriceRelation.objects.order_by("pk"), "pk"),
    "customer": first(CustomerSegment.objects.order_by("-monetary"), "pk"),
    "simulation": first(Simulation.objects.order_by("pk"), "pk"),
    "batch": first(PriceChange.objects.filter(status="applied", batch__isnull=False).order_by("pk"), "batch"),
    "imported": first(ImportBatch.objects.filter(kind="transactions").order_by("pk"), "pk"),
    "experiment": first(PriceExperiment.objects.order_by("-pk"), "pk"),
}))
"""


def pages_of(installation: Installation) -> dict[str, str]:
    """The addresses of its pages by name; what a shop has none of is left out."""
    names: dict[str, Any] = installation.shell(NAMES)
    missing = {f"{{{name}}}" for name, value in names.items() if value == "None"}
    return {
        name: address.format(**names)
        for name, address in ADDRESSES.items()
        if not any(each in address for each in missing)
    }
