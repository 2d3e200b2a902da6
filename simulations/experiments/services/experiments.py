"""The life of an experiment: planned, started, paused, ended, and its prices put back or kept.

    step       from                      to        prices of its products
    create                               draft     as they are
    start      draft, paused             running   as drawn for the day; held
    pause      running                   paused    the usual ones; held
    end        running, paused           ended     the usual ones; free (the clock, after the last day)
    stop       running, paused, ended    ended     the usual, the old or the new ones, as asked; free
    roll back  running, paused, ended    ended     the usual ones; free

Prices are changed through the ledger, as proposals of the experiment that the person approves who started it; what the
constraints refuse is kept as a problem. Each step is one transaction.
"""

import secrets
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils import timezone

from elastix.alerts.services import alerts_report
from elastix.dataset.versions import lock_version
from elastix.errors import Conflict
from elastix.fields import uuid7
from pricing.changes.selectors.price_changes import open_changes_of
from pricing.changes.services import price_changes
from pricing.changes.services.validation import OpenChanges, PriceProposal, RuleViolation, still_open
from pricing.sales.models import Product
from pricing.sales.models.price_changes import PriceChangeSource
from pricing.sales.services.holds import prices_hold, prices_release
from simulations.experiments.models import (
    ExperimentProduct,
    ExperimentStatus,
    KeptPrices,
    PriceExperiment,
)
from simulations.experiments.selectors.experiments import find_experiment, schedule_of, shop_today
from simulations.experiments.selectors.plans import Wish, experiment_plan

ALERT: Final = "price_experiment"
MOST_NAMED: Final = 20
NOTHING_STARTED: Final = "Nothing was started."
DRAFT, RUNNING, PAUSED, ENDED = ExperimentStatus


@transaction.atomic
def experiment_create(wish: Wish, *, name: str, by: str, seed: str = "") -> PriceExperiment:
    """Save a planned experiment as a draft; nothing changes for the shop until it is started.

    Raises
    ------
    Invalid : it cannot be planned so.
    """
    plan = experiment_plan(wish, durations=False)
    experiment = PriceExperiment.objects.create(
        name=name,
        design=wish.design,
        old_percent=wish.old_percent,
        new_percent=wish.new_percent,
        weeks=wish.weeks,
        washout_days=wish.washout_days,
        past_weeks=wish.past_weeks,
        seed=seed or secrets.token_hex(8),
        money=plan.money,
        contrast=plan.contrast,
        expected_elasticity=plan.elasticity,
        planned_power=plan.power.power,
        planned_error=plan.power.units_error,
        planned_money_error=plan.power.money_error,
        units_a_week=plan.units_a_week,
        revenue_a_week=plan.revenue_a_week,
        neighbours=plan.neighbours,
        created_by=by,
    )
    ExperimentProduct.objects.bulk_create(
        [
            ExperimentProduct(
                experiment=experiment,
                product_id=each.product_id,
                group=each.group,
                usual_price=each.usual_price,
                old_price=each.old_price,
                new_price=each.new_price,
                cost=each.cost,
                tax_factor=each.tax_factor,
            )
            for each in plan.products
        ],
        batch_size=500,
    )
    return experiment


@transaction.atomic
def experiment_delete(experiment_id: int) -> None:
    """Delete a draft.

    Raises
    ------
    NotFound : there is none. Conflict : it has been started: what was tested stays on record.
    """
    experiment = _locked(experiment_id, (DRAFT,), "deleted")
    experiment.delete()


@transaction.atomic
def experiment_start(experiment_id: int, *, by: str) -> PriceExperiment:
    """Start an experiment, or go on with a paused one: hold its products' prices and set those drawn for today.

    Raises
    ------
    NotFound : there is none.
    Conflict : it runs already or has ended, its products' prices have moved since it was planned or are held, or one of the
        prices is not allowed any more.
    OpenChanges : another change of a product is proposed or approved.
    """
    experiment = _locked(experiment_id, (DRAFT, PAUSED), "started")
    products = list(experiment.products.all())
    if not products:
        raise Conflict(f"{NOTHING_STARTED} Experiment {experiment_id} has no products left.")
    if experiment.status == DRAFT:
        _check_prices(products)
        experiment.starts_on = shop_today()
    else:
        experiment.pauses[-1][1] = shop_today().isoformat()
    _check_open_changes(products)
    prices_hold(
        (each.product_id for each in products),
        holder=experiment.holder,
        reason=f"the price experiment {experiment.name!r} ({experiment.pk}) tests its price",
    )
    experiment.status, experiment.started_by = RUNNING, by
    experiment.save()
    refused = _set_prices(experiment, prices_of_today(experiment, products), by)
    if refused:
        named = "; ".join(f"{each['product_id']}: {each['reason']}" for each in refused[:MOST_NAMED])
        raise Conflict(f"{NOTHING_STARTED} {named}.")
    return experiment


