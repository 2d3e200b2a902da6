"""/desk/changes: price changes by batch, to be decided on, applied and undone; whether they paid; what was not taken."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from elastix.api.permissions import Role, role_of
from elastix.dataset.models import DataVersion
from elastix.dataset.versions import current_version
from elastix.desk.exports import export
from elastix.desk.lists import Column, chosen, ordered, text
from elastix.desk.shell import error_page, page
from elastix.desk.tags import label, number, said, who
from elastix.errors import Conflict
from pricing.changes.core.prior_price import PriorPrice
from pricing.changes.selectors.batches import (
    STATES,
    BatchList,
    changes_in,
    changes_of,
    crossed_of,
    flagged,
    state_counts,
    states_of,
    totals_of_batch,
    with_totals,
)
from pricing.changes.selectors.confirmations import confirmation_of, undoing_of
from pricing.changes.selectors.deciders import all_own, has_other_approver
from pricing.changes.selectors.outcomes import ChangeOutcome, kept_calibration, outcomes_of
from pricing.changes.selectors.overrides import override_outcomes, overrides
from pricing.changes.selectors.price_changes import OPEN, changes_in_force, open_changes_of
from pricing.changes.selectors.prior_prices import prior_prices_of_changes
from pricing.changes.services.steps import MOST_UNTYPED, STEPS, Step, take_step
from pricing.pages.opportunities import text_of
from pricing.pages.reasons import SECOND_PERSON
from pricing.recommendation.core.limits import Limit
from pricing.recommendation.selectors.expected import expected_effects
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeStatus

BATCHES_A_PAGE: Final = 20
ROWS_A_PAGE: Final = 50
OUTCOMES_SHOWN: Final = 10
MOST_NUMBER: Final = 2**63
STATE_OF_STEP: Final = {"approve": "decide", "apply": "approved"}
KEPT_SECONDS: Final = 3600
NOT_TAKEN: Final = "not-taken"
TABS: Final = (
    ("decide", gettext_lazy("To decide")),
    ("approved", gettext_lazy("Approved")),
    ("applied", gettext_lazy("In effect")),
    ("undone", gettext_lazy("Undone")),
    (NOT_TAKEN, gettext_lazy("Not taken")),
)
BAR_WIDTH: Final = 120
BATCHES_SORTED_BY: Final = (
    Column("newest", gettext_lazy("Batch"), "newest", "-"),
    Column("by", gettext_lazy("By"), "by"),
    Column("count", gettext_lazy("Prices"), "count", "-", True),
)
NOT_TAKEN_SORTED_BY: Final = (
    Column("product", gettext_lazy("Product"), "product_name"),
    Column("day", gettext_lazy("Day"), "created_at", "-"),
    Column("recommended", gettext_lazy("Recommended"), "recommended_price", "-", True),
    Column("chosen", gettext_lazy("Done instead"), "charged_price", "-", True),
    Column("by", gettext_lazy("By"), "made_by"),
)
# Of the lists as files, which have a line for each change.
COLUMNS: Final = (
    (gettext_lazy("Code"), "product_id"),
    (gettext_lazy("Product"), "product.name"),
    (gettext_lazy("Old price"), "old_price"),
    (gettext_lazy("New price"), "new_price"),
    (gettext_lazy("Change in %"), "change_percent"),
    (gettext_lazy("State"), lambda each: label(each.status)),
    (gettext_lazy("Proposed"), "created_at"),
    (gettext_lazy("By"), "proposed_by"),
    (gettext_lazy("Decided by"), "decided_by"),
    (gettext_lazy("In effect since"), "changed_at"),
    (gettext_lazy("Why"), "reason"),
)
COLUMNS_NOT_TAKEN: Final = (
    (gettext_lazy("Code"), "product.pk"),
    (gettext_lazy("Product"), "product.name"),
    (gettext_lazy("Day"), "created_at"),
    (gettext_lazy("Old price"), "old_price"),
    (gettext_lazy("Recommended price"), "recommended_price"),
    (gettext_lazy("Done instead"), "chosen_price"),
    (gettext_lazy("By"), "made_by"),
    (gettext_lazy("Why"), lambda each: label(each.left) if each.left else each.reason),
)


class Meanwhile(NamedTuple):
    """How a status is said that a change, or several, has reached already, and the column that keeps by whom."""

    person: str
    one: Any
    several: Any


MEANWHILE: Final[dict[str, Meanwhile]] = {
    PriceChangeStatus.APPROVED: Meanwhile(
        "decided_by",
        gettext_lazy("It has been approved already, by %(who)s."),
        gettext_lazy("Approved already, by %(who)s: %(count)s."),
    ),
    PriceChangeStatus.REJECTED: Meanwhile(
        "decided_by",
        gettext_lazy("It has been rejected already, by %(who)s."),
        gettext_lazy("Rejected already, by %(who)s: %(count)s."),
    ),
    PriceChangeStatus.APPLIED: Meanwhile(
        "applied_by",
        gettext_lazy("It has been put into effect already, by %(who)s."),
        gettext_lazy("Put into effect already, by %(who)s: %(count)s."),
    ),
    PriceChangeStatus.ROLLED_BACK: Meanwhile(
        "rolled_back_by",
        gettext_lazy("It has been undone already, by %(who)s."),
        gettext_lazy("Undone already, by %(who)s: %(count)s."),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A change of a batch with what speaks against it, and what came of it.

    Attributes
    ----------
    rival : another open change of the product, from before these were refused.
    gain : expected change of profit in 30 days; None where nothing is expected.
    prior : of a reduction that waits, what could be announced of it; else None.
    cost_assumed : what is expected of it rests on a cost that is a share of the price.
    crossed : the limit of recommendations that an open one lies beyond.
    """

    change: PriceChange
    rival: PriceChange | None
    gain: float | None
    outcome: ChangeOutcome | None
    bar: dict[str, float] | None
    prior: PriorPrice | None = None
    cost_assumed: bool = False
    crossed: Limit | None = None

    @property
    def flagged(self) -> bool:
        """It cannot be made as it was proposed."""
        return self.change.is_stale or self.rival is not None


