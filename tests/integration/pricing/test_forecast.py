"""GET /api/forecast/demand/{code}: what a product is expected to sell."""

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from elastix.jobs.recompute import request_recompute
from pricing.forecasting.models import DemandForecast, ForecastModel
from pricing.sales.models import Product, SalesHistory
from pricing.sales.services.manual_history import manual_day_create
from tests.api_cases import ProductFigureCases
from tests.factories import ProductFactory
from tests.shops import AS_OF, LAST_DAY, MERCHANDISE, Commits

pytestmark = pytest.mark.django_db

PATH = "/api/forecast/demand"


def sell(client: APIClient, code: str, day: dt.date, quantity: int = 5) -> None:
    line = {"invoice_no": "9001", "stock_code": code, "quantity": quantity, "unit_price": 4,
            "invoice_date": f"{day}T12:00:00Z"}  # fmt: skip
    assert client.post("/transactions", line, format="json").status_code == 201


def test_it_forecasts_thirty_days_from_the_as_of_date(shop: ImportBatch, viewer_client: APIClient) -> None:
    answer = viewer_client.get(f"{PATH}/cup")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["product_id"], body["method"], body["as_of"]) == ("CUP", "lines", AS_OF.isoformat())
    assert [day["date"] for day in body["forecast"]] == [
        (AS_OF + dt.timedelta(days=ahead)).isoformat() for ahead in range(30)
    ]
    for day in body["forecast"]:
        assert 0 <= day["low"] <= day["quantity"] <= day["high"]
    assert body["total"] == pytest.approx(sum(day["quantity"] for day in body["forecast"]), abs=0.2)
    month = SalesHistory.objects.filter(product="CUP", date__gte=AS_OF - dt.timedelta(days=30))
    assert 0.5 < body["total"] / sum(month.values_list("units", flat=True)) < 2
    assert body["warnings"] == []
    assert answer["ETag"]


def test_the_history_is_the_clean_demand_of_every_day(shop: ImportBatch, viewer_client: APIClient) -> None:
    history = viewer_client.get(f"{PATH}/CUP").json()["history"]
    assert (len(history), history[-1]["date"]) == (90, LAST_DAY.isoformat())
    sold = dict(SalesHistory.objects.filter(product="CUP").values_list("date", "units"))
    assert [day["quantity"] for day in history] == [
        sold.get(dt.date.fromisoformat(day["date"]), 0.0) for day in history
    ]
    assert 0.0 in [day["quantity"] for day in history]


def test_a_cancelled_sale_is_no_demand(shop: ImportBatch, viewer_client: APIClient) -> None:
    # Forty cups were sold on the first day and taken back.
    assert DemandForecast.objects.get(product="CUP").units_per_purchase < 15


