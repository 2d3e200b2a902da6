"""All addresses. Family 1 of the API lives at the root, family 2 under /api."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from elastix.alerts.api import AlertViewSet
from elastix.api.documentation import DocsView, SchemaView
from elastix.api.health import HealthViewSet
from elastix.api.routers import Router
from elastix.api.token import TokenViewSet
from elastix.desk.login import DeskLoginView, DeskLogoutView
from elastix.desk.shell import HomeView
from elastix.jobs.api import JobViewSet
from simulations.pages import product

router = Router()
router.register("health", HealthViewSet, "health")
router.register("api/token", TokenViewSet, "token")
router.register("api/jobs", JobViewSet, "job")
router.register("api/alerts", AlertViewSet, "alert")

urlpatterns = [
    path("", HomeView.as_view(), name="home"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}elastix/icon.svg"), name="favicon"),
    path("admin/", admin.site.urls),
    path("desk/login", DeskLoginView.as_view(), name="login"),
    path("desk/logout", DeskLogoutView.as_view(), name="logout"),
    path("desk/", include("pricing.pages.urls")),
    path("desk/products/<product_code:code>", product, name="product"),
    path("docs", DocsView.as_view(), name="docs"),
    path("openapi.json", SchemaView.as_view(), name="openapi"),
    *router.urls,
    path("", include("pricing.urls")),
    path("", include("segments.urls")),
    path("", include("market.urls")),
    path("", include("simulations.urls")),
]
