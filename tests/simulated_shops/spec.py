"""What kinds of shops there are: the disturbances by name, and the shops that mix them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

Demand = Literal["constant", "logit", "kinked"]


@dataclass(frozen=True, slots=True)
class Disturbances:
    """What makes a shop's sales records mislead. A number without further note is the share of the products affected."""

    # How prices come about
    raised_in_season: float = 0.0  # 6-18 % dearer while the product's own demand is high
    cut_in_season: float = 0.0  # 6-18 % cheaper while the product's own demand is high
    follows_demand: float = 0.0  # reviewed weekly: 0.4 % up for each percent of unexpected demand
    drift: float = 0.0  # only small steps a fortnight, one direction, up to about 15 % a year
    all_together: bool = False  # every product changes on the same days by the same percent, nothing else
    promotions: float = 0.0  # 10-30 % off for one or two weeks, displayed: sells beyond the price
    shop_sales: int = 0  # events a year over the whole shop: 10-30 % off everything, and more visitors
    only_shop_sales: bool = False  # no price moves but in these events
    # How demand comes about
    rivals_follow: float = 0.0  # a competitor follows 0.6 of each change a week later; his price matters
    slow_adaptation: float = 0.0  # demand approaches its new level over weeks, three on average
    demand: Demand = "constant"  # response of all products; the true elasticity is that at the base price
    # What hides demand
    stockouts: float = 0.0  # out of stock for one to six weeks, at random
    runs_out_when_cheap: float = 0.0  # the week's delivery is 1.25 times what usually sells at the base price
    churn: float = 0.0  # launched after the records begin, or delisted before they end
    # Who pays what
    negotiated: float = 0.0  # 80 % goes to eight accounts with contracts; larger ones pay less
    coupons: float = 0.0  # campaigns of the category: 30 % of its buyers hold 10-25 % off
    two_stores: bool = False  # each with its own price level and changes
    quantity_breaks: bool = False  # 8-15 % off from 12 units a line
    web_markup: bool = False  # buyers without customer id pay 15-60 % more
    # How sales are written down
    messy_records: bool = False  # returns, repeated lines, bulk orders, mistyped prices
    fractional_units: bool = False  # sold by weight: kilograms with three decimals
    totals: int = 0  # one row for each product and so many days instead of lines; 0: lines
    scanner_noise: float = 0.0  # sd of the log error of a total's units; its price errs a tenth of that


@dataclass(frozen=True, slots=True)
class ShopSpec:
    """A kind of shop.

    Minus the elasticity is log-normal with mean ``mean_elasticity`` and standard deviation ``elasticity_sd``;
    ``category_part`` of the variance of its logarithm lies between categories. ``lines_per_day`` is the mean over
    products of the rate of sales lines at the base price; ``log_price_sd`` the root mean square over products of the
    sd of the log price by ordinary price changes.
    """

    products: int = 300
    categories: int = 12
    days: int = 728
    first_day: int = (date(2023, 1, 2) - date(1970, 1, 1)).days  # a Monday
    lines_per_day: float = 2.0
    lines_log_sd: float = 0.9
    log_price_sd: float = 0.1
    mean_elasticity: float = -1.8
    elasticity_sd: float = 0.8
    category_part: float = 0.4
    customers: int = 2000
    disturbances: Disturbances = Disturbances()

    def __post_init__(self) -> None:
        if self.days % 7 or self.days < 140:
            raise ValueError("a shop needs whole weeks, 20 at least")
        if self.mean_elasticity >= 0:
            raise ValueError("mean_elasticity must be negative")


PLAIN: Final = ShopSpec()

# Each alone, on an otherwise plain shop, all products affected.
ALONE: Final[Mapping[str, Disturbances]] = MappingProxyType(
    {
        "plain": Disturbances(),
        "raised_in_season": Disturbances(raised_in_season=1.0),
        "cut_in_season": Disturbances(cut_in_season=1.0),
        "follows_demand": Disturbances(follows_demand=1.0),
        "rivals_follow": Disturbances(rivals_follow=1.0),
        "runs_out_when_cheap": Disturbances(runs_out_when_cheap=1.0),
        "slow_adaptation": Disturbances(slow_adaptation=1.0),
        "negotiated": Disturbances(negotiated=1.0),
        "coupons": Disturbances(coupons=1.0),
        "drift": Disturbances(drift=1.0),
        "all_together": Disturbances(all_together=True),
        "shop_sales_only": Disturbances(shop_sales=5, only_shop_sales=True),
        "promotions": Disturbances(promotions=1.0),
        "scanner": Disturbances(promotions=1.0, totals=7, scanner_noise=0.1),
        "daily_totals": Disturbances(totals=1),
        "weekly_totals": Disturbances(totals=7),
        "two_stores": Disturbances(two_stores=True),
        "fractional_units": Disturbances(fractional_units=True),
        "logit": Disturbances(demand="logit"),
        "kinked": Disturbances(demand="kinked"),
        "stockouts": Disturbances(stockouts=1.0),
        "churn": Disturbances(churn=1.0),
        "quantity_breaks": Disturbances(quantity_breaks=True),
        "web_markup": Disturbances(web_markup=True),
        "messy_records": Disturbances(messy_records=True),
    }
)

# What an ordinary retailer has of all this.
RETAILER: Final = Disturbances(
    raised_in_season=0.35,
    cut_in_season=0.15,
    follows_demand=0.1,
    drift=0.2,
    promotions=0.6,
    shop_sales=2,
    rivals_follow=0.15,
    slow_adaptation=0.15,
    stockouts=0.4,
    runs_out_when_cheap=0.15,
    churn=0.2,
    negotiated=0.05,
    coupons=0.3,
    quantity_breaks=True,
    web_markup=True,
    messy_records=True,
)
REALISTIC_SPARSE: Final = replace(
    PLAIN, products=1500, categories=20, lines_per_day=0.5, log_price_sd=0.08, disturbances=RETAILER
)
REALISTIC_REGULAR: Final = replace(
    PLAIN, products=500, categories=20, lines_per_day=3.0, log_price_sd=0.12, disturbances=RETAILER
)
