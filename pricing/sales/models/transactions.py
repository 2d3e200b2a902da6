"""Sales: the imported lines, and their sums per product and day."""

from decimal import Decimal
from typing import Any, NoReturn

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from elastix.fields import QuantityField, SortedCharField, choice_check, length_check, range_check, uuid7
from pricing.sales.core.files import LONGEST_CHANNEL, LONGEST_ID
from pricing.sales.models.products import MAX_PRICE, Product

MAX_QUANTITY = 999_999


class BypassError(TypeError):
    """Transactions were about to be written without the services that keep the roll-up right."""


def _bypass(*args: Any, **kwargs: Any) -> NoReturn:
    raise BypassError(
        "Writing transactions directly would leave the roll-up wrong: use pricing.sales.services.transactions."
    )


class TransactionQuerySet(models.QuerySet["Transaction"]):
    update = delete = bulk_create = bulk_update = _bypass


class TransactionFields(models.Model):
    """The data of a sales line, shared by transactions and the staging table of imports."""

    invoice_no = SortedCharField(max_length=LONGEST_ID)
    description = models.CharField(max_length=255, blank=True)
    quantity = QuantityField(
        validators=[MinValueValidator(-MAX_QUANTITY), MaxValueValidator(MAX_QUANTITY)],
        help_text="Units; negative for a return.",
    )
    invoice_date = models.DateTimeField()
    unit_price = models.DecimalField(max_digits=12, decimal_places=4)
    customer_id = SortedCharField(max_length=LONGEST_ID, null=True, blank=True)
    country = SortedCharField(max_length=60, blank=True)
    channel = SortedCharField(
        max_length=LONGEST_CHANNEL,
        blank=True,
        default="",
        db_default="",
        help_text="Store, web shop, marketplace or arm of a price test that sold it; empty where the books do not say.",
    )
    date = models.DateField(editable=False, help_text="The shop's day of invoice_date.")
    is_return = models.BooleanField(
        editable=False, help_text="A cancellation or return: a negative quantity or an invoice C..."
    )

    class Meta:
        abstract = True


