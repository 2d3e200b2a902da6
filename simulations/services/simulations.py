"""Writing saved simulations."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from elastix.errors import FieldError, Invalid
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from simulations.models import Simulation
from simulations.selectors.simulations import find_simulation


def simulation_create(
    fields: Mapping[str, Any], *, user: Any, simulation_id: UUID | None = None
) -> Simulation:
    """Save a new simulation; without a product it is a draft.

    Parameters
    ----------
    fields : any of name, description, stock_code ("": none) and price_range.
    simulation_id : of a form that may be sent twice: the second time returns what the first has saved.

    Raises
    ------
    Invalid : the product is not known, or is a service.
    """
    before = Simulation.objects.filter(pk=simulation_id).first() if simulation_id else None
    if before is not None:
        return before
    simulation = Simulation(created_by=user if getattr(user, "pk", None) else None)
    if simulation_id:
        simulation.pk = simulation_id
    return _save(simulation, fields)


def simulation_duplicate(simulation_id: UUID, *, name: str, user: Any, copy_id: UUID) -> Simulation:
    """Save a copy of a simulation under another name; with the same `copy_id` again, return the copy.

    Raises
    ------
    NotFound : there is no such simulation.
    """
    original = find_simulation(simulation_id)
    fields = {
        "name": name[: Simulation._meta.get_field("name").max_length],
        "description": original.description,
        "stock_code": original.stock_code,
        "price_range": original.price_range,
    }
    return simulation_create(fields, user=user, simulation_id=copy_id)


@transaction.atomic
def simulation_update(simulation_id: UUID, fields: Mapping[str, Any]) -> Simulation:
    """Change what is given of a simulation; parameters as above.

    Raises
    ------
    NotFound : there is no such simulation.
    Invalid : the product is not known, or is a service.
    """
    return _save(find_simulation(simulation_id, lock=True), fields)


@transaction.atomic
def simulation_delete(simulation_id: UUID) -> None:
    """Delete a simulation.

    Raises
    ------
    NotFound : there is no such simulation.
    """
    find_simulation(simulation_id, lock=True).delete()


def _save(simulation: Simulation, fields: Mapping[str, Any]) -> Simulation:
    for name in ("name", "description", "price_range"):
        if name in fields:
            setattr(simulation, name, fields[name])
    if "stock_code" in fields:
        code = fields["stock_code"]
        product = Product.objects.filter(code=code, kind=Kind.MERCHANDISE).first() if code else None
        if code and product is None:
            raise Invalid(FieldError("stockItemRef", f"There is no stock item {code!r}."))
        simulation.product = product
    simulation.save()
    return simulation
