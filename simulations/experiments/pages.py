"""/desk/experiments: what a test of prices would be worth, its plan, those that run, and what they found."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elastix.api.filters import TextFormField
from elastix.api.permissions import Role, audit_username, role_of
from elastix.dataset.versions import current_version
from elastix.desk.exports import export
from elastix.desk.lists import Column, chosen, ordered
from elastix.desk.shell import error_page, page
from elastix.desk.tags import label, money, said
from elastix.errors import Conflict, FieldError, Invalid
from pricing.recommendation.selectors.overview import state_of_figures
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.selectors.products import merchandise
from simulations.experiments.core.designs import CLUSTERS, SWITCHBACK
from simulations.experiments.core.sequences import NEW, NONE, OLD, OPEN, UNKNOWN
from simulations.experiments.models import (
    FEWEST_WEEKS,
    HIGHEST_PERCENT,
    LOWEST_PERCENT,
    MOST_WEEKS,
    ExperimentStatus,
    KeptPrices,
    PriceExperiment,
)
from simulations.experiments.selectors.candidates import Candidate, test_candidates
from simulations.experiments.selectors.experiments import experiments, find_experiment, last_day
from simulations.experiments.selectors.plans import experiment_plan, wish_of
from simulations.experiments.services.experiments import (
    experiment_create,
    experiment_delete,
    experiment_pause,
    experiment_roll_back,
    experiment_start,
    experiment_stop,
)

ROWS_A_PAGE: Final = 20
CANDIDATES_SHOWN: Final = 8
KEPT_SECONDS: Final = 3600
FIELDS: Final = ("design", "category", "products", "old_percent", "new_percent", "weeks")
USUAL_SETTINGS: Final = {"washout_days": 2, "past_weeks": 26, "elasticity": None}
SORTED_BY: Final = (
    Column("name", gettext_lazy("Name"), "name"),
    Column("state", gettext_lazy("State"), "status"),
    Column("design", gettext_lazy("Design"), "design"),
    Column("products", gettext_lazy("Products"), "product_count", "-", True),
    Column("made", gettext_lazy("Made"), "created_at", "-"),
)
# Of the list as a file.
# Of the products of one.
PRODUCTS_BY: Final = (
    Column("product", gettext_lazy("Product"), "product__name"),
    Column("group", gettext_lazy("Group"), "group", "", True),
    Column("usual", gettext_lazy("Usual"), "usual_price", "-", True),
    Column("old", gettext_lazy("Old price"), "old_price", "-", True),
    Column("new", gettext_lazy("New price"), "new_price", "-", True),
    Column("now", gettext_lazy("Now"), "product__current_price", "-", True),
)
PRODUCT_COLUMNS: Final = (
    (gettext_lazy("Code"), "product_id"),
    (gettext_lazy("Product"), "product.name"),
    (gettext_lazy("Group"), lambda each: each.group + 1),
    (gettext_lazy("Usual"), "usual_price"),
    (gettext_lazy("Old price"), "old_price"),
    (gettext_lazy("New price"), "new_price"),
    (gettext_lazy("Now"), "product.current_price"),
)
COLUMNS: Final = (
    (gettext_lazy("Name"), "name"),
    (gettext_lazy("State"), lambda each: label(each.status)),
    (gettext_lazy("Design"), lambda each: label(each.design)),
    (gettext_lazy("Products"), "product_count"),
    (gettext_lazy("Verdict"), lambda each: label(each.result["verdict"]) if each.result else ""),
    (gettext_lazy("Starts on"), "starts_on"),
)
BEGINNING: Final = {"design": SWITCHBACK, "old_percent": "0", "new_percent": "-10", "weeks": "12"}


def _percent(**kwargs: Any) -> forms.FloatField:
    return forms.FloatField(min_value=LOWEST_PERCENT, max_value=HIGHEST_PERCENT, **kwargs)


class PlanForm(forms.Form):
    """What the planner asks for, within the limits of the API."""

    design = forms.ChoiceField(
        choices=[(SWITCHBACK, SWITCHBACK), (CLUSTERS, CLUSTERS)], label=gettext_lazy("Design")
    )
    category = TextFormField(max_length=100, required=False, label=gettext_lazy("Category"))
    products = TextFormField(max_length=10_000, required=False, label=gettext_lazy("Products"))
    old_percent = _percent(label=gettext_lazy("Old price, % change"))
    new_percent = _percent(label=gettext_lazy("New price, % change"))
    weeks = forms.IntegerField(min_value=FEWEST_WEEKS, max_value=MOST_WEEKS, label=gettext_lazy("Weeks"))

    def clean_products(self) -> list[str]:
        codes = (self.cleaned_data["products"] or "").split(",")
        try:
            return [normalise_code(code) for code in codes if code.strip()]
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> Any:
        asked = super().clean() or {}
        if bool(asked.get("products")) == bool(asked.get("category")):
            raise forms.ValidationError(_("Give either products or a category."))
        if asked.get("old_percent") == asked.get("new_percent"):
            raise forms.ValidationError(_("The two prices are the same."))
        return asked


def checked(sent: Mapping[str, str]) -> dict[str, Any]:
    """The checked values of the planner's form.

    Raises
    ------
    Invalid : naming the fields.
    """
    form = PlanForm(sent)
    if not form.is_valid():
        raise Invalid(
            *(
                FieldError(field, str(text) if field == "__all__" else f"{form[field].label}: {text}")
                for field, texts in form.errors.items()
                for text in texts
            )
        )
    return form.cleaned_data | USUAL_SETTINGS


def decision_words(experiment: PriceExperiment, result: Mapping[str, Any]) -> str:
    """The decision as a sentence in the user's language; the API has it in English."""
    sentences = {
        NEW: _("The new price is better: %(money)s is higher by %(low)s to %(high)s a week. Keep it."),
        OLD: _("The old price is better: with the new one %(money)s changes by %(low)s to %(high)s a week. Roll back."),
        NONE: _("No difference in %(money)s was found: it lies between %(low)s and %(high)s a week. Keep the usual price, "
                "unless another reason speaks for the new one."),
        OPEN: _("Not decided yet: the effect on %(money)s lies between %(low)s and %(high)s a week. Let the experiment run."),
        UNKNOWN: _("Too few sales to say anything yet."),
    }  # fmt: skip
    word = _("profit") if experiment.money == "profit" else _("revenue")
    low, high = money(result["decision_low"]), money(result["decision_high"])
    return sentences[result["verdict"]] % {"money": word, "low": low, "high": high}


