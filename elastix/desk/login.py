"""Logging in to the desk and out of it."""

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import translation


class DeskLoginView(LoginView):
    template_name = "desk/login.html"
    next_page = "overview"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer in the user's language."""
        with translation.override(translation.get_language_from_request(request)):
            response = super().dispatch(request, *args, **kwargs)
            return response.render() if isinstance(response, TemplateResponse) else response


class DeskLogoutView(LogoutView):
    next_page = "login"
