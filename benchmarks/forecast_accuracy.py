"""Measure the forecasts on a file of real sales: rolling origins, 28 days ahead, against what came.

    python benchmarks/forecast_accuracy.py online_retail.csv.gz
    python benchmarks/forecast_accuracy.py online_retail.csv.gz --skip 4 --origins 6    # earlier ones, for tuning
    python benchmarks/forecast_accuracy.py online_retail.csv.gz --auto                  # also the choice per product
    python benchmarks/forecast_accuracy.py online_retail.csv.gz --boosted               # also with scikit-learn

The file has the columns of the UCI Online Retail data set. At each origin the lines before it alone are cleaned,
matched with their cancellations, summed and forecast from: nothing of what came later is known, not even which sales
were cancelled afterwards or how large a bulk order usually is. Products are chosen by the sales before the first
origin: the 200 of most revenue, and 200 drawn from the others that had sold on 7 days or more, the last time
within 91 days. What came is the clean units of the whole file.
"""

import argparse
import csv
import datetime as dt
import gzip
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goals
from pricing.forecasting.core.backtest import HIGH, HORIZON, LOW, prediction_interval
from pricing.forecasting.core.batch import fit_default, fit_shop_model
from pricing.forecasting.core.boosting import BOOSTED, fit_boosted, refusal, series_of
from pricing.forecasting.core.features import PricePanel, price_panel
from pricing.forecasting.core.lines import (
    FREQUENCY_ALPHA,
    INACTIVE_DAYS,
    INTERMITTENT_SOLD_DAYS,
    fit_priors,
    forecast_lines,
)
from pricing.forecasting.core.named import AUTO, METHODS, choose, forecast_by
from pricing.forecasting.core.panel import DemandPanel
from pricing.forecasting.core.stored import StoredForecasts, expected_days
from pricing.forecasting.core.textbook import (
    forecast_holt_winters,
    forecast_linear,
    forecast_seasonal,
    forecast_seasonal_naive,
    forecast_ses,
    forecast_weekday_ses,
)
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.daily import daily_sales
from pricing.sales.core.lines import CleanLines, SalesLines, clean_lines
from pricing.sales.core.service_codes import is_service_code, normalise_code

TOP = RANDOM = 200
GOAL_TOP, GOAL_RANDOM, GOAL_SECONDS = 0.38, 0.52, 20.0
SPEED_PRODUCTS = 4_000
EPOCH = dt.datetime(1970, 1, 1)
DEFAULT = METHODS[0]
PUBLISHED = "published"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sales:
    """All merchandise lines of the file, and how many products they name."""

    lines: SalesLines
    products: int

    @property
    def first_day(self) -> int:
        return int(self.lines.day.min())

    @property
    def end(self) -> int:
        return int(self.lines.day.max()) + 1

    def known(self, end: int) -> tuple[SalesLines, CleanLines]:
        """The lines before a day, with the cancellations that were known by then, and their clean view."""
        known = self.lines.day < end
        columns = {name: getattr(self.lines, name)[known] for name in SalesLines.__slots__}
        keys = ("product", "customer", "quantity", "minute", "cancellation", "price")
        order = np.arange(int(known.sum()))
        columns["voided"] = match_cancellations(**{key: columns[key] for key in keys}, order=order)
        lines = SalesLines(**columns)
        return lines, clean_lines(lines, self.products)

    def panel(self, end: int) -> tuple[DemandPanel, Floats]:
        """The clean view that the lines before a day give, and each product's revenue in it."""
        lines, clean = self.known(end)
        shape = (self.products, end - self.first_day)
        units, counted = np.zeros(shape), np.zeros(shape)
        np.add.at(units, (lines.product, lines.day - self.first_day), clean.units)
        np.add.at(counted, (lines.product, lines.day - self.first_day), clean.units > 0)
        revenue = np.bincount(lines.product, clean.units * np.maximum(lines.price, 0), self.products)
        return DemandPanel(self.first_day, units, counted, units.sum(axis=0)), revenue

    def prices(self, end: int) -> PricePanel:
        """List prices and promotions as the lines before a day show them."""
        daily = daily_sales(*self.known(end), self.products)
        return price_panel(
            daily.product,
            daily.day,
            daily.list_price,
            daily.promotion,
            products=self.products,
            first_day=self.first_day,
            end=end,
        )


