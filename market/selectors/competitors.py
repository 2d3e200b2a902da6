"""Competitors' prices: lists of them, and what they say about our own."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q

from elastix.api.fields import money, rounded
from elastix.dataset.models import DataVersion
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
from pricing.recommendation.selectors.policies import effective_policies
from pricing.sales.models import Product

OUR_QUALITY = 1.0

# --- lists ------------------------------------------------------------------------------------------


def prices_list(
    *,
    product: str | None,
    competitor: str | None,
    fresh: bool | None,
    start_date: dt.date | None,
    end_date: dt.date | None,
    limit: int,
    offset: int,
) -> dict[str, Any]:
    """A page of competitors' prices, the newest first, each with what is thought of it."""
    found = CompetitorPrice.objects.all()
    if product is not None:
        found = found.filter(product_id=product)
    if competitor is not None:
        found = found.filter(competitor_name=competitor)
    if fresh is not None:
        found = found.filter(is_fresh()) if fresh else found.exclude(is_fresh())
    if start_date:
        found = found.filter(recorded_at__gte=_midnight(start_date))
    if end_date and end_date < dt.date.max:
        found = found.filter(recorded_at__lt=_midnight(end_date + dt.timedelta(days=1)))
    page = found.order_by("-recorded_at", "-id")[offset : offset + limit]
    return {"total": found.count(), "items": price_rows(page)}


def price_rows(prices: Iterable[CompetitorPrice]) -> list[dict[str, Any]]:
    """Prices as the API shows them, in the order given."""
    prices = list(prices)
    return [
        {
            "id": price.pk,
            "product_id": price.product_id,
            "competitor_name": price.competitor_name,
            "price": money(price.price),
            "recorded_at": price.recorded_at,
            "source": price.source,
            **judgement,
        }
        for price, judgement in zip(prices, judgements(prices), strict=True)
    ]


def judgements(prices: Collection[CompetitorPrice]) -> list[dict[str, bool | None]]:
    """Tell of each price whether it is its competitor's newest for the product, fresh, plausible, and so in use.

    `plausible` is None for prices that a newer one has replaced.
    """
    codes = {price.product_id for price in prices}
    days = freshness_days(Product.objects.filter(code__in=codes))
    as_of = counted_from()
    seen = competitor_prices(codes, days, as_of=as_of)
    newest = {
        (seen.codes[number], name): (moment, believed)
        for number, name, moment, believed in zip(
            seen.product.tolist(), seen.name, seen.recorded_at, seen.plausible.tolist(), strict=True
        )
    }
    found: list[dict[str, bool | None]] = []
    for price in prices:
        moment, believed = newest.get((price.product_id, price.competitor_name), (None, False))
        is_newest, fresh = (
            price.recorded_at == moment,
            price.recorded_at >= fresh_from(days[price.product_id], as_of),
        )
        found.append(
            {
                "newest": is_newest,
                "fresh": fresh,
                "plausible": believed if is_newest else None,
                "used": is_newest and fresh and believed,
            }
        )
    return found


def freshness_days(products: Iterable[Product]) -> dict[str, int]:
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


def competitors_list(*, limit: int, offset: int) -> dict[str, Any]:
    """The competitors by name, with quality, number of prices and when the newest was seen."""
    competitors = Competitor.objects.order_by("name", "id")
    return {
        "total": competitors.count(),
        "items": competitor_rows(competitors[offset : offset + limit]),
    }


def competitor_rows(competitors: Iterable[Competitor]) -> list[dict[str, Any]]:
    """Competitors with how many prices of theirs there are, and when the newest was seen."""
    competitors = list(competitors)
    prices = CompetitorPrice.objects.filter(
        competitor_name__in=[each.name for each in competitors]
    ).order_by()
    sums = prices.values("competitor_name").annotate(count=Count("id"), newest=Max("recorded_at"))
    seen = {
        name: (count, newest)
        for name, count, newest in sums.values_list("competitor_name", "count", "newest")
    }
    return [
        {
            "id": each.pk,
            "name": each.name,
            "quality": float(each.quality),
            "prices": seen.get(each.name, (0, None))[0],
            "last_seen": seen.get(each.name, (0, None))[1],
        }
        for each in competitors
    ]


# --- one product's market ----------------------------------------------------------------------------


