"""/api/audit: who changed what."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import ChoiceFilter, DayFilter, RangeForm, StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.permissions import Role
from elastix.api.viewsets import ElastixViewSet
from elastix.audit.models import AuditAction, AuditEntry


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    changed: Any = serializers.JSONField(
        help_text="Column: [before, after], of those that differ.", read_only=True
    )

    class Meta:
        model = AuditEntry
        fields = ("id", "at", "username", "source", "request_id", "action", "table", "row", "changed")


class AuditFilterSet(StrictFilterSet):
    table = TextFilter(max_length=63, help_text="Such as pricing_product.")
    row = TextFilter(max_length=100, help_text="A product's code, else the number of the row.")
    action = ChoiceFilter(choices=AuditAction.choices)
    username = TextFilter(max_length=150)
    source = TextFilter(max_length=100, help_text="api, admin, desk; else the job or the command.")
    start_date = DayFilter(field_name="at", lookup_expr="date__gte", help_text="First day (UTC), inclusive.")
    end_date = DayFilter(field_name="at", lookup_expr="date__lte", help_text="Last day (UTC), inclusive.")

    form_base = RangeForm


class AuditViewSet(ElastixViewSet):
    """The audit log."""

    queryset = AuditEntry.objects.order_by("-pk")
    filterset_class = AuditFilterSet

    @operation(response=AuditEntrySerializer, lists=True, role=Role.MANAGER)
    def list(self, request: Request) -> Response:
        """The entries, newest first."""
        return self.page(self.filtered(self.get_queryset()))
