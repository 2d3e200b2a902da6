"""The audit log: who changed what, written by triggers of the database."""

from typing import Any

from django.db import models

from elastix.errors import Conflict


class AuditAction(models.TextChoices):
    ADD = "add", "added"
    CHANGE = "change", "changed"
    DELETE = "delete", "deleted"


class AuditEntry(models.Model):
    """One row that was added, changed or deleted. Entries are never changed or deleted: model and database reject it."""

    at = models.DateTimeField(db_index=True)
    table = models.CharField(max_length=63, help_text="The table, such as pricing_product.")
    row = models.CharField(max_length=100, help_text="Its key: a product's code, else the row's number.")
    action = models.CharField(max_length=6, choices=AuditAction)
    before = models.JSONField(
        null=True, help_text="The audited columns; of what is secret only that it changed."
    )
    after = models.JSONField(null=True)
    username = models.CharField(
        max_length=150, blank=True, help_text="Who; empty where nobody was logged in."
    )
    source = models.CharField(max_length=100, help_text="api, admin, desk, a job or a command.")
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"
        ordering = ("-pk",)
        indexes = [models.Index(fields=("table", "row"), name="audit_of_row")]

    def __str__(self) -> str:
        return f"{self.table} {self.row} {self.get_action_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise Conflict("The audit log is written by the database alone.")

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise Conflict("Nothing is deleted from the audit log.")

    @property
    def changed(self) -> dict[str, list[Any]]:
        """Column -> value before and after, of those that differ."""
        before, after = self.before or {}, self.after or {}
        names = sorted(before.keys() | after.keys())
        return {
            name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)
        }
