"""/simulate and /simulations: quick and saved what-ifs."""

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.permissions import Role
from elastix.api.versions import answer
from elastix.api.views import ElastixView
from simulations.models import Simulation
from simulations.selectors import simulations as selectors
from simulations.serializers.simulations import (
    CurveQuery,
    CurveSerializer,
    MetricsQuery,
    MetricsSerializer,
    SimulateAnswerSerializer,
    SimulateSerializer,
    SimulationListSerializer,
    SimulationSerializer,
    SimulationsQuery,
)
from simulations.services import simulations


class SimulateView(ElastixView):
    """What a price change would do to a product: asked, answered, not kept."""

    roles = {"POST": Role.VIEWER}
    bodies = {"POST": SimulateSerializer}
    responses = {"POST": SimulateAnswerSerializer}

    def post(self, request: Request) -> Response:
        serializer = SimulateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked: dict[str, Any] = serializer.validated_data
        return answer(request, lambda version: selectors.quick_simulation(version, **asked), etag=False)


class SimulationsView(ElastixView):
    """Saved simulations, newest first, and a new one."""

    queries = {"GET": SimulationsQuery}
    bodies = {"POST": SimulationSerializer}
    responses = {"GET": SimulationListSerializer, "POST": SimulationSerializer}

    def get(self, request: Request) -> Response:
        first = self.query["offset"]
        page = Simulation.objects.order_by("-created_at", "id")[first : first + self.query["limit"]]
        items = [selectors.simulation_row(each) for each in page]
        return Response({"total": Simulation.objects.count(), "items": items})

    def post(self, request: Request) -> Response:
        serializer = SimulationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = simulations.simulation_create(serializer.validated_data, user=request.user)
        return Response(selectors.simulation_row(made), status=201)


class SimulationView(ElastixView):
    """One saved simulation."""

    bodies = {"PUT": SimulationSerializer}
    responses = {"GET": SimulationSerializer, "PUT": SimulationSerializer, "DELETE": None}

    def get(self, request: Request, simulation_id: UUID) -> Response:
        return Response(selectors.simulation_row(find_simulation(simulation_id)))

    def put(self, request: Request, simulation_id: UUID) -> Response:
        find_simulation(simulation_id)
        serializer = SimulationSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        try:
            changed = simulations.simulation_update(simulation_id, serializer.validated_data)
        except Simulation.DoesNotExist as error:
            raise missing(simulation_id) from error
        return Response(selectors.simulation_row(changed))

    def delete(self, request: Request, simulation_id: UUID) -> Response:
        deleted, _ = Simulation.objects.filter(pk=simulation_id).delete()
        if not deleted:
            raise missing(simulation_id)
        return Response(status=204)


class SimulationMetricsView(ElastixView):
    """What a price change would do in each segment."""

    queries = {"GET": MetricsQuery}
    responses = {"GET": MetricsSerializer}

    def get(self, request: Request, simulation_id: UUID) -> Response:
        simulation = find_simulation(simulation_id)
        return answer(
            request, lambda version: selectors.simulation_metrics(simulation, **self.query), etag=False
        )


class SimulationCurveView(ElastixView):
    """The same over the whole range of the simulation."""

    queries = {"GET": CurveQuery}
    responses = {"GET": CurveSerializer}

    def get(self, request: Request, simulation_id: UUID) -> Response:
        simulation = find_simulation(simulation_id)
        return answer(
            request, lambda version: selectors.simulation_curve(simulation, **self.query), etag=False
        )


def find_simulation(simulation_id: UUID) -> Simulation:
    simulation = Simulation.objects.filter(pk=simulation_id).first()
    if simulation is None:
        raise missing(simulation_id)
    return simulation


def missing(simulation_id: UUID) -> Http404:
    return Http404(f"There is no simulation {simulation_id}.")
