"""Fit and refresh on a small simulated shop: what must not change an estimate, and what must."""

import json
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pytest

from pricing.elasticity.core.constants import BORROWED_ERROR
from pricing.elasticity.core.estimates import pooled_estimates
from pricing.elasticity.core.pooled import (
    FLAGS,
    NOT_CONVERGED,
    Hyperparameters,
    Posterior,
    fit,
    fit_pooled,
    flag_names,
    refresh,
    solve,
)
from pricing.elasticity.core.pooled import products as products_module
from pricing.elasticity.core.pooled.hyperparameters import Normal, product_priors
from pricing.elasticity.core.pooled.solve import Batch, Fit
from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from tests.daily import take_products
from tests.dgp import REGULAR, SimulatedShop, simulate_shop

NUMBERS = [
    "elasticity",
    "std_error",
    "ci_low",
    "ci_high",
    "own_elasticity",
    "own_std_error",
    "weight",
    "prior_mean",
    "prior_std_error",
    "confidence",
]


@dataclass(frozen=True)
class FittedShop:
    shop: SimulatedShop
    daily: DailySales
    category: np.ndarray
    hyper: Hyperparameters
    posterior: Posterior


@lru_cache
def fitted_shop() -> FittedShop:
    shop = simulate_shop(replace(REGULAR, products=90, categories=5, days=400, customers=400), 11)
    lines = SalesLines(**shop.lines, voided=np.zeros(shop.product.size, np.bool_))
    daily = daily_sales(lines, clean_lines(lines, 90), 90)
    category = np.where(shop.product_category == 4, -1, shop.product_category)
    hyper = fit_pooled(daily, category, np.unique(daily.day))
    return FittedShop(shop, daily, category, hyper, refresh(daily, category, hyper))


def assert_same(one: Posterior, other: Posterior, rtol: float = 1e-9) -> None:
    for name in NUMBERS:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=rtol, err_msg=name)
    for name in {field.name for field in fields(Posterior)} - set(NUMBERS):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def chosen(posterior: Posterior, products: np.ndarray) -> Posterior:
    return Posterior(*(getattr(posterior, field.name)[products] for field in fields(Posterior)))


@pytest.mark.parametrize("products", [[7], [60, 3, 41], list(range(0, 90, 4)), list(range(89, -1, -1))])
def test_a_subset_refreshed_alone_gets_what_the_full_run_published(products: list[int]) -> None:
    shop, at = fitted_shop(), np.array(products)
    alone = refresh(take_products(shop.daily, at), shop.category[at], shop.hyper)
    assert_same(alone, chosen(shop.posterior, at))


def test_hyperparameters_survive_json_to_the_last_bit() -> None:
    shop = fitted_shop()
    restored = Hyperparameters.from_dict(json.loads(json.dumps(shop.hyper.to_dict())))
    assert restored.to_dict() == shop.hyper.to_dict()
    again = refresh(shop.daily, shop.category, restored)
    for name in NUMBERS:
        np.testing.assert_array_equal(getattr(again, name), getattr(shop.posterior, name))


def test_hyperparameters_of_another_version_are_refused() -> None:
    values = fitted_shop().hyper.to_dict()
    del values["season"]
    with pytest.raises(ValueError, match="version"):
        Hyperparameters.from_dict(values)


def test_the_currency_does_not_matter() -> None:
    shop = fitted_shop()
    cents = replace(shop.daily, list_price=shop.daily.list_price * 100)
    hyper = fit_pooled(cents, shop.category, np.unique(shop.daily.day))
    assert_same(refresh(cents, shop.category, hyper), shop.posterior)


def test_the_unit_of_measure_does_not_matter() -> None:
    shop = fitted_shop()
    grams = replace(shop.daily, units=shop.daily.units * 1000)
    hyper = fit_pooled(grams, shop.category, np.unique(shop.daily.day))
    assert_same(refresh(grams, shop.category, hyper), shop.posterior)


def test_the_numbering_of_products_and_categories_does_not_matter() -> None:
    shop = fitted_shop()
    order = np.random.default_rng(2).permutation(90)
    names = np.array([40, 10, 30, 20])
    category = np.where(shop.category >= 0, names[shop.category], -1)[order]
    daily = take_products(shop.daily, order)
    hyper = fit_pooled(daily, category, np.unique(daily.day))
    assert_same(refresh(daily, category, hyper), chosen(shop.posterior, order))


