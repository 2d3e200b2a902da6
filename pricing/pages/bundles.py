"""/desk/bundles: what is bought together and could be sold as one; the categories side by side."""

from decimal import Decimal
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elastix.api.fields import CONTROL
from elastix.desk.exports import export
from elastix.desk.lists import RowColumn, sorted_rows
from elastix.desk.shell import page
from elastix.desk.tags import label
from elastix.errors import Conflict, Invalid, NotFound
from pricing.bundles.core.bundles import USUAL_ALPHA
from pricing.bundles.selectors.bundles import BundleOffer, bundle_offer, bundle_suggestions, counted_baskets
from pricing.recommendation.models import CategorySummary
from pricing.recommendation.selectors.product_list import categories
from pricing.sales.selectors.products import find_product

SUGGESTED: Final = 50
FEWEST, MOST = 2, 6
LONGEST_TEXT: Final = 100
DISCOUNTS: Final = ("0.10", "0.15", "0.20")
# Of the two lists as files.
PAIRS: Final = (
    (gettext_lazy("Code"), lambda each: each.products[0]),
    (gettext_lazy("Product"), lambda each: each.names[0]),
    (gettext_lazy("Second code"), lambda each: each.products[1]),
    (gettext_lazy("Second product"), lambda each: each.names[1]),
    (gettext_lazy("Baskets"), "pair.baskets_together"),
    (gettext_lazy("Times chance"), "pair.lift"),
    (gettext_lazy("Apart"), "bundle.individual_total"),
    (gettext_lazy("Bundle"), "bundle.price"),
    (gettext_lazy("Prices"), lambda each: label(each.pair.relationship)),
)
CATEGORIES: Final = (
    (gettext_lazy("Category"), "category"),
    (gettext_lazy("Products"), "products"),
    (gettext_lazy("Revenue in 30 days"), "revenue"),
    (gettext_lazy("Margin in %"), "margin_percent"),
    (gettext_lazy("Elasticity"), "elasticity"),
    (gettext_lazy("Prices to change"), "to_change"),
    (gettext_lazy("Profit that would bring"), "profit_change"),
    (gettext_lazy("Profit, lowest"), "profit_change_low"),
    (gettext_lazy("Profit, highest"), "profit_change_high"),
)
# What the lists are sorted by: one of them at a time.
PAIRS_BY: Final = (
    RowColumn("names", gettext_lazy("Products"), lambda each: each.names),
    RowColumn("baskets", gettext_lazy("Baskets"), lambda each: each.pair.baskets_together, "-", True),
    RowColumn("lift", gettext_lazy("Times chance"), lambda each: each.pair.lift, "-", True),
    RowColumn("apart", gettext_lazy("Apart"), lambda each: each.bundle.individual_total, "-", True),
    RowColumn("bundle", gettext_lazy("Bundle"), lambda each: each.bundle.price, "-", True),
    RowColumn("relationship", gettext_lazy("Prices"), lambda each: label(each.pair.relationship)),
)
CATEGORIES_BY: Final = (
    RowColumn("category", gettext_lazy("Category"), lambda each: each.category),
    RowColumn("products", gettext_lazy("Products"), lambda each: each.products, "-", True),
    RowColumn("revenue", gettext_lazy("Revenue in 30 days"), lambda each: each.revenue, "-", True),
    RowColumn("margin", gettext_lazy("Margin"), lambda each: each.margin_percent, "-", True),
    RowColumn("elasticity", gettext_lazy("Elasticity"), lambda each: each.elasticity, "", True),
    RowColumn("to_change", gettext_lazy("Prices to change"), lambda each: each.to_change, "-", True),
    RowColumn("profit", gettext_lazy("Profit that would bring"), lambda each: each.profit_change, "-", True),
)


@page()
def bundles(request: HttpRequest) -> HttpResponseBase:
    """Pairs that ask to be bundled, and the bundle that the address asks for."""
    category = CONTROL.sub("", request.GET.get("category", ""))[:LONGEST_TEXT]
    known = categories()
    category = category if category in known else ""
    suggestions, pair_headings = sorted_rows(
        request, bundle_suggestions(category=category or None, product=None, limit=SUGGESTED), PAIRS_BY
    )
    summaries, category_headings = sorted_rows(
        request, list(CategorySummary.objects.order_by("-revenue", "category")), CATEGORIES_BY, "-revenue"
    )
    of_categories = request.GET.get("of") == "categories"
    if file := (
        export(request, "categories", CATEGORIES, summaries)
        if of_categories
        else export(request, "bundles", PAIRS, suggestions)
    ):
        return file
    asked = CONTROL.sub(" ", request.GET.get("products", ""))[:LONGEST_TEXT]
    discount = request.GET.get("discount", "")
    discount = discount if discount in DISCOUNTS else str(1 - USUAL_ALPHA)
    context: dict[str, Any] = {
        "page": "products",
        "category": category,
        "categories": known,
        "suggestions": suggestions,
        "pair_headings": pair_headings,
        "category_headings": category_headings,
        "baskets": counted_baskets(),
        "summaries": summaries,
        "products": asked,
        "discount": discount,
        "discounts": [(each, 100 * Decimal(each)) for each in DISCOUNTS],
    }
    status = 200
    if asked.strip():
        try:
            context["offer"] = _offer(asked, Decimal(discount))
        except (NotFound, Conflict, Invalid) as error:
            context["error"], status = str(error), 400
    return render(request, "desk/bundles.html", context, status=status)


def _offer(asked: str, discount: Decimal) -> BundleOffer:
    codes = list(dict.fromkeys(find_product(code).code for code in asked.replace(",", " ").split()))
    if not FEWEST <= len(codes) <= MOST:
        raise Conflict(_("A bundle has two to six different products."))
    return bundle_offer(codes, discount, None)
