"""Record what a price experiment found, and take it back."""

import datetime as dt
import math

from django.db import transaction

from elastix.dataset.versions import lock_version
from elastix.errors import FieldError, Invalid, NotFound
from elastix.jobs.recompute import request_recompute
from pricing.elasticity.core.constants import LARGEST_EXPERIMENT_ERROR, LEAST_EXPERIMENT_ERROR, STEEPEST
from pricing.elasticity.models import ExperimentalEvidence
from pricing.sales.models import Product
from pricing.sales.services.rollup import touch_products

LONGEST_SOURCE = 200


@transaction.atomic
def record_evidence(
    *,
    source: str,
    elasticity: float,
    std_error: float,
    first_day: dt.date,
    last_day: dt.date,
    product: str = "",
    category: str = "",
) -> ExperimentalEvidence:
    """Record the elasticity that an experiment found of a product, or as the mean of a category's.

    The same source again replaces what it said. The products that it is about are estimated again by the recompute that
    this asks for, and every later estimate takes it in.

    Parameters
    ----------
    source : which experiment it is, up to 200 characters, such as "experiment 7, P001".
    elasticity, std_error : percent of units per percent of price, and its standard error, which holds all of the
        experiment's own uncertainty.
    first_day, last_day : of the experiment, both inclusive.
    product, category : the code of a product, or the name of a category; one of them.

    Raises
    ------
    Invalid : by field, what cannot be recorded.
    """
    lock_version()
    errors = _errors(source, elasticity, std_error, first_day, last_day)
    about = _about(product, category)
    if isinstance(about, FieldError):
        errors.append(about)
    if errors or isinstance(about, FieldError):
        raise Invalid(*errors)
    before = ExperimentalEvidence.objects.filter(source=source).first()
    stale = set(about) | (set() if before is None else set(_products_of(before)))
    found, _ = ExperimentalEvidence.objects.update_or_create(
        source=source,
        defaults={
            "product_id": product or None,
            "category": category,
            "elasticity": elasticity,
            "std_error": std_error,
            "first_day": first_day,
            "last_day": last_day,
        },
    )
    _estimate_anew(stale)
    return found


@transaction.atomic
def revert_evidence(source: str) -> None:
    """Delete what an experiment found; the products that it was about are estimated again without it.

    Raises
    ------
    NotFound : nothing is recorded of that source.
    """
    lock_version()
    found = ExperimentalEvidence.objects.filter(source=source).first()
    if found is None:
        raise NotFound(f"No evidence is recorded of {source!r}.")
    stale = set(_products_of(found))
    found.delete()
    _estimate_anew(stale)


def _errors(
    source: str, elasticity: float, std_error: float, first_day: dt.date, last_day: dt.date
) -> list[FieldError]:
    errors = []
    if not 0 < len(source.strip()) <= LONGEST_SOURCE:
        errors.append(FieldError("source", f"Name the experiment in 1 to {LONGEST_SOURCE} characters."))
    if not (math.isfinite(elasticity) and abs(elasticity) <= STEEPEST):
        errors.append(
            FieldError("elasticity", f"The elasticity must lie between -{STEEPEST:g} and {STEEPEST:g}.")
        )
    if not LEAST_EXPERIMENT_ERROR <= std_error <= LARGEST_EXPERIMENT_ERROR:
        low, high = LEAST_EXPERIMENT_ERROR, LARGEST_EXPERIMENT_ERROR
        errors.append(FieldError("std_error", f"The standard error must lie between {low:g} and {high:g}."))
    if last_day < first_day:
        errors.append(FieldError("last_day", "The last day lies before the first."))
    return errors


def _about(product: str, category: str) -> list[str] | FieldError:
    """The codes of the products that it is about."""
    if bool(product) == bool(category):
        return FieldError("product", "Name a product or a category, one of them.")
    field, name = ("product", product) if product else ("category", category)
    codes = list(
        Product.objects.filter(**{"code" if product else "category": name}).values_list("pk", flat=True)
    )
    return codes or FieldError(field, f"There is no {field} {name}.", "not_found")


def _products_of(found: ExperimentalEvidence) -> list[str]:
    if found.product_id is not None:
        return [found.product_id]
    return list(Product.objects.filter(category=found.category).values_list("pk", flat=True))


def _estimate_anew(codes: set[str]) -> None:
    touch_products(sorted(codes))
    request_recompute()
