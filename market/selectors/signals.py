"""The inputs of repricing rules and dynamic prices, read in a fixed number of queries."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
from django.conf import settings
from django.db.models import F, Max, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from elastix.dataset.models import DataVersion
from elastix.dataset.versions import data_version
from elastix.shop import shop_currency
from elastix.sql import batches, epoch_day, fetch, placeholders
from market.core.repricing import Moment, Signals, cost_passed_on
from market.models import CompetitorPrice, RepricingResult
from pricing.recommendation.selectors.competition import competitor_prices
from pricing.recommendation.selectors.pricing_inputs import PriceFacts, price_facts
from pricing.sales.core.arrays import FloatArray
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeSource, PriceChangeStatus
from pricing.sales.models.products import PriceSource
from pricing.sales.selectors.costs import cost_histories, cost_on
from pricing.sales.selectors.daily import PRICE_ASKED, day_of_epoch

DAY: Final = dt.timedelta(days=1)
DEMAND_DAYS: Final = 7
USUAL_DAYS: Final = 28
LEAST_USUAL_UNITS: Final = 5
"""With fewer units in a usual week, a busy one is chance: the usual then counts as unknown."""

NO_DATED_COST: Final = "no_dated_cost"
NO_PRICE_DATE: Final = "no_price_date"
"""Why the change of a product's cost since its price took effect is not known."""


OBSERVED_WITHIN: Final = dt.timedelta(days=60)
"""Age up to which an earlier price of a competitor is one that the newest has moved from."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Units of the last 7 days before the as-of date, and of a week of the 28 days before those."""

    recent: float
    usual: float

    @property
    def is_thin(self) -> bool:
        return self.usual < LEAST_USUAL_UNITS


class RuledPrice(NamedTuple):
    """A price that is in force by a rule: what it was before any rule changed it, and which rule did last.

    Changes of the cost that were passed on are in `base`, too; `cost` is the one up to which they are, None where unknown.
    """

    base: Decimal
    rule_id: int | None
    cost: Decimal | None


class AppliedPrice(NamedTuple):
    """The newest applied change of a price: when it was made, and what the rule that made it knew; None if nobody's."""

    moment: dt.datetime
    ruled: RuledPrice | None


@dataclass(frozen=True, slots=True)
class ProductSignals:
    """What is known of one product beside its price facts.

    Attributes
    ----------
    price : the present one.
    stock, target : units in stock, and their target.
    ruled : None where people or the data set the present price.
    day_start : the price at the beginning of the shop's day.
    competitor_move : mean change of the competitors' prices since each one's last observation, as a fraction.
    offers : the competitors' fresh and plausible prices.
    cost_then : per unit, without tax, when the present price took effect; None where it was not asked for or is not known.
    cost_unknown : why the change of the cost since then is not known, in one word; empty where it is or was not asked for.
    """

    facts: PriceFacts
    price: Decimal
    stock: int | None
    target: int | None
    demand: Demand
    ruled: RuledPrice | None
    day_start: Decimal
    competitor_move: float | None
    offers: tuple[float, ...] = ()
    cost_then: Decimal | None = None
    cost_unknown: str = ""

    @property
    def base(self) -> Decimal:
        """The price that was in force before rules changed it."""
        return self.ruled.base if self.ruled else self.price


def shop_moment(now: dt.datetime | None = None) -> Moment:
    """The hour and the weekday in the shop's zone."""
    local = timezone.localtime(now, settings.SHOP_TIME_ZONE)
    return Moment(hour=local.hour, weekday=local.isoweekday())


def stale_data(version: DataVersion | None = None) -> str:
    """Why the sales are too old to change prices by; empty if they are not."""
    version = version or data_version()
    if version.as_of is None:
        return "There are no sales to go by: load some."
    newest = version.as_of - dt.timedelta(days=1)
    age = timezone.localdate(timezone=settings.SHOP_TIME_ZONE) - newest
    if age > settings.DATA_STALE_AFTER:
        return f"The newest sale is of {newest}, {age.days} days ago: load the sales since then."
    return ""