def read_sales(path: Path) -> Sales:
    """Read the merchandise lines of a file with the columns of the UCI data set."""
    rows = []
    opener = gzip.open if path.suffix == ".gz" else open
    # Nothing but descriptions, which are not read, holds letters beyond ASCII.
    with opener(path, "rt", encoding="utf-8-sig", errors="replace") as file:
        for row in csv.DictReader(file):
            try:
                code = normalise_code(row["StockCode"])
                quantity, price = int(row["Quantity"]), float(row["UnitPrice"])
            except ValueError:
                continue
            if quantity and not is_service_code(code):
                rows.append((code, quantity, row["InvoiceDate"], price, row["CustomerID"], row["InvoiceNo"]))
    codes, quantities, moments, prices, customers, invoices = zip(*rows, strict=True)
    names, product = np.unique(codes, return_inverse=True)
    people, customer = np.unique(customers, return_inverse=True)
    minutes = {text: _minute(text) for text in set(moments)}
    minute = np.array([minutes[text] for text in moments], np.int64)
    quantity = np.array(quantities, np.int64)
    cancelled = np.char.startswith(np.array(invoices), "C")
    lines = SalesLines(
        product=product.astype(np.int64),
        day=minute // 1440,
        minute=minute,
        quantity=quantity,
        price=np.array(prices),
        customer=np.where(people[customer] == "", -1, customer),
        invoice=np.unique(invoices, return_inverse=True)[1].astype(np.int64),
        cancellation=cancelled | (quantity < 0),
        voided=np.zeros(quantity.size, np.bool_),
    )
    return Sales(lines, names.size)


def _minute(text: str) -> int:
    """Minutes since the epoch of a moment as UCI's file writes it, or in ISO 8601."""
    moment = dt.datetime.strptime(text, "%m/%d/%Y %H:%M") if "/" in text else dt.datetime.fromisoformat(text)
    return (moment - EPOCH) // dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Origin:
    """What was known at an origin, and what came in the 28 days after it."""

    known: DemandPanel
    actual: Floats


@dataclass(frozen=True)
class Measured:
    """One method on one group of products."""

    wape: float
    bias: float
    mase: float


def measure(forecasts: list[Floats], origins: list[Origin], group: NDArray[np.int64]) -> Measured:
    """28-day WAPE and bias over all origins, and the mean absolute error of a day against the week before."""
    actual = np.stack([origin.actual[group] for origin in origins])
    forecast = np.stack([each[group] for each in forecasts])
    change = origins[0].known.units[group]
    scale = np.abs(change[:, 7:] - change[:, :-7]).mean()
    error = forecast.sum(axis=2) - actual.sum(axis=2)
    return Measured(
        float(np.abs(error).sum() / actual.sum()),
        float(error.sum() / actual.sum()),
        float(np.abs(forecast - actual).mean() / scale),
    )


def plain_methods(category: NDArray[np.int64]) -> dict[str, Callable[[DemandPanel], Floats]]:
    """Every method as a function of what is known."""

    def default(panel: DemandPanel) -> Floats:
        return forecast_lines(
            panel, category[: panel.units.shape[0]], fit_priors(panel, category, 0), HORIZON
        )

    return {
        DEFAULT: default,
        "weekday_ses": lambda panel: forecast_weekday_ses(panel, HORIZON),
        "ses": lambda panel: forecast_ses(panel, HORIZON),
        "linear": lambda panel: forecast_linear(panel, HORIZON),
        "seasonal": lambda panel: forecast_seasonal(panel, HORIZON),
        "seasonal naive": lambda panel: forecast_seasonal_naive(panel, HORIZON),
    }


def published(panel: DemandPanel, category: NDArray[np.int64]) -> Floats:
    """What the recompute publishes: the default, and where the past says so a season, an interval or another method."""
    model = fit_shop_model(panel, category, [])
    stored = StoredForecasts.of(panel, fit_default(panel, category, model))
    return expected_days(model, stored, panel.end, HORIZON)


def for_some(
    panel: DemandPanel, products: NDArray[np.int64], forecast: Callable[[DemandPanel], Floats]
) -> Floats:
    """Forecast the chosen products one by one; the others get nan."""
    found = np.full((panel.units.shape[0], HORIZON), np.nan)
    for product in products.tolist():
        found[product] = forecast(panel.take(np.array([product])))[0]
    return found


def chosen(panel: DemandPanel, products: NDArray[np.int64], category: NDArray[np.int64]) -> Floats:
    """What `auto` forecasts of the chosen products."""
    model = fit_shop_model(panel, category, [])

    def forecast(one: DemandPanel) -> Floats:
        tried = {name: forecast_by(name, one, category[:1], model, HORIZON) for name in METHODS}
        return tried[choose(tried)].units[None, :]

    return for_some(panel, products, forecast)


