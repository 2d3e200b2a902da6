"""Shops with known elasticities whose sales records mislead in one named way each, or in many at once.

Beside `tests.dgp`, which stays as it is for comparison, demand here is none of the forms that an estimator would like to
find: customers differ, purchases are gamma-mixed counts around unexpected demand that lasts for weeks, part of the
response to a price lies in the units of a purchase, seasons are each product's own, elasticities are log-normal.
"""

from tests.simulated_shops.demand import log_response
from tests.simulated_shops.records import Records, totals
from tests.simulated_shops.shop import SimulatedShop, simulate
from tests.simulated_shops.spec import (
    ALONE,
    PLAIN,
    REALISTIC_REGULAR,
    REALISTIC_SPARSE,
    RETAILER,
    Disturbances,
    ShopSpec,
)

__all__ = [
    "ALONE",
    "PLAIN",
    "REALISTIC_REGULAR",
    "REALISTIC_SPARSE",
    "RETAILER",
    "Disturbances",
    "Records",
    "ShopSpec",
    "SimulatedShop",
    "log_response",
    "simulate",
    "totals",
]
