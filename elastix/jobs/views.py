"""GET /api/jobs/{id}: how a job is getting on."""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.views import ElastixView
from elastix.jobs.models import Job, JobState


class JobSerializer(serializers.ModelSerializer[Job]):
    status = serializers.ChoiceField(JobState.choices, source="state")

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "status",
            "progress",
            "attempts",
            "error",
            "result",
            "created_at",
            "finished_at",
        )


class JobView(ElastixView):
    """State, progress and result of a job that an answer 202 named."""

    responses = {"GET": JobSerializer}

    def get(self, request: Request, job_id: int) -> Response:
        job = Job.objects.filter(pk=job_id).first() if job_id < 2**63 else None
        if job is None:
            raise Http404(f"There is no job {job_id}.")
        return Response(JobSerializer(job).data, headers={"Cache-Control": "no-store"})


def job_accepted(job: Job) -> dict[str, Any]:
    """Body of an answer 202."""
    return {"id": job.pk, "status": job.state}
