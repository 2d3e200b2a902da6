"""Tables of the API: answers kept by Idempotency-Key, and the version of access rights."""

from django.db import models


class KeptAnswer(models.Model):
    """The first answer to a request that carried an Idempotency-Key; the same request again gets it, not a second effect."""

    username = models.CharField(max_length=150, help_text="Who sent it; empty for clients without a login.")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["username", "key"], name="kept_answer_of_key")]

    def __str__(self) -> str:
        return f"{self.username} {self.key}"


class AccessVersion(models.Model):
    """Rises when users, groups, memberships or tokens change: what was allowed before may not be now. One row."""

    number = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="elastix_accessversion_single")]

    def __str__(self) -> str:
        return str(self.number)