def product_signals(codes: Collection[str], *, costs: bool = False) -> dict[str, ProductSignals]:
    """Read what rules look at, by code in their order; products that cannot be priced are left out.

    The same number of queries for every 5,000 products.

    Parameters
    ----------
    costs : read what they cost when their prices took effect.
    """
    found: dict[str, ProductSignals] = {}
    for chunk in batches(sorted(set(codes))):
        facts = {code: each for code, each in price_facts(chunk).items() if not each.obstacle}
        on_sale = Product.objects.filter(code__in=chunk, is_active=True).order_by()
        columns = on_sale.values_list("code", "stock_level", "target_stock", "price_source")
        stocks: dict[str, Any] = {code: rest for code, *rest in columns}
        demands = demand_of(chunk)
        applied, starts = _applied_prices(chunk), _day_starts(chunk)
        sources = {code: source for code, (_, _, source) in stocks.items()}
        thens = _costs_then(facts, sources, applied) if costs else {}
        moves, offers = _competitors(facts)
        for code, each in facts.items():
            if code not in stocks or each.price is None:
                continue  # deactivated, or gone since
            (stock, target, source), price = stocks[code], each.price
            newest = applied.get(code) if source == PriceSource.LEDGER else None
            cost_then, cost_unknown = thens.get(code, (None, ""))
            found[code] = ProductSignals(
                facts=each,
                price=price,
                stock=stock,
                target=target,
                demand=demands.get(code, Demand(0, 0)),
                ruled=newest.ruled if newest else None,
                day_start=starts.get(code, price),
                competitor_move=moves.get(code),
                offers=tuple(offers.get(code, ())),
                cost_then=cost_then,
                cost_unknown=cost_unknown,
            )
    return found


def as_arrays(found: Sequence[ProductSignals], now: dt.datetime, floor: FloatArray | None = None) -> Signals:
    """Turn products into the arrays that rules are evaluated on; (P,) in the order given, as their lowest prices `floor`."""

    def column(values: Iterable[Any]) -> FloatArray:
        return np.array([np.nan if value is None else float(value) for value in values], np.float64)

    facts = [each.facts for each in found]
    return Signals(
        price=column(each.price for each in facts),
        base=column(each.base for each in found),
        stock=column(each.stock for each in found),
        target=column(each.target for each in found),
        daily_demand=column(each.base.quantity / MONTH_DAYS for each in facts),
        demand=column(each.demand.recent for each in found),
        usual=column(None if each.demand.is_thin else each.demand.usual for each in found),
        lowest=column(each.competitors and each.competitors.lowest for each in facts),
        mean=column(each.competitors and each.competitors.mean for each in facts),
        competitor_move=column(each.competitor_move for each in found),
        days_unchanged=column(
            np.inf if each.base.last_changed is None else (now - each.base.last_changed) / DAY
            for each in facts
        ),
        currency=shop_currency(),
        offers=_padded([each.offers for each in found]),
        floor=floor,
        cost=column(_taxed(each.facts.cost, each.facts) for each in found),
        cost_then=column(_taxed(each.cost_then, each.facts) for each in found),
    )


def _taxed(cost: Decimal | None, facts: PriceFacts) -> Decimal | None:
    """A cost with the tax that the product's price includes."""
    return None if cost is None else cost * facts.policy.tax_factor


