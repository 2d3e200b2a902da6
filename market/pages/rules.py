"""/desk/rules: a sentence to fill in, tried before it proposes, and proposing before it applies; the switch that stops all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRefresh

from elastix.api.fields import CONTROL
from elastix.api.permissions import Role, audit_username, role_of
from elastix.desk.exports import export
from elastix.desk.forms import show_refusals
from elastix.desk.lists import Column, chosen, ordered, text
from elastix.desk.shell import page
from elastix.desk.tags import label, money, said
from elastix.errors import Conflict
from elastix.revisions import Edited, revision_of
from elastix.shop import shop_currency
from market.core.repricing import COST_DECIMALS
from market.models import RepricingResult, RepricingRule, RepricingRun
from market.models.rules import RepricingOutcome
from market.pages.rule_sentence import LOWER, RuleForm, said_by, sentence
from market.selectors.rules import find_rule, find_run, open_pauses, run_results
from market.services.kill_switch import kill_switch, kill_switch_set
from market.services.pauses import pauses_resume
from market.services.repricing import CHANGING, rule_run_request
from market.services.rules import rule_create, rule_delete, rule_update
from pricing.recommendation.selectors.expected import expected_effects
from pricing.recommendation.selectors.product_list import categories
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import Product

RESULTS_A_PAGE: Final = 50
RULES_A_PAGE: Final = 50
RUNS_SHOWN: Final = 10
LONGEST_REASON: Final = 255
CANARY_PERCENT: Final = 10
SORTED_BY: Final = (
    Column("name", gettext_lazy("Rule"), "name"),
    Column("priority", gettext_lazy("Priority"), "priority", "", True),
    Column("state", gettext_lazy("State"), "enabled", "-"),
    Column("run", gettext_lazy("Newest run"), "newest_moment", "-"),
)
ON, OFF = "on", "off"
# Of the lists as files.
RULES: Final = (
    (gettext_lazy("Rule"), "name"),
    (gettext_lazy("What it does"), lambda rule: sentence(rule)),
    (gettext_lazy("Priority"), "priority"),
    (gettext_lazy("Enabled"), "enabled"),
    (gettext_lazy("Applies prices"), "may_apply"),
    (gettext_lazy("Newest run"), "newest_moment"),
)
RESULTS: Final = (
    (gettext_lazy("Code"), "result.product_id"),
    (gettext_lazy("Product"), "name"),
    (gettext_lazy("Price"), "result.old_price"),
    (gettext_lazy("Price asked for"), "result.wanted_price"),
    (gettext_lazy("New price"), "result.new_price"),
    (gettext_lazy("Expected profit"), "gain"),
    (gettext_lazy("Cost when the price was set"), "result.cost_then"),
    (gettext_lazy("Cost now"), "result.cost_now"),
    (gettext_lazy("Outcome"), lambda row: label(row.result.outcome)),
    (gettext_lazy("What holds it back"), lambda row: _held_back_by(row.result)),
)
FIRST_SENTENCE: Final = {
    "condition": "stock_days_above",
    "value": 60,
    "direction": LOWER,
    "percent": 10,
    "at_most": 10,
}


@dataclass(frozen=True, slots=True)
class ResultRow:
    """What a run did about a product; `gain` is the profit expected of 30 days, None where it is not known."""

    result: RepricingResult
    name: str
    gain: float | None

    @property
    def costs(self) -> str:
        """The change of the cost that is to be passed on, as a sentence; empty where there is none."""
        result = self.result
        if result.cost_then is None or result.cost_now is None:
            return ""
        # Prices that include tax pass on the change of the cost with tax.
        text = (
            _("A unit cost %(then)s without tax when the price was set, and costs %(now)s now: the rule asks for %(price)s.")
            if settings.PRICES_INCLUDE_TAX
            else _("A unit cost %(then)s when the price was set, and costs %(now)s now: the rule asks for %(price)s.")
        )  # fmt: skip
        then, now = map(_cost, (result.cost_then, result.cost_now))
        return text % {"then": then, "now": now, "price": money(result.wanted_price)}


# --- the list and the switch -----------------------------------------------------------------------------


@page()
def rules(request: HttpRequest) -> HttpResponseBase:
    """The rules, as a rule in the order in which they are tried, with what their newest runs did."""
    newest = RepricingRun.objects.filter(rules=OuterRef("pk")).order_by("-pk")
    paused = Count("pauses", filter=Q(pauses__resumed_at__isnull=True))
    found = RepricingRule.objects.annotate(
        newest_run=Subquery(newest.values("pk")[:1]),
        newest_moment=Subquery(newest.values("created_at")[:1]),
        paused_count=paused,
    )
    if name := text(request, "q"):
        found = found.filter(name__icontains=name)
    if state := chosen(request, "state", (ON, OFF)):
        found = found.filter(enabled=state == ON)
    found, headings = ordered(request, found, SORTED_BY, "priority", ties="id")
    if asked := export(request, "rules", RULES, found):
        return asked
    rows: Any = Paginator(found, RULES_A_PAGE).get_page(request.GET.get("page"))
    runs = RepricingRun.objects.in_bulk([rule.newest_run for rule in rows if rule.newest_run])
    shown = [
        {"rule": rule, "sentence": sentence(rule), "run": (run := runs.get(rule.newest_run)), "counts": _counts(run, rule)}
        for rule in rows
    ]  # fmt: skip
    context = {"rows": rows, "shown": shown, "headings": headings, "q": name, "state": state}
    return render(request, "desk/rules.html", _frame(request) | context)


@page(post=Role.MANAGER)
def rules_switch(request: HttpRequest) -> HttpResponse:
    """Turn the switch that stops all rules; on only with a reason."""
    if request.method == "POST":
        on = request.POST.get("on") == "true"
        reason = CONTROL.sub(" ", request.POST.get("reason", "")).strip()[:LONGEST_REASON]
        if on and not reason:
            messages.error(request, _("Nothing was stopped: say why, in a few words."))
        else:
            kill_switch_set(on=on, reason=reason, by=audit_username(request))
            messages.success(
                request, _("All rules are stopped.") if on else _("Rules may change prices again.")
            )
    return redirect("rules")


def _frame(request: HttpRequest) -> dict[str, Any]:
    return {
        "page": "rules",
        "switch": kill_switch(),
        "may_decide": role_of(request.user) >= Role.MANAGER,
    }


def _counts(run: RepricingRun | None, rule: RepricingRule) -> dict[str, int]:
    """How many products came out how, the outcomes that none had left out."""
    counts = run.counts.get(str(rule.pk), {}) if run else {}
    return {name: count for name, count in counts.items() if count}


# --- one rule --------------------------------------------------------------------------------------------


@page(post=Role.MANAGER)
def rule_new(request: HttpRequest) -> HttpResponse:
    """The sentence, to be filled in; a rule begins as a draft that is off."""
    form = RuleForm(request.POST or None, categories=categories(), initial=FIRST_SENTENCE)
    if request.method == "POST" and form.is_valid():
        try:
            made = rule_create(form.rule_fields() | {"enabled": False}, user=request.user)
        except ValidationError as error:
            show_refusals(form, error)
        else:
            messages.success(request, _("Saved as a draft: it is off. Try it first."))
            return redirect("rule", made.pk)
    status = 400 if request.method == "POST" else 200
    return render(request, "desk/rule.html", {**_frame(request), "form": form}, status=status)


@page(post=Role.MANAGER)
def rule(request: HttpRequest, rule_id: int) -> HttpResponseBase:
    """A rule: what it says, what its runs did, and the next step."""
    found = find_rule(rule_id)
    if request.method == "POST" and request.POST.get("action") != "save":
        return _act(request, found)
    if file := _results_file(request, found):
        return file
    filled = said_by(found)
    form = None
    if filled is not None:
        form = RuleForm(request.POST or None, categories=categories(), initial=filled)
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            with transaction.atomic():
                _as_seen(request, found)
                rule_update(found.pk, form.rule_fields(), user=request.user)
        except ValidationError as error:
            show_refusals(form, error)
        except Edited as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("rule", found.pk)
    status = 400 if request.method == "POST" else 200
    found = find_rule(rule_id)
    paused = sorted(code for _rule, code in open_pauses([found]))
    context = {
        **_frame(request), "rule": found, "sentence": sentence(found), "form": form, "paused": paused,
        "revision": revision_of(RepricingRule, found.pk),
    }  # fmt: skip
    return render(request, "desk/rule.html", context | _shown_run(request, found), status=status)


@page()
def rule_run(request: HttpRequest, rule_id: int, run_id: int) -> HttpResponse:
    """How far a run is: a part of its rule's page, asked for again and again."""
    found = find_rule(rule_id)
    run = find_run(found, run_id)
    if run.finished_at is not None:
        return HttpResponseClientRefresh()
    return render(request, "desk/rule_run.html", {"rule": found, "run": run})


