"""GET /segments/customers: how recently, how often and for how much each customer buys."""

import csv
import io
from typing import Any

import pytest
from rest_framework.test import APIClient

from segments.api import customers as api
from segments.models import CustomerSegment
from tests.integration.segments import shop
from tests.integration.segments.contract import ReadingEndpoint, keys_of

CUSTOMERS = "/segments/customers"


class TestContract(ReadingEndpoint):
    path = CUSTOMERS
    view = api.CustomerViewSet
    is_dated = False
    is_paged = True


def four_customers() -> None:
    shop.publish()
    shop.customer("12346", "Champion", 9, "310.445", (5, 4, 3))
    shop.customer("12347", "Lost", 1, "20")
    shop.customer("12348", "Champion", 5, "310.445")
    shop.customer("12350", "", 5, "-12.5", (0, 0, 0))


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["customer_id"] for item in answer.json()["items"]]


def table(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


@pytest.mark.django_db
def test_a_customer_has_sums_scores_and_a_segment(viewer_client: APIClient) -> None:
    four_customers()
    answer = viewer_client.get(CUSTOMERS, {"limit": 1}).json()
    assert answer["total"] == 4
    assert answer["items"] == [
        {
            "customer_id": "12346",
            "recency": 2,
            "frequency": 9,
            "monetary": 310.45,
            "r_score": 5,
            "f_score": 4,
            "m_score": 3,
            "segment": "Champion",
            "country": "",
        }
    ]
    assert set(answer["items"][0]) == keys_of(api.CustomerSerializer)


@pytest.mark.django_db
def test_customers_without_a_segment_are_listed_where_none_is_asked_for(viewer_client: APIClient) -> None:
    four_customers()
    assert ids(viewer_client.get(CUSTOMERS)) == ["12346", "12347", "12348", "12350"]
    champions = viewer_client.get(CUSTOMERS, {"segment": "Champion"})
    assert ids(champions) == ["12346", "12348"]
    assert champions.json()["total"] == 2
    assert ids(viewer_client.get(CUSTOMERS, {"segment": "AtRisk"})) == []


@pytest.mark.django_db
@pytest.mark.parametrize("segment", ["champion", "Unknown", "VIP"])
def test_an_unknown_segment_is_refused_with_the_names_there_are(
    segment: str, viewer_client: APIClient
) -> None:
    answer = viewer_client.get(CUSTOMERS, {"segment": segment})
    assert answer.status_code == 400
    for name in ("Champion", "LoyalCustomers", "PotentialLoyalists", "AtRisk", "Hibernating", "Lost"):
        assert name in answer.json()["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("customer_id", ["12346", "12347", "12348", "12350"]),
        ("-customer_id", ["12350", "12348", "12347", "12346"]),
        ("recency", ["12346", "12348", "12350", "12347"]),
        ("-recency", ["12347", "12348", "12350", "12346"]),
        ("frequency", ["12347", "12348", "12350", "12346"]),
        ("monetary", ["12350", "12347", "12346", "12348"]),
        ("-monetary", ["12346", "12348", "12347", "12350"]),
        ("r_score", ["12350", "12347", "12348", "12346"]),
        ("-f_score", ["12346", "12347", "12348", "12350"]),
        ("m_score", ["12350", "12346", "12347", "12348"]),
        ("segment", ["12346", "12348", "12347", "12350"]),
        ("-segment", ["12350", "12347", "12346", "12348"]),
    ],
)
def test_customers_are_ordered_as_asked_and_equal_ones_by_their_id(
    ordering: str, expected: list[str], viewer_client: APIClient
) -> None:
    four_customers()
    assert ids(viewer_client.get(CUSTOMERS, {"ordering": ordering})) == expected
    pages = [
        ids(viewer_client.get(CUSTOMERS, {"ordering": ordering, "limit": 3, "offset": at})) for at in (0, 3)
    ]
    assert pages == [expected[:3], expected[3:]]


@pytest.mark.django_db
@pytest.mark.parametrize("ordering", ["name", "--recency", "last_purchase", "customer_id,recency"])
def test_other_orderings_are_refused(ordering: str, viewer_client: APIClient) -> None:
    assert viewer_client.get(CUSTOMERS, {"ordering": ordering}).status_code == 400


@pytest.mark.django_db
def test_a_purchase_after_the_last_lasting_sale_has_no_negative_recency(viewer_client: APIClient) -> None:
    four_customers()
    shop.publish(as_of=shop.day(5))
    recency = {item["customer_id"]: item["recency"] for item in viewer_client.get(CUSTOMERS).json()["items"]}
    assert recency == {"12346": 0, "12347": 4, "12348": 0, "12350": 0}


