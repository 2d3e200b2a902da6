"""Competitors' prices: lists of them, and what they mean for our own."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from elastix.dataset.models import DataVersion
from elastix.errors import found
from elastix.shop import shop_currency
from market.core.attraction import market_shares, own_elasticity, price_sensitivity
from market.core.positioning import Advice, MarketPosition, advise, market_position
from market.models import Competitor, CompetitorPrice
from pricing.elasticity.core.points import DEFAULT_ELASTICITY
from pricing.elasticity.models import ElasticityEstimate, Method
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.selectors.competition import (
    FRESH_DAYS,
    CompetitorPrices,
    competitor_prices,
    counted_from,
    fresh_from,
)
from pricing.recommendation.selectors.policies import EffectivePolicy, Priced, effective_policies
from pricing.sales.models import Product

OUR_QUALITY = 1.0

# --- lists ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JudgedPrice:
    """A competitor's price, and whether pricing uses it.

    Attributes
    ----------
    newest : no newer one of its competitor for the product is known.
    fresh : recorded within the days that the product's policy allows.
    plausible : not far off the others' median; None for prices that a newer one has replaced.
    """

    price: CompetitorPrice
    newest: bool
    fresh: bool
    plausible: bool | None

    @property
    def used(self) -> bool:
        return self.newest and self.fresh and bool(self.plausible)


def find_price(price_id: int) -> CompetitorPrice:
    """Return a competitor's price.

    Raises
    ------
    NotFound : there is none.
    """
    return found(CompetitorPrice.objects.filter(pk=price_id).first(), f"competitor's price {price_id}")


def recorded_between(
    prices: QuerySet[CompetitorPrice], start_date: dt.date | None = None, end_date: dt.date | None = None
) -> QuerySet[CompetitorPrice]:
    """Prices recorded from the first day of the shop to the last, both inclusive."""
    if start_date:
        prices = prices.filter(recorded_at__gte=_midnight(start_date))
    if end_date and end_date < dt.date.max:
        prices = prices.filter(recorded_at__lt=_midnight(end_date + dt.timedelta(days=1)))
    return prices


def judged(prices: Collection[CompetitorPrice]) -> list[JudgedPrice]:
    """Judge prices among all of their products' prices, in the order given."""
    codes = {price.product_id for price in prices}
    days = freshness_days(Product.objects.filter(code__in=codes))
    as_of = counted_from()
    known = competitor_prices(codes, days, as_of=as_of)
    newest = {
        (known.codes[number], name): (moment, plausible)
        for number, name, moment, plausible in zip(
            known.product.tolist(), known.name, known.recorded_at, known.plausible.tolist(), strict=True
        )
    }
    judgements = []
    for price in prices:
        moment, plausible = newest.get((price.product_id, price.competitor_name), (None, False))
        is_newest = price.recorded_at == moment
        is_fresh = price.recorded_at >= fresh_from(days[price.product_id], as_of)
        judgements.append(JudgedPrice(price, is_newest, is_fresh, plausible if is_newest else None))
    return judgements


def freshness_days(products: Iterable[Priced]) -> dict[str, int]:
    """For each product the days after which its competitors' prices are no longer used, by its policy."""
    return {code: policy.competitor_days for code, policy in effective_policies(products).items()}


def is_fresh() -> Q:
    """Condition on competitors' prices: recorded within the days that the product's policy allows.

    As in `effective_policies` the product's own policy goes before its category's, and that before the shop's.
    """
    stated = PricePolicy.objects.filter(competitor_days__isnull=False).order_by("id")
    policies: list[tuple[Any, ...]] = list(stated.values_list("product_id", "category", "competitor_days"))
    as_of = counted_from()
    products = {code: fresh_from(days, as_of) for code, _, days in policies if code}
    categories = {category: fresh_from(days, as_of) for code, category, days in policies if not code}
    shop = categories.pop("", fresh_from(FRESH_DAYS, as_of))
    condition = ~Q(product_id__in=products) & ~Q(product__category__in=categories) & Q(recorded_at__gte=shop)
    for category, moment in categories.items():
        condition |= ~Q(product_id__in=products) & Q(product__category=category, recorded_at__gte=moment)
    for code, moment in products.items():
        condition |= Q(product_id=code, recorded_at__gte=moment)
    return condition


def competitors_with_prices() -> QuerySet[Competitor]:
    """Competitors by name, each with `prices` (how many are known) and `last_seen` (the newest's moment)."""
    prices = CompetitorPrice.objects.filter(competitor_name=OuterRef("name")).order_by()
    theirs = prices.values("competitor_name")
    count, newest = theirs.annotate(value=Count("pk")), theirs.annotate(value=Max("recorded_at"))
    return Competitor.objects.order_by("name", "id").annotate(
        prices=Coalesce(Subquery(count.values("value")), 0), last_seen=Subquery(newest.values("value"))
    )


def find_competitor(competitor_id: int) -> Competitor:
    """Return a competitor with its `prices` and `last_seen`.

    Raises
    ------
    NotFound : there is none.
    """
    competitor = competitors_with_prices().filter(pk=competitor_id).first()
    return found(competitor, f"competitor {competitor_id}")


# --- one product's market ---------------------------------------------------------------------------------


