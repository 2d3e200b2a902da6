"""Which price policy decides what for which product."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Final, Protocol

from django.db.models import F, Q

from elastix.api.fields import rounded
from pricing.elasticity.core.demand import LINEAR, DemandModel
from pricing.recommendation.core.inputs import PROFIT, Strategy
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.models.policies import ANY_CENT
from pricing.sales.models import Product

BUILT_IN: Final = "built in"
"""Where a setting comes from that no policy states."""

REQUEST: Final = "request"
"""Where a setting comes from that a request asked for."""

CODES_IN_A_QUERY = 1_000

_FLOORS: Final = ("target_margin", "minimum_margin", "min_price")


class Priced(Protocol):
    """What a policy is chosen by: a product's code and category."""

    @property
    def code(self) -> str: ...
    @property
    def category(self) -> str: ...


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """What holds for the price of one product: of each setting, what the most specific policy states.

    Attributes
    ----------
    target_margin, minimum_margin, markup, max_change, assumed_cost_ratio : fractions, as in `PricePolicy`.
    competitor_floor, competitor_ceiling : fractions of the competitors' mean price.
    endings : last two digits a price may end in; none means any cent.
    sources : for each setting that is not built in, the policy that states it ("product P001", "category Drinks",
        "the shop"), or "request".
    """

    strategy: Strategy = PROFIT
    demand_model: DemandModel = LINEAR
    target_margin: Decimal | None = None
    minimum_margin: Decimal | None = None
    markup: Decimal | None = None
    max_change: Decimal = Decimal("0.15")
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    competitor_floor: Decimal | None = None
    competitor_ceiling: Decimal | None = None
    competitor_days: int = 7
    endings: tuple[int, ...] = (49, 99)
    cooldown_days: int = 0
    assumed_cost_ratio: Decimal | None = None
    self_approval: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)

    def source(self, setting: str) -> str:
        """Say which policy a setting comes from."""
        return self.sources.get(setting, BUILT_IN)


SETTINGS: Final = tuple(each.name for each in fields(EffectivePolicy) if each.name != "sources")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What a request asks for in place of the policies; None leaves it to these.

    A policy's limits are a decision that a request cannot undo, only narrow: a minimum price or margin counts
    where it is higher, a maximum price or largest change where it is lower. The largest change that is built in was
    decided by nobody, and gives way.

    Attributes
    ----------
    target_margin, minimum_margin, max_change : fractions.
    """

    strategy: Strategy | None = None
    demand_model: DemandModel | None = None
    target_margin: Decimal | None = None
    minimum_margin: Decimal | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    max_change: Decimal | None = None

    def narrow(self, policy: EffectivePolicy) -> EffectivePolicy:
        """Return the policy with what was asked for, as far as that is allowed."""
        asked = {name: value for name, value in self._settings() if value is not None}
        won = {name: value for name, value in asked.items() if self._wins(value, name, policy)}
        sources = {**policy.sources, **dict.fromkeys(won, REQUEST)}
        return replace(policy, **won, sources=sources)

    def _settings(self) -> list[tuple[str, Any]]:
        return [(each.name, getattr(self, each.name)) for each in fields(self)]

    def _wins(self, value: Any, name: str, policy: EffectivePolicy) -> bool:
        stated = getattr(policy, name)
        if stated is None or policy.source(name) == BUILT_IN or name in ("strategy", "demand_model"):
            return True
        return bool(value > stated if name in _FLOORS else value < stated)


def effective_policies(products: Iterable[Priced]) -> dict[str, EffectivePolicy]:
    """What holds for the price of each product, by code, in one query.

    Field by field the policy of the product, else of its category, else of the shop decides; what none of them
    states is built in.
    """
    products = list(products)
    codes = [product.code for product in products]
    wanted = Q(product__isnull=True)
    # A shop has few policies for single products; naming many codes costs more than reading all of these.
    wanted |= Q(product_id__in=codes) if len(codes) <= CODES_IN_A_QUERY else Q(product__isnull=False)
    of_product: dict[str, PricePolicy] = {}
    of_category: dict[str, PricePolicy] = {}
    for policy in PricePolicy.objects.filter(wanted).order_by("id"):
        if policy.product_id:
            of_product[policy.product_id] = policy
        else:
            of_category[policy.category] = policy
    merged: dict[tuple[str, str], EffectivePolicy] = {}
    found = {}
    for product in products:
        own = product.code if product.code in of_product else ""
        key = (own, product.category)
        if key not in merged:
            wide_to_narrow = (of_category.get(""), of_category.get(product.category), of_product.get(own))
            merged[key] = merge_policies([policy for policy in wide_to_narrow if policy])
        found[product.code] = merged[key]
    return found


def merge_policies(wide_to_narrow: Sequence[PricePolicy]) -> EffectivePolicy:
    """Lay policies over each other: of each setting, what the last one that states it says."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for policy in wide_to_narrow:
        for setting, value in settings_of(policy).items():
            values[setting], sources[setting] = value, str(policy)
    return EffectivePolicy(**values, sources=sources)


def settings_of(policy: PricePolicy) -> dict[str, Any]:
    """Return what a policy states, as `EffectivePolicy` has it."""
    stated = stated_by(policy)
    if "endings" in stated:
        written = stated["endings"]
        stated["endings"] = () if written == ANY_CENT else tuple(int(cents) for cents in written.split(","))
    return stated


def stated_by(policy: PricePolicy) -> dict[str, Any]:
    """Return what a policy states, as it was written down, without what it leaves to the wider ones."""
    values = {name: getattr(policy, name) for name in SETTINGS}
    return {name: value for name, value in values.items() if value not in (None, "")}


def policies_page(*, code: str | None, category: str | None, limit: int, offset: int) -> dict[str, Any]:
    """Policies from the shop's to those of single products: `{policies, total}`."""
    found = PricePolicy.objects.order_by(F("product_id").asc(nulls_first=True), "category", "id")
    if code is not None:
        found = found.filter(product_id=code)
    if category is not None:
        found = found.filter(product__isnull=True, category=category)
    page = found[offset : offset + limit]
    return {"policies": [policy_row(policy) for policy in page], "total": found.count()}


def policy_row(policy: PricePolicy) -> dict[str, Any]:
    """One policy as the API shows it; what it leaves to the wider ones is None."""
    return {
        "id": policy.pk,
        "product_id": policy.product_id,
        "category": policy.category,
        "scope": str(policy),
        **{name: _plain(getattr(policy, name)) for name in SETTINGS},
        "updated_at": policy.updated_at,
    }


def effective_policy(product: Product) -> dict[str, Any]:
    """What holds for the price of a product: of each setting its value and where that comes from."""
    policy = effective_policies([product])[product.code]
    settings = {name: getattr(policy, name) for name in SETTINGS}
    settings["endings"] = ",".join(f"{cents:02d}" for cents in policy.endings) or ANY_CENT
    return {
        "product_id": product.code,
        "settings": {
            name: {"value": _plain(value), "source": policy.source(name)} for name, value in settings.items()
        },
    }


def _plain(value: Any) -> Any:
    """A setting for JSON; None where it is left to the wider policies."""
    if isinstance(value, Decimal):
        return rounded(value, 4)
    return None if value == "" else value
