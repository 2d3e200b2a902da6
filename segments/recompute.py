"""Segments' part of a recompute: customers' sums and segments, what each segment buys, how it answers to price."""

from elastix.jobs.registry import RecomputeStep, register_step
from segments.services import customers, elasticities, sales


def register() -> None:
    register_step(RecomputeStep("customers", 30, customers.compute, customers.publish))
    register_step(RecomputeStep("segment sales", 40, sales.compute, sales.publish))
    register_step(RecomputeStep("segment elasticities", 50, elasticities.compute, elasticities.publish))
