"""All addresses. Family 1 of the API lives at the root, family 2 under /api."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from elastix.alerts.api import AlertViewSet
from elastix.alerts.pages import alert_seen, alerts
from elastix.api.documentation import DocsView, SchemaView
from elastix.api.health import HealthViewSet
from elastix.api.routers import Router
from elastix.api.token import TokenViewSet
from elastix.audit.api import AuditViewSet
from elastix.desk.login import DeskLoginView, DeskLogoutView
from elastix.desk.password import password
from elastix.desk.search import search
from elastix.desk.shell import HomeView, nowhere, set_theme
from elastix.glossary.api import GlossaryViewSet
from elastix.jobs.api import JobViewSet
from elastix.tokens.api import TokensViewSet
from segments.pages import customer, customers, customers_at_risk
from simulations.experiments.pages import experiment_page, experiments_page
from simulations.pages.product import product

router = Router()
router.register("health", HealthViewSet, "health")
router.register("api/token", TokenViewSet, "token")
router.register("api/tokens", TokensViewSet, "tokens")
router.register("api/audit", AuditViewSet, "audit")
router.register("api/jobs", JobViewSet, "job")
router.register("api/alerts", AlertViewSet, "alert")
router.register("api/glossary", GlossaryViewSet, "glossary")

urlpatterns = [
    path("", HomeView.as_view(), name="home"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}elastix/icon.svg"), name="favicon"),
    path("admin/", admin.site.urls),
    path("desk/login", DeskLoginView.as_view(), name="login"),
    path("desk/language", set_language, name="language"),
    path("desk/theme", set_theme, name="theme"),
    path("desk/search", search, name="search"),
    path("desk/logout", DeskLogoutView.as_view(), name="logout"),
    path("desk/password", password, name="password"),
    path("desk/alerts", alerts, name="alerts"),
    path("desk/alerts/<row_id:alert_id>/seen", alert_seen, name="alert-seen"),
    path("desk/", include("pricing.pages.urls")),
    path("desk/", include("market.pages.urls")),
    path("desk/products/<product_code:code>", product, name="product"),
    path("desk/customers", customers, name="customers"),
    path("desk/customers-at-risk", customers_at_risk, name="customers-at-risk"),
    path("desk/customers/<product_code:customer_id>", customer, name="customer"),
    path("desk/", include("simulations.pages.urls")),
    path("desk/experiments", experiments_page, name="experiments"),
    path("desk/experiments/<int:experiment_id>", experiment_page, name="experiment"),
    # Behind all pages of the desk: what none of them answers.
    path("desk/<path:rest>", nowhere),
    path("docs", DocsView.as_view(), name="docs"),
    path("openapi.json", SchemaView.as_view(), name="openapi"),
    *router.urls,
    path("", include("pricing.urls")),
    path("", include("segments.urls")),
    path("", include("market.urls")),
    path("", include("simulations.urls")),
]
