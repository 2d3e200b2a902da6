"""Saved simulations of price changes."""

import uuid
from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from elastix.fields import length_check, range_check
from pricing.sales.models import Product
from simulations.experiments.models import ExperimentProduct, PriceExperiment

__all__ = ["ExperimentProduct", "PriceExperiment", "Simulation"]

LOWEST_PERCENT, HIGHEST_PERCENT = -99, 1000
MOST_STEPS = 500
CHANGE_BOUNDS = [MinValueValidator(LOWEST_PERCENT), MaxValueValidator(HIGHEST_PERCENT)]


class Simulation(models.Model):
    """A range of price changes to try on a product. A draft has no product yet."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    product = models.ForeignKey(
        Product, on_delete=models.SET_NULL, null=True, blank=True, related_name="simulations"
    )
    range_from_percent = models.FloatField(default=-10.0, validators=CHANGE_BOUNDS)
    range_to_percent = models.FloatField(default=10.0, validators=CHANGE_BOUNDS)
    range_step_percent = models.FloatField(default=1.0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-created_at", "id")
        constraints = [
            length_check("name", 255, "simulations_simulation"),
            range_check("range_from_percent", LOWEST_PERCENT, HIGHEST_PERCENT, "simulations_simulation"),
            range_check("range_to_percent", LOWEST_PERCENT, HIGHEST_PERCENT, "simulations_simulation"),
            models.CheckConstraint(
                condition=Q(range_from_percent__lte=F("range_to_percent"), range_step_percent__gt=0),
                name="simulations_simulation_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check that the range has a direction and a step.

        Raises
        ------
        ValidationError
        """
        if self.range_step_percent <= 0:
            raise ValidationError({"range_step_percent": "The step must be above 0."})
        if self.range_from_percent > self.range_to_percent:
            raise ValidationError({"range_to_percent": "The range ends before it begins."})

    @property
    def stock_code(self) -> str:
        """The product's code; empty in a draft."""
        return self.product_id or ""

    @property
    def price_range(self) -> list[float]:
        """First change, last change and step, in percent."""
        return [self.range_from_percent, self.range_to_percent, self.range_step_percent]

    @price_range.setter
    def price_range(self, values: Sequence[float]) -> None:
        self.range_from_percent, self.range_to_percent, self.range_step_percent = values
