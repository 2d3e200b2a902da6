"""What is said of a recommendation: its change, its warnings, and the sentences that explain it."""

from decimal import Decimal
from typing import Any

import pytest

from pricing.recommendation.core.inputs import REVENUE, PriceConstraints, PricingInputs, PricingStrategy
from pricing.recommendation.core.limits import Limit
from pricing.recommendation.core.rationale import rationale
from pricing.recommendation.core.recommendation import RecommendedPrice, recommend

STOPPING = (
    Limit("min_price", Decimal("9.00"), True),
    Limit("max_decrease", Decimal("8.99"), True),
    Limit("max_price", Decimal("20.00"), False),
    Limit("cost_floor", Decimal("8.98"), True),
)


def advise(policy: dict[str, Any], strategy: PricingStrategy | None = None, **facts: Any) -> RecommendedPrice:
    known = {"price": 10.0, "cost": 8.0, "elasticity": -2.5, "std_error": 0.05, "quantity": 100} | facts
    return recommend(PricingInputs.of(**known), PriceConstraints.of(1, **policy), strategy).of_product(0)


def advice(**facts: Any) -> RecommendedPrice:
    """A cut from 10.00 to 9.00 by the linear model."""
    known: dict[str, Any] = {
        "current_price": Decimal("10.00"), "recommended_price": Decimal("9.00"), "best_price": Decimal("9.00"),
        "unconstrained_price": Decimal("8.80"), "moved": True, "reason": "BEST_PRICE", "probability_of_gain": 0.84,
        "elasticity": -2.0, "std_error": 0.1, "cost": 5.0, "strategy": "profit", "demand_model": "linear", "warnings": (),
    }  # fmt: skip
    return RecommendedPrice(**known | facts)


def test_a_change_is_known_where_both_prices_are() -> None:
    ten, nine = Decimal("10.00"), Decimal("9.00")
    known = advice()
    assert (known.price_change, known.price_change_percent, known.cost_assumed) == (
        Decimal("-1.00"),
        -10.0,
        False,
    )
    for one, other in ((ten, None), (None, nine)):
        unknown = advice(current_price=one, recommended_price=other)
        assert (unknown.price_change, unknown.price_change_percent) == (None, None)


@pytest.mark.parametrize(("price", "warned"), [(8.5, False), (8.49, True)])
def test_a_price_at_its_cost_is_not_below_it(price: float, warned: bool) -> None:
    assert ("BELOW_COST" in advise({}, price=price, cost=8.5).warnings) == warned


def test_a_loss_of_profit_of_pence_is_warned_of_and_none_where_nothing_is_lost() -> None:
    # Revenue grows at elastic demand with a lower price, profit does not: of a tenth of a unit it is pence.
    revenue = PricingStrategy(REVENUE, "linear")
    lost = advise({"min_price": 9.0}, revenue, quantity=0.1)
    assert lost.moved and "LESS_PROFIT" in lost.warnings
    nothing = advise({"min_price": 9.0}, revenue, quantity=0)
    assert nothing.moved and "LESS_PROFIT" not in nothing.warnings