@transaction.atomic
def experiment_pause(experiment_id: int, *, by: str) -> PriceExperiment:
    """Pause an experiment: its products have their usual prices until it goes on; they stay held.

    Raises
    ------
    NotFound : there is none. Conflict : it does not run.
    """
    experiment = _locked(experiment_id, (RUNNING,), "paused")
    experiment.pauses.append([shop_today().isoformat(), None])
    experiment.status = PAUSED
    experiment.problems = _set_prices(experiment, _prices(experiment, KeptPrices.USUAL), by)
    experiment.save()
    return experiment


@transaction.atomic
def experiment_stop(experiment_id: int, *, by: str, keep: str = KeptPrices.USUAL) -> PriceExperiment:
    """End an experiment and keep the usual, the old or the new prices; of one that has ended choose them.

    Raises
    ------
    NotFound : there is none. Conflict : it has not been started, or its prices have been chosen.
    """
    experiment = _locked(experiment_id, (RUNNING, PAUSED, ENDED), "stopped")
    if experiment.kept:
        raise Conflict(
            f"Nothing was stopped. Experiment {experiment.pk} has ended, with the {_kept(experiment)}."
        )
    return _end(experiment, keep, by)


@transaction.atomic
def experiment_roll_back(experiment_id: int, *, by: str) -> PriceExperiment:
    """Put all prices back to what they were before the experiment, also after new ones were kept.

    Prices that somebody changed after its end stay and are named as problems.

    Raises
    ------
    NotFound : there is none. Conflict : it has not been started, or its prices are back already.
    """
    experiment = _locked(experiment_id, (RUNNING, PAUSED, ENDED), "rolled back")
    if experiment.status == ENDED and experiment.kept == KeptPrices.USUAL:
        raise Conflict(f"Nothing was rolled back. The prices of experiment {experiment.pk} are back already.")
    return _end(experiment, KeptPrices.USUAL, by)


@transaction.atomic
def experiment_end(experiment: PriceExperiment) -> PriceExperiment:
    """End an experiment whose weeks are over, also one that is paused: usual prices, free again, until somebody chooses
    which to keep."""
    experiment = _locked(experiment.pk, (RUNNING, PAUSED), "ended")
    experiment = _end(experiment, KeptPrices.USUAL, experiment.started_by)
    experiment.kept = ""
    experiment.save(update_fields=["kept"])
    return experiment


@transaction.atomic
def experiment_turn(experiment: PriceExperiment) -> int:
    """Set the prices drawn for today where they are others; return how many products had others."""
    experiment = _locked(experiment.pk, (RUNNING,), "turned")
    wanted = prices_of_today(experiment, list(experiment.products.all()))
    now = dict(Product.objects.filter(code__in=wanted).values_list("code", "current_price"))
    others = {code: price for code, price in wanted.items() if now[code] != price}
    problems = _set_prices(experiment, others, experiment.started_by) if others else []
    if problems != experiment.problems:
        experiment.problems = problems
        experiment.save(update_fields=["problems"])
    return len(others) - len(problems)


def prices_of_today(experiment: PriceExperiment, products: Sequence[ExperimentProduct]) -> dict[str, Decimal]:
    """The price drawn for each product today, by code."""
    start = experiment.starts_on or shop_today()
    treated = schedule_of(experiment, products).treated_on((shop_today() - start).days)
    return {each.product_id: each.new_price if treated[each.group] else each.old_price for each in products}


def checks_of(experiment: PriceExperiment) -> str:
    """The subject of the alert that it does not run as drawn."""
    return f"{experiment.holder}: checks"


