"""/api/alerts: list and acknowledge alerts."""

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.alerts.models import Alert, alert_kinds
from elastix.alerts.services import alert_acknowledge
from elastix.api.filters import ChoiceFilter, StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.permissions import audit_username
from elastix.api.viewsets import ElastixViewSet


class AlertSerializer(serializers.ModelSerializer[Alert]):
    kind = serializers.ChoiceField(list(alert_kinds().items()))

    class Meta:
        model = Alert
        fields = (
            "id", "kind", "subject", "message", "data", "raised_at", "seen_at", "acknowledged_at",
            "acknowledged_by", "cleared_at",
        )  # fmt: skip


class AlertFilterSet(StrictFilterSet):
    defaults = {"state": "standing"}

    kind = ChoiceFilter(choices=alert_kinds().items())
    subject = TextFilter(max_length=100, help_text="A product's code, or a rule.")
    state = ChoiceFilter(
        choices=("new", "standing", "cleared", "all"),
        method="in_state",
        help_text="new: standing and not acknowledged. Default standing.",
    )

    def in_state(self, alerts: QuerySet[Alert], name: str, value: str) -> QuerySet[Alert]:
        if value == "new":
            alerts = alerts.filter(acknowledged_at__isnull=True)
        return alerts if value == "all" else alerts.filter(cleared_at__isnull=value != "cleared")


class AlertViewSet(ElastixViewSet):
    """Alerts raised by repricing and by the daily check of the data."""

    queryset = Alert.objects.order_by("-raised_at", "-id")
    filterset_class = AlertFilterSet
    lookup_url_kwarg = "alert_id"
    lookup_value_converter = "row_id"

    @operation(response=AlertSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """The alerts, newest first."""
        return self.page(self.filtered(self.get_queryset()))

    @action(detail=True, methods=["post"])
    @operation(response=AlertSerializer)
    def acknowledge(self, request: Request, alert_id: int) -> Response:
        """Record that somebody has seen an alert; doing so again changes nothing."""
        return Response(AlertSerializer(alert_acknowledge(alert_id, by=audit_username(request))).data)
