"""What experiments found, beside what sales say: posteriors computed by hand."""

from dataclasses import fields

import numpy as np
import pytest

from pricing.elasticity.core.pooled import FLAGS, Experiments, Findings, fit_pooled, refresh
from pricing.elasticity.core.pooled.experiments import (
    PooledElasticities,
    of_purchases,
    with_category,
    with_observations,
    with_products,
)
from pricing.elasticity.core.pooled.hyperparameters import PRICE, Normal
from tests.unit.pricing.test_pooled_refresh import fitted_shop

PRODUCTS = 90


def pooled(**changes: float) -> PooledElasticities:
    """Own sales say -1 and weigh half, the category says -2: -1.5, with a standard error of 0.5."""
    values = {
        "elasticity": -1.5,
        "variance": 0.25,
        "unpooled": -1.0,
        "unpooled_variance": 0.36,
        "weight": 0.5,
        "prior_mean": -2.0,
        "prior_mean_variance": 0.09,
        "prior_covariance": 0.045,
        "prior_variance": 0.0225,
    } | changes
    return PooledElasticities(**{name: np.array([value]) for name, value in values.items()})


def findings(*rows: tuple[int, float, float], products: int = 1) -> Findings:
    product, elasticity, error = (np.array(column) for column in zip(*rows, strict=True))
    return Findings.of(product, elasticity, error, products)


def numbers(one: PooledElasticities) -> dict[str, float]:
    return {field.name: round(float(getattr(one, field.name)[0]), 6) for field in fields(PooledElasticities)}


def test_experiments_of_one_product_are_averaged_by_their_precisions() -> None:
    found = findings((1, -1.0, 0.5), (1, -2.0, 0.25), (2, -3.0, 1.0), products=4)
    # Precisions 4 and 16: (4 x -1 + 16 x -2) / 20.
    np.testing.assert_allclose(found.elasticity, [0.0, -1.8, -3.0, 0.0])
    np.testing.assert_allclose(found.precision, [0.0, 20.0, 1.0, 0.0])


def test_an_experiment_as_exact_as_the_sales_weighs_half() -> None:
    both, share = with_products(pooled(), findings((0, -3.0, 0.5)))
    assert share.tolist() == [0.5]
    assert numbers(both) == {
        "elasticity": -2.25,
        "variance": 0.125,
        "unpooled": round(-1.75 / 0.75, 6),  # (0.5 x -3 + 0.25 x -1) / 0.75
        "unpooled_variance": round((0.25 * 0.25 + 0.0625 * 0.36) / 0.5625, 6),
        "weight": 0.75,
        "prior_mean": -2.0,
        "prior_mean_variance": 0.09,
        "prior_covariance": 0.0225,
        "prior_variance": 0.005625,
    }
    # It is still own and category by their weights: 0.75 x own + 0.25 x -2.
    assert both.weight * both.unpooled + (1 - both.weight) * both.prior_mean == pytest.approx(both.elasticity)


def test_where_sales_say_nothing_the_own_elasticity_is_the_experiments() -> None:
    both, share = with_products(
        pooled(unpooled=np.nan, unpooled_variance=np.inf, weight=0.0, elasticity=-2.0, variance=1.0),
        findings((0, -1.0, 0.5)),
    )
    assert share.tolist() == [0.8]
    assert numbers(both) | {"prior_mean_variance": 0, "prior_covariance": 0, "prior_variance": 0} == {
        "elasticity": -1.2, "variance": 0.2, "unpooled": -1.0, "unpooled_variance": 0.25, "weight": 0.8, "prior_mean": -2.0,
        "prior_mean_variance": 0, "prior_covariance": 0, "prior_variance": 0,
    }  # fmt: skip


def test_what_was_found_of_a_category_moves_its_mean_and_what_leans_on_it() -> None:
    # The mean: -2 +- 0.3 meets -1.4 +- 0.3. The elasticity follows by half of that, its own sales weigh the rest.
    moved = with_category(pooled(), findings((0, -1.4, 0.3)))
    assert numbers(moved) == {
        "elasticity": -1.35,
        "variance": 0.23875,
        "unpooled": -1.0,
        "unpooled_variance": 0.36,
        "weight": 0.5,
        "prior_mean": -1.7,
        "prior_mean_variance": 0.045,
        "prior_covariance": 0.0225,
        "prior_variance": 0.01125,
    }


