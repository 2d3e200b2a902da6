"""/api/price/clearance: works, not logged in, missing, invalid, twice; what it says where nothing can be said."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from rest_framework.test import APIClient

from pricing.elasticity.models import ElasticityEstimate
from pricing.forecasting.models import DemandForecast
from pricing.recommendation.services.relations import Member, relation_create
from pricing.sales.models import PriceChange, Product, SalesHistory
from tests.api_cases import problem_of, refused_fields
from tests.factories import PriceChangeFactory, PricedProductFactory, PricePolicyFactory, ProductFactory
from tests.integration.pricing.queries import queries_of_call
from tests.shops import AS_OF

pytestmark = pytest.mark.usefixtures("shop")

PATH = "/api/price/clearance"
# Eight weeks.
END = AS_OF + dt.timedelta(days=55)


@pytest.fixture(autouse=True)
def _latte(shop: Any) -> None:
    """280 units a week at 12.99 that cost 8.50; 4,000 of them are there, for 8 weeks that sell 2,240 at this price."""
    PricedProductFactory(code="P001", estimate__elasticity=-2.0, stock_level=4000)


@pytest.fixture
def first_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Today is the plan's first day, and no price before the ledger's is known."""
    noon = dt.datetime.combine(AS_OF, dt.time(12), dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: noon)
    SalesHistory.objects.filter(product="P001").update(list_price=None)


def charged(days: int, old: str, new: str) -> None:
    """The ledger put a price of P001 in force, so many days before the plan's first."""
    PriceChangeFactory(
        product_id="P001", old_price=Decimal(old), new_price=Decimal(new), status="applied",
        changed_at=timezone.now() - dt.timedelta(days=days),
    )  # fmt: skip


def plan(client: APIClient, **fields: Any) -> dict[str, Any]:
    answer = client.post(PATH, {"product_id": "P001", "end_date": str(END)} | fields)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def refused(client: APIClient, **fields: Any) -> set[str]:
    return refused_fields(client.post(PATH, {"product_id": "P001", "end_date": str(END)} | fields))


def row_of(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in answer["compared"] if row["name"] == name)


# --- works ------------------------------------------------------------------------------------------------


def test_the_path_falls_by_weeks_down_to_the_last_day(viewer_client: APIClient) -> None:
    answer = plan(viewer_client)
    assert (answer["start_date"], answer["end_date"], answer["step_days"]) == (str(AS_OF), str(END), 7)
    assert (answer["stock"], answer["stock_source"], answer["current_price"]) == (4000, "recorded", 12.99)
    path = answer["path"]
    assert [step["start_date"] for step in path] == [
        str(AS_OF + dt.timedelta(days=7 * week)) for week in range(8)
    ]
    assert path[-1]["end_date"] == str(END)
    prices = [step["price"] for step in path]
    assert prices == sorted(prices, reverse=True)
    assert 8.5 <= prices[-1] < 12.99
    assert sum(step["units"] for step in path) == pytest.approx(row_of(answer, "plan")["units"], abs=0.05)
    assert path[-1]["stock_left"] == pytest.approx(4000 - row_of(answer, "plan")["units"], abs=0.05)


@pytest.mark.usefixtures("first_day")
def test_each_step_names_the_prior_price_of_the_first(viewer_client: APIClient) -> None:
    charged(200, "9.99", "12.99")
    answer = plan(viewer_client)
    first, *_, last = answer["path"]
    assert last["price"] < first["price"] < 12.99
    for step in answer["path"]:
        assert (step["prior_state"], step["prior_price"]) == ("reduced", 12.99)
        assert step["discount_percent"] == pytest.approx(100 * (1 - step["price"] / 12.99), abs=0.01)
    assert "STEP_NO_DISCOUNT" not in answer["warnings"]


@pytest.mark.usefixtures("first_day")
def test_a_step_that_is_no_reduction_from_the_prior_price_is_said_to_be_none(
    viewer_client: APIClient,
) -> None:
    charged(200, "9.99", "9.49")
    charged(10, "9.49", "12.99")
    answer = plan(viewer_client)
    first, *_, last = answer["path"]
    assert (first["prior_state"], first["prior_price"], first["discount_percent"]) == (
        "no_discount",
        9.49,
        None,
    )
    assert first["price"] >= 9.49 > last["price"]
    assert (last["prior_state"], last["prior_price"]) == ("reduced", 9.49)
    assert "STEP_NO_DISCOUNT" in answer["warnings"]