@pytest.mark.parametrize(
    ("facts", "sentences"),
    [
        (
            {},
            "Demand is elastic: buyers leave when the price rises, about 2.0 % of sales for each 1 %. The most profit would be "
            "made at 8.80. 9.00 is the best price allowed, and brings more profit than 10.00 with a probability of 84 %.",
        ),
        (
            {"strategy": "revenue", "elasticity": -0.6},
            "Demand is inelastic: most buyers stay when the price rises; each 1 % costs about 0.6 % of sales. The most revenue "
            "would come in at 8.80. 9.00 is the best price allowed, and brings more revenue than 10.00 with a probability of "
            "84 %.",
        ),
        (
            {"strategy": "markup", "elasticity": -1.0},
            "Demand is unit elastic: sales fall by about 1 % for each 1 % the price rises. The markup on the cost asks for a "
            "price of 8.80. 9.00 is the allowed price nearest to it, and brings more profit than 10.00 with a probability of "
            "84 %.",
        ),
    ],
)
def test_a_recommended_price_is_explained_by_its_strategy(facts: dict[str, Any], sentences: str) -> None:
    assert str(rationale(advice(**facts))) == sentences


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"unconstrained_price": Decimal(0)}, "Under this demand model revenue grows the lower the price is."),
        (
            {"unconstrained_price": None},
            "Under this demand model profit grows with the price without end, so only a limit can end the increase.",
        ),
        (
            {"unconstrained_price": None, "strategy": "revenue"},
            "Under this demand model revenue grows with the price without end, so only a limit can end the increase.",
        ),
        ({"probability_of_gain": 0.996}, "with a probability of more than 99 %."),
        ({"probability_of_gain": 0.994}, "with a probability of 99 %."),
        ({"probability_of_gain": 0.006}, "with a probability of 1 %."),
        ({"probability_of_gain": 0.004}, "with a probability of less than 1 %."),
        ({"warnings": ("BELOW_COST", "COOLDOWN")}, "84 %. The current price is below the cost."),
        (
            {"moved": False, "reason": "UNCERTAIN_GAIN", "probability_of_gain": 0.62},
            "9.00 looks better, but brings more profit with a probability of only 62 %, and 80 % is asked for. "
            "The price stays at 10.00.",
        ),
        (
            {"moved": False, "reason": "NO_BETTER_PRICE"},
            "No other allowed price is expected to do noticeably better. The price stays at 10.00.",
        ),
        (
            {"moved": False, "reason": "NO_BETTER_PRICE", "best_price": Decimal("10.00")},
            "No other price that ends as prices should is allowed. The price stays at 10.00.",
        ),
        (
            {
                "moved": False,
                "reason": "RELATION",
                "best_price": Decimal("10.00"),
                "limits": (Limit("relation_floor", Decimal("10.00"), True),),
            },
            "That is not allowed: beside the prices of related products it must be at least 10.00. Only together with the "
            "prices of the related products can it change. The price stays at 10.00.",
        ),
        (
            {"limits": STOPPING},
            "That is not allowed: the minimum price is 9.00, the largest decrease allowed ends at 8.99 and a price must be at "
            "least 1.1 times the cost (8.98).",
        ),
    ],
)  # fmt: skip
def test_what_is_particular_is_said(facts: dict[str, Any], sentence: str) -> None:
    assert sentence in str(rationale(advice(**facts)))


def test_what_leaves_nothing_to_choose_is_said_alone() -> None:
    held = advice(moved=False, reason="NO_COST", warnings=("COST_ASSUMED",), unconstrained_price=None)
    assert str(rationale(held)) == (
        "The cost is not known, so profits at other prices cannot be compared. The price stays at 10.00. "
        "The cost is assumed, which lowers the confidence."
    )
    limits = (Limit("min_price", Decimal("12.00"), True), Limit("max_increase", Decimal("11.50"), True))
    contradicted = advice(moved=False, reason="INFEASIBLE", limits=limits)
    assert str(rationale(contradicted)) == (
        "No price satisfies every rule: the minimum price is 12.00 and the largest increase allowed ends at 11.50. "
        "The price stays at 10.00."
    )


def test_what_the_elasticity_rests_on_is_said_where_it_is_known() -> None:
    said = "That is what a price experiment found."
    assert said in str(rationale(advice(), "experimental"))
    assert "That is" not in str(rationale(advice()))


def test_where_no_price_is_allowed_none_lies_outside_the_limits() -> None:
    assert "OUTSIDE_LIMITS" not in advise({"min_price": 12.0}).warnings
    stays = advise({"min_price": 10.2}, elasticity=None)
    assert "OUTSIDE_LIMITS" in stays.warnings and not stays.moved
    assert "OUTSIDE_LIMITS" not in advise({"min_price": 10.2}, cost=9.0).warnings


def test_an_error_belongs_to_an_elasticity() -> None:
    assert (advise({}).elasticity, advise({}).std_error) == (-2.5, 0.05)
    assert (advise({}, elasticity=None).elasticity, advise({}, elasticity=None).std_error) == (None, None)
