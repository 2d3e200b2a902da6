"""Margins and markups, and what a price earns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.recommendation.core.margins import (
    analyse_profit_margin,
    margin,
    margin_from_markup,
    markup,
    markup_from_margin,
    price_at_margin,
)

money = st.floats(0.01, 1e5)


@settings(deadline=None)
@given(money, money)
def test_the_margin_follows_from_the_markup_and_the_markup_from_the_margin(price, cost):
    assert margin_from_markup(markup(price, cost)) == pytest.approx(margin(price, cost), rel=1e-6, abs=1e-9)
    if price > cost / 100:
        assert markup_from_margin(margin(price, cost)) == pytest.approx(
            markup(price, cost), rel=1e-6, abs=1e-9
        )


@settings(deadline=None)
@given(st.floats(-0.9, 1e4))
def test_markup_to_margin_and_back_is_the_same_markup(fraction):
    assert markup_from_margin(margin_from_markup(fraction)) == pytest.approx(fraction, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(st.floats(-10, 0.99))
def test_margin_to_markup_and_back_is_the_same_margin(fraction):
    assert margin_from_markup(markup_from_margin(fraction)) == pytest.approx(fraction, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(money, st.floats(0, 0.95))
def test_the_price_at_a_margin_has_that_margin(cost, fraction):
    assert margin(price_at_margin(cost, fraction), cost) == pytest.approx(fraction, abs=1e-9)


@settings(deadline=None)
@given(money, money, money)
def test_a_higher_price_has_a_higher_margin_and_a_higher_cost_a_lower_one(price, cost, more):
    assert margin(price + more, cost) > margin(price, cost) or more / price < 1e-12
    assert margin(price, cost + more) < margin(price, cost) or more / cost < 1e-12


def test_a_margin_of_one_and_a_markup_of_minus_one_have_no_counterpart():
    with pytest.raises(ValueError, match="below 1"):
        markup_from_margin(1.0)
    with pytest.raises(ValueError, match="above -1"):
        margin_from_markup([0.5, -1.0])


def test_without_a_price_the_margin_is_0_and_without_a_cost_the_markup_is():
    analysis = analyse_profit_margin([0.0, 10.0], [4.0, 0.0], 5.0)
    assert analysis.margin_percent.tolist() == [0.0, 100.0]
    assert analysis.markup_percent.tolist() == [-100.0, 0.0]


def test_the_analysis_by_hand():
    analysis = analyse_profit_margin(15.0, 10.0, 200.0, fixed_costs=400.0)
    assert (analysis.revenue, analysis.total_cost, analysis.gross_profit) == (3000.0, 2000.0, 1000.0)
    assert analysis.profit_per_unit == 5.0
    # The seed's figure: 2,000 paid for the goods, 5 earned with each.
    assert analysis.break_even_units == 400.0
    assert analysis.break_even_units_fixed_costs == 80.0


def test_a_unit_that_earns_nothing_never_breaks_even():
    analysis = analyse_profit_margin([10.0, 8.0], 10.0, 100.0, fixed_costs=50.0)
    assert analysis.break_even_units.tolist() == [0.0, 0.0]
    assert analysis.break_even_units_fixed_costs.tolist() == [0.0, 0.0]


def test_without_fixed_costs_their_break_even_is_unknown():
    assert np.isnan(analyse_profit_margin(15.0, 10.0, 200.0).break_even_units_fixed_costs)


def test_an_unknown_cost_leaves_profit_unknown_and_revenue_known():
    analysis = analyse_profit_margin(15.0, np.nan, 200.0)
    assert analysis.revenue == 3000.0
    assert np.isnan([analysis.gross_profit, analysis.margin_percent, analysis.break_even_units]).all()


def test_negative_amounts_are_refused():
    with pytest.raises(ValueError, match="negative"):
        analyse_profit_margin(15.0, -1.0, 200.0)


@settings(deadline=None)
@given(money, money, st.floats(0, 1e5), st.floats(0, 1e6))
def test_profit_pays_the_fixed_costs_at_the_break_even(price, cost, quantity, fixed):
    analysis = analyse_profit_margin(price, cost, quantity, fixed)
    if price > cost:
        assert analysis.break_even_units_fixed_costs * (price - cost) == pytest.approx(fixed)
        assert analysis.break_even_units * (price - cost) == pytest.approx(cost * quantity)
