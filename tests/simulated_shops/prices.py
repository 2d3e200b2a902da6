"""How the prices of a shop come about."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from tests.dgp import Bools, Floats, Ints
from tests.simulated_shops.spec import ShopSpec

SHORTEST_LEVEL, MEAN_LEVEL = 21, 63  # days that an ordinary price stays
PERSISTENCE = 0.5  # correlation of successive ordinary price levels
DEMAND_GAIN = 0.4  # percent of price per percent of unexpected demand, where prices follow it
CONTRACT_DAYS = 182
ACCOUNTS, ACCOUNT_SHARE = 8, 0.8


@dataclass(frozen=True, slots=True)
class Rows:
    """Who is asked a price of his own: each product's public, by store, and the accounts with contracts (R rows)."""

    product: Ints  # (R,)
    store: Ints  # (R,)
    account: Ints  # (R,) customer, -1 for the public
    size: Floats  # (R,) share of the product's demand, were all to pay the base price


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices asked, as logarithms over the product's base price."""

    regular: Floats  # (R, D) without promotions and sales events
    cut: Floats  # (R, D) log cut by a promotion or sales event, at most 0
    promotion: Bools  # (R, D) displayed promotion of the product
    event: Floats  # (D,) log lift of visits in a sales event, beyond the prices


def draw_rows(rng: Generator, spec: ShopSpec, negotiated: Bools) -> Rows:
    """Split each product's demand over stores, and over accounts where prices are negotiated."""
    n = spec.products
    everything = np.arange(n)
    first = rng.uniform(0.35, 0.65, n) if spec.disturbances.two_stores else np.ones(n)
    accounts = rng.lognormal(0, 0.8, (n, ACCOUNTS))
    accounts *= ACCOUNT_SHARE / accounts.sum(axis=1, keepdims=True)
    buyer = np.argsort(rng.random((n, spec.customers)), axis=1)[:, :ACCOUNTS]
    public = np.where(negotiated, 1 - ACCOUNT_SHARE, 1.0)
    contracts = np.flatnonzero(negotiated)
    product, store, account, size = [everything], [0 * everything], [everything * 0 - 1], [first * public]
    if spec.disturbances.two_stores:
        product, store, account = [*product, everything], [*store, 0 * everything + 1], account * 2
        size = [*size, (1 - first) * public]
    product.append(np.repeat(contracts, ACCOUNTS))
    store.append(np.zeros(contracts.size * ACCOUNTS, np.int64))
    account.append(buyer[contracts].ravel())
    size.append(accounts[contracts].ravel())
    return Rows(*(np.concatenate(parts) for parts in (product, store, account)), np.concatenate(size))


def draw_prices(
    rng: Generator, spec: ShopSpec, rows: Rows, log_season: Floats, shock: Floats, affected: dict[str, Bools]
) -> Prices:
    """Draw every row's price on every day.

    Parameters
    ----------
    log_season : (P, D) log season of the product's demand.
    shock : (P, D) log of its unexpected demand, which prices may follow.
    affected : by name, (P,) whether the product is affected by a disturbance.
    """
    on, n, days = spec.disturbances, spec.products, spec.days
    spread = spec.log_price_sd * np.sqrt(rng.gamma(2, 0.5, n))[:, None]
    regular = spread * _levels(rng, n, days)
    regular *= spec.log_price_sd / np.sqrt(regular.var(axis=1).mean())
    regular = np.where(affected["drift"][:, None], _drift(rng, n, days), regular)
    together = _levels(rng, 1, days)
    if on.all_together:
        regular = np.broadcast_to(spec.log_price_sd * together / together.std(), (n, days))
    if on.only_shop_sales:
        regular = np.zeros((n, days))
    in_season = rng.uniform(0.06, 0.18, n) * (
        1.0 * affected["raised_in_season"] - 1.0 * affected["cut_in_season"]
    )
    regular = regular + in_season[:, None] * _season_steps(rng, log_season)
    regular += DEMAND_GAIN * affected["follows_demand"][:, None] * _weekly_review(shock)
    public = regular[rows.product]
    if on.two_stores:
        public = np.sqrt(0.5) * public + np.sqrt(0.5) * spread[rows.product] * _levels(
            rng, rows.product.size, days
        )
        public += rng.normal(0, 0.06, rows.product.size)[:, None]
    contract = _contracts(rng, rows, regular)
    is_public = (rows.account < 0)[:, None]
    promotion_cut = _promotions(rng, n, days) * affected["promotions"][:, None]
    event_cut, event = _sales_events(rng, days, on.shop_sales)
    cut = np.minimum(promotion_cut, event_cut)[rows.product] * is_public
    return Prices(
        regular=np.where(is_public, public, contract),
        cut=cut,
        promotion=(promotion_cut < 0)[rows.product] & is_public,
        event=event,
    )


