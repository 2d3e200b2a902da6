"""Prices in any currency: every one that comes out is a multiple of its smallest unit."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elastix.currency import CURRENCIES, find_currency
from pricing.bundles.core.bundles import bundle
from pricing.recommendation.core.constrained import constrain_price
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs, PricingStrategy
from pricing.recommendation.core.joint import choose_together
from pricing.recommendation.core.limits import broken_rule, price_limits
from pricing.recommendation.core.optimum import price_endings_near
from pricing.recommendation.core.recommendation import recommend
from pricing.recommendation.core.scenarios import preset_prices, steps_towards

YEN, DINAR = find_currency("JPY"), find_currency("KWD")


def endings_of(currency) -> tuple[int, ...]:
    return tuple(map(int, currency.endings))


def whole(currency, *prices) -> bool:
    units = currency.per_one * np.concatenate([np.ravel(each) for each in prices])
    units = units[np.isfinite(units)]
    return bool(np.all(np.abs(units - np.rint(units)) < 1e-6))


@st.composite
def shops(draw):
    """A currency, and a few products whose prices are whole in it: a price in units, a cost as a share of it."""
    currency = draw(st.sampled_from(sorted(CURRENCIES.values(), key=lambda each: each.code)))
    count = draw(st.integers(1, 4))
    units = draw(st.lists(st.integers(1, 2_000_000), min_size=count, max_size=count))
    shares = draw(st.lists(st.floats(0.05, 1.2), min_size=count, max_size=count))
    price = np.array(units) / currency.per_one
    elasticities = st.lists(st.floats(-5, -0.05), min_size=count, max_size=count)
    inputs = PricingInputs.of(
        price=price,
        cost=np.round(price * shares, 4),
        elasticity=draw(elasticities),
        std_error=draw(st.floats(0.01, 0.5)),
        quantity=draw(st.integers(0, 500)),
        currency=currency,
    )
    asked = {
        "max_change": draw(st.floats(0, 1)),
        "minimum_margin": draw(st.none() | st.floats(0, 0.5)),
        "target_margin": 0.3,
    }
    return inputs, PriceConstraints.of(count, **asked)


@given(shops(), st.sampled_from(["profit", "revenue", "target_margin", "markup"]), st.booleans())
@settings(deadline=None, max_examples=150)
def test_every_price_is_whole_in_its_currency(shop, strategy, any_ending) -> None:
    inputs, constraints = shop
    currency = inputs.currency
    advice = recommend(
        inputs,
        constraints,
        PricingStrategy(strategy, price_endings=() if any_ending else endings_of(currency)),
    )
    presets = preset_prices(advice, 0.97 * inputs.price)
    steps = [each.price for index in range(inputs.count) for each in steps_towards(advice, index)]
    bound = [each.bound for index in range(inputs.count) for each in advice.of_product(index).limits]
    assert whole(currency, advice.price, advice.best_price, *presets.values(), np.array(steps, float))
    assert all(currency.fits(each) for each in bound)
    assert advice.limits.allows(advice.price[advice.moved]).all() if advice.moved.all() else True


@given(shops(), st.floats(0.5, 2))
@settings(deadline=None, max_examples=60)
def test_prices_chosen_together_and_prices_of_rules_are_whole(shop, factor) -> None:
    inputs, constraints = shop
    limits, count = price_limits(inputs, constraints), inputs.count
    cross = np.where(np.eye(count, dtype=bool), 0.0, 0.2)
    together = choose_together(
        inputs,
        (limits.low, limits.high),
        limits.feasible,
        inputs.price,
        [endings_of(inputs.currency)] * count,
        cross,
    )
    ruled = constrain_price(factor * inputs.price, inputs, constraints)
    assert whole(inputs.currency, together.price)
    assert ruled.price.dtype == np.int64


def test_yen_end_in_80_or_98_and_have_no_decimals() -> None:
    inputs = PricingInputs.of(price=500, cost=225, elasticity=-1.2, std_error=0.1, quantity=300, currency=YEN)
    advice = recommend(inputs, PriceConstraints.of(1), PricingStrategy(price_endings=endings_of(YEN)))
    found = advice.of_product(0)
    # 15 % above 500 is 575; of 480, 498 and 580 none lies above 500 and below it, so the price is to the yen.
    assert str(found.recommended_price) == "575"
    wider = recommend(
        inputs, PriceConstraints.of(1, max_change=0.4), PricingStrategy(price_endings=endings_of(YEN))
    )
    # Linear demand alone is best at (225 + 500 (1 + 1/1.2)) / 2 = 571, with constant elasticity higher.
    assert str(wider.of_product(0).recommended_price) == "598"
    assert {str(each.bound) for each in found.limits} == {"248", "425", "575", "1125"}


def test_dinars_have_three_decimals() -> None:
    inputs = PricingInputs.of(
        price=1.375, cost=0.55, elasticity=-1.2, std_error=0.1, quantity=300, currency=DINAR
    )
    advice = recommend(
        inputs, PriceConstraints.of(1, max_change=0.1), PricingStrategy(price_endings=endings_of(DINAR))
    )
    found = advice.of_product(0)
    # 1.375 and a tenth: 1.512 at most; 1.490 keeps more than half of the gain.
    assert [str(found.current_price), str(found.recommended_price)] == ["1.375", "1.490"]
    assert "1.512" in {str(each.bound) for each in found.limits}


def test_endings_are_as_long_as_those_of_the_currency() -> None:
    cents, allowed = price_endings_near(np.array([1.375]), np.array([1]), np.array([5000]), (490, 990), DINAR)
    assert sorted(cents[allowed].tolist()) == [490, 990, 1490, 1990, 2490, 2990]


def test_a_proposed_price_is_held_to_the_cost_in_its_own_currency() -> None:
    broken = broken_rule(Decimal("1.374"), currency=DINAR, cost=Decimal("1.3750"))
    assert broken is not None and broken.reason == "1.374 is below the cost of 1.375"
    assert broken_rule(Decimal("1.375"), currency=DINAR, cost=Decimal("1.3750")) is None
    broken = broken_rule(Decimal(120), currency=YEN, cost=Decimal("120.4"))
    assert broken is not None and broken.reason == "120 is below the cost of 120.4"


@pytest.mark.parametrize(
    ("currency", "price"), [(YEN, "850"), (DINAR, "850.425"), (find_currency("GBP"), "850.43")]
)
def test_a_bundle_costs_a_whole_amount(currency, price) -> None:
    total = [Decimal("500.25"), Decimal("500.25")]
    assert str(bundle(total, [None, None], [10, 10], currency=currency).price) == price
