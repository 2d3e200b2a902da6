"""A shop that is paid in yen, one that is paid in dinars: whole amounts of the currency everywhere, on the way in and out."""

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.alerts.delivery import deliver_due
from elastix.alerts.models import AlertChannel, AlertDelivery
from elastix.currency import find_currency
from elastix.imports.models import ImportReject
from market.models import RepricingRule
from market.services.evaluating import evaluate
from pricing.changes.services import price_changes
from pricing.recommendation.models import BulkRow, PricePolicy
from pricing.recommendation.selectors.competition import competitor_statistics
from pricing.sales.core.files import ImportKind
from pricing.sales.models import Product
from tests.factories import AlertFactory, CompetitorPriceFactory, PricedProductFactory, PricePolicyFactory
from tests.shops import Commits, bring_in

pytestmark = pytest.mark.django_db

DATA = Path(__file__).parents[2] / "data"
YEN, DINAR = override_settings(SHOP_CURRENCY="JPY"), override_settings(SHOP_CURRENCY="KWD")


def products_in(commits: Commits, content: bytes) -> Any:
    return bring_in(commits, content, "products.csv", kind=ImportKind.PRODUCTS)


def numbers(found: Any, *names: str) -> list[Any]:
    """All values of these keys, wherever in an answer."""
    if isinstance(found, dict):
        own = [value for key, value in found.items() if key in names and isinstance(value, int | float)]
        return own + [each for value in found.values() for each in numbers(value, *names)]
    return [each for value in found for each in numbers(value, *names)] if isinstance(found, list) else []


@YEN
def test_a_shop_in_yen_is_advised_whole_yen_in_endings_of_yen(
    django_capture_on_commit_callbacks: Any, manager_client: APIClient
) -> None:
    def commits() -> Any:
        return django_capture_on_commit_callbacks(execute=True)

    # Prices that a file sets wait for sales at them; here they follow the sales.
    costs = [row.split(",")[:3] for row in (DATA / "jpy_shop_products.csv").read_text().split()]
    products_in(commits, "\n".join(map(",".join, costs)).encode())
    batch = bring_in(commits, gzip.decompress((DATA / "jpy_shop.csv.gz").read_bytes()))
    assert (batch.accepted, batch.rejected) == (13371, 0)
    prices = (
        "current_price",
        "recommended_price",
        "best_price",
        "unconstrained_price",
        "bound",
        "price",
        "revenue",
    )
    advised = []
    for code in ("P0", "P1", "P2", "P3"):
        answer = manager_client.get(f"/api/price/recommend/{code}", {"max_change_percent": 15}).json()
        found = numbers(answer, *prices)
        assert found and all(each == int(each) for each in found), answer
        assert "." not in answer["rationale"].split(" ")[0]
        advised.append(int(answer["recommended_price"]))
    assert any(price % 100 in (80, 98) for price in advised), advised
    points = manager_client.get("/api/analytics/demand-curve/P0").json()["curve_points"]
    assert all(point["price"] == int(point["price"]) for point in points)
    body = {
        "product_id": "P0",
        "scenarios": [{"name": name} for name in ("premium", "balanced", "market-leader")],
    }
    compared = manager_client.post("/api/price/scenarios", body).json()["scenarios"]
    assert all(each["price"] == int(each["price"]) for each in compared)


@DINAR
def test_a_file_of_products_in_dinars_keeps_three_decimals(
    django_capture_on_commit_callbacks: Any, viewer_client: APIClient
) -> None:
    def commits() -> Any:
        return django_capture_on_commit_callbacks(execute=True)

    batch = products_in(commits, (DATA / "kwd_products.csv").read_bytes())
    assert (batch.accepted, batch.rejected) == (2, 0)
    assert [str(each.current_price) for each in Product.objects.order_by("code")] == ["1.375", "1.250"]
    assert viewer_client.get("/api/products/P0").json()["current_price"] == 1.375


@DINAR
def test_the_price_follows_sales_in_dinars_to_the_thousandth(django_capture_on_commit_callbacks: Any) -> None:
    def commits() -> Any:
        return django_capture_on_commit_callbacks(execute=True)

    bring_in(commits, (DATA / "kwd_sales.csv").read_bytes())
    assert str(Product.objects.get(code="P9").current_price) == "1.375"


