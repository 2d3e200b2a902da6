"""Measure how many small faults the tests notice: a seeded sample of mutants of core, ledger, roll-up and jobs.

    pip install cosmic-ray                                    (once; nothing else needs it)
    python benchmarks/mutation.py                             (everything, tests with a database too; slow)
    python benchmarks/mutation.py --seed 7 --mutants 10 --only segments jobs --json figures.json

The faults are those of cosmic-ray: a comparison, an operator of arithmetic or a truth value replaced, a number one more or one
less, a condition negated, a loop left out. Each is planted alone in a copy of the project, and the tests that run its line (known
from one run with coverage) are run until one fails. Places are drawn, then one fault for each. Left out are annotations,
decorators and what only breaks the types (bit operators for numbers). A test that takes more than SLOW seconds of the processor
is left out, and a mutant gets tests for ENOUGH seconds, the fastest first. Property tests always try the same examples.

So are the numbers of constants.py, which were measured or decided: a test would only repeat them (elasticity_accuracy.py,
disturbance_table.py and forecast_accuracy.py say what they are worth), and models.py, whose every change `makemigrations --check`
notices.

Survivors are listed with their line. Those of benchmarks/mutation_equivalents.json, each with its reason, change nothing that can
be observed; the goal is on the share killed of all others.
"""

import argparse
import ast
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENTS = ROOT / "benchmarks" / "mutation_equivalents.json"
GOAL = 85.0
SLOW, ENOUGH = 2.0, 8.0  # seconds of the processor
OUTPUT = Path("mutation_output.txt")


@dataclass(frozen=True)
class Target:
    modules: tuple[str, ...]  # patterns of files
    tests: tuple[str, ...]
    with_database: tuple[str, ...] = ()  # asked where no test without one noticed


def files(pattern: str, names: str) -> tuple[str, ...]:
    return tuple(pattern.format(name) for name in names.split())


def units(names: str) -> tuple[str, ...]:
    return files("tests/unit/pricing/test_{}.py", names)


def requests(names: str) -> tuple[str, ...]:
    return files("tests/integration/{}.py", names)


HAND_SHOP = "tests/reference/test_hand_computed_shop.py"
SEED_EXAMPLES = "tests/reference/test_seed_examples.py"
TARGETS = {
    "segments": Target(
        ("segments/core/*.py",),
        ("tests/unit/segments",),
        (*requests("segments/test_segment_elasticities"), HAND_SHOP),
    ),
    "ledger": Target(
        ("pricing/changes/core/*.py", "pricing/changes/services/*.py"),
        units("outcomes prior_price"),
        requests(
            "pricing/test_price_changes pricing/test_outcomes pricing/test_prior_prices pricing/test_overrides"
        ),
    ),
    "rollup": Target(
        (
            *files(
                "pricing/sales/core/{}.py",
                "calendar cancellations channels daily grouping line_totals lines list_prices periods price_mix totals",
            ),
            "pricing/sales/services/rollup.py",
            "pricing/sales/services/cleaning.py",
        ),
        units(
            "calendar cancellations charged_now grouping line_totals lines list_prices periods pooled_panel price_mix "
            "price_series sold_by_weight totals_periods"
        ),
        (
            *requests("pricing/test_transactions pricing/test_manual_prices pricing/test_quantities"),
            HAND_SHOP,
        ),
    ),
    "elasticity": Target(
        ("pricing/elasticity/core/*.py",),
        (
            *units("demand diagnostics estimates log_log points pooled_refresh"),
            SEED_EXAMPLES,
            "tests/reference/test_log_log_against_statsmodels.py",
        ),
    ),
    "pooled": Target(
        ("pricing/elasticity/core/pooled/*.py",),
        units(
            "pooled_experiments pooled_grades pooled_hierarchy pooled_late_response pooled_own_season "
            "pooled_panel pooled_refresh pooled_segments pooled_solve price_series demand_curve_of_a_shop sold_by_weight"
        ),
    ),
    "recommendation": Target(
        ("pricing/recommendation/core/*.py",),
        (
            *units(
                "cannibalisation competition constrained currencies hard_limits impact joint joint_recommendation limits "
                "margins offers optimum price_relations rationale recommendation recommendation_properties scenarios taxes "
                "totals uncertainty"
            ),
            "tests/unit/market/test_constrained_prices.py",
            SEED_EXAMPLES,
        ),
    ),
    "forecasting": Target(
        files(
            "pricing/forecasting/core/{}.py",
            "backtest batch choice components intervals lines named panel season season_choice stored takeover textbook",
        ),
        (
            *units("forecast forecast_accuracy forecast_kinds inactivity"),
            "tests/reference/test_forecast_methods.py",
        ),
    ),
    "jobs": Target(
        ("elastix/jobs/*.py",),
        (),
        requests(
            "elastix/test_health elastix/test_job_failures elastix/test_job_parts elastix/test_jobs "
            "elastix/test_recompute_requests elastix/test_schedules elastix/test_workers"
        ),
    ),
}