@pytest.mark.usefixtures("first_day")
@pytest.mark.parametrize(("is_known", "state"), [(True, "regular"), (False, "unknown")])
def test_a_path_that_keeps_the_price_names_no_prior_price(
    viewer_client: APIClient, is_known: bool, state: str
) -> None:
    if is_known:
        charged(200, "9.99", "12.99")
    answer = plan(viewer_client, stock=50)
    assert {(each["prior_state"], each["prior_price"]) for each in answer["path"]} == {(state, None)}


@pytest.mark.parametrize(("until", "prior"), [(35, 12.99), (25, 9.49)])
def test_steps_that_should_have_begun_already_begin_today(
    viewer_client: APIClient, first_day: None, monkeypatch: pytest.MonkeyPatch, until: int, prior: float
) -> None:
    """The sales are 20 days old: the 30 days before a reduction are those before today."""
    now = timezone.now() + dt.timedelta(days=20)
    monkeypatch.setattr(timezone, "now", lambda: now)
    charged(200, "9.99", "12.99")
    charged(45, "12.99", "9.49")
    charged(until, "9.49", "12.99")
    assert plan(viewer_client)["path"][0]["prior_price"] == prior


def test_it_is_compared_with_the_present_price_and_with_one_markdown(viewer_client: APIClient) -> None:
    answer = plan(viewer_client)
    assert [row["name"] for row in answer["compared"]] == ["plan", "one_markdown", "hold"]
    best, one, hold = answer["compared"]
    assert (hold["first_price"], hold["last_price"]) == (12.99, 12.99)
    assert hold["units"] == pytest.approx(8 * 280, rel=0.05)
    assert answer["expected_units"] == pytest.approx(8 * 280, rel=0.01)
    assert one["first_price"] == one["last_price"] < 12.99
    assert best["revenue"] > hold["revenue"]
    for row in answer["compared"]:
        low, high = row["revenue_interval"]
        assert low < row["revenue"] < high
        assert row["proceeds"] == row["revenue"]
        assert 0 <= row["probability_sold_out"] <= 1
    assert 0.5 < answer["probability_of_gain"] <= 1


def test_it_says_what_it_rests_on_and_what_limits_it(viewer_client: APIClient) -> None:
    answer = plan(viewer_client)
    assert (answer["elasticity"], answer["quality"], answer["demand_model"]) == (-2.0, "A", "average")
    assert answer["floor"] == {"rule": "cost", "bound": 8.5, "binding": True, "source": "built in"}
    # The next price of the shop's endings would be 8.49.
    assert answer["path"][-1]["price"] == 8.99
    assert [limit["rule"] for limit in answer["constraints"]] == ["cost"]
    assert answer["dispersion"] > 0
    assert answer["rate_error"] > 0


def test_the_first_step_is_the_body_of_a_proposal(
    viewer_client: APIClient, analyst_client: APIClient
) -> None:
    answer = plan(viewer_client)
    assert answer["proposal"]["new_price"] == answer["path"][0]["price"]
    made = analyst_client.post("/api/price/changes", answer["proposal"])
    assert made.status_code == 201, made.content
    change = PriceChange.objects.get(product_id="P001")
    assert (float(change.new_price), change.reason) == (answer["path"][0]["price"], f"Clearance by {END}")


def test_asking_changes_nothing_and_twice_says_the_same(viewer_client: APIClient) -> None:
    assert plan(viewer_client) == plan(viewer_client)
    assert not PriceChange.objects.filter(product_id="P001").exists()


def test_what_is_asked_for_counts_in_place_of_what_is_recorded(viewer_client: APIClient) -> None:
    start = AS_OF + dt.timedelta(days=7)
    answer = plan(
        viewer_client,
        stock=100,
        start_date=str(start),
        step_days=14,
        minimum_price=9.99,
        demand_model="linear",
    )
    assert (answer["stock"], answer["stock_source"]) == (100, "request")
    assert [step["start_date"] for step in answer["path"]][:2] == [
        str(start),
        str(start + dt.timedelta(days=14)),
    ]
    assert len(answer["path"]) == 4
    assert answer["floor"]["rule"] == "min_price"
    assert answer["floor"]["source"] == "request"
    assert answer["demand_model"] == "linear"
    assert answer["path"][0]["price"] == 12.99
    assert answer["proposal"] is None
    assert "NO_MARKDOWN_NEEDED" in answer["warnings"]


def test_a_plan_of_a_year_has_steps_of_two_weeks(viewer_client: APIClient) -> None:
    answer = plan(viewer_client, end_date=str(AS_OF + dt.timedelta(days=363)))
    assert (answer["step_days"], len(answer["path"])) == (14, 26)


