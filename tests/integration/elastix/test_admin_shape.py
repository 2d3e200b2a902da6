"""The shape of the admin: what people edit first, numbers that can be read, lists that count no table to its end."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User

from elastix import admin_base
from elastix.alerts.models import Alert
from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import Product, ProductSummary, Transaction
from tests.factories import (
    AlertFactory,
    ElasticityEstimateFactory,
    ProductFactory,
    ProductSummaryFactory,
    TransactionFactory,
)
from tests.integration.admin_pages import page, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(viewer: User) -> Any:
    return signed_in(viewer)


def cells(text: str, name: str) -> list[str]:
    return re.findall(rf'class="field-{name}[^"]*">(.*?)</t[dh]>', text)


def test_what_people_edit_comes_first_and_what_nobody_edits_stands_apart(viewer: User, rf: Any) -> None:
    request = rf.get("/admin/")
    request.user = viewer
    *edited, last = admin.site.get_app_list(request)
    assert [app["app_label"] for app in edited][:3] == ["pricing", "market", "simulations"]
    assert last["name"] == "Computed and recorded: to look at"
    apart = {model["object_name"] for model in last["models"]}
    assert {"ElasticityEstimate", "ProductSummary", "DemandForecast", "CustomerSegment", "Job"} <= apart
    assert not {"Product", "Transaction", "PricePolicy", "Competitor", "RepricingRule"} & apart
    for model in last["models"]:
        assert not any(model["perms"][name] for name in ("add", "change", "delete"))


def test_the_front_page_shows_the_groups(browser: Any) -> None:
    text = browser.get("/admin/").content.decode()
    assert text.index("Catalogue, sales and elasticities") < text.index("Computed and recorded: to look at")


def test_one_estimate_of_each_product_first(browser: Any) -> None:
    product = ProductFactory(code="CUP")
    ElasticityEstimateFactory(product=product, elasticity=-1.5)
    ElasticityEstimateFactory(product=product, elasticity=-9.0, method="log_log")
    for query, shown in (
        ("", ["-1.50"]),
        ("?method=log_log", ["-9.00"]),
        ("?method=all", ["-1.50", "-9.00"]),
    ):
        text = browser.get(f"{page(ElasticityEstimate)}{query}").content.decode()
        assert sorted(cells(text, "two_decimals")) == shown


def test_a_flag_says_what_it_means(browser: Any) -> None:
    estimate = ElasticityEstimateFactory(flags=["FEW_DAYS"])
    sentence = "It was sold on fewer than 20 days, or in fewer than 8 weeks."
    assert f'title="{sentence}">FEW_DAYS<' in browser.get(page(ElasticityEstimate)).content.decode()
    assert (
        f"FEW_DAYS: {sentence}"
        in browser.get(page(ElasticityEstimate, "change", estimate.pk)).content.decode()
    )


def test_money_and_numbers_are_formatted(browser: Any) -> None:
    ProductFactory(code="CUP", current_price=Decimal("1234.5"), cost=Decimal("0.1275"))
    text = browser.get(page(Product)).content.decode()
    assert (cells(text, "current_price"), cells(text, "cost")) == (["1,234.50"], ["0.1275"])
    ProductSummaryFactory(total_quantity=1234567, total_revenue=Decimal("9876543.2100"))
    text = browser.get(page(ProductSummary)).content.decode()
    assert (cells(text, "total_quantity"), cells(text, "total_revenue")) == (["1,234,567"], ["9,876,543.21"])


def test_what_is_nested_is_shown_as_names_and_values(browser: Any) -> None:
    alert = AlertFactory(data={"lowest_price": 4, "seen": True})
    text = browser.get(page(Alert, "change", alert.pk)).content.decode()
    for line in ("<li>lowest price: 4</li>", "<li>seen: yes</li>"):
        assert line in text
    assert "{&quot;" not in text
    assert "{&#x27;" not in text


def test_a_long_list_ends_where_counting_it_would_take_long(
    browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_base, "MOST_LISTED", 60)
    TransactionFactory.create_batch(60)
    assert "60 transactions" in browser.get(page(Transaction)).content.decode()
    TransactionFactory()
    text = browser.get(page(Transaction)).content.decode()
    assert "The first 60 transactions; a filter or a search leads to the others." in text
    assert browser.get(f"{page(Transaction)}?p=2").status_code == 200
    assert browser.get(f"{page(Transaction)}?p=3").status_code == 302


def test_a_line_is_found_by_invoice_product_or_customer_as_a_whole(browser: Any) -> None:
    TransactionFactory(invoice_no="A7", product_id="CUP", customer_id="17850")
    for query, found in (("a7", 1), ("cup", 1), ("17850", 1), ("1785", 0), ("nosuch", 0)):
        text = browser.get(f"{page(Transaction)}?q={query}").content.decode()
        assert len(cells(text, "invoice_no")) == found, query