@pytest.mark.parametrize(
    ("code", "price", "refused", "accepted"),
    [
        ("JPY", "577.49", 1, 0),
        ("JPY", "577.00", 0, 1),
        ("KWD", "1.375", 0, 1),
        ("KWD", "1.3755", 1, 0),
        ("GBP", "1.375", 1, 0),
    ],
)
def test_a_file_with_prices_finer_than_the_currency_is_refused_row_by_row(
    code: str, price: str, refused: int, accepted: int, django_capture_on_commit_callbacks: Any
) -> None:
    def commits() -> Any:
        return django_capture_on_commit_callbacks(execute=True)

    with override_settings(SHOP_CURRENCY=code):
        batch = products_in(commits, f"code,current_price,cost\nA,{price},0.05\n".encode())
    assert (batch.rejected, batch.accepted) == (refused, accepted)
    assert [each.reason for each in ImportReject.objects.all()] == ["too_many_decimals"] * refused


@DINAR
def test_a_price_in_dinars_goes_through_the_ledger_and_back(manager_client: APIClient) -> None:
    PricedProductFactory(code="CUP", current_price="1.375", cost="0.5500")
    made = manager_client.post("/api/price/changes", {"product_id": "CUP", "new_price": 1.425}).json()
    assert made["total"] == 1
    made = made["items"][0]
    assert (made["old_price"], made["new_price"]) == (1.375, 1.425)
    refused = manager_client.post("/api/price/changes", {"product_id": "CUP", "new_price": 1.4255})
    assert refused.status_code == 400 and "3 decimal places" in refused.content.decode()
    price_changes.approve([made["id"]], by="somebody")
    price_changes.apply([made["id"]], by="somebody")
    assert str(Product.objects.get(code="CUP").current_price) == "1.425"
    price_changes.roll_back([made["id"]], by="somebody")
    assert str(Product.objects.get(code="CUP").current_price) == "1.375"


@YEN
def test_a_price_with_a_fraction_of_a_yen_is_refused_wherever_it_is_set(manager_client: APIClient) -> None:
    PricedProductFactory(code="CUP", current_price=500, cost=225)
    for path, body in {
        "/api/price/changes": {"product_id": "CUP", "new_price": 510.5},
        "/api/price/policies": {"product_id": "CUP", "min_price": 400.5},
        "/api/price/simulate": {"product_id": "CUP", "new_price": 510.5},
        "/api/products": {"id": "NEW", "name": "New", "current_price": 99.5},
        "/api/market/prices": {"product_id": "CUP", "competitor_name": "Other", "price": 480.5},
        "/api/price/rules": {"name": "Cheaper", "action": "undercut", "reference": "lowest", "amount": 0.5},
    }.items():
        answer = manager_client.post(path, body)
        assert answer.status_code == 400, (path, answer.content)
        assert "0 decimal places" in answer.content.decode() or "equal to 1" in answer.content.decode(), (
            answer.content
        )


@pytest.mark.parametrize(
    ("code", "ours", "theirs", "wanted"),
    # 1 % below theirs, rounded down: to the nearest, 490.05 is 490 and 1.33155 is 1.332.
    [("JPY", "500", "495", "490"), ("KWD", "1.375", "1.345", "1.331"), ("GBP", "5.00", "4.95", "4.90")],
)
def test_a_rule_undercuts_by_whole_amounts_rounded_down(
    code: str, ours: str, theirs: str, wanted: str, manager_client: APIClient
) -> None:
    with override_settings(SHOP_CURRENCY=code):
        PricedProductFactory(code="CUP", current_price=ours, cost=Decimal(ours) / 2)
        CompetitorPriceFactory(product_id="CUP", price=theirs, recorded_at=timezone.now())
        body = {
            "name": "Below them",
            "action": "undercut",
            "reference": "lowest",
            "percent": 1,
            "scope": "shop",
        }
        assert manager_client.post("/api/price/rules", body).status_code == 201
        (decision,) = evaluate(list(RepricingRule.objects.all())).decisions
    assert [str(each) for each in (decision.old_price, decision.wanted_price, decision.new_price)] == [
        str(find_currency(code).price(Decimal(ours))),
        wanted,
        wanted,
    ]


@pytest.mark.parametrize(
    ("code", "endings", "status"),
    [("GBP", "49,99", 201), ("GBP", "990", 400), ("JPY", "80", 201), ("KWD", "990", 201), ("KWD", "99", 400)],
)
def test_a_policy_states_as_many_digits_as_endings_of_the_currency_have(
    code: str, endings: str, status: int, manager_client: APIClient
) -> None:
    with override_settings(SHOP_CURRENCY=code):
        answer = manager_client.post("/api/price/policies", {"endings": endings})
    assert answer.status_code == status, answer.content


