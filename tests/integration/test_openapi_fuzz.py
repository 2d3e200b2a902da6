"""Random requests, made from the API's own description: nothing a client sends is an error of ours.

Every answer has to conform to the description, and every refusal to the one error shape.
"""

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from elastix.api.errors import PROBLEM_JSON
from elastix.fields import uuid7
from elastix.imports.models import ImportBatch
from elastix.jobs.runner import jobs_run_in, run_job
from market.models import Competitor
from market.services.competitors import price_record
from pricing.changes.services.price_changes import propose
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.services.bulk import bulk_request
from pricing.sales.models import Transaction
from tests.conftest import token_of, user_with_role
from tests.factories import PricePolicyFactory

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

EXAMPLES = 5
CONFORMS = [status_code_conformance, content_type_conformance, response_schema_conformance]
OF_FILES = [status_code_conformance, content_type_conformance]
FILES = ("/transactions/imports/{import_id}/rejects.csv", "/api/jobs/{job_id}/result.csv")


@pytest.fixture
def connection_kept() -> Iterator[None]:
    """A server closes its connection around a request; here the test's own transaction is open on it."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def schema(shop: ImportBatch, connection_kept: None) -> Any:
    """The description as the server gives it; requests go to the application in this process, as an admin."""
    token = token_of(user_with_role("admin"))
    described = schemathesis.openapi.from_wsgi("/openapi.json", get_wsgi_application())
    described.config.update(headers={"Authorization": f"Token {token}"})
    return described


def something_known(shop: ImportBatch) -> dict[str, Any]:
    """A value that is there for every name in an address."""
    price, _ = price_record(product_id="CUP", competitor_name="Corner shop", price=Decimal("4.10"))
    competitor = Competitor.objects.get()
    (change,) = propose([("CUP", Decimal("4.20"))], by="somebody", batch=uuid7())
    return {
        "code": "CUP",
        "batch": str(change.batch),
        "change_id": change.pk,
        "competitor_id": competitor.pk,
        "import_id": str(shop.pk),
        "policy_id": PricePolicyFactory(product="CUP").pk,
        "price_id": price.pk,
        "job_id": optimised(),
        "transaction_id": str(Transaction.objects.latest("pk").pk),
    }


def optimised() -> int:
    """A job that has results."""
    with jobs_run_in("caller"):
        job = bulk_request(["CUP", "MUG"], Overrides())
    run_job(job.pk)
    return job.pk


def check(case: Case) -> None:
    response = case.call()
    assert response.status_code < 500, (case.as_curl_command(), response.text)
    if response.status_code >= 400:
        assert response.headers["content-type"] == [PROBLEM_JSON], (case.as_curl_command(), response.text)
        body = response.json()
        assert set(body) == {"type", "title", "status", "detail", "errors"}
        assert body["status"] == response.status_code
    case.validate_response(response, checks=OF_FILES if case.path in FILES else CONFORMS)


def requests_to(operation: Any, mode: GenerationMode, known: dict[str, Any]) -> Any:
    """Requests to one operation: to anything, and to something that is there."""
    anything = operation.as_strategy(generation_mode=mode)
    names = {each.name for each in operation.path_parameters}
    if mode == GenerationMode.NEGATIVE or not names or not names <= set(known):
        return anything
    there = {name: known[name] for name in names}
    return st.one_of(operation.as_strategy(generation_mode=mode, path_parameters=there), anything)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_is_an_error_of_ours(mode: GenerationMode, schema: Any, shop: ImportBatch) -> None:
    known = something_known(shop)
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=requests_to(operation, mode, known))
        def every_answer_conforms(case: Case) -> None:
            check(case)

        # Where an operation takes nothing, nothing about it can be wrong.
        with suppress(Unsatisfiable), transaction.atomic():
            every_answer_conforms()
            tried += 1
            transaction.set_rollback(True)
    assert tried >= 20
