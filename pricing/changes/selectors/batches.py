"""Price changes by batch: proposer, reason, number, totals."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.core.cache import cache
from django.db.models import Case, Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Value, When

from elastix.dataset.versions import data_version
from elastix.errors import NotFound
from elastix.shop import shop_currency
from pricing.changes.selectors.price_changes import OPEN
from pricing.elasticity.core.demand import AVERAGE, EQUAL_SHARES
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.limits import Limit
from pricing.recommendation.core.uncertainty import ErrorFactor
from pricing.recommendation.selectors.bulk_optimization import error_factor, own_weights
from pricing.recommendation.selectors.crossed import limits_crossed
from pricing.recommendation.selectors.expected import expected_effects
from pricing.recommendation.selectors.policies import effective_policies
from pricing.recommendation.selectors.price_totals import PriceTotals
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeStatus

STATES: Final = {
    "decide": (PriceChangeStatus.PROPOSED,),
    "approved": (PriceChangeStatus.APPROVED,),
    "applied": (PriceChangeStatus.APPLIED,),
    "undone": (PriceChangeStatus.ROLLED_BACK, PriceChangeStatus.REJECTED),
}
KEPT_SECONDS: Final = 24 * 3600


@dataclass(slots=True)
class Batch:
    """Changes that were proposed together, as far as they are in one state; or one change by itself.

    Attributes
    ----------
    key : the batch, or the number of the only change.
    proposed_by, reason : of one of them; they have these in common unless they were proposed one by one.
    totals : what they amount to; None until it is asked for.
    """

    key: UUID | int
    count: int
    proposed_by: str
    reason: str
    source: str
    newest: dt.datetime
    first: int
    last: int
    totals: PriceTotals | None = None

    @property
    def is_single(self) -> bool:
        """It is one change that was proposed by itself."""
        return isinstance(self.key, int)


class BatchList:
    """The batches with changes in one of the states, newest first, sliced without reading the others.

    `text` leaves those in which a reason, a person or a product is like it.
    """

    def __init__(self, state: str, text: str = "") -> None:
        # A change proposed by itself is a group of one, keyed by its number.
        self.found: QuerySet[Any, Any] = (
            changes_in(state, text)
            .order_by()
            .values("batch", single=_single())
            .annotate(
                count=Count("pk"), by=Min(_author()), why=Min("reason"), how=Min("source"),
                newest=Max("created_at"), first=Min("pk"), last=Max("pk"),
            )
            .order_by("-newest", "-last")
        )  # fmt: skip

    def count(self) -> int:
        """How many batches there are."""
        return self.found.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, wanted: slice) -> list[Batch]:
        return self._batches(self.found[wanted])

    def of(self, key: UUID | int) -> list[Batch]:
        """The batch, or the change by itself, of this key; empty where it has no change in these states."""
        chosen = {"batch": key} if isinstance(key, UUID) else {"batch__isnull": True, "pk": key}
        return self._batches(self.found.filter(**chosen))

    @staticmethod
    def _batches(rows: Iterable[Any]) -> list[Batch]:
        return [
            Batch(
                row["batch"] or row["single"], row["count"], row["by"], row["why"], row["how"],
                row["newest"], row["first"], row["last"],
            )
            for row in rows
        ]  # fmt: skip


def _single() -> Any:
    return Case(When(batch__isnull=True, then=F("pk")), default=None)


def _author() -> Any:
    return Case(When(~Q(proposed_by=Value("")), then=F("proposed_by")), default=F("applied_by"))


def state_counts() -> dict[str, int]:
    """How many changes are in each of the states."""
    return states_of(PriceChange.objects.all())


def changes_of(key: UUID | int) -> QuerySet[PriceChange]:
    """The changes of a batch, by product and each with it, or the only one of this number.

    Raises
    ------
    NotFound : there is none.
    """
    chosen = {"batch": key} if isinstance(key, UUID) else {"pk": key}
    found = PriceChange.objects.filter(**chosen).select_related("product").order_by("product_id", "pk")
    if not found.exists():
        what = f"batch {key} of price changes" if isinstance(key, UUID) else f"price change {key}"
        raise NotFound(f"There is no {what}.")
    return found


def changes_in(state: str, text: str = "") -> QuerySet[PriceChange]:
    """The changes in one of the states, the newest first, each with its product. `text`: as of `BatchList`, of whole batches."""
    found = PriceChange.objects.filter(status__in=STATES[state]).select_related("product")
    if text:
        named = Q(product__code__icontains=text) | Q(product__name__icontains=text)
        alike = found.filter(
            Q(reason__icontains=text) | Q(proposed_by__icontains=text) | Q(applied_by__icontains=text) | named
        ).order_by()
        batches = alike.filter(batch__isnull=False).values("batch")
        found = found.filter(Q(pk__in=alike.values("pk")) | Q(batch__in=batches))
    return found.order_by("-created_at", "-pk")


def states_of(found: QuerySet[PriceChange]) -> dict[str, int]:
    """How many of some changes are in each of the states."""
    by_status = dict(found.order_by().values_list("status").annotate(Count("pk")))
    return {name: sum(by_status.get(status, 0) for status in wanted) for name, wanted in STATES.items()}


def flagged(found: QuerySet[PriceChange]) -> set[int]:
    """The numbers of the open ones among changes that cannot be made as they were proposed, or not beside another.

    The product's price has moved since, or it has a newer open change, from before a second one was refused.
    """
    other = PriceChange.objects.filter(
        product_id=OuterRef("product_id"), status__in=OPEN, pk__gt=OuterRef("pk")
    )
    stays = Q(old_price=F("product__current_price")) | Q(
        old_price__isnull=True, product__current_price__isnull=True
    )
    return set(found.filter(~stays | Exists(other), status__in=OPEN).order_by().values_list("pk", flat=True))


def crossed_of(changes: Iterable[PriceChange]) -> dict[int, Limit]:
    """By its number, the limit of recommendations that each of the open ones among changes lies beyond."""
    waiting = [each for each in changes if each.status in OPEN]
    limits = limits_crossed([(each.product_id, each.new_price) for each in waiting]) if waiting else []
    return {each.pk: limit for each, limit in zip(waiting, limits, strict=True) if limit is not None}


def totals_of_batch(key: UUID | int, state: str) -> PriceTotals:
    """What the changes of a batch in one state amount to, remembered as for the list of batches."""
    found = with_totals(BatchList(state).of(key), state)
    return found[0].totals or PriceTotals() if found else PriceTotals()


def with_totals(batches: Sequence[Batch], state: str) -> list[Batch]:
    """Fill in what each batch amounts to; remembered until it, or what it is computed from, changes."""
    version = data_version()
    stamp = f"{version.published_version}-{version.catalogue_version}" if state == "decide" else ""
    keys = {
        each.key: f"batch-totals-{each.key}-{state}-{each.count}-{each.first}-{each.last}-{stamp}"
        for each in batches
    }
    kept = cache.get_many(keys.values())
    missing = [each for each in batches if keys[each.key] not in kept]
    wanted = Q(batch__in=[each.key for each in missing if isinstance(each.key, UUID)]) | Q(
        batch__isnull=True, pk__in=[each.key for each in missing if isinstance(each.key, int)]
    )
    of_key: dict[UUID | int, list[PriceChange]] = {}
    if missing:
        found = PriceChange.objects.filter(wanted, status__in=STATES[state]).select_related("product")
        for change in found.order_by("pk"):
            of_key.setdefault(change.batch or change.pk, []).append(change)
    for each in batches:
        each.totals = kept.get(keys[each.key])
        if each.totals is None:
            each.totals = totals_of(of_key.get(each.key, []))
            cache.set(keys[each.key], each.totals, KEPT_SECONDS)
    return list(batches)


def totals_of(changes: Sequence[PriceChange]) -> PriceTotals:
    """What changes amount to: by what was expected of them at approval, and before that by what is expected now.

    Both are records of the same kind and are summed up alike, so that a decision by itself changes no total.
    """
    waiting = [
        each
        for each in changes
        if each.expected is None and each.status in OPEN and each.old_price is not None
    ]
    asked = [(each.product_id, each.old_price, each.new_price) for each in waiting]
    records = {each.pk: each.expected for each in changes if each.expected is not None}
    for each, record in zip(waiting, expected_effects(asked) if asked else [], strict=True):
        if record is not None:
            records[each.pk] = record
    totals = PriceTotals()
    _add_expected(totals, [(each, records[each.pk]) for each in changes if each.pk in records])
    others = [each for each in changes if each.pk not in records]
    percents = [each.change_percent for each in others]
    totals.add_range(np.array([float(each) for each in percents if each is not None]))
    totals.below_cost += count_below_cost([(each.product, each.new_price) for each in others])
    totals.count = len(changes)
    return totals


def count_below_cost(prices: Iterable[tuple[Product, Decimal]]) -> int:
    """How many prices of products are below the cost, with the tax that prices include."""
    costly = [(product, product.cost, price) for product, price in prices if product.cost is not None]
    policies = effective_policies([product for product, _, _ in costly]) if costly else {}
    return sum(price < cost * policies[product.code].tax_factor for product, cost, price in costly)


def _add_expected(totals: PriceTotals, changes: Sequence[tuple[PriceChange, dict[str, Any]]]) -> None:
    """Add changes by the records of what is expected of them."""
    weights = own_weights([each.product_id for each, _ in changes])
    by_curve: dict[tuple[str, float], list[tuple[PriceChange, dict[str, Any]]]] = {}
    for change, record in changes:
        curve = record.get("demand_model", AVERAGE), record.get("linear_share", EQUAL_SHARES)
        by_curve.setdefault(curve, []).append((change, record))
    for (model, linear_share), found in by_curve.items():
        members, records = [change for change, _ in found], [record for _, record in found]

        def errors(indices: Iterable[Any], members: Sequence[PriceChange] = members) -> ErrorFactor:
            return error_factor([members[int(index)].product for index in indices], weights)  # type: ignore[misc]

        inputs = PricingInputs.of(
            price=[record["current"]["price"] for record in records],
            quantity=[record["current"]["quantity"] or 0.0 for record in records],
            elasticity=_floats(record["elasticity"] for record in records),
            std_error=_floats(record["std_error"] for record in records),
            cost=_floats(record["cost"] for record in records),
            tax_rate=[record.get("tax_rate") or 0.0 for record in records],
            currency=shop_currency(),
            linear_share=linear_share,
        )
        price = np.array([float(each.new_price) for each in members])
        sums = PriceTotals()
        sums.add(inputs, price, errors, model)  # type: ignore[arg-type]
        # What was expected started from the price that sales had proven; the record keeps what came of that.
        totals.add_sums(sums, _stated(records, "revenue"), _stated(records, "profit"))


def _stated(records: Sequence[dict[str, Any]], figure: str) -> float:
    """The sum of the changes of a figure that the records expect; unknown ones are left out."""
    pairs = [(record["current"][figure], record["projected"][figure]) for record in records]
    changes: float = sum(then - now for now, then in pairs if now is not None and then is not None)
    return changes


def _floats(values: Iterable[Any]) -> list[float]:
    return [np.nan if value is None else float(value) for value in values]
