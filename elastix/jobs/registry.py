"""What kinds of jobs there are, and the steps of a recompute. Apps fill both in AppConfig.ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elastix.jobs.running import JobRun

# A handler does the work of a job and returns its result; None when the job now waits for its children.
JobHandler = Callable[["JobRun"], dict[str, Any] | None]

_handlers: dict[str, JobHandler] = {}
_failure_hooks: dict[str, Callable[[dict[str, Any], str], None]] = {}
_success_hooks: dict[str, Callable[[dict[str, Any]], None]] = {}
_steps: list[RecomputeStep] = []


@dataclass(frozen=True, slots=True)
class RecomputePlan:
    """What a recompute works on: the sales version it answers for, and the stale products (None: all)."""

    version: int
    products: list[str] | None

    @property
    def full(self) -> bool:
        return self.products is None


@dataclass(frozen=True, slots=True)
class RecomputeStep:
    """A part of a recompute: `compute` reads and calculates, `publish` writes inside the publishing transaction.

    `compute` gets the plan and the results of the steps before it, by name, and returns its own.
    """

    name: str
    order: int
    compute: Callable[[RecomputePlan, dict[str, Any]], Any]
    publish: Callable[[RecomputePlan, dict[str, Any]], None]


def register_job(
    kind: str,
    handler: JobHandler,
    *,
    on_success: Callable[[dict[str, Any]], None] | None = None,
    on_failure: Callable[[dict[str, Any], str], None] | None = None,
) -> None:
    """Name the handler of a kind of job, and what follows its end.

    `on_success(parameters)` runs after it succeeded, `on_failure(parameters, error)` when it failed for good.
    """
    _handlers[kind] = handler
    if on_success:
        _success_hooks[kind] = on_success
    if on_failure:
        _failure_hooks[kind] = on_failure


def job_handler(kind: str) -> JobHandler:
    return _handlers[kind]


def failure_hook(kind: str) -> Callable[[dict[str, Any], str], None] | None:
    return _failure_hooks.get(kind)


def success_hook(kind: str) -> Callable[[dict[str, Any]], None] | None:
    return _success_hooks.get(kind)


def register_step(step: RecomputeStep) -> None:
    if all(known.name != step.name for known in _steps):
        _steps.append(step)
        _steps.sort(key=lambda known: known.order)


def recompute_steps() -> list[RecomputeStep]:
    return list(_steps)