class MarketCompetitor(NamedTuple):
    """A competitor's newest price of a product; `market_share` is None where it is not used."""

    name: str
    price: Decimal
    recorded_at: dt.datetime
    fresh: bool
    plausible: bool
    used: bool
    quality: float
    market_share: float | None


@dataclass(frozen=True, slots=True)
class ShareModel:
    """The attraction model behind market shares; `exact` where it has the elasticity that went into it."""

    beta: float
    gamma: float
    elasticity: float
    elasticity_source: str
    elasticity_in_model: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Shares:
    """Market shares, fractions; `ours` and the model are None where there is no market to share."""

    ours: float | None
    model: ShareModel | None
    theirs: dict[str, float]


class MarketHistory(NamedTuple):
    """What a competitor asked last on each day on which it was seen: `date` and `price` of each."""

    name: str
    points: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ProductMarket:
    """Where a product's price stands among its competitors'."""

    product: Product
    competitors: list[MarketCompetitor]
    position: MarketPosition
    shares: Shares
    advice: Advice
    fresh_days: int
    history: list[MarketHistory]


def product_market(version: DataVersion, product: Product, *, days: int, gamma: float) -> ProductMarket:
    """Place a product's price among its competitors'.

    Parameters
    ----------
    days : how far back the history goes, from the as-of date; newer prices are in it too.
    gamma : quality sensitivity of the market.
    """
    policy = effective_policies([product])[product.code]
    fresh_days = policy.competitor_days
    known = competitor_prices([product.code], fresh_days, as_of=version.as_of)
    names = Competitor.objects.filter(name__in=known.name)
    quality = {name: float(worth) for name, worth in names.values_list("name", "quality")}
    ours = None if product.current_price is None else float(product.current_price)
    used = known.used.tolist()
    sellers = {
        name: (price, quality.get(name, OUR_QUALITY))
        for name, price, use in zip(known.name, known.price.tolist(), used, strict=True)
        if use
    }
    position = market_position(ours, [price for price, _ in sellers.values()])
    shares = _shares(product, ours, sellers, gamma)
    columns = (
        *(known.name, known.amounts, known.recorded_at, known.fresh.tolist(), known.plausible.tolist(), used),
        [quality.get(name, OUR_QUALITY) for name in known.name],
        map(shares.theirs.get, known.name),
    )
    return ProductMarket(
        product=product,
        competitors=[MarketCompetitor(*row) for row in zip(*columns, strict=True)],
        position=position,
        shares=shares,
        advice=_advice(position, product, known, policy),
        fresh_days=fresh_days,
        history=_history(product.code, since=fresh_from(days, counted_from(version.as_of))),
    )


def _shares(
    product: Product, ours: float | None, sellers: dict[str, tuple[float, float]], gamma: float
) -> Shares:
    """Our share and the competitors'; `sellers` are their names with price and quality."""
    if ours is None or not sellers:
        return Shares(None, None, {})
    prices, qualities = zip((ours, OUR_QUALITY), *sellers.values(), strict=True)
    pooled = ElasticityEstimate.objects.filter(product=product, method=Method.POOLED)
    known = pooled.values_list("elasticity", flat=True).first()
    elasticity = known if known is not None and known < 0 else DEFAULT_ELASTICITY
    sensitivity = price_sensitivity(elasticity, prices, qualities, gamma)
    share, *others = market_shares(prices, qualities, sensitivity.beta, gamma).tolist()
    model = ShareModel(
        beta=sensitivity.beta,
        gamma=gamma,
        elasticity=elasticity,
        elasticity_source="product" if elasticity == known else "default",
        elasticity_in_model=own_elasticity(sensitivity.beta, share),
        exact=sensitivity.exact,
    )
    return Shares(share, model, dict(zip(sellers, others, strict=True)))


def _advice(
    position: MarketPosition, product: Product, known: CompetitorPrices, policy: EffectivePolicy
) -> Advice:
    fresh_days, tax_factor = policy.competitor_days, policy.tax_factor
    code = product.code
    if not known.name:
        return Advice("NO_COMPETITORS", f"No competitor's price of {code} is known: record or import some.")
    if not known.used.any():
        why = f"older than {fresh_days} days" + (" or more than 4 times off" if known.fresh.any() else "")
        return Advice(
            "NO_USABLE_PRICES", f"The competitors' prices of {code} are all {why}: record new ones."
        )
    if product.current_price is None:
        return Advice("NO_OWN_PRICE", f"{code} has no price of ours yet: set one, then it can be placed.")
    # Their prices include the tax that ours do.
    cost = None if product.cost is None else float(product.cost * tax_factor)
    return advise(position, float(product.current_price), cost, shop_currency())


def _history(code: str, since: dt.datetime) -> list[MarketHistory]:
    """What each competitor asked last on each day on which it was seen, days being the shop's."""
    prices = CompetitorPrice.objects.filter(product_id=code, recorded_at__gte=since)
    rows = prices.order_by("competitor_name", "recorded_at", "id")
    last: dict[str, dict[dt.date, Decimal]] = {}
    for name, moment, price in rows.values_list("competitor_name", "recorded_at", "price"):
        last.setdefault(name, {})[moment.astimezone(settings.SHOP_TIME_ZONE).date()] = price
    return [
        MarketHistory(name, [{"date": day, "price": price} for day, price in days.items()])
        for name, days in last.items()
    ]


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), settings.SHOP_TIME_ZONE)