@page(post=Role.ANALYST)
def experiments_page(request: HttpRequest) -> HttpResponseBase:
    """The planner, with the plan that the address asks for, and the experiments there are."""
    if request.method == "POST":
        return _create(request)
    found = experiments()
    if status := chosen(request, "status", ExperimentStatus.values):
        found = found.filter(status=status)
    found, headings = ordered(request, found, SORTED_BY, "-made")
    if file := export(request, "experiments", COLUMNS, found):
        return file
    asked = {name: request.GET.get(name, "").strip() for name in FIELDS}
    context: dict[str, Any] = {
        "page": "simulations",
        "asked": BEGINNING | {k: v for k, v in asked.items() if v},
    }
    if asked["category"] or asked["products"]:
        try:
            # What an address leaves out is as the form begins: a link may name the products alone.
            context["plan"] = plan = experiment_plan(wish_of(checked(context["asked"])))
            context["chances"] = [each for each in plan.durations if each.weeks != plan.power.weeks] + [
                plan.power
            ]
            context["chances"].sort(key=lambda each: each.weeks)
            context["name"] = asked["category"] or asked["products"]
        except Invalid as error:
            context["error"] = str(error)
    elif "worth" in request.GET:
        context["candidates"] = _worth_most()
    else:
        # All products are looked at, which takes a moment: the page is there before.
        context["later"] = True
    context["designs"] = (SWITCHBACK, CLUSTERS)
    categories = merchandise().exclude(category="").order_by("category")
    context["categories"] = categories.values_list("category", flat=True).distinct()
    context |= {"headings": headings, "status": status, "statuses": ExperimentStatus.values}
    context["rows"] = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "desk/experiments.html", context, status=400 if "error" in context else 200)


