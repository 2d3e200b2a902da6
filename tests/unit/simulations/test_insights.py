"""Insights: each finding with its money, its limits, and silence where nothing is known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastix.currency import find_currency
from simulations.core.insights import (
    Market,
    Outlook,
    ProductView,
    Recommended,
    SegmentShare,
    find_insights,
    weeks_to_test,
)

STEADY = ProductView(
    price=10.0,
    cost=6.0,
    units=300.0,
    revenue=3000.0,
    grade="A",
    elasticity=-2.5,
    sold_days=200,
    days_since_sale=1,
)
KEEP = Recommended(10.0, False, None, 0.4, 10.0, 0.0, "Keep the price.")
RAISE = Recommended(11.0, True, 120.0, 0.9, 11.0, 120.0, "Its buyers hardly react.")


def one(view, kind):
    return next(insight for insight in find_insights(view) if insight.kind == kind)


def kinds(view):
    return [insight.kind for insight in find_insights(view)]


def test_a_product_in_order_has_nothing_to_say():
    assert kinds(replace(STEADY, recommended=KEEP)) == []


def test_a_better_price_is_worth_its_expected_gain():
    insight = one(replace(STEADY, recommended=RAISE), "price_below_optimum")
    assert (insight.money_at_stake, insight.confidence) == (120.0, 0.9)
    assert (insight.action.kind, insight.action.price) == ("propose_price", 11.0)
    assert insight.action.text == "Propose 11.00."
    cut = replace(RAISE, price=9.0)
    assert kinds(replace(STEADY, recommended=cut)) == ["price_above_optimum"]


@pytest.mark.parametrize("gain", [None, 0.0, -5.0])
def test_a_rule_price_that_gains_nothing_is_no_finding(gain):
    assert kinds(replace(STEADY, recommended=replace(RAISE, gain=gain))) == []


def test_selling_below_cost_loses_the_difference_on_every_unit():
    insight = one(replace(STEADY, cost=10.5), "below_cost")
    assert insight.money_at_stake == pytest.approx(150)
    assert insight.finding == "Each unit is sold for 0.50 less than it costs."
    assert "below_cost" not in kinds(replace(STEADY, cost=10.5, cost_assumed=True))
    assert "below_cost" not in kinds(replace(STEADY, cost=10.0))


def test_a_margin_below_the_target_names_the_price_that_reaches_it():
    view = replace(STEADY, target_margin=0.5)
    insight = one(view, "margin_below_target")
    assert insight.evidence["price_at_target"] == pytest.approx(12)
    assert insight.money_at_stake == pytest.approx(600)
    assert insight.action.text == "Buy for 5.00 a unit or less: no higher price is recommended."
    assert insight.finding == "The margin is 40.0 % of the price, the target 50.0 %."
    assert one(replace(view, recommended=RAISE), "margin_below_target").action.price == 11.0
    assert kinds(replace(STEADY, target_margin=0.4)) == []


def test_competitors_are_followed_only_where_it_pays():
    pays = Market(12.0, 11.0, 3, 80.0, 0.85)
    insight = one(replace(STEADY, market=pays), "price_below_competitors")
    assert (insight.money_at_stake, insight.confidence) == (80.0, 0.85)
    assert insight.action.kind == "move_towards_market"
    assert insight.finding.startswith("The price is 16.7 % below the mean of 3 competitors (12.00).")
    costs = replace(pays, mean=8.0, gain_at_mean=-200.0, probability_of_gain=0.1)
    insight = one(replace(STEADY, market=costs), "price_above_competitors")
    assert (insight.money_at_stake, insight.confidence) == (0.0, 0.9)
    assert insight.action.kind == "keep_price"
    assert "is expected to cost 200.00" in insight.finding
    assert kinds(replace(STEADY, market=replace(pays, mean=10.3))) == []


def test_a_thin_estimate_is_worth_the_gain_that_is_not_taken():
    unsure = replace(KEEP, best_price=11.0, best_gain=40.0)
    view = replace(STEADY, grade="D", sold_days=9, recommended=unsure)
    insight = one(view, "thin_data")
    assert insight.money_at_stake == 40.0
    assert (
        insight.finding == "The elasticity has grade D: this product's own sales, on 9 days, say too little."
    )
    assert "on 1 day," in one(replace(view, sold_days=1), "thin_data").finding
    assert kinds(replace(view, grade="B")) == []
    assert "thin_data" not in kinds(replace(view, recommended=RAISE))


def test_where_prices_follow_sales_a_test_is_proposed_in_place_of_more_sales():
    view = replace(
        STEADY,
        grade="C",
        prices_follow_sales=True,
        recommended=replace(KEEP, best_price=11.0, best_gain=40.0),
    )
    assert kinds(view) == ["prices_follow_sales"]
    insight = one(view, "prices_follow_sales")
    assert insight.money_at_stake == 40.0
    assert insight.action.kind == "test_price"
    assert insight.action.text == (
        "Test it: charge 10.00 and 11.00 a week each, in an order drawn at random, for 35 weeks."
    )
    assert insight.evidence == {"grade": "C", "elasticity": -2.5, "test_price": 11.0, "weeks": 35}
    cheaper = replace(view, recommended=replace(KEEP, best_price=9.5))
    assert one(cheaper, "prices_follow_sales").evidence["test_price"] == 9.0
    assert kinds(replace(view, elasticity=None)) == []


@pytest.mark.parametrize(
    ("units", "weeks"), [(0, 52), (100, 52), (300, 35), (1000, 11), (1500, 8), (90_000, 8)]
)
def test_a_test_takes_2400_units_and_8_to_52_weeks(units, weeks):
    assert weeks_to_test(units) == weeks


def test_an_unknown_cost_is_said_last():
    insights = find_insights(replace(STEADY, cost=None, recommended=RAISE))
    assert [each.kind for each in insights] == ["price_below_optimum", "no_cost"]
    assumed = one(replace(STEADY, cost_assumed=True), "no_cost")
    assert assumed.finding == "The cost is not known; 6.00 a unit is assumed."


@pytest.mark.parametrize(("days", "kind"), [(29, "slow_selling"), (91, "slow_selling"), (92, "not_selling")])
def test_a_product_that_stopped_selling_ties_up_its_stock(days, kind):
    view = replace(STEADY, units=0.0, days_since_sale=days, stock_level=50)
    insight = one(view, kind)
    assert insight.money_at_stake == 300
    assert insight.period == "once"
    assert kinds(replace(view, days_since_sale=28)) == []


def test_stock_that_runs_out_costs_the_margin_of_what_is_not_sold():
    insight = one(replace(STEADY, stock_level=100, target_stock=400), "stock_runs_out")
    assert insight.money_at_stake == pytest.approx(200 * 4)
    assert insight.evidence["cover_days"] == pytest.approx(10)
    assert insight.finding == "The stock of 100 lasts 10 days at the sales expected."
    assert insight.action.text == "Order 300 units."
    assert "lasts 1 day at" in one(replace(STEADY, stock_level=10), "stock_runs_out").finding
    nearly_enough = one(replace(STEADY, stock_level=299.8), "stock_runs_out")
    assert nearly_enough.action.text == "Order 1 unit."
    assert kinds(replace(STEADY, stock_level=300)) == []


def test_stock_for_more_than_half_a_year_ties_up_its_cost():
    insight = one(replace(STEADY, stock_level=2400), "overstocked")
    assert insight.money_at_stake == pytest.approx(600 * 6)
    assert insight.period == "once"
    assert kinds(replace(STEADY, stock_level=1800)) == []
    assert kinds(replace(STEADY, stock_level=-5)) == ["stock_runs_out"]


def test_how_long_stock_lasts_is_not_said_of_what_hardly_sells():
    assert kinds(replace(STEADY, units=5e-324, stock_level=300)) == []


def test_a_forecast_counts_for_the_cover_where_there_is_one():
    falling = Outlook(30.0, 20.0, 45.0)
    assert "overstocked" in kinds(replace(STEADY, stock_level=300, outlook=falling))


def test_a_trend_is_one_only_outside_the_interval():
    insight = one(replace(STEADY, outlook=Outlook(200.0, 150.0, 260.0)), "demand_falls")
    assert insight.money_at_stake == pytest.approx(400)
    assert insight.finding == "The forecast for the next 30 days is 200 units, after 300 (-33.3 %)."
    assert kinds(replace(STEADY, outlook=Outlook(400.0, 350.0, 460.0))) == ["demand_rises"]
    assert kinds(replace(STEADY, outlook=Outlook(250.0, 150.0, 320.0))) == []


def test_a_segment_that_carries_the_product_is_at_risk_as_it_churns():
    champions = SegmentShare("Champion", 700.0, -1.2, 5.0)
    lost = SegmentShare("Lost", 300.0, -2.0, 90.0)
    insight = one(replace(STEADY, segments=(champions, lost)), "segment_carries_product")
    assert insight.money_at_stake == pytest.approx(3000 * 0.7 * 0.05)
    assert insight.evidence["elasticity"] == -1.2
    assert insight.finding == (
        "Customers in the segment Champion bring 70.0 % of its revenue; their churn risk is 5.0 %."
    )
    swapped = (replace(champions, revenue=300.0), replace(lost, revenue=700.0))
    assert one(replace(STEADY, segments=swapped), "segment_carries_product").action.kind == "win_back"
    assert kinds(replace(STEADY, segments=(champions,))) == []
    thirds = tuple(SegmentShare(name, 100.0, None, 50.0) for name in ("Champion", "At Risk", "Lost"))
    assert kinds(replace(STEADY, segments=thirds)) == []


def test_nothing_known_gives_nothing():
    assert find_insights(ProductView(price=None, cost=None)) == []


amounts = st.none() | st.floats(0, 1e6)
views = st.builds(
    ProductView,
    price=st.none() | st.floats(0.01, 1e5),
    cost=amounts,
    cost_assumed=st.booleans(),
    units=st.floats(0, 1e6),
    revenue=st.floats(-1e6, 1e6),
    grade=st.sampled_from(["", "A", "B", "C", "D"]),
    elasticity=st.none() | st.floats(-10, 5),
    sold_days=st.integers(0, 1000),
    days_since_sale=st.none() | st.integers(0, 5000),
    target_margin=st.none() | st.floats(0, 0.99),
    stock_level=st.none() | st.floats(-1e5, 1e6),
    target_stock=amounts,
    recommended=st.none()
    | st.builds(
        Recommended,
        st.floats(0.01, 1e5), st.booleans(), st.none() | st.floats(-1e6, 1e6), st.none() | st.floats(0, 1),
        st.none() | st.floats(0.01, 1e5), st.none() | st.floats(-1e6, 1e6), st.just("Why."),
    ),
    market=st.none()
    | st.builds(
        Market, st.floats(0.01, 1e5), st.floats(0.01, 1e5), st.integers(1, 9),
        st.none() | st.floats(-1e6, 1e6), st.none() | st.floats(0, 1),
    ),
    segments=st.lists(
        st.builds(
            SegmentShare, st.sampled_from(["Champion", "Lost"]), st.floats(-1e5, 1e5),
            st.none() | st.floats(-9, 3), st.floats(0, 100),
        ),
        max_size=6,
    ),
    outlook=st.none() | st.builds(Outlook, st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6)),
)  # fmt: skip


@given(views)
def test_findings_are_ranked_sure_and_never_negative(view):
    found = find_insights(view)
    stakes = [insight.money_at_stake for insight in found]
    assert stakes == sorted(stakes, reverse=True)
    assert all(
        stake >= 0 and 0 <= insight.confidence <= 1 for stake, insight in zip(stakes, found, strict=True)
    )
    assert len({insight.kind for insight in found}) == len(found)
    for insight in found:
        assert insight.finding.endswith(".")
        assert insight.action.text.endswith(".")
        assert "nan" not in insight.finding


def test_where_prices_include_tax_findings_compare_the_net_price_with_the_cost():
    taxed = replace(STEADY, price=12.0, tax_factor=1.2)
    assert taxed.unit_margin == pytest.approx(4)
    assert one(replace(taxed, cost=10.5), "below_cost").money_at_stake == pytest.approx(150)
    assert "below_cost" not in kinds(replace(taxed, cost=9.9))
    insight = one(replace(taxed, target_margin=0.45), "margin_below_target")
    # 40 % net; 45 % would be 6 / 0.55 = 10.909 net, which is 13.09 with tax.
    assert insight.evidence["margin"] == pytest.approx(0.4)
    assert insight.evidence["price_at_target"] == pytest.approx(13.0909, abs=1e-4)
    assert insight.money_at_stake == pytest.approx(272.73, abs=0.01)
    assert "Buy for 5.50 a unit" in insight.action.text


@pytest.mark.parametrize(("code", "text"), [("JPY", "Propose 11."), ("KWD", "Propose 11.000.")])
def test_prices_are_written_as_the_currency_has_them(code, text):
    insight = one(replace(STEADY, recommended=RAISE, currency=find_currency(code)), "price_below_optimum")
    assert insight.action.text == text
