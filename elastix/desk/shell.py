"""Around every page of the desk: who may open it, in which language, and what stands above it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import RedirectView

from elastix.api.permissions import Role, role_of
from elastix.dataset.versions import ZoneChanged, data_version
from elastix.errors import Busy, NotFound

View = Callable[..., HttpResponse]

# The pages there are, by the names of their addresses.
NAVIGATION = (
    ("overview", gettext_lazy("Overview")),
    ("products", gettext_lazy("Products")),
    ("data", gettext_lazy("Data")),
)


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
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with translation.override(translation.get_language_from_request(request)):
                response = _answer(view, request, post, *args, **kwargs)
                response.headers.setdefault("Content-Language", translation.get_language() or "en")
            patch_vary_headers(response, ("Cookie", "Accept-Language"))
            patch_cache_control(response, private=True, no_store=True)
            return response

        return opened

    return decorate


def _answer(view: View, request: HttpRequest, post: Role | None, *args: Any, **kwargs: Any) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), reverse("login"))
    if request.method not in ("GET", "HEAD", "POST") or (request.method == "POST" and post is None):
        return HttpResponseNotAllowed(["GET", "HEAD", *(["POST"] if post else [])])
    needed = post if request.method == "POST" and post else Role.VIEWER
    if role_of(request.user) < needed:
        return error_page(request, 403, _("Your role does not allow this."))
    try:
        return view(request, *args, **kwargs)
    except NotFound as error:
        return error_page(request, 404, str(error))
    except (Busy, ZoneChanged) as error:
        return error_page(request, 503, str(error))


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
        "navigation": NAVIGATION,
        "language": translation.get_language(),
        "figures": figures_date,
        "may_write": lambda: role_of(request.user) >= Role.ANALYST,
    }


def figures_date() -> FiguresDate | None:
    """The day to which the figures go; None without any sales."""
    as_of = data_version().as_of
    if as_of is None:
        return None
    day = as_of - dt.timedelta(days=1)
    return FiguresDate(day, (timezone.now().astimezone(settings.SHOP_TIME_ZONE).date() - day).days)


class HomeView(RedirectView):
    """`/`: the desk for a browser, the documentation of the API for programs."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        return reverse("overview" if "text/html" in self.request.headers.get("Accept", "") else "docs")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        patch_vary_headers(response, ("Accept",))
        return response
