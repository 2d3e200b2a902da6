"""What the fit of the shop warns of: it did not converge; prices follow sales. Alerts while it lasts."""

from dataclasses import replace

import pytest
from rest_framework.test import APIClient

from elastix.alerts.models import Alert
from elastix.imports.models import ImportBatch
from elastix.jobs.recompute import RecomputePlan
from pricing.elasticity.selectors.fitted_model import fitted_model
from pricing.elasticity.services import price_tests
from pricing.elasticity.services.estimates import keep_model
from pricing.elasticity.services.price_tests import products_to_test, report_alarm
from pricing.sales.models import Product
from tests.factories import ElasticityEstimateFactory, ProductFactory, ProductSummaryFactory
from tests.shops import LAST_DAY, Commits, bring_in, csv_bytes, import_shop, line


def standing() -> list[str]:
    return list(Alert.objects.filter(cleared_at__isnull=True).values_list("kind", flat=True))


@pytest.mark.parametrize("converged", [True, False])
def test_the_alert_stands_while_the_fit_has_not_converged(shop: ImportBatch, converged: bool) -> None:
    model = fitted_model()
    assert model is not None
    assert standing() == []
    plan = RecomputePlan(1, None)
    keep_model(plan, replace(model, hyper=replace(model.hyper, converged=False)))
    assert standing() == ["fit_not_converged"]
    keep_model(plan, replace(model, hyper=replace(model.hyper, converged=converged)))
    assert standing() == ([] if converged else ["fit_not_converged"])


@pytest.mark.parametrize("placebo", [-3.5, 3.5])
def test_an_alert_stands_while_prices_follow_sales(shop: ImportBatch, placebo: float) -> None:
    model = fitted_model()
    assert model is not None
    plan = RecomputePlan(1, None)
    keep_model(plan, replace(model, hyper=replace(model.hyper, placebo=placebo)))
    alarm = report_alarm()
    assert alarm is not None
    assert standing() == ["prices_follow_sales"]
    assert Alert.objects.get().data == {"placebo": placebo, "test_first": alarm.test_first}
    keep_model(plan, replace(model, hyper=replace(model.hyper, placebo=2.9)))
    assert report_alarm() is None
    assert standing() == []


def test_a_shop_without_a_model_has_no_alarm(db: None) -> None:
    assert report_alarm() is None
    assert standing() == []


def test_those_with_most_to_gain_are_tested_first(db: None) -> None:
    """Units of a month, price, standard error: worth 100, 400, 200, and none without a price, a month's sales or an estimate."""
    for code, units, price, error in (
        ("LITTLE", 100, "1.00", 1.0), ("MOST", 100, "1.00", 2.0), ("DEAR", 50, "4.00", 1.0),
        ("NO PRICE", 100, None, 2.0), ("IDLE", 0, "1.00", 2.0),
    ):  # fmt: skip
        product = ProductFactory(code=code, current_price=price)
        ProductSummaryFactory(product=product, monthly_sales=units)
        ElasticityEstimateFactory(product=product, std_error=error)
    ElasticityEstimateFactory(product=Product.objects.get(code="LITTLE"), method="log_log", std_error=9.0)
    assert products_to_test() == ["MOST", "DEAR", "LITTLE"]
    assert products_to_test(limit=1) == ["MOST"]


def test_the_quality_report_says_so_and_what_to_test(
    commits: Commits, monkeypatch: pytest.MonkeyPatch, viewer_client: APIClient
) -> None:
    clean = import_shop(commits)
    assert clean.quality["prices_follow_sales"] is None
    monkeypatch.setattr(price_tests, "PLACEBO_LIMIT", -1.0)
    again = bring_in(commits, csv_bytes([line("9000", "CUP", "Cup", 1, LAST_DAY, "4.00")]), "more.csv")
    warning = again.quality["prices_follow_sales"]
    assert "Test prices" in warning["message"]
    assert warning["test_first"] == products_to_test() != []
    assert viewer_client.get("/health").json()["warnings"] == [
        "prices seem to follow sales, not the other way round"
    ]