def test_what_a_unit_left_over_brings_is_in_the_proceeds(viewer_client: APIClient) -> None:
    hold = row_of(plan(viewer_client, salvage_value=2), "hold")
    assert hold["proceeds"] == pytest.approx(hold["revenue"] + 2 * hold["stock_left"], abs=0.05)


# --- limits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "rule", "bound"),
    [
        ({"min_price": "10.50"}, "min_price", 10.5),
        ({"minimum_margin": "0.2"}, "minimum_margin", 10.63),
        ({"min_price": "5.00"}, "cost", 8.5),
    ],
)
def test_the_highest_of_the_hard_floors_counts(
    policy: dict[str, str], rule: str, bound: float, viewer_client: APIClient
) -> None:
    PricePolicyFactory(**{name: Decimal(value) for name, value in policy.items()})
    answer = plan(viewer_client, stock=100_000)
    assert (answer["floor"]["rule"], answer["floor"]["bound"]) == (rule, bound)
    assert answer["floor"]["binding"] is True
    assert min(step["price"] for step in answer["path"]) >= bound
    assert "STOCK_LEFT" in answer["warnings"]


def test_limits_that_only_steer_do_not_keep_a_stock_from_being_cleared(viewer_client: APIClient) -> None:
    PricePolicyFactory(max_change=Decimal("0.05"), target_margin=Decimal("0.34"))
    assert plan(viewer_client, stock=100_000)["path"][-1]["price"] < 9


def test_relations_to_other_prices_are_kept(viewer_client: APIClient, manager: Any) -> None:
    PricedProductFactory(code="P002", current_price=Decimal("11.00"))
    relation_create(
        {"name": "Steps", "kind": "steps", "gap_percent": Decimal(5)},
        members=[Member("P002", None), Member("P001", None)],
        user=manager,
    )
    answer = plan(viewer_client, stock=100_000)
    assert answer["floor"]["rule"] == "relation_floor"
    assert min(step["price"] for step in answer["path"]) >= answer["floor"]["bound"] > 8.5


def test_below_cost_only_where_it_is_allowed_and_said_how_far(viewer_client: APIClient) -> None:
    assert plan(viewer_client, stock=100_000, minimum_price=4)["path"][-1]["price"] >= 8.5
    assert refused(viewer_client, stock=100_000, allow_below_cost=True) == {"minimum_price"}
    answer = plan(viewer_client, stock=100_000, allow_below_cost=True, minimum_price=4)
    assert (answer["floor"]["rule"], answer["floor"]["bound"]) == ("min_price", 4.0)
    assert answer["path"][-1]["price"] < 8.5
    assert {"PLAN_BELOW_COST", "LARGE_CHANGE"} <= set(answer["warnings"])
    # The ledger takes no price below cost.
    assert (answer["proposal"] is None) == (answer["path"][0]["price"] < 8.5)


def test_without_a_cost_the_lowest_price_has_to_be_said(viewer_client: APIClient) -> None:
    Product.objects.filter(code="P001").update(cost=None)
    assert refused(viewer_client) == {"minimum_price"}
    assert plan(viewer_client, minimum_price=7)["floor"]["rule"] == "min_price"
    assert plan(viewer_client, cost=9)["floor"]["bound"] == 9.0


def test_a_price_below_its_floor_stays(viewer_client: APIClient) -> None:
    Product.objects.filter(code="P001").update(current_price=Decimal("8.00"))
    answer = plan(viewer_client)
    assert {step["price"] for step in answer["path"]} == {8.0}
    assert [row["name"] for row in answer["compared"]] == ["plan", "hold"]
    assert (answer["floor"]["binding"], answer["probability_of_gain"]) == (True, 0)


def test_a_tax_that_prices_include_raises_the_floor_and_lowers_the_proceeds(
    viewer_client: APIClient, settings: Any
) -> None:
    settings.PRICES_INCLUDE_TAX = True
    PricePolicyFactory(tax_rate=Decimal(20))
    answer = plan(viewer_client)
    assert (answer["floor"]["bound"], answer["tax_rate"]) == (10.2, 20.0)
    hold = row_of(answer, "hold")
    assert hold["proceeds"] == pytest.approx(hold["revenue"] / 1.2, abs=0.01)


# --- where little or nothing can be said --------------------------------------------------------------------


