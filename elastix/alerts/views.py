"""GET /api/alerts and POST /api/alerts/{id}/acknowledge."""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.alerts.models import Alert, AlertKind
from elastix.alerts.services import alert_acknowledge
from elastix.api.parameters import QuerySerializer, limit_field, offset_field
from elastix.api.permissions import Role, who
from elastix.api.views import ElastixView

MOST_ROWS = 2**63


class AlertSerializer(serializers.ModelSerializer[Alert]):
    class Meta:
        model = Alert
        fields = (
            "id", "kind", "subject", "message", "data", "raised_at", "seen_at", "acknowledged_at",
            "acknowledged_by", "cleared_at",
        )  # fmt: skip


class AlertListSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    items = AlertSerializer(many=True)


class AlertsQuery(QuerySerializer):
    kind = serializers.ChoiceField(AlertKind.choices, required=False)
    subject = serializers.CharField(required=False, max_length=100, help_text="A product's code, or a rule.")
    state = serializers.ChoiceField(
        ("new", "standing", "cleared", "all"),
        required=False,
        default="standing",
        help_text="new: standing and not acknowledged.",
    )
    limit = limit_field(100)
    offset = offset_field()


class AlertsView(ElastixView):
    """The alerts, newest first."""

    queries = {"GET": AlertsQuery}
    responses = {"GET": AlertListSerializer}

    def get(self, request: Request) -> Response:
        asked = self.query
        alerts = Alert.objects.order_by("-raised_at", "-id")
        for name in ("kind", "subject"):
            if name in asked:
                alerts = alerts.filter(**{name: asked[name]})
        if asked["state"] != "all":
            alerts = alerts.filter(cleared_at__isnull=asked["state"] != "cleared")
        if asked["state"] == "new":
            alerts = alerts.filter(acknowledged_at__isnull=True)
        page = alerts[asked["offset"] : asked["offset"] + asked["limit"]]
        return Response({"total": alerts.count(), "items": AlertSerializer(page, many=True).data})


class AlertAcknowledgeView(ElastixView):
    """Say that somebody has seen an alert; saying it again changes nothing."""

    roles = {"POST": Role.ANALYST}
    responses = {"POST": AlertSerializer}

    def post(self, request: Request, alert_id: int) -> Response:
        try:
            if alert_id >= MOST_ROWS:
                raise Alert.DoesNotExist
            alert = alert_acknowledge(alert_id, by=who(request))
        except Alert.DoesNotExist as error:
            raise Http404(f"There is no alert {alert_id}.") from error
        return Response(AlertSerializer(alert).data)