def _padded(rows: Sequence[tuple[float, ...]]) -> FloatArray:
    table = np.full((len(rows), max(map(len, rows), default=0)), np.nan)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def demand_of(codes: Sequence[str]) -> dict[str, Demand]:
    """Demand of the last 7 days before the as-of date and what is usual, from the roll-up.

    Products without sales in these five weeks are left out.
    """
    as_of = data_version().as_of
    if as_of is None:
        return {}
    recent = as_of - dt.timedelta(days=DEMAND_DAYS)
    first = recent - dt.timedelta(days=USUAL_DAYS)
    weeks = USUAL_DAYS / DEMAND_DAYS
    return {
        code: Demand(float(units), float(before) / weeks)
        for code, units, before in fetch(
            "SELECT product_id, SUM(CASE WHEN date >= %s THEN quantity ELSE 0 END), "
            "SUM(CASE WHEN date < %s THEN quantity ELSE 0 END) FROM pricing_saleshistory "
            f"WHERE date >= %s AND date < %s AND product_id IN ({placeholders(len(codes))}) GROUP BY product_id",
            [*(day.isoformat() for day in (recent, recent, first, as_of)), *codes],
        )
    }


def _applied_prices(codes: list[str]) -> dict[str, AppliedPrice]:
    """The newest applied change of each product's price."""
    # One look into the index for each product: a year of hourly changes is not read.
    applied = PriceChange.objects.filter(
        product=OuterRef("pk"), status=PriceChangeStatus.APPLIED, changed_at__isnull=False
    ).order_by("-changed_at", "-pk")
    products = Product.objects.filter(code__in=codes).order_by()
    numbers = products.annotate(newest=Subquery(applied.values("pk")[:1])).values("newest")
    newest = (
        PriceChange.objects.filter(pk__in=numbers)
        .select_related("repricing_result")
        .defer("expected")
        .order_by()
    )
    return {
        change.product_id: AppliedPrice(change.changed_at, _ruled(change))
        for change in newest
        if change.changed_at is not None
    }


def _ruled(change: PriceChange) -> RuledPrice | None:
    """What the rule that made a change knew; None where none made it, or its run is not kept."""
    result: RepricingResult | None = getattr(change, "repricing_result", None)
    if result is None or change.source != PriceChangeSource.RULE:
        return None
    if result.cost_then is None or result.cost_now is None:
        return RuledPrice(result.base_price, result.rule_id, result.cost_then)
    # A cost that was passed on stays in the price when other rules go back to the one before them.
    base = max(result.base_price + result.new_price - result.old_price, shop_currency().unit)
    cost = cost_passed_on(
        result.cost_then, result.cost_now,
        old_price=result.old_price, wanted_price=result.wanted_price, new_price=result.new_price,
    )  # fmt: skip
    return RuledPrice(base, result.rule_id, cost)


def ruled_price(product: Product) -> Decimal | None:
    """The price before rules of a product whose present price a rule has set; None where none did."""
    newest = _applied_prices([product.code]).get(product.code)
    if newest is None or newest.ruled is None or product.price_source != PriceSource.LEDGER:
        return None
    return newest.ruled.base


def _costs_then(
    facts: dict[str, PriceFacts], sources: dict[str, str], applied: dict[str, AppliedPrice]
) -> dict[str, tuple[Decimal | None, str]]:
    """What a unit of each product cost when its present price took effect; None and the reason where that is not known.

    A rule that changes a price leaves the cost as it was: only people decide that a price is right for it. A price that
    follows the sales took effect at the latest on the first day that was sold at it.
    """
    histories = cost_histories(facts)
    changed = {
        code for code, history in histories.items() if any(cost != facts[code].cost for _, cost in history)
    }
    following = [code for code in sorted(changed) if sources.get(code) == PriceSource.DATA]
    sold_since = _sold_since(following) if following else {}
    back = _taken_back(sorted(facts))
    found: dict[str, tuple[Decimal | None, str]] = {}
    for code, each in facts.items():
        newest, taken_back = applied.get(code), back.get(code)
        by_rule = newest.ruled if newest and not (taken_back and taken_back > newest.moment) else None
        moments = [moment for moment in (newest and newest.moment, taken_back) if moment]
        if each.cost is None or code not in histories:
            found[code] = None, NO_DATED_COST
        elif sources.get(code) == PriceSource.LEDGER and by_rule and by_rule.cost is not None:
            found[code] = by_rule.cost, ""
        elif code not in changed:
            found[code] = each.cost, ""
        else:
            day = sold_since.get(code)
            if moments and sources.get(code) != PriceSource.DATA:
                day = timezone.localdate(max(moments), settings.SHOP_TIME_ZONE)
            cost = cost_on(day, histories[code], None) if day else None
            found[code] = cost, "" if cost is not None else NO_DATED_COST if day else NO_PRICE_DATE
    return found


