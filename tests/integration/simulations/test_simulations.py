"""/simulations: saved what-ifs, their figures by segment, and the curve over the range."""

import uuid

import pytest
from rest_framework.test import APIClient

from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity, SegmentSales
from simulations.models import Simulation
from tests.api_cases import UUID_OF_NOTHING, ApiCases, problem_of, refused_fields
from tests.factories import ProductFactory, SimulationFactory

IMPOSSIBLE = (
    ({"stockItemRef": "NOWHERE"}, "stockItemRef"),
    *(
        ({"priceRange": price_range}, "priceRange")
        for price_range in (
            [10, -10, 1], [-10, 10, 0], [-10, 10, -1], [-10, 10, 0.01], [-100, 10, 1], [0, 10], ["nan", 10, 1],
        )
    ),
    ({"name": ""}, "name"),
    ({"name": "x" * 256}, "name"),
)  # fmt: skip


class TestSimulations(ApiCases):
    path = "/simulations"
    factory = SimulationFactory
    id_key = "simulationId"
    missing = (UUID_OF_NOTHING, "no-uuid")
    list_queries = 2
    body = {"name": "Spring", "description": "why", "stockItemRef": "CUP", "priceRange": [-10.0, 20.0, 5.0]}
    required = ("name",)
    invalid = IMPOSSIBLE
    twice = 201
    change = {"description": "why"}
    update_methods = ("put",)
    invalid_changes = IMPOSSIBLE

    def prepare(self) -> None:
        ProductFactory(code="CUP")

    def make_for_list(self) -> Simulation:
        return SimulationFactory(product=ProductFactory())


def create(client: APIClient, **body: object) -> dict[str, object]:
    answer = client.post("/simulations", {"name": "Spring"} | body, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("name=SPR", ["Spring"]),
        ("stockItemRef=CUP", ["Autumn"]),
        ("ordering=name", ["Autumn", "Spring"]),
        ("ordering=-name", ["Spring", "Autumn"]),
        ("", ["Autumn", "Spring"]),
        ("name=winter", []),
    ],
)
def test_the_list_is_filtered_and_ordered(
    db: None, viewer_client: APIClient, asked: str, names: list[str]
) -> None:
    SimulationFactory(name="Spring", product=None)
    SimulationFactory(name="Autumn", product=ProductFactory(code="CUP"))
    found = viewer_client.get(f"/simulations?{asked}").json()["items"]
    assert [each["name"] for each in found] == names


def test_an_order_by_what_a_list_does_not_have_is_refused(db: None, viewer_client: APIClient) -> None:
    assert refused_fields(viewer_client.get("/simulations?ordering=price")) == {"ordering"}


def test_a_draft_has_no_product_and_its_metrics_are_zeros(db: None, analyst_client: APIClient) -> None:
    made = create(analyst_client, stockItemRef="", priceRange=[-10, 20, 5])

    assert made["stockItemRef"] == ""
    assert made["priceRange"] == [-10.0, 20.0, 5.0]
    metrics = analyst_client.get(f"/simulations/{made['simulationId']}/metrics").json()
    assert [metrics[name]["quantity"] for name in SEGMENTS] == [0] * 6
    assert {metrics[name]["revenue"] for name in SEGMENTS} == {0.0}


@pytest.mark.usefixtures("shop")
class TestWithAProduct:
    def test_put_gives_a_draft_its_product_and_leaves_the_rest(self, analyst_client: APIClient) -> None:
        made = create(analyst_client, description="why")
        changed = analyst_client.put(
            f"/simulations/{made['simulationId']}", {"stockItemRef": "cup"}, format="json"
        ).json()

        assert changed == made | {"stockItemRef": "CUP"}

    def test_metrics_are_the_segments_sales_at_the_middle_of_the_range(
        self, analyst_client: APIClient
    ) -> None:
        made = create(analyst_client, stockItemRef="CUP", priceRange=[0, 20, 5])
        metrics = analyst_client.get(f"/simulations/{made['simulationId']}/metrics").json()

        for name in SEGMENTS:
            sold = SegmentSales.objects.filter(product_id="CUP", segment=name)
            units = sum(row.quantity for row in sold)
            elasticity = SegmentElasticity.objects.filter(product_id="CUP", segment=name).first()
            assert metrics[name]["priceChangePercent"] == 10.0
            if elasticity:
                assert metrics[name]["quantity"] == round(units * (1 + 0.1 * elasticity.elasticity))
            else:
                assert metrics[name]["quantity"] == 0

    def test_a_window_counts_only_its_sales(self, analyst_client: APIClient) -> None:
        made = create(analyst_client, stockItemRef="CUP", priceRange=[0, 0, 1])
        path = f"/simulations/{made['simulationId']}/metrics"
        whole = analyst_client.get(path).json()
        month = analyst_client.get(path, {"startDate": "2025-02-01", "end_date": "2025-02-28"}).json()

        assert sum(month[name]["quantity"] for name in SEGMENTS) > 0
        assert sum(month[name]["quantity"] for name in SEGMENTS) < sum(
            whole[name]["quantity"] for name in SEGMENTS
        )

    def test_the_curve_has_every_step_and_its_totals_are_the_segments_sums(
        self, analyst_client: APIClient
    ) -> None:
        made = create(analyst_client, stockItemRef="CUP", priceRange=[-10, 10, 5])
        curve = analyst_client.get(f"/simulations/{made['simulationId']}/curve").json()

        assert [point["priceChangePercent"] for point in curve["points"]] == [-10, -5, 0, 5, 10]
        for point in curve["points"]:
            assert point["total"]["quantity"] == sum(each["quantity"] for each in point["segments"].values())

    def test_the_number_of_queries_does_not_grow_with_the_range(
        self, counted: APIClient, analyst_client: APIClient, django_assert_num_queries: object
    ) -> None:
        made = create(analyst_client, stockItemRef="CUP", priceRange=[-50, 50, 1])

        with django_assert_num_queries(6):
            counted.get(f"/simulations/{made['simulationId']}/curve")
        with django_assert_num_queries(6):
            counted.get(f"/simulations/{made['simulationId']}/metrics")


def test_a_description_of_null_is_taken_as_empty(db: None, analyst_client: APIClient) -> None:
    made = create(analyst_client, description=None)
    assert made["description"] == ""
    path = f"/simulations/{made['simulationId']}"
    analyst_client.put(path, {"description": "why"}, format="json")
    changed = analyst_client.put(path, {"description": None}, format="json")
    assert (changed.status_code, changed.json()["description"]) == (200, "")


def test_the_list_is_newest_first_and_paged(db: None, analyst_client: APIClient) -> None:
    names = ["first", "second", "third"]
    for name in names:
        create(analyst_client, name=name)

    answer = analyst_client.get("/simulations", {"limit": 2}).json()
    assert answer["total"] == 3
    assert [each["name"] for each in answer["items"]] == ["third", "second"]
    assert analyst_client.get("/simulations", {"offset": 9}).json() == {"total": 3, "items": []}


@pytest.mark.parametrize("what", ["metrics", "curve"])
def test_figures_of_an_unknown_simulation_are_not_found(
    db: None, viewer_client: APIClient, what: str
) -> None:
    problem_of(viewer_client.get(f"/simulations/{uuid.uuid4()}/{what}"), 404)
