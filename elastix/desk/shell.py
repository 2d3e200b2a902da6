"""The frame of every desk page: login and role, language, navigation."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django.views.generic import RedirectView

from elastix.alerts.models import Alert
from elastix.api.permissions import Role, role_of
from elastix.dataset.versions import ZoneChanged, data_version
from elastix.desk.signed_out import to_login
from elastix.desk.tags import said
from elastix.errors import Busy, NotFound

View = Callable[..., HttpResponseBase]


class Entry(NamedTuple):
    """A page in the navigation: the name of its address, its title, and whether a phone shows it beside "More"."""

    name: str
    title: Any
    on_phone: bool = False


# In their order. A page whose address does not exist is left out.
NAVIGATION = (
    Entry("overview", gettext_lazy("Overview"), on_phone=True),
    Entry("opportunities", gettext_lazy("Opportunities"), on_phone=True),
    Entry("products", gettext_lazy("Products"), on_phone=True),
    Entry("customers", gettext_lazy("Customers")),
    Entry("simulations", gettext_lazy("Simulations")),
    Entry("market", gettext_lazy("Market")),
    Entry("rules", gettext_lazy("Rules")),
    Entry("changes", gettext_lazy("Changes"), on_phone=True),
    Entry("data", gettext_lazy("Data")),
)
# Behind the gear, for those who may enter the admin: title, the name of the address, and the lowest role.
GEAR = (
    (gettext_lazy("Price policies"), "admin:pricing_pricepolicy_changelist", Role.VIEWER),
    (gettext_lazy("API tokens"), "admin:elastix_apitoken_changelist", Role.VIEWER),
    (gettext_lazy("Users"), "admin:auth_user_changelist", Role.ADMIN),
    (gettext_lazy("Admin"), "admin:index", Role.VIEWER),
)
THEMES = (
    ("system", gettext_lazy("As the system")),
    ("light", gettext_lazy("Light")),
    ("dark", gettext_lazy("Dark")),
)
ON_A_PHONE = 5


@dataclass(frozen=True, slots=True)
class FiguresDate:
    """The last day with sales, and how many days ago it was."""

    day: dt.date
    age: int


def page(*, post: Role | None = None) -> Callable[[View], View]:
    """Decorate the view of a page: viewers may open it; `post` is the lowest role that may send its form.

    Whoever is not logged in is sent to the login. The page is in the user's language, and errors that can be
    understood are pages, too.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with translation.override(translation.get_language_from_request(request)):
                response = _answer(view, request, post, *args, **kwargs)
                response.headers.setdefault("Content-Language", translation.get_language() or "en")
            patch_vary_headers(response, ("Cookie", "Accept-Language"))
            patch_cache_control(response, private=True, no_store=True)
            return response

        return opened

    return decorate


def _answer(
    view: View, request: HttpRequest, post: Role | None, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return to_login(request)
    if request.method not in ("GET", "HEAD", "POST") or (request.method == "POST" and post is None):
        return HttpResponseNotAllowed(["GET", "HEAD", *(["POST"] if post else [])])
    needed = post if request.method == "POST" and post else Role.VIEWER
    if role_of(request.user) < needed:
        return error_page(request, 403, _("Your role does not allow this."))
    try:
        return view(request, *args, **kwargs)
    except NotFound as error:
        return error_page(request, 404, said(error.detail))
    except (Busy, ZoneChanged) as error:
        return error_page(request, 503, said(error.detail))


@page(post=Role.VIEWER)
def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """Any address below /desk/ that is no page's."""
    return error_page(request, 404, _("This address leads to no page of the desk."))


def error_page(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """A page that says what is wrong and leads back."""
    return render(request, "desk/error.html", {"status": status, "message": message}, status=status)


def shell(request: HttpRequest) -> dict[str, Any]:
    """What the frame of a page shows; nothing elsewhere. Context processor."""
    if not request.path.startswith("/desk/"):
        return {}
    # Asked for when the frame shows it: parts of pages and the login have none.
    return {
        "shop_name": settings.SHOP_NAME,
        "frame": Frame(request),
        "language": translation.get_language(),
        "figures": figures_date,
        "may_write": lambda: role_of(request.user) >= Role.ANALYST,
    }


def address_of(name: str, *args: Any) -> str:
    """The address that has a name; empty where there is none (the page of an app that is not there)."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


class Frame:
    """What stands around a page: its navigation and tools. Under one name, so that no page's own context hides it."""

    languages = settings.LANGUAGES
    themes = THEMES

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def navigation(self) -> list[Entry]:
        """The pages there are."""
        return [entry for entry in NAVIGATION if address_of(entry.name)]

    @property
    def on_phone(self) -> list[Entry]:
        """What the bar at the bottom of a phone shows."""
        found = self.navigation
        return found if len(found) <= ON_A_PHONE else [entry for entry in found if entry.on_phone]

    @property
    def more(self) -> list[Entry]:
        """What is behind the last place of that bar."""
        found = self.navigation
        return [] if len(found) <= ON_A_PHONE else [entry for entry in found if not entry.on_phone]

    @property
    def role(self) -> str:
        return role_of(self.request.user).name.lower()

    @property
    def theme(self) -> str:
        chosen = self.request.COOKIES.get("theme")
        return chosen if chosen in dict(THEMES) else "system"

    @property
    def gear(self) -> list[tuple[Any, str]]:
        """Title and address of what is set up rather than worked with, as far as the user may see it."""
        user: Any = self.request.user
        role = role_of(user) if user.is_staff else Role.NONE
        found = [(title, reverse(name)) for title, name, lowest in GEAR if role >= lowest]
        return [*found, (_("API documentation"), reverse("docs"))]

    @property
    def open_alerts(self) -> int:
        """How many alerts stand that nobody has acknowledged."""
        return Alert.objects.filter(cleared_at=None, acknowledged_at=None).count()

    @property
    def alerts_address(self) -> str:
        """Where the alerts are listed; empty: nowhere for this user."""
        user: Any = self.request.user
        return address_of("alerts") or (reverse("admin:elastix_alert_changelist") if user.is_staff else "")


def figures_date() -> FiguresDate | None:
    """The day to which the figures go; None without any sales."""
    as_of = data_version().as_of
    if as_of is None:
        return None
    day = as_of - dt.timedelta(days=1)
    return FiguresDate(day, (timezone.now().astimezone(settings.SHOP_TIME_ZONE).date() - day).days)


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep in a cookie whether the desk is light, dark or as the system is, and go back to where one was."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = reverse("overview")
    response = redirect(back)
    theme = request.POST.get("theme")
    if theme in dict(THEMES):
        response.set_cookie(
            "theme",
            theme,
            settings.LANGUAGE_COOKIE_AGE,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response


class HomeView(RedirectView):
    """`/`: the desk for a browser, the documentation of the API for programs."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        return reverse("overview" if "text/html" in self.request.headers.get("Accept", "") else "docs")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        patch_vary_headers(response, ("Accept",))
        return response
