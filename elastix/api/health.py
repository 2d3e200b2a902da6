"""GET /health: whether the parts are there, for load balancers and people."""

import logging
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from elastix import __version__
from elastix.alerts.models import standing_warnings
from elastix.api.operations import operation
from elastix.api.viewsets import ElastixViewSet
from elastix.dataset.versions import data_version, zone_changed
from elastix.shop import shop_currency, shop_name

logger = logging.getLogger(__name__)


class HealthSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["healthy", "unhealthy"])
    version = serializers.CharField()
    database = serializers.CharField()
    broker = serializers.CharField()
    data_version = serializers.IntegerField(allow_null=True)
    last_recompute = serializers.DateTimeField(allow_null=True)
    failing = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the figures themselves warn of; nothing of it is a failure.",
    )
    shop = serializers.CharField(help_text="The shop's name.")
    currency = serializers.CharField(help_text="ISO 4217 code of the currency that all amounts are in.")
    prices_include_tax = serializers.BooleanField(
        help_text="Whether prices and revenue are with tax; profits and margins never are."
    )
    currency_decimals = serializers.IntegerField(help_text="Decimals of its smallest unit.")


class HealthViewSet(ElastixViewSet):
    """The state of the installation."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @operation(response=HealthSerializer, status=(200, 503))
    def list(self, request: Request) -> Response:
        """Whether this server, its database and its broker work, and how fresh its numbers are."""
        database, version, broker = "ok", None, _broker()
        try:
            version = data_version()
        except DatabaseError:
            logger.exception("the database does not answer")
            database = "failing"
        failing = [name for name, state in (("database", database), ("broker", broker)) if state == "failing"]
        if version is not None and zone_changed(version):
            failing.append("time zone: run `manage.py recompute --full`")
        warnings = [] if version is None else standing_warnings()
        body = {
            "status": "unhealthy" if failing else "healthy",
            "version": __version__,
            "database": database,
            "broker": broker,
            "data_version": version and version.published_version,
            "last_recompute": version and version.published_at,
            "failing": failing,
            "warnings": warnings,
            "shop": shop_name(),
            "currency": shop_currency().code,
            "prices_include_tax": settings.PRICES_INCLUDE_TAX,
            "currency_decimals": shop_currency().decimals,
        }
        return Response(body, status=503 if failing else 200, headers={"Cache-Control": "no-store"})


def _broker() -> str:
    if not settings.REDIS_URL:
        return "none (jobs run in the serving process)"
    from redis import Redis, RedisError

    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as broker:
            broker.ping()
    except RedisError:
        logger.warning("the broker does not answer")
        return "failing"
    return "ok"