def product_market(version: DataVersion, product: Product, *, days: int, gamma: float) -> dict[str, Any]:
    """Where a product's price stands among its competitors'.

    Parameters
    ----------
    days : how far back the history goes, from the as-of date; newer prices are in it too.
    gamma : quality sensitivity of the market.
    """
    fresh_days = effective_policies([product])[product.code].competitor_days
    seen = competitor_prices([product.code], fresh_days, as_of=version.as_of)
    names = Competitor.objects.filter(name__in=seen.name)
    quality = {name: float(worth) for name, worth in names.values_list("name", "quality")}
    ours = None if product.current_price is None else float(product.current_price)
    used = [float(price) for price, use in zip(seen.price, seen.used, strict=True) if use]
    position = market_position(ours, used) if ours is not None and used else None
    shares = _shares(product, ours, seen, quality, gamma)
    by_name = shares.pop("competitors")
    advice = _advice(position, product, ours, seen, fresh_days)
    return {
        "product_id": product.code,
        "your_price": money(product.current_price),
        "competitors": [
            {
                "name": name,
                "price": money(price),
                "recorded_at": moment,
                "fresh": fresh,
                "plausible": believed,
                "used": fresh and believed,
                "quality": quality.get(name, OUR_QUALITY),
                "market_share": by_name.get(name),
            }
            for name, price, moment, fresh, believed in zip(
                seen.name,
                seen.price,
                seen.recorded_at,
                seen.fresh.tolist(),
                seen.plausible.tolist(),
                strict=True,
            )
        ],
        "market_position": _position_row(position, used),
        **shares,
        "recommendation": advice.sentence,
        "recommendation_code": advice.code,
        "fresh_days": fresh_days,
        "history": _history(product.code, since=fresh_from(days, counted_from(version.as_of))),
    }


def _position_row(position: MarketPosition | None, used: list[float]) -> dict[str, Any]:
    """The position; without a price of our own only what the market asks; None for what is not known."""
    if position is None:
        limits = (min(used), max(used), sum(used) / len(used)) if used else (None, None, None)
        lowest, highest, mean = map(money, limits)
        return {
            "position_index": None,
            "market_min": lowest,
            "market_max": highest,
            "market_avg": mean,
            "price_gap_percent": None,
            "position": None,
            "competitive_position": None,
        }
    return asdict(position) | {
        "position_index": rounded(position.position_index, 2),
        "market_min": money(position.market_min),
        "market_max": money(position.market_max),
        "market_avg": money(position.market_avg),
        "price_gap_percent": rounded(position.price_gap_percent, 1),
    }


def _shares(
    product: Product, ours: float | None, seen: CompetitorPrices, quality: dict[str, float], gamma: float
) -> dict[str, Any]:
    """Our share and the competitors', and the model behind them; None where there is no market to share."""
    used = [row for row, use in enumerate(seen.used.tolist()) if use]
    if ours is None or not used:
        return {"market_share": None, "market_share_model": None, "competitors": {}}
    prices = [ours, *(float(seen.price[row]) for row in used)]
    worth = [OUR_QUALITY, *(quality.get(seen.name[row], OUR_QUALITY) for row in used)]
    known = _elasticity(product)
    elasticity = known if known is not None and known < 0 else DEFAULT_ELASTICITY
    sensitivity = price_sensitivity(elasticity, prices, worth, gamma)
    share, *others = market_shares(prices, worth, sensitivity.beta, gamma).tolist()
    return {
        "market_share": rounded(share, 4),
        "market_share_model": {
            "beta": rounded(sensitivity.beta, 4),
            "gamma": gamma,
            "elasticity": rounded(elasticity, 4),
            "elasticity_source": "product" if elasticity == known else "default",
            "elasticity_in_model": rounded(own_elasticity(sensitivity.beta, share), 4),
            "exact": sensitivity.exact,
        },
        "competitors": {seen.name[row]: rounded(theirs, 4) for row, theirs in zip(used, others, strict=True)},
    }


def _elasticity(product: Product) -> float | None:
    pooled = ElasticityEstimate.objects.filter(product=product, method=Method.POOLED)
    return pooled.values_list("elasticity", flat=True).first()


def _advice(
    position: MarketPosition | None,
    product: Product,
    ours: float | None,
    seen: CompetitorPrices,
    fresh_days: int,
) -> Advice:
    if not seen.name:
        return Advice(
            "NO_COMPETITORS", f"No competitor's price of {product.code} is known: record or import some."
        )
    if not seen.used.any():
        why = (
            f"older than {fresh_days} days or more than 4 times off"
            if seen.fresh.any()
            else f"older than {fresh_days} days"
        )
        return Advice(
            "NO_USABLE_PRICES", f"The competitors' prices of {product.code} are all {why}: record new ones."
        )
    if position is None or ours is None:
        return Advice(
            "NO_OWN_PRICE", f"{product.code} has no price of ours yet: set one, then it can be placed."
        )
    return advise(position, ours, None if product.cost is None else float(product.cost))


def _history(code: str, since: dt.datetime) -> list[dict[str, Any]]:
    """What each competitor asked last on each day on which it was seen, days being the shop's."""
    seen = CompetitorPrice.objects.filter(product_id=code, recorded_at__gte=since)
    by_name: dict[str, dict[dt.date, Any]] = {}
    for name, moment, price in seen.order_by("competitor_name", "recorded_at", "id").values_list(
        "competitor_name", "recorded_at", "price"
    ):
        by_name.setdefault(name, {})[moment.astimezone(settings.SHOP_TIME_ZONE).date()] = price
    return [
        {"name": name, "points": [{"date": day, "price": money(price)} for day, price in days.items()]}
        for name, days in by_name.items()
    ]


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), settings.SHOP_TIME_ZONE)
