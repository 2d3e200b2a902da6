"""The run of all benchmarks: what is broken is distinguished from what missed a goal, and no script is forgotten."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import all as every
from benchmarks.goals import FIGURES_FILE, MISSED, Goals
from tests.e2e.big_shop import CODES


def test_every_script_is_run_or_left_out_by_name() -> None:
    scripts = {path.name for path in every.HERE.glob("*.py")}
    assert scripts == {f"{name}.py" for name in every.COMMANDS} | every.LEFT_OUT


def test_the_small_file_has_the_products_that_the_pages_ask_for(tmp_path: Path) -> None:
    with every.small_sales(tmp_path / "sales.csv").open() as file:
        codes = {row["StockCode"] for row in csv.DictReader(file)}
    assert codes >= set(CODES)
    assert len(codes) == every.SMALL_PRODUCTS


@pytest.mark.parametrize(
    ("code", "result"),
    [("", "ok"), ("raise SystemExit(3)", "missed"), ("raise ValueError('no such column')", "broken")],
)
def test_a_script_that_breaks_is_no_missed_goal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, result: str
) -> None:
    (tmp_path / "script.py").write_text(f"print('begun')\n{code}\n")
    monkeypatch.setattr(every, "HERE", tmp_path)
    ran = every.run("script", (), tmp_path)
    assert ran.result == result
    assert "begun" in ran.output
    assert ("no such column" in ran.output) == (result == "broken")


@pytest.mark.parametrize(
    ("seconds", "right", "code"), [(9.0, 95.0, 0), (11.0, 95.0, MISSED), (9.0, 80.0, MISSED)]
)
def test_goals_decide_how_a_script_ends_and_its_figures_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, right: float, code: int
) -> None:
    monkeypatch.setenv(FIGURES_FILE, str(tmp_path / "figures.json"))
    goals = Goals()
    assert goals.at_most("import", np.float64(seconds), 10.0, "s") == ("ok" if seconds < 10 else "MISSED")
    assert goals.at_least("signs right", right, 90.0, "%") == ("ok" if right > 90 else "MISSED")
    assert goals.at_most("no goal", 5, None) == ""
    with pytest.raises(SystemExit) as ended:
        goals.finish()
    assert ended.value.code == code
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert [(each["what"], each["measured"]) for each in figures] == [
        ("import", seconds),
        ("signs right", right),
        ("no goal", 5.0),
    ]
