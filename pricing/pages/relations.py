"""/desk/relations: which prices have to stand in which relation, and whether they do."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elastix.api.permissions import Role, role_of
from elastix.dataset.versions import lock_version
from elastix.desk.exports import export
from elastix.desk.forms import show_refusals
from elastix.desk.lists import Column, ordered, text
from elastix.desk.shell import page
from elastix.desk.tags import said
from elastix.revisions import Edited
from pricing.recommendation.core.relations import NO_BOUNDS, Bounds
from pricing.recommendation.models import PriceRelation, PriceRelationKind, PriceRelationMember
from pricing.recommendation.models.relations import LARGEST_GAP, SIZE
from pricing.recommendation.selectors.relations import (
    RelationAtPrices,
    at_present_prices,
    find_relation,
    relations_of,
)
from pricing.recommendation.services.relations import (
    Member,
    relation_create,
    relation_delete,
    relation_update,
)
from pricing.sales.core.service_codes import normalise_code

RELATIONS_A_PAGE: Final = 50
KINDS: Final = {
    PriceRelationKind.LINE: gettext_lazy("one price for all"),
    PriceRelationKind.SIZES: gettext_lazy("sizes: a unit of a larger pack costs no more"),
    PriceRelationKind.STEPS: gettext_lazy("steps: from good to best"),
    PriceRelationKind.OWN_LABEL: gettext_lazy("own label below the brands"),
}
BEFORE_THE_SIZE: Final = ";"
SORTED_BY: Final = (
    Column("name", gettext_lazy("Relation"), "name"),
    Column("kind", gettext_lazy("Kind of relation"), "kind"),
    Column("gap", gettext_lazy("Gap"), "gap_percent", "-", True),
)
# Of the list as a file.
COLUMNS: Final = (
    (gettext_lazy("Relation"), "name"),
    (gettext_lazy("Kind of relation"), lambda each: KINDS[PriceRelationKind(each.kind)]),
    (gettext_lazy("Gap in %"), "gap_percent"),
    (gettext_lazy("Products"), lambda each: ", ".join(member.product_id for member in each.members.all())),
)


@dataclass(frozen=True, slots=True)
class ShownRelation:
    """A relation with its kind in words; `bounds` are those of the product that a page is about."""

    relation: PriceRelation
    kind: Any
    broken: list[str]
    bounds: Bounds = NO_BOUNDS


class RelationForm(forms.Form):
    """A relation: its name, kind and gap, and its products, one to a line."""

    name = forms.CharField(label=gettext_lazy("Name of the relation"), max_length=100)
    kind = forms.ChoiceField(label=gettext_lazy("Kind of relation"), choices=[*KINDS.items()])
    gap_percent = forms.DecimalField(
        label=gettext_lazy("Gap in percent"), required=False,
        min_value=0, max_value=LARGEST_GAP, decimal_places=2,
        help_text=gettext_lazy("Of steps: above the price before. Of an own label: below the brands."),
    )  # fmt: skip
    members = forms.CharField(
        label=gettext_lazy("Products"),
        widget=forms.Textarea({"rows": 6}),
        help_text=gettext_lazy(
            "One code to a line: from good to best, the own label first. Of sizes also what a pack holds: CODE; 500."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            css = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = f"{css} is-invalid" if name in self.errors else css

    def clean_gap_percent(self) -> Decimal:
        """An empty gap is none."""
        return self.cleaned_data["gap_percent"] or Decimal(0)

    def clean_members(self) -> list[Member]:
        """Read the lines: a code, and a size if one is said."""
        return [_member(line) for line in self.cleaned_data["members"].splitlines() if line.strip()]


@page()
def relations(request: HttpRequest) -> HttpResponseBase:
    """The relations, and whether the present prices keep them."""
    found = PriceRelation.objects.prefetch_related("members")
    if asked_for := text(request, "q"):
        of_product = Exists(
            PriceRelationMember.objects.filter(relation=OuterRef("pk"), product__code__icontains=asked_for)
        )
        found = found.filter(Q(name__icontains=asked_for) | of_product)
    found, headings = ordered(request, found, SORTED_BY, "name")
    if asked := export(request, "relations", COLUMNS, found):
        return asked
    rows: Any = Paginator(found, RELATIONS_A_PAGE).get_page(request.GET.get("page"))
    shown = [_shown(each) for each in at_present_prices(list(rows))]
    context = {"rows": rows, "shown": shown, "headings": headings, "q": asked_for}
    return render(request, "desk/relations.html", context | _frame(request))


@page(post=Role.MANAGER)
def relation_new(request: HttpRequest) -> HttpResponse:
    """The form of a relation, empty."""
    form = RelationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        try:
            made = relation_create(fields, members=fields.pop("members"), user=request.user)
        except ValidationError as error:
            show_refusals(form, error)
        else:
            messages.success(request, _("Saved. Recommendations and rules keep to it from now on."))
            return redirect("relation", made.pk)
    status = 400 if request.method == "POST" else 200
    return render(request, "desk/relation.html", {"form": form} | _frame(request), status=status)


@page(post=Role.MANAGER)
def relation(request: HttpRequest, relation_id: int) -> HttpResponse:
    """A relation: what it allows each product at the present prices, and its form."""
    found = find_relation(relation_id)
    if request.method == "POST" and request.POST.get("action") == "delete":
        return _delete(request, found)
    form = RelationForm(request.POST or None, initial=_filled(found) if request.method == "GET" else None)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        try:
            with transaction.atomic():
                _as_seen(request, found)
                relation_update(found.pk, fields, members=fields.pop("members"), user=request.user)
        except ValidationError as error:
            show_refusals(form, error)
        except Edited as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("relation", found.pk)
    status = 400 if request.method == "POST" else 200
    found = find_relation(relation_id)
    prefetch_related_objects([found], "members__product")
    (at_prices,) = at_present_prices([found])
    context = {"form": form, "relation": found, "shown": _shown(at_prices), "revision": _revision(found)}
    context["members"] = [
        (each, at_prices.bounds.get(each.product_id, NO_BOUNDS)) for each in found.members.all()
    ]
    return render(request, "desk/relation.html", context | _frame(request), status=status)


def relations_of_product(code: str) -> list[ShownRelation]:
    """The relations that a product is part of, with what they allow it."""
    return [_shown(each, code) for each in at_present_prices(list(relations_of([code])))]


def _delete(request: HttpRequest, found: PriceRelation) -> HttpResponse:
    try:
        with transaction.atomic():
            _as_seen(request, found)
            relation_delete(found.pk, user=request.user)
    except Edited as error:
        messages.error(request, said(error.detail))
        return redirect("relation", found.pk)
    messages.success(request, _("The relation is deleted. Prices stay as they are."))
    return redirect("relations")


def _as_seen(request: HttpRequest, found: PriceRelation) -> None:
    """Keep others from the relation until the transaction ends, if it still is what the page of the sender showed.

    Raises
    ------
    Edited : somebody has changed it since.
    """
    lock_version()
    if request.POST.get("revision", "") not in ("", _revision(find_relation(found.pk))):
        raise Edited()


def _frame(request: HttpRequest) -> dict[str, Any]:
    return {"page": "rules", "may_decide": role_of(request.user) >= Role.MANAGER}


def _shown(at_prices: RelationAtPrices, code: str = "") -> ShownRelation:
    relation = at_prices.relation
    kind = KINDS[PriceRelationKind(relation.kind)]
    return ShownRelation(relation, kind, at_prices.broken, at_prices.bounds.get(code, NO_BOUNDS))


def _filled(relation: PriceRelation) -> dict[str, Any]:
    """A relation as its form says it."""
    lines = [
        each.product_id
        if each.size is None
        else f"{each.product_id}{BEFORE_THE_SIZE} {each.size.normalize():f}"
        for each in relation.members.all()
    ]
    return {
        "name": relation.name,
        "kind": relation.kind,
        "gap_percent": relation.gap_percent,
        "members": "\n".join(lines),
    }


def _member(line: str) -> Member:
    code, _separator, size = line.partition(BEFORE_THE_SIZE)
    try:
        found = normalise_code(code)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    number = forms.DecimalField(
        min_value=SIZE[0], max_value=SIZE[1], max_digits=10, decimal_places=3, required=False
    )
    return Member(found, number.clean(size.strip().replace(",", ".")))


def _revision(relation: PriceRelation) -> str:
    """Moves with every save, its products' included."""
    return str(relation.updated_at.timestamp())
