"""Logging in to the desk and out of it."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.translation import gettext as _

from elastix.api.throttles import wait_before_login


class Throttled(AuthenticationForm):
    """A login that refuses to look at a password where there were too many tries, for the account or from the address."""

    def clean(self) -> Any:
        wait = wait_before_login(self.request)
        if wait is not None:
            raise ValidationError(
                _("Too many tries to log in. Try again in %(seconds)d seconds.") % {"seconds": wait},
                "throttled",
            )
        return super().clean()


class AdminLoginForm(Throttled, AdminAuthenticationForm):
    pass


class DeskLoginView(LoginView):
    template_name = "desk/login.html"
    authentication_form = Throttled
    next_page = "overview"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer in the user's language."""
        with translation.override(translation.get_language_from_request(request)):
            response = super().dispatch(request, *args, **kwargs)
            return response.render() if isinstance(response, TemplateResponse) else response


class DeskLogoutView(LogoutView):
    next_page = "login"