# Of the faults of cosmic-ray: those that leave types as they are.
ARITHMETIC = (
    "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_Mul Pow_Mul BitOr_BitAnd BitAnd_BitOr BitXor_BitAnd"
)
FAULTS = re.compile(
    rf"^(ReplaceBinaryOperator_({ARITHMETIC.replace(' ', '|')})"
    r"|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is|Lt_(LtE|GtE)|LtE_(Lt|Gt)|Gt_(GtE|LtE)|GtE_(Gt|Lt))"
    r"|ReplaceUnaryOperator_(USub_UAdd|Delete_(USub|Not|Invert))|AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr"
    r"|ReplaceOrWithAnd|ReplaceBreakWithContinue|ReplaceContinueWithBreak|ExceptionReplacer|NumberReplacer|ZeroIterationForLoop)$"
)
# Loaded once, before the process divides for each mutant; nothing of the project, and no Django.
LOADED = """cosmic_ray.mutating cosmic_ray.plugins pytest numpy numpy.testing numpy.linalg scipy.stats scipy.optimize
scipy.special scipy.linalg scipy.sparse.linalg hypothesis hypothesis.strategies
hypothesis.internal.conjecture.engine statsmodels.api"""


@dataclass
class Mutant:
    target: str
    module: str
    line: int
    fault: str
    before: str
    after: str
    result: str = ""  # killed, survived or late (killed by the time limit)
    tests: int = 0
    equivalent: str = ""  # why nothing can notice
    code: str = field(default="", repr=False)