@pytest.mark.django_db
def test_customers_are_found_by_a_piece_of_their_id_and_by_country(viewer_client: APIClient) -> None:
    four_customers()
    CustomerSegment.objects.filter(pk__in=("12346", "12350")).update(country="France")
    assert ids(viewer_client.get(CUSTOMERS, {"query": "234"})) == ["12346", "12347", "12348"]
    assert ids(viewer_client.get(CUSTOMERS, {"country": "France"})) == ["12346", "12350"]
    both = viewer_client.get(CUSTOMERS, {"country": "France", "query": "50", "segment": "Champion"})
    assert ids(both) == []
    assert ids(viewer_client.get(CUSTOMERS, {"country": "france"})) == []


# --- as a file ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_file_has_a_header_and_all_customers(viewer_client: APIClient) -> None:
    four_customers()
    answer = viewer_client.get(CUSTOMERS, {"format": "csv", "segment": "Champion"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="customers.csv"'
    assert table(answer) == [
        [
            "customer_id",
            "recency",
            "frequency",
            "monetary",
            "r_score",
            "f_score",
            "m_score",
            "segment",
            "country",
        ],
        ["12346", "2", "9", "310.45", "5", "4", "3", "Champion", ""],
        ["12348", "6", "5", "310.45", "3", "3", "3", "Champion", ""],
    ]


@pytest.mark.django_db
def test_the_file_may_be_asked_for_by_its_media_type(viewer_client: APIClient) -> None:
    four_customers()
    assert len(table(viewer_client.get(CUSTOMERS, headers={"Accept": "text/csv"}))) == 5


@pytest.mark.django_db
def test_a_page_of_the_file_can_be_asked_for(viewer_client: APIClient) -> None:
    four_customers()
    rows = table(
        viewer_client.get(CUSTOMERS, {"format": "csv", "limit": 2, "offset": 1, "ordering": "-customer_id"})
    )
    assert [row[0] for row in rows[1:]] == ["12348", "12347"]
    assert len(table(viewer_client.get(CUSTOMERS, {"format": "csv", "offset": 99}))) == 1


@pytest.mark.django_db
def test_more_customers_than_a_page_holds_are_all_in_the_file(viewer_client: APIClient) -> None:
    shop.publish()
    CustomerSegment.objects.bulk_create(
        CustomerSegment(
            customer_id=f"{number:05}", last_purchase=shop.day(1), frequency=1, monetary=1, segment="Lost"
        )
        for number in range(5_000)
    )
    rows = table(viewer_client.get(CUSTOMERS, {"format": "csv"}))
    assert [row[0] for row in rows[1:]] == [f"{number:05}" for number in range(5_000)]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_takes_no_customer_for_a_formula(text: str, viewer_client: APIClient) -> None:
    shop.publish()
    shop.customer(text, "", 1, "-5")
    row = table(viewer_client.get(CUSTOMERS, {"format": "csv"}))[1]
    assert row[0] == f"'{text}"
    assert row[3] == "-5.0"


@pytest.mark.django_db
def test_the_file_of_an_empty_shop_is_its_header(viewer_client: APIClient) -> None:
    assert len(table(viewer_client.get(CUSTOMERS, {"format": "csv"}))) == 1


@pytest.mark.django_db
def test_an_unchanged_file_is_not_sent_again(viewer_client: APIClient, anonymous: APIClient) -> None:
    four_customers()
    parameters = {"format": "csv"}
    tag = viewer_client.get(CUSTOMERS, parameters)["ETag"]
    again = viewer_client.get(CUSTOMERS, parameters, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert anonymous.get(CUSTOMERS, parameters, headers={"If-None-Match": tag}).status_code == 401


@pytest.mark.django_db
def test_errors_of_the_file_have_the_shape_of_all_errors(
    viewer_client: APIClient, anonymous: APIClient
) -> None:
    answer = viewer_client.get(CUSTOMERS, {"format": "csv", "segment": "VIP"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["errors"][0]["field"] == "segment"
    assert anonymous.get(CUSTOMERS, {"format": "csv"})["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_an_unknown_format_is_refused(viewer_client: APIClient) -> None:
    assert viewer_client.get(CUSTOMERS, {"format": "pdf"}).status_code == 400


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize(
    ("parameters", "queries"), [({}, 4), ({"segment": "Lost"}, 4), ({"format": "csv"}, 3)]
)
def test_it_asks_the_database_a_fixed_number_of_times(
    parameters: dict[str, str], queries: int, count: int, counted: APIClient, django_assert_num_queries
) -> None:
    shop.publish()
    for number in range(count):
        shop.customer(f"C{number}", "Lost", 1, "1")
    with django_assert_num_queries(queries):
        answer = counted.get(CUSTOMERS, parameters)
        assert answer.status_code == 200
        assert len(b"".join(answer)) > 90
