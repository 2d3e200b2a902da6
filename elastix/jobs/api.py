"""/api/jobs: state, progress and result of a job."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.operations import operation
from elastix.api.viewsets import ElastixViewSet
from elastix.errors import found
from elastix.jobs.models import Job, JobState


class JobSerializer(serializers.ModelSerializer[Job]):
    status = serializers.ChoiceField(JobState.choices, source="state")

    class Meta:
        model = Job
        fields = (
            "id", "kind", "status", "progress", "attempts", "error", "result", "created_at", "finished_at",
        )  # fmt: skip


class JobAcceptedSerializer(serializers.Serializer[Any]):
    """The job that does what an answer 202 accepted."""

    id = serializers.IntegerField(source="pk")
    status = serializers.ChoiceField(JobState.choices, source="state")


class JobViewSet(ElastixViewSet):
    """Jobs that an answer 202 named."""

    lookup_url_kwarg = "job_id"
    lookup_value_converter = "row_id"

    @operation(response=JobSerializer)
    def retrieve(self, request: Request, job_id: int) -> Response:
        """State, progress and result of a job."""
        job = found(Job.objects.filter(pk=job_id).first(), f"job {job_id}")
        return Response(JobSerializer(job).data, headers={"Cache-Control": "no-store"})