# --- its steps -------------------------------------------------------------------------------------------


def _act(request: HttpRequest, found: RepricingRule) -> HttpResponse:
    steps: dict[str, Callable[[HttpRequest, RepricingRule], int | None]] = {
        "try": _try,
        "propose": _propose,
        "apply": _apply,
        "resume": _resume,
        "off": _off,
        "delete": _delete,
    }
    step = steps.get(request.POST.get("action", ""))
    if step is None:
        messages.error(request, _("Nothing was done: that is no step of a rule."))
        return redirect("rule", found.pk)
    try:
        with transaction.atomic():
            if step in (_propose, _apply, _delete):
                _as_seen(request, found)
            run = step(request, found)
    except (Conflict, ValidationError) as error:
        messages.error(
            request,
            "; ".join(map(said, error.messages))
            if isinstance(error, ValidationError)
            else said(error.detail),
        )
        return redirect("rule", found.pk)
    if step is _delete:
        return redirect("rules")
    response = redirect("rule", found.pk)
    if run is not None:
        response["Location"] += f"?run={run}"
    return response


def _as_seen(request: HttpRequest, found: RepricingRule) -> None:
    """Keep others from the rule until the transaction ends, if it still is what the page of the sender showed.

    Raises
    ------
    Edited : somebody has changed it since.
    """
    seen = request.POST.get("revision")
    if seen and revision_of(RepricingRule, found.pk, lock=True) != seen:
        raise Edited()


