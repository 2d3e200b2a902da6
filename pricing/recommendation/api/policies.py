"""/api/price/policies: aims and limits of prices."""

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.permissions import Role
from elastix.api.views import ElastixView
from pricing.recommendation.api.policy_serializers import (
    EffectivePolicySerializer,
    PoliciesQuery,
    PolicyListSerializer,
    PolicyRowSerializer,
    PolicySerializer,
)
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.selectors.policies import effective_policy, policies_page, policy_row
from pricing.recommendation.services.policies import policy_create, policy_delete, policy_update
from pricing.sales.selectors.products import find_product

MANAGERS_WRITE = dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), Role.MANAGER)


class PoliciesView(ElastixView):
    """Price policies, the shop's first, and a new one."""

    roles = MANAGERS_WRITE
    queries = {"GET": PoliciesQuery}
    bodies = {"POST": PolicySerializer}
    responses = {"GET": PolicyListSerializer, "POST": PolicyRowSerializer}

    def get(self, request: Request) -> Response:
        asked = dict(self.query)
        return Response(policies_page(code=asked.pop("product_id"), **asked))

    def post(self, request: Request) -> Response:
        policy = policy_create(_fields(request, partial=False), user=request.user)
        return Response(policy_row(policy), status=201)


class PolicyView(ElastixView):
    """One price policy. PUT replaces it, PATCH changes what is given; null leaves a setting to the wider policy."""

    roles = MANAGERS_WRITE
    bodies = {"PUT": PolicySerializer, "PATCH": PolicySerializer}
    responses = {
        "GET": PolicyRowSerializer,
        "PUT": PolicyRowSerializer,
        "PATCH": PolicyRowSerializer,
        "DELETE": None,
    }

    def get(self, request: Request, policy_id: int) -> Response:
        return Response(policy_row(_find(policy_id)))

    def put(self, request: Request, policy_id: int) -> Response:
        return self._change(request, policy_id, partial=False)

    def patch(self, request: Request, policy_id: int) -> Response:
        return self._change(request, policy_id, partial=True)

    def delete(self, request: Request, policy_id: int) -> Response:
        try:
            policy_delete(policy_id, user=request.user)
        except PricePolicy.DoesNotExist as error:
            raise _missing(policy_id) from error
        return Response(status=204)

    def _change(self, request: Request, policy_id: int, *, partial: bool) -> Response:
        _find(policy_id)
        fields = _fields(request, partial=partial)
        try:
            policy = policy_update(policy_id, fields, user=request.user)
        except PricePolicy.DoesNotExist as error:
            raise _missing(policy_id) from error
        return Response(policy_row(policy))


class EffectivePolicyView(ElastixView):
    """What holds for the price of a product, and which policy each setting comes from."""

    responses = {"GET": EffectivePolicySerializer}

    def get(self, request: Request, code: str) -> Response:
        return Response(effective_policy(find_product(code)))


def _fields(request: Request, *, partial: bool) -> dict[str, Any]:
    serializer = PolicySerializer(data=request.data, partial=partial)
    serializer.is_valid(raise_exception=True)
    return serializer.fields_of_policy()


def _find(policy_id: int) -> PricePolicy:
    policy = PricePolicy.objects.filter(pk=policy_id).first()
    if policy is None:
        raise _missing(policy_id)
    return policy


def _missing(policy_id: int) -> Http404:
    return Http404(f"There is no price policy {policy_id}.")
