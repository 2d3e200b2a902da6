"""GET /stock-items/{code}: one product's sales and all that is known about its answer to price."""

import datetime as dt

import numpy as np
import pytest
from rest_framework.test import APIClient

from pricing.elasticity.core.log_log import fit_log_log
from pricing.elasticity.core.pooled import refresh
from pricing.sales.models import Product, SalesHistory
from pricing.sales.selectors.daily import Window, shop_days
from segments.api import dashboard as api
from tests.integration.segments import shop
from tests.integration.segments.contract import ReadingEndpoint
from tests.integration.segments.fitted import fitted_shop

ITEMS = "/stock-items"
WINDOW = {"start_date": "2011-01-02", "end_date": "2011-01-04"}


@pytest.mark.django_db
class TestContract(ReadingEndpoint):
    path = f"{ITEMS}/MUG"
    view = api.StockItemViewSet
    action = "retrieve"

    @pytest.fixture(autouse=True)
    def _product(self) -> None:
        shop.product("MUG", "Mug")


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["85123A", "85123a", "%2085123a%20"])
def test_one_item_is_found_by_its_code_in_any_case(code: str, viewer_client: APIClient) -> None:
    shop.five_products()
    answer = viewer_client.get(f"{ITEMS}/{code}").json()
    del answer["last_updated"]
    assert answer == {
        "id": "85123A",
        "itemName": "White Heart Holder",
        "elasticity": -1.2346,
        "rSquared": 0.25,
        "avgPrice": 2.95,
        "totalQuantity": 40,
        "totalRevenue": 118.01,
        "sampleSize": 12,
        "method": "pooled",
        "quality": "B",
        "flags": ["FEW_DAYS"],
        "ciLow": -2.2146,
        "ciHigh": -0.2546,
    }


@pytest.mark.django_db
def test_codes_with_spaces_and_dots_are_addresses(viewer_client: APIClient) -> None:
    shop.five_products()
    assert viewer_client.get(f"{ITEMS}/d%204.5").json()["id"] == "D 4.5"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "code", ["NONE", "POST", "post", "%00", "85123A%00", "%ED%A0%80", "%F0%9F%98%80", "%20", "x" * 51, "%0A"]
)
def test_codes_of_nothing_and_of_services_are_404(code: str, viewer_client: APIClient) -> None:
    shop.five_products()
    answer = viewer_client.get(f"{ITEMS}/{code}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_an_item_without_sales_has_none(viewer_client: APIClient) -> None:
    shop.five_products()
    answer = viewer_client.get(f"{ITEMS}/NEW").json()
    assert (answer["elasticity"], answer["avgPrice"], answer["rSquared"]) == (0.0, None, 0.0)
    assert (answer["method"], answer["flags"]) == (None, ["FEW_DAYS", "NO_ELASTICITY"])
    assert (answer["totalQuantity"], answer["totalRevenue"], answer["sampleSize"]) == (0, 0.0, 0)


@pytest.mark.django_db
def test_an_item_of_a_shop_without_estimates_is_flagged(viewer_client: APIClient) -> None:
    shop.product("MUG", "Mug")
    answer = viewer_client.get(f"{ITEMS}/mug").json()
    assert (answer["elasticity"], answer["quality"]) == (-1.2, "D")
    assert (answer["method"], answer["flags"]) == ("default", ["FEW_DAYS"])


@pytest.mark.django_db
def test_an_item_that_did_not_sell_in_a_window_has_zeros(viewer_client: APIClient) -> None:
    shop.window_of_sales()
    answer = viewer_client.get(f"{ITEMS}/C", WINDOW).json()
    assert (answer["totalQuantity"], answer["totalRevenue"], answer["avgPrice"]) == (0, 0.0, None)


@pytest.mark.django_db
def test_an_edited_product_makes_the_answer_a_new_one(viewer_client: APIClient) -> None:
    shop.five_products()
    tag = viewer_client.get(f"{ITEMS}/22423")["ETag"]
    Product.objects.filter(pk="22423").update(name="Cakestand, 3 tiers")
    shop.publish(catalogue_version=1)
    answer = viewer_client.get(f"{ITEMS}/22423", headers={"If-None-Match": tag})
    assert answer.json()["itemName"] == "Cakestand, 3 tiers"


@pytest.mark.django_db
def test_an_item_in_a_window_has_the_sales_of_the_window(viewer_client: APIClient) -> None:
    shop.window_of_sales()
    answer = viewer_client.get(f"{ITEMS}/a", WINDOW).json()
    assert (answer["totalQuantity"], answer["totalRevenue"], answer["avgPrice"]) == (7, 70.01, 10.0)


@pytest.mark.django_db
def test_an_item_in_a_window_has_the_elasticity_of_the_window(viewer_client: APIClient) -> None:
    model = fitted_shop()
    first, last = dt.date(2011, 2, 1), dt.date(2011, 4, 30)
    expected = refresh(shop_days(["F03"]).daily, np.array([-1]), model.hyper, Window(first, last).days)
    rows = SalesHistory.objects.filter(product="F03", date__range=(first, last))
    price, quantity = (
        np.array([float(getattr(row, name)) for row in rows]) for name in ("price", "quantity")
    )
    regression = fit_log_log(np.zeros(price.size, np.int64), price, quantity, 1)
    answer = viewer_client.get(f"{ITEMS}/F03", {"start_date": str(first), "end_date": str(last)}).json()
    assert answer["elasticity"] == round(float(expected.elasticity[0]), 4)
    assert (answer["ciLow"], answer["ciHigh"]) == (
        round(float(expected.ci_low[0]), 4),
        round(float(expected.ci_high[0]), 4),
    )
    assert answer["rSquared"] == round(float(regression.r_squared[0]), 4) > 0
    assert (answer["sampleSize"], answer["quality"]) == (len(rows), str(expected.grade[0]))


@pytest.mark.parametrize(("dates", "queries"), [({}, 4), ({"start_date": "2011-02-01"}, 11)])
def test_it_asks_the_database_a_fixed_number_of_times(
    dates: dict[str, str], queries: int, counted: APIClient, django_assert_num_queries
) -> None:
    fitted_shop()
    shop.product("MUG", "Mug", quantity=1, revenue="1", elasticity=-1.0)
    code = "F03" if dates else "MUG"
    with django_assert_num_queries(queries):
        assert counted.get(f"{ITEMS}/{code}", dates).status_code == 200
