"""Whatever is proposed, decided, applied, taken back and edited in whatever order: products and price changes agree.

A small model, a list of prices in force for each product, says what every step must do; the real
one is compared with it after each.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from elastix.fields import uuid7
from pricing.changes.services import price_changes
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.products import product_create, product_update

# A longer search by hand: RANDOM_PRICES=1000 pytest tests/integration/test_random_prices.py
BY_HAND = "RANDOM_PRICES" in os.environ
EXAMPLES = int(os.environ.get("RANDOM_PRICES", "60"))

CODES = ("BOWL", "CUP", "MUG")
FIRST_PRICE = Decimal("10.00")
PRICES = [Decimal(price) for price in ("8.00", "9.00", "10.00", "11.00", "12.00")]
PEOPLE = ("anna", "bert")
STEPS = {
    "approve": (price_changes.approve, ("proposed",), "approved"),
    "reject": (price_changes.reject, ("proposed", "approved"), "rejected"),
    "apply": (price_changes.apply, ("approved",), "applied"),
    "roll_back": (price_changes.roll_back, ("applied",), "rolled_back"),
}


@dataclass
class Change:
    """A change as the model has it."""

    pk: int
    code: str
    old: Decimal
    new: Decimal
    by: str
    batch: UUID | None
    status: str = "proposed"


@dataclass
class Model:
    changes: list[Change] = field(default_factory=list)
    # The changes in force, oldest first; the price before them is the first price.
    in_force: dict[str, list[Change]] = field(default_factory=lambda: {code: [] for code in CODES})

    def price(self, code: str) -> Decimal:
        stack = self.in_force[code]
        return stack[-1].new if stack else FIRST_PRICE

    def may(self, step: str, change: Change, by: str) -> bool:
        if change.status not in STEPS[step][1]:
            return False
        if step == "approve" and change.by == by:
            return False
        if step in ("approve", "apply"):
            return self.price(change.code) == change.old
        return step != "roll_back" or self.in_force[change.code][-1:] == [change]

    def take(self, step: str, change: Change) -> None:
        change.status = STEPS[step][2]
        if step == "apply":
            self.in_force[change.code].append(change)
        elif step == "roll_back":
            self.in_force[change.code].pop()


def propose(model: Model, wanted: Sequence[tuple[str, Decimal]], by: str, batched: bool) -> None:
    batch = uuid7() if batched else None
    codes = [code for code, _ in wanted]
    is_open = {each.code for each in model.changes if each.status in ("proposed", "approved")}
    possible = len(set(codes)) == len(codes) and all(
        model.price(code) != price and code not in is_open for code, price in wanted
    )
    try:
        made = price_changes.propose(wanted, by=by, batch=batch)
    except (price_changes.InvalidProposal, price_changes.OpenChanges):
        assert not possible
        return
    assert possible
    for change, (code, price) in zip(made, wanted, strict=True):
        model.changes.append(Change(change.pk, code, model.price(code), price, by, batch))


def step(model: Model, name: str, place: int, whole_batch: bool, by: str) -> None:
    if not model.changes:
        return
    change = model.changes[place % len(model.changes)]
    chosen: Any = [change.pk]
    concerned = [change]
    if whole_batch and change.batch:
        chosen = change.batch
        members = [each for each in model.changes if each.batch == change.batch]
        concerned = [each for each in members if each.status in STEPS[name][1]] or members
    possible = all(model.may(name, each, by) for each in concerned)
    try:
        STEPS[name][0](chosen, by=by)
    except (price_changes.InvalidTransition, PermissionDenied):
        assert not possible
        return
    assert possible
    for each in concerned:
        model.take(name, each)


def edit(model: Model, code: str, price: Decimal) -> None:
    before = model.price(code)
    product_update(code, by="somebody", current_price=price)
    if price != before:
        newest = PriceChange.objects.latest("pk")
        change = Change(newest.pk, code, before, price, "", None, "applied")
        model.changes.append(change)
        model.in_force[code].append(change)


def compare(model: Model) -> None:
    current = dict(Product.objects.values_list("code", "current_price"))
    assert current == {code: model.price(code) for code in CODES}
    stored = set(PriceChange.objects.values_list("pk", "product_id", "old_price", "new_price", "status"))
    firsts = {each for each in stored if each[2] is None}
    assert stored - firsts == {
        (change.pk, change.code, change.old, change.new, change.status) for change in model.changes
    }
    for code in CODES:
        newest = (
            PriceChange.objects.filter(product_id=code, status="applied").order_by("changed_at", "pk").last()
        )
        assert newest is not None and newest.new_price == current[code]


def operations() -> st.SearchStrategy[tuple[Any, ...]]:
    code, price, by = st.sampled_from(CODES), st.sampled_from(PRICES), st.sampled_from(PEOPLE)
    wanted = st.lists(st.tuples(code, price), min_size=1, max_size=3)
    proposals = st.tuples(st.just(propose), wanted, by, st.booleans())
    steps = st.tuples(st.just(step), st.sampled_from(list(STEPS)), st.integers(0, 11), st.booleans(), by)
    edits = st.tuples(st.just(edit), code, price)
    return st.one_of(proposals, proposals, steps, steps, steps, steps, edits)


@pytest.mark.slow
def test_random_steps_leave_products_and_changes_in_agreement(db: None) -> None:
    done: list[int] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=not BY_HAND,
        phases=list(Phase) if BY_HAND else [Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(operations(), min_size=8, max_size=30))
    def check(chosen: list[tuple[Any, ...]]) -> None:
        with transaction.atomic():
            try:
                for code in CODES:
                    product_create(code=code, by="somebody", current_price=FIRST_PRICE)
                model = Model()
                for operation, *arguments in chosen:
                    operation(model, *arguments)
                    compare(model)
                done.extend(len(stack) for stack in model.in_force.values())
            finally:
                transaction.set_rollback(True)

    check()
    # Random steps mostly run against a rule; enough of them must have gone through.
    assert sum(done) >= EXAMPLES