def test_a_published_estimate_weighs_own_data_against_the_category() -> None:
    posterior = fitted_shop().posterior
    identified = np.isfinite(posterior.own_elasticity)
    assert identified.sum() > 60
    mixed = posterior.weight * posterior.own_elasticity + (1 - posterior.weight) * posterior.prior_mean
    # Not exactly: each part of demand is weighed for itself.
    np.testing.assert_allclose(mixed[identified], posterior.elasticity[identified], atol=0.7)
    assert np.corrcoef(mixed[identified], posterior.elasticity[identified])[0, 1] > 0.95
    assert (posterior.std_error > posterior.prior_std_error)[posterior.estimated].all()


@pytest.mark.parametrize("silent", ["frequency", "quantity"])
def test_a_part_of_demand_that_knows_nothing_leaves_no_weight(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = fitted_shop()
    whole = products_module.solve_with_dispersion

    def solve(prepared: list[Batch], prior: Normal, *args: float, per_unit: bool) -> Fit:
        fitted = whole(prepared, prior, *args, per_unit=per_unit)
        if (silent == "quantity") == per_unit:
            fitted.coefficients[:, 1] = prior.mean[:, 1]
            fitted.covariance[:, 1, 1] = 1 / prior.precision[:, 1]
        return fitted

    monkeypatch.setattr(products_module, "solve_with_dispersion", solve)
    found = refresh(shop.daily, shop.category, shop.hyper)
    assert (shop.posterior.weight[found.estimated] > 0.1).mean() > 0.8
    assert (found.weight[found.estimated] == 0).all()
    assert np.isnan(found.own_elasticity).all()
    assert set(found.grade[found.estimated]) == {"D"}


def test_what_the_sales_alone_say_is_the_sum_of_what_the_parts_say_alone() -> None:
    shop, product = fitted_shop(), int(np.argmax(fitted_shop().posterior.weight))
    vague = json.loads(json.dumps(shop.hyper.to_dict()))
    for part in ("frequency", "quantity"):
        vague[part]["sd"][1] = 50.0
    alone = refresh(shop.daily, shop.category, Hyperparameters.from_dict(vague))
    assert alone.weight[product] > 0.99
    assert alone.elasticity[product] == pytest.approx(shop.posterior.own_elasticity[product], abs=0.05)
    assert alone.own_std_error[product] == pytest.approx(shop.posterior.own_std_error[product], rel=0.05)


def test_products_of_an_unknown_category_are_shrunk_to_the_mean_over_categories() -> None:
    shop, at = fitted_shop(), np.array([5, 6])
    daily = take_products(shop.daily, at)
    new = refresh(daily, np.array([777, 778]), shop.hyper)
    frequency, quantity = shop.hyper.frequency.mean[1], shop.hyper.quantity.mean[1]
    np.testing.assert_allclose(new.prior_mean, frequency - quantity)
    assert not any("NO_CATEGORY" in flag_names(int(bits)) for bits in new.flags)
    assert (new.std_error > 0).all()


def test_a_product_of_an_unknown_category_may_be_off_by_what_categories_differ_as_well() -> None:
    part = fitted_shop().hyper.frequency
    part = replace(part, sd=np.full(part.sd.size, 0.3), between_sd=0.4)
    part = replace(part, group_variance=np.full(part.group_variance.size, 0.01), overall_variance=0.02)
    priors = product_priors(part, np.array([0, -1]))
    assert (1 / priors.precision[:, 1]).tolist() == pytest.approx([0.09, 0.09 + 0.16])
    assert priors.price_mean_variance.tolist() == [0.01, 0.02]


def test_the_interval_holds_what_the_model_misses_and_what_is_borrowed_errs_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = fitted_shop()
    posterior = shop.posterior
    of = posterior.estimated
    half = (posterior.ci_high - posterior.ci_low)[of] / 2
    beyond = (half / 1.959964) ** 2 - posterior.std_error[of] ** 2
    # .16 whatever the product; of both, .3 of what is its category's.
    np.testing.assert_allclose(beyond, 0.0256, rtol=1e-4)
    borrowed = 1 - posterior.weight[of]
    assert np.ptp(borrowed) > 0.3
    monkeypatch.setattr("pricing.elasticity.core.pooled.posterior.BORROWED_ERROR", 0.0)
    without = refresh(shop.daily, shop.category, shop.hyper)
    np.testing.assert_allclose(
        posterior.std_error[of] ** 2 - without.std_error[of] ** 2, 0.09 * borrowed**2, rtol=1e-6
    )


@pytest.mark.parametrize(
    ("alarm", "score", "added"), [("placebo", 5.0, 0.0529), ("fading", 5.0, 0.0529), ("sold_out", 9.0, 0.16)]
)
def test_a_doubtful_estimate_may_be_off_by_more(alarm: str, score: float, added: float) -> None:
    # .23 where prices follow sales or a response fades, .4 where stock ends at low prices.
    shop = fitted_shop()
    hyper = replace(shop.hyper, placebo=0.0, fading=0.0, sold_out=0.0)
    before = refresh(shop.daily, shop.category, hyper)
    after = refresh(shop.daily, shop.category, replace(hyper, **{alarm: score}))
    # Products that seem to sell out have the larger of both already.
    calm = shop.posterior.estimated & ((before.flags & FLAGS["SELLS_OUT"]) == 0)
    assert calm.sum() > 60
    np.testing.assert_array_equal(after.elasticity, before.elasticity)
    for name in ("std_error", "total_error"):
        grown = getattr(after, name)[calm] ** 2 - getattr(before, name)[calm] ** 2
        np.testing.assert_allclose(grown, added, rtol=1e-6)


def test_what_has_several_prices_says_nothing_of_its_category_unless_most_are_like_it() -> None:
    shop = fitted_shop()
    open_days = np.unique(shop.daily.day)
    # Whoever bought that day at whichever price: the list price of every fourth product jumps by half from day to day.
    several = np.arange(shop.category.size) % 4 == 0
    jumps = several[shop.daily.product] & (np.arange(shop.daily.product.size) % 2 == 0)
    misread = replace(shop.daily, list_price=np.where(jumps, 0.5, 1.0) * shop.daily.list_price)
    right = shop.hyper.frequency.group_mean
    taken, left = (
        fit_pooled(misread, shop.category, open_days, several_prices=flags).frequency.group_mean
        for flags in (np.zeros_like(several), several)
    )
    assert np.abs(taken - right).max() > 0.3
    assert np.abs(left - right).max() < 0.5 * np.abs(taken - right).max()
    most = fit_pooled(
        misread, shop.category, open_days, several_prices=np.arange(shop.category.size) % 4 != 0
    )
    np.testing.assert_array_equal(most.frequency.group_mean, taken)


def test_own_sales_at_several_prices_say_less_and_the_category_more() -> None:
    # An error of .9 that the sales do not show beside what they say of their own error: the more they seemed to know, the
    # more of it is left to the category.
    shop = fitted_shop()
    hyper = replace(shop.hyper, placebo=0.0, fading=0.0, sold_out=0.0)
    before = refresh(shop.daily, shop.category, hyper)
    several = np.arange(shop.category.size) % 2 == 0
    after = refresh(shop.daily, shop.category, hyper, several_prices=several)
    calm = (before.flags & FLAGS["SELLS_OUT"]) == 0
    known = before.estimated & several & calm & (before.weight > 0.3)
    assert known.sum() > 15
    grown = after.own_std_error[known] ** 2 - before.own_std_error[known] ** 2
    assert grown.min() > 0.81 * (1 - 1e-6)
    assert np.median(grown) < 1.0  # more only as far as not all information is the product's own
    assert (after.weight[known] < 0.75 * before.weight[known]).all()
    far = known & (np.abs(before.elasticity - before.prior_mean) > 0.3)
    assert far.sum() > 5
    nearer = np.abs(after.elasticity - after.prior_mean) < np.abs(before.elasticity - before.prior_mean)
    assert nearer[far].all()
    assert (after.std_error[known] > before.std_error[known]).all()
    others = before.estimated & ~several
    np.testing.assert_array_equal(after.elasticity[others], before.elasticity[others])
    np.testing.assert_array_equal(after.weight[others], before.weight[others])


def test_products_without_a_category_are_flagged() -> None:
    shop = fitted_shop()
    flagged = (shop.posterior.flags & FLAGS["NO_CATEGORY"]) > 0
    np.testing.assert_array_equal(flagged, shop.category == -1)


def test_a_fit_says_that_it_settled_and_how_long_it_took() -> None:
    shop = fitted_shop()
    assert (shop.hyper.converged, shop.hyper.iterations > 5) == (True, True)
    assert shop.posterior.converged.all()
    assert shop.posterior.iterations[shop.posterior.estimated].min() >= 1
    assert not (shop.posterior.flags & FLAGS[NOT_CONVERGED]).any()


def test_a_product_whose_fit_is_cut_short_is_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = fitted_shop()
    monkeypatch.setattr(solve, "MOST_STEPS", 1)
    cut = refresh(shop.daily, shop.category, shop.hyper)
    short = cut.estimated & ~cut.converged
    assert short.sum() > 10
    np.testing.assert_array_equal((cut.flags & FLAGS[NOT_CONVERGED]) > 0, ~cut.converged)
    rows = {row.product: row for row in pooled_estimates(cut, [[]] * shop.category.size)}
    for product in np.flatnonzero(cut.estimated).tolist():
        assert (NOT_CONVERGED in rows[product].flags) is bool(short[product])


def test_a_shop_whose_fit_is_cut_short_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = fitted_shop()
    monkeypatch.setattr(fit, "ROUNDS", 1)
    assert not fit_pooled(shop.daily, shop.category, np.unique(shop.daily.day)).converged


def test_what_the_first_release_stored_is_still_understood() -> None:
    shop = fitted_shop()
    stored = json.loads(json.dumps(shop.hyper.to_dict()))
    stored["rate"], stored["size"] = stored.pop("frequency"), stored.pop("quantity")
    for name in ("converged", "iterations"):
        del stored[name]
    for part in ("rate", "size"):
        for name in ("mean", "sd"):
            stored[part][name] = stored[part][name][:7]
    again = refresh(shop.daily, shop.category, Hyperparameters.from_dict(stored))
    held = shop.hyper.to_dict()
    for part in ("frequency", "quantity"):
        held[part]["mean"][7:] = [0.0] * 4
        held[part]["sd"][7:] = [1e-4] * 4
    expected = refresh(shop.daily, shop.category, Hyperparameters.from_dict(held))
    assert_same(again, expected, rtol=0)
    assert np.abs(again.elasticity - shop.posterior.elasticity)[again.estimated].max() > 0.01


def test_a_product_without_usable_sales_has_no_number_at_all() -> None:
    shop, at = fitted_shop(), np.array([5, 6])
    daily = take_products(shop.daily, at)
    silent = replace(
        daily,
        units=np.where(daily.product == 1, 0.0, daily.units),
        lines=np.where(daily.product == 1, 0, daily.lines),
    )
    posterior = refresh(silent, shop.category[at], shop.hyper)
    assert posterior.estimated.tolist() == [True, False]
    assert all(np.isnan(getattr(posterior, name)[1]) for name in NUMBERS)
    assert posterior.grade[1] == ""


def test_a_constant_price_leaves_the_category_estimate() -> None:
    shop, at = fitted_shop(), np.array([5])
    daily = take_products(shop.daily, at)
    flat = replace(
        daily, list_price=np.full(daily.day.size, 3.0), promotion=np.zeros(daily.day.size, np.bool_)
    )
    posterior = refresh(flat, shop.category[at], shop.hyper)
    assert posterior.elasticity[0] == pytest.approx(posterior.prior_mean[0], abs=1e-9)
    assert posterior.weight[0] == pytest.approx(0, abs=1e-9)
    assert np.isnan(posterior.own_elasticity[0])
    assert posterior.grade[0] == "D"
    names = flag_names(int(posterior.flags[0]))
    assert {"NO_PRICE_VARIATION", "PRIOR_DOMINATED"} <= set(names)


def test_no_rows_give_no_estimates() -> None:
    shop = fitted_shop()
    nothing = take_products(shop.daily, np.zeros(0, np.int64))
    posterior = refresh(nothing, np.array([0, 1]), shop.hyper)
    assert posterior.estimated.tolist() == [False, False]


def test_products_share_the_error_of_their_category_as_far_as_they_borrow_from_it() -> None:
    products = SimpleNamespace(prior_std_error=np.array([0.3, 0.3]), weight=np.array([1.0, 0.0]))
    shared = Posterior.shared_error.fget(products)  # type: ignore[attr-defined]
    assert shared.tolist() == pytest.approx([0.3, np.hypot(0.3, BORROWED_ERROR)])


def test_a_window_forgets_sales_outside_it() -> None:
    shop = fitted_shop()
    first = int(shop.daily.day.min())
    window = (first, first + 199)
    inside = shop.daily.day < first + 200
    cut = DailySales(*(getattr(shop.daily, name)[inside] for name in DailySales.__slots__))
    windowed = refresh(shop.daily, shop.category, shop.hyper, window)
    assert (windowed.sold_days == np.bincount(cut.product[cut.lines > 0], minlength=90)).all()
    assert windowed.weight[windowed.estimated].mean() < shop.posterior.weight[windowed.estimated].mean()
    assert np.corrcoef(windowed.elasticity, refresh(cut, shop.category, shop.hyper).elasticity)[0, 1] > 0.99


def test_new_days_after_the_fit_refresh_without_a_season_of_their_own() -> None:
    shop, at = fitted_shop(), np.array([5])
    daily = take_products(shop.daily, at)
    later = replace(daily, day=daily.day + 5000)
    posterior = refresh(later, shop.category[at], shop.hyper)
    assert np.isfinite(posterior.elasticity).all()
    assert posterior.sold_days[0] == shop.posterior.sold_days[5]


def test_under_a_year_of_data_products_have_no_yearly_waves() -> None:
    shop = fitted_shop()
    assert shop.hyper.yearly
    inside = shop.daily.day < shop.daily.day.min() + 300
    short = DailySales(*(getattr(shop.daily, name)[inside] for name in DailySales.__slots__))
    assert not fit_pooled(short, shop.category, np.unique(short.day)).yearly


def test_small_categories_share_a_group() -> None:
    shop = fitted_shop()
    category = shop.category.copy()
    category[:6] = [100, 100, 100, 200, 200, 200]
    hyper = fit_pooled(shop.daily, category, np.unique(shop.daily.day))
    groups = hyper.groups_of(np.array([100, 200, 0, 1, 999]))
    assert groups[0] == groups[1]
    assert len(set(groups.tolist())) == 4
    assert groups[4] == -1


def test_a_shop_without_usable_sales_cannot_be_fitted() -> None:
    shop = fitted_shop()
    unpriced = replace(shop.daily, list_price=np.full(shop.daily.day.size, np.nan))
    with pytest.raises(ValueError, match="nothing to fit"):
        fit_pooled(unpriced, shop.category, np.unique(shop.daily.day))


def test_a_handful_of_products_can_be_fitted() -> None:
    shop, at = fitted_shop(), np.array([5, 9])
    daily = take_products(shop.daily, at)
    hyper = fit_pooled(daily, np.array([-1, -1]), np.unique(daily.day))
    posterior = refresh(daily, np.array([-1, -1]), hyper)
    assert np.isfinite(posterior.elasticity).all()
    assert (posterior.elasticity < 1).all()


def test_a_shop_whose_every_line_is_of_one_unit_has_elasticities() -> None:
    shop = fitted_shop().shop
    raw = dict(shop.lines)
    raw["quantity"] = np.sign(raw["quantity"])
    lines = SalesLines(**raw, voided=np.zeros(shop.product.size, np.bool_))
    daily = daily_sales(lines, clean_lines(lines, 90), 90)
    category = np.zeros(90, np.int64)
    posterior = refresh(daily, category, fit_pooled(daily, category, np.unique(daily.day)))
    assert posterior.estimated.any()
    for name in NUMBERS[:4]:
        assert np.all(np.isfinite(getattr(posterior, name)[posterior.estimated])), name
    assert np.all(posterior.elasticity[posterior.estimated] < 0)
