"""Whoever is not signed in any more, or whose form cannot be shown to be theirs: to the login, and back to their page."""

from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import csrf
from django_htmx.http import HttpResponseClientRedirect


def to_login(request: HttpRequest) -> HttpResponse:
    """Lead to the login, and from there back to the page; say afterwards that a form that was sent was not saved.

    A part of a page that htmx asks for has the whole page go there.
    """
    if _is_part(request):
        return HttpResponseClientRedirect(_login_and_back(request))
    if request.method != "POST":
        return redirect_to_login(request.get_full_path(), reverse("login"))
    messages.warning(request, _("You had been signed out: what you sent was not saved."))
    return redirect_to_login(_page_of(request) or request.get_full_path(), reverse("login"))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the token of its page, as when a browser has lost its cookies: a page that leads to the login."""
    if not request.path.startswith("/desk/"):
        return csrf.csrf_failure(request, reason=reason)
    if _is_part(request):
        return HttpResponseClientRedirect(_login_and_back(request))
    with translation.override(translation.get_language_from_request(request)):
        response = render(request, "desk/not_saved.html", {"login": _login_and_back(request)}, status=403)
        response.headers["Content-Language"] = translation.get_language() or "en"
    patch_cache_control(response, private=True, no_store=True)
    return response


def _is_part(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def _login_and_back(request: HttpRequest) -> str:
    return f"{reverse('login')}?{urlencode({'next': _page_of(request) or reverse('overview')})}"


def _page_of(request: HttpRequest) -> str:
    """The page of the desk that a request was sent from; empty where it is not known or another host's."""
    sent_from = request.headers.get("HX-Current-URL" if _is_part(request) else "Referer", "")
    if not url_has_allowed_host_and_scheme(sent_from, {request.get_host()}, request.is_secure()):
        return ""
    path, query = urlsplit(sent_from)[2:4]
    if not path.startswith("/desk/") or path == reverse("login"):
        return ""
    return f"{path}?{query}" if query else path