def _taken_back(codes: list[str]) -> dict[str, dt.datetime]:
    """When a price was last taken back."""
    changes = PriceChange.objects.filter(product_id__in=codes, status=PriceChangeStatus.ROLLED_BACK)
    return dict(changes.order_by().values_list("product_id").annotate(Max("rolled_back_at")))


def _sold_since(codes: list[str]) -> dict[str, dt.date]:
    """The first day of sales at the present price after the last at another list price, where there is one."""
    other, half = f"ABS({PRICE_ASKED} - p.current_price) >= %s", float(shop_currency().unit) / 2
    sales = "pricing_saleshistory s JOIN pricing_product p ON p.code = s.product_id"
    named = f"p.code IN ({placeholders(len(codes))})"
    rows = fetch(
        f"WITH earlier AS (SELECT p.code, MAX(s.date) AS day FROM {sales} "
        f"WHERE {named} AND NOT s.promotion_applied AND {other} GROUP BY p.code) "
        f"SELECT p.code, {epoch_day('MIN(s.date)')} FROM {sales} LEFT JOIN earlier ON earlier.code = p.code "
        f"WHERE {named} AND (earlier.day IS NULL OR s.date > earlier.day) AND NOT ({other}) GROUP BY p.code",
        [*codes, half, *codes, half],
    )
    return {code: day_of_epoch(day) for code, day in rows}


def _day_starts(codes: list[str]) -> dict[str, Decimal]:
    """The price at the beginning of the shop's day, of the products whose price has changed since."""
    midnight = dt.datetime.combine(
        timezone.localdate(timezone=settings.SHOP_TIME_ZONE), dt.time(), settings.SHOP_TIME_ZONE
    )
    today = PriceChange.objects.filter(
        product_id__in=codes, changed_at__gte=midnight, old_price__isnull=False
    ).order_by("-changed_at", "-id")
    return {code: price for code, price in today.values_list("product_id", "old_price") if price}


def _competitors(facts: dict[str, PriceFacts]) -> tuple[dict[str, float], dict[str, list[float]]]:
    """The competitors' usable prices, and their mean change since each competitor's last observation within two months."""
    days = {code: each.policy.competitor_days for code, each in facts.items() if each.competitors}
    newest = competitor_prices(days, days, only_fresh=True)
    place = Window(
        RowNumber(),
        partition_by=[F("product_id"), F("competitor_name")],
        order_by=[F("recorded_at").desc(), F("id").desc()],
    )
    first = min(newest.recorded_at, default=timezone.now()) - OBSERVED_WITHIN
    recent = CompetitorPrice.objects.filter(product_id__in=list(days), recorded_at__gte=first)
    second = recent.order_by().annotate(place=place).filter(place=2)
    columns = second.values_list("product_id", "competitor_name", "price")
    before = {(code, name): float(price) for code, name, price in columns}
    moves: dict[str, list[float]] = {}
    offers: dict[str, list[float]] = {}
    for row in np.flatnonzero(newest.used).tolist():
        code, name = newest.codes[newest.product[row]], newest.name[row]
        offers.setdefault(code, []).append(float(newest.price[row]))
        if (code, name) in before:
            moves.setdefault(code, []).append(newest.price[row] / before[code, name] - 1)
    return {code: sum(changes) / len(changes) for code, changes in moves.items()}, offers
