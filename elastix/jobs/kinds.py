"""The kinds of jobs and their handlers, from the table `elastix.background.JOBS`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.module_loading import import_string

from elastix.background import JOBS


class JobFailed(Exception):
    """The work cannot succeed however often it is tried; the message says why, for the person who asked."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """What belongs to a kind of job.

    Attributes
    ----------
    handler
        Takes the `JobRun`, does the work and returns the result; None when the job now waits for its children.
    on_success, on_failure
        What follows: `on_success(parameters)` after it succeeded, `on_failure(parameters, error)` when it failed
        for good.
    """

    handler: Callable[[Any], dict[str, Any] | None]
    on_success: Callable[[dict[str, Any]], None] | None = None
    on_failure: Callable[[dict[str, Any], str], None] | None = None


@cache
def job_kind(name: str) -> JobKind:
    """Return a kind of job by its name; jobs of an unknown kind fail and say so."""

    def unknown(run: object) -> None:
        raise JobFailed(f"No kind of job is called {name!r} in this version.")

    roles = {role: import_string(path) for role, path in JOBS.get(name, {}).items()}
    return JobKind(**({"handler": unknown} | roles))
