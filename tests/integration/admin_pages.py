"""Going through the admin's pages as a person does."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.messages import get_messages
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse


def signed_in(user: AbstractUser) -> Client:
    """Return a browser in which somebody has logged in."""
    browser = Client()
    browser.force_login(user)
    return browser


def page(model: type[Model], name: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def run_action(browser: Client, action: str, *chosen: Model, **more: Any) -> Any:
    """Tick rows of a list and press Go."""
    data = {"action": action, "_selected_action": [row.pk for row in chosen], **more}
    return browser.post(page(type(chosen[0])), data)


def said(response: Any) -> str:
    """Return what the messages on the next page say."""
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def queries_of(browser: Client, url: str) -> int:
    """Count the queries of a page."""
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


def errors_of(response: Any) -> str:
    """Return everything that a form, shown again, complains about."""
    form = response.context["adminform"].form if "adminform" in response.context else response.context["form"]
    return " ".join(text for texts in form.errors.values() for text in texts)
