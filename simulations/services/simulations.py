"""Writing saved simulations."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from elastix.errors import FieldError, Invalid
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from simulations.models import Simulation


def simulation_create(fields: Mapping[str, Any], *, user: Any) -> Simulation:
    """Save a new simulation; without a product it is a draft.

    Raises
    ------
    Invalid : the product is not known, or is a service.
    """
    simulation = Simulation(created_by=user if getattr(user, "pk", None) else None)
    _apply(simulation, fields)
    simulation.save()
    return simulation


@transaction.atomic
def simulation_update(simulation_id: Any, fields: Mapping[str, Any]) -> Simulation:
    """Change what is given of a simulation.

    Raises
    ------
    Simulation.DoesNotExist
    Invalid : the product is not known, or is a service.
    """
    simulation = Simulation.objects.select_for_update().get(pk=simulation_id)
    _apply(simulation, fields)
    simulation.save()
    return simulation


def _apply(simulation: Simulation, fields: Mapping[str, Any]) -> None:
    simulation.name = fields.get("name", simulation.name)
    simulation.description = fields.get("description", simulation.description)
    if "stockItemRef" in fields:
        simulation.product = _product(fields["stockItemRef"])
    if "priceRange" in fields:
        first, last, step = fields["priceRange"]
        simulation.range_from_percent = first
        simulation.range_to_percent = last
        simulation.range_step_percent = step


def _product(code: str) -> Product | None:
    if not code:
        return None
    product = Product.objects.filter(code=code, kind=Kind.MERCHANDISE).first()
    if product is None:
        raise Invalid(FieldError("stockItemRef", f"There is no stock item {code!r}."))
    return product