def _end(experiment: PriceExperiment, keep: str, by: str) -> PriceExperiment:
    wanted = _prices(experiment, keep)
    problems: list[dict[str, str]] = []
    if experiment.status == ENDED:
        wanted, problems = _still_ours(experiment, wanted)
    else:
        experiment.ended_at = timezone.now()
        # The next tick says what came of it, also if no new sales come.
        experiment.result_to = None
        if experiment.pauses and experiment.pauses[-1][1] is None:
            experiment.pauses[-1][1] = shop_today().isoformat()
    problems += _set_prices(experiment, wanted, by)
    prices_release(experiment.holder)
    alerts_report(ALERT, [], among=[str(experiment.pk), checks_of(experiment)])
    experiment.status, experiment.kept, experiment.ended_by = ENDED, keep, by
    experiment.problems = problems
    experiment.save()
    return experiment


def _prices(experiment: PriceExperiment, keep: str) -> dict[str, Decimal]:
    column = {KeptPrices.USUAL: "usual_price", KeptPrices.OLD: "old_price", KeptPrices.NEW: "new_price"}
    return dict(experiment.products.values_list("product_id", column[KeptPrices(keep)]))


def _still_ours(
    experiment: PriceExperiment, wanted: Mapping[str, Decimal]
) -> tuple[dict[str, Decimal], list[dict[str, str]]]:
    """Of an experiment that has ended: the prices that nobody has changed since, and those that somebody has."""
    was = _prices(experiment, experiment.kept or KeptPrices.USUAL)
    now = dict(Product.objects.filter(code__in=wanted).values_list("code", "current_price"))
    moved = [
        {"product_id": code, "code": "price_moved", "reason": f"somebody has made it {now[code]} since"}
        for code in sorted(wanted)
        if now[code] != was[code]
    ]
    gone = {each["product_id"] for each in moved}
    return {code: price for code, price in wanted.items() if code not in gone}, moved


def _set_prices(experiment: PriceExperiment, wanted: Mapping[str, Decimal], by: str) -> list[dict[str, str]]:
    """Make these the products' prices through the ledger; return why some could not be set."""
    now = dict(Product.objects.filter(code__in=wanted).values_list("code", "current_price"))
    proposals = [
        PriceProposal(code, price) for code, price in sorted(wanted.items()) if now.get(code) != price
    ]
    if not proposals:
        return []
    changes, refused = price_changes.propose_valid(
        proposals,
        by=experiment.holder,
        reason=f"Price experiment {experiment.pk}: {experiment.name}"[:255],
        source=PriceChangeSource.EXPERIMENT,
        batch=uuid7(),
        holder=experiment.holder,
    )
    numbers = [change.pk for change in changes]
    if numbers:
        price_changes.approve(numbers, by=by, holder=experiment.holder)
        price_changes.apply(numbers, by=experiment.holder, holder=experiment.holder)
    return [_problem(each) for each in refused]


def _problem(violation: RuleViolation) -> dict[str, str]:
    return {"product_id": violation.product_id, "code": violation.code, "reason": violation.reason}


def _check_prices(products: Sequence[ExperimentProduct]) -> None:
    """Check that prices are still those that the experiment was planned with."""
    now = dict(
        Product.objects.filter(code__in=[each.product_id for each in products]).values_list(
            "code", "current_price"
        )
    )
    moved = [each.product_id for each in products if now[each.product_id] != each.usual_price]
    if moved:
        raise Conflict(
            f"{NOTHING_STARTED} The prices of {', '.join(moved[:MOST_NAMED])} have moved since; plan the experiment again."
        )


def _check_open_changes(products: Sequence[ExperimentProduct]) -> None:
    """Check that no other change of a product is open, whatever its price is today.

    Once prices are held an open change can only be rejected, and until then no other price of its product can be set.
    """
    found = sorted(open_changes_of(each.product_id for each in products).items())
    if found:
        raise OpenChanges([still_open(key, change) for key, (_, change) in enumerate(found)], NOTHING_STARTED)


def _locked(experiment_id: int, sources: Sequence[str], done: str) -> PriceExperiment:
    lock_version()
    experiment = find_experiment(experiment_id, lock=True)
    if experiment.status not in sources:
        state = "has not been started" if experiment.status == DRAFT else f"is {experiment.status}"
        raise Conflict(f"Nothing was {done}. Experiment {experiment_id} {state}.")
    return experiment


def _kept(experiment: PriceExperiment) -> str:
    return {"usual": "usual prices", "old_price": "old prices", "new_price": "new prices"}[experiment.kept]
