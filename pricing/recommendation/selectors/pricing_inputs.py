"""What a decision on prices starts from, read once for any number of products."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db.models import FilteredRelation, Max, Q
from django.utils import timezone

from elastix.sql import batches, fetch, placeholders
from pricing.elasticity.models import Grade, Method
from pricing.recommendation.core.inputs import (
    LARGEST_AMOUNT,
    BoolArray,
    PriceConstraints,
    PricingInputs,
    PricingStrategy,
)
from pricing.recommendation.selectors.competition import CompetitorStatistics, competitor_statistics
from pricing.recommendation.selectors.policies import EffectivePolicy, Overrides, effective_policies
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.products import Kind

MONTH_DAYS: Final = 30
"""Quantities, revenues and profits are those of so many days, up to the as-of date."""

CODES_A_STATEMENT = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacts:
    """What is known of one product when its price is decided on.

    Attributes
    ----------
    price : the present price; None until one is known.
    quantity : units sold in the 30 days before the as-of date.
    elasticity, std_error, grade, flags : the published pooled estimate; None, None, "" and () without one.
    lowest_charged, highest_charged : the range of its list prices.
    competitors : what their fresh and plausible prices amount to, None without any.
    last_changed : when its price was last changed, or changed back, through the ledger.
    """

    code: str
    name: str
    category: str
    kind: str
    price: Decimal | None
    cost: Decimal | None
    quantity: int
    elasticity: float | None
    std_error: float | None
    grade: str
    flags: tuple[str, ...]
    lowest_charged: float | None
    highest_charged: float | None
    competitors: CompetitorStatistics | None
    last_changed: dt.datetime | None
    policy: EffectivePolicy

    @property
    def can_be_priced(self) -> bool:
        """Whether there is a price to start from, of something that is sold for itself."""
        return self.kind == Kind.MERCHANDISE and self.price is not None

    @property
    def is_weak(self) -> bool:
        """Whether the elasticity is no more than its category's."""
        return self.grade == Grade.D

    def is_cooling(self, now: dt.datetime) -> bool:
        """Whether the price was changed so lately that the policy wants it left alone."""
        days = self.policy.cooldown_days
        return self.last_changed is not None and now < self.last_changed + dt.timedelta(days=days)


@dataclass(frozen=True, slots=True)
class PriceGroup:
    """Products whose prices are decided on in the same way; arrays (P,) in the order of `facts`.

    Attributes
    ----------
    weak : the elasticity is no more than its category's.
    cooling : the price was changed so lately that it is to stay.
    """

    approach: PricingStrategy
    facts: Sequence[PriceFacts]
    offers: PricingInputs
    terms: PriceConstraints
    weak: BoolArray
    cooling: BoolArray


@dataclass(frozen=True, slots=True)
class PriceBasis:
    """Products to decide on, grouped by how, and those that have no price to decide on."""

    groups: Sequence[PriceGroup]
    without_price: Sequence[PriceFacts] = field(default=())


def pricing_inputs(
    codes: Collection[str], overrides: Overrides | None = None, cost: Decimal | None = None
) -> PriceBasis:
    """Read what is needed to decide on the prices of these products; unknown codes are left out.

    Six queries for every 5,000 products.

    Parameters
    ----------
    overrides : what a request asks for in place of the policies.
    cost : a cost to be tried, per unit, in place of the products' own.
    """
    groups: dict[PricingStrategy, list[PriceFacts]] = {}
    without_price = []
    for known in price_facts(codes).values():
        facts = known if cost is None else replace(known, cost=cost)
        if overrides:
            facts = replace(facts, policy=overrides.narrow(facts.policy))
        if facts.can_be_priced:
            groups.setdefault(approach_of(facts.policy), []).append(facts)
        else:
            without_price.append(facts)
    return PriceBasis([price_group(approach, members) for approach, members in groups.items()], without_price)


def approach_of(policy: EffectivePolicy) -> PricingStrategy:
    """How a price is chosen under a policy."""
    return PricingStrategy(policy.strategy, policy.demand_model, policy.price_endings)


