"""Whatever is done to a price without new sales: the recommended price does not run away.

The units known were sold at the price that was charged before; if each new price were taken as the one they were sold
at, recommending and applying again would raise a price without end.
"""

import datetime as dt
import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from pricing.changes.services import price_changes
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.products import products_upsert
from tests.conftest import client_of
from tests.factories import PricedProductFactory
from tests.integration.market.rules import PATIENT, rule, run, with_costs
from tests.shops import AS_OF, Commits, bring_in, csv_bytes, line

pytestmark = pytest.mark.django_db

# A longer search by hand: RANDOM_PRICES=1000 pytest tests/integration/pricing/test_no_ratchet.py
BY_HAND = "RANDOM_PRICES" in os.environ
EXAMPLES = int(os.environ.get("RANDOM_PRICES", "25"))

STEP = Decimal("0.50")
"""Prices end in 49 or 99."""

# To be raised, to be cut, right as it is, too uncertain to touch, and one whose forecast comes from real sales.
CODES = ("RISE", "CUT", "RIGHT", "UNSURE", "CUP")


@pytest.fixture
def _priced(shop: ImportBatch) -> Any:
    with_costs()
    PricedProductFactory(code="RISE")
    PricedProductFactory(code="CUT", cost="5.00", estimate__elasticity=-4.0)
    PricedProductFactory(code="RIGHT", estimate__elasticity=-2.9, estimate__std_error=0.05)
    PricedProductFactory(code="UNSURE", estimate__elasticity=-1.9, estimate__std_error=1.5)
    with PATIENT:
        yield


def recommended(client: APIClient, code: str) -> dict[str, Any]:
    answer = client.get(f"/api/price/recommend/{code}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def money(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def limits_of(answer: dict[str, Any]) -> tuple[Decimal, Decimal]:
    bounds = {each["rule"]: Decimal(str(each["bound"])) for each in answer["constraints"]}
    return bounds["max_decrease"], bounds["max_increase"]


# --- what may be done to a price ------------------------------------------------------------------------


def apply(client: APIClient, code: str) -> None:
    """Propose what is recommended, have somebody else approve it, and apply it."""
    wanted = money(recommended(client, code)["recommended_price"])
    if wanted is None or wanted == Product.objects.get(code=code).current_price:
        return
    (change,) = price_changes.propose([(code, wanted)], by="anna")
    price_changes.approve([change.pk], by="bert")
    price_changes.apply([change.pk], by="bert")


def apply_on_schedule(client: APIClient, code: str) -> None:
    """Approve what is recommended for a moment that has come by the next look."""
    wanted = money(recommended(client, code)["recommended_price"])
    if wanted is None or wanted == Product.objects.get(code=code).current_price:
        return
    (change,) = price_changes.propose([(code, wanted)], by="anna")
    price_changes.approve([change.pk], by="bert", scheduled_for=timezone.now())
    assert price_changes.apply_due() == 1


def from_a_file(client: APIClient, code: str, share: float) -> None:
    """Set a multiple of the present price by a file of products."""
    present = Product.objects.get(code=code).current_price or Decimal(10)
    price = max(round(present * Decimal(share), 2), Decimal("0.01"))
    products_upsert([{"code": code, "current_price": price, "reason": "A file"}], by="anna")


def edit(client: APIClient, code: str, share: float) -> None:
    """Set a multiple of the present price by hand."""
    present = Product.objects.get(code=code).current_price or Decimal(10)
    price = max(round(present * Decimal(share), 2), Decimal("0.01"))
    answer = client.patch(
        f"/api/products/{code}", {"current_price": str(price), "reason": "By hand"}, format="json"
    )
    assert answer.status_code == 200, answer.content


def forget_and_set(client: APIClient, code: str, share: float) -> None:
    """Take the price away, and set one again."""
    present = Product.objects.get(code=code).current_price or Decimal(10)
    for price in (None, str(max(round(present * Decimal(share), 2), Decimal("0.01")))):
        answer = client.patch(
            f"/api/products/{code}", {"current_price": price, "reason": "By hand"}, format="json"
        )
        assert answer.status_code == 200, answer.content


def roll_back(client: APIClient, code: str) -> None:
    newest = PriceChange.objects.filter(product=code, status="applied").order_by("changed_at", "pk").last()
    if newest is not None and newest.old_price is not None:
        price_changes.roll_back([newest.pk], by="anna")


def follow_a_rule(client: APIClient, code: str, percent: int) -> None:
    of_shop = rule(
        name=f"Rule {PriceChange.objects.count()}", codes=[code], percent=Decimal(percent), may_apply=True
    )
    run(of_shop)
    of_shop.delete()


def wait(client: APIClient, code: str, days: int) -> None:
    """Let days pass on which nothing is sold; what was changed lies that much farther back, after the newest sale."""
    back = dt.timedelta(days=days)
    first = PriceChange.objects.aggregate(first=Min("changed_at"))["first"]
    if first is None or (first - back).date() <= AS_OF:
        return
    for change in PriceChange.objects.exclude(changed_at=None):
        PriceChange.objects.filter(pk=change.pk).update(
            changed_at=change.changed_at and change.changed_at - back,
            rolled_back_at=change.rolled_back_at and change.rolled_back_at - back,
        )


Operation = tuple[Any, ...]
SHARES = st.floats(0.5, 2)
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.just((apply,)),
    st.just((apply,)),
    st.just((apply_on_schedule,)),
    st.tuples(st.just(edit), SHARES),
    st.tuples(st.just(from_a_file), SHARES),
    st.tuples(st.just(forget_and_set), SHARES),
    st.just((roll_back,)),
    st.tuples(st.just(follow_a_rule), st.sampled_from([-10, -3, 3, 10])),
    st.tuples(st.just(wait), st.integers(1, 60)),
)


