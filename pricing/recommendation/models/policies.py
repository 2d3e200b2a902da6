"""What the shop wants of its prices, and the limits nobody may leave."""

import re
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from elastix.fields import SortedCharField, choice_check, length_check, range_check
from pricing.sales.models.products import Product

ANY_CENT = "any"


class PolicyStrategy(models.TextChoices):
    PROFIT = "profit", "highest expected profit"
    REVENUE = "revenue", "highest expected revenue"
    TARGET_MARGIN = "target_margin", "target margin formula"
    MARKUP = "markup", "markup on cost"


class PolicyDemandModel(models.TextChoices):
    LINEAR = "linear", "linear"
    CONSTANT_ELASTICITY = "constant_elasticity", "constant elasticity"


def validate_endings(value: str) -> None:
    """Cents as "49,99", or "any"."""
    if value != ANY_CENT and not re.fullmatch(r"[0-9]{2}(,[0-9]{2}){0,9}", value):
        raise ValidationError(f'Write the cents a price may end in, as "49,99", or "{ANY_CENT}".')


def _fraction(least: str, most: str, help_text: str) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(
        max_digits=8,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(least)), MaxValueValidator(Decimal(most))],
        help_text=help_text,
    )


def _price(help_text: str) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=help_text,
    )


class PricePolicy(models.Model):
    """Aims and limits for the prices of one product, of one category, or of the whole shop.

    A policy names a product, or a category, or neither: then it is the shop's. Of each setting the most specific
    policy that states it decides; what a policy leaves empty is as in the wider one.
    """

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, null=True, blank=True, related_name="price_policy"
    )
    category = SortedCharField(max_length=100, blank=True)
    strategy = models.CharField(max_length=13, choices=PolicyStrategy, blank=True)
    demand_model = models.CharField(max_length=19, choices=PolicyDemandModel, blank=True)
    target_margin = _fraction(
        "0", "0.99", "0.30: a margin of 30 % of the price. Under the target margin formula, a markup on cost."
    )
    minimum_margin = _fraction("0", "0.99", "0.10: never less than 10 % of the price.")
    markup = _fraction("0", "100", "0.50: cost plus a half, under the markup strategy.")
    max_change = _fraction("0", "1", "0.15: at most 15 % up or down in one change.")
    min_price = _price("Never below this.")
    max_price = _price("Never above this.")
    competitor_floor = _fraction("0", "10", "0.90: never below 90 % of the competitors' mean price.")
    competitor_ceiling = _fraction("0.0001", "10", "1.10: never above 110 % of the competitors' mean price.")
    competitor_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="Competitors' prices older than this many days are shown, not used.",
    )
    endings = models.CharField(
        max_length=29,
        blank=True,
        validators=[validate_endings],
        help_text='The cents a price may end in, as "49,99", or "any".',
    )
    cooldown_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(365)],
        help_text="Days after a change during which no other is recommended.",
    )
    assumed_cost_ratio = _fraction(
        "0.0001", "1", "0.60: a product without a cost is taken to cost 60 % of its price."
    )
    self_approval = models.BooleanField(
        null=True, blank=True, help_text="Whoever proposes a price may also approve it."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "price policies"
        ordering = ("category", "product", "id")
        constraints = [
            models.UniqueConstraint(
                fields=("category",),
                condition=Q(product__isnull=True),
                name="pricing_pricepolicy_category_once",
                violation_error_message="There is a policy for this category, or for the shop, already.",
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=True) | Q(category=""),
                name="pricing_pricepolicy_one_scope",
                violation_error_message="A policy is a product's or a category's, not both.",
            ),
            models.CheckConstraint(
                condition=Q(min_price__isnull=True)
                | Q(max_price__isnull=True)
                | Q(min_price__lte=models.F("max_price")),
                name="pricing_pricepolicy_min_max",
                violation_error_message="The lowest price must not be above the highest.",
            ),
            models.CheckConstraint(
                condition=Q(competitor_floor__isnull=True)
                | Q(competitor_ceiling__isnull=True)
                | Q(competitor_floor__lte=models.F("competitor_ceiling")),
                name="pricing_pricepolicy_competitors",
                violation_error_message="The competitors' floor must not be above their ceiling.",
            ),
            length_check("category", 100, "pricing_pricepolicy"),
            length_check("endings", 29, "pricing_pricepolicy"),
            choice_check("strategy", PolicyStrategy, "pricing_pricepolicy", blank=True),
            choice_check("demand_model", PolicyDemandModel, "pricing_pricepolicy", blank=True),
            range_check("target_margin", Decimal(0), Decimal("0.99"), "pricing_pricepolicy"),
            range_check("minimum_margin", Decimal(0), Decimal("0.99"), "pricing_pricepolicy"),
            range_check("markup", Decimal(0), Decimal(100), "pricing_pricepolicy"),
            range_check("max_change", Decimal(0), Decimal(1), "pricing_pricepolicy"),
            range_check("competitor_floor", Decimal(0), Decimal(10), "pricing_pricepolicy"),
            range_check("competitor_ceiling", Decimal("0.0001"), Decimal(10), "pricing_pricepolicy"),
            range_check("competitor_days", 1, 365, "pricing_pricepolicy"),
            range_check("cooldown_days", 0, 365, "pricing_pricepolicy"),
            range_check("assumed_cost_ratio", Decimal("0.0001"), Decimal(1), "pricing_pricepolicy"),
            range_check("min_price", Decimal("0.01"), Decimal("99999999.99"), "pricing_pricepolicy"),
            range_check("max_price", Decimal("0.01"), Decimal("99999999.99"), "pricing_pricepolicy"),
        ]

    def __str__(self) -> str:
        if self.product_id:
            return f"product {self.product_id}"
        return f"category {self.category}" if self.category else "the shop"
