"""What a price experiment found: recorded, in every estimate from then on, and reverted."""

import datetime as dt
from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.errors import Invalid, NotFound
from elastix.imports.models import ImportBatch
from elastix.jobs.recompute import request_recompute
from pricing.elasticity.models import ElasticityEstimate, ExperimentalEvidence
from pricing.elasticity.services.experiments import record_evidence, revert_evidence
from pricing.sales.core.arrays import Z_95
from pricing.sales.models import Product
from tests.shops import Commits

pytestmark = pytest.mark.django_db

FOUND: dict[str, Any] = {
    "source": "experiment 7, CUP",
    "product": "CUP",
    "elasticity": -0.5,
    "std_error": 0.2,
    "first_day": dt.date(2025, 3, 1),
    "last_day": dt.date(2025, 3, 28),
}


def pooled(code: str = "CUP") -> ElasticityEstimate:
    return ElasticityEstimate.objects.get(product_id=code, method="pooled")


def total_error(estimate: ElasticityEstimate) -> float:
    """The standard deviation behind the 95 % interval, which holds what the model misses."""
    assert estimate.ci_low is not None and estimate.ci_high is not None
    return (estimate.ci_high - estimate.ci_low) / (2 * Z_95)


def both(before: ElasticityEstimate, elasticity: float, std_error: float) -> tuple[float, float]:
    """Mean and standard error of two independent estimates together."""
    precisions = total_error(before) ** -2, std_error**-2
    mean = (precisions[0] * before.elasticity + precisions[1] * elasticity) / sum(precisions)
    return mean, sum(precisions) ** -0.5


def test_it_is_in_the_estimate_at_once_and_after_the_next_fit(
    shop: ImportBatch, commits: Commits, viewer_client: APIClient
) -> None:
    before, mug = pooled(), pooled("MUG")
    assert before.evidence != "experimental"
    with commits():
        record_evidence(**FOUND)
    after = pooled()
    assert (after.elasticity, total_error(after)) == pytest.approx(both(before, -0.5, 0.2), rel=1e-9)
    assert after.evidence == "experimental"
    assert pooled("MUG").elasticity == mug.elasticity
    body = viewer_client.get("/api/analytics/elasticity/CUP").json()
    assert (body["evidence"], body["elasticity"]) == ("experimental", round(after.elasticity, 4))
    with commits():
        request_recompute(full=True)
    assert pooled().evidence == "experimental"
    assert pooled().elasticity == pytest.approx(after.elasticity, abs=0.1)


def test_a_window_of_the_sales_has_it_too(
    shop: ImportBatch, commits: Commits, viewer_client: APIClient
) -> None:
    def windowed() -> dict[str, Any]:
        query = {"start_date": "2025-02-01", "stock_codes": "CUP"}
        row: dict[str, Any] = viewer_client.get("/elasticity", query).json()["results"][0]
        return row

    before = windowed()
    with commits():
        record_evidence(**FOUND)
    assert windowed()["std_error"] < 0.2 < before["std_error"]


def test_recorded_again_it_replaces_what_it_said(shop: ImportBatch, commits: Commits) -> None:
    before, mug = pooled(), pooled("MUG")
    with commits():
        record_evidence(**FOUND)
    with commits():
        record_evidence(**FOUND)
    assert pooled().elasticity == pytest.approx(both(before, -0.5, 0.2)[0], rel=1e-9)
    with commits():
        record_evidence(**FOUND | {"product": "MUG", "elasticity": -3.0})
    assert ExperimentalEvidence.objects.get().product_id == "MUG"
    assert pooled().elasticity == before.elasticity
    assert pooled("MUG").elasticity == pytest.approx(both(mug, -3.0, 0.2)[0], rel=1e-9)


def test_several_experiments_add_up(shop: ImportBatch, commits: Commits) -> None:
    before = pooled()
    with commits():
        record_evidence(**FOUND)
    with commits():
        record_evidence(**FOUND | {"source": "experiment 8, CUP", "elasticity": -1.5})
    # Precisions 25 and 25: -1 with precision 50.
    assert (pooled().elasticity, total_error(pooled())) == pytest.approx(
        both(before, -1.0, 50**-0.5), rel=1e-9
    )


def test_withdrawn_the_sales_speak_alone_again(shop: ImportBatch, commits: Commits) -> None:
    before = pooled()
    with commits():
        record_evidence(**FOUND)
    with commits():
        revert_evidence(FOUND["source"])
    assert (pooled().elasticity, pooled().evidence) == (before.elasticity, before.evidence)
    with pytest.raises(NotFound):
        revert_evidence(FOUND["source"])


def test_of_a_category_all_its_products_lean_on_it(shop: ImportBatch, commits: Commits) -> None:
    Product.objects.filter(pk__in=("CUP", "MUG")).update(category="Cups")
    with commits():
        request_recompute(full=True)
    before = {code: pooled(code) for code in ("CUP", "MUG", "BOWL")}
    with commits():
        record_evidence(**FOUND | {"product": "", "category": "Cups", "std_error": 0.05})
    for code in ("CUP", "MUG"):
        assert pooled(code).elasticity > before[code].elasticity
        assert pooled(code).std_error < before[code].std_error
        assert pooled(code).evidence == before[code].evidence
    assert pooled("BOWL").elasticity == before["BOWL"].elasticity


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"product": "", "category": ""}, "product"),
        ({"category": "Cups"}, "product"),
        ({"product": "NOTHING"}, "product"),
        ({"product": "", "category": "Nothing"}, "category"),
        ({"source": " "}, "source"),
        ({"source": "x" * 201}, "source"),
        ({"elasticity": float("nan")}, "elasticity"),
        ({"elasticity": -20.1}, "elasticity"),
        ({"std_error": 0.0}, "std_error"),
        ({"std_error": 10.1}, "std_error"),
        ({"std_error": float("nan")}, "std_error"),
        ({"last_day": dt.date(2025, 2, 28)}, "last_day"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    changes: dict[str, Any], field: str, shop: ImportBatch
) -> None:
    with pytest.raises(Invalid) as refused:
        record_evidence(**FOUND | changes)
    assert [error.field for error in refused.value.errors] == [field]
    assert not ExperimentalEvidence.objects.exists()