def test_products_without_experiments_stay_as_they_are() -> None:
    nothing = Findings(np.zeros(1), np.zeros(1))
    both, share = with_products(with_category(pooled(), nothing), nothing)
    assert numbers(both) == numbers(pooled())
    assert share.tolist() == [0.0]


def test_lines_per_unit_are_taken_off_what_was_found_of_units() -> None:
    # Units -2 +- 0.3, lines per unit 0.5 +- 0.4: purchases -1.5 +- 0.5.
    prior = Normal(np.full((2, 12), 0.5), np.full((2, 12), 0.4**-2), np.zeros(2))
    seen = of_purchases(findings((0, -2.0, 0.3), products=2), prior)
    np.testing.assert_allclose(seen.precision, [4.0, 0.0])
    np.testing.assert_allclose(seen.weighted, [-6.0, 0.0])
    # With a prior of 0.5 +- 0.5 that is halfway.
    updated = with_observations(Normal(prior.mean, np.full((2, 12), 4.0), prior.price_mean_variance), seen)
    np.testing.assert_allclose(updated.mean[:, PRICE], [-0.5, 0.5])
    np.testing.assert_allclose(updated.precision[:, PRICE], [8.0, 4.0])
    np.testing.assert_array_equal(updated.mean[:, 0], prior.mean[:, 0])


def test_a_refresh_takes_in_what_experiments_found() -> None:
    shop = fitted_shop()
    before = shop.posterior
    found = findings((7, -4.0, 0.1), (8, -1.0, 9.0), products=PRODUCTS)
    nothing = Findings(np.zeros(PRODUCTS), np.zeros(PRODUCTS))
    after = refresh(
        shop.daily, shop.category, shop.hyper, experiments=Experiments(product=found, category=nothing)
    )
    # All errors of the sales' estimate count; what the model misses is left in its share of the whole.
    precision = before.total_error[7] ** -2
    missed = 0.16
    assert before.total_error[7] ** 2 - before.std_error[7] ** 2 == pytest.approx(missed**2)
    missed *= precision / (precision + 100)
    expected = (precision * before.elasticity[7] - 4.0 * 100) / (precision + 100)
    assert after.elasticity[7] == pytest.approx(expected, rel=1e-9)
    assert after.total_error[7] == pytest.approx((precision + 100) ** -0.5, rel=1e-9)
    assert after.std_error[7] == pytest.approx((1 / (precision + 100) - missed**2) ** 0.5, rel=1e-9)
    assert (after.evidence[7], after.grade[7]) == ("experimental", "A")
    assert after.evidence[8] == before.evidence[8]
    others = np.setdiff1d(np.arange(PRODUCTS), [7, 8])
    np.testing.assert_array_equal(after.elasticity[others], before.elasticity[others])
    np.testing.assert_array_equal(after.std_error[others], before.std_error[others])


def test_doubts_about_sales_do_not_count_where_an_experiment_says_most() -> None:
    shop = fitted_shop()
    doubted = np.ones(PRODUCTS, np.bool_)
    nothing = Findings(np.zeros(PRODUCTS), np.zeros(PRODUCTS))
    found = Experiments(findings((7, -2.0, 0.05), products=PRODUCTS), nothing)
    after = refresh(shop.daily, shop.category, shop.hyper, several_prices=doubted, experiments=found)
    flagged = (after.flags & FLAGS["SEVERAL_PRICES"]) > 0
    assert not flagged[7]
    assert flagged[np.arange(PRODUCTS) != 7].all()
    assert after.grade[7] == "A"
    assert set(after.grade[np.arange(PRODUCTS) != 7]) <= {"C", "D"}


def test_a_fit_pools_what_experiments_found() -> None:
    shop = fitted_shop()
    of_group = np.flatnonzero(shop.category == 1)
    assert of_group.size >= 8
    rows = [(int(product), -6.0, 0.05) for product in of_group[: of_group.size // 2]]
    nothing = Findings(np.zeros(PRODUCTS), np.zeros(PRODUCTS))
    hyper = fit_pooled(
        shop.daily,
        shop.category,
        np.unique(shop.daily.day),
        Experiments(findings(*rows, products=PRODUCTS), nothing),
    )
    group = shop.hyper.groups_of(np.array([1]))[0]
    assert hyper.frequency.group_mean[group] < shop.hyper.frequency.group_mean[group] - 0.5
