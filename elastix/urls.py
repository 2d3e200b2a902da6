"""All addresses. Family 1 of the API lives at the root, family 2 under /api."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from elastix.alerts.views import AlertAcknowledgeView, AlertsView
from elastix.api.documentation import DocsView, SchemaView
from elastix.api.health import HealthView
from elastix.api.token import TokenView
from elastix.jobs.views import JobView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="docs"), name="home"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}elastix/icon.svg"), name="favicon"),
    path("admin/", admin.site.urls),
    path("health", HealthView.as_view(), name="health"),
    path("docs", DocsView.as_view(), name="docs"),
    path("openapi.json", SchemaView.as_view(), name="openapi"),
    path("api/token", TokenView.as_view(), name="token"),
    path("api/jobs/<int:job_id>", JobView.as_view(), name="job"),
    path("api/alerts", AlertsView.as_view(), name="alerts"),
    path("api/alerts/<int:alert_id>/acknowledge", AlertAcknowledgeView.as_view(), name="alert-acknowledge"),
    path("", include("pricing.urls")),
    path("", include("segments.urls")),
    path("", include("market.urls")),
    path("", include("simulations.urls")),
]
