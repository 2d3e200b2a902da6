"""Estimates as rows: which products have one, what they are flagged with, and what lowers a grade."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pricing.elasticity.core.estimates import log_log_estimates, pooled_estimates, two_point_estimates
from pricing.elasticity.core.log_log import LogLogFit
from pricing.elasticity.core.points import PriceLevels, TwoPointElasticities
from pricing.elasticity.core.pooled import FLAGS


def two_points(found: list[bool], point: list[float], arc: list[float], days: list[int]) -> list[Any]:
    levels = PriceLevels(np.array(found), *(np.full(len(found), 1.0) for _ in range(4)))
    elasticities = TwoPointElasticities(
        np.array(point), np.array(arc), np.full(len(found), False), np.array(point)
    )
    return list(two_point_estimates(levels, elasticities, np.array(days)))


def test_both_formulas_have_a_row_where_the_product_had_two_prices() -> None:
    rows = two_points([True, False, True], [-2.0, -1.0, np.nan], [-1.8, -1.0, 0.5], [30, 30, 29])
    assert [(row.product, row.method, row.elasticity, row.sample_size) for row in rows] == [
        (0, "point", -2.0, 30),
        (0, "arc_elasticity", -1.8, 30),
        (2, "arc_elasticity", 0.5, 29),
    ]
    assert {(row.quality, row.list_prices, row.std_error) for row in rows} == {("D", 2, None)}
    assert [row.own_elasticity for row in rows] == [-2.0, -1.8, 0.5]
    assert [row.flags for row in rows] == [[], [], ["FEW_DAYS", "OWN_POSITIVE"]]


@pytest.mark.parametrize(
    ("elasticity", "flags"),
    [
        (-0.05, []),
        (-0.049, ["ZERO_ELASTICITY"]),
        (0.0, ["ZERO_ELASTICITY"]),
        (0.049, ["OWN_POSITIVE", "ZERO_ELASTICITY"]),
        (0.05, ["OWN_POSITIVE"]),
    ],
)
def test_elasticities_near_0_and_above_it_are_flagged(elasticity: float, flags: list[str]) -> None:
    (row,) = two_points([True], [elasticity], [np.nan], [30])
    assert row.flags == flags


def regression(elasticity: float, low: float, high: float, usable: bool = True) -> list[Any]:
    """The second of two products, the first of which could not be fitted."""
    columns = {name: np.array([np.nan, 0.5]) for name in LogLogFit.__slots__} | {
        "usable": np.array([False, usable]),
        "n": np.array([3, 40]),
        "elasticity": np.array([np.nan, elasticity]),
        "ci_low": np.array([np.nan, low]),
        "ci_high": np.array([np.nan, high]),
    }
    return list(log_log_estimates(LogLogFit(**columns)))


@pytest.mark.parametrize(
    ("elasticity", "low", "high", "flags"),
    [
        (-2.0, -2.5, -1.5, []),
        (-2.0, -3.0, -1.0, []),
        (-1.2, -2.0, -0.4, ["CI_CROSSES_MINUS_ONE"]),
        (-0.5, -1.0, 0.0, []),
        (-0.5, -0.9, 0.1, ["CI_CROSSES_ZERO"]),
        (0.5, 0.1, 0.9, ["OWN_POSITIVE"]),
        (0.0, 0.0, 0.0, ["ZERO_ELASTICITY"]),
    ],
)
def test_regressions_are_flagged_by_their_intervals(
    elasticity: float, low: float, high: float, flags: list[str]
) -> None:
    (row,) = regression(elasticity, low, high)
    assert (row.product, row.method, row.sample_size, row.elasticity) == (1, "log_log", 40, elasticity)
    assert (row.std_error, row.own_std_error, row.own_elasticity) == (0.5, 0.5, elasticity)
    assert row.flags == flags


def test_what_could_not_be_fitted_has_no_row() -> None:
    assert regression(-2.0, -3.0, -1.0, usable=False) == []


def pooled(
    contradicted: list[bool] | None = None, data_flags: list[list[str]] | None = None, **columns: Any
) -> list[Any]:
    """Two products with a pooled estimate of grade A, an experiment behind the second, and one without."""
    names = (
        "elasticity", "std_error", "ci_low", "ci_high", "confidence", "own_elasticity", "own_std_error", "weight",
        "prior_mean",
    )  # fmt: skip
    known: dict[str, Any] = {name: np.array([-2.0, -1.5, np.nan]) for name in names} | {
        "estimated": np.array([True, True, False]),
        "flags": np.zeros(3, np.int64),
        "grade": np.array(["A", "A", "D"]),
        "evidence": np.array(["observational", "experimental", ""]),
        "sold_days": np.array([50, 60, 2]),
        "list_price_count": np.array([4, 3, 1]),
    }
    posterior: Any = SimpleNamespace(**(known | columns))
    found = None if contradicted is None else np.array(contradicted)
    return list(pooled_estimates(posterior, data_flags or [[], [], []], found))


def test_products_without_a_pooled_estimate_have_no_row() -> None:
    rows = pooled()
    assert [(row.product, row.quality, row.evidence, row.sample_size, row.list_prices) for row in rows] == [
        (0, "A", "observational", 50, 4),
        (1, "A", "experimental", 60, 3),
    ]


def test_what_a_learned_model_contradicts_is_a_grade_lower_unless_an_experiment_is_behind_it() -> None:
    rows = pooled([True, True, True])
    assert [(row.quality, row.flags) for row in rows] == [("B", ["METHODS_DISAGREE"]), ("A", [])]
    assert [(row.quality, row.flags) for row in pooled([False, False, False])] == [("A", []), ("A", [])]
    assert [row.quality for row in pooled([True, True, True], grade=np.array(["D", "A", "D"]))] == ["D", "A"]


def test_flags_of_the_estimate_and_of_the_lines_come_in_one_order() -> None:
    flags = np.array([FLAGS["FEW_DAYS"] | FLAGS["ZERO_ELASTICITY"], 0, 0])
    rows = pooled(data_flags=[["BULK_CAPPED", "FEW_DAYS"], ["HIGH_RETURNS"], []], flags=flags)
    assert [row.flags for row in rows] == [["FEW_DAYS", "BULK_CAPPED", "ZERO_ELASTICITY"], ["HIGH_RETURNS"]]


def test_an_estimate_without_evidence_of_its_own_says_so() -> None:
    rows = pooled(own_elasticity=np.array([np.nan, -1.0, 0.0]), own_std_error=np.array([np.inf, 0.2, 0.0]))
    assert [(row.own_elasticity, row.own_std_error) for row in rows] == [(None, None), (-1.0, 0.2)]