class Transaction(TransactionFields):
    """One line of an invoice. No line is deleted for being unusual: `units` and `exclusion`, its clean view, say
    what estimation leaves out or caps.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="transactions", db_index=False
    )
    # Batches are never deleted, and PostgreSQL would check the batch of each line when the import commits.
    batch = models.ForeignKey(
        "elastix.ImportBatch",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transactions",
        db_constraint=False,
    )
    voided = models.BooleanField(
        default=False,
        editable=False,
        help_text="A sale that was cancelled, or the cancellation that mirrors it.",
    )
    units = models.FloatField(default=0.0, editable=False, help_text="Units that count as demand.")
    exclusion = models.SmallIntegerField(
        default=0, editable=False, help_text="Why units or price are not used in estimation; 0: they are."
    )

    objects = TransactionQuerySet.as_manager()
    # For the services alone, which keep the roll-up right.
    rows = models.Manager["Transaction"]()

    class Meta:
        ordering = ("-invoice_date", "-id")
        indexes = [
            # With the country, what a country bought is found without a look at the lines of all others.
            models.Index(fields=("product", "date", "country"), name="pricing_transaction_country"),
            # Ascending, as lines come: pages fill up, where new entries before all others would leave them half empty.
            # Without ids: the lines of one moment are few, and sorted by their ids in passing.
            models.Index(fields=("invoice_date",), name="pricing_transaction_moment"),
            models.Index(fields=("customer_id",), name="pricing_transaction_customer"),
            models.Index(
                fields=("product", "customer_id"),
                name="pricing_transaction_returns",
                condition=Q(is_return=True),
            ),
            models.Index(fields=("product",), name="pricing_transaction_voided", condition=Q(voided=True)),
            # Empty in a shop without channels, which then pays nothing for asking.
            models.Index(
                fields=("product", "channel"), name="pricing_transaction_channel", condition=Q(channel__gt="")
            ),
        ]
        constraints = [
            range_check("quantity", -MAX_QUANTITY, MAX_QUANTITY, "pricing_transaction"),
            models.CheckConstraint(condition=~Q(quantity=0), name="pricing_transaction_quantity_not_zero"),
            range_check("unit_price", -MAX_PRICE, MAX_PRICE, "pricing_transaction"),
            length_check("invoice_no", LONGEST_ID, "pricing_transaction"),
            length_check("description", 255, "pricing_transaction"),
            length_check("customer_id", LONGEST_ID, "pricing_transaction"),
            length_check("country", 60, "pricing_transaction"),
            length_check("channel", LONGEST_CHANNEL, "pricing_transaction"),
            models.CheckConstraint(
                condition=Q(is_return=True) | Q(quantity__gt=0), name="pricing_transaction_negative_is_return"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_no} {self.product_id} x {self.quantity}"

    save = delete = _bypass


class StagedTransaction(TransactionFields):
    """A line of an import in progress: invisible to every reader until its batch is published.

    It is written once, read once and deleted, so it has no index but its primary key.
    """

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid7, editable=False)
    batch = models.ForeignKey(
        "elastix.ImportBatch",
        on_delete=models.CASCADE,
        related_name="staged",
        db_index=False,
        db_constraint=False,
    )
    token = models.BigIntegerField(help_text="The claim of the job that staged it.")
    line = models.PositiveIntegerField(default=0, help_text="Its line in the file.")
    product_code = SortedCharField(max_length=50)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"{self.batch_id} {self.product_code}"


class SupersededLine(models.Model):
    """What an imported line said before somebody edited or deleted it: another file must not bring it back."""

    batch = models.ForeignKey("elastix.ImportBatch", on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+", db_index=False)
    date = models.DateField(db_index=True)
    invoice_no = SortedCharField(max_length=64)
    invoice_date = models.DateTimeField()
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit_price = models.DecimalField(max_digits=12, decimal_places=4)
    channel = SortedCharField(max_length=LONGEST_CHANNEL, blank=True, default="", db_default="")

    def __str__(self) -> str:
        return f"{self.invoice_no} {self.product_id} x {self.quantity}"


class SalesSource(models.TextChoices):
    TRANSACTIONS = "transactions"
    MANUAL = "manual"


class SalesHistory(models.Model):
    """Sales of one product on one day: the daily roll-up that every estimator reads.

    `quantity` and `revenue` are sales net of mirrored cancellations; returns stand on their own day. The clean
    columns (units, list_price, promotion_applied) are what estimation sees, rebuilt by a recompute.
    """

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="sales_history", db_index=False
    )
    date = models.DateField()
    quantity = QuantityField(default=0)
    revenue = models.DecimalField(max_digits=24, decimal_places=4, default=Decimal(0))
    returned_quantity = QuantityField(default=0)
    returned_revenue = models.DecimalField(max_digits=24, decimal_places=4, default=Decimal(0))
    price = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="revenue / quantity; none without sales",
    )
    list_price = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    cost = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    promotion_applied = models.BooleanField(default=False)
    lines = models.IntegerField(
        default=0, help_text="Sales lines and returns of the day, voided ones included."
    )
    units = models.FloatField(default=0.0, help_text="Units that count as demand.")
    unit_lines = models.IntegerField(default=0, help_text="Lines that count as demand.")
    source = models.CharField(max_length=12, choices=SalesSource, default=SalesSource.TRANSACTIONS)

    class Meta:
        ordering = ("product", "-date")
        verbose_name_plural = "sales history"
        constraints = [
            models.UniqueConstraint(fields=("product", "date"), name="pricing_saleshistory_product_day"),
            range_check("quantity", 0, None, "pricing_saleshistory"),
            range_check("returned_quantity", 0, None, "pricing_saleshistory"),
            choice_check("source", SalesSource, "pricing_saleshistory"),
        ]
        indexes = [models.Index(fields=("date",), name="pricing_saleshistory_date")]

    def __str__(self) -> str:
        return f"{self.product_id} {self.date}: {self.quantity}"


class StaleProduct(models.Model):
    """A product whose sales changed after the cached tables were computed, and in which sales version."""

    product = models.OneToOneField(Product, on_delete=models.CASCADE, primary_key=True, related_name="+")
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.product_id} since {self.version}"


class StaleCustomer(models.Model):
    """A customer whose purchases changed after the segments were computed, and in which sales version."""

    customer_id = SortedCharField(primary_key=True, max_length=LONGEST_ID)
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.customer_id} since {self.version}"
