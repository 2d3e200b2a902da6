"""What the shop sells."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from elastix.fields import (
    PriceField,
    QuantityField,
    SortedCharField,
    choice_check,
    length_check,
    price_check,
    range_check,
)
from pricing.sales.core.service_codes import normalise_code

MAX_PRICE = Decimal("99999999.9999")


def validate_code(value: str) -> None:
    try:
        normalised = normalise_code(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    if normalised != value:
        raise ValidationError(f"The code must be written {normalised!r}.")


class Kind(models.TextChoices):
    MERCHANDISE = "merchandise"
    SERVICE = "service"  # postage, fees, adjustments: kept, never priced, never ranked


class PriceSource(models.TextChoices):
    DATA = "data"
    MANUAL = "manual"
    LEDGER = "ledger"


def margin_percent(
    price: Decimal | None, cost: Decimal | None, tax_factor: Decimal = Decimal(1)
) -> Decimal | None:
    """Margin in percent of the net price; None without a price or a cost.

    Parameters
    ----------
    tax_factor : the price over the same without the tax that it includes.
    """
    if not price or cost is None:
        return None
    return 100 * ((price - cost * tax_factor) / price)


class Product(models.Model):
    """A stock item: what the shop sells under one code.

    `current_price` follows the newest list price in the sales until somebody sets it by hand or through the
    ledger; it is null until a price is known.
    """

    code = SortedCharField(primary_key=True, max_length=50, validators=[validate_code])
    name = models.CharField(max_length=255)
    category = SortedCharField(max_length=100, blank=True)
    current_price = PriceField(null=True, blank=True)
    price_source = models.CharField(max_length=6, choices=PriceSource, default=PriceSource.DATA)
    cost = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(MAX_PRICE)],
        help_text="What one unit costs the shop.",
    )
    stock_level = QuantityField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-10_000_000), MaxValueValidator(10_000_000)],
    )
    target_stock = QuantityField(
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(10_000_000)]
    )
    kind = models.CharField(max_length=11, choices=Kind, default=Kind.MERCHANDISE)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("code",)
        indexes = [models.Index(fields=("category", "code"), name="pricing_product_category")]
        constraints = [
            length_check("code", 50, "pricing_product"),
            length_check("name", 255, "pricing_product"),
            length_check("category", 100, "pricing_product"),
            choice_check("kind", Kind, "pricing_product"),
            choice_check("price_source", PriceSource, "pricing_product"),
            price_check("current_price", "pricing_product"),
            range_check("cost", Decimal(0), MAX_PRICE, "pricing_product"),
            range_check("stock_level", -10_000_000, 10_000_000, "pricing_product"),
            range_check("target_stock", 0, 10_000_000, "pricing_product"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