class Chosen:
    """A plugin of pytest: runs the chosen tests, the fastest first; notes what each took and, with coverage, what it ran."""

    def __init__(self, seconds: dict[str, float] | None = None, coverage: Any = None) -> None:
        self.seconds, self.coverage = seconds, coverage
        self.took: dict[str, float] = {}
        self.left_out: set[str] = set()
        self.failed: list[str] = []

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.seconds is not None:
            known = [item for item in items if item.nodeid in self.seconds]
            items[:] = sorted(known, key=lambda item: self.seconds[item.nodeid])  # type: ignore[index]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.began = time.process_time()
        if self.coverage:
            self.coverage.switch_context(nodeid)

    def pytest_runtest_call(self, item: Any) -> None:
        if self.coverage:
            signal.signal(signal.SIGVTALRM, partial(self.too_slow, item.nodeid))
            signal.setitimer(signal.ITIMER_VIRTUAL, SLOW)

    def too_slow(self, nodeid: str, *_: object) -> None:
        import pytest

        self.left_out.add(nodeid)
        pytest.skip("takes too long to be run for each mutant")

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.skipped:
            self.left_out.add(report.nodeid)
        elif report.failed and report.nodeid not in self.left_out:  # hypothesis is confused by the skip
            self.failed.append(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        # The first test of a database waits for its tables.
        self.took[nodeid] = min(time.process_time() - self.began, SLOW)


def run_pytest(tests: tuple[str, ...], database: bool, plugin: Chosen) -> int:
    """Run tests in this process, in the copy; return pytest's exit code."""
    import hypothesis
    import pytest

    hypothesis.settings.register_profile(
        "mutation", derandomize=True, database=None, deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )  # fmt: skip
    hypothesis.settings.load_profile("mutation")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = [
        "-q" if plugin.coverage else "-qx",
        "--tb=line",
        "-p",
        "no:cacheprovider",
        "--override-ini=addopts=",
    ]
    if database:
        options += ["-p", "pytest_django.plugin", "--ds=mutation_settings", "--reuse-db"]
    else:
        options += ["--noconftest"]
    return int(pytest.main([*options, *tests], plugins=[plugin]))


def in_child(work: Any, limit: float) -> int | None:
    """Run `work` in a process of its own, which ends with what it returns; None where it took longer than the limit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        code = 70
        try:
            os.setsid()
            output = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            code = work()
        finally:
            os._exit(code)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def baseline(target: Target, database: bool) -> int:
    """Run all tests of a target on the code as it is; leave in the copy which test runs which line, and what each takes."""
    from coverage import Coverage

    coverage = Coverage(include=modules_of(target), data_file=None, config_file=False)
    plugin = Chosen(coverage=coverage)
    coverage.start()
    code = run_pytest(target.with_database if database else target.tests, database, plugin)
    coverage.stop()
    seconds = {test: took for test, took in plugin.took.items() if test not in plugin.left_out}
    data = coverage.get_data()
    lines = {
        module: data.contexts_by_lineno(file)
        for file in data.measured_files()
        if (module := str(Path(file).relative_to(Path.cwd()))) in modules_of(target)
    }
    Path("mutation_baseline.json").write_text(json.dumps({"seconds": seconds, "lines": lines}))
    return code if code > 1 else len(plugin.failed)


def modules_of(target: Target) -> list[str]:
    found = {path for pattern in target.modules for path in Path().glob(pattern)}
    return sorted(str(path) for path in found if path.name not in ("constants.py", "models.py"))


def annotations(code: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where annotations and decorators are: faults there change nothing that runs, or break the import."""
    found: list[Any] = []
    for node in ast.walk(ast.parse(code)):
        found += [getattr(node, "annotation", None), getattr(node, "returns", None)]
        found += getattr(node, "decorator_list", [])
    return [
        ((n.lineno, n.col_offset), (n.end_lineno or 0, n.end_col_offset or 0))
        for n in found
        if isinstance(n, ast.expr)
    ]


def places(module: str) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """Return the places of a module with their possible faults: the name and its number in the module."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    code = Path(module).read_text()
    left_out = annotations(code)
    operators = {name: get_operator(name)() for name in operator_names() if FAULTS.match(name.split("/")[1])}
    counts: dict[str, int] = defaultdict(int)
    found: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
    for node in ast_nodes(get_ast(code)):
        # The star before arguments by name is no multiplication, but cosmic-ray counts it as one.
        is_star = node.parent is not None and node.parent.type == "parameters"
        for name, operator in operators.items():
            for start, _ in operator.mutation_positions(node):
                if not is_star and not any(begin <= start < end for begin, end in left_out):
                    found[start].append((name, counts[name]))
                counts[name] += 1
    return found


def draw(name: str, target: Target, count: int, seed: int) -> list[Mutant]:
    """Draw the mutants of a target; every place is as likely as any other."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    chance = random.Random(f"{seed} {name}")
    every = [
        (module, place, faults)
        for module in modules_of(target)
        for place, faults in sorted(places(module).items())
    ]
    mutants = []
    for module, place, faults in chance.sample(every, min(count, len(every))):
        fault, number = chance.choice(faults)
        code = Path(module).read_text()
        mutated = mutate_code(code, get_operator(fault)(), number)
        if mutated is None or mutated == code or not is_python(mutated):
            continue
        pairs = [(a, b) for a, b in zip(code.splitlines(), mutated.splitlines(), strict=False) if a != b]
        before, after = (" ".join(pairs[0][side].split()) for side in (0, 1))
        mutants.append(Mutant(name, module, place[0], fault.split("/")[1], before, after, code=mutated))
    return mutants


def is_python(code: str) -> bool:
    """Tell whether a faulty module can be read at all: "if not found := ..." cannot, and nobody would ship it."""
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


def statement(module: str, line: int) -> range:
    """Return the lines of the smallest statement around a line: coverage knows the first of some, all of others."""
    around = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(Path(module).read_text()))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    first, last = min(around, key=lambda lines: lines[1] - lines[0])
    return range(first, last + 1) if last - first < 30 else range(line, line + 1)


