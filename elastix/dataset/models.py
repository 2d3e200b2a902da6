from django.db import models

from elastix.fields import length_check


class DataVersion(models.Model):
    """Which state of the sales the shop is in, and which state the cached tables show. One row.

    `sales_version` rises in the transaction that changes the roll-up; `published_version` is the sales version
    that the cached tables were computed from.
    """

    sales_version = models.BigIntegerField(default=0)
    published_version = models.BigIntegerField(default=0)
    catalogue_version = models.BigIntegerField(default=0, help_text="Rises when a product is edited.")
    published_at = models.DateTimeField(null=True, blank=True)
    last_full_at = models.DateTimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, help_text="The zone in which the stored days were cut.")
    as_of = models.DateField(null=True, blank=True, help_text="The day after the newest sale.")
    first_day = models.DateField(null=True, blank=True)
    countries = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = "data version"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="elastix_dataversion_single"),
            models.CheckConstraint(
                condition=models.Q(published_version__lte=models.F("sales_version")),
                name="elastix_dataversion_order",
            ),
            length_check("time_zone", 64, "elastix_dataversion"),
        ]

    def __str__(self) -> str:
        return f"sales {self.sales_version}, published {self.published_version}"

    @property
    def is_stale(self) -> bool:
        return self.published_version < self.sales_version
