"""Price policies: aims of the shop's prices and their limits.

A new setting is stated here alone: the admin, the API, the policies' precedence and the checks of the database follow.
"""

import re
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from elastix.fields import (
    HIGHEST_STORED_PRICE,
    LOWEST_STORED_PRICE,
    PriceField,
    SortedCharField,
    choice_check,
    length_check,
    range_check,
)
from elastix.shop import shop_currency
from pricing.sales.models.products import Product

ANY_CENT = "any"
AIM, LIMITS, PRACTICE = "Aim", "Limits", "Practice"


class PolicyStrategy(models.TextChoices):
    PROFIT = "profit", "highest expected profit"
    REVENUE = "revenue", "highest expected revenue"
    TARGET_MARGIN = "target_margin", "target margin formula"
    MARKUP = "markup", "markup on cost"


class PolicyDemandModel(models.TextChoices):
    AVERAGE = "average", "average of both"
    LINEAR = "linear", "linear"
    CONSTANT_ELASTICITY = "constant_elasticity", "constant elasticity"


class Setting(NamedTuple):
    """What goes with a setting of a policy beside its column.

    Attributes
    ----------
    group : heading under which the admin shows it.
    built_in : value where no policy states it.
    range : lowest and highest value of a number.
    """

    group: str
    built_in: Any = None
    range: tuple[Any, Any] | None = None


SETTINGS: Final[dict[str, Setting]] = {}
"""The settings of a policy by the name of their column, in the order of the columns."""


def validate_endings(value: str) -> None:
    """Cents as "49,99", or "any"; of another currency as many last digits as its own endings have."""
    currency = shop_currency()
    digits = f"[0-9]{{{currency.ending_digits}}}"
    if value != ANY_CENT and not re.fullmatch(f"{digits}(,{digits}){{0,9}}", value):
        what = "cents" if currency.decimals == 2 and currency.ending_digits == 2 else "last digits"
        usual = ",".join(currency.endings)
        raise ValidationError(f'Write the {what} a price may end in, as "{usual}", or "{ANY_CENT}".')


def _text(name: str, group: str, built_in: str, **column: Any) -> "models.CharField[str, str]":
    SETTINGS[name] = Setting(group, built_in)
    return models.CharField(blank=True, **column)


def _fraction(
    name: str, low: str, high: str, help_text: str, group: str = LIMITS, built_in: Decimal | None = None
) -> "models.DecimalField[Decimal | None, Decimal | None]":
    least, most = Decimal(low), Decimal(high)
    SETTINGS[name] = Setting(group, built_in, (least, most))
    limits = [MinValueValidator(least), MaxValueValidator(most)]
    return models.DecimalField(
        max_digits=8, decimal_places=4, null=True, blank=True, validators=limits, help_text=help_text
    )


def _percent(name: str, help_text: str) -> "models.DecimalField[Decimal | None, Decimal | None]":
    SETTINGS[name] = Setting(PRACTICE, None, (Decimal(0), Decimal(100)))
    limits = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]
    return models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True, validators=limits, help_text=help_text
    )


def _price(name: str, help_text: str) -> PriceField:
    SETTINGS[name] = Setting(LIMITS, None, (LOWEST_STORED_PRICE, HIGHEST_STORED_PRICE))
    return PriceField(null=True, blank=True, help_text=help_text)


def _days(
    name: str, least: int, group: str, built_in: int, help_text: str
) -> "models.PositiveSmallIntegerField[int | None, int | None]":
    SETTINGS[name] = Setting(group, built_in, (least, 365))
    limits = [*([MinValueValidator(least)] if least else []), MaxValueValidator(365)]
    return models.PositiveSmallIntegerField(null=True, blank=True, validators=limits, help_text=help_text)


def _flag(name: str, group: str, help_text: str) -> "models.BooleanField[bool | None, bool | None]":
    SETTINGS[name] = Setting(group, False)
    return models.BooleanField(null=True, blank=True, help_text=help_text)


class PricePolicy(models.Model):
    """Aims and limits for the prices of one product, of one category, or of the whole shop.

    A policy names a product, or a category, or neither: then it is the shop's. Of each setting the most specific
    policy that states it decides; what a policy leaves empty is as in the wider one.
    """

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, null=True, blank=True, related_name="price_policy"
    )
    category = SortedCharField(max_length=100, blank=True)
    strategy = _text("strategy", AIM, "profit", max_length=13, choices=PolicyStrategy)
    demand_model = _text("demand_model", AIM, "average", max_length=19, choices=PolicyDemandModel)
    target_margin = _fraction(
        "target_margin",
        "0",
        "0.99",
        "0.30: a margin of 30 % of the price. Under the target margin formula, a markup on cost.",
        AIM,
    )
    minimum_margin = _fraction("minimum_margin", "0", "0.99", "0.10: never less than 10 % of the price.")
    markup = _fraction("markup", "0", "100", "0.50: cost plus a half, under the markup strategy.", AIM)
    max_change = _fraction(
        "max_change", "0", "1", "0.15: at most 15 % up or down in one change.", built_in=Decimal("0.15")
    )
    min_price = _price("min_price", "Never below this.")
    max_price = _price("max_price", "Never above this.")
    competitor_floor = _fraction(
        "competitor_floor", "0", "10", "0.90: never below 90 % of the competitors' mean price."
    )
    competitor_ceiling = _fraction(
        "competitor_ceiling", "0.0001", "10", "1.10: never above 110 % of the competitors' mean price."
    )
    competitor_days = _days(
        "competitor_days",
        1,
        LIMITS,
        7,
        "Competitors' prices older than this many days are shown, not used.",
    )
    endings = _text(
        "endings",
        PRACTICE,
        "",
        max_length=29,
        validators=[validate_endings],
        help_text='The cents a price may end in, as "49,99", or "any".',
    )
    cooldown_days = _days(
        "cooldown_days", 0, PRACTICE, 0, "Days after a change during which no other is recommended."
    )
    assumed_cost_ratio = _fraction(
        "assumed_cost_ratio",
        "0.0001",
        "1",
        "0.60: a product without a cost is taken to cost 60 % of its price.",
        PRACTICE,
    )
    tax_rate = _percent(
        "tax_rate",
        "20: tax in percent of the net price; counts where the shop's prices include it. Without one: TAX_RATE.",
    )
    self_approval = _flag("self_approval", PRACTICE, "Whoever proposes a price may also approve it.")
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
            *(
                range_check(name, *setting.range, "pricing_pricepolicy")
                for name, setting in SETTINGS.items()
                if setting.range
            ),
        ]

    def __str__(self) -> str:
        if self.product_id:
            return f"product {self.product_id}"
        return f"category {self.category}" if self.category else "the shop"
