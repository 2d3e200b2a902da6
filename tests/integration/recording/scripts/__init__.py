"""One script of requests per family of resources; each is played on a newly furnished shop."""

from collections.abc import Callable

from tests.integration.recording.asking import Api
from tests.integration.recording.scripts import (
    base,
    bulk,
    elasticities,
    experiments,
    feeds,
    forecasts,
    imports,
    ledger,
    market,
    methods,
    pairs,
    policies,
    prices,
    products,
    recommended,
    rules,
    segments,
    simulations,
    transactions,
)

SCRIPTS: dict[str, Callable[[Api], None]] = {
    module.__name__.rpartition(".")[2]: module.script
    for module in (
        base, bulk, elasticities, feeds, forecasts, imports, ledger, market, methods, pairs, policies, prices, products,
        recommended, rules, segments, simulations, transactions,
        base, bulk, elasticities, experiments, feeds, forecasts, imports, ledger, market, methods, pairs, policies,
        prices, products, rules, segments, simulations, transactions,
    )
}  # fmt: skip