def coverage(
    origins: list[Origin], groups: dict[str, NDArray[np.int64]], category: NDArray[np.int64]
) -> dict[str, float]:
    """Share of the open days, all origins together, whose units lay within the published interval."""
    inside: dict[str, list[float]] = {name: [] for name in groups}
    for origin in origins:
        model = fit_shop_model(origin.known, category, [])
        found = fit_default(origin.known, category, model)
        units = forecast_lines(origin.known, category, model.priors[0], HORIZON)
        opened = units.sum(axis=0) > 0
        for name, group in groups.items():
            for row in group.tolist():
                low, high = prediction_interval(
                    units[row], found.error_low[row], found.error_high[row], FREQUENCY_ALPHA
                )
                came = origin.actual[row]
                inside[name].append(float(((came >= low) & (came <= high))[opened].mean()))
    return {name: float(np.mean(shares)) for name, shares in inside.items()}


@dataclass(frozen=True)
class Limited:
    """Forecasts of all products from one origin, with the interval of each day."""

    units: Floats
    low: Floats
    high: Floats


def limited(units: Floats, error_low: Floats, error_high: Floats) -> Limited:
    made = [
        prediction_interval(row, low, high, FREQUENCY_ALPHA)
        for row, low, high in zip(units, error_low, error_high, strict=True)
    ]
    return Limited(units, np.stack([low for low, _ in made]), np.stack([high for _, high in made]))


def default_and_boosted(
    known: DemandPanel, prices: PricePanel, category: NDArray[np.int64]
) -> tuple[Limited, Limited]:
    """The default's forecast and its average with the boosted model, from what was known at an origin."""
    model = fit_shop_model(known, category, [])
    found = fit_default(known, category, model)
    units = forecast_lines(known, category, model.priors[0], HORIZON)
    ratio = fit_boosted(known, prices, category).ratio[:, None]
    return (
        limited(units, found.error_low, found.error_high),
        limited(units * ratio, found.error_low, found.error_high),
    )


def pinball(made: list[Limited], origins: list[Origin], group: NDArray[np.int64]) -> float:
    """Mean pinball loss of a day's 80 % interval, as a share of the mean sales of a day."""
    actual = np.stack([origin.actual[group] for origin in origins])
    loss = np.zeros_like(actual)
    for share, name in ((LOW, "low"), (HIGH, "high")):
        limit = np.stack([getattr(each, name)[group] for each in made])
        loss += np.maximum(share * (actual - limit), (share - 1) * (actual - limit)) / 2
    return float(loss.sum() / actual.sum())


def show_boosted(sales: Sales, origins: list[Origin], groups: dict[str, NDArray[np.int64]]) -> None:
    """Print the default and the boosted average side by side."""
    console = Console(width=130)
    category = np.full(sales.products, -1)
    begun = time.perf_counter()
    pairs = [
        default_and_boosted(origin.known, sales.prices(origin.known.end), category) for origin in origins
    ]
    seconds = (time.perf_counter() - begun) / len(origins)
    table = Table(title=f"The default and its average with the boosted model ({seconds:.0f} s an origin)")
    table.add_column("method")
    for name, group in groups.items():
        for measured in ("WAPE", "bias", "pinball"):
            table.add_column(f"{name} {group.size}\n{measured}", justify="right")
    for place, method in enumerate((DEFAULT, BOOSTED)):
        made = [pair[place] for pair in pairs]
        cells = []
        for group in groups.values():
            found = measure([each.units for each in made], origins, group)
            cells += [
                f"{found.wape:.3f}",
                f"{found.bias:+.3f}",
                f"{pinball(made, origins, group):.3f}",
            ]
        table.add_row(method, *cells)
    console.print(table)
    for origin in origins:
        why = refusal(series_of(origin.known), origin.known.days)
        if why:
            console.print(f"For information only: {why}", highlight=False)
            return


def groups_of(panel: DemandPanel, revenue: Floats, seed: int) -> dict[str, NDArray[np.int64]]:
    """The products to be judged, by what was sold before the first origin."""
    top = np.argsort(-revenue, kind="stable")[:TOP]
    active = (panel.units > 0).sum(axis=1) >= INTERMITTENT_SOLD_DAYS
    active &= panel.days - panel.stop < INACTIVE_DAYS
    others = np.setdiff1d(np.flatnonzero(active), top)
    drawn = np.random.default_rng(seed).choice(others, min(RANDOM, others.size), replace=False)
    return {"top": top, "random": np.sort(drawn), "others": others}