def test_accuracy_stands_beside_that_of_repeating_the_last_week(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    accuracy = viewer_client.get(f"{PATH}/MUG").json()["accuracy"]
    assert (accuracy["origins"], accuracy["horizon_days"]) == (3, 28)
    for measures in (accuracy, accuracy["seasonal_naive"]):
        assert 0 < measures["wape"] < 2
        assert abs(measures["bias"]) <= measures["wape"]
        assert measures["mase"] > 0
        assert measures["pinball"] > 0


@pytest.mark.parametrize("periods", [1, 365])
def test_any_horizon_is_arithmetic_on_the_same_row(
    periods: int, shop: ImportBatch, viewer_client: APIClient
) -> None:
    usual = viewer_client.get(f"{PATH}/CUP").json()["forecast"]
    asked = viewer_client.get(f"{PATH}/CUP", {"periods": periods}).json()["forecast"]
    assert len(asked) == periods
    assert asked[:30] == usual[:periods]


def test_the_limits_are_wider_far_ahead(shop: ImportBatch, viewer_client: APIClient) -> None:
    days = viewer_client.get(f"{PATH}/CUP", {"periods": 365}).json()["forecast"]
    width = [day["high"] - day["low"] for day in days]
    assert sum(width[-28:]) > sum(width[:28])


@pytest.mark.parametrize("method", ["lines", "weekday_ses", "ses", "linear", "seasonal", "holt_winters"])
def test_a_method_can_be_asked_for(method: str, shop: ImportBatch, viewer_client: APIClient) -> None:
    body = viewer_client.get(f"{PATH}/CUP", {"method": method, "periods": 7}).json()
    assert (body["method"], len(body["forecast"])) == (method, 7)
    assert body["accuracy"]["wape"] > 0
    assert body["candidates"] is None


def test_lines_asked_for_by_name_is_what_the_table_says(shop: ImportBatch, viewer_client: APIClient) -> None:
    cached, by_name = (viewer_client.get(f"{PATH}/BOWL", query).json() for query in ({}, {"method": "lines"}))
    assert by_name["forecast"] == cached["forecast"]
    assert by_name["accuracy"] == cached["accuracy"]


def test_auto_takes_the_best_of_its_own_backtest(shop: ImportBatch, viewer_client: APIClient) -> None:
    body = viewer_client.get(f"{PATH}/CUP", {"method": "auto"}).json()
    tried = {row["method"]: row for row in body["candidates"]}
    assert list(tried) == ["lines", "weekday_ses", "ses", "linear", "seasonal", "holt_winters"]
    chosen = tried[body["method"]]
    assert chosen["wape"] == body["accuracy"]["wape"]
    assert chosen["score"] == min(row["score"] for row in tried.values())
    assert chosen["score"] > chosen["wape"] + abs(chosen["bias"])


def test_a_dearer_product_sells_less_by_its_elasticity(shop: ImportBatch, viewer_client: APIClient) -> None:
    Product.objects.filter(code="CUP").update(current_price=Decimal("4.00"))
    usual = viewer_client.get(f"{PATH}/CUP").json()
    dearer = viewer_client.get(f"{PATH}/CUP", {"price": "4.40"})
    price = dearer.json()["price"]
    assert (price["price"], price["current_price"], price["demand_model"]) == (4.4, 4.0, "average")
    # 30 days each at 4.00, 5.00, 4.50 and 4.00. The newest weigh .93 of each next one: 4.06; in the long run .99: 4.32.
    row, model = DemandForecast.objects.get(product="CUP"), ForecastModel.objects.get()
    expected = row.usual_frequency * row.exposure
    late = expected / (expected + model.shop["priors"][0][2])
    assert price["base_price"] == pytest.approx(4.06**late * 4.32 ** (1 - late), abs=0.02)
    times, elasticity = 4.4 / price["base_price"], price["elasticity"]
    factor = (1 + elasticity * (times - 1) + times**elasticity) / 2
    assert price["factor"] == pytest.approx(factor, abs=3e-3)
    assert dearer.json()["total"] == pytest.approx(usual["total"] * price["factor"], abs=0.02)
    assert "ETag" not in dearer


def test_demand_may_follow_the_price_by_constant_elasticity(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    Product.objects.filter(code="CUP").update(current_price=Decimal("4.00"))
    query = {"price": 2, "demand_model": "constant_elasticity"}
    price = viewer_client.get(f"{PATH}/CUP", query).json()["price"]
    assert price["factor"] == pytest.approx((2 / price["base_price"]) ** price["elasticity"], rel=1e-2)


def test_a_far_price_comes_with_what_the_other_demand_model_foresees(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    Product.objects.filter(code="CUP").update(current_price=Decimal("4.00"))
    base = viewer_client.get(f"{PATH}/CUP", {"price": 4}).json()["price"]["base_price"]
    # Beyond 15 % of the price that the sales were made at.
    end = math.floor(115 * base) / 100
    near, far = (
        viewer_client.get(f"{PATH}/CUP", {"price": f"{price:.2f}"}).json() for price in (end, end + 0.01)
    )
    query = {"price": f"{end + 0.01:.2f}", "demand_model": "linear"}
    other = viewer_client.get(f"{PATH}/CUP", query).json()
    (said,) = [warning for warning in far["warnings"] if warning.startswith("LARGE_CHANGE")]
    assert f"foresees {other['total']:,} units" in said
    assert far["total"] != other["total"]
    assert not [warning for warning in near["warnings"] if warning.startswith("LARGE_CHANGE")]


@pytest.mark.parametrize("model", ["average", "linear", "constant_elasticity"])
@pytest.mark.parametrize("price", ["0.01", "99999999.99"])
def test_a_price_without_sense_still_has_an_answer(
    price: str, model: str, shop: ImportBatch, viewer_client: APIClient
) -> None:
    Product.objects.filter(code="CUP").update(
        current_price=Decimal("99999999.99" if price == "0.01" else "0.01")
    )
    answer = viewer_client.get(f"{PATH}/CUP", {"price": price, "demand_model": model, "method": "linear"})
    assert answer.status_code == 200
    assert answer.json()["total"] >= 0


def test_without_a_present_price_the_forecast_says_that_it_does_not_follow(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    Product.objects.filter(code="CUP").update(current_price=None)
    body = viewer_client.get(f"{PATH}/CUP", {"price": 5}).json()
    assert body["price"] is None
    assert "no present price" in body["warnings"][0]
    assert body["forecast"] == viewer_client.get(f"{PATH}/CUP").json()["forecast"]


@pytest.mark.parametrize("query", [{}, {"method": "auto"}, {"price": 3}])
def test_a_service_is_not_forecast_and_the_answer_says_so(
    query: dict[str, Any], shop: ImportBatch, viewer_client: APIClient
) -> None:
    body = viewer_client.get(f"{PATH}/post", query).json()
    assert (body["method"], body["forecast"], body["history"], body["accuracy"]) == (None, [], [], None)
    assert "service code" in body["warnings"][0]


def test_a_product_without_sales_has_nothing_to_forecast_from(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    ProductFactory(code="NEW")
    body = viewer_client.get(f"{PATH}/NEW").json()
    assert (body["method"], body["forecast"]) == (None, [])
    assert "had no sales" in body["warnings"][0]


def test_before_any_sale_there_is_an_answer(db: None, viewer_client: APIClient) -> None:
    ProductFactory(code="NEW")
    body = viewer_client.get(f"{PATH}/NEW").json()
    assert (body["as_of"], body["forecast"]) == (None, [])


def test_a_new_product_is_forecast_beside_its_category_and_warned_of(
    commits: Commits, shop: ImportBatch, analyst_client: APIClient
) -> None:
    with commits():
        sell(analyst_client, "NEW", LAST_DAY)
        request_recompute()
    body = analyst_client.get(f"{PATH}/NEW").json()
    assert body["method"] == "category"
    assert body["total"] > 0
    text = " ".join(body["warnings"])
    assert "Only 1 day of sales history" in text
    assert "Sold on 1 day only" in text
    assert "accuracy is not known" in text
    assert body["accuracy"]["wape"] is None
    by_name = analyst_client.get(f"{PATH}/NEW", {"method": "holt_winters"}).json()
    assert by_name["method"] == "holt_winters"
    assert all(day["high"] >= day["quantity"] for day in by_name["forecast"])


def test_three_weeks_of_sales_are_forecast_at_their_mean(
    commits: Commits, shop: ImportBatch, viewer_client: APIClient
) -> None:
    ProductFactory(code="HAND", name="By hand")
    for back in range(21):
        manual_day_create({"product_id": "HAND", "date": LAST_DAY - dt.timedelta(days=back), "quantity": 10,
                           "price": Decimal(3)})  # fmt: skip
    with commits():
        request_recompute()
    body = viewer_client.get(f"{PATH}/HAND", {"periods": 28}).json()
    assert body["method"] == "mean"
    assert 200 < body["total"] < 300
    assert "Fewer than 28 days" in " ".join(body["warnings"])


def test_what_was_not_sold_for_a_quarter_is_expected_to_sell_nothing(
    commits: Commits, shop: ImportBatch, analyst_client: APIClient
) -> None:
    with commits():
        sell(analyst_client, "SPOON", LAST_DAY + dt.timedelta(days=100))
        request_recompute()
    body = analyst_client.get(f"{PATH}/CUP").json()
    assert (body["method"], body["total"]) == ("inactive", 0.0)
    assert any(text.startswith("INACTIVE") for text in body["warnings"])
    assert DemandForecast.objects.get(product="CUP").purchase_frequency > 0
    assert analyst_client.get(f"{PATH}/SPOON").json()["method"] == "lines"


def test_a_refresh_forecasts_what_is_stale_alone(
    commits: Commits, shop: ImportBatch, analyst_client: APIClient
) -> None:
    before = {row.pk: row.purchase_frequency for row in DemandForecast.objects.all()}
    fitted_at = ForecastModel.objects.get().fitted_at
    with commits():
        sell(analyst_client, "CUP", LAST_DAY, 20)
        request_recompute()
    after = {row.pk: row.purchase_frequency for row in DemandForecast.objects.all()}
    assert sorted(before) == MERCHANDISE
    assert [code for code in before if before[code] != after[code]] == ["CUP"]
    assert ForecastModel.objects.get().fitted_at == fitted_at


def test_where_nothing_was_forecast_before_a_refresh_forecasts_everything(
    commits: Commits, shop: ImportBatch, analyst_client: APIClient
) -> None:
    DemandForecast.objects.all().delete()
    ForecastModel.objects.all().delete()
    assert analyst_client.get(f"{PATH}/CUP").json()["forecast"] == []
    with commits():
        sell(analyst_client, "CUP", LAST_DAY)
        request_recompute()
    assert sorted(DemandForecast.objects.values_list("pk", flat=True)) == MERCHANDISE


def test_when_all_sales_are_gone_so_are_the_forecasts(
    commits: Commits, shop: ImportBatch, admin_client: APIClient
) -> None:
    with commits():
        assert admin_client.delete("/transactions?confirm=true").status_code == 200
        request_recompute(full=True)
    assert not DemandForecast.objects.exists()
    assert not ForecastModel.objects.exists()
    assert admin_client.get(f"{PATH}/CUP").json()["forecast"] == []


def test_asked_twice_it_answers_the_same_and_a_known_tag_is_a_304(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    first, second = (viewer_client.get(f"{PATH}/CUP") for _ in range(2))
    assert first.json() == second.json()
    again = viewer_client.get(f"{PATH}/CUP", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_an_unknown_method_is_refused_and_the_known_ones_named(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    answer = viewer_client.get(f"{PATH}/CUP", {"method": "crystal ball"})
    assert answer.status_code == 400
    detail = answer.json()["detail"]
    for name in ("crystal ball", "lines", "holt_winters", "auto"):
        assert name in detail


@pytest.mark.parametrize(
    "query",
    [
        {"periods": 0}, {"periods": 366}, {"periods": "many"}, {"price": 0}, {"price": "nan"}, {"price": -1},
        {"price": "1e999"}, {"price": "1.999"}, {"demand_model": "magic"}, {"start_date": "2025-01-01"}, {"method": "gbm"},
    ],
)  # fmt: skip
def test_other_questions_are_refused(
    query: dict[str, Any], shop: ImportBatch, viewer_client: APIClient
) -> None:
    answer = viewer_client.get(f"{PATH}/CUP", query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_it_costs_ten_queries(shop: ImportBatch, counted: APIClient, django_assert_num_queries: Any) -> None:
    # auto asks whether there are boosted forecasts.
    for query, queries in (({}, 10), ({"method": "auto"}, 11), ({"price": 5}, 10)):
        with django_assert_num_queries(queries):
            assert counted.get(f"{PATH}/CUP", query).status_code == 200


class TestForecast(ProductFigureCases):
    path = "/api/forecast/demand/{code}"
    queries = 10