class Watched:
    """A product, what was recommended for it first, and within which limits."""

    def __init__(self, client: APIClient, code: str) -> None:
        first = recommended(client, code)
        self.client, self.code = client, code
        self.first = money(first["recommended_price"])
        self.low, self.high = limits_of(first)

    def do(self, operation: Callable[..., None], *arguments: Any) -> None:
        before = Product.objects.get(code=self.code).current_price
        operation(self.client, self.code, *arguments)
        answer = recommended(self.client, self.code)
        present, wanted = (money(answer[name]) for name in ("current_price", "recommended_price"))
        assert self.first is not None
        assert wanted is not None
        kept = wanted == present
        assert kept or abs(wanted - self.first) <= STEP, (answer["reason"], present, wanted, self.first)
        if operation in (apply, apply_on_schedule) and present != before:
            assert self.low <= present <= self.high


@pytest.mark.usefixtures("_priced")
def test_no_sequence_of_changes_without_new_sales_moves_the_recommended_price(manager: User) -> None:
    client = client_of(manager)
    applied: list[int] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=not BY_HAND,
        phases=list(Phase) if BY_HAND else [Phase.explicit, Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(CODES), st.lists(OPERATIONS, min_size=3, max_size=8))
    @example("RISE", [(apply,)] * 4)
    @example("CUT", [(apply,)] * 4)
    @example("RISE", [(edit, 1.6), (apply,), (apply,)])
    @example("RISE", [(apply_on_schedule,), (from_a_file, 1.1), (apply_on_schedule,), (apply_on_schedule,)])
    @example("UNSURE", [(edit, 1.6), (apply,)])
    @example("UNSURE", [(edit, 0.6), (apply,)])
    @example("RIGHT", [(edit, 0.6), (apply,), (apply,)])
    @example("RISE", [(forget_and_set, 1.1), (apply,), (apply,), (roll_back,), (apply,)])
    @example("CUP", [(forget_and_set, 1.6), (apply,), (apply,), (roll_back,), (apply,)])
    @example("RISE", [(apply,), (wait, 400), (apply,), (follow_a_rule, 10), (apply,), (roll_back,), (apply,)])
    def check(code: str, operations: list[Operation]) -> None:
        with transaction.atomic():
            try:
                watched = Watched(client, code)
                for operation, *arguments in operations:
                    watched.do(operation, *arguments)
                applied.append(PriceChange.objects.filter(source="proposal", product=code).count())
            finally:
                transaction.set_rollback(True)

    check()
    assert sum(applied) > EXAMPLES / 3


# --- and what ends the hold -----------------------------------------------------------------------------


def sell(commits: Commits, first: int, days: int, paid: str = "4.49") -> None:
    """Bring in days of sales from that day after the sample shop's newest on: cups at a price, mugs as before."""
    rows = [
        line(f"{8000 + day}", code, code, 6, AS_OF + dt.timedelta(days=day), price)
        for day in range(first, first + days)
        for code, price in (("CUP", paid), ("MUG", "6.75"))
    ]
    batch = bring_in(commits, csv_bytes(rows), f"sales-{first}.csv")
    assert batch.status == "published", batch.error


@pytest.mark.usefixtures("_priced")
def test_sales_on_28_days_at_the_new_price_release_it(
    analyst_client: APIClient, commits: Commits, manager: User
) -> None:
    answer = analyst_client.patch("/api/products/CUP", {"current_price": "4.49"}, format="json")
    assert answer.status_code == 200
    noon = dt.datetime.combine(AS_OF, dt.time(12), dt.UTC)
    PriceChange.objects.filter(product="CUP", new_price="4.49").update(changed_at=noon)

    def advice() -> dict[str, Any]:
        return recommended(analyst_client, "CUP")

    held = advice()
    assert (held["reason"], held["recommended_price"]) == ("HOLD", 4.49)
    assert held["rationale"].startswith("Hold: 0 of 28 days of sales at this price.")
    assert limits_of(held) == (Decimal("3.40"), Decimal("4.60"))
    sell(commits, 1, 27)
    held = advice()
    assert (held["reason"], held["recommended_price"]) == ("HOLD", 4.49)
    assert held["rationale"].startswith("Hold: 27 of 28 days of sales at this price.")
    # What it does is still projected from the price before.
    assert limits_of(held) == (Decimal("3.40"), Decimal("4.60"))
    sell(commits, 28, 1)
    free = advice()
    assert free["reason"] != "HOLD"
    # 15 % of 4.49 either way.
    assert limits_of(free) == (Decimal("3.82"), Decimal("5.16"))


@pytest.mark.usefixtures("_priced")
def test_sales_at_the_old_price_release_nothing(analyst_client: APIClient, commits: Commits) -> None:
    """Set by hand twice, and never charged: the limits stay those of the price that is."""
    hold = "Hold: 0 of 28 days of sales at this price."
    for number, (price, said) in enumerate((("4.49", hold), ("5.16", "lies outside the allowed prices"))):
        answer = analyst_client.patch("/api/products/CUP", {"current_price": price}, format="json")
        assert answer.status_code == 200
        noon = dt.datetime.combine(AS_OF + dt.timedelta(days=30 * number), dt.time(12), dt.UTC)
        PriceChange.objects.filter(product="CUP", new_price=price).update(changed_at=noon)
        sell(commits, 1 + 30 * number, 30, "4.00")
        held = recommended(analyst_client, "CUP")
        assert said in held["rationale"]
        # 15 % of 4.00 either way.
        assert limits_of(held) == (Decimal("3.40"), Decimal("4.60"))