def _try(request: HttpRequest, found: RepricingRule) -> int | None:
    return _run(request, found, dry_run=True)


def _propose(request: HttpRequest, found: RepricingRule) -> int | None:
    """Turn it on, to propose only, and let it propose now."""
    rule_update(
        found.pk, {"enabled": True, "dry_run": False, "may_apply": False, "canary_percent": 100}, user=request.user
    )  # fmt: skip
    return _run(request, found, dry_run=False)


def _apply(request: HttpRequest, found: RepricingRule) -> int | None:
    """Let it change prices itself, on a tenth of its products or on all, from now on."""
    share = 100 if request.POST.get("share") == "100" else CANARY_PERCENT
    rule_update(
        found.pk, {"enabled": True, "dry_run": False, "may_apply": True, "canary_percent": share}, user=request.user
    )  # fmt: skip
    return _run(request, found, dry_run=False)


def _resume(request: HttpRequest, found: RepricingRule) -> None:
    resumed = pauses_resume(found.pk, by=audit_username(request))
    messages.success(request, _("%(count)s products are repriced again.") % {"count": resumed})


def _off(request: HttpRequest, found: RepricingRule) -> None:
    rule_update(found.pk, {"enabled": False, "may_apply": False}, user=request.user)
    messages.success(request, _("The rule is off. Prices stay what it made them."))


