"""Who buys in the generated shop, when they come and how much they take."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import FloatArray, IntArray
from simulations.generator.catalogue import CATEGORIES

COUNTRIES: Final = (
    "United Kingdom", "Ireland", "France", "Germany", "Netherlands", "Spain", "Belgium", "Portugal",
)  # fmt: skip
COUNTRY_SHARE_ONLINE: Final = np.array([0.40, 0.14, 0.12, 0.12, 0.08, 0.06, 0.05, 0.03])
FIRST_CUSTOMER_NUMBER: Final = 10001
WALK_IN: Final = 0
NO_CUSTOMER: Final = -1
WALK_INS_PER_DAY: Final = 48.0
LEAVES_AGAIN: Final = 0.45
CAME_LATER: Final = 0.45

LINE_QUANTITIES: Final = np.array([1, 2, 3, 4, 6, 8, 12, 24])


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A type of customer.

    ``visits_per_month`` while a customer of the shop; ``basket`` is the relative size of a basket;
    ``elasticity_shift`` is added to a product's elasticity when they buy it; ``prepared`` their appetite
    for prepared food and drink relative to packed goods; ``quantities`` the probabilities of
    `LINE_QUANTITIES` for packed goods.
    """

    name: str
    share: float
    visits_per_month: float
    basket: float
    elasticity_shift: float
    prepared: float
    quantities: tuple[float, ...]


BEHAVIOURS: Final[tuple[Behaviour, ...]] = (
    Behaviour("walk-in", 0.0, 0.0, 1.0, 0.0, 1.2, (0.80, 0.14, 0.03, 0.02, 0.01, 0, 0, 0)),
    Behaviour("regular", 0.08, 6.0, 0.9, 0.3, 2.0, (0.80, 0.15, 0.03, 0.02, 0, 0, 0, 0)),
    Behaviour("household", 0.27, 1.0, 1.3, 0.0, 0.8, (0.62, 0.22, 0.07, 0.05, 0.04, 0, 0, 0)),
    Behaviour("occasional", 0.38, 0.25, 1.0, -0.4, 0.8, (0.74, 0.18, 0.04, 0.03, 0.01, 0, 0, 0)),
    Behaviour("online", 0.20, 0.4, 1.8, -0.5, 0.0, (0.50, 0.24, 0.09, 0.09, 0.07, 0.01, 0, 0)),
    Behaviour("trade", 0.07, 1.2, 2.2, 0.2, 0.05, (0.10, 0.14, 0.12, 0.18, 0.31, 0.06, 0.08, 0.01)),
)
BEHAVIOUR_SHARE: Final = np.array([kind.share for kind in BEHAVIOURS])
ELASTICITY_SHIFT: Final = np.array([kind.elasticity_shift for kind in BEHAVIOURS])
BASKET: Final = np.array([kind.basket for kind in BEHAVIOURS])
_PREPARED_SHELF: Final = np.array([category.prepared for category in CATEGORIES])

APPETITE: Final[FloatArray] = np.where(
    _PREPARED_SHELF[:, None], np.array([kind.prepared for kind in BEHAVIOURS]), 1.0
)
"""(categories, behaviours) relative appetite."""

QUANTITY_SHARE: Final[FloatArray] = np.where(
    _PREPARED_SHELF[:, None, None],
    np.eye(LINE_QUANTITIES.size)[0],
    np.array([kind.quantities for kind in BEHAVIOURS]),
)
"""(categories, behaviours, quantities) probability of each line quantity; prepared goods go one by one."""


@dataclass(frozen=True, slots=True)
class Customers:
    """n customers with a card, arrays of shape (n,).

    ``behaviour`` and ``country`` are indices; ``start`` and ``end`` bound the time they are customers, as a
    fraction of the simulated days; ``pace`` multiplies the visits usual for their type.
    """

    behaviour: IntArray
    country: IntArray
    start: FloatArray
    end: FloatArray
    pace: FloatArray


@dataclass(frozen=True, slots=True)
class Visits:
    """Visits of the customers sorted by day and behaviour; ``customer`` is an index, -1 for walk-ins.

    ``weight`` (visits,) is each one's pull on the lines of its day, ``total`` (D, behaviours) their sums and
    ``offset`` (D, behaviours) the summed weight of all visits before each group.
    """

    customers: Customers
    day: IntArray
    customer: IntArray
    weight: FloatArray
    total: FloatArray
    offset: FloatArray


def make_customers(rng: np.random.Generator, customers: int) -> Customers:
    """Draw customers: some were there from the first day, some came later, some left again."""
    behaviour = rng.choice(len(BEHAVIOURS), customers, p=BEHAVIOUR_SHARE)
    start = np.where(rng.random(customers) < CAME_LATER, rng.uniform(0, 0.97, customers), 0.0)
    leaves = rng.random(customers) < LEAVES_AGAIN
    end = np.where(leaves, start + (1 - start) * rng.uniform(0, 1, customers), 1.0)
    abroad = np.isin(behaviour, [i for i, kind in enumerate(BEHAVIOURS) if kind.prepared == 0])
    country = np.where(abroad, rng.choice(len(COUNTRIES), customers, p=COUNTRY_SHARE_ONLINE), 0)
    return Customers(behaviour, country, start, end, rng.gamma(2.0, 0.5, customers))


def make_visits(rng: np.random.Generator, customers: Customers, busy: FloatArray) -> Visits:
    """Draw who comes on which day; nobody comes on closed days.

    Parameters
    ----------
    busy
        (D,) how busy each day is, 0 where closed. Walk-ins follow it, and customers choose their days by it.
    """
    monthly = np.array([kind.visits_per_month for kind in BEHAVIOURS])[customers.behaviour]
    months = (customers.end - customers.start) * busy.size / 30
    visits = np.maximum(1, rng.poisson(monthly * customers.pace * months))
    who = np.repeat(np.arange(customers.behaviour.size), visits)
    elapsed = np.concatenate(([0.0], np.cumsum(busy)))
    positions = np.arange(busy.size + 1)
    since = np.interp(customers.start * busy.size, positions, elapsed)[who]
    until = np.interp(customers.end * busy.size, positions, elapsed)[who]
    moment = since + (until - since) * rng.random(who.size)
    card_day = np.minimum(np.searchsorted(elapsed, moment, side="right"), busy.size) - 1
    card_day = np.minimum(card_day, np.flatnonzero(busy)[-1])
    walk_in_day = np.repeat(np.arange(busy.size), rng.poisson(WALK_INS_PER_DAY * busy))
    day = np.concatenate((card_day, walk_in_day))
    customer = np.concatenate((who, np.full(walk_in_day.size, NO_CUSTOMER)))
    shape = (busy.size, len(BEHAVIOURS))
    behaviour = np.where(customer < 0, WALK_IN, customers.behaviour[customer])
    group = day * shape[1] + behaviour
    order = np.argsort(group, kind="stable")
    weight = BASKET[behaviour[order]] * rng.gamma(2.0, 0.5, order.size)
    total = np.bincount(group[order], weights=weight, minlength=busy.size * shape[1]).astype(np.float64)
    offset = np.cumsum(total) - total
    return Visits(customers, day[order], customer[order], weight, total.reshape(shape), offset.reshape(shape))
