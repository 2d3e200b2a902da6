"""The table of disturbances counts what its columns say."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.disturbance_table import Row, measure, table
from pricing.elasticity.core.pooled import FLAGS

ROW = Row(
    products=4,
    rmse=0.5,
    bias=0.1,
    worst_bias=0.2,
    coverage=0.93,
    graded_ab=0.5,
    graded_a=0.2,
    coverage_a=0.9,
    wrong_sign=0.0,
    capped=0.5,
    flagged=0.5,
)


def posterior(elasticity, grade, flags=0, half=0.5):
    elasticity = np.array(elasticity, dtype=float)
    return SimpleNamespace(
        estimated=~np.isnan(elasticity),
        elasticity=elasticity,
        ci_low=elasticity - half,
        ci_high=elasticity + half,
        grade=np.array(grade),
        flags=np.broadcast_to(flags, elasticity.shape),
    )


def test_a_row_pools_the_estimated_products_of_all_shops():
    first = (posterior([-1.0, -2.0, np.nan], ["A", "B", ""]), np.array([-1.2, -2.6, -1.0]))
    second = (posterior([0.1], ["D"], FLAGS["PRIOR_DOMINATED"]), np.array([-0.3]))
    row = measure([first, second])
    assert row.products == 3
    assert row.bias == pytest.approx((0.2 + 0.6 + 0.4) / 3)
    assert row.worst_bias == pytest.approx(0.4)
    assert row.rmse == pytest.approx(np.sqrt((0.04 + 0.36 + 0.16) / 3))
    assert (row.coverage, row.graded_ab, row.graded_a) == pytest.approx((2 / 3, 2 / 3, 1 / 3))
    assert row.coverage_a == 1
    assert (row.wrong_sign, row.capped, row.flagged) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_a_flag_that_only_tells_of_the_books_is_no_warning():
    shop = (
        posterior([-1.0, -1.0], ["C", "C"], np.array([FLAGS["BULK_CAPPED"], FLAGS["OWN_POSITIVE"]])),
        np.ones(2),
    )
    row = measure([shop])
    assert (row.capped, row.flagged, row.coverage_a) == (1.0, 0.5, None)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "right"),
        ({"bias": -0.16}, "WRONG"),
        ({"coverage": 0.91}, "WRONG"),
        ({"bias": 0.8, "capped": 1.0, "flagged": 0.96}, "flagged"),
        ({"bias": 0.8, "capped": 1.0, "flagged": 0.9}, "WRONG"),
    ],
)
def test_a_disturbance_is_right_flagged_or_wrong(changes, verdict):
    assert replace(ROW, **changes).verdict == verdict


def test_the_table_shows_earlier_states_before_the_newest():
    text = table({"first": {"drift": replace(ROW, bias=0.5)}, "now": {"drift": ROW, "logit": ROW}})
    head, _, drift, logit = ([cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines())
    assert {len(head), len(drift), len(logit)} == {14}
    assert head[:5] == ["disturbance", "bias (first)", "coverage (first)", "verdict (first)", "RMSE (now)"]
    assert drift[:4] == ["drift", "+0.50", "0.930", "WRONG"]
    assert logit[:5] == ["logit", "", "", "", "0.50"]
    assert drift[-1] == "right"
