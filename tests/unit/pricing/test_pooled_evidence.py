"""What an elasticity rests on: clean price changes, variation that nothing explains, and the class."""

import numpy as np
import pytest

from pricing.elasticity.core.pooled.evidence import (
    EVIDENCE_CLASSES,
    clean_changes,
    evidence_classes,
    unexplained_share,
)
from pricing.elasticity.core.pooled.panel import Panel, build_panel
from pricing.elasticity.models import EvidenceClass
from pricing.sales.core.calendar import shop_calendar
from pricing.sales.core.daily import DailySales

MONDAY = 19_002


def panel_of(*products: list[tuple[int, float]]) -> Panel:
    """Products that sell every day at runs of prices: days, price."""
    rows = [
        (number, MONDAY + day, price)
        for number, runs in enumerate(products)
        for day, price in enumerate(price for days, price in runs for _ in range(days))
    ]
    product, day, price = (np.array(column) for column in zip(*rows, strict=True))
    ones = np.ones(product.size, np.int64)
    daily = DailySales(product, day, ones * 1.0, price * 1.0, np.zeros(product.size, np.bool_), ones)
    days = np.arange(MONDAY, MONDAY + 200)
    calendar = shop_calendar(days, days, np.ones(days.size, np.int64))
    return build_panel(daily, len(products), calendar, (-2.0, 0.3))


@pytest.mark.parametrize(
    ("runs", "changes"),
    [
        ([(60, 4.0)], 0),
        ([(20, 4.0), (20, 5.0), (20, 4.0)], 2),
        ([(20, 4.0), (3, 5.0), (20, 4.0)], 0),  # three days
        ([(20, 4.0), (7, 5.0), (20, 4.0)], 2),
        ([(20, 4.0), (20, 4.06), (20, 4.12)], 0),  # 1.5 %
        ([(20, 4.0), (20, 4.09), (3, 4.12)], 1),
    ],
)
def test_a_clean_change_is_a_step_between_two_prices_that_last(
    runs: list[tuple[int, float]], changes: int
) -> None:
    assert clean_changes(panel_of(runs)).tolist() == [changes]


def test_the_next_products_price_is_no_change() -> None:
    assert clean_changes(panel_of([(30, 4.0)], [(30, 9.0)], [(30, 9.0), (30, 3.0)])).tolist() == [0, 0, 1]


def test_without_sales_nothing_changed() -> None:
    none = np.zeros(0, np.int64)
    daily = DailySales(none, none, none * 1.0, none * 1.0, none > 0, none)
    days = np.arange(MONDAY, MONDAY + 200)
    panel = build_panel(daily, 2, shop_calendar(days, days, np.ones(days.size)), (-2.0, 0.3))
    assert clean_changes(panel).tolist() == [0, 0]


def test_variation_that_trend_and_season_explain_is_left_out() -> None:
    panel = panel_of([(70, 4.0), (70, 5.0)], [(140, 4.0)])
    price = np.where(panel.product == 0, np.where(panel.log_price > 1.5, 0.1, -0.1), 0.0)
    assert unexplained_share(panel, price, 0.0 * price).tolist() == [1.0, 0.0]
    np.testing.assert_allclose(unexplained_share(panel, price, 0.4 * price), [0.36, 0.0])
    assert unexplained_share(panel, price, -price).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("weight", "changes", "share", "doubtful", "expected"),
    [
        (0.8, 2, 0.5, False, "price_change"),
        (0.5, 2, 0.5, False, "price_change"),
        (0.49, 9, 0.9, False, "borrowed"),
        (0.49, 9, 0.9, True, "borrowed"),
        (0.8, 1, 0.9, False, "observational"),
        (0.8, 9, 0.49, False, "observational"),
        (0.8, 9, 0.9, True, "observational"),
        (np.nan, 0, 0.0, False, ""),
    ],
)
def test_the_class_is_the_best_that_the_sales_allow(
    weight: float, changes: int, share: float, doubtful: bool, expected: str
) -> None:
    found = evidence_classes(np.array([weight]), np.array([changes]), np.array([share]), np.array([doubtful]))
    assert found.tolist() == [expected]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.2, "experimental"), (0.19, "borrowed"), (0.0, "borrowed")]
)
def test_what_an_experiment_found_is_experimental_from_a_fifth_on(share: float, expected: str) -> None:
    found = evidence_classes(
        np.array([0.3]), np.array([0]), np.array([0.0]), np.array([True]), np.array([share])
    )
    assert found.tolist() == [expected]


def test_the_table_knows_every_class() -> None:
    assert tuple(EvidenceClass.values) == EVIDENCE_CLASSES