# --- the list -----------------------------------------------------------------------------------------


@page()
def changes(request: HttpRequest) -> HttpResponseBase:
    """The batches in one state, or the recommendations that were not taken."""
    tab = chosen(request, "tab", [name for name, _title in TABS]) or "decide"
    asked_for = text(request, "q")
    headings: list[dict[str, Any]] = []
    if tab == NOT_TAKEN:
        found, headings = ordered(request, overrides(asked_for), NOT_TAKEN_SORTED_BY, "-day")
        asked = export(request, "not-taken", COLUMNS_NOT_TAKEN, found)
    else:
        asked = export(request, "changes", COLUMNS, changes_in(tab, asked_for))
    if asked:
        return asked
    version = current_version()
    counts = state_counts() | {NOT_TAKEN: overrides().count()}
    context: dict[str, Any] = {
        "page": "changes",
        "tab": tab,
        "tabs": [(name, title, counts[name]) for name, title in TABS],
        "q": asked_for,
    }
    if tab == NOT_TAKEN:
        rows = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
        context |= {"rows": rows, "outcomes": override_outcomes(list(rows), version)}
    else:
        batches = BatchList(tab, asked_for)
        batches.found, headings = ordered(request, batches.found, BATCHES_SORTED_BY, "-newest", ties="-last")
        rows = Paginator(cast(Any, batches), BATCHES_A_PAGE).get_page(request.GET.get("page"))
        context |= {"rows": rows, "batches": with_totals(list(cast(Any, rows)), tab)}
    context["headings"] = headings
    if tab == "applied":
        paid = _kept_outcomes(changes_in_force(OUTCOMES_SHOWN))
        context["paid"] = [_outcome_row(each) for each in paid]
        context["held"] = _held(version)
    return render(request, "desk/change_list.html", context)


def _held(version: DataVersion) -> dict[str, Any] | None:
    """How often outcomes fell within our intervals, over the longest window with complete ones; None without any."""
    for window in reversed(kept_calibration(version)):
        for name in ("profit", "revenue"):
            met = getattr(window, name).adjusted
            if met.count:
                bias = met.bias_percent
                return {"days": window.days, "figure": name, "met": met, "bias": bias}
    return None


# --- one batch ------------------------------------------------------------------------------------------


@page(post=Role.MANAGER)
def batch(request: HttpRequest, batch: UUID) -> HttpResponseBase:
    """One batch: its changes, what speaks against them, and the steps they can take."""
    return _batch(request, batch)


@page(post=Role.MANAGER)
def change(request: HttpRequest, change_id: int) -> HttpResponseBase:
    """One change by itself, as a batch of one; of a batch, the batch."""
    (found,) = changes_of(change_id)
    return redirect("changes-batch", found.batch) if found.batch else _batch(request, change_id)


