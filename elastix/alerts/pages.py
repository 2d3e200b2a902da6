"""/desk/alerts: list and acknowledge alerts."""

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elastix.alerts.models import Alert, alert_kinds
from elastix.alerts.services import alert_acknowledge
from elastix.api.permissions import Role, audit_username, role_of
from elastix.desk.exports import export
from elastix.desk.lists import Column, chosen, ordered, text
from elastix.desk.shell import page
from elastix.desk.tags import label, said

ALERTS_A_PAGE: Final = 50
STATES: Final = ("standing", "new", "cleared", "all")
SORTED_BY: Final = (
    Column("since", gettext_lazy("Since"), "raised_at", "-"),
    Column("kind", gettext_lazy("Kind"), "kind"),
    Column("subject", gettext_lazy("Subject"), "subject"),
    Column("seen", gettext_lazy("Seen by"), "acknowledged_by"),
)
# Of the list as a file.
COLUMNS: Final = (
    (gettext_lazy("Kind"), lambda alert: label(alert.kind)),
    (gettext_lazy("Subject"), lambda alert: said(alert.subject)),
    (gettext_lazy("Alert"), lambda alert: said(alert.message)),
    (gettext_lazy("Since"), "raised_at"),
    (gettext_lazy("Over since"), "cleared_at"),
    (gettext_lazy("Seen by"), "acknowledged_by"),
)


@page()
def alerts(request: HttpRequest) -> HttpResponseBase:
    """Alerts by state, kind and subject, newest first; what the address says that is unknown counts as not said."""
    kinds = {kind: label(kind) for kind in alert_kinds()}
    state = chosen(request, "state", STATES) or "standing"
    kind = chosen(request, "kind", kinds)
    found = Alert.objects.all()
    if state != "all":
        found = found.filter(cleared_at__isnull=state != "cleared")
    if state == "new":
        found = found.filter(acknowledged_at__isnull=True)
    if kind:
        found = found.filter(kind=kind)
    if subject := text(request, "q"):
        found = found.filter(Q(subject__icontains=subject) | Q(message__icontains=subject))
    found, headings = ordered(request, found, SORTED_BY, "-since")
    if asked := export(request, "alerts", COLUMNS, found):
        return asked
    rows = Paginator(found, ALERTS_A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": "alerts",
        "rows": rows,
        "shown": [(alert, kinds.get(alert.kind, alert.kind)) for alert in rows],
        "headings": headings,
        "q": subject,
        "state": state,
        "kind": kind,
        "kinds": kinds.items(),
        "may_acknowledge": role_of(request.user) >= Role.ANALYST,
    }
    return render(request, "desk/alerts.html", context)


@page(post=Role.ANALYST)
def alert_seen(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Note that somebody has seen an alert, and go back to the list."""
    back = request.POST.get("back", "")
    if request.method == "POST":
        alert = alert_acknowledge(alert_id, by=audit_username(request))
        messages.success(request, _("Noted as seen: %(alert)s") % {"alert": said(alert.message)})
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if safe and back.startswith("/") else reverse("alerts"))