def _levels(rng: Generator, n: int, days: int) -> Floats:
    """(n, D) paths of unit variance: levels that last weeks, each remembering half of the one before."""
    spells = days // SHORTEST_LEVEL + 2
    length = SHORTEST_LEVEL + rng.exponential(MEAN_LEVEL - SHORTEST_LEVEL, (n, spells)).astype(np.int64)
    length[:, 0] = 1 + length[:, 0] * rng.random(n)  # the first level began before the records
    level = rng.normal(0, 1, (n, spells + 1))
    for at in range(1, spells + 1):
        level[:, at] = PERSISTENCE * level[:, at - 1] + np.sqrt(1 - PERSISTENCE**2) * level[:, at]
    change = np.zeros((n, days + 1), np.int64)
    np.add.at(change, (np.arange(n)[:, None], np.minimum(np.cumsum(length, axis=1), days)), 1)
    path: Floats = np.take_along_axis(level, np.cumsum(change[:, :days], axis=1), axis=1)
    return path


def _drift(rng: Generator, n: int, days: int) -> Floats:
    """(n, D) steps of about a percent a fortnight, on each product's own weekday and mostly in one direction."""
    steps = days // 14 + 2
    a_year = rng.normal(0.08, 0.12, n)[:, None]
    walk = np.cumsum(a_year * 14 / 365.25 + rng.normal(0, 0.004, (n, steps)), axis=1)
    at = (np.arange(days) + rng.integers(0, 14, n)[:, None]) // 14
    path: Floats = np.take_along_axis(walk, at, axis=1)
    return path - path.mean(axis=1, keepdims=True)


def _season_steps(rng: Generator, log_season: Floats) -> Floats:
    """(P, D) 0, 1/2 and 1 as the season rises into its upper 40 % and 20 %; up to three weeks early or late."""
    upper, top = (np.quantile(log_season, q, axis=1, keepdims=True) for q in (0.6, 0.8))
    steps = 0.5 * (log_season > upper) + 0.5 * (log_season > top)
    n, days = log_season.shape
    shifted = np.clip(np.arange(days) + rng.integers(-21, 22, n)[:, None], 0, days - 1)
    moved: Floats = np.take_along_axis(steps, shifted, axis=1)
    return moved


def _weekly_review(shock: Floats) -> Floats:
    """(P, D) mean of the last two weeks, known each Monday and kept for the week."""
    padded = np.pad(np.cumsum(shock, axis=1), ((0, 0), (1, 0)))
    at = np.arange(shock.shape[1]) // 7 * 7
    since = np.maximum(at - 14, 0)
    seen: Floats = (padded[:, at] - padded[:, since]) / np.maximum(at - since, 1)
    return seen


def _contracts(rng: Generator, rows: Rows, regular: Floats) -> Floats:
    """(R, D) contract prices: the list price of the day of signing less the account's discount, for half a year."""
    count, days = rows.product.size, regular.shape[1]
    starts = rng.integers(0, CONTRACT_DAYS, count)[:, None]
    number = (np.arange(days) + starts) // CONTRACT_DAYS
    signed = np.maximum(number * CONTRACT_DAYS - starts, 0)
    agreed = rng.normal(0, 0.05, (count, days // CONTRACT_DAYS + 2))
    discount = 0.1 + 0.05 * np.log(rows.size * ACCOUNTS / ACCOUNT_SHARE) + rng.normal(0, 0.04, count)
    at_signing = np.take_along_axis(regular[rows.product], signed, axis=1)
    paths: Floats = at_signing + np.take_along_axis(agreed, number, axis=1) - np.maximum(discount, 0)[:, None]
    return paths


def _promotions(rng: Generator, n: int, days: int) -> Floats:
    """(n, D) log cut by promotions of one or two weeks, one in most quarters."""
    window = 91
    windows = -(-days // window)
    length = rng.choice([7, 14], (n, windows))
    start = np.arange(windows) * window + rng.integers(0, window - length)
    cut = np.log(1 - rng.uniform(0.1, 0.3, (n, windows))) * (rng.random((n, windows)) < 0.8)
    t = np.arange(days)
    at = t // window
    cuts: Floats = cut[:, at] * ((start[:, at] <= t) & (t < (start + length)[:, at]))
    return cuts


def _sales_events(rng: Generator, days: int, a_year: int) -> tuple[Floats, Floats]:
    """(D,) log cut of all prices and log lift of visits by sales events of one or two weeks."""
    cut, lift = np.zeros(days), np.zeros(days)
    if a_year:
        window = 364 // a_year
        for opens in range(0, days - window + 1, window):
            start = opens + rng.integers(0, window - 14)
            end = start + rng.choice([7, 10, 14])
            cut[start:end] = np.log(1 - rng.uniform(0.1, 0.3))
            lift[start:end] = rng.uniform(0.05, 0.4)
    return cut, lift