@page()
def confirm(request: HttpRequest, batch: UUID | None = None, change_id: int | None = None) -> HttpResponse:
    """What a step would do with the chosen changes of a batch: the inside of the dialog that asks."""
    key = batch or change_id or 0
    step = STEPS.get(request.GET.get("step", ""))
    if step is None:
        return error_page(request, 404, _("There is no such step."))
    found, scope = changes_of(key), request.GET.get("scope", "")
    taken = _taken(found, step, request.GET)
    word = request.GET["step"]
    state = STATE_OF_STEP.get(word) if scope == "all" else None
    totals = totals_of_batch(key, state) if state else None
    context = {
        "step": step,
        "word": word,
        "found": undoing_of(taken) if word == "undo" else confirmation_of(taken, totals),
        "count": len(taken),
        "scope": scope,
        "meanwhile": "" if taken else _meanwhile(found, step, request.GET),
        "chosen": [] if scope in ("all", "unflagged") else [each.pk for each in taken],
        "typed": len(taken) > MOST_UNTYPED,
    }
    return render(request, "desk/confirm.html", context)


def _batch(request: HttpRequest, key: UUID | int) -> HttpResponseBase:
    found = changes_of(key)
    if request.method == "POST":
        return _take(request, key, found)
    counts = states_of(found)
    state = chosen(request, "state", [name for name in STATES if counts[name]]) or next(
        name for name in STATES if counts[name]
    )
    shown = found.filter(status__in=STATES[state])
    if asked := export(request, "changes", COLUMNS, shown):
        return asked
    rows = Paginator(shown, ROWS_A_PAGE).get_page(request.GET.get("page"))
    crossed = crossed_of(shown) if set(STATES[state]) & set(OPEN) else {}
    listed = _rows(list(rows), crossed)
    may_decide, name = role_of(request.user) >= Role.MANAGER, request.user.get_username()
    own = may_decide and state == "decide" and all_own(shown, name)
    context: dict[str, Any] = {
        "page": "changes",
        "batch": key,
        "single": isinstance(key, int),
        "first": found[0],
        "state": state,
        "states": [(name, text, counts[name]) for name, text in TABS if counts.get(name)],
        "rows": rows,
        "shown": listed,
        "ticked": sum(not each.flagged for each in listed),
        "several_pages": rows.paginator.num_pages > 1,
        "totals": totals_of_batch(key, state),
        "steps": [
            (word, step.name, sum(counts[name] for name in STATES if set(STATES[name]) & set(step.sources)))
            for word, step in STEPS.items()
            if set(STATES[state]) & set(step.sources) and not (own and word == "approve")
        ],
        "may_decide": may_decide,
        "own": own,
        "second_person": SECOND_PERSON if own and not has_other_approver(name) else "",
        "flagged": flagged(shown),
        "beyond": len(crossed),
        "in_effect": counts["applied"],
    }
    return render(request, "desk/batch.html", context)


def _rows(found: list[PriceChange], crossed: Mapping[int, Limit]) -> list[Row]:
    open_changes = open_changes_of(each.product_id for each in found)
    in_force = [
        each
        for each in found
        if each.changed_at is not None
        and each.old_price is not None
        and each.status in (PriceChangeStatus.APPLIED, PriceChangeStatus.ROLLED_BACK)
    ]
    outcomes = {each.change.pk: each for each in _kept_outcomes(in_force)}
    # Before its approval nothing is kept of what is expected of a change: it is as things stand now.
    waiting = [each for each in found if each.expected is None and each.status in OPEN]
    asked = [(each.product_id, each.old_price, each.new_price) for each in waiting]
    records = dict(zip([each.pk for each in waiting], expected_effects(asked) if asked else [], strict=True))
    priors = prior_prices_of_changes([each for each in found if each.status in OPEN])
    rows = []
    for each in found:
        rival = open_changes.get(each.product_id)
        conflict = rival if each.status in OPEN and rival is not None and rival.pk != each.pk else None
        outcome = outcomes.get(each.pk)
        expected = each.expected or records.get(each.pk)
        assumed = bool(expected and expected.get("cost_assumed"))
        prior = priors.get(each.pk)
        beyond = crossed.get(each.pk)
        rows.append(Row(each, conflict, _gain(expected), outcome, _bar(outcome), prior, assumed, beyond))
    return rows


