"""/desk/opportunities: which prices to change, by what they are expected to bring, and which ones are left alone."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from elastix.api.fields import CONTROL
from elastix.api.permissions import Role, audit_username
from elastix.dataset.models import DataVersion
from elastix.dataset.versions import current_version
from elastix.desk.exports import export
from elastix.desk.lists import LONGEST_TEXT, Column, chosen, heading, ordered, text
from elastix.desk.shell import page
from elastix.desk.tags import label, said
from elastix.errors import Conflict
from pricing.changes.selectors.deciders import all_own, has_other_approver
from pricing.changes.services.standing_proposals import propose_recommended
from pricing.elasticity.models import Grade
from pricing.pages.reasons import MOVES, REASONS, SECOND_PERSON
from pricing.recommendation.core.impact import RISK_LEVELS
from pricing.recommendation.models import RecommendationState, StandingRecommendation
from pricing.recommendation.selectors.offers import OPEN, open_codes, recommendations
from pricing.recommendation.selectors.product_list import categories
from pricing.recommendation.selectors.standing import (
    HELD,
    LOWER,
    ORDERINGS,
    RAISE,
    SEGMENTS,
    computed_to,
    filtered_standing,
    left_alone,
    not_held,
    not_refused,
    of_reason,
    ordered_standing,
    standing_is_behind,
    standing_recommendations,
    without_open_change,
)
from pricing.recommendation.selectors.standing_totals import all_totals, chosen_totals, standing_totals
from pricing.recommendation.services.offers import recommendations_refuse
from pricing.sales.core.calendar import MONTH_DAYS

ROWS_A_PAGE: Final = 50
LEFT: Final = "left"
REFUSED: Final = "refused"
FILTERS: Final = ("category", "grade", "change", "risk", "segment", "offer")
HEADINGS: Final = (
    ("product", gettext_lazy("Product"), "", False),
    ("elasticity", gettext_lazy("Elasticity"), "", False),
    ("evidence", gettext_lazy("Rests on"), "", False),
    ("change", gettext_lazy("Price"), "-", True),
    ("gain", gettext_lazy("Profit in 30 days"), "-", True),
    ("chance", gettext_lazy("Chance of a gain"), "-", True),
)
HEADINGS_AFTER: Final = (
    ("competitor", gettext_lazy("Competitors"), "-", True),
    ("stock", gettext_lazy("Stock"), "", True),
)
LEFT_SORTED_BY: Final = (
    Column("product", gettext_lazy("Product"), "product__name"),
    Column("price", gettext_lazy("Price"), "current_price", "-", True),
    Column("elasticity", gettext_lazy("Elasticity"), "elasticity", "", True),
    Column("grade", gettext_lazy("Grade"), "quality"),
)
REFUSED_SORTED_BY: Final = (
    Column("product", gettext_lazy("Product"), "product__name"),
    Column("price", gettext_lazy("Price"), "current_price", "-", True),
    Column("gain", gettext_lazy("Profit in 30 days"), "profit_change", "-", True),
    Column("day", gettext_lazy("Day"), "decided_at", "-"),
    Column("by", gettext_lazy("By"), "decided_by"),
)
# Of the lists as files.
COLUMNS: Final[tuple[tuple[Any, Any], ...]] = (
    (gettext_lazy("Code"), "product_id"),
    (gettext_lazy("Product"), "product.name"),
    (gettext_lazy("Category"), "product.category"),
    (gettext_lazy("Elasticity"), "elasticity"),
    (gettext_lazy("Grade"), "quality"),
    (gettext_lazy("Rests on"), lambda each: label(each.evidence)),
    (gettext_lazy("Price"), "current_price"),
)
COLUMNS_TO_CHANGE: Final = (
    *COLUMNS,
    (gettext_lazy("Recommended price"), "recommended_price"),
    (gettext_lazy("Profit in 30 days"), "profit_change"),
    (gettext_lazy("Profit in 30 days, low"), "gain_low"),
    (gettext_lazy("Profit in 30 days, high"), "gain_high"),
    (gettext_lazy("Chance of a gain"), "probability_of_gain"),
    (gettext_lazy("Risk"), lambda each: label(each.risk_level)),
    (
        gettext_lazy("Limited by"),
        lambda each: ", ".join(map(label, each.limits.split())) or MOVES.get(each.reason, each.reason),
    ),
    (gettext_lazy("Competitors"), "competitor_price"),
    (gettext_lazy("Stock in days"), "stock_days"),
)
COLUMNS_REFUSED: Final = (
    (gettext_lazy("Code"), "product_id"),
    (gettext_lazy("Product"), "product.name"),
    (gettext_lazy("Price"), "current_price"),
    (gettext_lazy("Recommended price"), "recommended_price"),
    (gettext_lazy("Profit in 30 days"), "profit_change"),
    (gettext_lazy("Day"), "decided_at"),
    (gettext_lazy("By"), "decided_by"),
    (gettext_lazy("Why"), "reason"),
)
COLUMNS_LEFT: Final = (
    *COLUMNS,
    (
        gettext_lazy("Why"),
        lambda each: REASONS.get(HELD if each.is_held else each.reason, REASONS["NO_PRICE"]).name,
    ),
)
# The elasticities that the drawing spans, from left to right, and its width.
STEEPEST: Final = -6.0
DRAWN_WIDTH: Final = 96


@dataclass(frozen=True, slots=True)
class Row:
    """A recommendation as the list shows it; places are those of the drawing of its elasticity."""

    found: Any
    limited_by: list[str]
    otherwise: Any
    low: float
    value: float
    high: float


@page(post=Role.ANALYST)
def opportunities(request: HttpRequest) -> HttpResponseBase:
    """The recommended changes that the address asks for, or the prices that are left alone."""
    if request.method == "POST":
        return _propose(request)
    tab = chosen(request, "tab", (LEFT, REFUSED))
    name, columns, found = {
        LEFT: ("left-alone", COLUMNS_LEFT, _found_left),
        REFUSED: ("refused", COLUMNS_REFUSED, _found_refused),
    }.get(tab, ("opportunities", COLUMNS_TO_CHANGE, _found))
    found, headings = found(request)
    if asked := export(request, name, columns, found):
        return asked
    computed_at, as_of = computed_to()
    version = current_version()
    context: dict[str, Any] = {
        "page": "opportunities",
        "tab": tab,
        "computed_at": computed_at,
        "behind": computed_at is not None and standing_is_behind(version),
        "as_of": as_of,
        "days": MONTH_DAYS,
        "categories": categories(),
        "asked": _asked(request),
        "headings": headings,
    }
    if tab == REFUSED:
        context["rows"] = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    else:
        context |= _left(request, found) if tab == LEFT else _moves(request, found, version)
    return render(request, "desk/opportunities.html", context)


@page(post=Role.VIEWER)
def opportunities_chosen(request: HttpRequest) -> HttpResponse:
    """The foot of the list: what the chosen recommendations amount to; sent as a form, since they may be many."""
    if "all" in request.GET:
        totals = standing_totals(_proposable(request))
    else:
        totals = chosen_totals(_ticked([*request.GET.getlist("product"), *request.POST.getlist("product")]))
    return render(request, "desk/chosen.html", {"totals": totals, "days": MONTH_DAYS})


def _asked(request: HttpRequest) -> dict[str, str]:
    """The filters of the address; what it says that is unknown counts as not said."""
    known: dict[str, Any] = {
        "grade": Grade.values,
        "change": (RAISE, LOWER),
        "risk": RISK_LEVELS,
        "segment": SEGMENTS,
        "offer": (OPEN,),
    }
    return {"category": text(request, "category")} | {
        name: chosen(request, name, values) for name, values in known.items()
    }


def _ordering(request: HttpRequest) -> str:
    ordering = request.GET.get("sort", "")
    return ordering if ordering.removeprefix("-") in ORDERINGS else "-gain"


def _to_change(request: HttpRequest) -> QuerySet[StandingRecommendation]:
    """What the address asks for of the recommended changes of free prices that nobody has refused."""
    return not_refused(not_held(filtered_standing(standing_recommendations(moved=True), _asked(request))))


def _found(request: HttpRequest) -> tuple[Any, list[dict[str, Any]]]:
    ordering = _ordering(request)
    headings = [heading(*each[:3], ordering, each[3]) for each in HEADINGS]
    return ordered_standing(_to_change(request), ordering), headings


def _found_refused(request: HttpRequest) -> tuple[Any, list[dict[str, Any]]]:
    found = recommendations().filter(state=RecommendationState.REFUSED, stands=True)
    return ordered(request, found, REFUSED_SORTED_BY, "-day")


def _found_left(request: HttpRequest) -> tuple[Any, list[dict[str, Any]]]:
    found = filtered_standing(standing_recommendations(), {"category": text(request, "category")})
    return ordered(request, of_reason(found, chosen(request, "reason", REASONS)), LEFT_SORTED_BY, "product")


def _moves(request: HttpRequest, found: Any, version: DataVersion) -> dict[str, Any]:
    asked, ordering = _asked(request), _ordering(request)
    rows = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    whole = request.GET.get("all") == "1"
    return {
        "rows": rows,
        "worth": all_totals(version),
        "shown": [_row(each) for each in rows],
        "sort": ordering,
        "whole": whole,
        "proposable": (proposable := without_open_change(found).count()),
        "proposed": rows.paginator.count - proposable,
        "filtered": any(asked.values()),
        "offered": len(open_codes()),
        "grades": Grade.values,
        "risks": RISK_LEVELS,
        "segments": SEGMENTS,
        "headings_after": [heading(*each[:3], ordering, each[3]) for each in HEADINGS_AFTER],
        "why_none": [] if rows.paginator.count else _reasons(left_alone(asked["category"]))[:3],
    }


def _left(request: HttpRequest, found: Any) -> dict[str, Any]:
    reason = chosen(request, "reason", REASONS)
    category = text(request, "category")
    reasons = _reasons(left_alone(category))
    context: dict[str, Any] = {"reasons": reasons, "reason": reason}
    if reason:
        context["rows"] = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
        context["of_reason"] = REASONS[reason]
    return context


def _reasons(found: list[Any]) -> list[dict[str, Any]]:
    unknown = REASONS["NO_PRICE"]
    return [
        {"word": each.reason, "count": each.count, "text": REASONS.get(each.reason, unknown)}
        for each in found
    ]


def _row(found: StandingRecommendation) -> Row:
    row: Any = found
    ends = [row.ci_low, row.elasticity, row.ci_high]
    low, value, high = (_place(row.elasticity if end is None else end) for end in ends)
    return Row(row, row.limits.split(), MOVES.get(row.reason, row.reason), low, value, high)


def _place(elasticity: float | None) -> float:
    """Where an elasticity is drawn, from 0 to the width."""
    within = min(max(STEEPEST, elasticity or 0.0), 0.0)
    return round(DRAWN_WIDTH * (1 - within / STEEPEST), 1)


def _proposable(request: HttpRequest) -> QuerySet[StandingRecommendation]:
    """All recommendations that the address finds and that can be proposed."""
    return without_open_change(_to_change(request)).order_by("product_id")


def _ticked(ticked: list[str]) -> list[str]:
    """The products that are ticked, on this page and on others."""
    return [code for code in ticked if len(code) <= LONGEST_TEXT]


def _propose(request: HttpRequest) -> HttpResponse:
    """Propose what is chosen and lead to the batch; twice is refused, since nothing is left to propose."""
    back = f"{reverse('opportunities')}?{request.GET.urlencode()}"
    if "all" in request.GET:
        codes = list(_proposable(request).values_list("product_id", flat=True))
    else:
        codes = _ticked(request.POST.getlist("product"))
    if not codes:
        messages.warning(request, _("Choose at least one price first."))
        return redirect(back)
    if request.POST.get("step") == "refuse":
        return _refuse(request, codes, back)
    try:
        made = propose_recommended(codes, by=audit_username(request), reason=text_of(request, "reason"))
    except Conflict as conflict:
        messages.error(request, said(conflict.detail))
        return redirect(back)
    count = len(made.changes)
    messages.success(
        request, ngettext("%(count)d price proposed.", "%(count)d prices proposed.", count) % {"count": count}
    )
    if all_own(made.changes, audit_username(request)) and not has_other_approver(audit_username(request)):
        messages.warning(request, SECOND_PERSON)
    if made.left_out:
        named = " ".join(said(each.sentence) for each in made.left_out[:5])
        messages.warning(
            request, _("Left out: %(count)d. %(why)s") % {"count": len(made.left_out), "why": named}
        )
    return redirect("changes-batch", made.batch)


def _refuse(request: HttpRequest, codes: list[str], back: str) -> HttpResponse:
    """Refuse what is chosen, with the reason that is given."""
    reason = text_of(request, "reason")
    if not reason:
        messages.warning(request, _("Say why: the reason is remembered."))
        return redirect(back)
    try:
        made = recommendations_refuse(codes, by=audit_username(request), reason=reason)
    except Conflict as conflict:
        messages.error(request, said(conflict.detail))
        return redirect(back)
    count = len(made.refused)
    text = ngettext("%(count)d recommendation refused.", "%(count)d recommendations refused.", count)
    messages.success(request, text % {"count": count})
    return redirect(back)


def text_of(request: HttpRequest, name: str) -> str:
    """A text of a form, on one line and as long as a reason may be."""
    return CONTROL.sub(" ", request.POST.get(name, "")).strip()[:255]
