"""The tokens that programs log in with."""

from django.conf import settings
from django.db import models


class TokenScope(models.TextChoices):
    READ = "read", "read: what a viewer may"
    FULL = "full", "full: what its user may"


class ApiToken(models.Model):
    """A token of a user; of the token itself only a digest is kept, so that nobody can read it back."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="What it is for.")
    prefix = models.CharField(
        max_length=12, editable=False, help_text="How it begins, to tell it from others."
    )
    digest = models.CharField(
        max_length=64, unique=True, editable=False, help_text="SHA-256 of the token, in hex."
    )
    scope = models.CharField(max_length=4, choices=TokenScope, default=TokenScope.FULL)
    by_login = models.BooleanField(
        default=False, editable=False, help_text="Whether POST /api/token made it."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    last_used_at = models.DateTimeField(null=True, editable=False, help_text="To within an hour.")

    class Meta:
        verbose_name = "API token"
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"