def test_a_borrowed_elasticity_and_an_unsure_rate_are_warned_about(viewer_client: APIClient) -> None:
    ElasticityEstimate.objects.filter(product_id="P001").update(evidence="borrowed")
    DemandForecast.objects.filter(product_id="P001").update(recent_frequency=0.2, usual_frequency=0.2)
    assert {"ELASTICITY_BORROWED", "RATE_UNSURE"} <= set(plan(viewer_client)["warnings"])


def test_without_an_estimate_of_its_own_another_stands_in(viewer_client: APIClient) -> None:
    ElasticityEstimate.objects.filter(product_id="P001").delete()
    answer = plan(viewer_client)
    assert answer["evidence"] == "borrowed"
    assert "ELASTICITY_BORROWED" in answer["warnings"]


def test_an_unknown_stock_has_to_be_given(viewer_client: APIClient) -> None:
    for level in (None, 0, -3):
        Product.objects.filter(code="P001").update(stock_level=level)
        assert refused(viewer_client) == {"stock"}
    assert plan(viewer_client, stock=12.5)["stock"] == 12.5


@pytest.mark.parametrize("missing", ["forecast", "rate"])
def test_without_expected_sales_no_path_can_be_told(missing: str, viewer_client: APIClient) -> None:
    forecast = DemandForecast.objects.filter(product_id="P001")
    if missing == "forecast":
        forecast.delete()
    else:
        forecast.update(last_sold=F("last_sold") - dt.timedelta(days=200))
    problem = problem_of(viewer_client.post(PATH, {"product_id": "P001", "end_date": str(END)}), 409)
    assert "No sales of P001 are expected" in problem["detail"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [({"flags": ["NOT_CONVERGED"]}, "did not settle"), ({"elasticity": 0.4}, "rise with its price")],
)
def test_an_elasticity_that_is_not_to_be_used_gives_no_path(
    fields: dict[str, Any], why: str, viewer_client: APIClient
) -> None:
    ElasticityEstimate.objects.filter(product_id="P001").update(**fields)
    problem = problem_of(viewer_client.post(PATH, {"product_id": "P001", "end_date": str(END)}), 409)
    assert why in problem["detail"]


@pytest.mark.parametrize(
    ("code", "why"), [("NOBODY", "no product"), ("POST", "service"), ("NEW", "No price")]
)
def test_where_there_is_nothing_to_plan(code: str, why: str, viewer_client: APIClient) -> None:
    ProductFactory(code="NEW")
    body = {"product_id": code, "end_date": str(END), "stock": 5}
    assert why in problem_of(viewer_client.post(PATH, body), 404)["detail"]


# --- refused ----------------------------------------------------------------------------------------------


def test_nobody_is_answered_without_a_login(anonymous: APIClient) -> None:
    problem_of(anonymous.post(PATH, {"product_id": "P001", "end_date": str(END)}), 401)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("product_id", value) for value in ("", None, "a\u200bb", [])),
        *(("end_date", value) for value in (None, "tomorrow", "2025-13-01")),
        *(("end_date", str(AS_OF + dt.timedelta(days=days))) for days in (-1, 364)),
        *(("start_date", str(AS_OF + dt.timedelta(days=days))) for days in (-1,)),
        *(("stock", value) for value in (0, -1, "NaN", 1e8, 1.2345)),
        *(("minimum_price", value) for value in (0, -1, "NaN", 12.345, 13)),
        *(("salvage_value", value) for value in (-1, "NaN", None)),
        *(("step_days", value) for value in (0, 1, 365, 1.5)),
        ("cost", -1),
        ("allow_below_cost", "perhaps"),
        ("demand_model", "cubic"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(field: str, value: Any, viewer_client: APIClient) -> None:
    assert refused(viewer_client, **{field: value}) == {field}


def test_what_is_left_out_is_named(viewer_client: APIClient) -> None:
    assert refused_fields(viewer_client.post(PATH, {})) == {"product_id", "end_date"}


def test_the_last_day_is_not_before_the_first(viewer_client: APIClient) -> None:
    start = str(END + dt.timedelta(days=1))
    assert refused(viewer_client, start_date=start) == {"end_date"}


def test_it_takes_as_few_queries_for_a_year_as_for_a_week(counted: APIClient) -> None:
    bodies = [
        {"product_id": "P001", "end_date": str(AS_OF + dt.timedelta(days=days)), "stock": 50}
        for days in (6, 6, 363)
    ]
    calls = [queries_of_call(lambda body=body: counted.post(PATH, body)) for body in bodies]
    # The shop's days are remembered from the first on.
    assert calls == [18, 17, 17]
