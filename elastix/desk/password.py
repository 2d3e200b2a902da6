"""/desk/password: whoever is signed in changes their own password."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from elastix.api.permissions import Role
from elastix.desk.shell import page


@sensitive_post_parameters()
@page(post=Role.VIEWER)
def password(request: HttpRequest) -> HttpResponse:
    """The form, and the change: this session goes on, those on other devices end."""
    user = cast(User, request.user)  # `page` lets nobody else in
    form = PasswordChangeForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save()
        update_session_auth_hash(request, form.user)
        messages.success(request, _("Your password is changed. On other devices you are signed out."))
        return redirect("password")
    status = 400 if form.is_bound else 200
    return render(request, "desk/password.html", {"page": "password", "form": form}, status=status)
