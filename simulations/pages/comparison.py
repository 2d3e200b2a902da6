"""/desk/simulations/compare: up to four simulations side by side."""

import math
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from elastix.api.fields import known
from elastix.dataset.versions import current_version
from elastix.desk.shell import page
from elastix.desk.tags import label
from segments.core.rfm import SEGMENTS
from simulations.models import HIGHEST_PERCENT, LOWEST_PERCENT
from simulations.selectors.comparison import MOST_COMPARED, ComparedSimulation, compare_simulations


@page()
def comparison(request: HttpRequest) -> HttpResponse:
    """The simulations that the address names, at the best change of each or at the one that it names."""
    context: dict[str, Any] = {"page": "simulations", "most": MOST_COMPARED}
    ids, error = _ids(request)
    change, wrong = _change(request)
    error = error or wrong
    if not error:
        found = compare_simulations(current_version(), ids=ids, price_change_percent=change)
        projected = [each for each in found.items if each.projection is not None]
        context |= {
            "found": found,
            "projected": projected,
            "change": change,
            "curve_chart": curve_chart(projected),
            "segment_chart": segment_chart(projected),
            "curve_of_profit": _all_profits(projected),
            "names": SEGMENTS,
        }
    context |= {"error": error, "ids": ids}
    return render(request, "desk/comparison.html", context, status=400 if error else 200)


def _ids(request: HttpRequest) -> tuple[list[UUID], str]:
    given = list(dict.fromkeys(request.GET.getlist("id")))
    if not given:
        return [], _("Tick the simulations to compare first.")
    if len(given) > MOST_COMPARED:
        return [], _("At most %(most)d simulations can be compared.") % {"most": MOST_COMPARED}
    try:
        return [UUID(each) for each in given], ""
    except ValueError:
        return [], _("This is no simulation.")


def _change(request: HttpRequest) -> tuple[float | None, str]:
    text = request.GET.get("change", "").strip().replace(",", ".")
    if not text:
        return None, ""
    try:
        change = float(text)
    except ValueError:
        change = math.nan
    if not LOWEST_PERCENT <= change <= HIGHEST_PERCENT:
        return None, _("A price can change by %(low)d to %(high)d percent.") % {
            "low": LOWEST_PERCENT,
            "high": HIGHEST_PERCENT,
        }
    return change, ""


def _all_profits(compared: Sequence[ComparedSimulation]) -> bool:
    """Whether every product has a cost, so that profits can be compared."""
    projections: list[Any] = [each.projection for each in compared]
    return all(known(each.current.impact.projected.profit, 2) is not None for each in projections)


def curve_chart(compared: Sequence[ComparedSimulation]) -> dict[str, Any]:
    """Change of profit (of revenue, where a cost is not known) over the changes of the price, a line each."""
    profit = _all_profits(compared)
    return {
        "kind": "lines",
        "names": {"x": _("Price change"), "y": _("Change of profit") if profit else _("Change of revenue")},
        "series": [
            {
                "name": _line(each, at),
                "points": [
                    [change, known(getattr(point.impact.change, "profit" if profit else "revenue"), 2)]
                    for change, point in zip(each.changes, _points(each), strict=True)
                ],
            }
            for at, each in enumerate(compared, 1)
        ],
    }


def segment_chart(compared: Sequence[ComparedSimulation]) -> dict[str, Any]:
    """Change of each segment's revenue in percent, a bar for each simulation."""
    return {
        "kind": "bars",
        "x": [capfirst(label(name)) for name in SEGMENTS],
        "names": {"y": _("Revenue, change in %")},
        "series": [
            {
                "name": _line(each, at),
                "values": [
                    round(each.segments[name].revenue_change_percent, 1) if each.segments else None
                    for name in SEGMENTS
                ],
            }
            for at, each in enumerate(compared, 1)
        ],
    }


def _points(compared: ComparedSimulation) -> Sequence[Any]:
    return compared.projection.prices if compared.projection else ()


def _line(compared: ComparedSimulation, number: int) -> str:
    """A name for the legend: two simulations may be called the same."""
    return f"{number} {compared.simulation.name[:40]}"
