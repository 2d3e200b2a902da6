"""Real weekly totals whose elasticities others have published, or that separate regressions give: see tests/data/README.md."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pricing.elasticity.core.pooled import Posterior
from tests.reference.test_pooled_on_totals import FIRST, WEEK, estimated, totals

DATA = Path(__file__).parent.parent / "data"
YEAR_WEEKS = 52.18


@dataclass(frozen=True)
class Published:
    """A panel, its pooled estimates, and the elasticities and standard errors of one regression a product."""

    found: Posterior
    separate: np.ndarray
    separate_error: np.ndarray


@cache
def panel(name: str, *controls: str) -> Published:
    """Estimate the products of a table, together and apart; `controls` are columns for the separate regressions."""
    table = np.genfromtxt(DATA / f"{name}.csv.gz", delimiter=",", names=True)
    table = table[table["units"] > 0]
    product = np.unique(table[table.dtype.names[0]], return_inverse=True)[1]
    week, price = table["week"].astype(np.int64), table["price"]
    lines = totals(product, FIRST + WEEK * week, table["units"].astype(np.int64), price)
    found = estimated(lines, np.zeros(product.max() + 1, np.int64))
    apart = [_regression(table[product == each], controls) for each in range(product.max() + 1)]
    separate, error = np.array(apart).T
    return Published(found, separate, error)


def _regression(rows: np.ndarray, controls: tuple[str, ...]) -> tuple[float, float]:
    """Elasticity and standard error: log units on log price, trend, two harmonics of the year and the controls."""
    angle = 2 * np.pi * rows["week"] / YEAR_WEEKS
    columns = [np.log(rows["price"]), np.ones(rows.size), rows["week"] / YEAR_WEEKS]
    columns += [wave(k * angle) for k in (1, 2) for wave in (np.sin, np.cos)] + [
        rows[name] for name in controls
    ]
    design, answer = np.stack(columns, axis=1), np.log(rows["units"])
    slopes = np.linalg.lstsq(design, answer, rcond=None)[0]
    variance = ((answer - design @ slopes) ** 2).sum() / (rows.size - len(columns))
    return float(slopes[0]), float(np.sqrt(variance * np.linalg.pinv(design.T @ design)[0, 0]))


def held(panel: Published) -> float:
    """Share of the separate estimates that lie within the pooled intervals."""
    return float(((panel.found.ci_low <= panel.separate) & (panel.separate <= panel.found.ci_high)).mean())


def test_orange_juice_by_brand() -> None:
    brands = panel("orange_juice", "feature", "deal")
    assert -3.3 < brands.found.elasticity.mean() < -2.0
    assert ((brands.found.elasticity > -3.8) & (brands.found.elasticity < -1.1)).all()
    assert np.corrcoef(brands.found.elasticity, brands.separate)[0, 1] > 0.85
    assert held(brands) >= 0.9
    assert not np.isin(brands.found.grade, ["D"]).any()


def test_cheese_by_retailer() -> None:
    retailers = panel("cheese")
    assert -2.6 < retailers.found.elasticity.mean() < -2.1
    assert 0.45 < retailers.found.elasticity.std() < 0.85
    # A regression of 61 weeks with hardly a change of price says anything from -9 to +13.
    identified = retailers.separate_error < 0.5
    assert identified.sum() > 65
    assert np.corrcoef(retailers.found.elasticity[identified], retailers.separate[identified])[0, 1] > 0.85
    both = np.hypot(retailers.found.std_error, retailers.separate_error)
    assert (np.abs(retailers.found.elasticity - retailers.separate) < 1.96 * both).mean() >= 0.9


def test_tuna_by_brand() -> None:
    brands = panel("tuna", "display")
    assert -4.0 < brands.found.elasticity.mean() < -2.8
    assert ((brands.found.elasticity > -4.5) & (brands.found.elasticity < -2.3)).all()
    assert held(brands) >= 0.85


@pytest.mark.parametrize("name", ["orange_juice", "cheese", "tuna"])
def test_no_estimate_has_the_wrong_sign(name: str) -> None:
    assert (panel(name).found.elasticity < 0).all()
