"""/api/price/rules and /api/price/kill-switch: repricing rules, their runs, and what stops them."""

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.permissions import Role, audit_username
from elastix.api.views import ElastixView
from elastix.jobs.api import JobAcceptedSerializer
from market.models import RepricingRule
from market.selectors.rules import find_rule, rule_row, rules_page, run_results, runs_page, switch_row
from market.serializers.rules import (
    ResultsQuery,
    RuleListSerializer,
    RuleRowSerializer,
    RuleSerializer,
    RulesQuery,
    RunAcceptedSerializer,
    RunListSerializer,
    RunQuery,
    RunResultsSerializer,
    RunsQuery,
    SwitchRowSerializer,
    SwitchSerializer,
)
from market.services.repricing import rule_run_request
from market.services.rules import rule_create, rule_delete, rule_update
from market.services.switch import kill_switch, kill_switch_set

MANAGERS_WRITE = dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), Role.MANAGER)


class RulesView(ElastixView):
    """Repricing rules in the order in which they are tried, and a new one."""

    roles = MANAGERS_WRITE
    queries = {"GET": RulesQuery}
    bodies = {"POST": RuleSerializer}
    responses = {"GET": RuleListSerializer, "POST": RuleRowSerializer}

    def get(self, request: Request) -> Response:
        return Response(rules_page(**self.query))

    def post(self, request: Request) -> Response:
        rule = rule_create(_fields(request, partial=False), user=request.user)
        return Response(rule_row(rule), status=201)


class RuleView(ElastixView):
    """One repricing rule. PUT replaces it, PATCH changes what is given."""

    roles = MANAGERS_WRITE
    bodies = {"PUT": RuleSerializer, "PATCH": RuleSerializer}
    responses = {
        "GET": RuleRowSerializer,
        "PUT": RuleRowSerializer,
        "PATCH": RuleRowSerializer,
        "DELETE": None,
    }

    def get(self, request: Request, rule_id: int) -> Response:
        return Response(rule_row(find_rule(rule_id)))

    def put(self, request: Request, rule_id: int) -> Response:
        return self._change(request, rule_id, partial=False)

    def patch(self, request: Request, rule_id: int) -> Response:
        return self._change(request, rule_id, partial=True)

    def delete(self, request: Request, rule_id: int) -> Response:
        find_rule(rule_id)
        try:
            rule_delete(rule_id, user=request.user)
        except RepricingRule.DoesNotExist as error:
            raise _gone(rule_id) from error
        return Response(status=204)

    def _change(self, request: Request, rule_id: int, *, partial: bool) -> Response:
        find_rule(rule_id)
        fields = _fields(request, partial=partial)
        try:
            return Response(rule_row(rule_update(rule_id, fields, user=request.user)))
        except RepricingRule.DoesNotExist as error:
            raise _gone(rule_id) from error


class RuleRunView(ElastixView):
    """Run one rule now, whatever its schedule; what it did stands at .../runs."""

    roles = {"POST": Role.MANAGER}
    queries = {"POST": RunQuery}
    responses = {"POST": RunAcceptedSerializer}

    def post(self, request: Request, rule_id: int) -> Response:
        find_rule(rule_id)
        try:
            job = rule_run_request(rule_id, dry_run=self.query["dry_run"], by=request.user)
        except RepricingRule.DoesNotExist as error:
            raise _gone(rule_id) from error
        return Response(JobAcceptedSerializer(job).data, status=202)


class RuleRunsView(ElastixView):
    """Runs of a rule, the newest first."""

    queries = {"GET": RunsQuery}
    responses = {"GET": RunListSerializer}

    def get(self, request: Request, rule_id: int) -> Response:
        return Response(runs_page(find_rule(rule_id), **self.query))


class RuleRunResultsView(ElastixView):
    """What a run did about each product that the rule wanted another price for."""

    queries = {"GET": ResultsQuery}
    responses = {"GET": RunResultsSerializer}

    def get(self, request: Request, rule_id: int, run_id: int) -> Response:
        return Response(run_results(find_rule(rule_id), run_id, **self.query))


class KillSwitchView(ElastixView):
    """While it is on, no repricing rule changes or proposes a price. Prices that people set are not affected."""

    roles = {"PUT": Role.MANAGER}
    bodies = {"PUT": SwitchSerializer}
    responses = {"GET": SwitchRowSerializer, "PUT": SwitchRowSerializer}

    def get(self, request: Request) -> Response:
        return Response(switch_row(kill_switch()), headers={"Cache-Control": "no-store"})

    def put(self, request: Request) -> Response:
        serializer = SwitchSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(switch_row(kill_switch_set(**serializer.validated_data, by=audit_username(request))))


def _fields(request: Request, *, partial: bool) -> dict[str, Any]:
    serializer = RuleSerializer(data=request.data, partial=partial)
    serializer.is_valid(raise_exception=True)
    return serializer.fields_of_rule()


def _gone(rule_id: int) -> Http404:
    return Http404(f"There is no repricing rule {rule_id}.")