def chosen(mutant: Mutant, known: dict[str, Any]) -> dict[str, float]:
    """Return the tests that run the mutant's line, and the seconds of each."""
    lines = known["lines"].get(mutant.module, {})
    named = {test for number in statement(mutant.module, mutant.line) for test in lines.get(str(number), ())}
    # A line that is run by the import of its module any test may notice.
    seconds = {test: took for test, took in known["seconds"].items() if "" in named or test in named}
    fastest = sorted(seconds.items(), key=lambda each: each[1])
    until = accumulate(took for _, took in fastest)
    return {test: took for (test, took), sum_ in zip(fastest, until, strict=True) if sum_ <= ENOUGH}


def plant(mutant: Mutant, target: Target, known: dict[bool, dict[str, Any]]) -> None:
    """Run the tests that may notice the mutant and note the result; the copy is as before afterwards."""
    path = Path(mutant.module)
    original, times = path.read_text(), path.stat()
    path.write_text(mutant.code)
    os.utime(path, (times.st_atime + 10, times.st_mtime + 10))  # so that its old bytecode is not taken
    mutant.result = "survived"
    try:
        for database, runs in known.items():
            seconds = chosen(mutant, runs)
            mutant.tests += len(seconds)
            if not seconds or mutant.result != "survived":
                continue
            tests = target.with_database if database else target.tests
            if database:
                restore_database()
            work = partial(run_pytest, tests, database, Chosen(seconds))
            code = in_child(work, 60 + 5 * sum(seconds.values()))
            mutant.result = "late" if code is None else "survived" if code in (0, 5) else "killed"
    finally:
        path.write_text(original)
        os.utime(path, (times.st_atime, times.st_mtime))


