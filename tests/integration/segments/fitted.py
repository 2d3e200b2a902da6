"""A shop with half a year of simulated sales and the model of a full run, for estimates made on the spot."""

import datetime as dt
from decimal import Decimal
from functools import cache

import numpy as np

from pricing.elasticity.core.pooled import SegmentSales as SegmentUnits
from pricing.elasticity.core.pooled import fit_pooled, fit_segments, refresh
from pricing.elasticity.models import ElasticityModel
from pricing.elasticity.selectors.fitted_model import FittedModel
from pricing.sales.models import Product, SalesHistory
from pricing.sales.selectors.daily import EPOCH, open_days, shop_days
from segments.core.rfm import SEGMENTS
from segments.models import SegmentSales
from tests.integration.segments import shop

FIRST_DAY = dt.date(2011, 1, 1)
DAYS = 180
CODES = [f"F{number:02}" for number in range(12)]
BUYERS = ("Champion", "Lost")


def fitted_shop() -> FittedModel:
    """Twelve products whose price changes every other week, bought by champions and by lost customers."""
    shop.publish(first_day=FIRST_DAY, as_of=FIRST_DAY + dt.timedelta(days=DAYS))
    Product.objects.bulk_create(Product(code=code, name=f"Product {code}") for code in CODES)
    random = np.random.default_rng(11)
    on_offer = random.random((len(CODES), DAYS // 15)) < 0.5
    prices = np.where(on_offer, 8.0, 10.0).repeat(15, axis=1)
    units = random.poisson(6.0 * (prices / 10.0) ** -2.0)
    champions = random.binomial(units, 0.7)
    cells = [(row, day) for row, day in np.ndindex(units.shape) if units[row, day]]
    SalesHistory.objects.bulk_create(
        SalesHistory(
            product_id=CODES[row],
            date=FIRST_DAY + dt.timedelta(days=day),
            quantity=int(units[row, day]),
            revenue=Decimal(int(units[row, day])) * int(prices[row, day]),
            price=int(prices[row, day]),
            list_price=int(prices[row, day]),
            units=float(units[row, day]),
            lines=1,
            unit_lines=1,
        )
        for row, day in cells
    )
    SegmentSales.objects.bulk_create(
        SegmentSales(
            product_id=CODES[row],
            segment=segment,
            date=FIRST_DAY + dt.timedelta(days=day),
            quantity=int(bought),
            revenue=Decimal(int(bought)) * int(prices[row, day]),
            lines=1,
            units=float(bought),
            unit_lines=1,
        )
        for row, day in cells
        for segment, bought in zip(
            BUYERS, (champions[row, day], units[row, day] - champions[row, day]), strict=True
        )
        if bought
    )
    model = _fitted()
    ElasticityModel.objects.create(
        pk=1, hyperparameters=model.as_json(), sales_version=1, fitted_at=shop.PUBLISHED_AT
    )
    return model


def segment_units(first: dt.date = dt.date.min, last: dt.date = dt.date.max) -> SegmentUnits:
    """What the segments bought between two days, as the estimator takes it."""
    rows = SegmentSales.objects.filter(date__gte=first, date__lte=last).order_by("pk")
    return SegmentUnits(
        product=np.array([CODES.index(row.product_id) for row in rows], np.int64),
        segment=np.array([SEGMENTS.index(row.segment) for row in rows], np.int64),
        day=np.array([(row.date - EPOCH).days for row in rows], np.int64),
        units=np.array([row.units for row in rows]),
        lines=np.array([row.unit_lines for row in rows], np.int64),
    )


@cache
def _fitted() -> FittedModel:
    """The fit takes seconds, and the sales are the same in every test."""
    days, category = shop_days(CODES), np.full(len(CODES), -1)
    hyper = fit_pooled(days.daily, category, open_days())
    posterior = refresh(days.daily, category, hyper)
    hyper = fit_segments(segment_units(), days.daily, category, hyper, posterior, segments=len(SEGMENTS))
    return FittedModel(hyper, [""])