def price_group(approach: PricingStrategy, facts: Sequence[PriceFacts]) -> PriceGroup:
    """Turn products with a price into the arrays that the core of price decisions reads."""
    now = timezone.now()

    def column(value: Callable[[PriceFacts], Any]) -> list[float]:
        return [np.nan if (found := value(each)) is None else float(found) for each in facts]

    offers = PricingInputs.of(
        price=column(lambda each: each.price),
        cost=column(lambda each: each.cost),
        quantity=column(lambda each: each.quantity),
        elasticity=column(lambda each: each.elasticity),
        std_error=column(lambda each: each.std_error),
        assumed_cost_ratio=column(lambda each: each.policy.assumed_cost_ratio),
    )
    terms = PriceConstraints.of(
        len(facts),
        target_margin=column(lambda each: each.policy.target_margin),
        minimum_margin=column(lambda each: each.policy.minimum_margin),
        markup=column(lambda each: each.policy.markup),
        min_price=column(lambda each: each.policy.min_price),
        max_price=column(lambda each: each.policy.max_price),
        max_change=column(lambda each: each.policy.max_change),
        competitor_floor=column(lambda each: _of_market(each.policy.competitor_floor, each.competitors)),
        competitor_ceiling=column(lambda each: _of_market(each.policy.competitor_ceiling, each.competitors)),
        lowest_charged=column(lambda each: each.lowest_charged),
        highest_charged=column(lambda each: each.highest_charged),
    )
    weak = np.array([each.is_weak for each in facts], np.bool_)
    cooling = np.array([each.is_cooling(now) for each in facts], np.bool_)
    return PriceGroup(approach, facts, offers, terms, weak, cooling)


def price_facts(codes: Collection[str]) -> dict[str, PriceFacts]:
    """Read what is known of these products, by code in the order of the codes; unknown codes are left out."""
    found: dict[str, PriceFacts] = {}
    for chunk in batches(sorted(set(codes)), CODES_A_STATEMENT):
        found |= _chunk_of_facts(chunk)
    return found


@dataclass(frozen=True, slots=True)
class _Row:
    """A product as the catalogue and the cached tables have it."""

    code: str
    name: str
    category: str
    kind: str
    price: Decimal | None
    cost: Decimal | None
    quantity: int | None
    elasticity: float | None
    std_error: float | None
    grade: str | None
    flags: list[str] | None


_COLUMNS = (
    *("code", "name", "category", "kind", "current_price", "cost", "summary__monthly_sales"),
    *("pooled__elasticity", "pooled__std_error", "pooled__quality", "pooled__flags"),
)


def _chunk_of_facts(codes: list[str]) -> dict[str, PriceFacts]:
    pooled = FilteredRelation("elasticities", condition=Q(elasticities__method=Method.POOLED))
    products = Product.objects.filter(code__in=codes).annotate(pooled=pooled).order_by("code")
    rows = [_Row(*values) for values in products.values_list(*_COLUMNS)]
    policies = effective_policies(rows)
    charged = _range_charged(codes)
    changed = _last_changes(codes)
    days = {code: policy.competitor_days for code, policy in policies.items()}
    competitors = competitor_statistics(list(days), days)
    return {
        row.code: PriceFacts(
            code=row.code,
            name=row.name,
            category=row.category,
            kind=row.kind,
            price=row.price,
            cost=row.cost,
            quantity=max(row.quantity or 0, 0),
            elasticity=row.elasticity,
            std_error=row.std_error,
            grade=row.grade or "",
            flags=tuple(row.flags or ()),
            lowest_charged=charged.get(row.code, (None, None))[0],
            highest_charged=charged.get(row.code, (None, None))[1],
            competitors=competitors.get(row.code),
            last_changed=changed.get(row.code),
            policy=policies[row.code],
        )
        for row in rows
    }


def _range_charged(codes: Sequence[str]) -> dict[str, tuple[float, float]]:
    """The lowest and the highest list price of each product, of days whose list price is known."""
    list_price = "COALESCE(list_price, CASE WHEN source = 'manual' THEN price END)"
    return {
        code: (float(lowest), float(highest))
        for code, lowest, highest in fetch(
            f"SELECT product_id, MIN({list_price}), MAX({list_price}) FROM pricing_saleshistory "
            f"WHERE product_id IN ({placeholders(len(codes))}) AND {list_price} > 0 GROUP BY product_id",
            codes,
        )
    }


def _last_changes(codes: Sequence[str]) -> dict[str, dt.datetime]:
    """When each product's price last became another one; its first price was no change."""
    changes = PriceChange.objects.filter(
        product_id__in=codes, old_price__isnull=False, changed_at__isnull=False
    ).order_by()
    latest = changes.values("product_id").annotate(there=Max("changed_at"), back=Max("rolled_back_at"))
    return {
        code: max(there, back or there)
        for code, there, back in latest.values_list("product_id", "there", "back")
    }


def _of_market(share: Decimal | None, competitors: CompetitorStatistics | None) -> float | None:
    """A bound on the price that is a share of the competitors' mean; None without either."""
    if share is None or competitors is None:
        return None
    return min(float(share * competitors.mean), LARGEST_AMOUNT)
