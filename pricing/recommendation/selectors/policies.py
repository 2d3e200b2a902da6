"""The effective policy of each product: shop, category and product policies merged."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Final, Protocol

from django.conf import settings
from django.db.models import Q, QuerySet

from elastix.currency import Currency
from elastix.errors import NotFound
from elastix.shop import shop_currency
from pricing.elasticity.core.demand import DemandModel
from pricing.recommendation.core.inputs import Strategy
from pricing.recommendation.core.limits import COST, BrokenRule, broken_rule
from pricing.recommendation.core.relations import NO_BOUNDS, Bounds
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.models.policies import ANY_CENT, SETTINGS
from pricing.sales.models import Product

BUILT_IN: Final = "built in"
"""Source of a setting that no policy states."""

REQUEST: Final = "request"
"""Source of a setting that a request asked for."""

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
    """What holds for the price of one product: each setting of `PricePolicy` is an attribute.

    Attributes
    ----------
    settings : of each setting, what the most specific policy states, or what is built in.
    sources : for each setting that is not built in, the policy that states it ("product P001", "category Drinks",
        "the shop"), or "request".
    """

    settings: Mapping[str, Any] = field(
        default_factory=lambda: {
            **{name: setting.built_in for name, setting in SETTINGS.items()},
            "endings": ",".join(shop_currency().endings),
            "tax_rate": settings.TAX_RATE,
        }
    )
    sources: Mapping[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        if name in SETTINGS:
            return self.settings[name]
        raise AttributeError(name)

    @property
    def price_endings(self) -> tuple[int, ...]:
        """Last digits that a price may end in; none means any price."""
        written = self.settings["endings"]
        return () if written == ANY_CENT else tuple(map(int, written.split(",")))

    @property
    def included_tax(self) -> Decimal:
        """Percent of the net price that a price includes on top of it; 0 where prices are net."""
        return Decimal(self.tax_rate) if settings.PRICES_INCLUDE_TAX else Decimal(0)

    @property
    def tax_factor(self) -> Decimal:
        """A price over the same without the tax that it includes."""
        return 1 + self.included_tax / 100

    def source(self, setting: str) -> str:
        """Name the policy that a setting comes from."""
        return self.sources.get(setting, BUILT_IN)

    def override(self, values: Mapping[str, Any], source: str) -> "EffectivePolicy":
        """Return the policy with other values of some settings, and where they come from."""
        return EffectivePolicy({**self.settings, **values}, {**self.sources, **dict.fromkeys(values, source)})


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

    def asked(self) -> dict[str, Any]:
        """Return the settings that were asked for."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def narrow(self, policy: EffectivePolicy) -> EffectivePolicy:
        """Return the policy with what was asked for, as far as that is allowed."""
        won = {name: value for name, value in self.asked().items() if self._wins(value, name, policy)}
        return policy.override(won, REQUEST)

    @staticmethod
    def _wins(value: Any, name: str, policy: EffectivePolicy) -> bool:
        stated = policy.settings[name]
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
    # A shop has few policies for single products; naming many codes costs more than reading all of these.
    policy_of = policy_finder(codes if len(codes) <= CODES_IN_A_QUERY else None)
    return {product.code: policy_of(product) for product in products}


def policy_finder(codes: Sequence[str] | None = None) -> Callable[[Priced], EffectivePolicy]:
    """Read the policies, in one query, and return what finds the one that holds for a product.

    Parameters
    ----------
    codes : products that it will be asked about; None: any.
    """
    wanted = Q() if codes is None else Q(product__isnull=True) | Q(product_id__in=codes)
    of_product: dict[str, PricePolicy] = {}
    of_category: dict[str, PricePolicy] = {}
    for policy in PricePolicy.objects.filter(wanted).order_by("id"):
        if policy.product_id:
            of_product[policy.product_id] = policy
        else:
            of_category[policy.category] = policy
    merged: dict[tuple[str, str], EffectivePolicy] = {}

    def policy_of(product: Priced) -> EffectivePolicy:
        own = product.code if product.code in of_product else ""
        key = (own, product.category)
        if key not in merged:
            wide_to_narrow = (of_category.get(""), of_category.get(product.category), of_product.get(own))
            merged[key] = merge_policies([policy for policy in wide_to_narrow if policy])
        return merged[key]

    return policy_of


def tax_factors(products: Iterable[Priced]) -> dict[str, Decimal]:
    """A price over the same without the tax that it includes, by code; all 1 without a query where prices are net."""
    if not settings.PRICES_INCLUDE_TAX:
        return {product.code: Decimal(1) for product in products}
    return {code: policy.tax_factor for code, policy in effective_policies(products).items()}


def merge_policies(wide_to_narrow: Sequence[PricePolicy]) -> EffectivePolicy:
    """Lay policies over each other: of each setting, what the last one that states it says."""
    merged = EffectivePolicy()
    for policy in wide_to_narrow:
        merged = merged.override(stated_by(policy), str(policy))
    return merged


def stated_by(policy: PricePolicy) -> dict[str, Any]:
    """Return what a policy states, without what it leaves to the wider ones."""
    values = {name: getattr(policy, name) for name in SETTINGS}
    if not _endings_of(shop_currency(), policy.endings):
        values["endings"] = ""  # written for another currency
    return {name: value for name, value in values.items() if value not in (None, "")}


def _endings_of(currency: Currency, endings: str) -> bool:
    return endings == ANY_CENT or all(len(each) == currency.ending_digits for each in endings.split(","))


def find_policy(policy_id: int, policies: QuerySet[PricePolicy] | None = None) -> PricePolicy:
    """Return a policy.

    Raises
    ------
    NotFound : there is none.
    """
    policies = PricePolicy.objects.all() if policies is None else policies
    policy = policies.filter(pk=policy_id).first()
    if policy is None:
        raise NotFound(f"There is no price policy {policy_id}.")
    return policy


def broken_limit(
    price: Decimal, product: Product, policy: EffectivePolicy, relations: Bounds = NO_BOUNDS
) -> BrokenRule | None:
    """Return the first hard limit that a price of a product breaks, or None.

    Hard limits are the cost, with the tax that prices include, and the policy's minimum margin, minimum and maximum
    price, and what the relations to the prices of other products allow.
    """
    cost, tax = product.cost, policy.included_tax
    if cost is not None:
        cost *= policy.tax_factor
    limits = {"relation_floor": relations.floor, "relation_ceiling": relations.ceiling}
    broken = broken_rule(price, currency=shop_currency(), cost=cost, **policy.settings, **limits)
    if broken and broken.rule == COST and tax:
        return BrokenRule(COST, f"{broken.reason} with {tax.normalize():f} % tax")
    return broken
