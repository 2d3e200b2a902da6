"""Transactions and their daily sums."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest

from elastix.admin_base import PeriodFilter, ReadOnlyAdmin, ServiceDeletes, change_link, copy_state
from elastix.admin_imports import UploadMixin
from elastix.dataset.versions import data_version
from pricing.sales.core.files import QUANTITY_PLACES, TRANSACTIONS, ImportKind
from pricing.sales.core.lines import EXCLUSION_REASONS
from pricing.sales.models import SalesHistory, StaleCustomer, StaleProduct, Transaction
from pricing.sales.models.products import MAX_PRICE
from pricing.sales.models.transactions import SalesSource
from pricing.sales.services.manual_history import manual_day_create, manual_day_delete, manual_day_update
from pricing.sales.services.transactions import (
    NEGATIVE_PRICE,
    price_is_allowed,
    transaction_delete,
    transaction_update,
    transactions_create,
)

# The years that the reader of files accepts.
FIRST_YEAR, LAST_YEAR = 1970, 2100
MOST_UNITS_A_DAY = 10_000_000


class SalesForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form of a day or moment of sales."""

    def check_year(self, name: str) -> Any:
        day = self.cleaned_data[name]
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(f"The year must be one of {FIRST_YEAR} to {LAST_YEAR}.")
        return day

    def values(self, names: Any) -> dict[str, Any]:
        """Return the named values by the names that the services use: the product by its code."""
        values = {name: self.cleaned_data[name] for name in names}
        if "product" in values:
            values["product_id"] = values.pop("product").pk
        return values


class InvoicePeriod(PeriodFilter):
    field = "invoice_date"


class CountryFilter(admin.SimpleListFilter):
    """The countries that the last publish found; a query of the lines would read all of them."""

    title = "country"
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(country, country) for country in data_version().countries]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(country=self.value()) if self.value() else queryset


class TransactionForm(SalesForm):
    class Meta:
        model = Transaction
        fields = (
            "invoice_no", "product", "description", "quantity", "invoice_date", "unit_price", "customer_id",
            "country", "channel",
        )  # fmt: skip

    def clean_quantity(self) -> Any:
        if self.cleaned_data["quantity"] == 0:
            raise forms.ValidationError("The quantity must not be 0; returns have a negative quantity.")
        return self.cleaned_data["quantity"]

    def clean_invoice_date(self) -> Any:
        return self.check_year("invoice_date")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        product, price = values.get("product"), values.get("unit_price")
        if product is not None and price is not None:
            if not price_is_allowed(product.pk, price):
                self.add_error("unit_price", NEGATIVE_PRICE.format(product.pk))
            elif abs(price) > MAX_PRICE:
                self.add_error("unit_price", f"The price must not exceed {MAX_PRICE:,}.")
        return values


@admin.register(Transaction)
class TransactionAdmin(UploadMixin, ServiceDeletes):
    """Lines are written by pricing.sales.services.transactions, which keep the roll-up up to date."""

    form = TransactionForm
    upload_kind = ImportKind.TRANSACTIONS
    upload_schema = TRANSACTIONS
    list_display = (
        "invoice_no", "product_id", "description", "quantity", "unit_price", "invoice_date", "customer_id",
        "country", "channel", "is_return", "left_out",
    )  # fmt: skip
    list_filter = (InvoicePeriod, "is_return", "voided", CountryFilter)
    search_fields = ("invoice_no", "product", "customer_id")
    search_help_text = "A whole invoice number, product code or customer id."
    # Any other order would sort the whole table.
    sortable_by = ()
    autocomplete_fields = ("product",)
    add_fields = TransactionForm.Meta.fields
    change_fields = (*add_fields, ("date", "is_return", "voided"), ("units", "left_out"), "import_link")
    computed = ("date", "is_return", "voided", "units", "left_out", "import_link")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.change_fields if obj else self.add_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.computed if obj else ()

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        # Whole values only, which have indexes; a search for parts would scan every line.
        term = search_term.strip()
        if not term:
            return queryset, False
        # Each by its own index, then the lines by their keys: conditions joined by OR would use none.
        wanted = (Q(invoice_no__in=(term, term.upper())), Q(product=term.upper()), Q(customer_id=term))
        first, *others = (Transaction.objects.order_by().filter(each).values("pk") for each in wanted)
        return queryset.filter(pk__in=first.union(*others)), False

    @admin.display(description="left out of estimation")
    def left_out(self, line: Transaction) -> str:
        return EXCLUSION_REASONS[line.exclusion].replace("_", " ") if line.exclusion else "-"

    @admin.display(description="import")
    def import_link(self, line: Transaction) -> str:
        return change_link(line.batch)

    def save_model(self, request: HttpRequest, obj: Transaction, form: Any, change: bool) -> None:
        if not change:
            copy_state(obj, transactions_create([form.values(self.add_fields)])[0])
        elif form.changed_data:
            copy_state(obj, transaction_update(obj.pk, form.values(form.changed_data)))

    def delete_model(self, request: HttpRequest, obj: Transaction) -> None:
        transaction_delete(obj.pk)


