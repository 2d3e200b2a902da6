"""Read the inputs of price decisions in a fixed number of queries for any number of products."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db.models import Exists, FilteredRelation, OuterRef, Q
from django.utils import timezone

from elastix.dataset.versions import data_version
from elastix.shop import shop_currency
from elastix.sql import batches, fetch, placeholders
from pricing.elasticity.core.demand import EQUAL_SHARES
from pricing.elasticity.models import Grade, Method
from pricing.elasticity.selectors.demand_curve import LINEAR_SHARE, known_share
from pricing.forecasting.selectors.base_demand import BaseDemand, base_demands
from pricing.recommendation.core.inputs import (
    LARGEST_AMOUNT,
    PriceConstraints,
    PricingInputs,
    PricingStrategy,
)
from pricing.recommendation.core.recommendation import NOT_CONVERGED
from pricing.recommendation.core.relations import NO_BOUNDS, Bounds
from pricing.recommendation.models import PriceRelationMember
from pricing.recommendation.models.policies import SETTINGS
from pricing.recommendation.selectors.competition import CompetitorStatistics, competitor_statistics
from pricing.recommendation.selectors.policies import EffectivePolicy, Overrides, effective_policies
from pricing.recommendation.selectors.relations import relation_limits
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import PRICE_ASKED

RELATED: Final = PriceRelationMember.objects.filter(product=OuterRef("pk"))
WATCHED: Final = Product.objects.filter(pk=OuterRef("pk"), competitor_prices__isnull=False)

SERVICE: Final = "SERVICE"
NO_PRICE: Final = "NO_PRICE"
WITHOUT_PRICE: Final = {
    SERVICE: "This is a service code, such as postage or a fee: it is never priced.",
    NO_PRICE: "No price is known yet, so there is none to start from. Set one, or load sales.",
}
"""Why a product has no price to decide on, in one word and in sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacts:
    """What is known of one product when its price is decided on.

    Attributes
    ----------
    price : the present price; None until one is known.
    base : the demand that projections start from, and which price it was sold at.
    elasticity, std_error, grade, evidence, flags : the published pooled estimate; None, None, "", "" and () without one.
    lowest_charged, highest_charged : the range of its list prices.
    competitors : what their fresh and plausible prices amount to, None without any.
    relations : what the relations to the prices of other products leave it.
    linear_share : probability of linear demand, the same for all of the shop's products.
    """

    code: str
    name: str
    category: str
    kind: str
    price: Decimal | None
    cost: Decimal | None
    base: BaseDemand
    elasticity: float | None
    std_error: float | None
    grade: str
    evidence: str
    flags: tuple[str, ...]
    lowest_charged: float | None
    highest_charged: float | None
    competitors: CompetitorStatistics | None
    policy: EffectivePolicy
    relations: Bounds = NO_BOUNDS
    linear_share: float = EQUAL_SHARES

    @property
    def obstacle(self) -> str:
        """Why there is no price to decide on; empty where there is one, of something that is sold for itself."""
        if self.kind == Kind.SERVICE:
            return SERVICE
        return NO_PRICE if self.price is None else ""

    def is_cooling(self, now: dt.datetime) -> bool:
        """Whether the price was changed so lately that the policy wants it left alone."""
        last, days = self.base.last_changed, self.policy.cooldown_days
        return last is not None and now < last + dt.timedelta(days=days)


@dataclass(frozen=True, slots=True)
class PriceGroup:
    """Products whose prices are decided on in the same way; arrays (P,) in the order of `facts`."""

    strategy: PricingStrategy
    facts: Sequence[PriceFacts]
    inputs: PricingInputs
    constraints: PriceConstraints


def pricing_inputs(
    codes: Collection[str], overrides: Overrides | None = None, cost: Decimal | None = None
) -> tuple[list[PriceGroup], list[PriceFacts]]:
    """Read what is needed to decide on the prices of these products; unknown codes are left out.

    Seven queries for every 5,000 products; more where some have competitors or are related to others.

    Parameters
    ----------
    overrides : what a request asks for in place of the policies.
    cost : a cost to be tried, per unit, in place of the products' own.

    Returns
    -------
    The products grouped by strategy, and those that have no price to decide on.
    """
    groups: dict[PricingStrategy, list[PriceFacts]] = {}
    without_price = []
    for facts in price_facts(codes).values():
        facts = facts if cost is None else replace(facts, cost=cost)
        if overrides:
            facts = replace(facts, policy=overrides.narrow(facts.policy))
        if facts.obstacle:
            without_price.append(facts)
        else:
            groups.setdefault(strategy_of(facts.policy), []).append(facts)
    return [price_group(strategy, members) for strategy, members in groups.items()], without_price


def strategy_of(policy: EffectivePolicy) -> PricingStrategy:
    """How a price is chosen under a policy."""
    return PricingStrategy(policy.strategy, policy.demand_model, policy.price_endings)


