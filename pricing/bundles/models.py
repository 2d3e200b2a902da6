"""Cached tables of product pairs: joint purchases and cross-price elasticities."""

from django.db import models

from elastix.fields import choice_check, range_check
from pricing.sales.models.products import Product

PUBLISHED, ON_THE_SPOT, NOT_ESTIMATED = SOURCES = ("published", "on_the_spot", "not_estimated")


class Relationship(models.TextChoices):
    INDEPENDENT = "independent"
    SUBSTITUTES = "substitutes"
    COMPLEMENTS = "complements"


class CrossPriceModel(models.Model):
    """What the last computation learned about all pairs together. One row.

    A pair that was not looked at then is estimated on the spot against it.
    """

    prior = models.JSONField()
    baskets = models.BigIntegerField(help_text="Invoices with merchandise.")
    sales_version = models.BigIntegerField()
    fitted_at = models.DateTimeField(help_text="When the elasticities were fitted that it rests on.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="pricing_crosspricemodel_single")
        ]

    def __str__(self) -> str:
        return f"pairs of sales version {self.sales_version}"


class ProductPair(models.Model):
    """How demand for a product answers to the price of another, and how often the two are bought together.

    Every pair stands here twice, once for each product's demand.
    """

    product_x = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="pairs", db_index=False)
    product_y = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+", db_index=False)
    cross_elasticity = models.FloatField(help_text="Percent more of x for 1 % on the price of y.")
    std_error = models.FloatField()
    ci_low = models.FloatField()
    ci_high = models.FloatField()
    relationship = models.CharField(max_length=11, choices=Relationship)
    baskets_together = models.BigIntegerField(help_text="Invoices with both.")
    support = models.FloatField(help_text="Share of all invoices that have both.")
    confidence = models.FloatField(help_text="Share of the invoices with x that have y.")
    lift = models.FloatField(help_text="Confidence over the share of all invoices that have y.")
    version = models.BigIntegerField(help_text="The sales version it was computed from.")

    class Meta:
        ordering = ("product_x", "product_y")
        constraints = [
            models.UniqueConstraint(fields=("product_x", "product_y"), name="pricing_productpair_once"),
            choice_check("relationship", Relationship, "pricing_productpair"),
            range_check("baskets_together", 0, None, "pricing_productpair"),
        ]
        indexes = [models.Index(fields=("product_y",), name="pricing_productpair_other")]

    def __str__(self) -> str:
        return f"{self.product_x_id} to the price of {self.product_y_id}: {self.cross_elasticity:.2f}"

    @property
    def source(self) -> str:
        """Where the figures come from: all pairs together, or these two for one answer, or nowhere yet."""
        if self.pk:
            return PUBLISHED
        return NOT_ESTIMATED if self.cross_elasticity is None else ON_THE_SPOT

    @property
    def interpretation(self) -> str:
        """What the figures mean, in a sentence."""
        x, y = self.product_x_id, self.product_y_id
        if self.source == NOT_ESTIMATED:
            return "Pairs of products have not been computed yet: that happens some minutes after a full recompute."
        size = f"about {abs(self.cross_elasticity):.1f} %"
        if self.relationship == Relationship.SUBSTITUTES:
            return f"If {y} costs 1 % more, {size} more of {x} is sold: the one takes the place of the other."
        if self.relationship == Relationship.COMPLEMENTS:
            return f"If {y} costs 1 % more, {size} less of {x} is sold: the two are bought for each other's sake."
        return f"The sales do not show that the price of {y} moves demand for {x}."
