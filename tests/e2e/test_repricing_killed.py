"""A worker that is killed in the middle of a repricing run: whoever takes over makes the other changes, and none twice."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.e2e.installation import Installation, kill, wait_until
from tests.e2e.test_worker_killed import (
    is_stuck_on_postgresql,
    is_stuck_on_sqlite,
    lease_has_run_out,
    stuck_on_postgresql,
    stuck_on_sqlite,
)

PRODUCTS = 350
SETTINGS = {"JOB_LEASE_SECONDS": "2", "LOG_LEVEL": "WARNING"}
# In the third of four transactions.
THERE = ("market_repricingresult", "INSERT", "NEW.product_id = 'P250'")

SHOP = f"""
import json
from decimal import Decimal
from django.contrib.auth.models import Group, User
from django.utils import timezone
from elastix.dataset.models import DataVersion
from elastix.jobs.runner import jobs_run_in
from market.services.repricing import rule_run_request
from market.services.rules import rule_create
from pricing.models import Product
DataVersion.objects.create(pk=1, time_zone="UTC", as_of=timezone.now().date())
Product.objects.bulk_create(
    [Product(code=f"P{{n:03}}", name="x", current_price=10, cost=5) for n in range({PRODUCTS})], batch_size=100)
manager = User.objects.create_user("manager")
manager.groups.add(Group.objects.get(name="manager"))
rule = rule_create({{"name": "off", "action": "factor", "percent": Decimal(-10), "may_apply": True}}, user=manager)
with jobs_run_in("caller"):
    print(json.dumps(rule_run_request(rule.pk, dry_run=False, by=manager).pk))
"""
WORK = "import django; django.setup(); from elastix.jobs.runner import run_job; run_job({job})"
OUTCOME = """
import json
from django.db.models import Count
from elastix.jobs.models import Job
from market.models import RepricingResult, RepricingRun
from pricing.models import PriceChange, Product
print(json.dumps({
    "prices": [[str(price), count] for price, count in
               Product.objects.order_by().values_list("current_price").annotate(Count("pk")).order_by("current_price")],
    "applied": PriceChange.objects.filter(status="applied").count(),
    "twice": PriceChange.objects.values("product").annotate(n=Count("pk")).filter(n__gt=1).count(),
    "results": RepricingResult.objects.filter(outcome="applied", change__isnull=False).count(),
    "job": list(Job.objects.values_list("state", "attempts")),
    "finished": RepricingRun.objects.filter(finished_at__isnull=False).count(),
}))
"""
IN_THE_MIDDLE = {
    "prices": [["9.00", 200], ["10.00", 150]],
    "applied": 200,
    "twice": 0,
    "results": 200,
    "job": [["running", 1]],
    "finished": 0,
}
IN_THE_END = {
    "prices": [["9.00", PRODUCTS]],
    "applied": PRODUCTS,
    "twice": 0,
    "results": PRODUCTS,
    "job": [["succeeded", 2]],
    "finished": 1,
}


def run_again(installation: Installation, job: int) -> Any:
    installation.python("-c", WORK.format(job=job))
    return installation.shell(OUTCOME)


@pytest.mark.slow
@pytest.mark.own_sqlite
def test_a_repricing_run_that_is_killed_is_finished_by_the_next_worker(tmp_path: Path) -> None:
    with Installation(tmp_path, **SETTINGS) as installation:
        database = tmp_path / "shop.sqlite3"
        job = installation.shell(SHOP)
        with stuck_on_sqlite(database, *THERE):
            process = installation.start("-c", WORK.format(job=job))
            wait_until(lambda: is_stuck_on_sqlite(database), "a change is being made", process)
            kill(process)
        assert installation.shell(OUTCOME) == IN_THE_MIDDLE
        wait_until(lambda: lease_has_run_out(database), "the lease has run out")
        assert run_again(installation, job) == IN_THE_END
        assert run_again(installation, job) == IN_THE_END


@pytest.mark.slow
@pytest.mark.postgresql
def test_the_same_on_postgresql(tmp_path: Path) -> None:
    import psycopg

    server = settings.DATABASES["default"]
    address = f"{server['HOST'] or '127.0.0.1'}:{server['PORT'] or 5432}"
    server_url = f"postgres://{server['USER']}:{server['PASSWORD']}@{address}/postgres"
    with Installation(tmp_path, server_url, **SETTINGS) as installation:
        url = installation.database_url.replace("postgres://", "postgresql://")
        connection = psycopg.connect(url, autocommit=True)
        job = installation.shell(SHOP)
        with stuck_on_postgresql(connection, *THERE):
            process = installation.start("-c", WORK.format(job=job))
            wait_until(lambda: is_stuck_on_postgresql(connection), "a change is being made", process)
            kill(process)
        assert installation.shell(OUTCOME) == IN_THE_MIDDLE
        lease = "SELECT COUNT(*) FROM elastix_job WHERE state = 'running' AND lease_until > now()"
        wait_until(lambda: connection.execute(lease).fetchone() == (0,), "the lease has run out")
        connection.close()
        assert run_again(installation, job) == IN_THE_END