def test_endings_written_for_another_currency_count_as_not_stated(viewer_client: APIClient) -> None:
    PricedProductFactory(code="CUP", current_price=5, cost=2)
    PricePolicyFactory(endings="00")
    assert PricePolicy.objects.get().endings == "00"
    path = "/api/price/policies/effective/CUP"
    for code, value, source in (("GBP", "00", "the shop"), ("KWD", "490,990", "built in")):
        with override_settings(SHOP_CURRENCY=code):
            found = viewer_client.get(path).json()["settings"]["endings"]
        assert found == {"value": value, "source": source}


@override_settings(SHOP_CURRENCY="KWD", SHOP_NAME="Souq")
def test_the_shops_name_and_currency_are_shown_where_they_are_looked_for(
    anonymous: APIClient, admin_user: Any, client: Client
) -> None:
    body = anonymous.get("/health").json()
    assert (body["shop"], body["currency"], body["currency_decimals"]) == ("Souq", "KWD", 3)
    info = anonymous.get("/openapi.json").json()["info"]
    assert (
        info["title"] == "elastix: Souq" and "All amounts are in KWD, with 3 decimals." in info["description"]
    )
    assert "elastix: Souq" in client.get("/admin/login/").content.decode()
    with override_settings(ALERT_EMAILS=["a@example.com"]):
        AlertDelivery.objects.create(
            alert=AlertFactory(), channel=AlertChannel.EMAIL, next_attempt_at=timezone.now()
        )
        deliver_due()
    assert (
        mail.outbox[0].subject.startswith("[elastix, Souq] ") and "amounts are in KWD" in mail.outbox[0].body
    )


@DINAR
def test_the_admin_shows_and_takes_three_decimals(client: Client, django_user_model: Any) -> None:
    PricedProductFactory(code="CUP", current_price=Decimal("1.375"), cost=Decimal("0.55"))
    boss = django_user_model.objects.create_superuser("boss", password="x")
    client.force_login(boss)
    assert "1.375" in client.get("/admin/pricing/product/").content.decode()
    page = client.get("/admin/pricing/product/CUP/change/").content.decode()
    assert 'value="1.375" step="0.001"' in page or ('value="1.375"' in page and 'step="0.001"' in page)


@DINAR
def test_a_competitors_lowest_price_keeps_three_decimals() -> None:
    PricedProductFactory(code="CUP", current_price="1.375", cost="0.55")
    for name, price in (("One", "1.345"), ("Two", "1.425")):
        CompetitorPriceFactory(
            product_id="CUP", competitor_name=name, price=price, recorded_at=timezone.now()
        )
    found = competitor_statistics(["CUP"])["CUP"]
    assert (str(found.lowest), str(found.highest), str(found.median)) == ("1.345", "1.425", "1.3850")


@pytest.mark.parametrize(
    ("code", "price", "profit"), [("GBP", 30.6, 25.1), ("JPY", 31.0, 26.0), ("KWD", 30.617, 25.117)]
)
def test_a_bundle_and_its_profit_are_amounts_of_the_currency(
    code: str, price: float, profit: float, viewer_client: APIClient
) -> None:
    with override_settings(SHOP_CURRENCY=code):
        PricedProductFactory(code="CUP", current_price="12.000", cost="2.5")
        second = {"GBP": "24.00", "JPY": "24", "KWD": "24.020"}[code]
        PricedProductFactory(code="MUG", current_price=second, cost="3")
        answer = viewer_client.post("/api/price/bundle", {"products": ["CUP", "MUG"]}).json()
    assert (answer["bundle_price"], answer["profit_per_bundle"]) == (price, profit)


@pytest.mark.parametrize(("code", "asked"), [("JPY", 512), ("KWD", 512.125), ("GBP", 512.25)])
def test_a_bulk_optimization_proposes_whole_amounts(
    code: str, asked: float, analyst_client: APIClient, django_capture_on_commit_callbacks: Any
) -> None:
    currency = find_currency(code)
    with override_settings(SHOP_CURRENCY=code):
        for number in range(6):
            price = currency.price(Decimal(asked) * (1 + number))
            PricedProductFactory(
                code=f"P{number}", current_price=price, cost=price / 3, estimate__std_error=0.05
            )
        for together in (False, True):
            with django_capture_on_commit_callbacks(execute=True):
                body = {"filter": {}, "joint": together}
                job = analyst_client.post("/api/price/optimize-bulk", body).json()
            rows = BulkRow.objects.filter(optimization_id=job["id"])
            assert rows.filter(changes=True).exists()
            assert all(currency.fits(row.recommended_price) for row in rows if row.recommended_price)
            file = b"".join(
                analyst_client.get(f"/api/jobs/{job['id']}/result.csv").streaming_content
            ).decode()
            assert all(line.endswith(f",{code}") for line in file.split()[1:])
