from django.conf import settings
from django.db import models
from django.db.models import Q

from elastix.fields import choice_check, length_check, range_check


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"  # for its child jobs
    SUCCEEDED = "succeeded"
    FAILED = "failed"


OPEN_STATES = (JobState.QUEUED, JobState.RUNNING, JobState.WAITING)


class Job(models.Model):
    """Work that outlives a request: an import, a recompute, a shard of one.

    The row exists before anything is enqueued. A worker claims it with a lease and a fencing token and commits
    its result with that token, so that a worker that was believed dead cannot write after its successor.
    """

    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children", editable=False
    )
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    progress = models.FloatField(default=0.0, help_text="Fraction done, 0 to 1.")
    lease_until = models.DateTimeField(null=True, blank=True)
    token = models.BigIntegerField(default=0, help_text="Rises with every claim; a result needs the newest.")
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    result = models.JSONField(null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(
                fields=("state", "lease_until"),
                name="elastix_job_open",
                condition=Q(state__in=OPEN_STATES),
            )
        ]
        constraints = [
            # Two recomputes of the whole shop would do the same work twice.
            models.UniqueConstraint(
                fields=("kind",),
                condition=Q(kind="recompute", state__in=OPEN_STATES),
                name="elastix_job_one_recompute",
            ),
            choice_check("state", JobState, "elastix_job"),
            range_check("progress", 0.0, 1.0, "elastix_job"),
            length_check("kind", 40, "elastix_job"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}: {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class ScheduleRun(models.Model):
    """When a schedule last ran: the process that updates this moment is the one that runs the schedule."""

    name = models.CharField(primary_key=True, max_length=60)
    last_run_at = models.DateTimeField()
    error = models.TextField(blank=True, help_text="Why the last run failed; empty if it did not.")

    class Meta:
        ordering = ("name",)
        constraints = [length_check("name", 60, "elastix_schedulerun")]

    def __str__(self) -> str:
        return self.name