def keep_database() -> None:
    with closing(sqlite3.connect("mutation.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # one file, nothing left in a log
    shutil.copy("mutation.sqlite3", "mutation_kept.sqlite3")


def restore_database() -> None:
    """Have the test database as it was: a mutant that was ended may have left something."""
    for path in Path().glob("mutation.sqlite3*"):
        path.unlink()
    shutil.copy("mutation_kept.sqlite3", "mutation.sqlite3")


def check_that_nothing_fails_without_a_fault(
    target: Target, database: bool, seconds: dict[str, float]
) -> None:
    """Run the fastest tests once more, as for a mutant: a fault of this script must not count as one that was noticed."""
    few = dict(sorted(seconds.items(), key=lambda test: test[1])[:30])
    tests = target.with_database if database else target.tests
    if database:
        restore_database()
    if in_child(partial(run_pytest, tests, database, Chosen(few)), 600):
        sys.exit(f"Tests fail in a process of their own.\n{OUTPUT.read_text()[-3000:]}")


def copy_project(folder: Path) -> None:
    """Copy what git knows of the project, as it is on the disk, and enter the copy."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    os.chdir(folder)
    sys.path[:] = [
        str(folder),
        *(p for p in sys.path if Path(p).resolve() not in (ROOT, ROOT / "benchmarks")),
    ]
    os.environ["DATA_DIR"] = str(folder / "var")
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    settings = 'DATABASES["default"]["TEST"] = {"NAME": "mutation.sqlite3"}'
    Path("mutation_settings.py").write_text(f"from elastix.settings import *\n{settings}\n")


def measure(args: argparse.Namespace) -> list[Mutant]:
    """Run the mutants of every target that is asked for."""
    equivalents = json.loads(EQUIVALENTS.read_text())
    reasons = {(each["module"], each["before"], each["after"]): each["reason"] for each in equivalents}
    mutants: list[Mutant] = []
    for name in args.only:
        target = TARGETS[name]
        if args.core:
            target = Target(tuple(each for each in target.modules if "/core/" in each), target.tests)
        if args.services:
            target = replace(target, modules=tuple(each for each in target.modules if "/services/" in each))
        known: dict[bool, dict[str, Any]] = {}
        for database in [each for each in (False, True) if (target.with_database if each else target.tests)]:
            sys.dont_write_bytecode = False
            if code := in_child(partial(baseline, target, database), 3600):
                sys.exit(f"{name}: the tests fail as they are ({code}).\n{OUTPUT.read_text()[-3000:]}")
            sys.dont_write_bytecode = True
            if database:
                keep_database()
            known[database] = json.loads(Path("mutation_baseline.json").read_text())
            check_that_nothing_fails_without_a_fault(target, database, known[database]["seconds"])
            seconds = known[database]["seconds"].values()
            print(f"{name}: {len(seconds)} tests, {sum(seconds):.0f} s, database: {database}", flush=True)
        for mutant in draw(name, target, args.mutants, args.seed):
            plant(mutant, target, known)
            mutant.equivalent = reasons.get((mutant.module, mutant.before, mutant.after), "")
            mutants.append(mutant)
            print(f"  {mutant.result:8} {mutant.module}:{mutant.line}", end="\r", flush=True)
            if mutant.result == "survived":
                word = f"equivalent ({mutant.equivalent})" if mutant.equivalent else "SURVIVED"
                print(f"  {mutant.module}:{mutant.line} {mutant.fault}, {mutant.tests} tests: {word}")
                print(f"    - {mutant.before}\n    + {mutant.after}", flush=True)
    return mutants


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--mutants", type=int, default=25, help="of each target")
    parser.add_argument("--only", nargs="*", choices=TARGETS, help="targets")
    parser.add_argument(
        "--core", action="store_true", help="core alone, with the tests that need no database"
    )
    parser.add_argument(
        "--services", action="store_true", help="services alone, of the targets that have any"
    )
    parser.add_argument("--json", type=Path, help="keep every mutant and its result in this file")
    args = parser.parse_args()
    args.only = args.only or [name for name, target in TARGETS.items() if target.tests or not args.core]
    sys.path.insert(0, str(ROOT))
    from benchmarks.goals import Goals

    for name in LOADED.split():
        import_module(name)
    here, goals = Path.cwd(), Goals()
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        mutants = measure(args)
        os.chdir(here)
    if args.json:
        args.json.write_text(json.dumps([asdict(each) | {"code": ""} for each in mutants], indent=1))
    print(f"\n{'':16}{'mutants':>8}{'killed':>8}{'%':>7}{'equivalent':>12}{'% of others':>13}")
    for name in [*args.only, ""]:
        own = [each for each in mutants if name in ("", each.target)]
        killed = sum(each.result != "survived" for each in own)
        equal = sum(each.result == "survived" and bool(each.equivalent) for each in own)
        raw, share = (100 * killed / max(1, of) for of in (len(own), len(own) - equal))
        print(f"{name or 'all':16}{len(own):8}{killed:8}{raw:7.1f}{equal:12}{share:13.1f}")
    print(goals.at_least("mutants killed, without equivalents", share, GOAL, "%"))
    goals.finish()


if __name__ == "__main__":
    main()
