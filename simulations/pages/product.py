"""/desk/products/{code}: one product, what its price should be and why, and what another one would do."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from elastix.api.fields import TextField
from elastix.api.permissions import Role
from elastix.dataset.versions import current_version
from elastix.desk.shell import page
from elastix.desk.tags import label, money, number, percent, said
from elastix.errors import Conflict, Invalid, NotFound
from elastix.shop import shop_currency
from pricing.changes.core.prior_price import PriorPrice
from pricing.changes.selectors.deciders import all_own, has_other_approver
from pricing.changes.selectors.holding import holding_of
from pricing.changes.selectors.price_changes import open_changes_of
from pricing.changes.selectors.prior_prices import prior_prices_of_cuts
from pricing.changes.services.price_changes import propose
from pricing.elasticity.selectors.estimates import elasticity_of_product
from pricing.pages.reasons import SECOND_PERSON
from pricing.pages.relations import relations_of_product
from pricing.recommendation.api.prices import price_field
from pricing.recommendation.core.limits import FLOORS, Limit, crossed_limit
from pricing.recommendation.core.recommendation import RecommendedPrice
from pricing.recommendation.selectors.products import ProductDetail, product_detail
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import Product
from pricing.sales.models.price_changes import PriceChangeSource
from pricing.sales.models.products import margin_percent
from pricing.sales.selectors.products import find_product
from simulations.pages.drawings import curve_chart, curve_rows, limits_track
from simulations.pages.tabs import TABS, tab_file, tab_of
from simulations.selectors.what_if import ProductPricing, Tried, WhatIf, product_pricing
from simulations.serializers import TriedSlidersSerializer

# Parts of the page that htmx asks for alone, by the id of what they replace.
WHAT_IF, TAB, DIAGNOSTICS = "what-if", "tab", "diagnostics"


class ProposalForm(serializers.Serializer[Any]):
    price = price_field()
    reason = TextField(max_length=255, required=False, allow_blank=True, default="")


@dataclass(frozen=True, slots=True)
class Slider:
    """A slider of the page: numbers as a range input wants them, and its value as people read it."""

    name: str
    label: Any
    low: str
    high: str
    step: str
    value: str
    shown: str


@page(post=Role.ANALYST)
def product(request: HttpRequest, code: str) -> HttpResponseBase:
    """What is known of a product; parts that nothing is known of are left out and say so."""
    found = find_product(code)
    if request.method == "POST":
        return _propose(request, found)
    if file := tab_file(request, found, current_version()):
        return file
    return _show(request, found)


def _show(request: HttpRequest, found: Product, status: int = 200) -> HttpResponse:
    code, version = found.code, current_version()
    part = "" if request.htmx.history_restore_request else request.htmx.target  # type: ignore[attr-defined]
    if part in (TAB, DIAGNOSTICS):
        return render(request, "desk/product_tab.html", _tab(request, found))
    asked = tried_by(request)
    pricing = product_pricing(code, asked)
    context = {"product": found, "days": MONTH_DAYS, "open_change": open_changes_of([code]).get(code)}
    context["holding"] = holding_of(pricing.recommendation.facts, timezone.now())
    context |= {"page": "products", "recommendation": pricing.recommendation, **_tabs(request)}
    if pricing.what_if is not None:
        context |= _what_if(pricing, pricing.what_if, asked)
        if part == WHAT_IF:
            return render(request, "desk/what_if.html", context | {"swapped": True})
    context |= {
        "product": (detail := product_detail(code, days=1, version=version)),
        "stock_days": _stock_days(detail, pricing),
        "estimate": _estimate(version, code),
        "assumed_margin": _assumed_margin(pricing),
        "relations": relations_of_product(code),
        "track": limits_track(pricing.recommendation),
        "reduction": _reduction(pricing.recommendation.price, code),
        **_tab(request, found),
    }
    return render(request, "desk/product.html", context, status=status)


def _reduction(price: RecommendedPrice, code: str) -> PriorPrice | None:
    """What may be announced of the recommended price; None where it does not lower today's."""
    now, then = price.current_price, price.recommended_price
    if now is None or then is None or then >= now:
        return None
    return prior_prices_of_cuts({code: then}).get(code)


def tried_by(request: HttpRequest) -> Tried:
    """What the address asks to try; what it says that cannot be tried counts as not said."""
    names = map(str, TriedSlidersSerializer().fields)
    said = {name: request.GET[name] for name in names if request.GET.get(name)}
    asked = TriedSlidersSerializer(data=said)
    if not asked.is_valid():
        asked = TriedSlidersSerializer(
            data={name: value for name, value in said.items() if name not in asked.errors}
        )
        asked.is_valid(raise_exception=True)
    return Tried(**asked.validated_data)


def _what_if(pricing: ProductPricing, what_if: WhatIf, asked: Tried) -> dict[str, Any]:
    """The sliders, what comes of them, the scenarios and the curve."""
    rows = curve_rows(what_if.curve)
    tried: Any = what_if.tried.projected
    return {
        "what_if": what_if,
        "tried": tried,
        "tried_price": shop_currency().money(float(tried.impact.projected.price)),
        "is_tried": not asked.is_nothing,
        "sliders": _sliders(what_if, asked, has_cost=pricing.recommendation.facts.cost is not None),
        "scenarios": [(each, _asked(each)) for each in what_if.scenarios.prices],
        "curve": rows,
        "curve_chart": curve_chart(rows, pricing.recommendation, what_if, asked.price),
    }


