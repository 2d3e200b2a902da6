"""A shop with a file of sales as large as real ones, and with a life: costs, competitors, changes, a rule, an experiment."""

import csv
from pathlib import Path

from tests.e2e.desk import PASSWORD
from tests.e2e.installation import Installation

# Most sold in UCI's Online Retail.
CODES = ("85123A", "22423")
FILL = f"""
import datetime as dt, random
from decimal import Decimal
from django.contrib.auth.models import Group, User
from django.utils import timezone
from elastix.dataset.versions import current_version
from elastix.jobs.runner import jobs_run_in
from market.services.competitors import ObservedPrice, prices_upsert
from market.services.repricing import rule_run_request
from market.services.rules import rule_create
from pricing.recommendation.services.relations import Member, relation_create
from pricing.changes.services import price_changes
from pricing.changes.services.standing_proposals import propose_recommended
from pricing.recommendation.selectors.standing import standing_recommendations
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.recommendation.services.policies import assume_costs
from pricing.sales.models import PriceChange, Product
from pricing.sales.selectors.products import merchandise
from simulations.experiments.selectors.plans import wish_of
from simulations.experiments.services.experiments import experiment_create, experiment_start
from simulations.services.simulations import simulation_create
from django.db import transaction

for name, role in (("maria", "analyst"), ("noor", "manager"), ("vera", "viewer")):
    user = User.objects.create_user(name, password="{PASSWORD}", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
noor = User.objects.get(username="noor")
draw = random.Random(1)
products = list(merchandise().filter(is_active=True, current_price__isnull=False).order_by("code"))
seen = dt.datetime.combine(current_version().as_of - dt.timedelta(days=2), dt.time(12), dt.timezone.utc)
with transaction.atomic():
    prices_upsert(
        ObservedPrice(
            each.code, name, seen, max(Decimal("0.01"), round(each.current_price * Decimal(draw.uniform(0.8, 1.25)), 2))
        )
        for each in products for name in ("Rival", "Market stall", "Elsewhere")
    )
assume_costs(Decimal("0.6"), user=noor)
with jobs_run_in("inline"):
    categories_refresh_if_outdated()
best = list(standing_recommendations(moved=True).order_by("-profit_change").values_list("product_id", flat=True)[:400])
made = propose_recommended(best[50:250], by="maria", reason="The second best")
price_changes.approve(made.batch, by="noor")
price_changes.apply(made.batch, by="noor")
then = dt.datetime.combine(current_version().as_of - dt.timedelta(days=60), dt.time(8), dt.timezone.utc)
PriceChange.objects.filter(batch=made.batch).update(changed_at=then)
undone = propose_recommended(best[250:300], by="maria", reason="A trial")
price_changes.approve(undone.batch, by="noor")
price_changes.apply(undone.batch, by="noor")
price_changes.roll_back(undone.batch, by="noor", note="Too much at once")
propose_recommended(best[300:], by="maria", reason="The others")
with jobs_run_in("inline"):
    rule = rule_create(
        {{"name": "Too much in stock", "scope": "category", "category": products[0].category,
          "stock_days_above": Decimal(60), "action": "factor", "percent": Decimal(-10),
          "max_change_percent": Decimal(10), "keep_endings": True, "every_hours": 24}},
        user=noor,
    )
    rule_run_request(rule.pk, dry_run=True, by=noor)
relation_create(
    {{"name": "Two sellers", "kind": "steps", "gap_percent": Decimal(5)}},
    members=[Member(code) for code in best[:2]], user=noor,
)
simulation_create({{"name": "Hearts", "stock_code": "{CODES[0]}"}}, user=noor)
sold = list(merchandise().filter(is_active=True, cost__isnull=False, price_changes__isnull=True)
            .order_by("-summary__monthly_sales").values_list("code", flat=True)[:12])
wish = {{"design": "switchback", "old_percent": 0.0, "new_percent": -10.0, "weeks": 12, "washout_days": 2,
        "past_weeks": 26, "elasticity": None}}
experiment_create(wish_of(wish | {{"products": sold[:6]}}), name="Draft", by="maria")
running = experiment_create(wish_of(wish | {{"products": sold[6:]}}), name="Running", by="maria")
experiment_start(running.pk, by="noor")
print("null")
"""
CATEGORIES = 20
COSTS = """
from pricing.sales.selectors.products import merchandise
import json
print(json.dumps([[each.code, str(each.current_price)] for each in
    merchandise().filter(current_price__isnull=False).order_by("code")]))
"""


def fill(installation: Installation, sales: Path) -> None:
    """Load the sales and let people work: every third product has a cost of its own, the others an assumed one."""
    installation.manage("import_transactions", str(sales.resolve()))
    costs = installation.directory / "costs.csv"
    with costs.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("code", "category", "cost", "stock"))
        for place, (code, price) in enumerate(installation.shell(COSTS)):
            cost = f"{float(price) * (0.45 + 0.05 * (place % 6)):.2f}" if place % 3 == 0 else ""
            rows.writerow((code, f"Category {place % CATEGORIES}", cost, 10 * (place % 40)))
    installation.manage("import_products", str(costs))
    installation.shell(FILL)