@page(post=Role.ANALYST)
def experiment_page(request: HttpRequest, experiment_id: int) -> HttpResponseBase:
    """One experiment: its state, what it found in words and a chart, its prices, and the steps there are."""
    experiment = find_experiment(experiment_id)
    if request.method == "POST":
        return _step(request, experiment)
    products, headings = ordered(
        request, experiment.products.select_related("product"), PRODUCTS_BY, "group", ties="product_id"
    )
    if file := export(request, "experiment-products", PRODUCT_COLUMNS, products):
        return file
    result = experiment.result
    context: dict[str, Any] = {
        "page": "simulations",
        "experiment": experiment,
        "products": products,
        "headings": headings,
        "until": last_day(experiment),
        "result": result,
        "may_decide": role_of(request.user) >= Role.MANAGER,
        "steps": steps_of(experiment),
    }
    if result:
        context["decision"] = decision_words(experiment, result)
        context["blocks"] = [
            (label, result[name])
            for label, name in ((_("Tested products"), "tested"), (_("Neighbours"), "neighbours"), (_("Together"), "total"))
            if result[name]
        ]  # fmt: skip
        if len(result["looks"]) > 1:
            context["chart"] = looks_chart(result["looks"])
    return render(request, "desk/experiment.html", context)


def _worth_most() -> list[Candidate]:
    """The tests that are worth most, kept until something changes that they rest on, at most an hour."""
    key = f"tests-worth-most-{state_of_figures(current_version())}"
    found: list[Candidate] | None = cache.get(key)
    if found is None:
        found = test_candidates(weeks=12, percent=10.0)[:CANDIDATES_SHOWN]
        cache.set(key, found, KEPT_SECONDS)
    return found


def steps_of(experiment: PriceExperiment) -> list[str]:
    """The steps that an experiment can take now."""
    if experiment.status == ExperimentStatus.DRAFT:
        return ["start", "delete"]
    if experiment.status == ExperimentStatus.RUNNING:
        return ["pause", "stop", "rollback"]
    if experiment.status == ExperimentStatus.PAUSED:
        return ["start", "stop", "rollback"]
    if not experiment.kept:
        return ["stop"]
    return ["rollback"] if experiment.kept != KeptPrices.USUAL else []


def looks_chart(looks: list[dict[str, Any]]) -> dict[str, Any]:
    """The effect on units look by look with its always-valid interval, as charts.js draws it."""

    def column(name: str) -> list[float | None]:
        return [None if each[name] is None else round(each[name], 2) for each in looks]

    return {
        "kind": "forecast",
        "signed": True,
        "x": [_("Week %(number)s") % {"number": each["weeks"]} for each in looks],
        "names": {"x": _("Week"), "y": _("Effect on units in percent"), "second": ""},
        "y": column("estimate"),
        "low": column("always_low"),
        "high": column("always_high"),
        "second": [],
        "marks": [],
    }


def _create(request: HttpRequest) -> HttpResponse:
    sent = {name: request.POST.get(name, "").strip() for name in (*FIELDS, "name")}
    try:
        made = experiment_create(
            wish_of(checked(sent)),
            name=sent["name"][:255] or _("Price experiment"),
            by=audit_username(request),
        )
    except Invalid as error:
        messages.error(request, str(error))
        return redirect("experiments")
    return redirect("experiment", made.pk)


def _step(request: HttpRequest, experiment: PriceExperiment) -> HttpResponse:
    step, by = request.POST.get("step", ""), audit_username(request)
    if step != "delete" and role_of(request.user) < Role.MANAGER:
        return error_page(request, 403, _("Your role does not allow this."))
    keep = request.POST.get("keep", KeptPrices.USUAL)
    try:
        if step == "delete":
            experiment_delete(experiment.pk)
            return redirect("experiments")
        if step == "start":
            experiment_start(experiment.pk, by=by)
        elif step == "pause":
            experiment_pause(experiment.pk, by=by)
        elif step == "rollback":
            experiment_roll_back(experiment.pk, by=by)
        elif step == "stop" and keep in KeptPrices.values:
            experiment_stop(experiment.pk, by=by, keep=keep)
        else:
            messages.error(request, _("There is no such step."))
    except Conflict as error:
        messages.error(request, said(error.detail))
    return redirect("experiment", experiment.pk)
