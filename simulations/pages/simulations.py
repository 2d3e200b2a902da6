"""/desk/simulations: the saved simulations; new ones, copies, changes and deletions."""

import contextlib
import uuid
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elastix.api.permissions import Role
from elastix.desk.exports import export
from elastix.desk.lists import Column, ordered, text
from elastix.desk.shell import page
from elastix.desk.tags import said
from elastix.errors import Invalid, NotFound
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from simulations.models import HIGHEST_PERCENT, LOWEST_PERCENT, MOST_STEPS, Simulation
from simulations.selectors.comparison import MOST_COMPARED
from simulations.selectors.simulations import find_simulation
from simulations.services.simulations import (
    simulation_create,
    simulation_delete,
    simulation_duplicate,
    simulation_update,
)

SIMULATIONS_A_PAGE: Final = 50
SORTED_BY: Final = (
    Column("name", gettext_lazy("Simulation"), "name"),
    Column("product", gettext_lazy("Product"), "product__name"),
    Column("changes", gettext_lazy("Price changes"), "range_to_percent", "-", True),
    Column("by", gettext_lazy("By"), "created_by__username"),
    Column("made", gettext_lazy("Made"), "created_at", "-"),
)
# Of the list as a file.
COLUMNS: Final = (
    (gettext_lazy("Simulation"), "name"),
    (gettext_lazy("What for"), "description"),
    (gettext_lazy("Code"), "product_id"),
    (gettext_lazy("Product"), lambda row: row.product.name if row.product else ""),
    (gettext_lazy("From, in %"), "range_from_percent"),
    (gettext_lazy("To, in %"), "range_to_percent"),
    (gettext_lazy("Step, in %"), "range_step_percent"),
    (gettext_lazy("By"), lambda row: row.created_by.get_username() if row.created_by else ""),
    (gettext_lazy("Made"), "created_at"),
)
USUAL_RANGE: Final = {"first": -10, "last": 10, "step": 1}


class SimulationForm(forms.Form):
    """A range of price changes to try on a product; `key` makes the same form sent twice one simulation."""

    key = forms.UUIDField(required=False)
    name = forms.CharField(max_length=255)
    description = forms.CharField(max_length=10_000, required=False)
    stock_code = forms.CharField(max_length=50, required=False)
    first = forms.FloatField(min_value=LOWEST_PERCENT, max_value=HIGHEST_PERCENT)
    last = forms.FloatField(min_value=LOWEST_PERCENT, max_value=HIGHEST_PERCENT)
    step = forms.FloatField()

    def clean_stock_code(self) -> str:
        code: str = self.cleaned_data["stock_code"].strip().upper()
        if code and not Product.objects.filter(code=code, kind=Kind.MERCHANDISE).exists():
            raise forms.ValidationError(_("There is no product {code}.").format(code=repr(code)))
        return code

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        first, last, step = (values.get(name) for name in ("first", "last", "step"))
        if step is not None and step <= 0:
            self.add_error("step", _("The step must be above 0."))
        elif first is not None and last is not None and first > last:
            self.add_error("last", _("The range ends before it begins."))
        elif first is not None and last is not None and step and (last - first) / step > MOST_STEPS:
            self.add_error("step", _("The range has more than %(most)d steps.") % {"most": MOST_STEPS})
        return values

    def fields_of_simulation(self) -> dict[str, Any]:
        """What the services take."""
        values = self.cleaned_data
        return {
            "name": values["name"],
            "description": values["description"],
            "stock_code": values["stock_code"],
            "price_range": [values["first"], values["last"], values["step"]],
        }


@page(post=Role.ANALYST)
def simulations(request: HttpRequest) -> HttpResponseBase:
    """The simulations, the newest first; POST copies or deletes one of them."""
    if request.method == "POST":
        return _act(request)
    rows = Simulation.objects.select_related("product", "created_by")
    if asked_for := text(request, "q"):
        of_product = Q(product__code__icontains=asked_for) | Q(product__name__icontains=asked_for)
        rows = rows.filter(Q(name__icontains=asked_for) | of_product)
    rows, headings = ordered(request, rows, SORTED_BY, "-made")
    if asked := export(request, "simulations", COLUMNS, rows):
        return asked
    context = {
        "page": "simulations",
        "rows": Paginator(rows, SIMULATIONS_A_PAGE).get_page(request.GET.get("page")),
        "headings": headings,
        "q": asked_for,
        "most": MOST_COMPARED,
        "key": uuid.uuid4(),
    }
    return render(request, "desk/simulations.html", context)


def _act(request: HttpRequest) -> HttpResponse:
    asked = _uuid(request.POST.get("id", ""))
    action = request.POST.get("action")
    if action == "delete" and asked:
        with contextlib.suppress(NotFound):  # deleted already
            simulation_delete(asked)
        messages.info(request, _("The simulation is deleted."))
    elif action == "duplicate" and asked:
        original = find_simulation(asked)
        # One copy of a row for each time the list was opened.
        copy_id = uuid.uuid5(_uuid(request.POST.get("key", "")) or uuid.uuid4(), str(asked))
        name = _("%(name)s (copy)") % {"name": original.name[:240]}
        made = simulation_duplicate(asked, name=name, user=request.user, copy_id=copy_id)
        return redirect("simulation", made.pk)
    return redirect("simulations")


@page(post=Role.ANALYST)
def simulation_new(request: HttpRequest) -> HttpResponse:
    """A form for a new simulation, of the product that the address names."""
    if request.method == "POST":
        form = SimulationForm(request.POST)
        if form.is_valid():
            key = form.cleaned_data["key"] or uuid.uuid4()
            try:
                simulation_create(form.fields_of_simulation(), user=request.user, simulation_id=key)
                return redirect("simulations")
            except Invalid as error:
                form.add_error("stock_code", said(str(error)))
        return _form(request, form, status=400)
    code = request.GET.get("code", "")[:50]
    return _form(
        request, SimulationForm({**USUAL_RANGE, "stock_code": code, "key": uuid.uuid4()}), fresh=True
    )


@page(post=Role.ANALYST)
def simulation(request: HttpRequest, simulation_id: UUID) -> HttpResponse:
    """One simulation, to be changed."""
    found = find_simulation(simulation_id)
    if request.method == "POST":
        form = SimulationForm(request.POST)
        if form.is_valid():
            try:
                simulation_update(simulation_id, form.fields_of_simulation())
                return redirect("simulations")
            except Invalid as error:
                form.add_error("stock_code", said(str(error)))
        return _form(request, form, found, status=400)
    first, last, step = found.price_range
    kept = {"name": found.name, "description": found.description, "stock_code": found.stock_code}
    form = SimulationForm(kept | {"first": first, "last": last, "step": step})
    return _form(request, form, found, fresh=True)


def _form(
    request: HttpRequest,
    form: SimulationForm,
    found: Simulation | None = None,
    *,
    fresh: bool = False,
    status: int = 200,
) -> HttpResponse:
    errors = {} if fresh else {name: messages[0] for name, messages in form.errors.items()}
    context = {"page": "simulations", "simulation": found, "said": form.data, "errors": errors}
    return render(request, "desk/simulation.html", context, status=status)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
