"""A shop-level fit that did not converge is an alert until one does."""

from dataclasses import replace

import pytest

from elastix.alerts.models import Alert
from elastix.imports.models import ImportBatch
from elastix.jobs.recompute import RecomputePlan
from pricing.elasticity.selectors.fitted_model import fitted_model
from pricing.elasticity.services.estimates import keep_model


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
    assert standing() == ["prices_follow_sales"]
    keep_model(plan, replace(model, hyper=replace(model.hyper, placebo=2.9)))
    assert standing() == []
