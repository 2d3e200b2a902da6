"""Evidence grades, flags and confidence."""

from dataclasses import replace

import numpy as np
import pytest

from pricing.elasticity.core.pooled.grades import (
    DOUBTS,
    FLAG_NAMES,
    FLAGS,
    Evidence,
    confidences,
    flag_bits,
    flag_names,
    grades,
)


def evidence(**changes: float) -> Evidence:
    values = {
        "elasticity": -2.0,
        "std_error": 0.3,
        "own_elasticity": -2.1,
        "weight": 0.8,
        "sold_days": 200,
        "list_prices": 5,
        "active_weeks": 60,
        "gaps": False,
        "no_category": False,
    } | changes
    arrays = {name: np.array([value]) for name, value in values.items()}
    arrays["ci_low"] = arrays["elasticity"] - 1.96 * arrays["std_error"]
    arrays["ci_high"] = arrays["elasticity"] + 1.96 * arrays["std_error"]
    return Evidence(**arrays)


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({}, "A"),
        ({"weight": 0.59}, "B"),
        ({"std_error": 0.55}, "B"),
        ({"std_error": 0.65}, "C"),
        ({"elasticity": -0.4}, "C"),
        ({"weight": 0.34}, "C"),
        ({"weight": 0.34, "sold_days": 19}, "D"),
        ({"weight": 0.11}, "D"),
        ({"elasticity": 0.1}, "D"),
        ({"elasticity": np.nan, "std_error": np.nan, "weight": np.nan}, ""),
    ],
)
def test_grades_follow_the_evidence(changes: dict[str, float], grade: str) -> None:
    assert grades(evidence(**changes)).tolist() == [grade]


@pytest.mark.parametrize("flag", DOUBTS)
def test_a_doubt_is_flagged_and_caps_the_grade(flag: str) -> None:
    doubted = replace(evidence(), doubts={flag: np.array([True])})
    assert grades(doubted).tolist() == ["C"]
    assert flag_names(int(flag_bits(doubted)[0])) == [flag]
    trusted = replace(evidence(), doubts={flag: np.array([False])})
    assert grades(trusted).tolist() == ["A"]
    assert flag_names(int(flag_bits(trusted)[0])) == []


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"list_prices": 1}, "NO_PRICE_VARIATION"),
        ({"sold_days": 19}, "FEW_DAYS"),
        ({"active_weeks": 7}, "FEW_DAYS"),
        ({"own_elasticity": 0.2}, "OWN_POSITIVE"),
        ({"elasticity": -0.4}, "CI_CROSSES_ZERO"),
        ({"elasticity": -1.2}, "CI_CROSSES_MINUS_ONE"),
        ({"weight": 0.34}, "PRIOR_DOMINATED"),
        ({"gaps": True}, "STOCKOUT_GAPS"),
        ({"no_category": True}, "NO_CATEGORY"),
        ({"elasticity": -0.04}, "ZERO_ELASTICITY"),
    ],
)
def test_each_flag_has_its_reason(changes: dict[str, float], flag: str) -> None:
    assert flag in flag_names(int(flag_bits(evidence(**changes))[0]))


def test_a_well_measured_product_raises_no_flag() -> None:
    assert flag_bits(evidence()).tolist() == [0]


def test_flag_bits_are_distinct_and_names_come_back_in_order() -> None:
    assert flag_names(sum(FLAGS.values())) == list(FLAG_NAMES)
    assert flag_names(0) == []


def test_confidence_is_the_normal_probability_within_half_a_unit() -> None:
    np.testing.assert_allclose(
        confidences(np.array([0.5, 0.25, np.nan])), [0.6826894921, 0.9544997361, np.nan], rtol=1e-9
    )