def price_group(strategy: PricingStrategy, facts: Sequence[PriceFacts]) -> PriceGroup:
    """Turn products with a price into the arrays that the core of price decisions reads."""
    now = timezone.now()

    def of_product(*names: str) -> dict[str, list[float]]:
        return {name: _floats(getattr(each, name) for each in facts) for name in names}

    def of_policy(*names: str) -> dict[str, list[float]]:
        return {name: _floats(each.policy.settings[name] for each in facts) for name in names}

    inputs = PricingInputs.of(
        **of_product("price", "cost", "elasticity", "std_error"),
        quantity=_floats(each.base.quantity for each in facts),
        base_price=_floats(each.base.price for each in facts),
        tried_price=_floats(each.base.tried_price for each in facts),
        **of_policy("assumed_cost_ratio"),
        tax_rate=_floats(each.policy.included_tax for each in facts),
        currency=shop_currency(),
        linear_share=facts[0].linear_share if facts else EQUAL_SHARES,
        weak=[each.grade == Grade.D for each in facts],
        not_converged=[NOT_CONVERGED in each.flags for each in facts],
        cooling=[each.is_cooling(now) for each in facts],
    )
    market = {
        name: _floats(_of_market(each.policy.settings[name], each.competitors) for each in facts)
        for name in ("competitor_floor", "competitor_ceiling")
    }
    related = {
        "relation_floor": _floats(each.relations.floor for each in facts),
        "relation_ceiling": _floats(each.relations.ceiling for each in facts),
    }
    # Whatever the policies state about the prices themselves.
    names = [name for name in PriceConstraints.__slots__ if name in SETTINGS and name not in market]
    constraints = PriceConstraints.of(
        len(facts),
        **of_policy(*names),
        **market,
        **related,
        **of_product("lowest_charged", "highest_charged"),
    )
    return PriceGroup(strategy, facts, inputs, constraints)


def _floats(values: Iterable[Any]) -> list[float]:
    return [np.nan if value is None else float(value) for value in values]


def price_facts(codes: Collection[str]) -> dict[str, PriceFacts]:
    """Read what is known of these products, by code in the order of the codes; unknown codes are left out."""
    found: dict[str, PriceFacts] = {}
    for chunk in batches(sorted(set(codes))):
        found |= _chunk_of_facts(chunk)
    return found


_COLUMNS = (
    *("code", "name", "category", "kind", "current_price", "cost"),
    *("pooled__elasticity", "pooled__std_error", "pooled__quality", "pooled__evidence", "pooled__flags"),
    "linear_share",
    "is_related",
    "is_watched",
)


def _chunk_of_facts(codes: list[str]) -> dict[str, PriceFacts]:
    pooled = FilteredRelation("elasticities", condition=Q(elasticities__method=Method.POOLED))
    products = Product.objects.filter(code__in=codes).annotate(
        pooled=pooled, linear_share=LINEAR_SHARE, is_related=Exists(RELATED), is_watched=Exists(WATCHED)
    )
    products = products.order_by("code")
    rows = list(products.values_list(*_COLUMNS, named=True))
    policies = effective_policies(rows)
    charged = _range_charged(codes)
    version = data_version()
    base = base_demands({row.code: row.current_price for row in rows}, version)
    days = {row.code: policies[row.code].competitor_days for row in rows if row.is_watched}
    competitors = competitor_statistics(days, days, as_of=version.as_of) if days else {}
    related = [row.code for row in rows if row.is_related]
    relations = relation_limits(related) if related else {}
    found = {}
    for row in rows:
        lowest, highest = charged.get(row.code, (None, None))
        found[row.code] = PriceFacts(
            code=row.code,
            name=row.name,
            category=row.category,
            kind=row.kind,
            price=row.current_price,
            cost=row.cost,
            base=base[row.code],
            elasticity=row.pooled__elasticity,
            std_error=row.pooled__std_error,
            grade=row.pooled__quality or "",
            evidence=row.pooled__evidence or "",
            flags=tuple(row.pooled__flags or ()),
            lowest_charged=lowest,
            highest_charged=highest,
            competitors=competitors.get(row.code),
            policy=policies[row.code],
            relations=relations.get(row.code, NO_BOUNDS),
            linear_share=known_share(row.linear_share),
        )
    return found


def _range_charged(codes: Sequence[str]) -> dict[str, tuple[float, float]]:
    """The lowest and the highest list price of each product, of days whose list price is known."""
    return {
        code: (float(lowest), float(highest))
        for code, lowest, highest in fetch(
            f"SELECT product_id, MIN({PRICE_ASKED}), MAX({PRICE_ASKED}) FROM pricing_saleshistory "
            f"WHERE product_id IN ({placeholders(len(codes))}) AND {PRICE_ASKED} > 0 GROUP BY product_id",
            codes,
        )
    }


def _of_market(share: Decimal | None, competitors: CompetitorStatistics | None) -> float | None:
    """A bound on the price that is a share of the competitors' mean; None without either."""
    if share is None or competitors is None:
        return None
    return min(float(share * competitors.mean), LARGEST_AMOUNT)
