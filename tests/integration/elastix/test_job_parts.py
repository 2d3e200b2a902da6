"""Jobs in parts: a parent waits for its children, and ends with them."""

from typing import Any

import pytest

from elastix.jobs.kinds import JobFailed
from elastix.jobs.models import Job, JobState
from elastix.jobs.runner import JobRun, run_job
from tests.jobs import Registrar, new_job, state
from tests.shops import Commits

pytestmark = pytest.mark.django_db


def family(commits: Commits, register_job: Registrar, part: Any) -> tuple[Job, list[str]]:
    """A job that spawns three parts and ends when they are done; return it and what happened."""
    happened: list[str] = []

    def whole(run: JobRun) -> dict[str, Any] | None:
        if run.parameters.get("stage") == "end":
            happened.append("end")
            return {"parts": run.parameters["kept"]}
        run.save_parameters(kept=3)
        run.spawn("part", [{"number": number} for number in range(3)], next_stage="end")
        return None

    def one(run: JobRun) -> dict[str, Any]:
        happened.append(f"part {run.parameters['number']}")
        part(run)
        return {}

    register_job("whole", whole)
    register_job("part", one)
    job = new_job("whole")
    with commits():
        run_job(job.pk)
    return job, happened


def test_the_last_child_wakes_its_parent_once(commits: Commits, register_job: Registrar) -> None:
    job, happened = family(commits, register_job, lambda run: None)
    assert happened == ["part 0", "part 1", "part 2", "end"]
    assert state(job) == JobState.SUCCEEDED
    assert (job.result, job.attempts) == ({"parts": 3}, 1)


def test_a_parent_waits_while_a_child_is_missing(
    held: list[int], commits: Commits, register_job: Registrar
) -> None:
    job, _ = family(commits, register_job, lambda run: None)
    assert (state(job), len(held)) == (JobState.WAITING, 3)
    for child in held[:2]:
        run_job(child)
    assert state(job) == JobState.WAITING
    assert 0 < job.progress < 1
    with commits():
        run_job(held[2])
    assert state(job) == JobState.QUEUED
    assert held[3] == job.pk


def test_a_failing_child_fails_its_parent_with_the_reason(commits: Commits, register_job: Registrar) -> None:
    def second_fails(run: JobRun) -> None:
        if run.parameters["number"] == 1:
            raise JobFailed("bad shard")

    job, happened = family(commits, register_job, second_fails)
    assert "end" not in happened
    assert state(job) == JobState.FAILED
    assert job.error == "A part of the work failed: bad shard"


def test_a_parent_that_starts_over_forgets_its_former_children(
    held: list[int], commits: Commits, register_job: Registrar
) -> None:
    job, _ = family(commits, register_job, lambda run: None)
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, parameters={})
    with commits():
        run_job(job.pk)
    assert job.children.count() == 3
    assert set(held[3:]) == set(job.children.values_list("pk", flat=True))
