"""Saved simulations in the admin."""

import pytest
from django.contrib.auth.models import User

from pricing.sales.models import Product
from simulations.models import Simulation
from tests.factories import ProductFactory, SimulationFactory
from tests.integration.admin_pages import errors_of, page, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cup() -> Product:
    return ProductFactory(code="CUP")


def form(**changes: str) -> dict[str, str]:
    filled = {"name": "Dearer cups", "description": "", "product": "CUP", "range_step_percent": "2.5"}
    return filled | {"range_from_percent": "-5", "range_to_percent": "10"} | changes


def test_an_analyst_saves_changes_and_deletes_a_simulation(cup: Product, analyst: User) -> None:
    browser = signed_in(analyst)
    browser.post(page(Simulation, "add"), form())
    simulation = Simulation.objects.get()
    assert (simulation.product, simulation.created_by) == (cup, analyst)
    assert "-5 to +10 % in steps of 2.5" in browser.get(page(Simulation)).content.decode()
    browser.post(page(Simulation, "change", simulation.pk), form(name="Cheaper cups", range_to_percent="0"))
    simulation.refresh_from_db()
    assert (simulation.name, simulation.range_to_percent) == ("Cheaper cups", 0.0)
    browser.post(page(Simulation, "delete", simulation.pk), {"post": "yes"})
    assert not Simulation.objects.exists()


def test_whoever_changes_a_simulation_does_not_become_its_author(
    cup: Product, analyst: User, manager: User
) -> None:
    simulation = SimulationFactory(name="x", created_by=manager)
    signed_in(analyst).post(page(Simulation, "change", simulation.pk), form())
    simulation.refresh_from_db()
    assert (simulation.name, simulation.created_by) == ("Dearer cups", manager)


def test_a_draft_needs_no_product(analyst: User) -> None:
    signed_in(analyst).post(page(Simulation, "add"), form(product=""))
    assert Simulation.objects.get().product is None


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"range_from_percent": "20"}, "ends before it begins"),
        ({"range_step_percent": "0"}, "above 0"),
        ({"range_step_percent": "nan"}, "Enter a number"),
        ({"range_from_percent": "-100"}, "greater than or equal to -99"),
        ({"range_to_percent": "1001"}, "less than or equal to 1000"),
        ({"name": ""}, "required"),
        ({"name": "x" * 256}, "at most 255 characters"),
        ({"product": "NONE"}, "valid choice"),
    ],
)
def test_a_simulation_out_of_its_limits_is_refused(
    changes: dict[str, str], complaint: str, cup: Product, analyst: User
) -> None:
    assert complaint in errors_of(signed_in(analyst).post(page(Simulation, "add"), form(**changes)))
    assert not Simulation.objects.exists()


def test_a_viewer_writes_nothing(cup: Product, viewer: User) -> None:
    simulation = SimulationFactory(name="x")
    browser = signed_in(viewer)
    assert browser.get(page(Simulation, "change", simulation.pk)).status_code == 200
    for name, arguments in (("add", []), ("change", [simulation.pk]), ("delete", [simulation.pk])):
        assert browser.post(page(Simulation, name, *arguments), form()).status_code == 403
    assert Simulation.objects.get().name == "x"