def seconds_for_many(panel: DemandPanel) -> float:
    """Seconds to learn the shop and forecast 4,000 products of two years, backtest and intervals included."""
    rows = np.arange(SPEED_PRODUCTS) % panel.units.shape[0]
    columns = np.arange(731) % panel.days
    units, lines = panel.units[np.ix_(rows, columns)], panel.lines[np.ix_(rows, columns)]
    many = DemandPanel(panel.first_day, units, lines, units.sum(axis=0))
    begun = time.perf_counter()
    model = fit_shop_model(many, np.full(rows.size, -1), [])
    fit_default(many, np.full(rows.size, -1), model)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--origins", type=int, default=4)
    parser.add_argument("--skip", type=int, default=0, help="leave out so many of the newest origins")
    parser.add_argument("--seed", type=int, default=2011, help="of the draw of 200 products")
    parser.add_argument("--auto", action="store_true", help="also choose a method for each product: a minute")
    parser.add_argument("--boosted", action="store_true", help="also the boosted average, by scikit-learn")
    arguments = parser.parse_args()
    sales = read_sales(arguments.file)
    whole, _ = sales.panel(sales.end)
    columns = [
        whole.days - HORIZON * number
        for number in range(arguments.skip + arguments.origins, arguments.skip, -1)
    ]
    known = [sales.panel(sales.first_day + column) for column in columns]
    origins = [
        Origin(panel, whole.units[:, column : column + HORIZON])
        for (panel, _), column in zip(known, columns, strict=True)
    ]
    groups = groups_of(known[0][0], known[0][1], arguments.seed)
    category = np.full(sales.products, -1)
    judged = np.union1d(groups["top"], groups["random"])
    forecasts = {
        name: [method(origin.known) for origin in origins] for name, method in plain_methods(category).items()
    }
    forecasts[PUBLISHED] = [published(origin.known, category) for origin in origins]
    forecasts["holt_winters"] = [
        for_some(origin.known, judged, lambda one: forecast_holt_winters(one, HORIZON)) for origin in origins
    ]
    if arguments.auto:
        forecasts[AUTO] = [chosen(origin.known, judged, category) for origin in origins]
    show(forecasts, origins, groups)
    if arguments.boosted:
        show_boosted(sales, origins, groups)
    results = {name: measure(forecasts[PUBLISHED], origins, group) for name, group in groups.items()}
    seed = {name: measure(forecasts["ses"], origins, group) for name, group in groups.items()}
    inside = coverage(origins, {name: groups[name] for name in ("top", "random")}, category)
    seconds = seconds_for_many(whole)
    console = Console(width=110)
    console.print(
        f"Days within the 80 % interval: top {100 * inside['top']:.0f} %, random {100 * inside['random']:.0f} %"
    )
    verdict = {
        f"WAPE of the top {TOP} {results['top'].wape:.3f}, goal {GOAL_TOP}": results["top"].wape <= GOAL_TOP,
        f"WAPE of {RANDOM} random {results['random'].wape:.3f}, goal {GOAL_RANDOM}": results["random"].wape
        <= GOAL_RANDOM,
        "better than SES(0.2) on both": all(
            results[name].wape < seed[name].wape for name in ("top", "random")
        ),
        f"{SPEED_PRODUCTS:,} products in {seconds:.2f} s, goal {GOAL_SECONDS:.0f} s": seconds <= GOAL_SECONDS,
    }
    goals = Goals()
    for text, reached in verdict.items():
        console.print(f"{goals.holds(text.partition(',')[0], bool(reached)):<7} {text}")
    goals.finish()


def show(
    forecasts: dict[str, list[Floats]], origins: list[Origin], groups: dict[str, NDArray[np.int64]]
) -> None:
    days = [dt.date(1970, 1, 1) + dt.timedelta(days=origin.known.end) for origin in origins]
    table = Table(title=f"28 days from {', '.join(map(str, days))}")
    table.add_column("method")
    for name, group in groups.items():
        for measured in ("WAPE", "bias", "MASE"):
            table.add_column(f"{name} {group.size}\n{measured}", justify="right")
    for method, made in forecasts.items():
        cells = []
        for group in groups.values():
            found = measure(made, origins, group)
            cells += [f"{found.wape:.3f}", f"{found.bias:+.3f}", f"{found.mase:.3f}"]
        table.add_row(method, *(cell.replace("+nan", "").replace("nan", "") for cell in cells))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
