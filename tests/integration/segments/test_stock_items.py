"""GET /stock-items: merchandise with its sales and its answer to price, from the cached tables."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from segments.api import dashboard as api
from tests.integration.segments import shop
from tests.integration.segments.contract import ReadingEndpoint, keys_of

ITEMS = "/stock-items"
WINDOW = {"start_date": "2011-01-02", "end_date": "2011-01-04"}


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


class TestContract(ReadingEndpoint):
    path = ITEMS
    view = api.StockItemViewSet
    is_paged = True


@pytest.mark.django_db
def test_an_item_carries_its_sales_its_segment_and_its_answer_to_price(viewer_client: APIClient) -> None:
    shop.five_products()
    answer = viewer_client.get(ITEMS, {"query": "85123a"}).json()
    assert answer["total"] == 1
    assert answer["items"] == [
        {
            "id": "85123A",
            "itemName": "White Heart Holder",
            "elasticity": -1.2346,
            "purchaseFrequency": 9,
            "revenuePotential": pytest.approx(0.8, abs=0.5),
            "totalQuantity": 40,
            "totalRevenue": 118.01,
            "segment": "Champion",
            "flags": [],
        }
    ]
    assert set(answer["items"][0]) == keys_of(api.StockItemSerializer)


@pytest.mark.django_db
def test_services_and_products_off_sale_are_not_listed(viewer_client: APIClient) -> None:
    shop.five_products()
    answer = viewer_client.get(ITEMS)
    assert codes(answer) == ["22423", "85123A", "CREME", "D 4.5", "NEW"]
    assert answer.json()["total"] == 5


@pytest.mark.django_db
def test_what_is_not_known_is_0_and_flagged_where_the_shop_knows_others(viewer_client: APIClient) -> None:
    shop.five_products()
    item = viewer_client.get(ITEMS, {"query": "new"}).json()["items"][0]
    assert (item["elasticity"], item["revenuePotential"]) == (0.0, 0.0)
    assert item["flags"] == ["NO_ELASTICITY", "NO_PRICE"]
    assert (item["totalQuantity"], item["totalRevenue"], item["purchaseFrequency"]) == (0, 0.0, 0)
    assert item["segment"] == "Unknown"


@pytest.mark.django_db
@pytest.mark.parametrize("dates", [{}, WINDOW])
def test_a_shop_without_any_estimate_uses_a_usual_one(
    dates: dict[str, str], viewer_client: APIClient
) -> None:
    shop.publish()
    shop.product("MUG", "Mug", price="10.00", quantity=5, revenue="50")
    shop.sold("MUG", 3, 5, "50")
    item = viewer_client.get(ITEMS, dates).json()["items"][0]
    assert item["elasticity"] == -1.2
    # Linear demand: revenue is highest at 10 (1 - 1 / -1.2) / 2 = 9.17, by 0.83 percent.
    assert item["revenuePotential"] == 0.83


@pytest.mark.django_db
def test_a_product_without_a_price_of_its_own_is_judged_by_its_mean_price(viewer_client: APIClient) -> None:
    shop.publish()
    shop.product("A", "A", price="4.00", quantity=10, revenue="40", elasticity=-0.5)
    shop.product("B", "B", price=None, quantity=10, revenue="40", elasticity=-0.5)
    first, second = viewer_client.get(ITEMS).json()["items"]
    assert first["revenuePotential"] == second["revenuePotential"] > 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("85123", ["85123A"]),
        ("123a", ["85123A"]),
        ("cakestand", ["22423"]),
        ("  Heart ", ["85123A"]),
        ("crème", ["CREME"]),
        ("CRÈME", ["CREME"]),
        ("CAFÉ", ["CREME"]),
        ("cafe\u0301", ["CREME"]),
        ("STRAẞE", ["CREME"]),
        ("d 4.5", ["D 4.5"]),
        ("50%_", ["D 4.5"]),
        ("%", ["D 4.5"]),
        ("_", ["D 4.5"]),
        ("\\", []),
        ("'; DROP TABLE", []),
        ("漢", []),
        ("postage", []),
    ],
)
def test_a_query_is_a_piece_of_the_code_or_the_name_in_any_case(
    query: str, found: list[str], viewer_client: APIClient
) -> None:
    shop.five_products()
    shop.sold("85123A", 3, 1, "1")
    answer = viewer_client.get(ITEMS, {"query": query})
    assert codes(answer) == found
    assert answer.json()["total"] == len(found)
    assert codes(viewer_client.get(ITEMS, {"query": query, **WINDOW})) == [
        code for code in found if code == "85123A"
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["mug%00", "mug%09bed", "x" * 256])
def test_queries_that_no_name_can_hold_are_refused(query: str, viewer_client: APIClient) -> None:
    assert viewer_client.get(f"{ITEMS}?query={query}").status_code == 400


@pytest.mark.django_db
def test_half_of_a_character_is_no_error_of_ours(viewer_client: APIClient) -> None:
    assert viewer_client.get(f"{ITEMS}?query=%ED%A0%80").status_code in (200, 400)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sort_by", "expected"),
    [
        ("quantity_desc", ["85123A", "22423", "D 4.5", "CREME", "NEW"]),
        ("quantity_asc", ["NEW", "CREME", "22423", "D 4.5", "85123A"]),
        ("revenue_desc", ["22423", "85123A", "CREME", "D 4.5", "NEW"]),
        ("revenue_asc", ["NEW", "CREME", "D 4.5", "85123A", "22423"]),
    ],
)
def test_equal_ones_are_sorted_by_code(sort_by: str, expected: list[str], viewer_client: APIClient) -> None:
    shop.five_products()
    assert codes(viewer_client.get(ITEMS, {"sort_by": sort_by})) == expected
    pages = [
        codes(viewer_client.get(ITEMS, {"sort_by": sort_by, "limit": 2, "offset": at})) for at in (0, 2, 4)
    ]
    assert pages == [expected[:2], expected[2:4], expected[4:]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("segment", "found"),
    [("Champion", ["85123A", "D 4.5"]), ("Lost", ["22423"]), ("AtRisk", []), ("Unknown", ["CREME", "NEW"])],
)
def test_the_segment_filter_keeps_the_products_it_buys_most(
    segment: str, found: list[str], viewer_client: APIClient
) -> None:
    shop.five_products()
    answer = viewer_client.get(ITEMS, {"segment_filter": segment, "limit": 1})
    assert answer.json()["total"] == len(found)
    assert codes(answer) == found[:1]


@pytest.mark.django_db
def test_an_unknown_segment_is_refused_with_the_names_there_are(viewer_client: APIClient) -> None:
    answer = viewer_client.get(ITEMS, {"segment_filter": "Champions"})
    assert answer.status_code == 400
    for name in (
        "Champion",
        "LoyalCustomers",
        "PotentialLoyalists",
        "AtRisk",
        "Hibernating",
        "Lost",
        "Unknown",
    ):
        assert name in answer.json()["detail"]


@pytest.mark.django_db
def test_an_unknown_sort_is_refused(viewer_client: APIClient) -> None:
    assert viewer_client.get(ITEMS, {"sort_by": "price_asc"}).status_code == 400


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize(
    ("parameters", "queries"),
    [({}, 4), ({"query": "product"}, 4), ({"query": "é"}, 5), ({"segment_filter": "Champion"}, 4)],
)
def test_it_asks_the_database_a_fixed_number_of_times(
    parameters: dict[str, str], queries: int, count: int, counted: APIClient, django_assert_num_queries
) -> None:
    shop.publish()
    shop.many_products(count)
    with django_assert_num_queries(queries):
        assert counted.get(ITEMS, parameters).status_code == 200
