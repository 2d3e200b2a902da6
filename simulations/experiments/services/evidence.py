"""Results of experiments, and what estimates learn from them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Q

from elastix.dataset.versions import lock_version
from pricing.elasticity.core.constants import LARGEST_EXPERIMENT_ERROR, LEAST_EXPERIMENT_ERROR, STEEPEST
from pricing.elasticity.models import ExperimentalEvidence
from pricing.elasticity.services.experiments import record_evidence, revert_evidence
from pricing.sales.models import Product
from simulations.experiments.models import PriceExperiment
from simulations.experiments.selectors.results import experiment_result


@transaction.atomic
def record_result(experiment: PriceExperiment, newest: dt.date) -> PriceExperiment:
    """Estimate what an experiment found from the sales up to the newest day, and keep it with its elasticity."""
    result = experiment_result(experiment)
    lock_version()
    experiment.result, experiment.result_to = asdict(result) if result else None, newest
    experiment.elasticity = result.elasticity if result else None
    experiment.elasticity_error = result.elasticity_error if result else None
    has_ended = experiment.ended_at is not None or bool(result and result.is_complete)
    experiment.evidence = evidence_of(experiment) if has_ended else []
    experiment.save(update_fields=["result", "result_to", "elasticity", "elasticity_error", "evidence"])
    record_findings(experiment)
    return experiment


def record_findings(experiment: PriceExperiment) -> None:
    """Make what is recorded for the estimates what the experiment's `evidence` says; what it says no longer is taken out.

    Only what differs is written, so that saying the same again makes nothing to be estimated again.
    """
    recorded = {
        each.source: (each.product_id, each.category, each.elasticity, each.std_error, each.last_day)
        for each in ExperimentalEvidence.objects.filter(
            Q(source=experiment.holder) | Q(source__startswith=f"{experiment.holder}: ")
        )
    }
    for source in sorted(recorded.keys() - {each["source"] for each in experiment.evidence}):
        revert_evidence(source)
    for row in experiment.evidence:
        first, last = dt.date.fromisoformat(row["first_day"]), dt.date.fromisoformat(row["last_day"])
        said = row["product_id"], row["category"], row["elasticity"], row["std_error"], last
        if recorded.get(row["source"]) != said:
            record_evidence(
                source=row["source"],
                elasticity=row["elasticity"],
                std_error=row["std_error"],
                first_day=first,
                last_day=last,
                product=row["product_id"] or "",
                category=row["category"],
            )


def evidence_of(experiment: PriceExperiment) -> list[dict[str, Any]]:
    """The elasticities that an experiment measured, each sale used once: rows that name a product, or a category in its
    place, with elasticity, standard error and days.

    A group of one product that had both prices tells that product's; otherwise all groups together tell the mean of their
    category, if they are of one. None where one price was harder to keep up than the other (sample ratio mismatch): what
    was compared is not what was drawn. Nor what is too vague to say anything.
    """
    result = experiment.result or {}
    if not _tells(result) or result["sample_ratio"]["is_mismatch"]:
        return []
    days = {"first_day": str(experiment.starts_on), "last_day": result["to"]}
    groups = result["groups"]
    if groups and all(len(each["products"]) == 1 for each in groups):
        return [
            {
                "source": f"{experiment.holder}: {each['products'][0]}",
                "product_id": each["products"][0],
                "category": "",
                "elasticity": each["elasticity"],
                "std_error": max(each["elasticity_error"], LEAST_EXPERIMENT_ERROR),
            }
            | days
            for each in groups
            if _tells(each)
        ]
    codes = experiment.products.values_list("product_id", flat=True)
    categories = set(Product.objects.filter(code__in=list(codes)).values_list("category", flat=True))
    if len(categories) != 1 or categories == {""}:
        return []
    row = {
        "source": experiment.holder,
        "product_id": None,
        "category": categories.pop(),
        "elasticity": result["elasticity"],
        "std_error": max(result["elasticity_error"], LEAST_EXPERIMENT_ERROR),
    }
    return [row | days]


def _tells(found: Mapping[str, Any]) -> bool:
    """Whether an elasticity is within the limits of what estimates include."""
    elasticity, error = found.get("elasticity"), found.get("elasticity_error")
    if elasticity is None or not error:
        return False
    return abs(elasticity) <= STEEPEST and bool(error <= LARGEST_EXPERIMENT_ERROR)
