"""The tab of a product's page that plans how to clear its stock: what the API's /api/price/clearance answers."""

import datetime as dt
from typing import Any, Final

from django.http import HttpRequest

from elastix.dataset.models import DataVersion
from elastix.desk.tags import said
from elastix.errors import Conflict, Invalid, NotFound
from pricing.sales.core.calendar import DAYS_A_WEEK
from pricing.sales.models import Product
from simulations.selectors.clearance import clearance
from simulations.selectors.clearance_case import ClearanceAsked
from simulations.serializers import ClearanceAskedSerializer

USUAL_WEEKS: Final = 8
FIELDS: Final = (
    "end_date",
    "stock",
    "minimum_price",
    "salvage_value",
    "allow_below_cost",
    "cost",
    "demand_model",
)


def clearance_tab(request: HttpRequest, product: Product, version: DataVersion) -> dict[str, Any]:
    """The form, and once it was sent the path of prices or why there is none."""
    given = {name: request.GET[name] for name in FIELDS if request.GET.get(name)}
    shown: dict[str, Any] = {"form": _usual(product, version) | given}
    if "end_date" not in given:
        return shown
    asked = ClearanceAskedSerializer(data=given)
    if not asked.is_valid():
        refusals = [str(each) for errors in asked.errors.values() for each in errors]
        return shown | {"refusals": refusals}
    try:
        return shown | {"plan": clearance(product.code, version, ClearanceAsked(**asked.validated_data))}
    except Invalid as error:
        return shown | {"refusals": [said(each.message) for each in error.errors]}
    except (Conflict, NotFound) as error:
        return shown | {"refusals": [said(error.detail)]}


def _usual(product: Product, version: DataVersion) -> dict[str, Any]:
    """What the form has before anything is entered: the recorded stock, and eight weeks."""
    stock, first = product.stock_level, version.as_of
    last = first + dt.timedelta(days=USUAL_WEEKS * DAYS_A_WEEK - 1) if first else None
    return {
        "end_date": last.isoformat() if last else "",
        "stock": str(stock) if stock is not None and stock > 0 else "",
    }