def _asked(each: Any) -> str:
    """The price of a scenario as the address asks for it."""
    return str(shop_currency().money(float(each.impact.projected.price)))


def _sliders(what_if: WhatIf, asked: Tried, *, has_cost: bool) -> list[Slider]:
    """The sliders; of a product without a cost one is typed in."""
    currency, tried = shop_currency(), what_if.tried
    price = currency.money(float(tried.projected.impact.projected.price)) or Decimal(0)  # type: ignore[union-attr]
    sliders = [
        _slider("price", _("Price"), what_if.lowest, what_if.highest, currency.unit, price, money(price)),
        _slider(
            "response_factor",
            _("Demand response to price"),
            Decimal("0.5"),
            Decimal(2),
            Decimal("0.05"),
            Decimal(str(asked.response_factor)),
            f"{number(asked.response_factor, 2)} \N{MULTIPLICATION SIGN}",
        ),
        _slider(
            "demand_factor",
            _("Demand for other reasons"),
            Decimal(0),
            Decimal(2),
            Decimal("0.05"),
            Decimal(str(asked.demand_factor)),
            percent(100 * asked.demand_factor, 0),
        ),
    ]
    cost = tried.facts.cost
    if has_cost and cost is not None:
        # Steps are counted from the lowest value: from this one they meet a cost of any decimals.
        lowest, highest = cost % currency.unit, max(what_if.highest, 2 * cost)
        sliders.insert(1, _slider("cost", _("Cost"), lowest, highest, currency.unit, cost, money(cost)))
    return sliders


def _slider(
    name: str, label: str, low: Decimal, high: Decimal, step: Decimal, value: Decimal, shown: str
) -> Slider:
    lowest, highest, size, at = (f"{each:f}" for each in (low, high, step, value))
    return Slider(name, label, lowest, highest, size, at, shown)


def _tab(request: HttpRequest, found: Product) -> dict[str, Any]:
    name = tab_of(request)
    shown = TABS[name][1](request, found, current_version())
    return _tabs(request) | {"tab_template": f"desk/product_{name}.html"} | shown


def _tabs(request: HttpRequest) -> dict[str, Any]:
    tabs = [(name, heading) for name, (heading, _show_tab) in TABS.items()]
    return {"tab": tab_of(request), "tabs": tabs}


def _stock_days(product: ProductDetail, pricing: ProductPricing) -> int | None:
    """Whole days that the stock lasts at the sales expected at the present price, as among the opportunities; at those of the
    last 30 days where nothing is expected."""
    expected = pricing.recommendation.expected
    units = (float(expected.impact.current.quantity) if expected else 0.0) or float(product.monthly_sales)
    if product.stock_level is None or not units > 0:
        return None
    return int(MONTH_DAYS * max(float(product.stock_level), 0.0) / units)


def _assumed_margin(pricing: ProductPricing) -> Decimal | None:
    """Margin in percent at an assumed cost; None where the cost is known, or nothing is assumed."""
    price, policy = pricing.recommendation.price, pricing.recommendation.facts.policy
    if not price.cost_assumed or price.cost is None:
        return None
    return margin_percent(price.current_price, Decimal(str(price.cost)), policy.tax_factor)


def _propose(request: HttpRequest, found: Product) -> HttpResponse:
    """Propose a price: one at a time for a product, so sending it twice leaves one proposal."""
    form = ProposalForm(data=request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(each) for errors in form.errors.values() for each in errors))
        return _show(request, found, status=400)
    price, reason = form.validated_data["price"], form.validated_data["reason"]
    recommended = product_pricing(found.code, Tried()).recommendation.price
    is_recommended = recommended.moved and price == recommended.recommended_price
    source = PriceChangeSource.RECOMMENDATION if is_recommended else PriceChangeSource.PROPOSAL
    by = request.user.get_username()
    try:
        proposed = propose([(found.code, price)], by=by, reason=reason, source=source)
    except (Conflict, Invalid) as error:
        messages.error(request, said(error.detail))
        return _show(request, found, status=409 if isinstance(error, Conflict) else 400)
    if all_own(proposed, by) and not has_other_approver(by):
        messages.success(request, f"{_('Proposed.')} {SECOND_PERSON}")
    else:
        messages.success(request, _("Proposed. Somebody who may approve prices decides on it now."))
    if crossed := crossed_limit(price, recommended.limits):
        messages.warning(request, _beyond(price, crossed))
    return redirect(request.get_full_path())


def _beyond(price: Decimal, crossed: Limit) -> str:
    """That a price lies outside the limits of recommendations, for whoever has proposed it."""
    beyond = (
        _("%(price)s is below the lowest price that limits recommendations, %(bound)s (%(limit)s).")
        if crossed.rule in FLOORS
        else _("%(price)s is above the highest price that limits recommendations, %(bound)s (%(limit)s).")
    )
    said_so = beyond % {"price": money(price), "bound": money(crossed.bound), "limit": label(crossed.rule)}
    return f"{said_so} {_('It is flagged for whoever decides.')}"


def _estimate(version: Any, code: str) -> Any:
    try:
        return elasticity_of_product(version, code, method=None).estimate
    except NotFound:
        return None