class DayForm(SalesForm):
    quantity = forms.DecimalField(min_value=0, max_value=MOST_UNITS_A_DAY, decimal_places=QUANTITY_PLACES)
    price = forms.DecimalField(
        min_value=Decimal("0.0001"),
        max_value=MAX_PRICE,
        max_digits=12,
        decimal_places=4,
        help_text="What one unit was sold for, or was on offer for.",
    )

    class Meta:
        model = SalesHistory
        fields = ("product", "date", "quantity", "price", "cost", "promotion_applied", "list_price")
        help_texts = {"list_price": "The regular price, on a day with a promotion."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.price is None:
            self.initial["price"] = self.instance.list_price

    def clean_date(self) -> Any:
        return self.check_year("date")


@admin.register(SalesHistory)
class SalesHistoryAdmin(ServiceDeletes):
    """Days are summed from the transactions; days without any may be entered by hand."""

    form = DayForm
    list_display = (
        "date", "product_id", "quantity", "revenue", "price", "list_price", "promotion_applied",
        "returned_quantity", "units", "source",
    )  # fmt: skip
    list_filter = (PeriodFilter, "promotion_applied", "source")
    search_fields = ("product",)
    search_help_text = "A whole product code."
    ordering = ("-date", "product_id")
    sortable_by = ()
    autocomplete_fields = ("product",)
    manual_fields = DayForm.Meta.fields
    summed_fields = (
        ("product", "date", "source"),
        ("quantity", "revenue", "price"),
        ("returned_quantity", "returned_revenue"),
        ("list_price", "promotion_applied"),
        ("lines", "units", "unit_lines"),
        "cost",
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.manual_fields if is_manual(obj) else self.summed_fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and is_manual(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and is_manual(obj)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        term = search_term.strip().upper()
        return (queryset.filter(product=term) if term else queryset), False

    def save_model(self, request: HttpRequest, obj: SalesHistory, form: Any, change: bool) -> None:
        if not change:
            copy_state(obj, manual_day_create(form.values(self.manual_fields)))
        elif form.changed_data:
            copy_state(obj, manual_day_update(obj.pk, form.values(form.changed_data)))

    def delete_model(self, request: HttpRequest, obj: SalesHistory) -> None:
        manual_day_delete(obj.pk)

    @admin.action(permissions=["delete"], description="Delete selected days entered by hand")
    def delete_selected(self, request: HttpRequest, queryset: Any) -> Any:
        if not queryset.exclude(source=SalesSource.MANUAL).exists():
            return super().delete_selected(request, queryset)
        text = "Days summed from transactions are deleted with their transactions; nothing was deleted."
        self.message_user(request, text, messages.ERROR)
        return None


def is_manual(day: SalesHistory | None) -> bool:
    """Tell whether a day may be edited: it is new (None) or was entered by hand."""
    return day is None or day.source == SalesSource.MANUAL


@admin.register(StaleProduct)
class StaleProductAdmin(ReadOnlyAdmin):
    list_display = ("product", "version")
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name")


@admin.register(StaleCustomer)
class StaleCustomerAdmin(ReadOnlyAdmin):
    list_display = ("customer_id", "version")
    search_fields = ("customer_id",)