def _delete(request: HttpRequest, found: RepricingRule) -> None:
    rule_delete(found.pk, user=request.user)
    messages.success(request, _("The rule is deleted. Prices stay what it made them."))


def _run(request: HttpRequest, found: RepricingRule, *, dry_run: bool) -> int | None:
    job = rule_run_request(found.pk, dry_run=dry_run, by=request.user)
    return RepricingRun.objects.filter(job=job).values_list("pk", flat=True).first()


# --- what a run did --------------------------------------------------------------------------------------


def _shown_run(request: HttpRequest, found: RepricingRule) -> dict[str, Any]:
    """The run that the address asks for, or the newest, with its results."""
    runs, run = _runs(request, found)
    if run is None:
        return {"runs": runs}
    rows = Paginator(_results(request, found, run), RESULTS_A_PAGE).get_page(request.GET.get("page"))
    shown = _result_rows(list(rows))
    gains = [row.gain for row in shown if row.gain is not None]
    return {
        "runs": runs,
        "run": run,
        "counts": _counts(run, found),
        "outcome": request.GET.get("outcome", ""),
        "outcomes": RepricingOutcome.values,
        "rows": rows,
        "shown": shown,
        "gain": sum(gains) if gains else None,
        "days": MONTH_DAYS,
    }


def _results_file(request: HttpRequest, found: RepricingRule) -> HttpResponseBase | None:
    """The results of the run as a file, where one is asked for."""
    if "file" not in request.GET:
        return None
    _all, run = _runs(request, found)
    rows = _result_rows(list(_results(request, found, run))) if run else []
    return export(request, f"rule-{found.pk}", RESULTS, rows)


def _runs(request: HttpRequest, found: RepricingRule) -> tuple[list[RepricingRun], RepricingRun | None]:
    """The newest runs, and the one that the address asks for or the newest of them."""
    runs = list(RepricingRun.objects.filter(rules=found).order_by("-id")[:RUNS_SHOWN])
    asked = request.GET.get("run", "")
    run = next((each for each in runs if str(each.pk) == asked), None)
    if run is None and asked.isdecimal() and len(asked) < 19:
        run = find_run(found, int(asked))
    return runs, run or (runs[0] if runs else None)


def _results(request: HttpRequest, found: RepricingRule, run: RepricingRun) -> QuerySet[RepricingResult]:
    """What a run did about the rule's products, as far as the address asks for it."""
    outcome = request.GET.get("outcome", "")
    results: QuerySet[RepricingResult] = run_results(found.pk, run.pk)
    return results.filter(outcome=outcome) if outcome in RepricingOutcome.values else results


def _held_back_by(result: RepricingResult) -> str:
    return ", ".join(label(each) for each in (result.reason, *result.binding) if each)


def _result_rows(results: Sequence[RepricingResult]) -> list[ResultRow]:
    names = dict(
        Product.objects.filter(code__in=[each.product_id for each in results]).order_by().values_list("code", "name")
    )  # fmt: skip
    changing = [each for each in results if each.outcome in CHANGING]
    effects = expected_effects([(each.product_id, each.old_price, each.new_price) for each in changing])
    gains = {each.pk: _gain(effect) for each, effect in zip(changing, effects, strict=True)}
    return [
        ResultRow(each, names.get(each.product_id) or each.product_id, gains.get(each.pk)) for each in results
    ]


def _cost(cost: Decimal) -> str:
    """A cost to the cent, or to all of its decimals where it has more."""
    return money(cost, None if cost == shop_currency().price(cost) else COST_DECIMALS)


def _gain(effect: dict[str, Any] | None) -> float | None:
    if effect is None or effect["projected"]["profit"] is None or effect["current"]["profit"] is None:
        return None
    return float(effect["projected"]["profit"] - effect["current"]["profit"])