def _kept_outcomes(found: list[PriceChange]) -> list[ChangeOutcome]:
    """Outcomes of changes, remembered until sales, figures or prices change: other changes of the shop count in each."""
    version = current_version()
    stamp = f"{version.sales_version}-{version.published_version}-{version.catalogue_version}"
    numbers = "-".join(str(each.pk) for each in found)
    key = f"outcomes-{stamp}-{sha256(numbers.encode()).hexdigest()}"
    kept: list[ChangeOutcome] | None = cache.get(key)
    if kept is None:
        kept = outcomes_of(found, version)
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _outcome_row(outcome: ChangeOutcome) -> Row:
    return Row(outcome.change, None, _gain(outcome.change.expected), outcome, _bar(outcome))


def _gain(expected: dict[str, Any] | None) -> float | None:
    if expected is None:
        return None
    now, then = (expected[name]["profit"] for name in ("current", "projected"))
    return None if now is None or then is None else then - now


def _bar(outcome: ChangeOutcome | None) -> dict[str, float] | None:
    """Expected and realised profit (or revenue) of the days counted, as lengths; None where one is not known."""
    window = outcome.longest if outcome else None
    if window is None or window.expected is None or window.realised is None or window.interval is None:
        return None
    figure = "profit" if window.expected.profit == window.expected.profit else "revenue"
    expected, realised = getattr(window.expected, figure), getattr(window.realised, figure)
    low, high = getattr(window.interval, figure)
    most = max(expected, realised, high)
    if not most > 0:
        return None
    places = {"expected": expected, "realised": realised, "low": low, "high": high}
    return {name: round(BAR_WIDTH * max(value, 0.0) / most, 1) for name, value in places.items()} | {
        "expected_value": expected,
        "realised_value": realised,
    }


# --- taking a step ----------------------------------------------------------------------------------------


def _taken(found: QuerySet[PriceChange], step: Step, given: Any) -> list[PriceChange]:
    """The changes of a batch that a form chooses for a step: all that can take it, those without a flag, or those ticked."""
    able = found.filter(status__in=step.sources)
    if given.get("scope") == "all":
        return list(able)
    if given.get("scope") == "unflagged":
        without = flagged(able) | set(crossed_of(able))
        return [each for each in able if each.pk not in without]
    return list(able.filter(pk__in=_ticked(given)))


def _ticked(given: Any) -> list[int]:
    numbers = [int(number) for number in given.getlist("change")[:ROWS_A_PAGE] if number.isdecimal()]
    return [number for number in numbers if number < MOST_NUMBER]


def _meanwhile(found: QuerySet[PriceChange], step: Step, given: Any) -> str:
    """Why none of the chosen changes can take a step: what happened to them meanwhile, and by whom."""
    chosen = found if given.get("scope") else found.filter(pk__in=_ticked(given))
    others = [each for each in chosen if each.status in MEANWHILE and each.status not in step.sources]
    if not others:
        return _("Nothing is chosen that can take this step.")
    counts = Counter((each.status, getattr(each, MEANWHILE[each.status].person)) for each in others)
    if len(others) == 1:
        return str(MEANWHILE[others[0].status].one) % {"who": who(next(iter(counts))[1])}
    return " ".join(
        str(MEANWHILE[status].several) % {"who": who(person), "count": number(count)}
        for (status, person), count in sorted(counts.items())
    )


def _take(request: HttpRequest, key: UUID | int, found: QuerySet[PriceChange]) -> HttpResponse:
    """Take a step with the chosen changes, all or none, and say what was done; what was taken already is refused."""
    address = redirect("changes-batch", key) if isinstance(key, UUID) else redirect("changes-change", key)
    step = STEPS.get(request.POST.get("step", ""))
    if step is None:
        messages.error(request, _("There is no such step."))
        return address
    taken = _taken(found, step, request.POST)
    if not taken:
        messages.warning(request, _meanwhile(found, step, request.POST))
        return address
    whole = isinstance(key, UUID) and request.POST.get("scope") == "all"
    try:
        done = take_step(
            step,
            key if whole else [each.pk for each in taken],  # type: ignore[arg-type]
            count=len(taken),
            confirmed=request.POST.get("count", ""),
            typed=request.POST.get("typed", ""),
            note=text_of(request, "note"),
            by=request.user.get_username(),
        )
    except (Conflict, PermissionDenied) as refusal:
        messages.error(request, said(getattr(refusal, "detail", refusal)))
    else:
        messages.success(
            request, ngettext(str(step.singular), str(step.plural), len(done)) % {"count": number(len(done))}
        )
    return address
