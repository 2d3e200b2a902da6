"""Run every benchmark: at a small size to see that none is broken, or at full size for the figures.

    python benchmarks/all.py                                      (small: what CI would run)
    python benchmarks/all.py --file online_retail.csv.gz          (full size: an hour or more)
    python benchmarks/all.py --only endpoints pages --json figures.json

At the small size times and accuracies mean nothing: it ends with 1 if a script broke, and only counts the missed goals. At full
size it ends with 3 if a goal was missed. Scripts make databases of their own: SQLite, or on the server that DATABASE_URL names.
Left out are `sliders.py`, which wants a running server and a browser, and `mutation.py`, which measures the tests.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.goals import FIGURES_FILE, MISSED
from tests.e2e.big_shop import CODES
from tests.e2e.installation import write_sales

HERE = Path(__file__).resolve().parent
FILE = "FILE"  # stands for the path of the sales
SMALL_LINES, SMALL_PRODUCTS = 12_000, 250
LEFT_OUT = {"all.py", "goals.py", "mutation.py", "sliders.py"}
VERSIONS = ("Django", "numpy", "psycopg", "celery")
# Of each script: its arguments at the small size, and at full size.
COMMANDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "import_and_recompute": ((FILE,), (FILE,)),
    "endpoints": (("--file", FILE, "--requests", "3"), ("--file", FILE)),
    "load": (("--file", FILE, "--seconds", "0.3"), ("--file", FILE)),
    "soak": (("--minutes", "0.05"), ("--minutes", "30")),
    "pages": (("--file", FILE), ("--file", FILE)),
    "bulk_optimization": (("--file", FILE, "--products", "30"), ("--file", FILE)),
    "import_under_load": (("--file", FILE, "--clients", "3"), ("--file", FILE)),
    "known_figures": ((FILE,), (FILE,)),
    "forecast_accuracy": ((FILE, "--origins", "1"), (FILE,)),
    "read_replica": (("--requests", "5"), ("--file", FILE)),
    "worker_hosts": (("--lines", "6000", "--products", "60", "--rounds", "1"), ("--file", FILE)),
    "growth": (("--lines", "2000", "4000", "--products", "50"), ()),
    "parquet": (("--lines", "2000", "--products", "50"), ()),
    "partitions": (("--lines", "2000", "--products", "50"), ()),
    "elasticity_accuracy": (
        ("--shop", "regular", "--products", "60", "--seeds", "11"),
        ("--shop", "regular"),
    ),
    "disturbance_table": (("--rows", "drift", "--seeds", "1"), ()),
    "error_terms": (("--rows", "drift", "scanner", "--seeds", "1"), ()),
    "recommendations_on_simulated_truth": (("--products", "60", "--seeds", "31"), ()),
    "cross_price_accuracy": (("--seeds", "11"), ()),
    "cannibalisation": (("--seeds", "21"), ()),
    "repricing_duels": (("--small",), ()),
    "experiment_designs": (("--runs", "20", "--only", "switchback"), ()),
    "experiment_evidence": (("--products", "80", "--seeds", "401", "--weeks", "12", "--percent", "20"), ()),
    "boosted_choice": (
        ("--shops", "plain", "--products", "60", "--origins", "1"),
        ("--file", FILE, "--shops", "plain", "realistic_regular"),
    ),
    "second_opinions": (("--shops", "plain", "--products", "60"), ()),
}


@dataclass(frozen=True)
class Ran:
    """A script that was run: `result` is ok, missed or broken; times in seconds, its child processes included."""

    name: str
    arguments: tuple[str, ...]
    result: str
    seconds: float
    processor_seconds: float
    figures: list[dict[str, Any]] = field(default_factory=list)
    output: str = ""


def small_sales(path: Path) -> Path:
    """Write a small file of sales, in which two products have the codes that the shop of `pages.py` asks for."""
    text = write_sales(path, SMALL_LINES, products=SMALL_PRODUCTS).read_text()
    for number, code in enumerate(CODES):
        text = text.replace(f",P{number:03},", f",{code},")
    path.write_text(text)
    return path


def run(name: str, arguments: tuple[str, ...], directory: Path) -> Ran:
    """Run a script to its end."""
    figures, output = directory / f"{name}.json", directory / f"{name}.txt"
    begun = time.perf_counter()
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, str(HERE / f"{name}.py"), *arguments],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | {FIGURES_FILE: str(figures)},
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    result = {0: "ok", MISSED: "missed"}.get(process.returncode, "broken")
    return Ran(
        name,
        arguments,
        result,
        time.perf_counter() - begun,
        usage.ru_utime + usage.ru_stime,
        json.loads(figures.read_text()) if figures.exists() else [],
        output.read_text(errors="replace"),
    )


def machine() -> dict[str, Any]:
    """What the figures were measured on, without a name."""
    models = [
        line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")
    ]
    url = os.environ.get("DATABASE_URL", "")
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "database": "PostgreSQL" if url.startswith("postgres") else "SQLite",
        "versions": {name: version(name) for name in VERSIONS},
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def show(ran: list[Ran], *, full: bool) -> None:
    console = Console(width=130)
    table = Table(
        title="every benchmark, " + ("full size" if full else "small: times and verdicts mean nothing")
    )
    for column in ("script", "result", "goals", "missed", "seconds", "processor s"):
        table.add_column(column, justify="left" if column in ("script", "result") else "right")
    for each in ran:
        goals = [figure for figure in each.figures if figure["met"] is not None]
        missed = sum(not figure["met"] for figure in goals)
        times = f"{each.seconds:.1f}", f"{each.processor_seconds:.1f}"
        table.add_row(each.name, each.result, str(len(goals)), str(missed), *times)
    console.print(table)
    for each in ran:
        if each.result == "broken":
            console.print(f"{each.name} broke:\n{each.output[-3000:]}", markup=False)
        elif full:
            for figure in (figure for figure in each.figures if figure["met"] is False):
                text = f"{figure['what']}: {figure['measured']:,.3g} {figure['unit']}, goal {figure['goal']:,.3g}"
                console.print(f"missed by {each.name}: {text}", markup=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--file", type=Path, help="sales in the layout of UCI's Online Retail: run at full size"
    )
    parser.add_argument("--only", nargs="+", choices=list(COMMANDS), default=list(COMMANDS), metavar="NAME")
    parser.add_argument("--json", type=Path, help="where the figures are to be written")
    asked = parser.parse_args()
    full = asked.file is not None
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        sales = asked.file.resolve() if full else small_sales(directory / "sales.csv")
        ran = []
        for name in asked.only:
            arguments = tuple(str(sales) if each == FILE else each for each in COMMANDS[name][full])
            ran.append(run(name, arguments, directory))
            print(f"{name}: {ran[-1].result}, {ran[-1].seconds:.0f} s", file=sys.stderr, flush=True)
    show(ran, full=full)
    if asked.json:
        found = {
            "size": "full" if full else "small",
            "machine": machine(),
            "scripts": [asdict(each) for each in ran],
        }
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    results = {each.result for each in ran}
    sys.exit(1 if "broken" in results else MISSED if full and "missed" in results else 0)


if __name__ == "__main__":
    main()
